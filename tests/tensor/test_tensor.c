#include "cmocka_gan.h"

#include "small_ops.h"
#include "tensor/tensor_impl.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static gan_tensor *vector(int n, ...) {
    gan_real v[16];
    va_list args;
    va_start(args, n);
    for (int i = 0; i < n; i++) v[i] = (gan_real)va_arg(args, double);
    va_end(args);
    return gan_from(ctx, gan_shape1(n), v);
}

static void test_shape__counts_and_compares(void **state) {
    (void)state;
    assert_int_equal(gan_shape_count(gan_shape0()), 1);
    assert_int_equal(gan_shape_count(gan_shape3(2, 3, 4)), 24);
    assert_int_equal(gan_shape_count(gan_shape2(0, INT64_MAX)), 0);
    assert_int_equal(gan_shape_count(gan_shape3(INT64_MAX, INT64_MAX, 0)), 0);
    assert_true(gan_shape_count(gan_shape2(INT64_MAX, 2)) == INT64_MAX);
    assert_true(gan_shape_count(gan_shape5(65536, 65536, 65536, 65536, 65536)) == INT64_MAX);
    assert_true(gan_shape_equal(gan_shape2(1, 2), gan_shape2(1, 2)));
    assert_false(gan_shape_equal(gan_shape2(1, 2), gan_shape2(2, 1)));
    assert_false(gan_shape_equal(gan_shape1(1), gan_shape0()));
}

static void test_shape__text_fits(void **state) {
    (void)state;
    char text[GAN_SHAPE_TEXT];
    assert_string_equal(gan_shape_text(gan_shape4(64, 32, 32, 3), text), "[64, 32, 32, 3]");
    assert_string_equal(gan_shape_text(gan_shape0(), text), "[]");
    assert_string_equal(gan_shape_text((gan_shape){.ndim = -1}, text), "nil");
    const int64_t m = INT64_MIN;
    gan_shape_text(gan_shape5(m, m, m, m, m), text);
    assert_int_equal(text[strlen(text) - 1], ']');
    assert_string_equal(gan_shape_text((gan_shape){.ndim = 1000}, text), "one of 1000 dimensions");
}

static void test_tensor__holds_what_it_was_made_of(void **state) {
    (void)state;
    gan_real v[] = {1, 2, 3, 4, 5, 6};
    gan_tensor *t = gan_from(ctx, gan_shape2(2, 3), v);
    v[0] = 9;
    assert_int_equal(gan_count(t), 6);
    assert_true(gan_shape_equal(gan_shape_of(t), gan_shape2(2, 3)));
    for (int i = 0; i < 6; i++) assert_true(gan_data(t)[i] == (gan_real)(i + 1));
    assert_ptr_equal(gan_ctx_of(t), ctx);
    assert_int_equal((uintptr_t)gan_data(t) % 64, 0);
    gan_tensor *f = gan_full(ctx, gan_shape1(3), 0.5);
    for (int i = 0; i < 3; i++) assert_true(gan_data(f)[i] == (gan_real)0.5);
    assert_true(gan_item(gan_scalar(ctx, -2)) == -2);
    assert_true(gan_item(gan_ones(ctx, gan_shape3(1, 1, 1))) == 1);
    assert_true(gan_data(gan_zeros(ctx, gan_shape1(2)))[1] == 0);
    assert_int_equal(gan_count(gan_zeros(ctx, gan_shape2(0, 5))), 0);
    check_ok(ctx);
}

static void test_tensor__refuses_what_is_no_shape(void **state) {
    (void)state;
    assert_true(gan_is_nil(gan_zeros(ctx, (gan_shape){.ndim = 6})));
    check_failed(ctx, GAN_E_SHAPE, "gan_zeros: one of 6 dimensions is no shape");
    assert_true(gan_is_nil(gan_ones(ctx, gan_shape2(3, -1))));
    check_failed(ctx, GAN_E_SHAPE, "gan_ones: [3, -1] is no shape");
    assert_true(gan_is_nil(gan_randn(ctx, (gan_shape){.ndim = -1})));
    check_failed(ctx, GAN_E_SHAPE, "nil is no shape");
    gan_shape negative = gan_shape2(1, -4);
    gan_apply(ctx, &op_expand, (gan_tensor *[]){gan_scalar(ctx, 1)}, 1, &negative);
    check_failed(ctx, GAN_E_SHAPE, "t_expand: [1, -4] is no shape");
}

static void test_item__takes_one_element_only(void **state) {
    (void)state;
    assert_true(isnan(gan_item(gan_zeros(ctx, gan_shape1(2)))));
    check_failed(ctx, GAN_E_SHAPE, "[2]");
}

static void test_nil__passes_through_everything(void **state) {
    (void)state;
    gan_tensor *x = vector(2, 1.0, 2.0), *bad = gan_zeros(ctx, gan_shape1(-1));
    check_failed(ctx, GAN_E_SHAPE, "no shape");
    assert_true(gan_is_nil(bad));
    assert_true(gan_is_nil(t_mul(x, bad)));
    assert_true(gan_is_nil(t_mul(bad, x)));
    assert_true(gan_is_nil(t_sum(t_exp(bad))));
    assert_true(gan_is_nil(gan_detach(bad)));
    assert_true(gan_is_nil(gan_keep(bad)));
    assert_true(gan_is_nil(gan_scope_return(bad)));
    assert_null(gan_data(bad));
    assert_true(isnan(gan_item(bad)));
    assert_int_equal(gan_count(bad), 0);
    assert_int_equal(gan_shape_of(bad).ndim, -1);
    assert_ptr_equal(gan_ctx_of(bad), ctx);
    gan_assign(bad, (gan_real[]){1}, 1);
    gan_name(bad, "x");
    gan_release(bad);
    assert_true(gan_is_nil(gan_grad(bad, x, (gan_grad_opts){0})));
    assert_true(gan_is_nil(gan_grad(t_sum(x), bad, (gan_grad_opts){0})));
    assert_true(gan_is_nil(gan_grad(t_sum(x), bad, (gan_grad_opts){.allow_unused = true})));
    assert_true(gan_is_nil(gan_grad(x, x, (gan_grad_opts){.seed = bad})));
    check_ok(ctx); /* nobody failed: nil in, nil out */
}

static void test_failed_context__makes_only_nil(void **state) {
    (void)state;
    gan_tensor *x = vector(2, 1.0, 2.0), *y = t_sum(x);
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    assert_true(gan_is_nil(gan_zeros(ctx, gan_shape1(1))));
    assert_true(gan_is_nil(gan_randn(ctx, gan_shape1(1))));
    assert_true(gan_is_nil(t_mul(x, x)));
    assert_true(gan_is_nil(gan_apply(ctx, &op_total, NULL, 0, NULL)));
    assert_true(gan_is_nil(gan_detach(x)));
    assert_true(gan_is_nil(gan_grad(y, x, (gan_grad_opts){0})));
    gan_assign(x, (gan_real[]){7, 7}, 2);
    assert_null(gan__overwrite(x, true));
    assert_true(gan_data(x)[0] == 1); /* what there is can still be read */
    check_failed(ctx, GAN_E_ARG, "planted");
    assert_true(gan_item(gan_grad(t_sum(x), y, (gan_grad_opts){.allow_unused = true})) == 0);
    check_ok(ctx);
}

static void test_null__is_an_error_where_a_context_is_known(void **state) {
    (void)state;
    gan_tensor *x = vector(2, 1.0, 2.0);
    assert_true(gan_is_nil(t_mul(x, NULL)));
    check_failed(ctx, GAN_E_ARG, "t_mul: a tensor is NULL");
    assert_true(gan_is_nil(t_mul(NULL, x)));
    check_failed(ctx, GAN_E_ARG, "t_mul: a tensor is NULL");
    assert_true(gan_is_nil(gan_grad(x, NULL, (gan_grad_opts){0})));
    check_failed(ctx, GAN_E_ARG, "NULL");
    assert_true(gan_is_nil(t_exp(NULL)));
    assert_true(gan_is_nil(NULL));
    assert_true(isnan(gan_item(NULL)));
    gan_release(NULL);
    gan_name(NULL, "x");
    gan_assign(NULL, NULL, 0);
}

static void test_shapes__that_do_not_fit_are_named(void **state) {
    (void)state;
    assert_true(gan_is_nil(t_mul(gan_zeros(ctx, gan_shape1(2)), gan_zeros(ctx, gan_shape2(3, 4)))));
    check_failed(ctx, GAN_E_SHAPE, "t_mul: [2] and [3, 4]");
}

static bool shape_that_fails(const gan_op_call *c, gan_shape *out) {
    (void)out;
    gan_op_fail(c, GAN_E_ARG, "%d%s", 100, "%n");
    return false;
}

static void test_op_fail__takes_names_literally(void **state) {
    (void)state;
    const gan_op op = {.name = "50%s%n", .n_in = 0, .shape = shape_that_fails};
    gan_apply(ctx, &op, NULL, 0, NULL);
    check_failed(ctx, GAN_E_ARG, "50%s%n: 100%n");
}

static void test_apply__checks_the_number_of_inputs(void **state) {
    (void)state;
    gan_tensor *x = vector(1, 1.0);
    gan_apply(ctx, &op_mul, &x, 1, NULL);
    check_failed(ctx, GAN_E_ARG, "t_mul: takes 2 inputs, not 1");
}

static void test_apply__refuses_tensors_of_other_contexts(void **state) {
    (void)state;
    gan_ctx *other = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_tensor *x = vector(1, 1.0), *y = gan_ones(other, gan_shape1(1));
    assert_true(gan_is_nil(t_mul(x, y)));
    check_failed(ctx, GAN_E_ARG, "belongs to another context");
    check_ok(other);
    gan_ctx_free(other);
}

static void forward_that_fails(gan_op_call *c) { gan_op_fail(c, GAN_E_NONFINITE, "planted"); }

static void test_apply__leaves_nothing_of_a_failed_forward(void **state) {
    (void)state;
    const gan_op op = {.name = "t_bad", .n_in = 1, .shape = same_shape, .forward = forward_that_fails};
    gan_tensor *x = gan_zeros(ctx, gan_shape1(1000));
    size_t before = gan_ctx_memory(ctx).in_use;
    assert_true(gan_is_nil(gan_apply(ctx, &op, &x, 1, NULL)));
    check_failed(ctx, GAN_E_NONFINITE, "t_bad: planted");
    assert_int_equal(gan_ctx_memory(ctx).in_use, before);
}

static void test_assign__writes_over(void **state) {
    (void)state;
    gan_tensor *t = vector(2, 1.0, 2.0);
    gan_tensor *seen_before = gan_detach(t);
    gan_assign(t, (gan_real[]){3, 4}, 2);
    assert_true(gan_data(t)[0] == 3 && gan_data(t)[1] == 4);
    assert_true(gan_data(seen_before)[0] == 1); /* a tensor's value does not change behind its back */
    gan_assign(t, gan_data(t), 2);
    assert_true(gan_data(t)[0] == 3 && gan_data(t)[1] == 4);
    gan_assign(t, (gan_real[]){3}, 1);
    check_failed(ctx, GAN_E_SHAPE, "1 values for a tensor of shape [2]");
    gan_tensor *y = t_exp(t);
    gan_assign(y, (gan_real[]){3, 4}, 2);
    check_failed(ctx, GAN_E_STATE, "made by t_exp");
}

static void test_assign__is_a_step_of_its_own(void **state) {
    (void)state;
    gan_tensor *t = vector(2, 1.0, 2.0);
    gan_assign(t, (gan_real[]){3, 4}, 2);
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    gan_ctx_clear(ctx);
    assert_true(gan_data(t)[0] == 3 && gan_data(t)[1] == 4);
    gan__hold(ctx);
    gan_assign(t, (gan_real[]){5, 6}, 2);
    gan_tensor *between = gan_detach(t);
    gan_assign(t, (gan_real[]){7, 8}, 2);
    gan__unhold(ctx);
    assert_true(gan_data(between)[0] == 5 && gan_data(t)[0] == 7); /* the second write was not in place */
    gan_assign(t, (gan_real[]){3, 4}, 2);
    gan__hold(ctx); /* within somebody else's step it is undone with it */
    gan_assign(t, (gan_real[]){5, 6}, 2);
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    gan__unhold(ctx);
    gan_ctx_clear(ctx);
    assert_true(gan_data(t)[0] == 3 && gan_data(t)[1] == 4);
}

static void test_release__makes_later_use_an_error_with_a_name(void **state) {
    (void)state;
    gan_tensor *x = vector(2, 1.0, 2.0), *y = t_exp(x);
    gan_release(y);
    gan_release(y);
    assert_true(gan_is_nil(y));
    assert_true(gan_is_nil(t_mul(x, y)));
    check_failed(ctx, GAN_E_RELEASED, "t_mul: a tensor made by t_exp was used after it was released");
    assert_null(gan_data(y));
    check_failed(ctx, GAN_E_RELEASED, "gan_data: a tensor made by t_exp");
    assert_true(isnan(gan_item(y)));
    check_failed(ctx, GAN_E_RELEASED, "t_exp");
    gan_assign(y, (gan_real[]){1, 1}, 2);
    check_failed(ctx, GAN_E_RELEASED, "gan_assign");
    gan_keep(y);
    check_failed(ctx, GAN_E_RELEASED, "t_exp");
    gan_scope_return(y);
    check_failed(ctx, GAN_E_RELEASED, "gan_scope_return");
    gan_grad(y, x, (gan_grad_opts){0});
    check_failed(ctx, GAN_E_RELEASED, "gan_grad: a tensor made by t_exp");
    gan_grad(t_sum(x), y, (gan_grad_opts){0});
    check_failed(ctx, GAN_E_RELEASED, "gan_grad");
}

static void test_slots__are_reused_late_and_then_are(void **state) {
    (void)state;
    gan_tensor *first = gan_scalar(ctx, 1);
    gan_release(first);
    bool reused = false;
    int made = 0;
    for (; made < 20000 && !reused; made++) {
        gan_tensor *t = gan_scalar(ctx, 2);
        reused = t == first;
        gan_release(t);
    }
    assert_true(reused);
    assert_true(made > 4000);
    check_ok(ctx);
}

static void test_steady_loop__asks_nobody_for_memory(void **state) {
    (void)state;
    int64_t misses = 0;
    gan_tensor *x = vector(3, 0.1, 0.2, 0.3);
    for (int step = 0; step < 3000; step++) {
        gan_scope_begin(ctx);
        gan_tensor *y = t_sum(t_exp(t_mul(x, t_add(x, gan_randn(ctx, gan_shape1(3))))));
        gan_tensor *g = gan_grad(y, x, (gan_grad_opts){.create_graph = true});
        gan_assign(x, gan_data(gan_grad(t_sum(t_mul(g, g)), x, (gan_grad_opts){0})), 3);
        gan_assign(x, (gan_real[]){0.1f, 0.2f, 0.3f}, 3);
        gan_scope_end(ctx);
        if (step == 1000) misses = gan_ctx_memory(ctx).misses;
    }
    check_ok(ctx);
    assert_int_equal(gan_ctx_memory(ctx).misses, misses);
}

static void test_view__shares_storage(void **state) {
    (void)state;
    gan_tensor *x = vector(6, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    gan_tensor *v = t_view(x, gan_shape2(2, 3));
    assert_ptr_equal(gan_data(v), gan_data(x));
    gan_tensor *g = gan_grad(t_sum(t_mul(v, v)), x, (gan_grad_opts){0});
    assert_true(gan_shape_equal(gan_shape_of(g), gan_shape1(6)));
    for (int i = 0; i < 6; i++) check_close(gan_data(g)[i], 2 * (i + 1), 0);
    assert_true(gan_is_nil(t_view(x, gan_shape1(7))));
    check_failed(ctx, GAN_E_SHAPE, "t_view");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_shape__counts_and_compares),
        TEST(test_shape__text_fits),
        TEST(test_tensor__holds_what_it_was_made_of),
        TEST(test_tensor__refuses_what_is_no_shape),
        TEST(test_item__takes_one_element_only),
        TEST(test_nil__passes_through_everything),
        TEST(test_failed_context__makes_only_nil),
        TEST(test_null__is_an_error_where_a_context_is_known),
        TEST(test_shapes__that_do_not_fit_are_named),
        TEST(test_op_fail__takes_names_literally),
        TEST(test_apply__checks_the_number_of_inputs),
        TEST(test_apply__refuses_tensors_of_other_contexts),
        TEST(test_apply__leaves_nothing_of_a_failed_forward),
        TEST(test_assign__writes_over),
        TEST(test_assign__is_a_step_of_its_own),
        TEST(test_release__makes_later_use_an_error_with_a_name),
        TEST(test_slots__are_reused_late_and_then_are),
        TEST(test_steady_loop__asks_nobody_for_memory),
        TEST(test_view__shares_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
