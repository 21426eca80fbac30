#include "data_files.h"

#include <math.h>

#include "data/loader.h"

static void test_array__gives_back_what_was_put_in(void **state) {
    fixture *f = *state;
    gan_real values[] = {1, 2, 3, 4, 5, 6}, targets[] = {10, 20, 30, 40, 50, 60};
    int32_t labels[] = {4, 0, 2};
    gan_dataset *d = gan_array_data(f->ctx, gan_shape2(3, 2), values, (gan_array_opts){.labels = labels, .targets = targets});
    values[0] = targets[0] = 99, labels[0] = 1; /* they were copied */
    expect_ok(f->ctx);
    assert_int_equal(gan_dataset_classes(d), 5);
    assert_int_equal(gan_dataset_count(d), 3);
    assert_true(gan_shape_equal(gan_dataset_shape(d), gan_shape1(2)));
    gan_batch b = gan_dataset_next(d, 3);
    assert_true(gan_shape_equal(gan_shape_of(b.x), gan_shape2(3, 2)));
    assert_true(gan_shape_equal(gan_shape_of(b.target), gan_shape2(3, 2)));
    const int expected[] = {4, 0, 2};
    for (int i = 0; i < 3; i++) {
        gan_real x = value(b.x, 2 * i);
        assert_true(value(b.x, 2 * i + 1) == x + 1 && value(b.target, 2 * i) == 10 * x);
        assert_true(value(b.label, i) == expected[(int)x / 2]);
    }
    gan_dataset *bare = gan_array_data(f->ctx, gan_shape2(3, 2), values, (gan_array_opts){.held_out = .3});
    b = gan_dataset_next(bare, 2);
    assert_true(b.label == NULL && b.target == NULL);
    assert_int_equal(gan_count(gan_dataset_held_out(bare, 0, 1).x), 2);
    expect_ok(f->ctx);
}

static void test_array__refuses_what_is_not_finite(void **state) {
    fixture *f = *state;
    gan_real good[12] = {0}, bad[12] = {0};
    bad[7] = (gan_real)NAN;
    assert_true(gan_dataset_is_nil(gan_array_data(f->ctx, gan_shape2(4, 3), bad, (gan_array_opts){0})));
    expect_error(f->ctx, GAN_E_NONFINITE, "gan_array_data: sample 2", "element 1 is");
    bad[7] = (gan_real)-INFINITY;
    gan_array_data(f->ctx, gan_shape2(4, 3), good, (gan_array_opts){.targets = bad});
    expect_error(f->ctx, GAN_E_NONFINITE, "sample 2 holds a target", "-inf");
}

static void test_array__refuses_what_makes_no_samples(void **state) {
    fixture *f = *state;
    const gan_real values[16] = {0};
    const int32_t labels[] = {0, -3};
    const gan_array_opts plain = {.flip = false};
    const struct {
        gan_shape shape;
        const gan_real *values;
        gan_array_opts opts;
        gan_status status;
        const char *says;
    } bad[] = {{{1, {4}}, values, plain, GAN_E_SHAPE, "[4]"},
               {{0, {0}}, values, plain, GAN_E_SHAPE, "[]"},
               {{6, {0}}, values, plain, GAN_E_SHAPE, "more than five"},
               {{2, {0, 4}}, values, plain, GAN_E_SHAPE, "[0, 4]"},
               {{2, {4, 0}}, values, plain, GAN_E_SHAPE, "[4, 0]"},
               {{2, {4, -1}}, values, plain, GAN_E_SHAPE, "[4, -1]"},
               {{3, {2, INT64_MAX / 2, INT64_MAX / 2}}, values, plain, GAN_E_SHAPE, "shape"},
               {{2, {2, 2}}, NULL, plain, GAN_E_ARG, "values is NULL"},
               {{2, {2, 2}}, values, {.labels = labels}, GAN_E_ARG, "the label of sample 1 is -3"},
               {{2, {2, 2}}, values, {.flip = true}, GAN_E_ARG, "only images [h, w, c] can be flipped, not [2]"},
               {{2, {2, 2}}, values, {.held_out = 1.5}, GAN_E_ARG, "held_out is 1.5"},
               {{2, {2, 2}}, values, {.held_out = NAN}, GAN_E_ARG, "held_out is"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_true(gan_dataset_is_nil(gan_array_data(f->ctx, bad[i].shape, bad[i].values, bad[i].opts)));
        expect_error(f->ctx, bad[i].status, "gan_array_data", bad[i].says);
    }
}

static void test_array__identity_covers_the_contents(void **state) {
    fixture *f = *state;
    const gan_real a[4] = {0, 1, 2, 3}, b[4] = {0, 1, 2, 4};
    const int32_t labels[] = {1, 0}, others[] = {1, 1};
    char text[256];
    strcpy(text, gan__dataset_identity(gan_array_data(f->ctx, gan_shape2(2, 2), a, (gan_array_opts){.labels = labels})));
    gan_dataset *same = gan_array_data(f->ctx, gan_shape2(2, 2), a, (gan_array_opts){.labels = labels}),
                *values = gan_array_data(f->ctx, gan_shape2(2, 2), b, (gan_array_opts){.labels = labels}),
                *relabelled = gan_array_data(f->ctx, gan_shape2(2, 2), a, (gan_array_opts){.labels = others});
    assert_string_equal(gan__dataset_identity(same), text);
    assert_string_not_equal(gan__dataset_identity(values), text);
    assert_string_not_equal(gan__dataset_identity(relabelled), text);
}

static void test_array__survives_every_failing_allocation(void **state) {
    fixture *f = *state;
    gan_ctx *ctx = f->ctx;
    const gan_real values[4] = {0, 1, 2, 3};
    const int32_t labels[] = {1, 0};
    gan_array_opts opts = {.labels = labels, .targets = values};
    gan_array_data(ctx, gan_shape0(), values, opts); /* makes the context's nil */
    gan_ctx_clear(ctx);
    gan_dataset *warm = gan_array_data(ctx, gan_shape2(2, 2), values, opts);
    gan_batch b = gan_dataset_next(warm, 2);
    gan_release(b.x), gan_release(b.label), gan_release(b.target);
    gan_dataset_free(warm);
    size_t before = gan_ctx_memory(ctx).in_use;
    int64_t n = 1;
    for (bool failed = true; failed; n++) {
        gan_ctx_fail_alloc(ctx, n);
        gan_dataset *d = gan_array_data(ctx, gan_shape2(2, 2), values, opts);
        b = gan_dataset_next(d, 2);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        if (failed) expect_error(ctx, GAN_E_MEMORY, "out of memory", "");
        gan_release(b.x), gan_release(b.label), gan_release(b.target);
        gan_dataset_free(d);
        assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    }
    assert_in_range(n, 12, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_array__gives_back_what_was_put_in),
        TEST(test_array__refuses_what_is_not_finite),
        TEST(test_array__refuses_what_makes_no_samples),
        TEST(test_array__identity_covers_the_contents),
        TEST(test_array__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
