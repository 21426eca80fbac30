/* sqrt, norms and standard deviations at 0: derivative 0 at every order, never NaN. Extrema and others with NaN. */
#include "cmocka_gan.h"

static void expect_zeros(const gan_tensor *t, const char *what) {
    const gan_real *p = gan_data(t);
    assert_non_null(p);
    for (int64_t i = 0; i < gan_count(t); i++)
        if (p[i] != 0) fail_msg("%s: entry %d is %g", what, (int)i, (double)p[i]);
}

/* All derivatives by x up to the third, each contracted with random numbers, are zeros where x is. */
static void expect_flat(gan_ctx *ctx, gan_tensor *(*f)(gan_tensor *x), gan_shape shape) {
    static const char *const orders[] = {"first derivative", "second derivative", "third derivative"};
    gan_tensor *x = gan_zeros(ctx, shape), *y = f(x);
    check_ok(ctx);
    expect_zeros(y, "value");
    for (int i = 0; i < 3; i++) {
        y = gan_sum(gan_mul(y, gan_randn(ctx, gan_shape_of(y))));
        y = gan_grad(y, x, (gan_grad_opts){.create_graph = true, .allow_unused = true});
        check_ok(ctx);
        expect_zeros(y, orders[i]);
    }
}

static gan_tensor *std_first(gan_tensor *x) { return gan_std_axes(x, GAN_AXIS(0), false); }
static gan_tensor *std_all(gan_tensor *x) { return gan_std_axes(x, GAN_ALL_AXES, true); }

static void test_sqrt__is_flat_at_zero_at_every_order(void **state) { expect_flat(*state, gan_sqrt, gan_shape1(3)); }
static void test_norm__is_flat_at_zero_at_every_order(void **state) {
    expect_flat(*state, gan_norm_per_sample, gan_shape3(2, 3, 2));
}
static void test_std__is_flat_at_zero_at_every_order(void **state) {
    expect_flat(*state, std_first, gan_shape2(3, 2));
    expect_flat(*state, std_all, gan_shape2(3, 2));
}

/* Strides beyond the image, whose product no int holds: only taps that reach it count. */
static void test_conv__of_any_stride_stays_in_its_memory(void **state) {
    gan_ctx *ctx = *state;
    gan_conv_opts o = {.stride_h = 65536, .stride_w = 65536, .output_pad_h = 1, .output_pad_w = 1};
    gan_tensor *y = gan_conv_transpose2d(gan_ones(ctx, gan_shape4(1, 1, 1, 16)), gan_ones(ctx, gan_shape4(3, 3, 16, 16)), o);
    check_ok(ctx);
    assert_true(gan_shape_equal(gan_shape_of(y), gan_shape4(1, 4, 4, 16)));
    assert_true(gan_item(gan_sum(y)) == 3 * 3 * 16 * 16);
}

/* A gradient penalty on a batch in which one sample is dead: only that one's gradient is zero, and all are finite. */
static void test_norm__of_a_zero_sample_leaves_the_others_alone(void **state) {
    gan_ctx *ctx = *state;
    const gan_real values[] = {0, 0, 3, 4};
    gan_tensor *x = gan_from(ctx, gan_shape2(2, 2), values);
    gan_tensor *penalty = gan_sum(gan_square(gan_add_scalar(gan_norm_per_sample(x), -1)));
    gan_tensor *g = gan_grad(penalty, x, (gan_grad_opts){.create_graph = true});
    gan_tensor *h = gan_grad(gan_sum(g), x, (gan_grad_opts){0});
    const gan_real *p = gan_data(g), *q = gan_data(h);
    check_ok(ctx);
    check_close(p[0], 0, 0);
    check_close(p[1], 0, 0);
    check_close(p[2], 2 * 4 * 0.6, 1e-5);
    check_close(p[3], 2 * 4 * 0.8, 1e-5);
    /* Hessian of (r - 1)^2: 2 u u^T + 2 (r - 1)/r (I - u u^T), with u = (0.6, 0.8), r = 5, times (1, 1). */
    check_close(q[0], 0, 0);
    check_close(q[1], 0, 0);
    check_close(q[2], 2 * 0.6 * 1.4 + 1.6 * (1 - 0.6 * 1.4), 1e-5);
    check_close(q[3], 2 * 0.8 * 1.4 + 1.6 * (1 - 0.8 * 1.4), 1e-5);
}

static void test_sqrt__of_a_negative_number_stays_nan(void **state) {
    gan_ctx *ctx = *state;
    gan_tensor *x = gan_scalar(ctx, -1), *y = gan_sqrt(x);
    assert_true(isnan(gan_item(y)));
    assert_true(isnan(gan_item(gan_grad(y, x, (gan_grad_opts){0}))));
}

static void test_extrema__let_nan_through(void **state) {
    gan_ctx *ctx = *state;
    const gan_real values[] = {1, (gan_real)NAN, 2};
    gan_tensor *x = gan_from(ctx, gan_shape1(3), values), *one = gan_scalar(ctx, 1), *nan = gan_scalar(ctx, (double)NAN);
    assert_true(isnan(gan_item(gan_max_axis(x, 0, false))));
    assert_true(isnan(gan_item(gan_min_axis(x, 0, false))));
    assert_true(isnan(gan_item(gan_maximum(one, nan))));
    assert_true(isnan(gan_item(gan_maximum(nan, one))));
    assert_true(isnan(gan_item(gan_minimum(one, nan))));
    assert_true(isnan(gan_item(gan_minimum(nan, one))));
    assert_true(isnan(gan_item(gan_clamp(nan, 0, 1))));
    assert_true(isnan(gan_item(gan_sign(nan))));
    assert_true(isnan(gan_item(gan_sum(x))));
    check_ok(ctx);
}

/* An infinite gradient of what was chosen must not reach, as inf*0, what was not. */
static void test_where__gives_true_zeros_to_what_was_not_chosen(void **state) {
    gan_ctx *ctx = *state;
    const gan_real choice[] = {0, 1};
    gan_tensor *a = gan_full(ctx, gan_shape1(2), 5), *b = gan_zeros(ctx, gan_shape1(2));
    gan_tensor *y = gan_sum(gan_log(gan_where(gan_from(ctx, gan_shape1(2), choice), a, b)));
    const gan_real *g = gan_data(gan_grad(y, a, (gan_grad_opts){0}));
    check_ok(ctx);
    check_close(g[0], 0, 0);
    check_close(g[1], 0.2, 1e-7);
}

static int setup(void **state) {
    *state = gan_ctx_new((gan_ctx_opts){.seed = 8, .threads = 1});
    return 0;
}

static int teardown(void **state) {
    gan_ctx_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_sqrt__is_flat_at_zero_at_every_order),
        TEST(test_norm__is_flat_at_zero_at_every_order),
        TEST(test_std__is_flat_at_zero_at_every_order),
        TEST(test_conv__of_any_stride_stays_in_its_memory),
        TEST(test_norm__of_a_zero_sample_leaves_the_others_alone),
        TEST(test_sqrt__of_a_negative_number_stays_nan),
        TEST(test_extrema__let_nan_through),
        TEST(test_where__gives_true_zeros_to_what_was_not_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
