/* Optimiser updates on plain arrays: each element once, in one pass. `src` and `dst` of a pair may be one array. The formulas are
 * PyTorch's, so that training steps can be compared with it. */
#ifndef GAN__UPDATE_H
#define GAN__UPDATE_H

#include "../base/ctx_impl.h"

#define GAN__MOMENTS 3

typedef enum gan__update_kind {
    GAN__UPDATE_ADAM,    /* 1412.6980, m = {mean, mean square, largest mean square} */
    GAN__UPDATE_RMSPROP, /* Tieleman & Hinton 2012, m = {mean square, momentum}; beta2 is the smoothing */
    GAN__UPDATE_SGD,     /* m = {momentum} */
    GAN__UPDATE_COUNT
} gan__update_kind;

typedef struct gan__pair {
    const gan_real *src;
    gan_real *dst; /* NULL: not used by the rule */
} gan__pair;

/* One parameter. */
typedef struct gan__update {
    gan__pair w, m[GAN__MOMENTS];
    gan__pair avg;                   /* of its values; dst NULL: none. Moves on in the same pass, as by gan__average */
    double avg_decay;
    const gan_real *grad;
    int64_t count;                   /* 0: it had no gradient, nothing happens */
    double decay;                    /* coefficient of its weight decay */
    double correction1, correction2; /* Adam: 1 - beta^t, t the parameter's own number of updates */
} gan__update;

typedef struct gan__rule {
    double lr, beta1, beta2, eps, momentum;
    double clip;       /* gradient elements are clamped to +-this, which may be infinite, */
    double grad_scale; /* then scaled */
    bool decoupled, amsgrad;
} gan__rule;

/* Applies a rule to all parameters, spread over the threads in pieces of fixed size. Returns the index of the first parameter of
 * which a new value or moment is not finite; n if there is none. */
int gan__update_all(gan_ctx *ctx, gan__update_kind kind, const gan__rule *rule, const gan__update *updates, int n);

/* dst = decay*src + (1-decay)*x; with decay 0 a copy of x, whatever src holds. */
void gan__average(gan_ctx *ctx, gan__pair avg, const gan_real *x, int64_t count, double decay);

/* sums[i]: of the squares of update i's gradient, its elements clamped to +-clip. In double, always in the same order; not finite
 * if an element is NaN. False (raised) without scratch memory. */
bool gan__sums_of_squares(gan_ctx *ctx, const gan__update *updates, int n, double clip, double *sums);

/* --- the inner loops, per instruction set ---------------------------------------------------------------------- */

typedef struct gan__update_kernels {
    /* Moves elements at .. at+n-1. False: a new value or moment is not finite. */
    bool (*step[GAN__UPDATE_COUNT])(const gan__rule *rule, const gan__update *u, int64_t at, int64_t n);
    void (*average)(int64_t n, const gan_real *avg, const gan_real *x, gan_real rest, gan_real *to);
    double (*sum_squares)(int64_t n, const gan_real *x, gan_real clip);
} gan__update_kernels;

#endif
