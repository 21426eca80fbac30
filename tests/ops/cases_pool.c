/* Pooling and resampling. */
#include "op_cases.h"
#include "ops/op_list.h"
#include "ops/window_attr.h"

#define POOL(name, ...)                                                                                                       \
    static gan_tensor *avg_##name(gan_tensor *const *in) { return gan_avg_pool2d(in[0], (gan_pool_opts){__VA_ARGS__}); }      \
    static gan_tensor *max_##name(gan_tensor *const *in) { return gan_max_pool2d(in[0], (gan_pool_opts){__VA_ARGS__}); }
#define CALL(name, expr) \
    static gan_tensor *name(gan_tensor *const *in) { return (expr); }

POOL(2, .size_h = 2, .size_w = 2)
POOL(rest, .size_h = 2, .size_w = 2, .stride_w = 2)
POOL(overlap, .size_h = 3, .size_w = 3, .stride_h = 2, .stride_w = 2, .pad = {1, 1, 1, 1})
POOL(mixed, .size_h = 2, .size_w = 3, .stride_h = 3, .stride_w = 1, .pad = {1, 2, 0, 1})
POOL(all, .size_h = 3, .size_w = 5)
POOL(gaps, .size_h = 1, .size_w = 2, .stride_h = 2, .stride_w = 3, .pad = {0, 0, 0, 1})
POOL(apart, .size_h = 2, .size_w = 2, .stride_h = 3, .stride_w = 3, .pad = {1, 1, 1, 1})
CALL(max_ties, gan_max_pool2d(in[0], (gan_pool_opts){2, 3, 1, 2, {1, 0, 0, 1}}))
CALL(upsample_2, gan_upsample_nearest2d(in[0], 2, 2))
CALL(upsample_3_1, gan_upsample_nearest2d(in[0], 3, 1))
CALL(upsample_1_4, gan_upsample_nearest2d(in[0], 1, 4))
CALL(shuffle_1, gan_pixel_shuffle(in[0], 1))
CALL(shuffle_2, gan_pixel_shuffle(in[0], 2))
CALL(shuffle_3, gan_pixel_shuffle(in[0], 3))
CALL(unshuffle_1, gan_pixel_unshuffle(in[0], 1))
CALL(unshuffle_2, gan_pixel_unshuffle(in[0], 2))
CALL(unshuffle_3, gan_pixel_unshuffle(in[0], 3))

/* Windows of 3 x 2, strides 2 x 2, one row of padding above, on images of 5 x 6: 2 x 3 windows. */
static gan__window_attr windows(int64_t rows, int64_t cols) {
    gan_pool_opts o = {.size_h = 3, .size_w = 2, .stride_h = 2, .stride_w = 2, .pad = {1, 0, 0, 0}};
    gan__window_attr a = gan__window_attr_of(o, 1);
    a.rows = rows, a.cols = cols, a.derived = true;
    return a;
}

static gan_tensor *pick(gan_tensor *const *in) {
    gan__window_attr a = windows(2, 3);
    return gan_apply(gan_ctx_of(in[0]), &gan__op_max_pick, in, 2, &a);
}

static gan_tensor *place(gan_tensor *const *in) {
    gan__window_attr a = windows(5, 6);
    return gan_apply(gan_ctx_of(in[0]), &gan__op_max_place, in, 2, &a);
}

#define POOL_CASES(name)                                  \
    {"gan_avg_pool2d", "avg_" #name, avg_##name, 1, 2, 0}, \
    {"gan_max_pool2d", "max_" #name, max_##name, 1, 2, 0}

static const op_case cases[] = {
    POOL_CASES(2),
    POOL_CASES(rest),
    POOL_CASES(overlap),
    POOL_CASES(mixed),
    POOL_CASES(all),
    POOL_CASES(gaps),
    POOL_CASES(apart),
    {"gan_max_pool2d", "max_ties", max_ties, 1, 0, 0},
    {"gan_upsample_nearest2d", "upsample_2", upsample_2, 1, 2, 0},
    {"gan_upsample_nearest2d", "upsample_3_1", upsample_3_1, 1, 2, 0},
    {"gan_upsample_nearest2d", "upsample_1_4", upsample_1_4, 1, 2, 0},
    {"gan_max_pick", "pick", pick, 2, 2, 0},
    {"gan_max_place", "place", place, 2, 2, 0},
    {"gan_pixel_shuffle", "shuffle_1", shuffle_1, 1, 2, 0},
    {"gan_pixel_shuffle", "shuffle_2", shuffle_2, 1, 2, 0},
    {"gan_pixel_shuffle", "shuffle_3", shuffle_3, 1, 2, 0},
    {"gan_pixel_unshuffle", "unshuffle_1", unshuffle_1, 1, 2, 0},
    {"gan_pixel_unshuffle", "unshuffle_2", unshuffle_2, 1, 2, 0},
    {"gan_pixel_unshuffle", "unshuffle_3", unshuffle_3, 1, 2, 0},
};

/* --- errors ----------------------------------------------------------------------------------------------- */

static gan_tensor *image(gan_ctx *ctx, int64_t h, int64_t w, int64_t c) { return gan_ones(ctx, gan_shape4(2, h, w, c)); }
static gan_tensor *line(gan_ctx *ctx) { return gan_ones(ctx, gan_shape2(2, 5)); }

#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }
#define OPTS(...) ((gan_pool_opts){__VA_ARGS__})

BAD(avg_dims, gan_avg_pool2d(line(ctx), OPTS(.size_h = 2, .size_w = 2)))
BAD(avg_window, gan_avg_pool2d(image(ctx, 4, 4, 3), OPTS(.size_h = 2)))
BAD(avg_stride, gan_avg_pool2d(image(ctx, 4, 4, 3), OPTS(.size_h = 2, .size_w = 2, .stride_w = -1)))
BAD(avg_pad, gan_avg_pool2d(image(ctx, 4, 4, 3), OPTS(.size_h = 3, .size_w = 2, .pad = {0, 2})))
BAD(avg_pad_neg, gan_avg_pool2d(image(ctx, 4, 4, 3), OPTS(.size_h = 3, .size_w = 2, .pad = {0, 0, -1})))
BAD(avg_large, gan_avg_pool2d(image(ctx, 3, 4, 3), OPTS(.size_h = 5, .size_w = 2, .pad = {1})))
BAD(max_dims, gan_max_pool2d(line(ctx), OPTS(.size_h = 2, .size_w = 2)))
BAD(max_empty, gan_max_pool2d(image(ctx, 0, 4, 3), OPTS(.size_h = 2, .size_w = 2, .pad = {1, 1, 1, 1})))
BAD(max_large, gan_max_pool2d(image(ctx, 3, 4, 3), OPTS(.size_h = 2, .size_w = 6, .pad = {1, 1})))
BAD(factor, gan_upsample_nearest2d(image(ctx, 3, 4, 3), 2, 0))
BAD(factor_neg, gan_upsample_nearest2d(image(ctx, 3, 4, 3), -1, 1))
BAD(upsample_dims, gan_upsample_nearest2d(line(ctx), 2, 2))
BAD(shuffle, gan_pixel_shuffle(image(ctx, 2, 2, 6), 2))
BAD(shuffle_0, gan_pixel_shuffle(image(ctx, 2, 2, 6), 0))
BAD(shuffle_dims, gan_pixel_shuffle(line(ctx), 2))
BAD(unshuffle, gan_pixel_unshuffle(image(ctx, 4, 3, 6), 2))
BAD(unshuffle_0, gan_pixel_unshuffle(image(ctx, 4, 3, 6), -1))
BAD(unshuffle_dims, gan_pixel_unshuffle(line(ctx), 2))
BAD(pick, pick((gan_tensor *[]){image(ctx, 5, 6, 3), image(ctx, 3, 3, 3)}))
BAD(place, place((gan_tensor *[]){image(ctx, 2, 3, 3), image(ctx, 3, 2, 3)}))

static const op_bad bads[] = {
    {"gan_avg_pool2d", bad_avg_dims, {"[2, 5]"}},
    {"gan_avg_pool2d", bad_avg_window, {"window of 2 x 0"}},
    {"gan_avg_pool2d", bad_avg_stride, {"stride", "-1"}},
    {"gan_avg_pool2d", bad_avg_pad, {"padding of 2", "3 x 2"}},
    {"gan_avg_pool2d", bad_avg_pad_neg, {"padding of -1"}},
    {"gan_avg_pool2d", bad_avg_large, {"[2, 3, 4, 3]", "[5, 2]"}},
    {"gan_max_pool2d", bad_max_dims, {"[2, 5]"}},
    {"gan_max_pool2d", bad_max_empty, {"[2, 0, 4, 3]"}},
    {"gan_max_pool2d", bad_max_large, {"[2, 3, 4, 3]", "[2, 6]"}},
    {"gan_upsample_nearest2d", bad_factor, {"2 x 0"}},
    {"gan_upsample_nearest2d", bad_factor_neg, {"-1 x 1"}},
    {"gan_upsample_nearest2d", bad_upsample_dims, {"[2, 5]"}},
    {"gan_pixel_shuffle", bad_shuffle, {"[2, 2, 2, 6]", "r 2"}},
    {"gan_pixel_shuffle", bad_shuffle_0, {"r is 0"}},
    {"gan_pixel_shuffle", bad_shuffle_dims, {"[2, 5]"}},
    {"gan_pixel_unshuffle", bad_unshuffle, {"[2, 4, 3, 6]", "r 2"}},
    {"gan_pixel_unshuffle", bad_unshuffle_0, {"r is -1"}},
    {"gan_pixel_unshuffle", bad_unshuffle_dims, {"[2, 5]"}},
    {"gan_max_pick", bad_pick, {"[2, 2, 3, 3]", "[2, 3, 3, 3]"}},
    {"gan_max_place", bad_place, {"[2, 2, 3, 3]", "[2, 3, 2, 3]"}},
};

/* An index of random inputs would point anywhere: the first pixel of each window instead, without padding. */
static gan_tensor *at_first(const gan_op *op, gan_tensor *t, int64_t rows, int64_t cols) {
    gan__window_attr a = windows(rows, cols);
    a.o.pad[0] = 0;
    gan_shape s = gan_shape_of(t);
    gan_tensor *index = gan_zeros(gan_ctx_of(t), gan_shape4(s.d[0], 2, 3, s.d[3]));
    return gan_apply(gan_ctx_of(t), op, (gan_tensor *[]){t, index}, 2, &a);
}

CALL(pick_first, at_first(&gan__op_max_pick, in[0], 2, 3))
CALL(place_first, at_first(&gan__op_max_place, in[0], 5, 6))

static const op_large larges[] = {
    {"gan_avg_pool2d", avg_overlap, 1, {{4, {5, 37, 31, 13}}}},
    {"gan_max_pool2d", max_overlap, 1, {{4, {5, 37, 31, 13}}}},
    {"gan_upsample_nearest2d", upsample_2, 1, {{4, {5, 37, 31, 13}}}},
    {"gan_pixel_shuffle", shuffle_3, 1, {{4, {5, 17, 13, 63}}}},
    {"gan_pixel_unshuffle", unshuffle_2, 1, {{4, {5, 38, 34, 13}}}},
    {"gan_max_pick", pick_first, 1, {{4, {5, 5, 6, 1501}}}},
    {"gan_max_place", place_first, 1, {{4, {5, 2, 3, 1501}}}},
};

OP_GROUP(pool);
