#include <string.h>

#include "norm.h"
#include "vector.h"

#define TILE GAN__NORM_TILE
enum { STRIP = 4 }; /* vectors: three sums of each stay in registers */

/* Two passes while the block is in cache; the second corrects the first's rounding by its own sum (Chan, Golub & LeVeque 1983),
 * so that nothing is lost when the mean is large. */
INLINE void strip_moments(int64_t rows, const gan_real *const *x, int64_t at, int vectors, gan_real *mean, gan_real *s1,
                          gan_real *s2) {
    vec sum[STRIP] = {0}, first[STRIP] = {0}, second[STRIP] = {0};
    for (int64_t i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < vectors; j++) sum[j] += ((const loose *)(x[i] + at))[j];
    UNROLL for (int j = 0; j < vectors; j++) sum[j] /= (gan_real)rows;
    for (int64_t i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < vectors; j++) {
            vec d = ((const loose *)(x[i] + at))[j] - sum[j];
            first[j] += d;
            second[j] += d * d;
        }
    UNROLL for (int j = 0; j < vectors; j++)
        ((loose *)mean)[j] = sum[j], ((loose *)s1)[j] = first[j], ((loose *)s2)[j] = second[j];
}

static void column_moments(int64_t rows, const gan_real *const *x, int64_t at, gan_real *mean, gan_real *s1, gan_real *s2) {
    gan_real sum = 0, first = 0, second = 0;
    for (int64_t i = 0; i < rows; i++) sum += x[i][at];
    sum /= (gan_real)rows;
    for (int64_t i = 0; i < rows; i++) {
        gan_real d = x[i][at] - sum;
        first += d;
        second += d * d;
    }
    *mean = sum, *s1 = first, *s2 = second;
}

static void moments(int64_t rows, const gan_real *const *x, int64_t at, int64_t width, gan_real *mean, gan_real *s1,
                    gan_real *s2) {
    int64_t j = 0;
    for (; j + STRIP * LANES <= width; j += STRIP * LANES) strip_moments(rows, x, at + j, STRIP, mean + j, s1 + j, s2 + j);
    for (; j < width && width >= LANES; j += LANES) {
        if (j > width - LANES) j = width - LANES; /* the last ones overlap: a column's sums do not depend on its place */
        strip_moments(rows, x, at + j, 1, mean + j, s1 + j, s2 + j);
    }
    for (; j < width; j++) column_moments(rows, x, at + j, mean + j, s1 + j, s2 + j);
}

/* The loops are there twice: without an activation nothing is compared. */
#define BY_SLOPE(loop, ...)                  \
    do {                                     \
        if (t->slope == 1)                   \
            loop(__VA_ARGS__, true);         \
        else                                 \
            loop(__VA_ARGS__, false);        \
    } while (0)

/* The gradient before the activation, whose argument is d*scale + shift. */
INLINE gan_real before(gan_real g, gan_real d, gan_real scale, gan_real shift, gan_real slope, bool plain) {
    return plain ? g : g * (d * scale + shift > 0 ? 1 : slope);
}

INLINE void sums_loop(int64_t rows, int64_t pitch, int64_t width, const gan_real *restrict x, const gan_real *restrict g,
                      const gan__norm_tile *t, gan_real *restrict first, gan_real *restrict second, bool plain) {
    const gan_real *restrict mean = t->mean, *restrict scale = t->scale, *restrict shift = t->shift, slope = t->slope;
    for (int64_t i = 0; i < rows; i++, x += pitch, g += pitch)
        for (int64_t j = 0; j < width; j++) {
            gan_real d = x[j] - mean[j], h = before(g[j], d, scale[j], shift[j], slope, plain);
            first[j] += h;
            second[j] += h * d;
        }
}

static void sums(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                 gan_real *s1, gan_real *s2) {
    gan_real first[TILE] = {0}, second[TILE] = {0};
    BY_SLOPE(sums_loop, rows, pitch, width, x, g, t, first, second);
    memcpy(s1, first, sizeof first);
    memcpy(s2, second, sizeof second);
}

INLINE void apply_loop(int64_t rows, int64_t pitch, int64_t width, const gan_real *restrict x, const gan__norm_tile *t,
                       gan_real *restrict y, bool plain) {
    const gan_real *restrict mean = t->mean, *restrict scale = t->scale, *restrict shift = t->shift, slope = t->slope;
    for (int64_t i = 0; i < rows; i++, x += pitch, y += pitch)
        for (int64_t j = 0; j < width; j++) {
            gan_real v = (x[j] - mean[j]) * scale[j] + shift[j];
            y[j] = plain ? v : v * (v > 0 ? 1 : slope);
        }
}

static void apply(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan__norm_tile *t, gan_real *y) {
    BY_SLOPE(apply_loop, rows, pitch, width, x, t, y);
}

INLINE void grad_loop(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                      gan_real *dx, bool plain) {
    const gan_real *mean = t->mean, *scale = t->scale, *shift = t->shift, *along = t->along, *back = t->back, slope = t->slope;
    for (int64_t i = 0; i < rows; i++, x += pitch, g += pitch, dx += pitch)
        ELEMENTWISE for (int64_t j = 0; j < width; j++) {
            gan_real d = x[j] - mean[j], h = before(g[j], d, scale[j], shift[j], slope, plain);
            dx[j] = scale[j] * h - d * along[j] - back[j];
        }
}

static void grad(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                 gan_real *dx) {
    BY_SLOPE(grad_loop, rows, pitch, width, x, g, t, dx);
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TABLE JOIN(gan__norm_, GAN__ISA_NAME)

extern const gan__norm_kernels TABLE;
const gan__norm_kernels TABLE = {moments, sums, apply, grad};
