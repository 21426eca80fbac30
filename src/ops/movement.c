/* Ops that move elements and compute nothing. */
#include <string.h>

#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "walk.h"

/* --- reshape ---------------------------------------------------------------------------------------------- */

/* The shape asked for, with the entry -1 filled in where there is one and it can be. */
static gan_shape inferred(gan_shape shape, int64_t count) {
    int64_t rest = 1;
    int which = -1;
    for (int i = 0; i < shape.ndim; i++)
        if (shape.d[i] == -1 && which < 0)
            which = i;
        else
            rest *= shape.d[i];
    if (which >= 0 && rest > 0 && count % rest == 0) shape.d[which] = count / rest;
    return shape;
}

static bool reshape_shape(const gan_op_call *c, gan_shape *out) {
    const gan_shape *wanted = c->attr;
    gan_shape from = gan_shape_of(c->in[0]);
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    bool ok = wanted->ndim >= 0 && wanted->ndim <= GAN_MAX_DIMS;
    if (ok) *out = inferred(*wanted, gan_shape_count(from));
    for (int i = 0; ok && i < out->ndim; i++) ok = out->d[i] >= 0;
    if (ok && gan_shape_count(*out) == gan_shape_count(from)) return true;
    gan_op_fail(c, GAN_E_SHAPE, "%s cannot become %s", gan_shape_text(from, a),
                wanted->ndim > GAN_MAX_DIMS ? "a shape of more than five dimensions" : gan_shape_text(*wanted, b));
    return false;
}

static void reshape_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_reshape(g, gan_shape_of(c->in[0]));
}

const gan_op gan__op_reshape = {.name = "gan_reshape",
                                .n_in = 1,
                                .attr_bytes = sizeof(gan_shape),
                                .view = true,
                                .shape = reshape_shape,
                                .vjp = reshape_vjp};

gan_tensor *gan_reshape(gan_tensor *x, gan_shape shape) { return gan__apply1(&gan__op_reshape, x, &shape); }

gan_tensor *gan_flatten(gan_tensor *x) {
    gan_shape shape = gan_shape_of(x);
    if (shape.ndim == 0) gan__raise(gan_ctx_of(x), GAN_E_SHAPE, "gan_flatten: [] has no first axis to keep");
    return gan_reshape(x, gan_shape2(shape.d[0], gan__inner(shape, 1)));
}

/* --- permute ---------------------------------------------------------------------------------------------- */

typedef struct permute_attr {
    int order[GAN_MAX_DIMS];
} permute_attr;

static bool permute_shape(const gan_op_call *c, gan_shape *out) {
    const permute_attr *a = c->attr;
    gan_shape shape = gan_shape_of(c->in[0]);
    unsigned seen = 0;
    *out = shape;
    for (int i = 0; i < shape.ndim; i++) {
        int from = a->order[i];
        if (from < 0 || from >= shape.ndim || (seen & GAN_AXIS(from))) {
            char text[GAN_SHAPE_TEXT];
            gan_op_fail(c, GAN_E_SHAPE, "order[%d] = %d is no permutation of the axes of %s", i, from,
                        gan_shape_text(shape, text));
            return false;
        }
        seen |= GAN_AXIS(from);
        out->d[i] = shape.d[from];
    }
    return true;
}

typedef struct permute_arg {
    const gan_real *x;
    gan_real *y;
    int64_t rows, cols, tiles_down, tiles_across; /* of one transposed matrix */
    int64_t item;
} permute_arg;

static void permute_run(void *p, int64_t at, int64_t n, const int64_t *offset, const int64_t *stride) {
    const permute_arg *s = p;
    const gan_real *restrict x = s->x + offset[0];
    gan_real *restrict y = s->y + at;
    if (stride[0] == 1)
        memcpy(y, x, (size_t)n * sizeof *y);
    else
        for (int64_t i = 0; i < n; i++) y[i] = x[i * stride[0]];
}

/* Transposing by tiles that fit the first cache: out[r, c] = in[c, r], which are one number each or a few neighbours. */
#define TILE 32
#define MOST_NUMBERS 16 /* longer runs are better copied whole */

static inline __attribute__((always_inline)) void transpose_tile(const permute_arg *s, int64_t i, int64_t item) {
    int64_t across = i % s->tiles_across, down = i / s->tiles_across % s->tiles_down;
    int64_t matrix = i / s->tiles_across / s->tiles_down * s->rows * s->cols;
    int64_t r0 = down * TILE, c0 = across * TILE;
    int64_t r1 = r0 + TILE < s->rows ? r0 + TILE : s->rows, c1 = c0 + TILE < s->cols ? c0 + TILE : s->cols;
    for (int64_t r = r0; r < r1; r++)
        for (int64_t k = c0; k < c1; k++)
            for (int64_t j = 0; j < item; j++)
                s->y[(matrix + r * s->cols + k) * item + j] = s->x[(matrix + k * s->rows + r) * item + j];
}

static void transpose_tiles(void *p, int64_t begin, int64_t end) {
    const permute_arg *s = p;
    for (int64_t i = begin; i < end; i++)
        if (s->item == 1)
            transpose_tile(s, i, 1);
        else
            transpose_tile(s, i, s->item);
}

/* How many numbers make an item of [.., rows, cols] of the output, if its matrices are the input's, transposed; else 0. */
static int64_t transposed_item(const gan__walk *w) {
    const int64_t *stride = w->stride[0], *dim = w->dim;
    int64_t item = stride[w->ndim - 1] == 1 && dim[w->ndim - 1] <= MOST_NUMBERS ? dim[w->ndim - 1] : 1;
    int n = item == 1 ? w->ndim : w->ndim - 1;
    if (n < 2 || n > 3 || stride[n - 2] != item || stride[n - 1] != dim[n - 2] * item) return 0;
    return n == 2 || stride[0] == dim[1] * dim[2] * item ? item : 0;
}

static void permute_forward(gan_op_call *c) {
    const permute_attr *a = c->attr;
    gan_shape from = gan_shape_of(c->in[0]);
    int64_t dense[GAN_MAX_DIMS] = {0}, stride[1][GAN_MAX_DIMS] = {{0}};
    gan__strides(from, dense);
    for (int i = 0; i < from.ndim; i++) stride[0][i] = dense[a->order[i]];
    gan__walk w = gan__walk_make(gan_shape_of(c->out), 1, stride);
    permute_arg s = {.x = gan_data(c->in[0]), .y = gan_op_write(c->out), .item = transposed_item(&w)};
    if (!s.item) {
        gan__walk_all(c->ctx, &w, permute_run, &s);
        return;
    }
    int n = s.item == 1 ? w.ndim : w.ndim - 1;
    s.rows = w.dim[n - 2], s.cols = w.dim[n - 1];
    s.tiles_down = (s.rows + TILE - 1) / TILE, s.tiles_across = (s.cols + TILE - 1) / TILE;
    int64_t matrices = n == 3 ? w.dim[0] : 1;
    gan__parallel_ranges(c->ctx, matrices * s.tiles_down * s.tiles_across, GAN__GRAIN / (TILE * TILE), transpose_tiles, &s);
}

static void permute_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const permute_attr *a = c->attr;
    int back[GAN_MAX_DIMS] = {0};
    for (int i = 0; i < gan_shape_of(g).ndim; i++) back[a->order[i]] = i;
    grads[0] = gan_permute(g, back);
}

const gan_op gan__op_permute = {.name = "gan_permute",
                                .n_in = 1,
                                .attr_bytes = sizeof(permute_attr),
                                .shape = permute_shape,
                                .forward = permute_forward,
                                .vjp = permute_vjp};

gan_tensor *gan_permute(gan_tensor *x, const int *order) {
    permute_attr a = {{0}};
    if (!order) gan__raise(gan_ctx_of(x), GAN_E_ARG, "gan_permute: the order is NULL");
    for (int i = 0; order && i < gan_shape_of(x).ndim; i++) a.order[i] = order[i];
    return gan__apply1(&gan__op_permute, x, &a);
}

gan_tensor *gan_transpose(gan_tensor *x) {
    int order[] = {0, 1, 2, 3, 4}, n = gan_shape_of(x).ndim;
    char text[GAN_SHAPE_TEXT];
    if (n == 0 || n == 1)
        gan__raise(gan_ctx_of(x), GAN_E_SHAPE, "gan_transpose: %s has no two axes", gan_shape_text(gan_shape_of(x), text));
    if (n >= 2) order[n - 2] = n - 1, order[n - 1] = n - 2;
    return gan_permute(x, order);
}

/* --- slice and pad ---------------------------------------------------------------------------------------- */

typedef struct slice_attr {
    int64_t start, count;
    int axis;
} slice_attr;

static bool slice_shape(const gan_op_call *c, gan_shape *out) {
    const slice_attr *a = c->attr;
    int axis;
    *out = gan_shape_of(c->in[0]);
    if (!gan__axis(c, *out, a->axis, &axis)) return false;
    if (a->start < 0 || a->count < 0 || a->start > out->d[axis] - a->count) {
        char text[GAN_SHAPE_TEXT];
        gan_op_fail(c, GAN_E_SHAPE, "%s has no %lld entries from %lld on along axis %d", gan_shape_text(*out, text),
                    (long long)a->count, (long long)a->start, axis);
        return false;
    }
    out->d[axis] = a->count;
    return true;
}

typedef struct rows_arg {
    const gan_real *x;
    gan_real *y;
    int64_t x_step, y_step, n; /* rows of n elements, a step apart */
} rows_arg;

static void copy_rows(void *p, int64_t begin, int64_t end) {
    const rows_arg *r = p;
    for (int64_t i = begin; i < end; i++) memcpy(r->y + i * r->y_step, r->x + i * r->x_step, (size_t)r->n * sizeof *r->y);
}

static void copy_all_rows(gan_ctx *ctx, int64_t rows, rows_arg r) {
    if (r.n > 0) gan__parallel_ranges(ctx, rows, gan__grain(r.n), copy_rows, &r);
}

static int axis_of(const gan_op_call *c, int axis) { return axis < 0 ? axis + gan_shape_of(c->in[0]).ndim : axis; }

static void slice_forward(gan_op_call *c) {
    const slice_attr *a = c->attr;
    int axis = axis_of(c, a->axis);
    gan_shape from = gan_shape_of(c->in[0]);
    int64_t inner = gan__inner(from, axis + 1), n = a->count * inner;
    rows_arg r = {gan_data(c->in[0]) + a->start * inner, gan_op_write(c->out), from.d[axis] * inner, n, n};
    copy_all_rows(c->ctx, gan__outer(from, axis), r);
}

static void slice_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const slice_attr *a = c->attr;
    int axis = axis_of(c, a->axis);
    int64_t before[GAN_MAX_DIMS] = {0}, after[GAN_MAX_DIMS] = {0};
    before[axis] = a->start;
    after[axis] = gan_shape_of(c->in[0]).d[axis] - a->start - a->count;
    grads[0] = gan_pad(g, before, after);
}

const gan_op gan__op_slice = {.name = "gan_slice",
                              .n_in = 1,
                              .attr_bytes = sizeof(slice_attr),
                              .shape = slice_shape,
                              .forward = slice_forward,
                              .vjp = slice_vjp};

gan_tensor *gan_slice(gan_tensor *x, int axis, int64_t start, int64_t count) {
    return gan__apply1(&gan__op_slice, x, &(slice_attr){start, count, axis});
}

typedef struct pad_attr {
    int64_t before[GAN_MAX_DIMS], after[GAN_MAX_DIMS];
} pad_attr;

static bool pad_shape(const gan_op_call *c, gan_shape *out) {
    const pad_attr *a = c->attr;
    *out = gan_shape_of(c->in[0]);
    for (int i = 0; i < out->ndim; i++) {
        if (a->before[i] < 0 || a->after[i] < 0) {
            char text[GAN_SHAPE_TEXT];
            gan_op_fail(c, GAN_E_ARG, "%lld before and %lld after axis %d of %s: less than nothing", (long long)a->before[i],
                        (long long)a->after[i], i, gan_shape_text(gan_shape_of(c->in[0]), text));
            return false;
        }
        out->d[i] += a->before[i] + a->after[i];
    }
    return true;
}

typedef struct pad_arg {
    const gan_real *x;
    gan_real *y;
    gan_shape from, to;
    int last; /* the last axis with padding: all behind it is contiguous */
    pad_attr by;
} pad_arg;

/* Rows are numbered over the axes before the last padded one. The row of the input that is to be found in row `row` of the
 * output; -1: that is padding. */
static int64_t source_row(const pad_arg *p, int64_t row) {
    int64_t source = 0, step = 1;
    for (int i = p->last - 1; i >= 0; i--) {
        int64_t at = row % p->to.d[i] - p->by.before[i];
        if (at < 0 || at >= p->from.d[i]) return -1;
        source += at * step;
        step *= p->from.d[i];
        row /= p->to.d[i];
    }
    return source;
}

static void pad_rows(void *arg, int64_t begin, int64_t end) {
    const pad_arg *p = arg;
    int64_t inner = gan__inner(p->from, p->last + 1), n = p->from.d[p->last] * inner, wide = p->to.d[p->last] * inner;
    int64_t before = p->by.before[p->last] * inner, after = wide - before - n;
    for (int64_t i = begin; i < end; i++) {
        gan_real *y = p->y + i * wide;
        int64_t source = source_row(p, i);
        if (source < 0) {
            memset(y, 0, (size_t)wide * sizeof *y);
            continue;
        }
        memset(y, 0, (size_t)before * sizeof *y);
        memcpy(y + before, p->x + source * n, (size_t)n * sizeof *y);
        memset(y + before + n, 0, (size_t)after * sizeof *y);
    }
}

static void pad_forward(gan_op_call *c) {
    pad_arg p = {gan_data(c->in[0]), gan_op_write(c->out), gan_shape_of(c->in[0]), gan_shape_of(c->out), 0, .by = {{0}, {0}}};
    memcpy(&p.by, c->attr, sizeof p.by);
    if (p.from.ndim == 0) {
        *p.y = *p.x;
        return;
    }
    for (int i = 0; i < p.from.ndim; i++)
        if (p.by.before[i] || p.by.after[i]) p.last = i;
    if (gan_count(c->out) > 0)
        gan__parallel_ranges(c->ctx, gan__outer(p.to, p.last), gan__grain(gan__inner(p.to, p.last)), pad_rows, &p);
}

static void pad_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const pad_attr *a = c->attr;
    gan_shape from = gan_shape_of(c->in[0]);
    for (int i = 0; i < from.ndim; i++)
        if (a->before[i] || a->after[i]) g = gan_slice(g, i, a->before[i], from.d[i]);
    grads[0] = g;
}

const gan_op gan__op_pad = {.name = "gan_pad",
                            .n_in = 1,
                            .attr_bytes = sizeof(pad_attr),
                            .shape = pad_shape,
                            .forward = pad_forward,
                            .vjp = pad_vjp};

gan_tensor *gan_pad(gan_tensor *x, const int64_t *before, const int64_t *after) {
    pad_attr a = {{0}, {0}};
    bool given = before && after;
    if (!given) gan__raise(gan_ctx_of(x), GAN_E_ARG, "gan_pad: %s is NULL", before ? "after" : "before");
    for (int i = 0; given && i < gan_shape_of(x).ndim; i++) a.before[i] = before[i], a.after[i] = after[i];
    return gan__apply1(&gan__op_pad, x, &a);
}

/* --- concat ----------------------------------------------------------------------------------------------- */

static bool concat_shape(const gan_op_call *c, gan_shape *out) {
    int axis;
    *out = gan_shape_of(c->in[0]);
    if (!gan__axis(c, *out, *(const int *)c->attr, &axis)) return false;
    for (int i = 1; i < c->n_in; i++) {
        gan_shape with = gan_shape_of(c->in[i]), rest = with;
        if (rest.ndim == out->ndim) rest.d[axis] = out->d[axis];
        if (!gan_shape_equal(rest, *out)) {
            char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
            gan_op_fail(c, GAN_E_SHAPE, "%s and %s differ not only along axis %d", gan_shape_text(gan_shape_of(c->in[0]), a),
                        gan_shape_text(with, b), axis);
            return false;
        }
        out->d[axis] += with.d[axis];
    }
    return true;
}

static void concat_forward(gan_op_call *c) {
    int axis = axis_of(c, *(const int *)c->attr);
    gan_shape to = gan_shape_of(c->out);
    int64_t wide = gan__inner(to, axis), rows = gan__outer(to, axis);
    gan_real *y = gan_op_write(c->out);
    for (int i = 0; i < c->n_in; i++) {
        int64_t n = gan__inner(gan_shape_of(c->in[i]), axis);
        copy_all_rows(c->ctx, rows, (rows_arg){gan_data(c->in[i]), y, n, wide, n});
        y += n;
    }
}

static void concat_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    int axis = axis_of(c, *(const int *)c->attr);
    int64_t start = 0;
    for (int i = 0; i < c->n_in; i++) {
        int64_t count = gan_shape_of(c->in[i]).d[axis];
        if (c->need[i]) grads[i] = gan_slice(g, axis, start, count);
        start += count;
    }
}

const gan_op gan__op_concat = {.name = "gan_concat",
                               .n_in = GAN_OP_VARIADIC,
                               .attr_bytes = sizeof(int),
                               .shape = concat_shape,
                               .forward = concat_forward,
                               .vjp = concat_vjp};

gan_tensor *gan_concat(gan_tensor *const *xs, int n, int axis) {
    return n > 0 ? gan__apply_n(&gan__op_concat, xs, n, &axis) : gan__nil(gan__nil_ctx());
}
