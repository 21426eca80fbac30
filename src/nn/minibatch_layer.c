/* Layers that let D see a sample beside the others of its batch: minibatch discrimination (Salimans et al., 1606.03498) and
 * minibatch standard deviation (Karras et al., 1710.10196). */
#include <gan/nn.h>
#include <inttypes.h>
#include <stdio.h>

#include "layer_impl.h"
#include "nn_impl.h"

static bool takes_samples(gan_ctx *ctx, const char *name, gan_shape x) {
    char text[GAN_SHAPE_TEXT];
    if (x.ndim == 2 || x.ndim == 4) return true;
    if (x.ndim >= 0)
        gan_ctx_fail(ctx, GAN_E_SHAPE, "%s: the input's shape is %s, must be [n, c] or [n, h, w, c]", name,
                     gan_shape_text(x, text));
    return false;
}

/* x with channels behind its own: `more` [n, k] is the same at every pixel. */
static gan_tensor *with_channels(gan_tensor *x, gan_tensor *more) {
    gan_shape s = gan_shape_of(x), k = gan_shape_of(more);
    gan_tensor *wide = more;
    if (s.ndim == 4 && k.ndim == 2)
        wide = gan_broadcast_to(gan_reshape(more, gan_shape4(k.d[0], 1, 1, k.d[1])), gan_shape4(s.d[0], s.d[1], s.d[2], k.d[1]));
    gan_tensor *both[] = {x, wide};
    return gan_concat(both, 2, s.ndim - 1);
}

/* --- discrimination --------------------------------------------------------------------------------------- */

typedef struct discrimination {
    gan_shape sample;
    gan_minibatch_opts opts;
} discrimination;

static gan_tensor *discrimination_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const discrimination *d = gan_module_data(m);
    gan_shape s = gan_shape_of(x), sample = {.ndim = s.ndim - 1};
    for (int i = 0; i + 1 < s.ndim; i++) sample.d[i] = s.d[i + 1];
    if (s.ndim < 2 || !gan_shape_equal(sample, d->sample)) {
        char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
        gan_ctx_fail(gan_module_ctx(m), GAN_E_SHAPE, "MinibatchDiscrimination: the input's shape is %s, its samples' must be %s",
                     gan_shape_text(s, a), gan_shape_text(d->sample, b));
        return x;
    }
    gan_tensor *features = gan_linear(gan_flatten(x), gan_call_param(call, m, 0), NULL);
    gan_tensor *matrices = gan_reshape(features, gan_shape3(s.d[0], d->opts.kernels, d->opts.dims));
    return with_channels(x, gan_batch_similarity(matrices));
}

static int64_t discrimination_multiply_adds(const gan_module *m, gan_shape in, gan_shape out) {
    const discrimination *d = gan_module_data(m);
    int64_t m_size = d->opts.kernels * d->opts.dims;
    (void)out;
    return gan_shape_count(in) * m_size + in.d[0] * in.d[0] * m_size;
}

static void discrimination_describe(const gan_module *m, char *text, size_t size) {
    const discrimination *d = gan_module_data(m);
    snprintf(text, size, "%" PRId64 ", %" PRId64 " kernels of %" PRId64, gan_shape_count(d->sample), d->opts.kernels,
             d->opts.dims);
}

static const gan_module_type discrimination_type = {.name = "MinibatchDiscrimination",
                                                    .forward = discrimination_forward,
                                                    .multiply_adds = discrimination_multiply_adds,
                                                    .describe = discrimination_describe,
                                                    .data_bytes = sizeof(discrimination)};

gan_module *gan_minibatch_discrimination_layer(gan_ctx *ctx, gan_shape sample, gan_minibatch_opts o) {
    static const char who[] = "gan_minibatch_discrimination_layer";
    if (!o.kernels) o.kernels = 100;
    if (!o.dims) o.dims = 5;
    if (!gan__at_least_one(ctx, who, "kernels", o.kernels) || !gan__at_least_one(ctx, who, "dims", o.dims))
        return gan__nil_module(ctx);
    if (sample.ndim != 1 && sample.ndim != 3) {
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: the sample has %d dimensions, must have 1 or 3", who, sample.ndim);
        return gan__nil_module(ctx);
    }
    for (int i = 0; i < sample.ndim; i++)
        if (!gan__at_least_one(ctx, who, "a dimension", sample.d[i])) return gan__nil_module(ctx);
    gan_module *m = gan_module_new(ctx, &discrimination_type);
    if (gan_module_is_nil(m)) return m;
    *(discrimination *)gan_module_data(m) = (discrimination){sample, o};
    int64_t in = gan_shape_count(sample);
    gan_param weight = {.layout = sample.ndim == 3 ? GAN_LAYOUT_FROM_HWC : GAN_LAYOUT_PLAIN};
    for (int i = 0; i < 3 && sample.ndim == 3; i++) weight.hwc[i] = sample.d[i];
    gan__add_weight_and_bias(m, weight, gan_shape2(o.kernels * o.dims, in), in, 0, (gan__weighted){0});
    return gan__finished(ctx, m);
}

/* --- standard deviation ----------------------------------------------------------------------------------- */

typedef struct stddev {
    int group;
} stddev;

static int64_t group_of(int64_t n, int64_t most) {
    int64_t group = n < most ? n : most;
    while (group > 1 && n % group) group--;
    return group < 1 ? 1 : group;
}

static gan_tensor *stddev_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const stddev *d = gan_module_data(m);
    gan_shape s = gan_shape_of(x);
    (void)call;
    if (!takes_samples(gan_module_ctx(m), "MinibatchStddev", s)) return x;
    int64_t n = s.d[0], group = group_of(n, d->group), groups = n / group, features = 1;
    for (int i = 1; i < s.ndim; i++) features *= s.d[i];
    gan_tensor *var = gan_var_axes(gan_reshape(x, gan_shape3(group, groups, features)), GAN_AXIS(0), false);
    gan_tensor *mean = gan_mean_axes(gan_sqrt(gan_add_scalar(var, 1e-8)), GAN_AXIS(1), false);
    gan_tensor *each = gan_broadcast_to(gan_reshape(mean, gan_shape2(1, groups)), gan_shape2(group, groups));
    return with_channels(x, gan_reshape(each, gan_shape2(n, 1)));
}

static void stddev_describe(const gan_module *m, char *text, size_t size) {
    const stddev *d = gan_module_data(m);
    snprintf(text, size, "groups of %d", d->group);
}

static const gan_module_type stddev_type = {
    .name = "MinibatchStddev", .forward = stddev_forward, .describe = stddev_describe, .data_bytes = sizeof(stddev)};

gan_module *gan_minibatch_stddev_layer(gan_ctx *ctx, int group) {
    if (!group) group = 4;
    if (!gan__at_least_one(ctx, "gan_minibatch_stddev_layer", "group", group)) return gan__nil_module(ctx);
    gan_module *m = gan_module_new(ctx, &stddev_type);
    if (!gan_module_is_nil(m)) *(stddev *)gan_module_data(m) = (stddev){group};
    return m;
}
