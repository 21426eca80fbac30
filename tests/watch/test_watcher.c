/* Verdicts on series of signals whose meaning is known, and the way from steps to records. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmocka_gan.h"
#include "watch/watcher_impl.h"

/* --- series --------------------------------------------------------------------------------------------------- */

/* What a run does at a step, and what a look would find there. */
typedef struct moment {
    gan_watch_signals s;
    gan__watch_record look;
} moment;
typedef void (*course)(double step, moment *m);

enum { EVERY = 100 };

static moment usual(void) {
    moment m = {gan_watch_signals_none(), gan__watch_record_unknown()};
    m.s.d_loss = 1.1, m.s.g_loss = 1, m.s.d_grad_norm = m.s.g_grad_norm = 1;
    m.s.level = .8, m.s.auc = .8, m.s.gap = 1, m.s.active = .6;
    m.look.distance = 4, m.look.coverage = .7, m.look.precision = .6, m.look.reach = .8, m.look.apart = .9, m.look.spread = 1;
    return m;
}

static double wobble(double step, double size) { return size * sin(step * 12.9898); }

static void go(gan_watcher *w, course c, int64_t from, int64_t to) {
    for (int64_t step = from + 1; step <= to; step++) {
        moment m = usual();
        c((double)step, &m);
        if (step % EVERY == 0) {
            w->look = m.look;
            w->look.looked = (double)step;
        }
        gan_watcher_step(w, step, &m.s);
    }
}

static gan_watch_verdict run(const gan_loss loss, course c, int64_t steps) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_watcher *w = gan_watcher_new(ctx, (gan_watch_opts){.loss = loss, .width = gan_loss_width(loss.kind, 10, 10)});
    go(w, c, 0, steps);
    gan_watch_verdict v = gan_watcher_verdict(w);
    check_ok(ctx);
    gan_ctx_free(ctx);
    return v;
}

static void expect(const gan_loss loss, course c, int64_t steps, gan_watch_kind kind) {
    gan_watch_verdict v = run(loss, c, steps);
    if (v.kind != kind) fail_msg("after %lld steps: %s, not %s", (long long)steps, v.text, gan_watch_name(kind));
}

/* --- healthy ---------------------------------------------------------------------------------------------------- */

static void healthy(double step, moment *m) {
    m->s.d_loss += wobble(step, .1);
    m->look.distance = 1.8 + 20 * exp(-step / 800);
}

static void slow_but_sure(double step, moment *m) { m->look.distance = 40 * pow(.9, step / 500); }

static void test_watcher__calls_the_beginning_too_early(void **state) {
    (void)state;
    gan_watch_verdict v = run(gan_loss_non_saturating(), healthy, 10);
    assert_int_equal(v.kind, GAN_WATCH_HEALTHY);
    assert_non_null(strstr(v.text, "too early"));
    assert_int_equal(v.n_remedies, 0);
}

static void test_watcher__calls_healthy_runs_healthy(void **state) {
    (void)state;
    for (int64_t steps = 100; steps <= 6000; steps += 700) {
        expect(gan_loss_non_saturating(), healthy, steps, GAN_WATCH_HEALTHY);
        expect(gan_loss_hinge(), healthy, steps, GAN_WATCH_HEALTHY);
        expect(gan_loss_wasserstein(), healthy, steps, GAN_WATCH_HEALTHY);
        expect(gan_loss_non_saturating(), slow_but_sure, steps, GAN_WATCH_HEALTHY);
    }
}

static void spiked(double step, moment *m) {
    healthy(step, m);
    if (step == 3010) m->s.d_loss = 400, m->s.level = 300, m->s.auc = .1, m->s.d_grad_norm = 1e4;
}

static void test_watcher__forgives_one_spiked_batch(void **state) {
    (void)state;
    for (int64_t steps = 3050; steps <= 5000; steps += 50) expect(gan_loss_non_saturating(), spiked, steps, GAN_WATCH_HEALTHY);
}

/* A run goes on from its last complete step with what the watcher knew then, whatever was tried in vain before and after. */
static void test_watcher__forgets_steps_that_were_not_taken(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_watcher *w = gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_non_saturating()});
    go(w, healthy, 0, 7);
    gan_watcher_bad_step(w, 8, "tried once");
    go(w, healthy, 7, 9);
    gan__window good = w->now;
    for (int i = 0; i < 3; i++) gan_watcher_bad_step(w, 10, "tried again and again");
    assert_memory_not_equal(&w->now, &good, sizeof good);
    gan__watcher_forget_bad_steps(w);
    assert_memory_equal(&w->now, &good, sizeof good);
    gan_ctx_free(ctx);
}

static void even(double step, moment *m) {
    m->s.auc = .5 + wobble(step, .02), m->s.level = 1;
    m->look.distance = 1.1;
}

static void test_watcher__knows_equilibrium(void **state) {
    (void)state;
    gan_watch_verdict v = run(gan_loss_non_saturating(), even, 3000);
    assert_int_equal(v.kind, GAN_WATCH_EQUILIBRIUM);
    assert_false(gan_watch_is_failure(v.kind));
}

/* --- 5a ----------------------------------------------------------------------------------------------------------- */

static void won(double step, moment *m) {
    if (step < 600) return;
    m->s.d_loss = .01, m->s.level = .008, m->s.auc = 1, m->s.active = .005, m->s.gap = 12;
    m->look.distance = 9;
}

static void won_but_better(double step, moment *m) {
    won(step, m);
    m->look.distance = 60 * exp(-step / 1500) + 2;
}

static void won_for_a_while(double step, moment *m) {
    if (step > 600 && step < 1500) won(step, m);
}

static void test_watcher__names_a_d_that_has_won(void **state) {
    (void)state;
    const gan_loss losses[] = {gan_loss_non_saturating(), gan_loss_least_squares(), gan_loss_hinge(), gan_loss_softmax(),
                               gan_loss_relativistic_average()};
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        expect(losses[i], won, 1400, GAN_WATCH_HEALTHY); /* it may still get better */
        expect(losses[i], won, 3000, GAN_WATCH_D_WON);
        expect(losses[i], won_but_better, 3000, GAN_WATCH_HEALTHY);
        expect(losses[i], won_for_a_while, 3000, GAN_WATCH_HEALTHY);
    }
    gan_watch_verdict v = run(gan_loss_non_saturating(), won, 3000);
    assert_in_range(v.since, 550, 650);
    assert_int_equal(v.step, 3000);
    assert_true(v.n_remedies >= 4);
    assert_non_null(strstr(v.text, "D has won"));
}

/* Scores have no scale: that D is always right says nothing by itself. */
static void clipped(double step, moment *m) {
    won(step, m);
    m->look.clipped = .99;
}
static void vanishing(double step, moment *m) {
    won(step, m);
    if (step > 600) m->s.g_grad_norm = 1e-5;
}

static void test_watcher__takes_no_critic_for_a_winner_by_its_ranks(void **state) {
    (void)state;
    expect(gan_loss_wasserstein(), won, 4000, GAN_WATCH_HEALTHY);
    expect(gan_loss_wasserstein(), clipped, 4000, GAN_WATCH_D_WON);
    expect(gan_loss_wasserstein(), vanishing, 4000, GAN_WATCH_D_WON);
}

/* --- 5b to 5e --------------------------------------------------------------------------------------------------- */

static void weak(double step, moment *m) {
    m->s.auc = .5 + wobble(step, .03), m->s.level = 1, m->s.gap = wobble(step, .1);
    m->look.distance = 8, m->look.coverage = .1;
}
/* Right about all pairs at times and wrong about all at others, by next to nothing, while samples come nearer little by little.
 */
static void flickering(double step, moment *m) {
    m->s.auc = fmod(step, 400) < 250 ? .95 : .2, m->s.level = .99;
    m->look.distance = 4 + 6 * exp(-step / 1500), m->look.coverage = .1;
}
/* W counts in the width of the data: of one narrow mode it may be large although most of the data are covered. */
static void narrow(double step, moment *m) {
    weak(step, m);
    m->look.coverage = .7, m->look.precision = 1, m->look.reach = .6;
}
/* At chance all along, but samples come on fast. */
static void coming_on(double step, moment *m) {
    weak(step, m);
    m->look.distance = 3.5 + 100 * exp(-step / 300);
}

static void test_watcher__names_a_weak_d(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), weak, 3000, GAN_WATCH_D_WEAK);
    expect(gan_loss_wasserstein(), weak, 3000, GAN_WATCH_D_WEAK);
    expect(gan_loss_hinge(), weak, 3000, GAN_WATCH_D_WEAK);
    expect(gan_loss_least_squares(), flickering, 3000, GAN_WATCH_D_WEAK);
    expect(gan_loss_non_saturating(), narrow, 3000, GAN_WATCH_HEALTHY);
    expect(gan_loss_non_saturating(), coming_on, 1000, GAN_WATCH_HEALTHY);
}

/* It stands still, and G has found what it takes for real. */
static void fooled(double step, moment *m) {
    m->s.auc = 0, m->s.level = 5, m->s.d_loss = 6, m->s.g_loss = .01, m->s.d_update = 0;
    m->look.distance = 40 + step / 10, m->look.apart = 0, m->look.spread = .01, m->look.coverage = 0;
}
/* Of fakes that are but one, D is not to blame for seeing no more in them. */
static void one_sample(double step, moment *m) {
    weak(step, m);
    m->look.apart = 0, m->look.spread = .01, m->look.coverage = 0, m->look.reach = .003;
}

static void test_watcher__knows_whose_fault_it_is(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), fooled, 2000, GAN_WATCH_D_WEAK);
    expect(gan_loss_wasserstein(), fooled, 2000, GAN_WATCH_D_WEAK);
    expect(gan_loss_non_saturating(), one_sample, 2000, GAN_WATCH_COLLAPSE);
}

/* Compared with other data than D is trained on: what is missing there is not for D to tell. */
static void elsewhere(double step, moment *m) {
    weak(step, m);
    m->look.own_distance = 1.2, m->look.precision = .6, m->look.reach = .3, m->look.coverage = .25;
}

static void test_watcher__judges_d_by_its_own_data(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), elsewhere, 3000, GAN_WATCH_COLLAPSE);
}

static void collapsed(double step, moment *m) {
    if (step > 1000) m->look.coverage = .1, m->look.reach = .12, m->look.distance = 12;
}
static void repeating(double step, moment *m) {
    if (step > 1000) m->look.apart = .001, m->look.distance = 6;
}
/* As many points as there are modes, each on one of them: not far from the data, and yet nothing but repetition. */
static void on_the_modes(double step, moment *m) {
    (void)step;
    m->look.apart = 0, m->look.distance = 1.2, m->look.coverage = .02;
}
static void classless(double step, moment *m) { m->look.missing = step > 1000 ? .3 : 0; }

static void test_watcher__names_collapse(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), collapsed, 3000, GAN_WATCH_COLLAPSE);
    expect(gan_loss_wasserstein(), repeating, 3000, GAN_WATCH_COLLAPSE);
    expect(gan_loss_hinge(), classless, 3000, GAN_WATCH_COLLAPSE);
    expect(gan_loss_wasserstein(), on_the_modes, 2000, GAN_WATCH_COLLAPSE);
    expect(gan_loss_non_saturating(), collapsed, 1300, GAN_WATCH_HEALTHY);
}

static void noisy_pixels(double step, moment *m) {
    (void)step;
    m->look.coverage = 0, m->look.precision = 0, m->look.reach = .6, m->look.apart = 3;
    m->look.neighbours = .02, m->look.neighbours_real = .9, m->look.spectrum = 60, m->look.distance = 14;
}

/* A G that has not begun yet makes one sample, whatever it is. */
static void not_begun(double step, moment *m) {
    noisy_pixels(step, m);
    m->look.apart = m->look.spread = .06;
}

static void test_watcher__names_noise(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), noisy_pixels, 2000, GAN_WATCH_NOISE);
    expect(gan_loss_non_saturating(), not_begun, 800, GAN_WATCH_HEALTHY);
}

static void swinging(double step, moment *m) {
    m->s.d_loss = 1.2 + .2 * exp(step / 1500) * sin(step / 200);
    m->s.auc = .7, m->look.distance = 9;
}
static void settling(double step, moment *m) {
    m->s.d_loss = 1.2 + .8 * exp(-step / 1500) * sin(step / 200);
    m->look.distance = 9;
}

static void test_watcher__tells_growing_swings_from_settling_ones(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), swinging, 6000, GAN_WATCH_OSCILLATION);
    expect(gan_loss_non_saturating(), settling, 6000, GAN_WATCH_HEALTHY);
}

static void restless(double step, moment *m) {
    (void)step;
    m->s.d_update = .04, m->s.g_update = .003;
    m->look.distance = 9;
}
static void restless_but_better(double step, moment *m) {
    restless(step, m);
    m->look.distance = 40 * exp(-step / 1500);
}
static void thrown(double step, moment *m) {
    if (step == 1) m->s.g_update = 1e6;
    m->look.distance = 900;
}
static void better_and_worse(double step, moment *m) { m->look.distance = 5 + 2 * sin(step / 100); }

static void test_watcher__names_what_cannot_settle(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), restless, 3000, GAN_WATCH_OSCILLATION);
    expect(gan_loss_non_saturating(), restless_but_better, 3000, GAN_WATCH_HEALTHY);
    expect(gan_loss_wasserstein(), thrown, 1000, GAN_WATCH_OSCILLATION);
    expect(gan_loss_hinge(), better_and_worse, 4000, GAN_WATCH_OSCILLATION);
    gan_watch_verdict v = run(gan_loss_non_saturating(), restless, 3000);
    assert_non_null(strstr(v.text, "the rate is too high"));
}

static void drifting(double step, moment *m) {
    m->s.d_loss = 1.2 + step / 2000 + wobble(step, .05);
    m->look.distance = 9;
}

static void test_watcher__names_drift(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), drifting, 6000, GAN_WATCH_DRIFT);
}

/* --- 5g, 5h ------------------------------------------------------------------------------------------------------ */

static void both_content(double step, moment *m) {
    double left = exp(-step / 100);
    m->s.d_loss = 1.4 * left, m->s.g_loss = .7 * left, m->s.level = left, m->s.auc = 1;
    m->look.distance = 30;
}
/* D is trained on something else than its verdicts tell. */
static void contrary(double step, moment *m) {
    both_content(step, m);
    m->s.auc = .001, m->s.level = 8, m->s.gap = -5;
}
static void contrary_scores(double step, moment *m) {
    contrary(step, m);
    m->s.gap = -step / 100, m->s.d_loss = -step / 100;
}

static void test_watcher__names_a_sign_error(void **state) {
    (void)state;
    gan_loss only_d = gan_loss_non_saturating(), both = only_d;
    only_d.real_target = both.real_target = 0, only_d.fake_target = both.fake_target = 1;
    both.gen_target = 0;
    expect(only_d, both_content, 1000, GAN_WATCH_SIGN_ERROR);
    expect(both, healthy, 1000, GAN_WATCH_HEALTHY);
    expect(gan_loss_non_saturating(), contrary, 1000, GAN_WATCH_SIGN_ERROR);
    expect(gan_loss_hinge(), contrary, 1000, GAN_WATCH_SIGN_ERROR);
    expect(gan_loss_wasserstein(), contrary_scores, 1000, GAN_WATCH_SIGN_ERROR);
}

static void by_heart(double step, moment *m) { m->look.memory = step > 1000 ? .8 : .1, m->look.memory_error = .05; }
static void unsure(double step, moment *m) {
    (void)step;
    m->look.memory = .8, m->look.memory_error = .5;
}

static void test_watcher__names_a_d_that_memorises(void **state) {
    (void)state;
    expect(gan_loss_non_saturating(), by_heart, 4000, GAN_WATCH_MEMORISES);
    expect(gan_loss_non_saturating(), unsure, 4000, GAN_WATCH_HEALTHY);
}

/* What D knew by heart once is no reproach to one that tells nothing apart any more. */
static void test_watcher__forgets_what_d_knew_by_heart(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_watcher *w = gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_non_saturating(), .window = 10});
    const gan_real high[] = {3, 3.1, 2.9, 3}, low[] = {0, .1, -.1, 0};
    gan_watch_signals s = gan_watch_signals_none();
    gan_tensor *up = gan_from(ctx, gan_shape1(4), high), *down = gan_from(ctx, gan_shape1(4), low);
    gan_watch_look by_heart = gan_watch_look_none(), blind = gan_watch_look_none();
    by_heart.d_real = up, by_heart.d_held_out = by_heart.d_fake = down;
    blind.d_real = blind.d_held_out = blind.d_fake = down;
    gan_watcher_look(w, 5, &by_heart);
    gan_watcher_step(w, 10, &s);
    assert_float_equal(w->past.at[0].memory, 1, 1e-6);
    gan_watcher_look(w, 15, &blind);
    gan_watcher_step(w, 20, &s);
    assert_float_equal(w->past.at[1].memory, 0, 1e-6);
    check_ok(ctx);
    gan_ctx_free(ctx);
}

/* --- 5f ---------------------------------------------------------------------------------------------------------- */

static void test_watcher__is_patient_with_steps_that_are_not_finite(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_watcher *w = gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_hinge(), .patience = 3});
    go(w, healthy, 0, 200);
    for (int i = 0; i < 2; i++) gan_watcher_bad_step(w, 200, "the gradient of \"main.0.weight\" is not finite");
    assert_int_equal(gan_watcher_verdict(w).kind, GAN_WATCH_HEALTHY);
    go(w, healthy, 200, 250); /* a good one in between */
    for (int i = 0; i < 2; i++) gan_watcher_bad_step(w, 250, "the loss is nan");
    assert_int_equal(gan_watcher_verdict(w).kind, GAN_WATCH_HEALTHY);
    gan_watcher_bad_step(w, 250, "the gradient of \"main.3.weight\" is not finite");
    gan_watch_verdict v = gan_watcher_verdict(w);
    assert_int_equal(v.kind, GAN_WATCH_NONFINITE);
    assert_int_equal(v.since, 250);
    assert_non_null(strstr(v.text, "main.3.weight"));
    assert_non_null(strstr(v.text, "250"));
    gan_ctx_free(ctx);
}

/* --- what D's verdicts tell ---------------------------------------------------------------------------------------- */

static gan_watch_signals judged(gan_watcher *w, const gan_real *real, const gan_real *fake, int64_t n, gan_tensor *real_target) {
    gan_ctx *ctx = w->object.ctx;
    gan_watch_signals s = gan_watch_signals_none();
    gan_watcher_judge(w,
                      (gan_verdict){.real = gan_from(ctx, gan_shape1(n), real),
                                    .fake = gan_from(ctx, gan_shape1(n), fake),
                                    .real_target = real_target},
                      &s);
    check_ok(ctx);
    return s;
}

static void test_watcher__scores_verdicts(void **state) {
    (void)state;
    const gan_real real[] = {3, 1, -1, 2}, fake[] = {-3, 0, 1, -2};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_watcher *w = gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_hinge()});
    gan_watch_signals s = judged(w, real, fake, 4, NULL);
    assert_float_equal(s.auc, 13.5 / 16, 1e-9); /* 16 pairs: -1 is below 0 and 1, 1 ties with 1 */
    assert_float_equal(s.active, 3. / 8, 1e-9); /* hinge: -1 of the reals, 0 and 1 of the fakes */
    assert_float_equal(s.level, (2. / 4 + 3. / 4) / 2, 1e-6);
    assert_float_equal(s.gap, 5. / 4 + 4. / 4, 1e-6);
    gan_loss swapped = gan_loss_non_saturating();
    swapped.real_target = 0, swapped.fake_target = 1;
    w = gan_watcher_new(ctx, (gan_watch_opts){.loss = swapped});
    assert_float_equal(judged(w, real, fake, 4, NULL).auc, 2.5 / 16, 1e-9);
    gan_ctx_free(ctx);
}

/* The best that can be said of samples whose labels are .9, or flipped one time in ten, is log 9: no error of D's. */
static void test_watcher__forgives_soft_and_flipped_targets(void **state) {
    (void)state;
    enum { N = 10 };
    gan_real real[N], fake[N], target[N];
    for (int i = 0; i < N; i++) real[i] = (gan_real)log(9), fake[i] = -60, target[i] = i > 0;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_loss soft = gan_loss_non_saturating();
    gan_watcher *hard = gan_watcher_new(ctx, (gan_watch_opts){.loss = soft});
    assert_true(judged(hard, real, fake, N, NULL).level > .07);
    soft.real_target = .9;
    gan_watcher *w = gan_watcher_new(ctx, (gan_watch_opts){.loss = soft});
    assert_float_equal(judged(w, real, fake, N, NULL).level, 0, 1e-5);
    for (int i = 0; i < 400; i++) {
        gan_watch_signals s = judged(hard, real, fake, N, gan_from(ctx, gan_shape1(N), target));
        gan_watcher_step(hard, i + 1, &s);
    }
    assert_float_equal(judged(hard, real, fake, N, NULL).level, 0, 1e-3);
    gan_ctx_free(ctx);
}

/* --- records and state --------------------------------------------------------------------------------------------- */

static void test_watcher__keeps_a_long_past_in_little_room(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_watcher *w = gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_hinge(), .window = 1});
    int64_t steps = 20 * GAN__HISTORY_ROOM;
    go(w, healthy, 0, steps);
    double total = 0;
    for (int64_t i = 0; i < w->past.count; i++) total += w->past.at[i].steps;
    assert_float_equal(total, (double)steps, 0);
    assert_true(w->past.count <= GAN__HISTORY_ROOM);
    assert_float_equal(w->past.at[w->past.count - 1].steps, 1, 0);
    assert_true(w->past.at[0].steps > 16);
    assert_float_equal(w->past.at[0].auc, .8, 1e-9);
    gan_ctx_free(ctx);
}

static void test_watcher__goes_on_from_its_state(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_watcher *a = gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_hinge()});
    gan_watcher *b = gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_hinge()});
    go(a, won, 0, 777); /* amid a record */
    gan__watch_state from[GAN__WATCH_STATES], to[GAN__WATCH_STATES];
    gan__watcher_state(a, from);
    gan__watcher_state(b, to);
    for (int i = 0; i < GAN__WATCH_STATES; i++)
        memcpy(to[i].values, from[i].values, (size_t)(from[i].rows * from[i].fields) * sizeof(double));
    assert_true(gan__watcher_restored(b, from[0].rows));
    assert_false(gan__watcher_restored(b, GAN__HISTORY_ROOM + 1));
    go(a, won, 777, 2500);
    go(b, won, 777, 2500);
    assert_string_equal(gan_watcher_verdict(a).text, gan_watcher_verdict(b).text);
    assert_int_equal(gan_watcher_verdict(b).kind, GAN_WATCH_D_WON);
    assert_memory_equal(a->past.at, b->past.at, (size_t)a->past.count * sizeof *a->past.at);
    gan_ctx_free(ctx);
}

static void test_watcher__refuses_what_makes_no_sense(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    assert_true(gan_watcher_is_nil(gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_hinge(), .window = -1})));
    check_failed(ctx, GAN_E_ARG, "window -1");
    gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_softmax(), .width = 1});
    check_failed(ctx, GAN_E_ARG, "softmax");
    gan_watch_signals s = gan_watch_signals_none();
    gan_watcher_step(NULL, 1, &s);
    gan_watcher_bad_step(NULL, 1, NULL);
    assert_int_equal(gan_watcher_verdict(NULL).kind, GAN_WATCH_HEALTHY);
    gan_watcher *w = gan_watcher_new(ctx, (gan_watch_opts){.loss = gan_loss_hinge()});
    gan_watch_look look = gan_watch_look_none();
    look.fake = gan_zeros(ctx, gan_shape2(10, 2)), look.real = look.fake, look.held_out = gan_zeros(ctx, gan_shape2(11, 2));
    gan_watcher_look(w, 1, &look);
    check_failed(ctx, GAN_E_SHAPE, "of one shape");
    gan_ctx_free(ctx);
}

/* --- remedies ------------------------------------------------------------------------------------------------------ */

/* As a shell hands them on: words with a * are quoted, since some take it for a pattern. */
static void unquote(const char *how, char text[96]) {
    int n = 0;
    for (bool quoted = false; *how && n < 95; how++) {
        if (*how == '*') assert_true(quoted);
        if (*how == '\'')
            quoted = !quoted;
        else
            text[n++] = *how;
    }
    text[n] = 0;
}

/* All words for the command line are understood there. */
static void try_words(const char *quoted) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_config *c = gan_config_new(ctx);
    char how[96], text[96], *rest = text;
    unquote(quoted, how);
    snprintf(text, sizeof text, "%s", how);
    const char *in_use = strstr(how, "--set ") == how ? strchr(how, '.') : NULL;
    if (in_use) { /* "--set r1.weight*=10": the trick is in use */
        char trick[64];
        snprintf(trick, sizeof trick, "%.*s", (int)(in_use - how - 6), how + 6);
        gan_config_with(c, trick);
        gan_ctx_clear(ctx); /* or it is a setting's group */
    }
    for (char *option; (option = strtok_r(rest, " ", &rest));) {
        char *value = strtok_r(rest, " ", &rest);
        assert_non_null(value);
        if (!strcmp(option, "--set"))
            gan_config_set(c, value);
        else if (!strcmp(option, "--with"))
            gan_config_with(c, value);
        else if (!strcmp(option, "--preset"))
            gan_config_preset(c, value);
        else
            fail_msg("%s", option);
    }
    if (gan_ctx_status(ctx)) fail_msg("%s: %s", how, gan_ctx_message(ctx));
    gan_ctx_free(ctx);
}

static int stage_of(const char *stage) { return !strcmp(stage, "tune") ? 0 : !strcmp(stage, "loss") ? 1 : 2; }

static void test_watcher__advises_in_the_articles_order_and_in_words_that_work(void **state) {
    (void)state;
    static const char *const tricks[] = {"", "instance_noise balance label_flip r1 replay mode_seeking pixel_loss augment", NULL};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    for (int i = 0; tricks[i]; i++)
        for (int loss = 0; gan_loss_name((gan_loss_kind)loss); loss++) {
            gan_watch_opts o = {.loss = {(gan_loss_kind)loss, 1, 0, 1}, .in_use = tricks[i]};
            o.width = gan_loss_width(o.loss.kind, 10, 10);
            gan_watcher *w = gan_watcher_new(ctx, o);
            gan_watch_verdict v = {0};
            for (int kind = 0; gan_watch_name((gan_watch_kind)kind); kind++) {
                v.kind = (gan_watch_kind)kind;
                gan__watch_remedies(w, &v);
                assert_int_equal(v.n_remedies > 0, gan_watch_is_failure(v.kind));
                for (int k = 0; k < v.n_remedies; k++) {
                    if (k) assert_true(stage_of(v.remedies[k].stage) >= stage_of(v.remedies[k - 1].stage));
                    try_words(v.remedies[k].how);
                }
            }
            gan_watcher_free(w);
        }
    gan_ctx_free(ctx);
}

/* Faults that good steps lie between are not in a row, in a log as little as in a run. */
static void test_watcher__reads_faults_of_a_log_as_they_came(void **state) {
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        char path[] = "/tmp/gan-log-XXXXXX";
        int file = mkstemp(path);
        assert_true(file >= 0);
        for (int i = 0; i < 10; i++) dprintf(file, "{\"step\":%d,\"fault\":\"D's loss is NaN\"}\n", 101 + apart * 4 * i);
        close(file);
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
        gan_watch_verdict v;
        gan_watch_log(ctx, path, (gan_watch_opts){.loss = gan_loss_non_saturating()}, &v, NULL, NULL);
        assert_int_equal(gan_ctx_status(ctx), GAN_OK);
        assert_int_equal(v.kind == GAN_WATCH_NONFINITE, !apart);
        gan_ctx_free(ctx);
        unlink(path);
    }
}

/* All of what is advised for any failure, in one text. */
static void all_advice(gan_watch_opts o, char *text, size_t size) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_watcher *w = gan_watcher_new(ctx, o);
    size_t used = 0;
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    for (int kind = 0; gan_watch_name((gan_watch_kind)kind); kind++) {
        gan_watch_verdict v = {.kind = (gan_watch_kind)kind};
        gan__watch_remedies(w, &v);
        for (int k = 0; k < v.n_remedies; k++) used += (size_t)snprintf(text + used, size - used, "%s\n", v.remedies[k].how);
    }
    assert_true(used < size);
    gan_ctx_free(ctx);
}

static void test_watcher__advises_nothing_that_would_be_refused(void **state) {
    (void)state;
    static const char *const of_images[] = {"net.features", "residual", "upsampling", "augment"};
    char text[8192];
    gan_watch_opts o = {.loss = gan_loss_non_saturating()};
    for (int points = 0; points < 2; points++) {
        o.points = points;
        all_advice(o, text, sizeof text);
        for (size_t i = 0; i < sizeof of_images / sizeof *of_images; i++)
            assert_int_equal(strstr(text, of_images[i]) == NULL, points);
        assert_non_null(strstr(text, "spectral_norm"));
    }
    o.loss = gan_loss_wasserstein();
    o.in_use = "weight_clip";
    all_advice(o, text, sizeof text);
    assert_null(strstr(text, "spectral_norm"));
    assert_null(strstr(text, "r1:"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watcher__reads_faults_of_a_log_as_they_came),
        cmocka_unit_test(test_watcher__advises_nothing_that_would_be_refused),
        cmocka_unit_test(test_watcher__calls_the_beginning_too_early),
        cmocka_unit_test(test_watcher__calls_healthy_runs_healthy),
        cmocka_unit_test(test_watcher__forgives_one_spiked_batch),
        cmocka_unit_test(test_watcher__forgets_steps_that_were_not_taken),
        cmocka_unit_test(test_watcher__knows_equilibrium),
        cmocka_unit_test(test_watcher__names_a_d_that_has_won),
        cmocka_unit_test(test_watcher__takes_no_critic_for_a_winner_by_its_ranks),
        cmocka_unit_test(test_watcher__names_a_weak_d),
        cmocka_unit_test(test_watcher__knows_whose_fault_it_is),
        cmocka_unit_test(test_watcher__judges_d_by_its_own_data),
        cmocka_unit_test(test_watcher__names_collapse),
        cmocka_unit_test(test_watcher__names_noise),
        cmocka_unit_test(test_watcher__tells_growing_swings_from_settling_ones),
        cmocka_unit_test(test_watcher__names_what_cannot_settle),
        cmocka_unit_test(test_watcher__names_drift),
        cmocka_unit_test(test_watcher__names_a_sign_error),
        cmocka_unit_test(test_watcher__names_a_d_that_memorises),
        cmocka_unit_test(test_watcher__forgets_what_d_knew_by_heart),
        cmocka_unit_test(test_watcher__is_patient_with_steps_that_are_not_finite),
        cmocka_unit_test(test_watcher__scores_verdicts),
        cmocka_unit_test(test_watcher__forgives_soft_and_flipped_targets),
        cmocka_unit_test(test_watcher__keeps_a_long_past_in_little_room),
        cmocka_unit_test(test_watcher__goes_on_from_its_state),
        cmocka_unit_test(test_watcher__refuses_what_makes_no_sense),
        cmocka_unit_test(test_watcher__advises_in_the_articles_order_and_in_words_that_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
