/* Activations. */
#include "op_cases.h"
#include "ops/logits.h"
#include "ops/op_list.h"

#define CALL(name, expr) \
    static gan_tensor *call_##name(gan_tensor *const *in) { return (expr); }

static gan_tensor *drop(gan_tensor *x, double p, int64_t position) {
    gan_stream *s = gan_stream_named(gan_ctx_of(x), "drop");
    gan_stream_seek(s, position); /* a pure function, also when it is called for differences */
    return gan_dropout(x, p, s);
}

CALL(leaky, gan_leaky_relu(in[0], 0.2))
CALL(leaky_0, gan_leaky_relu(in[0], 0))
CALL(leaky_steep, gan_leaky_relu(in[0], 1.5))
CALL(leaky_negative, gan_leaky_relu(in[0], -0.5))
CALL(relu, gan_relu(in[0]))
CALL(slope, gan_apply(gan_ctx_of(in[0]), &gan__op_slope, in, 2, &(double){0.3}))
CALL(tanh, gan_tanh(in[0]))
CALL(sigmoid, gan_sigmoid(in[0]))
CALL(softplus, gan_softplus(in[0]))
CALL(bce_1, gan__bce(in[0], 1))
CALL(bce_0, gan__bce(in[0], 0))
CALL(bce_smooth, gan__bce(in[0], 0.9))
CALL(bce_low, gan__bce(in[0], 0.3))
CALL(softmax, gan_softmax(in[0]))
CALL(log_softmax, gan_log_softmax(in[0]))
CALL(maxout_1, gan_maxout(in[0], 1))
CALL(maxout_3, gan_maxout(in[0], 3))
CALL(maxout_4, gan_maxout(in[0], 4))
CALL(maxout_12, gan_maxout(in[0], 12))
CALL(dropout, drop(in[0], 0.3, 0))
CALL(dropout_later, drop(in[0], 0.75, 11))
CALL(dropout_0, drop(in[0], 0, 0))

static const op_case cases[] = {
    {"gan_leaky_relu", "leaky", call_leaky, 1, 2, 0},
    {"gan_leaky_relu", "leaky_0", call_leaky_0, 1, 2, 0},
    {"gan_leaky_relu", "leaky_steep", call_leaky_steep, 1, 2, 0},
    {"gan_leaky_relu", "leaky_negative", call_leaky_negative, 1, 2, 0},
    {"gan_leaky_relu", "leaky_at_0", call_leaky, 1, 0, 0},
    {"gan_relu", "relu", call_relu, 1, 2, 0},
    {"gan_relu", "relu_at_0", call_relu, 1, 0, 0},
    {"gan_slope", "slope", call_slope, 2, 2, 0},
    {"gan_tanh", "tanh", call_tanh, 1, 2, 0},
    {"gan_tanh", "tanh_wide", call_tanh, 1, 2, 0},
    {"gan_tanh", "tanh_small", call_tanh, 1, 2, 0},
    {"gan_sigmoid", "sigmoid", call_sigmoid, 1, 2, 0},
    {"gan_sigmoid", "sigmoid_wide", call_sigmoid, 1, 2, 0},
    {"gan_sigmoid", "sigmoid_small", call_sigmoid, 1, 2, 0},
    {"gan_softplus", "softplus", call_softplus, 1, 2, 0},
    {"gan_softplus", "softplus_wide", call_softplus, 1, 0, 0}, /* values too far apart for differences */
    {"gan_bce_with_logits", "bce_1", call_bce_1, 1, 2, 0},
    {"gan_bce_with_logits", "bce_0", call_bce_0, 1, 2, 0},
    {"gan_bce_with_logits", "bce_smooth", call_bce_smooth, 1, 2, 0},
    {"gan_bce_with_logits", "bce_low", call_bce_low, 1, 2, 0},
    {"gan_bce_with_logits", "bce_wide", call_bce_1, 1, 0, 0},
    {"gan_softmax", "softmax", call_softmax, 1, 2, 0},
    {"gan_softmax", "softmax_vector", call_softmax, 1, 2, 0},
    {"gan_softmax", "softmax_far", call_softmax, 1, 2, 1e-4}, /* differences of numbers close to 1 */
    {"gan_log_softmax", "log_softmax", call_log_softmax, 1, 2, 0},
    {"gan_log_softmax", "log_softmax_vector", call_log_softmax, 1, 2, 0},
    {"gan_log_softmax", "log_softmax_far", call_log_softmax, 1, 0, 0},
    {"gan_maxout", "maxout_1", call_maxout_1, 1, 2, 0},
    {"gan_maxout", "maxout_3", call_maxout_3, 1, 2, 0},
    {"gan_maxout", "maxout_4", call_maxout_4, 1, 2, 0},
    {"gan_maxout", "maxout_12", call_maxout_12, 1, 2, 0},
    {"gan_maxout", "maxout_ties", call_maxout_4, 1, 0, 0},
    {"gan_dropout", "dropout", call_dropout, 1, 2, 0},
    {"gan_dropout", "dropout_later", call_dropout_later, 1, 2, 0},
    {"gan_dropout", "dropout_0", call_dropout_0, 1, 2, 0},
};

#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }

static gan_tensor *ones(gan_ctx *ctx, int64_t a, int64_t b) { return gan_ones(ctx, gan_shape2(a, b)); }

BAD(leaky, gan_leaky_relu(op_released(ctx), 0.2))
BAD(relu, gan_relu(op_released(ctx)))
BAD(slope, gan_apply(ctx, &gan__op_slope, ((gan_tensor *[]){ones(ctx, 3, 5), ones(ctx, 5, 3)}), 2, &(double){0.3}))
BAD(tanh, gan_tanh(op_released(ctx)))
BAD(sigmoid, gan_sigmoid(op_released(ctx)))
BAD(softplus, gan_softplus(op_released(ctx)))
BAD(bce, gan__bce(op_released(ctx), 1))
BAD(softmax, gan_softmax(gan_scalar(ctx, 1)))
BAD(log_softmax, gan_log_softmax(gan_scalar(ctx, 1)))
BAD(maxout, gan_maxout(ones(ctx, 3, 8), 3))
BAD(maxout_scalar, gan_maxout(gan_scalar(ctx, 1), 1))
BAD(maxout_0, gan_maxout(ones(ctx, 3, 8), 0))
BAD(maxout_released, gan_maxout(op_released(ctx), 3))
BAD(dropout_1, gan_dropout(ones(ctx, 3, 5), 1, gan_stream_named(ctx, "drop")))
BAD(dropout_negative, gan_dropout(ones(ctx, 3, 5), -0.1, gan_stream_named(ctx, "drop")))
BAD(dropout_nan, gan_dropout(ones(ctx, 3, 5), 0.0 / 0.0, gan_stream_named(ctx, "drop")))
BAD(dropout_null, gan_dropout(ones(ctx, 3, 5), 0.5, NULL))

static const op_bad bads[] = {
    {"gan_leaky_relu", bad_leaky, {"released"}},
    {"gan_relu", bad_relu, {"released"}},
    {"gan_slope", bad_slope, {"[3, 5]", "[5, 3]"}},
    {"gan_tanh", bad_tanh, {"released"}},
    {"gan_sigmoid", bad_sigmoid, {"released"}},
    {"gan_softplus", bad_softplus, {"released"}},
    {"gan_bce_with_logits", bad_bce, {"released"}},
    {"gan_softmax", bad_softmax, {"[]"}},
    {"gan_log_softmax", bad_log_softmax, {"[]"}},
    {"gan_maxout", bad_maxout, {"[3, 8]", "3"}},
    {"gan_maxout", bad_maxout_scalar, {"[]"}},
    {"gan_maxout", bad_maxout_0, {"0 pieces"}},
    {"gan_maxout", bad_maxout_released, {"released"}},
    {"gan_dropout", bad_dropout_1, {"p is 1"}},
    {"gan_dropout", bad_dropout_negative, {"p is -0.1"}},
    {"gan_dropout", bad_dropout_nan, {"nan"}},
    {"gan_dropout", bad_dropout_null, {"stream"}},
};

#define LARGE(op, name, ...) {"gan_" op, call_##name, 1, {{__VA_ARGS__}}}

static const op_large larges[] = {
    LARGE("leaky_relu", leaky, 2, {301, 199}),
    LARGE("relu", relu, 2, {301, 199}),
    {"gan_slope", call_slope, 2, {{2, {301, 199}}, {2, {301, 199}}}},
    LARGE("tanh", tanh, 2, {301, 199}),
    LARGE("sigmoid", sigmoid, 2, {301, 199}),
    LARGE("softplus", softplus, 2, {301, 199}),
    LARGE("bce_with_logits", bce_smooth, 2, {301, 199}),
    LARGE("softmax", softmax, 2, {301, 199}),
    LARGE("log_softmax", log_softmax, 2, {301, 199}),
    LARGE("maxout", maxout_3, 3, {20, 301, 9}),
    LARGE("dropout", dropout, 2, {301, 199}),
};

OP_GROUP(act);
