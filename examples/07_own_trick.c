/* A trick of one's own: G is also held to the mean and the spread of each batch of reals, strongly at first and then no more.
 *
 * A trick is a struct of functions, the same as the built-in ones are. This one is a term of G's loss; its schedule, its interval and
 * its place in checkpoints come with the mechanism. */
#include <gan/gan.h>
#include <stdio.h>

typedef struct match_data {
    double spread; /* how much the deviations count beside the means */
} match_data;

/* |mean(fake) - mean(real)|^2 + spread*|std(fake) - std(real)|^2, over the batch. */
static gan_tensor *term(gan_trick *trick, const gan_turn *turn) {
    if (turn->player != GAN_PLAYER_G) return NULL;
    const match_data *d = gan_trick_data(trick);
    unsigned over = GAN_AXIS(0);
    gan_tensor *mean = gan_sub(gan_mean_axes(turn->fake, over, false), gan_mean_axes(turn->real.x, over, false));
    gan_tensor *std = gan_sub(gan_std_axes(turn->fake, over, false), gan_std_axes(turn->real.x, over, false));
    return gan_add(gan_sum(gan_square(mean)), gan_scale(gan_sum(gan_square(std)), d->spread));
}

static const gan_trick_type match_type = {.name = "match_moments", .data_bytes = sizeof(match_data), .term = term};

static gan_trick *match_moments(gan_ctx *ctx, double weight, int64_t until) {
    gan_trick *trick = gan_trick_new(ctx, &match_type, (gan_trick_opts){.weight = gan_linear_decay(weight, 0, until)});
    if (!gan_trick_is_nil(trick)) ((match_data *)gan_trick_data(trick))->spread = 1;
    return trick;
}

int main(void) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
    gan_dataset *ring = gan_ring_data(ctx, (gan_mixture_opts){.count = 10000});
    gan_mlp_opts net = {.dim = 2, .latent = 16, .width = 64, .depth = 2};
    gan_module *G = gan_mlp_generator(ctx, net), *D = gan_mlp_discriminator(ctx, net);

    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 128;
    gan_trainer *t = gan_trainer_new(G, D, ring, o);
    gan_trainer_use(t, match_moments(ctx, 10, 500));
    gan_trainer_use(t, gan_instance_noise(ctx, (gan_instance_noise_opts){.sigma = gan_linear_decay(.3, 0, 1000)}));

    for (int i = 1; i <= 1000 && gan_ctx_status(ctx) == GAN_OK; i++) {
        gan_step_info info;
        gan_trainer_step(t, &info);
        if (i % 250 == 0) printf("step %4d  D %.3f  G %.3f (its own loss and all terms)\n", i, info.d_loss, info.g_loss);
    }
    if (gan_ctx_status(ctx)) fprintf(stderr, "%s\n", gan_ctx_message(ctx));
    int failed = gan_ctx_status(ctx) != GAN_OK;
    gan_ctx_free(ctx);
    return failed;
}
