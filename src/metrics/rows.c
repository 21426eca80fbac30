#include "rows.h"

#include <math.h>
#include <string.h>

gan_ctx *gan__metric_ctx(const gan_tensor *a, const gan_tensor *b) { return gan_ctx_of(a && a->ctx ? a : b); }

static bool all_finite(const gan__rows *r) {
    for (int64_t i = 0; i < r->n * r->d; i++)
        if (!isfinite(r->x[i])) return false;
    return true;
}

bool gan__rows_of(gan_ctx *ctx, const gan_tensor *t, int64_t fewest, const char *who, const char *name, gan__rows *r) {
    if (!gan__usable(ctx, t, who)) return false;
    gan_shape s = gan_shape_of(t);
    char text[GAN_SHAPE_TEXT];
    *r = (gan__rows){.n = s.ndim ? s.d[0] : 0, .x = gan_data(t)};
    r->d = r->n ? gan_count(t) / r->n : 0;
    if (s.ndim == 0 || (r->n > 0 && r->d == 0))
        gan__raise(ctx, GAN_E_SHAPE, "%s: %s have shape %s, which holds no samples", who, name, gan_shape_text(s, text));
    else if (r->n < fewest)
        gan__raise(ctx, GAN_E_ARG, "%s: %s are %lld, but must be at least %lld", who, name, (long long)r->n, (long long)fewest);
    else if (!all_finite(r))
        gan__raise(ctx, GAN_E_NONFINITE, "%s: %s are not all finite", who, name);
    else
        return true;
    return false;
}

bool gan__row_pair_of(gan_ctx *ctx, const gan_tensor *a, const char *name_a, const gan_tensor *b, const char *name_b,
                      int64_t fewest, const char *who, gan__row_pair *pair) {
    if (!gan__rows_of(ctx, a, fewest, who, name_a, &pair->a) || !gan__rows_of(ctx, b, fewest, who, name_b, &pair->b))
        return false;
    gan_shape s = gan_shape_of(a), t = gan_shape_of(b);
    char one[GAN_SHAPE_TEXT], other[GAN_SHAPE_TEXT];
    if (s.ndim == t.ndim && !memcmp(s.d + 1, t.d + 1, (size_t)(s.ndim - 1) * sizeof *s.d)) return true;
    gan__raise(ctx, GAN_E_SHAPE, "%s: %s have shape %s, %s %s", who, name_a, gan_shape_text(s, one), name_b,
               gan_shape_text(t, other));
    return false;
}

/* --- copies ----------------------------------------------------------------------------------------------- */

static void add_rows(const gan__rows *r, double *sum) {
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t j = 0; j < r->d; j++) sum[j] += r->x[i * r->d + j];
}

static double farthest(const gan__rows *r, const double *mean) {
    double most = 0;
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t j = 0; j < r->d; j++) {
            double distance = fabs(r->x[i * r->d + j] - mean[j]);
            most = distance > most ? distance : most;
        }
    return most;
}

static void copy_rows(const gan__rows *r, const double *mean, double scale, gan_real *to) {
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t j = 0; j < r->d; j++) to[i * r->d + j] = (gan_real)((r->x[i * r->d + j] - mean[j]) * scale);
}

bool gan__centre(gan_ctx *ctx, const gan__row_pair *p, gan__centred *c) {
    bool same = p->a.x == p->b.x && p->a.n == p->b.n;
    double *mean = gan__calloc(ctx, (size_t)p->a.d * sizeof *mean);
    c->a = gan__alloc(ctx, (size_t)(p->a.n * p->a.d) * sizeof *c->a);
    c->b = same ? c->a : gan__alloc(ctx, (size_t)(p->b.n * p->b.d) * sizeof *c->b);
    c->unit = 1;
    if (gan__ok(ctx)) {
        int exponent = 0;
        add_rows(&p->a, mean), add_rows(&p->b, mean);
        for (int64_t j = 0; j < p->a.d; j++) mean[j] /= (double)(p->a.n + p->b.n);
        frexp(fmax(farthest(&p->a, mean), farthest(&p->b, mean)), &exponent);
        c->unit = ldexp(1, exponent);
        copy_rows(&p->a, mean, 1 / c->unit, c->a);
        if (!same) copy_rows(&p->b, mean, 1 / c->unit, c->b);
    } else {
        gan__centred_free(ctx, c);
    }
    gan__free(ctx, mean);
    return gan__ok(ctx);
}

void gan__centred_free(gan_ctx *ctx, gan__centred *c) {
    if (c->b != c->a) gan__free(ctx, c->b);
    gan__free(ctx, c->a);
    c->a = c->b = NULL;
}

/* --- tools ------------------------------------------------------------------------------------------------ */

static void sift(gan_real *v, int64_t at, int64_t n) {
    gan_real moving = v[at];
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && v[child + 1] > v[child]) child++;
        if (v[child] <= moving) break;
        v[at] = v[child];
    }
    v[at] = moving;
}

/* Heapsort: qsort may ask the system for memory. */
void gan__sort(gan_real *v, int64_t n) {
    for (int64_t i = n / 2 - 1; i >= 0; i--) sift(v, i, n);
    for (int64_t last = n - 1; last > 0; last--) {
        gan_real largest = v[0];
        v[0] = v[last];
        v[last] = largest;
        sift(v, 0, last);
    }
}
