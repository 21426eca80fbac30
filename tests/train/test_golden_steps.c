/* Ten training steps against PyTorch in float64, from equal weights, pixels and latents (tests/golden/make_train.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <gan/gan.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/safetensors.h"

#define GOLDEN GAN_TESTS_DIR "/golden/train.safetensors"
enum { STEPS = 10, BATCH = 4 };

/* In float32 only the first step can be compared: after that Adam multiplies rounding errors. */
#ifdef GAN_DOUBLE
#define TOLERANCE 1e-8
#define COMPARED STEPS
#define WHEN "end"
#else
#define TOLERANCE 1e-5
#define COMPARED 1
#define WHEN "step1"
#endif

static const gan_dcgan_opts net = {.size = 16, .channels = 1, .latent = 5, .features = 3};

static gan_real *golden(gan_ctx *ctx, const char *name) {
    gan__st *file = gan__st_open(ctx, GOLDEN, "test");
    const gan__st_tensor *t = gan__st_find(file, name);
    assert_non_null(t);
    gan_real *values = malloc((size_t)t->count * sizeof *values);
    assert_true(gan__st_read_real(file, t, values));
    gan__st_close(file);
    return values;
}

/* The largest difference between a net's values, or a set's, and the golden ones of that prefix, relative to 1 + |golden|. */
static double distance(gan_ctx *ctx, gan_module *m, const gan_set *set, gan_module *expected, const char *run, const char *who) {
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%s." WHEN ".%s.", run, who);
    assert_int_equal(gan_load_weights(expected, GOLDEN, prefix), GAN_OK);
    double worst = 0;
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_tensor *a = set ? gan_set_get(set, i) : gan_module_param(m, i)->tensor;
        const gan_tensor *b = gan_module_param(expected, i)->tensor;
        for (int64_t k = 0; k < gan_count(b); k++) {
            double d = fabs(gan_data(a)[k] - gan_data(b)[k]) / (1 + fabs((double)gan_data(b)[k]));
            if (!(d <= worst)) worst = d;
        }
    }
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    return worst;
}

static void compare_run(const char *run, gan_trainer_opts o) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 7, .threads = 2});
    gan_real *real = golden(ctx, "real");
    gan_dataset *data = gan_array_data(ctx, gan_shape4(BATCH, 16, 16, 1), real, (gan_array_opts){0});
    gan_module *G = gan_dcgan_generator(ctx, net), *D = gan_dcgan_discriminator(ctx, net);
    gan_load_weights(G, GOLDEN, "start.G.");
    gan_load_weights(D, GOLDEN, "start.D.");
    gan_trainer *t = gan_trainer_new(G, D, data, o);
    char name[64];
    snprintf(name, sizeof name, "%s.losses", run);
    gan_real *losses = golden(ctx, name);
    for (int i = 0; i < COMPARED; i++) {
        gan_step_info info;
        if (gan_trainer_step(t, &info)) fail_msg("%s", gan_ctx_message(ctx));
        assert_true(fabs(info.d_loss - losses[2 * i]) < TOLERANCE * (1 + fabs(losses[2 * i])));
        assert_true(fabs(info.g_loss - losses[2 * i + 1]) < TOLERANCE * (1 + fabs(losses[2 * i + 1])));
    }
    gan_module *other_g = gan_dcgan_generator(ctx, net), *other_d = gan_dcgan_discriminator(ctx, net);
    double g = distance(ctx, G, NULL, other_g, run, "G"), d = distance(ctx, D, NULL, other_d, run, "D");
    double ema = distance(ctx, G, gan_trainer_ema(t), other_g, run, "G_ema");
    if (!(g < TOLERANCE && d < TOLERANCE && ema < TOLERANCE)) fail_msg("%s: G off by %g, D by %g, the average by %g", run, g, d, ema);
    free(real);
    free(losses);
    gan_ctx_free(ctx);
}

static gan_trainer_opts base(void) {
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = BATCH;
    o.ema = .9;
    o.ema_start = 0;
    return o;
}

static void test_steps__in_turn_with_smooth_targets_are_pytorchs(void **state) {
    (void)state;
    gan_trainer_opts o = base();
    o.g.lr = 1e-3, o.d.lr = 4e-3;
    o.loss.real_target = .9;
    compare_run("plain", o);
}

static void test_steps__at_once_by_least_squares_are_pytorchs(void **state) {
    (void)state;
    gan_trainer_opts o = base();
    o.g.lr = 2e-3, o.d.lr = 1e-3;
    o.loss = gan_loss_least_squares();
    o.simultaneous = true;
    compare_run("atonce", o);
}

static void test_steps__with_two_critic_steps_by_rmsprop_are_pytorchs(void **state) {
    (void)state;
    gan_trainer_opts o = base();
    o.g.lr = 1e-3;
    o.d = gan_rmsprop(5e-4);
    o.n_critic = 2;
    compare_run("critic", o);
}

/* D judges the reals anew for G's step, after its own. */
static void test_steps__with_a_relativistic_loss_are_pytorchs(void **state) {
    (void)state;
    gan_trainer_opts o = base();
    o.g.lr = 1e-3, o.d.lr = 2e-3;
    o.loss = gan_loss_relativistic_average();
    o.n_critic = 2;
    compare_run("relativistic", o);
}

/* Rates that warm up, then fall: G's along an exponential from 1 to .1 at step 12, D's by .3 every 4 steps. */
static void test_steps__at_scheduled_rates_are_pytorchs(void **state) {
    (void)state;
    gan_trainer_opts o = base();
    o.g.lr = 1e-3, o.d.lr = 2e-3;
    o.n_critic = 2;
    o.g_rate = gan_warm_up(gan_exponential_decay(1, .1, 12), 4);
    o.d_rate = gan_warm_up(gan_step_decay(1, .3, 4), 3);
    compare_run("rates", o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps__in_turn_with_smooth_targets_are_pytorchs),
        cmocka_unit_test(test_steps__at_once_by_least_squares_are_pytorchs),
        cmocka_unit_test(test_steps__with_two_critic_steps_by_rmsprop_are_pytorchs),
        cmocka_unit_test(test_steps__with_a_relativistic_loss_are_pytorchs),
        cmocka_unit_test(test_steps__at_scheduled_rates_are_pytorchs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
