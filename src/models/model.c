#include <inttypes.h>
#include <stdio.h>

#include "model_impl.h"

/* A layer that could not be added would stay with the context, out of everybody's reach. */
static void free_orphan(gan_module *layer) {
    if (!gan_module_is_nil(layer) && !layer->parent) gan_module_free(layer);
}

gan_module *gan__model_new(gan_ctx *ctx, const gan_module_type *type, gan_shape sample) {
    gan_module *m = gan_module_new(ctx, type);
    if (gan_module_is_nil(m)) return m;
    ((gan__model *)gan_module_data(m))->sample = sample;
    gan_module *main = gan_sequential(ctx);
    free_orphan(gan_module_add_child(m, "main", main));
    return gan__model_made(ctx, m);
}

void gan__model_add(gan_module *main, gan_module *layer) { free_orphan(gan_sequential_add(main, layer)); }

gan_module *gan__model_main(const gan_module *m) { return gan_module_child(m, "main"); }

gan_module *gan__model_made(gan_ctx *ctx, gan_module *m) {
    if (gan__ok(ctx)) return m;
    gan_module_free(m);
    return gan__nil_module(ctx);
}

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
    if (value < 1) gan_ctx_fail(ctx, GAN_E_ARG, "%s: %s is %" PRId64 ", must be at least 1", who, name, value);
    return value >= 1;
}

gan_tensor *gan__model_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    return gan__model_takes(m, x) ? gan_call_child(call, gan__model_main(m), x) : x;
}

gan_tensor *gan__model_logits(gan_module *m, gan_call *call, gan_tensor *x) {
    int64_t n = gan_shape_of(x).d[0];
    return gan_reshape(gan__model_forward(m, call, x), gan_shape1(n));
}

int64_t gan_latent_size(const gan_module *m) {
    if (gan_module_is_nil(m) || (m->type != &gan__dcgan_generator_type && m->type != &gan__mlp_generator_type)) return 0;
    return ((const gan__model *)gan_module_data(m))->sample.d[0];
}
