/* BatchNorm, LayerNorm, InstanceNorm. */
#include <gan/nn.h>
#include <gan/op.h>
#include <inttypes.h>
#include <stdio.h>

#include "layer_impl.h"
#include "nn_impl.h"
#include "set.h"

typedef struct norm {
    gan_shape shape; /* of what is normalised: [c], or a sample */
    gan_norm_opts opts;
    int buffers;  /* index of the first */
    int estimate; /* k: this is the k-th batch of an estimate; 0: there is none under way */
    bool frozen;  /* no estimate is to be made */
} norm;

enum { RUNNING_MEAN, RUNNING_VAR, NUM_BATCHES_TRACKED };

static gan_tensor *gamma_of(gan_module *m, gan_call *call) {
    const norm *d = gan_module_data(m);
    return d->opts.no_affine ? NULL : gan_call_param(call, m, 0);
}

static gan_tensor *beta_of(gan_module *m, gan_call *call) {
    const norm *d = gan_module_data(m);
    return d->opts.no_affine ? NULL : gan_call_param(call, m, 1);
}

/* --- batch norm (1502.03167) ------------------------------------------------------------------------------ */

static bool takes_channels(gan_ctx *ctx, const norm *d, gan_shape x) {
    int64_t c = d->shape.d[0];
    bool fits = x.ndim >= 2 && x.d[x.ndim - 1] == c;
    char text[GAN_SHAPE_TEXT];
    if (!fits && x.ndim >= 0)
        gan_ctx_fail(ctx, GAN_E_SHAPE, "BatchNorm: the input's shape is %s, its last dimension must be %" PRId64,
                     gan_shape_text(x, text), c);
    return fits;
}

/* running += momentum*(batch - running), with the sample variance n/(n - 1)*var, as PyTorch has it. */
static gan_tensor *moved(gan_ctx *ctx, gan_tensor *running, const gan_real *batch, double correction, double momentum) {
    gan_tensor *next = gan_empty(ctx, gan_shape_of(running));
    const gan_real *old = gan_data(running);
    gan_real *p = gan_op_write(next);
    for (int64_t i = 0, c = gan_count(next); i < c; i++)
        p[i] = (gan_real)((1 - momentum) * (double)old[i] + momentum * correction * (double)batch[i]);
    return next;
}

static void track(gan_module *m, gan_call *call, gan_tensor *stats, int64_t values) {
    const norm *d = gan_module_data(m);
    gan_ctx *ctx = gan_module_ctx(m);
    const gan_real *s = gan_data(stats);
    if (!s) return;
    int first = d->buffers;
    double unbiased = (double)values / (double)(values - 1), momentum = d->estimate ? 1.0 / d->estimate : d->opts.momentum;
    gan_tensor *mean = gan_call_param(call, m, first + RUNNING_MEAN), *var = gan_call_param(call, m, first + RUNNING_VAR);
    gan_tensor *count = gan_call_param(call, m, first + NUM_BATCHES_TRACKED);
    gan_call_write(call, m, first + RUNNING_MEAN, moved(ctx, mean, s, 1, momentum));
    gan_call_write(call, m, first + RUNNING_VAR, moved(ctx, var, s + d->shape.d[0], unbiased, momentum));
    gan_call_write(call, m, first + NUM_BATCHES_TRACKED, gan_full(ctx, gan_shape0(), gan_item(count) + 1));
}

/* By the batch's statistics, and then through a leaky ReLU unless the slope is 1. */
static gan_tensor *by_batch(gan_module *m, gan_call *call, gan_tensor *x, double slope) {
    const norm *d = gan_module_data(m);
    gan_tensor *gamma = gamma_of(m, call), *beta = beta_of(m, call), *stats = NULL;
    int64_t values = gan_count(x) / d->shape.d[0];
    if (values < 2) {
        gan_ctx_fail(gan_module_ctx(m), GAN_E_SHAPE, "BatchNorm: training needs at least 2 values per channel, not %" PRId64,
                     values);
        return x;
    }
    gan_tensor *y = slope == 1 ? gan_batch_norm(x, gamma, beta, d->opts.eps, &stats)
                               : gan_batch_norm_leaky(x, gamma, beta, d->opts.eps, slope, &stats);
    track(m, call, stats, values);
    return y;
}

static gan_tensor *batch_norm_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const norm *d = gan_module_data(m);
    if (!takes_channels(gan_module_ctx(m), d, gan_shape_of(x))) return x;
    if (gan_call_training(call, m)) return by_batch(m, call, x, 1);
    return gan_normalize(x, gan_call_param(call, m, d->buffers + RUNNING_MEAN), gan_call_param(call, m, d->buffers + RUNNING_VAR),
                         gamma_of(m, call), beta_of(m, call), d->opts.eps);
}

gan_tensor *gan__batch_norm_leaky_forward(gan_module *m, gan_call *call, gan_tensor *x, double slope) {
    return takes_channels(gan_module_ctx(m), gan_module_data(m), gan_shape_of(x)) ? by_batch(m, call, x, slope) : x;
}

/* A batch norm that evaluates while its net trains has statistics that someone wants to keep. */
static void mark_frozen(gan_module *m, bool net_trains) {
    if (m->type == &gan__batch_norm_type) ((norm *)m->data)->frozen = net_trains && !m->training;
    for (int i = 0; i < m->n_children; i++) mark_frozen(m->children[i], net_trains);
}

/* Batch norms at and below m take their next batch for the k-th of an estimate, all else evaluating. */
static void set_estimate(gan_module *m, int k) {
    norm *d = m->type == &gan__batch_norm_type ? m->data : NULL;
    if (d && !d->frozen) {
        m->training = true;
        d->estimate = k;
    }
    for (int i = 0; i < m->n_children; i++) set_estimate(m->children[i], k);
}

/* Whatever came in between: whether they train, the caller's aside restores. */
static void end_estimate(gan_module *m) {
    norm *d = m->type == &gan__batch_norm_type ? m->data : NULL;
    if (d) d->estimate = 0, d->frozen = false;
    for (int i = 0; i < m->n_children; i++) end_estimate(m->children[i]);
}

bool gan__has_batch_norm(const gan_module *m) {
    bool found = m->type == &gan__batch_norm_type;
    for (int i = 0; i < m->n_children && !found; i++) found = gan__has_batch_norm(m->children[i]);
    return found;
}

void gan__batch_norm_estimate(gan_module *m, const gan_set *set, gan_tensor *x, int batches) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (!gan__usable(ctx, x, "gan_batch_norm_refresh")) return;
    int64_t rows = gan_shape_of(x).d[0] / batches;
    mark_frozen(m, m->training);
    gan__aside aside = gan__aside_begin(m);
    for (int k = 1; k <= batches && gan__ok(ctx); k++) {
        gan_scope_begin(ctx);
        set_estimate(m, k);
        gan_forward_with(m, set, gan_slice(x, 0, (k - 1) * rows, rows));
        gan_scope_end(ctx);
    }
    end_estimate(m);
    gan__aside_end(&aside);
}

/* What belongs to a batch norm and says something about data. */
static bool is_statistic(const gan__slot *slot) {
    return slot->owner->type == &gan__batch_norm_type && slot->param.buffer && !slot->param.integer;
}

static void take_statistics(gan_module *m, const gan_set *from, const gan_set *set) {
    const gan__list *list = gan__list_of(m);
    for (int i = 0; list && i < list->count; i++) {
        gan_tensor *source = gan_set_get(from, i), *to = set ? gan_set_get(set, i) : list->params[i].tensor;
        if (is_statistic(list->slots[i])) gan_assign(to, gan_data(source), gan_count(source));
    }
}

void gan_batch_norm_refresh(gan_module *m, const gan_set *set, gan_tensor *x, int batches) {
    static const char who[] = "gan_batch_norm_refresh";
    gan_ctx *ctx = gan_module_ctx(m);
    if (gan_module_is_nil(m) || !gan__usable(ctx, x, who)) return;
    gan_shape s = gan_shape_of(x);
    char text[GAN_SHAPE_TEXT];
    if (batches < 1)
        gan__raise(ctx, GAN_E_ARG, "%s: %d batches; at least 1 is needed", who, batches);
    else if (s.ndim < 1 || s.d[0] < batches || s.d[0] % batches)
        gan__raise(ctx, GAN_E_SHAPE, "%s: %s does not make %d equal batches", who, gan_shape_text(s, text), batches);
    if (!gan__ok(ctx)) return;
    gan_set *estimate = gan__set_alias(m, set);
    gan__batch_norm_estimate(m, estimate, x, batches);
    gan__hold(ctx);
    if (gan__ok(ctx)) take_statistics(m, estimate, set);
    gan__unhold(ctx);
    gan_set_free(estimate);
}

/* --- the others: no state --------------------------------------------------------------------------------- */

static gan_tensor *layer_norm_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const norm *d = gan_module_data(m);
    gan_shape s = gan_shape_of(x), sample = {.ndim = s.ndim - 1};
    for (int i = 0; i + 1 < s.ndim; i++) sample.d[i] = s.d[i + 1];
    if (s.ndim < 1 || !gan_shape_equal(sample, d->shape)) {
        char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
        gan_ctx_fail(gan_module_ctx(m), GAN_E_SHAPE, "LayerNorm: the input's shape is %s, its samples' must be %s",
                     gan_shape_text(s, a), gan_shape_text(d->shape, b));
        return x;
    }
    return gan_layer_norm(x, gamma_of(m, call), beta_of(m, call), d->opts.eps);
}

static gan_tensor *instance_norm_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const norm *d = gan_module_data(m);
    gan_shape s = gan_shape_of(x);
    if (s.ndim != 4 || s.d[3] != d->shape.d[0]) {
        char text[GAN_SHAPE_TEXT];
        gan_ctx_fail(gan_module_ctx(m), GAN_E_SHAPE, "InstanceNorm2d: the input's shape is %s, must be [n, h, w, %" PRId64 "]",
                     gan_shape_text(s, text), d->shape.d[0]);
        return x;
    }
    return gan_instance_norm(x, gamma_of(m, call), beta_of(m, call), d->opts.eps);
}

static void describe(const gan_module *m, char *text, size_t size) {
    const norm *d = gan_module_data(m);
    char shape[GAN_SHAPE_TEXT];
    const char *affine = d->opts.no_affine ? ", no affine" : "";
    if (d->shape.ndim == 1)
        snprintf(text, size, "%" PRId64 "%s", d->shape.d[0], affine);
    else
        snprintf(text, size, "%s%s", gan_shape_text(d->shape, shape), affine);
}

const gan_module_type gan__batch_norm_type = {
    .name = "BatchNorm", .forward = batch_norm_forward, .describe = describe, .data_bytes = sizeof(norm)};
static const gan_module_type layer_type = {
    .name = "LayerNorm", .forward = layer_norm_forward, .describe = describe, .data_bytes = sizeof(norm)};
static const gan_module_type instance_type = {
    .name = "InstanceNorm2d", .forward = instance_norm_forward, .describe = describe, .data_bytes = sizeof(norm)};

/* --- making ----------------------------------------------------------------------------------------------- */

static bool opts_fit(gan_ctx *ctx, const char *who, gan_norm_opts *o) {
    if (!(o->eps >= 0)) {
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: eps is %g, must not be negative", who, o->eps);
        return false;
    }
    if (!(o->momentum >= 0 && o->momentum <= 1)) {
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: momentum is %g, must be in [0, 1]", who, o->momentum);
        return false;
    }
    if (o->eps == 0) o->eps = 1e-5;
    if (o->momentum == 0) o->momentum = 0.1;
    return true;
}

static void add(gan_module *m, const char *name, gan_shape shape, double value, gan_param as) {
    as.name = name;
    as.tensor = gan_full(gan_module_ctx(m), shape, value);
    gan_module_add_param(m, as);
}

/* PyTorch keeps the affine parameters of an image's LayerNorm as [c, h, w]. */
static gan_module *make(gan_ctx *ctx, const gan_module_type *type, const char *who, gan_shape shape, gan_norm_opts o) {
    for (int i = 0; i < shape.ndim; i++)
        if (!gan__at_least_one(ctx, who, shape.ndim == 1 ? "channels" : "a dimension", shape.d[i])) return gan__nil_module(ctx);
    if (!opts_fit(ctx, who, &o)) return gan__nil_module(ctx);
    gan_module *m = gan_module_new(ctx, type);
    if (gan_module_is_nil(m)) return m;
    *(norm *)gan_module_data(m) = (norm){.shape = shape, .opts = o, .buffers = o.no_affine ? 0 : 2};
    gan_param affine = {.no_decay = true};
    if (shape.ndim == 3) {
        affine.layout = GAN_LAYOUT_IMAGE;
        for (int i = 0; i < 3; i++) affine.hwc[i] = shape.d[i];
    }
    gan_scope_begin(ctx);
    if (!o.no_affine) {
        add(m, "weight", shape, 1, affine);
        add(m, "bias", shape, 0, affine);
    }
    if (type == &gan__batch_norm_type) {
        add(m, "running_mean", shape, 0, (gan_param){.buffer = true});
        add(m, "running_var", shape, 1, (gan_param){.buffer = true});
        add(m, "num_batches_tracked", gan_shape0(), 0, (gan_param){.buffer = true, .integer = true});
    }
    gan_scope_end(ctx);
    return gan__finished(ctx, m);
}

gan_module *gan_batch_norm_layer(gan_ctx *ctx, int64_t channels, gan_norm_opts opts) {
    return make(ctx, &gan__batch_norm_type, "gan_batch_norm_layer", gan_shape1(channels), opts);
}

gan_module *gan_instance_norm_layer(gan_ctx *ctx, int64_t channels, gan_norm_opts opts) {
    return make(ctx, &instance_type, "gan_instance_norm_layer", gan_shape1(channels), opts);
}

gan_module *gan_layer_norm_layer(gan_ctx *ctx, gan_shape sample, gan_norm_opts opts) {
    static const char who[] = "gan_layer_norm_layer";
    if (sample.ndim >= 1 && sample.ndim < GAN_MAX_DIMS) return make(ctx, &layer_type, who, sample, opts);
    gan_ctx_fail(ctx, GAN_E_ARG, "%s: the sample has %d dimensions, must have 1 to %d", who, sample.ndim, GAN_MAX_DIMS - 1);
    return gan__nil_module(ctx);
}
