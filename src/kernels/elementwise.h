/* Elementwise functions that cost more than memory traffic, or that save passes over memory, compiled per instruction set. */
#ifndef GAN__ELEMENTWISE_H
#define GAN__ELEMENTWISE_H

#include "../base/ctx_impl.h"

/* X(kind, function): y[i] = function(a[i], b[i], p); functions of a alone get b = a. */
#define GAN__MAP_LIST(X)                                                        \
    X(GAN__MAP_EXP, exp_)                   /* e^(a - p) */                     \
    X(GAN__MAP_LOG, log_)                                                       \
    X(GAN__MAP_SIN_TURNS, sin_turns)        /* sin(2 pi a), |a| <= 1/2 */       \
    X(GAN__MAP_COS_TURNS, cos_turns)                                            \
    X(GAN__MAP_RAYLEIGH, rayleigh)          /* (-2 log a)^(1/2), 0 < a <= 1 */  \
    X(GAN__MAP_TANH, tanh_)                                                     \
    X(GAN__MAP_SIGMOID, sigmoid)            /* 1/(1 + e^-a) */                  \
    X(GAN__MAP_SOFTPLUS, softplus)          /* log(1 + e^a) */                  \
    X(GAN__MAP_RELU, relu)                  /* NaN stays NaN */                 \
    X(GAN__MAP_LEAKY, leaky)                /* a > 0 ? a : p*a */               \
    X(GAN__MAP_LEAKY_GRAD, leaky_grad)      /* b > 0 ? a : p*a */               \
    X(GAN__MAP_TANH_GRAD, tanh_grad)        /* a*(1 - b^2): b is the output */  \
    X(GAN__MAP_SIGMOID_GRAD, sigmoid_grad)  /* a*b*(1 - b): b is the output */  \
    X(GAN__MAP_SOFTPLUS_GRAD, softplus_grad) /* a*sigmoid(b): b is the input */

typedef enum gan__map_kind {
#define GAN__MAP_ENUM(kind, function) kind,
    GAN__MAP_LIST(GAN__MAP_ENUM)
#undef GAN__MAP_ENUM
        GAN__MAP_COUNT
} gan__map_kind;

/* y may be a or b. */
typedef void (*gan__map_fn)(int64_t n, const gan_real *a, const gan_real *b, gan_real p, gan_real *y);

/* The function for this context's instruction set, for short runs inside other kernels. */
gan__map_fn gan__map_of(const gan_ctx *ctx, gan__map_kind kind);

/* The map that is a leaky ReLU of this slope. */
static inline gan__map_kind gan__leaky_kind(double slope) { return slope == 0 ? GAN__MAP_RELU : GAN__MAP_LEAKY; }

/* Over a whole array, in parallel. */
void gan__map(gan_ctx *ctx, gan__map_kind kind, int64_t n, const gan_real *a, const gan_real *b, double p, gan_real *y);

#endif
