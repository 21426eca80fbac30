#include <string.h>

#include "conv_engine.h"

#ifndef GAN_DOUBLE

/* The weight gradient: rows are weights (tap, input channel), the depth is pixels, columns are output channels.
 *
 *   A task is a block of rows, a group of panels and a range of pixels. It takes the pixels chunk by chunk: packs the chunk of y
 *   (second-level cache), then for each tile of rows gathers what the tile reads of x (first-level cache) and multiplies.
 *   Where rows and panels alone are too few tasks, pixels are split as well; the partial sums are added in order afterwards. */
enum {
    BLOCK_TILES = 32,
    GROUP_COLUMNS = 256,
    MAX_CHUNK = 256,
    ROWS = GAN__TILE_ROWS,
    MAX_WIDTH = 64,
    WANTED_TASKS = 48
};

/* Of one result pixel and one row of taps: which of the row's values lie inside x. */
typedef struct reach {
    int64_t at; /* of the row's first value in x; may lie outside */
    int64_t from, to;
} reach;

typedef struct scratch {
    reach reach[MAX_CHUNK];
    float rows[MAX_CHUNK * ROWS];
    float panels[MAX_CHUNK * (GROUP_COLUMNS + MAX_WIDTH)];
} scratch;

typedef struct engine {
    const gan__tiles *tiles;
    const gan__conv_shape *s;
    const float *x, *y;
    float *w;         /* or the partial sums [parts][rows of the weight][k] */
    int64_t row_size; /* values in one row of taps: kw * c */
    int64_t row_tiles;
    int64_t blocks, panels, group, groups, chunk, parts, chunks_per_part;
    scratch *scratch;
} engine;

static void pack_columns(const float *from, int64_t stride, int64_t pixels, int64_t width, int64_t cols, float *to) {
    if (cols < width) memset(to, 0, (size_t)(pixels * width) * sizeof *to);
    for (int64_t p = 0; p < pixels; p++) memcpy(to + p * width, from + p * stride, (size_t)cols * sizeof *to);
}

static void pack_chunk(const engine *e, int64_t pixel, int64_t pixels, int64_t panel_0, int64_t panel_1, float *to) {
    int64_t width = gan__tiles_width(e->tiles);
    for (int64_t panel = panel_0; panel < panel_1; panel++, to += pixels * width)
        pack_columns(e->y + pixel * e->s->k + panel * width, e->s->k, pixels, width,
                     gan__least(width, e->s->k - panel * width), to);
}

static void find_reach(const engine *e, int64_t ky, int64_t pixel, int64_t pixels, reach *r) {
    const gan__conv_shape *s = e->s;
    int64_t b = pixel % s->ow, a = pixel / s->ow % s->oh, n = pixel / s->ow / s->oh;
    for (int64_t p = 0; p < pixels; p++) {
        int64_t y = a * s->sh + ky - s->pt, x = b * s->sw - s->pl;
        int64_t from = gan__most(-x, 0) * s->c, to = gan__least(s->w - x, s->kw) * s->c;
        r[p] = (reach){((n * s->h + y) * s->w + x) * s->c, from, y >= 0 && y < s->h ? to : 0};
        if (++b == s->ow) {
            b = 0;
            if (++a == s->oh) a = 0, n++;
        }
    }
}

/* What the tile that starts at `first` of a row of taps reads: [pixels][rows], 0 outside of x. */
static void gather(const float *x, const reach *r, int64_t pixels, int64_t first, int64_t m, float *to) {
    for (int64_t p = 0; p < pixels; p++, to += ROWS) {
        const float *from = x + (r[p].at + first);
        if (m == ROWS && r[p].from <= first && first + ROWS <= r[p].to) {
            for (int i = 0; i < ROWS; i++) to[i] = from[i];
            continue;
        }
        for (int64_t i = 0; i < ROWS; i++) to[i] = i < m && first + i >= r[p].from && first + i < r[p].to ? from[i] : 0;
    }
}

static void multiply_tile(const engine *e, scratch *s, int64_t pixels, int64_t panel_0, int64_t panel_1, int m, float *out,
                          bool add) {
    const gan__tiles *t = e->tiles;
    int64_t width = gan__tiles_width(t);
    const float *rows[ROWS];
    float *outs[ROWS];
    for (int i = 0; i < ROWS; i++) rows[i] = s->rows + i, outs[i] = out + i * e->s->k;
    gan__tile_job job = {.rows = rows, .runs = 1, .length = pixels, .step = ROWS, .out = outs, .m = m, .add = add};
    job.panel = s->panels;
    for (int64_t panel = panel_0; panel < panel_1; panel++, job.panel += pixels * width) {
        job.column = panel * width;
        job.n = (int)gan__least(width, e->s->k - panel * width);
        t->fn[(job.n - 1) / t->lanes](&job);
    }
}

static void run_task(void *arg, int64_t task, int worker) {
    const engine *e = arg;
    scratch *s = e->scratch + worker;
    const gan__conv_shape *c = e->s;
    int64_t block = task % e->blocks, group = task / e->blocks % e->groups, part = task / e->blocks / e->groups;
    int64_t tile_0 = block * BLOCK_TILES, tile_1 = gan__least(c->kh * e->row_tiles, tile_0 + BLOCK_TILES);
    int64_t panel_0 = group * e->group, panel_1 = gan__least(e->panels, panel_0 + e->group);
    int64_t begin = part * e->chunks_per_part * e->chunk, end = c->n * c->oh * c->ow;
    float *w = e->w + part * c->kh * e->row_size * c->k;
    end = gan__least(end, begin + e->chunks_per_part * e->chunk);
    for (int64_t pixel = begin; pixel < end; pixel += e->chunk) {
        int64_t pixels = gan__least(e->chunk, end - pixel), ky = -1;
        pack_chunk(e, pixel, pixels, panel_0, panel_1, s->panels);
        for (int64_t tile = tile_0; tile < tile_1; tile++) {
            if (tile / e->row_tiles != ky) find_reach(e, ky = tile / e->row_tiles, pixel, pixels, s->reach);
            int64_t first = tile % e->row_tiles * ROWS, m = gan__least(ROWS, e->row_size - first);
            gather(e->x, s->reach, pixels, first, m, s->rows);
            multiply_tile(e, s, pixels, panel_0, panel_1, (int)m, w + (ky * e->row_size + first) * c->k, pixel > begin);
        }
    }
}

typedef struct sum_parts {
    const float *parts;
    int64_t count, size;
    float *w;
} sum_parts;

static void sum_range(void *arg, int64_t begin, int64_t end) {
    const sum_parts *a = arg;
    for (int64_t i = begin; i < end; i++) {
        double sum = 0;
        for (int64_t part = 0; part < a->count; part++) sum += (double)a->parts[part * a->size + i];
        a->w[i] = (float)sum;
    }
}

static void cut(engine *e) {
    const gan__conv_shape *s = e->s;
    int64_t width = gan__tiles_width(e->tiles), pixels = s->n * s->oh * s->ow;
    e->row_size = s->kw * s->c;
    e->row_tiles = gan__ceil_div(e->row_size, ROWS);
    e->blocks = gan__ceil_div(s->kh * e->row_tiles, BLOCK_TILES);
    e->panels = gan__ceil_div(s->k, width);
    e->group = gan__most(1, gan__least(e->panels, GROUP_COLUMNS / width));
    e->groups = gan__ceil_div(e->panels, e->group);
    e->chunk = gan__least(pixels, e->tiles->depth);
    int64_t chunks = gan__ceil_div(pixels, e->chunk), tasks = e->blocks * e->groups;
    e->chunks_per_part = gan__ceil_div(chunks, gan__least(chunks, gan__ceil_div(WANTED_TASKS, tasks)));
    e->parts = gan__ceil_div(chunks, e->chunks_per_part);
}

bool gan__weight_run(gan_ctx *ctx, const gan__conv_shape *s, const float *x, const float *y, float *w) {
    engine e = {.tiles = gan__tiles_of(ctx->isa), .s = s, .x = x, .y = y, .w = w};
    cut(&e);
    int64_t size = s->kh * e.row_size * s->k;
    float *parts = NULL;
    e.scratch = gan__alloc(ctx, (size_t)gan__threads_count(ctx->threads) * sizeof *e.scratch);
    if (e.parts > 1) e.w = parts = gan__alloc(ctx, (size_t)(e.parts * size) * sizeof *parts);
    bool ok = e.scratch && e.w;
    if (ok) gan__parallel(ctx, e.blocks * e.groups * e.parts, run_task, &e);
    if (ok && parts) gan__parallel_ranges(ctx, size, 16384, sum_range, &(sum_parts){parts, e.parts, size, w});
    gan__free(ctx, parts);
    gan__free(ctx, e.scratch);
    return ok;
}

#else
typedef int gan__nothing_in_double;
#endif
