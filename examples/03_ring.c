/* A GAN on eight Gaussians in a ring, by the trainer: the relativistic pairing loss with gradient penalties on both sides
 * (2501.05441), under which no mode is lost. Leaves scatter plots of its samples in runs/ring/samples; Ctrl-C ends it after the
 * current step, with a checkpoint. */
#include <gan/gan.h>
#include <signal.h>
#include <stdio.h>

static gan_trainer *volatile running; /* for the signal handler */

static void on_signal(int number) {
    (void)number;
    gan_trainer_stop(running);
}

static bool report(void *user, gan_trainer *t, const gan_step_info *s) {
    (void)user, (void)t;
    if (s->step % 1000 == 0)
        printf("step %5lld  D %.3f  G %.3f\n", (long long)s->step, s->d_loss, s->g_loss);
    return true;
}

int main(void) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
    gan_dataset *ring = gan_ring_data(ctx, (gan_mixture_opts){.count = 100000});
    gan_mlp_opts net = {.dim = 2, .latent = 16, .width = 128, .depth = 3};
    gan_module *G = gan_mlp_generator(ctx, net), *D = gan_mlp_discriminator(ctx, net);

    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 256;
    o.loss = gan_loss_relativistic_pairing();
    o.g = o.d = gan_adam(1e-3);
    o.g.beta1 = o.d.beta1 = 0;
    o.ema = .99;
    gan_trainer *t = gan_trainer_new(G, D, ring, o);
    gan_schedule gamma = gan_constant(.05);
    gan_trainer_use(t, gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R1, gamma, 1}));
    gan_trainer_use(t, gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R2, gamma, 1}));
    running = t;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    gan_status status = gan_train(t, (gan_train_opts){.steps = 4000, .out = "runs/ring", .sample_every = 1000, .samples = 2048,
                                                      .on_step = report});
    if (status) fprintf(stderr, "%s\n", gan_ctx_message(ctx));
    gan_ctx_free(ctx);
    return status != GAN_OK;
}
