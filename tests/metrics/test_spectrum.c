/* Power spectra and the correlation of neighbours, against NumPy and from first principles. */
#include "metric_checks.h"

static const char *const sets[] = {"square", "odd", "wide", "mnist"};

static void test_spectrum__is_numpys(void **state) {
    metric_fixture *f = *state;
    for (int i = 0; i < COUNT_OF(sets); i++) {
        gan_tensor *a = metric_set(f, "pixels", sets[i], "a"), *b = metric_set(f, "pixels", sets[i], "b");
        gan_tensor *got = gan_power_spectrum(a);
        golden_tensor want = golden_get(f->values, metric_key("pixels", sets[i], "spectrum"));
        check_ok(f->ctx);
        assert_true(gan_shape_equal(gan_shape_of(got), want.shape));
        for (int64_t j = 0; j < gan_count(got); j++) metric_compare(gan_data(got)[j], want.data[j], sets[i]);
        metric_golden(f, metric_key("pixels", sets[i], "distance"), gan_spectrum_distance(a, b));
        metric_golden(f, metric_key("pixels", sets[i], "distance"), gan_spectrum_distance(b, a));
    }
}

static void test_neighbours__are_as_alike_as_numpy_says(void **state) {
    metric_fixture *f = *state;
    for (int i = 0; i < COUNT_OF(sets); i++) {
        const double *want = golden_get(f->values, metric_key("pixels", sets[i], "correlation")).data;
        check_close(gan_neighbour_correlation(metric_set(f, "pixels", sets[i], "a")), want[0], 1e-5);
        check_close(gan_neighbour_correlation(metric_set(f, "pixels", sets[i], "b")), want[1], 1e-5);
    }
    check_ok(f->ctx);
}

static void test_spectrum__of_white_noise_is_flat(void **state) {
    metric_fixture *f = *state;
    gan_tensor *x = gan_scale(metric_randn(f->ctx, "x", gan_shape4(2000, 16, 16, 3)), .5);
    gan_tensor *p = gan_power_spectrum(x);
    assert_int_equal(gan_count(p), 9);
    for (int i = 0; i < 9; i++) check_close(gan_data(p)[i], .25, .02);
    check_close(gan_neighbour_correlation(x), 0, .01);
    check_ok(f->ctx);
}

/* A wave of three periods across has all its power in bin 3. */
static void test_spectrum__of_a_wave_is_a_line(void **state) {
    metric_fixture *f = *state;
    gan_real x[12 * 20];
    for (int i = 0; i < 12 * 20; i++) x[i] = (gan_real)sin(2 * 3.14159265358979 * 5 * (i % 20) / 20);
    gan_tensor *p = gan_power_spectrum(gan_from(f->ctx, gan_shape4(1, 12, 20, 1), x));
    for (int i = 0; i < 7; i++) assert_true(i == 3 ? gan_data(p)[i] > 1 : gan_data(p)[i] < 1e-9);
    check_ok(f->ctx);
}

static void test_pixels__tell_noise_from_digits(void **state) {
    metric_fixture *f = *state;
    gan_dataset *d = gan_idx_images(f->ctx, GAN_DATA_DIR "/t10k-images-idx3-ubyte.gz", (gan_image_opts){0});
    gan_tensor *a = gan_dataset_training(d, 0, 200).x, *b = gan_dataset_training(d, 200, 200).x;
    gan_tensor *noise = gan_tanh(metric_randn(f->ctx, "noise", gan_shape4(200, 28, 28, 1)));
    check_ok(f->ctx);
    assert_true(gan_spectrum_distance(a, b) < .15 && gan_spectrum_distance(a, noise) > 1);
    assert_true(gan_neighbour_correlation(a) > .6 && fabs(gan_neighbour_correlation(noise)) < .02);
    check_ok(f->ctx);
}

static void test_pixels__of_constant_images_are_finite(void **state) {
    metric_fixture *f = *state;
    gan_tensor *grey = gan_full(f->ctx, gan_shape4(3, 4, 4, 1), -.2), *noise = metric_randn(f->ctx, "x", gan_shape4(9, 4, 4, 1));
    double far = gan_spectrum_distance(grey, noise);
    assert_true(isfinite(far) && far > 15);
    assert_true(gan_spectrum_distance(grey, gan_scale(grey, 2)) == 0);
    assert_true(gan_neighbour_correlation(grey) == 1);
    check_ok(f->ctx);
}

static void test_pixels__are_the_same_for_every_number_of_threads(void **state) {
    gan_real first[9] = {0};
    for (int threads = 1; threads <= 4; threads++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 9, .threads = threads});
        gan_tensor *p = gan_power_spectrum(metric_randn(ctx, "a", gan_shape4(50, 16, 16, 2)));
        assert_int_equal(gan_count(p), 9);
        if (threads == 1) memcpy(first, gan_data(p), sizeof first);
        assert_memory_equal(gan_data(p), first, sizeof first);
        gan_ctx_free(ctx);
    }
    (void)state;
}

static void test_pixels__say_what_does_not_fit(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = gan_ones(f->ctx, gan_shape4(2, 4, 4, 1));
    assert_true(gan_is_nil(gan_power_spectrum(gan_ones(f->ctx, gan_shape2(2, 4)))));
    check_failed(f->ctx, GAN_E_SHAPE, "gan_power_spectrum: the samples have shape [2, 4], must be images");
    assert_true(isnan(gan_neighbour_correlation(gan_ones(f->ctx, gan_shape4(2, 1, 4, 1)))));
    check_failed(f->ctx, GAN_E_SHAPE, "must be images [n, h, w, c] of at least 2 x 2 pixels");
    assert_true(isnan(gan_spectrum_distance(a, gan_ones(f->ctx, gan_shape4(2, 4, 4, 2)))));
    check_failed(f->ctx, GAN_E_SHAPE, "images of 4 x 4 x 1 and of 4 x 4 x 2");
    assert_true(isnan(gan_spectrum_distance(a, gan_scale(a, NAN))));
    check_failed(f->ctx, GAN_E_NONFINITE, "gan_spectrum_distance: the second samples");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        METRIC_TEST(test_spectrum__is_numpys),
        METRIC_TEST(test_neighbours__are_as_alike_as_numpy_says),
        METRIC_TEST(test_spectrum__of_white_noise_is_flat),
        METRIC_TEST(test_spectrum__of_a_wave_is_a_line),
        METRIC_TEST(test_pixels__tell_noise_from_digits),
        METRIC_TEST(test_pixels__of_constant_images_are_finite),
        METRIC_TEST(test_pixels__are_the_same_for_every_number_of_threads),
        METRIC_TEST(test_pixels__say_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
