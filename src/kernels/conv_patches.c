#include <string.h>

#include "conv_engine.h"
#include "moments.h"
#include "vector.h"

#ifndef GAN_DOUBLE

enum {
    BLOCK_TILES = 16, /* tiles per block of result pixels */
    BLOCK_ROWS = BLOCK_TILES * GAN__TILE_ROWS,
    MAX_DEPTH = 256,
    MAX_RUNS = 32,   /* pointers per row and piece */
    FEW_CHANNELS = 16,
    AHEAD = 8,  /* rows of weights that are fetched before they are packed */
    WANTED_TASKS = 16, /* per product, by splitting columns: enough to keep many threads evenly busy */
    LEAST_TASKS = 8,   /* by making blocks smaller, but not below so many tiles: */
    LEAST_TILES = 2,
    KEPT_ROWS = 512    /* of a product whose packed weights are kept */
};

static const float zeros[MAX_DEPTH]; /* what lies outside of the image */

/* How one product is cut up. */
typedef struct plan {
    gan__patches p;
    bool merged;          /* a run is a whole row of taps, not one tap: few channels would make the runs too short */
    bool single;          /* patches are single pixels, and these the rows of a matrix */
    int64_t runs, length; /* of the whole depth */
    int64_t piece_runs, piece_length;
    int64_t pieces; /* of one run, if that is longer than a piece */
    int64_t pixels;
    int64_t blocks, panels, group, groups;
    int64_t first_task, first_pack;
    float *packed;   /* [panels][runs * length][width] */
    double *moments; /* [blocks][2][k], means and squared deviations of each block's pixels; NULL: not wanted */
} plan;

typedef struct place {
    const float *image;
    int64_t y, x; /* of the patch's first tap */
} place;

/* Of one worker. */
typedef struct scratch {
    _Alignas(64) float start[GAN__TILE_MAX_WIDTH];
    place places[BLOCK_ROWS];
    float *out[BLOCK_ROWS];
    const float *rows[MAX_RUNS * BLOCK_ROWS];
    float edges[BLOCK_ROWS * MAX_DEPTH]; /* copies of runs that cross the image's border; only in merged products */
} scratch;

typedef struct engine {
    const gan_ctx *ctx;
    const gan__tiles *tiles;
    const plan *plans;
    int count;
    scratch *scratch;
} engine;

static bool is_single(const gan__patches *p) {
    bool pixels = p->kh == 1 && p->kw == 1 && p->sh == 1 && p->sw == 1 && p->top == 0 && p->left == 0;
    return pixels && p->oh == p->h && p->ow == p->w && (p->h == 1 || p->dst_y == p->w * p->dst_x) &&
           (p->n == 1 || p->dst_n == p->h * p->w * p->dst_x);
}

static void cut_depth(plan *l, const gan__tiles *tiles) {
    l->single = is_single(&l->p);
    l->merged = l->p.c < FEW_CHANNELS && l->p.kw > 1;
    l->runs = l->merged ? l->p.kh : l->p.kh * l->p.kw;
    l->length = l->merged ? l->p.kw * l->p.c : l->p.c;
    l->pieces = gan__most(1, gan__ceil_div(l->length, tiles->depth));
    l->piece_length = gan__most(1, gan__ceil_div(l->length, l->pieces));
    l->piece_runs = l->pieces > 1 ? 1 : gan__most(1, gan__least(MAX_RUNS, tiles->depth / gan__most(1, l->length)));
}

static void cut_result(plan *l, const gan__tiles *tiles) {
    l->pixels = l->p.n * l->p.oh * l->p.ow;
    l->panels = gan__ceil_div(l->p.k, gan__tiles_width(tiles));
    int64_t in_tiles = gan__ceil_div(l->pixels, GAN__TILE_ROWS);
    l->blocks = gan__ceil_div(in_tiles, BLOCK_TILES);
    l->groups = gan__most(1, gan__least(l->panels, gan__ceil_div(WANTED_TASKS, gan__most(1, l->blocks))));
    if (l->p.prepare) l->groups = 1; /* a block's one task prepares it */
    l->blocks = gan__most(l->blocks, gan__least(gan__ceil_div(in_tiles, LEAST_TILES), gan__ceil_div(LEAST_TASKS, l->groups)));
    l->group = gan__ceil_div(l->panels, l->groups);
    l->groups = gan__ceil_div(l->panels, l->group);
}

static int64_t first_pixel(const plan *l, int64_t block) { return gan__block_start(l->pixels, l->blocks, block); }

static const plan *plan_of_task(const engine *e, int64_t task) {
    const plan *l = e->plans + e->count - 1;
    while (l->first_task > task) l--;
    return l;
}

static const plan *plan_of_pack(const engine *e, int64_t unit) {
    const plan *l = e->plans + e->count - 1;
    while (l->first_pack > unit) l--;
    return l;
}

/* 4 x 4 numbers, from rows to columns. */
static void transpose_four(const float *from, int64_t from_pitch, float *to, int64_t to_pitch) {
    four row[4], pair[4];
    for (int i = 0; i < 4; i++) row[i] = *(const loose_four *)(from + i * from_pitch);
    for (int i = 0; i < 2; i++) {
        pair[2 * i] = __builtin_shufflevector(row[2 * i], row[2 * i + 1], 0, 4, 1, 5);
        pair[2 * i + 1] = __builtin_shufflevector(row[2 * i], row[2 * i + 1], 2, 6, 3, 7);
    }
    for (int i = 0; i < 2; i++) {
        *(loose_four *)(to + 2 * i * to_pitch) = __builtin_shufflevector(pair[i], pair[2 + i], 0, 1, 4, 5);
        *(loose_four *)(to + (2 * i + 1) * to_pitch) = __builtin_shufflevector(pair[i], pair[2 + i], 2, 3, 6, 7);
    }
}

void gan__pack_tap(const gan__patches *p, const float *from, int64_t width, int64_t cols, float *to) {
    if (cols < width) memset(to, 0, (size_t)(p->c * width) * sizeof *to);
    if (p->out == 1) {
        for (int64_t c = 0; c < p->c; c++, from += p->in, to += width) {
            for (int64_t k = 0; k < cols; k += GAN__LINE) __builtin_prefetch(from + AHEAD * p->in + k);
            memcpy(to, from, (size_t)cols * sizeof *to);
        }
        return;
    }
    for (int64_t c0 = 0; c0 < p->c; c0 += GAN__LINE) { /* as much of each column as a cache line holds; in is 1 */
        int64_t end = gan__least(c0 + GAN__LINE, p->c), whole = end - (end - c0) % 4, k = 0;
        for (; k + 4 <= cols; k += 4) {
            for (int64_t i = 0; i < 4; i++) __builtin_prefetch(from + (k + i) * p->out + c0 + 2 * GAN__LINE);
            for (int64_t c = c0; c < whole; c += 4) transpose_four(from + k * p->out + c, p->out, to + c * width + k, width);
            for (int64_t c = whole; c < end; c++)
                for (int64_t i = 0; i < 4; i++) to[c * width + k + i] = from[(k + i) * p->out + c];
        }
        for (; k < cols; k++)
            for (int64_t c = c0; c < end; c++) to[c * width + k] = from[k * p->out + c];
    }
}

/* A unit is one row of taps in one panel. */
static void pack_unit(void *arg, int64_t unit, int worker) {
    (void)worker;
    const engine *e = arg;
    const plan *l = plan_of_pack(e, unit);
    const gan__patches *p = &l->p;
    int64_t width = gan__tiles_width(e->tiles), panel = (unit - l->first_pack) / p->kh, i = (unit - l->first_pack) % p->kh;
    float *to = l->packed + (panel * l->runs * l->length + i * p->kw * p->c) * width;
    const float *from = p->weight + panel * width * p->out + i * p->tap_y;
    int64_t cols = gan__least(width, p->k - panel * width);
    for (int64_t j = 0; j < p->kw; j++) gan__pack_tap(p, from + j * p->tap_x, width, cols, to + j * p->c * width);
}

static void find_places(const plan *l, int64_t first, int64_t count, scratch *s) {
    const gan__patches *p = &l->p;
    if (l->single) {
        for (int64_t i = 0; i < count; i++) s->out[i] = p->dst + (first + i) * p->dst_x;
        return;
    }
    int64_t b = first % p->ow, a = first / p->ow % p->oh, n = first / p->ow / p->oh;
    for (int64_t i = 0; i < count; i++) {
        s->places[i] = (place){p->src + n * p->h * p->w * p->c, a * p->sh - p->top, b * p->sw - p->left};
        s->out[i] = p->dst + n * p->dst_n + a * p->dst_y + b * p->dst_x;
        if (++b == p->ow) {
            b = 0;
            if (++a == p->oh) a = 0, n++;
        }
    }
}

static bool inside(int64_t at, int64_t size) { return (uint64_t)at < (uint64_t)size; }

static void point_tap(const plan *l, int64_t run, int64_t offset, int64_t count, const scratch *s, const float **rows) {
    const gan__patches *p = &l->p;
    int64_t i = run / p->kw, j = run % p->kw;
    for (int64_t r = 0; r < count; r++) {
        const place *at = &s->places[r];
        int64_t y = at->y + i, x = at->x + j;
        rows[r] = inside(y, p->h) && inside(x, p->w) ? at->image + (y * p->w + x) * p->c + offset : zeros;
    }
}

/* A row of taps lies in one piece in memory, channels innermost: a pointer will do, except across the left and right border. */
static void point_tap_row(const plan *l, int64_t i, int64_t offset, int64_t length, int64_t count, const scratch *s, float *edge,
                          const float **rows) {
    const gan__patches *p = &l->p;
    for (int64_t r = 0; r < count; r++, edge += length) {
        const place *at = &s->places[r];
        int64_t y = at->y + i;
        int64_t from = gan__most(-at->x * p->c, offset), to = gan__least((p->w - at->x) * p->c, offset + length);
        if (!inside(y, p->h) || from >= to) {
            rows[r] = zeros;
            continue;
        }
        const float *line = at->image + y * p->w * p->c;
        if (to - from == length) {
            rows[r] = line + (at->x * p->c + offset);
            continue;
        }
        memset(edge, 0, (size_t)length * sizeof *edge);
        memcpy(edge + (from - offset), line + (at->x * p->c + from), (size_t)(to - from) * sizeof *edge);
        rows[r] = edge;
    }
}

static void point_piece(const plan *l, int64_t run, int64_t runs, int64_t offset, int64_t length, int64_t first, int64_t count,
                        int64_t padded, scratch *s) {
    for (int64_t r = 0; r < runs; r++) {
        const float **rows = s->rows + r * BLOCK_ROWS;
        if (l->single)
            for (int64_t i = 0; i < count; i++) rows[i] = l->p.src + (first + i) * l->p.c + offset;
        else if (l->merged)
            point_tap_row(l, run + r, offset, length, count, s, s->edges + r * count * length, rows);
        else
            point_tap(l, run + r, offset, count, s, rows);
        for (int64_t i = count; i < padded; i++) rows[i] = zeros;
    }
}

const float *gan__panel_start(const gan__patches *p, int64_t column, int n, int64_t width, float *to) {
    if (!p->bias) return NULL;
    for (int64_t i = 0; i < width; i++) to[i] = i < n ? p->bias[column + i] : 0;
    return to;
}

void gan__multiply_rows(const gan__tiles *tiles, gan__tile_job *job, const float *const *rows, float *const *out, int64_t count,
                        gan__coming next_panel, gan__coming *soon) {
    int64_t height = GAN__TILE_ROWS;
    gan__tile_fn fn = tiles->by_rows[(job->n - 1) / tiles->lanes];
    for (int64_t r = 0; r < count; r += height) {
        job->rows = rows + r, job->out = out + r;
        job->m = (int)gan__least(height, count - r);
        gan__tile_fetch(tiles, job, &next_panel, soon);
        fn(job);
    }
}

static gan__moments moments_of(const plan *l, int64_t block) {
    double *mean = l->moments + block * 2 * l->p.k;
    return (gan__moments){first_pixel(l, block + 1) - first_pixel(l, block), mean, mean + l->p.k};
}

/* Of the panels just finished, while they are in the cache. */
static void note_moments(const engine *e, const plan *l, int64_t block, int64_t panel_0, int64_t panel_1, const scratch *s) {
    int64_t width = gan__tiles_width(e->tiles), column = panel_0 * width, n = gan__least(panel_1 * width, l->p.k) - column;
    gan__moments m = moments_of(l, block);
    gan__moments_of_block(e->ctx, m.n, (const float *const *)s->out, column, n, m.mean + column, m.m2 + column);
}

static void gather_moments(const engine *e, double *sums, float *stats) {
    int64_t k = e->plans->p.k;
    gan__moments all = {0, sums, sums + k};
    for (const plan *l = e->plans; l < e->plans + e->count; l++)
        for (int64_t block = 0; block < l->blocks; block++) {
            gan__moments more = moments_of(l, block);
            gan__moments_join(&all, &more, k);
        }
    gan__moments_finish(&all, k, stats);
}

static void run_block(void *arg, int64_t task, int worker) {
    const engine *e = arg;
    const plan *l = plan_of_task(e, task);
    scratch *s = e->scratch + worker;
    int64_t width = gan__tiles_width(e->tiles), height = GAN__TILE_ROWS, panel_size = l->runs * l->length * width;
    int64_t block = (task - l->first_task) / l->groups, group = (task - l->first_task) % l->groups;
    int64_t first = first_pixel(l, block), count = first_pixel(l, block + 1) - first;
    int64_t panel_0 = group * l->group, panel_1 = gan__least(l->panels, panel_0 + l->group);
    float slope = l->p.slope ? (float)*l->p.slope : 0;
    const float *group_at = l->packed + panel_0 * panel_size, *end = l->packed + l->panels * panel_size;
    find_places(l, first, count, s);
    if (l->p.prepare) l->p.prepare->fn(l->p.prepare->arg, block, first, count);
    /* At least once: without depth, too, there is a result. */
    for (int64_t run = 0; run == 0 || run < l->runs; run += l->piece_runs)
        for (int64_t offset = 0; offset == 0 || offset < l->length; offset += l->piece_length) {
            int64_t runs = gan__least(l->piece_runs, l->runs - run), length = gan__least(l->piece_length, l->length - offset);
            point_piece(l, run, runs, offset, length, first, count, gan__ceil_div(count, height) * height, s);
            gan__tile_job job = {.row_stride = BLOCK_ROWS, .runs = runs, .length = length, .add = run || offset};
            bool last = run + runs >= l->runs && offset + length >= l->length;
            if (last && l->p.slope) job.slope = &slope;
            const float *piece = group_at + (run * l->length + offset) * width, *next_piece = piece + runs * length * width;
            for (int64_t panel = panel_0; panel < panel_1; panel++, piece += panel_size) {
                job.panel = piece;
                job.column = panel * width;
                job.n = (int)gan__least(width, l->p.k - panel * width);
                if (!job.add) job.start = gan__panel_start(&l->p, job.column, job.n, width, s->start);
                const float *next = panel + 1 < panel_1 ? piece + panel_size : next_piece;
                gan__coming coming = {next, gan__least(runs * length * width, end - next) + next};
                gan__multiply_rows(e->tiles, &job, s->rows, s->out, count, coming, &(gan__coming){0});
            }
        }
    if (l->moments) note_moments(e, l, block, panel_0, panel_1, s);
}

int64_t gan__patches_blocks(const gan_ctx *ctx, const gan__patches *product) {
    plan l = {.p = *product};
    cut_result(&l, gan__tiles_of(ctx->isa));
    return l.blocks;
}

/* Lays out all plans; gives the size of the packed weights, and the numbers of tasks. */
static int64_t make_plans(const gan__tiles *tiles, const gan__patches *products, int count, plan *plans, int64_t *tasks,
                          int64_t *packs) {
    int64_t size = 0;
    *tasks = *packs = 0;
    for (int i = 0; i < count; i++) {
        plan *l = &plans[i];
        *l = (plan){.p = products[i], .first_task = *tasks, .first_pack = *packs};
        cut_depth(l, tiles);
        cut_result(l, tiles);
        size += l->panels * l->runs * l->length * gan__tiles_width(tiles);
        *tasks += l->blocks * l->groups;
        *packs += l->panels * l->p.kh;
    }
    return size;
}

static bool are_kept(const gan__patches *p, int count) {
    return count == 1 && p->kh == 1 && p->kw == 1 && p->n * p->oh * p->ow <= KEPT_ROWS;
}

/* Room for the moments of all plans, and for the sums of them all. */
static double *moments_room(gan_ctx *ctx, plan *plans, int count) {
    int64_t blocks = 1, k = plans->p.k;
    for (int i = 0; i < count; i++) blocks += plans[i].blocks;
    double *room = gan__alloc(ctx, (size_t)(blocks * 2 * k) * sizeof *room), *at = room;
    for (int i = 0; room && i < count; i++) {
        at += 2 * k * (i ? plans[i - 1].blocks : 1);
        plans[i].moments = at;
    }
    return room;
}

bool gan__patches_run(gan_ctx *ctx, const gan__patches *products, int count, gan__packed **kept, float *stats) {
    const gan__tiles *tiles = gan__tiles_of(ctx->isa);
    plan *plans = gan__alloc(ctx, (size_t)count * sizeof *plans);
    if (!plans) return false;
    int64_t tasks, packs, size = make_plans(tiles, products, count, plans, &tasks, &packs);
    gan__packing how = gan__packing_of(products, count, 0);
    gan__packed_use use = gan__packed_begin(ctx, are_kept(products, count) ? kept : NULL, &how, size);
    double *moments = stats ? moments_room(ctx, plans, count) : NULL;
    engine e = {ctx, tiles, plans, count, gan__alloc(ctx, (size_t)gan__threads_count(ctx->threads) * sizeof *e.scratch)};
    bool ok = use.packed && e.scratch && (moments || !stats);
    if (ok) {
        float *at = use.packed->numbers;
        for (int i = 0; i < count; i++) {
            plans[i].packed = at;
            at += plans[i].panels * plans[i].runs * plans[i].length * gan__tiles_width(tiles);
        }
        if (!use.ready) gan__parallel(ctx, packs, pack_unit, &e);
        gan__parallel(ctx, tasks, run_block, &e);
        if (stats) gather_moments(&e, moments, stats);
    }
    gan__free(ctx, e.scratch);
    gan__free(ctx, moments);
    gan__packed_end(ctx, &use, ok);
    gan__free(ctx, plans);
    return ok;
}

#else
typedef int gan__nothing_in_double; /* a translation unit may not be empty */
#endif
