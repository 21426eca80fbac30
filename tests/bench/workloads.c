/* The four steps of training that gan-bench and torch_steps.py both take. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

typedef struct gan_pair {
    gan_ctx *ctx;
    gan_module *G, *D;
    gan_optim *opt_g, *opt_d;
    gan_tensor *real;
    int64_t batch, latent;
} gan_pair;

static gan_pair *new_pair(gan_ctx *ctx, int64_t batch, int64_t latent, gan_shape real) {
    gan_pair *p = calloc(1, sizeof *p);
    if (!p) exit(2);
    *p = (gan_pair){.ctx = ctx, .batch = batch, .latent = latent};
    gan_scope_begin(ctx);
    p->real = gan_keep(gan_tanh(gan_randn(ctx, real)));
    gan_scope_end(ctx);
    return p;
}

/* D on reals, D on fakes, G on the same fakes. */
static void adversarial_step(void *state) {
    gan_pair *p = state;
    gan_scope_begin(p->ctx);
    gan_optim_add(p->opt_d, gan_bce_with_logits(gan_forward(p->D, p->real), 1), 1, false);
    gan_tensor *fake = gan_forward(p->G, gan_randn(p->ctx, gan_shape2(p->batch, p->latent)));
    gan_optim_add(p->opt_d, gan_bce_with_logits(gan_forward(p->D, gan_detach(fake)), 0), 1, false);
    gan_optim_apply(p->opt_d);
    gan_optim_step(p->opt_g, gan_bce_with_logits(gan_forward(p->D, fake), 1));
    gan_scope_end(p->ctx);
}

typedef struct dcgan_case {
    gan_dcgan_opts opts;
    int64_t batch;
} dcgan_case;

static void *begin_dcgan(gan_ctx *ctx, const bench_case *c) {
    const dcgan_case *d = c->data;
    const gan_dcgan_opts *o = &d->opts;
    gan_pair *p = new_pair(ctx, d->batch, 100, gan_shape4(d->batch, o->size, o->size, o->channels));
    p->G = gan_dcgan_generator(ctx, *o);
    p->D = gan_dcgan_discriminator(ctx, *o);
    p->opt_g = gan_optim_new(p->G, gan_adam(2e-4));
    p->opt_d = gan_optim_new(p->D, gan_adam(2e-4));
    return p;
}

static void *begin_ring(gan_ctx *ctx, const bench_case *c) {
    (void)c;
    gan_pair *p = new_pair(ctx, 256, 2, gan_shape2(256, 2));
    p->G = gan_mlp_generator(ctx, (gan_mlp_opts){0});
    p->D = gan_mlp_discriminator(ctx, (gan_mlp_opts){0});
    p->opt_g = gan_optim_new(p->G, gan_adam(1e-3));
    p->opt_d = gan_optim_new(p->D, gan_adam(1e-3));
    return p;
}

/* --- a critic with gradient penalty ------------------------------------------------------------------------ */

static void *begin_critic(gan_ctx *ctx, const bench_case *c) {
    (void)c;
    gan_pair *p = new_pair(ctx, 64, 0, gan_shape4(64, 32, 32, 3));
    const int64_t channels[] = {3, 64, 128, 256, 1};
    p->D = gan_sequential(ctx);
    for (int i = 0; i < 4; i++) {
        gan_sequential_add(p->D, gan_conv2d_layer(ctx, channels[i], channels[i + 1],
                                                  i < 3 ? gan_conv_layer_square(4, 2, 1) : gan_conv_layer_square(4, 1, 0)));
        if (i < 3) gan_sequential_add(p->D, gan_leaky_relu_layer(ctx, .2));
    }
    gan_optim_opts adam = gan_adam(1e-4);
    adam.beta1 = 0, adam.beta2 = .9;
    p->opt_d = gan_optim_new(p->D, adam);
    return p;
}

static void critic_step(void *state) {
    gan_pair *p = state;
    gan_ctx *ctx = p->ctx;
    gan_scope_begin(ctx);
    gan_tensor *fake = gan_tanh(gan_randn(ctx, gan_shape4(64, 32, 32, 3)));
    gan_tensor *x = gan_lerp(p->real, fake, gan_rand(ctx, gan_shape4(64, 1, 1, 1)));
    gan_tensor *gx = gan_grad(gan_sum(gan_forward(p->D, x)), x, (gan_grad_opts){.create_graph = true});
    gan_tensor *penalty = gan_mean(gan_square(gan_add_scalar(gan_norm_per_sample(gx), -1)));
    gan_tensor *gap = gan_sub(gan_mean(gan_forward(p->D, fake)), gan_mean(gan_forward(p->D, p->real)));
    gan_optim_step(p->opt_d, gan_add(gap, gan_scale(penalty, 10)));
    gan_scope_end(ctx);
}

/* --- the table ---------------------------------------------------------------------------------------------
 *
 * Necessary work: with F a net's forward and f its first layer's part of it (2 flop to a multiply-add, padding included),
 *   D on a batch          3F_D - f_D, twice
 *   G's step              F_G + 2F_D + 2F_G - f_G
 *   critic with penalty   2(3F_D - f_D) + 4F_D: the penalty's graph has, to a layer, conv, conv_input, conv, conv_weight */
#define ADVERSARIAL(fd, first_d, fg, first_g) (2 * (3 * (fd) - (first_d)) + 2 * (fd) + 3 * (fg) - (first_g))
#define CRITIC(fd, first_d) (2 * (3 * (fd) - (first_d)) + 4 * (fd))

static const dcgan_case dcgan64 = {{.size = 64, .channels = 3}, 64}, dcgan32 = {{.size = 32, .channels = 1}, 64};

static const bench_case workloads[] = {
    {"S1", "DCGAN 64x64x3, batch 64", ADVERSARIAL(13.28860, .402653, 13.39241, .104858), 0, begin_dcgan, adversarial_step,
     &dcgan64},
    {"S2", "DCGAN 32x32x1, batch 64", ADVERSARIAL(2.181562, .033554, 2.233467, .052429), 0, begin_dcgan, adversarial_step,
     &dcgan32},
    {"S3", "WGAN-GP critic 32x32x3, batch 64", CRITIC(2.248671, .100663), 0, begin_critic, critic_step, NULL},
    {"S4", "perceptrons on a ring, batch 256", ADVERSARIAL(.008585216, .000131072, .008650752, .000131072), 0, begin_ring,
     adversarial_step, NULL},
};

/* The same sums for any size: a convolution of 4 x 4 taps in each stage, and one of the whole 4 x 4 grid. */
static double dcgan_gflop(int64_t batch, int64_t size, int64_t width, int64_t channels, int64_t latent) {
    double first = 0, stages = 0;
    int64_t in = channels, out = width;
    for (int64_t half = size / 2; half >= 4; half /= 2, in = out, out *= 2) {
        double work = 2e-9 * (double)(batch * half * half * in * out * 16);
        if (first == 0) first = work;
        stages += work;
    }
    double to_logit = 2e-9 * (double)(batch * in * 16), from_latent = to_logit * (double)latent;
    return ADVERSARIAL(stages + to_logit, first, stages + from_latent, from_latent);
}

/* --- a folder of images ------------------------------------------------------------------------------------ */

typedef struct folder {
    gan_ctx *ctx;
    gan_dataset *data;
    int64_t batch;
} folder;

static bench_sizes wanted;

static void *begin_folder(gan_ctx *ctx, const bench_case *c) {
    folder *f = calloc(1, sizeof *f);
    (void)c;
    if (!f) exit(2);
    gan_image_opts o = {.height = wanted.size, .width = wanted.size, .cache_mb = wanted.cache_mb};
    *f = (folder){ctx, gan_image_folder(ctx, wanted.path ? wanted.path : "", o), wanted.batch};
    return f;
}

static void folder_step(void *state) {
    folder *f = state;
    gan_scope_begin(f->ctx);
    gan_dataset_next(f->data, f->batch);
    gan_scope_end(f->ctx);
}

const bench_case *bench_sized(const char *name, bench_sizes sizes) {
    static dcgan_case dcgan;
    static bench_case found;
    wanted = sizes;
    dcgan = (dcgan_case){{.size = sizes.size, .channels = 3, .features = sizes.width}, sizes.batch};
    if (!strcmp(name, "dcgan"))
        found = (bench_case){"dcgan", "DCGAN of the given sizes", dcgan_gflop(sizes.batch, sizes.size, sizes.width, 3, 100), 0,
                             begin_dcgan, adversarial_step, &dcgan};
    else if (!strcmp(name, "folder"))
        found = (bench_case){"folder", "batches from a folder of images", 0, 0, begin_folder, folder_step, NULL};
    else
        return NULL;
    return &found;
}

const bench_case *bench_workloads(int *count) {
    *count = sizeof workloads / sizeof *workloads;
    return workloads;
}
