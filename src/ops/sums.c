#include "sums.h"

#include <string.h>

#include "../kernels/summing.h"
#include "op_util.h"

#define WIDE 256  /* columns summed at once */
#define NARROW 64 /* below this, several rows are taken for one wider row */

/* The work is cut into units: outer index, chunk of rows, block of columns. With several chunks, each writes partial sums. */
typedef struct sums_arg {
    const gan__summing *by;
    int64_t outer, count, inner;
    int64_t chunk, chunks, blocks;
    const gan_real *x;
    gan_real *y;
    double *partial; /* [outer, chunks, inner]; NULL with one chunk */
} sums_arg;

/* Rows of fewer than NARROW columns: sums of every q-th row, and then the q sums. */
static void sum_narrow(const gan__summing *by, const gan_real *x, int64_t rows, int64_t inner, double *sum) {
    int64_t q = WIDE / inner, most = rows / 4 + 1, total = rows * inner, i;
    int64_t wide = (q < most ? q : most) * inner;
    memset(sum, 0, (size_t)wide * sizeof *sum);
    by->rows(sum, x, total / wide, wide, wide);
    i = total / wide * wide;
    by->rows(sum, x + i, 1, 0, total - i);
    for (int64_t k = inner; k < wide; k += inner)
        for (int64_t j = 0; j < inner; j++) sum[j] += sum[k + j];
}

static void sum_unit(const sums_arg *s, int64_t unit) {
    int64_t block = unit % s->blocks, part = unit / s->blocks;
    int64_t chunk = part % s->chunks, o = part / s->chunks;
    int64_t row = chunk * s->chunk, rows = s->count - row < s->chunk ? s->count - row : s->chunk;
    int64_t col = block * WIDE, cols = s->inner - col < WIDE ? s->inner - col : WIDE;
    const gan_real *x = s->x + (o * s->count + row) * s->inner + col;
    double sum[WIDE];
    if (s->inner == 1) {
        sum[0] = s->by->row(x, rows);
    } else if (s->inner < NARROW) {
        sum_narrow(s->by, x, rows, s->inner, sum);
    } else {
        memset(sum, 0, (size_t)cols * sizeof *sum);
        s->by->rows(sum, x, rows, s->inner, cols);
    }
    if (s->partial) {
        memcpy(s->partial + part * s->inner + col, sum, (size_t)cols * sizeof *sum);
        return;
    }
    gan_real *y = s->y + o * s->inner + col;
    for (int64_t j = 0; j < cols; j++) y[j] = (gan_real)sum[j];
}

static void sum_units(void *p, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) sum_unit(p, i);
}

static void add_partials(void *p, int64_t begin, int64_t end) {
    const sums_arg *s = p;
    int64_t o = begin / s->inner, j = begin % s->inner;
    for (int64_t i = begin; i < end; i++) {
        const double *partial = s->partial + o * s->chunks * s->inner + j;
        double sum = 0;
        for (int64_t k = 0; k < s->chunks; k++) sum += partial[k * s->inner];
        s->y[i] = (gan_real)sum;
        if (++j == s->inner) j = 0, o++;
    }
}

void gan__sum_middle(gan_ctx *ctx, int64_t outer, int64_t count, int64_t inner, const gan_real *x, gan_real *y) {
    if (outer * inner == 0) return;
    int64_t cols = inner < WIDE ? inner : WIDE;
    sums_arg s = {gan__summing_of(ctx), outer, count, inner, .x = x, .y = y};
    s.chunk = gan__grain(cols);
    s.chunks = count > s.chunk ? (count + s.chunk - 1) / s.chunk : 1;
    s.blocks = (inner + WIDE - 1) / WIDE;
    if (s.chunks > 1) {
        s.partial = gan__alloc(ctx, (size_t)(outer * s.chunks * inner) * sizeof(double));
        if (!s.partial) return;
    }
    int64_t rows = count < s.chunk ? count : s.chunk;
    gan__parallel_ranges(ctx, outer * s.chunks * s.blocks, gan__grain(rows * cols), sum_units, &s);
    if (s.partial) gan__parallel_ranges(ctx, outer * inner, gan__grain(s.chunks), add_partials, &s);
    gan__free(ctx, s.partial);
}

/* --- axes in any order ------------------------------------------------------------------------------------ */

/* The shape's axes in groups that are alike in being summed; axes of size 1 join either side. */
typedef struct groups {
    int n;
    int64_t size[GAN_MAX_DIMS];
    bool summed[GAN_MAX_DIMS];
} groups;

static groups group_axes(gan_shape shape, unsigned axes) {
    groups g = {0};
    for (int i = 0; i < shape.ndim; i++) {
        bool summed = (axes & GAN_AXIS(i)) != 0;
        if (shape.d[i] == 1) continue;
        if (!g.n || g.summed[g.n - 1] != summed) g.size[g.n] = 1, g.summed[g.n++] = summed;
        g.size[g.n - 1] *= shape.d[i];
    }
    return g;
}

typedef struct scattered_arg {
    groups g;
    const gan_real *x;
    gan_real *y;
} scattered_arg;

/* One output element: decode its index over the kept groups, then count through the summed ones. */
static double sum_scattered(const scattered_arg *s, int64_t index) {
    const groups *g = &s->g;
    int64_t stride = 1, offset = 0, step[GAN_MAX_DIMS], at[GAN_MAX_DIMS] = {0}, size[GAN_MAX_DIMS];
    int n = 0;
    for (int i = g->n - 1; i >= 0; i--) {
        if (g->summed[i]) {
            step[n] = stride, size[n++] = g->size[i];
        } else {
            offset += index % g->size[i] * stride;
            index /= g->size[i];
        }
        stride *= g->size[i];
    }
    double sum = 0;
    for (int i = 0; i < n;) {
        const gan_real *x = s->x + offset;
        for (int64_t k = 0; k < size[0]; k++) sum += x[k * step[0]];
        for (i = 1; i < n; i++) {
            offset += step[i];
            if (++at[i] < size[i]) break;
            offset -= size[i] * step[i];
            at[i] = 0;
        }
    }
    return sum;
}

static void sum_scattered_range(void *p, int64_t begin, int64_t end) {
    scattered_arg *s = p;
    for (int64_t i = begin; i < end; i++) s->y[i] = (gan_real)sum_scattered(s, i);
}

void gan__sum_over(gan_ctx *ctx, gan_shape shape, unsigned axes, const gan_real *x, gan_real *y) {
    groups g = group_axes(shape, axes);
    int64_t kept = 1, summed = 1, outer = 1;
    int sums = 0;
    for (int i = 0; i < g.n; i++) {
        if (g.summed[i])
            summed *= g.size[i], outer = kept, sums++;
        else
            kept *= g.size[i];
    }
    if (kept == 0) return;
    if (sums == 0) {
        memcpy(y, x, (size_t)kept * sizeof *y);
    } else if (summed == 0 || sums == 1) {
        gan__sum_middle(ctx, outer, summed, kept / outer, x, y);
    } else {
        scattered_arg s = {g, x, y};
        gan__parallel_ranges(ctx, kept, gan__grain(summed), sum_scattered_range, &s);
    }
}
