/* Kernel distance (KID, 1801.01401): squared maximum mean discrepancy (Gretton et al., JMLR 2012) with k(x, y) = (xy/d + 1)^3. */
#include <math.h>

#include "../kernels/dense.h"
#include "rows.h"

#define TAG 0x6b696465u /* of the stream of blocks */

typedef struct kernels {
    const double *x, *y; /* [size, d] */
    double *products;    /* [size, size] */
    double *sums;        /* [size]: of each row */
    int64_t size, d;
    bool same;
} kernels;

static void sum_row(void *arg, int64_t i, int worker) {
    (void)worker;
    const kernels *k = arg;
    double sum = 0;
    for (int64_t j = 0; j < k->size; j++) {
        double base = k->products[i * k->size + j] / (double)k->d + 1;
        if (!k->same || j != i) sum += base * base * base;
    }
    k->sums[i] = sum;
}

/* The mean of k over all pairs, without those of a sample with itself. */
static double mean_kernel(gan_ctx *ctx, kernels *k, const double *x, const double *y) {
    double sum = 0;
    k->same = x == y;
    gan__gemm_double(ctx, false, true, k->size, k->size, k->d, x, y, k->products);
    gan__parallel(ctx, k->size, sum_row, k);
    for (int64_t i = 0; i < k->size; i++) sum += k->sums[i];
    return sum / ((double)k->size * (double)(k->size - k->same));
}

/* `size` different rows, copied: the first of a shuffle, which goes on from the last one. */
static void draw_rows(gan_stream *s, const gan__rows *from, int64_t *order, int64_t size, double *to) {
    for (int64_t i = 0; i < size; i++) {
        int64_t other = i + gan_stream_below(s, from->n - i), row = order[other];
        order[other] = order[i];
        order[i] = row;
        for (int64_t j = 0; j < from->d; j++) to[i * from->d + j] = from->x[row * from->d + j];
    }
}

static int64_t *numbers(gan_ctx *ctx, int64_t n) {
    int64_t *order = gan__alloc(ctx, (size_t)n * sizeof *order);
    for (int64_t i = 0; order && i < n; i++) order[i] = i;
    return order;
}

static gan_spread estimate(gan_ctx *ctx, const gan__row_pair *p, gan_kid_opts o) {
    gan_stream own = gan__own_stream(ctx, o.seed, TAG);
    int64_t d = p->a.d, size = o.block;
    double *x = gan__alloc(ctx, (size_t)(size * d) * sizeof *x), *y = gan__alloc(ctx, (size_t)(size * d) * sizeof *y);
    int64_t *order_a = numbers(ctx, p->a.n), *order_b = numbers(ctx, p->b.n);
    kernels k = {.size = size, .d = d};
    k.products = gan__alloc(ctx, (size_t)(size * size) * sizeof *k.products);
    k.sums = gan__alloc(ctx, (size_t)size * sizeof *k.sums);
    double mean = 0, squares = 0;
    for (int i = 0; i < o.blocks && gan__ok(ctx); i++) {
        draw_rows(&own, &p->a, order_a, size, x);
        draw_rows(&own, &p->b, order_b, size, y);
        double mmd = mean_kernel(ctx, &k, x, x) + mean_kernel(ctx, &k, y, y) - 2 * mean_kernel(ctx, &k, x, y);
        double step = mmd - mean; /* Welford (1962) */
        mean += step / (i + 1);
        squares += step * (mmd - mean);
    }
    gan__free(ctx, x), gan__free(ctx, y), gan__free(ctx, order_a), gan__free(ctx, order_b);
    gan__free(ctx, k.products), gan__free(ctx, k.sums);
    return gan__ok(ctx) ? (gan_spread){mean, sqrt(squares / o.blocks)} : (gan_spread){NAN, NAN};
}

gan_spread gan_kid(const gan_tensor *a, const gan_tensor *b, gan_kid_opts o) {
    static const char who[] = "gan_kid";
    gan_ctx *ctx = gan__metric_ctx(a, b);
    gan_spread failed = {NAN, NAN};
    gan__row_pair p;
    if (!gan__row_pair_of(ctx, a, "the first samples", b, "the second samples", 2, who, &p)) return failed;
    int64_t fewer = p.a.n < p.b.n ? p.a.n : p.b.n;
    if (!o.block) o.block = fewer < 1000 ? fewer : 1000;
    if (!o.blocks) o.blocks = o.block == p.a.n && o.block == p.b.n ? 1 : 100;
    if (o.block < 2 || o.block > fewer || o.blocks < 1) {
        gan__raise(ctx, GAN_E_ARG, "%s: %d blocks of %lld samples: there must be at least 1, of 2 to %lld", who, o.blocks,
                   (long long)o.block, (long long)fewer);
        return failed;
    }
    return estimate(ctx, &p, o);
}
