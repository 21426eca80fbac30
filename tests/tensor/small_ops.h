/* A few ops written as a user would write them, through <gan/op.h>: the tests of the graph stand on these, not on src/ops. */
#ifndef SMALL_OPS_H
#define SMALL_OPS_H

#include <gan/op.h>
#include <math.h>

static inline gan_tensor *t_mul(gan_tensor *a, gan_tensor *b);
static inline gan_tensor *t_scale(gan_tensor *x, double factor);
static inline gan_tensor *t_sum(gan_tensor *x);
static inline gan_tensor *t_expand(gan_tensor *x, gan_shape shape);

static inline bool same_shape(const gan_op_call *c, gan_shape *out) {
    *out = gan_shape_of(c->in[0]);
    if (c->n_in == 1 || gan_shape_equal(*out, gan_shape_of(c->in[1]))) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "%s and %s", gan_shape_text(*out, a), gan_shape_text(gan_shape_of(c->in[1]), b));
    return false;
}

/* y = a + b */
static inline void add_forward(gan_op_call *c) {
    const gan_real *a = gan_data(c->in[0]), *b = gan_data(c->in[1]);
    gan_real *y = gan_op_write(c->out);
    for (int64_t i = 0; i < gan_count(c->out); i++) y[i] = a[i] + b[i];
}
static inline void add_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    (void)c;
    grads[0] = grads[1] = g;
}
static const gan_op op_add = {.name = "t_add", .n_in = 2, .shape = same_shape, .forward = add_forward, .vjp = add_vjp};
static inline gan_tensor *t_add(gan_tensor *a, gan_tensor *b) {
    return gan_apply(gan_ctx_of(a), &op_add, (gan_tensor *[]){a, b}, 2, NULL);
}

/* y = a * b */
static inline void mul_forward(gan_op_call *c) {
    const gan_real *a = gan_data(c->in[0]), *b = gan_data(c->in[1]);
    gan_real *y = gan_op_write(c->out);
    for (int64_t i = 0; i < gan_count(c->out); i++) y[i] = a[i] * b[i];
}
static inline void mul_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    if (c->need[0]) grads[0] = t_mul(g, c->in[1]);
    if (c->need[1]) grads[1] = t_mul(g, c->in[0]);
}
static const gan_op op_mul = {
    .name = "t_mul", .n_in = 2, .save = GAN_SAVE_ALL_IN, .shape = same_shape, .forward = mul_forward, .vjp = mul_vjp};
static inline gan_tensor *t_mul(gan_tensor *a, gan_tensor *b) {
    return gan_apply(gan_ctx_of(a), &op_mul, (gan_tensor *[]){a, b}, 2, NULL);
}

/* y = factor * x */
static inline void scale_forward(gan_op_call *c) {
    const gan_real *x = gan_data(c->in[0]), factor = (gan_real) * (const double *)c->attr;
    gan_real *y = gan_op_write(c->out);
    for (int64_t i = 0; i < gan_count(c->out); i++) y[i] = factor * x[i];
}
static inline void scale_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = t_scale(g, *(const double *)c->attr);
}
static const gan_op op_scale = {.name = "t_scale",
                                .n_in = 1,
                                .attr_bytes = sizeof(double),
                                .shape = same_shape,
                                .forward = scale_forward,
                                .vjp = scale_vjp};
static inline gan_tensor *t_scale(gan_tensor *x, double factor) { return gan_apply(gan_ctx_of(x), &op_scale, &x, 1, &factor); }

/* y = e^x, by its own output */
static inline void exp_forward(gan_op_call *c) {
    const gan_real *x = gan_data(c->in[0]);
    gan_real *y = gan_op_write(c->out);
    for (int64_t i = 0; i < gan_count(c->out); i++) y[i] = (gan_real)exp((double)x[i]);
}
static inline void exp_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { grads[0] = t_mul(g, c->out); }
static const gan_op op_exp = {
    .name = "t_exp", .n_in = 1, .save = GAN_SAVE_OUT, .shape = same_shape, .forward = exp_forward, .vjp = exp_vjp};
static inline gan_tensor *t_exp(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &op_exp, &x, 1, NULL); }

/* the sum of all elements, and its transpose */
static inline bool scalar_shape(const gan_op_call *c, gan_shape *out) {
    (void)c;
    *out = gan_shape0();
    return true;
}
static inline void sum_forward(gan_op_call *c) {
    const gan_real *x = gan_data(c->in[0]);
    double sum = 0;
    for (int64_t i = 0; i < gan_count(c->in[0]); i++) sum += (double)x[i];
    *gan_op_write(c->out) = (gan_real)sum;
}
static inline void sum_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = t_expand(g, gan_shape_of(c->in[0]));
}
static const gan_op op_sum = {.name = "t_sum", .n_in = 1, .shape = scalar_shape, .forward = sum_forward, .vjp = sum_vjp};
static inline gan_tensor *t_sum(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &op_sum, &x, 1, NULL); }

static inline bool attr_shape(const gan_op_call *c, gan_shape *out) {
    *out = *(const gan_shape *)c->attr;
    return true;
}
static inline void expand_forward(gan_op_call *c) {
    gan_real *y = gan_op_write(c->out), x = *gan_data(c->in[0]);
    for (int64_t i = 0; i < gan_count(c->out); i++) y[i] = x;
}
static inline void expand_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    (void)c;
    grads[0] = t_sum(g);
}
static const gan_op op_expand = {.name = "t_expand",
                                 .n_in = 1,
                                 .attr_bytes = sizeof(gan_shape),
                                 .shape = attr_shape,
                                 .forward = expand_forward,
                                 .vjp = expand_vjp};
static inline gan_tensor *t_expand(gan_tensor *x, gan_shape shape) { return gan_apply(gan_ctx_of(x), &op_expand, &x, 1, &shape); }

/* the sum of any number of equal shapes: more inputs than a vjp keeps on its stack */
static inline void total_forward(gan_op_call *c) {
    gan_real *y = gan_op_write(c->out);
    for (int64_t i = 0; i < gan_count(c->out); i++) {
        y[i] = 0;
        for (int k = 0; k < c->n_in; k++) y[i] += gan_data(c->in[k])[i];
    }
}
static inline void total_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    for (int k = 0; k < c->n_in; k++)
        if (c->need[k]) grads[k] = g;
}
static const gan_op op_total = {
    .name = "t_total", .n_in = GAN_OP_VARIADIC, .shape = same_shape, .forward = total_forward, .vjp = total_vjp};
static inline gan_tensor *t_total(gan_tensor *const *xs, int n) { return gan_apply(gan_ctx_of(xs[0]), &op_total, xs, n, NULL); }

/* the same elements under another shape, without a copy */
static inline gan_tensor *t_view(gan_tensor *x, gan_shape shape);
static inline void view_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = t_view(g, gan_shape_of(c->in[0]));
}
static const gan_op op_view = {
    .name = "t_view", .n_in = 1, .attr_bytes = sizeof(gan_shape), .view = true, .shape = attr_shape, .vjp = view_vjp};
static inline gan_tensor *t_view(gan_tensor *x, gan_shape shape) { return gan_apply(gan_ctx_of(x), &op_view, &x, 1, &shape); }

/* y = x^2, with the factor of the gradient, 2x, left by forward in an extra. */
static inline void extra_forward(gan_op_call *c) {
    gan_tensor *e = gan_op_extra(c, 1, gan_shape_of(c->in[0]));
    if (gan_is_nil(e)) return;
    const gan_real *x = gan_data(c->in[0]);
    for (int64_t i = 0; i < gan_count(c->out); i++) gan_op_write(c->out)[i] = x[i] * x[i], gan_op_write(e)[i] = 2 * x[i];
}
static inline void extra_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = t_mul(g, c->extra[1]);
}
static const gan_op op_extra = {.name = "t_extra", .n_in = 1, .shape = same_shape, .forward = extra_forward, .vjp = extra_vjp};
static inline gan_tensor *t_square(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &op_extra, &x, 1, NULL); }

#endif
