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

static void sums(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan_real *mean,
                 gan_real *s1, gan_real *s2) {
    gan_real first[TILE] = {0}, second[TILE] = {0};
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) {
            gan_real v = g[i * pitch + j];
            first[j] += v;
            second[j] += v * (x[i * pitch + j] - mean[j]);
        }
    memcpy(s1, first, sizeof first);
    memcpy(s2, second, sizeof second);
}

static void apply(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *mean, const gan_real *scale,
                  const gan_real *shift, gan_real *restrict y) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++) y[i * pitch + j] = (x[i * pitch + j] - mean[j]) * scale[j] + shift[j];
}

static void grad(int64_t rows, int64_t pitch, int64_t width, const gan_real *x, const gan_real *g, const gan_real *mean,
                 const gan_real *scale, const gan_real *slope, const gan_real *shift, gan_real *restrict dx) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < width; j++)
            dx[i * pitch + j] = scale[j] * g[i * pitch + j] - (x[i * pitch + j] - mean[j]) * slope[j] - shift[j];
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TABLE JOIN(gan__norm_, GAN__ISA_NAME)

extern const gan__norm_kernels TABLE;
const gan__norm_kernels TABLE = {moments, sums, apply, grad};
