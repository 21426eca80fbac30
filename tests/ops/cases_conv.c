/* Convolution, its transpose, and its weight gradient. */
#include "op_cases.h"
#include "ops/products.h"

#define CONV(name, ...)                                                                                                     \
    static gan_tensor *conv_##name(gan_tensor *const *in) { return gan_conv2d(in[0], in[1], (gan_conv_opts){__VA_ARGS__}); }
#define WEIGHT(name, kh, kw, ...)                                                             \
    static gan_tensor *weight_##name(gan_tensor *const *in) {                                 \
        return gan_conv_weight2d(in[0], in[1], kh, kw, (gan_conv_opts){__VA_ARGS__});         \
    }
#define TRANSPOSE(name, ...)                                                                  \
    static gan_tensor *transpose_##name(gan_tensor *const *in) {                              \
        return gan_conv_transpose2d(in[0], in[1], (gan_conv_opts){__VA_ARGS__});              \
    }

/* Both from one line: the kernel's size is an argument of the weight gradient only. */
#define BOTH(name, kh, kw, ...) CONV(name, __VA_ARGS__) WEIGHT(name, kh, kw, __VA_ARGS__)

BOTH(k3s1p1, 3, 3, .pad = {1, 1, 1, 1})
BOTH(k4s2p1, 4, 4, .stride_h = 2, .stride_w = 2, .pad = {1, 1, 1, 1})
BOTH(k1s1p0, 1, 1, .stride_h = 1)
BOTH(whole, 4, 3, .stride_w = 1)
BOTH(rest, 3, 3, .stride_h = 3, .stride_w = 2, .pad = {0, 0, 0, 1})
BOTH(asymmetric, 2, 5, .stride_h = 3, .stride_w = 2, .pad = {1, 0, 2, 1})
BOTH(gaps, 1, 2, .stride_h = 2, .stride_w = 3, .pad = {0, 1, 0, 0})
BOTH(wide_pad, 2, 2, .stride_h = 1, .stride_w = 2, .pad = {3, 2, 0, 4})
BOTH(same_k5s2, 5, 5, .stride_h = 2, .stride_w = 2, .pad = {1, 2, 2, 2})

TRANSPOSE(k3s1p1, .pad = {1, 1, 1, 1})
TRANSPOSE(k4s2p1, .stride_h = 2, .stride_w = 2, .pad = {1, 1, 1, 1})
TRANSPOSE(k4s1p0, .stride_h = 1)
TRANSPOSE(k3s2p1o1, .stride_h = 2, .stride_w = 2, .pad = {1, 1, 1, 1}, .output_pad_h = 1, .output_pad_w = 1)
TRANSPOSE(asymmetric, .stride_h = 3, .stride_w = 2, .pad = {1, 0, 0, 2}, .output_pad_h = 2, .output_pad_w = 1)
TRANSPOSE(gaps, .stride_h = 2, .stride_w = 3, .pad = {0, 1, 0, 0}, .output_pad_h = 1, .output_pad_w = 2)

/* As layers call them. */
#define BIAS(fn, name, ...)                                                                       \
    static gan_tensor *fn##_bias_##name(gan_tensor *const *in) {                                  \
        return gan__##fn##2d(in[0], in[1], in[2], (gan_conv_opts){__VA_ARGS__}, (gan__conv_then){0}); \
    }
BIAS(conv, k4s2p1, .stride_h = 2, .stride_w = 2, .pad = {1, 1, 1, 1})
BIAS(conv, whole, .stride_w = 1)
BIAS(conv_transpose, k4s2p1, .stride_h = 2, .stride_w = 2, .pad = {1, 1, 1, 1})
BIAS(conv_transpose, k4s1p0, .stride_h = 1)

#define LEAKY(fn, name, bias, leak, ...)                                                                          \
    static gan_tensor *fn##_leaky_##name(gan_tensor *const *in) {                                                 \
        double slope = leak;                                                                                      \
        return gan__##fn##2d(in[0], in[1], bias, (gan_conv_opts){__VA_ARGS__}, (gan__conv_then){.slope = &slope}); \
    }
LEAKY(conv, k4s2p1, in[2], 0.2, .stride_h = 2, .stride_w = 2, .pad = {1, 1, 1, 1})
LEAKY(conv, whole, in[2], 0, .stride_w = 1)
LEAKY(conv, k3s1p1, NULL, 1.5, .stride_h = 1, .pad = {1, 1, 1, 1})
LEAKY(conv_transpose, k4s2p1, in[2], 0.2, .stride_h = 2, .stride_w = 2, .pad = {1, 1, 1, 1})
LEAKY(conv_transpose, k4s1p0, NULL, 0, .stride_h = 1)

#define BOTH_CASES(name)                                   \
    {"gan_conv2d", "conv_" #name, conv_##name, 2, 2, 0},   \
    {"gan_conv_weight2d", "weight_" #name, weight_##name, 2, 2, 0}
#define TRANSPOSE_CASE(name) {"gan_conv_transpose2d", "transpose_" #name, transpose_##name, 2, 2, 0}

static const op_case cases[] = {
    BOTH_CASES(k3s1p1),     BOTH_CASES(k4s2p1),       BOTH_CASES(k1s1p0),
    BOTH_CASES(whole),      BOTH_CASES(rest),         BOTH_CASES(asymmetric),
    BOTH_CASES(gaps),       BOTH_CASES(wide_pad),     BOTH_CASES(same_k5s2),
    TRANSPOSE_CASE(k3s1p1), TRANSPOSE_CASE(k4s2p1),   TRANSPOSE_CASE(k4s1p0),
    TRANSPOSE_CASE(k3s2p1o1), TRANSPOSE_CASE(asymmetric), TRANSPOSE_CASE(gaps),
    {"gan_conv2d", "conv_bias_k4s2p1", conv_bias_k4s2p1, 3, 2, 0},
    {"gan_conv2d", "conv_bias_whole", conv_bias_whole, 3, 2, 0},
    {"gan_conv_transpose2d", "transpose_bias_k4s2p1", conv_transpose_bias_k4s2p1, 3, 2, 0},
    {"gan_conv_transpose2d", "transpose_bias_k4s1p0", conv_transpose_bias_k4s1p0, 3, 2, 0},
    {"gan_conv2d_leaky", "conv_leaky_k4s2p1", conv_leaky_k4s2p1, 3, 2, 0},
    {"gan_conv2d_leaky", "conv_leaky_whole", conv_leaky_whole, 3, 2, 0},
    {"gan_conv2d_leaky", "conv_leaky_k3s1p1", conv_leaky_k3s1p1, 2, 2, 0},
    {"gan_conv_transpose2d_leaky", "transpose_leaky_k4s2p1", conv_transpose_leaky_k4s2p1, 3, 2, 0},
    {"gan_conv_transpose2d_leaky", "transpose_leaky_k4s1p0", conv_transpose_leaky_k4s1p0, 2, 2, 0},
};

/* --- errors ----------------------------------------------------------------------------------------------- */

static gan_tensor *image(gan_ctx *ctx, int64_t h, int64_t w, int64_t c) { return gan_ones(ctx, gan_shape4(2, h, w, c)); }
static gan_tensor *kernel(gan_ctx *ctx, int64_t size, int64_t c, int64_t k) {
    return gan_ones(ctx, gan_shape4(size, size, c, k));
}

#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }
#define OPTS(...) ((gan_conv_opts){__VA_ARGS__})

BAD(channels, gan_conv2d(image(ctx, 5, 5, 3), kernel(ctx, 3, 4, 2), OPTS(0)))
BAD(dims, gan_conv2d(gan_ones(ctx, gan_shape2(2, 3)), kernel(ctx, 3, 3, 2), OPTS(0)))
BAD(stride, gan_conv2d(image(ctx, 5, 5, 3), kernel(ctx, 3, 3, 2), OPTS(.stride_w = -1)))
BAD(pad, gan_conv2d(image(ctx, 5, 5, 3), kernel(ctx, 3, 3, 2), OPTS(.pad = {0, -2})))
BAD(size, gan_conv2d(image(ctx, 5, 3, 3), kernel(ctx, 5, 3, 2), OPTS(.pad = {0, 1})))
BAD(empty, gan_conv2d(image(ctx, 5, 5, 3), kernel(ctx, 0, 3, 2), OPTS(0)))
#define NOTHING (gan__conv_then){0}
#define RELU (gan__conv_then){.slope = &(double){0}}
BAD(bias, gan__conv2d(image(ctx, 5, 5, 3), kernel(ctx, 3, 3, 2), gan_ones(ctx, gan_shape1(3)), OPTS(0), NOTHING))
BAD(t_bias, gan__conv_transpose2d(image(ctx, 5, 5, 2), kernel(ctx, 3, 3, 2), gan_ones(ctx, gan_shape1(2)), OPTS(0), NOTHING))
BAD(leaky, gan__conv2d(image(ctx, 5, 5, 3), kernel(ctx, 3, 4, 2), NULL, OPTS(0), RELU))
BAD(t_leaky, gan__conv_transpose2d(image(ctx, 5, 5, 3), kernel(ctx, 3, 3, 2), NULL, OPTS(0), RELU))
BAD(null, gan_conv2d(NULL, kernel(ctx, 3, 3, 2), OPTS(0)))
BAD(released, gan_conv2d(op_released(ctx), kernel(ctx, 3, 3, 2), OPTS(0)))
BAD(t_channels, gan_conv_transpose2d(image(ctx, 5, 5, 3), kernel(ctx, 3, 3, 2), OPTS(0)))
BAD(t_dims, gan_conv_transpose2d(image(ctx, 5, 5, 2), gan_ones(ctx, gan_shape1(7)), OPTS(0)))
BAD(t_stride, gan_conv_transpose2d(image(ctx, 5, 5, 2), kernel(ctx, 3, 3, 2), OPTS(.stride_h = -3)))
BAD(t_out_pad, gan_conv_transpose2d(image(ctx, 5, 5, 2), kernel(ctx, 3, 3, 2), OPTS(.stride_h = 2, .output_pad_h = 2)))
BAD(t_out_pad_1, gan_conv_transpose2d(image(ctx, 5, 5, 2), kernel(ctx, 3, 3, 2), OPTS(.output_pad_w = 1)))
BAD(t_out_pad_neg, gan_conv_transpose2d(image(ctx, 5, 5, 2), kernel(ctx, 3, 3, 2), OPTS(.output_pad_w = -1)))
BAD(t_nothing, gan_conv_transpose2d(image(ctx, 1, 1, 2), kernel(ctx, 3, 3, 2), OPTS(.pad = {2, 0, 1, 0})))
BAD(w_batch, gan_conv_weight2d(image(ctx, 5, 5, 2), gan_ones(ctx, gan_shape4(3, 3, 3, 4)), 3, 3, OPTS(0)))
BAD(w_size, gan_conv_weight2d(image(ctx, 5, 5, 2), gan_ones(ctx, gan_shape4(2, 3, 4, 4)), 3, 3, OPTS(0)))
BAD(w_kernel, gan_conv_weight2d(image(ctx, 5, 5, 2), gan_ones(ctx, gan_shape4(2, 6, 6, 4)), 0, 0, OPTS(0)))
BAD(w_dims, gan_conv_weight2d(image(ctx, 5, 5, 2), gan_ones(ctx, gan_shape3(2, 3, 3)), 3, 3, OPTS(0)))

static const op_bad bads[] = {
    {"gan_conv2d", bad_channels, {"[2, 5, 5, 3]", "[3, 3, 4, 2]"}},
    {"gan_conv2d", bad_dims, {"[2, 3]", "[3, 3, 3, 2]"}},
    {"gan_conv2d", bad_stride, {"stride", "-1"}},
    {"gan_conv2d", bad_pad, {"padding", "-2"}},
    {"gan_conv2d", bad_size, {"[2, 5, 3, 3]", "[5, 5, 3, 2]"}},
    {"gan_conv2d", bad_empty, {"[2, 5, 5, 3]", "[0, 0, 3, 2]"}},
    {"gan_conv2d", bad_bias, {"[3, 3, 3, 2]", "[3]"}},
    {"gan_conv_transpose2d", bad_t_bias, {"[3, 3, 3, 2]", "[2]"}},
    {"gan_conv2d_leaky", bad_leaky, {"[2, 5, 5, 3]", "[3, 3, 4, 2]"}},
    {"gan_conv_transpose2d_leaky", bad_t_leaky, {"[2, 5, 5, 3]", "[3, 3, 3, 2]"}},
    {"gan_conv2d", bad_null, {"NULL"}},
    {"gan_conv2d", bad_released, {"released"}},
    {"gan_conv_transpose2d", bad_t_channels, {"[2, 5, 5, 3]", "[3, 3, 3, 2]"}},
    {"gan_conv_transpose2d", bad_t_dims, {"[2, 5, 5, 2]", "[7]"}},
    {"gan_conv_transpose2d", bad_t_stride, {"stride", "-3"}},
    {"gan_conv_transpose2d", bad_t_out_pad, {"output padding", "2"}},
    {"gan_conv_transpose2d", bad_t_out_pad_1, {"output padding", "1"}},
    {"gan_conv_transpose2d", bad_t_out_pad_neg, {"output padding", "-1"}},
    {"gan_conv_transpose2d", bad_t_nothing, {"[2, 1, 1, 2]", "[3, 3, 3, 2]"}},
    {"gan_conv_weight2d", bad_w_batch, {"[2, 5, 5, 2]", "[3, 3, 3, 4]"}},
    {"gan_conv_weight2d", bad_w_size, {"[2, 5, 5, 2]", "[2, 3, 4, 4]"}},
    {"gan_conv_weight2d", bad_w_kernel, {"[2, 5, 5, 2]", "[2, 6, 6, 4]"}},
    {"gan_conv_weight2d", bad_w_dims, {"[2, 5, 5, 2]", "[2, 3, 3]"}},
};

static const op_large larges[] = {
    {"gan_conv2d", conv_k4s2p1, 2, {{4, {5, 34, 30, 7}}, {4, {4, 4, 7, 19}}}},
    {"gan_conv_transpose2d", transpose_k4s2p1, 2, {{4, {5, 17, 15, 19}}, {4, {4, 4, 7, 19}}}},
    {"gan_conv_weight2d", weight_k4s2p1, 2, {{4, {5, 34, 30, 7}}, {4, {5, 17, 15, 19}}}},
    {"gan_conv2d_leaky", conv_leaky_k4s2p1, 3, {{4, {5, 34, 30, 7}}, {4, {4, 4, 7, 19}}, {1, {19}}}},
    {"gan_conv_transpose2d_leaky", conv_transpose_leaky_k4s2p1, 3, {{4, {5, 17, 15, 19}}, {4, {4, 4, 7, 19}}, {1, {7}}}},
};

OP_GROUP(conv);
