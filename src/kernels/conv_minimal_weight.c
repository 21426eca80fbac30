#include <string.h>

#include "conv_minimal_engine.h"

#ifndef GAN_DOUBLE

/* The weight gradient by minimal filtering (conv_minimal_engine.h) has the data as there, A of the result's gradient in panels,
 * and sums over cells. These are taken in parts, so many at once that their data stay in the last-level cache: first all workers
 * make a part's data, then a task takes a segment of the depth and a group of panels through all points, and adds G' of what it
 * has to the weights. */
enum {
    DATA_AT_ONCE = 1 << 19, /* numbers */
    LEAST_AT_ONCE = 96,     /* cells */
    SEGMENT = 64,           /* whole lines of the cache, though not whole tiles */
    CHUNK = 256,            /* cells that a tile sums up in registers */
    WANTED_TASKS = 12,
    MOST_VECTORS = 8,       /* of columns of a group */
    CELLS_PER_TASK = 8,     /* when data are made */
    POINTS = GAN__MINIMAL_MOST_POINTS,
    RESULTS = GAN__MINIMAL_MOST_RESULTS * GAN__MINIMAL_MOST_RESULTS,
    TAPS = GAN__MINIMAL_TAPS,
    ROWS = GAN__TILE_ROWS
};

typedef gan__minimal_engine engine;
typedef gan__cell cell;

/* Of one worker. */
typedef struct scratch {
    const float *points[CHUNK];
    float *out[ROWS];
    _Alignas(64) float sums[]; /* [points][segment][columns of a group] */
} scratch;

/* The result's gradient of a cell, in panels, with zeros beyond the border and the last column. */
static void pack_grads(const engine *e, cell here, int64_t row) {
    int64_t width = gan__tiles_width(e->tiles);
    const float *in[RESULTS];
    float *pixel[RESULTS], *out[POINTS];
    gan__cell_results(e, here, pixel);
    for (int64_t panel = 0; panel < e->panels; panel++) {
        int64_t cols = gan__least(width, e->p.k - panel * width);
        for (int64_t i = 0; i < e->m * e->m; i++) in[i] = pixel[i] ? pixel[i] + panel * width : gan__minimal_zeros;
        for (int64_t i = 0; i < e->points; i++) {
            out[i] = gan__minimal_panel(e, i, panel, e->at_once) + row * width;
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
    const float *from = gan__minimal_panel(e, at.point, panel, e->at_once) + at.row * width;
    return (gan__coming){from, from + at.rows * width};
}

static gan__coming data_of(const engine *e, chunk at, int64_t segment) {
    if (!at.rows) return (gan__coming){0};
    const float *from = gan__minimal_data(e, at.point, segment, at.row);
    return (gan__coming){from, from + at.rows * e->segment};
}

/* A segment's sums over a chunk. */
static void sum_cells(const engine *e, chunk at, int64_t segment, int64_t group, scratch *s) {
    int64_t width = gan__tiles_width(e->tiles), columns = e->group * width, length = gan__minimal_length(e, segment);
    int64_t begin = group * e->group, end = gan__least(e->panels, begin + e->group);
    float *sums = s->sums + at.point * gan__minimal_sums_apart(e, e->segment);
    chunk next = next_chunk(e, at);
    gan__coming data = data_of(e, next, segment);
    gan__tile_job job = {.points = s->points, .length = at.rows, .out = s->out, .add = at.row > 0};
    for (int64_t i = 0; i < at.rows; i++) s->points[i] = gan__minimal_data(e, at.point, segment, at.row + i);
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
    int64_t columns = e->group * gan__tiles_width(e->tiles), column = gan__minimal_column(e, group), r = e->r;
    gan__minimal_fn map = e->first ? e->maps->add_taps : e->maps->set_taps;
    const float *in[POINTS];
    float *out[TAPS];
    for (int64_t row = 0; row < gan__minimal_length(e, segment); row++) {
        int64_t at = segment * e->segment + row, phase = at / p->c, y = phase / p->sw, x = phase % p->sw;
        for (int64_t i = 0; i < e->points; i++) in[i] = s->sums + i * gan__minimal_sums_apart(e, e->segment) + row * columns;
        for (int64_t i = 0; i < r * r; i++)
            out[i] = e->w + (y + i / r * p->sh) * p->tap_y + (x + i % r * p->sw) * p->tap_x + at % p->c * p->in + column;
        map(in, out, gan__minimal_column(e, group + 1) - column);
    }
}

static void run_segment(void *arg, int64_t task, int worker) {
    const engine *e = arg;
    scratch *s = gan__minimal_scratch(e, worker);
    int64_t segment = task / e->groups, group = task % e->groups;
    for (chunk at = chunk_at(e, 0, 0); at.rows; at = next_chunk(e, at)) sum_cells(e, at, segment, group, s);
    finish_taps(e, segment, group, s);
}

/* Units are some cells of a segment's data, segment by segment, so that whoever takes a segment afterwards has mostly made its
 * data; in the middle, some of the result's gradient, which all need. */
static void make_data(void *arg, int64_t unit, int worker) {
    (void)worker;
    const engine *e = arg;
    int64_t units = gan__ceil_div(e->part, CELLS_PER_TASK), segment = unit / units, middle = e->segments / 2;
    int64_t row = unit % units * CELLS_PER_TASK, end = gan__least(e->part, row + CELLS_PER_TASK);
    cell here = gan__cell_at(e, e->first + row);
    if (segment > middle) segment--;
    else if (segment == middle) segment = -1;
    for (; row < end; row++, here = gan__cell_next(e, here)) {
        if (segment < 0)
            pack_grads(e, here, row);
        else
            gan__cell_data(e, here, row, segment, segment + 1);
    }
}

/* The next part; false after the last. */
static bool next_part(engine *e) {
    e->first += e->part;
    e->part = gan__least(e->at_once, e->cells - e->first);
    return e->part > 0;
}

bool gan__minimal_weight_run(gan_ctx *ctx, const gan__patches *product, float *w) {
    engine e = gan__minimal_cut(ctx, product, gan__minimal_pick(ctx, product, 1, true), SEGMENT);
    e.w = w;
    e.at_once = gan__ceil_div(e.cells, gan__ceil_div(e.cells, gan__most(LEAST_AT_ONCE, DATA_AT_ONCE / (e.points * e.depth))));
    gan__minimal_cut_columns(&e, gan__ceil_div(WANTED_TASKS, e.segments), MOST_VECTORS * e.tiles->lanes);
    e.packed = gan__alloc(ctx, (size_t)gan__minimal_panels_size(&e, e.at_once) * sizeof *e.packed);
    e.data = gan__alloc(ctx, (size_t)(gan__minimal_data_size(&e) + ROWS) * sizeof *e.data); /* a tile reads beyond the last row */
    bool ok = gan__minimal_new_scratch(ctx, &e, sizeof(scratch), e.segment) && e.packed && e.data;
    while (ok && next_part(&e)) {
        gan__parallel(ctx, (e.segments + 1) * gan__ceil_div(e.part, CELLS_PER_TASK), make_data, &e);
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
