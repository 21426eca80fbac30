#include "cmocka_gan.h"

#include <gan/ops.h>

#include "small_ops.h"
#include "tensor/tensor_impl.h"

enum { SIZE = 4096 }; /* numbers: more than all that a graph needs beside them */

static gan_ctx *ctx;
static int runs; /* of op_again's forward */

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    runs = 0;
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

/* y = a * b, as often as anyone asks */
static void again_forward(gan_op_call *c) {
    runs++;
    mul_forward(c);
}
static const gan_op op_again = {.name = "t_again", .n_in = 2, .save = GAN_SAVE_ALL_IN, .again = true,
                                .shape = same_shape, .forward = again_forward, .vjp = mul_vjp};
static gan_tensor *again(gan_tensor *a, gan_tensor *b) { return gan_apply(ctx, &op_again, (gan_tensor *[]){a, b}, 2, NULL); }

static double at(const gan_tensor *t, int i) { return gan_is_nil(t) ? NAN : (double)gan_data(t)[i]; }
static gan_tensor *filled(double value) { return gan_full(ctx, gan_shape1(SIZE), value); }

static const gan_grad_opts plain = {0}, create = {.create_graph = true};

static void test_again__a_saved_output_takes_no_memory_and_is_made_for_the_vjp(void **state) {
    (void)state;
    gan_tensor *a = filled(3), *b = filled(5), *w = filled(7);
    size_t before = gan_ctx_memory(ctx).in_use;
    gan_tensor *y = again(a, b), *loss = t_sum(t_mul(y, w));
    gan_release(y);
    assert_true(gan_ctx_memory(ctx).in_use < before + (SIZE + SIZE / 2) * sizeof(gan_real)); /* of two products but one is kept */
    assert_int_equal(runs, 1);
    assert_true(at(gan_grad(loss, w, plain), SIZE - 1) == 15);
    assert_int_equal(runs, 2);
    check_ok(ctx);
}

static void test_again__nothing_is_made_that_no_vjp_asks_for(void **state) {
    (void)state;
    gan_tensor *a = filled(3), *b = filled(5), *w = filled(7);
    gan_tensor *loss = t_sum(t_mul(again(a, b), w));
    assert_true(at(gan_grad(loss, a, plain), 0) == 35);
    assert_int_equal(runs, 1);
    check_ok(ctx);
}

static void test_again__outputs_of_such_ops_make_each_other(void **state) {
    (void)state;
    gan_tensor *a = filled(3), *b = filled(5), *w = filled(7), *v = filled(2);
    gan_tensor *loss = t_sum(t_mul(again(again(a, b), v), w));
    assert_true(at(gan_grad(loss, w, plain), 0) == 30);
    assert_int_equal(runs, 4);
    assert_true(at(gan_grad(loss, v, plain), 0) == 105);
    check_ok(ctx);
}

/* d/dw (sum (a b w)^2 / 2) = a^2 b^2 w; its sum's derivative by a is 2 a b^2 w. */
static void test_again__second_derivatives_pass_through(void **state) {
    (void)state;
    gan_tensor *a = filled(3), *b = filled(5), *w = filled(7);
    gan_tensor *z = t_mul(again(a, b), w), *loss = t_scale(t_sum(t_mul(z, z)), 0.5);
    gan_tensor *first = gan_grad(loss, w, create);
    assert_true(at(first, 0) == 9 * 25 * 7);
    assert_true(at(gan_grad(t_sum(first), a, plain), 0) == 2 * 3 * 25 * 7);
    check_ok(ctx);
}

static void test_again__what_it_is_made_of_must_not_have_changed(void **state) {
    (void)state;
    gan_tensor *a = filled(3), *b = filled(5), *w = filled(7);
    gan_name(b, "gamma");
    gan_tensor *loss = t_sum(t_mul(again(a, b), w)), *fresh = filled(1);
    gan_assign(b, gan_data(fresh), SIZE);
    gan_grad(loss, w, plain);
    check_failed(ctx, GAN_E_STALE, "t_again: \"gamma\", an input of t_again, was overwritten");
}

static void test_again__every_failed_request_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    gan_tensor *a = filled(3), *b = filled(5), *w = filled(7);
    int failures = 0;
    for (bool ok = false; !ok; failures += !ok) {
        gan_scope_begin(ctx);
        gan_tensor *loss = t_sum(t_mul(again(a, b), w));
        size_t in_use = gan_ctx_memory(ctx).in_use;
        gan_ctx_fail_alloc(ctx, failures + 1);
        gan_tensor *g = gan_grad(loss, w, plain);
        gan_ctx_fail_alloc(ctx, 0);
        ok = at(g, 0) == 15;
        assert_int_equal(gan_ctx_status(ctx), ok ? GAN_OK : GAN_E_MEMORY);
        gan_release(g);
        assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
        gan_ctx_clear(ctx);
        gan_scope_end(ctx);
    }
    assert_true(failures > 2);
}

/* A convolution of what a norm has made keeps the norm's input, not its output. */
static void test_again__norms_do_it(void **state) {
    (void)state;
    enum { C = 16, PIXELS = 64, X = PIXELS * C };
    gan_tensor *x = gan_randn(ctx, gan_shape4(1, 8, 8, C)), *w = gan_randn(ctx, gan_shape4(1, 1, C, 1));
    gan_tensor *gamma = gan_ones(ctx, gan_shape1(C)), *beta = gan_zeros(ctx, gan_shape1(C));
    size_t before = gan_ctx_memory(ctx).in_use;
    gan_tensor *y = gan_batch_norm_leaky(x, gamma, beta, 1e-5, .2, NULL), *seen = gan_detach(y);
    gan_tensor *loss = t_sum(gan_conv2d(y, w, gan_conv_square(1, 0)));
    gan_release(y);
    assert_true(gan_ctx_memory(ctx).in_use >= before + X * sizeof(gan_real)); /* by `seen` */
    double sums[C] = {0};
    for (int i = 0; i < X; i++) sums[i % C] += at(seen, i);
    gan_release(seen);
    assert_true(gan_ctx_memory(ctx).in_use < before + X * sizeof(gan_real));
    gan_tensor *g = gan_grad(loss, w, plain);
    for (int i = 0; i < C; i++) assert_true(fabs(at(g, i) - sums[i]) < 1e-4);
    check_ok(ctx);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_again__a_saved_output_takes_no_memory_and_is_made_for_the_vjp),
        TEST(test_again__nothing_is_made_that_no_vjp_asks_for),
        TEST(test_again__outputs_of_such_ops_make_each_other),
        TEST(test_again__second_derivatives_pass_through),
        TEST(test_again__what_it_is_made_of_must_not_have_changed),
        TEST(test_again__every_failed_request_is_reported_and_leaks_nothing),
        TEST(test_again__norms_do_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
