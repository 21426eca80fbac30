/* Optimisers against PyTorch's, and what a step leaves behind. */
#include <stdio.h>

#include "small_net.h"
#include "support/golden.h"

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-12
#else
#define TOLERANCE 1e-5
#endif

static gan_ctx *ctx;
static golden *values;

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

/* --- against PyTorch -------------------------------------------------------------------------------------- */

/* As the runs of tests/golden/make_optim.py. */
typedef struct golden_run {
    const char *name;
    gan_optim_opts opts;
    bool halves, late;
    double new_lr; /* from the fourth step on; 0: the old one */
} golden_run;

#define ADAM .kind = GAN_ADAM, .lr = 1e-2, .beta1 = .5, .beta2 = .9, .eps = 1e-8
static const golden_run runs[] = {
    {.name = "adam", .opts = {ADAM}},
    {.name = "adam_eps", .opts = {.kind = GAN_ADAM, .lr = 1e-2, .beta1 = .9, .beta2 = .999, .eps = 1e-2}},
    {.name = "adam_no_momentum", .opts = {.kind = GAN_ADAM, .lr = 1e-2, .beta2 = .9, .eps = 1e-8}},
    {.name = "adam_decay", .opts = {ADAM, .weight_decay = .3}},
    {.name = "adamw", .opts = {ADAM, .weight_decay = .3, .decoupled = true}},
    {.name = "amsgrad", .opts = {ADAM, .amsgrad = true}},
    {.name = "amsgrad_decoupled", .opts = {ADAM, .weight_decay = .3, .decoupled = true, .amsgrad = true}},
    {.name = "rmsprop", .opts = {.kind = GAN_RMSPROP, .lr = 1e-3, .alpha = .9, .eps = 1e-8}},
    {.name = "rmsprop_momentum",
     .opts = {.kind = GAN_RMSPROP, .lr = 1e-3, .alpha = .9, .eps = 1e-3, .momentum = .7, .weight_decay = .3}},
    {.name = "sgd", .opts = {.kind = GAN_SGD, .lr = 1e-2}},
    {.name = "sgd_momentum", .opts = {.kind = GAN_SGD, .lr = 1e-2, .momentum = .7, .weight_decay = .3}},
    {.name = "clip_norm", .opts = {.kind = GAN_SGD, .lr = 1e-1, .clip_norm = 1}},
    {.name = "clip_value", .opts = {.kind = GAN_SGD, .lr = 1e-1, .clip_value = .1}},
    {.name = "clip_both", .opts = {.kind = GAN_SGD, .lr = 1e-1, .clip_value = .2, .clip_norm = .5, .weight_decay = .3}},
    {.name = "halves", .opts = {ADAM}, .halves = true},
    {.name = "late", .opts = {ADAM, .weight_decay = .3, .clip_norm = 1}, .late = true},
    {.name = "late_momentum", .opts = {.kind = GAN_SGD, .lr = 1e-2, .momentum = .7}, .late = true},
    {.name = "new_lr", .opts = {ADAM}, .new_lr = 1e-3},
};

static gan_module *golden_net(void) {
    gan_module *net = small_net(ctx);
    for (int i = 0; i < gan_module_param_count(net); i++) {
        char key[80];
        const gan_param *p = gan_module_param(net, i);
        snprintf(key, sizeof key, "start.%s", p->name);
        gan_tensor *t = golden_make(values, ctx, key);
        gan_assign(p->tensor, gan_data(t), gan_count(t));
    }
    return net;
}

static gan_tensor *golden_loss(const golden_run *r, gan_module *net, gan_tensor *x, gan_tensor *y, int step) {
    double factor = golden_get(values, "factors").data[step];
    if (r->late && (step == 0 || step == 1 || step == 4))
        return gan_scale(gan_mean(gan_square(gan_forward(gan_module_child(net, "0"), x))), factor);
    return gan_scale(gan_mean(gan_square(gan_sub(gan_forward(net, x), y))), factor);
}

static void golden_step(const golden_run *r, gan_module *net, gan_optim *o, int step) {
    gan_scope_begin(ctx);
    gan_tensor *x = golden_make(values, ctx, "x"), *y = golden_make(values, ctx, "y");
    if (r->halves) {
        for (int h = 0; h < 6; h += 3)
            gan_optim_add(o, golden_loss(r, net, gan_slice(x, 0, h, 3), gan_slice(y, 0, h, 3), step), .5, false);
        gan_optim_apply(o);
    } else {
        gan_optim_step(o, golden_loss(r, net, x, y, step));
    }
    gan_scope_end(ctx);
    check_ok(ctx);
}

static void check_golden(const golden_run *r, const char *what, const char *param, const gan_tensor *t) {
    char key[120];
    snprintf(key, sizeof key, "%s.%s.%s", r->name, what, param);
    double distance = golden_distance(values, key, t);
    if (!(distance < TOLERANCE)) fail_msg("%s is off by %g", key, distance);
}

static void check_params(const golden_run *r, const char *when, gan_module *net) {
    for (int i = 0; i < gan_module_param_count(net); i++)
        check_golden(r, when, gan_module_param(net, i)->name, gan_module_param(net, i)->tensor);
}

static void test_steps__are_pytorchs(void **state) {
    (void)state;
    for (int n = 0; n < COUNT_OF(runs); n++) {
        const golden_run *r = &runs[n];
        gan_module *net = golden_net();
        gan_optim *o = gan_optim_new(net, r->opts);
        char key[80];
        snprintf(key, sizeof key, "%s.norms", r->name);
        golden_tensor norms = golden_get(values, key);
        for (int step = 0; step < norms.shape.d[0]; step++) {
            if (step == 3 && r->new_lr > 0) gan_optim_set_lr(o, r->new_lr);
            golden_step(r, net, o, step);
            if (step == 0) check_params(r, "first", net);
            check_close(gan_optim_grad_norm(o), norms.data[step], 10 * TOLERANCE);
            assert_int_equal(gan_optim_steps(o), step + 1);
        }
        check_params(r, "end", net);
        int moments = 0;
        for (; gan__optim_moment_name(o, moments); moments++)
            for (int i = 0; i < gan__optim_count(o); i++) {
                const char *name = gan__optim_moment_name(o, moments);
                check_golden(r, name, gan__optim_param(o, i)->name, gan__optim_moment(o, i, moments));
            }
        snprintf(key, sizeof key, "%s.max_exp_avg_sq.0.weight", r->name);
        assert_int_equal(golden_has(values, key), r->opts.amsgrad);
        for (int i = 0; i < gan__optim_count(o); i++)
            assert_int_equal(gan__optim_param_counter(o, i)->value, r->late && i >= 2 ? 3 : 6);
    }
}

static void test_adam__has_the_defaults_of_dcgan(void **state) {
    (void)state;
    gan_optim_opts a = gan_adam(.25), r = gan_rmsprop(.5), s = gan_sgd(.125, .75);
    assert_true(a.kind == GAN_ADAM && a.lr == .25 && a.beta1 == .5 && a.beta2 == .999 && a.eps == 1e-8);
    assert_true(r.kind == GAN_RMSPROP && r.lr == .5 && r.alpha == .99 && r.eps == 1e-8 && r.momentum == 0);
    gan_optim_opts now = a; /* another kind, its constants with it */
    now.kind = GAN_RMSPROP;
    assert_true(now.alpha == r.alpha && now.eps == r.eps && now.momentum == r.momentum);
    now = r, now.kind = GAN_ADAM;
    assert_true(now.beta1 == a.beta1 && now.beta2 == a.beta2 && now.eps == a.eps);
    assert_true(s.kind == GAN_SGD && s.lr == .125 && s.momentum == .75);
    assert_true(a.clip_norm == 0 && a.clip_value == 0 && a.weight_decay == 0 && !a.decoupled && !a.amsgrad);
}

/* --- accumulation ----------------------------------------------------------------------------------------- */

static void test_add__of_two_losses_is_a_step_on_their_sum(void **state) {
    (void)state;
    gan_module *nets[2] = {golden_net(), golden_net()};
    gan_optim *o[2] = {gan_optim_new(nets[0], gan_adam(1e-2)), gan_optim_new(nets[1], gan_adam(1e-2))};
    for (int i = 0; i < 3; i++) {
        gan_tensor *x = small_data(ctx), *loss = small_loss(nets[0], x);
        gan_optim_step(o[0], gan_add(gan_scale(loss, .25), gan_scale(loss, -1.5)));
        loss = small_loss(nets[1], x);
        gan_optim_add(o[1], loss, .25, true);
        assert_int_equal(gan_optim_steps(o[1]), i);
        gan_optim_add(o[1], loss, -1.5, false);
        gan_optim_apply(o[1]);
    }
    check_ok(ctx);
    state_copy a = copy_state(nets[0], o[0]), b = copy_state(nets[1], o[1]);
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) check_close(a.values[i], b.values[i], 10 * TOLERANCE);
    free(a.values);
    free(b.values);
}

static void test_apply__forgets_what_was_added(void **state) {
    (void)state;
    gan_module *net = golden_net();
    gan_optim *o = gan_optim_new(net, gan_sgd(1e-2, 0));
    gan_optim_step(o, small_loss(net, small_data(ctx)));
    state_copy before = copy_state(net, o);
    assert_int_equal(gan_optim_apply(o), GAN_E_STATE);
    check_failed(ctx, GAN_E_STATE, "gan_optim_apply: no gradients");
    check_same_state(before, copy_state(net, o));
}

static void test_error__forgets_what_was_added(void **state) {
    (void)state;
    gan_module *nets[2] = {golden_net(), golden_net()};
    gan_optim *o[2];
    for (int i = 0; i < 2; i++) o[i] = gan_optim_new(nets[i], gan_sgd(1e-2, 0));
    gan_optim_add(o[1], small_loss(nets[1], small_data(ctx)), 1, false);
    gan_add(small_data(ctx), gan_zeros(ctx, gan_shape1(3)));
    check_failed(ctx, GAN_E_SHAPE, "gan_add");
    for (int i = 0; i < 2; i++) {
        gan_optim_add(o[i], small_loss(nets[i], small_data(ctx)), 1, false);
        gan_optim_apply(o[i]);
    }
    check_ok(ctx);
    check_same_state(copy_state(nets[0], o[0]), copy_state(nets[1], o[1]));

    gan_optim_add(o[1], small_loss(nets[1], small_data(ctx)), 1, false);
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    gan_ctx_clear(ctx);
    assert_int_equal(gan_optim_apply(o[1]), GAN_E_STATE);
    gan_ctx_clear(ctx);

    gan_tensor *loss = small_loss(nets[1], small_data(ctx));
    size_t before = gan_ctx_memory(ctx).in_use;
    gan_optim_add(o[1], loss, 1, true);
    assert_true(gan_ctx_memory(ctx).in_use > before);
    gan_optim_add(o[1], NULL, 1, false);
    assert_int_equal(gan_ctx_memory(ctx).in_use, before); /* at once */
}

/* --- which parameters move -------------------------------------------------------------------------------- */

static void test_step__leaves_alone_what_the_loss_does_not_depend_on(void **state) {
    (void)state;
    gan_module *net = golden_net();
    gan_optim_opts opts = gan_adam(1e-2);
    opts.weight_decay = .1;
    gan_optim *o = gan_optim_new(net, opts);
    gan_optim_step(o, small_loss(net, small_data(ctx)));
    gan_set *before = gan_set_of(net);
    gan_optim_step(o, gan_mean(gan_square(gan_forward(gan_module_child(net, "0"), small_data(ctx)))));
    check_ok(ctx);
    for (int i = 0; i < gan_module_param_count(net); i++) {
        const gan_param *p = gan_module_param(net, i);
        size_t bytes = (size_t)gan_count(p->tensor) * sizeof(gan_real);
        bool same = !memcmp(gan_data(p->tensor), gan_data(gan_set_get(before, i)), bytes);
        assert_int_equal(same, strncmp(p->name, "0.", 2) != 0);
    }
}

static void test_step__moves_no_other_modules_parameters(void **state) {
    (void)state;
    gan_module *first = gan_linear_layer(ctx, 5, 3, (gan_linear_opts){0});
    gan_module *second = gan_linear_layer(ctx, 3, 1, (gan_linear_opts){0});
    gan_optim *o = gan_optim_new(second, gan_sgd(.1, 0));
    state_copy a = copy_state(first, NULL), b = copy_state(second, NULL);
    gan_optim_step(o, gan_mean(gan_square(gan_forward(second, gan_forward(first, small_data(ctx))))));
    check_ok(ctx);
    check_same_state(a, copy_state(first, NULL));
    check_other_state(b, copy_state(second, NULL));
}

static void test_step__goes_on_after_the_tree_has_grown(void **state) {
    (void)state;
    gan_module *net = golden_net();
    gan_optim *o = gan_optim_new(net, gan_sgd(.1, .5));
    gan_optim_step(o, small_loss(net, small_data(ctx)));
    gan_sequential_add(net, gan_linear_layer(ctx, 1, 1, (gan_linear_opts){0}));
    assert_int_equal(gan_module_param_count(net), 10);
    gan_optim_step(o, small_loss(net, small_data(ctx)));
    check_ok(ctx);
    assert_int_equal(gan__optim_count(o), 8);
    assert_string_equal(gan__optim_param(o, 7)->name, "5.bias");
}

/* --- the graph -------------------------------------------------------------------------------------------- */

/* A graph that saves none of the parameter's own values: it does not go stale. */
static gan_tensor *bias_loss(gan_module *net, gan_tensor *x) {
    return gan_mean(gan_square(gan_add(tensor_of(net, "0.bias"), gan_slice(x, 1, 0, 1))));
}

static void test_step__releases_the_graph_unless_told_to_retain_it(void **state) {
    (void)state;
    gan_module *net = golden_net();
    gan_optim *o = gan_optim_new(net, gan_sgd(.1, 0));
    gan_tensor *loss = bias_loss(net, small_data(ctx)), *bias = tensor_of(net, "0.bias");
    gan_tensor *before = gan_grad(loss, bias, (gan_grad_opts){0});
    gan_optim_step_retain(o, loss);
    gan_tensor *after = gan_grad(loss, bias, (gan_grad_opts){0});
    check_ok(ctx);
    assert_memory_equal(gan_data(before), gan_data(after), (size_t)gan_count(before) * sizeof(gan_real));
    gan_optim_step(o, loss);
    check_ok(ctx);
    assert_true(gan_is_nil(gan_grad(loss, bias, (gan_grad_opts){0})));
    check_failed(ctx, GAN_E_GRAPH, "released by an earlier optimiser step");
    gan_optim_add(o, bias_loss(net, small_data(ctx)), 1, true);
    assert_int_equal(gan_optim_step(o, loss), GAN_E_GRAPH);
    gan_ctx_clear(ctx);
}

static void test_step__through_a_stale_graph_names_the_parameter(void **state) {
    (void)state;
    gan_module *net = golden_net();
    gan_optim *o = gan_optim_new(net, gan_adam(1e-2));
    gan_tensor *x = small_data(ctx), *first = small_loss(net, x), *second = small_loss(net, x);
    gan_optim_step(o, first);
    state_copy before = copy_state(net, o);
    assert_int_equal(gan_optim_step(o, second), GAN_E_STALE);
    check_failed(ctx, GAN_E_STALE, "gan_optim_step: \"5.weight\"");
    check_same_state(before, copy_state(net, o));
}

/* --- memory ----------------------------------------------------------------------------------------------- */

enum { WIDTH = 128, ROWS = 256, DEPTH = 6 };

static gan_module *wide_net(void) {
    gan_module *net = gan_sequential(ctx);
    for (int i = 0; i < DEPTH; i++) {
        gan_sequential_add(net, gan_linear_layer(ctx, WIDTH, WIDTH, (gan_linear_opts){0}));
        gan_sequential_add(net, gan_tanh_layer(ctx));
    }
    return net;
}

static gan_tensor *wide_loss(gan_module *net) {
    return gan_mean(gan_square(gan_forward(net, gan_randn(ctx, gan_shape2(ROWS, WIDTH)))));
}

static const size_t activation = ROWS * WIDTH * sizeof(gan_real);

static void test_step__gives_the_activations_back(void **state) {
    (void)state;
    gan_module *net = wide_net();
    gan_optim *o = gan_optim_new(net, gan_adam(1e-3));
    for (int i = 0; i < 2; i++) { /* the second time, with everything in place */
        gan_scope_begin(ctx);
        size_t before = gan_ctx_memory(ctx).in_use;
        gan_tensor *loss = wide_loss(net);
        assert_true(gan_ctx_memory(ctx).in_use > before + DEPTH * activation);
        gan_optim_step(o, loss);
        check_ok(ctx);
        /* What the loss was made of has handles in this scope: input, output, square. */
        if (i) assert_true(gan_ctx_memory(ctx).in_use < before + 4 * activation);
        gan_scope_end(ctx);
        if (i) assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    }
}

static size_t peak_of_a_step(bool retain) {
    gan_module *net = wide_net();
    gan_optim *o = gan_optim_new(net, gan_sgd(1e-3, 0));
    gan_scope_begin(ctx);
    (retain ? gan_optim_step_retain : gan_optim_step)(o, wide_loss(net));
    gan_scope_end(ctx);
    check_ok(ctx);
    size_t peak = gan_ctx_memory(ctx).peak;
    end(NULL), begin(NULL);
    return peak;
}

/* While gradients of weights come, activations go. */
static void test_step__gives_activations_back_on_the_way(void **state) {
    (void)state;
    assert_true(peak_of_a_step(false) + 2 * activation < peak_of_a_step(true));
}

static void test_step__once_warm_asks_for_no_new_memory(void **state) {
    (void)state;
    gan_module *net = golden_net();
    gan_optim_opts opts = gan_adam(1e-2);
    opts.clip_value = opts.clip_norm = 1e-2;
    gan_optim *o = gan_optim_new(net, opts);
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .9});
    gan_memory before = {0};
    for (int i = 0; i < 130; i++) { /* past the handles' quarantine */
        if (i == 120) before = gan_ctx_memory(ctx);
        gan_scope_begin(ctx);
        gan_optim_step(o, small_loss(net, small_data(ctx)));
        gan_ema_update(e);
        gan_scope_end(ctx);
    }
    check_ok(ctx);
    assert_int_equal(gan_ctx_memory(ctx).misses, before.misses);
    assert_int_equal(gan_ctx_memory(ctx).in_use, before.in_use);
}

/* --- threads ---------------------------------------------------------------------------------------------- */

/* Several pieces per parameter, and an odd rest. */
static state_copy run_threads(int threads, gan_optim_opts opts) {
    end(NULL);
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = threads});
    gan_module *net = gan_sequential(ctx);
    gan_sequential_add(net, gan_linear_layer(ctx, 301, 203, (gan_linear_opts){0}));
    gan_sequential_add(net, gan_tanh_layer(ctx));
    gan_sequential_add(net, gan_linear_layer(ctx, 203, 101, (gan_linear_opts){0}));
    gan_optim *o = gan_optim_new(net, opts);
    gan_ema *e = gan_ema_new(net, (gan_ema_opts){.decay = .75});
    for (int i = 0; i < 3; i++) {
        gan_scope_begin(ctx);
        gan_optim_step(o, gan_mean(gan_square(gan_forward(net, gan_randn(ctx, gan_shape2(9, 301))))));
        gan_ema_update(e);
        gan_scope_end(ctx);
    }
    check_ok(ctx);
    state_copy s = copy_state(net, o);
    for (int i = 0; i < gan_set_count(gan_ema_set(e)); i++) note_tensor(&s, gan_set_get(gan_ema_set(e), i));
    return s;
}

static void test_steps__have_the_same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    gan_optim_opts all[] = {gan_adam(1e-3), gan_rmsprop(1e-3), gan_sgd(1e-2, .9), gan_adam(1e-3)};
    all[1].momentum = .5;
    all[2].clip_value = 1e-4;
    all[3].amsgrad = true;
    all[3].clip_norm = .01;
    for (int i = 0; i < COUNT_OF(all); i++) check_same_state(run_threads(1, all[i]), run_threads(3, all[i]));
}

static int open_values(void **state) {
    (void)state;
    values = golden_open("optim.safetensors");
    return 0;
}

static int close_values(void **state) {
    (void)state;
    golden_close(values);
    return 0;
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_steps__are_pytorchs),
        TEST(test_adam__has_the_defaults_of_dcgan),
        TEST(test_add__of_two_losses_is_a_step_on_their_sum),
        TEST(test_apply__forgets_what_was_added),
        TEST(test_error__forgets_what_was_added),
        TEST(test_step__leaves_alone_what_the_loss_does_not_depend_on),
        TEST(test_step__moves_no_other_modules_parameters),
        TEST(test_step__goes_on_after_the_tree_has_grown),
        TEST(test_step__releases_the_graph_unless_told_to_retain_it),
        TEST(test_step__through_a_stale_graph_names_the_parameter),
        TEST(test_step__gives_the_activations_back),
        TEST(test_step__gives_activations_back_on_the_way),
        TEST(test_step__once_warm_asks_for_no_new_memory),
        TEST(test_steps__have_the_same_bits_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, open_values, close_values);
}
