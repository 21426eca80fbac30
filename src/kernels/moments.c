#include "moments.h"

#include "norm.h"

void gan__moments_of_block(const gan_ctx *ctx, int64_t n, const gan_real *const *rows, int64_t at, int64_t c, double *mean,
                           double *m2) {
    const gan__norm_kernels *k = gan__norm_kernels_of(ctx);
    for (int64_t j = 0; j < c; j += GAN__NORM_TILE) {
        int64_t width = c - j < GAN__NORM_TILE ? c - j : GAN__NORM_TILE;
        gan_real mid[GAN__NORM_TILE], s1[GAN__NORM_TILE], s2[GAN__NORM_TILE];
        k->moments(n, rows, at + j, width, mid, s1, s2);
        for (int64_t t = 0; t < width; t++) {
            double rest = (double)s1[t] / (double)n;
            mean[j + t] = (double)mid[t] + rest;
            m2[j + t] = (double)s2[t] - rest * (double)s1[t];
        }
    }
}

void gan__moments_join(gan__moments *all, const gan__moments *more, int64_t c) {
    if (more->n == 0) return;
    double n = (double)(all->n + more->n), share = (double)more->n / n, spread = (double)all->n * share;
    bool first = all->n == 0; /* what is there may be anything */
    for (int64_t j = 0; j < c; j++) {
        double mean = first ? more->mean[j] : all->mean[j], d = more->mean[j] - mean;
        all->mean[j] = mean + d * share;
        all->m2[j] = (first ? 0 : all->m2[j]) + more->m2[j] + d * d * spread;
    }
    all->n += more->n;
}

void gan__moments_finish(const gan__moments *all, int64_t c, gan_real *stats) {
    for (int64_t j = 0; j < c; j++) {
        stats[j] = all->n ? (gan_real)all->mean[j] : 0;
        stats[c + j] = all->n == 0 || all->m2[j] < 0 ? 0 : (gan_real)(all->m2[j] / (double)all->n);
    }
}
