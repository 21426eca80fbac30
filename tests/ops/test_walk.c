/* Sizes at which work is cut into pieces, against plain loops: broadcasts, sums, permutations, padding. */
#include "cmocka_gan.h"
#include "ops/sums.h"
#include "ops/walk.h"

#ifdef GAN_DOUBLE
#define TIGHT 1e-12
#else
#define TIGHT 2e-6
#endif

/* The element of t that stands at this index of an output of `ndim` axes to which t is broadcast. */
static gan_real element(const gan_tensor *t, const int64_t *index, int ndim) {
    gan_shape s = gan_shape_of(t);
    int64_t at = 0;
    for (int i = 0; i < s.ndim; i++) at = at * s.d[i] + (s.d[i] == 1 ? 0 : index[ndim - s.ndim + i]);
    return gan_data(t)[at];
}

static void split(int64_t flat, gan_shape shape, int64_t *index) {
    for (int i = shape.ndim - 1; i >= 0; i--) {
        index[i] = flat % shape.d[i];
        flat /= shape.d[i];
    }
}

static void test_binary_ops__broadcast_at_any_size(void **state) {
    gan_ctx *ctx = *state;
    static const gan_shape pairs[][2] = {
        {{1, {70001}}, {1, {70001}}},          {{1, {70001}}, {.ndim = 0}},
        {{2, {20001, 3}}, {1, {3}}},           {{1, {3}}, {2, {20001, 3}}},
        {{2, {1001, 64}}, {1, {64}}},          {{2, {1001, 65}}, {1, {65}}},
        {{2, {40001, 1}}, {2, {1, 2}}},        {{4, {5, 31, 37, 6}}, {4, {5, 1, 1, 1}}},
        {{4, {5, 31, 37, 6}}, {3, {31, 1, 6}}}, {{5, {3, 1, 29, 1, 17}}, {5, {1, 5, 1, 13, 1}}},
        {{3, {5, 1, 6007}}, {2, {4, 1}}},      {{2, {0, 3}}, {1, {3}}},
        {{2, {1, 3}}, {2, {0, 1}}},            {{2, {30011, 2}}, {2, {30011, 1}}},
    };
    for (int k = 0; k < COUNT_OF(pairs); k++) {
        gan_tensor *a = gan_randn(ctx, pairs[k][0]), *b = gan_randn(ctx, pairs[k][1]), *y = gan_sub(a, b);
        gan_shape shape = gan_shape_of(y);
        const gan_real *p = gan_data(y);
        check_ok(ctx);
        for (int64_t i = 0, index[GAN_MAX_DIMS]; i < gan_count(y); i++) {
            split(i, shape, index);
            gan_real want = element(a, index, shape.ndim) - element(b, index, shape.ndim);
            if (p[i] != want) fail_msg("pair %d, element %d: %g, not %g", k, (int)i, (double)p[i], (double)want);
        }
    }
}

/* Sums of whole numbers are exact in any order, so that a lost or doubled element shows. */
static gan_tensor *whole_numbers(gan_ctx *ctx, gan_shape shape) {
    gan_tensor *t = gan_rand(ctx, shape);
    gan_real *p = gan_op_write(t);
    for (int64_t i = 0; i < gan_count(t); i++) p[i] = (gan_real)(int)(p[i] * 17);
    return t;
}

static void check_sum(gan_ctx *ctx, gan_shape shape, unsigned axes) {
    gan_tensor *x = whole_numbers(ctx, shape), *y = gan_sum_axes(x, axes, true);
    check_ok(ctx);
    int64_t n = gan_count(y);
    double *want = calloc((size_t)n + 1, sizeof *want);
    for (int64_t i = 0, index[GAN_MAX_DIMS]; i < gan_count(x); i++) {
        split(i, shape, index);
        int64_t at = 0;
        for (int k = 0; k < shape.ndim; k++) at = (axes & GAN_AXIS(k)) ? at : at * shape.d[k] + index[k];
        want[at] += gan_data(x)[i];
    }
    for (int64_t i = 0; i < n; i++)
        if (gan_data(y)[i] != (gan_real)want[i])
            fail_msg("axes 0x%x of %d axes, element %d: %g, not %g", axes, shape.ndim, (int)i, (double)gan_data(y)[i], want[i]);
    free(want);
}

static void test_sums__take_every_element_once_whatever_the_axes(void **state) {
    static const gan_shape shapes[] = {
        {1, {70001}},         {2, {3, 40001}},     {2, {40001, 3}},         {2, {20011, 63}}, {2, {20011, 64}},
        {2, {300, 257}},      {2, {5, 1031}},      {3, {3, 20011, 5}},      {3, {70, 3, 1000}}, {4, {5, 31, 37, 6}},
        {5, {3, 7, 5, 11, 4}}, {3, {1, 1, 1}},     {3, {4, 0, 3}},          {3, {70001, 2, 3}}, {4, {1, 9, 1, 40}},
    };
    for (int k = 0; k < COUNT_OF(shapes); k++)
        for (unsigned axes = 0; axes < 1u << shapes[k].ndim; axes++) check_sum(*state, shapes[k], axes);
}

/* Adding 1 to 2^24 in float32 has no effect: only wide accumulators see the ones. */
static void test_sums__accumulate_in_double(void **state) {
    gan_ctx *ctx = *state;
    gan_tensor *x = gan_ones(ctx, gan_shape2(100001, 3));
    for (int j = 0; j < 3; j++) gan_op_write(x)[j] = 0x1p24f;
    check_close(gan_item(gan_sum(x)), 3 * (0x1p24 + 100000), 8);
    check_close(gan_data(gan_sum_axes(x, GAN_AXIS(0), false))[2], 0x1p24 + 100000, 2);
}

static void test_permute__moves_every_element_at_any_size(void **state) {
    gan_ctx *ctx = *state;
    static const struct {
        gan_shape shape;
        int order[GAN_MAX_DIMS];
    } cases[] = {
        {{2, {301, 203}}, {1, 0}},          {{3, {5, 67, 129}}, {0, 2, 1}},        {{4, {5, 31, 37, 6}}, {0, 3, 1, 2}},
        {{4, {5, 6, 31, 37}}, {0, 2, 3, 1}}, {{4, {5, 31, 37, 6}}, {3, 2, 1, 0}},   {{5, {3, 7, 5, 11, 40}}, {2, 0, 1, 3, 4}},
        {{5, {3, 7, 5, 11, 40}}, {1, 0, 4, 3, 2}}, {{4, {1, 33, 1, 65}}, {3, 2, 1, 0}}, {{3, {0, 4, 5}}, {2, 1, 0}},
        {{4, {70, 2, 101, 3}}, {0, 2, 1, 3}}, {{4, {3, 67, 70, 16}}, {0, 2, 1, 3}}, {{3, {301, 203, 17}}, {1, 0, 2}},
        {{3, {301, 203, 5}}, {1, 0, 2}},    {{4, {5, 31, 37, 6}}, {1, 0, 2, 3}},
    };
    for (int k = 0; k < COUNT_OF(cases); k++) {
        gan_tensor *x = gan_randn(ctx, cases[k].shape), *y = gan_permute(x, cases[k].order);
        gan_shape shape = gan_shape_of(y);
        check_ok(ctx);
        for (int64_t i = 0, to[GAN_MAX_DIMS], from[GAN_MAX_DIMS]; i < gan_count(y); i++) {
            split(i, shape, to);
            for (int d = 0; d < shape.ndim; d++) from[cases[k].order[d]] = to[d];
            if (gan_data(y)[i] != element(x, from, shape.ndim)) fail_msg("case %d, element %d", k, (int)i);
        }
    }
}

/* What pad does, slices undo; what concat does, too. */
static void test_pad_and_concat__are_undone_by_slices(void **state) {
    gan_ctx *ctx = *state;
    const int64_t before[] = {1, 0, 3, 2}, after[] = {0, 2, 1, 0};
    gan_tensor *x = gan_randn(ctx, gan_shape4(3, 31, 37, 6)), *y = gan_pad(x, before, after);
    check_close(gan_item(gan_sum(y)), gan_item(gan_sum(x)), 1e-2);
    for (int i = 0; i < 4; i++) y = gan_slice(y, i, before[i], gan_shape_of(x).d[i]);
    assert_memory_equal(gan_data(x), gan_data(y), (size_t)gan_count(x) * sizeof(gan_real));
    gan_tensor *parts[] = {gan_randn(ctx, gan_shape3(200, 3, 7)), gan_randn(ctx, gan_shape3(200, 50, 7))};
    gan_tensor *both = gan_concat(parts, 2, 1), *second = gan_slice(both, 1, 3, 50);
    assert_memory_equal(gan_data(parts[1]), gan_data(second), (size_t)gan_count(second) * sizeof(gan_real));
    check_ok(ctx);
}

static void test_reshape__copies_nothing(void **state) {
    gan_tensor *x = gan_randn(*state, gan_shape2(3, 4));
    assert_ptr_equal(gan_data(gan_reshape(x, gan_shape1(-1))), gan_data(x));
    assert_ptr_equal(gan_data(gan_flatten(x)), gan_data(x));
}

/* Many more inputs than fit a save mask. */
static void test_concat__takes_any_number_of_inputs(void **state) {
    gan_ctx *ctx = *state;
    gan_tensor *xs[40], *grads[40];
    for (int i = 0; i < 40; i++) xs[i] = gan_full(ctx, gan_shape2(1, 2), i);
    gan_tensor *y = gan_concat(xs, 40, 0);
    gan_grads(gan_sum(gan_square(y)), xs, 40, grads, (gan_grad_opts){0});
    check_ok(ctx);
    for (int i = 0; i < 40; i++) check_close(gan_data(grads[i])[1], 2 * i, 0);
    assert_true(gan_is_nil(gan_concat(NULL, 0, 0)));
}

static void test_linear__equals_its_parts(void **state) {
    gan_ctx *ctx = *state;
    gan_tensor *x = gan_randn(ctx, gan_shape2(203, 67)), *w = gan_randn(ctx, gan_shape2(91, 67));
    gan_tensor *b = gan_randn(ctx, gan_shape1(91));
    gan_tensor *y = gan_linear(x, w, b), *z = gan_add(gan_matmul(x, gan_transpose(w), (gan_matmul_opts){0}), b);
    double worst = gan_item(gan_max_axis(gan_reshape(gan_abs(gan_sub(y, z)), gan_shape1(-1)), 0, false));
    check_ok(ctx);
    assert_true(worst < 20 * TIGHT);
}

static int setup(void **state) {
    *state = gan_ctx_new((gan_ctx_opts){.seed = 8, .threads = 2});
    return 0;
}

static int teardown(void **state) {
    gan_ctx_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_binary_ops__broadcast_at_any_size),
        TEST(test_sums__take_every_element_once_whatever_the_axes),
        TEST(test_sums__accumulate_in_double),
        TEST(test_permute__moves_every_element_at_any_size),
        TEST(test_pad_and_concat__are_undone_by_slices),
        TEST(test_reshape__copies_nothing),
        TEST(test_concat__takes_any_number_of_inputs),
        TEST(test_linear__equals_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
