#include <string.h>

#include "conv_engine.h"
#include "elementwise.h"
#include "norm.h"

bool gan__conv(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *w, gan__conv_with with, gan_real *y) {
    ctx->conv_calls[0]++;
    return gan__engine_conv(ctx, s, x, w, with, y);
}

bool gan__conv_input(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *y, const gan_real *w, gan__conv_with with,
                     gan_real *x) {
    ctx->conv_calls[1]++;
    return gan__engine_conv_input(ctx, s, y, w, with, x);
}

bool gan__conv_weight(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *y, gan_real *w) {
    ctx->conv_calls[2]++;
    return gan__engine_conv_weight(ctx, s, x, y, w);
}

typedef struct biased {
    int64_t c;
    const gan_real *bias;
    gan_real *to;
} biased;

static void add_bias(void *arg, int64_t begin, int64_t end) {
    const biased *b = arg;
    for (int64_t i = begin; i < end; i++)
        for (int64_t j = 0; j < b->c; j++) b->to[i * b->c + j] += b->bias[j];
}

/* Ends a route that has not done on its way what comes with the convolution. */
static bool finish(gan_ctx *ctx, bool ok, int64_t pixels, int64_t c, gan__conv_with with, gan_real *result) {
    enum { GRAIN = 16384 };
    bool late = ok && with.bias && pixels && c;
    if (late) gan__parallel_ranges(ctx, pixels, c < GRAIN ? GRAIN / c : 1, add_bias, &(biased){c, with.bias, result});
    gan__map_kind leaky = gan__leaky_kind(with.slope ? *with.slope : 0);
    if (ok && with.slope) gan__map(ctx, leaky, pixels * c, result, NULL, *with.slope, result);
    return ok && (!with.stats || gan__norm_moments(ctx, (gan__norm_shape){1, pixels, c}, result, with.stats));
}

#ifdef GAN_DOUBLE

bool gan__engine_conv(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *w, gan__conv_with with,
                      gan_real *y) {
    gan__conv_reference(s, x, w, y);
    return finish(ctx, true, s->n * s->oh * s->ow, s->k, with, y);
}

bool gan__engine_conv_input(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *y, const gan_real *w, gan__conv_with with,
                            gan_real *x) {
    gan__conv_input_reference(s, y, w, x);
    return finish(ctx, true, s->n * s->h * s->w, s->c, with, x);
}

bool gan__engine_conv_weight(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *y, gan_real *w) {
    (void)ctx;
    gan__conv_weight_reference(s, x, y, w);
    return true;
}

#else

enum { FEW_CHANNELS = 8 };

static int64_t size_x(const gan__conv_shape *s) { return s->n * s->h * s->w * s->c; }
static int64_t size_y(const gan__conv_shape *s) { return s->n * s->oh * s->ow * s->k; }
static int64_t size_w(const gan__conv_shape *s) { return s->kh * s->kw * s->c * s->k; }

/* One patch that is the whole image: a plain product of [n, h*w*c] and [h*w*c, k]. */
static gan__conv_shape simplified(const gan__conv_shape *s) {
    gan__conv_shape t = *s;
    if (s->oh == 1 && s->ow == 1 && s->kh == s->h && s->kw == s->w && s->pt == 0 && s->pl == 0)
        t.c = s->h * s->w * s->c, t.h = t.w = t.kh = t.kw = 1;
    return t;
}

static gan__patches conv_product(const gan__conv_shape *s, const float *x, const float *w, float *y) {
    return (gan__patches){.src = x, .n = s->n, .h = s->h, .w = s->w, .c = s->c, .oh = s->oh, .ow = s->ow,
                          .kh = s->kh, .kw = s->kw, .sh = s->sh, .sw = s->sw, .top = s->pt, .left = s->pl,
                          .weight = w, .tap_y = s->kw * s->c * s->k, .tap_x = s->c * s->k, .in = s->k, .out = 1, .k = s->k,
                          .dst = y, .dst_n = s->oh * s->ow * s->k, .dst_y = s->ow * s->k, .dst_x = s->k};
}

/* At stride 1 the form is symmetric in x and y: with the taps in reverse and the channels of w exchanged,
 * conv(x, w) is conv_input(x, w') and conv_weight(x, y) is conv_weight(y, x)'. */
static gan__conv_shape mirrored(const gan__conv_shape *s) {
    return (gan__conv_shape){.n = s->n, .h = s->oh, .w = s->ow, .c = s->k, .oh = s->h, .ow = s->w, .k = s->c,
                             .kh = s->kh, .kw = s->kw, .sh = 1, .sw = 1, .pt = s->kh - 1 - s->pt, .pl = s->kw - 1 - s->pl};
}

/* w [taps, c, k] to w' [taps in reverse, k, c]. */
static void mirror_weight(int64_t taps, int64_t c, int64_t k, const float *from, float *to) {
    for (int64_t t = taps - 1; t >= 0; t--, from += c * k)
        for (int64_t i = 0; i < c; i++)
            for (int64_t j = 0; j < k; j++) to[(t * k + j) * c + i] = from[i * k + j];
}

/* So few result channels that a tile would be mostly empty, and enough on the other side to fill it. */
static bool better_mirrored(const gan__conv_shape *s) {
    return s->sh == 1 && s->sw == 1 && s->k <= FEW_CHANNELS && s->c >= 2 * s->k;
}

static bool conv_mirrored(gan_ctx *ctx, const gan__conv_shape *s, const float *x, const float *w, float *y) {
    gan__conv_shape m = mirrored(s);
    float *wm = gan__alloc(ctx, (size_t)size_w(s) * sizeof *wm);
    if (!wm) return false;
    mirror_weight(s->kh * s->kw, s->c, s->k, w, wm);
    bool ok = gan__columns_run(ctx, &m, x, wm, y);
    gan__free(ctx, wm);
    return ok;
}

bool gan__engine_conv(gan_ctx *ctx, const gan__conv_shape *shape, const gan_real *x, const gan_real *w, gan__conv_with with,
                      gan_real *y) {
    gan__conv_shape s = simplified(shape);
    gan__patches product = conv_product(&s, x, w, y);
    product.bias = with.bias, product.slope = with.slope;
    bool ok;
    if (size_y(&s) == 0)
        ok = true;
    else if (gan__lanes_fit(ctx, &product, 1))
        ok = gan__lanes_run(ctx, &product, 1);
    else if (s.kh * s.kw > 1 && better_mirrored(&s))
        ok = conv_mirrored(ctx, &s, x, w, y);
    else if (gan__minimal_fit(ctx, &product, 1))
        return gan__minimal_run(ctx, &product, 1, with.kept, with.stats);
    else
        return gan__patches_run(ctx, &product, 1, with.kept, with.stats);
    return finish(ctx, ok, s.n * s.oh * s.ow, s.k, with, y);
}

/* Along one axis, the input positions stride*a + phase are read by the output positions a + shift - j through the taps
 * tap + stride*j, j < taps: a dense convolution, with its kernel reversed. */
typedef struct phase {
    int64_t size; /* how many such input positions there are */
    int64_t tap, taps, shift;
} phase;

static phase phase_of(int64_t phase_index, int64_t size, int stride, int kernel, int pad) {
    int64_t at = phase_index + pad, tap = (at % stride + stride) % stride;
    return (phase){.size = phase_index < size ? gan__ceil_div(size - phase_index, stride) : 0,
                   .tap = tap,
                   .taps = tap < kernel ? gan__ceil_div(kernel - tap, stride) : 0,
                   .shift = (at - tap) / stride};
}

static gan__patches phase_product(const gan__conv_shape *s, int py, int px, const float *y, const float *w, float *x) {
    phase v = phase_of(py, s->h, s->sh, s->kh, s->pt), u = phase_of(px, s->w, s->sw, s->kw, s->pl);
    int64_t tap = s->c * s->k, last_y = v.tap + (v.taps - 1) * s->sh, last_x = u.tap + (u.taps - 1) * s->sw;
    bool none = v.taps == 0 || u.taps == 0;
    return (gan__patches){.src = y, .n = s->n, .h = s->oh, .w = s->ow, .c = s->k, .oh = v.size, .ow = u.size,
                          .kh = none ? 0 : v.taps, .kw = none ? 0 : u.taps, .sh = 1, .sw = 1,
                          .top = v.taps - 1 - v.shift, .left = u.taps - 1 - u.shift,
                          .weight = none ? w : w + (last_y * s->kw + last_x) * tap,
                          .tap_y = -(int64_t)s->sh * s->kw * tap, .tap_x = -(int64_t)s->sw * tap, .in = 1, .out = s->k, .k = s->c,
                          .dst = x + (py * s->w + px) * s->c,
                          .dst_n = s->h * s->w * s->c, .dst_y = s->sh * s->w * s->c, .dst_x = s->sw * s->c};
}

bool gan__engine_conv_input(gan_ctx *ctx, const gan__conv_shape *shape, const gan_real *y, const gan_real *w,
                            gan__conv_with with, gan_real *x) {
    gan__conv_shape s = simplified(shape);
    if (size_x(&s) == 0) return finish(ctx, true, 0, shape->c, with, x);
    gan__patches *products = gan__alloc(ctx, (size_t)(gan__least(s.sh, s.h) * gan__least(s.sw, s.w)) * sizeof *products);
    if (!products) return false;
    int count = 0;
    for (int py = 0; py < s.sh && py < s.h; py++)
        for (int px = 0; px < s.sw && px < s.w; px++) products[count++] = phase_product(&s, py, px, y, w, x);
    bool ok, on_the_way = false;
    if (gan__lanes_fit(ctx, products, count)) {
        ok = gan__lanes_run(ctx, products, count);
    } else if (s.kh * s.kw > 1 && s.c <= FEW_CHANNELS) {
        ok = gan__columns_run(ctx, &s, y, w, x);
    } else {
        on_the_way = s.c == shape->c; /* else a column is one pixel's channel */
        for (int i = 0; i < count && on_the_way; i++) products[i].bias = with.bias, products[i].slope = with.slope;
        float *stats = on_the_way ? with.stats : NULL;
        ok = gan__minimal_fit(ctx, products, count) ? gan__minimal_run(ctx, products, count, with.kept, stats)
                                                    : gan__patches_run(ctx, products, count, with.kept, stats);
    }
    gan__free(ctx, products);
    return on_the_way ? ok : finish(ctx, ok, shape->n * shape->h * shape->w, shape->c, with, x);
}

static bool weight_mirrored(gan_ctx *ctx, const gan__conv_shape *s, const float *x, const float *y, float *w) {
    gan__conv_shape m = mirrored(s);
    float *wm = gan__alloc(ctx, (size_t)size_w(s) * sizeof *wm);
    bool ok = wm && gan__weight_run(ctx, &m, y, x, wm);
    if (ok) mirror_weight(s->kh * s->kw, s->k, s->c, wm, w);
    gan__free(ctx, wm);
    return ok;
}

bool gan__engine_conv_weight(gan_ctx *ctx, const gan__conv_shape *shape, const gan_real *x, const gan_real *y, gan_real *w) {
    gan__conv_shape s = simplified(shape);
    if (size_w(&s) == 0) return true;
    if (size_x(&s) == 0 || size_y(&s) == 0) {
        memset(w, 0, (size_t)size_w(&s) * sizeof *w);
        return true;
    }
    gan__patches product = conv_product(&s, x, w, (float *)y);
    if (gan__lanes_fit(ctx, &product, 1)) return gan__lanes_weight_run(ctx, &product, w);
    if (better_mirrored(&s)) return weight_mirrored(ctx, &s, x, y, w);
    return gan__minimal_weight_fit(ctx, &product) ? gan__minimal_weight_run(ctx, &product, w) : gan__weight_run(ctx, &s, x, y, w);
}

#endif
