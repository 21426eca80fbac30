#include "dense.h"

#include <cblas.h>
#include <string.h>

#ifdef GAN_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

/* OpenBLAS would split a product over threads of its own, as many as a process-wide setting says, and so give other bits on other
 * machines. It does that only above m*n*k = 64^3 (65,536 times its GEMM_MULTITHREAD_THRESHOLD of 4), so it is never given more
 * than a cube of 64: the threads are ours, and the order of all sums is fixed. */
#define BLOCK 64

typedef struct product {
    bool trans_a, trans_b;
    int64_t m, n, k, columns; /* columns: blocks side by side */
    const gan_real *a, *b;
    gan_real *c;
} product;

static int at_most_a_block(int64_t rest) { return (int)(rest < BLOCK ? rest : BLOCK); }

/* One block of c, summed along k. */
static void block(void *arg, int64_t task, int worker) {
    (void)worker;
    const product *p = arg;
    int64_t i = task / p->columns * BLOCK, j = task % p->columns * BLOCK;
    int64_t lda = p->trans_a ? p->m : p->k, ldb = p->trans_b ? p->k : p->n;
    for (int64_t l = 0; l < p->k; l += BLOCK) {
        const gan_real *a = p->a + (p->trans_a ? l * lda + i : i * lda + l);
        const gan_real *b = p->b + (p->trans_b ? j * ldb + l : l * ldb + j);
        GEMM(CblasRowMajor, p->trans_a ? CblasTrans : CblasNoTrans, p->trans_b ? CblasTrans : CblasNoTrans,
             at_most_a_block(p->m - i), at_most_a_block(p->n - j), at_most_a_block(p->k - l), 1, a, (int)lda, b, (int)ldb, l > 0,
             p->c + i * p->n + j, (int)p->n);
    }
}

void gan__gemm(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const gan_real *a, const gan_real *b,
               gan_real *c) {
    if (k == 0) memset(c, 0, (size_t)(m * n) * sizeof *c);
    if (m == 0 || n == 0 || k == 0) return;
    product p = {trans_a, trans_b, m, n, k, (n + BLOCK - 1) / BLOCK, a, b, c};
    gan__parallel(ctx, (m + BLOCK - 1) / BLOCK * p.columns, block, &p);
}
