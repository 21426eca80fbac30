/* Arithmetic with broadcasting. The vjp of a broadcast is a sum: gan__fit. */
#include "op_list.h"
#include "walk.h"

GAN__BINARY(add, A + B)
GAN__BINARY(sub, A - B)
GAN__BINARY(mul, A *B)
GAN__BINARY(div, A / B)
/* NaN on either side comes through. */
GAN__BINARY(maximum, A > B || A != A ? A : B)
GAN__BINARY(minimum, A < B || A != A ? A : B)

GAN__UNARY(scale, P *X)
GAN__UNARY(add_scalar, X + P)
GAN__UNARY(neg, -X)
GAN__UNARY(clamp, X < P ? P : X > Q ? Q : X)

static void add_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    for (int i = 0; i < 2; i++)
        if (c->need[i]) grads[i] = gan__fit(g, c->in[i]);
}

static void sub_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    if (c->need[0]) grads[0] = gan__fit(g, c->in[0]);
    if (c->need[1]) grads[1] = gan_neg(gan__fit(g, c->in[1]));
}

static void mul_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    for (int i = 0; i < 2; i++)
        if (c->need[i]) grads[i] = gan__fit(gan_mul(g, c->in[1 - i]), c->in[i]);
}

static void div_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *a = gan_div(g, c->in[1]);
    if (c->need[0]) grads[0] = gan__fit(a, c->in[0]);
    if (c->need[1]) grads[1] = gan_neg(gan__fit(gan_mul(a, c->out), c->in[1]));
}

/* 1 where `first` wins, 1/2 where both are equal: each gets half of the gradient. */
static void extremum_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads, gan_tensor *first) {
    gan_tensor *half = gan_scale(gan_equal(c->in[0], c->in[1]), 0.5);
    gan_tensor *a = gan_mul(g, gan_add(first, half));
    if (c->need[0]) grads[0] = gan__fit(a, c->in[0]);
    if (c->need[1]) grads[1] = gan__fit(gan_sub(g, a), c->in[1]);
}

static void maximum_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    extremum_vjp(c, g, grads, gan_greater(c->in[0], c->in[1]));
}

static void minimum_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    extremum_vjp(c, g, grads, gan_less(c->in[0], c->in[1]));
}

static void scale_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_scale(g, *(const double *)c->attr);
}

static void add_scalar_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    (void)c;
    grads[0] = g;
}

static void neg_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    (void)c;
    grads[0] = gan_neg(g);
}

typedef struct clamp_attr {
    double low, high;
} clamp_attr;

static bool clamp_shape(const gan_op_call *c, gan_shape *out) {
    const clamp_attr *a = c->attr;
    if (a->low <= a->high) return gan__shape_same(c, out);
    gan_op_fail(c, GAN_E_ARG, "low = %g is not at most high = %g", a->low, a->high);
    return false;
}

static void clamp_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const clamp_attr *a = c->attr;
    gan_tensor *above = gan_greater_equal(c->in[0], gan_scalar(c->ctx, a->low));
    gan_tensor *below = gan_less_equal(c->in[0], gan_scalar(c->ctx, a->high));
    grads[0] = gan_mul(g, gan_mul(above, below));
}

#define BINARY_OP(fn, saved)                      \
    const gan_op gan__op_##fn = {                 \
        .name = "gan_" #fn,                       \
        .n_in = 2,                                \
        .save = (saved),                          \
        .shape = gan__shape_broadcast,            \
        .forward = fn##_forward,                  \
        .vjp = fn##_vjp,                          \
    };                                            \
    gan_tensor *gan_##fn(gan_tensor *a, gan_tensor *b) { return gan__apply2(&gan__op_##fn, a, b, NULL); }

BINARY_OP(add, 0)
BINARY_OP(sub, 0)
BINARY_OP(mul, GAN_SAVE_IN(0) | GAN_SAVE_IN(1))
BINARY_OP(div, GAN_SAVE_IN(1) | GAN_SAVE_OUT)
BINARY_OP(maximum, GAN_SAVE_IN(0) | GAN_SAVE_IN(1))
BINARY_OP(minimum, GAN_SAVE_IN(0) | GAN_SAVE_IN(1))

const gan_op gan__op_scale = {.name = "gan_scale",
                              .n_in = 1,
                              .attr_bytes = sizeof(double),
                              .shape = gan__shape_same,
                              .forward = scale_forward,
                              .vjp = scale_vjp};

const gan_op gan__op_add_scalar = {.name = "gan_add_scalar",
                                   .n_in = 1,
                                   .attr_bytes = sizeof(double),
                                   .shape = gan__shape_same,
                                   .forward = add_scalar_forward,
                                   .vjp = add_scalar_vjp};

const gan_op gan__op_neg = {
    .name = "gan_neg", .n_in = 1, .shape = gan__shape_same, .forward = neg_forward, .vjp = neg_vjp};

const gan_op gan__op_clamp = {.name = "gan_clamp",
                              .n_in = 1,
                              .attr_bytes = sizeof(clamp_attr),
                              .save = GAN_SAVE_IN(0),
                              .shape = clamp_shape,
                              .forward = clamp_forward,
                              .vjp = clamp_vjp};

gan_tensor *gan_scale(gan_tensor *x, double factor) { return gan__apply1(&gan__op_scale, x, &factor); }
gan_tensor *gan_add_scalar(gan_tensor *x, double value) { return gan__apply1(&gan__op_add_scalar, x, &value); }
gan_tensor *gan_neg(gan_tensor *x) { return gan__apply1(&gan__op_neg, x, NULL); }

gan_tensor *gan_clamp(gan_tensor *x, double low, double high) {
    return gan__apply1(&gan__op_clamp, x, &(clamp_attr){low, high});
}

gan_tensor *gan_lerp(gan_tensor *a, gan_tensor *b, gan_tensor *t) { return gan_add(a, gan_mul(t, gan_sub(b, a))); }
