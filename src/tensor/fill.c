/* Tensors of random numbers: element i depends on the stream's position and i alone, whatever the number of threads. */
#include <math.h>
#include <string.h>

#include "tensor_impl.h"

#define GRAIN 256 /* elements; a multiple of 4 * GAN__PHILOX_RUN */

typedef struct fill_arg {
    const gan_stream *stream;
    int64_t first; /* block of element 0 */
    gan_real *p;
} fill_arg;

#ifdef GAN_DOUBLE
#define LOG log
#define SQRT sqrt
#define COS cos
#define SIN sin
#else
#define LOG logf
#define SQRT sqrtf
#define COS cosf
#define SIN sinf
#endif

/* (0, 1], so that its logarithm is finite. */
static gan_real open_unit(uint32_t w) { return ((gan_real)w + 1) * (gan_real)0x1p-32; }

/* Box & Muller (1958): two uniforms make two normals. */
static void normals(const uint32_t w[4], gan_real z[4]) {
    const gan_real turn = (gan_real)6.283185307179586476925;
    for (int k = 0; k < 4; k += 2) {
        gan_real r = SQRT(-2 * LOG(open_unit(w[k]))), a = turn * ((gan_real)w[k + 1] * (gan_real)0x1p-32);
        z[k] = r * COS(a);
        z[k + 1] = r * SIN(a);
    }
}

/* [0, 1): 24 bits, which a float holds exactly. */
static void uniforms(const uint32_t w[4], gan_real z[4]) {
    for (int k = 0; k < 4; k++) z[k] = (gan_real)(w[k] >> 8) * (gan_real)0x1p-24;
}

static inline void fill(fill_arg *f, int64_t begin, int64_t end, void (*four)(const uint32_t[4], gan_real[4])) {
    for (int64_t i = begin, count; i < end; i += count) {
        uint32_t w[4 * GAN__PHILOX_RUN];
        gan_real z[4 * GAN__PHILOX_RUN];
        count = end - i < 4 * GAN__PHILOX_RUN ? end - i : 4 * GAN__PHILOX_RUN;
        gan__philox_run(f->stream->key, (uint64_t)(f->first + i / 4), w);
        for (int64_t k = 0; k < count; k += 4) four(w + k, z + k);
        memcpy(f->p + i, z, (size_t)count * sizeof *z);
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
