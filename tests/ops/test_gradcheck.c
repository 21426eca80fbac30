/* gan_grad_check is itself checked with ops of the user's whose derivatives are wrong on purpose. */
#include "cmocka_gan.h"
#include "tensor/tensor_impl.h"

#ifdef GAN_DOUBLE
#define FINE 1e-7
#else
#define FINE 3e-2
#endif

/* y = x^3 with a choice of vjps. */
static bool same_shape(const gan_op_call *c, gan_shape *out) {
    *out = gan_shape_of(c->in[0]);
    return true;
}

static void cube(gan_op_call *c) {
    const gan_real *x = gan_data(c->in[0]);
    gan_real *y = gan_op_write(c->out);
    for (int64_t i = 0; i < gan_count(c->out); i++) y[i] = x[i] * x[i] * x[i];
}

static void right(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_mul(g, gan_scale(gan_square(c->in[0]), 3));
}

static void twice(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_mul(g, gan_scale(gan_square(c->in[0]), 6));
}

/* The value is right, but history ends: no second derivative. */
static void cut(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_mul(g, gan_scale(gan_square(gan_detach(c->in[0])), 3));
}

static void absent(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { (void)c, (void)g, (void)grads; }

/* Right but for one entry. */
static void one_entry(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_shape shape = gan_shape_of(c->in[0]);
    gan_real mask[64] = {0};
    mask[gan_shape_count(shape) - 1] = 5;
    gan_tensor *y = gan_mul(g, gan_scale(gan_square(c->in[0]), 3));
    grads[0] = gan_add(y, gan_from(c->ctx, shape, mask));
}

#define CUBE(fn) {.name = "test_cube_" #fn, .n_in = 1, .save = GAN_SAVE_IN(0), .shape = same_shape, .forward = cube, .vjp = fn}
static const gan_op op_right = CUBE(right), op_twice = CUBE(twice), op_cut = CUBE(cut), op_absent = CUBE(absent),
                    op_one_entry = CUBE(one_entry);

static gan_tensor *apply(void *user, gan_tensor *const *x, int n) { return gan_apply(gan_ctx_of(x[0]), user, x, n, NULL); }

static double check(gan_ctx *ctx, const gan_op *op, int order) {
    gan_tensor *x = gan_randn(ctx, gan_shape2(3, 4));
    return gan_grad_check(apply, (void *)op, &x, 1, (gan_check_opts){.order = order});
}

static void test_grad_check__passes_what_is_right(void **state) {
    gan_ctx *ctx = *state;
    assert_true(check(ctx, &op_right, 1) < FINE);
    assert_true(check(ctx, &op_right, 2) < FINE);
    check_ok(ctx);
}

static void test_grad_check__sees_a_wrong_vjp(void **state) {
    gan_ctx *ctx = *state;
    assert_true(check(ctx, &op_twice, 1) > 0.05);
    assert_true(check(ctx, &op_absent, 1) > 0.05);
    assert_true(check(ctx, &op_one_entry, 1) > 0.05);
    check_ok(ctx);
}

static void test_grad_check__sees_a_vjp_that_is_wrong_at_second_order_only(void **state) {
    gan_ctx *ctx = *state;
    assert_true(check(ctx, &op_cut, 1) < FINE);
    assert_true(check(ctx, &op_cut, 2) > 0.05);
    check_ok(ctx);
}

static gan_tensor *product_of_three(void *user, gan_tensor *const *x, int n) {
    (void)user, (void)n;
    return gan_sum(gan_mul(x[0], gan_mul(x[1], gan_apply(gan_ctx_of(x[2]), &op_twice, x + 2, 1, NULL))));
}

static gan_tensor *with_constant(void *user, gan_tensor *const *x, int n) {
    (void)n;
    gan_tensor *all[] = {x[0], x[1], user};
    return product_of_three(NULL, all, 3);
}

static void test_grad_check__looks_at_every_variable_and_at_no_constant(void **state) {
    gan_ctx *ctx = *state;
    gan_tensor *x[3];
    for (int i = 0; i < 3; i++) x[i] = gan_rand(ctx, gan_shape1(5));
    assert_true(gan_grad_check(with_constant, x[2], x, 2, (gan_check_opts){.order = 2}) < FINE);
    assert_true(gan_grad_check(product_of_three, NULL, x, 3, (gan_check_opts){0}) > 0.01);
    check_ok(ctx);
}

static gan_tensor *constant(void *user, gan_tensor *const *x, int n) {
    (void)user, (void)n;
    return gan_scalar(gan_ctx_of(x[0]), 3);
}

static void test_grad_check__finds_nothing_wrong_with_a_constant(void **state) {
    gan_ctx *ctx = *state;
    gan_tensor *x = gan_ones(ctx, gan_shape1(3));
    assert_true(gan_grad_check(constant, NULL, &x, 1, (gan_check_opts){.order = 2}) == 0);
    check_ok(ctx);
}

static gan_tensor *failing(void *user, gan_tensor *const *x, int n) {
    (void)user, (void)n;
    return gan_add(x[0], gan_zeros(gan_ctx_of(x[0]), gan_shape1(2)));
}

static gan_tensor *not_a_number(void *user, gan_tensor *const *x, int n) {
    (void)user, (void)n;
    return gan_log(gan_neg(gan_square(x[0])));
}

static void test_grad_check__is_infinite_when_something_failed(void **state) {
    gan_ctx *ctx = *state;
    gan_tensor *x = gan_ones(ctx, gan_shape1(3));
    assert_true(isinf(gan_grad_check(failing, NULL, &x, 1, (gan_check_opts){0})));
    check_failed(ctx, GAN_E_SHAPE, "gan_add");
    assert_true(isinf(gan_grad_check(not_a_number, NULL, &x, 1, (gan_check_opts){0})));
    check_ok(ctx);
    assert_true(isinf(gan_grad_check(constant, NULL, &x, 1, (gan_check_opts){.order = 3})));
    check_failed(ctx, GAN_E_ARG, "order");
    gan_tensor *nil = gan__nil(ctx);
    assert_true(isinf(gan_grad_check(constant, NULL, &nil, 1, (gan_check_opts){0})));
    assert_true(isinf(gan_grad_check(constant, NULL, NULL, 0, (gan_check_opts){0})));
    check_ok(ctx);
}

static void test_grad_check__works_where_recording_is_off(void **state) {
    gan_ctx *ctx = *state;
    gan_no_record_begin(ctx);
    assert_true(check(ctx, &op_right, 2) < FINE);
    assert_true(check(ctx, &op_twice, 1) > 0.05);
    assert_null(gan_square(gan_ones(ctx, gan_shape1(2)))->node);
    gan_no_record_end(ctx);
    check_ok(ctx);
}

static int setup(void **state) {
    *state = gan_ctx_new((gan_ctx_opts){.seed = 8, .threads = 1});
    gan_scope_begin(*state);
    return 0;
}

static int teardown(void **state) {
    gan_ctx_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_grad_check__passes_what_is_right),
        TEST(test_grad_check__sees_a_wrong_vjp),
        TEST(test_grad_check__sees_a_vjp_that_is_wrong_at_second_order_only),
        TEST(test_grad_check__looks_at_every_variable_and_at_no_constant),
        TEST(test_grad_check__finds_nothing_wrong_with_a_constant),
        TEST(test_grad_check__is_infinite_when_something_failed),
        TEST(test_grad_check__works_where_recording_is_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
