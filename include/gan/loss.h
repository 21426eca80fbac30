/* Adversarial losses on logits. */
#ifndef GAN_LOSS_H
#define GAN_LOSS_H

#include <gan/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gan_loss_kind {
    GAN_LOSS_NON_SATURATING, /* binary cross-entropy; G maximises log sigmoid(D(G(z))) (1406.2661) */
    GAN_LOSS_LEAST_SQUARES   /* (1611.04076) */
} gan_loss_kind;

/* Targets count as they are: start from gan_loss_non_saturating() or gan_loss_least_squares() and edit. */
typedef struct gan_loss {
    gan_loss_kind kind;
    double real_target; /* of D on real samples; 1, or .9 for one-sided label smoothing (1606.03498) */
    double fake_target; /* of D on fakes; 0 */
    double gen_target;  /* of G on fakes; 1 */
} gan_loss;

GAN_API gan_loss gan_loss_non_saturating(void); /* targets 1, 0, 1 */
GAN_API gan_loss gan_loss_least_squares(void);  /* (a,b,c) = (0,1,1) */

/* Mean cross-entropy of sigmoid(logits) with the target t, a constant or one per logit:
 * E[softplus(x) - t*x], finite for every finite logit. Its derivative is sigmoid(x) - t: the loss cancels the sigmoid's. */
GAN_API gan_tensor *gan_bce_with_logits(gan_tensor *logits, double target);
GAN_API gan_tensor *gan_bce_with_logits_targets(gan_tensor *logits, gan_tensor *targets); /* of the very same shape */

/* half E (x - target)^2 */
GAN_API gan_tensor *gan_half_square(gan_tensor *x, double target);
GAN_API gan_tensor *gan_half_square_targets(gan_tensor *x, gan_tensor *targets);

/* D's loss on logits [n] of reals and of fakes: the sum of the two means. */
GAN_API gan_tensor *gan_loss_d(const gan_loss *loss, gan_tensor *real, gan_tensor *fake);

/* G's loss on logits [n] of fakes. */
GAN_API gan_tensor *gan_loss_g(const gan_loss *loss, gan_tensor *fake);

#ifdef __cplusplus
}
#endif
#endif
