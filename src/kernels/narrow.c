#include "narrow.h"

#ifndef GAN_DOUBLE

enum {
    COLUMNS = GAN__NARROW_COLUMNS,
    TASK = 16384, /* multiply-adds */
    CHUNK = 256   /* points that are added up before the rest, which loses less */
};

extern const gan__narrow_kernels gan__narrow_portable, gan__narrow_avx2, gan__narrow_avx512;

static const gan__narrow_kernels *kernels_of(const gan_ctx *ctx) {
    static const gan__narrow_kernels *const tables[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__narrow);
    return tables[ctx->isa];
}

typedef struct product {
    const gan__narrow_kernels *by;
    int64_t n, wide, k;
    const float *a, *b, *bias;
    bool transposed;
    float *c;
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

static void run_columns(void *arg, int64_t task, int worker) {
    (void)worker;
    const product *p = arg;
    int64_t at = task * COLUMNS, columns = p->wide - at < COLUMNS ? p->wide - at : COLUMNS;
    float sum[GAN__NARROW * COLUMNS] = {0}, part[GAN__NARROW * COLUMNS];
    for (int64_t i = 0; i < p->k; i += CHUNK) {
        int64_t points = p->k - i < CHUNK ? p->k - i : CHUNK;
        p->by->points[p->n - 1](columns, p->wide, points, p->a + i * p->n, p->b + i * p->wide + at, part);
        for (int64_t j = 0; j < p->n; j++)
            for (int64_t t = 0; t < columns; t++) sum[j * COLUMNS + t] += part[j * COLUMNS + t];
    }
    int64_t next = p->transposed ? p->n : 1, down = p->transposed ? 1 : p->wide;
    for (int64_t j = 0; j < p->n; j++)
        for (int64_t t = 0; t < columns; t++) p->c[j * down + (at + t) * next] = sum[j * COLUMNS + t];
}

void gan__narrow_points(gan_ctx *ctx, int64_t n, int64_t wide, int64_t k, const float *a, const float *b, bool transposed,
                        float *c) {
    product p = {.by = kernels_of(ctx), .n = n, .wide = wide, .k = k, .a = a, .b = b, .transposed = transposed, .c = c};
    gan__parallel(ctx, (wide + COLUMNS - 1) / COLUMNS, run_columns, &p);
}

#endif
