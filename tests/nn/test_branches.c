/* Branches: every row through its own, and back to its place. */
#include "support/nn_golden.h"

#include "../src/base/state.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

/* Branch b multiplies by 10^b. */
static gan_module *powers(int k) {
    gan_module *m = gan_branches(ctx);
    for (int b = 0; b < k; b++) {
        gan_module *l = gan_branches_add(m, gan_linear_layer(ctx, 1, 1, (gan_linear_opts){.no_bias = true}));
        gan_assign(gan_module_find(l, "weight")->tensor, &(gan_real){(gan_real)pow(10, b)}, 1);
    }
    return m;
}

static void test_rows__go_through_the_branches_in_turn(void **state) {
    (void)state;
    for (int k = 1; k <= 4; k++)
        for (int n = 0; n <= 11; n++) {
            gan_real x[11];
            for (int i = 0; i < n; i++) x[i] = (gan_real)(i + 1);
            gan_tensor *y = gan_forward(powers(k), gan_from(ctx, gan_shape2(n, 1), x));
            check_ok(ctx);
            assert_int_equal(gan_count(y), n);
            for (int i = 0; i < n; i++) check_close((double)gan_data(y)[i], (i + 1) * pow(10, i % k), 1e-3);
        }
}

static void test_gradients__reach_each_branch_from_its_rows_alone(void **state) {
    (void)state;
    gan_module *m = powers(3);
    gan_tensor *x = gan_from(ctx, gan_shape2(5, 1), (gan_real[]){1, 2, 3, 4, 5});
    gan_tensor *seed = gan_from(ctx, gan_shape2(5, 1), (gan_real[]){1, 1, 1, 2, 3}), *in[4] = {x}, *g[4];
    for (int b = 0; b < 3; b++) in[b + 1] = gan_module_param(m, b)->tensor;
    gan_grads(gan_forward(m, x), in, 4, g, (gan_grad_opts){.seed = seed});
    check_ok(ctx);
    static const double of_x[] = {1, 10, 100, 2, 30}, of_w[] = {1 + 2 * 4, 2 + 3 * 5, 3};
    for (int i = 0; i < 5; i++) check_close((double)gan_data(g[0])[i], of_x[i], 1e-6);
    for (int b = 0; b < 3; b++) check_close(gan_item(g[b + 1]), of_w[b], 1e-6);

    /* A branch without rows does not run: nothing depends on its weight. */
    gan_tensor *lone = gan_sum(gan_forward(m, gan_slice(x, 0, 0, 2)));
    check_close(gan_item(gan_grad(lone, in[2], (gan_grad_opts){0})), 2, 1e-6);
    gan_grad(lone, in[3], (gan_grad_opts){0});
    check_failed(ctx, GAN_E_GRAPH, "");
}

static void test_norms__in_branches_know_their_own_rows(void **state) {
    (void)state;
    gan_module *m = gan_branches(ctx);
    for (int b = 0; b < 2; b++) gan_branches_add(m, gan_batch_norm_layer(ctx, 1, (gan_norm_opts){.momentum = 1}));
    gan_tensor *y = gan_forward(m, gan_from(ctx, gan_shape2(4, 1), (gan_real[]){1, 10, 3, 30}));
    check_ok(ctx);
    static const double expected[] = {-1, -1, 1, 1};
    for (int i = 0; i < 4; i++) check_close((double)gan_data(y)[i], expected[i], 1e-4);
    check_close(gan_item(gan_module_find(m, "0.running_mean")->tensor), 2, 1e-6);
    check_close(gan_item(gan_module_find(m, "1.running_mean")->tensor), 20, 1e-5);
}

static void test_branches__are_refused_in_words(void **state) {
    (void)state;
    gan_tensor *x = gan_ones(ctx, gan_shape2(2, 1));
    gan_forward(gan_branches(ctx), x);
    check_failed(ctx, GAN_E_STATE, "Branches: there are none");
    gan_forward(powers(2), gan_scalar(ctx, 1));
    check_failed(ctx, GAN_E_SHAPE, "a scalar has no rows");
    gan_branches_add(gan_sequential(ctx), gan_relu_layer(ctx));
    check_failed(ctx, GAN_E_ARG, "gan_branches_add: a Sequential is no Branches");
    gan_module *full = powers(GAN_MAX_BRANCHES);
    check_ok(ctx);
    gan_branches_add(full, gan_relu_layer(ctx));
    check_failed(ctx, GAN_E_ARG, "gan_branches_add: more than 64 branches");
    gan_branches_add(NULL, gan_relu_layer(ctx));
    gan_ctx_clear(ctx);
    /* Branches that make different shapes do not fit together. */
    gan_module *odd = gan_branches(ctx);
    gan_branches_add(odd, gan_linear_layer(ctx, 1, 1, (gan_linear_opts){0}));
    gan_branches_add(odd, gan_linear_layer(ctx, 1, 2, (gan_linear_opts){0}));
    gan_forward(odd, x);
    check_failed(ctx, GAN_E_SHAPE, "gan_concat");
}

/* --- statistics for weights from elsewhere ------------------------------------------------------------------- */

static gan_module *normed(void) {
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_linear_layer(ctx, 2, 3, (gan_linear_opts){0}));
    gan_sequential_add(s, gan_batch_norm_layer(ctx, 3, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_dropout_layer(ctx, .5)); /* rests: the next statistics are those of evaluation */
    gan_sequential_add(s, gan_linear_layer(ctx, 3, 1, (gan_linear_opts){0}));
    gan_sequential_add(s, gan_batch_norm_layer(ctx, 1, (gan_norm_opts){0}));
    return s;
}

/* By hand: means over batches of what the named layer's input has in evaluation mode, the first norm by the batch's own. */
static void check_statistics(gan_module *m, const gan_set *set, gan_tensor *x, int batches) {
    double mean[3] = {0}, var[3] = {0}, mean1 = 0, var1 = 0;
    int64_t rows = gan_shape_of(x).d[0] / batches;
    for (int k = 0; k < batches; k++) {
        gan_tensor *h = gan_linear(gan_slice(x, 0, k * rows, rows), gan_set_get(set, 0), gan_set_get(set, 1));
        gan_tensor *mu = gan_mean_axes(h, GAN_AXIS(0), false), *v = gan_var_axes(h, GAN_AXIS(0), false);
        for (int c = 0; c < 3; c++) mean[c] += (double)gan_data(mu)[c], var[c] += (double)gan_data(v)[c];
        gan_tensor *n = gan_batch_norm(h, gan_set_get(set, 2), gan_set_get(set, 3), 1e-5, NULL);
        gan_tensor *o = gan_linear(n, gan_set_get(set, 7), gan_set_get(set, 8));
        mean1 += gan_item(gan_mean(o)), var1 += gan_item(gan_var_axes(o, GAN_ALL_AXES, false));
    }
    check_ok(ctx);
    double unbiased = (double)rows / (double)(rows - 1);
    for (int c = 0; c < 3; c++) {
        check_close((double)gan_data(gan_set_get(set, 4))[c], mean[c] / batches, 1e-5);
        check_close((double)gan_data(gan_set_get(set, 5))[c], unbiased * var[c] / batches, 1e-5);
    }
    check_close(gan_item(gan_set_get(set, 11)), mean1 / batches, 1e-5);
    check_close(gan_item(gan_set_get(set, 12)), unbiased * var1 / batches, 1e-5);
    (void)m;
}

static void test_refresh__makes_statistics_the_means_over_batches(void **state) {
    (void)state;
    gan_module *m = normed();
    gan_stream *dropout = gan_stream_named(ctx, "module/2");
    gan_tensor *x = gan_add_scalar(gan_randn(ctx, gan_shape2(40, 2)), 2);
    gan_forward(m, x); /* training: the statistics are something else, and dropout's stream stands somewhere */
    int64_t position = gan_stream_position(dropout);
    gan_set *set = gan_set_of(m), *before = gan_set_of(m);
    gan_tensor *w = gan_set_get(set, 0);
    gan_assign(w, gan_data(gan_scale(gan_detach(w), 3)), gan_count(w));
    gan_batch_norm_refresh(m, set, x, 5);
    check_statistics(m, set, x, 5);
    for (int i = 0; i < gan_set_count(before); i++) /* m itself has not noticed */
        assert_memory_equal(gan_data(gan_set_get(before, i)), gan_data(gan_module_param(m, i)->tensor),
                            (size_t)gan_count(gan_set_get(before, i)) * sizeof(gan_real));
    assert_int_equal(gan_stream_position(dropout), position);
    assert_true(gan_module_is_training(gan_module_child(m, "1")));
    gan_batch_norm_refresh(m, NULL, x, 4);
    check_statistics(m, gan_set_of(m), x, 4);
    check_close(gan_item(gan_module_find(m, "1.num_batches_tracked")->tensor), 1, 0);
}

static void test_refresh__leaves_frozen_norms_as_they_are(void **state) {
    (void)state;
    gan_module *m = normed(), *frozen = gan_module_child(m, "1");
    gan_tensor *x = gan_add_scalar(gan_randn(ctx, gan_shape2(40, 2)), 2);
    gan_module_train(frozen, false);
    gan_batch_norm_refresh(m, NULL, x, 4);
    check_ok(ctx);
    assert_true(gan_data(gan_module_find(m, "1.running_var")->tensor)[0] == 1);
    assert_true(gan_item(gan_module_find(m, "4.running_var")->tensor) != 1);
    assert_false(gan_module_is_training(frozen));
    gan_module_train(m, false); /* the net rests as a whole: nothing is frozen */
    gan_batch_norm_refresh(m, NULL, x, 4);
    assert_true(gan_data(gan_module_find(m, "1.running_var")->tensor)[0] != 1);
    assert_false(gan_module_is_training(m));
    check_ok(ctx);
}

static void test_refresh__is_all_or_nothing(void **state) {
    (void)state;
    gan_module *m = normed();
    gan_tensor *x = gan_randn(ctx, gan_shape2(8, 2));
    gan_batch_norm_refresh(m, NULL, x, 2);
    size_t in_use = gan_ctx_memory(ctx).in_use;
    int64_t n = 1;
    for (bool failed = true; failed; n++) {
        gan_set *before = gan_set_of(m);
        gan_ctx_fail_alloc(ctx, n);
        gan_batch_norm_refresh(m, NULL, gan_slice(x, 0, 0, 6), 3);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        if (failed) check_failed(ctx, GAN_E_MEMORY, "out of memory");
        for (int i = 0; failed && i < gan_set_count(before); i++)
            assert_memory_equal(gan_data(gan_set_get(before, i)), gan_data(gan_module_param(m, i)->tensor),
                                (size_t)gan_count(gan_set_get(before, i)) * sizeof(gan_real));
        assert_true(gan_module_is_training(gan_module_child(m, "1")));
        gan_tensor *mean = gan_module_find(m, "1.running_mean")->tensor;
        gan_scope_begin(ctx);
        double mean_before = gan_item(gan_sum(mean));
        gan_forward(gan_module_child(m, "1"), gan_full(ctx, gan_shape2(2, gan_count(mean)), 10)); /* momentum .1, as ever */
        gan__commit(ctx);
        check_close(gan_item(gan_sum(mean)), .9 * mean_before + (double)gan_count(mean), 1e-5 * (double)gan_count(mean));
        gan_scope_end(ctx);
        gan_set_free(before);
        if (n > 3 && failed) assert_true(gan_ctx_memory(ctx).in_use <= in_use + 65536);
    }
    assert_true(n > 20);
}

static void test_refresh__is_refused_in_words(void **state) {
    (void)state;
    gan_module *m = normed();
    gan_tensor *x = gan_randn(ctx, gan_shape2(8, 2));
    gan_batch_norm_refresh(m, NULL, x, 0);
    check_failed(ctx, GAN_E_ARG, "gan_batch_norm_refresh: 0 batches");
    gan_batch_norm_refresh(m, NULL, x, 3);
    check_failed(ctx, GAN_E_SHAPE, "[8, 2] does not make 3 equal batches");
    gan_batch_norm_refresh(m, NULL, x, 16);
    check_failed(ctx, GAN_E_SHAPE, "[8, 2] does not make 16 equal batches");
    gan_batch_norm_refresh(m, NULL, x, 8);
    check_failed(ctx, GAN_E_SHAPE, "at least 2 values");
    gan_batch_norm_refresh(NULL, NULL, x, 8);
    gan_batch_norm_refresh(m, NULL, NULL, 8);
    check_failed(ctx, GAN_E_ARG, "");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_rows__go_through_the_branches_in_turn),
        TEST(test_gradients__reach_each_branch_from_its_rows_alone),
        TEST(test_norms__in_branches_know_their_own_rows),
        TEST(test_branches__are_refused_in_words),
        TEST(test_refresh__makes_statistics_the_means_over_batches),
        TEST(test_refresh__leaves_frozen_norms_as_they_are),
        TEST(test_refresh__is_all_or_nothing),
        TEST(test_refresh__is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
