/* Means and variances of columns, gathered from blocks of rows: each block twice while it is in the cache, then joined to what
 * was gathered before (Chan, Golub & LeVeque 1983), so that nothing is lost when a mean is large. The bits depend on the blocks
 * and their order alone. */
#ifndef GAN__MOMENTS_H
#define GAN__MOMENTS_H

#include "../base/ctx_impl.h"

/* Of n rows: each column's mean and sum of squared deviations. */
typedef struct gan__moments {
    int64_t n;
    double *mean, *m2;
} gan__moments;

/* Columns at .. at+c-1 of n rows, at least one and so few that their sums lose little. */
void gan__moments_of_block(const gan_ctx *ctx, int64_t n, const gan_real *const *rows, int64_t at, int64_t c, double *mean,
                           double *m2);

/* Joins c columns of `more` to `all`, which may have no rows yet. */
void gan__moments_join(gan__moments *all, const gan__moments *more, int64_t c);

/* The means and the population variances, [2, c]; without rows they are 0. */
void gan__moments_finish(const gan__moments *all, int64_t c, gan_real *stats);

#endif
