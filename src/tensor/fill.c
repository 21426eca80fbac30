/* Tensors of random numbers: element i depends on the stream's position and i alone, whatever the number of threads. */
#include <math.h>
#include <string.h>

#include "../kernels/elementwise.h"
#include "tensor_impl.h"

#define GRAIN 256 /* elements; a multiple of RUN */

typedef struct fill_arg {
    const gan_stream *stream;
    int64_t first; /* block of element 0 */
    gan_real *p;
} fill_arg;

enum { RUN = 4 * GAN__PHILOX_RUN };

/* Box & Muller (1958): two uniforms, one of them in (0, 1] so that its logarithm is finite, make two normals. */
static void normals(const gan_ctx *ctx, const uint32_t w[RUN], gan_real z[RUN]) {
    enum { PAIRS = RUN / 2 };
    gan_real radius[PAIRS], turns[PAIRS], x[PAIRS], y[PAIRS];
    for (int k = 0; k < PAIRS; k++) {
        radius[k] = ((gan_real)(int32_t)(w[2 * k] >> 1) + (gan_real).5) * (gan_real)0x1p-31;
        turns[k] = (gan_real)(int32_t)w[2 * k + 1] * (gan_real)0x1p-32;
    }
    gan__map_of(ctx, GAN__MAP_RAYLEIGH)(PAIRS, radius, radius, 0, radius);
    gan__map_of(ctx, GAN__MAP_COS_TURNS)(PAIRS, turns, turns, 0, x);
    gan__map_of(ctx, GAN__MAP_SIN_TURNS)(PAIRS, turns, turns, 0, y);
    for (int k = 0; k < PAIRS; k++) z[2 * k] = radius[k] * x[k], z[2 * k + 1] = radius[k] * y[k];
}

/* [0, 1): 24 bits, which a float holds exactly. */
static void uniforms(const gan_ctx *ctx, const uint32_t w[RUN], gan_real z[RUN]) {
    (void)ctx;
    for (int k = 0; k < RUN; k++) z[k] = (gan_real)(w[k] >> 8) * (gan_real)0x1p-24;
}

typedef void run_fn(const gan_ctx *ctx, const uint32_t w[RUN], gan_real z[RUN]);

/* Always whole runs, so that no number depends on where an array ends. */
static inline void fill(fill_arg *f, int64_t begin, int64_t end, run_fn *fn) {
    for (int64_t i = begin; i < end; i += RUN) {
        uint32_t w[RUN];
        gan_real z[RUN];
        gan__philox_run(f->stream->key, (uint64_t)(f->first + i / 4), w);
        fn(f->stream->ctx, w, z);
        memcpy(f->p + i, z, (size_t)(end - i < RUN ? end - i : RUN) * sizeof *z);
    }
}

static void fill_normal(void *f, int64_t begin, int64_t end) { fill(f, begin, end, normals); }
static void fill_uniform(void *f, int64_t begin, int64_t end) { fill(f, begin, end, uniforms); }

static gan_tensor *random_tensor(gan_stream *s, gan_shape shape, gan__range_fn fn) {
    gan_ctx *ctx = s && s->ctx ? s->ctx : gan__nil_ctx();
    gan_tensor *t = gan_empty(ctx, shape);
    int64_t n = gan_count(t);
    if (gan_is_nil(t)) return t;
    fill_arg f = {s, gan__stream_take(s, (n + 3) / 4), gan_op_write(t)};
    gan__parallel_ranges(ctx, n, GRAIN, fn, &f);
    return t;
}

gan_tensor *gan_randn_from(gan_stream *s, gan_shape shape) { return random_tensor(s, shape, fill_normal); }
gan_tensor *gan_rand_from(gan_stream *s, gan_shape shape) { return random_tensor(s, shape, fill_uniform); }
/* --- truncated -------------------------------------------------------------------------------------------- */

typedef struct truncate_arg {
    gan_real *p;
    double bound, mass; /* mass: the probability of [-bound, bound] */
} truncate_arg;

/* x >= 0 with erf(x/sqrt 2) = p, p in [0, 1). erf is concave there: Newton's steps from 0 go up, and never past the root. */
static double half_normal_quantile(double p) {
    double x = 0;
    for (int i = 0; i < 100; i++) {
        double slope = 0.797884560802865356 * exp(-x * x / 2), step = (p - erf(x * 0.707106781186547524)) / slope;
        x += step;
        if (!(step > 1e-14 * (1 + x))) break;
    }
    return x;
}

/* A uniform number, 24 bits of it, taken at the middle of its interval: as symmetric as the normal distribution. */
static void truncate(void *arg, int64_t begin, int64_t end) {
    const truncate_arg *a = arg;
    for (int64_t i = begin; i < end; i++) {
        double side = 2 * ((double)a->p[i] + 0x1p-25) - 1, x = half_normal_quantile(fabs(side) * a->mass);
        a->p[i] = (gan_real)copysign(x < a->bound ? x : a->bound, side);
    }
}

gan_tensor *gan_truncated_randn_from(gan_stream *s, gan_shape shape, double bound) {
    gan_ctx *ctx = s && s->ctx ? s->ctx : gan__nil_ctx();
    if (!(bound > 0)) gan__raise(ctx, GAN_E_ARG, "gan_truncated_randn_from: bound is %g, not above 0", bound);
    gan_tensor *t = gan_rand_from(s, shape);
    truncate_arg arg = {gan_op_write(t), bound, erf(bound * 0.707106781186547524)};
    if (arg.p) gan__parallel_ranges(ctx, gan_count(t), GRAIN, truncate, &arg);
    return t;
}

gan_tensor *gan_randn(gan_ctx *ctx, gan_shape shape) { return gan_randn_from(gan_stream_named(ctx, "noise"), shape); }
gan_tensor *gan_rand(gan_ctx *ctx, gan_shape shape) { return gan_rand_from(gan_stream_named(ctx, "noise"), shape); }
