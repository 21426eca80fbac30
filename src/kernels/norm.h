/* Normalisation by channel on plain arrays x [groups, rows, c]: batch norm is one group of all pixels, instance norm one group
 * per sample, layer norm one group per sample with a single channel. */
#ifndef GAN__NORM_H
#define GAN__NORM_H

#include "../base/ctx_impl.h"

typedef struct gan__norm_shape {
    int64_t groups, rows, c;
} gan__norm_shape;

/* Mean and variance of channel j in group i at [i*stride + j]. */
typedef struct gan__norm_stats {
    const gan_real *mean, *var;
    int64_t stride;
    double eps;
} gan__norm_stats;

/* Mean and population variance of each group and channel, into stats [groups, 2, c]. False (raised) without scratch memory. */
bool gan__norm_moments(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, gan_real *stats);

/* y = (x - mean)/sqrt(var + eps)*gamma + beta; gamma and beta [c], or both NULL. */
void gan__norm_apply(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, gan__norm_stats by, const gan_real *gamma,
                     const gan_real *beta, gan_real *y);

/* sums [groups, 2, c]: of g, and of g*(x - mean). False (raised) without scratch memory. */
bool gan__norm_grad_sums(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, const gan_real *g, gan__norm_stats by, double *sums);

/* The gradient of gan__norm_apply by x where the statistics are x's own:
 * dx = gamma/sqrt(var + eps)*(g - mean(g) - z*mean(g*z)), z = (x - mean)/sqrt(var + eps). */
void gan__norm_grad(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, const gan_real *g, gan__norm_stats by,
                    const gan_real *gamma, const double *sums, gan_real *dx);

/* --- the inner loops, per instruction set: `rows` rows of `width` <= GAN__NORM_TILE channels, `pitch` apart ---- */

#define GAN__NORM_TILE 64

typedef struct gan__norm_kernels {
    /* mean of the columns, and the sums of x - mean and of its square */
    void (*moments)(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, gan_real *mean, gan_real *s1, gan_real *s2);
    /* sums of g and g*(x - mean) */
    void (*sums)(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan_real *mean,
                 gan_real *s1, gan_real *s2);
    /* y = (x - mean)*scale + shift */
    void (*apply)(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *mean, const gan_real *scale,
                  const gan_real *shift, gan_real *y);
    /* dx = scale*g - (x - mean)*slope - shift */
    void (*grad)(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan_real *mean,
                 const gan_real *scale, const gan_real *slope, const gan_real *shift, gan_real *dx);
} gan__norm_kernels;

#endif
