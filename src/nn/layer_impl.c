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

/* Where PyTorch's state dict has them. */
static int weight_index(gan__weighted how) { return how.spectral && how.bias ? 1 : 0; }
static int bias_index(gan__weighted how) { return how.spectral ? 0 : 1; }

void gan__add_weight(gan_module *m, gan_param weight, gan__weighted how) {
    weight.name = how.spectral ? "weight_orig" : "weight";
    int index = gan_module_add_param(m, weight);
    if (how.spectral && index >= 0) gan__spectral_add(m, index);
}

static void add_bias(gan_module *m, gan_param weight, gan_tensor *values) {
    gan_param bias = {.name = "bias", .tensor = values, .no_decay = true};
    if (weight.layout == GAN_LAYOUT_TO_HWC) {
        bias.layout = weight.layout;
        for (int i = 0; i < 3; i++) bias.hwc[i] = weight.hwc[i];
    }
    gan_module_add_param(m, bias);
}

void gan__add_weight_and_bias(gan_module *m, gan_param weight, gan_shape shape, int64_t fan_in, int64_t out, gan__weighted how) {
    gan_ctx *ctx = gan_module_ctx(m);
    gan_scope_begin(ctx);
    weight.tensor = gan__uniform_by_fan(ctx, shape, fan_in);
    gan_tensor *bias = how.bias ? gan__uniform_by_fan(ctx, gan_shape1(out), fan_in) : NULL;
    if (how.bias && how.spectral) add_bias(m, weight, bias);
    gan__add_weight(m, weight, how);
    if (how.bias && !how.spectral) add_bias(m, weight, bias);
    gan_scope_end(ctx);
}

gan_tensor *gan__weight(gan_module *m, gan_call *call, gan__weighted how) {
    int index = weight_index(how);
    return how.spectral ? gan__spectral_weight(m, call, index) : gan_call_param(call, m, index);
}

gan_tensor *gan__bias(gan_module *m, gan_call *call, gan__weighted how) {
    return how.bias ? gan_call_param(call, m, bias_index(how)) : NULL;
}

void gan__free_orphan(gan_module *m) {
    if (!gan_module_is_nil(m) && !m->parent) gan_module_free(m);
}

void gan__adopt(gan_module *m, const char *name, gan_module *child) { gan__free_orphan(gan_module_add_child(m, name, child)); }

gan_module *gan__finished(gan_ctx *ctx, gan_module *m) {
    if (gan_ctx_status(ctx) == GAN_OK) return m;
    gan_module_free(m);
    return gan__nil_module(ctx);
}
