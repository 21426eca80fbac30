/* Sub-pixel rearrangement (1609.05158): channels to pixels and back, each the other's derivative. */
#include <gan/ops.h>

#include "../base/ctx_impl.h"
#include "op_list.h"

typedef struct shuffle_attr {
    int r;
} shuffle_attr;

typedef struct shuffle_arg {
    const gan_real *from;
    gan_real *to;
    int64_t w, c, r; /* of the coarse image: width, channels divided by r*r */
    bool back;
} shuffle_arg;

/* Row `row` of the coarse image [.., w, c*r*r] and its r rows of the fine one [.., w*r, c]. */
static void shuffle_row(const shuffle_arg *a, int64_t row) {
    for (int64_t i = 0; i < a->r; i++)
        for (int64_t x = 0; x < a->w; x++)
            for (int64_t j = 0; j < a->r; j++) {
                int64_t fine = (((row * a->r + i) * a->w + x) * a->r + j) * a->c;
                int64_t coarse = (row * a->w + x) * a->c * a->r * a->r + i * a->r + j, step = a->r * a->r;
                for (int64_t c = 0; c < a->c; c++) {
                    if (a->back)
                        a->to[coarse + c * step] = a->from[fine + c];
                    else
                        a->to[fine + c] = a->from[coarse + c * step];
                }
            }
}

static void shuffle_rows(void *arg, int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) shuffle_row(arg, row);
}

static void run(gan_op_call *c, const gan_tensor *coarse, bool back) {
    int64_t r = ((const shuffle_attr *)c->attr)->r;
    gan_shape s = gan_shape_of(coarse);
    shuffle_arg a = {gan_data(c->in[0]), gan_op_write(c->out), s.d[2], s.d[3] / (r * r), r, back};
    int64_t row = s.d[2] * s.d[3];
    if (!gan_count(coarse)) return; /* r may be anything then */
    gan__parallel_ranges(c->ctx, s.d[0] * s.d[1], 1 + 16384 / row, shuffle_rows, &a);
}

static bool fits(const gan_op_call *c, int r, const char *why, bool divides) {
    char text[GAN_SHAPE_TEXT];
    gan_shape x = gan_shape_of(c->in[0]);
    if (r < 1)
        gan_op_fail(c, GAN_E_ARG, "r is %d", r);
    else if (x.ndim != 4)
        gan_op_fail(c, GAN_E_SHAPE, "x is %s; it should be [n, h, w, c]", gan_shape_text(x, text));
    else if (!divides)
        gan_op_fail(c, GAN_E_SHAPE, "x is %s, r %d: %s", gan_shape_text(x, text), r, why);
    else
        return true;
    return false;
}

/* --- channels to pixels ----------------------------------------------------------------------------------- */

static bool shuffle_shape(const gan_op_call *c, gan_shape *out) {
    int64_t r = ((const shuffle_attr *)c->attr)->r;
    gan_shape x = gan_shape_of(c->in[0]);
    if (!fits(c, (int)r, "the channels are not a multiple of r*r", r > 0 && x.d[3] % (r * r) == 0)) return false;
    *out = gan_shape4(x.d[0], x.d[1] * r, x.d[2] * r, x.d[3] / (r * r));
    return true;
}

static void shuffle_forward(gan_op_call *c) { run(c, c->in[0], false); }

static void shuffle_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_pixel_unshuffle(g, ((const shuffle_attr *)c->attr)->r);
}

const gan_op gan__op_pixel_shuffle = {.name = "gan_pixel_shuffle",
                                      .n_in = 1,
                                      .attr_bytes = sizeof(shuffle_attr),
                                      .shape = shuffle_shape,
                                      .forward = shuffle_forward,
                                      .vjp = shuffle_vjp};

gan_tensor *gan_pixel_shuffle(gan_tensor *x, int r) {
    return gan_apply(gan_ctx_of(x), &gan__op_pixel_shuffle, &x, 1, &(shuffle_attr){r});
}

/* --- pixels to channels ----------------------------------------------------------------------------------- */

static bool unshuffle_shape(const gan_op_call *c, gan_shape *out) {
    int64_t r = ((const shuffle_attr *)c->attr)->r;
    gan_shape x = gan_shape_of(c->in[0]);
    if (!fits(c, (int)r, "height or width is not a multiple of r", r > 0 && x.d[1] % r == 0 && x.d[2] % r == 0)) return false;
    *out = gan_shape4(x.d[0], x.d[1] / r, x.d[2] / r, x.d[3] * r * r);
    return true;
}

static void unshuffle_forward(gan_op_call *c) { run(c, c->out, true); }

static void unshuffle_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_pixel_shuffle(g, ((const shuffle_attr *)c->attr)->r);
}

const gan_op gan__op_pixel_unshuffle = {.name = "gan_pixel_unshuffle",
                                        .n_in = 1,
                                        .attr_bytes = sizeof(shuffle_attr),
                                        .shape = unshuffle_shape,
                                        .forward = unshuffle_forward,
                                        .vjp = unshuffle_vjp};

gan_tensor *gan_pixel_unshuffle(gan_tensor *x, int r) {
    return gan_apply(gan_ctx_of(x), &gan__op_pixel_unshuffle, &x, 1, &(shuffle_attr){r});
}
