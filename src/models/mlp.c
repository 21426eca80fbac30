/* Perceptrons for points in a plane or a few more dimensions. */
#include "model_impl.h"

const gan_module_type gan__mlp_generator_type = {
    .name = "MLPGenerator",
    .forward = gan__model_forward,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

static const gan_module_type discriminator_type = {
    .name = "MLPDiscriminator",
    .forward = gan__model_logits,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

static bool opts_fit(gan_ctx *ctx, const char *who, gan_mlp_opts *o) {
    if (!o->dim) o->dim = 2;
    if (!o->latent) o->latent = 2;
    if (!o->width) o->width = 128;
    if (!o->depth) o->depth = 2;
    if (!o->pack) o->pack = 1;
    if (o->slope == 0) o->slope = 0.2;
    return gan__model_count(ctx, who, "dim", o->dim) && gan__model_count(ctx, who, "latent", o->latent) &&
           gan__model_count(ctx, who, "width", o->width) && gan__model_count(ctx, who, "depth", o->depth) &&
           gan__model_count(ctx, who, "pack", o->pack);
}

/* in -> width -> ... -> width -> out; the slope of a generator's ReLU is 0. */
static gan_module *make(gan_ctx *ctx, const gan_module_type *type, const gan_mlp_opts *o, int64_t in, int64_t out, double slope) {
    gan_module *m = gan__model_new(ctx, type, gan_shape1(in)), *main = gan__model_main(m);
    for (int i = 0; i < o->depth; i++) {
        gan__model_add(main, gan_linear_layer(ctx, i ? o->width : in, o->width, (gan_linear_opts){0}));
        gan__model_add(main, slope == 0 ? gan_relu_layer(ctx) : gan_leaky_relu_layer(ctx, slope));
    }
    gan__model_add(main, gan_linear_layer(ctx, o->width, out, (gan_linear_opts){0}));
    return gan__model_made(ctx, m);
}

gan_module *gan_mlp_generator(gan_ctx *ctx, gan_mlp_opts opts) {
    if (!opts_fit(ctx, "gan_mlp_generator", &opts)) return gan__nil_module(ctx);
    return make(ctx, &gan__mlp_generator_type, &opts, opts.latent, opts.dim, 0);
}

gan_module *gan_mlp_discriminator(gan_ctx *ctx, gan_mlp_opts opts) {
    if (!opts_fit(ctx, "gan_mlp_discriminator", &opts)) return gan__nil_module(ctx);
    return make(ctx, &discriminator_type, &opts, opts.dim * opts.pack, 1, opts.slope);
}
