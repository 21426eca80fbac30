/* The article's tricks, ready-made. docs/tricks.md says what each is for. */
#ifndef GAN_TRICKS_H
#define GAN_TRICKS_H

#include <gan/trick.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- transforms of what D sees ---------------------------------------------------------------------------- */

/* Differentiable augmentation (2006.10738), for small data sets: D sees each image through random changes, drawn anew for each image
 * and each pass, of reals and of fakes, in G's turn too, where the gradient passes through them. In this order, with U uniform:
 *   brightness   x + U[-b, b)
 *   saturation   m + U[1-s, 1+s) (x - m), m the pixel's mean over channels; nothing for one channel
 *   contrast     m + U[1-c, 1+c) (x - m), m the image's mean
 *   flip         left and right change places, in half of the images
 *   translation  moved down and right by whole pixels, up to this part of the side either way; 0 comes in
 *   cutout       a rectangle of this part of the sides becomes 0, its middle anywhere
 * Before noise and packing. 0 and false: not at all. Refused for data that is not images. */
typedef struct gan_augment_opts {
    double brightness;  /* .5; >= 0 */
    double saturation;  /* 1; in [0, 1] */
    double contrast;    /* .5; in [0, 1] */
    bool flip;          /* false: for images that have no left and right, unlike digits */
    double translation; /* .125; in [0, 1] */
    double cutout;      /* .5; in [0, 1] */
} gan_augment_opts;
GAN_API gan_augment_opts gan_augment_defaults(void); /* the values named above, the paper's */
GAN_API gan_trick *gan_augment(gan_ctx *ctx, gan_augment_opts opts);

/* N(0, sigma^2), fresh for each pass, on reals and fakes, in G's turn too (1610.04490, 1701.04862). */
typedef struct gan_instance_noise_opts {
    gan_schedule sigma; /* gan_linear_decay(.1, 0, 20000); >= 0 */
} gan_instance_noise_opts;
GAN_API gan_trick *gan_instance_noise(gan_ctx *ctx, gan_instance_noise_opts opts);

/* Packing is an option of the trainer and of D: this is the join itself. [n*m, ..., c] -> [n, ..., c*m]: each m samples that follow
 * each other become one, on channels (1712.04086). m = 1 returns x. */
GAN_API gan_tensor *gan_pack(gan_tensor *x, int m);

/* --- transforms of D's targets ---------------------------------------------------------------------------- */

/* Targets drawn for each verdict: reals from U[real_low, real_high), fakes from U[fake_low, fake_high). Refused with losses that have
 * no targets. */
typedef struct gan_label_noise_opts {
    double real_low, real_high; /* .8, 1 */
    double fake_low, fake_high; /* 0, 0 */
} gan_label_noise_opts;
GAN_API gan_label_noise_opts gan_label_noise_defaults(void); /* the values named above */
GAN_API gan_trick *gan_label_noise(gan_ctx *ctx, gan_label_noise_opts opts);

/* A fraction p of D's targets is inverted (t becomes real + fake constant - t), for each verdict, in D's turn only. */
typedef struct gan_label_flip_opts {
    gan_schedule p; /* in [0, 1] */
} gan_label_flip_opts;
GAN_API gan_trick *gan_label_flip(gan_ctx *ctx, gan_label_flip_opts opts);

/* --- weight clipping and weight penalties ------------------------------------------------------------------ */

/* After each of its updates all of D's parameters are clamped to [-c, c] (1701.07875, algorithm 1: c = .01). Refused together
 * with a gradient penalty, and with spectral norm in D. */
typedef struct gan_weight_clip_opts {
    double c; /* > 0 */
} gan_weight_clip_opts;
GAN_API gan_trick *gan_weight_clip(gan_ctx *ctx, gan_weight_clip_opts opts);

/* For each player l1 * sum |w| + l2/2 * sum w^2 over its weights, biases and norm parameters excepted, times `weight`. Unlike
 * weight decay of the optimiser, this is part of the loss: Adam scales it with the rest. Warned: L2 with spectral norm. */
typedef struct gan_weight_penalty_opts {
    struct gan_weight_norms {
        double l1, l2; /* >= 0 */
    } d, g;
    gan_schedule weight; /* gan_constant(1) */
} gan_weight_penalty_opts;
GAN_API gan_weight_penalty_opts gan_weight_penalty_defaults(void); /* l2 1e-4 for both, l1 0 */
GAN_API gan_trick *gan_weight_penalty(gan_ctx *ctx, gan_weight_penalty_opts opts);

/* --- terms of G's loss ------------------------------------------------------------------------------------- */

/* Feature matching (1606.03498): a distance between batch means of D's features f of reals and fakes, E f(x) and E f(G(z)),
 * summed over the features. Refused on the output of a batch norm: separate batches have the same means there. */
typedef struct gan_feature_matching_opts {
    gan_schedule weight; /* gan_constant(1) */
    const char *path;    /* of the submodule of D whose output f is, "main.4"; copied. NULL: what D's last layer takes, the
                            layers of D and of each Sequential being taken to run in their order; an error if there is none */
    bool l1;             /* |E f(x) - E f(G(z))|_1, not the squared distance (the code's choice for photographs) */
    bool alone;          /* G's loss is this alone: D's verdict is left out */
} gan_feature_matching_opts;
GAN_API gan_feature_matching_opts gan_feature_matching_defaults(void); /* the values named above */
GAN_API gan_trick *gan_feature_matching(gan_ctx *ctx, gan_feature_matching_opts opts);

/* Mode seeking (1903.05628): 1/(r + 1e-5), r = mean |G(z1) - G(z2)| / mean |z1 - z2|, z1 and z2 being the halves of the batch's
 * latents. From r = tau on G has nothing to gain: else it would satisfy this with noise. GAN_E_SHAPE for a batch of one. */
typedef struct gan_mode_seeking_opts {
    gan_schedule weight; /* gan_constant(1) */
    double tau;          /* > 0; INFINITY: no bound */
} gan_mode_seeking_opts;
GAN_API gan_mode_seeking_opts gan_mode_seeking_defaults(void); /* the values named above, no bound */
GAN_API gan_trick *gan_mode_seeking(gan_ctx *ctx, gan_mode_seeking_opts opts);

/* What G makes against pixels; all are means over pixels, so that a weight serves images of any size. */
typedef enum gan_pixel_kind {
    GAN_PIXEL_L1,      /* E |t - G(z)| to the target t of a pair (1611.07004: weight 100). Refused for data without targets. The
                          trainer's G sees latents alone, not the pair's x: it is drawn to what is common to all targets (for L2
                          their mean), which is a start and no translation. For that, G must be given x, in a loop of one's own */
    GAN_PIXEL_L2,      /* E (t - G(z))^2 */
    GAN_PIXEL_NEAREST, /* E_i min_j (x_i - G(z_j))^2 over the batch: each real draws the fake next to it (as 1809.09087) */
    GAN_PIXEL_MOMENTS  /* (m(x) - m(G(z)))^2 + (s(x) - s(G(z)))^2, m and s each pixel's mean and deviation over the batch */
} gan_pixel_kind;
typedef struct gan_pixel_loss_opts {
    gan_pixel_kind kind;
    gan_schedule weight; /* gan_linear_decay(100, 0, 10000) with pairs, of 10 without: a push in the beginning */
} gan_pixel_loss_opts;
GAN_API gan_pixel_loss_opts gan_pixel_loss_defaults(gan_pixel_kind kind); /* with the weight named above */
GAN_API gan_trick *gan_pixel_loss(gan_ctx *ctx, gan_pixel_loss_opts opts);

/* --- balance ----------------------------------------------------------------------------------------------- */

/* D's update is left out while its accuracy, as a moving average that starts at 1/2, is above a bound; its turn is complete
 * otherwise. Accuracy is the mean of those on reals and on fakes, by gan_loss_threshold. Refused with losses of critics, which
 * have no accuracy. */
typedef struct gan_balance_opts {
    double above; /* .8; in [0, 1] */
    int most;     /* 5: updates left out in a row, at most; >= 1 */
    double decay; /* .9: of the average; in [0, 1) */
} gan_balance_opts;
GAN_API gan_balance_opts gan_balance_defaults(void); /* the values named above */
GAN_API gan_trick *gan_balance(gan_ctx *ctx, gan_balance_opts opts);

/* --- terms of D's loss ------------------------------------------------------------------------------------ */

typedef enum gan_penalty_kind {
    GAN_PENALTY_WGAN_GP,           /* E (|grad D(x^)| - 1)^2, x^ = e x + (1-e) G(z), e ~ U[0,1) for each pack (1704.00028) */
    GAN_PENALTY_WGAN_GP_ONE_SIDED, /* only where the norm is above 1 */
    GAN_PENALTY_DRAGAN,            /* likewise at x + .5 std(x) U, std one number for the batch, U[0,1) for each element
                                      (1705.07215, code) */
    GAN_PENALTY_R1,                /* half E |grad D(x)|^2 on reals (1801.04406) */
    GAN_PENALTY_R2                 /* the same on fakes */
} gan_penalty_kind;

/* The gradient of D's verdict by what it really sees: noised, packed. Weight 10 is usual for the first three, gamma 1 for the others,
 * which have their half already. Refused: 1-centred kinds with batch norm in D. */
typedef struct gan_gradient_penalty_opts {
    gan_penalty_kind kind;
    gan_schedule weight;
    int interval; /* 0: 1 */
} gan_gradient_penalty_opts;
GAN_API gan_trick *gan_gradient_penalty(gan_ctx *ctx, gan_gradient_penalty_opts opts);

/* The penalty itself, unweighted, for loops of one's own: a scalar. D is taken on `values` (NULL: its own); real and fake: what D
 * judges, of one shape; label: the reals', or NULL; stream gives e or U (R1 and R2 need none). D runs once more, on these points as a
 * batch of their own, and it is the gradient of the sum of its verdicts: with layers that look at a whole batch, each point's gradient
 * holds what it does to the others. x^ carries the label of its real. Also differentiable by what made the samples. */
GAN_API gan_tensor *gan_penalty(gan_module *D, const gan_set *values, const gan_loss *loss, gan_penalty_kind kind, gan_tensor *real,
                                gan_tensor *fake, gan_tensor *label, gan_stream *stream);

/* --- several generators ----------------------------------------------------------------------------------- */

/* MGAN (1708.02556): D's second head classifies fakes by their generators. D's loss + d * E -log C_k(G_k(z)), and G's + g * the same:
 * generators that can be told apart share the data out among themselves. The head ("aux" of the ready-made ones) is as wide as there
 * are generators. Refused: one generator, packing. (MAD-GAN's way, 1704.02906, is a loss: gan_loss_mad_gan.) */
typedef struct gan_generator_classifier_opts {
    gan_schedule g, d; /* >= 0; gan_constant(.01), the paper's beta, and gan_constant(1) */
} gan_generator_classifier_opts;
GAN_API gan_generator_classifier_opts gan_generator_classifier_defaults(void); /* the values named above */
GAN_API gan_trick *gan_generator_classifier(gan_ctx *ctx, gan_generator_classifier_opts opts);

/* --- looking ahead, looking back -------------------------------------------------------------------------- */

/* Unrolled GAN (1611.02163): G is judged by the D that comes of `steps` more steps, d^{k+1} = step(d^k, grad L_D(d^k)), of D's optimiser
 * on this turn's samples, and G's gradient passes through all of these steps: dL_G/dG + dL_G/dd^K * dd^K/dG. The imagined steps are
 * D's real ones (SGD, Adam, RMSProp; momentum, decay and clipping included) and start from its present weights, moments and rate; the
 * loss is D's plain loss, or with `terms` that with all terms of D, penalties included, in the intervals of the updates imagined.
 * What tricks do after an update (weight clipping) is not imagined. D itself, its moments, buffers and random streams do not notice;
 * dropout, noise and penalties draw from another part of their streams. Costs about 3*steps passes of D, more with penalties, and the
 * memory of their graphs. */
typedef struct gan_lookahead_opts {
    int steps;  /* K, >= 1; 5 to 10 in the paper */
    bool terms; /* D's terms count as well */
} gan_lookahead_opts;
GAN_API gan_trick *gan_lookahead(gan_ctx *ctx, gan_lookahead_opts opts);

/* The D looked at, d^K with its graph, for loops of one's own: the turn needs ctx, D, opt_d, loss, real_seen, fake_seen (with its
 * history), and whatever labels and targets there are; with terms, loss_d; its step decides which masks dropout draws. steps >= 0.
 * Buffers of the set are as those passes left them. GAN_E_ARG: opt_d is not D's, or loss_d is missing. Owned by the context until
 * gan_set_free; NULL after an error. */
GAN_API gan_set *gan_lookahead_values(const gan_turn *turn, gan_lookahead_opts opts);

/* Experience replay (1612.07828): D goes on judging fakes of G's past. A reservoir keeps `rooms` whole batches of D, chosen evenly
 * among all since the start; each turn of D takes one of them at random, and L_D becomes (1-p) L_D(real, fresh) + p L_D(real, old).
 * Old and fresh never share a batch: their mixture is more diverse than G, and D would learn to reject diversity. What is kept is
 * what G made, with the generators' numbers; noise and packing are fresh. Memory, and checkpoints, grow by `rooms` batches. */
typedef struct gan_replay_opts {
    int rooms;      /* >= 1; 50 */
    gan_schedule p; /* in [0, 1]; gan_constant(.5) */
} gan_replay_opts;
GAN_API gan_replay_opts gan_replay_defaults(void); /* the values named above */
GAN_API gan_trick *gan_replay(gan_ctx *ctx, gan_replay_opts opts);

/* Historical averaging (1606.03498): lambda |w - mean of w's past values|^2, summed over a player's parameters, added to its loss;
 * the mean is over the values after each of its updates so far. It keeps the players from circling around the equilibrium. */
typedef struct gan_historical_averaging_opts {
    gan_schedule g, d; /* lambda of each player, >= 0; gan_constant(0): none */
} gan_historical_averaging_opts;
GAN_API gan_trick *gan_historical_averaging(gan_ctx *ctx, gan_historical_averaging_opts opts);

/* --- by name ----------------------------------------------------------------------------------------------- */

/* Any of the above in words, as the program takes it: "r1", "instance_noise:sigma=0.1,until=20000". Names, options and defaults are
 * those of docs/tricks.md. GAN_E_ARG: there is no such trick or option, or a value is out of its range. Owned by the context. */
GAN_API gan_trick *gan_trick_parse(gan_ctx *ctx, const char *text);

#ifdef __cplusplus
}
#endif
#endif
