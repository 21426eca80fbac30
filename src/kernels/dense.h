/* Dense matrix products. In float32 they run on the convolution engine: a product is a convolution of single pixels, and the
 * engine's tiles beat a general library where matrices are small. In double they go to OpenBLAS through cblas, on blocks of
 * fixed size. */
#ifndef GAN__DENSE_H
#define GAN__DENSE_H

#include "packed.h"

/* c [m, n] = op(a) [m, k] * op(b) [k, n], row-major and dense; op is the transpose where trans_* says so. Any size may be 0. The
 * same bits for every number of threads. Raises without scratch memory. `kept`: packed weights that belong to b, which are used and
 * added to; NULL: there is no such list. */
void gan__gemm(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const gan_real *a, const gan_real *b,
               gan__packed **kept, gan_real *c);

/* y [m, n] = x [m, k] * w' + bias, w [n, k], bias [n] or NULL; then a leaky ReLU of that slope (0: ReLU), unless it is NULL. The
 * rest as above. */
void gan__linear(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const gan_real *x, const gan_real *w, const gan_real *bias,
                 const double *slope, gan__packed **kept, gan_real *y);

/* The gradients of gan__linear from that of y. Raises without scratch memory. */
typedef struct gan__linear_back {
    int64_t m, n, k;
    const gan_real *x, *w;  /* x only for dw, w only for dx */
    const gan_real *y;      /* only with an activation; its sign is that of the argument */
    const gan_real *g;      /* [m, n] */
    const double *slope;    /* >= 0; NULL: no activation */
    gan__packed **kept;     /* of w; may be NULL */
    gan_real *before;       /* [m, n] for the gradient before the activation; only with one. May be g */
    gan_real *dx, *dw, *db; /* NULL: not wanted */
} gan__linear_back;

void gan__linear_grads(gan_ctx *ctx, const gan__linear_back *b);

/* gan__gemm in double, whatever gan_real is: for statistics. */
void gan__gemm_double(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const double *a, const double *b,
                      double *c);

#endif
