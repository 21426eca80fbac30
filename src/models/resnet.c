/* Residual generators and discriminators (SNGAN, 1802.05957, appendix B.4; WGAN-GP, 1704.00028). */
#include <stdio.h>

#include "res_block.h"

static const gan__plan_defaults defaults = {.slope = 0, .latent = 128, .d_norm = GAN_NORM_NONE, .up = GAN_UP_NEAREST};

/* Channels of the i-th level from the image, from 1. */
static int64_t width_of(const gan__plan *p, int i) { return p->o.features << (i - 1 < 4 ? i - 1 : 4); }

static void adopt_block(gan_ctx *ctx, gan_module *m, int number, gan__res_opts o) {
    char name[16];
    snprintf(name, sizeof name, "block%d", number);
    gan__model_adopt(m, name, gan__res_block(ctx, o));
}

static gan_module *xavier(gan_module *layer) {
    gan_module_init(layer, gan_init_xavier());
    return layer;
}

static gan_module *linear(gan_ctx *ctx, int64_t in, int64_t out, bool spectral) {
    return xavier(gan_linear_layer(ctx, in, out, (gan_linear_opts){.spectral = spectral}));
}

/* --- generator -------------------------------------------------------------------------------------------- */

static gan_tensor *generator_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    return gan__model_takes(m, x) ? gan__model_forward(m, call, x) : x;
}

const gan_module_type gan__resnet_generator_type = {
    .name = "ResNetGenerator",
    .forward = generator_forward,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

static gan_shape base_map(const gan__plan *p) { return gan__plan_map(p, 0, width_of(p, p->doublings)); }

/* The latents as a picture of the smallest size: what each generator has of its own. */
static gan_module *base(gan_ctx *ctx, const void *plan) {
    const gan__plan *p = plan;
    gan_shape map = base_map(p);
    gan_linear_opts o = {.to_hwc = {map.d[0], map.d[1], map.d[2]}, .spectral = p->o.g_spectral};
    return xavier(gan_linear_layer(ctx, p->o.latent, gan_shape_count(map), o));
}

static void adopt_generator_attention(gan_ctx *ctx, gan_module *m, const gan__plan *p, int level, int64_t width) {
    gan_module *a = gan__attention_piece(ctx, p->o.g_attention, level, width, p->o.g_spectral);
    if (a) gan__model_adopt(m, "attention", xavier(a));
}

static const char generator_name[] = "gan_resnet_generator";

static gan_module *generator(gan_ctx *ctx, const void *opts) {
    gan__plan p;
    if (!gan__plan_make(ctx, generator_name, *(const gan_resnet_opts *)opts, defaults, &p)) return gan__nil_module(ctx);
    const gan_dcgan_opts *o = &p.o;
    gan_module *m = gan__model_bare(ctx, &gan__resnet_generator_type, gan_shape1(o->latent));
    if (gan_module_is_nil(m)) return m;
    int64_t width = width_of(&p, p.doublings);
    gan__model_share(m, o->generators);
    gan__model_refer(m, o->reference);
    gan__model_adopt(m, "linear", gan__apiece(ctx, o->generators, base, &p));
    gan__model_adopt(m, "reshape", gan_reshape_layer(ctx, base_map(&p)));
    adopt_generator_attention(ctx, m, &p, 0, width);
    for (int i = 0; i < p.doublings; i++) {
        gan__res_opts block = {GAN__RES_UP, gan__plan_map(&p, i, width), width_of(&p, p.doublings - i), false,
                               o->up, o->g_norm, o->reference, o->g_spectral, o->g_slope, o->g_dropout, o->g_dropout_always,
                               i ? 1 : o->generators};
        adopt_block(ctx, m, i + 1, block);
        width = block.out;
        adopt_generator_attention(ctx, m, &p, i + 1, width);
    }
    gan__model_adopt(m, "norm", gan__norm_piece(ctx, o->g_norm, gan__plan_map(&p, p.doublings, width), o->reference));
    gan__model_adopt(m, "activation", gan__activation_piece(ctx, o->g_slope));
    gan__model_adopt(m, "conv", xavier(gan_conv2d_layer(ctx, width, o->channels, gan__same_size(3, true, o->g_spectral))));
    gan__model_adopt(m, "tanh", gan_tanh_layer(ctx));
    return gan__model_made(ctx, m);
}

gan_module *gan_resnet_generator(gan_ctx *ctx, gan_resnet_opts opts) {
    int generators = opts.generators;
    if (!opts.separate) return generator(ctx, &opts);
    opts.generators = 1;
    return gan__separate(ctx, generator_name, generators, generator, &opts);
}

/* --- discriminator ---------------------------------------------------------------------------------------- */

static gan_tensor *sum_pool(gan_module *m, gan_call *call, gan_tensor *x) {
    (void)m, (void)call;
    return gan_sum_axes(x, GAN_AXIS(1) | GAN_AXIS(2), false);
}

static const gan_module_type sum_pool_type = {.name = "SumPool2d", .forward = sum_pool};

static const gan_module_type discriminator_type = {
    .name = "ResNetDiscriminator",
    .forward = gan__model_logits,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

/* The last block keeps the size. */
static int64_t adopt_blocks(gan_ctx *ctx, gan_module *m, const gan__plan *p) {
    const gan_dcgan_opts *o = &p->o;
    int64_t width = (int64_t)o->channels * o->pack;
    for (int i = 0; i <= p->doublings; i++) {
        bool last = i == p->doublings;
        int level = last ? 0 : p->doublings - i; /* of what it takes */
        gan__res_opts block = {last ? GAN__RES_SAME : GAN__RES_DOWN, gan__plan_map(p, level, width),
                               last ? width : width_of(p, i + 1), i == 0, GAN_UP_DEFAULT, o->d_norm, 0, o->d_spectral, o->slope,
                               o->dropout, false, 1};
        adopt_block(ctx, m, i + 1, block);
        width = block.out;
        gan_module *a = last ? NULL : gan__attention_piece(ctx, o->d_attention, level - 1, width, o->d_spectral);
        if (a) gan__model_adopt(m, "attention", xavier(a));
    }
    return width;
}

gan_module *gan_resnet_discriminator(gan_ctx *ctx, gan_resnet_opts opts) {
    gan__plan p;
    if (!gan__plan_make(ctx, "gan_resnet_discriminator", opts, defaults, &p)) return gan__nil_module(ctx);
    const gan_dcgan_opts *o = &p.o;
    gan_shape sample = gan_shape3(o->height, o->width, (int64_t)o->channels * o->pack);
    gan_module *m = gan__model_bare(ctx, &discriminator_type, sample);
    if (gan_module_is_nil(m)) return m;
    int64_t width = adopt_blocks(ctx, m, &p);
    gan__model_adopt(m, "activation", gan__activation_piece(ctx, o->slope));
    gan__model_adopt(m, "pool", gan_module_new(ctx, &sum_pool_type));
    gan__model_adopt(m, "minibatch", gan__minibatch_piece(ctx, &p.ends, gan_shape1(width)));
    width += gan__minibatch_channels(&p.ends);
    gan__model_adopt(m, "linear", linear(ctx, width, p.ends.logits, o->d_spectral));
    gan__model_heads(m, p.ends.logits, p.ends.aux, p.ends.aux ? linear(ctx, width, p.ends.aux, o->d_spectral) : NULL);
    return gan__model_made(ctx, m);
}
