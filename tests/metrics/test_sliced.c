/* Sliced Wasserstein distance, against SciPy and from first principles. */
#include "metric_checks.h"

static gan_sliced_opts golden_opts(int order) { return (gan_sliced_opts){24, order, ((uint64_t)1 << 33) + 5}; }

static void test_sliced__is_scipys(void **state) {
    metric_fixture *f = *state;
    static const char *const names[] = {"plane", "images", "line", "offset"};
    for (int i = 0; i < COUNT_OF(names); i++) {
        gan_tensor *a = metric_set(f, "sliced", names[i], "a"), *b = metric_set(f, "sliced", names[i], "b");
        for (int order = 1; order <= 2; order++) {
            const char *key = metric_key("sliced", names[i], order == 1 ? "1" : "2");
            metric_golden(f, key, gan_sliced_wasserstein(a, b, golden_opts(order)));
            metric_golden(f, key, gan_sliced_wasserstein(b, a, golden_opts(order)));
        }
    }
    check_ok(f->ctx);
}

static void test_sliced__is_zero_for_a_set_and_its_shuffled_copies(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = gan_add_scalar(metric_randn(f->ctx, "a", gan_shape2(65, 3)), 1000);
    gan_tensor *halves[] = {gan_slice(a, 0, 40, 25), gan_slice(a, 0, 0, 40)}, *b = gan_concat(halves, 2, 0);
    gan_tensor *thrice[] = {a, b, a}, *c = gan_concat(thrice, 3, 0);
    assert_true(gan_sliced_wasserstein(a, a, (gan_sliced_opts){0}) == 0);
    check_close(gan_sliced_wasserstein(a, b, (gan_sliced_opts){0}), 0, 1e-5);
    check_close(gan_sliced_wasserstein(a, c, (gan_sliced_opts){0}), 0, 1e-5);
    check_ok(f->ctx);
}

/* All projections of one point move by u*t: the mean of |u*t|^2 over directions is |t|^2/d. */
static void test_sliced__of_two_points_is_their_distance_over_the_root_of_d(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = gan_full(f->ctx, gan_shape2(1, 16), 7), *b = gan_full(f->ctx, gan_shape2(1, 16), 4);
    check_close(gan_sliced_wasserstein(a, b, (gan_sliced_opts){.directions = 20000}), 3, .03);
    gan_tensor *x = gan_full(f->ctx, gan_shape2(3, 1), -2), *y = gan_full(f->ctx, gan_shape2(2, 1), 1.5);
    check_close(gan_sliced_wasserstein(x, y, (gan_sliced_opts){.order = 1}), 3.5, 1e-6);
    check_ok(f->ctx);
}

static void test_sliced__takes_numbers_of_any_size(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = metric_randn(f->ctx, "a", gan_shape2(40, 5)), *b = metric_randn(f->ctx, "b", gan_shape2(30, 5));
    double plain = gan_sliced_wasserstein(a, b, (gan_sliced_opts){0});
    static const double factors[] = {1e-30, 1e-6, 1e30};
    for (int i = 0; i < COUNT_OF(factors); i++)
        metric_compare(gan_sliced_wasserstein(gan_scale(a, factors[i]), gan_scale(b, factors[i]), (gan_sliced_opts){0}),
                       plain * factors[i], "a scaled distance");
    check_ok(f->ctx);
}

static gan_tensor *ring(gan_ctx *ctx, uint64_t seed, bool collapsed) {
    gan_ctx *other = gan_ctx_new((gan_ctx_opts){.seed = seed});
    gan_dataset *data = gan_ring_data(other, (gan_mixture_opts){.count = 512});
    gan_tensor *x = gan_dataset_next(data, 512).x, *copy = gan_from(ctx, gan_shape2(512, 2), gan_data(x));
    gan_ctx_free(other);
    return collapsed ? gan_concat((gan_tensor *[]){gan_slice(copy, 0, 0, 1), gan_slice(copy, 0, 0, 1)}, 2, 0) : copy;
}

static void test_sliced_ratio__is_one_for_a_perfect_sampler_and_large_for_a_collapsed_one(void **state) {
    metric_fixture *f = *state;
    double sum = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        gan_tensor *fake = ring(f->ctx, 10 + seed, false), *real = ring(f->ctx, 30 + seed, false);
        gan_tensor *held_out = ring(f->ctx, 50 + seed, false), *collapsed = ring(f->ctx, 70 + seed, true);
        gan_sliced_opts o = {.directions = 64, .seed = seed};
        sum += gan_sliced_ratio(fake, real, held_out, o) / 8;
        assert_true(gan_sliced_ratio(collapsed, real, held_out, o) > 20);
    }
    check_close(sum, 1, .15);
    check_ok(f->ctx);
}

static void test_sliced__depends_on_its_seed_and_on_nothing_else(void **state) {
    metric_fixture *f = *state;
    double first = 0, other = 0;
    for (int threads = 1; threads <= 4; threads++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 9, .threads = threads});
        gan_tensor *a = metric_randn(ctx, "a", gan_shape2(300, 70)), *b = metric_randn(ctx, "b", gan_shape2(200, 70));
        int64_t noise = gan_stream_position(gan_stream_named(ctx, "noise"));
        double x = gan_sliced_wasserstein(a, b, (gan_sliced_opts){.seed = 1});
        double y = gan_sliced_wasserstein(a, b, (gan_sliced_opts){.seed = 2});
        if (threads == 1) first = x, other = y;
        assert_true(x == first && y == other && x != y);
        assert_int_equal(gan_stream_position(gan_stream_named(ctx, "noise")), noise);
        gan_ctx_free(ctx);
    }
    (void)f;
}

static void test_sliced__says_what_does_not_fit(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = gan_ones(f->ctx, gan_shape2(4, 3)), *b = gan_ones(f->ctx, gan_shape2(4, 2));
    assert_true(isnan(gan_sliced_wasserstein(a, b, (gan_sliced_opts){0})));
    check_failed(f->ctx, GAN_E_SHAPE, "gan_sliced_wasserstein: the first samples have shape [4, 3], the second samples [4, 2]");
    assert_true(isnan(gan_sliced_wasserstein(a, gan_zeros(f->ctx, gan_shape2(0, 3)), (gan_sliced_opts){0})));
    check_failed(f->ctx, GAN_E_ARG, "the second samples are 0, but must be at least 1");
    assert_true(isnan(gan_sliced_wasserstein(gan_scalar(f->ctx, 1), a, (gan_sliced_opts){0})));
    check_failed(f->ctx, GAN_E_SHAPE, "which holds no samples");
    assert_true(isnan(gan_sliced_ratio(gan_scale(a, INFINITY), a, a, (gan_sliced_opts){0})));
    check_failed(f->ctx, GAN_E_NONFINITE, "gan_sliced_ratio: the fakes are not all finite");
    assert_true(isnan(gan_sliced_wasserstein(a, a, (gan_sliced_opts){.order = 3})));
    check_failed(f->ctx, GAN_E_ARG, "the order is 3");
    assert_true(isnan(gan_sliced_wasserstein(a, a, (gan_sliced_opts){.directions = -1})));
    check_failed(f->ctx, GAN_E_ARG, "-1 directions");
    assert_true(isnan(gan_sliced_wasserstein(NULL, a, (gan_sliced_opts){0})));
    check_failed(f->ctx, GAN_E_ARG, "a tensor is NULL");
    assert_true(isnan(gan_sliced_wasserstein(NULL, NULL, (gan_sliced_opts){0})));
    check_ok(f->ctx);
}

static void test_sliced__survives_lack_of_memory(void **state) {
    metric_fixture *f = *state;
    gan_tensor *a = metric_randn(f->ctx, "a", gan_shape2(20, 3)), *b = metric_randn(f->ctx, "b", gan_shape2(30, 3));
    double whole = gan_sliced_wasserstein(a, b, (gan_sliced_opts){0});
    size_t before = gan_ctx_memory(f->ctx).in_use;
    for (int64_t nth = 1;; nth++) {
        gan_ctx_fail_alloc(f->ctx, nth);
        double got = gan_sliced_wasserstein(a, b, (gan_sliced_opts){0});
        gan_ctx_fail_alloc(f->ctx, 0);
        assert_int_equal(gan_ctx_memory(f->ctx).in_use, before);
        if (gan_ctx_status(f->ctx) == GAN_OK) {
            assert_true(got == whole && nth > 5);
            break;
        }
        assert_true(isnan(got));
        assert_int_equal(gan_ctx_status(f->ctx), GAN_E_MEMORY);
        gan_ctx_clear(f->ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        METRIC_TEST(test_sliced__is_scipys),
        METRIC_TEST(test_sliced__is_zero_for_a_set_and_its_shuffled_copies),
        METRIC_TEST(test_sliced__of_two_points_is_their_distance_over_the_root_of_d),
        METRIC_TEST(test_sliced__takes_numbers_of_any_size),
        METRIC_TEST(test_sliced_ratio__is_one_for_a_perfect_sampler_and_large_for_a_collapsed_one),
        METRIC_TEST(test_sliced__depends_on_its_seed_and_on_nothing_else),
        METRIC_TEST(test_sliced__says_what_does_not_fit),
        METRIC_TEST(test_sliced__survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
