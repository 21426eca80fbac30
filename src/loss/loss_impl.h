/* What the files of this layer share: a kind of loss, and the parts that kinds are made of. */
#ifndef GAN__LOSS_IMPL_H
#define GAN__LOSS_IMPL_H

#include <gan/loss.h>

#include "../tensor/tensor_impl.h"

typedef gan_tensor *(*gan__loss_fn)(const gan_loss *loss, const gan_verdict *v);
typedef double (*gan__loss_level_fn)(const gan_loss *loss, int64_t width);

/* All that the library knows of one kind of loss. */
typedef struct gan__loss_form {
    gan_loss_info info;
    gan__loss_fn d, g;
    bool paired;      /* the i-th real goes with the i-th fake */
    bool fake_labels; /* G's loss looks at fake_label, if there is one */
    gan__loss_level_fn constant, least, threshold; /* width is 0 for threshold */
} gan__loss_form;

/* NULL: there is no such kind. */
const gan__loss_form *gan__loss_form_of(const gan_loss *loss);

/* Can `who` use this loss? Otherwise raises. */
bool gan__loss_valid(gan_ctx *ctx, const gan_loss *loss, const char *who);

/* Do the parts of a verdict fit together, and are those there that D's, or G's, loss needs? Otherwise raises, but for nil. */
bool gan__verdict_fits_d(gan_ctx *ctx, const gan__loss_form *f, const gan_verdict *v);
bool gan__verdict_fits_g(gan_ctx *ctx, const gan__loss_form *f, const gan_verdict *v);

/* Is `output` what a D for this kind gives? Otherwise raises. */
bool gan__output_fits(gan_ctx *ctx, const gan__loss_form *f, gan_tensor *output, const char *who);

/* Of a mean over x: toward targets, one each, or where that is NULL toward the constant. */
gan_tensor *gan__bce_toward(gan_tensor *x, double target, gan_tensor *targets);
gan_tensor *gan__half_square_toward(gan_tensor *x, double target, gan_tensor *targets);

/* [n, k+1] -> [n]: log(p_k/(1 - p_k)), of the last class against all others. */
gan_tensor *gan__last_logit(gan_tensor *x);

/* [n, k+1], [n] -> [n]: -log of the label's probability among the first k classes. `partly`: negative labels stand for "not
 * known", and give 0; otherwise they are an error. */
gan_tensor *gan__class_surprise(gan_tensor *x, gan_tensor *label, bool partly);

/* Kinds' constant and least losses, and thresholds. */
double gan__log_constant(const gan_loss *loss, int64_t width);
double gan__log_least(const gan_loss *loss, int64_t width);
double gan__classes_constant(const gan_loss *loss, int64_t width);
double gan__mad_constant(const gan_loss *loss, int64_t width);
double gan__square_constant(const gan_loss *loss, int64_t width);
double gan__pairing_constant(const gan_loss *loss, int64_t width);
double gan__hinge_constant(const gan_loss *loss, int64_t width);
double gan__zero_level(const gan_loss *loss, int64_t width);
double gan__no_least(const gan_loss *loss, int64_t width);
double gan__middle_threshold(const gan_loss *loss, int64_t width);
double gan__no_threshold(const gan_loss *loss, int64_t width);

#endif
