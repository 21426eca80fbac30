/* No samples at all, as after a filter that let nothing pass: results and gradients are as empty, and nothing fails. */
#include <gan/ops.h>

#include "cmocka_gan.h"

typedef gan_tensor *(*use)(gan_tensor *x);

static gan_tensor *weight(gan_tensor *x) { return gan_ones(gan_ctx_of(x), gan_shape4(2, 2, 4, 4)); }
static gan_tensor *leaky(gan_tensor *x) { return gan_leaky_relu(x, 0.2); }
static gan_tensor *maxout(gan_tensor *x) { return gan_maxout(x, 2); }
static gan_tensor *dropout(gan_tensor *x) { return gan_dropout(x, 0.5, gan_stream_named(gan_ctx_of(x), "drop")); }
static gan_tensor *conv(gan_tensor *x) { return gan_conv2d(x, weight(x), gan_conv_square(2, 0)); }
static gan_tensor *transpose(gan_tensor *x) { return gan_conv_transpose2d(x, weight(x), gan_conv_square(2, 0)); }
static gan_tensor *avg(gan_tensor *x) { return gan_avg_pool2d(x, (gan_pool_opts){.size_h = 2, .size_w = 2}); }
static gan_tensor *max(gan_tensor *x) { return gan_max_pool2d(x, (gan_pool_opts){.size_h = 2, .size_w = 2}); }
static gan_tensor *up(gan_tensor *x) { return gan_upsample_nearest2d(x, 2, 2); }
static gan_tensor *shuffle(gan_tensor *x) { return gan_pixel_shuffle(x, 2); }
static gan_tensor *unshuffle(gan_tensor *x) { return gan_pixel_unshuffle(x, 2); }
static gan_tensor *batch(gan_tensor *x) { return gan_batch_norm(x, NULL, NULL, 1e-5, NULL); }
static gan_tensor *instance(gan_tensor *x) { return gan_instance_norm(x, NULL, NULL, 1e-5); }
static gan_tensor *layer(gan_tensor *x) { return gan_layer_norm(x, NULL, NULL, 1e-5); }

static const struct {
    const char *name;
    use fn;
} uses[] = {
    {"leaky_relu", leaky},    {"relu", gan_relu},         {"tanh", gan_tanh},         {"sigmoid", gan_sigmoid},
    {"softplus", gan_softplus}, {"softmax", gan_softmax}, {"log_softmax", gan_log_softmax}, {"maxout", maxout},
    {"dropout", dropout},     {"conv2d", conv},           {"conv_transpose2d", transpose}, {"avg_pool2d", avg},
    {"max_pool2d", max},      {"upsample", up},           {"pixel_shuffle", shuffle}, {"pixel_unshuffle", unshuffle},
    {"batch_norm", batch},    {"instance_norm", instance}, {"layer_norm", layer},
};

static void test_empty_batch__gives_an_empty_result_and_gradient(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    for (int i = 0; i < COUNT_OF(uses); i++)
        for (int create_graph = 0; create_graph < 2; create_graph++) {
            gan_tensor *x = gan_zeros(ctx, gan_shape4(0, 6, 4, 4)), *y = uses[i].fn(x);
            gan_tensor *g = gan_grad(gan_sum(y), x, (gan_grad_opts){.create_graph = create_graph});
            if (gan_ctx_status(ctx) != GAN_OK) fail_msg("%s: %s", uses[i].name, gan_ctx_message(ctx));
            assert_int_equal(gan_shape_of(y).d[0], 0);
            assert_true(gan_shape_equal(gan_shape_of(g), gan_shape_of(x)));
        }
    gan_ctx_free(ctx);
}

/* A weight that saw no sample gets zeros, not what happened to be in memory. */
static void test_empty_batch__gives_parameters_a_gradient_of_zeros(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    gan_tensor *x = gan_zeros(ctx, gan_shape4(0, 6, 4, 4)), *w = weight(x);
    gan_tensor *gamma = gan_ones(ctx, gan_shape1(4)), *beta = gan_ones(ctx, gan_shape1(4)), *stats;
    gan_tensor *p[] = {w, gamma, beta}, *g[3];
    gan_tensor *y = gan_batch_norm(gan_conv2d(x, w, gan_conv_square(1, 1)), gamma, beta, 1e-5, &stats);
    gan_grads(gan_sum(y), p, 3, g, (gan_grad_opts){0});
    check_ok(ctx);
    for (int k = 0; k < 3; k++)
        for (int64_t i = 0; i < gan_count(g[k]); i++) assert_true(gan_data(g[k])[i] == 0);
    for (int64_t i = 0; i < 8; i++) assert_true(gan_data(stats)[i] == 0);
    gan_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_batch__gives_an_empty_result_and_gradient),
        cmocka_unit_test(test_empty_batch__gives_parameters_a_gradient_of_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
