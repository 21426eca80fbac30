#include "cmocka_gan.h"

#include "small_ops.h"
#include "tensor/tensor_impl.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_release(gan_scalar(ctx, 0)); /* the first slab is there */
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static size_t in_use(void) { return gan_ctx_memory(ctx).in_use; }

static gan_tensor *large(void) { return gan_ones(ctx, gan_shape1(10000)); }

static void test_scope__releases_what_was_made_in_it(void **state) {
    (void)state;
    gan_tensor *outside = large();
    size_t before = in_use();
    gan_scope_begin(ctx);
    gan_tensor *inside = t_mul(outside, outside);
    assert_false(gan_is_nil(inside));
    gan_scope_end(ctx);
    assert_true(gan_is_nil(inside));
    assert_false(gan_is_nil(outside));
    gan_grad(t_sum(outside), inside, (gan_grad_opts){0});
    check_failed(ctx, GAN_E_RELEASED, "t_mul");
    assert_true(in_use() <= before + 4096); /* nodes: the outer tensor is a leaf now */
}

static void test_scopes__nest(void **state) {
    (void)state;
    size_t before = in_use();
    gan_scope_begin(ctx);
    gan_tensor *a = large();
    size_t one = in_use();
    for (int i = 0; i < 3; i++) {
        gan_scope_begin(ctx);
        gan_tensor *b = large();
        gan_scope_begin(ctx);
        gan_tensor *c = large();
        gan_scope_end(ctx);
        assert_true(gan_is_nil(c) && !gan_is_nil(b));
        gan_scope_end(ctx);
        assert_true(gan_is_nil(b) && !gan_is_nil(a));
        assert_int_equal(in_use(), one);
    }
    gan_scope_end(ctx);
    assert_true(gan_is_nil(a));
    assert_int_equal(in_use(), before);
    check_ok(ctx);
}

static void test_scope_return__moves_one_scope_out_with_the_graph(void **state) {
    (void)state;
    gan_scope_begin(ctx);
    gan_tensor *x = gan_full(ctx, gan_shape1(3), 2);
    gan_scope_begin(ctx);
    gan_tensor *y = gan_scope_return(t_sum(t_mul(x, x)));
    gan_scope_end(ctx);
    assert_true(gan_item(y) == 12);
    assert_true(gan_data(gan_grad(y, x, (gan_grad_opts){0}))[2] == 4);
    gan_scope_begin(ctx);
    assert_ptr_equal(gan_scope_return(y), y); /* of an outer scope already: stays there */
    gan_scope_end(ctx);
    assert_false(gan_is_nil(y));
    gan_scope_end(ctx);
    assert_true(gan_is_nil(y));
    gan_tensor *z = gan_scope_return(gan_scalar(ctx, 1)); /* outside of all scopes */
    assert_false(gan_is_nil(z));
    check_ok(ctx);
}

static void test_keep__outlives_all_scopes_without_history(void **state) {
    (void)state;
    size_t before = in_use();
    gan_scope_begin(ctx);
    gan_scope_begin(ctx);
    gan_tensor *x = large(), *y = t_exp(x), *kept = gan_keep(y);
    assert_ptr_equal(gan_data(kept), gan_data(y));
    assert_true(gan_is_nil(gan_grad(t_sum(kept), x, (gan_grad_opts){0})));
    check_failed(ctx, GAN_E_GRAPH, "does not depend on gan_ones");
    gan_scope_end(ctx);
    gan_scope_end(ctx);
    check_close(gan_data(kept)[9999], exp(1), 1e-6);
    assert_true(in_use() >= before + 10000 * sizeof(gan_real));
    gan_release(kept);
    assert_int_equal(in_use(), before);
    gan_scope_begin(ctx);
    assert_true(gan_is_nil(kept));
    gan_scope_end(ctx);
}

static void test_release__frees_storage_with_its_last_user(void **state) {
    (void)state;
    const size_t size = 10000 * sizeof(gan_real);
    size_t before = in_use();
    gan_tensor *x = large();
    gan_tensor *second = gan_detach(x);
    assert_true(in_use() < before + 2 * size);
    gan_release(x);
    assert_true(in_use() >= before + size);
    assert_true(gan_data(second)[9999] == 1);
    gan_release(second);
    assert_int_equal(in_use(), before);
}

/* A node holds the values that its vjp needs, and no others. */
static void test_release__leaves_what_the_graph_saved(void **state) {
    (void)state;
    const size_t size = 10000 * sizeof(gan_real), slack = size / 2;
    size_t before = in_use();
    gan_tensor *x = large();
    gan_tensor *a = t_scale(x, 3); /* saved by the product */
    gan_tensor *b = t_mul(a, a);   /* saved by nobody: t_sum needs the shape alone */
    gan_tensor *y = t_sum(b);
    gan_release(a);
    gan_release(b);
    assert_true(in_use() >= before + 2 * size && in_use() < before + 2 * size + slack);
    assert_true(gan_data(gan_grad(y, x, (gan_grad_opts){0}))[5] == 18);
    gan_release(y);
    assert_true(in_use() < before + 2 * size + slack); /* x and its gradient */
    check_ok(ctx);
}

static void test_no_record__leaves_no_graph(void **state) {
    (void)state;
    gan_tensor *x = large();
    gan_no_record_begin(ctx);
    gan_no_record_begin(ctx);
    gan_no_record_end(ctx);
    size_t before = in_use();
    gan_tensor *y = t_sum(t_mul(x, x));
    gan_release(y);
    assert_true(in_use() < before + 2 * 10000 * sizeof(gan_real));
    y = t_sum(t_mul(x, x));
    gan_no_record_end(ctx);
    assert_true(gan_is_nil(gan_grad(y, x, (gan_grad_opts){0})));
    check_failed(ctx, GAN_E_GRAPH, "does not depend");
    assert_true(gan_item(gan_grad(y, y, (gan_grad_opts){0})) == 1);
    check_ok(ctx);
    gan_no_record_end(ctx);
    check_failed(ctx, GAN_E_STATE, "without gan_no_record_begin");
}

static void test_scopes__out_of_balance_are_errors(void **state) {
    (void)state;
    gan_scope_end(ctx);
    check_failed(ctx, GAN_E_STATE, "no scope is open");
    size_t before = in_use();
    for (int i = 0; i < 64; i++) gan_scope_begin(ctx);
    check_ok(ctx);
    gan_scope_begin(ctx);
    check_failed(ctx, GAN_E_STATE, "more than 64 scopes");
    gan_tensor *t = large();
    assert_false(gan_is_nil(t));
    for (int i = 0; i < 65; i++) gan_scope_end(ctx);
    check_ok(ctx);
    assert_true(gan_is_nil(t));
    assert_int_equal(in_use(), before);
}

/* Whoever clears the error of too many scopes, and goes on in them, meets it again. */
static void test_scopes__beyond_the_last_stay_an_error(void **state) {
    (void)state;
    size_t before = in_use();
    for (int i = 0; i < 70; i++) gan_scope_begin(ctx);
    check_failed(ctx, GAN_E_STATE, "more than 64 scopes");
    gan_tensor *x = large(), *y = gan_scope_return(gan_detach(x));
    gan__move_to_scope(y, 70);
    check_ok(ctx);
    assert_true(gan_is_nil(gan_grad(t_sum(x), x, (gan_grad_opts){0})));
    check_failed(ctx, GAN_E_STATE, "more than 64 scopes");
    for (int i = 0; i < 70; i++) gan_scope_end(ctx);
    check_ok(ctx);
    assert_true(gan_is_nil(x) && gan_is_nil(y));
    assert_int_equal(in_use(), before);
}

static void test_scopes__balance_in_a_failed_context(void **state) {
    (void)state;
    size_t before = in_use();
    gan_scope_begin(ctx);
    large();
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    gan_scope_begin(ctx);
    gan_scope_end(ctx);
    gan_scope_end(ctx);
    assert_int_equal(in_use(), before);
    check_failed(ctx, GAN_E_ARG, "planted");
}

static void test_context__frees_tensors_of_open_scopes(void **state) {
    (void)state;
    gan_ctx *c = gan_ctx_new((gan_ctx_opts){.threads = 1}); /* the leak checker and the allocator's account tell */
    gan_tensor *x = gan_ones(c, gan_shape1(100));
    gan_scope_begin(c);
    gan_tensor *y = t_sum(t_exp(x));
    gan_name(y, "y");
    gan_keep(y);
    gan_grad(y, x, (gan_grad_opts){.create_graph = true});
    check_ok(c);
    gan_ctx_free(c);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_scope__releases_what_was_made_in_it),
        TEST(test_scopes__nest),
        TEST(test_scope_return__moves_one_scope_out_with_the_graph),
        TEST(test_keep__outlives_all_scopes_without_history),
        TEST(test_release__frees_storage_with_its_last_user),
        TEST(test_release__leaves_what_the_graph_saved),
        TEST(test_no_record__leaves_no_graph),
        TEST(test_scopes__out_of_balance_are_errors),
        TEST(test_scopes__beyond_the_last_stay_an_error),
        TEST(test_scopes__balance_in_a_failed_context),
        TEST(test_context__frees_tensors_of_open_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
