/* Matrix products. */
#include "op_cases.h"
#include "ops/products.h"

#define CALL(name, expr) \
    static gan_tensor *call_##name(gan_tensor *const *in) { return (expr); }
#define OPTS(a, b) ((gan_matmul_opts){.trans_a = (a), .trans_b = (b)})

CALL(00, gan_matmul(in[0], in[1], OPTS(false, false)))
CALL(01, gan_matmul(in[0], in[1], OPTS(false, true)))
CALL(10, gan_matmul(in[0], in[1], OPTS(true, false)))
CALL(11, gan_matmul(in[0], in[1], OPTS(true, true)))
CALL(linear, gan_linear(in[0], in[1], in[2]))
CALL(linear_without_bias, gan_linear(in[0], in[1], NULL))
CALL(linear_leaky, gan__linear_leaky(in[0], in[1], in[2], 0.2))
CALL(linear_relu, gan__linear_leaky(in[0], in[1], NULL, 0))

static const op_case cases[] = {
    {"gan_matmul", "matmul_00", call_00, 2, 2, 0},
    {"gan_matmul", "matmul_01", call_01, 2, 2, 0},
    {"gan_matmul", "matmul_10", call_10, 2, 2, 0},
    {"gan_matmul", "matmul_11", call_11, 2, 2, 0},
    {"gan_matmul", "matmul_00_batch", call_00, 2, 2, 0},
    {"gan_matmul", "matmul_01_batch", call_01, 2, 2, 0},
    {"gan_matmul", "matmul_10_batch", call_10, 2, 2, 0},
    {"gan_matmul", "matmul_11_batch", call_11, 2, 2, 0},
    {"gan_matmul", "matmul_outer", call_00, 2, 2, 0},
    {"gan_matmul", "matmul_empty", call_00, 2, 2, 0},
    {"gan_linear", "linear", call_linear, 3, 2, 0},
    {"gan_linear", "linear_without_bias", call_linear_without_bias, 2, 2, 0},
    {"gan_linear_leaky", "linear_leaky", call_linear_leaky, 3, 2, 0},
    {"gan_linear_leaky", "linear_relu", call_linear_relu, 2, 2, 0},
};

#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }
#define ZEROS_2(a, b) gan_zeros(ctx, gan_shape2(a, b))
#define ZEROS_3(a, b, c) gan_zeros(ctx, gan_shape3(a, b, c))

BAD(inner, gan_matmul(ZEROS_2(3, 4), ZEROS_2(5, 6), OPTS(false, false)))
BAD(inner_01, gan_matmul(ZEROS_2(3, 4), ZEROS_2(4, 6), OPTS(false, true)))
BAD(inner_10, gan_matmul(ZEROS_2(3, 4), ZEROS_2(4, 6), OPTS(true, false)))
BAD(batch, gan_matmul(ZEROS_3(2, 3, 4), ZEROS_3(3, 4, 5), OPTS(false, false)))
BAD(mixed, gan_matmul(ZEROS_3(2, 3, 4), ZEROS_2(4, 5), OPTS(false, false)))
BAD(vector, gan_matmul(gan_zeros(ctx, gan_shape1(4)), gan_zeros(ctx, gan_shape1(4)), OPTS(false, false)))
BAD(linear_in, gan_linear(ZEROS_2(3, 4), ZEROS_2(4, 5), NULL))
BAD(linear_dims, gan_linear(ZEROS_3(3, 4, 5), ZEROS_2(4, 5), NULL))
BAD(leaky_in, gan__linear_leaky(ZEROS_2(3, 4), ZEROS_2(4, 5), NULL, 0.2))
BAD(linear_bias, gan_linear(ZEROS_2(3, 4), ZEROS_2(5, 4), ZEROS_2(1, 5)))

static const op_bad bads[] = {
    {"gan_matmul", bad_inner, {"[3, 4]", "[5, 6]"}},
    {"gan_matmul", bad_inner_01, {"[3, 4]", "[4, 6] transposed"}},
    {"gan_matmul", bad_inner_10, {"[3, 4] transposed", "[4, 6]"}},
    {"gan_matmul", bad_batch, {"[2, 3, 4]", "[3, 4, 5]"}},
    {"gan_matmul", bad_mixed, {"[2, 3, 4]", "[4, 5]"}},
    {"gan_matmul", bad_vector, {"[4]", NULL}},
    {"gan_linear", bad_linear_in, {"[3, 4]", "[4, 5]"}},
    {"gan_linear", bad_linear_dims, {"[3, 4, 5]", "[4, 5]"}},
    {"gan_linear_leaky", bad_leaky_in, {"[3, 4]", "[4, 5]"}},
    {"gan_linear", bad_linear_bias, {"[5, 4]", "[1, 5]"}},
};

static const op_large larges[] = {
    {"gan_matmul", call_00, 2, {{2, {201, 67}}, {2, {67, 131}}}},
    {"gan_matmul", call_11, 2, {{2, {67, 201}}, {2, {131, 67}}}},
    {"gan_linear", call_linear, 3, {{2, {301, 67}}, {2, {131, 67}}, {1, {131}}}},
    {"gan_linear_leaky", call_linear_leaky, 3, {{2, {301, 67}}, {2, {131, 67}}, {1, {131}}}},
    {"gan_linear_leaky", call_linear_relu, 2, {{2, {301, 67}}, {2, {3, 67}}}},
};

OP_GROUP(matmul);
