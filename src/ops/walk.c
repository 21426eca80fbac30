#include "walk.h"

#include <string.h>

void gan__strides(gan_shape shape, int64_t stride[GAN_MAX_DIMS]) {
    int64_t step = 1;
    for (int i = shape.ndim - 1; i >= 0; i--) {
        stride[i] = step;
        step *= shape.d[i];
    }
}

/* May axis i of the output, appended after the walk's last axis, be one with it? */
static bool merges(const gan__walk *w, int64_t stride[][GAN_MAX_DIMS], int i, int64_t dim) {
    if (!w->ndim) return false;
    for (int k = 0; k < w->operands; k++)
        if (w->stride[k][w->ndim - 1] != stride[k][i] * dim) return false;
    return true;
}

gan__walk gan__walk_make(gan_shape out, int operands, int64_t stride[][GAN_MAX_DIMS]) {
    gan__walk w = {.operands = operands};
    for (int i = 0; i < out.ndim; i++) {
        if (out.d[i] == 1) continue;
        if (merges(&w, stride, i, out.d[i]))
            w.dim[w.ndim - 1] *= out.d[i];
        else
            w.dim[w.ndim++] = out.d[i];
        for (int k = 0; k < operands; k++) w.stride[k][w.ndim - 1] = stride[k][i];
    }
    if (w.ndim) return w;
    w.ndim = 1, w.dim[0] = 1;
    for (int k = 0; k < operands; k++) w.stride[k][0] = 1;
    return w;
}

gan__walk gan__walk_broadcast(gan_shape out, int operands, gan_tensor *const *in) {
    int64_t stride[GAN__WALK_OPERANDS][GAN_MAX_DIMS] = {{0}};
    for (int k = 0; k < operands; k++) {
        gan_shape s = gan_shape_of(in[k]);
        int64_t dense[GAN_MAX_DIMS] = {0};
        gan__strides(s, dense);
        for (int i = 0; i < s.ndim; i++) stride[k][i + out.ndim - s.ndim] = s.d[i] == 1 ? 0 : dense[i];
    }
    return gan__walk_make(out, operands, stride);
}

typedef struct walk_arg {
    const gan__walk *walk;
    gan__run_fn fn;
    void *arg;
} walk_arg;

static void walk_range(void *p, int64_t begin, int64_t end) {
    const walk_arg *a = p;
    const gan__walk *w = a->walk;
    int last = w->ndim - 1;
    int64_t index[GAN_MAX_DIMS], offset[GAN__WALK_OPERANDS] = {0}, step[GAN__WALK_OPERANDS] = {0};
    int64_t rest = begin;
    for (int i = last; i >= 0; i--) {
        index[i] = rest % w->dim[i];
        rest /= w->dim[i];
        for (int k = 0; k < w->operands; k++) offset[k] += index[i] * w->stride[k][i];
    }
    for (int k = 0; k < w->operands; k++) step[k] = w->stride[k][last];
    for (int64_t at = begin; at < end;) {
        int64_t n = w->dim[last] - index[last];
        if (n > end - at) n = end - at;
        a->fn(a->arg, at, n, offset, step);
        at += n;
        index[last] += n;
        for (int k = 0; k < w->operands; k++) offset[k] += n * step[k];
        for (int i = last; i > 0 && index[i] == w->dim[i]; i--) {
            index[i] = 0;
            index[i - 1]++;
            for (int k = 0; k < w->operands; k++) offset[k] += w->stride[k][i - 1] - w->dim[i] * w->stride[k][i];
        }
    }
}

static int64_t walk_count(const gan__walk *w) {
    int64_t count = 1;
    for (int i = 0; i < w->ndim; i++) count *= w->dim[i];
    return count;
}

void gan__walk_all(gan_ctx *ctx, const gan__walk *walk, gan__run_fn fn, void *arg) {
    walk_arg a = {walk, fn, arg};
    gan__parallel_ranges(ctx, walk_count(walk), GAN__GRAIN, walk_range, &a);
}

/* A short row against all rows, such as a bias of three channels: runs of the row repeated are longer than the row. */
#define TILE 512
#define SHORT 64

typedef struct tiled_arg {
    gan__run_fn run;
    gan__binary_arg whole;
    gan_real tile[TILE];
    int64_t period, count;
    int short_one; /* operand 0 or 1 */
} tiled_arg;

static void tiled_range(void *p, int64_t begin, int64_t end) {
    static const int64_t dense[2] = {1, 1};
    tiled_arg *t = p;
    for (int64_t i = begin; i < end; i++) {
        int64_t at = i * t->period, n = t->count - at < t->period ? t->count - at : t->period;
        int64_t offset[2] = {t->short_one == 0 ? 0 : at, t->short_one == 1 ? 0 : at};
        t->run(&t->whole, at, n, offset, dense);
    }
}

static bool is_dense(const gan__walk *w, int k) { return w->stride[k][1] == 1 && w->stride[k][0] == w->dim[1]; }
static bool is_one_row(const gan__walk *w, int k) { return w->stride[k][1] == 1 && w->stride[k][0] == 0; }

static int short_operand(const gan__walk *w) {
    if (w->ndim != 2 || w->dim[1] > SHORT) return -1;
    if (is_dense(w, 0) && is_one_row(w, 1)) return 1;
    return is_dense(w, 1) && is_one_row(w, 0) ? 0 : -1;
}

static void run_tiled(gan_ctx *ctx, const gan__walk *w, gan__run_fn run, gan__binary_arg arg, int short_one) {
    tiled_arg t = {.run = run, .whole = arg, .short_one = short_one, .count = w->dim[0] * w->dim[1]};
    t.period = TILE / w->dim[1] * w->dim[1];
    const gan_real *row = short_one ? arg.b : arg.a;
    for (int64_t i = 0; i < t.period; i++) t.tile[i] = row[i % w->dim[1]];
    *(short_one ? &t.whole.b : &t.whole.a) = t.tile;
    gan__parallel_ranges(ctx, (t.count + t.period - 1) / t.period, GAN__GRAIN / TILE, tiled_range, &t);
}

void gan__binary_forward(gan_op_call *c, gan__run_fn run) {
    gan__binary_arg arg = {gan_data(c->in[0]), gan_data(c->in[1]), gan_op_write(c->out)};
    gan__walk w = gan__walk_broadcast(gan_shape_of(c->out), 2, c->in);
    int short_one = gan_count(c->out) ? short_operand(&w) : -1;
    if (short_one < 0)
        gan__walk_all(c->ctx, &w, run, &arg);
    else
        run_tiled(c->ctx, &w, run, arg, short_one);
}

void gan__unary_forward(gan_op_call *c, gan__range_fn fn) {
    double attr[2] = {0, 0};
    if (c->op->attr_bytes) memcpy(attr, c->attr, c->op->attr_bytes);
    gan__unary_arg m = {gan_data(c->in[0]), gan_op_write(c->out), (gan_real)attr[0], (gan_real)attr[1]};
    gan__parallel_ranges(c->ctx, gan_count(c->out), GAN__GRAIN, fn, &m);
}
