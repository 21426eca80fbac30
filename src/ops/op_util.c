#include "op_util.h"

gan_tensor *gan__apply_n(const gan_op *op, gan_tensor *const *in, int n, const void *attr) {
    gan_ctx *ctx = gan__nil_ctx();
    for (int i = 0; i < n && ctx->nil; i++) ctx = gan_ctx_of(in[i]);
    return gan_apply(ctx, op, in, n, attr);
}

gan_tensor *gan__apply1(const gan_op *op, gan_tensor *a, const void *attr) { return gan__apply_n(op, &a, 1, attr); }

gan_tensor *gan__apply2(const gan_op *op, gan_tensor *a, gan_tensor *b, const void *attr) {
    return gan__apply_n(op, (gan_tensor *[]){a, b}, 2, attr);
}

gan_tensor *gan__apply3(const gan_op *op, gan_tensor *a, gan_tensor *b, gan_tensor *d, const void *attr) {
    return gan__apply_n(op, (gan_tensor *[]){a, b, d}, 3, attr);
}

gan_tensor *gan__fit(gan_tensor *g, const gan_tensor *input) {
    gan_shape shape = gan_shape_of(input);
    return gan_shape_equal(gan_shape_of(g), shape) ? g : gan_sum_to(g, shape);
}

bool gan__shape_same(const gan_op_call *c, gan_shape *out) {
    *out = gan_shape_of(c->in[0]);
    return true;
}

/* NumPy's rule: aligned at the last axis, equal or one of them 1. */
static bool broadcast(gan_shape a, gan_shape b, gan_shape *out) {
    gan_shape s = a.ndim >= b.ndim ? a : b, t = a.ndim >= b.ndim ? b : a;
    int shift = s.ndim - t.ndim;
    for (int i = 0; i < t.ndim; i++) {
        int64_t *d = &s.d[i + shift];
        if (*d != t.d[i] && *d != 1 && t.d[i] != 1) return false;
        if (*d == 1) *d = t.d[i];
    }
    *out = s;
    return true;
}

bool gan__shape_broadcast(const gan_op_call *c, gan_shape *out) {
    gan_shape shape = gan_shape_of(c->in[0]);
    for (int i = 1; i < c->n_in; i++) {
        gan_shape with = gan_shape_of(c->in[i]);
        char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
        if (broadcast(shape, with, &shape)) continue;
        gan_op_fail(c, GAN_E_SHAPE, "%s and %s cannot be broadcast together", gan_shape_text(shape, a), gan_shape_text(with, b));
        return false;
    }
    *out = shape;
    return true;
}

bool gan__axis(const gan_op_call *c, gan_shape shape, int axis, int *result) {
    *result = axis < 0 ? axis + shape.ndim : axis;
    if (*result >= 0 && *result < shape.ndim) return true;
    char text[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "%s has no axis %d", gan_shape_text(shape, text), axis);
    return false;
}

int64_t gan__outer(gan_shape s, int axis) {
    int64_t count = 1;
    for (int i = 0; i < axis; i++) count *= s.d[i];
    return count;
}

int64_t gan__inner(gan_shape s, int axis) {
    int64_t count = 1;
    for (int i = axis; i < s.ndim; i++) count *= s.d[i];
    return count;
}
