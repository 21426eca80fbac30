#include "cmocka_gan.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 42, .threads = 2});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static int by_value(const void *a, const void *b) {
    gan_real x = *(const gan_real *)a, y = *(const gan_real *)b;
    return (x > y) - (x < y);
}

static double normal_cdf(double x) { return 0.5 * erfc(-x / sqrt(2)); }
static double uniform_cdf(double x) { return x; }

/* Kolmogorov's distance to the distribution, times sqrt(n). */
static double distance(const gan_tensor *t, double (*cdf)(double)) {
    int64_t n = gan_count(t);
    gan_real *v = malloc((size_t)n * sizeof *v);
    memcpy(v, gan_data(t), (size_t)n * sizeof *v);
    qsort(v, (size_t)n, sizeof *v, by_value);
    double d = 0;
    for (int64_t i = 0; i < n; i++) {
        double f = cdf((double)v[i]);
        d = fmax(d, fmax(fabs(f - (double)i / (double)n), fabs(f - (double)(i + 1) / (double)n)));
    }
    free(v);
    return d * sqrt((double)n);
}

#define KS_ONE_IN_A_THOUSAND 1.95

static void test_randn__is_normal(void **state) {
    (void)state;
    gan_tensor *t = gan_randn(ctx, gan_shape1(100001));
    const gan_real *v = gan_data(t);
    int64_t n = gan_count(t);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, lag[4] = {0};
    for (int64_t i = 0; i < n; i++) {
        double x = (double)v[i];
        m1 += x, m2 += x * x, m3 += x * x * x, m4 += x * x * x * x;
        for (int k = 0; k < 4; k++) lag[k] += i + k + 1 < n ? x * (double)v[i + k + 1] : 0;
    }
    double root = sqrt((double)n);
    check_close(m1 / (double)n, 0, 4 / root);
    check_close(m2 / (double)n, 1, 4 * sqrt(2) / root);
    check_close(m3 / (double)n, 0, 4 * sqrt(15) / root);
    check_close(m4 / (double)n, 3, 4 * sqrt(96) / root);
    for (int k = 0; k < 4; k++) check_close(lag[k] / (double)n, 0, 4 / root); /* the four of a block are independent */
    assert_true(distance(t, normal_cdf) < KS_ONE_IN_A_THOUSAND);
}

static void test_rand__is_uniform(void **state) {
    (void)state;
    gan_tensor *t = gan_rand(ctx, gan_shape1(100001));
    for (int64_t i = 0; i < gan_count(t); i++) assert_true(gan_data(t)[i] >= 0 && gan_data(t)[i] < 1);
    assert_true(distance(t, uniform_cdf) < KS_ONE_IN_A_THOUSAND);
}

static double bound;
static double truncated_cdf(double x) { return .5 + .5 * erf(x / sqrt(2)) / erf(bound / sqrt(2)); }

static void test_truncated_randn__is_normal_between_its_bounds(void **state) {
    (void)state;
    static const double bounds[] = {.02, .5, 1, 2, 3.5, 40};
    for (int i = 0; i < COUNT_OF(bounds); i++) {
        bound = bounds[i];
        gan_stream *stream = gan_stream_named(ctx, "a");
        gan_tensor *t = gan_truncated_randn_from(stream, gan_shape2(100, 1001), bound);
        check_ok(ctx);
        double most = 0, d = distance(t, truncated_cdf);
        for (int64_t k = 0; k < gan_count(t); k++) most = fmax(most, fabs((double)gan_data(t)[k]));
        assert_true(most <= bound && most > .99 * fmin(bound, 3.9));
        if (!(d < KS_ONE_IN_A_THOUSAND)) fail_msg("bound %g: distance %g", bound, d);
        gan_release(t);
    }
    static const double wrong[] = {0, -1, NAN};
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        gan_truncated_randn_from(gan_stream_named(ctx, "a"), gan_shape1(3), wrong[i]);
        check_failed(ctx, GAN_E_ARG, "gan_truncated_randn_from: bound is ");
    }
    assert_true(gan_is_nil(gan_truncated_randn_from(NULL, gan_shape1(3), 1)));
}

static void test_randn__goes_on_where_it_stopped(void **state) {
    (void)state;
    gan_stream *s = gan_stream_named(ctx, "noise");
    gan_tensor *a = gan_randn(ctx, gan_shape1(10)), *b = gan_randn(ctx, gan_shape2(3, 4));
    assert_int_equal(gan_stream_position(s), 3 + 3);
    gan_stream_seek(s, 0);
    gan_tensor *both = gan_randn(ctx, gan_shape1(24));
    assert_memory_equal(gan_data(both), gan_data(a), 10 * sizeof(gan_real));
    assert_memory_equal(gan_data(both) + 12, gan_data(b), 12 * sizeof(gan_real));
    assert_int_equal(gan_count(gan_randn(ctx, gan_shape1(0))), 0);
    assert_int_equal(gan_stream_position(s), 6);
    check_ok(ctx);
}

static void test_randn__has_the_same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    enum { N = 50003 };
    gan_real first[N];
    for (int threads = 1; threads <= 16; threads *= 2) {
        gan_ctx *c = gan_ctx_new((gan_ctx_opts){.seed = 9, .threads = threads});
        gan_tensor *t = gan_randn(c, gan_shape1(N));
        check_ok(c);
        if (threads == 1) memcpy(first, gan_data(t), sizeof first);
        assert_memory_equal(first, gan_data(t), sizeof first);
        gan_ctx_free(c);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_randn__is_normal),
        TEST(test_rand__is_uniform),
        TEST(test_truncated_randn__is_normal_between_its_bounds),
        TEST(test_randn__goes_on_where_it_stopped),
        TEST(test_randn__has_the_same_bits_for_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
