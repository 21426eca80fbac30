/* Normalisation. */
#include "op_cases.h"

#define CALL(name, expr) \
    static gan_tensor *name(gan_tensor *const *in) { return (expr); }

static gan_tensor *stats(gan_tensor *const *in) {
    gan_tensor *s;
    gan_batch_norm(in[0], NULL, NULL, 1e-5, &s);
    return s;
}

CALL(batch, gan_batch_norm(in[0], in[1], in[2], 1e-5, NULL))
CALL(batch_plain, gan_batch_norm(in[0], NULL, NULL, 1e-5, NULL))
CALL(batch_eps, gan_batch_norm(in[0], in[1], in[2], 0.5, NULL))
CALL(leaky, gan_batch_norm_leaky(in[0], in[1], in[2], 1e-5, 0.2, NULL))
CALL(leaky_relu, gan_batch_norm_leaky(in[0], in[1], in[2], 1e-5, 0, NULL))
CALL(leaky_plain, gan_batch_norm_leaky(in[0], NULL, NULL, 1e-5, 0.3, NULL))
CALL(leaky_eps, gan_batch_norm_leaky(in[0], in[1], in[2], 0.5, 0.1, NULL))
CALL(leaky_steep, gan_batch_norm_leaky(in[0], in[1], in[2], 1e-5, 1.5, NULL))
CALL(instance, gan_instance_norm(in[0], in[1], in[2], 1e-5))
CALL(instance_plain, gan_instance_norm(in[0], NULL, NULL, 1e-5))
CALL(instance_eps, gan_instance_norm(in[0], in[1], in[2], 0.5))
CALL(layer, gan_layer_norm(in[0], in[1], in[2], 1e-5))
CALL(layer_plain, gan_layer_norm(in[0], NULL, NULL, 1e-5))
CALL(layer_eps, gan_layer_norm(in[0], in[1], in[2], 0.5))
CALL(given, gan_normalize(in[0], in[1], in[2], in[3], in[4], 1e-5))
CALL(given_plain, gan_normalize(in[0], in[1], in[2], NULL, NULL, 1e-5))
CALL(given_eps, gan_normalize(in[0], in[1], in[2], in[3], in[4], 0.5))
CALL(given_large, gan_normalize(in[0], in[1], gan_square(in[1]), in[2], in[3], 0.5))

static const op_case cases[] = {
    {"gan_batch_norm", "batch", batch, 3, 2, 0},
    {"gan_batch_norm", "batch_rows", batch, 3, 2, 0},
    {"gan_batch_norm", "batch_sequence", batch, 3, 2, 0},
    {"gan_batch_norm", "batch_plain", batch_plain, 1, 2, 0},
    {"gan_batch_norm", "batch_eps", batch_eps, 3, 2, 0},
    {"gan_batch_norm", "batch_long", batch, 3, 2, 0},
    {"gan_batch_norm", "batch_wide", batch, 3, 2, 0},
    {"gan_batch_norm", "batch_far", batch, 3, 2, 1e-4}, /* 1000 has steps of 6e-5 */
    {"gan_batch_norm", "batch_stats", stats, 1, 0, 0},
    {"gan_batch_norm", "batch_stats_far", stats, 1, 0, 0},
    {"gan_batch_norm_leaky", "leaky", leaky, 3, 2, 0},
    {"gan_batch_norm_leaky", "leaky_relu", leaky_relu, 3, 2, 0},
    {"gan_batch_norm_leaky", "leaky_plain", leaky_plain, 1, 2, 0},
    {"gan_batch_norm_leaky", "leaky_eps", leaky_eps, 3, 2, 0},
    {"gan_batch_norm_leaky", "leaky_steep", leaky_steep, 3, 2, 0},
    {"gan_instance_norm", "instance", instance, 3, 2, 0},
    {"gan_instance_norm", "instance_plain", instance_plain, 1, 2, 0},
    {"gan_instance_norm", "instance_eps", instance_eps, 3, 2, 0},
    {"gan_layer_norm", "layer", layer, 3, 2, 0},
    {"gan_layer_norm", "layer_rows", layer, 3, 2, 0},
    {"gan_layer_norm", "layer_plain", layer_plain, 1, 2, 0},
    {"gan_layer_norm", "layer_eps", layer_eps, 3, 2, 0},
    {"gan_normalize", "given", given, 5, 2, 0},
    {"gan_normalize", "given_plain", given_plain, 3, 2, 0},
    {"gan_normalize", "given_eps", given_eps, 5, 2, 0},
    {"gan_normalize", "given_wide", given, 5, 2, 0},
};

/* --- errors ----------------------------------------------------------------------------------------------- */

static gan_tensor *image(gan_ctx *ctx) { return gan_ones(ctx, gan_shape4(2, 3, 4, 5)); }
static gan_tensor *channels(gan_ctx *ctx, int64_t c) { return gan_ones(ctx, gan_shape1(c)); }

#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }

BAD(batch_dims, gan_batch_norm(channels(ctx, 5), NULL, NULL, 1e-5, NULL))
BAD(batch_gamma, gan_batch_norm(image(ctx), channels(ctx, 4), channels(ctx, 5), 1e-5, NULL))
BAD(batch_beta, gan_batch_norm(image(ctx), channels(ctx, 5), image(ctx), 1e-5, NULL))
BAD(batch_half, gan_batch_norm(image(ctx), channels(ctx, 5), NULL, 1e-5, NULL))
BAD(batch_eps, gan_batch_norm(image(ctx), NULL, NULL, -1e-5, NULL))
BAD(batch_released, gan_batch_norm(op_released(ctx), NULL, NULL, 1e-5, NULL))
BAD(leaky_gamma, gan_batch_norm_leaky(image(ctx), channels(ctx, 4), channels(ctx, 5), 1e-5, 0.2, NULL))
BAD(leaky_slope, gan_batch_norm_leaky(image(ctx), NULL, NULL, 1e-5, -0.2, NULL))
BAD(leaky_released, gan_batch_norm_leaky(op_released(ctx), NULL, NULL, 1e-5, 0.2, NULL))
BAD(instance_dims, gan_instance_norm(gan_ones(ctx, gan_shape2(3, 5)), NULL, NULL, 1e-5))
BAD(instance_gamma, gan_instance_norm(image(ctx), channels(ctx, 2), channels(ctx, 2), 1e-5))
BAD(instance_half, gan_instance_norm(image(ctx), NULL, channels(ctx, 5), 1e-5))
BAD(layer_dims, gan_layer_norm(channels(ctx, 5), NULL, NULL, 1e-5))
BAD(layer_gamma, gan_layer_norm(image(ctx), channels(ctx, 5), channels(ctx, 5), 1e-5))
BAD(layer_half, gan_layer_norm(image(ctx), image(ctx), NULL, 1e-5))
BAD(layer_eps, gan_layer_norm(image(ctx), NULL, NULL, -1))
BAD(layer_released, gan_layer_norm(op_released(ctx), NULL, NULL, 1e-5))
BAD(given_mean, gan_normalize(image(ctx), channels(ctx, 4), channels(ctx, 5), NULL, NULL, 1e-5))
BAD(given_var, gan_normalize(image(ctx), channels(ctx, 5), image(ctx), NULL, NULL, 1e-5))
BAD(given_gamma, gan_normalize(image(ctx), channels(ctx, 5), channels(ctx, 5), channels(ctx, 3), channels(ctx, 5), 1e-5))
BAD(given_half, gan_normalize(image(ctx), channels(ctx, 5), channels(ctx, 5), channels(ctx, 5), NULL, 1e-5))
BAD(given_scalar, gan_normalize(gan_scalar(ctx, 1), channels(ctx, 1), channels(ctx, 1), NULL, NULL, 1e-5))
BAD(given_eps, gan_normalize(image(ctx), channels(ctx, 5), channels(ctx, 5), NULL, NULL, -1))
BAD(given_null, gan_normalize(image(ctx), NULL, channels(ctx, 5), NULL, NULL, 1e-5))

static const op_bad bads[] = {
    {"gan_batch_norm", bad_batch_dims, {"[5]"}},
    {"gan_batch_norm", bad_batch_gamma, {"[2, 3, 4, 5]", "gamma [4]"}},
    {"gan_batch_norm", bad_batch_beta, {"[2, 3, 4, 5]", "beta [2, 3, 4, 5]"}},
    {"gan_batch_norm", bad_batch_half, {"gamma and beta"}},
    {"gan_batch_norm", bad_batch_eps, {"eps is -1e-05"}},
    {"gan_batch_norm", bad_batch_released, {"released"}},
    {"gan_batch_norm_leaky", bad_leaky_gamma, {"[2, 3, 4, 5]", "gamma [4]"}},
    {"gan_batch_norm_leaky", bad_leaky_slope, {"slope is -0.2"}},
    {"gan_batch_norm_leaky", bad_leaky_released, {"released"}},
    {"gan_instance_norm", bad_instance_dims, {"[3, 5]"}},
    {"gan_instance_norm", bad_instance_gamma, {"[2, 3, 4, 5]", "gamma [2]"}},
    {"gan_instance_norm", bad_instance_half, {"gamma and beta"}},
    {"gan_layer_norm", bad_layer_dims, {"[5]"}},
    {"gan_layer_norm", bad_layer_gamma, {"[2, 3, 4, 5]", "gamma [5]"}},
    {"gan_layer_norm", bad_layer_half, {"gamma and beta"}},
    {"gan_layer_norm", bad_layer_eps, {"eps is -1"}},
    {"gan_layer_norm", bad_layer_released, {"released"}},
    {"gan_normalize", bad_given_mean, {"[2, 3, 4, 5]", "mean [4]"}},
    {"gan_normalize", bad_given_var, {"[2, 3, 4, 5]", "var [2, 3, 4, 5]"}},
    {"gan_normalize", bad_given_gamma, {"[2, 3, 4, 5]", "gamma [3]"}},
    {"gan_normalize", bad_given_half, {"gamma and beta"}},
    {"gan_normalize", bad_given_scalar, {"[]"}},
    {"gan_normalize", bad_given_eps, {"eps is -1"}},
    {"gan_normalize", bad_given_null, {"NULL"}},
};

static const op_large larges[] = {
    {"gan_batch_norm", batch, 3, {{4, {17, 31, 29, 13}}, {1, {13}}, {1, {13}}}},
    {"gan_batch_norm", batch, 3, {{2, {1999, 131}}, {1, {131}}, {1, {131}}}},
    {"gan_batch_norm_leaky", leaky, 3, {{4, {17, 31, 29, 13}}, {1, {13}}, {1, {13}}}},
    {"gan_instance_norm", instance, 3, {{4, {17, 31, 29, 13}}, {1, {13}}, {1, {13}}}},
    {"gan_layer_norm", layer, 3, {{4, {17, 31, 29, 13}}, {3, {31, 29, 13}}, {3, {31, 29, 13}}}},
    {"gan_normalize", given_large, 4, {{4, {17, 31, 29, 13}}, {1, {13}}, {1, {13}}, {1, {13}}}},
};

OP_GROUP(norm);
