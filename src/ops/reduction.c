/* Sums over axes, extrema, and the broadcasts that are the sums' transposes. */
#include <string.h>

#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "sums.h"
#include "walk.h"

typedef struct axes_attr {
    unsigned axes;
    int keep_dims;
} axes_attr;

/* The shape without the axes of the mask, or with 1 in their place. */
static gan_shape without(gan_shape shape, unsigned axes, bool keep_dims) {
    gan_shape out = {.ndim = 0};
    for (int i = 0; i < shape.ndim; i++)
        if (!(axes & GAN_AXIS(i)))
            out.d[out.ndim++] = shape.d[i];
        else if (keep_dims)
            out.d[out.ndim++] = 1;
    return out;
}

/* Axes beyond the shape's are in order where the mask is GAN_ALL_AXES less some axes: then all of them are there. */
static bool axes_fit(gan_shape shape, unsigned axes) {
    unsigned beyond = axes >> shape.ndim;
    return beyond == 0 || (beyond == GAN_ALL_AXES >> shape.ndim && axes != GAN_AXIS(GAN_MAX_DIMS - 1));
}

static bool sum_axes_shape(const gan_op_call *c, gan_shape *out) {
    const axes_attr *a = c->attr;
    gan_shape shape = gan_shape_of(c->in[0]);
    *out = without(shape, a->axes, a->keep_dims);
    if (axes_fit(shape, a->axes)) return true;
    char text[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "%s has not all of the axes 0x%x", gan_shape_text(shape, text), a->axes);
    return false;
}

static void sum_axes_forward(gan_op_call *c) {
    const axes_attr *a = c->attr;
    gan__sum_over(c->ctx, gan_shape_of(c->in[0]), a->axes, gan_data(c->in[0]), gan_op_write(c->out));
}

static void sum_axes_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const axes_attr *a = c->attr;
    gan_shape shape = gan_shape_of(c->in[0]);
    grads[0] = gan_broadcast_to(gan_reshape(g, without(shape, a->axes, true)), shape);
}

const gan_op gan__op_sum_axes = {.name = "gan_sum_axes",
                                 .n_in = 1,
                                 .attr_bytes = sizeof(axes_attr),
                                 .shape = sum_axes_shape,
                                 .forward = sum_axes_forward,
                                 .vjp = sum_axes_vjp};

gan_tensor *gan_sum_axes(gan_tensor *x, unsigned axes, bool keep_dims) {
    return gan__apply1(&gan__op_sum_axes, x, &(axes_attr){axes, keep_dims});
}

gan_tensor *gan_sum(gan_tensor *x) { return gan_sum_axes(x, GAN_ALL_AXES, false); }

/* Scaling the sum costs least on this side, and so does its transpose. */
gan_tensor *gan_mean_axes(gan_tensor *x, unsigned axes, bool keep_dims) {
    gan_tensor *sum = gan_sum_axes(x, axes, keep_dims);
    return gan_is_nil(sum) ? sum : gan_scale(sum, (double)gan_count(sum) / (double)gan_count(x));
}

gan_tensor *gan_mean(gan_tensor *x) { return gan_mean_axes(x, GAN_ALL_AXES, false); }

gan_tensor *gan_var_axes(gan_tensor *x, unsigned axes, bool keep_dims) {
    return gan_mean_axes(gan_square(gan_sub(x, gan_mean_axes(x, axes, true))), axes, keep_dims);
}

gan_tensor *gan_std_axes(gan_tensor *x, unsigned axes, bool keep_dims) { return gan_sqrt(gan_var_axes(x, axes, keep_dims)); }

gan_tensor *gan_norm_per_sample(gan_tensor *x) {
    if (gan_shape_of(x).ndim == 0)
        gan__raise(gan_ctx_of(x), GAN_E_SHAPE, "gan_norm_per_sample: [] has no axis of samples");
    return gan_sqrt(gan_sum_axes(gan_square(x), GAN_ALL_AXES & ~GAN_AXIS(0), false));
}

/* --- broadcasts ------------------------------------------------------------------------------------------- */

/* Can `from` be broadcast to `to`? Otherwise raises. */
static bool spreads(const gan_op_call *c, gan_shape from, gan_shape to) {
    bool ok = to.ndim <= GAN_MAX_DIMS && from.ndim <= to.ndim;
    for (int i = 0; i < from.ndim && ok; i++) {
        int64_t d = from.d[from.ndim - 1 - i];
        ok = d == 1 || d == to.d[to.ndim - 1 - i];
    }
    for (int i = 0; i < to.ndim && ok; i++) ok = to.d[i] >= 0;
    if (ok) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "%s cannot be broadcast to %s", gan_shape_text(from, a),
                to.ndim > GAN_MAX_DIMS ? "more than five dimensions" : gan_shape_text(to, b));
    return false;
}

static bool broadcast_to_shape(const gan_op_call *c, gan_shape *out) {
    *out = *(const gan_shape *)c->attr;
    return spreads(c, gan_shape_of(c->in[0]), *out);
}

typedef struct spread_arg {
    const gan_real *x;
    gan_real *y;
} spread_arg;

static void spread_run(void *p, int64_t at, int64_t n, const int64_t *offset, const int64_t *stride) {
    const spread_arg *s = p;
    const gan_real *x = s->x + offset[0], value = *x;
    gan_real *y = s->y + at;
    if (stride[0])
        memcpy(y, x, (size_t)n * sizeof *y);
    else
        for (int64_t i = 0; i < n; i++) y[i] = value;
}

static void broadcast_to_forward(gan_op_call *c) {
    spread_arg s = {gan_data(c->in[0]), gan_op_write(c->out)};
    gan__walk w = gan__walk_broadcast(gan_shape_of(c->out), 1, c->in);
    gan__walk_all(c->ctx, &w, spread_run, &s);
}

static void broadcast_to_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_sum_to(g, gan_shape_of(c->in[0]));
}

static bool sum_to_shape(const gan_op_call *c, gan_shape *out) {
    *out = *(const gan_shape *)c->attr;
    return spreads(c, *out, gan_shape_of(c->in[0]));
}

static void sum_to_forward(gan_op_call *c) {
    gan_shape from = gan_shape_of(c->in[0]), to = gan_shape_of(c->out);
    unsigned axes = 0;
    for (int i = 0; i < from.ndim; i++) {
        int j = i - (from.ndim - to.ndim);
        if (j < 0 || to.d[j] != from.d[i]) axes |= GAN_AXIS(i);
    }
    gan__sum_over(c->ctx, from, axes, gan_data(c->in[0]), gan_op_write(c->out));
}

static void sum_to_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_broadcast_to(g, gan_shape_of(c->in[0]));
}

const gan_op gan__op_broadcast_to = {.name = "gan_broadcast_to",
                                     .n_in = 1,
                                     .attr_bytes = sizeof(gan_shape),
                                     .shape = broadcast_to_shape,
                                     .forward = broadcast_to_forward,
                                     .vjp = broadcast_to_vjp};

const gan_op gan__op_sum_to = {.name = "gan_sum_to",
                               .n_in = 1,
                               .attr_bytes = sizeof(gan_shape),
                               .shape = sum_to_shape,
                               .forward = sum_to_forward,
                               .vjp = sum_to_vjp};

gan_tensor *gan_broadcast_to(gan_tensor *x, gan_shape shape) { return gan__apply1(&gan__op_broadcast_to, x, &shape); }
gan_tensor *gan_sum_to(gan_tensor *x, gan_shape shape) { return gan__apply1(&gan__op_sum_to, x, &shape); }

/* --- extrema ---------------------------------------------------------------------------------------------- */

typedef struct extremum_attr {
    int axis, keep_dim;
} extremum_attr;

static bool extremum_shape(const gan_op_call *c, gan_shape *out) {
    const extremum_attr *a = c->attr;
    gan_shape shape = gan_shape_of(c->in[0]);
    int axis;
    if (!gan__axis(c, shape, a->axis, &axis)) return false;
    *out = without(shape, GAN_AXIS(axis), a->keep_dim);
    if (shape.d[axis] > 0) return true;
    char text[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "%s has nothing along axis %d", gan_shape_text(shape, text), axis);
    return false;
}

typedef struct extremum_arg {
    int64_t count, inner;
    const gan_real *x;
    gan_real *y, *mask, sign; /* the minimum is the maximum of -x */
} extremum_arg;

/* NaN wins, and the first of equals. */
static void extremum_range(void *p, int64_t begin, int64_t end) {
    const extremum_arg *e = p;
    for (int64_t i = begin; i < end; i++) {
        int64_t first = i / e->inner * e->count * e->inner + i % e->inner, best_at = 0;
        const gan_real *x = e->x + first;
        gan_real best = e->sign * x[0], *mask = e->mask + first;
        for (int64_t k = 0; k < e->count; k++) {
            gan_real v = e->sign * x[k * e->inner];
            if (v > best || (v != v && best == best)) best = v, best_at = k;
            mask[k * e->inner] = 0;
        }
        mask[best_at * e->inner] = 1;
        e->y[i] = x[best_at * e->inner];
    }
}

static void extremum(gan_op_call *c, gan_real sign) {
    const extremum_attr *a = c->attr;
    gan_shape shape = gan_shape_of(c->in[0]);
    int axis = a->axis < 0 ? a->axis + shape.ndim : a->axis;
    gan_real *mask = gan_op_write(gan_op_extra(c, 0, shape));
    if (!mask) return;
    extremum_arg e = {shape.d[axis], gan__inner(shape, axis + 1), gan_data(c->in[0]), gan_op_write(c->out), mask, sign};
    gan__parallel_ranges(c->ctx, gan_count(c->out), gan__grain(e.count), extremum_range, &e);
}

static void max_axis_forward(gan_op_call *c) { extremum(c, 1); }
static void min_axis_forward(gan_op_call *c) { extremum(c, -1); }

static void extremum_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const extremum_attr *a = c->attr;
    gan_shape shape = gan_shape_of(c->in[0]);
    int axis = a->axis < 0 ? a->axis + shape.ndim : a->axis;
    grads[0] = gan_mul(c->extra[0], gan_reshape(g, without(shape, GAN_AXIS(axis), true)));
}

#define EXTREMUM_OP(fn)                                                                  \
    const gan_op gan__op_##fn = {.name = "gan_" #fn,                                     \
                                 .n_in = 1,                                              \
                                 .attr_bytes = sizeof(extremum_attr),                    \
                                 .shape = extremum_shape,                                \
                                 .forward = fn##_forward,                                \
                                 .vjp = extremum_vjp};                                   \
    gan_tensor *gan_##fn(gan_tensor *x, int axis, bool keep_dim) {                       \
        return gan__apply1(&gan__op_##fn, x, &(extremum_attr){axis, keep_dim});          \
    }

EXTREMUM_OP(max_axis)
EXTREMUM_OP(min_axis)
