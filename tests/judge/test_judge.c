/* The judge: each measure is the metric that it is called by, of the samples it says; and classifiers in files. */
#include <unistd.h>

#include "cmocka_gan.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 11, .threads = 2});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

enum { SIDE = 8, CLASSES = 3 };

/* Pictures of three classes: which third is bright. */
static gan_dataset *pictures(int64_t n, double held_out) {
    gan_real *x = calloc((size_t)(n * SIDE * SIDE), sizeof *x);
    int32_t *labels = calloc((size_t)n, sizeof *labels);
    for (int64_t i = 0; i < n; i++) {
        labels[i] = (int32_t)(i % CLASSES);
        for (int64_t p = 0; p < SIDE * SIDE; p++)
            x[i * SIDE * SIDE + p] =
                (gan_real)(p * CLASSES / (SIDE * SIDE) == i % CLASSES) + (gan_real)((i * 7 + p * p) % 13) / 20;
    }
    gan_dataset *d =
        gan_array_data(ctx, gan_shape4(n, SIDE, SIDE, 1), x, (gan_array_opts){.labels = labels, .held_out = held_out});
    free(x), free(labels);
    return d;
}

static gan_module *small_classifier(gan_dataset *data) {
    gan_classifier_opts o = gan_classifier_for(data);
    o.filters = 3, o.features = 7;
    gan_module *c = gan_classifier_new(ctx, o);
    gan_classifier_training t = gan_classifier_training_defaults();
    t.batch = 16, t.epochs = 2, t.shift = 0;
    gan_classifier_train(c, data, t);
    return c;
}

static gan_tensor *from_tensor(void *user, int64_t start, int64_t n) { return gan_slice(user, 0, start, n); }

/* Samples that no data holds. */
static gan_tensor *noise(int64_t n) {
    gan_shape s = gan_shape4(n, SIDE, SIDE, 1);
    return gan_scale(gan_randn_from(gan_stream_named(ctx, "noise"), s), .6);
}

static void same(const gan_scores *s, gan_measure m, double want, int64_t n) {
    double got = s->value[m];
    if (!(fabs(got - want) <= 1e-12 * fmax(1, fabs(want))))
        fail_msg("%s is %.17g, not %.17g", gan_measure_info_of(m)->name, got, want);
    assert_int_equal(s->samples[m], n);
}

static double median(const gan_tensor *distances) {
    int64_t n = gan_count(distances);
    const gan_real *d = gan_data(distances);
    for (int64_t i = 0; i < n; i++) { /* the one that half of the others are below */
        int64_t below = 0, equal = 0;
        for (int64_t k = 0; k < n; k++) below += d[k] < d[i], equal += d[k] == d[i];
        if (below <= n / 2 && n / 2 < below + equal) return d[i];
    }
    return NAN;
}

/* Everything against the functions of metrics.h, called by hand. */
static void test_judge__takes_each_measure_of_the_samples_it_says(void **state) {
    (void)state;
    enum { N = 300 };
    gan_dataset *data = pictures(1000, .3); /* 300 held out */
    gan_module *c = small_classifier(data);
    gan_feature_opts tap = {.tap = GAN_CLASSIFIER_TAP};
    gan_judge *j = gan_judge_new(data, NULL, (gan_judge_opts){.classifier = c, .k = 4, .seed = 3});
    check_ok(ctx);
    assert_int_equal(gan_judge_count(j), N);
    gan_tensor *x = noise(N), *real = gan_dataset_training(data, 0, N).x, *held = gan_dataset_held_out(data, 0, N).x;
    gan_tensor *all = gan_dataset_training(data, 0, 700).x;
    gan_scores fake = gan_judge_samples(j, from_tensor, x), floor = gan_judge_floor(j);
    check_ok(ctx);
    double limit = 0;
    for (int pass = 0; pass < 2; pass++) { /* the floor first: copies are told by it */
        const gan_scores *s = pass ? &fake : &floor;
        gan_tensor *of = pass ? x : held, *f = gan_features(c, of, tap), *g = gan_features(c, real, tap);
        gan_tensor *logits = gan_features(c, of, (gan_feature_opts){0}), *there = gan_features(c, real, (gan_feature_opts){0});
        same(s, GAN_MEASURE_CLASSIFIER_FID, gan_frechet_distance(g, f), N);
        gan_spread kid = gan_kid(g, f, (gan_kid_opts){.seed = 3});
        same(s, GAN_MEASURE_KID, kid.mean, N);
        gan_prdc p = gan_prdc_of(g, f, 4);
        same(s, GAN_MEASURE_PRECISION, p.precision, N), same(s, GAN_MEASURE_RECALL, p.recall, N);
        same(s, GAN_MEASURE_DENSITY, p.density, N), same(s, GAN_MEASURE_COVERAGE, p.coverage, N);
        gan_spread score = gan_inception_score(logits, (gan_score_opts){0});
        same(s, GAN_MEASURE_CLASSIFIER_SCORE, score.mean, N);
        assert_true(s->spread[GAN_MEASURE_CLASSIFIER_SCORE] == score.std);
        gan_modes m = gan_label_modes(gan_top_class(logits), CLASSES, gan_label_histogram(gan_top_class(there), CLASSES));
        same(s, GAN_MEASURE_MODES, (double)m.captured, N), same(s, GAN_MEASURE_REVERSE_KL, m.reverse_kl, N);
        same(s, GAN_MEASURE_SLICED_WASSERSTEIN, gan_sliced_wasserstein(real, of, (gan_sliced_opts){.seed = 3}), N);
        gan_tensor *near = gan_nearest_neighbours(of, all, 1).distance;
        same(s, GAN_MEASURE_NEAREST, median(near), N);
        const gan_real *d = gan_data(near);
        if (!pass) { /* the fourth smallest: three of 300 are a hundredth */
            double least[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
            for (int i = 0; i < N; i++)
                for (double v = d[i], k = 0; k < 4; k++)
                    if (v < least[(int)k]) {
                        double t = least[(int)k];
                        least[(int)k] = v, v = t;
                    }
            limit = least[3];
        }
        int copies = 0;
        for (int i = 0; i < N; i++) copies += d[i] < limit;
        same(s, GAN_MEASURE_COPIES, copies / (double)N, N);
        assert_true(isnan(s->value[GAN_MEASURE_HIGH_QUALITY]) && s->samples[GAN_MEASURE_HIGH_QUALITY] == 0);
    }
    assert_true(fake.value[GAN_MEASURE_CLASSIFIER_FID] > 10 * floor.value[GAN_MEASURE_CLASSIFIER_FID]);
    check_ok(ctx);
}

static void test_judge__tells_copies(void **state) {
    (void)state;
    gan_dataset *data = gan_ring_data(ctx, (gan_mixture_opts){.count = 3000, .held_out = .2});
    gan_judge *j = gan_judge_new(data, NULL, (gan_judge_opts){.measures = "copies,nearest"});
    gan_tensor *stolen = gan_dataset_training(data, 1000, gan_judge_count(j)).x;
    gan_scores s = gan_judge_samples(j, from_tensor, stolen), honest = gan_judge_floor(j); /* in this order */
    check_ok(ctx);
    assert_int_equal(gan_judge_count(j), 600);
    assert_true(s.value[GAN_MEASURE_COPIES] == 1 && s.value[GAN_MEASURE_NEAREST] == 0);
    assert_true(honest.value[GAN_MEASURE_COPIES] == .01 && honest.value[GAN_MEASURE_NEAREST] > 0);
    assert_true(isnan(s.value[GAN_MEASURE_RECALL]) && s.samples[GAN_MEASURE_RECALL] == 0);

    /* Without held-out data others serve, which are no copies of themselves. */
    gan_dataset *whole = gan_ring_data(ctx, (gan_mixture_opts){.count = 3000});
    gan_judge *k = gan_judge_new(whole, NULL, (gan_judge_opts){.measures = "copies,nearest"});
    gan_scores others = gan_judge_floor(k);
    check_ok(ctx);
    assert_int_equal(gan_judge_count(k), 1500);
    gan_tensor *own = gan_dataset_training(whole, 1500, 1000).x, *all = gan_dataset_training(whole, 0, 3000).x;
    gan_tensor *two = gan_nearest_neighbours(own, all, 2).distance; /* the first of them is the sample itself */
    same(&others, GAN_MEASURE_NEAREST, median(gan_slice(two, 1, 1, 1)), 1000);
    assert_true(others.value[GAN_MEASURE_NEAREST] > 0 && others.value[GAN_MEASURE_COPIES] <= .01);
    assert_non_null(strstr(gan_judge_floor_text(k), "other training samples"));
}

static void test_judge__knows_a_mixture(void **state) {
    (void)state;
    gan_dataset *data = gan_grid_data(ctx, (gan_mixture_opts){.count = 4000}),
                *more = gan_grid_data(ctx, (gan_mixture_opts){.count = 500});
    gan_judge_opts o = {.means = gan_grid_means(ctx), .std = GAN_GRID_STD, .n = 800};
    gan_judge *j = gan_judge_new(data, more, o);
    gan_tensor *one = gan_add(gan_zeros(ctx, gan_shape2(500, 2)), gan_scalar(ctx, 2)); /* all of them at (2, 2) */
    gan_scores s = gan_judge_samples(j, from_tensor, one), floor = gan_judge_floor(j);
    check_ok(ctx);
    assert_int_equal(gan_judge_count(j), 500);
    assert_true(s.value[GAN_MEASURE_MODES] == 1 && s.value[GAN_MEASURE_HIGH_QUALITY] == 1);
    assert_true(fabs(s.value[GAN_MEASURE_REVERSE_KL] - log(25)) < 1e-9);
    assert_true(floor.value[GAN_MEASURE_MODES] == 25 && floor.value[GAN_MEASURE_HIGH_QUALITY] > .95);
    assert_true(isnan(s.value[GAN_MEASURE_CLASSIFIER_FID]));
}

static gan_scores scores_with(int threads) {
    gan_ctx *own = gan_ctx_new((gan_ctx_opts){.seed = 2, .threads = threads});
    gan_dataset *data = gan_ring_data(own, (gan_mixture_opts){.count = 2000, .held_out = .3});
    gan_module *G = gan_mlp_generator(own, (gan_mlp_opts){.width = 8}),
               *D = gan_mlp_discriminator(own, (gan_mlp_opts){.width = 8});
    gan_trainer *t = gan_trainer_new(G, D, data, gan_trainer_defaults());
    for (int i = 0; i < 3; i++) gan_trainer_step(t, NULL);
    int64_t position = gan_stream_position(gan_stream_named(own, "latents"));
    gan_step_info next, undisturbed;
    gan_judge *j = gan_judge_new(data, NULL, (gan_judge_opts){.n = 500});
    gan_scores s = gan_trainer_judge(t, j, 4, (gan_sample_opts){0});
    gan_scope_begin(own);
    gan_scores direct = gan_judge_samples(j, from_tensor, gan_trainer_sample(t, 500, 4));
    gan_scope_end(own);
    assert_memory_equal(&direct, &s, sizeof s);
    assert_int_equal(gan_stream_position(gan_stream_named(own, "latents")), position);
    gan_trainer_step(t, &next);
    check_ok(own);
    gan_ctx_free(own);

    own = gan_ctx_new((gan_ctx_opts){.seed = 2, .threads = threads}); /* the same without a judge */
    data = gan_ring_data(own, (gan_mixture_opts){.count = 2000, .held_out = .3});
    G = gan_mlp_generator(own, (gan_mlp_opts){.width = 8}), D = gan_mlp_discriminator(own, (gan_mlp_opts){.width = 8});
    t = gan_trainer_new(G, D, data, gan_trainer_defaults());
    for (int i = 0; i < 4; i++) gan_trainer_step(t, &undisturbed);
    assert_true(next.d_loss == undisturbed.d_loss && next.g_loss == undisturbed.g_loss);
    gan_ctx_free(own);
    return s;
}

/* Sample i is generator i mod K's, however many of them are drawn at a time. */
static void test_judge__takes_samples_of_all_generators_alike(void **state) {
    (void)state;
    static const int counts[] = {7, 8};
    gan_dataset *data = gan_ring_data(ctx, (gan_mixture_opts){.count = 2000, .held_out = .3});
    for (int i = 0; i < 2; i++) {
        gan_trainer_opts o = gan_trainer_defaults();
        o.batch = 2 * counts[i];
        gan_module *G = gan_mlp_generator(ctx, (gan_mlp_opts){.width = 8, .generators = counts[i]}),
                   *D = gan_mlp_discriminator(ctx, (gan_mlp_opts){.width = 8});
        gan_trainer *t = gan_trainer_new(G, D, data, o);
        gan_judge *j = gan_judge_new(data, NULL, (gan_judge_opts){.n = 500});
        gan_scores by_parts = gan_trainer_judge(t, j, 4, (gan_sample_opts){0});
        gan_scores at_once = gan_judge_samples(j, from_tensor, gan_trainer_sample(t, 500, 4));
        check_ok(ctx);
        assert_memory_equal(&by_parts, &at_once, sizeof at_once);
    }
}

static void test_judge__leaves_training_alone_and_is_the_same_for_every_number_of_threads(void **state) {
    (void)state;
    gan_scores one = scores_with(1), three = scores_with(3);
    assert_memory_equal(&one, &three, sizeof one);
}

static void test_judge__refuses_what_does_not_fit(void **state) {
    (void)state;
    gan_dataset *data = pictures(200, .2), *points = gan_ring_data(ctx, (gan_mixture_opts){.count = 100});
    gan_module *c = gan_classifier_new(ctx, (gan_classifier_opts){.height = 16, .width = 16, .channels = 1, .classes = 3});
    check_ok(ctx);
    struct {
        gan_dataset *data, *held_out;
        gan_judge_opts opts;
        gan_status status;
        const char *word;
    } cases[] = {
        {data, NULL, {.classifier = c}, GAN_E_MISMATCH, "takes samples of shape [16, 16, 1], the data's have [8, 8, 1]"},
        {data, points, {0}, GAN_E_MISMATCH, "[2]"},
        {data, NULL, {.measures = "recal"}, GAN_E_ARG, "did you mean \"recall\"?"},
        {data, NULL, {.measures = "recall,,kid"}, GAN_E_ARG, "no measure \"\""},
        {data, NULL, {.measures = "kid"}, GAN_E_ARG, "kid needs a classifier"},
        {data, NULL, {.measures = "high_quality"}, GAN_E_ARG, "a mixture"},
        {data, NULL, {.n = 4}, GAN_E_ARG, "4 samples on each side are too few"},
        {data, NULL, {.n = -1}, GAN_E_ARG, "n is -1"},
        {data, NULL, {.classifier = gan_mlp_generator(ctx, (gan_mlp_opts){0})}, GAN_E_ARG, "no classifier"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gan_judge *j = gan_judge_new(cases[i].data, cases[i].held_out, cases[i].opts);
        if (gan_ctx_status(ctx) != cases[i].status || !strstr(gan_ctx_message(ctx), cases[i].word))
            fail_msg("case %zu: %s", i, gan_ctx_message(ctx));
        assert_true(gan_judge_is_nil(j) && gan_judge_count(j) == 0);
        gan_ctx_clear(ctx);
        assert_true(isnan(gan_judge_floor(j).value[GAN_MEASURE_RECALL]));
    }
    gan_judge *j = gan_judge_new(data, NULL, (gan_judge_opts){0});
    check_ok(ctx);
    gan_scores s = gan_judge_samples(j, from_tensor, gan_zeros(ctx, gan_shape2(40, 3)));
    assert_int_equal(gan_ctx_status(ctx), GAN_E_SHAPE);
    assert_true(isnan(s.value[GAN_MEASURE_RECALL]));
    gan_ctx_clear(ctx);
    gan_measure m;
    assert_true(!gan_measure_named("fid", &m) && gan_measure_named("kid", &m) && m == GAN_MEASURE_KID);
    assert_null(gan_measure_info_of(GAN_MEASURES));
}

static void test_classifier_file__holds_the_net_and_what_it_is_worth(void **state) {
    (void)state;
    gan_dataset *data = pictures(200, .2);
    gan_module *c = small_classifier(data), *again;
    char path[] = "/tmp/gan-judge-XXXXXX";
    close(mkstemp(path));
    gan_classifier_opts o;
    double accuracy;
    assert_int_equal(gan_classifier_save(c, .875, path), GAN_OK);
    again = gan_classifier_load(ctx, path, &o, &accuracy);
    check_ok(ctx);
    assert_true(o.height == SIDE && o.width == SIDE && o.channels == 1 && o.classes == CLASSES && o.filters == 3 &&
                o.features == 7);
    assert_true(o.dropout == .3 && accuracy == .875);
    gan_tensor *x = noise(20), *a = gan_features(c, x, (gan_feature_opts){0}), *b = gan_features(again, x, (gan_feature_opts){0});
    assert_memory_equal(gan_data(a), gan_data(b), 20 * CLASSES * sizeof(gan_real));

    gan_classifier_save(c, NAN, path);
    gan_classifier_load(ctx, path, NULL, &accuracy);
    check_ok(ctx);
    assert_true(isnan(accuracy));

    gan_save_weights(c, path); /* the same numbers, but of what net? */
    check_ok(ctx);
    assert_true(gan_module_is_nil(gan_classifier_load(ctx, path, NULL, NULL)));
    assert_int_equal(gan_ctx_status(ctx), GAN_E_FORMAT);
    gan_ctx_clear(ctx);
    unlink(path);
    assert_true(gan_module_is_nil(gan_classifier_load(ctx, path, NULL, NULL)));
    assert_int_equal(gan_ctx_status(ctx), GAN_E_IO);
    gan_ctx_clear(ctx);
    assert_int_equal(gan_classifier_save(gan_mlp_generator(ctx, (gan_mlp_opts){0}), 1, path), GAN_E_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_judge__takes_each_measure_of_the_samples_it_says),
        TEST(test_judge__tells_copies),
        TEST(test_judge__knows_a_mixture),
        TEST(test_judge__takes_samples_of_all_generators_alike),
        TEST(test_judge__leaves_training_alone_and_is_the_same_for_every_number_of_threads),
        TEST(test_judge__refuses_what_does_not_fit),
        TEST(test_classifier_file__holds_the_net_and_what_it_is_worth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
