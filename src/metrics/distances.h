/* Distances between all samples of two sets, as fast as a dense product and as exact as a sum of squares in double.
 *
 * |a - b|^2 = |a|^2 + |b|^2 - 2ab costs one product for many pairs, but its last digits are wrong, and small distances are all
 * last digits. So the product only sieves: where its error could change the answer, the pair is looked at again. */
#ifndef GAN__DISTANCES_H
#define GAN__DISTANCES_H

#include "rows.h"

typedef struct gan__distances {
    gan_ctx *ctx;
    gan__rows a, b;
    bool same; /* the sets are one: a sample is no neighbour of its own */
    gan__centred near;
    double *norm_a, *norm_b; /* squared, of the copies */
    gan_real *products;      /* of a block of a's rows with all of b's */
} gan__distances;

/* False (raised): no memory. */
bool gan__distances_begin(gan_ctx *ctx, const gan__row_pair *pair, gan__distances *s);
void gan__distances_end(gan__distances *s);

/* Calls fn for each row of a, in parallel; products: the row's, one for each row of b. Without memory (raised), for fewer rows.
 */
typedef void (*gan__row_fn)(void *arg, int64_t row, const gan_real *products, int worker);
void gan__each_row(gan__distances *s, gan__row_fn fn, void *arg);

/* Squared distance of a's row i and b's row j; the same for (i, j) and for the pair the other way round. */
double gan__squared(const gan__distances *s, int64_t i, int64_t j);

/* True if it is at most `limit`. */
bool gan__within(const gan__distances *s, int64_t i, int64_t j, gan_real product, double limit);

/* The k nearest to row i among b, nearest first, the first of equals first: squared distances and, unless NULL, indices. Fewer
 * than k candidates leave infinity. */
void gan__nearest(const gan__distances *s, int64_t i, const gan_real *products, int k, double *squared, int64_t *index);

/* Squared distance of each sample to its k-th nearest other one: radii [n]. */
bool gan__radii(gan_ctx *ctx, const gan__rows *samples, int k, double *radii);

#endif
