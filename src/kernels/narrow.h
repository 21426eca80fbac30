/* Products of which one side is a few columns wide, such as a perceptron's first and last layers and their gradients: a register
 * tile would be mostly empty, or begin and end all the time. Here the long side fills the vectors instead. Plain matrices,
 * row-major and dense, in float32. */
#ifndef GAN__NARROW_H
#define GAN__NARROW_H

#include "../base/ctx_impl.h"
#include "prepare.h"

enum { GAN__NARROW = 4 };

/* y [m, n] = x [m, k] * w' + bias, w [n, k], 1 <= n <= GAN__NARROW, bias [n] or NULL. A row's bits do not depend on the other
 * rows. */
void gan__narrow_rows(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *x, const float *w, const float *bias,
                      float *y);

/* y [m, n] = x [m, k] * w + bias, 1 <= k <= GAN__NARROW, w [k, n] or the transpose of [n, k], bias [n] or NULL; through a leaky
 * ReLU of that slope (0: ReLU), unless NULL. A row's bits do not depend on the other rows. A block is GAN__NARROW_BLOCK rows;
 * `prepare`, unless NULL, makes those of x before they are read. Raises without scratch memory. */
enum { GAN__NARROW_BLOCK = 64 };
void gan__narrow_depth(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *x, const float *w, bool transposed,
                       const float *bias, const double *slope, const gan__prepare *prepare, float *y);

/* c = the sum over k points of a [k, n]' * b [k, wide], 1 <= n <= GAN__NARROW: c [n, wide], or its transpose. Raises
 * without scratch memory. A block is GAN__NARROW_BLOCK points; `prepare`, unless NULL, makes them before they are
 * read. */
void gan__narrow_points(gan_ctx *ctx, int64_t n, int64_t wide, int64_t k, const float *a, const float *b, bool transposed,
                        const gan__prepare *prepare, float *c);

/* --- the inner loops, per instruction set; n, or k, from 1 on, in tables by it less 1 ------------------------- */

typedef struct gan__narrow_kernels {
    /* rows first .. end-1 of y */
    void (*rows[GAN__NARROW])(int64_t first, int64_t end, int64_t k, const float *x, const float *w, const float *bias, float *y);
    /* that many of them, w [k, wide] */
    void (*depth[GAN__NARROW])(int64_t rows, int64_t wide, const float *x, const float *w, const float *bias, const float *slope,
                               float *y);
    /* c [n, wide] */
    void (*points[GAN__NARROW])(int64_t wide, int64_t k, const float *a, const float *b, float *c);
} gan__narrow_kernels;

#endif
