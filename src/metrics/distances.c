#include "distances.h"

#include <float.h>
#include <math.h>

#include "../kernels/dense.h"

#ifdef GAN_DOUBLE
#define EPSILON DBL_EPSILON
#define SMALLEST DBL_MIN
#else
#define EPSILON FLT_EPSILON
#define SMALLEST FLT_MIN
#endif

#define BLOCK 128 /* rows of a whose products are there at a time */

static double *norms_of(gan_ctx *ctx, const gan_real *x, int64_t n, int64_t d) {
    double *norms = gan__alloc(ctx, (size_t)n * sizeof *norms);
    for (int64_t i = 0; norms && i < n; i++) {
        norms[i] = 0;
        for (int64_t j = 0; j < d; j++) norms[i] += (double)x[i * d + j] * (double)x[i * d + j];
    }
    return norms;
}

bool gan__distances_begin(gan_ctx *ctx, const gan__row_pair *p, gan__distances *s) {
    *s = (gan__distances){.ctx = ctx, .a = p->a, .b = p->b, .same = p->a.x == p->b.x && p->a.n == p->b.n};
    if (!gan__centre(ctx, p, &s->near)) return false;
    s->norm_a = norms_of(ctx, s->near.a, s->a.n, s->a.d);
    s->norm_b = s->same ? s->norm_a : norms_of(ctx, s->near.b, s->b.n, s->b.d);
    s->products = gan__alloc(ctx, (size_t)((s->a.n < BLOCK ? s->a.n : BLOCK) * s->b.n) * sizeof *s->products);
    if (!gan__ok(ctx)) gan__distances_end(s);
    return gan__ok(ctx);
}

void gan__distances_end(gan__distances *s) {
    if (s->norm_b != s->norm_a) gan__free(s->ctx, s->norm_b);
    gan__free(s->ctx, s->norm_a);
    gan__free(s->ctx, s->products);
    gan__centred_free(s->ctx, &s->near);
}

typedef struct rows_arg {
    gan__distances *s;
    gan__row_fn fn;
    void *arg;
    int64_t first;
} rows_arg;

static void one_row(void *p, int64_t task, int worker) {
    const rows_arg *r = p;
    r->fn(r->arg, r->first + task, r->s->products + task * r->s->b.n, worker);
}

void gan__each_row(gan__distances *s, gan__row_fn fn, void *arg) {
    for (int64_t i = 0; i < s->a.n; i += BLOCK) {
        int64_t rows = s->a.n - i < BLOCK ? s->a.n - i : BLOCK;
        gan__gemm(s->ctx, false, true, rows, s->b.n, s->a.d, s->near.a + i * s->a.d, s->near.b, NULL, s->products);
        if (!gan__ok(s->ctx)) return;
        rows_arg r = {s, fn, arg, i};
        gan__parallel(s->ctx, rows, one_row, &r);
    }
}

double gan__squared(const gan__distances *s, int64_t i, int64_t j) {
    const gan_real *a = s->a.x + i * s->a.d, *b = s->b.x + j * s->b.d;
    double sum = 0;
    for (int64_t k = 0; k < s->a.d; k++) {
        double gap = (double)a[k] - (double)b[k];
        sum += gap * gap;
    }
    return sum;
}

/* What the product says, give or take `error`: half an epsilon of |a||b| for each of d sums, twice that to be safe, a few for the
 * rounding of the copies, and what underflows. */
typedef struct estimate {
    double value, error;
} estimate;

static estimate estimate_of(const gan__distances *s, int64_t i, int64_t j, gan_real product) {
    double norms = s->norm_a[i] + s->norm_b[j], square = s->near.unit * s->near.unit;
    return (estimate){square * (norms - 2 * (double)product), square * (norms * EPSILON + SMALLEST) * (double)(s->a.d + 16)};
}

bool gan__within(const gan__distances *s, int64_t i, int64_t j, gan_real product, double limit) {
    estimate e = estimate_of(s, i, j, product);
    if (e.value + e.error <= limit) return true;
    return e.value - e.error <= limit && gan__squared(s, i, j) <= limit;
}

void gan__nearest(const gan__distances *s, int64_t i, const gan_real *products, int k, double *squared, int64_t *index) {
    for (int p = 0; p < k; p++) squared[p] = INFINITY;
    for (int64_t j = 0; j < s->b.n; j++) {
        if (s->same && j == i) continue;
        estimate e = estimate_of(s, i, j, products[j]);
        if (e.value - e.error >= squared[k - 1]) continue;
        double exact = gan__squared(s, i, j);
        if (exact >= squared[k - 1]) continue;
        int at = k - 1;
        for (; at > 0 && squared[at - 1] > exact; at--) {
            squared[at] = squared[at - 1];
            if (index) index[at] = index[at - 1];
        }
        squared[at] = exact;
        if (index) index[at] = j;
    }
}

/* --- radii ------------------------------------------------------------------------------------------------ */

typedef struct radii_arg {
    gan__distances s;
    int k;
    double *nearest, *radii; /* nearest: k for each worker */
} radii_arg;

static void one_radius(void *p, int64_t i, const gan_real *products, int worker) {
    radii_arg *r = p;
    double *nearest = r->nearest + (int64_t)worker * r->k;
    gan__nearest(&r->s, i, products, r->k, nearest, NULL);
    r->radii[i] = nearest[r->k - 1];
}

bool gan__radii(gan_ctx *ctx, const gan__rows *samples, int k, double *radii) {
    radii_arg r = {.k = k, .radii = radii};
    if (!gan__distances_begin(ctx, &(gan__row_pair){*samples, *samples}, &r.s)) return false;
    r.nearest = gan__alloc(ctx, (size_t)k * (size_t)gan__threads_count(ctx->threads) * sizeof *r.nearest);
    if (r.nearest) gan__each_row(&r.s, one_radius, &r);
    gan__free(ctx, r.nearest);
    gan__distances_end(&r.s);
    return gan__ok(ctx);
}
