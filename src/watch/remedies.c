/* What can be tried: for each verdict, in the article's order, hyper-parameters first, then the loss, then the architecture. */
#include <stdio.h>
#include <string.h>

#include "watcher_impl.h"

/* --- names ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *title;
} kinds[] = {
    [GAN_WATCH_HEALTHY] = {"healthy", "healthy"},
    [GAN_WATCH_EQUILIBRIUM] = {"equilibrium", "equilibrium"},
    [GAN_WATCH_D_WON] = {"d_won", "D has won"},
    [GAN_WATCH_D_WEAK] = {"d_weak", "D is too weak"},
    [GAN_WATCH_COLLAPSE] = {"collapse", "mode collapse"},
    [GAN_WATCH_NOISE] = {"noise", "samples are noise"},
    [GAN_WATCH_OSCILLATION] = {"oscillation", "growing oscillation"},
    [GAN_WATCH_DRIFT] = {"drift", "steady drift"},
    [GAN_WATCH_SIGN_ERROR] = {"sign_error", "a sign or label error"},
    [GAN_WATCH_MEMORISES] = {"memorises", "D memorises the training set"},
    [GAN_WATCH_NONFINITE] = {"nonfinite", "not a finite number"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *gan_watch_name(gan_watch_kind kind) { return (unsigned)kind < KINDS ? kinds[kind].name : NULL; }
const char *gan_watch_title(gan_watch_kind kind) { return (unsigned)kind < KINDS ? kinds[kind].title : NULL; }
bool gan_watch_is_failure(gan_watch_kind kind) { return (unsigned)kind < KINDS && kind > GAN_WATCH_EQUILIBRIUM; }

/* --- the table -------------------------------------------------------------------------------------------- */

typedef enum fit { ANY, WITH_TARGETS, NO_CRITIC, NOT_WASSERSTEIN, IMAGES, UNCLIPPED } fit;

typedef struct remedy {
    gan_watch_kind kind;
    const char *stage, *advice, *how;
    fit fits;
    const char *trick, *more; /* if this trick is in use already: how there is more of it */
} remedy;

#define TUNE "tune"
#define LOSS "loss"
#define ARCHITECTURE "architecture"

static const remedy remedies[] = {
    {GAN_WATCH_D_WON, TUNE, "let D learn more slowly than G", "--set 'd.lr*=.3'", ANY, NULL, NULL},
    {GAN_WATCH_D_WON, TUNE, "noise on what D sees, fading", "--with instance_noise:sigma=.1,until=20000", ANY, "instance_noise",
     "--set 'instance_noise.sigma*=2'"},
    {GAN_WATCH_D_WON, TUNE, "let D wait while it is right too often", "--with balance:above=.8", NO_CRITIC, "balance",
     "--set 'balance.above*=.9'"},
    {GAN_WATCH_D_WON, TUNE, "labels that D cannot be sure of", "--with label_flip:p=.05", WITH_TARGETS, "label_flip",
     "--set 'label_flip.p*=2'"},
    {GAN_WATCH_D_WON, LOSS, "a penalty on D's gradient", "--with r1:weight=1", NOT_WASSERSTEIN, "r1", "--set 'r1.weight*=10'"},
    {GAN_WATCH_D_WON, LOSS, "a Wasserstein critic with a gradient penalty", "--preset wgan-gp", NOT_WASSERSTEIN, NULL, NULL},
    {GAN_WATCH_D_WON, ARCHITECTURE, "spectral norm in D", "--with spectral_norm", UNCLIPPED, NULL, NULL},

    {GAN_WATCH_D_WEAK, TUNE, "let D learn faster than G", "--set 'd.lr*=3'", ANY, NULL, NULL},
    {GAN_WATCH_D_WEAK, TUNE, "more steps of D for each of G", "--with critic_steps:n=2", ANY, NULL, NULL},
    {GAN_WATCH_D_WEAK, LOSS, "a loss that judges reals and fakes against each other", "--preset rpgan", ANY, NULL, NULL},
    {GAN_WATCH_D_WEAK, ARCHITECTURE, "wider nets", "--set net.features=128", IMAGES, NULL, NULL},
    {GAN_WATCH_D_WEAK, ARCHITECTURE, "residual blocks", "--with residual", IMAGES, NULL, NULL},

    {GAN_WATCH_COLLAPSE, TUNE, "smaller rates, from the start", "--set 'lr*=.3'", ANY, NULL, NULL},
    {GAN_WATCH_COLLAPSE, TUNE, "D goes on judging old fakes", "--with replay", ANY, "replay", "--set replay.rooms=200"},
    {GAN_WATCH_COLLAPSE, TUNE, "D judges two samples at once", "--with packing:m=2", ANY, NULL, NULL},
    {GAN_WATCH_COLLAPSE, LOSS, "different latents must give different samples", "--with mode_seeking:weight=1", ANY,
     "mode_seeking", "--set 'mode_seeking.weight*=3'"},
    {GAN_WATCH_COLLAPSE, LOSS, "a loss that judges reals and fakes in pairs, with penalties", "--preset rpgan", ANY, NULL, NULL},
    {GAN_WATCH_COLLAPSE, ARCHITECTURE, "D looks at the batch", "--with minibatch_stddev", ANY, NULL, NULL},

    {GAN_WATCH_NOISE, TUNE, "smaller rates, from the start", "--set 'lr*=.3'", ANY, NULL, NULL},
    {GAN_WATCH_NOISE, TUNE, "noise on what D sees, fading", "--with instance_noise:sigma=.1,until=20000", ANY, "instance_noise",
     "--set 'instance_noise.sigma*=2'"},
    {GAN_WATCH_NOISE, LOSS, "what G makes against pixels, early", "--with pixel_loss:kind=moments,until=2000", ANY, "pixel_loss",
     "--set 'pixel_loss.weight*=3'"},
    {GAN_WATCH_NOISE, LOSS, "a Wasserstein critic with a gradient penalty", "--preset wgan-gp", NOT_WASSERSTEIN, NULL, NULL},
    {GAN_WATCH_NOISE, ARCHITECTURE, "nearest neighbour and convolution in G", "--with upsampling:kind=nearest", IMAGES, NULL,
     NULL},

    {GAN_WATCH_OSCILLATION, TUNE, "smaller rates", "--set 'lr*=.3'", ANY, NULL, NULL},
    {GAN_WATCH_OSCILLATION, TUNE, "noise on what D sees, fading", "--with instance_noise:sigma=.1,until=20000", ANY,
     "instance_noise", "--set 'instance_noise.sigma*=2'"},
    {GAN_WATCH_OSCILLATION, TUNE, "less momentum", "--set beta1=0", ANY, NULL, NULL},
    {GAN_WATCH_OSCILLATION, LOSS, "a penalty on D's gradient", "--with r1:weight=1", NOT_WASSERSTEIN, "r1",
     "--set 'r1.weight*=10'"},
    {GAN_WATCH_OSCILLATION, ARCHITECTURE, "spectral norm in D", "--with spectral_norm", UNCLIPPED, NULL, NULL},

    {GAN_WATCH_DRIFT, TUNE, "smaller rates", "--set 'lr*=.3'", ANY, NULL, NULL},
    {GAN_WATCH_DRIFT, TUNE, "weights that do not grow without bounds", "--with weight_decay:d=1e-4", ANY, NULL, NULL},
    {GAN_WATCH_DRIFT, LOSS, "a penalty on D's gradient", "--with r1:weight=1", NOT_WASSERSTEIN, "r1", "--set 'r1.weight*=10'"},
    {GAN_WATCH_DRIFT, ARCHITECTURE, "spectral norm in D", "--with spectral_norm", UNCLIPPED, NULL, NULL},

    {GAN_WATCH_SIGN_ERROR, TUNE, "targets: D's for reals and fakes, and G's for fakes, must disagree",
     "--set loss.real_target=1 --set loss.fake_target=0 --set loss.gen_target=1", WITH_TARGETS, NULL, NULL},
    {GAN_WATCH_SIGN_ERROR, TUNE, "look at the signs of the two losses, and at which samples go where", "", ANY, NULL, NULL},

    {GAN_WATCH_MEMORISES, TUNE, "random changes on all that D sees", "--with augment", IMAGES, "augment",
     "--set 'augment.translation*=2'"},
    {GAN_WATCH_MEMORISES, TUNE, "dropout in D", "--with dropout:d=.3", ANY, NULL, NULL},
    {GAN_WATCH_MEMORISES, TUNE, "L2 on D's weights; if it is in use, more of it", "--with weight_decay:d=1e-4", ANY, NULL, NULL},
    {GAN_WATCH_MEMORISES, TUNE, "soft labels", "--with soft_labels:real=.9", WITH_TARGETS, NULL, NULL},
    {GAN_WATCH_MEMORISES, LOSS, "a penalty on D's gradient at reals", "--with r1:weight=1", NOT_WASSERSTEIN, "r1",
     "--set 'r1.weight*=10'"},
    {GAN_WATCH_MEMORISES, ARCHITECTURE, "narrower nets", "--set net.features=32", IMAGES, NULL, NULL},

    {GAN_WATCH_NONFINITE, TUNE, "smaller rates, from the last good checkpoint (--from good)", "--set 'lr*=.1'", ANY, NULL, NULL},
    {GAN_WATCH_NONFINITE, TUNE, "gradients held to a norm", "--set g.clip_norm=1 --set d.clip_norm=1", ANY, NULL, NULL},
    {GAN_WATCH_NONFINITE, LOSS, "a loss on logits that cannot run away", "--preset hinge", ANY, NULL, NULL},
    {GAN_WATCH_NONFINITE, ARCHITECTURE, "spectral norm in D", "--with spectral_norm", UNCLIPPED, NULL, NULL},
};

static bool in_use(const char *list, const char *name) {
    size_t n = name ? strlen(name) : 0;
    for (const char *at = list; n && list && (at = strstr(at, name)); at += n)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n])) return true;
    return false;
}

static bool fits(const remedy *r, const gan_watch_opts *opts) {
    const gan_loss *loss = &opts->loss;
    const gan_loss_info *info = gan_loss_info_of(loss->kind);
    switch (r->fits) {
    case ANY: break;
    case WITH_TARGETS: return info->takes_targets;
    case NO_CRITIC: return !info->critic;
    case NOT_WASSERSTEIN: return loss->kind != GAN_LOSS_WASSERSTEIN;
    case IMAGES: return !opts->points;
    case UNCLIPPED: return !in_use(opts->in_use, "weight_clip"); /* the clip would go at weights that the norm divides */
    }
    return true;
}

void gan__watch_remedies(const gan_watcher *w, gan_watch_verdict *v) {
    v->n_remedies = 0;
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies && v->n_remedies < GAN_WATCH_REMEDIES; i++) {
        const remedy *r = &remedies[i];
        if (r->kind != v->kind || !fits(r, &w->opts)) continue;
        gan_watch_remedy *to = &v->remedies[v->n_remedies++];
        to->stage = r->stage, to->advice = r->advice;
        snprintf(to->how, sizeof to->how, "%s", in_use(w->in_use, r->trick) ? r->more : r->how);
    }
}
