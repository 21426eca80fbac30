/* gan_penalty against PyTorch's double backward (tests/golden/make_penalty.py): the value, and the gradient by D's weights. */
#include <stdio.h>

#include "cmocka_gan.h"
#include "support/golden.h"

#define FILE_NAME "penalty.safetensors"

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-10
#else
#define TOLERANCE 2e-4
#endif

static gan_module *perceptron(gan_ctx *ctx) {
    gan_module *D = gan_sequential(ctx);
    gan_sequential_add(D, gan_linear_layer(ctx, 3, 7, (gan_linear_opts){0}));
    gan_sequential_add(D, gan_leaky_relu_layer(ctx, .2));
    gan_sequential_add(D, gan_linear_layer(ctx, 7, 6, (gan_linear_opts){0}));
    gan_sequential_add(D, gan_tanh_layer(ctx));
    gan_sequential_add(D, gan_linear_layer(ctx, 6, 2, (gan_linear_opts){0}));
    return D;
}

static gan_module *convolutional(gan_ctx *ctx) {
    gan_module *D = gan_sequential(ctx);
    gan_sequential_add(D, gan_conv2d_layer(ctx, 2, 3, gan_conv_layer_square(3, 2, 1)));
    gan_sequential_add(D, gan_leaky_relu_layer(ctx, .2));
    gan_sequential_add(D, gan_conv2d_layer(ctx, 3, 4, gan_conv_layer_square(3, 1, 1)));
    gan_sequential_add(D, gan_tanh_layer(ctx));
    gan_sequential_add(D, gan_flatten_layer(ctx));
    gan_sequential_add(D, gan_linear_layer(ctx, 24, 1, (gan_linear_opts){.from_hwc = {3, 2, 4}}));
    return D;
}

static const char *const kinds[] = {
    [GAN_PENALTY_WGAN_GP] = "wgan_gp", [GAN_PENALTY_WGAN_GP_ONE_SIDED] = "wgan_gp_one_sided",
    [GAN_PENALTY_DRAGAN] = "dragan",   [GAN_PENALTY_R1] = "r1",
    [GAN_PENALTY_R2] = "r2",
};

/* A module's weights, or what stands for them in the file, in the library's layout. */
static gan_module *loaded(gan_module *m, const char *prefix) {
    assert_int_equal(gan_load_weights(m, GAN_TESTS_DIR "/golden/" FILE_NAME, prefix), GAN_OK);
    return m;
}

static double distance(const gan_tensor *a, const gan_tensor *b) {
    double worst = 0, scale = 1e-2;
    assert_true(gan_shape_equal(gan_shape_of(a), gan_shape_of(b)));
    for (int64_t i = 0; i < gan_count(a); i++) {
        scale = fmax(scale, fabs((double)gan_data(b)[i]));
        double d = fabs((double)gan_data(a)[i] - (double)gan_data(b)[i]);
        if (!(d <= worst)) worst = d;
    }
    return worst / scale;
}

static void compare(const golden *g, const char *net, gan_module *(*make)(gan_ctx *), gan_loss loss, gan_penalty_kind kind) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 7, .threads = 2});
    char key[128];
    snprintf(key, sizeof key, "%s.start.", net);
    gan_module *D = loaded(make(ctx), key);
    snprintf(key, sizeof key, "%s.%s.grad.", net, kinds[kind]);
    gan_module *expected = loaded(make(ctx), key);
    snprintf(key, sizeof key, "%s.real", net);
    gan_tensor *real = golden_make(g, ctx, key);
    snprintf(key, sizeof key, "%s.fake", net);
    gan_tensor *fake = golden_make(g, ctx, key);
    gan_tensor *value = gan_penalty(D, &loss, kind, real, fake, NULL, gan_stream_named(ctx, "e and U"));
    check_ok(ctx);
    snprintf(key, sizeof key, "%s.%s.value", net, kinds[kind]);
    double target = golden_get(g, key).data[0];
    check_close(gan_item(value), target, TOLERANCE * (1 + target));
    for (int i = 0; i < gan_module_param_count(D); i++) {
        const gan_param *p = gan_module_param(D, i);
        gan_tensor *gradient = gan_grad(value, p->tensor, (gan_grad_opts){.allow_unused = true});
        check_ok(ctx);
        double off = distance(gradient, gan_module_param(expected, i)->tensor);
        if (!(off <= TOLERANCE)) fail_msg("%s, %s: the gradient by %s is off by %g", net, kinds[kind], p->name, off);
    }
    gan_ctx_free(ctx);
}

/* With two outputs, the gradient is that of the odds. */
static void test_penalties__of_a_perceptron_are_pytorchs(void **state) {
    (void)state;
    golden *g = golden_open(FILE_NAME);
    for (int k = 0; k < COUNT_OF(kinds); k++) compare(g, "perceptron", perceptron, gan_loss_softmax(), (gan_penalty_kind)k);
    golden_close(g);
}

static void test_penalties__of_a_convolutional_net_are_pytorchs(void **state) {
    (void)state;
    golden *g = golden_open(FILE_NAME);
    for (int k = 0; k < COUNT_OF(kinds); k++)
        compare(g, "convolutional", convolutional, gan_loss_wasserstein(), (gan_penalty_kind)k);
    golden_close(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_penalties__of_a_perceptron_are_pytorchs),
        cmocka_unit_test(test_penalties__of_a_convolutional_net_are_pytorchs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
