/* Every built-in op, one per line: from this list come the declarations, the table of gan_ops, and the tests' duty to cover
 * each of them. An op is defined beside its shape, forward and vjp functions. */
#ifndef GAN__OP_LIST_H
#define GAN__OP_LIST_H

#include <gan/op.h>

/* A section without ops is empty. */
#define GAN__OPS_TENSOR(X) \
    X(gan__op_accumulate)

#define GAN__OPS_ARITHMETIC(X)

#define GAN__OPS_MATHEMATICS(X)

#define GAN__OPS_COMPARISON(X)

#define GAN__OPS_ACTIVATION(X) \
    X(gan__op_leaky_relu)      \
    X(gan__op_relu)            \
    X(gan__op_slope)           \
    X(gan__op_tanh)            \
    X(gan__op_sigmoid)         \
    X(gan__op_softplus)        \
    X(gan__op_softmax)         \
    X(gan__op_log_softmax)     \
    X(gan__op_dropout)

#define GAN__OPS_REDUCTION(X)

#define GAN__OPS_SHAPE(X)

#define GAN__OPS_PRODUCT(X)

#define GAN__OPS_CONVOLUTION(X)   \
    X(gan__op_conv2d)             \
    X(gan__op_conv_transpose2d)   \
    X(gan__op_conv_weight2d)

#define GAN__OPS_RESAMPLING(X)    \
    X(gan__op_avg_pool2d)         \
    X(gan__op_upsample_nearest2d) \
    X(gan__op_max_pool2d)         \
    X(gan__op_max_place)          \
    X(gan__op_max_pick)           \
    X(gan__op_pixel_shuffle)      \
    X(gan__op_pixel_unshuffle)

#define GAN__OPS_NORMALISATION(X) \
    X(gan__op_batch_moments)      \
    X(gan__op_sample_moments)     \
    X(gan__op_batch_norm)         \
    X(gan__op_instance_norm)      \
    X(gan__op_normalize)

#define GAN__OP_LIST(X)        \
    GAN__OPS_TENSOR(X)         \
    GAN__OPS_ARITHMETIC(X)     \
    GAN__OPS_MATHEMATICS(X)    \
    GAN__OPS_COMPARISON(X)     \
    GAN__OPS_ACTIVATION(X)     \
    GAN__OPS_REDUCTION(X)      \
    GAN__OPS_SHAPE(X)          \
    GAN__OPS_PRODUCT(X)        \
    GAN__OPS_CONVOLUTION(X)    \
    GAN__OPS_RESAMPLING(X)     \
    GAN__OPS_NORMALISATION(X)

#define GAN__OP_DECLARE(op) extern const gan_op op;
GAN__OP_LIST(GAN__OP_DECLARE)
#undef GAN__OP_DECLARE

#endif
