/* Tricks by hand: terms of the loss of G, of weights, clipping and balance on numbers that can be worked out, and what they
 * refuse. */
#include <stdio.h>

#include "cmocka_gan.h"
#include "point_run.h"
#include "tricks/trick_impl.h"

#ifdef GAN_DOUBLE
#define TINY 1e-12
#else
#define TINY 1e-5
#endif

static gan_ctx *ctx_new(void) { return gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1}); }
static double term_of(gan_trick *k, const gan_turn *turn) { return gan_item(k->type->term(k, turn)); }

/* --- terms of G's loss ---------------------------------------------------------------------------------------- */

static void test_mode_seeking__is_the_reciprocal_of_the_ratio_of_distances(void **state) {
    (void)state;
    gan_ctx *ctx = ctx_new();
    const gan_real z[] = {0, 1, 2, 4}, x[] = {1, 1, 2, 0, 4, 1, 2, 6};
    gan_turn turn = {.ctx = ctx, .player = GAN_PLAYER_G, .latents = gan_from(ctx, gan_shape2(4, 1), z)};
    turn.fake = gan_from(ctx, gan_shape2(4, 2), x);
    gan_mode_seeking_opts o = gan_mode_seeking_defaults();
    /* |G(z1) - G(z2)|: (3 + 0 + 0 + 6)/4; |z1 - z2|: (2 + 3)/2. */
    const double r = 2.25 / 2.5;
    check_close(term_of(gan_mode_seeking(ctx, o), &turn), 1 / (r + 1e-5), TINY);
    gan_trick *k = gan_mode_seeking(ctx, o);
    gan_tensor *g = gan_grad(k->type->term(k, &turn), turn.fake, (gan_grad_opts){0});
    check_close(gan_data(g)[0], .25 / 2.5 / ((r + 1e-5) * (r + 1e-5)), TINY);
    o.tau = .5;
    check_close(term_of(gan_mode_seeking(ctx, o), &turn), 1 / (.5 + 1e-5), TINY);
    k = gan_mode_seeking(ctx, o);
    g = gan_grad(k->type->term(k, &turn), turn.fake, (gan_grad_opts){0});
    for (int i = 0; i < 8; i++) assert_true(gan_data(g)[i] == 0);
    turn.player = GAN_PLAYER_D;
    assert_null(k->type->term(k, &turn));
    check_ok(ctx);
    o.tau = 0;
    gan_mode_seeking(ctx, o);
    check_failed(ctx, GAN_E_ARG, "tau is 0");
    gan_ctx_free(ctx);
}

static void test_pixel_loss__is_each_kinds_formula(void **state) {
    (void)state;
    gan_ctx *ctx = ctx_new();
    const gan_real real[] = {0, 0, 1, 1}, target[] = {1, 0, 0, 2}, fake[] = {3, 0, 1, 2};
    gan_turn turn = {.ctx = ctx, .player = GAN_PLAYER_G, .paired = true, .fake = gan_from(ctx, gan_shape2(2, 2), fake)};
    turn.real = (gan_batch){.x = gan_from(ctx, gan_shape2(2, 2), real), .target = gan_from(ctx, gan_shape2(2, 2), target)};
    static const struct {
        gan_pixel_kind kind;
        double value;
    } cases[] = {
        {GAN_PIXEL_L1, (2 + 0 + 1 + 0) / 4.},
        {GAN_PIXEL_L2, (4 + 0 + 1 + 0) / 4.},
        /* [0, 0] and [1, 1] both lie nearest to [1, 2]. */
        {GAN_PIXEL_NEAREST, (1 + 4 + 0 + 1) / 4.},
        /* Means .5, .5 and 2, 1; deviations .5, .5 and 1, 1. */
        {GAN_PIXEL_MOMENTS, (2.25 + .25) / 2 + (.25 + .25) / 2},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_trick *k = gan_pixel_loss(ctx, gan_pixel_loss_defaults(cases[i].kind));
        check_close(term_of(k, &turn), cases[i].value, TINY);
        check_close(gan__trick_weight(k, 5000, 0), i < 2 ? 50 : 5, TINY);
        check_close(gan__trick_weight(k, 10000, 0), 0, TINY);
    }
    /* The fake that is next to nobody does not move. */
    gan_trick *k = gan_pixel_loss(ctx, gan_pixel_loss_defaults(GAN_PIXEL_NEAREST));
    gan_tensor *g = gan_grad(k->type->term(k, &turn), turn.fake, (gan_grad_opts){0});
    const double moves[] = {0, 0, 2 * (1 + 0) / 4., 2 * (2 + 1) / 4.};
    for (int i = 0; i < 4; i++) check_close(gan_data(g)[i], moves[i], TINY);
    check_ok(ctx);
    gan_pixel_loss(ctx, gan_pixel_loss_defaults((gan_pixel_kind)4));
    check_failed(ctx, GAN_E_ARG, "no kind");
    gan_ctx_free(ctx);
}

/* The trainer knows whether its data comes in pairs, and hands the targets on. */
static void test_pixel_loss__to_targets_needs_them(void **state) {
    (void)state;
    for (int paired = 0; paired < 2; paired++) {
        gan_ctx *ctx = ctx_new();
        gan_real x[64], target[64];
        for (int i = 0; i < 64; i++) x[i] = (gan_real)(.01 * i), target[i] = (gan_real)(5 + .01 * i);
        gan_dataset *data = gan_array_data(ctx, gan_shape2(32, 2), x, (gan_array_opts){.targets = paired ? target : NULL});
        gan_mlp_opts net = {.latent = 3, .width = 12};
        gan_trainer *t = gan_trainer_new(gan_mlp_generator(ctx, net), gan_mlp_discriminator(ctx, net), data, point_opts());
        check_ok(ctx);
        gan_trainer_use(t, gan_pixel_loss(ctx, gan_pixel_loss_defaults(GAN_PIXEL_L1)));
        if (!paired) {
            check_failed(ctx, GAN_E_ARG, "the data has none");
        } else {
            gan_step_info info;
            gan_trainer_step(t, &info);
            check_ok(ctx);
            assert_true(info.g_loss > 300 && info.g_loss < 700); /* 100 times about 5 */
        }
        gan_ctx_free(ctx);
    }
}

/* --- feature matching ----------------------------------------------------------------------------------------- */

static gan_output features(gan_ctx *ctx, const gan_real *values, const char *path) {
    gan_output out = {.n_taps = 2};
    out.taps[0] = (struct gan_tap){"another", gan_zeros(ctx, gan_shape2(2, 2))};
    out.taps[1] = (struct gan_tap){path, gan_from(ctx, gan_shape2(2, 2), values)};
    return out;
}

static void test_feature_matching__is_the_distance_of_means(void **state) {
    (void)state;
    const gan_real real[] = {1, 2, 3, 4}, fake[] = {0, 1, 0, 11};
    for (int l1 = 0; l1 < 2; l1++) {
        gan_ctx *ctx = ctx_new();
        gan_turn turn = {.ctx = ctx, .D = gan_mlp_discriminator(ctx, (gan_mlp_opts){0}), .player = GAN_PLAYER_G};
        gan_trick *k = gan_feature_matching(ctx, (gan_feature_matching_opts){.weight = gan_constant(1), .l1 = l1});
        k->type->attach(k, &turn);
        assert_string_equal(k->type->tap(k), "main.3");
        turn.real_out = features(ctx, real, "main.3");
        turn.fake_out = features(ctx, fake, "main.3");
        /* Means 2, 3 and 0, 6. */
        check_close(term_of(k, &turn), l1 ? 5 : 13, TINY);
        gan_tensor *g = gan_grad(k->type->term(k, &turn), turn.fake_out.taps[1].t, (gan_grad_opts){0});
        check_close(gan_data(g)[0], l1 ? -.5 : -2, TINY);
        check_close(gan_data(g)[3], l1 ? .5 : 3, TINY);
        check_ok(ctx);
        gan_ctx_free(ctx);
    }
}

static void attach_to(gan_module *D, const char *path, const char *expected) {
    gan_ctx *ctx = gan_module_ctx(D);
    gan_trick *k = gan_feature_matching(ctx, (gan_feature_matching_opts){.weight = gan_constant(1), .path = path});
    check_ok(ctx);
    k->type->attach(k, &(gan_turn){.ctx = ctx, .D = D});
    if (!expected) return;
    check_ok(ctx);
    assert_string_equal(k->type->tap(k), expected);
}

static void test_feature_matching__finds_what_the_last_layer_takes(void **state) {
    (void)state;
    gan_ctx *ctx = ctx_new();
    gan_dcgan_opts net = {.size = 16, .channels = 1, .features = 3};
    attach_to(gan_dcgan_discriminator(ctx, net), NULL, "main.4");
    attach_to(gan_resnet_discriminator(ctx, net), NULL, "pool");
    attach_to(gan_mlp_discriminator(ctx, (gan_mlp_opts){.aux = 3}), NULL, "main.3");
    gan_module *D = gan_sequential(ctx);
    gan_module *inner = gan_sequential_add(D, gan_sequential(ctx));
    gan_sequential_add(inner, gan_linear_layer(ctx, 4, 5, (gan_linear_opts){0}));
    gan_sequential_add(inner, gan_relu_layer(ctx));
    gan_module *last = gan_sequential_add(D, gan_sequential(ctx));
    gan_sequential_add(last, gan_linear_layer(ctx, 5, 1, (gan_linear_opts){0}));
    gan_sequential_add(last, gan_reshape_layer(ctx, gan_shape0()));
    attach_to(D, NULL, "0.1");
    attach_to(D, "0.0", "0.0");
    attach_to(D, "5", NULL);
    check_failed(ctx, GAN_E_ARG, "no submodule \"5\"");
    gan_module *flat = gan_sequential(ctx);
    gan_sequential_add(flat, gan_linear_layer(ctx, 4, 1, (gan_linear_opts){0}));
    attach_to(flat, NULL, NULL);
    check_failed(ctx, GAN_E_ARG, "no layer is found");
    gan_ctx_free(ctx);
}

static void test_feature_matching__is_refused_behind_batch_norm(void **state) {
    (void)state;
    gan_ctx *ctx = ctx_new();
    gan_module *D = gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 16, .channels = 1, .features = 3});
    attach_to(D, "main.3", NULL);
    check_failed(ctx, GAN_E_ARG, "refused on the output of a batch norm");
    gan_module *nested = gan_sequential(ctx);
    gan_module *inner = gan_sequential_add(nested, gan_sequential(ctx));
    gan_sequential_add(inner, gan_batch_norm_layer(ctx, 4, (gan_norm_opts){0}));
    gan_sequential_add(nested, gan_linear_layer(ctx, 4, 1, (gan_linear_opts){0}));
    attach_to(nested, NULL, NULL);
    check_failed(ctx, GAN_E_ARG, "refused on the output of a batch norm");
    attach_to(nested, "0", NULL);
    check_failed(ctx, GAN_E_ARG, "refused on the output of a batch norm");
    gan_ctx_free(ctx);
}

static double first_g_loss(double weight, bool alone) {
    point_run r = point_run_new(1, point_opts(), NULL, 0);
    gan_feature_matching_opts o = {.weight = gan_constant(weight), .alone = alone};
    gan_trainer_use(r.trainer, gan_feature_matching(r.ctx, o));
    gan_step_info info;
    gan_trainer_step(r.trainer, &info);
    check_ok(r.ctx);
    gan_ctx_free(r.ctx);
    return info.g_loss;
}

static void test_feature_matching__stands_beside_the_loss_or_instead(void **state) {
    (void)state;
    const double plain = first_g_loss(0, false), term = first_g_loss(1, true);
    assert_true(term > 0 && fabs(term - plain) > .01);
    check_close(first_g_loss(2, true), 2 * term, TINY * 10);
    check_close(first_g_loss(2, false), plain + 2 * term, TINY * 10);
    check_close(first_g_loss(0, true), plain, TINY * 10);
}

/* --- weights -------------------------------------------------------------------------------------------------- */

static void test_weight_penalty__is_of_the_players_weights_alone(void **state) {
    (void)state;
    gan_ctx *ctx = ctx_new();
    gan_mlp_opts net = {.latent = 3, .width = 4, .d_norm = GAN_NORM_LAYER};
    gan_turn turn = {.ctx = ctx, .G = gan_mlp_generator(ctx, net), .D = gan_mlp_discriminator(ctx, net)};
    gan_weight_penalty_opts o = {.d = {.l1 = .3, .l2 = .2}, .g = {.l2 = 1}, .weight = gan_constant(1)};
    gan_trick *k = gan_weight_penalty(ctx, o);
    gan_module *nets[] = {turn.D, turn.G};
    for (int p = 0; p < 2; p++) {
        double l1 = 0, l2 = 0;
        for (int i = 0; i < gan_module_param_count(nets[p]); i++) {
            const gan_param *w = gan_module_param(nets[p], i);
            if (gan_shape_of(w->tensor).ndim < 2) continue; /* biases and norms */
            for (int64_t j = 0; j < gan_count(w->tensor); j++) {
                double value = gan_data(w->tensor)[j];
                l1 += fabs(value), l2 += value * value;
            }
        }
        turn.player = p == 0 ? GAN_PLAYER_D : GAN_PLAYER_G;
        check_close(term_of(k, &turn), p == 0 ? .3 * l1 + .1 * l2 : .5 * l2, TINY * 10);
        gan_tensor *w = gan_module_param(nets[p], 0)->tensor;
        gan_tensor *g = gan_grad(k->type->term(k, &turn), w, (gan_grad_opts){0});
        double w0 = gan_data(w)[0];
        check_close(gan_data(g)[0], p == 0 ? (w0 > 0 ? .3 : -.3) + .2 * w0 : w0, TINY);
    }
    o.g.l2 = 0;
    k = gan_weight_penalty(ctx, o);
    assert_null(k->type->term(k, &turn));
    check_ok(ctx);
    o.g.l1 = -1;
    gan_weight_penalty(ctx, o);
    check_failed(ctx, GAN_E_ARG, "l1 is -1");
    gan_ctx_free(ctx);
}

static void count_warnings(void *user, gan_log_level level, const char *message) {
    if (level == GAN_LOG_WARNING && strstr(message, "spectral norm")) ++*(int *)user;
}

static void test_weight_penalty__warns_of_l2_under_spectral_norm(void **state) {
    (void)state;
    int warnings = 0;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1, .log = count_warnings, .log_user = &warnings});
    gan_mlp_opts net = {.g_spectral = true};
    gan_turn turn = {.ctx = ctx, .G = gan_mlp_generator(ctx, net), .D = gan_mlp_discriminator(ctx, net)};
    gan_weight_penalty_opts o = {.d = {.l2 = 1}, .g = {.l1 = 1}, .weight = gan_constant(1)};
    gan_trick *k = gan_weight_penalty(ctx, o);
    k->type->attach(k, &turn);
    assert_int_equal(warnings, 0);
    o.g.l2 = 1;
    k = gan_weight_penalty(ctx, o);
    k->type->attach(k, &turn);
    assert_int_equal(warnings, 1);
    check_ok(ctx);
    gan_ctx_free(ctx);
}

static double largest(gan_module *m, double *least_of_all) {
    double most = *least_of_all = 0;
    for (int i = 0; i < gan_module_param_count(m); i++)
        for (int64_t j = 0; j < gan_count(gan_module_param(m, i)->tensor); j++) {
            double w = gan_data(gan_module_param(m, i)->tensor)[j];
            if (w > most) most = w;
            if (w < *least_of_all) *least_of_all = w;
        }
    return most;
}

static void test_weight_clip__holds_d_and_not_g(void **state) {
    (void)state;
    for (int at_once = 0; at_once < 2; at_once++) {
        gan_trainer_opts o = point_opts();
        o.loss = gan_loss_wasserstein();
        o.simultaneous = at_once;
        point_run r = point_run_new(1, o, NULL, 0);
        gan_trainer_use(r.trainer, gan_weight_clip(r.ctx, (gan_weight_clip_opts){.c = .05}));
        gan_trainer_step(r.trainer, NULL);
        check_ok(r.ctx);
        double low, high = largest(r.D, &low);
        assert_true(high == (double)(gan_real).05 && low == -(double)(gan_real).05);
        assert_true(largest(r.G, &low) > .1);
        gan_ctx_free(r.ctx);
    }
}

static void test_weight_clip__is_refused_with_spectral_norm(void **state) {
    (void)state;
    gan_ctx *ctx = ctx_new();
    gan_weight_clip_opts c = {.c = .01};
    gan_trick *k = gan_weight_clip(ctx, c);
    gan_module *spectral_g = gan_mlp_generator(ctx, (gan_mlp_opts){.g_spectral = true});
    k->type->attach(k, &(gan_turn){.ctx = ctx, .G = spectral_g, .D = gan_mlp_discriminator(ctx, (gan_mlp_opts){0})});
    check_ok(ctx);
    k->type->attach(k, &(gan_turn){.ctx = ctx, .D = gan_mlp_discriminator(ctx, (gan_mlp_opts){.d_spectral = true})});
    check_failed(ctx, GAN_E_ARG, "spectral norm");
    c.c = 0;
    gan_weight_clip(ctx, c);
    check_failed(ctx, GAN_E_ARG, "c is 0");
    gan_ctx_free(ctx);
}

/* --- balance -------------------------------------------------------------------------------------------------- */

static void test_balance__waits_while_d_is_right_but_not_for_ever(void **state) {
    (void)state;
    gan_ctx *ctx = ctx_new();
    gan_loss loss = gan_loss_non_saturating();
    gan_turn turn = {.ctx = ctx, .loss = &loss};
    gan_trick *k = gan_balance(ctx, gan_balance_defaults());
    k->type->attach(k, &turn);
    turn.real_out.y = gan_full(ctx, gan_shape1(4), 1);
    turn.fake_out.y = gan_full(ctx, gan_shape1(4), -1);
    /* 1 - .9^n/2 is above .8 from n = 9 on; then one update after every five left out. */
    for (int n = 1; n <= 30; n++) {
        bool expected = n >= 9 && (n - 9) % 6 != 5;
        if ((k->type->skip)(k, &turn) != expected) /* in brackets: cmocka has a macro of that name */
            fail_msg("turn %d", n);
    }
    /* Right on reals, wrong on fakes: 1/2. */
    turn.fake_out.y = turn.real_out.y;
    int waits = 0;
    for (int n = 0; n < 20; n++) waits += (k->type->skip)(k, &turn);
    /* .5 + .479*.9^n is above .8 up to n = 4, of which the second must move: four were left out before. */
    assert_int_equal(waits, 3);
    check_ok(ctx);
    loss = gan_loss_hinge();
    k = gan_balance(ctx, gan_balance_defaults());
    k->type->attach(k, &turn);
    check_failed(ctx, GAN_E_ARG, "no accuracy");
    gan_balance(ctx, (gan_balance_opts){.above = .8});
    check_failed(ctx, GAN_E_ARG, "most is 0");
    gan_ctx_free(ctx);
}

static void test_balance__leaves_d_alone_while_it_waits(void **state) {
    (void)state;
    for (int at_once = 0; at_once < 2; at_once++) {
        gan_trainer_opts o = point_opts();
        o.simultaneous = at_once;
        point_run r = point_run_new(1, o, NULL, 0);
        gan_trainer_use(r.trainer, gan_balance(r.ctx, (gan_balance_opts){.above = 0, .most = 2, .decay = .5}));
        gan_tensor *w = gan_module_param(r.D, 0)->tensor, *of_g = gan_module_param(r.G, 0)->tensor;
        const bool moves[] = {false, false, true, false, false, true};
        for (int i = 0; i < COUNT_OF(moves); i++) {
            double before = gan_data(w)[0], before_g = gan_data(of_g)[0];
            gan_trainer_step(r.trainer, NULL);
            check_ok(r.ctx);
            assert_int_equal(gan_data(w)[0] != before, moves[i]);
            assert_true(gan_data(of_g)[0] != before_g);
        }
        gan_ctx_free(r.ctx);
    }
}

/* --- intervals ------------------------------------------------------------------------------------------------ */

typedef struct bell {
    bool rung;
} bell;

static gan_tensor *ring(gan_trick *k, const gan_turn *turn) {
    if (turn->player == GAN_PLAYER_D) ((bell *)gan_trick_data(k))->rung = true;
    return NULL;
}

/* Balance leaves every other update of D out: a term due at every second update is due in two steps of four. With two updates to a
 * step, it is due in each. */
static void test_intervals__count_the_updates_that_d_has_made(void **state) {
    (void)state;
    static const gan_trick_type bell_type = {.name = "bell", .data_bytes = sizeof(bell), .term = ring};
    static const bool expected[3][8] = {
        {true, false, true, false, true, false, true, false}, /* without balance, */
        {true, true, false, false, true, true, false, false}, /* with it, */
        {true, true, true, true, true, true, true, true},     /* with n_critic 2 */
    };
    for (int k = 0; k < 3; k++) {
        gan_trainer_opts o = point_opts();
        o.n_critic = k == 2 ? 2 : 1;
        point_run r = point_run_new(1, o, NULL, 0);
        gan_trick *trick = gan_trick_new(r.ctx, &bell_type, (gan_trick_opts){.weight = gan_constant(1), .interval = 2});
        gan_trainer_use(r.trainer, trick);
        if (k == 1) gan_trainer_use(r.trainer, gan_balance(r.ctx, (gan_balance_opts){.above = 0, .most = 1, .decay = .5}));
        for (int i = 0; i < COUNT_OF(expected[k]); i++) {
            bell *b = gan_trick_data(trick);
            b->rung = false;
            gan_trainer_step(r.trainer, NULL);
            check_ok(r.ctx);
            if (b->rung != expected[k][i]) fail_msg("case %d, step %d", k, i);
        }
        gan_ctx_free(r.ctx);
    }
}

/* --- without memory ------------------------------------------------------------------------------------------- */

static gan_trick *features_of(gan_ctx *ctx) { return gan_feature_matching(ctx, gan_feature_matching_defaults()); }
static gan_trick *seeking(gan_ctx *ctx) { return gan_mode_seeking(ctx, (gan_mode_seeking_opts){gan_constant(1), 2}); }
static gan_trick *nearest(gan_ctx *ctx) { return gan_pixel_loss(ctx, gan_pixel_loss_defaults(GAN_PIXEL_NEAREST)); }
static gan_trick *clip(gan_ctx *ctx) { return gan_weight_clip(ctx, (gan_weight_clip_opts){.c = .05}); }
static gan_trick *weights(gan_ctx *ctx) { return gan_weight_penalty(ctx, gan_weight_penalty_defaults()); }
static gan_trick *balance(gan_ctx *ctx) { return gan_balance(ctx, (gan_balance_opts){.above = 0, .most = 1, .decay = .5}); }
static const trick_maker all[] = {features_of, seeking, nearest, clip, weights, balance};

/* Step 2 of the two moves D, so that clipping takes part. */
static void test_steps__that_fail_leave_no_trace(void **state) {
    (void)state;
    gan_real *values[2];
    size_t count = 0;
    int failures = 0;
    for (int failing = 0; failing < 2; failing++) {
        point_run r = point_run_new(1, point_opts(), all, COUNT_OF(all));
        check_ok(r.ctx);
        for (int i = 0; i < 2; i++)
            for (int n = 1;; n++) {
                if (failing) gan_ctx_fail_alloc(r.ctx, n);
                if (gan_trainer_step(r.trainer, NULL) == GAN_OK) break;
                check_failed(r.ctx, GAN_E_MEMORY, "");
                failures++;
            }
        gan_ctx_fail_alloc(r.ctx, 0);
        values[failing] = point_values(&r, &count);
        gan_ctx_free(r.ctx);
    }
    assert_true(failures > 200);
    assert_memory_equal(values[0], values[1], count * sizeof *values[0]);
    free(values[0]);
    free(values[1]);
}

static void test_tricks__without_memory_are_nil(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(all); i++)
        for (int n = 1; n <= 2; n++) {
            gan_ctx *ctx = ctx_new();
            gan_ctx_fail_alloc(ctx, n);
            assert_true(gan_trick_is_nil(all[i](ctx)));
            check_failed(ctx, GAN_E_MEMORY, "");
            gan_ctx_free(ctx);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode_seeking__is_the_reciprocal_of_the_ratio_of_distances),
        cmocka_unit_test(test_pixel_loss__is_each_kinds_formula),
        cmocka_unit_test(test_pixel_loss__to_targets_needs_them),
        cmocka_unit_test(test_feature_matching__is_the_distance_of_means),
        cmocka_unit_test(test_feature_matching__finds_what_the_last_layer_takes),
        cmocka_unit_test(test_feature_matching__is_refused_behind_batch_norm),
        cmocka_unit_test(test_feature_matching__stands_beside_the_loss_or_instead),
        cmocka_unit_test(test_weight_penalty__is_of_the_players_weights_alone),
        cmocka_unit_test(test_weight_penalty__warns_of_l2_under_spectral_norm),
        cmocka_unit_test(test_weight_clip__holds_d_and_not_g),
        cmocka_unit_test(test_weight_clip__is_refused_with_spectral_norm),
        cmocka_unit_test(test_balance__waits_while_d_is_right_but_not_for_ever),
        cmocka_unit_test(test_balance__leaves_d_alone_while_it_waits),
        cmocka_unit_test(test_intervals__count_the_updates_that_d_has_made),
        cmocka_unit_test(test_steps__that_fail_leave_no_trace),
        cmocka_unit_test(test_tricks__without_memory_are_nil),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
