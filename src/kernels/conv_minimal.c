#include "conv_minimal_engine.h"

#ifndef GAN_DOUBLE

enum {
    LEAST_QUADS = 64,        /* for less, the direct way is faster, as it is where */
    WORTH = 21,              /* depth*k/(depth + k), products for each transformed number, is less, */
    WORTH_OF_GRADIENT = 48,  /* or less than this in a weight gradient */
    POINTS = GAN__MINIMAL_MOST_POINTS
};

const float gan__minimal_zeros[GAN__MINIMAL_SEGMENT];

/* --- which products ----------------------------------------------------------------------------------------- */

static int64_t taps_per_axis(const gan__patches *p) {
    int64_t r = p->kh / p->sh;
    bool both = p->kh == r * p->sh && p->kw == r * p->sw;
    return both && r >= GAN__MINIMAL_LEAST_TAPS && r <= GAN__MINIMAL_MOST_TAPS ? r : 0;
}

static bool fits(const gan__patches *p, int64_t worth) {
    int64_t r = taps_per_axis(p), high = gan__ceil_div(p->oh, 2), wide = gan__ceil_div(p->ow, 2), depth = p->c * p->sh * p->sw;
    return r && p->n * high * wide >= LEAST_QUADS && depth * p->k >= worth * (depth + p->k) &&
           5 * (r + 1) * (r + 1) * high * wide <= 4 * r * r * p->oh * p->ow;
}

bool gan__minimal_fit(const gan_ctx *ctx, const gan__patches *products, int count) {
    for (int i = 0; i < count; i++)
        if (!fits(&products[i], WORTH)) return false;
    return !ctx->direct;
}

bool gan__minimal_weight_fit(const gan_ctx *ctx, const gan__patches *product) {
    return !ctx->direct && fits(product, WORTH_OF_GRADIENT);
}

/* --- quads -------------------------------------------------------------------------------------------------- */

static bool inside(int64_t at, int64_t size) { return (uint64_t)at < (uint64_t)size; }

void gan__quad_results(const gan__minimal_engine *e, gan__quad q, float **to) {
    const gan__patches *p = &e->p;
    for (int64_t y = 2 * q.y; y < 2 * q.y + 2; y++)
        for (int64_t x = 2 * q.x; x < 2 * q.x + 2; x++)
            *to++ = y < p->oh && x < p->ow ? p->dst + q.n * p->dst_n + y * p->dst_y + x * p->dst_x : NULL;
}

/* What a quad reads of the phase at y, x; NULL outside of the image. */
static void find_sources(const gan__minimal_engine *e, gan__quad q, int64_t phase_y, int64_t phase_x, const float **from) {
    const gan__patches *p = &e->p;
    const float *image = p->src + q.n * p->h * p->w * p->c;
    int64_t top = 2 * q.y * p->sh + phase_y - p->top, left = 2 * q.x * p->sw + phase_x - p->left;
    for (int64_t i = 0; i <= e->r; i++)
        for (int64_t j = 0; j <= e->r; j++) {
            int64_t y = top + i * p->sh, x = left + j * p->sw;
            *from++ = inside(y, p->h) && inside(x, p->w) ? image + (y * p->w + x) * p->c : NULL;
        }
}

void gan__quad_data(const gan__minimal_engine *e, gan__quad q, int64_t row, int64_t from_segment, int64_t to_segment) {
    const float *from[POINTS], *in[POINTS];
    float *out[POINTS];
    int64_t first = from_segment * e->segment, end = gan__least(e->depth, to_segment * e->segment);
    for (int64_t phase = first / e->p.c, at = first; at < end; phase++) {
        find_sources(e, q, phase / e->p.sw, phase % e->p.sw, from);
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

gan__minimal_engine gan__minimal_cut(const gan_ctx *ctx, const gan__patches *p, int64_t segment) {
    gan__minimal_engine e = {.ctx = ctx, .tiles = gan__tiles_of(ctx->isa), .p = *p, .r = taps_per_axis(p)};
    static const gan__minimal *const all[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__minimal);
    e.maps = &all[ctx->isa]->by_taps[e.r - GAN__MINIMAL_LEAST_TAPS];
    e.points = (e.r + 1) * (e.r + 1), e.phases = p->sh * p->sw, e.depth = e.phases * p->c;
    e.high = gan__ceil_div(p->oh, 2), e.wide = gan__ceil_div(p->ow, 2), e.quads = p->n * e.high * e.wide;
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
    size_t sums = (size_t)(e->points * rows * e->group * gan__tiles_width(e->tiles)) * sizeof(float);
    e->scratch_bytes = (head + sums + 63) / 64 * 64;
    e->scratch = gan__alloc(ctx, (size_t)gan__threads_count(ctx->threads) * e->scratch_bytes);
    return e->scratch;
}

#else
typedef int gan__nothing_in_double;
#endif
