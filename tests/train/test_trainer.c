#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "small_run.h"

/* --- all state of a run, to compare ----------------------------------------------------------------------- */

typedef struct snapshot {
    size_t count, room;
    gan_real *values;
} snapshot;

static void note(snapshot *s, const gan_tensor *t) {
    size_t n = (size_t)gan_count(t);
    while (s->count + n > s->room) {
        s->room = 2 * s->room + 4096;
        s->values = realloc(s->values, s->room * sizeof *s->values);
    }
    memcpy(s->values + s->count, gan_data(t), n * sizeof *s->values);
    s->count += n;
}

static snapshot snapshot_of(const small_run *r) {
    snapshot s = {0};
    gan_module *nets[] = {r->G, r->D};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < gan_module_param_count(nets[k]); i++) note(&s, gan_module_param(nets[k], i)->tensor);
    const gan_set *ema = gan_trainer_ema(r->trainer);
    for (int i = 0; ema && i < gan_set_count(ema); i++) note(&s, gan_set_get(ema, i));
    return s;
}

static bool same(const snapshot *a, const snapshot *b) {
    return a->count == b->count && !memcmp(a->values, b->values, a->count * sizeof *a->values);
}

static void run_steps(small_run *r, int steps) {
    for (int i = 0; i < steps; i++)
        if (gan_trainer_step(r->trainer, NULL)) fail_msg("%s", gan_ctx_message(r->ctx));
}

static small_run start(int threads) { return small_run_new((gan_ctx_opts){.seed = 5, .threads = threads}, small_opts()); }

/* What `steps` undisturbed steps lead to. */
static snapshot outcome(int threads, gan_trainer_opts opts, int steps) {
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = threads}, opts);
    run_steps(&r, steps);
    snapshot s = snapshot_of(&r);
    gan_ctx_free(r.ctx);
    return s;
}

static void expect_equal(snapshot a, snapshot b) {
    bool equal = same(&a, &b);
    free(a.values);
    free(b.values);
    assert_true(equal);
}

/* --- tests ------------------------------------------------------------------------------------------------ */

static void test_step__moves_every_parameter_of_both_players(void **state) {
    (void)state;
    small_run r = start(1);
    snapshot before = snapshot_of(&r);
    run_steps(&r, 3);
    snapshot after = snapshot_of(&r);
    size_t at = 0;
    gan_module *nets[] = {r.G, r.D};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < gan_module_param_count(nets[k]); i++) {
            const gan_param *p = gan_module_param(nets[k], i);
            size_t n = (size_t)gan_count(p->tensor);
            if (!memcmp(before.values + at, after.values + at, n * sizeof *before.values)) fail_msg("%s stood still", p->name);
            at += n;
        }
    free(before.values);
    free(after.values);
    gan_ctx_free(r.ctx);
}

static void test_steps__have_the_same_bits_for_every_number_of_threads(void **state) {
    (void)state;
    expect_equal(outcome(1, small_opts(), 4), outcome(2, small_opts(), 4));
    expect_equal(outcome(1, small_opts(), 4), outcome(5, small_opts(), 4));
}

/* Every option that changes how a step is made must change what comes out. */
static void test_options__each_change_the_outcome(void **state) {
    (void)state;
    enum { VARIANTS = 9 };
    gan_trainer_opts variants[VARIANTS];
    snapshot s[VARIANTS];
    for (int i = 0; i < VARIANTS; i++) variants[i] = small_opts();
    variants[1].n_critic = 2;
    variants[2].simultaneous = true;
    variants[3].loss = gan_loss_least_squares();
    variants[4].loss.real_target = 1;
    variants[5].d.lr = 2e-4;
    variants[6].d.clip_norm = 1e-3; /* Adam is nearly blind to scale, but not to a changing one */
    variants[7].ema = .5;
    variants[8].ema_start = 2;
    for (int i = 0; i < VARIANTS; i++) s[i] = outcome(1, variants[i], 3);
    for (int i = 0; i < VARIANTS; i++)
        for (int k = 0; k < i; k++) assert_false(same(&s[i], &s[k]));
    for (int i = 0; i < VARIANTS; i++) free(s[i].values);
}

static void test_sampling_and_evaluating__change_no_trained_byte(void **state) {
    (void)state;
    small_run r = start(2);
    for (int i = 0; i < 4; i++) {
        run_steps(&r, 1);
        gan_scope_begin(r.ctx);
        assert_false(gan_is_nil(gan_trainer_sample(r.trainer, 70, 3)));
        gan_no_record_begin(r.ctx);
        gan_batch held = gan_dataset_held_out(r.data, 0, 5);
        gan_module_train(r.D, false);
        assert_false(gan_is_nil(gan_forward(r.D, held.x)));
        gan_module_train(r.D, true);
        gan_no_record_end(r.ctx);
        char *summary = gan_module_summary(r.G, gan_shape2(1, 6));
        assert_non_null(summary);
        free(summary);
        gan_scope_end(r.ctx);
    }
    snapshot disturbed = snapshot_of(&r);
    gan_ctx_free(r.ctx);
    expect_equal(disturbed, outcome(1, small_opts(), 4));
}

static gan_tensor *add_noise(gan_module *m, gan_call *call, gan_tensor *x) {
    return gan_add(x, gan_randn_from(gan_call_stream(call, m), gan_shape_of(x)));
}

/* A generator may draw at evaluation too, and parts of a net may be held in evaluation mode: neither making a trainer nor sampling
 * shifts the one or ends the other. */
static void test_sampling__leaves_streams_and_mixed_modes_alone(void **state) {
    (void)state;
    static const gan_module_type noisy = {.name = "Noisy", .forward = add_noise};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 1});
    gan_module *G = gan_sequential(ctx), *D = gan_mlp_discriminator(ctx, (gan_mlp_opts){0});
    gan_sequential_add(G, gan_linear_layer(ctx, 3, 2, (gan_linear_opts){0}));
    gan_module *frozen = gan_sequential_add(G, gan_batch_norm_layer(ctx, 2, (gan_norm_opts){0}));
    gan_sequential_add(G, gan_module_new(ctx, &noisy));
    gan_module *judged = gan_module_child(D, "main.1");
    gan_module_train(frozen, false);
    gan_module_train(judged, false);
    gan_trainer_opts o = gan_trainer_defaults();
    o.latent = 3;
    gan_trainer *t = gan_trainer_new(G, D, gan_ring_data(ctx, (gan_mixture_opts){.count = 100}), o);
    gan_stream *stream = gan_stream_named(ctx, "module/2");
    assert_int_equal(gan_stream_position(stream), 0);
    assert_int_equal(gan_trainer_step(t, NULL), GAN_OK);
    int64_t position = gan_stream_position(stream);
    assert_true(position > 0);
    gan_release(gan_trainer_sample(t, 100, 1));
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    assert_int_equal(gan_stream_position(stream), position);
    assert_false(gan_module_is_training(frozen));
    assert_false(gan_module_is_training(judged));
    assert_true(gan_module_is_training(G));
    gan_ctx_free(ctx);
}

static void test_sample__refuses_a_net_that_has_grown(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 1});
    gan_module *G = gan_mlp_generator(ctx, (gan_mlp_opts){0}), *D = gan_mlp_discriminator(ctx, (gan_mlp_opts){0});
    gan_trainer_opts o = gan_trainer_defaults();
    o.ema = 0;
    gan_trainer *t = gan_trainer_new(G, D, gan_ring_data(ctx, (gan_mixture_opts){.count = 100}), o);
    gan_sequential_add(gan_module_child(G, "main"), gan_linear_layer(ctx, 2, 1, (gan_linear_opts){0}));
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    assert_true(gan_is_nil(gan_trainer_sample(t, 100, 1)));
    assert_int_equal(gan_ctx_status(ctx), GAN_E_SHAPE);
    gan_ctx_free(ctx);
}

static void test_train__refuses_a_run_folder_without_a_name(void **state) {
    (void)state;
    small_run r = start(1);
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 1, .out = ""}), GAN_E_ARG);
    assert_non_null(strstr(gan_ctx_message(r.ctx), "the run folder's name is empty"));
    gan_ctx_free(r.ctx);
}

static void test_sample__is_fixed_by_its_seed(void **state) {
    (void)state;
    small_run r = start(1);
    run_steps(&r, 1);
    gan_tensor *a = gan_trainer_sample(r.trainer, 3, 1), *b = gan_trainer_sample(r.trainer, 3, 1);
    gan_tensor *c = gan_trainer_sample(r.trainer, 3, 2);
    size_t bytes = (size_t)gan_count(a) * sizeof(gan_real);
    assert_int_equal(gan_count(a), 3 * SMALL_SIDE * SMALL_SIDE);
    assert_memory_equal(gan_data(a), gan_data(b), bytes);
    assert_memory_not_equal(gan_data(a), gan_data(c), bytes);
    for (int64_t i = 0; i < gan_count(a); i++) assert_true(fabs(gan_data(a)[i]) <= 1);
    gan_ctx_free(r.ctx);
}

/* Fails the n-th request for memory during the second step, for every n; then the same step, repeated, must lead to where the
 * undisturbed one does. Cold: nothing cached; warm: after several steps. */
static void fail_everywhere(int warm_steps) {
    snapshot expected = outcome(1, small_opts(), warm_steps + 1);
    small_run r = start(1);
    run_steps(&r, warm_steps);
    snapshot before = snapshot_of(&r);
    size_t in_use = gan_ctx_memory(r.ctx).in_use;
    int64_t n = 1;
    for (;; n++) {
        gan_ctx_fail_alloc(r.ctx, n);
        gan_status status = gan_trainer_step(r.trainer, NULL);
        gan_ctx_fail_alloc(r.ctx, 0);
        if (status == GAN_OK) break;
        assert_int_equal(status, GAN_E_MEMORY);
        snapshot after = snapshot_of(&r);
        if (!same(&before, &after)) fail_msg("the step that failed at request %d changed something", (int)n);
        free(after.values);
        gan_ctx_clear(r.ctx);
        /* Cold, what fails later has made handles' slabs and the like, which stay. */
        if (warm_steps && gan_ctx_memory(r.ctx).in_use != in_use)
            fail_msg("request %d: %zu bytes in use, %zu before", (int)n, gan_ctx_memory(r.ctx).in_use, in_use);
    }
    assert_true(n > 100);
    snapshot reached = snapshot_of(&r);
    assert_int_equal(gan_trainer_steps(r.trainer), warm_steps + 1);
    gan_ctx_free(r.ctx);
    free(before.values);
    expect_equal(reached, expected);
}

static void test_step__that_runs_out_of_memory_changes_nothing_cold(void **state) {
    (void)state;
    fail_everywhere(0);
}

static void test_step__that_runs_out_of_memory_changes_nothing_warm(void **state) {
    (void)state;
    fail_everywhere(25); /* the quarantine of released handles is full */
}

static void test_step__asks_for_no_new_memory_once_warm(void **state) {
    (void)state;
    small_run r = start(2);
    run_steps(&r, 30); /* a few epochs, and all of the handles' quarantine */
    gan_memory before = gan_ctx_memory(r.ctx);
    run_steps(&r, 10);
    gan_memory after = gan_ctx_memory(r.ctx);
    assert_true(after.requests > before.requests);
    assert_int_equal(after.misses, before.misses);
    assert_int_equal(after.in_use, before.in_use);
    gan_ctx_free(r.ctx);
}

static void test_step__that_is_not_finite_changes_nothing_and_names_what(void **state) {
    (void)state;
    gan_trainer_opts o = small_opts();
    o.d = gan_sgd(1e30, 0);
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
    snapshot before = snapshot_of(&r);
    gan_status status = GAN_OK;
    for (int i = 0; i < 20 && !status; i++) {
        free(before.values);
        before = snapshot_of(&r);
        status = gan_trainer_step(r.trainer, NULL);
    }
    assert_int_equal(status, GAN_E_NONFINITE);
    assert_non_null(strstr(gan_ctx_message(r.ctx), "gan_optim_add: the loss is "));
    snapshot after = snapshot_of(&r);
    gan_ctx_free(r.ctx);
    expect_equal(before, after);
}

static void expect_refusal(gan_trainer_opts o, const char *text) {
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
    assert_true(gan_trainer_is_nil(r.trainer));
    assert_int_equal(gan_ctx_status(r.ctx), GAN_E_ARG);
    if (!strstr(gan_ctx_message(r.ctx), text)) fail_msg("\"%s\" does not say \"%s\"", gan_ctx_message(r.ctx), text);
    gan_ctx_free(r.ctx);
}

static void test_options__out_of_range_are_named(void **state) {
    (void)state;
    gan_trainer_opts o = small_opts();
    o.batch = 0;
    expect_refusal(o, "batch is 0");
    o = small_opts(), o.n_critic = 0;
    expect_refusal(o, "n_critic is 0");
    o = small_opts(), o.n_critic = 2, o.simultaneous = true;
    expect_refusal(o, "n_critic 1, not 2");
    o = small_opts(), o.ema = 1;
    expect_refusal(o, "ema is 1");
    o = small_opts(), o.d.lr = -1;
    expect_refusal(o, "lr is -1");
    o = small_opts(), o.g.beta2 = NAN;
    expect_refusal(o, "beta2 is nan");
}

static void test_trainer__refuses_nets_that_do_not_fit_the_data(void **state) {
    (void)state;
    small_run r = start(1);
    gan_dcgan_opts large = {.size = 32, .channels = 1, .latent = 6, .features = 4};
    gan_trainer *t = gan_trainer_new(gan_dcgan_generator(r.ctx, large), r.D, r.data, small_opts());
    assert_true(gan_trainer_is_nil(t));
    assert_int_equal(gan_ctx_status(r.ctx), GAN_E_SHAPE);
    assert_non_null(strstr(gan_ctx_message(r.ctx), "[2, 32, 32, 1]"));
    assert_non_null(strstr(gan_ctx_message(r.ctx), "[2, 16, 16, 1]"));
    assert_int_equal(gan_train(t, (gan_train_opts){.steps = 1}), GAN_E_SHAPE);
    gan_ctx_free(r.ctx);
}

static void *train_alone(void *seconds) {
    (void)seconds;
    snapshot *s = malloc(sizeof *s);
    *s = outcome(1, small_opts(), 4);
    return s;
}

static void test_contexts__in_two_threads_do_not_meet(void **state) {
    (void)state;
    pthread_t threads[2];
    snapshot *s[2];
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, train_alone, NULL), 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], (void **)&s[i]);
    snapshot alone = outcome(2, small_opts(), 4);
    assert_true(same(s[0], &alone));
    expect_equal(*s[0], *s[1]);
    free(s[0]);
    free(s[1]);
    free(alone.values);
}

static bool stop_at_three(void *user, gan_trainer *t, const gan_step_info *info) {
    ++*(int *)user;
    if (info->step == 3) gan_trainer_stop(t);
    return true;
}

static bool end_at_two(void *user, gan_trainer *t, const gan_step_info *info) {
    (void)user, (void)t;
    return info->step < 2;
}

static void test_train__ends_when_told_to_and_goes_on_when_asked(void **state) {
    (void)state;
    small_run r = start(1);
    int calls = 0;
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 9, .on_step = end_at_two}), GAN_OK);
    assert_int_equal(gan_trainer_steps(r.trainer), 2);
    assert_false(gan_trainer_stopped(r.trainer));
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 9, .on_step = stop_at_three, .user = &calls}), GAN_OK);
    assert_int_equal(gan_trainer_steps(r.trainer), 3);
    assert_int_equal(calls, 1);
    assert_true(gan_trainer_stopped(r.trainer));
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 5}), GAN_OK);
    assert_int_equal(gan_trainer_steps(r.trainer), 5);
    assert_false(gan_trainer_stopped(r.trainer));
    gan_ctx_free(r.ctx);
}

static bool count_epoch(void *user, gan_trainer *t, const gan_step_info *info) {
    (void)t;
    int *epochs = user;
    assert_int_equal(info->epoch, *epochs + 1);
    ++*epochs;
    return true;
}

static void test_train__calls_back_after_each_epoch(void **state) {
    (void)state;
    small_run r = start(1); /* 36 images to train on, 8 a batch: four batches an epoch */
    int epochs = 0;
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 13, .on_epoch = count_epoch, .user = &epochs}), GAN_OK);
    assert_int_equal(epochs, 3);
    gan_ctx_free(r.ctx);
}

/* Moves G's weights behind its optimiser, unless told not to. */
static void push_weights(gan_trick *k, const gan_turn *turn) {
    if (turn->player != GAN_PLAYER_G || !*(bool *)gan_trick_data(k)) return;
    gan_scope_begin(turn->ctx);
    for (int i = 0; i < gan_module_param_count(turn->G); i++) {
        gan_tensor *w = gan_module_param(turn->G, i)->tensor, *pushed = gan_add_scalar(gan_detach(w), 1);
        gan_assign(w, gan_data(pushed), gan_count(pushed));
    }
    gan_scope_end(turn->ctx);
}

static gan_trainer_opts with_average(bool at_once, int start) {
    gan_trainer_opts o = small_opts();
    o.simultaneous = at_once;
    o.ema_start = start;
    return o;
}

static small_run with_pushes(gan_trainer_opts o, bool really) {
    static const gan_trick_type type = {.name = "push", .data_bytes = sizeof(bool), .after = push_weights};
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
    gan_trick *k = gan_trick_new(r.ctx, &type, (gan_trick_opts){.weight = gan_constant(1)});
    *(bool *)gan_trick_data(k) = really;
    gan_trainer_use(r.trainer, k);
    return r;
}

/* Whether it moves in the optimiser's pass, or after tricks that may have changed the weights. */
static void test_average__is_of_the_weights_that_a_step_ends_with(void **state) {
    (void)state;
    for (int at_once = 0; at_once < 2; at_once++) {
        small_run still = with_pushes(with_average(at_once, 0), false), pushed = with_pushes(with_average(at_once, 9), true);
        run_steps(&still, 3);
        expect_equal(outcome(1, with_average(at_once, 0), 3), snapshot_of(&still));
        run_steps(&pushed, 2);
        const gan_set *average = gan_trainer_ema(pushed.trainer); /* which follows exactly at first */
        for (int i = 0; i < gan_module_param_count(pushed.G); i++) {
            const gan_tensor *w = gan_module_param(pushed.G, i)->tensor, *avg = gan_set_get(average, i);
            assert_memory_equal(gan_data(w), gan_data(avg), (size_t)gan_count(w) * sizeof(gan_real));
        }
        gan_ctx_free(still.ctx), gan_ctx_free(pushed.ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step__moves_every_parameter_of_both_players),
        cmocka_unit_test(test_steps__have_the_same_bits_for_every_number_of_threads),
        cmocka_unit_test(test_options__each_change_the_outcome),
        cmocka_unit_test(test_average__is_of_the_weights_that_a_step_ends_with),
        cmocka_unit_test(test_sampling_and_evaluating__change_no_trained_byte),
        cmocka_unit_test(test_sampling__leaves_streams_and_mixed_modes_alone),
        cmocka_unit_test(test_sample__is_fixed_by_its_seed),
        cmocka_unit_test(test_sample__refuses_a_net_that_has_grown),
        cmocka_unit_test(test_train__refuses_a_run_folder_without_a_name),
        cmocka_unit_test(test_step__that_runs_out_of_memory_changes_nothing_cold),
        cmocka_unit_test(test_step__that_runs_out_of_memory_changes_nothing_warm),
        cmocka_unit_test(test_step__asks_for_no_new_memory_once_warm),
        cmocka_unit_test(test_step__that_is_not_finite_changes_nothing_and_names_what),
        cmocka_unit_test(test_options__out_of_range_are_named),
        cmocka_unit_test(test_trainer__refuses_nets_that_do_not_fit_the_data),
        cmocka_unit_test(test_contexts__in_two_threads_do_not_meet),
        cmocka_unit_test(test_train__ends_when_told_to_and_goes_on_when_asked),
        cmocka_unit_test(test_train__calls_back_after_each_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
