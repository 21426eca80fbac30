/* The table of layers: its numbers, its width, and that making it changes nothing. */
#include <stdio.h>

#include "cmocka_gan.h"
#include "tensor/tensor_impl.h"

static gan_ctx *ctx;

static int setup(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    return 0;
}

static int teardown(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

/* The line that begins with `path`, copied. */
static const char *line_of(const char *text, const char *path, char line[256]) {
    size_t n = strlen(path);
    for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
        if (!strncmp(p, path, n) && (p[n] == ' ' || p[n] == '\n')) {
            snprintf(line, 256, "%.*s", (int)strcspn(p, "\n"), p);
            return line;
        }
    fail_msg("no line \"%s\" in\n%s", path, text);
    return NULL;
}

static void check_line(const char *text, const char *path, const char *const *parts, int n) {
    char line[256];
    line_of(text, path, line);
    for (int i = 0; i < n; i++)
        if (!strstr(line, parts[i])) fail_msg("\"%s\" is not in \"%s\"", parts[i], line);
}
#define CHECK_LINE(text, path, ...)                                         \
    do {                                                                    \
        static const char *const parts_[] = {__VA_ARGS__};                  \
        check_line(text, path, parts_, COUNT_OF(parts_));                   \
    } while (0)

/* G of DCGAN for 32x32x1 images, latent 100, features 64, two samples. Weights: 100*256*16 + 256*128*16 + 128*64*16 + 64*16;
 * norms: 2*(256 + 128 + 64). Multiply-adds per sample: 409,600 + 524,288*16 + 131,072*64 + 1,024*256. */
static void test_summary__counts_parameters_and_multiply_adds(void **state) {
    (void)state;
    gan_module *g = gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 32, .channels = 1});
    char *text = gan_module_summary(g, gan_shape2(2, 100));
    check_ok(ctx);
    CHECK_LINE(text, "main", "Sequential", "[2, 32, 32, 1]");
    CHECK_LINE(text, "main.0", "ConvTranspose2d(100, 256, k4 s1)", "[2, 4, 4, 256]", "409,600", "819,200");
    CHECK_LINE(text, "main.1", "BatchNorm(256)", "[2, 4, 4, 256]", " 512");
    CHECK_LINE(text, "main.3", "ConvTranspose2d(256, 128, k4 s2 p1)", "[2, 8, 8, 128]", "524,288", "16,777,216");
    CHECK_LINE(text, "main.9", "[2, 32, 32, 1]", " 1,024 ", "524,288");
    CHECK_LINE(text, "main.10", "Tanh", "[2, 32, 32, 1]");
    CHECK_LINE(text, "total", " 1,066,880 ", "34,897,920");
    CHECK_LINE(text, "buffers", " 899");
    free(text);
}

static void test_summary__fits_a_hundred_columns(void **state) {
    (void)state;
    gan_module *d = gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.height = 256, .width = 512, .features = 1, .dropout = 0.25});
    gan_module *root = gan_sequential(ctx), *deep = root;
    for (int i = 0; i < 12; i++) deep = gan_sequential_add(deep, gan_sequential(ctx));
    gan_sequential_add(deep, d);
    char *text = gan_module_summary(root, gan_shape4(1, 256, 512, 3));
    check_ok(ctx);
    for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
        if (strcspn(p, "\n") > 100) fail_msg("more than 100 columns: %.*s", (int)strcspn(p, "\n"), p);
    assert_null(strstr(text, " \n"));
    free(text);
}

/* Draws in evaluation mode too, as a noise layer would. */
static gan_tensor *noisy_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    return gan_add(x, gan_randn_from(gan_call_stream(call, m), gan_shape_of(x)));
}

static void test_summary__changes_nothing(void **state) {
    (void)state;
    static const gan_module_type noisy = {.name = "Noisy", .forward = noisy_forward};
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_conv2d_layer(ctx, 1, 2, gan_conv_layer_square(3, 1, 1)));
    gan_module *norm = gan_sequential_add(s, gan_batch_norm_layer(ctx, 2, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_module_new(ctx, &noisy));
    gan_sequential_add(s, gan_dropout_layer(ctx, 0.5));
    gan_module_train(norm, false); /* modes may be mixed */
    gan_set *before = gan_set_of(s);
    int64_t convs = ctx->conv_calls[0];
    for (int i = 0; i < 2; i++) { /* on streams that exist, and on those that it makes */
        char *text = gan_module_summary(s, gan_shape4(2, 4, 4, 1));
        check_ok(ctx);
        assert_int_equal(gan_stream_position(gan_stream_named(ctx, "module/2")), 0);
        assert_int_equal(gan_stream_position(gan_stream_named(ctx, "module/3")), 0);
        free(text);
    }
    assert_int_equal(ctx->conv_calls[0], convs);
    assert_true(gan_module_is_training(s) && !gan_module_is_training(norm));
    for (int i = 0; i < gan_set_count(before); i++)
        assert_memory_equal(gan_data(gan_set_get(before, i)), gan_data(gan_module_param(s, i)->tensor),
                            (size_t)gan_count(gan_set_get(before, i)) * sizeof(gan_real));
}

static void test_summary__a_wrong_shape_is_an_error_that_changes_nothing(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_linear_layer(ctx, 3, 2, (gan_linear_opts){0}));
    assert_null(gan_module_summary(s, gan_shape2(1, 4)));
    check_failed(ctx, GAN_E_SHAPE, "Linear \"0\"");
    assert_true(gan_module_is_training(s));
    assert_int_equal(ctx->no_record, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary__counts_parameters_and_multiply_adds),
        cmocka_unit_test(test_summary__fits_a_hundred_columns),
        cmocka_unit_test(test_summary__changes_nothing),
        cmocka_unit_test(test_summary__a_wrong_shape_is_an_error_that_changes_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
