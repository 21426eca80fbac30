#include <string.h>

#include "conv_tile.h"
#include "vector.h"

#ifndef GAN_DOUBLE /* the float64 build runs on the reference */

/* Tile sizes by the number of registers: the sums, one row of the panel and one broadcast value must fit. AVX-512 has 32 and uses
 * 24 + 4 + 1, the others have 16 and use 12 + 2 + 1. So many lines are fetched ahead that eight tiles can fetch the next panel, and
 * what falls to them of the rows after these. */
#if defined(GAN__TILE_AVX512)
enum { VECTORS = 4, DEPTH = 128, AHEAD = 3 };
#else
enum { VECTORS = 2, DEPTH = 256, AHEAD = 1 };
#endif
enum { STEP = GAN__TILE_STEP };
enum { WIDTH = LANES * VECTORS, ROWS = GAN__TILE_ROWS };
_Static_assert(VECTORS <= GAN__TILE_MAX_VECTORS && WIDTH <= GAN__TILE_MAX_WIDTH, "the table of tiles is too small");

INLINE void store_whole(const vec *sum, int vectors, float *out, bool add, const float *slope) {
    UNROLL for (int j = 0; j < vectors; j++) {
        loose *to = (loose *)(out + j * LANES);
        vec v = add ? *to + sum[j] : sum[j];
        *to = slope ? leaky(v, *slope) : v;
    }
}

INLINE void store_row(const vec *sum, int vectors, float *out, int n, bool add, const float *slope) {
    if (n < vectors * LANES) { /* by way of a row that is long enough */
        float row[WIDTH] = {0};
        if (add) memcpy(row, out, (size_t)n * sizeof *out);
        store_whole(sum, vectors, row, add, slope);
        memcpy(out, row, (size_t)n * sizeof *out);
    } else {
        store_whole(sum, vectors, out, add, slope);
    }
}

/* Sums that stay in registers, and the panel on its way. */
typedef struct tile {
    vec sum[ROWS][VECTORS];
} tile;

INLINE void clear(tile *t) {
    UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < VECTORS; j++) t->sum[i][j] = (vec){0};
}

INLINE void begin(tile *t, const float *start, int vectors) {
    if (!start) {
        clear(t);
        return;
    }
    UNROLL for (int j = 0; j < vectors; j++)
        UNROLL for (int i = 0; i < ROWS; i++) t->sum[i][j] = *(const vec *)(start + j * LANES);
}

/* What the tile will be added to is on its way while it is computed. */
INLINE void await_out(const gan__tile_job *job) {
    if (job->add) UNROLL for (int i = 0; i < ROWS; i++) if (i < job->m) __builtin_prefetch(job->out[i] + job->column, 1);
}

INLINE void store(const tile *t, const gan__tile_job *job, int vectors, const float *slope) {
    UNROLL for (int i = 0; i < ROWS; i++)
        if (i < job->m) store_row(t->sum[i], vectors, job->out[i] + job->column, job->n, job->add, slope);
}

INLINE vec everywhere(float value) { return value - (vec){0}; }

/* In place, and rounded once: left to itself the compiler moves sums about until they no longer fit, and what it does with
 * optimisation differs from what it does without. */
#if defined(GAN__TILE_AVX512) || defined(GAN__TILE_AVX2)
INLINE void add_product(vec *sum, vec value, vec column) {
    __asm__("vfmadd231ps %2, %1, %0" : "+v"(*sum) : "v"(value), "v"(column));
}
#else
INLINE void add_product(vec *sum, vec value, vec column) { *sum += value * column; }
#endif

/* By a value that is in memory, where that is possible. */
INLINE void add_product_in_memory(vec *sum, const float *value, vec column) {
#if defined(GAN__TILE_AVX512)
    __asm__("vfmadd231ps %2%{1to16%}, %1, %0" : "+v"(*sum) : "v"(column), "m"(*value));
#else
    add_product(sum, everywhere(*value), column);
#endif
}

/* One depth: to row i its value, which is at values[i][d], times the panel's row. Two rows of six multiply by a value in memory:
 * an instruction less for each of them. All six would load more than a core can. */
INLINE void add_depth(tile *t, const float *const *values, int d, const float *panel, int vectors) {
    vec column[VECTORS];
    UNROLL for (int j = 0; j < vectors; j++) column[j] = *(const vec *)(panel + j * LANES);
    UNROLL for (int i = 0; i < ROWS; i++) {
        if (i % 3 == 1) {
            UNROLL for (int j = 0; j < vectors; j++) add_product_in_memory(&t->sum[i][j], values[i] + d, column[j]);
            continue;
        }
        vec value = everywhere(values[i][d]);
        UNROLL for (int j = 0; j < vectors; j++) add_product(&t->sum[i][j], value, column[j]);
    }
}

INLINE void add_point(tile *t, const float *point, const float *panel, int vectors) {
    const float *values[ROWS];
    UNROLL for (int i = 0; i < ROWS; i++) values[i] = point + i;
    add_depth(t, values, 0, panel, vectors);
}

/* At once they would have to wait for each other. */
INLINE void fetch(const float *ahead) {
    UNROLL for (int i = 0; i < AHEAD; i++) __builtin_prefetch(ahead + i * GAN__LINE, 0, 2);
}

INLINE void tile_by_rows(const gan__tile_job *job, int vectors) {
    tile t;
    begin(&t, job->start, vectors);
    await_out(job);
    const float *panel = job->panel, *ahead = job->ahead ? job->ahead : panel;
    const float *const *rows = job->rows;
    for (int64_t run = 0; run < job->runs; run++, rows += job->row_stride) {
        const float *row[ROWS];
        UNROLL for (int i = 0; i < ROWS; i++) row[i] = rows[i];
        int64_t left = job->length;
        for (; left >= STEP; left -= STEP, panel += STEP * WIDTH, ahead += job->ahead_step) {
            fetch(ahead);
            UNROLL for (int d = 0; d < STEP; d++) add_depth(&t, row, d, panel + d * WIDTH, vectors);
            UNROLL for (int i = 0; i < ROWS; i++) row[i] += STEP;
        }
        for (; left > 0; left--, panel += WIDTH) {
            add_depth(&t, row, 0, panel, vectors);
            UNROLL for (int i = 0; i < ROWS; i++) row[i]++;
        }
    }
    store(&t, job, vectors, job->slope);
}

INLINE void tile_by_points(const gan__tile_job *job, int vectors) {
    tile t;
    clear(&t);
    await_out(job);
    const float *panel = job->panel, *ahead = job->ahead ? job->ahead : panel;
    const float *const *points = job->points;
    int64_t left = job->length;
    for (; left >= STEP; left -= STEP, points += STEP, panel += STEP * WIDTH, ahead += job->ahead_step) {
        fetch(ahead);
        UNROLL for (int d = 0; d < STEP; d++) add_point(&t, points[d] + job->first, panel + d * WIDTH, vectors);
    }
    for (; left > 0; left--, points++, panel += WIDTH) add_point(&t, *points + job->first, panel, vectors);
    store(&t, job, vectors, NULL);
}

#define OF_WIDTH(v)                                                             \
    static void by_rows_##v(const gan__tile_job *job) { tile_by_rows(job, v); } \
    static void by_points_##v(const gan__tile_job *job) { tile_by_points(job, v); }
OF_WIDTH(1)
OF_WIDTH(2)
#if defined(GAN__TILE_AVX512)
OF_WIDTH(3)
OF_WIDTH(4)
#define OF_ALL_WIDTHS(name) {name##_1, name##_2, name##_3, name##_4}
#else
#define OF_ALL_WIDTHS(name) {name##_1, name##_2}
#endif

#define PASTE(a, b) a##b
#define NAME(isa) PASTE(gan__tiles_, isa)
const gan__tiles NAME(GAN__ISA_NAME) = {LANES, VECTORS, DEPTH, AHEAD, OF_ALL_WIDTHS(by_rows), OF_ALL_WIDTHS(by_points)};

#else
typedef int gan__nothing_in_double; /* a translation unit may not be empty */
#endif
