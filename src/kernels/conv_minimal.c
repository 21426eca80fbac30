#include "conv_minimal_engine.h"

#ifndef GAN_DOUBLE

enum {
    LEAST_CELLS = 64,        /* for less, the direct way is faster, as it is where */
    WORTH = 21,              /* depth*k/(depth + k), products for each transformed number, is less, */
    WORTH_OF_GRADIENT = 48,  /* or less than this in a weight gradient */
    COST = 64,               /* of a number that is transformed, in multiplications */
    COST_IN_GRADIENT = 16,   /* the same in a weight gradient */
    POINTS = GAN__MINIMAL_MOST_POINTS
};

const float gan__minimal_zeros[GAN__MINIMAL_SEGMENT];

/* --- which products ----------------------------------------------------------------------------------------- */

static int64_t points_of(const gan__minimal_maps *maps) { return (int64_t)(maps->m + maps->r - 1) * (maps->m + maps->r - 1); }

static int64_t cells_per_image(const gan__patches *p, int64_t m) { return gan__ceil_div(p->oh, m) * gan__ceil_div(p->ow, m); }

static bool fits(const gan__patches *p, const gan__minimal_maps *maps, int64_t worth) {
    int64_t r = maps->r, cells = cells_per_image(p, maps->m);
    if (p->kh != r * p->sh || p->kw != r * p->sw) return false; /* hence strides are no longer than a kernel */
    int64_t depth = p->c * p->sh * p->sw;
    bool enough = p->n * cells >= LEAST_CELLS && depth * p->k >= worth * (depth + p->k);
    return enough && 5 * points_of(maps) * cells <= 4 * r * r * p->oh * p->ow;
}

static int64_t cost(const gan__patches *p, const gan__minimal_maps *maps, int64_t each) {
    int64_t depth = p->c * p->sh * p->sw, cells = p->n * cells_per_image(p, maps->m);
    return points_of(maps) * (cells * depth * p->k + each * (cells * (depth + p->k) + depth * p->k));
}

static const gan__minimal *minimal_of(gan__isa isa) {
    static const gan__minimal *const all[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__minimal);
    return all[isa];
}

const gan__minimal_maps *gan__minimal_pick(const gan_ctx *ctx, const gan__patches *products, int count, bool of_gradient) {
    const gan__minimal_maps *best = NULL;
    int64_t least = 0;
    for (int kind = 0; kind < GAN__MINIMAL_KINDS && !ctx->opts.direct; kind++) {
        const gan__minimal_maps *maps = &minimal_of(ctx->isa)->maps[kind];
        int64_t sum = 0;
        bool fit = true;
        for (int i = 0; i < count && fit; i++) {
            fit = fits(&products[i], maps, of_gradient ? WORTH_OF_GRADIENT : WORTH);
            if (fit) sum += cost(&products[i], maps, of_gradient ? COST_IN_GRADIENT : COST);
        }
        if (fit && (!best || sum < least)) best = maps, least = sum;
    }
    return best;
}

bool gan__minimal_fit(const gan_ctx *ctx, const gan__patches *products, int count) {
    return gan__minimal_pick(ctx, products, count, false);
}

bool gan__minimal_weight_fit(const gan_ctx *ctx, const gan__patches *product) {
    return gan__minimal_pick(ctx, product, 1, true);
}

/* --- cells -------------------------------------------------------------------------------------------------- */

static bool inside(int64_t at, int64_t size) { return (uint64_t)at < (uint64_t)size; }

void gan__cell_results(const gan__minimal_engine *e, gan__cell at, float **to) {
    const gan__patches *p = &e->p;
    for (int64_t y = e->m * at.y; y < e->m * (at.y + 1); y++)
        for (int64_t x = e->m * at.x; x < e->m * (at.x + 1); x++)
            *to++ = y < p->oh && x < p->ow ? p->dst + at.n * p->dst_n + y * p->dst_y + x * p->dst_x : NULL;
}

/* What a cell reads of the phase at y, x; NULL outside of the image. */
static void find_sources(const gan__minimal_engine *e, gan__cell at, int64_t phase_y, int64_t phase_x, const float **from) {
    const gan__patches *p = &e->p;
    const float *image = p->src + at.n * p->h * p->w * p->c;
    int64_t top = e->m * at.y * p->sh + phase_y - p->top, left = e->m * at.x * p->sw + phase_x - p->left;
    for (int64_t i = 0; i < e->m + e->r - 1; i++)
        for (int64_t j = 0; j < e->m + e->r - 1; j++) {
            int64_t y = top + i * p->sh, x = left + j * p->sw;
            *from++ = inside(y, p->h) && inside(x, p->w) ? image + (y * p->w + x) * p->c : NULL;
        }
}

void gan__cell_data(const gan__minimal_engine *e, gan__cell cell, int64_t row, int64_t from_segment, int64_t to_segment) {
    const float *from[POINTS], *in[POINTS];
    float *out[POINTS];
    int64_t first = from_segment * e->segment, end = gan__least(e->depth, to_segment * e->segment);
    for (int64_t phase = first / e->p.c, at = first; at < end; phase++) {
        find_sources(e, cell, phase / e->p.sw, phase % e->p.sw, from);
        for (int64_t c = at - phase * e->p.c, n; c < e->p.c && at < end; c += n, at += n) {
            int64_t segment = at / e->segment, offset = at % e->segment;
            n = gan__least(e->p.c - c, gan__least(e->segment - offset, end - at));
            for (int64_t i = 0; i < e->points; i++) {
                in[i] = from[i] ? from[i] + c : gan__minimal_zeros;
                out[i] = gan__minimal_data(e, i, segment, row) + offset;
            }
            e->maps->data(in, out, n);
        }
    }
}

/* --- how it is cut up --------------------------------------------------------------------------------------- */

gan__minimal_engine gan__minimal_cut(const gan_ctx *ctx, const gan__patches *p, const gan__minimal_maps *maps, int64_t segment) {
    gan__minimal_engine e = {.ctx = ctx, .tiles = gan__tiles_of(ctx->isa), .p = *p, .maps = maps, .m = maps->m, .r = maps->r};
    e.points = points_of(maps), e.phases = p->sh * p->sw, e.depth = e.phases * p->c;
    e.high = gan__ceil_div(p->oh, e.m), e.wide = gan__ceil_div(p->ow, e.m), e.cells = p->n * e.high * e.wide;
    e.segment = gan__least(segment, gan__ceil_div(e.depth, GAN__TILE_ROWS) * GAN__TILE_ROWS);
    e.segments = gan__ceil_div(e.depth, e.segment);
    e.panels = gan__ceil_div(p->k, gan__tiles_width(e.tiles));
    return e;
}

void gan__minimal_cut_columns(gan__minimal_engine *e, int64_t least_groups, int64_t most_columns) {
    int64_t most = gan__most(1, most_columns / gan__tiles_width(e->tiles));
    e->groups = gan__least(e->panels, gan__most(least_groups, gan__ceil_div(e->panels, most)));
    e->group = gan__ceil_div(e->panels, e->groups);
    e->groups = gan__ceil_div(e->panels, e->group);
}

bool gan__minimal_new_scratch(gan_ctx *ctx, gan__minimal_engine *e, size_t head, int64_t rows) {
    size_t sums = (size_t)(e->points * gan__minimal_sums_apart(e, rows)) * sizeof(float);
    e->scratch_bytes = (head + sums + 63) / 64 * 64;
    e->scratch = gan__alloc(ctx, (size_t)gan__threads_count(ctx->threads) * e->scratch_bytes);
    return e->scratch;
}

#else
typedef int gan__nothing_in_double;
#endif
