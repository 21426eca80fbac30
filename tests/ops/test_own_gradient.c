/* Where no graph is recorded, derivatives may overwrite the gradient that they are given, but only if it is nobody else's. What is
 * recorded never overwrites anything, and serves as the reference. */
#include "cmocka_gan.h"
#include "ops/products.h"

static gan_tensor *weight, *kernel, *gamma, *beta;

static gan_tensor *relu(gan_tensor *x) { return gan_relu(x); }
static gan_tensor *leaky(gan_tensor *x) { return gan_leaky_relu(x, .2); }
static gan_tensor *linear(gan_tensor *x) {
    return gan_reshape(gan__linear_leaky(gan_reshape(x, gan_shape2(6 * 4 * 4, 3)), weight, NULL, .2), gan_shape_of(x));
}
static gan_tensor *conv(gan_tensor *x) {
    const double slope = .2;
    return gan__conv2d(x, kernel, NULL, gan_conv_square(1, 1), (gan__conv_then){.slope = &slope});
}
static gan_tensor *norm(gan_tensor *x) { return gan_batch_norm(x, gamma, beta, 1e-5, NULL); }
static gan_tensor *norm_leaky(gan_tensor *x) { return gan_batch_norm_leaky(x, gamma, beta, 1e-5, .2, NULL); }

static gan_tensor *(*const functions[])(gan_tensor *) = {relu, leaky, linear, conv, norm, norm_leaky};

static gan_shape shape(void) { return gan_shape4(6, 4, 4, 3); }

static void begin(gan_ctx *ctx) {
    weight = gan_randn(ctx, gan_shape2(3, 3)), kernel = gan_randn(ctx, gan_shape4(3, 3, 3, 3));
    gamma = gan_randn(ctx, gan_shape1(3)), beta = gan_randn(ctx, gan_shape1(3));
}

static void expect_equal(const gan_tensor *a, const gan_tensor *b, int function) {
    assert_true(gan_shape_equal(gan_shape_of(a), gan_shape_of(b)));
    for (int64_t i = 0; i < gan_count(a); i++) {
        double x = (double)gan_data(a)[i], y = (double)gan_data(b)[i];
        if (!(fabs(x - y) <= 1e-5 * (1 + fabs(y)))) fail_msg("function %d: entry %d is %g, not %g", function, (int)i, x, y);
    }
}

/* y by the n variables, without and with a graph. */
static void compare(gan_tensor *y, gan_tensor *const *x, int n, gan_tensor *seed, int function) {
    gan_tensor *plain[3], *recorded[3];
    gan_grads(y, x, n, plain, (gan_grad_opts){.seed = seed});
    gan_grads(y, x, n, recorded, (gan_grad_opts){.seed = seed, .create_graph = true});
    check_ok(gan_ctx_of(y));
    for (int i = 0; i < n; i++) expect_equal(plain[i], recorded[i], function);
}

/* The gradient by a function's result is asked for as well as the one by its argument. */
static void test_own_gradient__results_are_left_alone(void **state) {
    gan_ctx *ctx = *state;
    begin(ctx);
    for (int f = 0; f < COUNT_OF(functions); f++) {
        gan_tensor *x = gan_randn(ctx, shape()), *y = functions[f](x), *w = gan_randn(ctx, shape());
        compare(gan_sum(gan_mul(y, w)), (gan_tensor *[]){y, x}, 2, NULL, f);
    }
}

static void test_own_gradient__seeds_are_left_alone(void **state) {
    gan_ctx *ctx = *state;
    begin(ctx);
    for (int f = 0; f < COUNT_OF(functions); f++) {
        gan_tensor *x = gan_randn(ctx, shape()), *seed = gan_randn(ctx, shape()), *copy = gan_from(ctx, shape(), gan_data(seed));
        compare(functions[f](x), &x, 1, seed, f);
        assert_memory_equal(gan_data(seed), gan_data(copy), (size_t)gan_count(seed) * sizeof(gan_real));
    }
}

/* A sum gives the same gradient to both of its terms. */
static void test_own_gradient__what_others_still_need_is_left_alone(void **state) {
    gan_ctx *ctx = *state;
    begin(ctx);
    for (int f = 0; f < COUNT_OF(functions); f++)
        for (int g = 0; g < COUNT_OF(functions); g++) {
            gan_tensor *x = gan_randn(ctx, shape()), *z = gan_randn(ctx, shape()), *w = gan_randn(ctx, shape());
            gan_tensor *y = gan_add(gan_add(functions[f](x), functions[g](z)), x);
            compare(gan_sum(gan_mul(y, w)), (gan_tensor *[]){x, z}, 2, NULL, f);
        }
}

/* Each of a chain of activations writes where the one behind it wrote: none asks for memory. */
static void test_own_gradient__is_overwritten_along_a_chain(void **state) {
    gan_ctx *ctx = *state;
    int64_t requests[2];
    for (int i = 0; i < 2; i++) {
        gan_tensor *x = gan_randn(ctx, shape()), *y = x;
        for (int k = 0; k < (i ? 8 : 1); k++) y = gan_leaky_relu(y, .2);
        gan_tensor *loss = gan_sum(gan_mul(y, y));
        int64_t before = gan_ctx_memory(ctx).requests;
        gan_grad(loss, x, (gan_grad_opts){0});
        requests[i] = gan_ctx_memory(ctx).requests - before;
    }
    check_ok(ctx);
    assert_int_equal(requests[1], requests[0]);
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
        TEST(test_own_gradient__results_are_left_alone),
        TEST(test_own_gradient__seeds_are_left_alone),
        TEST(test_own_gradient__what_others_still_need_is_left_alone),
        TEST(test_own_gradient__is_overwritten_along_a_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
