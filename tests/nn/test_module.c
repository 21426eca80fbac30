/* The module tree: names, order, ownership; modes; modules of one's own. */
#include <stdio.h>

#include "cmocka_gan.h"

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

/* A module of the user's: y = x*scale, counts its runs, and has a second head. */
static gan_tensor *scaled_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    gan_tensor *label = gan_call_label(call);
    if (label) gan_call_aux(call, gan_scale(label, 10));
    gan_call_write(call, m, 1, gan_add_scalar(gan_call_param(call, m, 1), 1));
    return gan_mul(x, gan_call_param(call, m, 0));
}

static const gan_module_type scaled = {.name = "Scaled", .forward = scaled_forward, .data_bytes = 24};

static gan_module *make_scaled(double scale) {
    gan_module *m = gan_module_new(ctx, &scaled);
    gan_module_add_param(m, (gan_param){.name = "scale", .tensor = gan_full(ctx, gan_shape1(2), scale)});
    gan_module_add_param(m, (gan_param){.name = "runs", .tensor = gan_zeros(ctx, gan_shape0()), .buffer = true, .integer = true});
    return m;
}

/* The twin of `mixed` in tests/golden/make_nn.py, except for registration before joining, below. */
static gan_module *make_mixed(void) {
    gan_module *m = gan_module_new(ctx, &scaled);
    gan_module_add_child(m, "child", gan_batch_norm_layer(ctx, 2, (gan_norm_opts){0}));
    gan_module_add_param(m, (gan_param){.name = "seen", .tensor = gan_zeros(ctx, gan_shape1(3)), .buffer = true});
    gan_module_add_param(m, (gan_param){.name = "scale", .tensor = gan_zeros(ctx, gan_shape1(2))});
    gan_module *twin = gan_sequential(ctx), *inner = gan_sequential(ctx);
    gan_sequential_add(twin, gan_linear_layer(ctx, 2, 3, (gan_linear_opts){0}));
    gan_sequential_add(inner, gan_layer_norm_layer(ctx, gan_shape3(2, 3, 4), (gan_norm_opts){0}));
    gan_sequential_add(twin, inner);
    gan_sequential_add(inner, gan_embedding_layer(ctx, 3, 2, (gan_embedding_opts){0})); /* after joining: names reach up */
    return gan_module_add_child(m, "twin", twin), m;
}

static void check_names(const gan_module *m, const char *const *names, int n) {
    assert_int_equal(gan_module_param_count(m), n);
    for (int i = 0; i < n; i++) {
        assert_string_equal(gan_module_param(m, i)->name, names[i]);
        assert_ptr_equal(gan_module_find(m, names[i]), gan_module_param(m, i));
    }
}

static void test_module__lists_parameters_in_state_dict_order_below_the_asked_one(void **state) {
    (void)state;
    static const char *const all[] = {"scale",
                                      "seen",
                                      "child.weight",
                                      "child.bias",
                                      "child.running_mean",
                                      "child.running_var",
                                      "child.num_batches_tracked",
                                      "twin.0.weight",
                                      "twin.0.bias",
                                      "twin.1.0.weight",
                                      "twin.1.0.bias",
                                      "twin.1.1.weight"};
    static const char *const below[] = {"0.weight", "0.bias", "1.weight"};
    gan_module *m = make_mixed();
    check_ok(ctx);
    check_names(m, all, COUNT_OF(all));
    check_names(gan_module_child(m, "twin.1"), below, COUNT_OF(below));
    const gan_param *same = gan_module_find(gan_module_child(m, "twin"), "1.0.bias");
    assert_ptr_equal(same->tensor, gan_module_find(m, "twin.1.0.bias")->tensor);
    assert_null(gan_module_find(m, "twin.1.0.bia"));
    assert_null(gan_module_find(m, "0.weight"));
    assert_true(gan_module_find(m, "child.num_batches_tracked")->integer);
    assert_true(gan_module_find(m, "child.bias")->no_decay && !gan_module_find(m, "twin.0.weight")->no_decay);
}

static void test_module__finds_children_by_path(void **state) {
    (void)state;
    gan_module *m = make_mixed();
    assert_ptr_equal(gan_module_child(gan_module_child(m, "twin"), "1.1"), gan_module_child(m, "twin.1.1"));
    assert_false(gan_module_is_nil(gan_module_child(m, "twin.1.1")));
    static const char *const none[] = {"", "twi", "twin.", "twin.2", "twin.1.1.weight", "child.child", ".twin"};
    for (int i = 0; i < COUNT_OF(none); i++) {
        assert_true(gan_module_is_nil(gan_module_child(m, none[i])));
        check_ok(ctx);
    }
}

static void test_module__a_new_entry_appears_in_lists_that_were_read_before(void **state) {
    (void)state;
    gan_module *root = gan_sequential(ctx), *inner = gan_sequential_add(root, gan_sequential(ctx));
    assert_int_equal(gan_module_param_count(root), 0);
    assert_null(gan_module_find(root, "0.0.weight"));
    gan_sequential_add(inner, gan_linear_layer(ctx, 1, 1, (gan_linear_opts){0}));
    assert_non_null(gan_module_find(root, "0.0.weight"));
    gan_module_add_param(inner, (gan_param){.name = "late", .tensor = gan_ones(ctx, gan_shape0())});
    assert_non_null(gan_module_find(root, "0.late"));
    check_ok(ctx);
}

static void test_module__stale_errors_name_the_full_path(void **state) {
    (void)state;
    gan_module *linear = gan_linear_layer(ctx, 2, 1, (gan_linear_opts){0});
    gan_tensor *x = gan_ones(ctx, gan_shape2(1, 2)), *weight = gan_module_find(linear, "weight")->tensor;
    gan_tensor *y = gan_forward(linear, x); /* recorded under the old name */
    gan_module *root = gan_sequential(ctx);
    gan_module_add_child(root, "main", gan_sequential(ctx));
    gan_sequential_add(gan_module_child(root, "main"), linear);
    gan_assign(weight, (gan_real[]){1, 2}, 2);
    gan_grad(gan_sum(y), x, (gan_grad_opts){0});
    check_failed(ctx, GAN_E_STALE, "main.0.weight");
}

static void test_module__takes_its_own_copy_of_a_parameter(void **state) {
    (void)state;
    gan_tensor *t = gan_ones(ctx, gan_shape1(1));
    gan_module *m = gan_module_new(ctx, &scaled);
    assert_int_equal(gan_module_add_param(m, (gan_param){.name = "a", .tensor = t}), 0);
    assert_int_equal(gan_module_add_param(m, (gan_param){.name = "b", .tensor = t}), 1);
    gan_assign(t, (gan_real[]){7}, 1);
    gan_release(t);
    check_close(gan_item(gan_module_find(m, "a")->tensor), 1, 0);
    check_ok(ctx);
}

static void test_module__refuses_what_would_break_the_tree(void **state) {
    (void)state;
    gan_module *a = make_scaled(1), *b = make_scaled(1), *s = gan_sequential(ctx);
    gan_param p = {.name = "scale", .tensor = gan_ones(ctx, gan_shape0())};
    assert_int_equal(gan_module_add_param(a, p), -1);
    check_failed(ctx, GAN_E_ARG, "Scaled has a \"scale\" already");
    p.name = "";
    assert_int_equal(gan_module_add_param(a, p), -1);
    check_failed(ctx, GAN_E_ARG, "empty");
    p = (gan_param){.name = "none"};
    assert_int_equal(gan_module_add_param(a, p), -1);
    check_failed(ctx, GAN_E_ARG, "NULL");
    assert_ptr_equal(gan_module_add_child(a, "b", b), b);
    gan_module_add_child(s, "b", b);
    check_failed(ctx, GAN_E_ARG, "\"b\" belongs to a module already");
    gan_module_add_child(b, "a", a);
    check_failed(ctx, GAN_E_ARG, "contains the module");
    gan_module_add_child(a, "a", a);
    check_failed(ctx, GAN_E_ARG, "contains the module");
    gan_module_add_child(a, "b", s);
    check_failed(ctx, GAN_E_ARG, "\"b\" already");
    gan_sequential_add(a, s);
    check_failed(ctx, GAN_E_ARG, "a Scaled is not a Sequential");
    gan_module_free(b);
    check_failed(ctx, GAN_E_STATE, "\"b\" belongs to a module");
    gan_ctx *other = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_module_add_child(s, "x", gan_relu_layer(other));
    check_failed(ctx, GAN_E_ARG, "another context");
    gan_ctx_free(other);
    gan_module_param(a, 99);
    check_failed(ctx, GAN_E_ARG, "no parameter 99 of 4");
    gan_module_new(ctx, NULL);
    check_failed(ctx, GAN_E_ARG, "gan_module_new");
    assert_int_equal(gan_module_param_count(a), 4);
}

static void test_module__free_gives_everything_back(void **state) {
    (void)state;
    gan_module_free(make_mixed()); /* slabs of handles stay with the context */
    gan_scope_begin(ctx);
    size_t before = gan_ctx_memory(ctx).in_use;
    gan_scope_begin(ctx);
    gan_module *m = make_mixed();
    gan_module_param(m, 0);
    gan_module_param(gan_module_child(m, "twin"), 0);
    gan_scope_end(ctx);
    gan_module_free(m);
    assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    gan_scope_end(ctx);
    check_ok(ctx);
}

static void test_module__data_is_zeroed_and_its_own(void **state) {
    (void)state;
    gan_module *a = gan_module_new(ctx, &scaled), *b = gan_module_new(ctx, &scaled);
    const char zeros[24] = {0};
    assert_memory_equal(gan_module_data(a), zeros, 24);
    assert_ptr_not_equal(gan_module_data(a), gan_module_data(b));
}

static void test_module__nil_swallows_every_call(void **state) {
    (void)state;
    gan_ctx_fail(ctx, GAN_E_ARG, "the first error");
    gan_module *m = gan_sequential(ctx);
    assert_true(gan_module_is_nil(m));
    assert_ptr_equal(gan_module_ctx(m), ctx);
    gan_module *layer = gan_sequential_add(m, gan_relu_layer(ctx));
    assert_true(gan_module_is_nil(layer));
    assert_int_equal(gan_module_add_param(m, (gan_param){.name = "a"}), -1);
    assert_int_equal(gan_module_param_count(m), 0);
    assert_null(gan_module_find(m, "a"));
    assert_null(gan_module_data(m));
    assert_null(gan_module_summary(m, gan_shape1(1)));
    assert_false(gan_module_is_training(m));
    gan_module_train(m, true);
    gan_module_init(m, gan_init_he());
    gan_set *set = gan_set_of(m);
    assert_int_equal(gan_set_count(set), 0);
    assert_true(gan_is_nil(gan_set_get(set, 0)));
    gan_set_put(set, 0, NULL);
    gan_set_store(set, m);
    assert_true(gan_is_nil(gan_forward_with(m, set, NULL)));
    gan_set_free(set);
    gan_module_free(m);
    gan_module_free(NULL);
    assert_true(gan_module_is_nil(NULL));
    check_failed(ctx, GAN_E_ARG, "the first error");
}

/* --- running ---------------------------------------------------------------------------------------------- */

static void test_call__aux_label_and_buffers_of_a_module_of_ones_own(void **state) {
    (void)state;
    gan_module *m = make_scaled(3);
    gan_tensor *x = gan_ones(ctx, gan_shape1(2));
    gan_output out = gan_module_call(m, (gan_input){x, gan_full(ctx, gan_shape1(1), 4)}, (gan_call_opts){0});
    check_ok(ctx);
    check_close(gan_data(out.y)[0], 3, 0);
    check_close(gan_item(out.aux), 40, 0);
    assert_null(gan_module_call(m, (gan_input){.x = x}, (gan_call_opts){0}).aux);
    check_close(gan_item(gan_module_find(m, "runs")->tensor), 2, 0);
    gan_module_train(m, false);
    gan_forward(m, x);
    check_close(gan_item(gan_module_find(m, "runs")->tensor), 2, 0);
}

static void test_call__evaluation_mode_writes_nothing(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_linear_layer(ctx, 2, 3, (gan_linear_opts){0}));
    gan_sequential_add(s, gan_batch_norm_layer(ctx, 3, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_dropout_layer(ctx, 0.5));
    gan_tensor *x = gan_randn(ctx, gan_shape2(4, 2));
    gan_forward(s, x);
    gan_set *before = gan_set_of(s);
    gan_module_train(s, false);
    int64_t position = gan_stream_position(gan_stream_named(ctx, "module/2"));
    gan_tensor *a = gan_forward(s, x), *b = gan_forward(s, x);
    check_ok(ctx);
    assert_memory_equal(gan_data(a), gan_data(b), (size_t)gan_count(a) * sizeof(gan_real));
    assert_int_equal(gan_stream_position(gan_stream_named(ctx, "module/2")), position);
    for (int i = 0; i < gan_set_count(before); i++)
        assert_memory_equal(gan_data(gan_set_get(before, i)), gan_data(gan_module_param(s, i)->tensor),
                            (size_t)gan_count(gan_set_get(before, i)) * sizeof(gan_real));
}

static void test_call__an_output_that_is_its_input_has_a_handle_of_its_own(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx); /* no layers: the identity */
    gan_sequential_add(s, gan_dropout_layer(ctx, 0));
    gan_tensor *x = gan_ones(ctx, gan_shape1(3)), *y = gan_forward(s, x);
    assert_ptr_not_equal(x, y);
    gan_tensor *g = gan_grad(gan_sum(y), x, (gan_grad_opts){0}); /* yet the same variable */
    check_ok(ctx);
    check_close(gan_data(g)[2], 1, 0);
    gan_release(y);
    assert_false(gan_is_nil(x));
}

static void test_call__only_outputs_leave_its_scope(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx);
    for (int i = 0; i < 4; i++) gan_sequential_add(s, gan_linear_layer(ctx, 64, 64, (gan_linear_opts){0}));
    gan_no_record_begin(ctx);
    gan_tensor *x = gan_ones(ctx, gan_shape2(64, 64));
    gan_release(gan_forward(s, x));
    size_t before = gan_ctx_memory(ctx).in_use;
    gan_tensor *y = gan_forward(s, x);
    size_t one = gan_ctx_memory(ctx).in_use - before;
    assert_true(one >= 64 * 64 * sizeof(gan_real) && one < 2 * 64 * 64 * sizeof(gan_real));
    gan_release(y);
    assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    gan_no_record_end(ctx);
    check_ok(ctx);
}

static void test_call__a_layers_output_goes_when_the_next_has_run(void **state) {
    (void)state;
    gan_ctx *mine = gan_ctx_new((gan_ctx_opts){.threads = 1}); /* its peak is this test's */
    gan_module *s = gan_sequential(mine);
    for (int i = 0; i < 8; i++) gan_sequential_add(s, gan_tanh_layer(mine));
    const size_t bytes = 65536 * sizeof(gan_real);
    gan_no_record_begin(mine);
    gan_tensor *x = gan_ones(mine, gan_shape1(65536));
    size_t before = gan_ctx_memory(mine).in_use;
    gan_forward(s, x);
    size_t most = gan_ctx_memory(mine).peak - before;
    assert_int_equal(gan_ctx_status(mine), GAN_OK);
    assert_true(most > 2 * bytes && most < 3 * bytes);
    gan_ctx_free(mine);
}

/* --- taps ------------------------------------------------------------------------------------------------- */

static gan_module *make_tapped(void) {
    gan_module *root = gan_module_new(ctx, &scaled), *s = gan_sequential(ctx), *inner = gan_sequential(ctx);
    gan_module_free(root);
    gan_sequential_add(s, gan_relu_layer(ctx));
    gan_sequential_add(s, inner);
    gan_sequential_add(inner, gan_leaky_relu_layer(ctx, 2));
    gan_sequential_add(inner, gan_tanh_layer(ctx));
    gan_sequential_add(s, gan_dropout_layer(ctx, 0));
    return s;
}

static void check_taps(const gan_output *out, const char *const *paths, int n) {
    check_ok(ctx);
    assert_int_equal(out->n_taps, n);
    for (int i = 0; i < n; i++) {
        assert_string_equal(out->taps[i].path, paths[i]);
        assert_false(gan_is_nil(out->taps[i].t));
    }
}

static void test_call__taps_come_in_order_of_computation(void **state) {
    (void)state;
    gan_module *s = make_tapped();
    gan_input in = {.x = gan_full(ctx, gan_shape1(2), 0.5)};
    static const char *const everything = "*", *const all[] = {"0", "1.0", "1.1", "1", "2"};
    gan_output out = gan_module_call(s, in, (gan_call_opts){.taps = &everything, .n_taps = 1});
    check_taps(&out, all, COUNT_OF(all));
    check_close(gan_data(out.taps[0].t)[0], 0.5, 0);
    check_close(gan_data(out.taps[2].t)[0], tanh(0.5), 1e-7);
    static const char *const wanted[] = {"1", "1.0"}, *const got[] = {"1.0", "1"};
    out = gan_module_call(s, in, (gan_call_opts){.taps = wanted, .n_taps = 2});
    check_taps(&out, got, 2);
    gan_tensor *g = gan_grad(gan_sum(out.taps[1].t), in.x, (gan_grad_opts){0});
    check_close(gan_data(g)[0], 1 - tanh(0.5) * tanh(0.5), 1e-6);
    gan_release(out.taps[1].t);
    assert_false(gan_is_nil(out.y));
    static const char *const inner_all[] = {"0", "1"};
    out = gan_module_call(gan_module_child(s, "1"), in, (gan_call_opts){.taps = &everything, .n_taps = 1});
    check_taps(&out, inner_all, 2);
}

static void test_call__taps_belong_to_the_callers_scope(void **state) {
    (void)state;
    gan_module *s = make_tapped();
    static const char *const wanted[] = {"1.0"};
    gan_scope_begin(ctx);
    gan_tensor *x = gan_ones(ctx, gan_shape1(2));
    gan_output out = gan_module_call(s, (gan_input){.x = x}, (gan_call_opts){.taps = wanted, .n_taps = 1});
    gan_tensor *sum = gan_add(out.taps[0].t, out.y);
    check_ok(ctx);
    check_close(gan_data(sum)[0], 1 + tanh(1), 1e-6);
    gan_scope_end(ctx);
    gan_neg(out.taps[0].t);
    check_failed(ctx, GAN_E_RELEASED, "");
}

static void test_call__refuses_wrong_taps(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx);
    gan_tensor *x = gan_ones(ctx, gan_shape1(2));
    static const char *const everything = "*", *const wrong[] = {"0", "1.2"};
    for (int i = 0; i <= GAN_MAX_TAPS; i++) gan_sequential_add(s, gan_relu_layer(ctx));
    gan_output out = gan_module_call(s, (gan_input){.x = x}, (gan_call_opts){.taps = wrong, .n_taps = 2});
    assert_true(gan_is_nil(out.y) && out.n_taps == 0);
    check_failed(ctx, GAN_E_ARG, "\"1.2\"");
    out = gan_module_call(s, (gan_input){.x = x}, (gan_call_opts){.taps = &everything, .n_taps = 1});
    assert_true(gan_is_nil(out.y) && out.n_taps == 0);
    check_failed(ctx, GAN_E_ARG, "more than 32");
    out = gan_module_call(s, (gan_input){.x = x}, (gan_call_opts){.taps = &everything, .n_taps = 33});
    check_failed(ctx, GAN_E_ARG, "33 taps");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_module__lists_parameters_in_state_dict_order_below_the_asked_one),
        cmocka_unit_test(test_module__finds_children_by_path),
        cmocka_unit_test(test_module__a_new_entry_appears_in_lists_that_were_read_before),
        cmocka_unit_test(test_module__stale_errors_name_the_full_path),
        cmocka_unit_test(test_module__takes_its_own_copy_of_a_parameter),
        cmocka_unit_test(test_module__refuses_what_would_break_the_tree),
        cmocka_unit_test(test_module__free_gives_everything_back),
        cmocka_unit_test(test_module__data_is_zeroed_and_its_own),
        cmocka_unit_test(test_module__nil_swallows_every_call),
        cmocka_unit_test(test_call__aux_label_and_buffers_of_a_module_of_ones_own),
        cmocka_unit_test(test_call__evaluation_mode_writes_nothing),
        cmocka_unit_test(test_call__an_output_that_is_its_input_has_a_handle_of_its_own),
        cmocka_unit_test(test_call__only_outputs_leave_its_scope),
        cmocka_unit_test(test_call__a_layers_output_goes_when_the_next_has_run),
        cmocka_unit_test(test_call__taps_come_in_order_of_computation),
        cmocka_unit_test(test_call__taps_belong_to_the_callers_scope),
        cmocka_unit_test(test_call__refuses_wrong_taps),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
