#include <string.h>

#include "conv_engine.h"

#ifndef GAN_DOUBLE

/* The weight gradient: rows are weights (tap, input channel), the depth is pixels, columns are output channels.
 *
 *                     columns of y, in packed panels
 *                   +-------+-------+-------+---    A task is a batch of input channels with all their taps, a group of panels
 *     chunk of      | packed|       |       |       and a range of pixels. It takes the pixels chunk by chunk, some rows of the
 *     result pixels |   y   |       |       |       result at a time: packs the chunk of y, and the region of x that it sees, a
 *                   +-------+-------+-------+---    tile's channels together and zeros around. Then every tap reads that region
 *       +--------+  +-------+-------+               from another place: one pointer for each pixel of the chunk.
 *       | region |  | . . . | . . . |
 *       | of x,  |  | . . . | . . . |  weights      Stays in the first-level cache: a panel's chunk, for the batch's tiles; in
 *       | packed |  | . . . | . . . |               the second-level cache: the region, and the chunk of y.
 *       +--------+  +-------+-------+
 *
 * Few channels would leave tiles mostly empty; then the rows of a tile are those of a row of taps, (kx, c), which are neighbours
 * in x. Where tasks are too few, pixels are split as well, and the partial sums are added in order afterwards. Where pixels are
 * few, packing them again and again would be much of the work: then y is packed before the tasks, which take few channels and all
 * panels if they can, and chunk after chunk within each tap, so that what they add to stays in the cache. Where patches are single
 * pixels (dense layers), x is not packed but read where it lies. */
enum {
    MAX_CHUNK = 256,
    BATCH_TILES = 8,
    GROUP_COLUMNS = 256, /* at least a panel */
    ROWS = GAN__TILE_ROWS,
    FEW_CHANNELS = 16,
    WANTED_TASKS = 12,
    FEW_PIXELS = 1024, /* for which: */
    LEAST_BATCH = 4,
    LEAST_COLUMNS = 64,
    SUM_AT_ONCE = 512,
    AHEAD = 4  /* pixels that are fetched before they are packed */
};

typedef struct scratch {
    int64_t base[MAX_CHUNK]; /* the region's row in which a row of results begins to read */
    const float *points[MAX_CHUNK];
} scratch;

typedef struct engine {
    const gan__tiles *tiles;
    const gan__conv_shape *s;
    const float *x, *y;
    float *w;                   /* or the partial sums [parts][lines][size][k] */
    bool merged;                /* a line of weights is a row of taps, not one tap */
    bool plain;                 /* patches are single pixels in a row, and read where they lie */
    int64_t lines, size;
    int64_t step_y, step_x;     /* by which neighbouring results' patches are apart in the region */
    int64_t tiles_of_line, batch, batches;
    int64_t panels, group, groups;
    int64_t rows, cols, chunks; /* results in a chunk: several whole rows, or a part of one */
    int64_t parts, chunks_per_part;
    bool few_pixels;            /* y is packed before the tasks, and x for all chunks of a task */
    int64_t region_size, panels_size;
    float *regions;             /* [workers][region_size]; of few pixels [workers][chunks_per_part][region_size] */
    float *packed_y;            /* [workers][panels_size]; of few pixels [chunks][groups][panels_size] */
    scratch *scratch;
} engine;

/* Results first .. first+rows*cols-1, and the size of what they see, in pixels. */
typedef struct chunk {
    int64_t row, rows, col, cols;
    int64_t pitch, phase, area;
} chunk;

/* By pixels, since y is read from afar. Whole vectors go by copies of a constant size, which become a few moves. */
static void pack_panels(const engine *e, const chunk *q, int64_t panel_0, int64_t panel_1, float *to) {
    int64_t width = gan__tiles_width(e->tiles), pixels = q->rows * q->cols, k = e->s->k;
    int64_t first = panel_0 * width, cols = gan__least(k, panel_1 * width) - first;
    const float *y = e->y + (q->row * e->s->ow + q->col) * k + first;
    for (int64_t p = 0; p < pixels; p++, y += k)
        for (int64_t i = 0; i < cols; i += width) {
            float *panel = to + i * pixels + p * width;
            int64_t n = gan__least(width, cols - i), j = 0;
            for (; j + 8 <= n; j += 8) memcpy(panel + j, y + i + j, 8 * sizeof *panel);
            for (; j < width; j++) panel[j] = j < n ? y[i + j] : 0;
        }
}

/* --- the region --------------------------------------------------------------------------------------------- */

static chunk chunk_at(const engine *e, int64_t index, int64_t *base) {
    const gan__conv_shape *s = e->s;
    int64_t across = gan__ceil_div(s->ow, e->cols);
    chunk q = {.row = index / across * e->rows, .col = index % across * e->cols};
    q.rows = gan__least(e->rows, s->n * s->oh - q.row);
    q.cols = gan__least(e->cols, s->ow - q.col);
    q.phase = gan__ceil_div((q.cols - 1) * e->step_x + s->kw, e->step_x);
    q.pitch = q.phase * e->step_x;
    int64_t next = 0;
    for (int64_t r = 0; r < q.rows; r++) {
        base[r] = next;
        next += (q.row + r + 1) % s->oh ? e->step_y : s->kh;
    }
    q.area = (base[q.rows - 1] + s->kh) * q.pitch;
    return q;
}

/* A pixel's channels, from the first of a batch on, to their tiles, which are `stride` apart. */
static void pack_pixel(const float *from, int64_t channels, int64_t stride, float *to) {
    for (; channels >= ROWS; channels -= ROWS, to += stride, from += ROWS) memcpy(to, from, ROWS * sizeof *to);
    for (int64_t i = 0; i < ROWS && channels > 0; i++) to[i] = i < channels ? from[i] : 0;
}

static void clear_pixel(int64_t channels, int64_t stride, float *to) {
    for (; channels > 0; channels -= ROWS, to += stride) memset(to, 0, ROWS * sizeof *to);
}

/* A row of the region from a row of x, or NULL for zeros. Its columns are ordered by their phase, so that those that one tap
 * reads are neighbours: column step_x*b + f is the f*phase + b-th. */
static void pack_row(const engine *e, const chunk *q, const float *line, int64_t first, int64_t channels, float *to) {
    const gan__conv_shape *s = e->s;
    int64_t stride = q->area * ROWS;
    for (int64_t f = 0; f < e->step_x; f++)
        for (int64_t b = 0, x = q->col * s->sw + f - s->pl; b < q->phase; b++, x += s->sw, to += ROWS) {
            for (int64_t i = 0; line && i < channels; i += GAN__LINE)
                __builtin_prefetch(line + (x + AHEAD * s->sw) * s->c + first + i);
            if (line && (uint64_t)x < (uint64_t)s->w)
                pack_pixel(line + x * s->c + first, channels, stride, to);
            else
                clear_pixel(channels, stride, to);
        }
}

/* The same where a line of weights is a row of taps: the columns stay in order, with their channels beside each other. Runs of
 * step_x columns are neighbours in x, and all of them if that is the stride. */
static void pack_merged_row(const engine *e, const chunk *q, const float *line, float *to) {
    const gan__conv_shape *s = e->s;
    bool whole = e->step_x == s->sw;
    int64_t run = whole ? q->pitch : e->step_x, size = run * s->c;
    for (int64_t b = 0; b < q->pitch / run; b++, to += size) {
        int64_t x = (q->col + b) * s->sw - s->pl, begin = gan__least(run, gan__most(0, -x)) * s->c;
        int64_t end = line ? gan__most(begin, gan__least(run, s->w - x) * s->c) : begin;
        memset(to, 0, (size_t)begin * sizeof *to);
        if (end > begin) memcpy(to + begin, line + x * s->c + begin, (size_t)(end - begin) * sizeof *to);
        memset(to + end, 0, (size_t)(size - end) * sizeof *to);
    }
}

static bool ends(const engine *e, const chunk *q) { return q->col + q->cols == e->s->ow; }

/* Rows that patches have in common are packed once. Of plain pixels only the last is packed, behind which a tile might read. */
static void pack_region(const engine *e, const chunk *q, int64_t tile_0, int64_t tile_1, const int64_t *base, float *region) {
    const gan__conv_shape *s = e->s;
    int64_t unit = e->merged ? s->c : ROWS, first = tile_0 * ROWS, channels = gan__least(s->c, tile_1 * ROWS) - first;
    if (e->plain) {
        if (ends(e, q)) pack_pixel(e->x + (s->w - 1) * s->c + first, channels, ROWS, region);
        return;
    }
    for (int64_t r = 0; r < q->rows; r++) {
        int64_t n = (q->row + r) / s->oh, a = (q->row + r) % s->oh;
        for (int64_t ky = r > 0 && a > 0 ? s->kh - e->step_y : 0; ky < s->kh; ky++) {
            int64_t y = a * s->sh - s->pt + ky;
            const float *line = (uint64_t)y < (uint64_t)s->h ? e->x + (n * s->h + y) * s->w * s->c : NULL;
            float *to = region + (base[r] + ky) * q->pitch * unit;
            if (e->merged)
                pack_merged_row(e, q, line, to);
            else
                pack_row(e, q, line, first, channels, to);
        }
    }
}

static void point_plain(const engine *e, const chunk *q, int64_t tile, const float *region, const float **points) {
    const float *from = e->x + q->col * e->s->c + tile * ROWS;
    for (int64_t b = 0; b < q->cols; b++, from += e->s->c) points[b] = from;
    if (ends(e, q)) points[q->cols - 1] = region;
}

static void point(const engine *e, const chunk *q, int64_t line, const int64_t *base, const float *region, const float **points) {
    int64_t ky = e->merged ? line : line / e->s->kw, kx = line % e->s->kw;
    int64_t unit = e->merged ? e->s->c : ROWS, step = e->merged ? e->step_x * unit : unit;
    int64_t at = e->merged ? 0 : kx % e->step_x * q->phase + kx / e->step_x;
    for (int64_t r = 0; r < q->rows; r++) {
        const float *from = region + ((base[r] + ky) * q->pitch + at) * unit;
        for (int64_t b = 0; b < q->cols; b++, from += step) *points++ = from;
    }
}

/* --- the products ------------------------------------------------------------------------------------------- */

static void multiply(const engine *e, const chunk *q, int64_t line, int64_t tile_0, int64_t tile_1, int64_t panel_0,
                     int64_t panel_1, const float *const *points, const float *packed_y, float *w, bool add) {
    const gan__tiles *t = e->tiles;
    int64_t width = gan__tiles_width(t), pixels = q->rows * q->cols, next = e->merged || e->plain ? ROWS : q->area * ROWS;
    float *out[ROWS];
    gan__tile_job job = {.points = points, .length = pixels, .panel = packed_y, .out = out, .add = add};
    for (int64_t panel = panel_0; panel < panel_1; panel++, job.panel += pixels * width) {
        job.column = panel * width;
        job.n = (int)gan__least(width, e->s->k - panel * width);
        for (int64_t tile = tile_0; tile < tile_1; tile++) {
            job.first = (tile - tile_0) * next;
            job.m = (int)gan__least(ROWS, e->size - tile * ROWS);
            for (int i = 0; i < job.m; i++) out[i] = w + (line * e->size + tile * ROWS + i) * e->s->k;
            t->by_points[(job.n - 1) / t->lanes](&job);
        }
    }
}

/* A batch's tiles and a group's panels. */
static int64_t first_tile(const engine *e, int64_t batch) { return gan__least(e->tiles_of_line, batch * e->batch); }
static int64_t first_panel(const engine *e, int64_t group) { return gan__least(e->panels, group * e->group); }

static float *packed_y_of(const engine *e, int64_t index, int64_t group, int worker) {
    return e->packed_y + (e->few_pixels ? index * e->groups + group : worker) * e->panels_size;
}

/* A unit is the panels of a group in a chunk. */
static void pack_unit(void *arg, int64_t unit, int worker) {
    const engine *e = arg;
    int64_t index = unit / e->groups, group = unit % e->groups;
    chunk q = chunk_at(e, index, e->scratch[worker].base);
    pack_panels(e, &q, first_panel(e, group), first_panel(e, group + 1), packed_y_of(e, index, group, worker));
}

static void run_task(void *arg, int64_t task, int worker) {
    const engine *e = arg;
    scratch *s = e->scratch + worker;
    int64_t batch = task % e->batches, group = task / e->batches % e->groups, part = task / e->batches / e->groups;
    int64_t tile_0 = first_tile(e, batch), tile_1 = first_tile(e, batch + 1);
    int64_t panel_0 = first_panel(e, group), panel_1 = first_panel(e, group + 1);
    int64_t begin = part * e->chunks_per_part, count = gan__least(e->chunks - begin, e->chunks_per_part);
    float *w = e->w + part * e->lines * e->size * e->s->k;
    for (int64_t step = 0; step < count * e->lines; step++) {
        int64_t i = e->few_pixels ? step % count : step / e->lines, line = e->few_pixels ? step / count : step % e->lines;
        float *region = e->regions + (e->few_pixels ? worker * e->chunks_per_part + i : worker) * e->region_size;
        float *packed_y = packed_y_of(e, begin + i, group, worker);
        chunk q = chunk_at(e, begin + i, s->base);
        if (line == 0) pack_region(e, &q, tile_0, tile_1, s->base, region);
        if (line == 0 && !e->few_pixels) pack_panels(e, &q, panel_0, panel_1, packed_y);
        if (e->plain)
            point_plain(e, &q, tile_0, region, s->points);
        else
            point(e, &q, line, s->base, region, s->points);
        multiply(e, &q, line, tile_0, tile_1, panel_0, panel_1, s->points, packed_y, w, i > 0);
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

/* Patches are single pixels; then all images are one row of them. */
static bool is_plain(const gan__conv_shape *s) {
    return s->kh == 1 && s->kw == 1 && s->sh == 1 && s->sw == 1 && s->pt == 0 && s->pl == 0 && s->oh == s->h && s->ow == s->w;
}

/* How results are cut into chunks, and how large a region can get. */
static void cut_results(engine *e) {
    const gan__conv_shape *s = e->s;
    int64_t most = gan__least(MAX_CHUNK, e->tiles->depth), across = gan__ceil_div(s->ow, most), all = s->n * s->oh;
    e->cols = gan__ceil_div(s->ow, across);
    e->rows = across > 1 ? 1 : gan__least(all, most / s->ow);
    e->chunks = gan__ceil_div(all, e->rows) * across;
    e->step_y = gan__least(s->sh, s->kh), e->step_x = gan__least(s->sw, s->kw);
    int64_t images = gan__least(e->rows, e->rows / s->oh + 2), high = (e->rows - images) * e->step_y + images * s->kh;
    int64_t wide = gan__ceil_div((e->cols - 1) * e->step_x + s->kw, e->step_x) * e->step_x;
    e->region_size = (e->plain ? 1 : high * wide) * (e->merged ? s->c : e->batch * ROWS) + 64;
    e->panels_size = e->rows * e->cols * e->group * gan__tiles_width(e->tiles);
}

/* How the rows and columns of the result are cut: of few pixels rather by rows, for which x is packed but once. */
static void cut_tiles(engine *e) {
    const gan__conv_shape *s = e->s;
    int64_t width = gan__tiles_width(e->tiles), batch = BATCH_TILES, columns = GROUP_COLUMNS;
    e->merged = s->c < FEW_CHANNELS;
    e->lines = e->merged ? s->kh : s->kh * s->kw;
    e->plain = !e->merged && is_plain(s);
    e->size = e->merged ? s->kw * s->c : s->c;
    e->tiles_of_line = gan__ceil_div(e->size, ROWS);
    if (e->few_pixels) batch = gan__least(BATCH_TILES, gan__most(LEAST_BATCH, e->tiles_of_line / WANTED_TASKS));
    e->batches = e->merged ? 1 : gan__ceil_div(e->tiles_of_line, batch);
    e->batch = gan__ceil_div(e->tiles_of_line, e->batches);
    e->panels = gan__ceil_div(s->k, width);
    if (e->few_pixels) columns = gan__most(LEAST_COLUMNS, s->k * e->batches / WANTED_TASKS);
    e->groups = gan__ceil_div(e->panels, gan__most(1, columns / width));
    e->group = gan__ceil_div(e->panels, e->groups);
}

static void cut(engine *e) {
    e->few_pixels = e->s->n * e->s->oh * e->s->ow <= FEW_PIXELS;
    cut_tiles(e);
    cut_results(e);
    e->chunks_per_part = gan__ceil_div(e->chunks, gan__least(e->chunks, gan__ceil_div(WANTED_TASKS, e->batches * e->groups)));
    e->parts = gan__ceil_div(e->chunks, e->chunks_per_part);
}

static gan__conv_shape in_a_row(const gan__conv_shape *s) {
    gan__conv_shape t = *s;
    if (is_plain(s)) t.n = t.h = t.oh = 1, t.w = t.ow = s->n * s->oh * s->ow;
    return t;
}

bool gan__weight_run(gan_ctx *ctx, const gan__conv_shape *shape, const float *x, const float *y, float *w) {
    gan__conv_shape s = in_a_row(shape);
    engine e = {.tiles = gan__tiles_of(ctx->isa), .s = &s, .x = x, .y = y, .w = w};
    cut(&e);
    int64_t workers = gan__threads_count(ctx->threads), size = e.lines * e.size * s.k;
    int64_t regions = e.few_pixels ? workers * e.chunks_per_part : workers, panels = e.few_pixels ? e.chunks * e.groups : workers;
    float *parts = NULL;
    e.scratch = gan__alloc(ctx, (size_t)workers * sizeof *e.scratch);
    e.regions = gan__alloc(ctx, (size_t)(regions * e.region_size) * sizeof *e.regions);
    e.packed_y = gan__alloc(ctx, (size_t)(panels * e.panels_size) * sizeof *e.packed_y);
    if (e.parts > 1) e.w = parts = gan__alloc(ctx, (size_t)(e.parts * size) * sizeof *parts);
    bool ok = e.scratch && e.regions && e.packed_y && e.w;
    if (ok && e.few_pixels) gan__parallel(ctx, e.chunks * e.groups, pack_unit, &e);
    if (ok) gan__parallel(ctx, e.batches * e.groups * e.parts, run_task, &e);
    if (ok && parts) gan__parallel_ranges(ctx, size, 16384, sum_range, &(sum_parts){parts, e.parts, size, w});
    gan__free(ctx, parts);
    gan__free(ctx, e.packed_y);
    gan__free(ctx, e.regions);
    gan__free(ctx, e.scratch);
    return ok;
}

#else
typedef int gan__nothing_in_double;
#endif
