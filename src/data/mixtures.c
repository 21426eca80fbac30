/* Gaussian mixtures in the plane, on which mode collapse can be counted (VEEGAN, arXiv 1705.07761; PacGAN, 1712.04086). */
#include <gan/data.h>
#include <gan/op.h>
#include <math.h>

#include "array_data.h"

#define PI 3.14159265358979323846

typedef struct mixture {
    const char *who, *kind, *describe;
    int components;
    double std;
    void (*mean)(int component, double at[2]);
} mixture;

/* i / 8 of the circle: a spacing of 2 pi / 7, as linspace(0, 2 pi, 8) gives, would make the first and the last the same. */
static void ring_mean(int i, double at[2]) {
    at[0] = cos(2 * PI * i / 8);
    at[1] = sin(2 * PI * i / 8);
}

static void grid_mean(int i, double at[2]) {
    at[0] = 2 * (i / 5) - 4;
    at[1] = 2 * (i % 5) - 4;
}

static const mixture ring = {"gan_ring_data", "ring", "ring of 8 Gaussians", 8, GAN_RING_STD, ring_mean};
static const mixture grid = {"gan_grid_data", "grid", "grid of 25 Gaussians", 25, GAN_GRID_STD, grid_mean};

/* Box & Muller (1958). */
static void normal_pair(const uint32_t key[2], int64_t i, double z[2]) {
    uint32_t w[4];
    gan__philox(key, (uint64_t)i, w);
    double r = sqrt(-2 * log((w[0] + 1.0) * 0x1p-32)), a = 2 * PI * (w[1] * 0x1p-32);
    z[0] = r * cos(a);
    z[1] = r * sin(a);
}

/* The components take turns, which makes their weights equal to within one point. */
static gan_dataset *make(gan_ctx *ctx, gan_mixture_opts opts, const mixture *m) {
    int64_t count = opts.count;
    if (!gan__ok(ctx)) return gan__dataset_nil(ctx);
    if (count < 1 || count > INT32_MAX) {
        gan__raise(ctx, GAN_E_ARG, "%s: %lld points: there must be 1 to %d", m->who, (long long)count, INT32_MAX);
        return gan__dataset_nil(ctx);
    }
    gan_real *points = gan__alloc(ctx, (size_t)count * 2 * sizeof *points);
    int32_t *labels = gan__alloc(ctx, (size_t)count * sizeof *labels);
    const uint32_t *key = gan_stream_named(ctx, m->kind)->key;
    for (int64_t i = 0; i < count && gan__ok(ctx); i++) {
        double mean[2], z[2];
        labels[i] = (int32_t)(i % m->components);
        m->mean(labels[i], mean);
        normal_pair(key, i, z);
        points[2 * i] = (gan_real)(mean[0] + m->std * z[0]);
        points[2 * i + 1] = (gan_real)(mean[1] + m->std * z[1]);
    }
    gan__dataset_spec spec = {.who = m->who, .kind = m->kind, .source.describe = m->describe};
    gan_array_opts array = {.held_out = opts.held_out, .labels = labels};
    gan_dataset *d = gan__array_dataset(ctx, gan_shape2(count, 2), points, array, spec);
    gan__free(ctx, points);
    gan__free(ctx, labels);
    return d;
}

gan_dataset *gan_ring_data(gan_ctx *ctx, gan_mixture_opts opts) { return make(ctx, opts, &ring); }
gan_dataset *gan_grid_data(gan_ctx *ctx, gan_mixture_opts opts) { return make(ctx, opts, &grid); }

static gan_tensor *means_of(gan_ctx *ctx, const mixture *m) {
    gan_tensor *means = gan_empty(ctx, gan_shape2(m->components, 2));
    gan_real *p = gan_op_write(means);
    for (int i = 0; p && i < m->components; i++) {
        double at[2];
        m->mean(i, at);
        p[2 * i] = (gan_real)at[0], p[2 * i + 1] = (gan_real)at[1];
    }
    return means;
}

gan_tensor *gan_ring_means(gan_ctx *ctx) { return means_of(ctx, &ring); }
gan_tensor *gan_grid_means(gan_ctx *ctx) { return means_of(ctx, &grid); }
