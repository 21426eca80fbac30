/* The ops: pure functions of tensors, differentiable to any order.
 *
 * Elementwise ops broadcast as NumPy does. `axes` is a bit mask made with GAN_AXIS(i), GAN_ALL_AXES for all, and
 * GAN_ALL_AXES & ~GAN_AXIS(0) for all but the first. A single `axis` may be negative: counted from the end.
 * Every op raises GAN_E_SHAPE, naming both shapes, when its inputs do not fit, and returns a tensor owned by the
 * innermost scope. Images are [n, h, w, c], convolution weights [kh, kw, c_in, c_out]. */
#ifndef GAN_OPS_H
#define GAN_OPS_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- arithmetic ------------------------------------------------------------------------------------------- */

GAN_API gan_tensor *gan_add(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_sub(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_mul(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_div(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_scale(gan_tensor *x, double factor);     /* factor*x */
GAN_API gan_tensor *gan_add_scalar(gan_tensor *x, double value); /* x + value */
GAN_API gan_tensor *gan_neg(gan_tensor *x);
GAN_API gan_tensor *gan_lerp(gan_tensor *a, gan_tensor *b, gan_tensor *t); /* a + t*(b - a) */
GAN_API gan_tensor *gan_maximum(gan_tensor *a, gan_tensor *b);   /* at a == b, both get half of the gradient */
GAN_API gan_tensor *gan_minimum(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_clamp(gan_tensor *x, double low, double high); /* gradient 1 on low <= x <= high */

/* --- elementwise mathematics ------------------------------------------------------------------------------ */

GAN_API gan_tensor *gan_square(gan_tensor *x);
GAN_API gan_tensor *gan_sqrt(gan_tensor *x);                     /* derivative 0 at 0, at every order */
GAN_API gan_tensor *gan_reciprocal(gan_tensor *x);               /* 1/x */
GAN_API gan_tensor *gan_pow_scalar(gan_tensor *x, double power); /* x^power */
GAN_API gan_tensor *gan_exp(gan_tensor *x);
GAN_API gan_tensor *gan_log(gan_tensor *x);
GAN_API gan_tensor *gan_sin(gan_tensor *x);
GAN_API gan_tensor *gan_cos(gan_tensor *x);
GAN_API gan_tensor *gan_abs(gan_tensor *x);                      /* derivative 0 at 0 */
GAN_API gan_tensor *gan_sign(gan_tensor *x);                     /* -1, 0, 1; no gradient */

/* --- comparison masks: 1 where true, else 0; no gradient -------------------------------------------------- */

GAN_API gan_tensor *gan_greater(gan_tensor *a, gan_tensor *b);       /* a > b */
GAN_API gan_tensor *gan_greater_equal(gan_tensor *a, gan_tensor *b); /* a >= b */
GAN_API gan_tensor *gan_less(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_less_equal(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_equal(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_where(gan_tensor *mask, gan_tensor *a, gan_tensor *b); /* mask != 0 ? a : b */

/* --- activations ------------------------------------------------------------------------------------------ */

GAN_API gan_tensor *gan_leaky_relu(gan_tensor *x, double slope); /* y = x > 0 ? x : slope*x */
GAN_API gan_tensor *gan_relu(gan_tensor *x);
GAN_API gan_tensor *gan_tanh(gan_tensor *x);
GAN_API gan_tensor *gan_sigmoid(gan_tensor *x);                  /* 1/(1 + e^-x) */
GAN_API gan_tensor *gan_softplus(gan_tensor *x);                 /* log(1 + e^x), without overflow */
GAN_API gan_tensor *gan_softmax(gan_tensor *x);                  /* over the last axis */
GAN_API gan_tensor *gan_log_softmax(gan_tensor *x);              /* over the last axis */
GAN_API gan_tensor *gan_maxout(gan_tensor *x, int pieces);       /* [.., c*pieces] -> [.., c]: the largest of each run of
                                                                    `pieces` neighbours; the first wins a tie */
/* y = x*mask/(1 - p), mask 1 with probability 1 - p; 0 <= p < 1. Mask from the given stream. */
GAN_API gan_tensor *gan_dropout(gan_tensor *x, double p, gan_stream *stream);

/* --- reductions and broadcasts ---------------------------------------------------------------------------- */

#define GAN_AXIS(i) (1u << (i))
#define GAN_ALL_AXES 0x1fu

GAN_API gan_tensor *gan_sum(gan_tensor *x);  /* over everything, to a scalar */
GAN_API gan_tensor *gan_mean(gan_tensor *x);
GAN_API gan_tensor *gan_sum_axes(gan_tensor *x, unsigned axes, bool keep_dims);
GAN_API gan_tensor *gan_mean_axes(gan_tensor *x, unsigned axes, bool keep_dims);
GAN_API gan_tensor *gan_max_axis(gan_tensor *x, int axis, bool keep_dim); /* the first wins a tie */
GAN_API gan_tensor *gan_min_axis(gan_tensor *x, int axis, bool keep_dim);
GAN_API gan_tensor *gan_var_axes(gan_tensor *x, unsigned axes, bool keep_dims); /* population variance */
GAN_API gan_tensor *gan_std_axes(gan_tensor *x, unsigned axes, bool keep_dims); /* derivative 0 at 0 */
GAN_API gan_tensor *gan_broadcast_to(gan_tensor *x, gan_shape shape);
GAN_API gan_tensor *gan_sum_to(gan_tensor *x, gan_shape shape); /* the transpose of gan_broadcast_to */
/* [n, ...] -> [n]: sqrt(sum of squares over each sample); derivative 0 at 0, at every order. */
GAN_API gan_tensor *gan_norm_per_sample(gan_tensor *x);

/* --- shape ------------------------------------------------------------------------------------------------ */

GAN_API gan_tensor *gan_reshape(gan_tensor *x, gan_shape shape); /* one entry may be -1: inferred. No copy */
GAN_API gan_tensor *gan_flatten(gan_tensor *x);                  /* [n, ...] -> [n, prod] */
/* order[i] is the input axis that becomes axis i; `order` has as many entries as x has dimensions. */
GAN_API gan_tensor *gan_permute(gan_tensor *x, const int *order);
GAN_API gan_tensor *gan_transpose(gan_tensor *x);                /* swaps the last two axes */
GAN_API gan_tensor *gan_concat(gan_tensor *const *xs, int n, int axis);
GAN_API gan_tensor *gan_slice(gan_tensor *x, int axis, int64_t start, int64_t count);
/* Zeros before and after along each axis; arrays of as many entries as x has dimensions. */
GAN_API gan_tensor *gan_pad(gan_tensor *x, const int64_t *before, const int64_t *after);
/* Rows (entries along axis 0) of x by index: [r, ...], [n] -> [n, ...]. Indices are whole numbers 0..r-1. */
GAN_API gan_tensor *gan_gather(gan_tensor *x, gan_tensor *index);
/* The transpose of gan_gather: row i of x is added to row index[i] of a zero tensor with `rows` rows. */
GAN_API gan_tensor *gan_scatter_add(gan_tensor *x, gan_tensor *index, int64_t rows);
/* [v, c], [n] -> [n, c]: gan_gather under its usual name. */
GAN_API gan_tensor *gan_embedding(gan_tensor *table, gan_tensor *index);
/* [n] -> [n, classes]: 1 at the index. No gradient. */
GAN_API gan_tensor *gan_one_hot(gan_tensor *index, int64_t classes);

/* --- matrix products -------------------------------------------------------------------------------------- */

typedef struct gan_matmul_opts {
    bool trans_a, trans_b; /* use the transpose (of the last two axes) of a, of b */
} gan_matmul_opts;

/* [m, k] x [k, n] -> [m, n], or batched: [b, m, k] x [b, k, n] -> [b, m, n]. */
GAN_API gan_tensor *gan_matmul(gan_tensor *a, gan_tensor *b, gan_matmul_opts opts);

/* x [n, in], weight [out, in], bias [out] or NULL -> [n, out]: x*weight^T + bias, as PyTorch's Linear. */
GAN_API gan_tensor *gan_linear(gan_tensor *x, gan_tensor *weight, gan_tensor *bias);

/* --- convolution ------------------------------------------------------------------------------------------ */

typedef struct gan_conv_opts {
    int stride_h, stride_w;        /* 0 means 1 */
    int pad[4];                    /* top, left, bottom, right: TensorFlow's SAME is asymmetric */
    int output_pad_h, output_pad_w; /* gan_conv_transpose2d only: extra rows and columns at the bottom right */
} gan_conv_opts;

/* The same stride and padding both ways. */
GAN_API gan_conv_opts gan_conv_square(int stride, int pad);

/* x [n, h, w, c], weight [kh, kw, c, k] -> [n, (h+pt+pb-kh)/sh+1, (w+pl+pr-kw)/sw+1, k]. Cross-correlation. */
GAN_API gan_tensor *gan_conv2d(gan_tensor *x, gan_tensor *weight, gan_conv_opts opts);

/* The transpose of gan_conv2d in x. x [n, h, w, k], weight [kh, kw, c, k]
 * -> [n, (h-1)*sh+kh-pt-pb+oph, (w-1)*sw+kw-pl-pr+opw, c]. output_pad < stride. */
GAN_API gan_tensor *gan_conv_transpose2d(gan_tensor *x, gan_tensor *weight, gan_conv_opts opts);

/* The transpose of gan_conv2d in its weight: x [n, h, w, c], g [n, oh, ow, k] -> [kh, kw, c, k]. */
GAN_API gan_tensor *gan_conv_weight2d(gan_tensor *x, gan_tensor *g, int kh, int kw, gan_conv_opts opts);

/* --- pooling and resampling ------------------------------------------------------------------------------- */

typedef struct gan_pool_opts {
    int size_h, size_w;     /* the window; at least 1 */
    int stride_h, stride_w; /* 0: the window's size */
    int pad[4];             /* top, left, bottom, right; each less than the window. Padding counts as 0 in averages
                               (count_include_pad, as PyTorch's default) and as -infinity in maxima */
} gan_pool_opts;

GAN_API gan_tensor *gan_avg_pool2d(gan_tensor *x, gan_pool_opts opts);
GAN_API gan_tensor *gan_max_pool2d(gan_tensor *x, gan_pool_opts opts); /* the first of a window wins a tie */
GAN_API gan_tensor *gan_upsample_nearest2d(gan_tensor *x, int factor_h, int factor_w);
/* [n, h, w, c*r*r] -> [n, h*r, w*r, c], with PyTorch's channel order: out[y*r+i, x*r+j, c] = in[y, x, c*r*r+i*r+j]. */
GAN_API gan_tensor *gan_pixel_shuffle(gan_tensor *x, int r);
GAN_API gan_tensor *gan_pixel_unshuffle(gan_tensor *x, int r);

/* --- normalisation ---------------------------------------------------------------------------------------- */

/* By the batch's own statistics, per channel (the last axis), over all other axes (1502.03167):
 * y = gamma*(x - mean)/sqrt(var + eps) + beta, population variance. x [n, c] or [n, h, w, c]; gamma, beta [c], or both
 * NULL. If stats is not NULL, *stats receives [2, c]: mean and population variance, without history. */
GAN_API gan_tensor *gan_batch_norm(gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, double eps, gan_tensor **stats);

/* gan_leaky_relu(gan_batch_norm(x, ...), slope) in fewer passes over memory, slope >= 0 (0: ReLU). A Sequential does so by itself. */
GAN_API gan_tensor *gan_batch_norm_leaky(gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, double eps, double slope,
                                         gan_tensor **stats);

/* The same by given statistics, mean and var of shape [c], as in evaluation mode. Differentiable by them too. */
GAN_API gan_tensor *gan_normalize(gan_tensor *x, gan_tensor *mean, gan_tensor *var, gan_tensor *gamma, gan_tensor *beta,
                                  double eps);

/* Per sample, over all axes but the first (1607.06450); gamma, beta of x's shape without the first axis, or NULL. */
GAN_API gan_tensor *gan_layer_norm(gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, double eps);

/* Per sample and channel, over h and w (1607.08022). x [n, h, w, c]; gamma, beta [c] or NULL. */
GAN_API gan_tensor *gan_instance_norm(gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, double eps);

/* --- comparing pixels, comparing samples ------------------------------------------------------------------ */

/* q [n, l, d], k [n, m, d], v [n, m, c] -> [n, l, c]: softmax(q k^T) v for each sample, the softmax over m (1805.08318, without
 * its 1x1 convolutions). The weights [l, m] are never kept: each derivative makes them anew, for one sample at a time. */
GAN_API gan_tensor *gan_attention(gan_tensor *q, gan_tensor *k, gan_tensor *v);

/* m [n, b, c] -> [n, b]: o_ib = sum over j != i of exp(-|m_ib - m_jb|_1), the similarity of minibatch discrimination
 * (1606.03498). The n^2 distances are not kept. The derivative of |x| at 0 is 0. */
GAN_API gan_tensor *gan_batch_similarity(gan_tensor *m);

#ifdef __cplusplus
}
#endif
#endif
