/* Rows by index. Indices are tensors of whole numbers. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "op_list.h"
#include "op_util.h"

/* An index of shape [n]? */
static bool index_shape(const gan_op_call *c, gan_tensor *index, gan_shape with) {
    if (gan_shape_of(index).ndim == 1) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "the index of shape %s, for %s, is not one-dimensional", gan_shape_text(gan_shape_of(index), a),
                gan_shape_text(with, b));
    return false;
}

/* Are all of them whole numbers in [0, rows)? Otherwise raises. NaN is not. */
static bool index_fits(const gan_op_call *c, gan_tensor *index, int64_t rows) {
    const gan_real *p = gan_data(index);
    for (int64_t i = 0, n = gan_count(index); i < n; i++) {
        double v = p[i];
        if (v >= 0 && v < (double)rows && v == floor(v)) continue;
        gan_op_fail(c, GAN_E_ARG, "index[%" PRId64 "] = %g is not a whole number from 0 to %" PRId64, i, v, rows - 1);
        return false;
    }
    return true;
}

typedef struct gather_arg {
    const gan_real *x, *index;
    gan_real *y;
    int64_t n, width;
} gather_arg;

/* --- gather ----------------------------------------------------------------------------------------------- */

static bool gather_shape(const gan_op_call *c, gan_shape *out) {
    *out = gan_shape_of(c->in[0]);
    if (out->ndim == 0) {
        gan_op_fail(c, GAN_E_SHAPE, "[] has no rows");
        return false;
    }
    if (!index_shape(c, c->in[1], *out)) return false;
    out->d[0] = gan_count(c->in[1]);
    return true;
}

static void gather_rows(void *p, int64_t begin, int64_t end) {
    const gather_arg *g = p;
    for (int64_t i = begin; i < end; i++)
        memcpy(g->y + i * g->width, g->x + (int64_t)g->index[i] * g->width, (size_t)g->width * sizeof *g->y);
}

static void gather_forward(gan_op_call *c) {
    gan_shape from = gan_shape_of(c->in[0]);
    if (!index_fits(c, c->in[1], from.d[0])) return;
    gather_arg g = {gan_data(c->in[0]), gan_data(c->in[1]), gan_op_write(c->out), gan_count(c->in[1]), gan__inner(from, 1)};
    gan__parallel_ranges(c->ctx, g.n, gan__grain(g.width), gather_rows, &g);
}

static void gather_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    if (c->need[0]) grads[0] = gan_scatter_add(g, c->in[1], gan_shape_of(c->in[0]).d[0]);
}

const gan_op gan__op_gather = {.name = "gan_gather",
                               .n_in = 2,
                               .save = GAN_SAVE_IN(1),
                               .shape = gather_shape,
                               .forward = gather_forward,
                               .vjp = gather_vjp};

gan_tensor *gan_gather(gan_tensor *x, gan_tensor *index) { return gan__apply2(&gan__op_gather, x, index, NULL); }
gan_tensor *gan_embedding(gan_tensor *table, gan_tensor *index) { return gan_gather(table, index); }

/* --- scatter_add ------------------------------------------------------------------------------------------ */

static bool scatter_add_shape(const gan_op_call *c, gan_shape *out) {
    int64_t rows = *(const int64_t *)c->attr;
    gan_shape x = gan_shape_of(c->in[0]), index = gan_shape_of(c->in[1]);
    if (rows < 0) {
        gan_op_fail(c, GAN_E_ARG, "%" PRId64 " rows are asked for", rows);
        return false;
    }
    if (!index_shape(c, c->in[1], x)) return false;
    if (x.ndim == 0 || x.d[0] != index.d[0]) {
        char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
        gan_op_fail(c, GAN_E_SHAPE, "rows of %s by an index of shape %s", gan_shape_text(x, a), gan_shape_text(index, b));
        return false;
    }
    *out = x;
    out->d[0] = rows;
    return true;
}

/* In parallel over columns, so that each row's terms are added in their order. */
static void scatter_columns(void *p, int64_t begin, int64_t end) {
    const gather_arg *g = p;
    for (int64_t i = 0; i < g->n; i++) {
        gan_real *restrict y = g->y + (int64_t)g->index[i] * g->width;
        const gan_real *restrict x = g->x + i * g->width;
        for (int64_t j = begin; j < end; j++) y[j] += x[j];
    }
}

static void scatter_add_forward(gan_op_call *c) {
    int64_t rows = *(const int64_t *)c->attr, width = gan__inner(gan_shape_of(c->in[0]), 1);
    if (!index_fits(c, c->in[1], rows)) return;
    gather_arg g = {gan_data(c->in[0]), gan_data(c->in[1]), gan_op_write(c->out), gan_count(c->in[1]), width};
    memset(g.y, 0, (size_t)gan_count(c->out) * sizeof *g.y);
    gan__parallel_ranges(c->ctx, width, gan__grain(g.n), scatter_columns, &g);
}

static void scatter_add_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    if (c->need[0]) grads[0] = gan_gather(g, c->in[1]);
}

const gan_op gan__op_scatter_add = {.name = "gan_scatter_add",
                                    .n_in = 2,
                                    .attr_bytes = sizeof(int64_t),
                                    .save = GAN_SAVE_IN(1),
                                    .shape = scatter_add_shape,
                                    .forward = scatter_add_forward,
                                    .vjp = scatter_add_vjp};

gan_tensor *gan_scatter_add(gan_tensor *x, gan_tensor *index, int64_t rows) {
    return gan__apply2(&gan__op_scatter_add, x, index, &rows);
}

/* --- one_hot ---------------------------------------------------------------------------------------------- */

static bool one_hot_shape(const gan_op_call *c, gan_shape *out) {
    int64_t classes = *(const int64_t *)c->attr;
    if (classes < 1) {
        gan_op_fail(c, GAN_E_ARG, "%" PRId64 " classes are asked for", classes);
        return false;
    }
    *out = gan_shape2(gan_count(c->in[0]), classes);
    return index_shape(c, c->in[0], *out);
}

static void one_hot_forward(gan_op_call *c) {
    int64_t classes = *(const int64_t *)c->attr;
    const gan_real *index = gan_data(c->in[0]);
    gan_real *y = gan_op_write(c->out);
    if (!index_fits(c, c->in[0], classes)) return;
    memset(y, 0, (size_t)gan_count(c->out) * sizeof *y);
    for (int64_t i = 0, n = gan_count(c->in[0]); i < n; i++) y[i * classes + (int64_t)index[i]] = 1;
}

const gan_op gan__op_one_hot = {
    .name = "gan_one_hot", .n_in = 1, .attr_bytes = sizeof(int64_t), .shape = one_hot_shape, .forward = one_hot_forward};

gan_tensor *gan_one_hot(gan_tensor *index, int64_t classes) { return gan__apply1(&gan__op_one_hot, index, &classes); }
