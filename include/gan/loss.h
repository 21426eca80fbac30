/* Adversarial losses, all on D's outputs before any sigmoid or softmax: finite for every finite output, and the loss cancels the
 * derivative of the sigmoid. */
#ifndef GAN_LOSS_H
#define GAN_LOSS_H

#include <gan/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* x = D(real), y = D(fake); s(t) = 1/(1 + e^-t), sp(t) = log(1 + e^t), E a batch mean. D minimises the first, G the second. */
typedef enum gan_loss_kind {
    GAN_LOSS_NON_SATURATING,       /* E sp(-x) + E sp(y); E sp(-y) (1406.2661) */
    GAN_LOSS_LEAST_SQUARES,        /* half E(x-b)^2 + half E(y-a)^2; half E(y-c)^2 (1611.04076) */
    GAN_LOSS_MINIMAX,              /* E sp(-x) + E sp(y); E log(1 - s(y)) = -E sp(y) (1406.2661) */
    GAN_LOSS_WASSERSTEIN,          /* E y - E x; -E y. D must be held to a Lipschitz constant by other means (1701.07875) */
    GAN_LOSS_HINGE,                /* E max(0, 1-x) + E max(0, 1+y); -E y (1705.02894) */
    GAN_LOSS_RELATIVISTIC_AVERAGE, /* E sp(-(x - E y)) + E sp(y - E x); x and y swapped (RaSGAN, 1807.00734) */
    GAN_LOSS_RELATIVISTIC_PAIRING, /* E sp(-(x_i - y_i)); x and y swapped (2501.05441) */
    GAN_LOSS_SOFTMAX,              /* cross-entropy with the classes 0, fake, and 1, real; G's of its fakes being real */
    GAN_LOSS_SOFTMAX_CLASSES,      /* with K classes of reals, 0 to K-1, and class K, fake (1606.03498) */
    GAN_LOSS_MAD_GAN               /* with the K generators, 0 to K-1, and class K, real (1704.02906). G's loss is -E log p_K, the
                                      form that does not saturate, where the paper minimises E log(1 - p_K) */
} gan_loss_kind;

/* Start from one of the constructors and edit. Targets count as they are. With t instead of 1, and u instead of 0, D's losses of
 * log and softmax kinds are cross-entropies with a real's probability t, and a fake's probability u, of being real. */
typedef struct gan_loss {
    gan_loss_kind kind;
    double real_target; /* of D on reals, b; 1, or .9 for one-sided label smoothing (1606.03498) */
    double fake_target; /* of D on fakes, a; 0 */
    double gen_target;  /* of G on fakes, c; 1. Minimax has no use for it */
} gan_loss;

/* Targets 1, 0, 1: (a,b,c) = (0,1,1) for least squares. Kinds that take no targets (see gan_loss_info) refuse any others. */
GAN_API gan_loss gan_loss_non_saturating(void);
GAN_API gan_loss gan_loss_least_squares(void);
GAN_API gan_loss gan_loss_minimax(void);
GAN_API gan_loss gan_loss_wasserstein(void);
GAN_API gan_loss gan_loss_hinge(void);
GAN_API gan_loss gan_loss_relativistic_average(void);
GAN_API gan_loss gan_loss_relativistic_pairing(void);
GAN_API gan_loss gan_loss_softmax(void);
GAN_API gan_loss gan_loss_softmax_classes(void);
GAN_API gan_loss gan_loss_mad_gan(void);

/* --- what D said, and the two losses ---------------------------------------------------------------------- */

typedef struct gan_verdict {
    gan_tensor *real, *fake;               /* D's outputs: [n] (any shape will do), or [n, k] for softmax kinds */
    gan_tensor *real_target, *fake_target; /* of D, one for each output, of the outputs' shape, or [n] for softmax kinds;
                                              NULL: the loss's constants */
    gan_tensor *real_label, *fake_label;   /* [n], whole numbers. softmax_classes: the reals' classes, negative for unlabelled
                                              ones, and for G optionally those that its fakes were to have; mad_gan: the fakes'
                                              generators. NULL for other kinds */
} gan_verdict;

/* D's loss, a scalar owned by the innermost scope. Reals and fakes may differ in number, except when paired.
 * softmax_classes: E -log p_class over labelled reals, E -log(1 - p_K) over the others, as one mean; + E -log p_K over fakes.
 * A real with target t is of its class with probability t and fake with 1 - t; a fake with target u is of its generator (or of
 * class K) with probability 1 - u and real with u.
 * GAN_E_SHAPE: outputs, targets or labels do not fit together; GAN_E_ARG: the loss is no loss, targets for a kind that takes
 * none, or the labels that it needs are missing. */
GAN_API gan_tensor *gan_loss_d(const gan_loss *loss, gan_verdict v);

/* G's loss. v.real is needed where gan_loss_g_needs_real, and otherwise not looked at, nor are targets: they are D's.
 * softmax_classes: E -log p_label, or E -log(1 - p_K) without fake_label. Errors as above. */
GAN_API gan_tensor *gan_loss_g(const gan_loss *loss, gan_verdict v);

/* Does G's loss judge fakes against reals? False for NULL. */
GAN_API bool gan_loss_g_needs_real(const gan_loss *loss);

/* How real D finds each sample: [n, k] -> [n], log P(real)/P(fake), for softmax kinds; of other kinds, the outputs themselves.
 * What means, ranks, accuracies and gradient penalties are taken of. Owned by the innermost scope, if it is not `output`. */
GAN_API gan_tensor *gan_loss_realness(const gan_loss *loss, gan_tensor *output);

/* --- what is known of each kind --------------------------------------------------------------------------- */

typedef enum gan_loss_outputs {
    GAN_OUTPUTS_ONE,       /* [n] */
    GAN_OUTPUTS_TWO,       /* [n, 2] */
    GAN_OUTPUTS_CLASSES,   /* [n, classes + 1] */
    GAN_OUTPUTS_GENERATORS /* [n, generators + 1] */
} gan_loss_outputs;

typedef struct gan_loss_info {
    const char *name;         /* "hinge": as in the constructor's name */
    bool critic;              /* D's outputs are scores, on no scale of probability: no accuracy, no rule by it */
    bool takes_targets;       /* targets may be smoothed and flipped */
    bool unit_targets;        /* ... and D's loss has no lower bound for targets outside [0, 1] */
    bool g_needs_real;        /* see gan_loss_g_needs_real */
    bool needs_real_label;    /* D's loss needs the reals' classes */
    bool needs_fake_label;    /* D's loss needs the fakes' generators */
    gan_loss_outputs outputs; /* of D */
} gan_loss_info;

/* NULL if there is no such kind: kinds are 0, 1, ... up to the first NULL. Static. */
GAN_API const gan_loss_info *gan_loss_info_of(gan_loss_kind kind);
GAN_API const char *gan_loss_name(gan_loss_kind kind); /* NULL if there is no such kind */

/* The loss of this name, as its constructor fills it, into *loss; false, *loss unchanged, if there is none. */
GAN_API bool gan_loss_named(const char *name, gan_loss *loss);

/* How many outputs D has per sample: 1 ([n]), 2, classes + 1 or generators + 1; 0 if there is no such kind, or if it needs a
 * number that is less than 1. */
GAN_API int64_t gan_loss_width(gan_loss_kind kind, int64_t classes, int64_t generators);

/* For reading D's loss, by the loss's constant targets, evenly spread classes and generators, and D's outputs per sample (1 for
 * [n]). constant: that of the best D that says the same of every sample, such as 2 log 2; least: that of a D who is never wrong,
 * 0 unless targets are soft; -infinity: unbounded. (loss - least)/(constant - least) is 1 at equilibrium and 0 when D has won.
 * NaN if there is no such kind, or width does not belong to it. */
GAN_API double gan_loss_constant(const gan_loss *loss, int64_t width);
GAN_API double gan_loss_least(const gan_loss *loss, int64_t width);

/* The realness above which D takes a sample for real: 0, or halfway between a and b for least squares; NaN for kinds whose
 * outputs have no origin (Wasserstein, relativistic) and if there is no such kind. */
GAN_API double gan_loss_threshold(const gan_loss *loss);

/* --- parts ------------------------------------------------------------------------------------------------ */

/* Mean cross-entropy of sigmoid(logits) with the target t, a constant or one per logit:
 * E[softplus(x) - t*x], finite for every finite logit. Its derivative is sigmoid(x) - t: the loss cancels the sigmoid's. */
GAN_API gan_tensor *gan_bce_with_logits(gan_tensor *logits, double target);
GAN_API gan_tensor *gan_bce_with_logits_targets(gan_tensor *logits, gan_tensor *targets); /* of the very same shape */

/* half E (x - target)^2 */
GAN_API gan_tensor *gan_half_square(gan_tensor *x, double target);
GAN_API gan_tensor *gan_half_square_targets(gan_tensor *x, gan_tensor *targets);

#ifdef __cplusplus
}
#endif
#endif
