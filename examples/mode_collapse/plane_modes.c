/* The ring of 8 and the grid of 25 Gaussians, by PacGAN's nets and settings (1712.04086 and its code): what a plain GAN loses,
 * what packing gets back, and what a combination of tricks reaches. */
#include <math.h>

#include "experiment.h"

enum { RING, GRID };
enum { PLAIN, PAC2, BEST };
/* Batch norm's statistics are estimated from so many batches, each as large as G's in training: a G that is steep between modes makes
 * much of small errors in them. */
enum { SAMPLES = 2500, BATCHES = 400 };

static const experiment_published published[] = {
    {"ring", "GAN (PacGAN, 400,000 steps, 10 seeds)", {"6.3 +- .5", "98.2", ".45"}},
    {"ring", "ALI", {"6.6 +- .3", "97.6", ".36"}},
    {"ring", "PacGAN2", {"7.9 +- .1", "95.6", ".07"}},
    {"ring", "PacGAN3", {"7.8 +- .1", "97.7", ".10"}},
    {"ring", "PacGAN4", {"7.8 +- .1", "95.9", ".07"}},
    {"grid", "GAN (PacGAN, 400,000 steps, 10 seeds)", {"17.3 +- .8", "94.8", ".70"}},
    {"grid", "ALI", {"24.1 +- .4", "95.7", ".14"}},
    {"grid", "PacGAN2", {"23.8 +- .7", "91.3", ".13"}},
    {"grid", "PacGAN3", {"24.6 +- .4", "94.2", ".06"}},
    {"grid", "PacGAN4", {"24.8 +- .2", "93.6", ".04"}},
    {0},
};

static gan_tensor *means_of(gan_ctx *ctx, int data) { return data == RING ? gan_ring_means(ctx) : gan_grid_means(ctx); }
static double std_of(int data) { return data == RING ? GAN_RING_STD : GAN_GRID_STD; }

/* Relativistic pairing with R1 and R2 (2501.05441) of pairs of samples (PacGAN2), with noise on what D sees. It falls from a quarter
 * of the distance between modes, where they run into each other and mass can flow, to a twenty-fifth, and stays there: G is judged
 * without, but where D saw no noise in the end the shares of modes stayed as they were. The penalties are weak, since a D that tells
 * apart what such noise blurs has slopes near 1/sigma; without them modes were lost late. Rates go to nothing at the end; G is averaged.
 * Nets are narrower than PacGAN's: on the grid they are better at this rate, and cheaper. G has no batch norm: a batch's statistics
 * shake its samples by more than a mode is wide, and keep it from getting steep between modes. */
static void use_best(gan_ctx *ctx, gan_trainer *t, const experiment_run *run) {
    double between = run->data == RING ? 2 * sin(3.14159265358979 / 8) : 2, last = between / 25;
    gan_schedule sigma = gan_exponential_decay(between / 4, last, run->steps * 2 / 5), gamma = gan_constant(.3 * last * last);
    gan_trainer_use(t, gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R1, gamma, 1}));
    gan_trainer_use(t, gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R2, gamma, 1}));
    gan_trainer_use(t, gan_instance_noise(ctx, (gan_instance_noise_opts){sigma}));
}

static gan_trainer_opts options_of(const experiment_run *run) {
    gan_trainer_opts o = gan_trainer_defaults();
    o.loss = gan_loss_non_saturating();
    o.batch = 100;
    o.pack = run->method == PLAIN ? 1 : 2;
    o.g = o.d = gan_adam(1e-4);
    o.g.beta1 = o.d.beta1 = .8;
    o.g.beta2 = o.d.beta2 = .999;
    o.simultaneous = true;
    o.ema = 0;
    if (run->method == BEST) {
        o.loss = gan_loss_relativistic_pairing();
        o.g = o.d = gan_adam(1e-3);
        o.g.beta1 = o.d.beta1 = 0;
        o.g.beta2 = o.d.beta2 = .99;
        o.g_rate = gan_cosine_decay(1, 0, run->steps);
        o.g_rate.from = run->steps * 3 / 5;
        o.d_rate = o.g_rate;
        o.ema = .999;
    }
    return o;
}

static gan_trainer *set_up(gan_ctx *ctx, const experiment_run *run) {
    gan_trainer_opts o = options_of(run);
    gan_mixture_opts points = {.count = 100000};
    gan_dataset *data = run->data == RING ? gan_ring_data(ctx, points) : gan_grid_data(ctx, points);
    bool best = run->method == BEST;
    int64_t width = best ? 128 : 200;
    gan_norm_kind norm = best ? GAN_NORM_NONE : GAN_NORM_BATCH;
    gan_module *G = gan_mlp_generator(ctx, (gan_mlp_opts){.latent = 2, .width = 2 * width, .depth = 4, .g_norm = norm});
    gan_module *D = gan_mlp_discriminator(ctx, (gan_mlp_opts){.width = width, .depth = 3, .maxout = 5, .pack = o.pack});
    gan_module_init(G, best ? gan_init_he() : gan_init_dcgan());
    gan_module_init(D, gan_init_dcgan());
    gan_trainer *t = gan_trainer_new(G, D, data, o);
    if (best) use_best(ctx, t, run);
    return t;
}

static void figures_of(gan_modes m, double figures[EXPERIMENT_FIGURES]) {
    figures[0] = (double)m.captured, figures[1] = m.high_quality, figures[2] = m.reverse_kl;
}

static void measure(gan_ctx *ctx, const experiment_run *run, gan_trainer *t, double figures[EXPERIMENT_FIGURES]) {
    gan_trainer_opts o = options_of(run);
    gan_scope_begin(ctx);
    gan_module *G = gan_trainer_generator(t);
    const gan_set *average = gan_trainer_average(t);
    gan_batch_norm_refresh(G, average, gan_trainer_latents(t, BATCHES * o.batch * o.pack, 54321, 0), BATCHES);
    gan_tensor *x = gan_generate(G, SAMPLES, (gan_generate_opts){.set = average, .latent = 2, .seed = 12345});
    figures_of(gan_mixture_modes(x, means_of(ctx, run->data), std_of(run->data)), figures);
    gan_scope_end(ctx);
}

static void perfect(gan_ctx *ctx, int data, uint64_t seed, double figures[EXPERIMENT_FIGURES]) {
    gan_scope_begin(ctx);
    figures_of(gan_perfect_mixture(means_of(ctx, data), std_of(data), SAMPLES, seed), figures);
    gan_scope_end(ctx);
}

int main(int argc, char **argv) {
    static const experiment e = {
        .title = "2-D mixtures: 2,500 samples of fixed latents; high quality is within 3 std of a mean",
        .data = {"ring", "grid"},
        .methods = {"gan", "pacgan2", "best"},
        .figures = {"modes", "high quality, %", "reverse KL"},
        .factor = {1, 100, 1},
        .default_steps = "40000",
        .samples = SAMPLES,
        .published = published,
        .set_up = set_up,
        .measure = measure,
        .perfect = perfect,
    };
    return experiment_main(argc, argv, &e);
}
