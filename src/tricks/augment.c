/* Differentiable augmentation (Zhao et al., 2006.10738): D sees reals and fakes through the same random changes, and G learns
 * through them. D cannot learn few images by heart, and G is not drawn to the changes, since the reals have them as well. */
#include <math.h>
#include <stdio.h>

#include "trick_impl.h"

/* One number for each sample, U[middle - spread, middle + spread). */
static gan_tensor *drawn(gan_trick *k, const gan_tensor *x, double middle, double spread) {
    gan_tensor *u = gan_rand_from(gan_trick_stream(k), gan_shape4(gan_shape_of(x).d[0], 1, 1, 1));
    return gan_add_scalar(gan_scale(u, 2 * spread), middle - spread);
}

/* Away from the mean over the axes, or towards it. */
static gan_tensor *stretched(gan_trick *k, gan_tensor *x, unsigned axes, double spread) {
    gan_tensor *mean = gan_mean_axes(x, axes, true);
    return gan_add(gan_mul(gan_sub(x, mean), drawn(k, x, 1, spread)), mean);
}

static gan_tensor *recoloured(gan_trick *k, gan_tensor *x) {
    const gan_augment_opts *o = gan_trick_data(k);
    if (o->brightness > 0) x = gan_add(x, drawn(k, x, 0, o->brightness));
    if (o->saturation > 0 && gan_shape_of(x).d[3] > 1) x = stretched(k, x, GAN_AXIS(3), o->saturation);
    if (o->contrast > 0) x = stretched(k, x, GAN_AXIS(1) | GAN_AXIS(2) | GAN_AXIS(3), o->contrast);
    return x;
}

/* --- geometry ------------------------------------------------------------------------------------------------- */

/* How one sample's pixels move, and which of them go. */
typedef struct move {
    bool flip;
    int64_t down, right;
    int64_t top, bottom, left, most_right; /* rows and columns of the hole: from, up to and without */
} move;

static int64_t part_of(int64_t side, double fraction) { return (int64_t)(fraction * (double)side + .5); }

static int64_t shift(gan_stream *s, int64_t side, double fraction) {
    int64_t most = part_of(side, fraction);
    return gan_stream_below(s, 2 * most + 1) - most;
}

/* The hole's middle lies anywhere in the image: at the edge a part of it is outside. */
static void hole(gan_stream *s, int64_t side, double fraction, int64_t *from, int64_t *to) {
    int64_t size = part_of(side, fraction);
    *from = gan_stream_below(s, side + 1 - size % 2) - size / 2;
    *to = *from + size;
}

static move draw_move(gan_stream *s, const gan_augment_opts *o, int64_t h, int64_t w) {
    move m = {0};
    if (o->flip) m.flip = gan_stream_below(s, 2);
    if (o->translation > 0) {
        m.down = shift(s, h, o->translation);
        m.right = shift(s, w, o->translation);
    }
    if (o->cutout > 0) {
        hole(s, h, o->cutout, &m.top, &m.bottom);
        hole(s, w, o->cutout, &m.left, &m.most_right);
    }
    return m;
}

/* Which pixel comes to (row, col); -1: none. */
static int64_t source(const move *m, int64_t row, int64_t col, int64_t h, int64_t w) {
    bool cut = row >= m->top && row < m->bottom && col >= m->left && col < m->most_right;
    int64_t r = row - m->down, c = col - m->right;
    if (cut || r < 0 || r >= h || c < 0 || c >= w) return -1;
    return r * w + (m->flip ? w - 1 - c : c);
}

/* Rows of pixels by index, times 0 where none comes. */
static gan_tensor *moved(gan_trick *k, gan_tensor *x) {
    const gan_augment_opts *o = gan_trick_data(k);
    gan_ctx *ctx = gan_trick_ctx(k);
    gan_shape s = gan_shape_of(x);
    int64_t h = s.d[1], w = s.d[2], pixels = h * w, n = s.d[0] * pixels;
    if (!o->flip && o->translation == 0 && o->cutout == 0) return x;
    gan_tensor *index = gan_empty(ctx, gan_shape1(n)), *there = gan_empty(ctx, gan_shape2(n, 1));
    if (gan_is_nil(index) || gan_is_nil(there)) return gan__nil(ctx);
    gan_real *to = gan_op_write(index), *mask = gan_op_write(there);
    for (int64_t i = 0; i < s.d[0]; i++) {
        move m = draw_move(gan_trick_stream(k), o, h, w);
        for (int64_t p = 0; p < pixels; p++) {
            int64_t from = source(&m, p / w, p % w, h, w);
            *to++ = (gan_real)(i * pixels + (from < 0 ? 0 : from));
            *mask++ = from >= 0;
        }
    }
    gan_tensor *rows = gan_gather(gan_reshape(x, gan_shape2(n, s.d[3])), index);
    return gan_reshape(gan_mul(rows, there), s);
}

/* --- the trick ------------------------------------------------------------------------------------------------ */

static gan_tensor *see(gan_trick *k, const gan_turn *turn, gan_tensor *x, bool real) {
    (void)turn, (void)real;
    return moved(k, recoloured(k, x));
}

/* Pixels are counted in gan_real, exact up to 2^24 in float32. */
static void attach(gan_trick *k, const gan_turn *turn) {
    (void)k;
    char text[GAN_SHAPE_TEXT];
    if (turn->sample.ndim != 3)
        gan__raise(turn->ctx, GAN_E_ARG, "augment is for images, and the data's samples have shape %s",
                   gan_shape_text(turn->sample, text));
    else if (turn->batch * turn->pack > (INT64_C(1) << 24) / (turn->sample.d[0] * turn->sample.d[1]))
        gan__raise(turn->ctx, GAN_E_ARG, "augment: a batch has more than 2^24 pixels");
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const gan_augment_opts *o = gan_trick_data(k);
    snprintf(text, size, "brightness %g, saturation %g, contrast %g, flip %d, translation %g, cutout %g", o->brightness,
             o->saturation, o->contrast, o->flip, o->translation, o->cutout);
}

static const gan_trick_type type = {.name = "augment",
                                    .order = GAN_ORDER_AUGMENT,
                                    .data_bytes = sizeof(gan_augment_opts),
                                    .attach = attach,
                                    .see = see,
                                    .describe = describe};

gan_augment_opts gan_augment_defaults(void) {
    return (gan_augment_opts){.brightness = .5, .saturation = 1, .contrast = .5, .translation = .125, .cutout = .5};
}

gan_trick *gan_augment(gan_ctx *ctx, gan_augment_opts o) {
    const struct {
        const char *name;
        double value, most;
    } ranges[] = {{"brightness", o.brightness, INFINITY},
                  {"saturation", o.saturation, 1},
                  {"contrast", o.contrast, 1},
                  {"translation", o.translation, 1},
                  {"cutout", o.cutout, 1}};
    bool any = o.flip;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        any |= ranges[i].value > 0;
        if (!(ranges[i].value >= 0 && ranges[i].value <= ranges[i].most && isfinite(ranges[i].value)))
            gan__raise(ctx, GAN_E_ARG, "gan_augment: %s is %g, outside [0, %g]", ranges[i].name, ranges[i].value, ranges[i].most);
    }
    if (!any) gan__raise(ctx, GAN_E_ARG, "gan_augment: nothing is to be changed");
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &o);
}
