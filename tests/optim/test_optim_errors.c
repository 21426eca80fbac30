/* Steps that fail change nothing, say why, and can be repeated. */
#include "small_net.h"

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

typedef struct player {
    gan_module *net;
    gan_optim *optim;
} player;

/* One step has been taken, so that there is something to lose. */
static player new_player(gan_optim_opts opts) {
    player p = {.net = small_net(ctx)};
    p.optim = gan_optim_new(p.net, opts);
    gan_optim_step(p.optim, small_loss(p.net, small_data(ctx)));
    check_ok(ctx);
    return p;
}

/* The step on `loss` fails as said and changes nothing; one on a sound loss goes well afterwards. */
static void check_refused_at(player p, gan_tensor *loss, gan_status status, const char *text, int line) {
    state_copy before = copy_state(p.net, p.optim);
    double norm = gan_optim_grad_norm(p.optim);
    _assert_int_equal(gan_optim_step(p.optim, loss), status, __FILE__, line);
    check_failed_at(ctx, status, text, __FILE__, line);
    _assert_true(gan_optim_grad_norm(p.optim) == norm, "norm", __FILE__, line);
    check_same_state_at(before, copy_state(p.net, p.optim), true, __FILE__, line);
    _assert_int_equal(gan_optim_step(p.optim, small_loss(p.net, small_data(ctx))), GAN_OK, __FILE__, line);
}
#define check_refused(p, loss, status, text) check_refused_at(p, loss, status, text, __LINE__)

/* --- losses ----------------------------------------------------------------------------------------------- */

static void test_step__refuses_what_is_no_loss(void **state) {
    (void)state;
    player p = new_player(gan_adam(1e-2));
    gan_tensor *x = small_data(ctx);
    gan_tensor *nil = gan_add(x, gan_zeros(ctx, gan_shape1(3)));
    gan_ctx_clear(ctx);
    check_refused(p, nil, GAN_E_ARG, "gan_optim_step: the loss is nil");
    check_refused(p, NULL, GAN_E_ARG, "gan_optim_step: a tensor is NULL");
    check_refused(p, gan_forward(p.net, x), GAN_E_SHAPE, "gan_optim_step: the loss has shape [4, 1]");
    gan_tensor *gone = small_loss(p.net, x);
    gan_release(gone);
    check_refused(p, gone, GAN_E_RELEASED, "gan_optim_step: a tensor made by gan_");
    gan_ctx *other = gan_ctx_new((gan_ctx_opts){.threads = 1});
    check_refused(p, gan_scalar(other, 1), GAN_E_ARG, "another context");
    gan_ctx_free(other);
}

static void test_step__refuses_a_loss_without_the_parameters(void **state) {
    (void)state;
    player p = new_player(gan_adam(1e-2));
    gan_tensor *x = small_data(ctx);
    check_refused(p, gan_mean(x), GAN_E_GRAPH, "gan_optim_step: the loss depends on none");
    check_refused(p, gan_detach(small_loss(p.net, x)), GAN_E_GRAPH, "the loss depends on none");
    gan_no_record_begin(ctx);
    gan_tensor *unrecorded = small_loss(p.net, x);
    gan_no_record_end(ctx);
    check_refused(p, unrecorded, GAN_E_GRAPH, "the loss depends on none");
}

static void test_step__refuses_a_loss_that_is_not_finite(void **state) {
    (void)state;
    player p = new_player(gan_adam(1e-2));
    gan_tensor *x = small_data(ctx);
    check_refused(p, gan_scale(small_loss(p.net, x), NAN), GAN_E_NONFINITE, "gan_optim_step: the loss is ");
    check_refused(p, gan_scale(small_loss(p.net, x), INFINITY), GAN_E_NONFINITE, "gan_optim_step: the loss is inf");
}

/* x^(1/4) is 0 at 0 and its derivative is infinite; times 0, that is NaN. */
static gan_tensor *steep(gan_module *net, double factor) {
    gan_tensor *bias = tensor_of(net, "3.bias");
    gan_real values[4] = {1, 0, 2, 3};
    gan_assign(bias, values, 4);
    return gan_add(small_loss(net, small_data(gan_ctx_of(bias))), gan_scale(gan_sum(gan_pow_scalar(bias, .25)), factor));
}

static void test_step__refuses_gradients_that_are_not_finite(void **state) {
    (void)state;
    gan_optim_opts variants[] = {gan_adam(1e-2), gan_rmsprop(1e-2), gan_sgd(1e-2, .5), gan_sgd(1e-2, 0)};
    variants[1].clip_norm = 1;
    variants[2].clip_value = 1; /* which does not hide it */
    for (int i = 0; i < COUNT_OF(variants); i++) {
        player p = new_player(variants[i]);
        check_refused(p, steep(p.net, 1), GAN_E_NONFINITE, "gan_optim_step: the gradient of \"3.bias\"");
        check_refused(p, steep(p.net, 0), GAN_E_NONFINITE, "gan_optim_step: the gradient of \"3.bias\"");
    }
}

/* The gradient is finite, what would come of it is not. */
static void test_step__refuses_new_values_that_are_not_finite(void **state) {
    (void)state;
    player p = new_player(gan_adam(1e-2));
    if (sizeof(gan_real) == 4) { /* its square, the second moment, overflows; in double, so would its norm */
        gan_tensor *large = gan_scale(gan_sum(tensor_of(p.net, "3.weight")), 1e25);
        check_refused(p, gan_add(small_loss(p.net, small_data(ctx)), large), GAN_E_NONFINITE,
                      "gan_optim_step: the new value of \"3.weight\"");
    }
    gan_optim_opts divides = gan_adam(1e-2);
    divides.eps = 0;
    gan_module *layer = gan_linear_layer(ctx, 5, 2, (gan_linear_opts){0});
    gan_optim_step(gan_optim_new(layer, divides), gan_scale(gan_sum(gan_forward(layer, small_data(ctx))), 0)); /* 0/0 */
    check_failed(ctx, GAN_E_NONFINITE, "gan_optim_step: the new value of \"weight\"");

    p = new_player(gan_sgd(1e-2, .5));
    gan_optim_set_lr(p.optim, sizeof(gan_real) == 8 ? 1e300 : 1e38);
    gan_tensor *steep_slope = gan_scale(gan_sum(tensor_of(p.net, "5.weight")), 1e10);
    state_copy before = copy_state(p.net, p.optim);
    gan_optim_step(p.optim, gan_add(gan_scale(small_loss(p.net, small_data(ctx)), 1e-30), steep_slope));
    check_failed(ctx, GAN_E_NONFINITE, "gan_optim_step: the new value of \"5.weight\"");
    check_same_state(before, copy_state(p.net, p.optim));
}

/* The very first step has nothing committed by an earlier one to go back to. */
static void test_first_step__that_fails_changes_nothing(void **state) {
    (void)state;
    gan_module *net = small_net(ctx);
    gan_optim *o = gan_optim_new(net, gan_sgd(sizeof(gan_real) == 8 ? 1e308 : 1e38, 0));
    state_copy before = copy_state(net, o);
    assert_int_equal(gan_optim_step(o, gan_scale(small_loss(net, small_data(ctx)), 1e20)), GAN_E_NONFINITE);
    gan_ctx_clear(ctx);
    check_same_state(before, copy_state(net, o));
}

static void test_step__in_a_failed_context_does_nothing(void **state) {
    (void)state;
    player p = new_player(gan_adam(1e-2));
    gan_tensor *loss = small_loss(p.net, small_data(ctx));
    gan_ctx_fail(ctx, GAN_E_IO, "planted");
    state_copy before = copy_state(p.net, p.optim);
    assert_int_equal(gan_optim_step(p.optim, loss), GAN_E_IO);
    assert_int_equal(gan_optim_step_retain(p.optim, loss), GAN_E_IO);
    assert_int_equal(gan_optim_add(p.optim, loss, 1, false), GAN_E_IO);
    assert_int_equal(gan_optim_apply(p.optim), GAN_E_IO);
    check_failed(ctx, GAN_E_IO, "planted");
    check_same_state(before, copy_state(p.net, p.optim));
    assert_int_equal(gan_optim_step(p.optim, loss), GAN_OK); /* the graph is still there */
}

/* --- options ---------------------------------------------------------------------------------------------- */

static void test_options__out_of_range_are_named(void **state) {
    (void)state;
    gan_module *net = small_net(ctx);
    gan_optim_opts adam = gan_adam(1e-2), sgd = gan_sgd(1e-2, 0);
    struct {
        gan_optim_opts opts;
        const char *text;
    } wrong[24];
    int n = 0;
#define WRONG(base, field, number, message) \
    wrong[n].opts = base, wrong[n].opts.field = number, wrong[n++].text = "gan_optim_new: " message
    WRONG(adam, lr, -1e-3, "lr is -0.001, outside [0, inf)");
    WRONG(adam, lr, INFINITY, "lr is inf");
    WRONG(adam, lr, NAN, "lr is nan");
    WRONG(adam, beta1, 1, "beta1 is 1, outside [0, 1)");
    WRONG(adam, beta2, -.1, "beta2 is -0.1");
    WRONG(adam, eps, -1, "eps is -1");
    WRONG(adam, alpha, 1.5, "alpha is 1.5");
    WRONG(sgd, momentum, -1, "momentum is -1");
    WRONG(adam, weight_decay, NAN, "weight_decay is nan");
    WRONG(adam, clip_norm, -1, "clip_norm is -1");
    WRONG(adam, clip_value, INFINITY, "clip_value is inf");
    WRONG(adam, kind, (gan_optim_kind)3, "3 is no kind");
    WRONG(adam, kind, (gan_optim_kind)-1, "-1 is no kind");
    WRONG(sgd, amsgrad, true, "amsgrad is for Adam");
    WRONG(sgd, decoupled, true, "decoupled is for Adam");
    WRONG(adam, momentum, .9, "momentum is for SGD");
    for (int i = 0; i < n; i++) {
        gan_optim *o = gan_optim_new(net, wrong[i].opts);
        check_failed(ctx, GAN_E_ARG, wrong[i].text);
        assert_int_equal(gan_optim_steps(o), 0);
        assert_true(isnan(gan_optim_lr(o)));
        gan_optim_free(o);
    }
    assert_int_equal(n, 16);
}

static void test_lr__is_read_and_set(void **state) {
    (void)state;
    gan_optim *o = gan_optim_new(small_net(ctx), gan_adam(.5));
    assert_true(gan_optim_lr(o) == .5);
    gan_optim_set_lr(o, .125);
    assert_true(gan_optim_lr(o) == .125);
    gan_optim_set_lr(o, 0);
    check_ok(ctx);
    const double wrong[] = {-1, NAN, INFINITY};
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        gan_optim_set_lr(o, wrong[i]);
        check_failed(ctx, GAN_E_ARG, "gan_optim_set_lr: ");
        assert_true(gan_optim_lr(o) == 0);
    }
}

static void test_nil_optimiser__is_refused_by_name(void **state) {
    (void)state;
    gan_module *nil = gan_module_child(small_net(ctx), "nobody");
    gan_optim *o = gan_optim_new(nil, gan_adam(.5));
    check_failed(ctx, GAN_E_ARG, "gan_optim_new: the module is nil");
    gan_tensor *loss = gan_scalar(ctx, 1);
    gan_optim_step(o, loss);
    check_failed(ctx, GAN_E_ARG, "gan_optim_step: the optimiser is nil");
    gan_optim_add(o, loss, 1, false);
    check_failed(ctx, GAN_E_ARG, "gan_optim_add: the optimiser is nil");
    gan_optim_apply(o);
    check_failed(ctx, GAN_E_ARG, "gan_optim_apply: the optimiser is nil");
    gan_optim_set_lr(o, 1);
    check_failed(ctx, GAN_E_ARG, "gan_optim_set_lr: the optimiser is nil");
    assert_true(isnan(gan_optim_grad_norm(o)));
    assert_int_equal(gan_optim_step(NULL, loss), GAN_E_MEMORY);
    gan_optim_free(NULL);
    gan_optim_free(o);
    assert_int_equal(gan_optim_steps(gan_optim_new(NULL, gan_adam(1))), 0);
    check_ok(ctx);
}

static void test_free__gives_everything_back(void **state) {
    (void)state;
    gan_module *net = small_net(ctx);
    gan_optim_opts opts = gan_adam(1e-2);
    opts.amsgrad = true;
    size_t before = 0;
    for (int i = 0; i < 2; i++) { /* the first time, the graph's leaves are made */
        before = gan_ctx_memory(ctx).in_use;
        gan_optim *o = gan_optim_new(net, opts);
        gan_scope_begin(ctx);
        gan_optim_step(o, small_loss(net, small_data(ctx)));
        gan_optim_add(o, small_loss(net, small_data(ctx)), 1, false);
        gan_scope_end(ctx);
        gan_optim_free(o);
    }
    check_ok(ctx);
    assert_int_equal(gan_ctx_memory(ctx).in_use, before);
}

/* --- out of memory ---------------------------------------------------------------------------------------- */

static int64_t blocks; /* that are out */

static void *counted_alloc(void *user, size_t bytes) {
    (void)user;
    blocks++;
    return malloc(bytes);
}

static void counted_release(void *user, void *block, size_t bytes) {
    (void)user, (void)bytes;
    blocks--;
    free(block);
}

static void start_counted(void) {
    gan_ctx_free(ctx);
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1, .allocator = {counted_alloc, counted_release, NULL}});
}

/* Noise and dropout draw from streams, which have to be wound back as well. */
static gan_module *noisy_net(void) {
    gan_module *net = gan_sequential(ctx);
    gan_sequential_add(net, gan_linear_layer(ctx, 5, 6, (gan_linear_opts){0}));
    gan_sequential_add(net, gan_batch_norm_layer(ctx, 6, (gan_norm_opts){0}));
    gan_sequential_add(net, gan_dropout_layer(ctx, .25));
    gan_sequential_add(net, gan_linear_layer(ctx, 6, 1, (gan_linear_opts){0}));
    return net;
}

static gan_optim_opts noisy_opts(void) {
    gan_optim_opts o = gan_adam(1e-2);
    o.amsgrad = true;
    o.clip_value = .01;
    o.clip_norm = .02;
    return o;
}

static gan_status noisy_step(gan_module *net, gan_optim *o, bool accumulate) {
    gan_scope_begin(ctx);
    for (int i = 0; i < 2 && accumulate; i++) gan_optim_add(o, small_loss(net, gan_randn(ctx, gan_shape2(3, 5))), .5, false);
    if (accumulate)
        gan_optim_apply(o);
    else
        gan_optim_step(o, small_loss(net, gan_randn(ctx, gan_shape2(3, 5))));
    gan_scope_end(ctx);
    return gan_ctx_status(ctx);
}

/* Fails the n-th request of a step for every n, after `warm` good ones, each time in a context of its own. */
static void fail_everywhere(int warm, bool accumulate) {
    state_copy expected = {0};
    for (int64_t n = 0, tried = 1; tried; n++) {
        start_counted();
        gan_module *net = noisy_net();
        gan_optim *o = gan_optim_new(net, noisy_opts());
        for (int i = 0; i < warm; i++) noisy_step(net, o, accumulate);
        check_ok(ctx);
        state_copy before = copy_state(net, o);
        size_t in_use = gan_ctx_memory(ctx).in_use;
        gan_ctx_fail_alloc(ctx, n); /* 0: none, and what should come out */
        gan_status status = noisy_step(net, o, accumulate);
        gan_ctx_fail_alloc(ctx, 0);
        if (status) {
            assert_int_equal(status, GAN_E_MEMORY);
            gan_ctx_clear(ctx);
            if (!same_state(before, copy_state(net, o))) fail_msg("the failure of request %d changed something", (int)n);
            if (warm) assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
            assert_int_equal(noisy_step(net, o, accumulate), GAN_OK);
        } else if (n > 0) {
            tried = 0;
            assert_true(n > 60);
        }
        free(before.values);
        if (n == 0)
            expected = copy_state(net, o);
        else if (!same_state(expected, copy_state(net, o)))
            fail_msg("after the failure of request %d the step came out differently", (int)n);
        gan_ctx_free(ctx);
        assert_int_equal(blocks, 0);
        begin(NULL);
    }
    free(expected.values);
}

static void test_step__that_runs_out_of_memory_cold_can_be_repeated(void **state) {
    (void)state;
    fail_everywhere(0, false);
}

static void test_step__that_runs_out_of_memory_warm_can_be_repeated(void **state) {
    (void)state;
    fail_everywhere(3, false);
}

static void test_accumulation__that_runs_out_of_memory_can_be_repeated(void **state) {
    (void)state;
    fail_everywhere(0, true);
    fail_everywhere(2, true);
}

static void test_new__that_runs_out_of_memory_gives_nil_and_leaks_nothing(void **state) {
    (void)state;
    gan_module *net = noisy_net();
    gan_optim_free(gan_optim_new(net, noisy_opts()));
    size_t before = gan_ctx_memory(ctx).in_use;
    int64_t n = 1;
    for (gan_status status = GAN_E_MEMORY; status; n++) {
        gan_ctx_fail_alloc(ctx, n);
        gan_optim *o = gan_optim_new(net, noisy_opts());
        gan_ctx_fail_alloc(ctx, 0);
        if ((status = gan_ctx_status(ctx))) check_failed(ctx, GAN_E_MEMORY, "out of memory");
        gan_optim_free(o);
        assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    }
    assert_true(n > 20);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_step__refuses_what_is_no_loss),
        TEST(test_step__refuses_a_loss_without_the_parameters),
        TEST(test_step__refuses_a_loss_that_is_not_finite),
        TEST(test_step__refuses_gradients_that_are_not_finite),
        TEST(test_step__refuses_new_values_that_are_not_finite),
        TEST(test_first_step__that_fails_changes_nothing),
        TEST(test_step__in_a_failed_context_does_nothing),
        TEST(test_options__out_of_range_are_named),
        TEST(test_lr__is_read_and_set),
        TEST(test_nil_optimiser__is_refused_by_name),
        TEST(test_free__gives_everything_back),
        TEST(test_step__that_runs_out_of_memory_cold_can_be_repeated),
        TEST(test_step__that_runs_out_of_memory_warm_can_be_repeated),
        TEST(test_accumulation__that_runs_out_of_memory_can_be_repeated),
        TEST(test_new__that_runs_out_of_memory_gives_nil_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
