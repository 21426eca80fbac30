/* Tensors of random numbers: element i depends on the stream's position and i alone, whatever the number of threads. */
#include <math.h>

#include "tensor_impl.h"

#define GRAIN 4096 /* elements; a multiple of 4 */

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
    for (int64_t i = begin; i < end; i += 4) {
        uint32_t w[4];
        gan_real z[4];
        gan__philox(f->stream->key, (uint64_t)(f->first + i / 4), w);
        four(w, z);
        for (int64_t k = 0; k < 4 && i + k < end; k++) f->p[i + k] = z[k];
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
gan_tensor *gan_randn(gan_ctx *ctx, gan_shape shape) { return gan_randn_from(gan_stream_named(ctx, "noise"), shape); }
gan_tensor *gan_rand(gan_ctx *ctx, gan_shape shape) { return gan_rand_from(gan_stream_named(ctx, "noise"), shape); }
