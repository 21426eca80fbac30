/* What the walk over the ops does not see: dropout's stream, the statistics that batch norm hands out, NaN in maxima. */
#include <gan/ops.h>

#include "cmocka_gan.h"

static int make(void **state) {
    *state = gan_ctx_new((gan_ctx_opts){.seed = 9, .threads = 2});
    return 0;
}

static int drop(void **state) {
    gan_ctx_free(*state);
    return 0;
}

static int64_t zeros(const gan_tensor *t) {
    int64_t n = 0;
    for (int64_t i = 0; i < gan_count(t); i++) n += gan_data(t)[i] == 0;
    return n;
}

static void test_dropout__drops_the_share_asked_for_and_keeps_the_mean(void **state) {
    gan_ctx *ctx = *state;
    gan_stream *s = gan_stream_named(ctx, "drop");
    gan_tensor *x = gan_ones(ctx, gan_shape1(200001));
    for (int k = 1; k < 10; k += 4) {
        double p = k / 10.0, deviation = sqrt(p * (1 - p) * 200001);
        gan_tensor *y = gan_dropout(x, p, s);
        check_close((double)zeros(y), p * 200001, 4 * deviation);
        check_close(gan_item(gan_mean(y)), 1, 4 * deviation / (1 - p) / 200001);
    }
    check_ok(ctx);
}

static void test_dropout__moves_its_stream_on_by_what_it_used(void **state) {
    gan_ctx *ctx = *state;
    gan_stream *s = gan_stream_named(ctx, "drop");
    gan_tensor *x = gan_ones(ctx, gan_shape1(41)), *a = gan_dropout(x, 0.5, s), *b = gan_dropout(x, 0.5, s);
    assert_int_equal(gan_stream_position(s), 22);
    assert_memory_not_equal(gan_data(a), gan_data(b), 41 * sizeof(gan_real));
    gan_stream_seek(s, 11);
    assert_memory_equal(gan_data(gan_dropout(x, 0.5, s)), gan_data(b), 41 * sizeof(gan_real));
    gan_dropout(gan_detach(gan_reshape(x, gan_shape1(7))), 0.5, s); /* fails */
    check_failed(ctx, GAN_E_SHAPE, "gan_reshape");
}

static void test_batch_norm__gives_statistics_without_history(void **state) {
    gan_ctx *ctx = *state;
    gan_tensor *x = gan_randn(ctx, gan_shape2(8, 3)), *stats;
    gan_tensor *y = gan_batch_norm(x, NULL, NULL, 1e-5, &stats);
    assert_true(gan_shape_equal(gan_shape_of(stats), gan_shape2(2, 3)));
    gan_grad(gan_sum(gan_add(gan_sum(y), gan_sum(stats))), x, (gan_grad_opts){0});
    check_ok(ctx);
    gan_grad(gan_sum(stats), x, (gan_grad_opts){0});
    check_failed(ctx, GAN_E_GRAPH, "gan_grad");
    gan_batch_norm(x, x, x, 1e-5, &stats);
    assert_true(gan_is_nil(stats));
    check_failed(ctx, GAN_E_SHAPE, "gan_batch_norm");
}

static void test_maxima__show_nan_wherever_it_stands(void **state) {
    gan_ctx *ctx = *state;
    for (int at = 0; at < 4; at++) {
        gan_real v[4] = {1, 2, 3, 4};
        v[at] = NAN;
        gan_tensor *x = gan_from(ctx, gan_shape1(4), v);
        assert_true(isnan(gan_item(gan_maxout(x, 4))));
        gan_tensor *image = gan_reshape(x, gan_shape4(1, 2, 2, 1));
        assert_true(isnan(gan_item(gan_max_pool2d(image, (gan_pool_opts){.size_h = 2, .size_w = 2}))));
    }
    gan_real low[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    gan_tensor *x = gan_from(ctx, gan_shape1(4), low), *y = gan_maxout(x, 4);
    assert_true(gan_item(y) == -INFINITY);
    assert_true(gan_data(gan_grad(y, x, (gan_grad_opts){0}))[0] == 1);
    check_ok(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dropout__drops_the_share_asked_for_and_keeps_the_mean, make, drop),
        cmocka_unit_test_setup_teardown(test_dropout__moves_its_stream_on_by_what_it_used, make, drop),
        cmocka_unit_test_setup_teardown(test_batch_norm__gives_statistics_without_history, make, drop),
        cmocka_unit_test_setup_teardown(test_maxima__show_nan_wherever_it_stands, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
