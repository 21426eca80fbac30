/* Tricks that remember: experience replay and historical averaging, against what a spy in D's and G's turns works out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>

#include "tricks/point_run.h"
#include "tricks/trick_impl.h"

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-12
#else
#define TOLERANCE 2e-6
#endif

enum { STEPS = 40, BATCH = 16, NUMBERS = BATCH * 2 };

typedef struct spy {
    int turns;
    gan_real fakes[STEPS][NUMBERS];
    double fresh, old[STEPS]; /* D's loss on this turn's fakes, and on those of each earlier turn */
    double g_loss;            /* the plain one */
} spy;

static double loss_on(const gan_turn *turn, gan_tensor *fake) {
    gan_tensor *y = gan_forward(turn->D, fake);
    return gan_item(gan_loss_d(turn->loss, (gan_verdict){.real = turn->real_out.y, .fake = y}));
}

static gan_tensor *spy_term(gan_trick *k, const gan_turn *turn) {
    spy *s = *(spy **)gan_trick_data(k);
    if (turn->player == GAN_PLAYER_G) {
        s->g_loss = gan_item(gan_loss_g(turn->loss, (gan_verdict){.fake = turn->fake_out.y}));
        return NULL;
    }
    s->fresh = loss_on(turn, turn->fake_seen);
    for (int i = 0; i < s->turns; i++)
        s->old[i] = loss_on(turn, gan_scale(gan_from(turn->ctx, gan_shape_of(turn->fake), s->fakes[i]), 2));
    memcpy(s->fakes[s->turns++], gan_data(turn->fake), NUMBERS * sizeof(gan_real));
    return NULL;
}

static gan_tensor *twice(gan_trick *k, const gan_turn *turn, gan_tensor *x, bool real) {
    (void)k, (void)turn, (void)real;
    return gan_scale(x, 2);
}

static const gan_trick_type spy_type = {.name = "spy", .data_bytes = sizeof(spy *), .see = twice, .term = spy_term};

static point_run run_with(gan_trick *(*make)(gan_ctx *ctx), gan_trick **trick, spy *s, bool simultaneous) {
    gan_trainer_opts o = point_opts();
    o.batch = BATCH;
    o.d = gan_adam(.02);
    o.g = gan_adam(.02);
    o.simultaneous = simultaneous;
    point_run r = point_run_new(1, o, NULL, 0);
    gan_trick *watch = gan_trick_new(r.ctx, &spy_type, (gan_trick_opts){.weight = gan_constant(1)});
    *(spy **)gan_trick_data(watch) = s;
    *trick = make(r.ctx);
    gan_trainer_use(r.trainer, *trick);
    gan_trainer_use(r.trainer, watch);
    assert_int_equal(gan_ctx_status(r.ctx), GAN_OK);
    return r;
}

static gan_step_info step(point_run *r) {
    gan_step_info info;
    if (gan_trainer_step(r->trainer, &info)) fail_msg("%s", gan_ctx_message(r->ctx));
    return info;
}

static bool near(double a, double b) { return fabs(a - b) <= TOLERANCE * (1 + fabs(b)); }

/* --- replay ------------------------------------------------------------------------------------------------- */

static gan_trick *replay_of_three(gan_ctx *ctx) { return gan_replay(ctx, (gan_replay_opts){3, gan_constant(.25)}); }
static gan_trick *replay_of_ten(gan_ctx *ctx) { return gan_replay(ctx, (gan_replay_opts){10, gan_constant(.25)}); }

/* Which turn's fakes a room holds; -1: none's. */
static int kept_from(const gan_trick *k, int room, const spy *s) {
    for (int i = 0; i < s->turns; i++)
        if (!memcmp(gan_data(k->tensors[2 * room].tensor), s->fakes[i], sizeof s->fakes[i])) return i;
    return -1;
}

static void check_replay(bool simultaneous) {
    spy *s = calloc(1, sizeof *s);
    gan_trick *k;
    point_run r = run_with(replay_of_three, &k, s, simultaneous);
    double first = step(&r).d_loss;
    assert_true(near(first, s->fresh));
    for (int t = 1; t < STEPS; t++) {
        bool could[STEPS] = {false}, found = false;
        for (int room = 0; room < 3; room++)
            if (kept_from(k, room, s) >= 0) could[kept_from(k, room, s)] = true;
        double loss = step(&r).d_loss;
        for (int i = 0; i < t && !found; i++) found = could[i] && near(loss, .75 * s->fresh + .25 * s->old[i]);
        if (!found) fail_msg("step %d: the loss is that of no batch in a room", t);
    }
    free(s);
    gan_ctx_free(r.ctx);
}

static void test_replay__mixes_the_losses_of_fresh_and_of_one_old_batch(void **state) {
    (void)state;
    check_replay(false);
    check_replay(true);
}

static void test_replay__keeps_batches_of_all_ages(void **state) {
    (void)state;
    spy *s = calloc(1, sizeof *s);
    gan_trick *k;
    point_run r = run_with(replay_of_ten, &k, s, false);
    double mean = 0;
    bool kept[STEPS] = {false};
    for (int t = 0; t < STEPS; t++) step(&r);
    for (int room = 0; room < 10; room++) {
        int from = kept_from(k, room, s);
        assert_true(from >= 0 && !kept[from]);
        kept[from] = true;
        mean += from / 10.;
    }
    if (!(mean > 10 && mean < 29)) fail_msg("the mean turn is %g", mean); /* 19.5, with a deviation of 3.2 */
    free(s);
    gan_ctx_free(r.ctx);
}

/* --- historical averaging ----------------------------------------------------------------------------------- */

static gan_trick *history(gan_ctx *ctx) {
    return gan_historical_averaging(ctx, (gan_historical_averaging_opts){.g = gan_constant(2), .d = gan_constant(5)});
}

static void test_historical_averaging__adds_the_squared_distance_from_the_mean_of_the_past(void **state) {
    (void)state;
    enum { SHOWN = 4 };
    spy *s = calloc(1, sizeof *s);
    gan_trick *k;
    point_run r = run_with(history, &k, s, false);
    gan_real *past[SHOWN];
    size_t count = 0, of_g = 0;
    for (int i = 0; i < gan_module_param_count(r.G); i++) of_g += (size_t)gan_count(gan_module_param(r.G, i)->tensor);
    for (int t = 0; t < SHOWN; t++) {
        double terms[2] = {0}; /* of G, of D */
        for (size_t i = 0; t > 0 && i < count; i++) {
            double mean = 0;
            for (int j = 0; j < t; j++) mean += (double)past[j][i] / t;
            terms[i >= of_g] += ((double)past[t - 1][i] - mean) * ((double)past[t - 1][i] - mean);
        }
        gan_step_info info = step(&r);
        if (!near(info.g_loss, s->g_loss + 2 * terms[0]) || !near(info.d_loss, s->fresh + 5 * terms[1]))
            fail_msg("step %d: losses %g, %g, not %g + 2 * %g, %g + 5 * %g", t, info.g_loss, info.d_loss, s->g_loss, terms[0],
                     s->fresh, terms[1]);
        if (t > 1) assert_true(terms[0] > 1e-3 && terms[1] > 1e-3);
        past[t] = point_values(&r, &count);
    }
    for (int t = 0; t < SHOWN; t++) free(past[t]);
    free(s);
    gan_ctx_free(r.ctx);
}

static void expect(gan_ctx *ctx, const char *text) {
    if (!strstr(gan_ctx_message(ctx), text)) fail_msg("\"%s\" does not say \"%s\"", gan_ctx_message(ctx), text);
    gan_ctx_clear(ctx);
}

static void test_past__refuses_in_words(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_replay_opts o = gan_replay_defaults();
    o.rooms = 0;
    gan_replay(ctx, o);
    expect(ctx, "rooms is 0");
    o = gan_replay_defaults();
    o.p = gan_constant(1.5);
    gan_replay(ctx, o);
    expect(ctx, "p is 1.5");
    gan_historical_averaging(ctx, (gan_historical_averaging_opts){.d = gan_constant(-1)});
    expect(ctx, "d is -1");
    gan_ctx_free(ctx);
}

/* A step that fails leaves the rooms, the means and the weights as they were. */
static void test_past__is_whole_after_any_request_for_memory_that_fails(void **state) {
    (void)state;
    point_run r = point_run_new(1, point_opts(), (trick_maker[]){replay_of_three, history}, 2);
    for (int i = 0; i < 2; i++) step(&r);
    bool failed = true;
    for (int64_t n = 1; failed; n += 11) {
        size_t count;
        gan_real *before = point_values(&r, &count);
        gan_ctx_fail_alloc(r.ctx, n);
        failed = gan_trainer_step(r.trainer, NULL) != GAN_OK;
        gan_ctx_fail_alloc(r.ctx, 0);
        gan_ctx_clear(r.ctx);
        gan_real *after = point_values(&r, &count);
        if (failed) assert_memory_equal(before, after, count * sizeof *before);
        free(before);
        free(after);
    }
    point_run other = point_run_new(1, point_opts(), (trick_maker[]){replay_of_three, history}, 2);
    for (int i = 0; i < 3; i++) step(&other);
    size_t count;
    gan_real *values = point_values(&r, &count), *expected = point_values(&other, &count);
    assert_memory_equal(values, expected, count * sizeof *values);
    free(values);
    free(expected);
    gan_ctx_free(r.ctx);
    gan_ctx_free(other.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay__mixes_the_losses_of_fresh_and_of_one_old_batch),
        cmocka_unit_test(test_replay__keeps_batches_of_all_ages),
        cmocka_unit_test(test_historical_averaging__adds_the_squared_distance_from_the_mean_of_the_past),
        cmocka_unit_test(test_past__refuses_in_words),
        cmocka_unit_test(test_past__is_whole_after_any_request_for_memory_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
