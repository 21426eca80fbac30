/* Orthonormal rows or columns by modified Gram & Schmidt, in double, twice: once more removes what rounding left of the
 * projections. The triangular factor has a positive diagonal, so that normal draws give the uniform (Haar) distribution
 * without a correction of signs (Mezzadri, math-ph/0609050). */
#include <math.h>

#include "nn_impl.h"

/* Vectors are taken in panels: those of one panel stay in the cache while all later vectors are projected. */
#define PANEL 16
#define LANES 8

typedef struct basis {
    double *v;
    int64_t count, length;
    int64_t begin, end; /* of the panel */
} basis;

static double dot(const double *a, const double *b, int64_t n) {
    double lane[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) lane[k] += a[i + k] * b[i + k];
    for (int k = 0; k < LANES; k++) sum += lane[k];
    for (; i < n; i++) sum += a[i] * b[i];
    return sum;
}

#define BUNCH 4

/* v -= (q_k.v) q_k for BUNCH orthonormal vectors at once: v is read and written a quarter as often. */
static void project_out_bunch(double *restrict v, const double *restrict q, int64_t n) {
    double lane[BUNCH][2] = {{0}}, c[BUNCH];
    const double *q0 = q, *q1 = q + n, *q2 = q + 2 * n, *q3 = q + 3 * n;
    int64_t i = 0;
    for (; i + 2 <= n; i += 2)
        for (int k = 0; k < 2; k++) {
            lane[0][k] += v[i + k] * q0[i + k];
            lane[1][k] += v[i + k] * q1[i + k];
            lane[2][k] += v[i + k] * q2[i + k];
            lane[3][k] += v[i + k] * q3[i + k];
        }
    for (int k = 0; k < BUNCH; k++) c[k] = lane[k][0] + lane[k][1] + (i < n ? v[i] * q[k * n + i] : 0);
    for (i = 0; i < n; i++) v[i] -= (c[0] * q0[i] + c[1] * q1[i]) + (c[2] * q2[i] + c[3] * q3[i]);
}

/* v -= (q.v) q for a unit vector q */
static void project_out(double *v, const double *q, int64_t n) {
    double c = dot(v, q, n);
    for (int64_t i = 0; i < n; i++) v[i] -= c * q[i];
}

static void normalise(double *v, int64_t n) {
    double norm = sqrt(dot(v, v, n)), factor = norm > 0 ? 1 / norm : 0;
    for (int64_t i = 0; i < n; i++) v[i] *= factor;
}

static void panel(basis *b) {
    for (int64_t j = b->begin; j < b->end; j++) {
        for (int64_t i = b->begin; i < j; i++) project_out(b->v + j * b->length, b->v + i * b->length, b->length);
        normalise(b->v + j * b->length, b->length);
    }
}

static void later(void *arg, int64_t begin, int64_t end) {
    const basis *b = arg;
    for (int64_t j = b->end + begin; j < b->end + end; j++) {
        int64_t i = b->begin;
        for (; i + BUNCH <= b->end; i += BUNCH) project_out_bunch(b->v + j * b->length, b->v + i * b->length, b->length);
        for (; i < b->end; i++) project_out(b->v + j * b->length, b->v + i * b->length, b->length);
    }
}

static void gram_schmidt(gan_ctx *ctx, basis *b) {
    for (b->begin = 0; b->begin < b->count; b->begin = b->end) {
        b->end = b->begin + PANEL < b->count ? b->begin + PANEL : b->count;
        panel(b);
        gan__parallel_ranges(ctx, b->count - b->end, 4, later, b);
    }
}

bool gan__orthogonalise(gan_ctx *ctx, gan_real *values, int64_t rows, int64_t cols, double gain) {
    bool tall = rows > cols;
    int64_t count = tall ? cols : rows, length = tall ? rows : cols;
    int64_t step = tall ? 1 : cols, stride = tall ? cols : 1; /* from vector to vector, from element to element */
    basis b = {.v = gan__alloc(ctx, (size_t)(count * length) * sizeof(double)), .count = count, .length = length};
    if (!b.v) return false;
    for (int64_t j = 0; j < count; j++)
        for (int64_t i = 0; i < length; i++) b.v[j * length + i] = (double)values[j * step + i * stride];
    for (int pass = 0; pass < 2; pass++) gram_schmidt(ctx, &b);
    for (int64_t j = 0; j < count; j++)
        for (int64_t i = 0; i < length; i++) values[j * step + i * stride] = (gan_real)(gain * b.v[j * length + i]);
    gan__free(ctx, b.v);
    return true;
}
