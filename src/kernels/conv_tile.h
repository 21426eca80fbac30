/* The innermost loops of convolutions and products: a tile of the result held in registers,
 *
 *   out[i][column + j]  (+)=  start[j]  +  sum over d < depth of  value(i, d) * panel[d][j]
 *
 * The values are found through pointers, so that a convolution reads its image where it lies. In a tile by rows each row has a
 * pointer for each run of neighbouring depths (rows are pixels, a run is a tap's channels); in a tile by points each depth has one
 * pointer, from which the rows are neighbours (depths are pixels, rows are channels):
 *
 *   value(i, r*length + l) = rows[r][i][l]          value(i, d) = points[d][first + i]
 *
 * The panel is packed, `width` columns wide. While a tile is computed, what is wanted next can be fetched from afar. */
#ifndef GAN__CONV_TILE_H
#define GAN__CONV_TILE_H

#include "../base/isa.h"

/* Numbers that are wanted soon. */
typedef struct gan__coming {
    const float *at, *end;
} gan__coming;

typedef struct gan__tile_job {
    const float *const *rows; /* [runs][row_stride], each at least as many as the tile has rows */
    int64_t row_stride;
    int64_t runs, length;
    const float *const *points; /* [length] */
    int64_t first;
    const float *panel; /* 64-byte aligned */
    const float *start; /* the panel's width, 64-byte aligned; NULL: 0. Only in tiles by rows */
    const float *ahead; /* where to fetch, and how far to go on after each GAN__TILE_STEP depths; NULL: nothing */
    int64_t ahead_step;
    float *const *out;  /* [m] */
    int64_t column;
    int m, n;           /* how many rows and columns are wanted; what is beyond is read but not written */
    bool add;           /* to what is there, else overwrite it */
    const float *slope; /* of a leaky ReLU through which the result goes at last (0: ReLU); NULL: none. Only in tiles by rows */
} gan__tile_job;

typedef void (*gan__tile_fn)(const gan__tile_job *job);

#define GAN__TILE_MAX_VECTORS 4
#define GAN__TILE_MAX_WIDTH 64
#define GAN__TILE_ROWS 6  /* with every instruction set */
#define GAN__TILE_STEP 4  /* depths that are taken together */
#define GAN__LINE 16      /* numbers in a line of the cache */

/* One instruction set's tiles: one to `vectors` vectors of `lanes` wide. */
typedef struct gan__tiles {
    int lanes, vectors;
    int depth; /* of a panel's piece that stays in the first-level cache */
    int ahead; /* lines that are fetched with each GAN__TILE_STEP depths */
    gan__tile_fn by_rows[GAN__TILE_MAX_VECTORS], by_points[GAN__TILE_MAX_VECTORS]; /* by width in vectors, less one */
} gan__tiles;

extern const gan__tiles gan__tiles_portable, gan__tiles_avx2, gan__tiles_avx512;

const gan__tiles *gan__tiles_of(gan__isa isa);

static inline int gan__tiles_width(const gan__tiles *t) { return t->lanes * t->vectors; }

/* The job's next tile fetches of `first` as much as it can, of `second` after the last of `first`. */
static inline void gan__tile_fetch(const gan__tiles *t, gan__tile_job *job, gan__coming *first, gan__coming *second) {
    gan__coming *c = first->at < first->end ? first : second;
    int64_t left = c->end - c->at, step = left > 0 ? t->ahead * GAN__LINE : 0;
    int64_t some = (job->rows ? job->runs : 1) * (job->length / GAN__TILE_STEP) * step;
    job->ahead = step ? c->at : NULL, job->ahead_step = step;
    c->at += some < left ? some : left;
}

#endif
