/* The classifier: learns digits, is kept in a file, gives features and labels, and leaves a GAN's training alone. */
#include "metric_checks.h"

#include <unistd.h>

#include "metrics/classifier_impl.h"

static const gan_classifier_opts tiny = {.height = 9, .width = 7, .channels = 2, .classes = 3, .filters = 2, .features = 6};

/* Classes that differ in which third of the picture is bright. */
static gan_dataset *bars(gan_ctx *ctx, int64_t n) {
    gan_real *x = calloc((size_t)n * 9 * 7 * 2, sizeof *x);
    int32_t *labels = calloc((size_t)n, sizeof *labels);
    for (int64_t i = 0; i < n; i++) {
        labels[i] = (int32_t)(i % 3);
        for (int64_t p = 0; p < 9 * 7 * 2; p++) x[i * 126 + p] = (gan_real)(p / 42 == i % 3) + (gan_real)((i * 7 + p) % 11) / 20;
    }
    gan_dataset *d = gan_array_data(ctx, gan_shape4(n, 9, 7, 2), x, (gan_array_opts){.labels = labels, .held_out = .2});
    free(x), free(labels);
    return d;
}

static gan_classifier_training few_steps(void) {
    gan_classifier_training o = gan_classifier_training_defaults();
    o.epochs = 3, o.batch = 16, o.rate = .01, o.shift = 1;
    return o;
}

static void test_classifier__learns_digits_and_survives_a_file(void **state) {
    metric_fixture *f = *state;
    gan_image_opts images = {.held_out = .7};
    gan_dataset *digits = gan_idx_images(f->ctx, GAN_DATA_DIR "/t10k-images-idx3-ubyte.gz", images);
    gan_classifier_opts o = gan_classifier_for(digits);
    assert_true(o.height == 28 && o.width == 28 && o.channels == 1 && o.classes == 10);
    o.filters = 8, o.features = 64;
    gan_module *m = gan_classifier_new(f->ctx, o);
    gan_classifier_training training = gan_classifier_training_defaults();
    training.epochs = 2, training.batch = 64, training.rate = .005, training.shift = 1;
    assert_true(gan_classifier_accuracy(m, digits, GAN_PART_HELD_OUT, 0, 500) < .4);
    gan_classifier_train(m, digits, training);
    check_ok(f->ctx);
    double right = gan_classifier_accuracy(m, digits, GAN_PART_HELD_OUT, 0, 500);
    print_message("%.3f of the held-out digits\n", right);
    assert_true(right > .9);

    gan_tensor *features = gan_data_features(m, digits, GAN_PART_HELD_OUT, 0, 10, (gan_feature_opts){.tap = GAN_CLASSIFIER_TAP});
    assert_true(gan_shape_equal(gan_shape_of(features), gan_shape2(10, 64)));
    char path[] = "/tmp/gan-classifier-XXXXXX";
    close(mkstemp(path));
    gan_save_weights(m, path);
    gan_module *other = gan_classifier_new(f->ctx, o);
    gan_load_weights(other, path, NULL);
    unlink(path);
    assert_true(gan_classifier_accuracy(other, digits, GAN_PART_HELD_OUT, 0, 500) == right);
    check_ok(f->ctx);

    /* The real data spread over the labels as their histogram says; a stack's label is made of its channels'. */
    gan_tensor *x = gan_dataset_held_out(digits, 0, 60).x, *label = gan_classify(m, x);
    gan_tensor *stack[] = {gan_slice(x, 0, 0, 20), gan_slice(x, 0, 20, 20), gan_slice(x, 0, 40, 20)};
    gan_tensor *triple = gan_classify_stacked(m, gan_concat(stack, 3, 3));
    check_ok(f->ctx);
    assert_true(gan_shape_equal(gan_shape_of(triple), gan_shape1(20)));
    const gan_real *l = gan_data(label);
    for (int i = 0; i < 20; i++) assert_true(gan_data(triple)[i] == 100 * l[i] + 10 * l[20 + i] + l[40 + i]);
    assert_int_equal(gan_label_modes(triple, 1000, NULL).modes, 1000);
}

static void test_classifier__is_the_same_for_every_number_of_threads(void **state) {
    (void)state;
    gan_real first[3] = {0};
    for (int threads = 1; threads <= 3; threads++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 2, .threads = threads});
        gan_module *m = gan_classifier_new(ctx, tiny);
        assert_int_equal(gan_classifier_train(m, bars(ctx, 100), few_steps()), GAN_OK);
        const gan_tensor *bias = gan_module_find(m, "head.bias")->tensor;
        if (threads == 1) memcpy(first, gan_data(bias), sizeof first);
        assert_memory_equal(gan_data(bias), first, sizeof first);
        gan_ctx_free(ctx);
    }
}

typedef struct seen {
    int64_t calls, last, steps;
    int64_t stop_at;
} seen;

static bool note(void *user, const gan_classifier_progress *p) {
    seen *s = user;
    s->calls++;
    s->last = p->step, s->steps = p->steps;
    assert_true(isfinite(p->loss) && p->accuracy >= 0 && p->accuracy <= 1 && p->seconds >= 0);
    return p->step != s->stop_at;
}

static void test_training__reports_each_step_and_stops_when_told(void **state) {
    metric_fixture *f = *state;
    gan_dataset *d = bars(f->ctx, 100);
    seen all = {0}, cut = {.stop_at = 4};
    gan_classifier_training o = few_steps();
    o.progress = note, o.user = &all;
    gan_module *m = gan_classifier_new(f->ctx, tiny);
    gan_module_train(m, false);
    gan_classifier_train(m, d, o);
    assert_true(all.calls == 15 && all.last == 15 && all.steps == 15); /* 80 samples, 5 batches, 3 epochs */
    o.user = &cut;
    gan_classifier_train(m, d, o);
    assert_true(cut.calls == 4 && cut.last == 4);
    assert_false(gan_module_is_training(m));
    check_close(gan_classifier_accuracy(m, d, GAN_PART_HELD_OUT, 0, 20), 1, 0);
    check_ok(f->ctx);
}

/* Pixel (y, x) of the picture is 10*y + x; by what was it moved? */
static void expect_moved(const gan_real *picture, int *down, int *right) {
    int corner = (int)picture[4 * 9 + 4];
    *down = 4 - corner / 10, *right = 4 - corner % 10;
    for (int y = 0; y < 9; y++)
        for (int x = 0; x < 9; x++) {
            int from_y = y - *down, from_x = x - *right;
            from_y = from_y < 0 ? 0 : from_y > 8 ? 8 : from_y, from_x = from_x < 0 ? 0 : from_x > 8 ? 8 : from_x;
            assert_true(picture[y * 9 + x] == 10 * from_y + from_x);
        }
}

static void test_shift__moves_each_picture_by_its_own_draw(void **state) {
    metric_fixture *f = *state;
    enum { COUNT = 300 };
    gan_real one[81];
    int moves[5][5] = {{0}};
    for (int i = 0; i < 81; i++) one[i] = (gan_real)(i / 9 * 10 + i % 9);
    gan_tensor *x = gan_broadcast_to(gan_from(f->ctx, gan_shape4(1, 9, 9, 1), one), gan_shape4(COUNT, 9, 9, 1));
    gan_tensor *moved = gan__shifted(x, 2, gan_stream_named(f->ctx, "shifts"));
    check_ok(f->ctx);
    for (int i = 0; i < COUNT; i++) {
        int down, right;
        expect_moved(gan_data(moved) + i * 81, &down, &right);
        assert_true(abs(down) <= 2 && abs(right) <= 2);
        moves[down + 2][right + 2]++;
    }
    for (int i = 0; i < 25; i++) assert_true(moves[i / 5][i % 5] > 0);
    assert_true(gan__shifted(x, 0, gan_stream_named(f->ctx, "shifts")) == x);
}

static gan_real trained_bias(int shift, uint64_t seed) {
    gan_classifier_training o = few_steps();
    o.shift = shift, o.epochs = 1, o.seed = seed;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 2});
    gan_module *m = gan_classifier_new(ctx, tiny);
    assert_int_equal(gan_classifier_train(m, bars(ctx, 100), o), GAN_OK);
    gan_real bias = gan_data(gan_module_find(m, "head.bias")->tensor)[0];
    gan_ctx_free(ctx);
    return bias;
}

static void test_training__shifts_its_pictures(void **state) {
    (void)state;
    assert_true(trained_bias(0, 1) == trained_bias(0, 2)); /* nothing is drawn */
    assert_true(trained_bias(3, 1) != trained_bias(0, 1) && trained_bias(3, 1) != trained_bias(3, 2));
}

static gan_real first_weight(bool beside_a_classifier) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 4});
    if (beside_a_classifier) gan_classifier_new(ctx, tiny);
    gan_module *G = gan_mlp_generator(ctx, (gan_mlp_opts){0});
    gan_real weight = gan_data(gan_module_param(G, 0)->tensor)[0];
    gan_ctx_free(ctx);
    return weight;
}

static void test_classifier__leaves_the_nets_made_after_it_alone(void **state) {
    (void)state;
    assert_true(first_weight(true) == first_weight(false));
}

static void test_classifier__is_made_for_any_size(void **state) {
    metric_fixture *f = *state;
    static const int64_t sizes[][2] = {{1, 1}, {3, 9}, {4, 4}, {6, 6}, {28, 28}, {64, 32}};
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        gan_classifier_opts o = {
            .height = sizes[i][0], .width = sizes[i][1], .channels = 3, .classes = 5, .filters = 2, .features = 4};
        gan_module *m = gan_classifier_new(f->ctx, o);
        gan_tensor *x = metric_randn(f->ctx, "x", gan_shape4(3, o.height, o.width, 3));
        assert_true(gan_shape_equal(gan_shape_of(gan_forward(m, x)), gan_shape2(3, 5)));
        check_ok(f->ctx);
    }
}

static void test_classifier__says_what_does_not_fit(void **state) {
    metric_fixture *f = *state;
    static const struct {
        gan_classifier_opts opts;
        const char *why;
    } bad[] = {
        {{.width = 8, .channels = 1, .classes = 2}, "gan_classifier_new: height is 0"},
        {{.height = 8, .width = 8, .channels = 1, .classes = 1}, "1 classes, must be at least 2"},
        {{.height = 8, .width = 8, .channels = 1, .classes = 2, .dropout = 1}, "dropout is 1"},
        {{.height = 8, .width = 8, .channels = 1, .classes = 2, .filters = -1}, "filters is -1"},
    };
    for (int i = 0; i < COUNT_OF(bad); i++) {
        assert_true(gan_module_is_nil(gan_classifier_new(f->ctx, bad[i].opts)));
        check_failed(f->ctx, GAN_E_ARG, bad[i].why);
    }
    gan_module *m = gan_classifier_new(f->ctx, tiny), *G = gan_mlp_generator(f->ctx, (gan_mlp_opts){0});
    gan_dataset *d = bars(f->ctx, 30), *ring = gan_ring_data(f->ctx, (gan_mixture_opts){.count = 100});
    gan_tensor *x = gan_ones(f->ctx, gan_shape4(2, 9, 7, 2));
    assert_int_equal(gan_classifier_train(G, d, few_steps()), GAN_E_ARG);
    check_failed(f->ctx, GAN_E_ARG, "gan_classifier_train: the module is no classifier but a MLPGenerator");
    gan_classifier_train(m, ring, few_steps());
    check_failed(f->ctx, GAN_E_SHAPE, "the data are no images");
    gan_dataset *bare = gan_array_data(f->ctx, gan_shape_of(x), gan_data(x), (gan_array_opts){0});
    gan_classifier_train(m, bare, few_steps());
    check_failed(f->ctx, GAN_E_ARG, "the data have 0 classes, the classifier 3");
    gan_classifier_training o = few_steps();
    o.batch = 25;
    gan_classifier_train(m, d, o);
    check_failed(f->ctx, GAN_E_ARG, "the batch is 25, must be 1 to 24");
    o = few_steps(), o.epochs = 0;
    gan_classifier_train(m, d, o);
    check_failed(f->ctx, GAN_E_ARG, "0 epochs");
    o = few_steps(), o.rate = NAN;
    gan_classifier_train(m, d, o);
    check_failed(f->ctx, GAN_E_ARG, "the rate is nan");
    o = few_steps(), o.shift = -1;
    gan_classifier_train(m, d, o);
    check_failed(f->ctx, GAN_E_ARG, "shifts of -1");
    o = few_steps(), o.rate = 1e30;
    assert_int_equal(gan_classifier_train(m, d, o), GAN_E_NONFINITE);
    gan_ctx_clear(f->ctx);
    assert_true(gan_is_nil(gan_classify(m, gan_ones(f->ctx, gan_shape4(2, 9, 7, 1)))));
    check_failed(f->ctx, GAN_E_SHAPE, "Classifier: the input's shape is [2, 9, 7, 1]");
    assert_true(gan_is_nil(gan_classify_stacked(m, gan_ones(f->ctx, gan_shape2(2, 9)))));
    check_failed(f->ctx, GAN_E_SHAPE, "gan_classify_stacked: the samples have shape [2, 9]");
    assert_true(gan_is_nil(gan_classify_stacked(m, gan_ones(f->ctx, gan_shape4(2, 9, 7, 16)))));
    check_failed(f->ctx, GAN_E_ARG, "3 classes in 16 channels are more than 2^24 labels");
    assert_true(isnan(gan_classifier_accuracy(m, d, GAN_PART_HELD_OUT, 0, 7)));
    check_failed(f->ctx, GAN_E_ARG, "gan_dataset_held_out: 7 samples");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        METRIC_TEST(test_classifier__learns_digits_and_survives_a_file),
        METRIC_TEST(test_classifier__is_the_same_for_every_number_of_threads),
        METRIC_TEST(test_training__reports_each_step_and_stops_when_told),
        METRIC_TEST(test_shift__moves_each_picture_by_its_own_draw),
        METRIC_TEST(test_training__shifts_its_pictures),
        METRIC_TEST(test_classifier__leaves_the_nets_made_after_it_alone),
        METRIC_TEST(test_classifier__is_made_for_any_size),
        METRIC_TEST(test_classifier__says_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
