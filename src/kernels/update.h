/* Optimiser updates on plain arrays: each element once, in one pass. `src` and `dst` of a pair may be the same array. The formulas are
 * PyTorch's, so that training steps can be compared with it. */
#ifndef GAN__UPDATE_H
#define GAN__UPDATE_H

#include "../base/ctx_impl.h"

typedef struct gan__slot {
    const gan_real *src;
    gan_real *dst;
} gan__slot;

/* One parameter. Moments that the rule does not use are not touched. */
typedef struct gan__update {
    gan__slot w, m[3];
    const gan_real *grad;
    int64_t count;
    double grad_scale; /* of clipping by norm */
    double decay;      /* L2 coefficient of this parameter */
} gan__update;

typedef struct gan__rule {
    double lr, beta1, beta2, eps, momentum;
    double correction1, correction2; /* Adam: 1 - beta^t */
    bool decoupled, amsgrad;
} gan__rule;

typedef void (*gan__update_fn)(const gan__rule *rule, const gan__update *u, int64_t begin, int64_t end);

/* Adam (1412.6980), m = {mean, mean square, largest mean square}. */
void gan__adam(const gan__rule *rule, const gan__update *u, int64_t begin, int64_t end);
/* RMSProp (Tieleman & Hinton 2012), m = {mean square, momentum}; beta2 is the smoothing. */
void gan__rmsprop(const gan__rule *rule, const gan__update *u, int64_t begin, int64_t end);
/* Gradient descent, m = {momentum}. */
void gan__sgd(const gan__rule *rule, const gan__update *u, int64_t begin, int64_t end);

/* Applies fn to all parameters, spread over the threads in pieces of fixed size. */
void gan__update_all(gan_ctx *ctx, gan__update_fn fn, const gan__rule *rule, const gan__update *updates, int n);

/* dst = decay*dst + (1-decay)*x, reading src. */
void gan__average(gan_ctx *ctx, gan__slot avg, const gan_real *x, int64_t count, double decay);

/* In double, always in the same order. Not finite if an element is not. */
double gan__sum_squares(const gan_real *x, int64_t count);

#endif
