/* What the metrics take: sets of samples, seen as matrices. */
#ifndef GAN__ROWS_H
#define GAN__ROWS_H

#include <gan/metrics.h>

#include "../tensor/tensor_impl.h"

/* Row i is sample i, flattened. */
typedef struct gan__rows {
    int64_t n, d;
    const gan_real *x;
} gan__rows;

/* The context of the first tensor that has one. */
gan_ctx *gan__metric_ctx(const gan_tensor *a, const gan_tensor *b);

/* t as rows: at least `fewest` samples of finite numbers. False (raised, unless t is nil): it is none; `name` says what the
 * samples are ("the fakes"). */
bool gan__rows_of(gan_ctx *ctx, const gan_tensor *t, int64_t fewest, const char *who, const char *name, gan__rows *rows);

/* The same of two sets whose samples have one shape. */
typedef struct gan__row_pair {
    gan__rows a, b;
} gan__row_pair;
bool gan__row_pair_of(gan_ctx *ctx, const gan_tensor *a, const char *name_a, const gan_tensor *b, const char *name_b,
                      int64_t fewest, const char *who, gan__row_pair *pair);

/* Copies of both sets, moved by their common mean and scaled by a power of two so that no element is greater than 1: products of
 * them neither overflow nor lose the digits of small distances to a large mean. A distance of samples is `unit` times that of
 * the copies. False (raised): no memory. */
typedef struct gan__centred {
    gan_real *a, *b; /* the same array if the sets are */
    double unit;
} gan__centred;
bool gan__centre(gan_ctx *ctx, const gan__row_pair *pair, gan__centred *c);
void gan__centred_free(gan_ctx *ctx, gan__centred *c);

/* Ascending, in place, without memory of its own. */
void gan__sort(gan_real *values, int64_t n);

#endif
