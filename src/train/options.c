#include "options.h"

#include <math.h>
#include <stddef.h>

#include "../optim/schedule_options.h"

static const char *const optimisers[] = {"adam", "rmsprop", "sgd", NULL}; /* by gan_optim_kind */
static const char *const losses[] =
    {/* by gan_loss_kind */
     "non_saturating",       "least_squares", "minimax",         "wasserstein", "hinge", "relativistic_average",
     "relativistic_pairing", "softmax",       "softmax_classes", "mad_gan",     NULL};

static const char *const latents[] = {"normal", "uniform", "truncated", NULL}; /* by gan_latent_kind */

#define AT(field) offsetof(gan_trainer_opts, field)
#define ROW(named, type, field, what, ...) GAN_OPTION_ROW(named, type, AT(field), what, __VA_ARGS__)
#define FRACTION .high = 1, .high_open = true
#define POSITIVE .high = INFINITY

#define OPTIMISER(p, whose)                                                                                                      \
    ROW(#p ".kind", WORD, p.kind, whose " optimiser", .words = optimisers),                                                      \
        ROW(#p ".lr", NUMBER, p.lr, whose " learning rate", POSITIVE), ROW(#p ".beta1", NUMBER, p.beta1, "Adam", FRACTION),      \
        ROW(#p ".beta2", NUMBER, p.beta2, "Adam", FRACTION),                                                                     \
        ROW(#p ".eps", NUMBER, p.eps, "Adam, RMSProp: added to the root", POSITIVE),                                             \
        ROW(#p ".alpha", NUMBER, p.alpha, "RMSProp: smoothing of the squares", FRACTION),                                        \
        ROW(#p ".momentum", NUMBER, p.momentum, "SGD, RMSProp", FRACTION),                                                       \
        ROW(#p ".weight_decay", NUMBER, p.weight_decay, "L2, in the optimiser", POSITIVE),                                       \
        ROW(#p ".decoupled", BOOL, p.decoupled, "Adam: weight decay apart from the gradient"),                                   \
        ROW(#p ".amsgrad", BOOL, p.amsgrad, "Adam: the largest second moment so far"),                                           \
        ROW(#p ".clip_norm", NUMBER, p.clip_norm, "the gradient's norm is held to this; 0: not", POSITIVE),                      \
        ROW(#p ".clip_value", NUMBER, p.clip_value, "the gradient's elements are held to this; 0: not", POSITIVE)

const gan_option gan__trainer_options[] = {
    OPTIMISER(g, "G's"),
    GAN__SCHEDULE("g.rate", AT(g_rate), 0, INFINITY, "factor of g.lr, by the step"),
    OPTIMISER(d, "D's"),
    GAN__SCHEDULE("d.rate", AT(d_rate), 0, INFINITY, "factor of d.lr, by the step"),
    ROW("loss", WORD, loss.kind, "the game", .words = losses),
    ROW("loss.real_target", NUMBER, loss.real_target, "D's target on reals; .9: soft labels"),
    ROW("loss.fake_target", NUMBER, loss.fake_target, "D's target on fakes"),
    ROW("loss.gen_target", NUMBER, loss.gen_target, "G's target"),
    ROW("batch", INT64, batch, "D's verdicts on each side, in a step", .low = 1, .high = INFINITY),
    ROW("pack", INT, pack, "samples that D judges at once", .low = 1, .high = 64),
    ROW("latent", INT64, latent, "length of G's latents; 0: as G takes them", POSITIVE),
    ROW("latents", WORD, latents, "how they are distributed", .words = latents),
    ROW("truncation", NUMBER, truncation, "of truncated latents: the largest magnitude", POSITIVE),
    ROW("generators", INT, generators, "that G consists of; 0: as it says itself", .high = GAN_MAX_BRANCHES),
    ROW("n_critic", INT, n_critic, "D's steps for each of G", .low = 1, .high = INFINITY),
    ROW("simultaneous", BOOL, simultaneous, "both gradients before either player moves"),
    ROW("ema", NUMBER, ema, "decay of G's average; 0: none is kept", FRACTION),
    ROW("ema_start", INT64, ema_start, "steps before the average begins", POSITIVE),
    {.name = NULL},
};
