/* DCGAN (Radford, Metz & Chintala, 1511.06434), with the layers and names of PyTorch's example. */
#include <inttypes.h>

#include "model_impl.h"

#define MAX_DOUBLINGS 14

/* The options with defaults filled in, and the pyramid that the size asks for: base*2^doublings. */
typedef struct plan {
    gan_dcgan_opts o;
    int doublings;
    int64_t base_h, base_w;
} plan;

static int doublings_of(int64_t side) {
    int k = 0;
    while (k < MAX_DOUBLINGS && ((int64_t)4 << k) < side) k++;
    return k >= 1 && (int64_t)4 << k == side ? k : 0;
}

/* The shorter side is halved down to 4, the longer one as often. */
static bool plan_size(gan_ctx *ctx, const char *who, plan *p) {
    gan_dcgan_opts *o = &p->o;
    if (o->size && (o->height || o->width)) {
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: size %" PRId64 " is given together with height %" PRId64 " and width %" PRId64, who,
                     o->size, o->height, o->width);
        return false;
    }
    if (o->size) o->height = o->width = o->size;
    int kh = doublings_of(o->height), kw = doublings_of(o->width);
    if (!kh || !kw) {
        gan_ctx_fail(ctx, GAN_E_ARG,
                     "%s: images of %" PRId64 "x%" PRId64 "; height and width must be 8, 16, 32, ... (4*2^k, 1 <= k <= %d)", who,
                     o->height, o->width, MAX_DOUBLINGS);
        return false;
    }
    p->doublings = kh < kw ? kh : kw;
    p->base_h = o->height >> p->doublings;
    p->base_w = o->width >> p->doublings;
    return true;
}

static bool plan_make(gan_ctx *ctx, const char *who, gan_dcgan_opts opts, plan *p) {
    *p = (plan){.o = opts};
    gan_dcgan_opts *o = &p->o;
    if (!o->channels) o->channels = 3;
    if (!o->latent) o->latent = 100;
    if (!o->features) o->features = 64;
    if (!o->pack) o->pack = 1;
    if (o->slope == 0) o->slope = 0.2;
    return gan__model_count(ctx, who, "channels", o->channels) && gan__model_count(ctx, who, "latent", o->latent) &&
           gan__model_count(ctx, who, "features", o->features) && gan__model_count(ctx, who, "pack", o->pack) &&
           plan_size(ctx, who, p);
}

/* From or to the grid that no convolution of stride 2 touches: one kernel as large as it. */
static gan_conv_layer_opts whole_grid(const plan *p) {
    return (gan_conv_layer_opts){
        .kernel_h = (int)p->base_h, .kernel_w = (int)p->base_w, .conv = gan_conv_square(1, 0), .no_bias = true};
}

static gan_conv_layer_opts by_two(void) {
    gan_conv_layer_opts o = gan_conv_layer_square(4, 2, 1);
    o.no_bias = true;
    return o;
}

static gan_module *made(gan_ctx *ctx, gan_module *m) {
    gan_module_init(m, gan_init_dcgan());
    return gan__model_made(ctx, m);
}

/* --- generator -------------------------------------------------------------------------------------------- */

static gan_tensor *generator_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    if (!gan__model_takes(m, x)) return x;
    gan_shape s = gan_shape_of(x);
    return gan_call_child(call, gan__model_main(m), gan_reshape(x, gan_shape4(s.d[0], 1, 1, s.d[1])));
}

const gan_module_type gan__dcgan_generator_type = {
    .name = "DCGANGenerator",
    .forward = generator_forward,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

gan_module *gan_dcgan_generator(gan_ctx *ctx, gan_dcgan_opts opts) {
    plan p;
    if (!plan_make(ctx, "gan_dcgan_generator", opts, &p)) return gan__nil_module(ctx);
    gan_module *m = gan__model_new(ctx, &gan__dcgan_generator_type, gan_shape1(p.o.latent));
    gan_module *main = gan__model_main(m);
    int64_t before = p.o.latent, width = p.o.features << (p.doublings - 1);
    for (int i = 0; i < p.doublings; i++, before = width, width /= 2) {
        gan__model_add(main, gan_conv_transpose2d_layer(ctx, before, width, i ? by_two() : whole_grid(&p)));
        gan__model_add(main, gan_batch_norm_layer(ctx, width, (gan_norm_opts){0}));
        gan__model_add(main, gan_relu_layer(ctx));
    }
    gan__model_add(main, gan_conv_transpose2d_layer(ctx, before, p.o.channels, by_two()));
    gan__model_add(main, gan_tanh_layer(ctx));
    return made(ctx, m);
}

/* --- discriminator ---------------------------------------------------------------------------------------- */

static const gan_module_type discriminator_type = {
    .name = "DCGANDiscriminator",
    .forward = gan__model_logits,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

gan_module *gan_dcgan_discriminator(gan_ctx *ctx, gan_dcgan_opts opts) {
    plan p;
    if (!plan_make(ctx, "gan_dcgan_discriminator", opts, &p)) return gan__nil_module(ctx);
    int64_t before = (int64_t)p.o.channels * p.o.pack, width = p.o.features;
    gan_module *m = gan__model_new(ctx, &discriminator_type, gan_shape3(p.o.height, p.o.width, before));
    gan_module *main = gan__model_main(m);
    for (int i = 0; i < p.doublings; i++, before = width, width *= 2) {
        gan__model_add(main, gan_conv2d_layer(ctx, before, width, by_two()));
        if (i) gan__model_add(main, gan_batch_norm_layer(ctx, width, (gan_norm_opts){0}));
        gan__model_add(main, gan_leaky_relu_layer(ctx, p.o.slope));
        if (p.o.dropout != 0) gan__model_add(main, gan_dropout_layer(ctx, p.o.dropout));
    }
    gan__model_add(main, gan_conv2d_layer(ctx, before, 1, whole_grid(&p)));
    return made(ctx, m);
}
