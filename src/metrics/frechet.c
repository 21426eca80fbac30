/* Frechet distance of two Gaussians with the samples' moments (Dowson & Landau 1982; of Inception features: FID, 1706.08500).
 *
 * A covariance S is kept as a factor F [r, d] with F^T F = S: then tr (S1 S2)^(1/2) is the sum of the singular values of F1 F2^T,
 * which neither squares small numbers nor minds a singular S, as the root of a product of covariances would. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

#include "../kernels/dense.h"
#include "lapack.h"
#include "rows.h"

typedef struct gaussian {
    double *mean;   /* [d] */
    double *factor; /* [r, d] */
    int64_t r;
    double trace; /* of the covariance */
} gaussian;

static void gaussian_free(gan_ctx *ctx, gaussian *g) {
    gan__free(ctx, g->mean);
    gan__free(ctx, g->factor);
}

enum { MOST_FEATURES = 32767 }; /* the room that dsyevd asks for, 1 + 6d + 2d^2, is told as an int */

static void lapack_failed(gan_ctx *ctx, const char *who, const char *routine, int info) {
    if (info != 0) gan__raise(ctx, GAN_E_NONFINITE, "%s: LAPACK's %s did not converge (%d)", who, routine, info);
}

/* The rows of v become eigenvectors of the symmetric v [d, d]; their eigenvalues, ascending. */
static void eigen(gan_ctx *ctx, const char *who, double *v, int d, double *values) {
    int lwork = -1, liwork = -1, info = 0, some;
    double wanted;
    dsyevd_("V", "U", &d, v, &d, values, &wanted, &lwork, &some, &liwork, &info, 1, 1); /* asks how much room it needs */
    lwork = (int)wanted, liwork = some;
    double *work = gan__alloc(ctx, (size_t)lwork * sizeof *work);
    int *iwork = gan__alloc(ctx, (size_t)liwork * sizeof *iwork);
    if (gan__ok(ctx)) {
        dsyevd_("V", "U", &d, v, &d, values, work, &lwork, iwork, &liwork, &info, 1, 1);
        lapack_failed(ctx, who, "dsyevd", info);
    }
    gan__free(ctx, work), gan__free(ctx, iwork);
}

/* The sum of the singular values of m [rows, columns], which is destroyed. */
static double nuclear_norm(gan_ctx *ctx, const char *who, double *m, int rows, int columns) {
    int few = rows < columns ? rows : columns, lwork = -1, info = 0, one = 1;
    double wanted, unused, sum = 0;
    if (few == 0) return 0;
    double *values = gan__alloc(ctx, (size_t)few * sizeof *values);
    int *iwork = gan__alloc(ctx, 8 * (size_t)few * sizeof *iwork);
    if (gan__ok(ctx)) /* row by row, m is its transpose in Fortran, which has the same singular values */
        dgesdd_("N", &columns, &rows, m, &columns, values, &unused, &one, &unused, &one, &wanted, &lwork, iwork, &info, 1);
    lwork = gan__ok(ctx) ? (int)wanted : 0;
    double *work = gan__ok(ctx) ? gan__alloc(ctx, (size_t)lwork * sizeof *work) : NULL;
    if (work) {
        dgesdd_("N", &columns, &rows, m, &columns, values, &unused, &one, &unused, &one, work, &lwork, iwork, &info, 1);
        lapack_failed(ctx, who, "dgesdd", info);
    }
    for (int i = few - 1; i >= 0 && gan__ok(ctx); i--) sum += values[i];
    gan__free(ctx, values), gan__free(ctx, iwork), gan__free(ctx, work);
    return sum;
}

/* The factor of a covariance of full size: its eigenvectors, each times the root of its eigenvalue. Those that are nothing but
 * rounding are left out. */
static void factor_covariance(gan_ctx *ctx, const char *who, const double *centred, int64_t n, int64_t d, gaussian *g) {
    double *values = gan__alloc(ctx, (size_t)d * sizeof *values);
    g->factor = gan__alloc(ctx, (size_t)(d * d) * sizeof *g->factor);
    if (gan__ok(ctx)) {
        gan__gemm_double(ctx, true, false, d, d, n, centred, centred, g->factor);
        eigen(ctx, who, g->factor, (int)d, values);
    }
    for (int64_t i = 0; i < d && gan__ok(ctx); i++) {
        if (values[i] <= (double)d * DBL_EPSILON * values[d - 1]) continue;
        for (int64_t j = 0; j < d; j++) g->factor[g->r * d + j] = sqrt(values[i]) * g->factor[i * d + j];
        g->r++;
    }
    gan__free(ctx, values);
}

/* Covariances have the denominator n - 1. With fewer samples than dimensions, the samples themselves are the shorter factor. */
static bool gaussian_of(gan_ctx *ctx, const char *who, const gan__rows *x, gaussian *g) {
    int64_t n = x->n, d = x->d;
    double *centred = gan__alloc(ctx, (size_t)(n * d) * sizeof *centred), scale = 1 / sqrt((double)(n - 1));
    g->mean = gan__calloc(ctx, (size_t)d * sizeof *g->mean);
    if (gan__ok(ctx)) {
        for (int64_t i = 0; i < n * d; i++) g->mean[i % d] += x->x[i];
        for (int64_t j = 0; j < d; j++) g->mean[j] /= (double)n;
        for (int64_t i = 0; i < n * d; i++) centred[i] = (x->x[i] - g->mean[i % d]) * scale;
        for (int64_t i = 0; i < n * d; i++) g->trace += centred[i] * centred[i];
    }
    if (n <= d) {
        g->factor = centred, g->r = n;
    } else {
        if (gan__ok(ctx)) factor_covariance(ctx, who, centred, n, d, g);
        gan__free(ctx, centred);
    }
    return gan__ok(ctx);
}

static double distance(gan_ctx *ctx, const char *who, const gaussian *a, const gaussian *b, int64_t d) {
    double *m = gan__alloc(ctx, (size_t)(a->r * b->r) * sizeof *m), means = 0;
    if (!m) return NAN;
    gan__gemm_double(ctx, false, true, a->r, b->r, d, a->factor, b->factor, m);
    double root = nuclear_norm(ctx, who, m, (int)a->r, (int)b->r);
    gan__free(ctx, m);
    for (int64_t j = 0; j < d; j++) means += (a->mean[j] - b->mean[j]) * (a->mean[j] - b->mean[j]);
    return gan__ok(ctx) ? fmax(means + a->trace + b->trace - 2 * root, 0) : NAN;
}

double gan_frechet_distance(const gan_tensor *a, const gan_tensor *b) {
    static const char who[] = "gan_frechet_distance";
    gan_ctx *ctx = gan__metric_ctx(a, b);
    gaussian first = {0}, second = {0};
    double result = NAN;
    gan__row_pair p;
    if (!gan__row_pair_of(ctx, a, "the first samples", b, "the second samples", 2, who, &p)) return NAN;
    if (p.a.d > MOST_FEATURES)
        gan__raise(ctx, GAN_E_ARG, "%s: features of %lld numbers are too long for LAPACK", who, (long long)p.a.d);
    else if (gaussian_of(ctx, who, &p.a, &first) && gaussian_of(ctx, who, &p.b, &second))
        result = distance(ctx, who, &first, &second, p.a.d);
    gaussian_free(ctx, &first);
    gaussian_free(ctx, &second);
    return result;
}
