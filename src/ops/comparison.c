/* Masks of 0 and 1, which have no gradient, and the choice by a mask. */
#include "op_list.h"
#include "walk.h"

GAN__BINARY(greater, A > B ? (gan_real)1 : (gan_real)0)
GAN__BINARY(greater_equal, A >= B ? (gan_real)1 : (gan_real)0)
GAN__BINARY(less, A < B ? (gan_real)1 : (gan_real)0)
GAN__BINARY(less_equal, A <= B ? (gan_real)1 : (gan_real)0)
GAN__BINARY(equal, A == B ? (gan_real)1 : (gan_real)0)

#define MASK_OP(fn)                                                                                                  \
    const gan_op gan__op_##fn = {.name = "gan_" #fn, .n_in = 2, .shape = gan__shape_broadcast, .forward = fn##_forward}; \
    gan_tensor *gan_##fn(gan_tensor *a, gan_tensor *b) { return gan__apply2(&gan__op_##fn, a, b, NULL); }

MASK_OP(greater)
MASK_OP(greater_equal)
MASK_OP(less)
MASK_OP(less_equal)
MASK_OP(equal)

typedef struct where_arg {
    const gan_real *mask, *a, *b;
    gan_real *y;
} where_arg;

static void where_run(void *p, int64_t at, int64_t n, const int64_t *offset, const int64_t *stride) {
    const where_arg *w = p;
    const gan_real *restrict m = w->mask + offset[0], *restrict a = w->a + offset[1], *restrict b = w->b + offset[2];
    gan_real *restrict y = w->y + at;
    const int64_t sm = stride[0], sa = stride[1], sb = stride[2];
    if (sm && sa && sb)
        for (int64_t i = 0; i < n; i++) y[i] = m[i] != 0 ? a[i] : b[i];
    else
        for (int64_t i = 0; i < n; i++) y[i] = m[i * sm] != 0 ? a[i * sa] : b[i * sb];
}

static void where_forward(gan_op_call *c) {
    where_arg arg = {gan_data(c->in[0]), gan_data(c->in[1]), gan_data(c->in[2]), gan_op_write(c->out)};
    gan__walk w = gan__walk_broadcast(gan_shape_of(c->out), 3, c->in);
    gan__walk_all(c->ctx, &w, where_run, &arg);
}

/* What is not chosen gets a true zero even where g is not finite, which a product with the mask would not give. */
static void where_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *zero = gan_scalar(c->ctx, 0);
    if (c->need[1]) grads[1] = gan__fit(gan_where(c->in[0], g, zero), c->in[1]);
    if (c->need[2]) grads[2] = gan__fit(gan_where(c->in[0], zero, g), c->in[2]);
}

const gan_op gan__op_where = {.name = "gan_where",
                              .n_in = 3,
                              .save = GAN_SAVE_IN(0),
                              .shape = gan__shape_broadcast,
                              .forward = where_forward,
                              .vjp = where_vjp};

gan_tensor *gan_where(gan_tensor *mask, gan_tensor *a, gan_tensor *b) { return gan__apply3(&gan__op_where, mask, a, b, NULL); }
