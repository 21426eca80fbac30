/* Inception-style score and the area under the curve, against SciPy and from first principles. */
#include "metric_checks.h"

static void expect_score(const metric_fixture *f, gan_spread got, const char *key) {
    check_ok(f->ctx);
    check_close(got.mean, golden_get(f->values, key).data[0], 1e-5);
    check_close(got.std, golden_get(f->values, key).data[1], 1e-5);
}

static void test_inception_score__is_scipys(void **state) {
    metric_fixture *f = *state;
    gan_tensor *logits = golden_make(f->values, f->ctx, "classes.logits"), *sure = golden_make(f->values, f->ctx, "classes.sure");
    expect_score(f, gan_inception_score(logits, (gan_score_opts){0}), "classes.score_10");
    expect_score(f, gan_inception_score(logits, (gan_score_opts){.splits = 3}), "classes.score_3");
    gan_score_opts p = {.probabilities = true, .splits = 3};
    expect_score(f, gan_inception_score(gan_softmax(logits), p), "classes.score_3");
    p.splits = 1;
    expect_score(f, gan_inception_score(sure, p), "classes.score_sure");
    expect_score(f, gan_inception_score(gan_scale(sure, 1e4), (gan_score_opts){.splits = 1}), "classes.score_sure");
}

static void test_inception_score__goes_from_one_to_the_number_of_classes(void **state) {
    metric_fixture *f = *state;
    gan_score_opts whole = {.splits = 1};
    gan_tensor *each = gan_scale(gan_one_hot(gan_from(f->ctx, gan_shape1(5), (gan_real[]){0, 1, 2, 3, 4}), 5), 1000);
    check_close(gan_inception_score(each, whole).mean, 5, 1e-6);
    check_close(gan_inception_score(gan_zeros(f->ctx, gan_shape2(5, 5)), whole).mean, 1, 1e-6); /* no idea */
    check_close(gan_inception_score(gan_broadcast_to(gan_slice(each, 0, 2, 1), gan_shape2(7, 5)), whole).mean, 1,
                1e-6);                                                         /* one class */
    check_close(gan_inception_score(each, (gan_score_opts){0}).mean, 5, 1e-6); /* fewer than ten samples: one part */
    check_ok(f->ctx);
}

static void test_inception_score__says_what_does_not_fit(void **state) {
    metric_fixture *f = *state;
    gan_tensor *x = gan_ones(f->ctx, gan_shape2(4, 3));
    assert_true(isnan(gan_inception_score(x, (gan_score_opts){.probabilities = true}).mean));
    check_failed(f->ctx, GAN_E_ARG, "gan_inception_score: row 0 holds no probabilities: their sum is 3");
    assert_true(isnan(gan_inception_score(x, (gan_score_opts){.splits = 5}).std));
    check_failed(f->ctx, GAN_E_ARG, "5 splits of 4 samples");
    assert_true(isnan(gan_inception_score(gan_scale(x, NAN), (gan_score_opts){0}).mean));
    check_failed(f->ctx, GAN_E_NONFINITE, "the outputs are not all finite");
}

static void test_top_class__is_the_first_greatest(void **state) {
    metric_fixture *f = *state;
    static const gan_real rows[] = {1, 3, 3, -2, -1, -5, 0, 0, 0};
    gan_tensor *label = gan_top_class(gan_from(f->ctx, gan_shape2(3, 3), rows));
    check_ok(f->ctx);
    assert_true(gan_shape_equal(gan_shape_of(label), gan_shape1(3)));
    assert_true(gan_data(label)[0] == 1 && gan_data(label)[1] == 1 && gan_data(label)[2] == 0);
}

static void test_auc__is_scipys(void **state) {
    metric_fixture *f = *state;
    static const char *const names[] = {"plain", "ties"};
    for (int i = 0; i < 2; i++) {
        gan_tensor *real = metric_set(f, "ranks", names[i], "real"), *fake = metric_set(f, "ranks", names[i], "fake");
        double want = golden_get(f->values, metric_key("ranks", names[i], "auc")).data[0];
        check_close(gan_auc(real, fake), want, 1e-12);
        check_close(gan_auc(fake, real), 1 - want, 1e-12);
    }
    check_ok(f->ctx);
}

static void test_auc__is_one_half_for_what_is_alike(void **state) {
    metric_fixture *f = *state;
    gan_tensor *x = metric_randn(f->ctx, "x", gan_shape2(31, 1));
    assert_true(gan_auc(x, x) == .5);
    assert_true(gan_auc(gan_zeros(f->ctx, gan_shape1(9)), gan_zeros(f->ctx, gan_shape1(4))) == .5);
    assert_true(gan_auc(gan_ones(f->ctx, gan_shape1(9)), gan_zeros(f->ctx, gan_shape1(4))) == 1);
    assert_true(gan_auc(gan_zeros(f->ctx, gan_shape1(9)), gan_ones(f->ctx, gan_shape1(4))) == 0);
    check_ok(f->ctx);
    assert_true(isnan(gan_auc(x, gan_zeros(f->ctx, gan_shape1(0)))));
    check_failed(f->ctx, GAN_E_ARG, "gan_auc: the fakes' logits are 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        METRIC_TEST(test_inception_score__is_scipys),
        METRIC_TEST(test_inception_score__goes_from_one_to_the_number_of_classes),
        METRIC_TEST(test_inception_score__says_what_does_not_fit),
        METRIC_TEST(test_top_class__is_the_first_greatest),
        METRIC_TEST(test_auc__is_scipys),
        METRIC_TEST(test_auc__is_one_half_for_what_is_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
