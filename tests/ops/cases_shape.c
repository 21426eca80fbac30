/* Ops that move elements. */
#include "op_cases.h"

#define CALL(name, expr) \
    static gan_tensor *call_##name(gan_tensor *const *in) { return (expr); }
#define ORDER(...) (const int[]){__VA_ARGS__}
#define SIZES(...) (const int64_t[]){__VA_ARGS__}

CALL(reshape, gan_reshape(in[0], gan_shape2(6, 12)))
CALL(reshape_inferred, gan_reshape(in[0], gan_shape3(4, -1, 3)))
CALL(reshape_scalar, gan_reshape(in[0], gan_shape0()))
CALL(flatten, gan_flatten(in[0]))
CALL(to_nchw, gan_permute(in[0], ORDER(0, 3, 1, 2)))
CALL(permute_cycle, gan_permute(in[0], ORDER(2, 0, 3, 1)))
CALL(permute_5d, gan_permute(in[0], ORDER(4, 1, 0, 3, 2)))
CALL(permute_same, gan_permute(in[0], ORDER(0, 1, 2)))
CALL(transpose, gan_transpose(in[0]))
CALL(concat_middle, gan_concat(in, 3, 1))
CALL(concat_last, gan_concat(in, 2, -1))
CALL(concat_first, gan_concat(in, 2, 0))
CALL(concat_one, gan_concat(in, 1, 0))
CALL(slice_first, gan_slice(in[0], 0, 1, 1))
CALL(slice_middle, gan_slice(in[0], 2, 1, 3))
CALL(slice_last, gan_slice(in[0], -1, 0, 2))
CALL(slice_empty, gan_slice(in[0], 1, 2, 0))
CALL(pad_images, gan_pad(in[0], SIZES(0, 1, 2, 0), SIZES(0, 0, 1, 0)))
CALL(pad_all, gan_pad(in[0], SIZES(0, 1), SIZES(2, 0)))
CALL(pad_none, gan_pad(in[0], SIZES(0, 0), SIZES(0, 0)))
CALL(gather, gan_gather(in[0], in[1]))
CALL(embedding, gan_embedding(in[0], in[1]))
CALL(scatter_add, gan_scatter_add(in[0], in[1], 4))
CALL(scatter_add_vector, gan_scatter_add(in[0], in[1], 3))
CALL(one_hot, gan_one_hot(in[0], 4))

static const op_case cases[] = {
    {"gan_reshape", "reshape", call_reshape, 1, 2, 0},
    {"gan_reshape", "reshape_inferred", call_reshape_inferred, 1, 2, 0},
    {"gan_reshape", "reshape_scalar", call_reshape_scalar, 1, 2, 0},
    {"gan_flatten", "flatten", call_flatten, 1, 2, 0},
    {"gan_flatten", "flatten_vector", call_flatten, 1, 2, 0},
    {"gan_permute", "to_nchw", call_to_nchw, 1, 2, 0},
    {"gan_permute", "permute_cycle", call_permute_cycle, 1, 2, 0},
    {"gan_permute", "permute_5d", call_permute_5d, 1, 2, 0},
    {"gan_permute", "permute_same", call_permute_same, 1, 2, 0},
    {"gan_transpose", "transpose", call_transpose, 1, 2, 0},
    {"gan_transpose", "transpose_batch", call_transpose, 1, 2, 0},
    {"gan_concat", "concat_middle", call_concat_middle, 3, 2, 0},
    {"gan_concat", "concat_last", call_concat_last, 2, 2, 0},
    {"gan_concat", "concat_first", call_concat_first, 2, 2, 0},
    {"gan_concat", "concat_one", call_concat_one, 1, 2, 0},
    {"gan_slice", "slice_first", call_slice_first, 1, 2, 0},
    {"gan_slice", "slice_middle", call_slice_middle, 1, 2, 0},
    {"gan_slice", "slice_last_negative_axis", call_slice_last, 1, 2, 0},
    {"gan_slice", "slice_empty", call_slice_empty, 1, 2, 0},
    {"gan_pad", "pad_images", call_pad_images, 1, 2, 0},
    {"gan_pad", "pad_all", call_pad_all, 1, 2, 0},
    {"gan_pad", "pad_none", call_pad_none, 1, 2, 0},
    {"gan_gather", "gather", call_gather, 2, 2, 0},
    {"gan_gather", "gather_vector", call_gather, 2, 2, 0},
    {"gan_embedding", "embedding", call_embedding, 2, 2, 0},
    {"gan_scatter_add", "scatter_add", call_scatter_add, 2, 2, 0},
    {"gan_scatter_add", "scatter_add_vector", call_scatter_add_vector, 2, 2, 0},
    {"gan_one_hot", "one_hot", call_one_hot, 1, 0, 0},
};

/* --- wrong uses ------------------------------------------------------------------------------------------- */

#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }
#define X gan_zeros(ctx, gan_shape2(3, 4))

static gan_tensor *index_of(gan_ctx *ctx, gan_real bad) {
    const gan_real values[] = {0, 1, bad};
    return gan_from(ctx, gan_shape1(3), values);
}

static gan_tensor *concat_with(gan_ctx *ctx, gan_shape shape, int axis) {
    gan_tensor *both[] = {X, gan_zeros(ctx, shape)};
    return gan_concat(both, 2, axis);
}

BAD(reshape, gan_reshape(X, gan_shape2(5, 2)))
BAD(reshape_inferred, gan_reshape(X, gan_shape2(5, -1)))
BAD(reshape_twice, gan_reshape(X, gan_shape2(-1, -1)))
BAD(reshape_negative, gan_reshape(X, gan_shape2(-3, -4)))
BAD(reshape_empty, gan_reshape(gan_zeros(ctx, gan_shape2(0, 3)), gan_shape2(0, -1)))
BAD(reshape_six, gan_reshape(X, (gan_shape){.ndim = 6}))
BAD(flatten, gan_flatten(gan_zeros(ctx, gan_shape0())))
BAD(permute_twice, gan_permute(X, ORDER(1, 1)))
BAD(permute_far, gan_permute(X, ORDER(0, 2)))
BAD(transpose, gan_transpose(gan_zeros(ctx, gan_shape1(4))))
BAD(concat_shape, concat_with(ctx, gan_shape2(2, 5), 1))
BAD(concat_dims, concat_with(ctx, gan_shape1(3), 0))
BAD(concat_axis, concat_with(ctx, gan_shape2(3, 4), 2))
BAD(slice_end, gan_slice(X, 1, 2, 3))
BAD(slice_start, gan_slice(X, 1, -1, 2))
BAD(slice_count, gan_slice(X, 1, 1, -1))
BAD(slice_huge, gan_slice(X, 1, 2, INT64_MAX))
BAD(slice_axis, gan_slice(X, -3, 0, 1))
BAD(pad, gan_pad(X, SIZES(0, -1), SIZES(0, 0)))
BAD(gather_high, gan_gather(X, index_of(ctx, 3)))
BAD(gather_negative, gan_gather(X, index_of(ctx, -1)))
BAD(gather_broken, gan_gather(X, index_of(ctx, (gan_real)1.5)))
BAD(gather_nan, gan_gather(X, index_of(ctx, (gan_real)(0.0 / 0.0))))
BAD(gather_index, gan_gather(X, X))
BAD(gather_scalar, gan_gather(gan_zeros(ctx, gan_shape0()), index_of(ctx, 0)))
BAD(scatter_high, gan_scatter_add(X, index_of(ctx, 2), 2))
BAD(scatter_shape, gan_scatter_add(gan_zeros(ctx, gan_shape2(4, 2)), index_of(ctx, 0), 2))
BAD(scatter_rows, gan_scatter_add(X, index_of(ctx, 0), -1))
BAD(one_hot_high, gan_one_hot(index_of(ctx, 4), 4))
BAD(one_hot_index, gan_one_hot(X, 5))
BAD(one_hot_none, gan_one_hot(index_of(ctx, 0), 0))

static const op_bad bads[] = {
    {"gan_reshape", bad_reshape, {"[3, 4]", "[5, 2]"}},
    {"gan_reshape", bad_reshape_inferred, {"[3, 4]", "[5, -1]"}},
    {"gan_reshape", bad_reshape_twice, {"[3, 4]", "[-1, -1]"}},
    {"gan_reshape", bad_reshape_negative, {"[3, 4]", "[-3, -4]"}},
    {"gan_reshape", bad_reshape_empty, {"[0, 3]", "[0, -1]"}},
    {"gan_reshape", bad_reshape_six, {"[3, 4]", NULL}},
    {"gan_flatten", bad_flatten, {"[]", NULL}},
    {"gan_permute", bad_permute_twice, {"[3, 4]", "order[1] = 1"}},
    {"gan_permute", bad_permute_far, {"[3, 4]", "order[1] = 2"}},
    {"gan_transpose", bad_transpose, {"[4]", NULL}},
    {"gan_concat", bad_concat_shape, {"[3, 4]", "[2, 5]"}},
    {"gan_concat", bad_concat_dims, {"[3, 4]", "[3]"}},
    {"gan_concat", bad_concat_axis, {"[3, 4]", "axis 2"}},
    {"gan_slice", bad_slice_end, {"[3, 4]", "3 entries from 2"}},
    {"gan_slice", bad_slice_start, {"[3, 4]", "from -1"}},
    {"gan_slice", bad_slice_count, {"[3, 4]", "-1 entries"}},
    {"gan_slice", bad_slice_huge, {"[3, 4]", "from 2"}},
    {"gan_slice", bad_slice_axis, {"[3, 4]", "axis -3"}},
    {"gan_pad", bad_pad, {"[3, 4]", "-1 before"}},
    {"gan_gather", bad_gather_high, {"index[2] = 3", "0 to 2"}},
    {"gan_gather", bad_gather_negative, {"index[2] = -1", "0 to 2"}},
    {"gan_gather", bad_gather_broken, {"index[2] = 1.5", "whole"}},
    {"gan_gather", bad_gather_nan, {"index[2] = ", "nan"}},
    {"gan_gather", bad_gather_index, {"[3, 4]", "one-dimensional"}},
    {"gan_gather", bad_gather_scalar, {"[]", NULL}},
    {"gan_scatter_add", bad_scatter_high, {"index[2] = 2", "0 to 1"}},
    {"gan_scatter_add", bad_scatter_shape, {"[4, 2]", "[3]"}},
    {"gan_scatter_add", bad_scatter_rows, {"-1 rows", NULL}},
    {"gan_one_hot", bad_one_hot_high, {"index[2] = 4", "0 to 3"}},
    {"gan_one_hot", bad_one_hot_index, {"[3, 4]", "one-dimensional"}},
    {"gan_one_hot", bad_one_hot_none, {"0 classes", NULL}},
};

/* --- large ones ------------------------------------------------------------------------------------------- */

/* Indices 0, 1 and 2 from random numbers. */
static gan_tensor *thirds(gan_tensor *x) {
    gan_tensor *low = gan_scalar(gan_ctx_of(x), -0.4), *high = gan_scalar(gan_ctx_of(x), 0.4);
    return gan_add(gan_greater(x, low), gan_greater(x, high));
}

CALL(pad_large, gan_pad(in[0], SIZES(0, 1, 1, 0), SIZES(0, 2, 1, 0)))
CALL(slice_large, gan_slice(in[0], 1, 3, 37))
CALL(gather_large, gan_gather(in[0], thirds(in[1])))
CALL(scatter_large, gan_scatter_add(in[0], thirds(in[1]), 3))
CALL(one_hot_large, gan_one_hot(thirds(in[0]), 3))

#define IMAGES {4, {5, 41, 43, 7}}

static const op_large larges[] = {
    {"gan_permute", call_to_nchw, 1, {IMAGES}},
    {"gan_permute", call_permute_cycle, 1, {IMAGES}},
    {"gan_permute", call_transpose, 1, {{2, {301, 203}}}},
    {"gan_concat", call_concat_middle, 3, {IMAGES, {4, {5, 3, 43, 7}}, IMAGES}},
    {"gan_slice", call_slice_large, 1, {IMAGES}},
    {"gan_pad", call_pad_large, 1, {IMAGES}},
    {"gan_gather", call_gather_large, 2, {{2, {3, 17}}, {1, {5003}}}},
    {"gan_scatter_add", call_scatter_large, 2, {{2, {503, 301}}, {1, {503}}}},
    {"gan_one_hot", call_one_hot_large, 1, {{1, {5003}}}},
};

OP_GROUP(shape);
