#include "conv_tile.h"

#ifndef GAN_DOUBLE /* the float64 build runs on the reference */

/* Tile sizes by the number of registers: the sums, one row of the panel and one broadcast value must fit. AVX-512 has 32 and uses
 * 24 + 4 + 1 (a seventh row would take 33 where the compiler does not multiply by a broadcast value in memory), the others have
 * 16 and use 12 + 2 + 1. */
#if defined(GAN__TILE_AVX512)
enum { LANES = 16, VECTORS = 4, DEPTH = 128 };
#elif defined(GAN__TILE_AVX2)
enum { LANES = 8, VECTORS = 2, DEPTH = 256 };
#else
enum { LANES = 4, VECTORS = 2, DEPTH = 256 };
#endif
enum { WIDTH = LANES * VECTORS, ROWS = GAN__TILE_ROWS };
_Static_assert(VECTORS <= GAN__TILE_MAX_VECTORS, "the table of tiles is too small");

typedef float vec __attribute__((vector_size(LANES * sizeof(float))));
typedef vec loose __attribute__((aligned(sizeof(float)))); /* anywhere in memory */

/* The accumulators stay in registers only if the loops over the tile are gone. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE static inline __attribute__((always_inline))

INLINE void store_row(const vec *sum, int vectors, float *out, int n, bool add) {
    if (n < vectors * LANES) {
        float row[WIDTH];
        UNROLL for (int j = 0; j < vectors; j++) *(loose *)(row + j * LANES) = sum[j];
        for (int j = 0; j < n; j++) out[j] = add ? out[j] + row[j] : row[j];
        return;
    }
    UNROLL for (int j = 0; j < vectors; j++) {
        loose *to = (loose *)(out + j * LANES);
        *to = add ? *to + sum[j] : sum[j];
    }
}

INLINE void tile(const gan__tile_job *job, int vectors) {
    vec sum[ROWS][VECTORS];
    UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < VECTORS; j++) sum[i][j] = (vec){0};
    const float *panel = job->panel;
    const float *const *rows = job->rows;
    for (int64_t run = 0; run < job->runs; run++, rows += job->row_stride) {
        const float *row[ROWS];
        UNROLL for (int i = 0; i < ROWS; i++) row[i] = rows[i];
        int64_t step = job->step, at = 0;
        for (const float *end = panel + job->length * WIDTH; panel < end; panel += WIDTH, at += step) {
            vec column[VECTORS];
            UNROLL for (int j = 0; j < vectors; j++) column[j] = *(const vec *)(panel + j * LANES);
            UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < vectors; j++) sum[i][j] += row[i][at] * column[j];
        }
    }
    UNROLL for (int i = 0; i < ROWS; i++) if (i < job->m) store_row(sum[i], vectors, job->out[i] + job->column, job->n, job->add);
}

static void tile_1(const gan__tile_job *job) { tile(job, 1); }
static void tile_2(const gan__tile_job *job) { tile(job, 2); }
#if defined(GAN__TILE_AVX512)
static void tile_3(const gan__tile_job *job) { tile(job, 3); }
static void tile_4(const gan__tile_job *job) { tile(job, 4); }
#define TILES {tile_1, tile_2, tile_3, tile_4}
#else
#define TILES {tile_1, tile_2}
#endif

#define PASTE(a, b) a##b
#define NAME(isa) PASTE(gan__tiles_, isa)
const gan__tiles NAME(GAN__ISA_NAME) = {LANES, VECTORS, DEPTH, TILES};

#else
typedef int gan__nothing_in_double; /* a translation unit may not be empty */
#endif
