/* Virtual batch norm (Salimans et al., 1606.03498, section 3.4), and the reference batch that it needs. The batch goes through
 * the net together with the samples, so that every layer has its activations, and gradients see the statistics as the functions
 * of the weights that they are. */
#include <gan/nn.h>
#include <inttypes.h>
#include <stdio.h>

#include "layer_impl.h"
#include "nn_impl.h"

typedef struct virtual_norm {
    int64_t channels, reference;
    double eps;
    bool affine;
} virtual_norm;

typedef struct moments {
    gan_tensor *mean, *var; /* dimensions kept */
} moments;

static moments moments_over(gan_tensor *x, unsigned axes) {
    return (moments){gan_mean_axes(x, axes, true), gan_var_axes(x, axes, true)};
}

/* Of two groups together, of which the second has the share w of the weight. */
static moments joined(moments a, moments b, double w) {
    gan_tensor *apart = gan_square(gan_sub(b.mean, a.mean));
    return (moments){gan_add(gan_scale(a.mean, 1 - w), gan_scale(b.mean, w)),
                     gan_add(gan_add(gan_scale(a.var, 1 - w), gan_scale(b.var, w)), gan_scale(apart, w * (1 - w)))};
}

static gan_tensor *normalised(gan_tensor *x, moments by, double eps) {
    return gan_mul(gan_sub(x, by.mean), gan_pow_scalar(gan_add_scalar(by.var, eps), -0.5));
}

static bool takes(const gan_module *m, gan_shape s) {
    const virtual_norm *d = gan_module_data(m);
    char text[GAN_SHAPE_TEXT];
    if ((s.ndim == 2 || s.ndim == 4) && s.d[s.ndim - 1] == d->channels && s.d[0] >= d->reference) return true;
    if (s.ndim >= 0)
        gan_ctx_fail(gan_module_ctx(m), GAN_E_SHAPE,
                     "VirtualBatchNorm: the input's shape is %s; it needs %" PRId64 " channels and at least the %" PRId64
                     " samples of the reference batch",
                     gan_shape_text(s, text), d->channels, d->reference);
    return false;
}

static gan_tensor *norm_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const virtual_norm *d = gan_module_data(m);
    gan_shape s = gan_shape_of(x);
    if (!takes(m, s)) return x;
    unsigned pixels = s.ndim == 4 ? GAN_AXIS(1) | GAN_AXIS(2) : 0;
    gan_tensor *first = gan_slice(x, 0, 0, d->reference), *rest = gan_slice(x, 0, d->reference, s.d[0] - d->reference);
    moments all = moments_over(first, GAN_AXIS(0) | pixels);
    moments own = pixels ? moments_over(rest, pixels) : (moments){rest, gan_zeros(gan_module_ctx(m), gan_shape_of(rest))};
    moments mixed = joined(all, own, 1 / (double)(d->reference + 1));
    gan_tensor *parts[] = {normalised(first, all, d->eps), normalised(rest, mixed, d->eps)};
    gan_tensor *y = gan_concat(parts, 2, 0);
    return d->affine ? gan_add(gan_mul(y, gan_call_param(call, m, 0)), gan_call_param(call, m, 1)) : y;
}

static void norm_describe(const gan_module *m, char *text, size_t size) {
    const virtual_norm *d = gan_module_data(m);
    snprintf(text, size, "%" PRId64 ", reference %" PRId64 "%s", d->channels, d->reference, d->affine ? "" : ", no affine");
}

static const gan_module_type norm_type = {
    .name = "VirtualBatchNorm", .forward = norm_forward, .describe = norm_describe, .data_bytes = sizeof(virtual_norm)};

static void add_affine(gan_module *m, const char *name, int64_t channels, double value) {
    gan_tensor *t = gan_full(gan_module_ctx(m), gan_shape1(channels), value);
    gan_module_add_param(m, (gan_param){.name = name, .tensor = t, .no_decay = true});
}

gan_module *gan_virtual_batch_norm_layer(gan_ctx *ctx, int64_t channels, int64_t reference, gan_norm_opts o) {
    static const char who[] = "gan_virtual_batch_norm_layer";
    if (!(o.eps >= 0)) gan_ctx_fail(ctx, GAN_E_ARG, "%s: eps is %g, must not be negative", who, o.eps);
    if (!gan__at_least_one(ctx, who, "channels", channels) || !gan__at_least_one(ctx, who, "reference", reference))
        return gan__nil_module(ctx);
    gan_module *m = gan_module_new(ctx, &norm_type);
    if (gan_module_is_nil(m)) return m;
    *(virtual_norm *)gan_module_data(m) = (virtual_norm){channels, reference, o.eps > 0 ? o.eps : 1e-5, !o.no_affine};
    gan_scope_begin(ctx);
    if (!o.no_affine) {
        add_affine(m, "weight", channels, 1);
        add_affine(m, "bias", channels, 0);
    }
    gan_scope_end(ctx);
    return gan__finished(ctx, m);
}

/* --- the reference batch ---------------------------------------------------------------------------------- */

static gan_tensor *reference_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    gan_tensor *reference = gan_call_param(call, m, 0), *both[] = {reference, x};
    int64_t r = gan_shape_of(reference).d[0];
    gan_tensor *y = gan_call_child(call, m->children[0], gan_concat(both, 2, 0));
    return gan_slice(y, 0, r, gan_shape_of(y).d[0] - r);
}

static const gan_module_type reference_type = {.name = "WithReference", .forward = reference_forward};

gan_module *gan_with_reference(gan_ctx *ctx, gan_module *inner, gan_tensor *reference) {
    gan_module *m = gan_module_new(ctx, &reference_type);
    if (gan_module_is_nil(m)) return m;
    gan_module_add_param(m, (gan_param){.name = "reference", .tensor = reference, .buffer = true});
    gan_module_add_child(m, "inner", inner); /* after a failure it stays the caller's */
    return gan__finished(ctx, m);
}
