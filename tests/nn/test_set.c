/* Runs on other values than a module's own, and what failures leave behind. */
#include "cmocka_gan.h"
#include "tensor/tensor_impl.h"

static gan_ctx *ctx;

static int setup(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    return 0;
}

static int teardown(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static gan_module *make_net(void) {
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_linear_layer(ctx, 2, 3, (gan_linear_opts){0}));
    gan_sequential_add(s, gan_batch_norm_layer(ctx, 3, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_tanh_layer(ctx));
    gan_sequential_add(s, gan_batch_norm_layer(ctx, 3, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_linear_layer(ctx, 3, 1, (gan_linear_opts){0}));
    return s;
}

static int index_of(const gan_module *m, const char *name) {
    return (int)(gan_module_find(m, name) - gan_module_param(m, 0));
}

static gan_tensor *of(const gan_module *m, const char *name) { return gan_module_find(m, name)->tensor; }

static bool same(const gan_tensor *a, const gan_tensor *b) {
    return gan_count(a) == gan_count(b) && !memcmp(gan_data(a), gan_data(b), (size_t)gan_count(a) * sizeof(gan_real));
}

static bool module_is(const gan_module *m, const gan_set *values) {
    bool all = true;
    for (int i = 0; i < gan_set_count(values); i++) all &= same(gan_module_param(m, i)->tensor, gan_set_get(values, i));
    return all;
}

static void test_set__a_call_writes_buffers_into_the_set_only(void **state) {
    (void)state;
    gan_module *m = make_net();
    gan_set *before = gan_set_of(m), *set = gan_set_of(m);
    gan_tensor *x = gan_randn(ctx, gan_shape2(6, 2));
    gan_tensor *y1 = gan_forward_with(m, set, x);
    gan_forward_with(m, set, x);
    check_ok(ctx);
    assert_true(module_is(m, before));
    gan_tensor *y2 = gan_forward(m, x);
    assert_true(same(y1, y2));
    gan_forward(m, x);
    assert_true(module_is(m, set)); /* both have seen the same two batches */
    assert_false(module_is(m, before));
    check_close(gan_item(gan_set_get(set, index_of(m, "1.num_batches_tracked"))), 2, 0);
}

static void test_set__evaluation_leaves_the_set_alone(void **state) {
    (void)state;
    gan_module *m = make_net();
    gan_set *set = gan_set_of(m), *before = gan_set_of(m);
    gan_module_train(m, false);
    gan_forward_with(m, set, gan_randn(ctx, gan_shape2(6, 2)));
    check_ok(ctx);
    for (int i = 0; i < gan_set_count(set); i++) assert_true(same(gan_set_get(set, i), gan_set_get(before, i)));
}

/* One step of gradient descent, differentiated through: d/dw f(w - r*df/dw) for f(w) = (w*x)^2 is
 * 2x^2 w (1 - 2rx^2)^2. */
static void test_set__graph_tensors_can_be_differentiated_through(void **state) {
    (void)state;
    gan_module *m = gan_linear_layer(ctx, 1, 1, (gan_linear_opts){.no_bias = true});
    gan_tensor *w = of(m, "weight");
    gan_assign(w, (gan_real[]){3}, 1);
    gan_set *set = gan_set_of(m);
    const double x = 2, rate = 0.05;
    gan_scope_begin(ctx);
    gan_tensor *input = gan_full(ctx, gan_shape2(1, 1), x);
    gan_tensor *loss = gan_sum(gan_square(gan_forward(m, input)));
    gan_tensor *g = gan_grad(loss, w, (gan_grad_opts){.create_graph = true});
    gan_set_put(set, 0, gan_sub(w, gan_scale(g, rate)));
    gan_scope_end(ctx); /* the set keeps the graph */
    gan_scope_begin(ctx);
    gan_tensor *again = gan_full(ctx, gan_shape2(1, 1), x);
    gan_tensor *after = gan_sum(gan_square(gan_forward_with(m, set, again)));
    check_close(gan_item(after), pow(3 * (1 - 2 * rate * x * x) * x, 2), 1e-4);
    gan_tensor *through = gan_grad(after, w, (gan_grad_opts){0});
    check_ok(ctx);
    check_close(gan_item(through), 2 * x * x * 3 * pow(1 - 2 * rate * x * x, 2), 1e-4);
    check_close(gan_item(w), 3, 0);
    gan_scope_end(ctx);
}

static void test_set__its_tensors_and_those_put_in_are_variables(void **state) {
    (void)state;
    gan_module *m = gan_linear_layer(ctx, 2, 1, (gan_linear_opts){0});
    gan_set *set = gan_set_of(m);
    gan_tensor *x = gan_from(ctx, gan_shape2(1, 2), (gan_real[]){5, 7}), *mine = gan_ones(ctx, gan_shape2(1, 2));
    gan_tensor *g = gan_grad(gan_forward_with(m, set, x), gan_set_get(set, 0), (gan_grad_opts){0});
    check_ok(ctx);
    check_close(gan_data(g)[1], 7, 0);
    gan_set_put(set, 0, mine);
    g = gan_grad(gan_forward_with(m, set, x), mine, (gan_grad_opts){0});
    check_ok(ctx);
    check_close(gan_data(g)[0], 5, 0);
    gan_grad(gan_forward_with(m, set, x), of(m, "weight"), (gan_grad_opts){0});
    check_failed(ctx, GAN_E_GRAPH, "weight");
}

static void test_set__is_a_copy_that_outlives_changes_of_the_module(void **state) {
    (void)state;
    gan_module *m = gan_linear_layer(ctx, 1, 1, (gan_linear_opts){.no_bias = true});
    gan_tensor *w = of(m, "weight"), *x = gan_ones(ctx, gan_shape2(1, 1));
    gan_assign(w, (gan_real[]){3}, 1);
    gan_set *set = gan_set_of(m);
    gan_tensor *y = gan_forward_with(m, set, x);
    gan_assign(w, (gan_real[]){4}, 1);
    check_close(gan_item(gan_grad(y, x, (gan_grad_opts){0})), 3, 0); /* not stale */
    check_close(gan_item(gan_forward(m, x)), 4, 0);
    gan_set_store(set, m);
    check_close(gan_item(gan_forward(m, x)), 3, 0);
    gan_module_free(m);
    check_close(gan_item(gan_set_get(set, 0)), 3, 0);
    check_ok(ctx);
}

static void test_set__refuses_what_does_not_fit(void **state) {
    (void)state;
    gan_module *a = gan_linear_layer(ctx, 2, 1, (gan_linear_opts){0}), *b = gan_linear_layer(ctx, 3, 1, (gan_linear_opts){0});
    gan_module *c = gan_linear_layer(ctx, 2, 1, (gan_linear_opts){.no_bias = true});
    gan_set *set = gan_set_of(a);
    gan_tensor *x = gan_ones(ctx, gan_shape2(1, 2));
    gan_forward_with(b, set, x);
    check_failed(ctx, GAN_E_SHAPE, "\"weight\" has [1, 3]");
    gan_forward_with(c, set, x);
    check_failed(ctx, GAN_E_ARG, "the set has 2 tensors, the module 1");
    gan_set_store(set, c);
    check_failed(ctx, GAN_E_ARG, "gan_set_store");
    gan_set_put(set, 0, x);
    check_ok(ctx);
    gan_set_put(set, 1, x);
    check_failed(ctx, GAN_E_SHAPE, "gan_set_put");
    gan_set_put(set, 2, x);
    check_failed(ctx, GAN_E_ARG, "no tensor 2 of 2");
    assert_true(gan_is_nil(gan_set_get(set, -1)));
    check_failed(ctx, GAN_E_ARG, "no tensor -1 of 2");
}

/* --- failures --------------------------------------------------------------------------------------------- */

/* Runs `run` with the n-th request failing, for n = 1, 2, ... until it gets through. After each failure memory is as before,
 * once the scope has ended, and so are the module and the set. */
static void fail_everywhere(gan_module *m, gan_set *set, void (*run)(gan_module *m, gan_set *set)) {
    gan_scope_begin(ctx);
    run(m, set); /* slabs, streams and lists are there from now on */
    gan_scope_end(ctx);
    check_ok(ctx);
    gan__commit(ctx); /* as the optimiser's step before this one would */
    gan_set *module_before = gan_set_of(m), *set_before = gan_set_of(m);
    for (int i = 0; i < gan_set_count(set); i++) {
        gan_tensor *t = gan_set_get(set, i);
        gan_assign(gan_set_get(set_before, i), gan_data(t), gan_count(t));
    }
    gan__commit(ctx);
    size_t before = gan_ctx_memory(ctx).in_use;
    bool failed = true;
    for (int n = 1; failed; n++) {
        gan_scope_begin(ctx);
        gan_ctx_fail_alloc(ctx, n);
        run(m, set);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        gan_scope_end(ctx);
        if (!failed) {
            assert_true(n > 5);
            break;
        }
        assert_int_equal(gan_ctx_status(ctx), GAN_E_MEMORY);
        gan_ctx_clear(ctx);
        assert_true(module_is(m, module_before));
        for (int i = 0; i < gan_set_count(set); i++) assert_true(same(gan_set_get(set, i), gan_set_get(set_before, i)));
        size_t after = gan_ctx_memory(ctx).in_use;
        if (after != before) fail_msg("request %d failed: %zu bytes are in use, not %zu", n, after, before);
    }
}

static gan_output call_all(gan_module *m, const gan_set *set) {
    static const char *const everything = "*";
    gan_tensor *x = gan_randn(ctx, gan_shape2(6, 2));
    return gan_module_call(m, (gan_input){.x = x}, (gan_call_opts){.set = set, .taps = &everything, .n_taps = 1});
}

static void run_own(gan_module *m, gan_set *set) {
    (void)set;
    gan_output out = call_all(m, NULL);
    if (gan_ctx_status(ctx) != GAN_OK) assert_true(gan_is_nil(out.y) && out.n_taps == 0);
}

static void run_set(gan_module *m, gan_set *set) {
    gan_output out = call_all(m, set);
    if (gan_ctx_status(ctx) != GAN_OK) assert_true(gan_is_nil(out.y) && out.n_taps == 0);
}

static void run_summary(gan_module *m, gan_set *set) {
    (void)set;
    free(gan_module_summary(m, gan_shape2(4, 2)));
}

static void test_call__a_failed_allocation_changes_nothing(void **state) {
    (void)state;
    gan_module *m = make_net();
    gan_set *set = gan_set_of(m);
    fail_everywhere(m, set, run_own);
}

static void test_call__a_failed_allocation_changes_nothing_on_a_set(void **state) {
    (void)state;
    gan_module *m = make_net();
    gan_set *set = gan_set_of(m);
    fail_everywhere(m, set, run_set);
}

static void test_summary__a_failed_allocation_changes_nothing(void **state) {
    (void)state;
    gan_module *m = make_net();
    gan_set *set = gan_set_of(m);
    fail_everywhere(m, set, run_summary);
    assert_true(gan_module_is_training(m) && gan_module_is_training(gan_module_child(m, "1")));
}

/* Modules and sets that cannot be made leave nothing behind. */
static void test_module__a_failed_allocation_while_making_one_leaks_nothing(void **state) {
    (void)state;
    gan_scope_begin(ctx);
    gan_module_free(make_net());
    size_t before = gan_ctx_memory(ctx).in_use;
    int n = 0;
    for (bool failed = true; failed;) {
        gan_ctx_fail_alloc(ctx, ++n);
        gan_module *layer = gan_batch_norm_layer(ctx, 3, (gan_norm_opts){0});
        failed = gan_ctx_status(ctx) != GAN_OK;
        assert_int_equal(gan_module_is_nil(layer), failed);
        gan_set *set = gan_set_of(layer);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        gan_set_free(set);
        gan_module_free(layer);
        gan_ctx_clear(ctx);
        assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    }
    assert_true(n > 20);
    gan_scope_end(ctx);
}

static void test_call__a_shape_error_half_way_changes_no_buffer(void **state) {
    (void)state;
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_batch_norm_layer(ctx, 3, (gan_norm_opts){0}));
    gan_sequential_add(m, gan_linear_layer(ctx, 4, 1, (gan_linear_opts){0}));
    gan_set *before = gan_set_of(m), *set = gan_set_of(m);
    gan_tensor *x = gan_randn(ctx, gan_shape2(6, 3));
    assert_true(gan_is_nil(gan_forward(m, x)));
    check_failed(ctx, GAN_E_SHAPE, "Linear \"1\"");
    assert_true(module_is(m, before));
    assert_true(gan_is_nil(gan_forward_with(m, set, x)));
    check_failed(ctx, GAN_E_SHAPE, "Linear \"1\"");
    assert_true(module_is(m, set));
    assert_true(gan_is_nil(gan_forward(m, x))); /* the module runs on its own values again */
    gan_ctx_clear(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set__a_call_writes_buffers_into_the_set_only),
        cmocka_unit_test(test_set__evaluation_leaves_the_set_alone),
        cmocka_unit_test(test_set__graph_tensors_can_be_differentiated_through),
        cmocka_unit_test(test_set__its_tensors_and_those_put_in_are_variables),
        cmocka_unit_test(test_set__is_a_copy_that_outlives_changes_of_the_module),
        cmocka_unit_test(test_set__refuses_what_does_not_fit),
        cmocka_unit_test(test_call__a_failed_allocation_changes_nothing),
        cmocka_unit_test(test_call__a_failed_allocation_changes_nothing_on_a_set),
        cmocka_unit_test(test_summary__a_failed_allocation_changes_nothing),
        cmocka_unit_test(test_module__a_failed_allocation_while_making_one_leaks_nothing),
        cmocka_unit_test(test_call__a_shape_error_half_way_changes_no_buffer),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
