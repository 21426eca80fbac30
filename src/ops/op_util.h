/* What the ops share: applying, fitting gradients to shapes, mathematics over gan_real. */
#ifndef GAN__OP_UTIL_H
#define GAN__OP_UTIL_H

#include <gan/op.h>
#include <gan/ops.h>

#include "../base/ctx_impl.h"

/* GAN__FN(exp)(x): the function of gan_real's own type. */
#ifdef GAN_DOUBLE
#define GAN__FN(fn) fn
#else
#define GAN__FN(fn) fn##f
#endif

/* Elements of work per parallel task of a memory-bound loop: a few microseconds. */
#define GAN__GRAIN 16384

/* gan_apply with the context of the first input that has one. */
gan_tensor *gan__apply_n(const gan_op *op, gan_tensor *const *in, int n, const void *attr);
gan_tensor *gan__apply1(const gan_op *op, gan_tensor *a, const void *attr);
gan_tensor *gan__apply2(const gan_op *op, gan_tensor *a, gan_tensor *b, const void *attr);
gan_tensor *gan__apply3(const gan_op *op, gan_tensor *a, gan_tensor *b, gan_tensor *d, const void *attr);

/* g summed to the shape of an input that may have been broadcast. */
gan_tensor *gan__fit(gan_tensor *g, const gan_tensor *input);

/* y > 0 ? g : slope*g, the derivative of leaky ReLU; its own derivative by g, and nothing by y. */
gan_tensor *gan__slope(gan_tensor *g, gan_tensor *y, double slope);

/* Shape functions: the first input's; that of the inputs broadcast together. */
bool gan__shape_same(const gan_op_call *c, gan_shape *out);
bool gan__shape_broadcast(const gan_op_call *c, gan_shape *out);

/* axis, counted from the end if negative, as 0 .. ndim-1; raises for others and returns false. */
bool gan__axis(const gan_op_call *c, gan_shape shape, int axis, int *result);

/* Products of the dimensions before and from axis on. */
int64_t gan__outer(gan_shape shape, int axis);
int64_t gan__inner(gan_shape shape, int axis);

static inline int64_t gan__grain(int64_t elements_per_item) {
    return elements_per_item >= GAN__GRAIN ? 1 : GAN__GRAIN / (elements_per_item > 0 ? elements_per_item : 1);
}

#endif
