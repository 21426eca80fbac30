/* Linear and Embedding. */
#include <gan/nn.h>
#include <gan/op.h>
#include <inttypes.h>
#include <stdio.h>

#include "../ops/products.h"
#include "layer_impl.h"
#include "nn_impl.h"

typedef struct dense {
    int64_t in, out;
    gan__weighted how;
} dense;

static gan_tensor *linear_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const dense *d = gan_module_data(m);
    return gan_linear(x, gan__weight(m, call, d->how), gan__bias(m, call, d->how));
}

gan_tensor *gan__linear_leaky_forward(gan_module *m, gan_call *call, gan_tensor *x, double slope) {
    const dense *d = gan_module_data(m);
    return gan__linear_leaky(x, gan__weight(m, call, d->how), gan__bias(m, call, d->how), slope);
}

static int64_t linear_multiply_adds(const gan_module *m, gan_shape in, gan_shape out) {
    const dense *d = gan_module_data(m);
    (void)in;
    return gan_shape_count(out) * d->in;
}

static void linear_describe(const gan_module *m, char *text, size_t size) {
    const dense *d = gan_module_data(m);
    snprintf(text, size, "%" PRId64 ", %" PRId64 "%s%s", d->in, d->out, d->how.bias ? "" : ", no bias",
             d->how.spectral ? ", spectral" : "");
}

const gan_module_type gan__linear_type = {
    .name = "Linear",
    .forward = linear_forward,
    .multiply_adds = linear_multiply_adds,
    .describe = linear_describe,
    .data_bytes = sizeof(dense),
};

static bool is_set(const int64_t hwc[3]) { return hwc[0] || hwc[1] || hwc[2]; }

static bool covers(gan_ctx *ctx, const char *name, const int64_t hwc[3], int64_t features) {
    bool fits = !is_set(hwc) || (hwc[0] > 0 && hwc[1] > 0 && hwc[2] > 0 && hwc[0] * hwc[1] * hwc[2] == features);
    if (!fits)
        gan_ctx_fail(ctx, GAN_E_ARG, "gan_linear_layer: %s is [%" PRId64 ", %" PRId64 ", %" PRId64 "], not %" PRId64 " features",
                     name, hwc[0], hwc[1], hwc[2], features);
    return fits;
}

gan_module *gan_linear_layer(gan_ctx *ctx, int64_t in, int64_t out, gan_linear_opts opts) {
    static const char who[] = "gan_linear_layer";
    bool from = is_set(opts.from_hwc), to = is_set(opts.to_hwc);
    if (from && to) gan_ctx_fail(ctx, GAN_E_ARG, "%s: from_hwc and to_hwc are both given", who);
    if (!gan__at_least_one(ctx, who, "in", in) || !gan__at_least_one(ctx, who, "out", out) ||
        !covers(ctx, "from_hwc", opts.from_hwc, in) || !covers(ctx, "to_hwc", opts.to_hwc, out))
        return gan__nil_module(ctx);
    gan_module *m = gan_module_new(ctx, &gan__linear_type);
    if (gan_module_is_nil(m)) return m;
    gan__weighted how = {!opts.no_bias, opts.spectral};
    *(dense *)gan_module_data(m) = (dense){in, out, how};
    gan_param weight = {.layout = from ? GAN_LAYOUT_FROM_HWC : to ? GAN_LAYOUT_TO_HWC : GAN_LAYOUT_PLAIN};
    for (int i = 0; i < 3; i++) weight.hwc[i] = from ? opts.from_hwc[i] : opts.to_hwc[i];
    gan__add_weight_and_bias(m, weight, gan_shape2(out, in), in, out, how);
    return gan__finished(ctx, m);
}

static gan_tensor *embedding_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const dense *d = gan_module_data(m);
    return gan_embedding(gan__weight(m, call, d->how), x);
}

static void embedding_describe(const gan_module *m, char *text, size_t size) {
    const dense *d = gan_module_data(m);
    snprintf(text, size, "%" PRId64 ", %" PRId64 "%s", d->in, d->out, d->how.spectral ? ", spectral" : "");
}

const gan_module_type gan__embedding_type = {
    .name = "Embedding", .forward = embedding_forward, .describe = embedding_describe, .data_bytes = sizeof(dense)};

gan_module *gan_embedding_layer(gan_ctx *ctx, int64_t count, int64_t dim, gan_embedding_opts opts) {
    static const char who[] = "gan_embedding_layer";
    if (!gan__at_least_one(ctx, who, "count", count) || !gan__at_least_one(ctx, who, "dim", dim)) return gan__nil_module(ctx);
    gan_module *m = gan_module_new(ctx, &gan__embedding_type);
    if (gan_module_is_nil(m)) return m;
    *(dense *)gan_module_data(m) = (dense){count, dim, {false, opts.spectral}};
    gan_scope_begin(ctx);
    gan_tensor *table = gan_randn_from(gan_stream_named(ctx, "init"), gan_shape2(count, dim));
    gan__add_weight(m, (gan_param){.tensor = table}, (gan__weighted){false, opts.spectral});
    gan_scope_end(ctx);
    return gan__finished(ctx, m);
}
