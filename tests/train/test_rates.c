/* The players' rates by schedule: how far they move, by hand; what a callback changes; what resuming and failing leave of it. */
#include <stdio.h>
#include <unistd.h>

#include "cmocka_gan.h"
#include "tricks/point_run.h"

#ifdef GAN_DOUBLE
#define TINY 1e-12
#else
#define TINY 1e-4
#endif

enum { STEPS = 8 };

static gan_trainer_opts sgd_opts(void) {
    gan_trainer_opts o = point_opts();
    o.g = gan_sgd(.5, 0);
    o.d = gan_sgd(.25, 0);
    return o;
}

/* How far the net is from where it was. */
static double moved(gan_module *m, const gan_real *from) {
    double squares = 0;
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_tensor *t = gan_module_param(m, i)->tensor;
        for (int64_t k = 0; k < gan_count(t); k++, from++) squares += pow((double)gan_data(t)[k] - (double)*from, 2);
    }
    return sqrt(squares);
}

static void take(gan_trainer *t, gan_step_info *info) {
    if (gan_trainer_step(t, info)) fail_msg("%s", gan_ctx_message(gan_module_ctx(gan_trainer_generator(t))));
}

/* One step of SGD is as long as the gradient, times lr, times the schedule. */
static void test_rates__are_the_optimisers_times_the_schedules(void **state) {
    (void)state;
    static const double g_factors[STEPS] = {.25, .4375, .5625, .625, .5, .375, .25, .25}; /* (1 - step/8 to .25), warmed up */
    static const double d_factors[STEPS] = {1, 1, 1, .5, .5, .5, .25, .25};
    gan_trainer_opts o = sgd_opts();
    o.g_rate = gan_warm_up(gan_linear_decay(1, .25, 6), 4);
    o.d_rate = gan_step_decay(1, .5, 3);
    point_run r = point_run_new(1, o, NULL, 0);
    for (int i = 0; i < STEPS; i++) {
        size_t count, of_g = 0;
        for (int k = 0; k < gan_module_param_count(r.G); k++) of_g += (size_t)gan_count(gan_module_param(r.G, k)->tensor);
        gan_real *before = point_values(&r, &count);
        gan_step_info info;
        take(r.trainer, &info);
        check_close(moved(r.G, before) / info.g_grad_norm, .5 * g_factors[i], TINY);
        check_close(moved(r.D, before + of_g) / info.d_grad_norm, .25 * d_factors[i], TINY);
        free(before);
    }
    gan_ctx_free(r.ctx);
}

/* --- by hand -------------------------------------------------------------------------------------------------- */

static bool halve_once(void *user, gan_trainer *t, const gan_step_info *info) {
    (void)user;
    gan_optim *o = gan_trainer_optim(t, GAN_PLAYER_D);
    if (info->step == 2) gan_optim_set_lr(o, gan_optim_lr(o) / 2);
    return true;
}

static gan_trainer_opts falling(void) {
    gan_trainer_opts o = point_opts();
    o.d_rate = gan_linear_decay(1, 0, 2 * STEPS);
    o.g_rate = gan_warm_up(gan_constant(1), 6);
    return o;
}

static gan_real *after_training(gan_trainer_opts o, int64_t steps, gan_step_fn on_step, const char *from, const char *to) {
    size_t count;
    point_run r = point_run_new(1, o, NULL, 0);
    if (from) gan_trainer_load(r.trainer, from);
    gan_train(r.trainer, (gan_train_opts){.steps = steps, .on_step = on_step});
    if (to) gan_trainer_save(r.trainer, to);
    check_ok(r.ctx);
    gan_real *values = point_values(&r, &count);
    gan_ctx_free(r.ctx);
    return values;
}

/* What a callback sets takes the place of the option, the schedule goes on to scale it, and a checkpoint keeps it. */
static void test_rates__set_by_hand_are_scaled_on_and_kept(void **state) {
    (void)state;
    char path[] = "/tmp/gan-rates-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    gan_real *straight = after_training(falling(), STEPS, halve_once, NULL, NULL);
    free(after_training(falling(), 4, halve_once, NULL, path));
    gan_real *resumed = after_training(falling(), STEPS, NULL, path, NULL);
    gan_real *never = after_training(falling(), STEPS, NULL, NULL, NULL);
    point_run r = point_run_new(1, falling(), NULL, 0);
    size_t count;
    free(point_values(&r, &count));
    gan_trainer_load(r.trainer, path);
    check_ok(r.ctx);
    check_close(gan_optim_lr(gan_trainer_optim(r.trainer, GAN_PLAYER_D)), .5e-3, 0);
    check_close(gan_optim_lr(gan_trainer_optim(r.trainer, GAN_PLAYER_G)), 1e-3, 0);
    gan_ctx_free(r.ctx);
    assert_memory_equal(straight, resumed, count * sizeof *straight);
    assert_memory_not_equal(straight, never, count * sizeof *straight);
    free(straight);
    free(resumed);
    free(never);
    unlink(path);
}

/* --- what else goes by the rate ------------------------------------------------------------------------------- */

static gan_trick *ahead(gan_ctx *ctx) { return gan_lookahead(ctx, (gan_lookahead_opts){.steps = 2}); }

static void test_rates__of_imagined_steps_are_the_scheduled_ones(void **state) {
    (void)state;
    gan_real *values[2];
    size_t count = 0;
    for (int halved = 0; halved < 2; halved++) {
        gan_trainer_opts o = point_opts();
        o.d = gan_sgd(halved ? .25 : .5, .5);
        o.d_rate = gan_constant(halved ? 1 : .5);
        point_run r = point_run_new(1, o, (trick_maker[]){ahead}, 1);
        for (int i = 0; i < 3; i++) take(r.trainer, NULL);
        values[halved] = point_values(&r, &count);
        gan_ctx_free(r.ctx);
    }
    assert_memory_equal(values[0], values[1], count * sizeof **values);
    free(values[0]);
    free(values[1]);
}

static void test_rates__do_not_move_on_when_a_step_fails(void **state) {
    (void)state;
    gan_real *values[2];
    size_t count = 0;
    for (int failing = 0; failing < 2; failing++) {
        point_run r = point_run_new(1, falling(), NULL, 0);
        for (int i = 0; i < 3; i++) {
            for (int n = 1; failing && n <= 60; n += 7) {
                gan_ctx_fail_alloc(r.ctx, n);
                assert_int_equal(gan_trainer_step(r.trainer, NULL), GAN_E_MEMORY);
                gan_ctx_clear(r.ctx);
            }
            gan_ctx_fail_alloc(r.ctx, 0);
            take(r.trainer, NULL);
        }
        values[failing] = point_values(&r, &count);
        gan_ctx_free(r.ctx);
    }
    assert_memory_equal(values[0], values[1], count * sizeof **values);
    free(values[0]);
    free(values[1]);
}

/* --- told and refused ----------------------------------------------------------------------------------------- */

static void test_rates__in_the_log_are_the_scheduled_ones(void **state) {
    (void)state;
    char folder[] = "/tmp/gan-rates-XXXXXX", path[64], line[1024];
    assert_non_null(mkdtemp(folder));
    gan_trainer_opts o = point_opts();
    o.d.lr = 1;
    o.d_rate = gan_step_decay(.5, .25, 1);
    point_run r = point_run_new(1, o, NULL, 0);
    gan_train(r.trainer, (gan_train_opts){.steps = 2, .out = folder, .log_every = 1});
    check_ok(r.ctx);
    gan_ctx_free(r.ctx);
    snprintf(path, sizeof path, "%s/metrics.jsonl", folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    for (int i = 0; i < 2; i++) {
        assert_non_null(fgets(line, sizeof line, f));
        const char *at = strstr(line, "\"d_lr\":");
        assert_non_null(at);
        check_close(strtod(at + 7, NULL), i == 0 ? .5 : .125, 0);
    }
    fclose(f);
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void test_rates__that_are_unsound_are_refused(void **state) {
    (void)state;
    gan_trainer_opts o = point_opts();
    o.g_rate = gan_linear_decay(1, -1, 10);
    point_run r = point_run_new(1, o, NULL, 0);
    check_failed(r.ctx, GAN_E_ARG, "g_rate is -1");
    assert_true(isnan(gan_optim_lr(gan_trainer_optim(r.trainer, GAN_PLAYER_D)))); /* nil gives nil */
    gan_ctx_free(r.ctx);
    o = point_opts();
    o.d_rate = gan_exponential_decay(1, 0, 10);
    r = point_run_new(1, o, NULL, 0);
    check_failed(r.ctx, GAN_E_ARG, "d_rate: exponential needs positive values");
    gan_ctx_free(r.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates__are_the_optimisers_times_the_schedules),
        cmocka_unit_test(test_rates__set_by_hand_are_scaled_on_and_kept),
        cmocka_unit_test(test_rates__of_imagined_steps_are_the_scheduled_ones),
        cmocka_unit_test(test_rates__do_not_move_on_when_a_step_fails),
        cmocka_unit_test(test_rates__in_the_log_are_the_scheduled_ones),
        cmocka_unit_test(test_rates__that_are_unsound_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
