/* Mode coverage, against NumPy and SciPy and from first principles. */
#include "metric_checks.h"

static void test_mixture_modes__are_numpys(void **state) {
    metric_fixture *f = *state;
    static const char *const names[] = {"ring", "grid"};
    for (int i = 0; i < 2; i++) {
        gan_tensor *means = i ? gan_grid_means(f->ctx) : gan_ring_means(f->ctx);
        assert_true(golden_distance(f->values, metric_key("modes", names[i], "means"), means) < 1e-7);
        gan_modes got = gan_mixture_modes(metric_set(f, "modes", names[i], "x"), means, i ? GAN_GRID_STD : GAN_RING_STD);
        const double *want = golden_get(f->values, metric_key("modes", names[i], "all")).data;
        check_ok(f->ctx);
        assert_int_equal(got.samples, 300);
        assert_int_equal(got.modes, i ? 25 : 8);
        assert_int_equal(got.captured, (int)want[0]);
        assert_true(got.captured < got.modes);
        metric_compare(got.high_quality, want[1], "high quality");
        metric_compare(got.reverse_kl, want[2], "reverse KL");
    }
}

static void test_mixture_modes__of_one_mode_are_ln_k(void **state) {
    metric_fixture *f = *state;
    gan_tensor *means = gan_ring_means(f->ctx), *one = gan_slice(means, 0, 3, 1);
    gan_modes got = gan_mixture_modes(one, means, GAN_RING_STD);
    assert_int_equal(got.captured, 1);
    check_close(got.reverse_kl, log(8), 1e-12);
    got = gan_mixture_modes(gan_zeros(f->ctx, gan_shape2(9, 2)), means, GAN_RING_STD); /* in the middle: nothing of quality */
    assert_true(got.captured == 0 && got.high_quality == 0);
    check_close(got.reverse_kl, log(8), 1e-12);
    got = gan_mixture_modes(means, means, GAN_RING_STD);
    assert_true(got.captured == 8 && got.high_quality == 1);
    check_close(got.reverse_kl, 0, 1e-12);
}

/* Nearer than 3 std, not just as near. */
static void test_mixture_modes__end_at_three_std(void **state) {
    metric_fixture *f = *state;
    static const gan_real points[] = {.75f, .7499f, .7501f, -.75f};
    gan_tensor *x = gan_from(f->ctx, gan_shape2(4, 1), points);
    gan_modes got = gan_mixture_modes(x, gan_zeros(f->ctx, gan_shape2(1, 1)), .25);
    check_close(got.high_quality, .25, 0);
}

static void test_perfect_mixture__has_what_theory_says(void **state) {
    metric_fixture *f = *state;
    for (int grid = 0; grid < 2; grid++) {
        gan_tensor *means = grid ? gan_grid_means(f->ctx) : gan_ring_means(f->ctx);
        double std = grid ? GAN_GRID_STD : GAN_RING_STD, quality = 0, kl = 0;
        enum { ROUNDS = 100 };
        for (uint64_t seed = 0; seed < ROUNDS; seed++) {
            gan_modes got = gan_perfect_mixture(means, std, 2500, seed);
            assert_int_equal(got.captured, got.modes);
            quality += got.high_quality / ROUNDS, kl += got.reverse_kl / ROUNDS;
        }
        check_close(quality, 1 - exp(-4.5), 1e-3);
        double floor = (grid ? 24 : 7) / (2 * 2500 * .9889);
        check_close(kl, floor, .15 * floor);
    }
    gan_modes one = gan_perfect_mixture(gan_ring_means(f->ctx), GAN_RING_STD, 500, 1);
    gan_modes again = gan_perfect_mixture(gan_ring_means(f->ctx), GAN_RING_STD, 500, 1);
    gan_modes other = gan_perfect_mixture(gan_ring_means(f->ctx), GAN_RING_STD, 500, 2);
    assert_memory_equal(&one, &again, sizeof one);
    assert_true(one.reverse_kl != other.reverse_kl);
    check_ok(f->ctx);
}

static void test_label_modes__are_scipys(void **state) {
    metric_fixture *f = *state;
    gan_tensor *label = metric_set(f, "modes", "label", "x"), *weights = metric_set(f, "modes", "label", "weights");
    const double *want = golden_get(f->values, "modes.label.all").data;
    gan_modes uniform = gan_label_modes(label, 7, NULL), weighted = gan_label_modes(label, 7, weights);
    check_ok(f->ctx);
    assert_int_equal(uniform.captured, (int)want[0]);
    assert_true(uniform.high_quality == 1 && uniform.samples == 50 && uniform.modes == 7);
    metric_compare(uniform.reverse_kl, want[1], "KL to uniform");
    metric_compare(weighted.reverse_kl, want[2], "KL to weights");
    gan_tensor *own = gan_label_histogram(label, 7);
    check_close(gan_item(gan_sum(own)), 1, 1e-6);
    check_close(gan_label_modes(label, 7, own).reverse_kl, 0, 1e-6);
    check_ok(f->ctx);
}

static void test_label_modes__of_a_mode_that_must_not_be_are_infinite(void **state) {
    metric_fixture *f = *state;
    static const gan_real weights[] = {1, 0, 1};
    gan_tensor *reference = gan_from(f->ctx, gan_shape1(3), weights);
    assert_true(isinf(gan_label_modes(gan_full(f->ctx, gan_shape1(4), 1), 3, reference).reverse_kl));
    check_close(gan_label_modes(gan_full(f->ctx, gan_shape1(4), 2), 3, reference).reverse_kl, log(2), 1e-12);
    check_ok(f->ctx);
}

/* Stacked MNIST: 26,000 samples over 1,000 modes. */
static void test_perfect_labels__have_the_published_floor(void **state) {
    metric_fixture *f = *state;
    gan_modes got = gan_perfect_labels(f->ctx, 1000, 26000, 4);
    assert_int_equal(got.captured, 1000);
    check_close(got.reverse_kl, .0192, .002);
    check_ok(f->ctx);
}

static void test_modes__say_what_does_not_fit(void **state) {
    metric_fixture *f = *state;
    gan_tensor *means = gan_ring_means(f->ctx), *x = gan_ones(f->ctx, gan_shape2(3, 2)), *label = gan_ones(f->ctx, gan_shape1(3));
    assert_true(isnan(gan_mixture_modes(gan_ones(f->ctx, gan_shape2(3, 3)), means, .01).high_quality));
    check_failed(f->ctx, GAN_E_SHAPE, "gan_mixture_modes: the samples have shape [3, 3], the means [8, 2]");
    assert_true(isnan(gan_mixture_modes(x, means, 0).reverse_kl));
    check_failed(f->ctx, GAN_E_ARG, "std is 0, must be positive");
    assert_true(isnan(gan_mixture_modes(gan_scale(x, NAN), means, 1).reverse_kl));
    check_failed(f->ctx, GAN_E_NONFINITE, "the samples are not all finite");
    assert_true(isnan(gan_perfect_labels(f->ctx, (int64_t)1 << 61, 10, 0).reverse_kl));
    check_failed(f->ctx, GAN_E_ARG, "2305843009213693952 modes, must be 1 to");
    assert_true(isnan(gan_label_modes(label, (int64_t)1 << 61, NULL).reverse_kl));
    check_failed(f->ctx, GAN_E_ARG, "2305843009213693952 modes, must be 1 to");
    assert_true(isnan(gan_perfect_mixture(means, .01, 0, 1).reverse_kl));
    check_failed(f->ctx, GAN_E_ARG, "gan_perfect_mixture: 0 samples");
    static const double bad[] = {-1, 3, .5};
    for (int i = 0; i < COUNT_OF(bad); i++) {
        gan_tensor *wrong = gan_concat((gan_tensor *[]){label, gan_full(f->ctx, gan_shape1(1), bad[i])}, 2, 0);
        assert_true(isnan(gan_label_modes(wrong, 3, NULL).reverse_kl));
        check_failed(f->ctx, GAN_E_ARG, "gan_label_modes: label 3 is");
        assert_true(gan_is_nil(gan_label_histogram(wrong, 3)));
        check_failed(f->ctx, GAN_E_ARG, "gan_label_histogram: label 3 is");
    }
    assert_true(isnan(gan_label_modes(label, 0, NULL).reverse_kl));
    check_failed(f->ctx, GAN_E_ARG, "0 modes");
    assert_true(isnan(gan_label_modes(label, 3, gan_ones(f->ctx, gan_shape1(4))).reverse_kl));
    check_failed(f->ctx, GAN_E_SHAPE, "4 weights for 3 modes");
    assert_true(isnan(gan_label_modes(label, 3, gan_zeros(f->ctx, gan_shape1(3))).reverse_kl));
    check_failed(f->ctx, GAN_E_ARG, "weights are all 0");
    assert_true(isnan(gan_label_modes(label, 2, gan_from(f->ctx, gan_shape1(2), (gan_real[]){2, -1})).reverse_kl));
    check_failed(f->ctx, GAN_E_ARG, "weight 1 is negative");
    assert_true(isnan(gan_perfect_labels(f->ctx, 5, 0, 1).reverse_kl));
    check_failed(f->ctx, GAN_E_ARG, "gan_perfect_labels: 0 samples");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        METRIC_TEST(test_mixture_modes__are_numpys),
        METRIC_TEST(test_mixture_modes__of_one_mode_are_ln_k),
        METRIC_TEST(test_mixture_modes__end_at_three_std),
        METRIC_TEST(test_perfect_mixture__has_what_theory_says),
        METRIC_TEST(test_label_modes__are_scipys),
        METRIC_TEST(test_label_modes__of_a_mode_that_must_not_be_are_infinite),
        METRIC_TEST(test_perfect_labels__have_the_published_floor),
        METRIC_TEST(test_modes__say_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
