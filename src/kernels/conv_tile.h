/* The innermost loop of convolutions and products: a tile of the result held in registers.
 *
 *   out[i][column + j]  (+)=  sum over runs r, l < length of  rows[r][i][l * step] * panel[r * length + l][j]
 *
 * A row's values are found through pointers, one per run, so that a convolution reads its image where it lies. The panel is
 * packed, `width` columns wide. */
#ifndef GAN__CONV_TILE_H
#define GAN__CONV_TILE_H

#include "../base/isa.h"

typedef struct gan__tile_job {
    const float *const *rows; /* [runs][row_stride], each at least as many as the tile has rows */
    int64_t row_stride;
    int64_t runs, length, step;
    const float *panel; /* 64-byte aligned */
    float *const *out;  /* [m] */
    int64_t column;
    int m, n;           /* how many rows and columns are wanted; what is beyond is read but not written */
    bool add;           /* to what is there, else overwrite it */
} gan__tile_job;

typedef void (*gan__tile_fn)(const gan__tile_job *job);

#define GAN__TILE_MAX_VECTORS 4
#define GAN__TILE_ROWS 6 /* with every instruction set */

/* One instruction set's tiles: one to `vectors` vectors of `lanes` wide. */
typedef struct gan__tiles {
    int lanes, vectors;
    int depth; /* of a panel's piece that stays in the first-level cache */
    gan__tile_fn fn[GAN__TILE_MAX_VECTORS]; /* by width in vectors, less one */
} gan__tiles;

extern const gan__tiles gan__tiles_portable, gan__tiles_avx2, gan__tiles_avx512;

const gan__tiles *gan__tiles_of(gan__isa isa);

static inline int gan__tiles_width(const gan__tiles *t) { return t->lanes * t->vectors; }

#endif
