/* Every built-in op, one per line: from this list come the declarations, the table of gan_ops, and the tests' duty to cover
 * each of them. An op is defined beside its shape, forward and vjp functions. */
#ifndef GAN__OP_LIST_H
#define GAN__OP_LIST_H

#include <gan/op.h>

/* A section without ops is empty. */
#define GAN__OPS_TENSOR(X) \
    X(gan__op_accumulate)

#define GAN__OPS_ARITHMETIC(X) \
    X(gan__op_add) \
    X(gan__op_sub) \
    X(gan__op_mul) \
    X(gan__op_div) \
    X(gan__op_scale) \
    X(gan__op_add_scalar) \
    X(gan__op_neg) \
    X(gan__op_maximum) \
    X(gan__op_minimum) \
    X(gan__op_clamp)

#define GAN__OPS_MATHEMATICS(X) \
    X(gan__op_square) \
    X(gan__op_sqrt) \
    X(gan__op_reciprocal) \
    X(gan__op_pow_scalar) \
    X(gan__op_exp) \
    X(gan__op_log) \
    X(gan__op_sin) \
    X(gan__op_cos) \
    X(gan__op_abs) \
    X(gan__op_sign)

#define GAN__OPS_COMPARISON(X) \
    X(gan__op_greater) \
    X(gan__op_greater_equal) \
    X(gan__op_less) \
    X(gan__op_less_equal) \
    X(gan__op_equal) \
    X(gan__op_where)

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

#define GAN__OPS_REDUCTION(X) \
    X(gan__op_sum_axes) \
    X(gan__op_max_axis) \
    X(gan__op_min_axis) \
    X(gan__op_broadcast_to) \
    X(gan__op_sum_to)

#define GAN__OPS_SHAPE(X) \
    X(gan__op_reshape) \
    X(gan__op_permute) \
    X(gan__op_slice) \
    X(gan__op_pad) \
    X(gan__op_concat) \
    X(gan__op_gather) \
    X(gan__op_scatter_add) \
    X(gan__op_one_hot)

#define GAN__OPS_PRODUCT(X) \
    X(gan__op_matmul) \
    X(gan__op_linear) \
    X(gan__op_linear_leaky)

#define GAN__OPS_CONVOLUTION(X)        \
    X(gan__op_conv2d)                  \
    X(gan__op_conv2d_leaky)            \
    X(gan__op_conv_transpose2d)        \
    X(gan__op_conv_transpose2d_leaky)  \
    X(gan__op_conv_weight2d)

#define GAN__OPS_LOGITS(X) \
    X(gan__op_bce)

#define GAN__OPS_RESAMPLING(X)    \
    X(gan__op_avg_pool2d)         \
    X(gan__op_upsample_nearest2d) \
    X(gan__op_max_pool2d)         \
    X(gan__op_max_place)          \
    X(gan__op_max_pick)           \
    X(gan__op_pixel_shuffle)      \
    X(gan__op_pixel_unshuffle)

#define GAN__OPS_NORMALISATION(X) \
    X(gan__op_batch_norm)         \
    X(gan__op_batch_norm_leaky)   \
    X(gan__op_instance_norm)      \
    X(gan__op_normalize)

#define GAN__OPS_COMPARING(X)   \
    X(gan__op_attention)        \
    X(gan__op_attention_grads)  \
    X(gan__op_batch_similarity)

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
    GAN__OPS_LOGITS(X)         \
    GAN__OPS_RESAMPLING(X)     \
    GAN__OPS_NORMALISATION(X)  \
    GAN__OPS_COMPARING(X)

#define GAN__OP_DECLARE(op) extern const gan_op op;
GAN__OP_LIST(GAN__OP_DECLARE)
#undef GAN__OP_DECLARE

#endif
