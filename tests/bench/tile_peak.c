/* The ceiling of what is made of tiles: one that computes on data in the first-level cache, by rows and by points in turn. Beside its
 * multiply-adds it needs loads, and units to decode them, which a core may share with others who leave the multipliers alone. */
#include <stdlib.h>
#include <string.h>

#include "base/ctx_impl.h"
#include "bench.h"
#include "kernels/conv_tile.h"

enum { ROWS = GAN__TILE_ROWS, MOST = 64, DEPTH = 256, REPEATS = 128 };

typedef struct ceiling {
    const gan__tiles *tiles;
    int64_t depth;
    float values[DEPTH * ROWS];
    _Alignas(64) float panel[DEPTH * MOST];
} ceiling;

static void task(void *arg, int64_t index, int worker) {
    const ceiling *c = arg;
    const gan__tiles *t = c->tiles;
    _Alignas(64) float to[ROWS * MOST] = {0};
    float *out[ROWS];
    const float *rows[ROWS], *points[DEPTH];
    (void)index, (void)worker;
    for (int i = 0; i < ROWS; i++) out[i] = to + i * MOST, rows[i] = c->values + i * DEPTH;
    for (int d = 0; d < DEPTH; d++) points[d] = c->values + d * ROWS;
    gan__tile_job job = {.rows = rows, .row_stride = ROWS, .runs = 1, .length = c->depth, .points = points, .panel = c->panel,
                         .out = out, .m = ROWS, .n = gan__tiles_width(t), .add = true};
    for (int i = 0; i < REPEATS; i++) (i % 2 ? t->by_points : t->by_rows)[t->vectors - 1](&job);
}

double bench_tile_peak(gan_ctx *ctx, double seconds) {
    ceiling *c = aligned_alloc(64, (sizeof *c + 63) / 64 * 64);
    if (!c) return 0;
    memset(c, 0, sizeof *c);
    c->tiles = gan__tiles_of(ctx->isa);
    c->depth = c->tiles->depth < DEPTH ? c->tiles->depth : DEPTH;
    int tasks = 4 * gan_ctx_threads(ctx);
    double flop = 0, begin = bench_now(), end;
    do {
        gan__parallel(ctx, tasks, task, c);
        flop += 2.0 * tasks * REPEATS * ROWS * gan__tiles_width(c->tiles) * (double)c->depth;
        end = bench_now();
    } while (end - begin < seconds);
    free(c);
    return flop / (end - begin) * 1e-9;
}
