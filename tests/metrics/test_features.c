/* Features in blocks, and samples of generators: what they are, and that they leave no trace. */
#include "metric_checks.h"

#include <gan/models.h>

static gan_module *net(gan_ctx *ctx) {
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_conv2d_layer(ctx, 1, 4, gan_conv_layer_square(3, 2, 1)));
    gan_sequential_add(m, gan_batch_norm_layer(ctx, 4, (gan_norm_opts){0}));
    gan_sequential_add(m, gan_dropout_layer(ctx, .5));
    gan_sequential_add(m, gan_flatten_layer(ctx));
    gan_sequential_add(m, gan_linear_layer(ctx, 4 * 4 * 4, 3, (gan_linear_opts){0}));
    return m;
}

static gan_module *generator(gan_ctx *ctx) {
    return gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 8, .channels = 1, .features = 4, .latent = 5});
}

/* All that a run could change: parameters and buffers, modes, and what random streams give next. */
typedef struct traces {
    double sum;
    bool training;
    int64_t noise;
} traces;

static traces look(gan_module *m) {
    gan_ctx *ctx = gan_module_ctx(m);
    traces t = {0, gan_module_is_training(m), gan_stream_position(gan_stream_named(ctx, "noise"))};
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        for (int64_t j = 0; j < gan_count(p->tensor); j++) t.sum += (double)gan_data(p->tensor)[j] * (double)(j % 13 + 1);
    }
    return t;
}

static void expect_untouched(gan_module *m, traces before) {
    traces now = look(m);
    assert_true(now.sum == before.sum && now.training == before.training && now.noise == before.noise);
}

static bool equal(const gan_tensor *a, const gan_tensor *b) {
    return gan_count(a) == gan_count(b) && !memcmp(gan_data(a), gan_data(b), (size_t)gan_count(a) * sizeof(gan_real));
}

static void test_features__are_the_modules_output_in_evaluation(void **state) {
    metric_fixture *f = *state;
    gan_module *m = net(f->ctx);
    gan_tensor *x = metric_randn(f->ctx, "x", gan_shape4(23, 8, 8, 1));
    traces before = look(m);
    gan_tensor *y = gan_features(m, x, (gan_feature_opts){.block = 7});
    gan_tensor *tap = gan_features(m, x, (gan_feature_opts){.tap = "1", .block = 5}),
               *plain = gan_features(NULL, x, (gan_feature_opts){0});
    check_ok(f->ctx);
    expect_untouched(m, before);
    gan_module_train(m, false);
    const char *wanted = "1";
    gan_output out = gan_module_call(m, (gan_input){x, NULL}, (gan_call_opts){.taps = &wanted, .n_taps = 1});
    assert_true(gan_shape_equal(gan_shape_of(y), gan_shape2(23, 3)) && gan_shape_equal(gan_shape_of(tap), gan_shape2(23, 64)));
    assert_true(gan_shape_equal(gan_shape_of(plain), gan_shape2(23, 64)) && equal(plain, x));
    for (int64_t i = 0; i < gan_count(y); i++) check_close(gan_data(y)[i], gan_data(out.y)[i], 1e-6);
    for (int64_t i = 0; i < gan_count(tap); i++) check_close(gan_data(tap)[i], gan_data(out.taps[0].t)[i], 1e-6);
    check_ok(f->ctx);
}

static void test_features__run_on_a_set(void **state) {
    metric_fixture *f = *state;
    gan_module *m = net(f->ctx);
    gan_tensor *x = metric_randn(f->ctx, "x", gan_shape4(4, 8, 8, 1));
    gan_set *zero = gan_set_of(m);
    int last = gan_set_count(zero) - 1;
    gan_set_put(zero, last - 1, gan_zeros(f->ctx, gan_shape2(3, 64)));
    gan_set_put(zero, last, gan_full(f->ctx, gan_shape1(3), 5));
    gan_tensor *y = gan_features(m, x, (gan_feature_opts){.set = zero});
    check_ok(f->ctx);
    for (int i = 0; i < 12; i++) assert_true(gan_data(y)[i] == 5);
}

static void test_data_features__are_those_of_its_samples(void **state) {
    metric_fixture *f = *state;
    enum { COUNT = 40 };
    gan_tensor *x = metric_randn(f->ctx, "x", gan_shape4(COUNT, 8, 8, 1));
    int32_t labels[COUNT];
    for (int i = 0; i < COUNT; i++) labels[i] = i % 6;
    gan_array_opts o = {.held_out = .25, .labels = labels, .flip = true};
    gan_dataset *d = gan_array_data(f->ctx, gan_shape_of(x), gan_data(x), o), *twin;
    gan_tensor *first = gan_dataset_next(d, 5).x;
    gan_module *m = net(f->ctx);
    for (int part = 0; part < 2; part++) {
        gan_batch b = part ? gan_dataset_training(d, 3, 20) : gan_dataset_held_out(d, 3, 7);
        int64_t n = part ? 20 : 7;
        assert_true(equal(gan_data_features(m, d, part ? GAN_PART_TRAINING : GAN_PART_HELD_OUT, 3, n, (gan_feature_opts){0}),
                          gan_features(m, b.x, (gan_feature_opts){0})));
        assert_true(equal(gan_data_labels(d, part ? GAN_PART_TRAINING : GAN_PART_HELD_OUT, 3, n), b.label));
    }
    gan_tensor *rows = gan_dataset_training(d, 0, 30).x; /* as they are in the source, not mirrored */
    for (int i = 0; i < 30; i++) {
        bool found = false;
        for (int j = 0; j < COUNT; j++)
            found = found || !memcmp(gan_data(rows) + 64 * i, gan_data(x) + 64 * j, 64 * sizeof(gan_real));
        assert_true(found);
    }
    twin = gan_array_data(f->ctx, gan_shape_of(x), gan_data(x), o); /* measuring has not moved the training order */
    assert_true(equal(gan_dataset_next(twin, 5).x, first));
    assert_true(equal(gan_dataset_next(twin, 5).x, gan_dataset_next(d, 5).x));
    check_ok(f->ctx);
}

static void test_generate__gives_samples_fixed_by_the_seed(void **state) {
    metric_fixture *f = *state;
    gan_module *G = generator(f->ctx), *m = net(f->ctx);
    traces before = look(G);
    gan_tensor *a = gan_generate(G, 30, (gan_generate_opts){.seed = 1}), *b = gan_generate(G, 30, (gan_generate_opts){.seed = 1});
    gan_tensor *c = gan_generate(G, 30, (gan_generate_opts){.seed = 2});
    gan_tensor *features = gan_generated_features(m, G, 30, (gan_generate_opts){.seed = 1, .block = 64}, (gan_feature_opts){0});
    check_ok(f->ctx);
    expect_untouched(G, before);
    assert_true(gan_shape_equal(gan_shape_of(a), gan_shape4(30, 8, 8, 1)));
    assert_true(equal(a, b) && !equal(a, c));
    assert_true(equal(features, gan_features(m, a, (gan_feature_opts){0})));
}

/* Freshly made, batch norm's running statistics are those of N(0, 1), and those of a block are others. */
static void test_generate__takes_statistics_of_the_block_if_told(void **state) {
    metric_fixture *f = *state;
    gan_module *G = generator(f->ctx);
    traces before = look(G);
    gan_generate_opts o = {.seed = 1, .block = 30, .batch_statistics = true};
    gan_tensor *a = gan_generate(G, 30, o), *plain = gan_generate(G, 30, (gan_generate_opts){.seed = 1});
    gan_set *set = gan_set_of(G);
    o.set = set;
    gan_tensor *b = gan_generate(G, 30, o), *again = gan_generate(G, 30, o);
    check_ok(f->ctx);
    expect_untouched(G, before);
    assert_true(!equal(a, plain) && equal(a, b) && equal(b, again));
    gan_set_put(set, 0, gan_mul(gan_set_get(set, 0), gan_rand(f->ctx, gan_shape_of(gan_set_get(set, 0)))));
    assert_true(!equal(gan_generate(G, 30, o), a));
    o.set = NULL;
    assert_true(equal(gan_generate(G, 30, o), a));
    o.block = 10;
    assert_true(!equal(gan_generate(G, 30, o), a));
    check_ok(f->ctx);
}

static void test_features__say_what_does_not_fit(void **state) {
    metric_fixture *f = *state;
    gan_module *m = net(f->ctx), *G = generator(f->ctx);
    gan_tensor *x = gan_ones(f->ctx, gan_shape4(2, 8, 8, 1));
    gan_dataset *ring = gan_ring_data(f->ctx, (gan_mixture_opts){.count = 10});
    assert_true(gan_is_nil(gan_features(m, x, (gan_feature_opts){.tap = "9"})));
    check_failed(f->ctx, GAN_E_ARG, "there is no submodule \"9\"");
    assert_true(gan_is_nil(gan_features(m, gan_ones(f->ctx, gan_shape4(0, 8, 8, 1)), (gan_feature_opts){0})));
    check_failed(f->ctx, GAN_E_ARG, "gan_features: 0 samples");
    assert_true(gan_is_nil(gan_features(m, x, (gan_feature_opts){.block = -1})));
    check_failed(f->ctx, GAN_E_ARG, "blocks of -1");
    assert_true(gan_is_nil(gan_features(gan_module_child(m, "9"), x, (gan_feature_opts){0})));
    check_failed(f->ctx, GAN_E_ARG, "gan_features: the module is nil");
    assert_true(gan_is_nil(gan_data_features(NULL, ring, GAN_PART_HELD_OUT, 0, 1, (gan_feature_opts){0})));
    check_failed(f->ctx, GAN_E_ARG, "gan_dataset_held_out: 1 samples from 0 on were asked for, but there are 0");
    assert_true(gan_is_nil(gan_data_features(NULL, ring, GAN_PART_TRAINING, 5, 6, (gan_feature_opts){0})));
    check_failed(f->ctx, GAN_E_ARG, "gan_dataset_training: 6 samples from 5 on were asked for, but there are 10");
    assert_true(gan_is_nil(gan_generate(m, 3, (gan_generate_opts){0})));
    check_failed(f->ctx, GAN_E_ARG, "gan_generate: the length of the latents is 0; set gan_generate_opts.latent");
    assert_true(gan_is_nil(gan_generate(G, 0, (gan_generate_opts){0})));
    check_failed(f->ctx, GAN_E_ARG, "gan_generate: 0 samples");
    gan_dataset *bare = gan_array_data(f->ctx, gan_shape_of(x), gan_data(x), (gan_array_opts){0});
    assert_true(gan_is_nil(gan_data_labels(bare, GAN_PART_TRAINING, 0, 1)));
    check_failed(f->ctx, GAN_E_ARG, "gan_data_labels: the data has no labels");
}

static void test_features__survive_lack_of_memory(void **state) {
    metric_fixture *f = *state;
    gan_module *m = net(f->ctx), *G = generator(f->ctx);
    gan_generate_opts g = {.seed = 1, .block = 3, .batch_statistics = true};
    traces before_m = look(m), before_g = look(G);
    gan_release(gan_generated_features(m, G, 7, g, (gan_feature_opts){0})); /* makes what stays, streams of layers for example */
    size_t before = gan_ctx_memory(f->ctx).in_use;
    for (int64_t nth = 1, done = 0; !done; nth++) {
        gan_ctx_fail_alloc(f->ctx, nth);
        gan_tensor *y = gan_generated_features(m, G, 7, g, (gan_feature_opts){0});
        gan_ctx_fail_alloc(f->ctx, 0);
        done = gan_ctx_status(f->ctx) == GAN_OK;
        if (!done) assert_int_equal(gan_ctx_status(f->ctx), GAN_E_MEMORY);
        assert_int_equal(gan_is_nil(y), !done);
        gan_release(y);
        gan_ctx_clear(f->ctx);
        assert_int_equal(gan_ctx_memory(f->ctx).in_use, before);
        expect_untouched(m, before_m);
        expect_untouched(G, before_g);
        assert_true(nth > 30 || !done);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        METRIC_TEST(test_features__are_the_modules_output_in_evaluation),
        METRIC_TEST(test_features__run_on_a_set),
        METRIC_TEST(test_data_features__are_those_of_its_samples),
        METRIC_TEST(test_generate__gives_samples_fixed_by_the_seed),
        METRIC_TEST(test_generate__takes_statistics_of_the_block_if_told),
        METRIC_TEST(test_features__say_what_does_not_fit),
        METRIC_TEST(test_features__survive_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
