#include <gan/preset.h>

#include <string.h>

#include "../base/ctx_impl.h"

/* --- parts ---------------------------------------------------------------------------------------------------- */

static gan_optim_opts adam(double lr, double beta1, double beta2) {
    gan_optim_opts o = gan_adam(lr);
    o.beta1 = beta1, o.beta2 = beta2;
    return o;
}

static void optimisers(gan_preset *p, gan_optim_opts g, gan_optim_opts d) { p->trainer.g = g, p->trainer.d = d; }

/* A penalty on the gradient at each sample is meaningless where samples are normalised together (1704.00028, 4); without any norm
 * DCGAN's small weights leave D blind for long, and G collapses. */
static void d_norm_for_penalties(gan_preset *p) { p->image.d_norm = GAN_NORM_LAYER; }

static void d_spectral(gan_preset *p) { p->image.d_spectral = p->points.d_spectral = true; }

/* --- the presets ---------------------------------------------------------------------------------------------- */

static void dcgan(gan_preset *p) { (void)p; }

static void lsgan(gan_preset *p) { p->trainer.loss = gan_loss_least_squares(); }

static void wgan(gan_preset *p) {
    p->trainer.loss = gan_loss_wasserstein();
    optimisers(p, gan_rmsprop(5e-5), gan_rmsprop(5e-5));
    p->trainer.n_critic = 5;
    p->tricks[0] = "weight_clip:c=0.01";
}

static void wgan_gp(gan_preset *p) {
    p->trainer.loss = gan_loss_wasserstein();
    optimisers(p, adam(1e-4, 0, .9), adam(1e-4, 0, .9));
    p->trainer.n_critic = 5;
    d_norm_for_penalties(p);
    p->tricks[0] = "wgan_gp:weight=10";
}

static void dragan(gan_preset *p) {
    d_norm_for_penalties(p);
    p->tricks[0] = "dragan:weight=10";
}

static void hinge(gan_preset *p) {
    p->trainer.loss = gan_loss_hinge();
    optimisers(p, adam(2e-4, 0, .9), adam(2e-4, 0, .9));
    d_spectral(p);
}

static void ragan(gan_preset *p) {
    p->trainer.loss = gan_loss_relativistic_average();
}

static void rpgan(gan_preset *p) {
    p->trainer.loss = gan_loss_relativistic_pairing();
    optimisers(p, adam(2e-4, 0, .99), adam(2e-4, 0, .99));
    d_norm_for_penalties(p);
    p->tricks[0] = "r1:weight=0.1"; /* to be tuned: larger images bear more */
    p->tricks[1] = "r2:weight=0.1";
}

static void sngan(gan_preset *p) {
    hinge(p);
    p->trainer.n_critic = 5;
    p->residual = true;
}

/* SAGAN's rates, and what holds its D: with batch norm alone so fast a D wins. */
static void ttur(gan_preset *p) {
    hinge(p);
    optimisers(p, adam(1e-4, 0, .9), adam(4e-4, 0, .9));
}

static void sagan(gan_preset *p) {
    ttur(p);
    p->image.g_spectral = p->points.g_spectral = true;
    p->image.g_attention = p->image.d_attention = 16;
    p->residual = true;
}

static void pacgan(gan_preset *p) { p->trainer.pack = p->image.pack = p->points.pack = 2; }

static void unrolled(gan_preset *p) {
    p->trainer.loss = gan_loss_minimax();
    p->trainer.simultaneous = true;
    optimisers(p, adam(1e-3, .5, .999), adam(1e-4, .5, .999)); /* of its 2-D demonstration: with G the slower, D wins at once */
    p->tricks[0] = "lookahead:steps=5";
}

static void improved(gan_preset *p) {
    p->trainer.loss.real_target = .9;
    p->image.minibatch = p->points.minibatch = GAN_MINIBATCH_DISCRIMINATION;
    p->image.g_norm = p->points.g_norm = GAN_NORM_VIRTUAL;
    p->tricks[0] = "historical_averaging:g=0.001,d=0.001";
    p->tricks[1] = "feature_matching";
}

static void softmax(gan_preset *p) {
    p->trainer.loss = gan_loss_softmax();
    p->image.logits = p->points.logits = 2;
}

static void generators(gan_preset *p, int k) { p->image.generators = p->points.generators = k; }

static void mad_gan(gan_preset *p) {
    generators(p, 4);
    p->trainer.loss = gan_loss_mad_gan();
    p->image.logits = p->points.logits = 5;
}

static void mgan(gan_preset *p) {
    generators(p, 10);
    p->trainer.batch = 120;
    p->image.aux = p->points.aux = 10;
    p->tricks[0] = "generator_classifier:g=0.01,d=1";
}

static const struct {
    const char *name, *paper, *brief;
    void (*fill)(gan_preset *p);
} presets[] = {
    {"dcgan", "1511.06434", "non-saturating, batch norm in both, Adam 2e-4 with beta1 .5", dcgan},
    {"lsgan", "1611.04076", "least squares, else as dcgan", lsgan},
    {"wgan", "1701.07875", "Wasserstein, weights clipped to .01, RMSProp 5e-5, 5 steps of D", wgan},
    {"wgan-gp", "1704.00028", "Wasserstein, penalty 10, layer norm in D, Adam 1e-4 (0, .9), 5 steps of D", wgan_gp},
    {"dragan", "1705.07215", "non-saturating, penalty 10 around the reals, layer norm in D, else as dcgan", dragan},
    {"hinge", "1705.02894, 1802.05957", "hinge, spectral norm in D, Adam 2e-4 (0, .9)", hinge},
    {"ragan", "1807.00734", "relativistic average, else as dcgan", ragan},
    {"rpgan", "2501.05441", "relativistic pairing, R1 and R2, layer norm in D, Adam 2e-4 (0, .99)", rpgan},
    {"sngan", "1802.05957", "hinge, spectral norm in D, residual nets, 5 steps of D", sngan},
    {"sagan", "1805.08318", "hinge, spectral norm in both, self-attention at 16 x 16, G 1e-4, D 4e-4", sagan},
    {"ttur", "1706.08500, 1805.08318", "as hinge, with G 1e-4 and D 4e-4", ttur},
    {"pacgan", "1712.04086", "as dcgan, D judges 2 samples at once", pacgan},
    {"unrolled", "1611.02163", "minimax, G looks 5 steps of D ahead, steps at once, G 1e-3, D 1e-4 (.5, .999)", unrolled},
    {"improved", "1606.03498",
     "feature matching, minibatch discrimination, historical averaging, virtual batch norm, soft labels", improved},
    {"mad-gan", "1704.02906", "4 generators, D names the one that made a fake, else as dcgan", mad_gan},
    {"mgan", "1708.02556", "10 generators, told apart by a classifier (1 in D's loss, .01 in G's), else as dcgan", mgan},
    {"softmax", "", "softmax over real and fake with cross-entropy, else as dcgan", softmax},
};
enum { PRESETS = sizeof presets / sizeof *presets };

const char *gan_preset_name(int index) { return index >= 0 && index < PRESETS ? presets[index].name : NULL; }

gan_preset gan_preset_of(const char *name) {
    for (int i = 0; i < PRESETS; i++) {
        if (!name || strcmp(presets[i].name, name)) continue;
        gan_preset p = {presets[i].name, presets[i].paper, presets[i].brief, .trainer = gan_trainer_defaults()};
        presets[i].fill(&p);
        return p;
    }
    return (gan_preset){.name = NULL};
}

void gan_preset_use(const gan_preset *p, gan_trainer *t) {
    gan_ctx *ctx = gan_module_ctx(gan_trainer_generator(t));
    for (int i = 0; i < GAN_PRESET_TRICKS && p->tricks[i] && gan__ok(ctx); i++)
        gan_trainer_use(t, gan_trick_parse(ctx, p->tricks[i]));
}
