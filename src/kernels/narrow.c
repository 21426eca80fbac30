#include "narrow.h"

#include <string.h>

#ifndef GAN_DOUBLE

enum {
    TASK = 16384,             /* multiply-adds */
    CHUNK = GAN__NARROW_BLOCK /* they are added up before the rest, which loses less */
};

extern const gan__narrow_kernels gan__narrow_portable, gan__narrow_avx2, gan__narrow_avx512;

static const gan__narrow_kernels *kernels_of(const gan_ctx *ctx) {
    static const gan__narrow_kernels *const tables[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__narrow);
    return tables[ctx->isa];
}

typedef struct product {
    const gan__narrow_kernels *by;
    int64_t m, n, wide, k;
    const float *a, *b, *bias, *slope;
    bool transposed;
    const gan__prepare *prepare;
    float *c, *parts; /* parts [chunks][n][wide] */
} product;

static void run_rows(void *arg, int64_t begin, int64_t end) {
    const product *p = arg;
    p->by->rows[p->n - 1](begin, end, p->k, p->a, p->b, p->bias, p->c);
}

void gan__narrow_rows(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *x, const float *w, const float *bias,
                      float *y) {
    product p = {.by = kernels_of(ctx), .n = n, .k = k, .a = x, .b = w, .bias = bias, .c = y};
    gan__parallel_ranges(ctx, m, TASK / (n * k) + 1, run_rows, &p);
}

/* A block's rows. */
static void run_depth(void *arg, int64_t block, int worker) {
    (void)worker;
    const product *p = arg;
    int64_t first = block * GAN__NARROW_BLOCK, rows = p->m - first < GAN__NARROW_BLOCK ? p->m - first : GAN__NARROW_BLOCK;
    if (p->prepare) p->prepare->fn(p->prepare->arg, block, first, rows);
    p->by->depth[p->k - 1](rows, p->wide, p->a + first * p->k, p->b, p->bias, p->slope, p->c + first * p->wide);
}

void gan__narrow_depth(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const float *x, const float *w, bool transposed,
                       const float *bias, const double *slope, const gan__prepare *prepare, float *y) {
    float *rows = transposed ? gan__alloc(ctx, (size_t)(k * n) * sizeof *rows) : NULL;
    if (transposed && !rows) return;
    for (int64_t j = 0; transposed && j < n; j++)
        for (int64_t d = 0; d < k; d++) rows[d * n + j] = w[j * k + d];
    product p = {.by = kernels_of(ctx), .m = m, .wide = n, .k = k, .a = x, .b = rows ? rows : w, .bias = bias, .c = y};
    p.prepare = prepare;
    float kept_slope = slope ? (float)*slope : 0;
    if (slope) p.slope = &kept_slope;
    gan__parallel(ctx, (m + GAN__NARROW_BLOCK - 1) / GAN__NARROW_BLOCK, run_depth, &p);
    gan__free(ctx, rows);
}

/* Points of one chunk, into sums of its own: whoever wrote these rows has them in its cache. */
static void run_chunk(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const product *p = arg;
    int64_t first = chunk * CHUNK, points = p->k - first < CHUNK ? p->k - first : CHUNK;
    if (p->prepare) p->prepare->fn(p->prepare->arg, chunk, first, points);
    p->by->points[p->n - 1](p->wide, points, p->a + first * p->n, p->b + first * p->wide, p->parts + chunk * p->n * p->wide);
}

static void add_parts(const product *p, int64_t chunks) {
    int64_t size = p->n * p->wide;
    for (int64_t chunk = 1; chunk < chunks; chunk++)
        for (int64_t i = 0; i < size; i++) p->parts[i] += p->parts[chunk * size + i];
    if (!p->transposed) memcpy(p->c, p->parts, (size_t)size * sizeof *p->c);
    for (int64_t i = 0; i < p->wide && p->transposed; i++)
        for (int64_t j = 0; j < p->n; j++) p->c[i * p->n + j] = p->parts[j * p->wide + i];
}

void gan__narrow_points(gan_ctx *ctx, int64_t n, int64_t wide, int64_t k, const float *a, const float *b, bool transposed,
                        const gan__prepare *prepare, float *c) {
    product p = {.by = kernels_of(ctx), .n = n, .wide = wide, .k = k, .a = a, .b = b, .transposed = transposed, .c = c};
    p.prepare = prepare;
    int64_t chunks = (k + CHUNK - 1) / CHUNK;
    p.parts = gan__alloc(ctx, (size_t)(chunks * n * wide) * sizeof *p.parts);
    if (!p.parts) return;
    gan__parallel(ctx, chunks, run_chunk, &p);
    add_parts(&p, chunks);
    gan__free(ctx, p.parts);
}

#endif
