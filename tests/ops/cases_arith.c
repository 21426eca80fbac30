/* Arithmetic, elementwise mathematics, comparisons. */
#include "op_cases.h"
#include "tensor/tensor_impl.h"
#include <math.h>

#define CALL_1(name, expr) \
    static gan_tensor *call_##name(gan_tensor *const *in) { return (expr); }

CALL_1(accumulate, gan_apply(gan_ctx_of(in[0]), &gan__op_accumulate, in, 2, NULL))
CALL_1(add, gan_add(in[0], in[1]))
CALL_1(sub, gan_sub(in[0], in[1]))
CALL_1(mul, gan_mul(in[0], in[1]))
CALL_1(div, gan_div(in[0], in[1]))
CALL_1(scale, gan_scale(in[0], -2.5))
CALL_1(add_scalar, gan_add_scalar(in[0], 0.75))
CALL_1(neg, gan_neg(in[0]))
CALL_1(lerp, gan_lerp(in[0], in[1], in[2]))
CALL_1(maximum, gan_maximum(in[0], in[1]))
CALL_1(minimum, gan_minimum(in[0], in[1]))
CALL_1(clamp, gan_clamp(in[0], -0.5, 0.75))
CALL_1(square, gan_square(in[0]))
CALL_1(sqrt, gan_sqrt(in[0]))
CALL_1(reciprocal, gan_reciprocal(in[0]))
CALL_1(pow_m1, gan_pow_scalar(in[0], -1))
CALL_1(pow_mhalf, gan_pow_scalar(in[0], -0.5))
CALL_1(pow_0, gan_pow_scalar(in[0], 0))
CALL_1(pow_half, gan_pow_scalar(in[0], 0.5))
CALL_1(pow_1, gan_pow_scalar(in[0], 1))
CALL_1(pow_2, gan_pow_scalar(in[0], 2))
CALL_1(pow_25, gan_pow_scalar(in[0], 2.5))
CALL_1(pow_3, gan_pow_scalar(in[0], 3))
CALL_1(exp, gan_exp(in[0]))
CALL_1(log, gan_log(in[0]))
CALL_1(sin, gan_sin(in[0]))
CALL_1(cos, gan_cos(in[0]))
CALL_1(abs, gan_abs(in[0]))
CALL_1(sign, gan_sign(in[0]))
CALL_1(greater, gan_greater(in[0], in[1]))
CALL_1(greater_equal, gan_greater_equal(in[0], in[1]))
CALL_1(less, gan_less(in[0], in[1]))
CALL_1(less_equal, gan_less_equal(in[0], in[1]))
CALL_1(equal, gan_equal(in[0], in[1]))
CALL_1(where, gan_where(in[0], in[1], in[2]))

#define BROADCASTS(fn)                              \
    {"gan_" #fn, #fn "_same", call_##fn, 2, 2, 0},  \
    {"gan_" #fn, #fn "_both", call_##fn, 2, 2, 0},  \
    {"gan_" #fn, #fn "_channel", call_##fn, 2, 2, 0}, \
    {"gan_" #fn, #fn "_sample", call_##fn, 2, 2, 0}, \
    {"gan_" #fn, #fn "_number", call_##fn, 2, 2, 0}, \
    {"gan_" #fn, #fn "_middle", call_##fn, 2, 2, 0}

static const op_case cases[] = {
    {"gan_accumulate", "accumulate", call_accumulate, 2, 2, 0},
    BROADCASTS(add),
    BROADCASTS(sub),
    BROADCASTS(mul),
    {"gan_div", "div_same", call_div, 2, 2, 0},
    {"gan_div", "div_both", call_div, 2, 2, 0},
    {"gan_div", "div_channel", call_div, 2, 2, 0},
    {"gan_div", "div_number", call_div, 2, 2, 0},
    {"gan_scale", "scale", call_scale, 1, 2, 0},
    {"gan_add_scalar", "add_scalar", call_add_scalar, 1, 2, 0},
    {"gan_neg", "neg", call_neg, 1, 2, 0},
    {"gan_lerp", "lerp", call_lerp, 3, 2, 0},
    {"gan_maximum", "maximum", call_maximum, 2, 2, 0},
    {"gan_minimum", "minimum", call_minimum, 2, 2, 0},
    {"gan_maximum", "maximum_ties", call_maximum, 2, 0, 0},
    {"gan_minimum", "minimum_ties", call_minimum, 2, 0, 0},
    {"gan_clamp", "clamp", call_clamp, 1, 2, 0},
    {"gan_clamp", "clamp_edges", call_clamp, 1, 0, 0},
    {"gan_square", "square", call_square, 1, 2, 0},
    {"gan_sqrt", "sqrt", call_sqrt, 1, 2, 0},
    {"gan_reciprocal", "reciprocal", call_reciprocal, 1, 2, 0},
    {"gan_pow_scalar", "pow_-1", call_pow_m1, 1, 2, 0},
    {"gan_pow_scalar", "pow_-0.5", call_pow_mhalf, 1, 2, 0},
    {"gan_pow_scalar", "pow_0", call_pow_0, 1, 0, 0},
    {"gan_pow_scalar", "pow_0.5", call_pow_half, 1, 2, 0},
    {"gan_pow_scalar", "pow_1", call_pow_1, 1, 2, 0},
    {"gan_pow_scalar", "pow_2", call_pow_2, 1, 2, 0},
    {"gan_pow_scalar", "pow_2.5", call_pow_25, 1, 2, 0},
    {"gan_pow_scalar", "pow_3", call_pow_3, 1, 2, 0},
    {"gan_pow_scalar", "pow_negative_base", call_pow_3, 1, 2, 0},
    {"gan_exp", "exp", call_exp, 1, 2, 0},
    {"gan_log", "log", call_log, 1, 2, 0},
    {"gan_sin", "sin", call_sin, 1, 2, 0},
    {"gan_cos", "cos", call_cos, 1, 2, 0},
    {"gan_abs", "abs", call_abs, 1, 2, 0},
    {"gan_abs", "abs_zero", call_abs, 1, 0, 0},
    {"gan_sign", "sign", call_sign, 1, 0, 0},
    {"gan_greater", "gt", call_greater, 2, 0, 0},
    {"gan_greater_equal", "ge", call_greater_equal, 2, 0, 0},
    {"gan_less", "lt", call_less, 2, 0, 0},
    {"gan_less_equal", "le", call_less_equal, 2, 0, 0},
    {"gan_equal", "eq", call_equal, 2, 0, 0},
    {"gan_where", "where", call_where, 3, 2, 0},
    {"gan_where", "where_scalar", call_where, 3, 2, 0},
};

/* --- wrong uses ------------------------------------------------------------------------------------------- */

#define LEFT gan_zeros(ctx, gan_shape2(3, 4))
#define RIGHT gan_zeros(ctx, gan_shape3(2, 4, 3))
#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }

static gan_tensor *bad_accumulate(gan_ctx *ctx) {
    gan_tensor *in[] = {op_released(ctx), gan_zeros(ctx, gan_shape1(3))};
    return gan_apply(ctx, &gan__op_accumulate, in, 2, NULL);
}

BAD(add, gan_add(LEFT, RIGHT))
BAD(sub, gan_sub(LEFT, RIGHT))
BAD(mul, gan_mul(LEFT, RIGHT))
BAD(div, gan_div(LEFT, RIGHT))
BAD(maximum, gan_maximum(LEFT, RIGHT))
BAD(minimum, gan_minimum(LEFT, RIGHT))
BAD(greater, gan_greater(LEFT, RIGHT))
BAD(greater_equal, gan_greater_equal(LEFT, RIGHT))
BAD(less, gan_less(LEFT, RIGHT))
BAD(less_equal, gan_less_equal(LEFT, RIGHT))
BAD(equal, gan_equal(LEFT, RIGHT))
BAD(where, gan_where(LEFT, LEFT, RIGHT))
BAD(where_mask, gan_where(RIGHT, LEFT, LEFT))
BAD(clamp, gan_clamp(LEFT, 0.5, 0.25))
BAD(clamp_nan, gan_clamp(LEFT, 0.5, (double)NAN))
BAD(null_left, gan_add(NULL, LEFT))
BAD(null_right, gan_add(LEFT, NULL))
BAD(scale, gan_scale(op_released(ctx), 2))
BAD(add_scalar, gan_add_scalar(op_released(ctx), 2))
BAD(neg, gan_neg(op_released(ctx)))
BAD(square, gan_square(op_released(ctx)))
BAD(sqrt, gan_sqrt(op_released(ctx)))
BAD(reciprocal, gan_reciprocal(op_released(ctx)))
BAD(pow_scalar, gan_pow_scalar(op_released(ctx), 2))
BAD(exp, gan_exp(op_released(ctx)))
BAD(log, gan_log(op_released(ctx)))
BAD(sin, gan_sin(op_released(ctx)))
BAD(cos, gan_cos(op_released(ctx)))
BAD(abs, gan_abs(op_released(ctx)))
BAD(sign, gan_sign(op_released(ctx)))

#define MISFIT(fn) {"gan_" #fn, bad_##fn, {"[3, 4]", "[2, 4, 3]"}}
#define RELEASED(fn) {"gan_" #fn, bad_##fn, {"gan_ones", "released"}}

static const op_bad bads[] = {
    RELEASED(accumulate),
    MISFIT(add),
    MISFIT(sub),
    MISFIT(mul),
    MISFIT(div),
    MISFIT(maximum),
    MISFIT(minimum),
    MISFIT(greater),
    MISFIT(greater_equal),
    MISFIT(less),
    MISFIT(less_equal),
    MISFIT(equal),
    MISFIT(where),
    {"gan_where", bad_where_mask, {"[3, 4]", "[2, 4, 3]"}},
    {"gan_clamp", bad_clamp, {"0.5", "0.25"}},
    {"gan_clamp", bad_clamp_nan, {"0.5", "nan"}},
    {"gan_add", bad_null_left, {"NULL", NULL}},
    {"gan_add", bad_null_right, {"NULL", NULL}},
    RELEASED(scale),
    RELEASED(add_scalar),
    RELEASED(neg),
    RELEASED(square),
    RELEASED(sqrt),
    RELEASED(reciprocal),
    RELEASED(pow_scalar),
    RELEASED(exp),
    RELEASED(log),
    RELEASED(sin),
    RELEASED(cos),
    RELEASED(abs),
    RELEASED(sign),
};

/* --- large ones ------------------------------------------------------------------------------------------- */

static gan_tensor *call_sqrt_positive(gan_tensor *const *in) { return gan_sqrt(gan_square(in[0])); }
static gan_tensor *call_log_positive(gan_tensor *const *in) { return gan_log(gan_square(in[0])); }

#define FLAT {1, {70001}}
#define IMAGES {4, {5, 41, 43, 7}}
#define CHANNEL {1, {7}}
#define SAMPLE {4, {5, 1, 1, 1}}
#define PIXEL {3, {41, 1, 7}}

static const op_large larges[] = {
    {"gan_accumulate", call_accumulate, 2, {FLAT, FLAT}},
    {"gan_add", call_add, 2, {IMAGES, CHANNEL}},
    {"gan_add", call_add, 2, {CHANNEL, IMAGES}},
    {"gan_sub", call_sub, 2, {SAMPLE, IMAGES}},
    {"gan_mul", call_mul, 2, {FLAT, FLAT}},
    {"gan_div", call_div, 2, {IMAGES, PIXEL}},
    {"gan_scale", call_scale, 1, {FLAT}},
    {"gan_add_scalar", call_add_scalar, 1, {FLAT}},
    {"gan_neg", call_neg, 1, {FLAT}},
    {"gan_maximum", call_maximum, 2, {PIXEL, IMAGES}},
    {"gan_minimum", call_minimum, 2, {IMAGES, PIXEL}},
    {"gan_clamp", call_clamp, 1, {FLAT}},
    {"gan_square", call_square, 1, {FLAT}},
    {"gan_sqrt", call_sqrt_positive, 1, {FLAT}},
    {"gan_reciprocal", call_reciprocal, 1, {FLAT}},
    {"gan_pow_scalar", call_pow_3, 1, {FLAT}},
    {"gan_exp", call_exp, 1, {FLAT}},
    {"gan_log", call_log_positive, 1, {FLAT}},
    {"gan_sin", call_sin, 1, {FLAT}},
    {"gan_cos", call_cos, 1, {FLAT}},
    {"gan_abs", call_abs, 1, {FLAT}},
    {"gan_sign", call_sign, 1, {FLAT}},
    {"gan_greater", call_greater, 2, {IMAGES, IMAGES}},
    {"gan_greater_equal", call_greater_equal, 2, {IMAGES, CHANNEL}},
    {"gan_less", call_less, 2, {IMAGES, SAMPLE}},
    {"gan_less_equal", call_less_equal, 2, {PIXEL, IMAGES}},
    {"gan_equal", call_equal, 2, {IMAGES, IMAGES}},
    {"gan_where", call_where, 3, {PIXEL, IMAGES, CHANNEL}},
};

OP_GROUP(arith);
