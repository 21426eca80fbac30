/* DCGAN (Radford, Metz & Chintala, 1511.06434), with the layers and names of PyTorch's example. */
#include "pieces.h"

static const gan__plan_defaults defaults = {.slope = 0.2, .latent = 100, .d_norm = GAN_NORM_BATCH, .up = GAN_UP_TRANSPOSED};

/* From or to the grid that no convolution of stride 2 touches: one kernel as large as it. */
static gan_conv_layer_opts whole_grid(const gan__plan *p, bool bias, bool spectral) {
    return (gan_conv_layer_opts){.kernel_h = (int)p->base_h,
                                 .kernel_w = (int)p->base_w,
                                 .conv = gan_conv_square(1, 0),
                                 .no_bias = !bias,
                                 .spectral = spectral};
}

static gan_conv_layer_opts by_two(bool bias, bool spectral) {
    gan_conv_layer_opts o = gan_conv_layer_square(4, 2, 1);
    o.no_bias = !bias;
    o.spectral = spectral;
    return o;
}

static gan_module *made(gan_ctx *ctx, gan_module *m) {
    gan_module_init(m, gan_init_dcgan());
    return gan__model_made(ctx, m);
}

static const char generator_name[] = "gan_dcgan_generator";

/* --- generator -------------------------------------------------------------------------------------------- */

static gan_tensor *generator_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    if (!gan__model_takes(m, x)) return x;
    gan_shape s = gan_shape_of(x);
    return gan__model_forward(m, call, gan_reshape(x, gan_shape4(s.d[0], 1, 1, s.d[1])));
}

const gan_module_type gan__dcgan_generator_type = {
    .name = "DCGANGenerator",
    .forward = generator_forward,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

static void add_up(gan_ctx *ctx, gan_module *main, const gan__plan *p, int64_t in, int64_t out, bool bias) {
    bool spectral = p->o.g_spectral;
    if (p->o.up == GAN_UP_TRANSPOSED) {
        gan__model_add(main, gan_conv_transpose2d_layer(ctx, in, out, by_two(bias, spectral)));
        return;
    }
    bool shuffle = p->o.up == GAN_UP_SHUFFLE;
    if (!shuffle) gan__model_add(main, gan_upsample_layer(ctx, 2));
    gan__model_add(main, gan_conv2d_layer(ctx, in, shuffle ? 4 * out : out, gan__same_size(3, bias, spectral)));
    if (shuffle) gan__model_add(main, gan_pixel_shuffle_layer(ctx, 2));
}

/* From the latents to the base: what each generator has of its own, with the norm behind it. */
static gan_module *base(gan_ctx *ctx, const void *plan) {
    const gan__plan *p = plan;
    gan_conv_layer_opts o = whole_grid(p, p->o.g_norm == GAN_NORM_NONE, p->o.g_spectral);
    return gan_conv_transpose2d_layer(ctx, p->o.latent, p->o.features << (p->doublings - 1), o);
}

static gan_module *generator(gan_ctx *ctx, const void *opts) {
    gan__plan p;
    if (!gan__plan_make(ctx, generator_name, *(const gan_dcgan_opts *)opts, defaults, &p)) return gan__nil_module(ctx);
    const gan_dcgan_opts *o = &p.o;
    gan_module *m = gan__model_new(ctx, &gan__dcgan_generator_type, gan_shape1(o->latent)), *main = gan__model_main(m);
    gan__model_share(m, o->generators);
    gan__model_refer(m, o->reference);
    int64_t before = o->latent, width = o->features << (p.doublings - 1);
    for (int i = 0; i < p.doublings; i++, before = width, width /= 2) {
        int apiece = i ? 1 : o->generators;
        if (i)
            add_up(ctx, main, &p, before, width, o->g_norm == GAN_NORM_NONE);
        else
            gan__model_add(main, gan__apiece(ctx, apiece, base, &p));
        gan__model_add(main, gan__norm_apiece(ctx, apiece, o->g_norm, gan__plan_map(&p, i, width), o->reference));
        gan__model_add(main, gan__activation_piece(ctx, o->g_slope));
        gan__model_add(main, gan__dropout_piece(ctx, o->g_dropout, o->g_dropout_always));
        gan__model_add(main, gan__attention_piece(ctx, o->g_attention, i, width, o->g_spectral));
    }
    add_up(ctx, main, &p, before, o->channels, o->g_norm == GAN_NORM_NONE);
    gan__model_add(main, gan_tanh_layer(ctx));
    return made(ctx, m);
}

gan_module *gan_dcgan_generator(gan_ctx *ctx, gan_dcgan_opts opts) {
    int generators = opts.generators;
    if (!opts.separate) return generator(ctx, &opts);
    opts.generators = 1;
    return gan__separate(ctx, generator_name, generators, generator, &opts);
}

/* --- discriminator ---------------------------------------------------------------------------------------- */

static const gan_module_type discriminator_type = {
    .name = "DCGANDiscriminator",
    .forward = gan__model_logits,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

gan_module *gan_dcgan_discriminator(gan_ctx *ctx, gan_dcgan_opts opts) {
    gan__plan p;
    if (!gan__plan_make(ctx, "gan_dcgan_discriminator", opts, defaults, &p)) return gan__nil_module(ctx);
    const gan_dcgan_opts *o = &p.o;
    bool bias = o->d_norm == GAN_NORM_NONE, spectral = o->d_spectral;
    int64_t before = (int64_t)o->channels * o->pack, width = o->features;
    gan_module *m = gan__model_new(ctx, &discriminator_type, gan_shape3(o->height, o->width, before));
    gan_module *main = gan__model_main(m);
    for (int i = 0; i < p.doublings; i++, before = width, width *= 2) {
        int level = p.doublings - 1 - i;
        gan__model_add(main, gan_conv2d_layer(ctx, before, width, by_two(bias, spectral)));
        if (i) gan__model_add(main, gan__norm_piece(ctx, o->d_norm, gan__plan_map(&p, level, width), 0));
        gan__model_add(main, gan__activation_piece(ctx, o->slope));
        gan__model_add(main, gan__dropout_piece(ctx, o->dropout, false));
        gan__model_add(main, gan__attention_piece(ctx, o->d_attention, level, width, spectral));
    }
    gan__model_add(main, gan__minibatch_piece(ctx, &p.ends, gan__plan_map(&p, 0, before)));
    before += gan__minibatch_channels(&p.ends);
    gan__model_add(main, gan_conv2d_layer(ctx, before, p.ends.logits, whole_grid(&p, bias, spectral)));
    gan_module *aux = p.ends.aux ? gan_conv2d_layer(ctx, before, p.ends.aux, whole_grid(&p, true, spectral)) : NULL;
    gan__model_heads(m, p.ends.logits, p.ends.aux, aux);
    return made(ctx, m);
}
