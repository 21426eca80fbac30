#include "layer_impl.h"

#include <gan/op.h>
#include <inttypes.h>
#include <math.h>

#include "nn_impl.h"

bool gan__at_least_one(gan_ctx *ctx, const char *who, const char *name, int64_t value) {
    if (value < 1) gan_ctx_fail(ctx, GAN_E_ARG, "%s: %s is %" PRId64 ", must be at least 1", who, name, value);
    return value >= 1;
}

gan_tensor *gan__uniform_by_fan(gan_ctx *ctx, gan_shape shape, int64_t fan_in) {
    gan_tensor *t = gan_rand_from(gan_stream_named(ctx, "init"), shape);
    gan_real *p = gan_op_write(t);
    double bound = 1 / sqrt((double)fan_in);
    for (int64_t i = 0, n = gan_count(t); i < n; i++) p[i] = (gan_real)((2 * (double)p[i] - 1) * bound);
    return t;
}

void gan__add_weight_and_bias(gan_module *m, gan_param weight, gan_shape shape, int64_t fan_in, int64_t out, bool no_bias) {
    gan_ctx *ctx = gan_module_ctx(m);
    gan_scope_begin(ctx);
    weight.name = "weight";
    weight.tensor = gan__uniform_by_fan(ctx, shape, fan_in);
    gan_module_add_param(m, weight);
    if (!no_bias) {
        gan_param bias = {.name = "bias", .tensor = gan__uniform_by_fan(ctx, gan_shape1(out), fan_in), .no_decay = true};
        if (weight.layout == GAN_LAYOUT_TO_HWC) {
            bias.layout = weight.layout;
            for (int i = 0; i < 3; i++) bias.hwc[i] = weight.hwc[i];
        }
        gan_module_add_param(m, bias);
    }
    gan_scope_end(ctx);
}

gan_module *gan__finished(gan_ctx *ctx, gan_module *m) {
    if (gan_ctx_status(ctx) == GAN_OK) return m;
    gan_module_free(m);
    return gan__nil_module(ctx);
}
