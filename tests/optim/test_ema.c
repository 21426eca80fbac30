/* Averages of weights and buffers. */
#include <float.h>

#include "small_net.h"

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-14
#define LARGEST DBL_MAX
#else
#define TOLERANCE 1e-6
#define LARGEST FLT_MAX
#endif

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

/* With buffers, floating and integer. */
static gan_module *normed_net(void) {
    gan_module *net = gan_sequential(ctx);
    gan_sequential_add(net, gan_linear_layer(ctx, 5, 6, (gan_linear_opts){0}));
    gan_sequential_add(net, gan_batch_norm_layer(ctx, 6, (gan_norm_opts){0}));
    gan_sequential_add(net, gan_tanh_layer(ctx));
    gan_sequential_add(net, gan_linear_layer(ctx, 6, 1, (gan_linear_opts){0}));
    return net;
}

static void train_step(gan_module *net, gan_optim *o) {
    gan_scope_begin(ctx);
    gan_optim_step(o, small_loss(net, gan_randn(ctx, gan_shape2(4, 5))));
    gan_scope_end(ctx);
    check_ok(ctx);
}

static state_copy copy_set(const gan_set *set) {
    state_copy s = {0};
    for (int i = 0; i < gan_set_count(set); i++) note_tensor(&s, gan_set_get(set, i));
    return s;
}

static void test_update__follows_the_recurrence(void **state) {
    (void)state;
    const double decays[] = {.75, .999, 0};
    for (int d = 0; d < COUNT_OF(decays); d++)
        for (int start = 0; start < 4; start += 3) {
            gan_module *net = normed_net();
            gan_optim *o = gan_optim_new(net, gan_adam(.1));
            gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = decays[d], .start = start});
            state_copy now = copy_state(net, NULL);
            double *want = malloc(now.count * sizeof *want);
            for (size_t i = 0; i < now.count; i++) want[i] = now.values[i];
            check_same_state(now, copy_set(gan_ema_set(e)));
            for (int step = 0; step < 6; step++) {
                train_step(net, o);
                gan_ema_update(e);
                now = copy_state(net, NULL);
                double decay = step < start ? 0 : decays[d];
                size_t at = 0;
                for (int i = 0; i < gan_module_param_count(net); i++) {
                    const gan_param *p = gan_module_param(net, i);
                    const gan_real *avg = gan_data(gan_set_get(gan_ema_set(e), i));
                    for (int64_t k = 0; k < gan_count(p->tensor); k++, at++) {
                        want[at] = p->integer ? now.values[at] : decay * want[at] + (1 - decay) * now.values[at];
                        check_close(avg[k], want[at], TOLERANCE * (1 + fabs(want[at])));
                    }
                }
                assert_int_equal(at, now.count);
                free(now.values);
            }
            assert_int_equal(gan_data(gan_set_get(gan_ema_set(e), 6))[0], 6); /* num_batches_tracked */
            assert_true(gan_module_param(net, 6)->integer);
            free(want);
        }
    check_ok(ctx);
}

/* In floats .9999 and .0001 do not add up to 1: an average that weighted by both would drift away from what never changes. */
static void test_update__stays_where_the_values_stay(void **state) {
    (void)state;
    gan_module *net = normed_net();
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .9999});
    state_copy before = copy_set(gan_ema_set(e));
    for (int i = 0; i < 100; i++) gan_ema_update(e);
    check_ok(ctx);
    state_copy after = copy_set(gan_ema_set(e));
    assert_memory_equal(after.values, before.values, before.count * sizeof *before.values);
    free(before.values);
    free(after.values);
}

/* With decay 0, or before the start, nothing of the old average is left, not even a NaN. */
static void test_update__that_copies_forgets_what_was_there(void **state) {
    (void)state;
    gan_module *net = gan_linear_layer(ctx, 2, 1, (gan_linear_opts){0});
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .5, .start = 2});
    gan_tensor *bias = tensor_of(net, "bias"), *avg = gan_set_get(gan_ema_set(e), 1);
    gan_assign(bias, &(gan_real){NAN}, 1);
    gan_ema_update(e);
    assert_true(isnan(gan_item(avg)));
    gan_assign(bias, &(gan_real){3}, 1);
    gan_ema_update(e);
    assert_true(gan_item(avg) == 3);
    gan_assign(bias, &(gan_real){7}, 1);
    gan_ema_update(e);
    assert_true(gan_item(avg) == 5);
}

static void test_update__changes_nothing_of_the_module(void **state) {
    (void)state;
    gan_module *net = normed_net();
    gan_optim *o = gan_optim_new(net, gan_adam(.1));
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .5});
    train_step(net, o);
    state_copy before = copy_state(net, o);
    gan_ema_update(e);
    check_same_state(before, copy_state(net, o));
    state_copy average = copy_set(gan_ema_set(e));
    train_step(net, o);
    check_same_state(average, copy_set(gan_ema_set(e)));
}

static void test_set__serves_for_evaluation(void **state) {
    (void)state;
    gan_module *net = normed_net(), *copy = normed_net();
    gan_optim *o = gan_optim_new(net, gan_adam(.1));
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .9});
    for (int i = 0; i < 3; i++) {
        train_step(net, o);
        gan_ema_update(e);
    }
    gan_set_store(gan_ema_set(e), copy);
    gan_module_train(net, false);
    gan_module_train(copy, false);
    gan_tensor *x = small_data(ctx), *averaged = gan_forward_with(net, gan_ema_set(e), x);
    size_t bytes = (size_t)gan_count(averaged) * sizeof(gan_real);
    assert_memory_equal(gan_data(averaged), gan_data(gan_forward(copy, x)), bytes);
    assert_memory_not_equal(gan_data(averaged), gan_data(gan_forward(net, x)), bytes);
    check_ok(ctx);
}

static void test_update__that_runs_out_of_memory_changes_nothing_and_can_be_repeated(void **state) {
    (void)state;
    for (int warm = 0; warm < 3; warm++) {
        gan_module *net = normed_net();
        gan_optim *o = gan_optim_new(net, gan_adam(.1));
        gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .5, .start = 1});
        gan_ema *twin = gan_ema_new(net, (gan_ema_opts){.decay = .5, .start = 1});
        for (int i = 0; i < warm; i++) {
            train_step(net, o);
            gan_ema_update(e);
            gan_ema_update(twin);
        }
        train_step(net, o);
        gan_ema_update(twin);
        size_t in_use = gan_ctx_memory(ctx).in_use;
        int64_t n = 1;
        for (bool failed = true; failed; n++) {
            state_copy before = copy_set(gan_ema_set(e));
            gan_ctx_fail_alloc(ctx, n);
            gan_ema_update(e);
            gan_ctx_fail_alloc(ctx, 0);
            failed = gan_ctx_status(ctx) != GAN_OK;
            if (failed) {
                check_failed(ctx, GAN_E_MEMORY, "out of memory");
                assert_true(same_state(before, copy_set(gan_ema_set(e))));
            }
            assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
            free(before.values);
        }
        assert_true(n > gan_module_param_count(net)); /* each asks for at least one block */
        check_same_state(copy_set(gan_ema_set(e)), copy_set(gan_ema_set(twin)));
    }
}

/* A loss that leaves the first layer's bias without a gradient. */
static gan_tensor *partial_loss(gan_module *net, gan_tensor *x) {
    return gan_mean(gan_matmul(x, tensor_of(net, "0.weight"), (gan_matmul_opts){.trans_b = true}));
}

static void test_update__in_the_optimisers_pass_is_the_same(void **state) {
    (void)state;
    const gan_optim_opts kinds[] = {gan_adam(.1), gan_rmsprop(.01), gan_sgd(.1, .9)};
    for (int kind = 0; kind < COUNT_OF(kinds); kind++)
        for (int start = 0; start < 4; start += 3) {
            gan_module *nets[2];
            gan_optim *o[2];
            gan_ema *e[2];
            for (int i = 0; i < 2; i++) {
                nets[i] = normed_net();
                if (i == 1) gan_set_store(gan_set_of(nets[0]), nets[1]);
                o[i] = gan_optim_new(nets[i], kinds[kind]);
                e[i] = gan_ema_new(nets[i], (gan_ema_opts){.decay = .9, .start = start});
            }
            for (int step = 0; step < 6; step++) {
                gan_scope_begin(ctx);
                gan_tensor *x = gan_randn(ctx, gan_shape2(4, 5));
                for (int i = 0; i < 2; i++)
                    gan_optim_add(o[i], step == 4 ? partial_loss(nets[i], x) : small_loss(nets[i], x), 1, false);
                gan_optim_apply(o[0]);
                gan_ema_update(e[0]);
                assert_int_equal(gan_optim_apply_with_ema(o[1], e[1]), GAN_OK);
                gan_scope_end(ctx);
                check_same_state(copy_state(nets[0], NULL), copy_state(nets[1], NULL));
                check_same_state(copy_set(gan_ema_set(e[0])), copy_set(gan_ema_set(e[1])));
                assert_int_equal(gan__ema_counter(e[1])->value, step + 1);
            }
        }
}

static void test_update__in_a_pass_that_fails_changes_nothing(void **state) {
    (void)state;
    gan_module *net = normed_net();
    gan_optim *o = gan_optim_new(net, gan_adam(.1));
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .5});
    train_step(net, o);
    int64_t n = 1;
    for (bool failed = true; failed; n++) {
        gan_scope_begin(ctx);
        state_copy weights = copy_state(net, NULL), average = copy_set(gan_ema_set(e));
        gan_optim_add(o, small_loss(net, gan_ones(ctx, gan_shape2(4, 5))), 1, false);
        gan_ctx_fail_alloc(ctx, n);
        gan_optim_apply_with_ema(o, e);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        if (failed) {
            check_failed(ctx, GAN_E_MEMORY, "out of memory");
            assert_int_equal(gan__ema_counter(e)->value, 0);
            check_same_state(average, copy_set(gan_ema_set(e)));
            check_same_state(weights, copy_state(net, NULL));
        } else {
            assert_int_equal(gan__ema_counter(e)->value, 1);
            check_other_state(average, copy_set(gan_ema_set(e)));
            check_other_state(weights, copy_state(net, NULL));
        }
        gan_scope_end(ctx);
    }
    assert_true(n > 2 * gan_module_param_count(net));
}

static void test_update__in_a_pass_that_is_not_finite_changes_nothing(void **state) {
    (void)state;
    gan_module *net = normed_net();
    gan_optim *o = gan_optim_new(net, gan_sgd((double)LARGEST, 0));
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .5});
    state_copy weights = copy_state(net, o), average = copy_set(gan_ema_set(e));
    gan_scope_begin(ctx);
    gan_optim_add(o, gan_scale(small_loss(net, gan_randn(ctx, gan_shape2(4, 5))), 100), 1, false);
    check_ok(ctx);
    gan_optim_apply_with_ema(o, e);
    check_failed(ctx, GAN_E_NONFINITE, "gan_optim_apply_with_ema: the new value of");
    gan_scope_end(ctx);
    check_same_state(weights, copy_state(net, o));
    check_same_state(average, copy_set(gan_ema_set(e)));
    assert_int_equal(gan__ema_counter(e)->value, 0);
}

static void test_update__in_a_pass_of_another_context_is_refused(void **state) {
    (void)state;
    gan_ctx *other = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_module *net = normed_net();
    gan_optim *o = gan_optim_new(net, gan_adam(.1));
    gan_ema *e = gan_ema_new(gan_linear_layer(other, 5, 6, (gan_linear_opts){0}), (gan_ema_opts){.decay = .5});
    gan_scope_begin(ctx);
    state_copy weights = copy_state(net, NULL);
    gan_optim_add(o, small_loss(net, gan_ones(ctx, gan_shape2(4, 5))), 1, false);
    gan_optim_apply_with_ema(o, e);
    check_failed(ctx, GAN_E_ARG, "gan_optim_apply_with_ema: the average is of another context");
    check_same_state(weights, copy_state(net, NULL));
    gan_scope_end(ctx);
    gan_ctx_free(other);
}

static void test_update__in_a_failed_context_does_nothing(void **state) {
    (void)state;
    gan_module *net = normed_net();
    gan_optim *o = gan_optim_new(net, gan_adam(.1));
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .5});
    train_step(net, o);
    state_copy before = copy_set(gan_ema_set(e));
    gan_ctx_fail(ctx, GAN_E_IO, "planted");
    gan_ema_update(e);
    check_failed(ctx, GAN_E_IO, "planted");
    check_same_state(before, copy_set(gan_ema_set(e)));
    assert_int_equal(gan__ema_counter(e)->value, 0);
}

static void test_update__refuses_a_module_that_has_grown(void **state) {
    (void)state;
    gan_module *net = normed_net();
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .5});
    gan_sequential_add(net, gan_linear_layer(ctx, 1, 1, (gan_linear_opts){0}));
    gan_ema_update(e);
    check_failed(ctx, GAN_E_ARG, "gan_ema_update: the set has 9 tensors, the module 11");
}

static void test_options__out_of_range_are_named(void **state) {
    (void)state;
    gan_module *net = normed_net();
    const double wrong[] = {1, -.1, NAN};
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = wrong[i]});
        check_failed(ctx, GAN_E_ARG, "gan_ema_new: decay is ");
        assert_null(gan_ema_set(e));
        gan_ema_update(e);
        check_failed(ctx, GAN_E_ARG, "gan_ema_update: the average is nil");
        gan_ema_free(e);
    }
    gan_ema_new(net, (gan_ema_opts){.start = -1});
    check_failed(ctx, GAN_E_ARG, "gan_ema_new: start is -1");
    gan_ema_new(gan_module_child(net, "nobody"), (gan_ema_opts){.decay = .5});
    check_failed(ctx, GAN_E_ARG, "gan_ema_new: the module is nil");
    gan_ema_update(gan_ema_new(NULL, (gan_ema_opts){.decay = .5}));
    gan_ema_free(NULL);
    check_ok(ctx);
}

static void test_new__gives_everything_back(void **state) {
    (void)state;
    gan_module *net = normed_net();
    gan_ema_free(gan_ema_new(net, (gan_ema_opts){.decay = .5}));
    size_t before = gan_ctx_memory(ctx).in_use;
    int64_t n = 1;
    for (bool failed = true; failed; n++) {
        gan_ctx_fail_alloc(ctx, n);
        gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .5});
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        gan_ctx_clear(ctx);
        gan_ema_free(e);
        assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    }
    assert_true(n > gan_module_param_count(net));
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_update__follows_the_recurrence),
        TEST(test_update__stays_where_the_values_stay),
        TEST(test_update__that_copies_forgets_what_was_there),
        TEST(test_update__changes_nothing_of_the_module),
        TEST(test_set__serves_for_evaluation),
        TEST(test_update__that_runs_out_of_memory_changes_nothing_and_can_be_repeated),
        TEST(test_update__in_the_optimisers_pass_is_the_same),
        TEST(test_update__in_a_pass_that_fails_changes_nothing),
        TEST(test_update__in_a_pass_that_is_not_finite_changes_nothing),
        TEST(test_update__in_a_pass_of_another_context_is_refused),
        TEST(test_update__in_a_failed_context_does_nothing),
        TEST(test_update__refuses_a_module_that_has_grown),
        TEST(test_options__out_of_range_are_named),
        TEST(test_new__gives_everything_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
