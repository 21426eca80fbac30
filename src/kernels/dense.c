#include "dense.h"

#include <cblas.h>
#include <string.h>

#include "conv_engine.h"
#include "elementwise.h"
#include "narrow.h"
#include "summing.h"

/* OpenBLAS would split a product over threads of its own, as many as a process-wide setting says, and so give other bits on other
 * machines. It does that only above m*n*k = 64^3 (65,536 times its GEMM_MULTITHREAD_THRESHOLD of 4), so it is never given more
 * than a cube of 64: the threads are ours, and the order of all sums is fixed. */
#define BLOCK 64

typedef struct product {
    bool trans_a, trans_b;
    int64_t m, n, k, columns; /* columns: blocks side by side */
    const double *a, *b;
    double *c;
} product;

static int at_most_a_block(int64_t rest) { return (int)(rest < BLOCK ? rest : BLOCK); }

/* One block of c, summed along k. */
static void block(void *arg, int64_t task, int worker) {
    (void)worker;
    const product *p = arg;
    int64_t i = task / p->columns * BLOCK, j = task % p->columns * BLOCK;
    int64_t lda = p->trans_a ? p->m : p->k, ldb = p->trans_b ? p->k : p->n;
    for (int64_t l = 0; l < p->k; l += BLOCK) {
        const double *a = p->a + (p->trans_a ? l * lda + i : i * lda + l);
        const double *b = p->b + (p->trans_b ? j * ldb + l : l * ldb + j);
        cblas_dgemm(CblasRowMajor, p->trans_a ? CblasTrans : CblasNoTrans, p->trans_b ? CblasTrans : CblasNoTrans,
                    at_most_a_block(p->m - i), at_most_a_block(p->n - j), at_most_a_block(p->k - l), 1, a, (int)lda, b, (int)ldb,
                    l > 0, p->c + i * p->n + j, (int)p->n);
    }
}

void gan__gemm_double(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const double *a, const double *b,
                      double *c) {
    if (k == 0 && m * n > 0) memset(c, 0, (size_t)(m * n) * sizeof *c);
    if (m == 0 || n == 0 || k == 0) return;
    product p = {trans_a, trans_b, m, n, k, (n + BLOCK - 1) / BLOCK, a, b, c};
    gan__parallel(ctx, (m + BLOCK - 1) / BLOCK * p.columns, block, &p);
}

#ifdef GAN_DOUBLE

void gan__gemm(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const gan_real *a, const gan_real *b,
               gan__packed **kept, gan_real *c) {
    (void)kept;
    gan__gemm_double(ctx, trans_a, trans_b, m, n, k, a, b, c);
}

void gan__linear(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const gan_real *x, const gan_real *w, const gan_real *bias,
                 const double *slope, gan__packed **kept, gan_real *y) {
    gan__gemm(ctx, false, true, m, n, k, x, w, kept, y);
    for (int64_t i = 0; bias && i < m * n; i++) y[i] += bias[i % n];
    if (slope) gan__map(ctx, gan__leaky_kind(*slope), m * n, y, NULL, *slope, y);
}

void gan__linear_grads(gan_ctx *ctx, const gan__linear_back *b) {
    if (b->slope) gan__map(ctx, GAN__MAP_LEAKY_GRAD, b->m * b->n, b->g, b->y, *b->slope, b->before);
    const gan_real *g = b->slope ? b->before : b->g;
    if (b->dx) gan__gemm(ctx, false, false, b->m, b->k, b->n, g, b->w, NULL, b->dx);
    if (b->dw) gan__gemm(ctx, true, false, b->n, b->k, b->m, g, b->x, NULL, b->dw);
    for (int64_t j = 0; b->db && j < b->n; j++) {
        b->db[j] = 0;
        for (int64_t i = 0; i < b->m; i++) b->db[j] += g[i * b->n + j];
    }
}

#else

/* Where narrow.h is worth while: how deep at least by rows, how wide where they are not deep; how deep at most by points, of
 * which the engine takes ranges side by side. */
enum { LEAST_DEPTH = 16, LEAST_WIDTH = 16, MOST_DEPTH = 1024 };

static void by_narrow_rows(gan_ctx *ctx, bool trans_b, int64_t m, int64_t n, int64_t k, const float *a, const float *b,
                           const float *bias, float *c) {
    float *t = trans_b ? NULL : gan__alloc(ctx, (size_t)(n * k) * sizeof *t);
    if (!trans_b && !t) return;
    for (int64_t i = 0; t && i < k; i++)
        for (int64_t j = 0; j < n; j++) t[j * k + i] = b[i * n + j];
    gan__narrow_rows(ctx, m, n, k, a, t ? t : b, bias, c);
    gan__free(ctx, t);
}

static bool is_narrow(int64_t n, int64_t k) { return n <= GAN__NARROW && k >= LEAST_DEPTH; }
static bool is_shallow(int64_t n, int64_t k) { return 1 <= k && k <= GAN__NARROW && n >= LEAST_WIDTH; }

/* The rows of a are pixels, k their channels. */
static gan__patches pixels(bool trans_b, int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c) {
    return (gan__patches){.src = a, .n = 1, .h = 1, .w = m, .c = k, .oh = 1, .ow = m, .kh = 1, .kw = 1, .sh = 1, .sw = 1,
                          .weight = b, .in = trans_b ? 1 : n, .out = trans_b ? k : 1, .k = n, .dst = c, .dst_x = n};
}

static void by_rows(gan_ctx *ctx, bool trans_b, int64_t m, int64_t n, int64_t k, const float *a, const float *b,
                    const float *bias, const double *slope, gan__packed **kept, float *c) {
    if (is_narrow(n, k)) {
        by_narrow_rows(ctx, trans_b, m, n, k, a, b, bias, c);
        if (slope) gan__map(ctx, gan__leaky_kind(*slope), m * n, c, NULL, *slope, c);
        return;
    }
    if (is_shallow(n, k)) {
        gan__narrow_depth(ctx, m, n, k, a, b, trans_b, bias, slope, NULL, c);
        return;
    }
    gan__patches p = pixels(trans_b, m, n, k, a, b, c);
    p.bias = bias, p.slope = slope;
    gan__patches_run(ctx, &p, 1, kept, NULL);
}

static bool is_narrow_over(int64_t m, int64_t n, int64_t k) {
    return 1 <= gan__least(m, n) && gan__least(m, n) <= GAN__NARROW && k <= MOST_DEPTH;
}

static void over_few_points(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *a, const float *b,
                            const gan__prepare *prepare, float *c) {
    bool few_rows = m <= n;
    gan__narrow_points(ctx, gan__least(m, n), gan__most(m, n), k, few_rows ? a : b, few_rows ? b : a, !few_rows, prepare, c);
}

/* A weight gradient over k pixels of m channels. */
static void over_pixels(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c) {
    if (is_narrow_over(m, n, k)) {
        over_few_points(ctx, m, n, k, a, b, NULL, c);
        return;
    }
    gan__conv_shape s = {.n = 1, .h = 1, .w = k, .c = m, .oh = 1, .ow = k, .k = n, .kh = 1, .kw = 1, .sh = 1, .sw = 1};
    gan__weight_run(ctx, &s, a, b, c);
}

void gan__gemm(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const gan_real *a, const gan_real *b,
               gan__packed **kept, gan_real *c) {
    if (k == 0 && m * n > 0) memset(c, 0, (size_t)(m * n) * sizeof *c);
    if (m == 0 || n == 0 || k == 0) return;
    if (!trans_a) {
        by_rows(ctx, trans_b, m, n, k, a, b, NULL, NULL, kept, c);
    } else if (!trans_b) {
        over_pixels(ctx, m, n, k, a, b, c);
    } else { /* the transpose of b*a */
        float *t = gan__alloc(ctx, (size_t)(m * n) * sizeof *t);
        if (!t) return;
        by_rows(ctx, false, n, m, k, b, a, NULL, NULL, NULL, t);
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) c[i * n + j] = t[j * m + i];
        gan__free(ctx, t);
    }
}

void gan__linear(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const gan_real *x, const gan_real *w, const gan_real *bias,
                 const double *slope, gan__packed **kept, gan_real *y) {
    if (m > 0 && n > 0) by_rows(ctx, true, m, n, k, x, w, bias, slope, kept, y);
}

/* What happens to a block's rows of g on their way into the products: the activation's derivative, and sums for the bias. */
typedef struct rows_back {
    const gan__linear_back *of;
    gan__map_fn slope;
    const gan__summing *summing;
    double *sums; /* [blocks][n]; NULL: not wanted */
} rows_back;

static void prepare_rows(void *arg, int64_t block, int64_t first, int64_t count) {
    const rows_back *r = arg;
    const gan__linear_back *b = r->of;
    const float *g = b->g + first * b->n;
    if (b->slope) {
        r->slope(count * b->n, g, b->y + first * b->n, (float)*b->slope, b->before + first * b->n);
        g = b->before + first * b->n;
    }
    if (!r->sums) return;
    double *sums = r->sums + block * b->n;
    memset(sums, 0, (size_t)b->n * sizeof *sums);
    r->summing->rows(sums, g, count, b->n, b->n);
}

static void prepare_block(void *arg, int64_t block, int worker) {
    (void)worker;
    const rows_back *r = arg;
    int64_t first = block * GAN__NARROW_BLOCK;
    prepare_rows(arg, block, first, gan__least(GAN__NARROW_BLOCK, r->of->m - first));
}

static void add_sums(const rows_back *r, int64_t blocks) {
    for (int64_t j = 0; j < r->of->n; j++) {
        double sum = 0;
        for (int64_t i = 0; i < blocks; i++) sum += r->sums[i * r->of->n + j];
        r->of->db[j] = (float)sum;
    }
}

/* Rows are prepared on their way into the first product that takes them block by block, or alone if none does. */
void gan__linear_grads(gan_ctx *ctx, const gan__linear_back *b) {
    const float *g = b->slope ? b->before : b->g;
    rows_back r = {.of = b, .slope = gan__map_of(ctx, GAN__MAP_LEAKY_GRAD), .summing = gan__summing_of(ctx)};
    gan__prepare prepare = {prepare_rows, &r};
    gan__patches p = pixels(false, b->m, b->k, b->n, g, b->w, b->dx);
    p.prepare = &prepare;
    bool into_dx = b->dx && b->m && b->k && !is_narrow(b->k, b->n), shallow = is_shallow(b->k, b->n);
    bool into_dw = b->dw && b->m && b->k && !b->dx && is_narrow_over(b->n, b->k, b->m);
    int64_t blocks = into_dx && !shallow ? gan__patches_blocks(ctx, &p) : gan__ceil_div(b->m, GAN__NARROW_BLOCK);
    if (b->db && !(r.sums = gan__alloc(ctx, (size_t)(blocks * b->n) * sizeof *r.sums))) return;
    if (into_dx && shallow)
        gan__narrow_depth(ctx, b->m, b->k, b->n, g, b->w, false, NULL, NULL, &prepare, b->dx);
    else if (into_dx)
        gan__patches_run(ctx, &p, 1, b->kept, NULL);
    else if (into_dw)
        over_few_points(ctx, b->n, b->k, b->m, g, b->x, &prepare, b->dw);
    else if (b->slope || b->db)
        gan__parallel(ctx, blocks, prepare_block, &r);
    bool ok = gan_ctx_status(ctx) == GAN_OK;
    if (ok && b->dx && !into_dx) gan__gemm(ctx, false, false, b->m, b->k, b->n, g, b->w, b->kept, b->dx);
    if (ok && b->dw && !into_dw) gan__gemm(ctx, true, false, b->n, b->k, b->m, g, b->x, NULL, b->dw);
    if (ok && b->db) add_sums(&r, blocks);
    gan__free(ctx, r.sums);
}

#endif
