/* What the pooling ops share: their attributes, and the sizes they lead to. */
#ifndef GAN__WINDOW_ATTR_H
#define GAN__WINDOW_ATTR_H

#include <gan/op.h>
#include <gan/ops.h>

#include "../kernels/window.h"

typedef struct gan__window_attr {
    gan_pool_opts o;    /* strides filled in */
    double factor;
    int64_t rows, cols; /* of the result, if `derived` */
    bool derived;       /* made by a vjp: the sizes fit */
} gan__window_attr;

gan__window_attr gan__window_attr_of(gan_pool_opts opts, double factor);

/* The pooled image's shape by c->in[0] and the attributes; checks both. */
bool gan__pooled_shape(const gan_op_call *c, gan_shape *out);
/* c->in[0]'s shape with the rows and columns that a vjp asked for. */
gan_shape gan__resized(const gan_op_call *c);

gan__window_shape gan__window_form(const gan_op_call *c, const gan_tensor *image, const gan_tensor *pooled);

/* op on `in`, with a result of the rows and columns of `like`. */
gan_tensor *gan__window_derived(const gan_op_call *c, const gan_op *op, gan_tensor *const *in, int n_in, const gan_tensor *like);

#endif
