/* Sums over axes of dense arrays: in double, in chunks fixed by the sizes alone, added up in order. */
#ifndef GAN__SUMS_H
#define GAN__SUMS_H

#include <gan/tensor.h>

#include "../base/ctx_impl.h"

/* x [outer, count, inner] -> y [outer, inner]. Raises without memory. */
void gan__sum_middle(gan_ctx *ctx, int64_t outer, int64_t count, int64_t inner, const gan_real *x, gan_real *y);

/* Over the axes of the mask, whatever their order; y is dense without them. */
void gan__sum_over(gan_ctx *ctx, gan_shape shape, unsigned axes, const gan_real *x, gan_real *y);

#endif
