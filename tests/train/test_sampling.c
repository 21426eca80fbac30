/* Samples: on which values, of which latents. */
#include <stdio.h>

#include "cmocka_gan.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static gan_trainer *trainer_of(gan_module *G, gan_trainer_opts o) {
    gan_module *D = gan_mlp_discriminator(ctx, (gan_mlp_opts){.width = 16});
    return gan_trainer_new(G, D, gan_ring_data(ctx, (gan_mixture_opts){.count = 1000}), o);
}

/* An average that lags far behind. */
static gan_trainer_opts slow_average(void) {
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 32;
    o.ema = .95;
    o.ema_start = 0;
    o.g = gan_adam(.02);
    return o;
}

static void steps(gan_trainer *t, int n) {
    for (int i = 0; i < n; i++) gan_trainer_step(t, NULL);
    check_ok(ctx);
}

static int index_of(const gan_module *m, const char *name) {
    for (int i = 0; i < gan_module_param_count(m); i++)
        if (!strcmp(gan_module_param(m, i)->name, name)) return i;
    fail_msg("there is no %s", name);
    return -1;
}

static gan_tensor *in_set(const gan_set *set, const gan_module *m, const char *name) {
    return gan_set_get(set, index_of(m, name));
}

/* --- batch norm ----------------------------------------------------------------------------------------------- */

static gan_module *normed_generator(void) {
    return gan_mlp_generator(ctx, (gan_mlp_opts){.latent = 3, .width = 24, .depth = 1, .g_norm = GAN_NORM_BATCH});
}

/* Of main.1 in a net of averaged weights: the first layer is linear, so that the expected statistics of W z, z ~ N(0, 1), are 0
 * and the squared norms of W's rows. */
static void expected_variance(const gan_set *average, const gan_module *G, double var[24]) {
    const gan_real *w = gan_data(in_set(average, G, "main.0.weight"));
    for (int c = 0; c < 24; c++) {
        var[c] = 0;
        for (int k = 0; k < 3; k++) var[c] += (double)w[3 * c + k] * (double)w[3 * c + k];
    }
}

static double distance_from(const double var[24], const gan_tensor *running) {
    double worst = 0;
    for (int c = 0; c < 24; c++) worst = fmax(worst, fabs((double)gan_data(running)[c] / var[c] - 1));
    return worst;
}

static void test_average__has_statistics_of_its_own_weights(void **state) {
    (void)state;
    gan_module *G = normed_generator();
    gan_trainer *t = trainer_of(G, slow_average());
    steps(t, 40);
    const gan_set *ema = gan_trainer_ema(t), *fit = gan_trainer_average(t);
    check_ok(ctx);
    for (int i = 0; i < gan_set_count(ema); i++) /* weights are the average's */
        if (!gan_module_param(G, i)->buffer)
            assert_memory_equal(gan_data(gan_set_get(ema, i)), gan_data(gan_set_get(fit, i)),
                                (size_t)gan_count(gan_set_get(fit, i)) * sizeof(gan_real));
    double var[24];
    expected_variance(fit, G, var);
    assert_true(distance_from(var, in_set(fit, G, "main.1.running_var")) < .3); /* 16*32 samples: some 6 % each */
    assert_true(distance_from(var, in_set(ema, G, "main.1.running_var")) > .6); /* else this test could not fail */
}

/* The samples are those of a net that was given the average, and statistics by hand. */
static void test_sample__is_made_on_the_average_made_fit(void **state) {
    (void)state;
    gan_module *G = normed_generator(), *twin = normed_generator();
    gan_trainer *t = trainer_of(G, slow_average());
    steps(t, 40);
    gan_tensor *z = gan_trainer_latents(t, 200, 7, 0), *x = gan_trainer_sample(t, 200, 7);
    gan_set_store(gan_trainer_ema(t), twin);
    gan_module_train(twin, false);
    gan_tensor *averaged = gan_forward(twin, z);
    gan_batch_norm_refresh(twin, NULL, gan_randn(ctx, gan_shape2(16 * 32 * 20, 3)), 16 * 20);
    gan_tensor *by_hand = gan_forward(twin, z);
    check_ok(ctx);
    double off = 0, off_averaged = 0, size = 0;
    for (int64_t i = 0; i < gan_count(x); i++) {
        off = fmax(off, fabs((double)(gan_data(x)[i] - gan_data(by_hand)[i])));
        off_averaged = fmax(off_averaged, fabs((double)(gan_data(averaged)[i] - gan_data(by_hand)[i])));
        size = fmax(size, fabs((double)gan_data(by_hand)[i]));
    }
    if (!(off < .1 * size && off_averaged > 3 * off)) fail_msg("off by %g of %g; averaged buffers: %g", off, size, off_averaged);
    gan_set_store(gan_trainer_average(t), twin);
    gan_tensor *exact = gan_forward(twin, z);
    assert_memory_equal(gan_data(exact), gan_data(x), (size_t)gan_count(x) * sizeof(gan_real));
    gan_tensor *raw = gan_trainer_sample_with(t, z, (gan_sample_opts){.raw = true});
    gan_module_train(G, false);
    gan_tensor *own = gan_forward(G, z);
    assert_memory_equal(gan_data(own), gan_data(raw), (size_t)gan_count(x) * sizeof(gan_real));
    assert_memory_not_equal(gan_data(x), gan_data(raw), (size_t)gan_count(x) * sizeof(gan_real));
    check_ok(ctx);
}

/* --- spectral norm ---------------------------------------------------------------------------------------------- */

/* The largest singular value of w [out, in], by a long power iteration of this test's own. */
static double sigma_of(const gan_tensor *t) {
    int64_t out = gan_shape_of(t).d[0], in = gan_shape_of(t).d[1];
    const gan_real *w = gan_data(t);
    double v[64], u[64], norm = 0;
    for (int64_t i = 0; i < in; i++) v[i] = 1 + .1 * (double)i;
    for (int k = 0; k < 3000; k++) {
        norm = 0;
        for (int64_t o = 0; o < out; o++) {
            u[o] = 0;
            for (int64_t i = 0; i < in; i++) u[o] += (double)w[o * in + i] * v[i];
        }
        for (int64_t i = 0; i < in; i++) {
            v[i] = 0;
            for (int64_t o = 0; o < out; o++) v[i] += (double)w[o * in + i] * u[o];
            norm += v[i] * v[i];
        }
        norm = sqrt(norm);
        for (int64_t i = 0; i < in; i++) v[i] /= norm;
    }
    return sqrt(norm);
}

static double sigma_in(const gan_set *set, const gan_module *G, const char *layer) {
    char name[64];
    snprintf(name, sizeof name, "%s.weight_orig", layer);
    const gan_tensor *w = in_set(set, G, name);
    snprintf(name, sizeof name, "%s.weight_u", layer);
    const gan_real *u = gan_data(in_set(set, G, name));
    snprintf(name, sizeof name, "%s.weight_v", layer);
    const gan_real *v = gan_data(in_set(set, G, name));
    int64_t out = gan_shape_of(w).d[0], in = gan_shape_of(w).d[1];
    double sum = 0;
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < in; i++) sum += (double)(u[o] * gan_data(w)[o * in + i] * v[i]);
    return sum;
}

static void test_average__has_a_sigma_of_its_own_weights(void **state) {
    (void)state;
    gan_module *G = gan_mlp_generator(ctx, (gan_mlp_opts){.latent = 3, .width = 24, .depth = 2, .g_spectral = true});
    gan_trainer_opts o = slow_average();
    o.g = gan_adam(.1);
    gan_trainer *t = trainer_of(G, o);
    steps(t, 40);
    static const char *const layers[] = {"main.0", "main.2", "main.4"};
    const gan_set *ema = gan_trainer_ema(t), *fit = gan_trainer_average(t);
    double worst = 0;
    for (int i = 0; i < COUNT_OF(layers); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s.weight_orig", layers[i]);
        double sigma = sigma_of(in_set(ema, G, name));
        check_close(sigma_in(fit, G, layers[i]) / sigma, 1, 1e-3);
        worst = fmax(worst, fabs(sigma_in(ema, G, layers[i]) / sigma - 1));
    }
    assert_true(worst > .01); /* the average of u and v has another: else this test could not fail */
    check_ok(ctx);
}

/* --- no trace, and no staleness ----------------------------------------------------------------------------------- */

static void test_average__follows_the_training(void **state) {
    (void)state;
    gan_module *G = normed_generator();
    gan_trainer *t = trainer_of(G, slow_average());
    steps(t, 3);
    gan_tensor *a = gan_trainer_sample(t, 9, 1), *b = gan_trainer_sample(t, 9, 1);
    size_t bytes = (size_t)gan_count(a) * sizeof(gan_real);
    assert_memory_equal(gan_data(a), gan_data(b), bytes);
    const gan_set *fit = gan_trainer_average(t);
    assert_ptr_equal(fit, gan_trainer_average(t)); /* made once, */
    gan_tensor *w = gan_set_get(gan_trainer_ema(t), 0);
    gan_tensor *wider = gan_scale(gan_detach(w), 2);
    gan_assign(w, gan_data(wider), gan_count(w)); /* until the average is another */
    gan_tensor *c = gan_trainer_sample(t, 9, 1);
    double ratio = (double)(gan_data(in_set(gan_trainer_average(t), G, "main.0.weight"))[0] / gan_data(wider)[0]);
    check_close(ratio, 1, 0);
    steps(t, 1);
    gan_tensor *d = gan_trainer_sample(t, 9, 1);
    assert_memory_not_equal(gan_data(c), gan_data(d), bytes);
    check_ok(ctx);
}

static void test_sampling__between_steps_keeps_no_memory(void **state) {
    (void)state;
    enum { SLACK = 4096 }; /* a block may be larger than what it is for; the average has more than twice as much */
    gan_module *G = gan_mlp_generator(ctx, (gan_mlp_opts){.latent = 3, .width = 256, .depth = 1, .g_norm = GAN_NORM_BATCH});
    gan_trainer *t = trainer_of(G, slow_average());
    steps(t, 30);
    size_t without = gan_ctx_memory(ctx).in_use;
    for (int i = 0; i < 30; i++) {
        steps(t, 1);
        gan_release(gan_trainer_sample(t, 100, (uint64_t)i));
    }
    steps(t, 1);
    gan_memory before = gan_ctx_memory(ctx);
    assert_true(before.in_use < without + SLACK); /* the average that samples were made on is forgotten */
    for (int i = 0; i < 10; i++) {
        gan_release(gan_trainer_sample(t, 100, (uint64_t)i));
        steps(t, 1);
    }
    gan_memory after = gan_ctx_memory(ctx);
    assert_true(after.in_use < without + SLACK);
    assert_int_equal(after.misses, before.misses);
}

static void test_sample__that_runs_out_of_memory_leaves_nothing(void **state) {
    (void)state;
    gan_module *G = gan_mlp_generator(
        ctx, (gan_mlp_opts){.latent = 3, .width = 8, .g_norm = GAN_NORM_BATCH, .g_spectral = true, .generators = 2});
    gan_trainer *t = trainer_of(G, slow_average());
    steps(t, 2);
    gan_tensor *expected = gan_trainer_sample(t, 70, 1);
    steps(t, 1);
    gan_release(expected);
    size_t in_use = gan_ctx_memory(ctx).in_use;
    int64_t n = 1;
    for (bool failed = true; failed; n++) {
        gan_ctx_fail_alloc(ctx, n);
        gan_tensor *x = gan_trainer_sample(t, 70, 1);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        if (!failed) break;
        check_failed(ctx, GAN_E_MEMORY, "out of memory");
        assert_true(gan_is_nil(x));
        assert_true(gan_module_is_training(gan_module_child(G, "main.1.0")));
        assert_true(gan_ctx_memory(ctx).in_use <= in_use + 65536); /* slabs of handles may have been made */
    }
    assert_true(n > 100);
    steps(t, 1);
}

/* --- latents ------------------------------------------------------------------------------------------------------ */

static gan_tensor *seen_by_g(gan_module *m, gan_call *call, gan_tensor *x) {
    (void)call;
    double *most = gan_module_data(m);
    for (int64_t i = 0; i < gan_count(x); i++) {
        most[0] = fmax(most[0], fabs((double)gan_data(x)[i]));
        most[1] += (double)gan_data(x)[i] * (double)gan_data(x)[i];
        most[2]++;
        most[3] += (double)gan_data(x)[i];
    }
    return x;
}
static const gan_module_type gauge_type = {.name = "Gauge", .forward = seen_by_g, .data_bytes = 4 * sizeof(double)};

static void test_latents__are_of_the_chosen_kind(void **state) {
    (void)state;
    const struct {
        gan_latent_kind kind;
        double truncation, most, variance;
    } kinds[] = {{GAN_LATENTS_NORMAL, 0, 6, 1}, {GAN_LATENTS_UNIFORM, 0, 1, 1. / 3}, {GAN_LATENTS_TRUNCATED, .7, .7, .1502}};
    for (int i = 0; i < COUNT_OF(kinds); i++) {
        gan_module *G = gan_sequential(ctx), *gauge = gan_sequential_add(G, gan_module_new(ctx, &gauge_type));
        gan_sequential_add(G, gan_linear_layer(ctx, 5, 2, (gan_linear_opts){0}));
        gan_trainer_opts o = slow_average();
        o.latent = 5;
        o.latents = kinds[i].kind, o.truncation = kinds[i].truncation;
        gan_trainer *t = trainer_of(G, o);
        for (int sampling = 0; sampling < 2; sampling++) {
            double *seen = gan_module_data(gauge);
            memset(seen, 0, 4 * sizeof *seen);
            if (sampling)
                gan_release(gan_trainer_sample(t, 2000, 3));
            else
                steps(t, 60);
            check_ok(ctx);
            assert_true(seen[2] >= 9600 && seen[0] <= kinds[i].most && seen[0] > .9 * fmin(kinds[i].most, 3.3));
            check_close(seen[1] / seen[2] / kinds[i].variance, 1, .06);
            check_close(seen[3] / seen[2], 0, .05);
        }
    }
}

static void test_latents__are_truncated_on_request(void **state) {
    (void)state;
    gan_module *G = normed_generator();
    gan_trainer *t = trainer_of(G, slow_average());
    gan_tensor *z = gan_trainer_latents(t, 1000, 3, .5), *again = gan_trainer_latents(t, 1000, 3, .5);
    double most = 0;
    for (int64_t i = 0; i < gan_count(z); i++) most = fmax(most, fabs((double)gan_data(z)[i]));
    assert_true(most <= .5 && most > .49);
    assert_memory_equal(gan_data(z), gan_data(again), (size_t)gan_count(z) * sizeof(gan_real));
    gan_trainer_opts o = slow_average();
    o.latents = GAN_LATENTS_TRUNCATED, o.truncation = 1;
    gan_trainer *bounded = trainer_of(normed_generator(), o);
    assert_false(gan_is_nil(gan_trainer_latents(bounded, 3, 1, .5)));
    gan_trainer_latents(bounded, 3, 1, 1.5);
    check_failed(ctx, GAN_E_ARG, "truncation is 1.5, but G was trained on latents within 1");
    o.latents = GAN_LATENTS_UNIFORM, o.truncation = 0;
    gan_trainer_latents(trainer_of(normed_generator(), o), 3, 1, .5);
    check_failed(ctx, GAN_E_ARG, "truncation is 0.5, but the latents are uniform");
    gan_trainer_latents(t, 3, 1, -1);
    check_failed(ctx, GAN_E_ARG, "truncated latents need a truncation above 0, not -1");
    gan_trainer_latents(t, 0, 1, 0);
    check_failed(ctx, GAN_E_ARG, "gan_trainer_latents: 0 samples");
    gan_trainer_sample_with(t, gan_ones(ctx, gan_shape2(3, 4)), (gan_sample_opts){0});
    check_failed(ctx, GAN_E_SHAPE, "latents of shape [3, 4]");
    gan_trainer_sample_with(t, gan_ones(ctx, gan_shape1(3)), (gan_sample_opts){0});
    check_failed(ctx, GAN_E_SHAPE, "latents of shape [3]");
}

static void test_options__that_do_not_go_together_are_named(void **state) {
    (void)state;
    gan_trainer_opts o = slow_average();
    o.latents = GAN_LATENTS_TRUNCATED;
    trainer_of(normed_generator(), o);
    check_failed(ctx, GAN_E_ARG, "truncated latents need a truncation above 0, not 0");
    o.latents = GAN_LATENTS_UNIFORM, o.truncation = 1;
    trainer_of(normed_generator(), o);
    check_failed(ctx, GAN_E_ARG, "truncation is 1, but the latents are not truncated ones");
    o.latents = (gan_latent_kind)7;
    trainer_of(normed_generator(), o);
    check_failed(ctx, GAN_E_ARG, "7 is no kind of latents");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_average__has_statistics_of_its_own_weights),
        TEST(test_sample__is_made_on_the_average_made_fit),
        TEST(test_average__has_a_sigma_of_its_own_weights),
        TEST(test_average__follows_the_training),
        TEST(test_sampling__between_steps_keeps_no_memory),
        TEST(test_sample__that_runs_out_of_memory_leaves_nothing),
        TEST(test_latents__are_of_the_chosen_kind),
        TEST(test_latents__are_truncated_on_request),
        TEST(test_options__that_do_not_go_together_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
