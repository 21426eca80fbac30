#ifndef GAN__CONV_MINIMAL_ENGINE_H
#define GAN__CONV_MINIMAL_ENGINE_H

#include "conv_engine.h"
#include "conv_minimal.h"

/* Convolutions whose kernel is r = 2 or 3 strides long, by minimal filtering: of the m*r x m*r multiplications for a cell, which
 * is m x m neighbouring results, (m + r - 1)^2 are left: 9 of 16, 25 of 64 or 16 of 36. A strided convolution is a sum of dense
 * ones over the phases of its source: result a reads, through tap i*stride + phase, the source at (a + i)*stride + phase - padding.
 *
 *        source                    per point, of (m + r - 1)^2                        result
 *   +---------------+      B     +---------+     depth     +-------+  A'    +-------+
 *   |  m + r - 1 sq.|   ----->   |  data   |  x  phases x  | taps  | ---->  | cells |
 *   | of each phase |            | [cells] |     channels  | G w   |        +-------+
 *   +---------------+            +---------+               +-------+
 *
 * The products of all points are plain matrix products with the register tiles of conv_tile.h. conv_minimal_patches.c has
 * convolutions, conv_minimal_weight.c weight gradients, conv_minimal.c what they have in common. */
enum {
    GAN__MINIMAL_SEGMENT = 256, /* at most */
    GAN__MINIMAL_TAPS = GAN__MINIMAL_MOST_TAPS * GAN__MINIMAL_MOST_TAPS
};

extern const float gan__minimal_zeros[GAN__MINIMAL_SEGMENT]; /* what lies outside of the image */

/* One product, and how it is cut up. */
typedef struct gan__minimal_engine {
    const gan_ctx *ctx;
    const gan__tiles *tiles;
    const gan__minimal_maps *maps;
    gan__patches p;
    int64_t m, r, points, phases, depth;
    int64_t high, wide, cells;      /* of an image, and of all */
    int64_t first, part, at_once;   /* cells of the block or part at hand, and of the largest */
    int64_t segment, segments;      /* of the depth: so many numbers of a cell are neighbours in memory */
    int64_t panels, group, groups;
    int64_t blocks, shares;         /* of cells, and how many tasks share one; not in a weight gradient */
    int64_t first_task, first_pack; /* of those of several products */
    float *data;   /* [points][segments][at_once][segment], points a line apart */
    float *packed; /* taps [points][panels][depth][width], in a weight gradient the result's [points][panels][at_once][width],
                    * points a line apart */
    float *w;        /* of a weight gradient */
    double *moments; /* of each of the blocks; NULL: not wanted */
    char *scratch;
    size_t scratch_bytes; /* of each worker */
} gan__minimal_engine;

/* Those for which a product, or several with the same source and channels, has the least to do; NULL if it is worth none. */
const gan__minimal_maps *gan__minimal_pick(const gan_ctx *ctx, const gan__patches *products, int count, bool of_gradient);

/* All but what is at hand and what is allocated. */
gan__minimal_engine gan__minimal_cut(const gan_ctx *ctx, const gan__patches *p, const gan__minimal_maps *maps, int64_t segment);
void gan__minimal_cut_columns(gan__minimal_engine *e, int64_t least_groups, int64_t most_columns);

/* Scratch for each worker: `head` bytes, and sums [points][rows][columns of a group]. */
bool gan__minimal_new_scratch(gan_ctx *ctx, gan__minimal_engine *e, size_t head, int64_t rows);

static inline void *gan__minimal_scratch(const gan__minimal_engine *e, int worker) {
    return e->scratch + (size_t)worker * e->scratch_bytes;
}

/* --- cells -------------------------------------------------------------------------------------------------- */

typedef struct gan__cell {
    int64_t n, y, x; /* the image, and the cell's place in it */
} gan__cell;

static inline gan__cell gan__cell_at(const gan__minimal_engine *e, int64_t index) {
    return (gan__cell){index / (e->high * e->wide), index / e->wide % e->high, index % e->wide};
}

static inline gan__cell gan__cell_next(const gan__minimal_engine *e, gan__cell at) {
    if (++at.x < e->wide) return at;
    return at.y + 1 < e->high ? (gan__cell){at.n, at.y + 1, 0} : (gan__cell){at.n + 1, 0, 0};
}

/* Its m x m results; NULL beyond the border. */
void gan__cell_results(const gan__minimal_engine *e, gan__cell at, float **to);

/* Its data in segments from .. to-1, in a row of the block or part. */
void gan__cell_data(const gan__minimal_engine *e, gan__cell at, int64_t row, int64_t from, int64_t to);

/* --- where things are --------------------------------------------------------------------------------------- */

/* From a point's numbers to those of the next: a line more than they are, since the maps go to all points at once, and what is a
 * multiple of 4 kB apart falls on the same set of the cache. */
static inline int64_t gan__minimal_apart(int64_t numbers) { return numbers + GAN__LINE; }

static inline int64_t gan__minimal_data_apart(const gan__minimal_engine *e) {
    return gan__minimal_apart(e->segments * e->at_once * e->segment);
}

static inline float *gan__minimal_data(const gan__minimal_engine *e, int64_t point, int64_t segment, int64_t row) {
    return e->data + point * gan__minimal_data_apart(e) + (segment * e->at_once + row) * e->segment;
}

static inline int64_t gan__minimal_data_size(const gan__minimal_engine *e) { return e->points * gan__minimal_data_apart(e); }

static inline int64_t gan__minimal_length(const gan__minimal_engine *e, int64_t segment) {
    return gan__least(e->segment, e->depth - segment * e->segment);
}

/* Of panels that are `length` deep. */
static inline int64_t gan__minimal_panels_apart(const gan__minimal_engine *e, int64_t length) {
    return gan__minimal_apart(e->panels * length * gan__tiles_width(e->tiles));
}

static inline float *gan__minimal_panel(const gan__minimal_engine *e, int64_t point, int64_t panel, int64_t length) {
    return e->packed + point * gan__minimal_panels_apart(e, length) + panel * length * gan__tiles_width(e->tiles);
}

static inline int64_t gan__minimal_panels_size(const gan__minimal_engine *e, int64_t length) {
    return e->points * gan__minimal_panels_apart(e, length);
}

/* Of sums of so many rows, from the same scratch for all points. */
static inline int64_t gan__minimal_sums_apart(const gan__minimal_engine *e, int64_t rows) {
    return gan__minimal_apart(rows * e->group * gan__tiles_width(e->tiles));
}

static inline int64_t gan__minimal_column(const gan__minimal_engine *e, int64_t group) {
    return gan__least(e->p.k, group * e->group * gan__tiles_width(e->tiles));
}

#endif
