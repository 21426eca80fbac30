/* The convolution engine from inside.
 *
 * Everything becomes matrix products over patches of an image: the rows of the product are result pixels, its depth is taps times
 * channels, its columns are result channels.
 *
 *                        columns, in panels one tile wide                      first-level cache: one piece of a panel,
 *                      +-------+-------+-------+---                              used by all tiles of the block
 *               piece  | packed|       |       |        ^                      second-level: the block's patches, one piece deep
 *               piece  |weights|       |       |        | taps x channels      registers: one tile
 *               piece  |       |       |       |        v
 *                      +-------+-------+-------+---     a block of result pixels and a group of panels is one task; it goes
 *     +---------+      +-------+-------+                through the depth piece by piece, for each piece through its panels,
 *     | patches | tile | . . . | . . . |                for each panel through its tiles
 *     | (by     | tile | . . . | . . . |   result
 *     | pointer)| tile | . . . | . . . |
 *     +---------+      +-------+-------+
 *
 * Sizes of blocks, groups and pieces follow from the shape and the instruction set alone, so the bits of a result do not depend
 * on the number of threads. */
#ifndef GAN__CONV_ENGINE_H
#define GAN__CONV_ENGINE_H

#include "conv.h"
#include "conv_tile.h"
#include "prepare.h"

/* One product over patches.  With i, j over kh x kw taps and c over channels, 0 outside the source,
 *
 *   dst[n*dst_n + a*dst_y + b*dst_x + k] = bias[k] + sum of  src[n, a*sh + i - top, b*sw + j - left, c] * weight(i, j, c, k)
 *   weight(i, j, c, k) = weight[i*tap_y + j*tap_x + c*in + k*out],  where in or out is 1 */
typedef struct gan__patches {
    const float *src; /* [n, h, w, c] */
    int64_t n, h, w, c;
    int64_t oh, ow; /* result pixels per image */
    int64_t kh, kw; /* may be 0: the result is 0 */
    int64_t sh, sw, top, left;
    const float *weight;
    int64_t tap_y, tap_x, in, out;
    int64_t k;
    const float *bias; /* [k]; NULL: 0. This and the slope: only for gan__patches_run and gan__minimal_run */
    const double *slope; /* of a leaky ReLU through which the result goes; NULL: none */
    float *dst;
    int64_t dst_n, dst_y, dst_x;
    const gan__prepare *prepare; /* of the source's pixels before they are read; NULL: they are there. Only for gan__patches_run
                                  * where patches are single pixels */
} gan__patches;

/* Runs several such products as one parallel loop. False (raised) without scratch memory. Products of few rows, for which packing
 * would be much of the work, use and add to what is kept, unless that is NULL: here a single one of single pixels. `stats`, unless NULL: mean and variance
 * of each of the k columns over the pixels of all products, [2, k]. */
bool gan__patches_run(gan_ctx *ctx, const gan__patches *products, int count, gan__packed **kept, float *stats);

/* How many blocks gan__patches_run cuts the result pixels of just this product into, `prepare` included. */
int64_t gan__patches_blocks(const gan_ctx *ctx, const gan__patches *product);

static inline gan__packing gan__packing_of(const gan__patches *products, int count, int64_t cell) {
    const gan__patches *p = products;
    return (gan__packing){.weight = p->weight, .c = p->c, .k = p->k, .in = p->in, .out = p->out, .kh = p->kh, .kw = p->kw,
                          .sh = p->sh, .sw = p->sw, .tap_y = p->tap_y, .tap_x = p->tap_x, .products = count, .cell = cell};
}

/* What its parts share with other routes. A panel's columns of one tap, beyond the last with zeros: */
void gan__pack_tap(const gan__patches *p, const float *from, int64_t width, int64_t cols, float *to);
/* A panel's part of the bias, padded; NULL if there is none. */
const float *gan__panel_start(const gan__patches *p, int64_t column, int n, int64_t width, float *to);
/* All tiles of `count` rows with one panel's piece. Meanwhile the next panel is fetched, and then what else is wanted soon, as
 * far as that goes. */
void gan__multiply_rows(const gan__tiles *tiles, gan__tile_job *job, const float *const *rows, float *const *out, int64_t count,
                        gan__coming next_panel, gan__coming *soon);

/* The same as gan__patches_run where kernels are two or three strides long and there is enough to do, with fewer multiplications
 * (conv_minimal.h); w likewise, from a convolution's product with y as its result. */
bool gan__minimal_fit(const gan_ctx *ctx, const gan__patches *products, int count);
bool gan__minimal_run(gan_ctx *ctx, const gan__patches *products, int count, gan__packed **kept, float *stats);
bool gan__minimal_weight_fit(const gan_ctx *ctx, const gan__patches *product);
bool gan__minimal_weight_run(gan_ctx *ctx, const gan__patches *product, float *w);

/* The same where both sides have few channels and there are many images; w likewise, from a convolution's product with y as its
 * result. All products have the source and the numbers of channels in common, and write into the same images, the first at their
 * first number. */
bool gan__lanes_fit(gan_ctx *ctx, const gan__patches *products, int count);
bool gan__lanes_run(gan_ctx *ctx, const gan__patches *products, int count);
bool gan__lanes_weight_run(gan_ctx *ctx, const gan__patches *product, float *w);

/* gan__conv_input where x has few channels. */
bool gan__columns_run(gan_ctx *ctx, const gan__conv_shape *s, const float *y, const float *w, float *x);

/* As gan__conv and so on, without counting the call, on the engine (in the float64 build: on the reference). */
bool gan__engine_conv(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *w, gan__conv_with with,
                      gan_real *y);
bool gan__engine_conv_input(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *y, const gan_real *w, gan__conv_with with,
                            gan_real *x);
bool gan__engine_conv_weight(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *y, gan_real *w);

/* w by summing over all pixels; every size is at least 1. */
bool gan__weight_run(gan_ctx *ctx, const gan__conv_shape *s, const float *x, const float *y, float *w);

static inline int64_t gan__ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t gan__least(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t gan__most(int64_t a, int64_t b) { return a > b ? a : b; }

/* Where a block of rows begins; the block after the last: where they end. Blocks differ by a tile at most, so that threads end
 * together. */
static inline int64_t gan__block_start(int64_t rows, int64_t blocks, int64_t block) {
    return gan__least(rows, block * gan__ceil_div(rows, GAN__TILE_ROWS) / blocks * GAN__TILE_ROWS);
}

#endif
