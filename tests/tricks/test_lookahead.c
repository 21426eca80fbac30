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

/* D's terms in a loop of one's own: a penalty. */
typedef struct own_terms {
    gan_penalty_kind kind;
    gan_stream *stream;
} own_terms;

static gan_tensor *with_penalty(const gan_turn *turn, const gan_set *values, int ahead) {
    (void)ahead;
    const own_terms *o = turn->seer;
    gan_tensor *penalty = gan_penalty(turn->D, values, turn->loss, o->kind, turn->real_seen, turn->fake_seen, NULL, o->stream);
    return gan_add(gan_turn_loss_d(turn, values), gan_scale(penalty, .75));
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
static void check_run(const char *run, gan_optim_opts opts, const gan_penalty_kind *kind) {
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
    own_terms terms = {kind ? *kind : GAN_PENALTY_R1, gan_stream_named(ctx, "e")};
    turn.loss_d = with_penalty;
    turn.seer = &terms;
    for (int steps = 1; steps <= 3; steps++) {
        gan_scope_begin(ctx);
        gan_set *set = gan_lookahead_values(&turn, (gan_lookahead_opts){.steps = steps, .terms = kind});
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
    check_run("sgd", gan_sgd(.5, 0), NULL);
    check_run("momentum", gan_sgd(.3, .7), NULL);
}

static void test_lookahead__through_adam_is_pytorchs(void **state) {
    (void)state;
    check_run("adam", gan_adam(.05), NULL);
    gan_optim_opts o = gan_adam(.05);
    o.beta2 = .9, o.eps = 1e-3, o.amsgrad = true, o.weight_decay = .1, o.clip_norm = .3;
    check_run("adam_clip", o, NULL);
}

static void test_lookahead__through_rmsprop_is_pytorchs(void **state) {
    (void)state;
    gan_optim_opts o = gan_rmsprop(.02);
    o.alpha = .9;
    check_run("rmsprop", o, NULL);
}

/* At the reals the penalty depends on G through D's weights alone, elsewhere through its points as well. */
static void test_lookahead__through_steps_with_penalties_is_pytorchs(void **state) {
    (void)state;
    check_run("sgd_r1", gan_sgd(.5, 0), &(gan_penalty_kind){GAN_PENALTY_R1});
    check_run("adam_r2", gan_adam(.05), &(gan_penalty_kind){GAN_PENALTY_R2});
    check_run("momentum_gp", gan_sgd(.3, .7), &(gan_penalty_kind){GAN_PENALTY_WGAN_GP});
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
        gan_set *set = gan_lookahead_values(&turn, (gan_lookahead_opts){.steps = 3});
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
    bool terms;
    gan_real *gradient; /* of G's loss, by hand */
} spy;

/* G's loss and its gradient, once more and by hand, in G's turn. */
static gan_tensor *spy_term(gan_trick *k, const gan_turn *turn) {
    spy *s = gan_trick_data(k);
    if (turn->player != GAN_PLAYER_G) return NULL;
    gan_set *set = gan_lookahead_values(turn, (gan_lookahead_opts){.steps = 2, .terms = s->terms});
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
static gan_trick *ahead_with_terms(gan_ctx *ctx) { return gan_lookahead(ctx, (gan_lookahead_opts){.steps = 2, .terms = true}); }
static gan_trick *gp(gan_ctx *ctx) {
    return gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_WGAN_GP, gan_constant(10), 0});
}
static gan_trick *lazy_r1(gan_ctx *ctx) {
    return gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R1, gan_constant(3), 2});
}
static gan_trick *heavy(gan_ctx *ctx) {
    return gan_weight_penalty(ctx, (gan_weight_penalty_opts){.d = {.l2 = .2}, .weight = gan_constant(1)});
}
static gan_trick *past(gan_ctx *ctx) {
    return gan_historical_averaging(ctx, (gan_historical_averaging_opts){.g = gan_constant(0), .d = gan_constant(5)});
}
static gan_trick *old_fakes(gan_ctx *ctx) { return gan_replay(ctx, (gan_replay_opts){1, gan_constant(.25)}); }
static gan_trick *watch(gan_ctx *ctx) { return gan_trick_new(ctx, &spy_type, (gan_trick_opts){.weight = gan_constant(1)}); }

/* G moves, by SGD of rate 1, by minus the gradient. */
static void check_trainer(gan_loss loss, bool simultaneous, bool terms) {
    gan_trainer_opts o = point_opts();
    o.g = gan_sgd(1, 0);
    o.d = gan_adam(.01);
    o.loss = loss;
    o.simultaneous = simultaneous;
    point_run r = point_run_new(1, o, (trick_maker[]){terms ? ahead_with_terms : ahead, lazy_r1}, 2);
    gan_trick *k = watch(r.ctx);
    ((spy *)gan_trick_data(k))->terms = terms;
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
    check_trainer(gan_loss_minimax(), false, true);
    check_trainer(gan_loss_minimax(), true, true);
    check_trainer(gan_loss_minimax(), false, false);
    check_trainer(gan_loss_minimax(), true, false);
    check_trainer(gan_loss_relativistic_average(), false, false); /* what D^K says of reals depends on G as well */
    check_trainer(gan_loss_relativistic_average(), true, false);
}

/* In one step at once, D's half is the very same with, with D's terms, and without; so is where the penalty's e comes from next. */
static void test_lookahead__changes_nothing_in_ds_step(void **state) {
    (void)state;
    gan_trainer_opts o = point_opts();
    o.simultaneous = true;
    static const trick_maker makers[][2] = {{gp}, {gp, ahead}, {gp, ahead_with_terms}};
    size_t count, of_g = 0;
    gan_real *values[3];
    int64_t drawn[3];
    for (int i = 0; i < 3; i++) {
        point_run r = point_run_new(1, o, makers[i], i ? 2 : 1);
        gan_trainer_step(r.trainer, NULL);
        check_ok(r.ctx);
        of_g = 0;
        for (int k = 0; k < gan_module_param_count(r.G); k++) of_g += (size_t)gan_count(gan_module_param(r.G, k)->tensor);
        values[i] = point_values(&r, &count);
        drawn[i] = gan_stream_position(gan_stream_named(r.ctx, "trick.wgan_gp"));
        gan_ctx_free(r.ctx);
    }
    for (int i = 1; i < 3; i++) {
        assert_memory_equal(values[0] + of_g, values[i] + of_g, (count - of_g) * sizeof **values);
        assert_memory_not_equal(values[i - 1], values[i], of_g * sizeof **values); /* G's differs each time */
        assert_true(drawn[i] == drawn[0] && drawn[0] > 0);
    }
    for (int i = 0; i < 3; i++) free(values[i]);
}

/* --- D's terms, as the trainer lends them --------------------------------------------------------------------- */

static double square_sum(const gan_tensor *a, const gan_tensor *b) {
    double sum = 0;
    for (int64_t i = 0; i < gan_count(a); i++) sum += pow((double)gan_data(a)[i] - (b ? (double)gan_data(b)[i] : 0), 2);
    return sum;
}

typedef struct terms_spy {
    gan_real first[512], fake[64]; /* D's values after its first update, which are the mean of its past; the fakes of then */
    int calls;
} terms_spy;

/* D's loss on other values, by hand: plain, a lazy R1, half the squares of the weights, the distance from the past, an old batch. */
static double loss_by_hand(const terms_spy *s, const gan_turn *turn, const gan_set *set, bool penalised) {
    double plain = gan_item(gan_turn_loss_d(turn, set)), weights = 0, distance = 0;
    gan_tensor *r1 = gan_penalty(turn->D, set, turn->loss, GAN_PENALTY_R1, turn->real_seen, turn->fake_seen, NULL, NULL);
    const gan_real *first = s->first;
    for (int i = 0; i < gan_set_count(set); i++) {
        const gan_tensor *w = gan_set_get(set, i);
        if (gan_shape_of(w).ndim > 1) weights += square_sum(w, NULL);
        gan_tensor *then = gan_from(turn->ctx, gan_shape_of(w), first);
        distance += square_sum(w, then);
        first += gan_count(w);
    }
    gan_turn old = *turn;
    old.fake_seen = gan_from(turn->ctx, gan_shape_of(turn->fake), s->fake);
    double replayed = gan_item(gan_turn_loss_d(&old, set));
    return .75 * plain + .25 * replayed + (penalised ? 6 * gan_item(r1) : 0) + .1 * weights + 5 * distance;
}

static gan_tensor *terms_spy_term(gan_trick *k, const gan_turn *turn) {
    terms_spy *s = gan_trick_data(k);
    if (turn->player != GAN_PLAYER_G) return NULL;
    if (s->calls++ == 0) { /* D has moved once */
        gan_real *to = s->first;
        for (int i = 0; i < gan_module_param_count(turn->D); i++) {
            const gan_tensor *w = gan_module_param(turn->D, i)->tensor;
            for (int64_t j = 0; j < gan_count(w); j++) *to++ = gan_data(w)[j];
        }
        memcpy(s->fake, gan_data(turn->fake), (size_t)gan_count(turn->fake) * sizeof(gan_real));
        gan_set *set = gan_set_of(turn->D);
        for (int i = 0; i < gan_set_count(set); i++) gan_set_put(set, i, gan_scale(gan_set_get(set, i), 1.5));
        for (int ahead = 0; ahead < 4; ahead++) {
            double lent = gan_item(turn->loss_d(turn, set, ahead)), by_hand = loss_by_hand(s, turn, set, (1 + ahead) % 2 == 0);
            check_ok(turn->ctx);
            if (!(fabs(lent - by_hand) <= (sizeof(gan_real) == 8 ? 1e-12 : 1e-5) * fabs(by_hand))) fail_msg("%d ahead: %g, not %g", ahead, lent, by_hand);
        }
        gan_set_free(set);
    }
    return NULL;
}
static const gan_trick_type terms_spy_type = {.name = "terms_spy", .data_bytes = sizeof(terms_spy), .term = terms_spy_term};

static void test_lookahead__is_lent_ds_terms_on_the_values_imagined(void **state) {
    (void)state;
    point_run r = point_run_new(1, point_opts(), (trick_maker[]){lazy_r1, heavy, past, old_fakes}, 4);
    gan_trick *k = gan_trick_new(r.ctx, &terms_spy_type, (gan_trick_opts){.weight = gan_constant(1)});
    gan_trainer_use(r.trainer, k);
    for (int i = 0; i < 2; i++) gan_trainer_step(r.trainer, NULL);
    check_ok(r.ctx);
    assert_int_equal(((terms_spy *)gan_trick_data(k))->calls, 2);
    gan_ctx_free(r.ctx);
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
    assert_null(gan_lookahead_values(&turn, (gan_lookahead_opts){.steps = 1}));
    assert_non_null(strstr(gan_ctx_message(ctx), "opt_d is of another module"));
    gan_ctx_clear(ctx);
    assert_null(gan_lookahead_values(&turn, (gan_lookahead_opts){.steps = 1, .terms = true}));
    assert_non_null(strstr(gan_ctx_message(ctx), "loss_d is missing"));
    gan_ctx_clear(ctx);
    turn.opt_d = NULL;
    assert_null(gan_lookahead_values(&turn, (gan_lookahead_opts){.steps = 1}));
    assert_non_null(strstr(gan_ctx_message(ctx), "opt_d is missing"));
    gan_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookahead__through_sgd_is_pytorchs),
        cmocka_unit_test(test_lookahead__through_adam_is_pytorchs),
        cmocka_unit_test(test_lookahead__through_rmsprop_is_pytorchs),
        cmocka_unit_test(test_lookahead__through_steps_with_penalties_is_pytorchs),
        cmocka_unit_test(test_lookahead__leaves_d_and_all_that_it_keeps_alone),
        cmocka_unit_test(test_lookahead__moves_g_in_the_trainer),
        cmocka_unit_test(test_lookahead__changes_nothing_in_ds_step),
        cmocka_unit_test(test_lookahead__is_lent_ds_terms_on_the_values_imagined),
        cmocka_unit_test(test_lookahead__survives_any_request_for_memory_that_fails),
        cmocka_unit_test(test_lookahead__refuses_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
