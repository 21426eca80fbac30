#include <string.h>

#include "conv_engine.h"

#ifndef GAN_DOUBLE

/* The weight gradient: rows are weights (tap, input channel), the depth is pixels, columns are output channels.
 *
 *   A task is a block of rows, a group of panels and a range of pixels. It takes the pixels chunk by chunk: packs the chunk of y,
 *   then for a few tiles of rows at a time gathers what they read of x (both second-level cache), and multiplies: a panel's chunk
 *   stays in the first-level cache for all those tiles.
 *   Where rows and panels alone are too few tasks, pixels are split as well; the partial sums are added in order afterwards. */
enum {
    BLOCK_TILES = 64,
    BATCH_TILES = 8, /* gathered together */
    GROUP_COLUMNS = 256, /* at least a panel */
    MAX_CHUNK = 256,
    ROWS = GAN__TILE_ROWS,
    WANTED_TASKS = 32,
    SUM_AT_ONCE = 512
};

/* Of one result pixel: where its patch begins in x, and which part of a row of taps lies inside. */
typedef struct reach {
    int64_t at; /* of the patch's first value; may lie outside of x */
    int64_t y;
    int32_t from, to;
} reach;

typedef struct scratch {
    reach reach[MAX_CHUNK];
    float rows[BATCH_TILES * MAX_CHUNK * ROWS]; /* [tiles][pixels][rows] */
    float panels[MAX_CHUNK * GROUP_COLUMNS];
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

/* Whole panels go by copies of a constant size, which the compiler turns into a few moves. */
static void pack_columns(const float *from, int64_t stride, int64_t pixels, int64_t width, int64_t cols, float *to) {
    if (cols < width) memset(to, 0, (size_t)(pixels * width) * sizeof *to);
    for (int64_t p = 0; p < pixels; p++, from += stride, to += width) {
        int64_t i = 0;
        for (; i + 8 <= cols; i += 8) memcpy(to + i, from + i, 8 * sizeof *to);
        for (; i < cols; i++) to[i] = from[i];
    }
}

static void pack_chunk(const engine *e, int64_t pixel, int64_t pixels, int64_t panel_0, int64_t panel_1, float *to) {
    int64_t width = gan__tiles_width(e->tiles);
    for (int64_t panel = panel_0; panel < panel_1; panel++, to += pixels * width)
        pack_columns(e->y + pixel * e->s->k + panel * width, e->s->k, pixels, width,
                     gan__least(width, e->s->k - panel * width), to);
}

static void find_reach(const engine *e, int64_t pixel, int64_t pixels, reach *r) {
    const gan__conv_shape *s = e->s;
    int64_t b = pixel % s->ow, a = pixel / s->ow % s->oh, n = pixel / s->ow / s->oh;
    for (int64_t p = 0; p < pixels; p++) {
        int64_t y = a * s->sh - s->pt, x = b * s->sw - s->pl;
        int64_t from = gan__least(gan__most(-x, 0), s->kw) * s->c, to = gan__most(gan__least(s->w - x, s->kw), 0) * s->c;
        r[p] = (reach){((n * s->h + y) * s->w + x) * s->c, y, (int32_t)from, (int32_t)to};
        if (++b == s->ow) {
            b = 0;
            if (++a == s->oh) a = 0, n++;
        }
    }
}

/* Of a row of taps the values `first` to `first` + m that lie in [from, to), the others 0; x[at] is the first. */
static void gather_edge(const float *x, int64_t at, int64_t first, int64_t m, int64_t from, int64_t to, int64_t tiles,
                        int64_t stride, float *dst) {
    for (int64_t t = 0; t < tiles; t++, first += ROWS, m -= ROWS, at += ROWS, dst += stride) {
        int64_t begin = gan__most(from - first, 0), end = gan__least(gan__least(to - first, m), ROWS);
        memset(dst, 0, ROWS * sizeof *dst);
        for (int64_t i = begin; i < end; i++) dst[i] = x[at + i];
    }
}

/* What some tiles read that lie side by side in one row of taps, from its value `first` on; 0 outside of x and beyond m. */
static void gather(const engine *e, const reach *r, int64_t pixels, int64_t ky, int64_t first, int64_t tiles, int64_t m,
                   float *dst) {
    int64_t skip = ky * e->s->w * e->s->c + first, h = e->s->h, stride = pixels * ROWS;
    for (int64_t p = 0; p < pixels; p++, r++, dst += ROWS) {
        bool inside = (uint64_t)(r->y + ky) < (uint64_t)h;
        if (!inside || m < tiles * ROWS || first < r->from || first + m > r->to) {
            gather_edge(e->x, r->at + skip, first, m, r->from, inside ? r->to : 0, tiles, stride, dst);
            continue;
        }
        const float *at = e->x + (r->at + skip);
        for (int64_t t = 0; t < tiles; t++) memcpy(dst + t * stride, at + t * ROWS, ROWS * sizeof *dst);
    }
}

static void gather_batch(const engine *e, int64_t tile, int64_t end, int64_t pixels, scratch *s) {
    float *to = s->rows;
    for (int64_t next; tile < end; to += (next - tile) * pixels * ROWS, tile = next) {
        int64_t ky = tile / e->row_tiles, first = tile % e->row_tiles * ROWS;
        next = gan__least(end, (ky + 1) * e->row_tiles);
        gather(e, s->reach, pixels, ky, first, next - tile, gan__least((next - tile) * ROWS, e->row_size - first), to);
    }
}

static void multiply_batch(const engine *e, int64_t tile_0, int64_t tile_1, int64_t pixels, int64_t panel_0, int64_t panel_1,
                           const scratch *s, float *w, bool add) {
    const gan__tiles *t = e->tiles;
    int64_t width = gan__tiles_width(t);
    const float *rows[ROWS];
    float *out[ROWS];
    gan__tile_job job = {.rows = rows, .runs = 1, .length = pixels, .step = ROWS, .panel = s->panels, .out = out, .add = add};
    for (int64_t panel = panel_0; panel < panel_1; panel++, job.panel += pixels * width) {
        job.column = panel * width;
        job.n = (int)gan__least(width, e->s->k - panel * width);
        for (int64_t tile = tile_0; tile < tile_1; tile++) {
            int64_t ky = tile / e->row_tiles, first = tile % e->row_tiles * ROWS;
            job.m = (int)gan__least(ROWS, e->row_size - first);
            for (int i = 0; i < ROWS; i++) {
                rows[i] = s->rows + (tile - tile_0) * pixels * ROWS + i;
                out[i] = w + (ky * e->row_size + first + (i < job.m ? i : 0)) * e->s->k;
            }
            t->fn[(job.n - 1) / t->lanes](&job);
        }
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
        int64_t pixels = gan__least(e->chunk, end - pixel);
        pack_chunk(e, pixel, pixels, panel_0, panel_1, s->panels);
        find_reach(e, pixel, pixels, s->reach);
        for (int64_t tile = tile_0; tile < tile_1; tile += BATCH_TILES) {
            int64_t last = gan__least(tile_1, tile + BATCH_TILES);
            gather_batch(e, tile, last, pixels, s);
            multiply_batch(e, tile, last, pixels, panel_0, panel_1, s, w, pixel > begin);
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
    double sum[SUM_AT_ONCE];
    for (; begin < end; begin += SUM_AT_ONCE) {
        int64_t n = gan__least(SUM_AT_ONCE, end - begin);
        for (int64_t i = 0; i < n; i++) sum[i] = 0;
        for (int64_t part = 0; part < a->count; part++)
            for (int64_t i = 0; i < n; i++) sum[i] += (double)a->parts[part * a->size + begin + i];
        for (int64_t i = 0; i < n; i++) a->w[begin + i] = (float)sum[i];
    }
}

static void cut(engine *e) {
    const gan__conv_shape *s = e->s;
    int64_t width = gan__tiles_width(e->tiles), pixels = s->n * s->oh * s->ow;
    e->row_size = s->kw * s->c;
    e->row_tiles = gan__ceil_div(e->row_size, ROWS);
    e->blocks = gan__ceil_div(s->kh * e->row_tiles, BLOCK_TILES);
    e->panels = gan__ceil_div(s->k, width);
    e->group = gan__least(e->panels, GROUP_COLUMNS / width);
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
