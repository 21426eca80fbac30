#include "window.h"

#include <string.h>

#define TASK 16384 /* elements, about */

typedef struct job {
    const gan__window_shape *s;
    const gan_real *from, *index;
    gan_real *to, *index_to;
    gan_real factor;
} job;

/* Entries first .. last of one axis. */
typedef struct span {
    int64_t first, last;
} span;

/* The part of window `o` inside an axis of `length`, as offsets in the window. */
static span inside(int64_t o, int stride, int before, int size, int64_t length) {
    int64_t at = o * stride - before;
    return (span){at < 0 ? -at : 0, at + size > length ? length - at - 1 : size - 1};
}

/* The windows, of `count`, that cover position i of an axis. */
static span covering(int64_t i, int stride, int before, int size, int64_t count) {
    int64_t at = i + before, first = at < size ? 0 : (at - size) / stride + 1, last = at / stride;
    return (span){first, last < count ? last : count - 1};
}

/* Rows of an image with `rows` rows of `row` numbers in all, a task's worth at a time. */
static void by_rows(gan_ctx *ctx, int64_t rows, int64_t row, gan__range_fn fn, job *j) {
    gan__parallel_ranges(ctx, rows, row < TASK ? TASK / (row ? row : 1) : 1, fn, j);
}

/* --- sums ------------------------------------------------------------------------------------------------- */

static void sum_rows(void *arg, int64_t begin, int64_t end) {
    const job *j = arg;
    const gan__window_shape *s = j->s;
    for (int64_t row = begin; row < end; row++) {
        int64_t oy = row % s->oh, top = row / s->oh * s->h + oy * s->sh - s->pt;
        span ys = inside(oy, s->sh, s->pt, s->kh, s->h);
        for (int64_t ox = 0; ox < s->ow; ox++) {
            gan_real *y = j->to + (row * s->ow + ox) * s->c;
            span xs = inside(ox, s->sw, s->pl, s->kw, s->w);
            for (int64_t c = 0; c < s->c; c++) y[c] = 0;
            for (int64_t ky = ys.first; ky <= ys.last; ky++)
                for (int64_t kx = xs.first; kx <= xs.last; kx++) {
                    const gan_real *x = j->from + ((top + ky) * s->w + ox * s->sw - s->pl + kx) * s->c;
                    for (int64_t c = 0; c < s->c; c++) y[c] += x[c];
                }
            for (int64_t c = 0; c < s->c; c++) y[c] *= j->factor;
        }
    }
}

void gan__window_sum(gan_ctx *ctx, const gan__window_shape *s, const gan_real *x, double factor, gan_real *y) {
    job j = {.s = s, .from = x, .to = y, .factor = (gan_real)factor};
    by_rows(ctx, s->n * s->oh, s->ow * s->c, sum_rows, &j);
}

static void spread_rows(void *arg, int64_t begin, int64_t end) {
    const job *j = arg;
    const gan__window_shape *s = j->s;
    for (int64_t row = begin; row < end; row++) {
        int64_t base = row / s->h * s->oh;
        span ys = covering(row % s->h, s->sh, s->pt, s->kh, s->oh);
        for (int64_t ix = 0; ix < s->w; ix++) {
            gan_real *x = j->to + (row * s->w + ix) * s->c;
            span xs = covering(ix, s->sw, s->pl, s->kw, s->ow);
            for (int64_t c = 0; c < s->c; c++) x[c] = 0;
            for (int64_t oy = ys.first; oy <= ys.last; oy++)
                for (int64_t ox = xs.first; ox <= xs.last; ox++) {
                    const gan_real *y = j->from + ((base + oy) * s->ow + ox) * s->c;
                    for (int64_t c = 0; c < s->c; c++) x[c] += y[c];
                }
            for (int64_t c = 0; c < s->c; c++) x[c] *= j->factor;
        }
    }
}

void gan__window_spread(gan_ctx *ctx, const gan__window_shape *s, const gan_real *y, double factor, gan_real *x) {
    job j = {.s = s, .from = y, .to = x, .factor = (gan_real)factor};
    by_rows(ctx, s->n * s->h, s->w * s->c, spread_rows, &j);
}

/* --- maxima ----------------------------------------------------------------------------------------------- */

/* A larger x replaces y, and so does NaN, which nothing replaces. Selections rather than branches, to be vectorised. */
static void max_step(int64_t n, const gan_real *restrict x, gan_real tap, gan_real *restrict y, gan_real *restrict index) {
    for (int64_t c = 0; c < n; c++) {
        gan_real v = x[c], max = y[c], at = index[c];
        bool keep = (v <= max) | (max != max);
        gan_real next = keep ? max : v, next_at = keep ? at : tap;
        y[c] = next, index[c] = next_at;
    }
}

static void max_rows(void *arg, int64_t begin, int64_t end) {
    const job *j = arg;
    const gan__window_shape *s = j->s;
    for (int64_t row = begin; row < end; row++) {
        int64_t oy = row % s->oh, top = row / s->oh * s->h + oy * s->sh - s->pt;
        span ys = inside(oy, s->sh, s->pt, s->kh, s->h);
        for (int64_t ox = 0; ox < s->ow; ox++) {
            gan_real *y = j->to + (row * s->ow + ox) * s->c, *index = j->index_to + (row * s->ow + ox) * s->c;
            span xs = inside(ox, s->sw, s->pl, s->kw, s->w);
            int64_t corner = (top * s->w + ox * s->sw - s->pl) * s->c; /* of the window: may lie outside */
            for (int64_t c = 0; c < s->c; c++) {
                y[c] = j->from[corner + (ys.first * s->w + xs.first) * s->c + c];
                index[c] = (gan_real)(ys.first * s->kw + xs.first);
            }
            for (int64_t ky = ys.first; ky <= ys.last; ky++)
                for (int64_t kx = ky == ys.first ? xs.first + 1 : xs.first; kx <= xs.last; kx++)
                    max_step(s->c, j->from + corner + (ky * s->w + kx) * s->c, (gan_real)(ky * s->kw + kx), y, index);
        }
    }
}

/* Rows of one channel with nothing around, as maxout has them: a vector of channels would be one number long, so each window is
 * walked through in registers. */
static void max_lines(void *arg, int64_t begin, int64_t end) {
    const job *j = arg;
    const gan__window_shape *s = j->s;
    for (int64_t row = begin; row < end; row++) {
        const gan_real *x = j->from + row * s->w;
        for (int64_t ox = 0; ox < s->ow; ox++, x += s->sw) {
            gan_real max = x[0], at = 0;
            for (int kx = 1; kx < s->kw; kx++) {
                bool keep = (x[kx] <= max) | (max != max);
                max = keep ? max : x[kx], at = keep ? at : (gan_real)kx;
            }
            j->to[row * s->ow + ox] = max, j->index_to[row * s->ow + ox] = at;
        }
    }
}

void gan__window_max(gan_ctx *ctx, const gan__window_shape *s, const gan_real *x, gan_real *y, gan_real *index) {
    job j = {.s = s, .from = x, .to = y, .index_to = index};
    bool lines = s->c == 1 && s->h == 1 && s->kh == 1 && s->pl == 0 && (s->ow - 1) * s->sw + s->kw <= s->w;
    by_rows(ctx, s->n * s->oh, s->ow * s->c, lines ? max_lines : max_rows, &j);
}

static void pick_rows(void *arg, int64_t begin, int64_t end) {
    const job *j = arg;
    const gan__window_shape *s = j->s;
    for (int64_t row = begin; row < end; row++) {
        int64_t top = row / s->oh * s->h + row % s->oh * s->sh - s->pt;
        for (int64_t ox = 0; ox < s->ow; ox++) {
            int64_t at = (row * s->ow + ox) * s->c, left = ox * s->sw - s->pl;
            for (int64_t c = 0; c < s->c; c++) {
                int64_t tap = (int64_t)j->index[at + c];
                j->to[at + c] = j->from[((top + tap / s->kw) * s->w + left + tap % s->kw) * s->c + c];
            }
        }
    }
}

void gan__window_pick(gan_ctx *ctx, const gan__window_shape *s, const gan_real *x, const gan_real *index, gan_real *y) {
    job j = {.s = s, .from = x, .index = index, .to = y};
    by_rows(ctx, s->n * s->oh, s->ow * s->c, pick_rows, &j);
}

static void place_rows(void *arg, int64_t begin, int64_t end) {
    const job *j = arg;
    const gan__window_shape *s = j->s;
    for (int64_t row = begin; row < end; row++) {
        int64_t iy = row % s->h, base = row / s->h * s->oh;
        span ys = covering(iy, s->sh, s->pt, s->kh, s->oh);
        for (int64_t ix = 0; ix < s->w; ix++) {
            gan_real *x = j->to + (row * s->w + ix) * s->c;
            span xs = covering(ix, s->sw, s->pl, s->kw, s->ow);
            for (int64_t c = 0; c < s->c; c++) x[c] = 0;
            for (int64_t oy = ys.first; oy <= ys.last; oy++)
                for (int64_t ox = xs.first; ox <= xs.last; ox++) {
                    int64_t at = ((base + oy) * s->ow + ox) * s->c;
                    gan_real tap = (gan_real)((iy + s->pt - oy * s->sh) * s->kw + ix + s->pl - ox * s->sw);
                    for (int64_t c = 0; c < s->c; c++) x[c] += j->index[at + c] == tap ? j->from[at + c] : 0;
                }
        }
    }
}

/* Of windows that lie apart each pixel has at most one: what the index points to in a row of pixels is written there. */
static void place_rows_apart(void *arg, int64_t begin, int64_t end) {
    const job *j = arg;
    const gan__window_shape *s = j->s;
    for (int64_t row = begin; row < end; row++) {
        gan_real *x = j->to + row * s->w * s->c;
        int64_t in_windows = row % s->h + s->pt, oy = in_windows / s->sh, first = in_windows % s->sh * s->kw;
        memset(x, 0, (size_t)(s->w * s->c) * sizeof *x);
        if (in_windows % s->sh >= s->kh || oy >= s->oh) continue;
        int64_t at = (row / s->h * s->oh + oy) * s->ow * s->c;
        for (int64_t ox = 0; ox < s->ow; ox++)
            for (int64_t c = 0; c < s->c; c++, at++) {
                int64_t kx = (int64_t)j->index[at] - first;
                if (kx >= 0 && kx < s->kw) x[(ox * s->sw - s->pl + kx) * s->c + c] = j->from[at];
            }
    }
}

void gan__window_place(gan_ctx *ctx, const gan__window_shape *s, const gan_real *y, const gan_real *index, gan_real *x) {
    job j = {.s = s, .from = y, .index = index, .to = x};
    bool apart = s->sh >= s->kh && s->sw >= s->kw;
    by_rows(ctx, s->n * s->h, s->w * s->c, apart ? place_rows_apart : place_rows, &j);
}
