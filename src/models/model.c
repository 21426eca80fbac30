#include <inttypes.h>
#include <stdio.h>

#include "model_impl.h"

static gan__model *data_of(const gan_module *m) { return gan_module_data(m); }

/* --- making ----------------------------------------------------------------------------------------------- */

gan_module *gan__model_bare(gan_ctx *ctx, const gan_module_type *type, gan_shape sample) {
    gan_module *m = gan_module_new(ctx, type);
    if (!gan_module_is_nil(m)) data_of(m)->sample = sample;
    return m;
}

gan_module *gan__model_new(gan_ctx *ctx, const gan_module_type *type, gan_shape sample) {
    gan_module *m = gan__model_bare(ctx, type, sample);
    if (gan_module_is_nil(m)) return m;
    gan__adopt(m, "main", gan_sequential(ctx));
    return gan__model_made(ctx, m);
}

void gan__model_add(gan_module *main, gan_module *layer) {
    if (layer) gan__free_orphan(gan_sequential_add(main, layer));
}

void gan__model_adopt(gan_module *m, const char *name, gan_module *layer) {
    if (layer) gan__adopt(m, name, layer);
}

void gan__model_heads(gan_module *m, int64_t logits, int64_t aux, gan_module *head) {
    gan__model_adopt(m, "aux", head);
    if (gan_module_is_nil(m)) return;
    data_of(m)->logits = logits;
    data_of(m)->aux = aux;
}

void gan__model_share(gan_module *m, int generators) {
    if (!gan_module_is_nil(m)) data_of(m)->generators = generators;
}

void gan__model_refer(gan_module *m, int64_t reference) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (gan_module_is_nil(m) || !reference) return;
    data_of(m)->reference = reference;
    gan_scope_begin(ctx);
    gan_tensor *latents = gan_randn_from(gan_stream_named(ctx, "init"), gan_shape2(reference, data_of(m)->sample.d[0]));
    gan_module_add_param(m, (gan_param){.name = "reference", .tensor = latents, .buffer = true});
    gan_scope_end(ctx);
}

gan_module *gan__model_main(const gan_module *m) { return gan_module_child(m, "main"); }

gan_module *gan__model_made(gan_ctx *ctx, gan_module *m) {
    if (gan__ok(ctx)) return m;
    gan_module_free(m);
    return gan__nil_module(ctx);
}

/* --- checks ----------------------------------------------------------------------------------------------- */

bool gan__model_takes(const gan_module *m, const gan_tensor *x) {
    const gan__model *model = gan_module_data(m);
    gan_shape s = gan_shape_of(x), sample = {.ndim = s.ndim - 1};
    for (int i = 0; i + 1 < s.ndim; i++) sample.d[i] = s.d[i + 1];
    if (s.ndim > 0 && gan_shape_equal(sample, model->sample)) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_ctx_fail(gan_module_ctx(m), GAN_E_SHAPE, "%s: the input's shape is %s, its samples' must be %s", m->type->name,
                 gan_shape_text(s, a), gan_shape_text(model->sample, b));
    return false;
}

void gan__model_describe(const gan_module *m, char *text, size_t size) {
    const gan__model *model = gan_module_data(m);
    char shape[GAN_SHAPE_TEXT];
    snprintf(text, size, "input %s", gan_shape_text(model->sample, shape));
}

bool gan__model_count(gan_ctx *ctx, const char *who, const char *name, int64_t value) {
    bool fits = value >= 1 && value <= INT32_MAX;
    if (value < 1)
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: %s is %" PRId64 ", must be at least 1", who, name, value);
    else if (!fits)
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: %s is %" PRId64 ", more than %d", who, name, value, INT32_MAX);
    return fits;
}

/* --- forwards --------------------------------------------------------------------------------------------- */

/* Layers first .. last-1 of a chain. Each output goes as soon as the next layer has run. */
static gan_tensor *run(gan_call *call, gan_module *chain, int count, gan_tensor *x) {
    gan_tensor *y = x;
    for (int i = 0; i < count; i++) {
        gan_tensor *next = gan_call_child(call, chain->children[i], y);
        if (y != x) gan_release(y);
        y = next;
    }
    return y;
}

/* Everything, and the second head on what the last layer sees. */
static gan_tensor *run_all(gan_module *m, gan_call *call, gan_tensor *x) {
    gan_module *main = gan__model_main(m), *aux = gan_module_child(m, "aux");
    bool bare = gan_module_is_nil(main), second = !gan_module_is_nil(aux);
    if (!bare && !second) return gan_call_child(call, main, x);
    gan_module *chain = bare ? m : main;
    int last = chain->n_children - 1 - (bare && second);
    gan_tensor *features = run(call, chain, last, x);
    if (second) {
        gan_tensor *y = gan_call_child(call, aux, features);
        gan_call_aux(call, gan_reshape(y, gan_shape2(gan_shape_of(x).d[0], data_of(m)->aux)));
    }
    return gan_call_child(call, chain->children[last], features);
}

gan_tensor *gan__model_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    int64_t r = data_of(m)->reference, n = gan_shape_of(x).d[0];
    if (!r) return run_all(m, call, x);
    gan_tensor *reference = gan_call_param(call, m, 0);
    gan_shape s = gan_shape_of(x);
    s.d[0] = r;
    gan_tensor *both[] = {gan_reshape(reference, s), x};
    return gan_slice(run_all(m, call, gan_concat(both, 2, 0)), 0, r, n);
}

gan_tensor *gan__model_logits(gan_module *m, gan_call *call, gan_tensor *x) {
    int64_t n = gan_shape_of(x).d[0], k = data_of(m)->logits;
    if (!gan__model_takes(m, x)) return x;
    return gan_reshape(run_all(m, call, x), k == 1 ? gan_shape1(n) : gan_shape2(n, k));
}

/* --- generators ------------------------------------------------------------------------------------------- */

static const gan__model *generator_data(const gan_module *m) {
    static const gan_module_type *const generators[] = {&gan__dcgan_generator_type, &gan__mlp_generator_type,
                                                        &gan__resnet_generator_type};
    for (size_t i = 0; i < sizeof generators / sizeof *generators && !gan_module_is_nil(m); i++)
        if (m->type == generators[i]) return data_of(m);
    return NULL;
}

static bool is_branches(const gan_module *m) { return !gan_module_is_nil(m) && m->type == &gan__branches_type; }

int64_t gan_latent_size(const gan_module *m) {
    if (is_branches(m)) return m->n_children > 0 ? gan_latent_size(m->children[0]) : 0;
    const gan__model *data = generator_data(m);
    return data ? data->sample.d[0] : 0;
}

int gan_generator_count(const gan_module *m) {
    if (is_branches(m)) return m->n_children > 0 ? m->n_children : 1;
    const gan__model *data = generator_data(m);
    return data && data->generators > 1 ? data->generators : 1;
}
