/* Every trick alone, in every pair, and all together: a few steps are finite, move every parameter, differ from the plain game,
 * repeat to the bit for any number of threads, and resume to the bit. A new trick joins by one line in the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <unistd.h>

#include "point_run.h"

enum { STEPS = 4 };

static gan_trick *noise(gan_ctx *ctx) {
    return gan_instance_noise(ctx, (gan_instance_noise_opts){.sigma = gan_linear_decay(.1, 0, 100)});
}
static gan_trick *soft(gan_ctx *ctx) { return gan_label_noise(ctx, gan_label_noise_defaults()); }
static gan_trick *flip(gan_ctx *ctx) { return gan_label_flip(ctx, (gan_label_flip_opts){.p = gan_constant(.2)}); }
static gan_trick *penalty(gan_ctx *ctx, gan_penalty_kind kind, double weight, int interval) {
    return gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){kind, gan_constant(weight), interval});
}
static gan_trick *wgan_gp(gan_ctx *ctx) { return penalty(ctx, GAN_PENALTY_WGAN_GP, 10, 0); }
static gan_trick *dragan(gan_ctx *ctx) { return penalty(ctx, GAN_PENALTY_DRAGAN, 10, 0); }
static gan_trick *r1(gan_ctx *ctx) { return penalty(ctx, GAN_PENALTY_R1, 1, 2); }
static gan_trick *r2(gan_ctx *ctx) { return penalty(ctx, GAN_PENALTY_R2, 1, 0); }

static gan_trick *lookahead(gan_ctx *ctx) { return gan_lookahead(ctx, (gan_lookahead_opts){.steps = 2, .terms = true}); }
static gan_trick *features(gan_ctx *ctx) { return gan_feature_matching(ctx, gan_feature_matching_defaults()); }
static gan_trick *seeking(gan_ctx *ctx) { return gan_mode_seeking(ctx, gan_mode_seeking_defaults()); }
static gan_trick *pixels(gan_ctx *ctx) { return gan_pixel_loss(ctx, gan_pixel_loss_defaults(GAN_PIXEL_NEAREST)); }
static gan_trick *weights(gan_ctx *ctx) { return gan_weight_penalty(ctx, gan_weight_penalty_defaults()); }
/* Leaves D's first and third update out. */
static gan_trick *balance(gan_ctx *ctx) { return gan_balance(ctx, (gan_balance_opts){.above = 0, .most = 1, .decay = .5}); }
static gan_trick *clip(gan_ctx *ctx) { return gan_weight_clip(ctx, (gan_weight_clip_opts){.c = .05}); }
static gan_trick *replay(gan_ctx *ctx) { return gan_replay(ctx, (gan_replay_opts){2, gan_constant(.5)}); }
static gan_trick *history(gan_ctx *ctx) {
    return gan_historical_averaging(ctx, (gan_historical_averaging_opts){.g = gan_constant(1), .d = gan_constant(1)});
}

static const struct {
    const char *name;
    trick_maker make;
} tricks[] = {
    {"instance noise", noise}, {"label noise", soft}, {"label flip", flip}, {"WGAN-GP's penalty", wgan_gp},
    {"DRAGAN's penalty", dragan}, {"R1, lazily", r1}, {"R2", r2},
    {"lookahead", lookahead},
    {"feature matching", features}, {"mode seeking", seeking}, {"pixel loss", pixels},
    {"weight penalty", weights}, {"balance", balance}, {"weight clipping", clip},
    {"replay", replay}, {"historical averaging", history},
};
enum { TRICKS = sizeof tricks / sizeof *tricks };

static void step(point_run *r, int steps, const char *what) {
    for (int i = 0; i < steps; i++)
        if (gan_trainer_step(r->trainer, NULL)) fail_msg("%s: %s", what, gan_ctx_message(r->ctx));
}

static gan_real *outcome(const trick_maker *makers, int n, int threads, const char *what, size_t *count) {
    point_run r = point_run_new(threads, point_opts(), makers, n);
    size_t before_count;
    gan_real *before = point_values(&r, &before_count);
    step(&r, STEPS, what);
    gan_real *values = point_values(&r, count);
    for (size_t i = 0; i < *count; i++)
        if (!isfinite(values[i])) fail_msg("%s: not finite", what);
    size_t at = 0;
    gan_module *nets[] = {r.G, r.D};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < gan_module_param_count(nets[k]); i++) {
            size_t size = (size_t)gan_count(gan_module_param(nets[k], i)->tensor);
            if (!memcmp(before + at, values + at, size * sizeof *values))
                fail_msg("%s: %s stood still", what, gan_module_param(nets[k], i)->name);
            at += size;
        }
    free(before);
    gan_ctx_free(r.ctx);
    return values;
}

static gan_real *resumed(const trick_maker *makers, int n, const char *what, size_t *count) {
    char path[] = "/tmp/gan-pairs-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    point_run r = point_run_new(1, point_opts(), makers, n);
    step(&r, STEPS - 1, what);
    assert_int_equal(gan_trainer_save(r.trainer, path), GAN_OK);
    gan_ctx_free(r.ctx);
    r = point_run_new(1, point_opts(), makers, n);
    if (gan_trainer_load(r.trainer, path)) fail_msg("%s: %s", what, gan_ctx_message(r.ctx));
    step(&r, 1, what);
    gan_real *values = point_values(&r, count);
    gan_ctx_free(r.ctx);
    unlink(path);
    return values;
}

/* The outcome must differ from each of `others`: every trick has an effect of its own. Returns it. */
static gan_real *check(const trick_maker *makers, int n, const char *what, gan_real *const *others, int n_others) {
    size_t count, count_again;
    gan_real *values = outcome(makers, n, 1, what, &count);
    gan_real *again = outcome(makers, n, 3, what, &count_again), *after = resumed(makers, n, what, &count_again);
    if (memcmp(values, again, count * sizeof *values)) fail_msg("%s: does not repeat with other threads", what);
    if (memcmp(values, after, count * sizeof *values)) fail_msg("%s: does not resume", what);
    for (int i = 0; i < n_others; i++)
        if (!memcmp(values, others[i], count * sizeof *values)) fail_msg("%s: one trick has no effect", what);
    free(again);
    free(after);
    return values;
}

static bool is_penalty(trick_maker m) { return m == wgan_gp || m == dragan || m == r1 || m == r2; }
static bool refused(const trick_maker pair[2]) {
    return (pair[0] == clip && is_penalty(pair[1])) || (pair[1] == clip && is_penalty(pair[0]));
}

static void expect_refusal(point_run r, const char *text) {
    if (!strstr(gan_ctx_message(r.ctx), text)) fail_msg("\"%s\" does not say \"%s\"", gan_ctx_message(r.ctx), text);
    gan_ctx_free(r.ctx);
}

static void test_tricks__alone_and_in_pairs(void **state) {
    (void)state;
    gan_real *plain = check(NULL, 0, "plain", NULL, 0), *alone[TRICKS];
    for (int i = 0; i < TRICKS; i++) alone[i] = check(&tricks[i].make, 1, tricks[i].name, &plain, 1);
    int pairs = 0;
    for (int i = 0; i < TRICKS; i++)
        for (int k = 0; k < i; k++, pairs++) {
            char what[128];
            snprintf(what, sizeof what, "%s with %s", tricks[i].name, tricks[k].name);
            const trick_maker pair[] = {tricks[i].make, tricks[k].make};
            if (refused(pair)) {
                expect_refusal(point_run_new(1, point_opts(), pair, 2), "is refused together with");
                expect_refusal(point_run_new(1, point_opts(), (trick_maker[]){pair[1], pair[0]}, 2), "is refused together with");
                continue;
            }
            free(check(pair, 2, what, (gan_real *[]){plain, alone[i], alone[k]}, 3));
        }
    print_message("%d tricks, %d pairs\n", TRICKS, pairs);
    for (int i = 0; i < TRICKS; i++) free(alone[i]);
    free(plain);
}

static void test_tricks__all_together(void **state) {
    (void)state;
    trick_maker all[TRICKS];
    int n = 0;
    for (int i = 0; i < TRICKS; i++)
        if (tricks[i].make != clip) all[n++] = tricks[i].make;
    free(check(all, n, "all", NULL, 0));
}

static void test_refusals__are_made_in_words(void **state) {
    (void)state;
    gan_trainer_opts hinge = point_opts();
    hinge.loss = gan_loss_hinge();
    expect_refusal(point_run_new(1, hinge, &tricks[1].make, 1), "label_noise: the hinge loss has no targets");
    expect_refusal(point_run_new(1, hinge, &tricks[2].make, 1), "label_flip: the hinge loss has no targets");
    expect_refusal(point_run_new(1, point_opts(), (trick_maker[]){noise, noise}, 2), "one of that name");

    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_instance_noise(ctx, (gan_instance_noise_opts){.sigma = gan_constant(-1)});
    assert_non_null(strstr(gan_ctx_message(ctx), "sigma is -1"));
    gan_ctx_clear(ctx);
    gan_label_flip(ctx, (gan_label_flip_opts){.p = gan_constant(1.5)});
    assert_non_null(strstr(gan_ctx_message(ctx), "p is 1.5"));
    gan_ctx_clear(ctx);
    gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R1, gan_constant(NAN), 0});
    assert_non_null(strstr(gan_ctx_message(ctx), "weight"));
    gan_ctx_free(ctx);
}

static void test_penalty__with_batch_norm_in_d_is_refused_if_centred_at_1(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_real *x = calloc(32 * 16 * 16, sizeof *x);
    gan_dataset *data = gan_array_data(ctx, gan_shape4(32, 16, 16, 1), x, (gan_array_opts){0});
    free(x);
    gan_dcgan_opts net = {.size = 16, .channels = 1, .latent = 4, .features = 3};
    gan_trainer *t = gan_trainer_new(gan_dcgan_generator(ctx, net), gan_dcgan_discriminator(ctx, net), data, point_opts());
    gan_trainer_use(t, r1(ctx));
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    gan_trainer_use(t, wgan_gp(ctx));
    assert_non_null(strstr(gan_ctx_message(ctx), "wgan_gp is refused with batch norm in D"));
    gan_ctx_free(ctx);
}

static void test_packing__joins_neighbours_on_channels(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_real v[2 * 2 * 1 * 3];
    for (int i = 0; i < 12; i++) v[i] = (gan_real)i;
    gan_tensor *p = gan_pack(gan_from(ctx, gan_shape4(2, 2, 1, 3), v), 2);
    const gan_real expected[] = {0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11};
    assert_true(gan_shape_equal(gan_shape_of(p), gan_shape4(1, 2, 1, 6)));
    assert_memory_equal(gan_data(p), expected, sizeof expected);
    gan_pack(gan_from(ctx, gan_shape2(3, 2), v), 2);
    assert_non_null(strstr(gan_ctx_message(ctx), "[3, 2] cannot be packed by 2"));
    gan_ctx_free(ctx);

    gan_trainer_opts o = point_opts();
    o.pack = 3;
    point_run r = point_run_new(1, o, (trick_maker[]){noise, wgan_gp}, 2);
    step(&r, 2, "packed");
    gan_ctx_free(r.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tricks__alone_and_in_pairs),
        cmocka_unit_test(test_tricks__all_together),
        cmocka_unit_test(test_refusals__are_made_in_words),
        cmocka_unit_test(test_penalty__with_batch_norm_in_d_is_refused_if_centred_at_1),
        cmocka_unit_test(test_packing__joins_neighbours_on_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
