/* Frechet distance and kernel distance, against NumPy and SciPy and from first principles. */
#include "metric_checks.h"

static const char *const sets[] = {"full", "deficient", "constant", "few", "mixed", "tiny", "one", "offset"};

static void test_frechet__is_scipys(void **state) {
    metric_fixture *f = *state;
    for (int i = 0; i < COUNT_OF(sets); i++) {
        gan_tensor *a = metric_set(f, "moments", sets[i], "a"), *b = metric_set(f, "moments", sets[i], "b");
        metric_golden(f, metric_key("moments", sets[i], "frechet"), gan_frechet_distance(a, b));
        metric_golden(f, metric_key("moments", sets[i], "frechet"), gan_frechet_distance(b, a));
    }
    check_ok(f->ctx);
}

static void test_frechet__of_identical_sets_is_zero(void **state) {
    metric_fixture *f = *state;
    for (int i = 0; i < COUNT_OF(sets); i++) {
        gan_tensor *a = metric_set(f, "moments", sets[i], "a"), *b = metric_set(f, "moments", sets[i], "b");
        double scale = gan_frechet_distance(a, b), same = gan_frechet_distance(a, gan_detach(a));
        assert_true(same >= 0 && same <= 1e-9 * scale);
        gan_tensor *twice[] = {a, a};
        double n = (double)gan_shape_of(a).d[0], trace = n * gan_item(gan_sum(gan_var_axes(a, GAN_AXIS(0), false))) / (n - 1);
        double root = 1 - sqrt((2 * n - 2) / (2 * n - 1)); /* a set twice over has that much smaller a covariance: n - 1 */
        check_close(gan_frechet_distance(a, gan_concat(twice, 2, 0)), trace * root * root, 1e-6 * trace);
    }
    check_ok(f->ctx);
}

static void test_frechet__of_shifted_samples_is_the_squared_shift(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = metric_randn(f->ctx, "a", gan_shape4(50, 2, 3, 1)), *b = gan_add_scalar(a, 2);
    metric_compare(gan_frechet_distance(a, b), 6 * 4, "Frechet distance");
    /* In a few directions of many, with more samples than dimensions: eigenvalues of either sign where there are none. */
    gan_tensor *few = metric_randn(f->ctx, "few", gan_shape2(60, 3)), *directions = metric_randn(f->ctx, "d", gan_shape2(3, 20));
    gan_tensor *flat = gan_matmul(few, directions, (gan_matmul_opts){0});
    metric_compare(gan_frechet_distance(flat, gan_add_scalar(flat, 2)), 20 * 4, "Frechet distance in a plane");
    gan_tensor *one = gan_full(f->ctx, gan_shape2(3, 4), 1), *other = gan_full(f->ctx, gan_shape2(5, 4), 1.5);
    metric_compare(gan_frechet_distance(one, other), 4 * .25, "Frechet distance of two points");
    check_ok(f->ctx);
}

/* More features than any block of a product, many samples: two draws from N(0, 1) and N(0, 4) in 150 dimensions. */
static void test_frechet__of_many_dimensions_is_near_the_true_one(void **state) {
    metric_fixture *f = *state;
    gan_shape shape = gan_shape2(6000, 150);
    gan_tensor *a = metric_randn(f->ctx, "a", shape), *b = gan_scale(metric_randn(f->ctx, "b", shape), 2);
    check_close(gan_frechet_distance(a, b), 150, 6);
    check_ok(f->ctx);
}

static void test_kid__is_numpys(void **state) {
    metric_fixture *f = *state;
    for (int i = 0; i < COUNT_OF(sets); i++) {
        gan_tensor *a = metric_set(f, "moments", sets[i], "a"), *b = metric_set(f, "moments", sets[i], "b");
        for (int blocks = 0; blocks < 2; blocks++) {
            const char *key = metric_key("moments", sets[i], blocks ? "kid_blocks" : "kid");
            if (!golden_has(f->values, key)) continue;
            gan_kid_opts o = {.blocks = 3, .seed = 11};
            if (blocks) o = (gan_kid_opts){10, 7, ((uint64_t)1 << 40) + 9};
            gan_spread got = gan_kid(a, b, o);
            check_ok(f->ctx);
            metric_compare(got.mean, golden_get(f->values, key).data[0], key);
            metric_compare(got.std, golden_get(f->values, key).data[1], key);
        }
    }
}

/* An unbiased estimate of 0 is 0 in the mean, and of either sign. */
static void test_kid__of_samples_of_one_distribution_is_zero_in_the_mean(void **state) {
    metric_fixture *f = *state;
    gan_shape shape = gan_shape2(2000, 8);
    gan_tensor *a = metric_randn(f->ctx, "a", shape), *b = metric_randn(f->ctx, "b", shape);
    gan_spread same = gan_kid(a, b, (gan_kid_opts){.block = 200}),
               other = gan_kid(a, gan_scale(b, 1.5), (gan_kid_opts){.block = 200});
    assert_true(fabs(same.mean) < same.std && same.std > 0);
    assert_true(other.mean > 10 * same.std);
    gan_spread whole = gan_kid(a, b, (gan_kid_opts){.block = 2000});
    assert_true(whole.std == 0 && fabs(whole.mean) < same.std);
    check_ok(f->ctx);
}

static void test_moments__are_the_same_for_every_number_of_threads(void **state) {
    double frechet = 0;
    gan_spread kid = {0};
    for (int threads = 1; threads <= 4; threads++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 9, .threads = threads});
        gan_tensor *a = metric_randn(ctx, "a", gan_shape2(300, 90)), *b = metric_randn(ctx, "b", gan_shape2(280, 90));
        double distance = gan_frechet_distance(a, b);
        gan_spread kernel = gan_kid(a, b, (gan_kid_opts){.block = 150, .blocks = 4});
        if (threads == 1) frechet = distance, kid = kernel;
        assert_true(distance == frechet && kernel.mean == kid.mean && kernel.std == kid.std);
        assert_int_equal(gan_ctx_status(ctx), GAN_OK);
        gan_ctx_free(ctx);
    }
    (void)state;
}

static void test_moments__say_what_does_not_fit(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = gan_ones(f->ctx, gan_shape2(4, 3)), *one = gan_ones(f->ctx, gan_shape2(1, 3));
    assert_true(isnan(gan_frechet_distance(a, one)));
    check_failed(f->ctx, GAN_E_ARG, "gan_frechet_distance: the second samples are 1, but must be at least 2");
    assert_true(isnan(gan_frechet_distance(gan_ones(f->ctx, gan_shape2(4, 2)), a)));
    check_failed(f->ctx, GAN_E_SHAPE, "the first samples have shape [4, 2], the second samples [4, 3]");
    assert_true(isnan(gan_frechet_distance(a, gan_scale(a, INFINITY))));
    check_failed(f->ctx, GAN_E_NONFINITE, "the second samples are not all finite");
    assert_true(isnan(gan_kid(one, a, (gan_kid_opts){0}).mean));
    check_failed(f->ctx, GAN_E_ARG, "gan_kid: the first samples are 1");
    static const gan_kid_opts bad[] = {{.block = 5}, {.block = 1}, {.block = -1}, {.block = 2, .blocks = -1}};
    for (int i = 0; i < COUNT_OF(bad); i++) {
        assert_true(isnan(gan_kid(a, a, bad[i]).std));
        check_failed(f->ctx, GAN_E_ARG, "there must be at least 1, of 2 to 4");
    }
}

static void test_moments__survive_lack_of_memory(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = metric_randn(f->ctx, "a", gan_shape2(20, 3)), *b = metric_randn(f->ctx, "b", gan_shape2(2, 3));
    size_t before = gan_ctx_memory(f->ctx).in_use;
    for (int64_t nth = 1, done = 0; !done; nth++) {
        gan_ctx_fail_alloc(f->ctx, nth);
        double frechet = gan_frechet_distance(a, b);
        gan_spread kid = gan_kid(a, b, (gan_kid_opts){0});
        gan_ctx_fail_alloc(f->ctx, 0);
        done = gan_ctx_status(f->ctx) == GAN_OK;
        if (!done) assert_int_equal(gan_ctx_status(f->ctx), GAN_E_MEMORY);
        assert_int_equal(isnan(frechet) || isnan(kid.mean) || isnan(kid.std), !done);
        gan_ctx_clear(f->ctx);
        assert_int_equal(gan_ctx_memory(f->ctx).in_use, before);
        assert_true(nth > 15 || !done);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        METRIC_TEST(test_frechet__is_scipys),
        METRIC_TEST(test_frechet__of_identical_sets_is_zero),
        METRIC_TEST(test_frechet__of_shifted_samples_is_the_squared_shift),
        METRIC_TEST(test_frechet__of_many_dimensions_is_near_the_true_one),
        METRIC_TEST(test_kid__is_numpys),
        METRIC_TEST(test_kid__of_samples_of_one_distribution_is_zero_in_the_mean),
        METRIC_TEST(test_moments__are_the_same_for_every_number_of_threads),
        METRIC_TEST(test_moments__say_what_does_not_fit),
        METRIC_TEST(test_moments__survive_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
