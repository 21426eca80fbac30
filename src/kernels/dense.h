/* Dense matrix products, on the library's own convolution engine: a product is a convolution with a kernel of one tap.
 *
 * Not on cblas, because nothing in its interface promises the same bits for any number of threads. OpenBLAS splits a product over
 * threads of its own once m*n*k passes a limit chosen when it is built, the number of its threads is a setting of the whole
 * process, and it ends the process when it runs out of buffers for the threads that call it. */
#ifndef GAN__DENSE_H
#define GAN__DENSE_H

#include "../base/ctx_impl.h"

/* c [m, n] = op(a) [m, k] * op(b) [k, n], row-major and dense; op is the transpose where trans_* says so. k may be 0.
 * False (raised) without scratch memory. */
bool gan__gemm(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const gan_real *a, const gan_real *b,
               gan_real *c);

#endif
