#include "conv_minimal.h"

#include <string.h>

#include "conv_engine.h"
#include "moments.h"

#ifndef GAN_DOUBLE

/* Convolutions whose kernel is r = 2 or 3 strides long, by minimal filtering: of the 2r x 2r multiplications for a quad, that is
 * 2 x 2 neighbouring results, (r + 1)^2 are left, 9 of 16 or 16 of 36. A strided convolution is a sum of dense ones over the
 * phases of its source: result a reads, through tap i*stride + phase, the source at (a + i)*stride + phase - padding.
 *
 *        source                      per point, of (r + 1)^2                          result
 *   +---------------+      B     +---------+     depth     +-------+  A'    +-------+
 *   | r + 1 by r + 1|   ----->   |  data   |  x  phases x  | taps  | ---->  | quads |
 *   | of each phase |            | [quads] |     channels  | G w   |        +-------+
 *   +---------------+            +---------+               +-------+
 *
 * The products of all points are plain matrix products with the register tiles of conv_tile.h. After the taps, which are packed by
 * all workers, a task is a block of quads: it makes their data, takes them through all points with a group of panels at a time, and
 * turns what it has into results. Where blocks are few, tasks share one, each with some of the groups.
 *
 * The weight gradient has the data as above, A of the result's gradient in panels, and sums over quads. These are taken in parts, so
 * many at once that their data stay in the last-level cache: first all workers make a part's data, then a task takes a segment of
 * the depth and a group of panels through all points, and adds G' of what it has to the weights. */
enum {
    DATA_AT_ONCE = 1 << 19,  /* numbers; in a weight gradient */
    LEAST_AT_ONCE = 96,      /* quads */
    BLOCK_ROWS = 48,
    SEGMENT = 256,           /* of the depth: numbers that are neighbours in memory ... */
    GRADIENT_SEGMENT = 96,   /* ... and in a weight gradient, where it is a multiple of a tile's rows */
    CHUNK = 256,             /* quads that a weight gradient's tile sums up in registers */
    WANTED_TASKS = 12,
    GRADIENT_VECTORS = 8,    /* of columns of a group, at most, in a weight gradient */
    QUADS_PER_TASK = 8,      /* when data are made */
    CHANNELS_PER_PACK = 32,
    MOST_COLUMNS = 128,      /* of a group; at least a panel */
    LEAST_QUADS = 64,        /* for less, the direct way is faster, as it is where */
    WORTH = 21,              /* depth*k/(depth + k), products for each transformed number, is less, */
    WORTH_OF_GRADIENT = 48,  /* or less than this in a weight gradient */
    POINTS = GAN__MINIMAL_MOST_POINTS,
    TAPS = GAN__MINIMAL_MOST_TAPS * GAN__MINIMAL_MOST_TAPS,
    ROWS = GAN__TILE_ROWS,
    AHEAD = 4  /* rows whose results are fetched before they are written */
};

static const float zeros[SEGMENT]; /* what lies outside of the image */

/* Of one worker. */
typedef struct scratch {
    _Alignas(64) float start[GAN__TILE_MAX_WIDTH];
    float nowhere[MOST_COLUMNS]; /* for results beyond the border */
    _Alignas(64) float taps[TAPS * CHANNELS_PER_PACK * GAN__TILE_MAX_WIDTH];
    const float *rows[BLOCK_ROWS > CHUNK ? BLOCK_ROWS : CHUNK];
    float *out[BLOCK_ROWS];
    const float *pixels[4 * BLOCK_ROWS];
    _Alignas(64) float sums[]; /* [points][block or segment][columns of a group] */
} scratch;

/* One product, and how it is cut up. */
typedef struct engine {
    const gan_ctx *ctx;
    const gan__tiles *tiles;
    const gan__minimal_maps *maps;
    gan__patches p;
    int64_t r, points, phases, depth;
    int64_t high, wide, quads;         /* of an image, and of all */
    int64_t first, part, at_once;      /* quads of the block or part at hand, and of the largest */
    int64_t segment, segments;
    int64_t panels, group, groups;
    int64_t blocks, shares;            /* of quads, and how many tasks share one; not in a weight gradient */
    int64_t first_task, first_pack;    /* of those of several products */
    float *data;   /* [points][segments][at_once][segment] */
    float *packed; /* taps [points][panels][depth][width], in a weight gradient the result's [points][panels][at_once][width] */
    float *w;        /* of a weight gradient */
    double *moments; /* of each of the blocks; NULL: not wanted */
    char *scratch;
    size_t scratch_bytes; /* of each worker */
} engine;

static scratch *scratch_of(const engine *e, int worker) { return (scratch *)(e->scratch + (size_t)worker * e->scratch_bytes); }

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

/* --- the data ----------------------------------------------------------------------------------------------- */

typedef struct quad {
    int64_t n, y, x; /* the image, and the quad's place in it */
} quad;

static quad quad_at(const engine *e, int64_t index) {
    return (quad){index / (e->high * e->wide), index / e->wide % e->high, index % e->wide};
}

static quad next_quad(const engine *e, quad q) {
    if (++q.x < e->wide) return q;
    return q.y + 1 < e->high ? (quad){q.n, q.y + 1, 0} : (quad){q.n + 1, 0, 0};
}

static float *data_at(const engine *e, int64_t point, int64_t segment, int64_t row) {
    return e->data + ((point * e->segments + segment) * e->at_once + row) * e->segment;
}

static bool inside(int64_t at, int64_t size) { return (uint64_t)at < (uint64_t)size; }

/* Its results; NULL beyond the border. */
static void find_results(const engine *e, quad q, float **to) {
    const gan__patches *p = &e->p;
    for (int64_t y = 2 * q.y; y < 2 * q.y + 2; y++)
        for (int64_t x = 2 * q.x; x < 2 * q.x + 2; x++)
            *to++ = y < p->oh && x < p->ow ? p->dst + q.n * p->dst_n + y * p->dst_y + x * p->dst_x : NULL;
}

/* What a quad reads of the phase at y, x; NULL outside of the image. */
static void find_sources(const engine *e, quad q, int64_t phase_y, int64_t phase_x, const float **from) {
    const gan__patches *p = &e->p;
    const float *image = p->src + q.n * p->h * p->w * p->c;
    int64_t top = 2 * q.y * p->sh + phase_y - p->top, left = 2 * q.x * p->sw + phase_x - p->left;
    for (int64_t i = 0; i <= e->r; i++)
        for (int64_t j = 0; j <= e->r; j++) {
            int64_t y = top + i * p->sh, x = left + j * p->sw;
            *from++ = inside(y, p->h) && inside(x, p->w) ? image + (y * p->w + x) * p->c : NULL;
        }
}

/* A quad's data, in the block or part's row. */
static void make_data(const engine *e, quad q, int64_t row) {
    const float *from[POINTS], *in[POINTS];
    float *out[POINTS];
    int64_t segment = 0, offset = 0;
    for (int64_t y = 0; y < e->p.sh; y++)
        for (int64_t x = 0; x < e->p.sw; x++) {
            find_sources(e, q, y, x, from);
            for (int64_t c = 0, n; c < e->p.c; c += n) {
                if (offset == e->segment) segment++, offset = 0;
                n = gan__least(e->p.c - c, e->segment - offset);
                for (int64_t i = 0; i < e->points; i++) {
                    in[i] = from[i] ? from[i] + c : zeros;
                    out[i] = data_at(e, i, segment, row) + offset;
                }
                e->maps->data(in, out, n);
                offset += n;
            }
        }
}

/* --- the taps ----------------------------------------------------------------------------------------------- */

static float *panel_at(const engine *e, int64_t point, int64_t panel, int64_t length) {
    return e->packed + (point * e->panels + panel) * length * gan__tiles_width(e->tiles);
}

/* A panel's taps of one phase. */
static void pack_taps(const engine *e, int64_t panel, int64_t phase, scratch *s) {
    const gan__patches *p = &e->p;
    int64_t width = gan__tiles_width(e->tiles), cols = gan__least(width, p->k - panel * width), r = e->r;
    const float *weight = p->weight + panel * width * p->out + phase / p->sw * p->tap_y + phase % p->sw * p->tap_x;
    const float *in[TAPS];
    float *out[POINTS];
    for (int64_t i = 0; i < r * r; i++) in[i] = s->taps + i * CHANNELS_PER_PACK * width;
    for (int64_t c = 0; c < p->c; c += CHANNELS_PER_PACK) {
        gan__patches some = *p;
        some.c = gan__least(CHANNELS_PER_PACK, p->c - c);
        for (int64_t i = 0; i < r * r; i++) {
            const float *tap = weight + i / r * p->sh * p->tap_y + i % r * p->sw * p->tap_x + c * p->in;
            gan__pack_tap(&some, tap, width, cols, s->taps + i * CHANNELS_PER_PACK * width);
        }
        for (int64_t i = 0; i < e->points; i++) out[i] = panel_at(e, i, panel, e->depth) + (phase * p->c + c) * width;
        e->maps->taps(in, out, some.c * width);
    }
}

/* --- the results -------------------------------------------------------------------------------------------- */

static int64_t first_column(const engine *e, int64_t group) {
    return gan__least(e->p.k, group * e->group * gan__tiles_width(e->tiles));
}

/* What a panel of a group is multiplied by: a segment of the depth at one point. */
typedef struct piece {
    int64_t point, segment;
} piece;

static piece next_piece(const engine *e, piece at) {
    return at.segment + 1 < e->segments ? (piece){at.point, at.segment + 1} : (piece){at.point + 1, 0};
}

static int64_t length_of(const engine *e, int64_t segment) { return gan__least(e->segment, e->depth - segment * e->segment); }

static gan__coming taps_of(const engine *e, piece at, int64_t panel) {
    int64_t width = gan__tiles_width(e->tiles);
    if (at.point == e->points) return (gan__coming){0};
    const float *from = panel_at(e, at.point, panel, e->depth) + at.segment * e->segment * width;
    return (gan__coming){from, from + length_of(e, at.segment) * width};
}

/* A block's sums of one piece. */
static void multiply(const engine *e, piece at, int64_t group, scratch *s) {
    int64_t width = gan__tiles_width(e->tiles), columns = e->group * width;
    int64_t begin = group * e->group, end = gan__least(e->panels, begin + e->group);
    int64_t count = e->part, padded = gan__ceil_div(count, ROWS) * ROWS;
    piece next = next_piece(e, at);
    gan__coming data = {0};
    if (next.point < e->points) data.at = data_at(e, next.point, next.segment, 0), data.end = data.at + count * e->segment;
    for (int64_t i = 0; i < padded; i++) s->rows[i] = i < count ? data_at(e, at.point, at.segment, i) : zeros;
    for (int64_t i = 0; i < count; i++) s->out[i] = s->sums + (at.point * BLOCK_ROWS + i) * columns;
    gan__tile_job job = {.row_stride = BLOCK_ROWS, .runs = 1, .length = length_of(e, at.segment), .add = at.segment > 0};
    for (int64_t panel = begin; panel < end; panel++) {
        gan__coming next_panel = panel + 1 < end ? taps_of(e, at, panel + 1) : taps_of(e, next, begin);
        job.panel = taps_of(e, at, panel).at;
        job.column = (panel - begin) * width;
        job.n = (int)gan__least(width, e->p.k - panel * width);
        job.start = NULL;
        if (at.point == e->r + 2 && !job.add) job.start = gan__panel_start(&e->p, panel * width, job.n, width, s->start);
        gan__multiply_rows(e->tiles, &job, s->rows, s->out, count, next_panel, &data);
    }
}

static void fetch_to_write(const float *to, int64_t n) {
    for (int64_t i = 0; to && i < n; i += GAN__LINE) __builtin_prefetch(to + i, 1);
}

/* From a block's sums, [2][2] for each quad. Gives the number of pixels, and where they are. */
static int64_t finish_quads(const engine *e, int64_t group, scratch *s) {
    int64_t columns = e->group * gan__tiles_width(e->tiles), column = first_column(e, group), pixels = 0;
    int64_t n = first_column(e, group + 1) - column;
    const float *in[POINTS];
    float *out[4], *later[4];
    quad q = quad_at(e, e->first), ahead = quad_at(e, e->first + gan__least(AHEAD, e->part - 1));
    for (int64_t row = 0; row < e->part; row++, q = next_quad(e, q)) {
        find_results(e, ahead, later);
        for (int64_t i = 0; i < 4; i++) fetch_to_write(later[i] ? later[i] + column : NULL, n);
        if (row + AHEAD < e->part - 1) ahead = next_quad(e, ahead);
        for (int64_t i = 0; i < e->points; i++) in[i] = s->sums + (i * BLOCK_ROWS + row) * columns;
        find_results(e, q, out);
        for (int64_t i = 0; i < 4; i++) {
            if (out[i]) s->pixels[pixels++] = out[i];
            out[i] = out[i] ? out[i] + column : s->nowhere;
        }
        e->maps->results(in, out, n);
    }
    return pixels;
}

/* A block's number of pixels, their means [k] and squared deviations [k]. */
static int64_t moments_size(const engine *e) { return 1 + 2 * e->p.k; }

static void note_moments(const engine *e, int64_t pixels, int64_t group, double *room, const scratch *s) {
    int64_t column = first_column(e, group), n = first_column(e, group + 1) - column;
    if (group == 0) room[0] = (double)pixels;
    gan__moments_of_block(e->ctx, pixels, s->pixels, column, n, room + 1 + column, room + 1 + e->p.k + column);
}

/* Several products as one loop. */
typedef struct engines {
    engine *each;
    int count;
    char *data;
    size_t data_bytes; /* of each worker */
} engines;

static void pack_unit(void *arg, int64_t unit, int worker) {
    const engines *all = arg;
    const engine *e = all->each + all->count - 1;
    while (e->first_pack > unit) e--;
    pack_taps(e, (unit - e->first_pack) / e->phases, (unit - e->first_pack) % e->phases, scratch_of(e, worker));
}

static void run_block(void *arg, int64_t task, int worker) {
    const engines *all = arg;
    const engine *of = all->each + all->count - 1;
    while (of->first_task > task) of--;
    int64_t block = (task - of->first_task) / of->shares, share = (task - of->first_task) % of->shares;
    scratch *s = scratch_of(of, worker);
    engine e = *of;
    e.first = block * BLOCK_ROWS, e.part = gan__least(BLOCK_ROWS, e.quads - e.first);
    e.data = (float *)(all->data + (size_t)worker * all->data_bytes);
    quad q = quad_at(&e, e.first);
    for (int64_t row = 0; row < e.part; row++, q = next_quad(&e, q)) make_data(&e, q, row);
    for (int64_t group = share * e.groups / e.shares; group < (share + 1) * e.groups / e.shares; group++) {
        for (piece at = {0, 0}; at.point < e.points; at = next_piece(&e, at)) multiply(&e, at, group, s);
        int64_t pixels = finish_quads(&e, group, s);
        if (e.moments) note_moments(&e, pixels, group, e.moments + block * moments_size(&e), s);
    }
}

static void gather_moments(const engines *all, float *stats, double *sums) {
    int64_t k = all->each->p.k;
    gan__moments m = {0, sums, sums + k};
    for (const engine *e = all->each; e < all->each + all->count; e++)
        for (int64_t block = 0; block < e->blocks; block++) {
            double *room = e->moments + block * moments_size(e);
            gan__moments more = {(int64_t)room[0], room + 1, room + 1 + k};
            gan__moments_join(&m, &more, k);
        }
    gan__moments_finish(&m, k, stats);
}

/* --- the weight gradient ------------------------------------------------------------------------------------ */

/* The result's gradient of a quad, in panels, with zeros beyond the border and the last column. */
static void pack_grads(const engine *e, quad q, int64_t row) {
    int64_t width = gan__tiles_width(e->tiles);
    const float *in[4];
    float *pixel[4], *out[POINTS];
    find_results(e, q, pixel);
    for (int64_t panel = 0; panel < e->panels; panel++) {
        int64_t cols = gan__least(width, e->p.k - panel * width);
        for (int64_t i = 0; i < 4; i++) in[i] = pixel[i] ? pixel[i] + panel * width : zeros;
        for (int64_t i = 0; i < e->points; i++) {
            out[i] = panel_at(e, i, panel, e->at_once) + row * width;
            if (cols < width) memset(out[i] + cols, 0, (size_t)(width - cols) * sizeof(float));
        }
        e->maps->grads(in, out, cols);
    }
}

/* Rows of a part, at one point; none after the last. */
typedef struct chunk {
    int64_t point, row, rows;
} chunk;

static chunk chunk_at(const engine *e, int64_t point, int64_t row) {
    return (chunk){point, row, point < e->points ? gan__least(CHUNK, e->part - row) : 0};
}

static chunk next_chunk(const engine *e, chunk at) {
    return at.row + at.rows < e->part ? chunk_at(e, at.point, at.row + at.rows) : chunk_at(e, at.point + 1, 0);
}

static gan__coming panel_of(const engine *e, chunk at, int64_t panel) {
    int64_t width = gan__tiles_width(e->tiles);
    if (!at.rows) return (gan__coming){0};
    const float *from = panel_at(e, at.point, panel, e->at_once) + at.row * width;
    return (gan__coming){from, from + at.rows * width};
}

static gan__coming data_of(const engine *e, chunk at, int64_t segment) {
    if (!at.rows) return (gan__coming){0};
    const float *from = data_at(e, at.point, segment, at.row);
    return (gan__coming){from, from + at.rows * e->segment};
}

/* A segment's sums over a chunk. */
static void sum_quads(const engine *e, chunk at, int64_t segment, int64_t group, scratch *s) {
    int64_t width = gan__tiles_width(e->tiles), columns = e->group * width, length = length_of(e, segment);
    int64_t begin = group * e->group, end = gan__least(e->panels, begin + e->group);
    float *sums = s->sums + at.point * e->segment * columns;
    chunk next = next_chunk(e, at);
    gan__coming data = data_of(e, next, segment);
    gan__tile_job job = {.points = s->rows, .length = at.rows, .out = s->out, .add = at.row > 0};
    for (int64_t i = 0; i < at.rows; i++) s->rows[i] = data_at(e, at.point, segment, at.row + i);
    for (int64_t panel = begin; panel < end; panel++) {
        gan__coming next_panel = panel + 1 < end ? panel_of(e, at, panel + 1) : panel_of(e, next, begin);
        job.panel = panel_of(e, at, panel).at;
        job.column = (panel - begin) * width;
        job.n = (int)gan__least(width, e->p.k - panel * width);
        for (job.first = 0; job.first < length; job.first += ROWS) {
            job.m = (int)gan__least(ROWS, length - job.first);
            for (int i = 0; i < job.m; i++) s->out[i] = sums + (job.first + i) * columns;
            gan__tile_fetch(e->tiles, &job, &next_panel, &data);
            e->tiles->by_points[(job.n - 1) / e->tiles->lanes](&job);
        }
    }
}

/* From a segment's sums to the weights. */
static void finish_taps(const engine *e, int64_t segment, int64_t group, scratch *s) {
    const gan__patches *p = &e->p;
    int64_t columns = e->group * gan__tiles_width(e->tiles), column = first_column(e, group), r = e->r;
    gan__minimal_fn map = e->first ? e->maps->add_taps : e->maps->set_taps;
    const float *in[POINTS];
    float *out[TAPS];
    for (int64_t row = 0; row < length_of(e, segment); row++) {
        int64_t at = segment * e->segment + row, phase = at / p->c, y = phase / p->sw, x = phase % p->sw;
        for (int64_t i = 0; i < e->points; i++) in[i] = s->sums + (i * e->segment + row) * columns;
        for (int64_t i = 0; i < r * r; i++)
            out[i] = e->w + (y + i / r * p->sh) * p->tap_y + (x + i % r * p->sw) * p->tap_x + at % p->c * p->in + column;
        map(in, out, first_column(e, group + 1) - column);
    }
}

static void run_segment(void *arg, int64_t task, int worker) {
    const engine *e = arg;
    scratch *s = scratch_of(e, worker);
    int64_t segment = task / e->groups, group = task % e->groups;
    for (chunk at = chunk_at(e, 0, 0); at.rows; at = next_chunk(e, at)) sum_quads(e, at, segment, group, s);
    finish_taps(e, segment, group, s);
}

static void prepare(void *arg, int64_t unit, int worker) {
    (void)worker;
    const engine *e = arg;
    int64_t row = unit * QUADS_PER_TASK, end = gan__least(e->part, row + QUADS_PER_TASK);
    quad q = quad_at(e, e->first + row);
    for (; row < end; row++, q = next_quad(e, q)) {
        make_data(e, q, row);
        pack_grads(e, q, row);
    }
}

/* --- both --------------------------------------------------------------------------------------------------- */

static engine cut(gan_ctx *ctx, const gan__patches *p, int64_t segment) {
    engine e = {.ctx = ctx, .tiles = gan__tiles_of(ctx->isa), .p = *p, .r = taps_per_axis(p)};
    static const gan__minimal *const all[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__minimal);
    e.maps = &all[ctx->isa]->by_taps[e.r - GAN__MINIMAL_LEAST_TAPS];
    e.points = (e.r + 1) * (e.r + 1), e.phases = p->sh * p->sw, e.depth = e.phases * p->c;
    e.high = gan__ceil_div(p->oh, 2), e.wide = gan__ceil_div(p->ow, 2), e.quads = p->n * e.high * e.wide;
    e.segment = gan__least(segment, gan__ceil_div(e.depth, ROWS) * ROWS), e.segments = gan__ceil_div(e.depth, e.segment);
    e.panels = gan__ceil_div(p->k, gan__tiles_width(e.tiles));
    return e;
}

static void cut_columns(engine *e, int64_t least_groups, int64_t most_columns) {
    int64_t most = gan__most(1, most_columns / gan__tiles_width(e->tiles));
    e->groups = gan__least(e->panels, gan__most(least_groups, gan__ceil_div(e->panels, most)));
    e->group = gan__ceil_div(e->panels, e->groups);
    e->groups = gan__ceil_div(e->panels, e->group);
}

static int64_t data_size(const engine *e) { return e->points * e->segments * e->at_once * e->segment; }
static int64_t taps_size(const engine *e) { return e->points * e->panels * e->depth * gan__tiles_width(e->tiles); }

/* For each worker, with `rows` rows of sums at each point. */
static char *new_scratch(gan_ctx *ctx, engine *e, int64_t rows) {
    int64_t sums = e->points * rows * e->group * gan__tiles_width(e->tiles);
    e->scratch_bytes = (size_t)gan__ceil_div((int64_t)sizeof(scratch) + sums * (int64_t)sizeof(float), 64) * 64;
    return e->scratch = gan__alloc(ctx, (size_t)gan__threads_count(ctx->threads) * e->scratch_bytes);
}

/* All products have the source and the numbers of channels in common, hence the sizes of what a worker holds. */
static void cut_products(gan_ctx *ctx, const gan__patches *products, engines *all, int64_t *tasks, int64_t *packs) {
    int64_t blocks = 0;
    *tasks = *packs = 0;
    for (int i = 0; i < all->count; i++) {
        all->each[i] = cut(ctx, &products[i], SEGMENT);
        blocks += all->each[i].blocks = gan__ceil_div(all->each[i].quads, BLOCK_ROWS);
    }
    for (engine *e = all->each; e < all->each + all->count; e++) {
        e->at_once = BLOCK_ROWS;
        cut_columns(e, gan__ceil_div(WANTED_TASKS, blocks), MOST_COLUMNS);
        e->shares = gan__least(e->groups, gan__ceil_div(WANTED_TASKS, blocks));
        e->first_task = *tasks, e->first_pack = *packs;
        *tasks += e->blocks * e->shares, *packs += e->panels * e->phases;
    }
    all->data_bytes = (size_t)data_size(all->each) * sizeof(float);
}

bool gan__minimal_run(gan_ctx *ctx, const gan__patches *products, int count, float *stats) {
    engines all = {.each = gan__alloc(ctx, (size_t)count * sizeof *all.each), .count = count};
    if (!all.each) return false;
    int64_t tasks, packs, blocks = 0, k = products->k;
    cut_products(ctx, products, &all, &tasks, &packs);
    for (int i = 0; i < count; i++) blocks += all.each[i].blocks;
    char *room_of_workers = new_scratch(ctx, all.each, BLOCK_ROWS);
    float *packed = gan__alloc(ctx, (size_t)(count * taps_size(all.each)) * sizeof *packed);
    double *moments = stats ? gan__alloc(ctx, (size_t)(2 * k + blocks * moments_size(all.each)) * sizeof *moments) : NULL;
    all.data = gan__alloc(ctx, (size_t)gan__threads_count(ctx->threads) * all.data_bytes);
    bool ok = room_of_workers && packed && all.data && (moments || !stats);
    double *room = stats && ok ? moments + 2 * k : NULL;
    for (int i = 0; i < count && ok; i++) {
        engine *e = &all.each[i];
        e->scratch = room_of_workers, e->scratch_bytes = all.each->scratch_bytes;
        e->packed = packed + i * taps_size(e), e->moments = room;
        if (room) room += e->blocks * moments_size(e);
    }
    if (ok) gan__parallel(ctx, packs, pack_unit, &all);
    if (ok) gan__parallel(ctx, tasks, run_block, &all);
    if (ok && stats) gather_moments(&all, stats, moments);
    gan__free(ctx, all.data);
    gan__free(ctx, moments);
    gan__free(ctx, packed);
    gan__free(ctx, room_of_workers);
    gan__free(ctx, all.each);
    return ok;
}

/* The next part; false after the last. */
static bool next_part(engine *e) {
    e->first += e->part;
    e->part = gan__least(e->at_once, e->quads - e->first);
    return e->part > 0;
}

bool gan__minimal_weight_run(gan_ctx *ctx, const gan__patches *product, float *w) {
    engine e = cut(ctx, product, GRADIENT_SEGMENT);
    e.w = w;
    e.at_once = gan__ceil_div(e.quads, gan__ceil_div(e.quads, gan__most(LEAST_AT_ONCE, DATA_AT_ONCE / (e.points * e.depth))));
    cut_columns(&e, gan__ceil_div(WANTED_TASKS, e.segments), GRADIENT_VECTORS * e.tiles->lanes);
    e.packed = gan__alloc(ctx, (size_t)(e.points * e.panels * e.at_once * gan__tiles_width(e.tiles)) * sizeof *e.packed);
    e.data = gan__alloc(ctx, (size_t)data_size(&e) * sizeof *e.data);
    bool ok = new_scratch(ctx, &e, e.segment) && e.packed && e.data;
    while (ok && next_part(&e)) {
        gan__parallel(ctx, gan__ceil_div(e.part, QUADS_PER_TASK), prepare, &e);
        gan__parallel(ctx, e.segments * e.groups, run_segment, &e);
    }
    gan__free(ctx, e.data);
    gan__free(ctx, e.packed);
    gan__free(ctx, e.scratch);
    return ok;
}

#else
typedef int gan__nothing_in_double;
#endif
