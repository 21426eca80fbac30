/* A training loop of one's own: WGAN-GP (1704.00028) on the ring, without the trainer.
 *
 * The penalty holds the norm of the critic's gradient to 1, so its own gradient is a second derivative: gan_grad with create_graph
 * records the first one, and the optimiser differentiates through it. */
#include <gan/gan.h>
#include <stdio.h>

enum { BATCH = 256, LATENT = 16, CRITIC_STEPS = 5, STEPS = 2000 };

/* lambda E (|grad D(x)| - 1)^2 at points between reals and fakes; lambda .1 for points in the plane. */
static gan_tensor *penalty(gan_module *D, gan_tensor *real, gan_tensor *fake) {
    gan_ctx *ctx = gan_ctx_of(real);
    gan_tensor *x = gan_lerp(fake, real, gan_rand(ctx, gan_shape2(BATCH, 1)));
    gan_tensor *gx = gan_grad(gan_sum(gan_forward(D, x)), x, (gan_grad_opts){.create_graph = true});
    gan_tensor *excess = gan_add_scalar(gan_norm_per_sample(gx), -1);
    return gan_scale(gan_mean(gan_square(excess)), .1);
}

static gan_tensor *generate(gan_ctx *ctx, gan_module *G) { return gan_forward(G, gan_randn(ctx, gan_shape2(BATCH, LATENT))); }

int main(void) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
    gan_dataset *ring = gan_ring_data(ctx, (gan_mixture_opts){.count = 100000});
    gan_mlp_opts net = {.dim = 2, .latent = LATENT, .width = 128, .depth = 3};
    gan_module *G = gan_mlp_generator(ctx, net), *D = gan_mlp_discriminator(ctx, net);
    gan_optim_opts adam = gan_adam(5e-4);
    adam.beta2 = .9;
    gan_optim *opt_g = gan_optim_new(G, adam), *opt_d = gan_optim_new(D, adam);

    for (int step = 1; step <= STEPS && gan_ctx_status(ctx) == GAN_OK; step++) {
        double distance = 0;
        for (int i = 0; i < CRITIC_STEPS; i++) {
            gan_scope_begin(ctx);
            gan_tensor *real = gan_dataset_next(ring, BATCH).x, *fake = gan_detach(generate(ctx, G));
            gan_tensor *gap = gan_sub(gan_mean(gan_forward(D, real)), gan_mean(gan_forward(D, fake)));
            gan_optim_step(opt_d, gan_sub(penalty(D, real, fake), gap));
            distance = gan_item(gap);
            gan_scope_end(ctx);
        }
        gan_scope_begin(ctx);
        gan_optim_step(opt_g, gan_neg(gan_mean(gan_forward(D, generate(ctx, G)))));
        gan_scope_end(ctx);
        if (step % 250 == 0) printf("step %4d  estimated Wasserstein distance %.4f\n", step, distance);
    }

    gan_scope_begin(ctx);
    gan_no_record_begin(ctx);
    gan_write_grid(gan_forward(G, gan_randn(ctx, gan_shape2(2048, LATENT))), "ring-wgan-gp.png", (gan_grid_opts){.range = 1.5});
    gan_no_record_end(ctx);
    gan_scope_end(ctx);
    if (gan_ctx_status(ctx)) fprintf(stderr, "%s\n", gan_ctx_message(ctx));
    int failed = gan_ctx_status(ctx) != GAN_OK;
    gan_ctx_free(ctx);
    return failed;
}
