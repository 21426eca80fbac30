/* The innermost loops of sums over axes: in double, in an order that depends on the sizes alone, so that every instruction set
 * gives the same bits. */
#ifndef GAN__SUMMING_H
#define GAN__SUMMING_H

#include "../base/ctx_impl.h"

typedef struct gan__summing {
    double (*row)(const gan_real *x, int64_t n); /* the sum of n neighbours */
    /* sum[i] += the sum of column i of rows that are `pitch` apart */
    void (*rows)(double *sum, const gan_real *x, int64_t rows, int64_t pitch, int64_t n);
} gan__summing;

extern const gan__summing gan__summing_portable, gan__summing_avx2, gan__summing_avx512;

static inline const gan__summing *gan__summing_of(const gan_ctx *ctx) {
    static const gan__summing *const tables[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__summing);
    return tables[ctx->isa];
}

#endif
