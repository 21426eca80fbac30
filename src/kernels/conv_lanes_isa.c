#include "conv_lanes.h"
#include "vector.h"

#ifndef GAN_DOUBLE /* the float64 build runs on the reference */

enum { MAX_ROWS = 6, MAX_COLUMNS = 4 };

/* A block of m x n sums stays in registers. Enough of them for the latency of a multiply-add, few enough for 16 registers. */
INLINE void product_block(const gan__lanes_product *job, int64_t p, int64_t q, int m, int n) {
    vec sum[MAX_ROWS][MAX_COLUMNS];
    UNROLL for (int i = 0; i < m; i++) UNROLL for (int j = 0; j < n; j++) sum[i][j] = (vec){0};
    const vec *a_row = (const vec *)job->a + p * job->a_step;
    const float *w_row = job->w + q;
    for (int64_t row = 0; row < job->rows; row++, a_row += job->a_row, w_row += job->w_row) {
        const vec *a = a_row;
        const float *w = w_row;
        for (int64_t r = 0; r < job->length; r++, a++, w += job->w_step)
            UNROLL for (int i = 0; i < m; i++) UNROLL for (int j = 0; j < n; j++) sum[i][j] += a[i * job->a_step] * w[j];
    }
    vec *out = (vec *)job->out + p * job->out_step + q;
    UNROLL for (int i = 0; i < m; i++) UNROLL for (int j = 0; j < n; j++) out[i * job->out_step + j] = sum[i][j];
}

INLINE float sum_of(vec v) {
    float sum = 0;
    UNROLL for (int i = 0; i < LANES; i++) sum += v[i];
    return sum;
}

INLINE void weights_block(const gan__lanes_weights *job, int64_t r, int64_t q, int m, int n) {
    vec sum[MAX_ROWS][MAX_COLUMNS];
    UNROLL for (int i = 0; i < m; i++) UNROLL for (int j = 0; j < n; j++) sum[i][j] = (vec){0};
    const vec *a_row = (const vec *)job->a + r, *b_row = (const vec *)job->b + q;
    for (int64_t row = 0; row < job->rows; row++, a_row += job->a_row, b_row += job->b_row) {
        const vec *a = a_row, *b = b_row;
        for (int64_t p = 0; p < job->m; p++, a += job->a_step, b += job->n)
            UNROLL for (int i = 0; i < m; i++) UNROLL for (int j = 0; j < n; j++) sum[i][j] += a[i] * b[j];
    }
    float *out = job->out + r * job->n + q;
    UNROLL for (int i = 0; i < m; i++) UNROLL for (int j = 0; j < n; j++) out[i * job->n + j] = sum_of(sum[i][j]);
}

/* All blocks of m rows and n columns from q on. The last rows overlap those before; fewer than m go one by one. */
#define ROWS(block, job, total, m, n, q)                                     \
    if ((total) < (m))                                                       \
        for (int64_t i = 0; i < (total); i++) block(job, i, q, 1, n);        \
    else                                                                     \
        for (int64_t i = 0; i < (total); i += (m)) block(job, i + (m) > (total) ? (total) - (m) : i, q, m, n);

#define ROWS_AND_COLUMNS(name, block, job_type, total)             \
    static void name(const job_type *job) {                        \
        for (int64_t q = 0; q < job->n; q += MAX_COLUMNS)          \
            switch (job->n - q) {                                  \
            case 1: ROWS(block, job, total, 6, 1, q) break;        \
            case 2: ROWS(block, job, total, 4, 2, q) break;        \
            case 3: ROWS(block, job, total, 4, 3, q) break;        \
            default: ROWS(block, job, total, 3, MAX_COLUMNS, q)    \
            }                                                      \
    }
ROWS_AND_COLUMNS(product, product_block, gan__lanes_product, job->m)
ROWS_AND_COLUMNS(weights, weights_block, gan__lanes_weights, job->length)

/* LANES elements that start at the same place of LANES images, from one order to the other: each pass swaps squares twice as
 * large, of numbers, of pairs, and so on, across the diagonal. */
#if defined(GAN__TILE_AVX512)
#define PASSES(swap)                                                                                                             \
    swap(1, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30)                                                           \
        swap(2, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)                                                        \
            swap(4, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27)                                                    \
                swap(8, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define PLUS(d, a, b, c, e, f, g, h, i, j, k, l, m, n, o, p, q)                                                                  \
    a + d, b + d, c + d, e + d, f + d, g + d, h + d, i + d, j + d, k + d, l + d, m + d, n + d, o + d, p + d, q + d
#elif defined(GAN__TILE_AVX2)
#define PASSES(swap) swap(1, 0, 8, 2, 10, 4, 12, 6, 14) swap(2, 0, 1, 8, 9, 4, 5, 12, 13) swap(4, 0, 1, 2, 3, 8, 9, 10, 11)
#define PLUS(d, a, b, c, e, f, g, h, i) a + d, b + d, c + d, e + d, f + d, g + d, h + d, i + d
#else
#define PASSES(swap) swap(1, 0, 4, 2, 6) swap(2, 0, 1, 4, 5)
#define PLUS(d, a, b, c, e) a + d, b + d, c + d, e + d
#endif

#define SWAP(d, ...)                                                                                                             \
    UNROLL for (int i = 0; i < LANES; i++) if (!(i & d)) {                                                                       \
        vec a = v[i], b = v[i + d];                                                                                              \
        v[i] = __builtin_shufflevector(a, b, __VA_ARGS__);                                                                       \
        v[i + d] = __builtin_shufflevector(a, b, PLUS(d, __VA_ARGS__));                                                          \
    }

INLINE void transpose(const float *from, int64_t from_step, float *to, int64_t to_step) {
    vec v[LANES];
    UNROLL for (int i = 0; i < LANES; i++) v[i] = *(const loose *)(from + i * from_step);
    PASSES(SWAP)
    UNROLL for (int i = 0; i < LANES; i++) * (loose *)(to + i * to_step) = v[i];
}

static void load(const float *from, int64_t step, int images, int64_t size, float *to) {
    int64_t j = 0;
    if (images == LANES)
        for (; j + LANES <= size; j += LANES) transpose(from + j, step, to + j * LANES, LANES);
    for (; j < size; j++)
        for (int i = 0; i < LANES; i++) to[j * LANES + i] = i < images ? from[i * step + j] : 0;
}

static void store(const float *from, int64_t step, int images, int64_t size, float *to) {
    int64_t j = 0;
    if (images == LANES)
        for (; j + LANES <= size; j += LANES) transpose(from + j * LANES, LANES, to + j, step);
    for (; j < size; j++)
        for (int i = 0; i < images; i++) to[i * step + j] = from[j * LANES + i];
}

#define PASTE(a, b) a##b
#define NAME(isa) PASTE(gan__lanes_, isa)
const gan__lanes NAME(GAN__ISA_NAME) = {LANES, product, weights, load, store};

#else
typedef int gan__nothing_in_double; /* a translation unit may not be empty */
#endif
