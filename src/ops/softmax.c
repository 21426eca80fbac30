/* Softmax and its logarithm over the last axis. */
#include <gan/ops.h>
#include <math.h>

#include "../kernels/elementwise.h"
#include "op_list.h"

#define TASK 16384 /* elements, about */

static bool rows_shape(const gan_op_call *c, gan_shape *out) {
    *out = gan_shape_of(c->in[0]);
    if (out->ndim >= 1) return true;
    gan_op_fail(c, GAN_E_SHAPE, "x is [], which has no axis to sum over");
    return false;
}

/* Row after row of `size` numbers: y from x, and for derivatives from g too. */
typedef struct rows_arg {
    int64_t size;
    const gan_real *x, *g;
    gan_real *y;
    gan__map_fn exp;
} rows_arg;

static void by_rows(const gan_op_call *c, gan__range_fn fn, const gan_tensor *x, const gan_tensor *g, gan_tensor *y) {
    gan_shape s = gan_shape_of(x);
    int64_t size = s.d[s.ndim - 1];
    if (!gan_count(x)) return;
    rows_arg a = {size, gan_data(x), g ? gan_data(g) : NULL, gan_op_write(y), gan__map_of(c->ctx, GAN__MAP_EXP)};
    gan__parallel_ranges(c->ctx, gan_count(x) / size, 1 + TASK / size, fn, &a);
}

static void fast(const gan_op_call *c, gan__range_fn fn, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *dx = gan_empty(c->ctx, gan_shape_of(g));
    if (!gan_is_nil(dx)) by_rows(c, fn, c->out, g, dx);
    grads[0] = dx;
}

/* y = e^(x - max x); returns the sum of y. */
static double shifted_exp(const rows_arg *a, const gan_real *x, gan_real max, gan_real *y) {
    double sum = 0;
    a->exp(a->size, x, x, max, y);
    for (int64_t i = 0; i < a->size; i++) sum += (double)y[i];
    return sum;
}

static gan_real row_max(const gan_real *x, int64_t n) {
    gan_real max = x[0];
    for (int64_t i = 1; i < n; i++) max = x[i] > max ? x[i] : max;
    return max;
}

/* x, of the output's shape (or nil), summed over the last axis. */
static gan_tensor *last_sum(const gan_op_call *c, gan_tensor *x) {
    return gan_sum_axes(x, GAN_AXIS(gan_shape_of(c->out).ndim - 1), true);
}

/* --- softmax: y*(g - sum(g*y)) ---------------------------------------------------------------------------- */

static void softmax_rows(void *arg, int64_t begin, int64_t end) {
    const rows_arg *a = arg;
    for (int64_t row = begin; row < end; row++) {
        const gan_real *x = a->x + row * a->size;
        gan_real *y = a->y + row * a->size;
        gan_real scale = (gan_real)(1 / shifted_exp(a, x, row_max(x, a->size), y));
        for (int64_t i = 0; i < a->size; i++) y[i] *= scale;
    }
}

static void softmax_forward(gan_op_call *c) { by_rows(c, softmax_rows, c->in[0], NULL, c->out); }

static void softmax_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_mul(c->out, gan_sub(g, last_sum(c, gan_mul(g, c->out))));
}

static void softmax_fast_rows(void *arg, int64_t begin, int64_t end) {
    const rows_arg *a = arg;
    for (int64_t row = begin; row < end; row++) {
        const gan_real *y = a->x + row * a->size, *g = a->g + row * a->size;
        gan_real *dx = a->y + row * a->size;
        double sum = 0;
        for (int64_t i = 0; i < a->size; i++) sum += (double)g[i] * (double)y[i];
        for (int64_t i = 0; i < a->size; i++) dx[i] = y[i] * (g[i] - (gan_real)sum);
    }
}

static void softmax_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { fast(c, softmax_fast_rows, g, grads); }

const gan_op gan__op_softmax = {.name = "gan_softmax",
                                .n_in = 1,
                                .save = GAN_SAVE_OUT,
                                .shape = rows_shape,
                                .forward = softmax_forward,
                                .vjp = softmax_vjp,
                                .vjp_fast = softmax_fast};

gan_tensor *gan_softmax(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &gan__op_softmax, &x, 1, NULL); }

/* --- log_softmax: g - e^y*sum(g) -------------------------------------------------------------------------- */

static void log_softmax_rows(void *arg, int64_t begin, int64_t end) {
    const rows_arg *a = arg;
    for (int64_t row = begin; row < end; row++) {
        const gan_real *x = a->x + row * a->size;
        gan_real *y = a->y + row * a->size, max = row_max(x, a->size);
        gan_real rest = (gan_real)log(shifted_exp(a, x, max, y));
        for (int64_t i = 0; i < a->size; i++) y[i] = x[i] - max - rest;
    }
}

static void log_softmax_forward(gan_op_call *c) { by_rows(c, log_softmax_rows, c->in[0], NULL, c->out); }

static void log_softmax_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_sub(g, gan_mul(gan_exp(c->out), last_sum(c, g)));
}

static void log_softmax_fast_rows(void *arg, int64_t begin, int64_t end) {
    const rows_arg *a = arg;
    for (int64_t row = begin; row < end; row++) {
        const gan_real *y = a->x + row * a->size, *g = a->g + row * a->size;
        gan_real *dx = a->y + row * a->size;
        double sum = 0;
        for (int64_t i = 0; i < a->size; i++) sum += (double)g[i];
        a->exp(a->size, y, y, 0, dx);
        for (int64_t i = 0; i < a->size; i++) dx[i] = g[i] - dx[i] * (gan_real)sum;
    }
}

static void log_softmax_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    fast(c, log_softmax_fast_rows, g, grads);
}

const gan_op gan__op_log_softmax = {.name = "gan_log_softmax",
                                    .n_in = 1,
                                    .save = GAN_SAVE_OUT,
                                    .shape = rows_shape,
                                    .forward = log_softmax_forward,
                                    .vjp = log_softmax_vjp,
                                    .vjp_fast = log_softmax_fast};

gan_tensor *gan_log_softmax(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &gan__op_log_softmax, &x, 1, NULL); }
