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

/* What x is turned into: leaky((x - mean)/sqrt(var + eps)*gamma + beta), leaky(v) = v > 0 ? v : slope*v. */
typedef struct gan__norm_form {
    gan__norm_stats by;
    const gan_real *gamma, *beta; /* [c], or both NULL */
    double slope;                 /* 1: no activation; 0: ReLU */
} gan__norm_form;

void gan__norm_apply(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, const gan__norm_form *f, gan_real *y);

/* With h the gradient before the activation (g, or slope*g where its argument, computed anew from x, is not positive): sums
 * [groups, 2, c] of h, and of h*(x - mean). False (raised) without scratch memory. */
bool gan__norm_grad_sums(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, const gan_real *g, const gan__norm_form *f,
                         double *sums);

/* The gradient of gan__norm_apply by x where the statistics are x's own:
 * dx = gamma/sqrt(var + eps)*(h - mean(h) - z*mean(h*z)), z = (x - mean)/sqrt(var + eps). It may be g. */
void gan__norm_grad(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, const gan_real *g, const gan__norm_form *f,
                    const double *sums, gan_real *dx);

/* --- the inner loops, per instruction set: `rows` rows of `width` <= GAN__NORM_TILE channels, `pitch` apart ---- */

#define GAN__NORM_TILE 64

/* Of a tile's channels: the form v = (x - mean)*scale + shift, y = leaky(v), and its gradient h*scale - (x - mean)*along - back,
 * h being the gradient before the activation. */
typedef struct gan__norm_tile {
    gan_real mean[GAN__NORM_TILE], scale[GAN__NORM_TILE], shift[GAN__NORM_TILE];
    gan_real along[GAN__NORM_TILE], back[GAN__NORM_TILE];
    gan_real slope;
} gan__norm_tile;

typedef struct gan__norm_kernels {
    /* of columns at .. at+width-1 of rows that may lie anywhere: the mean, and the sums of x - mean and of its square */
    void (*moments)(int64_t rows, const gan_real *const *x, int64_t at, int64_t width, gan_real *mean, gan_real *s1,
                    gan_real *s2);
    /* sums of h and h*(x - mean) */
    void (*sums)(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                 gan_real *s1, gan_real *s2);
    void (*apply)(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan__norm_tile *t, gan_real *y);
    void (*grad)(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                 gan_real *dx);
} gan__norm_kernels;

const gan__norm_kernels *gan__norm_kernels_of(const gan_ctx *ctx);

#endif
