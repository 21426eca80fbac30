/* Products of which one side is a few columns wide, such as a perceptron's last layer and the gradients of its first one: a
 * register tile would be mostly empty. Here the long side fills the vectors instead. Plain matrices, row-major and dense, in
 * float32. */
#ifndef GAN__NARROW_H
#define GAN__NARROW_H

#include "../base/ctx_impl.h"
#include "prepare.h"

enum { GAN__NARROW = 4 };

/* y [m, n] = x [m, k] * w' + bias, w [n, k], 1 <= n <= GAN__NARROW, bias [n] or NULL. A row's bits do not depend on the other
 * rows. */
void gan__narrow_rows(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *x, const float *w, const float *bias,
                      float *y);

/* c = the sum over k points of a [k, n]' * b [k, wide], 1 <= n <= GAN__NARROW: c [n, wide], or its transpose. Raises
 * without scratch memory. A block is GAN__NARROW_BLOCK points; `prepare`, unless NULL, makes them before they are
 * read. */
enum { GAN__NARROW_BLOCK = 64 };
void gan__narrow_points(gan_ctx *ctx, int64_t n, int64_t wide, int64_t k, const float *a, const float *b, bool transposed,
                        const gan__prepare *prepare, float *c);

/* --- the inner loops, per instruction set; n from 1 on, in tables by n - 1 ---------------------------------- */

typedef struct gan__narrow_kernels {
    /* rows first .. end-1 of y */
    void (*rows[GAN__NARROW])(int64_t first, int64_t end, int64_t k, const float *x, const float *w, const float *bias, float *y);
    /* c [n, wide] */
    void (*points[GAN__NARROW])(int64_t wide, int64_t k, const float *a, const float *b, float *c);
} gan__narrow_kernels;

#endif
