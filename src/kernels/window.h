/* Windows sliding over NHWC images: sums, maxima, and their transposes. The transposes too are written as gathers: each result is
 * summed in one place, in a fixed order. */
#ifndef GAN__WINDOW_H
#define GAN__WINDOW_H

#include "../base/ctx_impl.h"

typedef struct gan__window_shape {
    int64_t n, h, w, c;  /* x [n, h, w, c] */
    int64_t oh, ow;      /* y [n, oh, ow, c]: one entry to a window */
    int kh, kw;          /* the window's size */
    int sh, sw;          /* strides */
    int pt, pl;          /* window 0 begins at -pt, -pl */
} gan__window_shape;

/* y = factor * the sum of each window; outside of the image is 0. */
void gan__window_sum(gan_ctx *ctx, const gan__window_shape *s, const gan_real *x, double factor, gan_real *y);
/* The transpose: x = factor * the sum over the windows that cover a pixel. */
void gan__window_spread(gan_ctx *ctx, const gan__window_shape *s, const gan_real *y, double factor, gan_real *x);

/* y = the maximum of each window, NaN if there is one; index = where in the window (row*kw + column), the first at a tie. Each
 * window must touch the image. */
void gan__window_max(gan_ctx *ctx, const gan__window_shape *s, const gan_real *x, gan_real *y, gan_real *index);
/* y = x at the index. */
void gan__window_pick(gan_ctx *ctx, const gan__window_shape *s, const gan_real *x, const gan_real *index, gan_real *y);
/* The transpose: x = the sum over the windows whose index points to a pixel. */
void gan__window_place(gan_ctx *ctx, const gan__window_shape *s, const gan_real *y, const gan_real *index, gan_real *x);

#endif
