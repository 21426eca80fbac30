/* Precision, recall, density, coverage and nearest neighbours, against NumPy and from first principles. */
#include "metric_checks.h"

static const char *const sets[] = {"gaussians", "many", "images", "offset", "ties", "narrow", "tiny"};

static int k_of(const char *name) { return strcmp(name, "tiny") ? 3 : 1; }

static void expect_prdc(gan_prdc got, const double want[4]) {
    metric_compare(got.precision, want[0], "precision");
    metric_compare(got.recall, want[1], "recall");
    metric_compare(got.density, want[2], "density");
    metric_compare(got.coverage, want[3], "coverage");
}

static void test_prdc__is_numpys(void **state) {
    metric_fixture *f = *state;
    for (int i = 0; i < COUNT_OF(sets); i++) {
        gan_prdc got = gan_prdc_of(metric_set(f, "near", sets[i], "real"), metric_set(f, "near", sets[i], "fake"), k_of(sets[i]));
        check_ok(f->ctx);
        expect_prdc(got, golden_get(f->values, metric_key("near", sets[i], "prdc")).data);
    }
}

static void test_nearest__is_numpys(void **state) {
    metric_fixture *f = *state;
    for (int i = 0; i < COUNT_OF(sets); i++) {
        gan_nearest got =
            gan_nearest_neighbours(metric_set(f, "near", sets[i], "fake"), metric_set(f, "near", sets[i], "real"), k_of(sets[i]));
        check_ok(f->ctx);
        golden_tensor index = golden_get(f->values, metric_key("near", sets[i], "index"));
        golden_tensor distance = golden_get(f->values, metric_key("near", sets[i], "distance"));
        assert_true(gan_shape_equal(gan_shape_of(got.index), index.shape));
        for (int64_t j = 0; j < gan_count(got.index); j++) {
            assert_true(gan_data(got.index)[j] == (gan_real)index.data[j]);
            check_close(gan_data(got.distance)[j], distance.data[j], 1e-6 * distance.data[j]);
        }
    }
}

/* A copy among others is found although the product's last digits say that other samples are as near. */
static void test_nearest__finds_a_memorised_sample(void **state) {
    metric_fixture *f = *state;
    gan_tensor *data = gan_add_scalar(gan_scale(metric_randn(f->ctx, "data", gan_shape2(300, 40)), 1e-4), 50);
    gan_nearest got = gan_nearest_neighbours(gan_slice(data, 0, 100, 30), data, 2);
    check_ok(f->ctx);
    for (int i = 0; i < 30; i++) {
        assert_true(gan_data(got.index)[2 * i] == 100 + i && gan_data(got.distance)[2 * i] == 0);
        assert_true(gan_data(got.distance)[2 * i + 1] > 0);
    }
}

static void test_prdc__of_identical_sets_is_one(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = metric_randn(f->ctx, "a", gan_shape2(90, 6)), *copy = gan_from(f->ctx, gan_shape2(90, 6), gan_data(a));
    for (int same = 0; same < 2; same++) {
        gan_prdc got = gan_prdc_of(a, same ? a : copy, 5);
        assert_true(got.precision == 1 && got.recall == 1 && got.coverage == 1);
        check_close(got.density, 1.2,
                    1e-9); /* in a set of its own, a sample lies in its own ball and, in the mean, in k others */
    }
    gan_prdc points = gan_prdc_of(gan_ones(f->ctx, gan_shape2(7, 2)), gan_ones(f->ctx, gan_shape2(5, 2)), 2);
    assert_true(points.precision == 1 && points.recall == 1 && points.coverage == 1);
    check_ok(f->ctx);
}

static void test_prdc__takes_numbers_of_any_size(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = metric_randn(f->ctx, "a", gan_shape2(60, 5)), *b = metric_randn(f->ctx, "b", gan_shape2(70, 5));
    gan_prdc plain = gan_prdc_of(a, b, 3);
    static const double factors[] = {0x1p-100, 0x1p100}; /* whose squares a float does not hold */
    for (int i = 0; i < COUNT_OF(factors); i++) {
        gan_prdc got = gan_prdc_of(gan_scale(a, factors[i]), gan_scale(b, factors[i]), 3);
        assert_memory_equal(&got, &plain, sizeof got);
    }
    check_ok(f->ctx);
}

static void test_prdc__of_a_perfect_sampler_is_near_one(void **state) {
    metric_fixture *f = *state;
    gan_prdc got = gan_prdc_of(metric_randn(f->ctx, "a", gan_shape2(1000, 4)), metric_randn(f->ctx, "b", gan_shape2(1000, 4)), 5);
    check_close(got.precision, .95, .05);
    check_close(got.recall, .95, .05);
    check_close(got.density, 1, .1);
    check_close(got.coverage, 1 - pow(.5, 5), .02); /* of 2002.09797, for equal numbers and many samples */
    check_ok(f->ctx);
}

static void test_prdc__collapsed_fakes_are_precise_but_neither_recall_nor_cover(void **state) {
    metric_fixture *f = *state;
    gan_tensor *real = metric_randn(f->ctx, "a", gan_shape2(500, 4));
    gan_tensor *one = gan_broadcast_to(gan_zeros(f->ctx, gan_shape2(1, 4)), gan_shape2(500, 4));
    gan_prdc got = gan_prdc_of(real, one, 5);
    assert_true(got.precision == 1 && got.recall == 0 && got.coverage < .1);
    gan_prdc noise = gan_prdc_of(real, gan_add_scalar(gan_scale(one, 0), 30), 5);
    assert_true(noise.precision == 0 && noise.recall == 0 && noise.density == 0 && noise.coverage == 0);
    check_ok(f->ctx);
}

static void test_prdc__is_the_same_for_every_number_of_threads(void **state) {
    gan_prdc first = {0};
    for (int threads = 1; threads <= 4; threads++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 9, .threads = threads});
        gan_prdc got = gan_prdc_of(metric_randn(ctx, "a", gan_shape2(300, 9)), metric_randn(ctx, "b", gan_shape2(280, 9)), 4);
        if (threads == 1) first = got;
        assert_memory_equal(&got, &first, sizeof got);
        assert_int_equal(gan_ctx_status(ctx), GAN_OK);
        gan_ctx_free(ctx);
    }
    (void)state;
}

static void test_neighbours__say_what_does_not_fit(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = gan_ones(f->ctx, gan_shape2(4, 3)), *b = gan_ones(f->ctx, gan_shape2(9, 3));
    static const int bad[] = {-1, 0, 4, 5};
    for (int i = 0; i < COUNT_OF(bad); i++) {
        gan_prdc got = gan_prdc_of(b, a, bad[i]);
        assert_true(isnan(got.precision) && isnan(got.recall) && isnan(got.density) && isnan(got.coverage));
        check_failed(f->ctx, GAN_E_ARG, "gan_prdc_of: k is");
    }
    assert_true(isnan(gan_prdc_of(a, gan_ones(f->ctx, gan_shape3(4, 3, 1)), 1).recall));
    check_failed(f->ctx, GAN_E_SHAPE, "the reals have shape [4, 3], the fakes [4, 3, 1]");
    assert_true(isnan(gan_prdc_of(a, gan_scale(a, NAN), 1).recall));
    check_failed(f->ctx, GAN_E_NONFINITE, "the fakes are not all finite");
    assert_true(gan_is_nil(gan_nearest_neighbours(b, a, 5).index));
    check_failed(f->ctx, GAN_E_ARG, "gan_nearest_neighbours: k is 5, must be 1 to 4");
    assert_true(gan_is_nil(gan_nearest_neighbours(b, a, 0).distance));
    check_failed(f->ctx, GAN_E_ARG, "k is 0");
}

static void test_neighbours__survive_lack_of_memory(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = metric_randn(f->ctx, "a", gan_shape2(20, 3)), *b = metric_randn(f->ctx, "b", gan_shape2(30, 3));
    size_t before = gan_ctx_memory(f->ctx).in_use;
    for (int64_t nth = 1, done = 0; !done; nth++) {
        gan_scope_begin(f->ctx);
        gan_ctx_fail_alloc(f->ctx, nth);
        double recall = gan_prdc_of(a, b, 3).recall;
        gan_nearest near = gan_nearest_neighbours(a, b, 2);
        gan_ctx_fail_alloc(f->ctx, 0);
        done = gan_ctx_status(f->ctx) == GAN_OK;
        if (!done) assert_int_equal(gan_ctx_status(f->ctx), GAN_E_MEMORY);
        assert_int_equal(gan_is_nil(near.index) || gan_is_nil(near.distance) || isnan(recall), !done);
        gan_ctx_clear(f->ctx);
        gan_scope_end(f->ctx);
        assert_int_equal(gan_ctx_memory(f->ctx).in_use, before);
        assert_true(nth > 20 || !done);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        METRIC_TEST(test_prdc__is_numpys),
        METRIC_TEST(test_nearest__is_numpys),
        METRIC_TEST(test_nearest__finds_a_memorised_sample),
        METRIC_TEST(test_prdc__of_identical_sets_is_one),
        METRIC_TEST(test_prdc__takes_numbers_of_any_size),
        METRIC_TEST(test_prdc__of_a_perfect_sampler_is_near_one),
        METRIC_TEST(test_prdc__collapsed_fakes_are_precise_but_neither_recall_nor_cover),
        METRIC_TEST(test_prdc__is_the_same_for_every_number_of_threads),
        METRIC_TEST(test_neighbours__say_what_does_not_fit),
        METRIC_TEST(test_neighbours__survive_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
