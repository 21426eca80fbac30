/* Convolution on plain arrays: the three partial derivatives of one trilinear form
 *
 *   <y, conv(x, w)> = sum over n, oy, ox, ky, kx, c, k of  y[n,oy,ox,k] * x[n, oy*sh+ky-pt, ox*sw+kx-pl, c] * w[ky,kx,c,k]
 *
 * (x is 0 outside its bounds). Images are NHWC, weights HWIO. Output sizes are given, not derived: bottom and right padding are
 * whatever they imply, so transposed convolution with output padding needs nothing more. */
#ifndef GAN__CONV_H
#define GAN__CONV_H

#include "packed.h"

typedef struct gan__conv_shape {
    int64_t n, h, w, c;   /* x [n, h, w, c] */
    int64_t oh, ow, k;    /* y [n, oh, ow, k] */
    int kh, kw;           /* weight [kh, kw, c, k] */
    int sh, sw;           /* strides, >= 1 */
    int pt, pl;           /* top and left padding; may exceed the kernel, may be negative (cropping) */
} gan__conv_shape;

/* What may come with a convolution, in the same pass over the result where the route allows it. */
typedef struct gan__conv_with {
    gan__packed **kept;   /* packed weights that belong to w, which are used and added to; NULL: there is no such list */
    const gan_real *bias; /* added to each pixel; NULL: none */
    const double *slope;  /* of a leaky ReLU that follows (0: ReLU), of whose result the statistics are; NULL: none */
    gan_real *stats;      /* mean and population variance of the result's channels, [2, channels]; NULL: not wanted */
} gan__conv_with;

/* y = conv(x, w); every element of the result is written. False (raised) without scratch memory. */
bool gan__conv(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *w, gan__conv_with with, gan_real *y);
/* x = the transpose of conv in x, applied to y. */
bool gan__conv_input(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *y, const gan_real *w, gan__conv_with with,
                     gan_real *x);
/* w = the transpose of conv in w, applied to y. */
bool gan__conv_weight(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *y, gan_real *w);

/* The same by plain loops, in double accumulation: what the tests compare with, and what the float64 build runs on. */
void gan__conv_reference(const gan__conv_shape *s, const gan_real *x, const gan_real *w, gan_real *y);
void gan__conv_input_reference(const gan__conv_shape *s, const gan_real *y, const gan_real *w, gan_real *x);
void gan__conv_weight_reference(const gan__conv_shape *s, const gan_real *x, const gan_real *y, gan_real *w);

#endif
