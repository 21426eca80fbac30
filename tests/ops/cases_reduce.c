/* Reductions and broadcasts. */
#include "op_cases.h"

#define CALL(name, expr) \
    static gan_tensor *call_##name(gan_tensor *const *in) { return (expr); }
#define AXES2(i, k) (GAN_AXIS(i) | GAN_AXIS(k))
#define AXES3(i, k, l) (GAN_AXIS(i) | GAN_AXIS(k) | GAN_AXIS(l))

CALL(sum, gan_sum(in[0]))
CALL(mean, gan_mean(in[0]))
CALL(mean_channels, gan_mean_axes(in[0], AXES3(0, 1, 2), false))
CALL(mean_keep, gan_mean_axes(in[0], AXES2(1, 2), true))
CALL(sum_last, gan_sum_axes(in[0], GAN_AXIS(3), false))
CALL(sum_first, gan_sum_axes(in[0], GAN_AXIS(0), false))
CALL(sum_first_keep, gan_sum_axes(in[0], GAN_AXIS(0), true))
CALL(sum_middle, gan_sum_axes(in[0], AXES2(1, 2), false))
CALL(sum_scattered, gan_sum_axes(in[0], AXES2(0, 2), false))
CALL(sum_scattered_keep, gan_sum_axes(in[0], AXES2(1, 3), true))
CALL(sum_scattered_5d, gan_sum_axes(in[0], AXES3(0, 2, 4), false))
CALL(sum_samples, gan_sum_axes(in[0], GAN_ALL_AXES & ~GAN_AXIS(0), false))
CALL(sum_channels, gan_sum_axes(in[0], AXES3(0, 1, 2), false))
CALL(sum_no_axis, gan_sum_axes(in[0], 0, false))
CALL(max_last, gan_max_axis(in[0], 3, false))
CALL(max_middle_keep, gan_max_axis(in[0], 1, true))
CALL(max_second, gan_max_axis(in[0], 1, false))
CALL(min_first, gan_min_axis(in[0], 0, false))
CALL(min_negative_axis_keep, gan_min_axis(in[0], -2, true))
CALL(min_second, gan_min_axis(in[0], 1, false))
CALL(var, gan_var_axes(in[0], AXES3(0, 1, 2), false))
CALL(var_keep, gan_var_axes(in[0], AXES2(1, 2), true))
CALL(std, gan_std_axes(in[0], GAN_AXIS(0), false))
CALL(std_all, gan_std_axes(in[0], GAN_ALL_AXES, false))
CALL(norm, gan_norm_per_sample(in[0]))
CALL(broadcast_new, gan_broadcast_to(in[0], gan_shape3(2, 4, 3)))
CALL(broadcast_scalar, gan_broadcast_to(in[0], gan_shape2(2, 3)))
CALL(broadcast_middle, gan_broadcast_to(in[0], gan_shape4(3, 2, 5, 3)))
CALL(sum_to_channel, gan_sum_to(in[0], gan_shape1(3)))
CALL(sum_to_middle, gan_sum_to(in[0], gan_shape4(3, 1, 5, 1)))
CALL(sum_to_scalar, gan_sum_to(in[0], gan_shape0()))
CALL(sum_to_ones, gan_sum_to(in[0], gan_shape3(1, 5, 1)))

static const op_case cases[] = {
    {"gan_sum", "sum", call_sum, 1, 2, 0},
    {"gan_sum", "sum_scalar", call_sum, 1, 2, 0},
    {"gan_mean", "mean", call_mean, 1, 2, 0},
    {"gan_mean_axes", "mean_channels", call_mean_channels, 1, 2, 0},
    {"gan_mean_axes", "mean_keep", call_mean_keep, 1, 2, 0},
    {"gan_sum_axes", "sum_last", call_sum_last, 1, 2, 0},
    {"gan_sum_axes", "sum_first_keep", call_sum_first_keep, 1, 2, 0},
    {"gan_sum_axes", "sum_middle", call_sum_middle, 1, 2, 0},
    {"gan_sum_axes", "sum_scattered", call_sum_scattered, 1, 2, 0},
    {"gan_sum_axes", "sum_scattered_keep", call_sum_scattered_keep, 1, 2, 0},
    {"gan_sum_axes", "sum_scattered_5d", call_sum_scattered_5d, 1, 2, 0},
    {"gan_sum_axes", "sum_samples", call_sum_samples, 1, 2, 0},
    {"gan_sum_axes", "sum_no_axis", call_sum_no_axis, 1, 2, 0},
    {"gan_sum_axes", "sum_empty", call_sum_first, 1, 2, 0},
    {"gan_max_axis", "max_last", call_max_last, 1, 2, 0},
    {"gan_max_axis", "max_middle_keep", call_max_middle_keep, 1, 2, 0},
    {"gan_max_axis", "max_ties", call_max_second, 1, 0, 0},
    {"gan_min_axis", "min_first", call_min_first, 1, 2, 0},
    {"gan_min_axis", "min_negative_axis_keep", call_min_negative_axis_keep, 1, 2, 0},
    {"gan_min_axis", "min_ties", call_min_second, 1, 0, 0},
    {"gan_var_axes", "var", call_var, 1, 2, 0},
    {"gan_var_axes", "var_keep", call_var_keep, 1, 2, 0},
    {"gan_std_axes", "std", call_std, 1, 2, 0},
    {"gan_std_axes", "std_all", call_std_all, 1, 2, 0},
    {"gan_norm_per_sample", "norm", call_norm, 1, 2, 0},
    {"gan_norm_per_sample", "norm_vector", call_norm, 1, 2, 0},
    {"gan_broadcast_to", "broadcast_new", call_broadcast_new, 1, 2, 0},
    {"gan_broadcast_to", "broadcast_scalar", call_broadcast_scalar, 1, 2, 0},
    {"gan_broadcast_to", "broadcast_middle", call_broadcast_middle, 1, 2, 0},
    {"gan_broadcast_to", "broadcast_same", call_broadcast_scalar, 1, 2, 0},
    {"gan_sum_to", "sum_to_channel", call_sum_to_channel, 1, 2, 0},
    {"gan_sum_to", "sum_to_middle", call_sum_to_middle, 1, 2, 0},
    {"gan_sum_to", "sum_to_scalar", call_sum_to_scalar, 1, 2, 0},
    {"gan_sum_to", "sum_to_ones", call_sum_to_ones, 1, 2, 0},
};

#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }
#define X gan_zeros(ctx, gan_shape3(3, 4, 5))

BAD(axes, gan_sum_axes(X, AXES2(1, 3), false))
BAD(axes_alone, gan_sum_axes(gan_zeros(ctx, gan_shape4(2, 3, 4, 5)), GAN_AXIS(4), false))
BAD(axes_far, gan_sum_axes(X, 0x100, false))
BAD(max, gan_max_axis(X, 3, false))
BAD(max_negative, gan_max_axis(X, -4, false))
BAD(max_empty, gan_max_axis(gan_zeros(ctx, gan_shape2(3, 0)), 1, false))
BAD(min, gan_min_axis(X, 3, false))
BAD(broadcast, gan_broadcast_to(X, gan_shape3(3, 4, 6)))
BAD(broadcast_fewer, gan_broadcast_to(X, gan_shape2(4, 5)))
BAD(broadcast_negative, gan_broadcast_to(gan_zeros(ctx, gan_shape0()), gan_shape1(-1)))
BAD(broadcast_none, gan_broadcast_to(gan_zeros(ctx, gan_shape0()), (gan_shape){.ndim = -1}))
BAD(broadcast_six, gan_broadcast_to(X, (gan_shape){.ndim = 6}))
BAD(sum_to, gan_sum_to(X, gan_shape2(2, 5)))
BAD(sum_to_more, gan_sum_to(X, gan_shape4(1, 3, 4, 5)))
BAD(norm, gan_norm_per_sample(gan_zeros(ctx, gan_shape0())))

static const op_bad bads[] = {
    {"gan_sum_axes", bad_axes, {"[3, 4, 5]", "0xa"}},
    {"gan_sum_axes", bad_axes_alone, {"[2, 3, 4, 5]", "0x10"}},
    {"gan_sum_axes", bad_axes_far, {"[3, 4, 5]", "0x100"}},
    {"gan_max_axis", bad_max, {"[3, 4, 5]", "axis 3"}},
    {"gan_max_axis", bad_max_negative, {"[3, 4, 5]", "axis -4"}},
    {"gan_max_axis", bad_max_empty, {"[3, 0]", "axis 1"}},
    {"gan_min_axis", bad_min, {"[3, 4, 5]", "axis 3"}},
    {"gan_broadcast_to", bad_broadcast, {"[3, 4, 5]", "[3, 4, 6]"}},
    {"gan_broadcast_to", bad_broadcast_fewer, {"[3, 4, 5]", "[4, 5]"}},
    {"gan_broadcast_to", bad_broadcast_negative, {"[]", "[-1]"}},
    {"gan_broadcast_to", bad_broadcast_none, {"[]", NULL}},
    {"gan_broadcast_to", bad_broadcast_six, {"[3, 4, 5]", NULL}},
    {"gan_sum_to", bad_sum_to, {"[3, 4, 5]", "[2, 5]"}},
    {"gan_sum_to", bad_sum_to_more, {"[3, 4, 5]", "[1, 3, 4, 5]"}},
    {"gan_norm_per_sample", bad_norm, {"[]", NULL}},
};

CALL(broadcast_large, gan_broadcast_to(in[0], gan_shape4(5, 41, 43, 7)))
CALL(sum_to_large, gan_sum_to(in[0], gan_shape3(41, 1, 7)))

#define IMAGES {4, {5, 41, 43, 7}}
#define WIDE {2, {129, 1031}}

static const op_large larges[] = {
    {"gan_sum_axes", call_sum, 1, {{1, {100003}}}},
    {"gan_sum_axes", call_sum_channels, 1, {IMAGES}},
    {"gan_sum_axes", call_sum_samples, 1, {IMAGES}},
    {"gan_sum_axes", call_sum_first, 1, {WIDE}},
    {"gan_sum_axes", call_sum_middle, 1, {IMAGES}},
    {"gan_sum_axes", call_sum_scattered, 1, {IMAGES}},
    {"gan_max_axis", call_max_second, 1, {IMAGES}},
    {"gan_min_axis", call_min_first, 1, {WIDE}},
    {"gan_var_axes", call_var, 1, {IMAGES}},
    {"gan_norm_per_sample", call_norm, 1, {IMAGES}},
    {"gan_broadcast_to", call_broadcast_large, 1, {{3, {41, 1, 7}}}},
    {"gan_sum_to", call_sum_to_large, 1, {IMAGES}},
};

OP_GROUP(reduce);
