#include "dense.h"

#include <cblas.h>
#include <string.h>

/* OpenBLAS would split a product over threads of its own, as many as a process-wide setting says, and so give other bits on other
 * machines. It does that only above m*n*k = 64^3 (65,536 times its GEMM_MULTITHREAD_THRESHOLD of 4), so it is never given more
 * than a cube of 64: the threads are ours, and the order of all sums is fixed. */
#define BLOCK 64

typedef struct product {
    bool is_double;
    bool trans_a, trans_b;
    int64_t m, n, k, columns; /* columns: blocks side by side */
    const void *a, *b;
    void *c;
} product;

static int at_most_a_block(int64_t rest) { return (int)(rest < BLOCK ? rest : BLOCK); }

/* One block of c, summed along k. Places are counted in elements from a, b and c. */
static void block(void *arg, int64_t task, int worker) {
    (void)worker;
    const product *p = arg;
    int64_t i = task / p->columns * BLOCK, j = task % p->columns * BLOCK, at_c = i * p->n + j;
    int64_t lda = p->trans_a ? p->m : p->k, ldb = p->trans_b ? p->k : p->n;
    int m = at_most_a_block(p->m - i), n = at_most_a_block(p->n - j);
    CBLAS_TRANSPOSE trans_a = p->trans_a ? CblasTrans : CblasNoTrans, trans_b = p->trans_b ? CblasTrans : CblasNoTrans;
    for (int64_t l = 0; l < p->k; l += BLOCK) {
        int64_t at_a = p->trans_a ? l * lda + i : i * lda + l, at_b = p->trans_b ? j * ldb + l : l * ldb + j;
        int k = at_most_a_block(p->k - l);
        if (p->is_double)
            cblas_dgemm(CblasRowMajor, trans_a, trans_b, m, n, k, 1, (const double *)p->a + at_a, (int)lda,
                        (const double *)p->b + at_b, (int)ldb, l > 0, (double *)p->c + at_c, (int)p->n);
        else
            cblas_sgemm(CblasRowMajor, trans_a, trans_b, m, n, k, 1, (const float *)p->a + at_a, (int)lda,
                        (const float *)p->b + at_b, (int)ldb, l > 0, (float *)p->c + at_c, (int)p->n);
    }
}

static void multiply(gan_ctx *ctx, product p) {
    size_t bytes = (size_t)(p.m * p.n) * (p.is_double ? sizeof(double) : sizeof(float));
    if (p.k == 0 && bytes > 0) memset(p.c, 0, bytes);
    if (p.m == 0 || p.n == 0 || p.k == 0) return;
    p.columns = (p.n + BLOCK - 1) / BLOCK;
    gan__parallel(ctx, (p.m + BLOCK - 1) / BLOCK * p.columns, block, &p);
}

void gan__gemm(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const gan_real *a, const gan_real *b,
               gan_real *c) {
    multiply(ctx, (product){sizeof(gan_real) == sizeof(double), trans_a, trans_b, m, n, k, 0, a, b, c});
}

void gan__gemm_double(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const double *a, const double *b,
                      double *c) {
    multiply(ctx, (product){true, trans_a, trans_b, m, n, k, 0, a, b, c});
}
