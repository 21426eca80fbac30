#include "conv_minimal_engine.h"
#include "elementwise.h"
#include "moments.h"

#ifndef GAN_DOUBLE

/* Convolutions by minimal filtering (conv_minimal_engine.h). After the taps, which are packed by all workers, a task is a block
 * of cells: it makes their data, takes them through all points with a group of panels at a time, and turns what it has into
 * results. Where blocks are few, tasks share one, each with some of the groups. Since each of these makes the block's data anew, there
 * are no more than keep all threads busy: how many does not change any sum. */
enum {
    BLOCK_ROWS = 48, /* at most, and of cells of 2 x 2 */
    ROWS_OF_LARGE_CELLS = 36,
    MOST_SHARES = 12, /* of all blocks */
    TASKS_PER_THREAD = 3,
    CHANNELS_PER_PACK = 32,
    MOST_COLUMNS = 128, /* of a group; at least a panel */
    KEPT_ROWS = 512,    /* of products whose taps are kept, */
    MOST_KEPT = 5 << 18, /* and how many numbers these may be */
    AHEAD = 16,         /* pixels that are fetched before they are written */
    POINTS = GAN__MINIMAL_MOST_POINTS,
    RESULTS = GAN__MINIMAL_MOST_RESULTS * GAN__MINIMAL_MOST_RESULTS,
    TAPS = GAN__MINIMAL_TAPS,
    ROWS = GAN__TILE_ROWS
};

/* Of one worker. */
typedef struct scratch {
    _Alignas(64) float start[GAN__TILE_MAX_WIDTH];
    float nowhere[MOST_COLUMNS]; /* for results beyond the border */
    _Alignas(64) float taps[TAPS * CHANNELS_PER_PACK * GAN__TILE_MAX_WIDTH];
    const float *rows[BLOCK_ROWS];
    float *out[BLOCK_ROWS];
    float *pixels[RESULTS * BLOCK_ROWS];
    _Alignas(64) float sums[]; /* [points][rows of a block][columns of a group] */
} scratch;

typedef gan__minimal_engine engine;
typedef gan__cell cell;

/* --- the taps ----------------------------------------------------------------------------------------------- */

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
        for (int64_t i = 0; i < e->points; i++) out[i] = gan__minimal_panel(e, i, panel, e->depth) + (phase * p->c + c) * width;
        e->maps->taps(in, out, some.c * width);
    }
}

/* --- the results -------------------------------------------------------------------------------------------- */

/* What a panel of a group is multiplied by: a segment of the depth at one point. */
typedef struct piece {
    int64_t point, segment;
} piece;

static piece next_piece(const engine *e, piece at) {
    return at.segment + 1 < e->segments ? (piece){at.point, at.segment + 1} : (piece){at.point + 1, 0};
}

static gan__coming taps_of(const engine *e, piece at, int64_t panel) {
    int64_t width = gan__tiles_width(e->tiles);
    if (at.point == e->points) return (gan__coming){0};
    const float *from = gan__minimal_panel(e, at.point, panel, e->depth) + at.segment * e->segment * width;
    return (gan__coming){from, from + gan__minimal_length(e, at.segment) * width};
}

/* A block's sums of one piece. */
static void multiply(const engine *e, piece at, int64_t group, scratch *s) {
    int64_t width = gan__tiles_width(e->tiles), columns = e->group * width;
    int64_t begin = group * e->group, end = gan__least(e->panels, begin + e->group);
    int64_t count = e->part, padded = gan__ceil_div(count, ROWS) * ROWS;
    piece next = next_piece(e, at);
    gan__coming data = {0};
    if (next.point < e->points) data.at = gan__minimal_data(e, next.point, next.segment, 0);
    data.end = data.at ? data.at + count * e->segment : NULL;
    for (int64_t i = 0; i < count; i++) s->rows[i] = gan__minimal_data(e, at.point, at.segment, i);
    for (int64_t i = count; i < padded; i++) s->rows[i] = gan__minimal_zeros;
    for (int64_t i = 0; i < count; i++) s->out[i] = s->sums + at.point * gan__minimal_sums_apart(e, e->at_once) + i * columns;
    gan__tile_job job = {.row_stride = BLOCK_ROWS, .runs = 1, .add = at.segment > 0};
    job.length = gan__minimal_length(e, at.segment);
    for (int64_t panel = begin; panel < end; panel++) {
        gan__coming next_panel = panel + 1 < end ? taps_of(e, at, panel + 1) : taps_of(e, next, begin);
        job.panel = taps_of(e, at, panel).at;
        job.column = (panel - begin) * width;
        job.n = (int)gan__least(width, e->p.k - panel * width);
        job.start = NULL;
        if (at.point == e->m + e->r && !job.add) job.start = gan__panel_start(&e->p, panel * width, job.n, width, s->start);
        gan__multiply_rows(e->tiles, &job, s->rows, s->out, count, next_panel, &data);
    }
}

static void fetch_to_write(const float *to, int64_t n) {
    for (int64_t i = 0; to && i < n; i += GAN__LINE) __builtin_prefetch(to + i, 1);
}

/* From a block's sums. Gives the number of pixels, and where they are. */
static int64_t finish_cells(const engine *e, int64_t group, scratch *s) {
    int64_t columns = e->group * gan__tiles_width(e->tiles), column = gan__minimal_column(e, group), pixels = 0;
    int64_t n = gan__minimal_column(e, group + 1) - column;
    const float *in[POINTS];
    float *out[RESULTS], *later[RESULTS];
    int64_t results = e->m * e->m, rows_ahead = AHEAD / results;
    cell here = gan__cell_at(e, e->first), ahead = gan__cell_at(e, e->first + gan__least(rows_ahead, e->part - 1));
    for (int64_t row = 0; row < e->part; row++, here = gan__cell_next(e, here)) {
        gan__cell_results(e, ahead, later);
        for (int64_t i = 0; i < results; i++) fetch_to_write(later[i] ? later[i] + column : NULL, n);
        if (row + rows_ahead < e->part - 1) ahead = gan__cell_next(e, ahead);
        for (int64_t i = 0; i < e->points; i++) in[i] = s->sums + i * gan__minimal_sums_apart(e, e->at_once) + row * columns;
        gan__cell_results(e, here, out);
        for (int64_t i = 0; i < results; i++) {
            if (out[i]) s->pixels[pixels++] = out[i];
            out[i] = out[i] ? out[i] + column : s->nowhere;
        }
        e->maps->results(in, out, n);
    }
    return pixels;
}

/* A block's number of pixels, their means [k] and squared deviations [k]. */
static int64_t moments_size(const engine *e) { return 1 + 2 * e->p.k; }

static void activate(const engine *e, float *const *pixels, int64_t count, int64_t column, int64_t n) {
    gan__map_fn fn = gan__map_of(e->ctx, gan__leaky_kind(*e->p.slope));
    for (int64_t i = 0; i < count; i++) fn(n, pixels[i] + column, pixels[i] + column, (float)*e->p.slope, pixels[i] + column);
}

/* What is done with a block's pixels while they are in the cache. */
static void finish_pixels(const engine *e, int64_t block, int64_t group, int64_t pixels, const scratch *s) {
    int64_t column = gan__minimal_column(e, group), n = gan__minimal_column(e, group + 1) - column;
    if (e->p.slope) activate(e, s->pixels, pixels, column, n);
    if (!e->moments) return;
    double *room = e->moments + block * moments_size(e);
    if (group == 0) room[0] = (double)pixels;
    room += 1 + column;
    gan__moments_of_block(e->ctx, pixels, (const float *const *)s->pixels, column, n, room, room + e->p.k);
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
    pack_taps(e, (unit - e->first_pack) / e->phases, (unit - e->first_pack) % e->phases, gan__minimal_scratch(e, worker));
}

static int64_t first_cell(const engine *e, int64_t block) { return gan__block_start(e->cells, e->blocks, block); }

static void run_block(void *arg, int64_t task, int worker) {
    const engines *all = arg;
    const engine *of = all->each + all->count - 1;
    while (of->first_task > task) of--;
    int64_t block = (task - of->first_task) / of->shares, share = (task - of->first_task) % of->shares;
    scratch *s = gan__minimal_scratch(of, worker);
    engine e = *of;
    e.first = first_cell(of, block), e.part = first_cell(of, block + 1) - e.first;
    e.data = (float *)(all->data + (size_t)worker * all->data_bytes);
    cell here = gan__cell_at(&e, e.first);
    for (int64_t row = 0; row < e.part; row++, here = gan__cell_next(&e, here)) gan__cell_data(&e, here, row, 0, e.segments);
    for (int64_t group = share * e.groups / e.shares; group < (share + 1) * e.groups / e.shares; group++) {
        for (piece at = {0, 0}; at.point < e.points; at = next_piece(&e, at)) multiply(&e, at, group, s);
        finish_pixels(&e, block, group, finish_cells(&e, group, s), s);
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

/* --- all of it ---------------------------------------------------------------------------------------------- */

static int64_t taps_size(const engine *e) { return gan__minimal_panels_size(e, e->depth); }

/* All products have the source and the numbers of channels in common, hence the sizes of what a worker holds. */
static void cut_products(gan_ctx *ctx, const gan__patches *products, engines *all, int64_t *tasks, int64_t *packs) {
    const gan__minimal_maps *maps = gan__minimal_pick(ctx, products, all->count, false);
    int64_t blocks = 0, wanted = TASKS_PER_THREAD * gan__threads_count(ctx->threads);
    *tasks = *packs = 0;
    int64_t rows = maps->m > 2 ? ROWS_OF_LARGE_CELLS : BLOCK_ROWS;
    for (int i = 0; i < all->count; i++) {
        all->each[i] = gan__minimal_cut(ctx, &products[i], maps, GAN__MINIMAL_SEGMENT);
        blocks += all->each[i].blocks = gan__ceil_div(all->each[i].cells, rows);
    }
    for (engine *e = all->each; e < all->each + all->count; e++) {
        e->at_once = rows;
        gan__minimal_cut_columns(e, gan__ceil_div(MOST_SHARES, blocks), MOST_COLUMNS);
        e->shares = gan__least(e->groups, gan__ceil_div(wanted, blocks));
        e->first_task = *tasks, e->first_pack = *packs;
        *tasks += e->blocks * e->shares, *packs += e->panels * e->phases;
    }
    all->data_bytes = (size_t)gan__minimal_data_size(all->each) * sizeof(float);
}

/* Where transforming the taps is much of the work, and what comes out not too large. */
static bool are_kept(const engines *all) {
    int64_t rows = 0;
    for (const engine *e = all->each; e < all->each + all->count; e++) rows = gan__most(rows, e->cells);
    return rows <= KEPT_ROWS && all->count * taps_size(all->each) <= MOST_KEPT;
}

bool gan__minimal_run(gan_ctx *ctx, const gan__patches *products, int count, gan__packed **kept, float *stats) {
    engines all = {.each = gan__alloc(ctx, (size_t)count * sizeof *all.each), .count = count};
    if (!all.each) return false;
    int64_t tasks, packs, blocks = 0, k = products->k;
    cut_products(ctx, products, &all, &tasks, &packs);
    for (int i = 0; i < count; i++) blocks += all.each[i].blocks;
    gan__packing how = gan__packing_of(products, count, all.each->m);
    gan__packed_use use = gan__packed_begin(ctx, are_kept(&all) ? kept : NULL, &how, count * taps_size(all.each));
    double *moments = stats ? gan__alloc(ctx, (size_t)(2 * k + blocks * moments_size(all.each)) * sizeof *moments) : NULL;
    all.data = gan__alloc(ctx, (size_t)gan__threads_count(ctx->threads) * all.data_bytes);
    bool ok = use.packed && all.data && (moments || !stats);
    ok = ok && gan__minimal_new_scratch(ctx, all.each, sizeof(scratch), all.each->at_once);
    double *room = stats && ok ? moments + 2 * k : NULL;
    for (int i = 0; i < count && ok; i++) {
        engine *e = &all.each[i];
        e->scratch = all.each->scratch, e->scratch_bytes = all.each->scratch_bytes;
        e->packed = use.packed->numbers + i * taps_size(e), e->moments = room;
        if (room) room += e->blocks * moments_size(e);
    }
    if (ok && !use.ready) gan__parallel(ctx, packs, pack_unit, &all);
    if (ok) gan__parallel(ctx, tasks, run_block, &all);
    if (ok && stats) gather_moments(&all, stats, moments);
    gan__free(ctx, all.data);
    gan__free(ctx, moments);
    gan__packed_end(ctx, &use, ok);
    gan__free(ctx, all.each->scratch);
    gan__free(ctx, all.each);
    return ok;
}

#else
typedef int gan__nothing_in_double;
#endif
