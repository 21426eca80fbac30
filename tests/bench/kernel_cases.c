/* Single kernels at the shapes of DCGAN-64's layers, batch 64. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kernels/conv_engine.h"
#include "kernels/norm.h"
#include "kernels/update.h"

static float *noise(int64_t n) {
    float *v = malloc((size_t)n * sizeof *v);
    if (!v) exit(2);
    uint32_t x = 1;
    for (int64_t i = 0; i < n; i++) v[i] = (float)((x = x * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1.0f;
    return v;
}

typedef struct state {
    gan_ctx *ctx;
    const bench_case *c;
    gan__conv_shape s;
    float *a, *b, *to, *to2, *to3;
    int64_t n;
} state;

static state *new_state(gan_ctx *ctx, const bench_case *c) {
    state *st = calloc(1, sizeof *st);
    if (!st) exit(2);
    st->ctx = ctx, st->c = c;
    return st;
}

/* --- convolution ------------------------------------------------------------------------------------------- */

static void *begin_conv(gan_ctx *ctx, const bench_case *c) {
    state *st = new_state(ctx, c);
    st->s = *(const gan__conv_shape *)c->data;
    const gan__conv_shape *s = &st->s;
    st->a = noise(s->n * s->h * s->w * s->c);
    st->b = noise(s->n * s->oh * s->ow * s->k);
    st->to = noise(s->kh * s->kw * s->c * s->k);
    return st;
}

static void conv_step(void *p) {
    state *st = p;
    gan__conv(st->ctx, &st->s, st->a, st->to, (gan__conv_with){0}, st->b);
}
static void input_step(void *p) {
    state *st = p;
    gan__conv_input(st->ctx, &st->s, st->b, st->to, (gan__conv_with){0}, st->a);
}
static void weight_step(void *p) {
    state *st = p;
    gan__conv_weight(st->ctx, &st->s, st->a, st->b, st->to);
}

/* What few channels would take without the road of their own. */
static void tiles_conv_step(void *p) {
    state *st = p;
    const gan__conv_shape *s = &st->s;
    gan__patches product = {.src = st->a, .n = s->n, .h = s->h, .w = s->w, .c = s->c, .oh = s->oh, .ow = s->ow,
                            .kh = s->kh, .kw = s->kw, .sh = s->sh, .sw = s->sw, .top = s->pt, .left = s->pl,
                            .weight = st->to, .tap_y = s->kw * s->c * s->k, .tap_x = s->c * s->k, .in = s->k, .out = 1,
                            .k = s->k, .dst = st->b, .dst_n = s->oh * s->ow * s->k, .dst_y = s->ow * s->k, .dst_x = s->k};
    gan__patches_run(st->ctx, &product, 1, NULL, NULL);
}
static void columns_input_step(void *p) {
    state *st = p;
    gan__columns_run(st->ctx, &st->s, st->b, st->to, st->a);
}
static void tiles_weight_step(void *p) {
    state *st = p;
    gan__weight_run(st->ctx, &st->s, st->a, st->b, st->to);
}

/* --- batch norm and activation, and their derivative ------------------------------------------------------- */

static const gan_shape maps = {4, {64, 32, 32, 64}};
#define MAPS_GBYTE (4e-9 * 64 * 32 * 32 * 64)

typedef struct norm_state {
    gan_ctx *ctx;
    gan_tensor *x, *g, *gamma, *beta;
} norm_state;

static void *begin_norm(gan_ctx *ctx, const bench_case *c) {
    (void)c;
    norm_state *st = calloc(1, sizeof *st);
    if (!st) exit(2);
    gan_shape channels = gan_shape1(64);
    *st = (norm_state){ctx, gan_randn(ctx, maps), gan_randn(ctx, maps), gan_ones(ctx, channels), gan_zeros(ctx, channels)};
    return st;
}

static void norm_forward_step(void *p) {
    norm_state *st = p;
    gan_scope_begin(st->ctx);
    gan_no_record_begin(st->ctx);
    gan_batch_norm_leaky(st->x, st->gamma, st->beta, 1e-5, 0, NULL);
    gan_no_record_end(st->ctx);
    gan_scope_end(st->ctx);
}

static void norm_both_step(void *p) {
    norm_state *st = p;
    gan_scope_begin(st->ctx);
    gan_tensor *y = gan_batch_norm_leaky(st->x, st->gamma, st->beta, 1e-5, 0, NULL), *grads[3];
    gan_grads(y, (gan_tensor *[]){st->x, st->gamma, st->beta}, 3, grads, (gan_grad_opts){.seed = st->g});
    gan_scope_end(st->ctx);
}

/* --- Adam --------------------------------------------------------------------------------------------------- */

enum { ADAM_COUNT = 1 << 22 };

static void *begin_adam(gan_ctx *ctx, const bench_case *c) {
    state *st = new_state(ctx, c);
    st->a = noise(ADAM_COUNT), st->b = noise(ADAM_COUNT), st->to = noise(ADAM_COUNT), st->to2 = noise(ADAM_COUNT);
    memset(st->to2, 0, ADAM_COUNT * sizeof(float));
    return st;
}

static void adam_step(void *p) {
    state *st = p;
    gan__rule rule = {.lr = 2e-4, .beta1 = .5, .beta2 = .999, .eps = 1e-8, .clip = 1e30, .grad_scale = 1};
    gan__update u = {.w = {st->a, st->a}, .m = {{st->to, st->to}, {st->to2, st->to2}}, .grad = st->b, .count = ADAM_COUNT,
                     .correction1 = .5, .correction2 = .001};
    gan__update_all(st->ctx, GAN__UPDATE_ADAM, &rule, &u, 1);
}

/* --- the table ---------------------------------------------------------------------------------------------- */

#define CONV_GFLOP(n, oh, c, k, taps) (2e-9 * (n) * (oh) * (oh) * (c) * (k) * (taps))
#define LAYER(id, h, c, k)                                                                                                     \
    static const gan__conv_shape id = {64, h, h, c, h / 2, h / 2, k, 4, 4, 2, 2, 1, 1};
#define LAYER_CASE(kind, id, gflop, text, step) {kind #id, text, gflop, 0, begin_conv, step, &id}
#define LAYER_CASES(id, h, c, k)                                                                                               \
    LAYER_CASE("conv-", id, CONV_GFLOP(64, h / 2, c, k, 16), "forward: " #c " -> " #k " channels, from " #h " px", conv_step), \
    LAYER_CASE("input-", id, CONV_GFLOP(64, h / 2, c, k, 16), "input gradient, transposed convolution", input_step),           \
    LAYER_CASE("weight-", id, CONV_GFLOP(64, h / 2, c, k, 16), "weight gradient", weight_step)

LAYER(c64, 64, 3, 64)
LAYER(c32, 32, 64, 128)
LAYER(c16, 16, 128, 256)
LAYER(c8, 8, 256, 512)
static const gan__conv_shape c4 = {64, 4, 4, 512, 1, 1, 1, 4, 4, 1, 1, 0, 0};
static const gan__conv_shape z4 = {64, 4, 4, 512, 1, 1, 100, 4, 4, 1, 1, 0, 0};

static const gan__conv_shape few = {128, 28, 28, 3, 14, 14, 2, 3, 3, 2, 2, 1, 1};
#define FEW_GFLOP CONV_GFLOP(128, 14, 3, 2, 9)

static const bench_case kernels[] = {
    LAYER_CASES(c64, 64, 3, 64),
    LAYER_CASES(c32, 32, 64, 128),
    LAYER_CASES(c16, 16, 128, 256),
    LAYER_CASES(c8, 8, 256, 512),
    {"conv-c4", "forward: 512 -> 1 channels, whole image", CONV_GFLOP(64, 1, 512, 1, 16), 0, begin_conv, conv_step, &c4},
    {"input-c4", "input gradient", CONV_GFLOP(64, 1, 512, 1, 16), 0, begin_conv, input_step, &c4},
    {"weight-c4", "weight gradient", CONV_GFLOP(64, 1, 512, 1, 16), 0, begin_conv, weight_step, &c4},
    {"input-z4", "a generator's first layer: 100 -> 512, 4x4", CONV_GFLOP(64, 1, 512, 100, 16), 0, begin_conv, input_step, &z4},
    {"weight-z4", "its weight gradient", CONV_GFLOP(64, 1, 512, 100, 16), 0, begin_conv, weight_step, &z4},
    {"conv-few", "forward: 3 -> 2 channels, 3x3, from 28 px, 128 images", FEW_GFLOP, 0, begin_conv, conv_step, &few},
    {"conv-few-tiles", "the same through tiles", FEW_GFLOP, 0, begin_conv, tiles_conv_step, &few},
    {"input-few", "input gradient", FEW_GFLOP, 0, begin_conv, input_step, &few},
    {"input-few-tiles", "the same through tiles", FEW_GFLOP, 0, begin_conv, columns_input_step, &few},
    {"weight-few", "weight gradient", FEW_GFLOP, 0, begin_conv, weight_step, &few},
    {"weight-few-tiles", "the same through tiles", FEW_GFLOP, 0, begin_conv, tiles_weight_step, &few},
    {"norm-act", "batch norm + ReLU forward, 64x32x32x64 (x twice, y)", 0, 3 * MAPS_GBYTE, begin_norm, norm_forward_step, NULL},
    {"norm-act-grad", "and backward (x twice, g twice, dx)", 0, 8 * MAPS_GBYTE, begin_norm, norm_both_step, NULL},
    {"adam", "Adam of 4 M parameters (4 arrays read, 3 written)", 0, 7 * 4e-9 * ADAM_COUNT, begin_adam, adam_step, NULL},
};

const bench_case *bench_kernels(int *count) {
    *count = sizeof kernels / sizeof *kernels;
    return kernels;
}
