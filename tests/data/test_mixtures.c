#include "data_files.h"

#include <math.h>

#define COUNT 20000

static gan_mixture_opts points(int64_t count) { return (gan_mixture_opts){.count = count}; }

/* Mean, standard deviation and number of the points of each label. */
typedef struct blob {
    double mean[2], std;
    int count;
} blob;

static void measure(gan_ctx *ctx, gan_dataset *d, int components, blob *blobs) {
    expect_ok(ctx);
    assert_int_equal(gan_dataset_classes(d), components);
    assert_int_equal(gan_dataset_count(d), COUNT);
    gan_batch b = gan_dataset_next(d, COUNT);
    assert_true(gan_shape_equal(gan_shape_of(b.x), gan_shape2(COUNT, 2)));
    memset(blobs, 0, (size_t)components * sizeof *blobs);
    for (int i = 0; i < COUNT; i++) {
        blob *k = &blobs[(int)value(b.label, i)];
        k->count++;
        for (int j = 0; j < 2; j++) k->mean[j] += value(b.x, 2 * i + j);
    }
    for (int k = 0; k < components; k++)
        for (int j = 0; j < 2; j++) blobs[k].mean[j] /= blobs[k].count;
    for (int i = 0; i < COUNT; i++) {
        blob *k = &blobs[(int)value(b.label, i)];
        for (int j = 0; j < 2; j++) k->std += pow(value(b.x, 2 * i + j) - k->mean[j], 2) / 2;
    }
    for (int k = 0; k < components; k++) blobs[k].std = sqrt(blobs[k].std / blobs[k].count);
}

static void expect_blobs(const blob *blobs, int components, double std) {
    for (int k = 0; k < components; k++) {
        assert_in_range(blobs[k].count, COUNT / components, COUNT / components + 1);
        assert_true(fabs(blobs[k].std / std - 1) < .07);
        for (int m = 0; m < k; m++)
            assert_true(hypot(blobs[k].mean[0] - blobs[m].mean[0], blobs[k].mean[1] - blobs[m].mean[1]) > .7);
    }
}

static void test_ring__has_eight_distinct_means_on_the_circle(void **state) {
    fixture *f = *state;
    blob blobs[8];
    measure(f->ctx, gan_ring_data(f->ctx, points(COUNT)), 8, blobs);
    expect_blobs(blobs, 8, .01);
    for (int k = 0; k < 8; k++) {
        assert_true(fabs(blobs[k].mean[0] - cos(atan(1) * k)) < 1e-3);
        assert_true(fabs(blobs[k].mean[1] - sin(atan(1) * k)) < 1e-3);
    }
}

static void test_grid__has_25_means(void **state) {
    fixture *f = *state;
    blob blobs[25];
    measure(f->ctx, gan_grid_data(f->ctx, points(COUNT)), 25, blobs);
    expect_blobs(blobs, 25, .05);
    for (int k = 0; k < 25; k++)
        for (int j = 0; j < 2; j++) {
            double nearest = 2 * round(blobs[k].mean[j] / 2);
            assert_true(fabs(nearest) <= 4 && fabs(blobs[k].mean[j] - nearest) < 1e-2);
        }
}

static void test_mixtures__are_fixed_by_the_seed(void **state) {
    (void)state;
    gan_real first[3][64];
    for (int k = 0; k < 3; k++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = k < 2 ? 1 : 2});
        gan_dataset *once = gan_ring_data(ctx, points(32)), *again = gan_ring_data(ctx, points(32));
        gan_tensor *x = gan_dataset_next(once, 32).x, *y = gan_dataset_next(again, 32).x;
        assert_memory_equal(gan_data(x), gan_data(y), sizeof first[k]);
        memcpy(first[k], gan_data(x), sizeof first[k]);
        gan_ctx_free(ctx);
    }
    assert_memory_equal(first[0], first[1], sizeof first[0]);
    assert_memory_not_equal(first[0], first[2], sizeof first[0]);
}

/* Every point is either trained on or held out: together they are the points of the undivided data set. */
static void test_mixtures__hold_out_a_fraction(void **state) {
    fixture *f = *state;
    gan_dataset *(*const make[])(gan_ctx *, gan_mixture_opts) = {gan_ring_data, gan_grid_data};
    for (int k = 0; k < 2; k++) {
        gan_dataset *all = make[k](f->ctx, points(200)), *split = make[k](f->ctx, (gan_mixture_opts){200, .25});
        expect_ok(f->ctx);
        assert_int_equal(gan_dataset_count(split), 150);
        assert_int_equal(gan_dataset_held_out_count(split), 50);
        assert_int_equal(gan_dataset_held_out_count(all), 0);
        gan_tensor *whole = gan_dataset_next(all, 200).x;
        gan_tensor *parts[] = {gan_dataset_next(split, 150).x, gan_dataset_held_out(split, 0, 50).x};
        expect_ok(f->ctx);
        for (int i = 0; i < 200; i++) {
            int seen = 0;
            for (int p = 0; p < 2; p++)
                for (int j = 0; j < (p ? 50 : 150); j++)
                    seen += !memcmp(gan_data(whole) + 2 * i, gan_data(parts[p]) + 2 * j, 2 * sizeof(gan_real));
            assert_int_equal(seen, 1);
        }
    }
    assert_true(gan_dataset_is_nil(gan_grid_data(f->ctx, (gan_mixture_opts){200, 1})));
    expect_error(f->ctx, GAN_E_ARG, "gan_grid_data", "held_out is 1");
}

static void test_mixtures__need_a_point(void **state) {
    fixture *f = *state;
    assert_true(gan_dataset_is_nil(gan_ring_data(f->ctx, points(0))));
    expect_error(f->ctx, GAN_E_ARG, "gan_ring_data", "0 points");
    assert_true(gan_dataset_is_nil(gan_grid_data(f->ctx, points(INT64_MAX))));
    expect_error(f->ctx, GAN_E_ARG, "gan_grid_data", "points");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_ring__has_eight_distinct_means_on_the_circle),
        TEST(test_grid__has_25_means),
        TEST(test_mixtures__are_fixed_by_the_seed),
        TEST(test_mixtures__hold_out_a_fraction),
        TEST(test_mixtures__need_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
