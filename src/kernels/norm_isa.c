#include <string.h>

#include "norm.h"

#define TILE GAN__NORM_TILE

/* Two passes while the block is in cache; the second corrects the first's rounding by its own sum (Chan, Golub & LeVeque 1983),
 * so that nothing is lost when the mean is large. */
static void moments(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, gan_real *mean, gan_real *s1, gan_real *s2) {
    gan_real sum[TILE] = {0}, first[TILE] = {0}, second[TILE] = {0}, middle[TILE];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) sum[j] += x[i * pitch + j];
    for (int64_t j = 0; j < width; j++) middle[j] = sum[j] / (gan_real)rows;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) {
            gan_real d = x[i * pitch + j] - middle[j];
            first[j] += d;
            second[j] += d * d;
        }
    memcpy(mean, middle, sizeof middle);
    memcpy(s1, first, sizeof first);
    memcpy(s2, second, sizeof second);
}

static inline gan_real value(const gan__norm_tile *t, int64_t j, gan_real x) {
    return (x - t->mean[j]) * t->scale[j] + t->shift[j];
}

/* The gradient before the activation. */
static inline gan_real before(const gan__norm_tile *t, int64_t j, gan_real x, gan_real g) {
    return value(t, j, x) > 0 ? g : t->slope * g;
}

/* Without an activation nothing is compared: the loops are there twice, by a constant. */
#define PLAIN(t) ((t)->slope == 1)
#define INLINE static inline __attribute__((always_inline))

INLINE void sums_loop(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                      gan_real *first, gan_real *second, bool plain) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) {
            gan_real v = x[i * pitch + j], h = plain ? g[i * pitch + j] : before(t, j, v, g[i * pitch + j]);
            first[j] += h;
            second[j] += h * (v - t->mean[j]);
        }
}

static void sums(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                 gan_real *s1, gan_real *s2) {
    gan_real first[TILE] = {0}, second[TILE] = {0};
    if (PLAIN(t))
        sums_loop(rows, pitch, width, x, g, t, first, second, true);
    else
        sums_loop(rows, pitch, width, x, g, t, first, second, false);
    memcpy(s1, first, sizeof first);
    memcpy(s2, second, sizeof second);
}

INLINE void apply_loop(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan__norm_tile *t,
                       gan_real *restrict y, bool plain) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) {
            gan_real v = value(t, j, x[i * pitch + j]);
            y[i * pitch + j] = plain || v > 0 ? v : t->slope * v;
        }
}

static void apply(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan__norm_tile *t, gan_real *y) {
    if (PLAIN(t))
        apply_loop(rows, pitch, width, x, t, y, true);
    else
        apply_loop(rows, pitch, width, x, t, y, false);
}

INLINE void grad_loop(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                      gan_real *restrict dx, bool plain) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) {
            gan_real v = x[i * pitch + j], h = plain ? g[i * pitch + j] : before(t, j, v, g[i * pitch + j]);
            dx[i * pitch + j] = t->scale[j] * h - (v - t->mean[j]) * t->along[j] - t->back[j];
        }
}

static void grad(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan__norm_tile *t,
                 gan_real *dx) {
    if (PLAIN(t))
        grad_loop(rows, pitch, width, x, g, t, dx, true);
    else
        grad_loop(rows, pitch, width, x, g, t, dx, false);
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TABLE JOIN(gan__norm_, GAN__ISA_NAME)

extern const gan__norm_kernels TABLE;
const gan__norm_kernels TABLE = {moments, sums, apply, grad};
