#include "article.h"

#include <string.h>

#define SETTINGS(...)                                                                                                            \
    (const gan__row_option[]) {                                                                                                  \
        __VA_ARGS__, { .name = NULL }                                                                                            \
    }
#define ONE(alias, key, value)                                                                                                   \
    { alias, {key, NULL}, value }
#define BOTH(alias, g, d, value)                                                                                                 \
    { alias, {g, d}, value }

static const gan__row rows[] = {
    /* 1.1 mode collapse: training */
    {{"minibatch_discrimination", "1.1a", "D", "D looks at a batch, not at single samples", "1606.03498",
      "--with minibatch_discrimination:kernels=100", "net.minibatch = GAN_MINIBATCH_DISCRIMINATION;"},
     SETTINGS(ONE("", "net.minibatch", "discrimination"), ONE("kernels", "net.kernels", NULL), ONE("dims", "net.dims", NULL))},
    {{"minibatch_stddev", "1.1a", "D", "the light form: deviations over the batch, as a channel", "1710.10196",
      "--with minibatch_stddev:group=4", "net.minibatch = GAN_MINIBATCH_STDDEV;"},
     SETTINGS(ONE("", "net.minibatch", "stddev"), ONE("group", "net.group", NULL))},
    {{"replay", "1.1b", "D", "experience replay: D goes on judging old fakes", "1612.07828", "--with replay:rooms=50,p=0.5",
      "gan_trainer_use(t, gan_replay(ctx, gan_replay_defaults()));"},
     NULL},
    {{"learning_rate", "1.1c", "both", "a rate for each player, and how it changes", "1706.08500",
      "--with learning_rate:g=1e-4,shape=cosine,until=20000", "o.g.lr = 1e-4; o.g_rate = gan_cosine_decay(1, 0, 20000);"},
     SETTINGS(BOTH("both", "g.lr", "d.lr", NULL), ONE("g", "g.lr", NULL), ONE("d", "d.lr", NULL),
              BOTH("shape", "g.rate.shape", "d.rate.shape", NULL), BOTH("to", "g.rate.to", "d.rate.to", NULL),
              BOTH("from", "g.rate.from", "d.rate.from", NULL), BOTH("until", "g.rate.until", "d.rate.until", NULL),
              BOTH("factor", "g.rate.factor", "d.rate.factor", NULL), BOTH("every", "g.rate.every", "d.rate.every", NULL),
              BOTH("warmup", "g.rate.warmup", "d.rate.warmup", NULL))},
    {{"feature_matching", "1.1d", "G", "G aims at the means of D's features", "1606.03498", "--with feature_matching:weight=1",
      "gan_trainer_use(t, gan_feature_matching(ctx, gan_feature_matching_defaults()));"},
     NULL},
    {{"packing", "1.1e", "D", "D judges m samples at once", "1712.04086", "--with packing:m=2", "o.pack = net.pack = 2;"},
     SETTINGS(ONE("m", "pack", "2"))},
    {{"lookahead", "1.1f", "G", "G answers D's next steps (unrolled GAN)", "1611.02163", "--with lookahead:steps=5",
      "gan_trainer_use(t, gan_lookahead(ctx, (gan_lookahead_opts){.steps = 5}));"},
     NULL},
    {{"historical_averaging", "1.1", "both", "each player is drawn to the mean of its past", "1606.03498",
      "--with historical_averaging:g=0.01,d=0.01",
      "gan_historical_averaging(ctx, (gan_historical_averaging_opts){gan_constant(.01), gan_constant(.01)})"},
     NULL},
    {{"virtual_batch_norm", "1.1", "G", "statistics of a reference batch instead of the sample's neighbours", "1606.03498",
      "--with virtual_batch_norm", "net.g_norm = GAN_NORM_VIRTUAL;"},
     SETTINGS(ONE("", "net.g_norm", "virtual"), ONE("reference", "net.reference", NULL))},

    /* 1.2 mode collapse: objective */
    {{"loss", "1.2a, 2b", "both", "the game; softmax is the article's softmax with cross-entropy", "see loss.h",
      "--with loss:kind=least_squares", "o.loss = gan_loss_least_squares();"},
     SETTINGS(ONE("kind", "loss", NULL))},
    {{"weight_clip", "1.2a", "D", "holds a Wasserstein critic's weights to a box", "1701.07875", "--with weight_clip:c=0.01",
      "gan_trainer_use(t, gan_weight_clip(ctx, (gan_weight_clip_opts){.c = .01}));"},
     NULL},
    {{"wgan_gp", "1.2b, 6g", "D", "gradient penalty between reals and fakes", "1704.00028", "--with wgan_gp:weight=10",
      "gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_WGAN_GP, gan_constant(10), 1})"},
     NULL},
    {{"dragan", "1.2b, 6g", "D", "gradient penalty around the reals", "1705.07215", "--with dragan:weight=10",
      "gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_DRAGAN, gan_constant(10), 1})"},
     NULL},
    {{"r1", "1.2b, 6g", "D", "gradient penalty on reals, to 0", "1801.04406", "--with r1:weight=1,interval=16",
      "gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R1, gan_constant(1), 16})"},
     NULL},
    {{"r2", "1.2b, 6g", "D", "gradient penalty on fakes, to 0", "1801.04406", "--with r2:weight=1",
      "gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R2, gan_constant(1), 1})"},
     NULL},
    {{"pixel_loss", "1.2c", "G", "what G makes against pixels, especially early", "1611.07004",
      "--with pixel_loss:kind=nearest,until=5000",
      "gan_trainer_use(t, gan_pixel_loss(ctx, gan_pixel_loss_defaults(GAN_PIXEL_NEAREST)));"},
     NULL},
    {{"mode_seeking", "1.2d", "G", "different latents must give different samples", "1903.05628", "--with mode_seeking:weight=1",
      "gan_trainer_use(t, gan_mode_seeking(ctx, gan_mode_seeking_defaults()));"},
     NULL},
    {{"weight_penalty", "1.2e, 4a", "both", "L1 and L2 on weights, in the loss", "", "--with weight_penalty:d_l2=1e-4,g_l2=0",
      "gan_trainer_use(t, gan_weight_penalty(ctx, gan_weight_penalty_defaults()));"},
     NULL},
    {{"weight_decay", "1.2e, 4a", "both", "L2 on weights, in the optimiser", "1711.05101",
      "--with weight_decay:d=1e-4,decoupled=true", "o.d.weight_decay = 1e-4; o.d.decoupled = true;"},
     SETTINGS(ONE("g", "g.weight_decay", NULL), ONE("d", "d.weight_decay", NULL),
              BOTH("decoupled", "g.decoupled", "d.decoupled", NULL))},

    /* 1.3 mode collapse: architecture */
    {{"generators", "1.3a", "G", "several, which share all but their first layer; for loss=mad_gan or generator_classifier",
      "1704.02906, 1708.02556", "--with generators:k=4", "net.generators = 4;"},
     SETTINGS(ONE("k", "net.generators", "4"), ONE("separate", "net.separate", NULL))},
    {{"generator_classifier", "1.3a", "both", "each of several generators makes what it can be told by (MGAN)", "1708.02556",
      "--with generators:k=4 --with generator_classifier:g=0.01",
      "gan_trainer_use(t, gan_generator_classifier(ctx, gan_generator_classifier_defaults()));"},
     NULL},
    {{"self_attention", "1.3b", "both", "any place of an image sees any other", "1805.08318", "--with self_attention:g=16,d=16",
      "net.g_attention = net.d_attention = 16;"},
     SETTINGS(ONE("g", "net.g_attention", "16"), ONE("d", "net.d_attention", "16"))},

    /* 2 slow training, vanishing gradients */
    {{"residual", "2a", "both", "residual blocks", "1802.05957", "--with residual", "gan_resnet_generator(ctx, net)"},
     SETTINGS(ONE("", "net.model", "resnet"))},
    {{"optimiser", "2c, 6b", "both", "Adam, the default, RMSProp or SGD with momentum", "1412.6980",
      "--with optimiser:kind=rmsprop", "o.g = o.d = gan_rmsprop(5e-5);"},
     SETTINGS(BOTH("kind", "g.kind", "d.kind", NULL), BOTH("beta1", "g.beta1", "d.beta1", NULL),
              BOTH("beta2", "g.beta2", "d.beta2", NULL), BOTH("momentum", "g.momentum", "d.momentum", NULL),
              BOTH("alpha", "g.alpha", "d.alpha", NULL), BOTH("amsgrad", "g.amsgrad", "d.amsgrad", NULL))},
    {{"critic_steps", "2d", "D", "so many steps of D for each of G", "1406.2661", "--with critic_steps:n=5", "o.n_critic = 5;"},
     SETTINGS(ONE("n", "n_critic", "5"))},
    {{"balance", "2d", "D", "D waits while it is right too often", "", "--with balance:above=0.8",
      "gan_trainer_use(t, gan_balance(ctx, gan_balance_defaults()));"},
     NULL},
    {{NULL, "2e", "both", "no fully connected layers in deep nets", "",
      "the models are convolutional; a net that is mostly dense is warned of", ""},
     NULL},

    /* 3 no convergence */
    {{NULL, "3a", "both", "patience: a loss that jumps stops nothing", "",
      "a jump leaves a sample grid, a quality figure and a line in the log", ""},
     NULL},
    {{"instance_noise", "3b, 6e", "both", "noise on what D sees, fading", "1610.04490, 1701.04862",
      "--with instance_noise:sigma=0.1,until=20000",
      "gan_instance_noise(ctx, (gan_instance_noise_opts){.sigma = gan_linear_decay(.1, 0, 20000)})"},
     NULL},
    {{"soft_labels", "3c, 4c", "D", "one-sided label smoothing: D's target on reals", "1606.03498", "--with soft_labels:real=0.9",
      "o.loss.real_target = .9;"},
     SETTINGS(ONE("real", "loss.real_target", "0.9"), ONE("fake", "loss.fake_target", NULL))},
    {{"label_noise", "3c, 4c", "D", "targets drawn anew for each sample", "1606.03498",
      "--with label_noise:real_low=0.8,real_high=1", "gan_trainer_use(t, gan_label_noise(ctx, gan_label_noise_defaults()));"},
     NULL},

    /* 4 overfitting */
    {{"dropout", "4b", "both", "activations left out at random, on request when sampling, too", "1611.07004",
      "--with dropout:d=0.3", "net.dropout = .3;"},
     SETTINGS(ONE("d", "net.dropout", "0.3"), ONE("g", "net.g_dropout", NULL), ONE("always", "net.g_dropout_always", NULL))},

    {{"augment", "", "D", "D sees reals and fakes through the same random changes", "2006.10738",
      "--with augment:translation=0.125,flip=true", "gan_trainer_use(t, gan_augment(ctx, gan_augment_defaults()));"},
     NULL},

    /* 6 practice */
    {{NULL, "6a", "both", "pixels in [-1, 1], tanh at G's end", "", "always", ""}, NULL},
    {{"upsampling", "6c", "G", "transposed convolution, PixelShuffle, or nearest and convolution", "1609.05158",
      "--with upsampling:kind=shuffle", "net.up = GAN_UP_SHUFFLE;"},
     SETTINGS(ONE("kind", "net.up", NULL))},
    {{"norm", "6d", "both", "batch norm, with statistics of its own for reals and fakes; layer and instance norm", "1502.03167",
      "--with norm:d=layer", "net.d_norm = GAN_NORM_LAYER;"},
     SETTINGS(ONE("g", "net.g_norm", NULL), ONE("d", "net.d_norm", NULL))},
    {{"spectral_norm", "6d", "both", "weights divided by their largest singular value", "1802.05957",
      "--with spectral_norm:g=true", "net.d_spectral = true;"},
     SETTINGS(ONE("d", "net.d_spectral", "true"), ONE("g", "net.g_spectral", NULL))},
    {{"latents", "6f", "G", "normal, the default; uniform, or normal ones within a bound", "",
      "--with latents:kind=truncated,bound=2", "o.latents = GAN_LATENTS_TRUNCATED; o.truncation = 2;"},
     SETTINGS(ONE("kind", "latents", NULL), ONE("bound", "truncation", NULL))},
    {{"leaky_relu", "6h", "both", "no zone without a gradient: the default in D", "", "--with leaky_relu:g=0.2",
      "net.g_slope = .2;"},
     SETTINGS(ONE("g", "net.g_slope", "0.2"), ONE("d", "net.slope", NULL))},
    {{"ttur", "6i", "both", "two rates, D's the larger", "1706.08500, 1805.08318", "--with ttur",
      "o.d.lr = 4e-4; o.g.lr = 1e-4;"},
     SETTINGS(ONE("g", "g.lr", "1e-4"), ONE("d", "d.lr", "4e-4"))},
    {{"label_flip", "6j", "D", "a fraction of D's targets inverted", "", "--with label_flip:p=0.05",
      "gan_label_flip(ctx, (gan_label_flip_opts){.p = gan_constant(.05)})"},
     NULL},
    {{NULL, "6k", "both", "shuffling, every epoch", "", "always, by the seed", ""}, NULL},
    {{"average", "", "G", "samples are of an average of G's weights", "1806.04498", "--with average:decay=0.999",
      "o.ema = .999;"},
     SETTINGS(ONE("decay", "ema", "0.999"), ONE("start", "ema_start", NULL))},
    {{NULL, "6m", "both", "no early stopping", "", "only D's victory and numbers that are not finite stop a run", ""}, NULL},
    {{NULL, "6n", "both", "do not give up", "", "gan resume RUN --set d.lr=1e-4; gan train --like RUN --set 'lr*=.3'", ""}, NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

const gan__row *gan__row_at(int index) { return index >= 0 && index < ROWS ? &rows[index] : NULL; }

const gan__row *gan__row_of(const char *name) {
    for (int i = 0; i < ROWS; i++)
        if (rows[i].advice.name && !strcmp(rows[i].advice.name, name)) return &rows[i];
    return NULL;
}

const gan_advice *gan_advice_of(int index) {
    const gan__row *row = gan__row_at(index);
    return row ? &row->advice : NULL;
}
