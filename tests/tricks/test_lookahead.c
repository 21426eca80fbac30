/* Looking ahead, against PyTorch (tests/golden/make_lookahead.py), and what must not notice it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "base/ctx_impl.h"
#include "optim/optim_impl.h"
#include "support/golden.h"
#include "tricks/point_run.h"

#define FILE_NAME "lookahead.safetensors"
#define PATH GAN_TESTS_DIR "/golden/" FILE_NAME

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-10
#else
#define TOLERANCE 2e-3
#endif

enum { PAST = 2, ROOM = 16 };

static void check_ok(gan_ctx *ctx) {
    if (gan_ctx_status(ctx)) fail_msg("%s", gan_ctx_message(ctx));
}

static gan_module *tanh_net(gan_ctx *ctx, int64_t in, int64_t hidden, int64_t out, const char *prefix) {
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_linear_layer(ctx, in, hidden, (gan_linear_opts){0}));
    gan_sequential_add(m, gan_tanh_layer(ctx));
    gan_sequential_add(m, gan_linear_layer(ctx, hidden, out, (gan_linear_opts){0}));
    gan_load_weights(m, PATH, prefix);
    return m;
}

static gan_tensor *judge(const gan_turn *turn, const gan_set *set, gan_tensor *x) {
    return gan_module_call(turn->D, (gan_input){x, NULL}, (gan_call_opts){.set = set}).y;
}

static gan_tensor *loss_of_g(const gan_turn *turn, const gan_set *set) {
    return gan_loss_g(turn->loss, (gan_verdict){.real = judge(turn, set, turn->real_seen),
                                                .fake = judge(turn, set, turn->fake_seen)});
}

static void compare(const golden *g, const char *run, int steps, const char *kind, const char *name, const gan_tensor *t) {
    char key[128];
    snprintf(key, sizeof key, "%s.%d.%s.%s", run, steps, kind, name);
    double distance = golden_distance(g, key, t);
    if (!(distance <= TOLERANCE)) fail_msg("%s is off by %g", key, distance);
}

static void compare_gradient(const golden *g, const gan_turn *turn, const gan_set *set, const char *run, int steps,
                             const char *kind) {
    gan_tensor *w[ROOM], *grads[ROOM];
    int n = gan_module_param_count(turn->G);
    for (int i = 0; i < n; i++) w[i] = gan_module_param(turn->G, i)->tensor;
    gan_grads(loss_of_g(turn, set), w, n, grads, (gan_grad_opts){0});
    check_ok(turn->ctx);
    for (int i = 0; i < n; i++) compare(g, run, steps, kind, gan_module_param(turn->G, i)->name, grads[i]);
}

/* `steps` of the optimiser looked at after PAST real ones; then again with D^K cut off from G. */
static void check_run(const char *run, gan_optim_opts opts) {
    golden *g = golden_open(FILE_NAME);
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_module *G = tanh_net(ctx, 3, 5, 2, "start.G."), *D = tanh_net(ctx, 2, 6, 1, "start.D.");
    gan_optim *opt_d = gan_optim_new(D, opts);
    gan_loss loss = gan_loss_minimax();
    gan_turn turn = {.ctx = ctx, .G = G, .D = D, .loss = &loss, .opt_d = opt_d};
    turn.real_seen = golden_make(g, ctx, "real");
    turn.fake_seen = gan_forward(G, golden_make(g, ctx, "latents"));
    for (int i = 0; i < PAST; i++) gan_optim_step_retain(opt_d, gan_turn_loss_d(&turn, NULL));
    check_ok(ctx);
    for (int steps = 1; steps <= 3; steps++) {
        gan_scope_begin(ctx);
        gan_set *set = gan_lookahead_values(&turn, steps);
        check_ok(ctx);
        for (int i = 0; i < gan_set_count(set); i++)
            compare(g, run, steps, "D", gan_module_param(D, i)->name, gan_set_get(set, i));
        compare_gradient(g, &turn, set, run, steps, "grad");
        for (int i = 0; i < gan_set_count(set); i++) gan_set_put(set, i, gan_detach(gan_set_get(set, i)));
        compare_gradient(g, &turn, set, run, steps, "first");
        gan_set_free(set);
        gan_scope_end(ctx);
    }
    gan_ctx_free(ctx);
    golden_close(g);
}

static void test_lookahead__through_sgd_is_pytorchs(void **state) {
    (void)state;
    check_run("sgd", gan_sgd(.5, 0));
    check_run("momentum", gan_sgd(.3, .7));
}

static void test_lookahead__through_adam_is_pytorchs(void **state) {
    (void)state;
    check_run("adam", gan_adam(.05));
    gan_optim_opts o = gan_adam(.05);
    o.beta2 = .9, o.eps = 1e-3, o.amsgrad = true, o.weight_decay = .1, o.clip_norm = .3;
    check_run("adam_clip", o);
}

static void test_lookahead__through_rmsprop_is_pytorchs(void **state) {
    (void)state;
    gan_optim_opts o = gan_rmsprop(.02);
    o.alpha = .9;
    check_run("rmsprop", o);
}

/* --- what D does not notice ----------------------------------------------------------------------------------- */

/* Batch norm, spectral norm and dropout: everything that keeps something. */
static gan_module *forgetful_net(gan_ctx *ctx) {
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_linear_layer(ctx, 2, 8, (gan_linear_opts){.spectral = true}));
    gan_sequential_add(m, gan_batch_norm_layer(ctx, 8, (gan_norm_opts){0}));
    gan_sequential_add(m, gan_leaky_relu_layer(ctx, .2));
    gan_sequential_add(m, gan_dropout_layer(ctx, .3));
    gan_sequential_add(m, gan_linear_layer(ctx, 8, 1, (gan_linear_opts){0}));
    return m;
}

/* Everything that training keeps, in one number sequence; the caller frees it. */
static gan_real *kept(gan_ctx *ctx, gan_module *D, const gan_optim *o, size_t *count) {
    gan_real *all = malloc(4096 * sizeof *all);
    *count = 0;
    for (int i = 0; i < gan_module_param_count(D); i++) {
        const gan_tensor *t = gan_module_param(D, i)->tensor;
        for (int64_t k = 0; k < gan_count(t); k++) all[(*count)++] = gan_data(t)[k];
    }
    for (int i = 0; i < gan__optim_count(o); i++) {
        all[(*count)++] = (gan_real)gan__optim_param_counter(o, i)->value;
        for (int m = 0; m < 2; m++) {
            const gan_tensor *t = gan__optim_moment(o, i, m);
            for (int64_t k = 0; k < gan_count(t); k++) all[(*count)++] = gan_data(t)[k];
        }
    }
    for (const gan_stream *s = ctx->state.streams; s; s = s->next) all[(*count)++] = (gan_real)gan_stream_position(s);
    return all;
}

static void test_lookahead__leaves_d_and_all_that_it_keeps_alone(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_module *G = gan_mlp_generator(ctx, (gan_mlp_opts){.dim = 2, .latent = 3, .width = 6, .depth = 1}), *D = forgetful_net(ctx);
    gan_optim *opt_d = gan_optim_new(D, gan_adam(.1));
    gan_loss loss = gan_loss_non_saturating();
    gan_turn turn = {.ctx = ctx, .G = G, .D = D, .loss = &loss, .opt_d = opt_d};
    turn.real_seen = gan_randn(ctx, gan_shape2(8, 2));
    turn.fake_seen = gan_forward(G, gan_randn(ctx, gan_shape2(8, 3)));
    gan_optim_step_retain(opt_d, gan_turn_loss_d(&turn, NULL));
    size_t count, count_after, in_use = 0;
    gan_real *before = kept(ctx, D, opt_d, &count), last = 0;
    for (int i = 0; i < 3; i++) {
        turn.step = i / 2;
        gan_scope_begin(ctx);
        gan_set *set = gan_lookahead_values(&turn, 3);
        check_ok(ctx);
        gan_real w = gan_data(gan_set_get(set, 0))[0];
        assert_true(w != gan_data(gan_module_param(D, 0)->tensor)[0]);
        if (i == 1) assert_true(w == last); /* the same masks in the same step, */
        if (i == 2) assert_true(w != last); /* others in another */
        last = w;
        gan_set_free(set);
        gan_scope_end(ctx);
        if (i > 0) assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
        in_use = gan_ctx_memory(ctx).in_use;
    }
    gan_real *after = kept(ctx, D, opt_d, &count_after);
    assert_int_equal(count, count_after);
    assert_memory_equal(before, after, count * sizeof *before);
    free(before);
    free(after);
    gan_ctx_free(ctx);
}

/* --- in the trainer ------------------------------------------------------------------------------------------- */

typedef struct spy {
    gan_real *gradient; /* of G's loss, by hand */
} spy;

/* G's loss and its gradient, once more and by hand, in G's turn. */
static gan_tensor *spy_term(gan_trick *k, const gan_turn *turn) {
    spy *s = gan_trick_data(k);
    if (turn->player != GAN_PLAYER_G) return NULL;
    gan_set *set = gan_lookahead_values(turn, 2);
    gan_tensor *w[ROOM], *grads[ROOM];
    int n = gan_module_param_count(turn->G);
    for (int i = 0; i < n; i++) w[i] = gan_module_param(turn->G, i)->tensor;
    gan_grads(loss_of_g(turn, set), w, n, grads, (gan_grad_opts){0});
    check_ok(turn->ctx);
    gan_real *to = s->gradient = malloc(4096 * sizeof *to);
    for (int i = 0; i < n; i++)
        for (int64_t j = 0; j < gan_count(grads[i]); j++) *to++ = gan_data(grads[i])[j];
    gan_set_free(set);
    return NULL;
}
static const gan_trick_type spy_type = {.name = "spy", .data_bytes = sizeof(spy), .term = spy_term};

static gan_trick *ahead(gan_ctx *ctx) { return gan_lookahead(ctx, (gan_lookahead_opts){.steps = 2}); }
static gan_trick *watch(gan_ctx *ctx) { return gan_trick_new(ctx, &spy_type, (gan_trick_opts){.weight = gan_constant(1)}); }

/* G moves, by SGD of rate 1, by minus the gradient. */
static void check_trainer(gan_loss loss, bool simultaneous) {
    gan_trainer_opts o = point_opts();
    o.g = gan_sgd(1, 0);
    o.d = gan_adam(.01);
    o.loss = loss;
    o.simultaneous = simultaneous;
    point_run r = point_run_new(1, o, (trick_maker[]){ahead}, 1);
    gan_trick *k = watch(r.ctx);
    gan_trainer_use(r.trainer, k);
    check_ok(r.ctx);
    size_t count;
    gan_real *before = point_values(&r, &count);
    gan_trainer_step(r.trainer, NULL);
    check_ok(r.ctx);
    gan_real *after = point_values(&r, &count), *gradient = ((spy *)gan_trick_data(k))->gradient;
    size_t n = 0;
    double largest = 0, worst = 0;
    for (int i = 0; i < gan_module_param_count(r.G); i++) n += (size_t)gan_count(gan_module_param(r.G, i)->tensor);
    for (size_t i = 0; i < n; i++) {
        largest = fmax(largest, fabs((double)gradient[i]));
        worst = fmax(worst, fabs((double)(before[i] - after[i] - gradient[i])));
    }
    if (!(largest > 1e-4 && worst < 1e-3 * largest)) fail_msg("%s: off by %g of %g", gan_loss_name(loss.kind), worst, largest);
    free(before);
    free(after);
    free(gradient);
    gan_ctx_free(r.ctx);
}

static void test_lookahead__moves_g_in_the_trainer(void **state) {
    (void)state;
    check_trainer(gan_loss_minimax(), false);
    check_trainer(gan_loss_minimax(), true);
    check_trainer(gan_loss_relativistic_average(), false); /* what D^K says of reals depends on G as well */
    check_trainer(gan_loss_relativistic_average(), true);
}

/* In one step at once, D's half is the very same with and without. */
static void test_lookahead__changes_nothing_in_ds_step(void **state) {
    (void)state;
    gan_trainer_opts o = point_opts();
    o.simultaneous = true;
    size_t count;
    gan_real *values[2];
    for (int i = 0; i < 2; i++) {
        point_run r = point_run_new(1, o, (trick_maker[]){ahead}, i);
        gan_trainer_step(r.trainer, NULL);
        check_ok(r.ctx);
        r.G = r.D; /* twice D's */
        values[i] = point_values(&r, &count);
        gan_ctx_free(r.ctx);
    }
    assert_memory_equal(values[0], values[1], count * sizeof **values);
    free(values[0]);
    free(values[1]);
}

static void test_lookahead__survives_any_request_for_memory_that_fails(void **state) {
    (void)state;
    point_run r = point_run_new(1, point_opts(), (trick_maker[]){ahead}, 1);
    gan_trainer_step(r.trainer, NULL);
    check_ok(r.ctx);
    size_t count, in_use = gan_ctx_memory(r.ctx).in_use;
    int64_t n = 1;
    for (bool failed = true; failed; n += n < 40 ? 1 : 17) {
        gan_real *before = point_values(&r, &count);
        gan_ctx_fail_alloc(r.ctx, n);
        failed = gan_trainer_step(r.trainer, NULL) != GAN_OK;
        gan_ctx_fail_alloc(r.ctx, 0);
        gan_ctx_clear(r.ctx);
        gan_real *after = point_values(&r, &count);
        if (failed) assert_memory_equal(before, after, count * sizeof *before);
        if (failed) assert_true(gan_ctx_memory(r.ctx).in_use <= in_use + 4096);
        free(before);
        free(after);
    }
    assert_true(n > 300);
    gan_ctx_free(r.ctx);
}

static void test_lookahead__refuses_in_words(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_lookahead(ctx, (gan_lookahead_opts){0});
    assert_non_null(strstr(gan_ctx_message(ctx), "steps is 0"));
    gan_ctx_clear(ctx);
    gan_module *D = forgetful_net(ctx), *other = forgetful_net(ctx);
    gan_loss loss = gan_loss_minimax();
    gan_turn turn = {.ctx = ctx, .D = D, .loss = &loss, .opt_d = gan_optim_new(other, gan_sgd(1, 0))};
    assert_null(gan_lookahead_values(&turn, 1));
    assert_non_null(strstr(gan_ctx_message(ctx), "opt_d is of another module"));
    gan_ctx_clear(ctx);
    turn.opt_d = NULL;
    assert_null(gan_lookahead_values(&turn, 1));
    assert_non_null(strstr(gan_ctx_message(ctx), "opt_d is missing"));
    gan_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookahead__through_sgd_is_pytorchs),
        cmocka_unit_test(test_lookahead__through_adam_is_pytorchs),
        cmocka_unit_test(test_lookahead__through_rmsprop_is_pytorchs),
        cmocka_unit_test(test_lookahead__leaves_d_and_all_that_it_keeps_alone),
        cmocka_unit_test(test_lookahead__moves_g_in_the_trainer),
        cmocka_unit_test(test_lookahead__changes_nothing_in_ds_step),
        cmocka_unit_test(test_lookahead__survives_any_request_for_memory_that_fails),
        cmocka_unit_test(test_lookahead__refuses_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
