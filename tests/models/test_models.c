/* Ready-made models against PyTorch: names, shapes, values; and what they refuse. */
#include "support/nn_golden.h"

static gan_ctx *ctx;
static golden *values;

static int setup(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    values = golden_open("nn.safetensors");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    golden_close(values);
    gan_ctx_free(ctx);
    return 0;
}

typedef struct model {
    const char *name;
    gan_module *m;
} model;

#define MODELS 10

static void make_models(model out[MODELS]) {
    const gan_dcgan_opts small_g = {.size = 16, .channels = 1, .latent = 6, .features = 2};
    const gan_dcgan_opts small_d = {.size = 16, .channels = 1, .features = 2};
    const gan_dcgan_opts wide_g = {.height = 8, .width = 16, .latent = 3, .features = 2};
    const gan_dcgan_opts packed_wide_d = {.height = 8, .width = 16, .channels = 1, .features = 2, .pack = 3};
    const gan_mlp_opts points = {.latent = 3, .width = 8, .pack = 2};
    const model all[MODELS] = {
        {"dcgan_g", gan_dcgan_generator(ctx, small_g)},
        {"dcgan_d", gan_dcgan_discriminator(ctx, small_d)},
        {"dcgan_g_wide", gan_dcgan_generator(ctx, wide_g)},
        {"dcgan_d_wide", gan_dcgan_discriminator(ctx, packed_wide_d)},
        {"mlp_g", gan_mlp_generator(ctx, points)},
        {"mlp_d", gan_mlp_discriminator(ctx, points)},
        {"dcgan32_g", gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 32})},
        {"dcgan32_d", gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 32})},
        {"dcgan64_g", gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 64})},
        {"dcgan64_d", gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.height = 64, .width = 64})},
    };
    memcpy(out, all, sizeof all);
    check_ok(ctx);
}

/* "name 64 100 4 4": as nn_names.txt has it. */
static void line_of(const char *model_name, const gan_param *p, char line[256]) {
    static const int conv[] = {3, 2, 0, 1};
    gan_shape s = gan_shape_of(p->tensor);
    bool turned = p->layout == GAN_LAYOUT_CONV || p->layout == GAN_LAYOUT_CONV_TRANSPOSE;
    int used = snprintf(line, 256, "%s %s", model_name, p->name);
    for (int i = 0; i < s.ndim; i++) used += snprintf(line + used, 256 - (size_t)used, " %d", (int)s.d[turned ? conv[i] : i]);
}

static void test_model__names_order_and_shapes_are_pytorchs(void **state) {
    (void)state;
    model models[MODELS];
    make_models(models);
    FILE *f = fopen(GAN_TESTS_DIR "/golden/nn_names.txt", "r");
    assert_non_null(f);
    char want[256], got[256];
    int next[MODELS] = {0};
    while (fgets(want, sizeof want, f)) {
        want[strcspn(want, "\n")] = 0;
        for (int i = 0; i < MODELS; i++) {
            size_t n = strlen(models[i].name);
            if (strncmp(want, models[i].name, n) || want[n] != ' ') continue;
            line_of(models[i].name, gan_module_param(models[i].m, next[i]++), got);
            assert_string_equal(got, want);
        }
    }
    fclose(f);
    for (int i = 0; i < MODELS; i++) {
        assert_true(next[i] > 0);
        assert_int_equal(next[i], gan_module_param_count(models[i].m));
        gan_module_free(models[i].m);
    }
}

static void test_model__values_and_buffers_are_pytorchs(void **state) {
    (void)state;
    model models[MODELS];
    make_models(models);
    for (int i = 0; i < MODELS; i++) {
        if (i < 6) nn_check_case(values, models[i].m, models[i].name);
        gan_module_free(models[i].m);
    }
}

static void check_std(const gan_module *m, const char *name, double mean, double std) {
    const gan_tensor *t = gan_module_find(m, name)->tensor;
    const gan_real *p = gan_data(t);
    double n = (double)gan_count(t), sum = 0, squares = 0;
    for (int64_t i = 0; i < gan_count(t); i++) sum += p[i], squares += pow(p[i] - mean, 2);
    check_close(sum / n, mean, 5 * std / sqrt(n) + 1e-12);
    check_close(sqrt(squares / n), std, 5 * std / sqrt(2 * n) + 1e-12);
}

static void test_dcgan__is_initialised_as_in_the_paper(void **state) {
    (void)state;
    gan_module *g = gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 16});
    check_std(g, "main.0.weight", 0, 0.02);
    check_std(g, "main.1.weight", 1, 0.02);
    check_std(g, "main.1.bias", 0, 0);
    check_std(g, "main.1.running_var", 1, 0);
    gan_module *d = gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 16});
    check_std(d, "main.2.weight", 0, 0.02);
    check_std(d, "main.3.weight", 1, 0.02);
    check_ok(ctx);
}

static void check_shape(const gan_tensor *t, gan_shape want) {
    check_ok(ctx);
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    assert_string_equal(gan_shape_text(gan_shape_of(t), a), gan_shape_text(want, b));
}

static void test_model__shapes_of_inputs_and_outputs(void **state) {
    (void)state;
    const struct {
        gan_dcgan_opts o;
        int64_t h, w, c;
    } cases[] = {
        {{.size = 8, .features = 3}, 8, 8, 3},
        {{.size = 64, .features = 1, .channels = 2, .pack = 2, .dropout = 0.5}, 64, 64, 2},
        {{.height = 32, .width = 8, .features = 2, .slope = 0.1}, 32, 8, 3},
        {{.height = 8, .width = 64, .features = 2}, 8, 64, 3},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_dcgan_opts o = cases[i].o;
        gan_module *g = gan_dcgan_generator(ctx, o), *d = gan_dcgan_discriminator(ctx, o);
        gan_tensor *x = gan_forward(g, gan_randn(ctx, gan_shape2(6, gan_latent_size(g))));
        check_shape(x, gan_shape4(6, cases[i].h, cases[i].w, cases[i].c));
        int pack = o.pack ? o.pack : 1;
        check_shape(gan_forward(d, gan_zeros(ctx, gan_shape4(2, cases[i].h, cases[i].w, cases[i].c * pack))), gan_shape1(2));
    }
    gan_module *g = gan_mlp_generator(ctx, (gan_mlp_opts){.dim = 3, .depth = 4});
    gan_module *d = gan_mlp_discriminator(ctx, (gan_mlp_opts){.pack = 3});
    check_shape(gan_forward(g, gan_zeros(ctx, gan_shape2(5, gan_latent_size(g)))), gan_shape2(5, 3));
    check_shape(gan_forward(d, gan_zeros(ctx, gan_shape2(5, 6))), gan_shape1(5));
    assert_int_equal(gan_module_param_count(g), 10);
}

static void test_model__latent_size_is_known_of_generators_only(void **state) {
    (void)state;
    assert_int_equal(gan_latent_size(gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 8})), 100);
    assert_int_equal(gan_latent_size(gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 8, .latent = 7})), 7);
    assert_int_equal(gan_latent_size(gan_mlp_generator(ctx, (gan_mlp_opts){0})), 2);
    assert_int_equal(gan_latent_size(gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 8})), 0);
    assert_int_equal(gan_latent_size(gan_mlp_discriminator(ctx, (gan_mlp_opts){0})), 0);
    assert_int_equal(gan_latent_size(gan_relu_layer(ctx)), 0);
    assert_int_equal(gan_latent_size(NULL), 0);
}

static void test_dcgan__dropout_and_slope_reach_every_activation(void **state) {
    (void)state;
    gan_dcgan_opts o = {.size = 32, .features = 2, .channels = 1, .slope = 0.5, .dropout = 0.25};
    gan_module *d = gan_dcgan_discriminator(ctx, o);
    char *text = gan_module_summary(d, gan_shape4(1, 32, 32, 1));
    check_ok(ctx);
    int dropouts = 0, slopes = 0;
    for (const char *p = text; (p = strstr(p, "Dropout(0.25)")); p++) dropouts++;
    for (const char *p = text; (p = strstr(p, "LeakyReLU(0.5)")); p++) slopes++;
    assert_int_equal(dropouts, 3);
    assert_int_equal(slopes, 3);
    free(text);
}

static void refused(gan_module *m, const char *part) {
    assert_true(gan_module_is_nil(m));
    check_failed(ctx, GAN_E_ARG, part);
}

static void test_model__bad_options_are_named(void **state) {
    (void)state;
    const int64_t wrong[] = {4, 12, 28, 33, 96, -8, 131072};
    char part[64];
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        snprintf(part, sizeof part, "images of %dx%d; height and width must be 8, 16", (int)wrong[i], (int)wrong[i]);
        refused(gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = wrong[i]}), part);
        refused(gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = wrong[i]}), "4*2^k");
    }
    refused(gan_dcgan_generator(ctx, (gan_dcgan_opts){0}), "images of 0x0");
    refused(gan_dcgan_generator(ctx, (gan_dcgan_opts){.height = 32}), "images of 32x0");
    refused(gan_dcgan_generator(ctx, (gan_dcgan_opts){.height = 32, .width = 48}), "images of 32x48");
    refused(gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 32, .width = 32}), "together with");
    refused(gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 32, .latent = -1}), "gan_dcgan_generator: latent is -1");
    refused(gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 32, .channels = -3}), "channels is -3");
    refused(gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 32, .features = -3}), "features is -3");
    refused(gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 32, .pack = -1}), "pack is -1");
    refused(gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 32, .dropout = 1}), "p is 1");
    refused(gan_mlp_generator(ctx, (gan_mlp_opts){.depth = -1}), "gan_mlp_generator: depth is -1");
    refused(gan_mlp_generator(ctx, (gan_mlp_opts){.width = -1}), "width is -1");
    refused(gan_mlp_discriminator(ctx, (gan_mlp_opts){.dim = -1}), "gan_mlp_discriminator: dim is -1");
}

static void test_model__inputs_of_another_size_are_refused_with_both_shapes(void **state) {
    (void)state;
    gan_module *g = gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 8, .features = 2, .latent = 5});
    gan_module *d = gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = 8, .features = 2, .channels = 1});
    gan_module *p = gan_mlp_discriminator(ctx, (gan_mlp_opts){0});
    gan_forward(g, gan_ones(ctx, gan_shape2(2, 6)));
    check_failed(ctx, GAN_E_SHAPE, "DCGANGenerator: the input's shape is [2, 6], its samples' must be [5]");
    gan_forward(g, gan_ones(ctx, gan_shape4(2, 1, 1, 5)));
    check_failed(ctx, GAN_E_SHAPE, "DCGANGenerator");
    gan_forward(d, gan_ones(ctx, gan_shape4(2, 16, 16, 1)));
    check_failed(ctx, GAN_E_SHAPE, "must be [8, 8, 1]");
    gan_forward(p, gan_ones(ctx, gan_shape2(2, 3)));
    check_failed(ctx, GAN_E_SHAPE, "must be [2]");
}

static void test_model__a_failed_allocation_while_making_one_leaks_nothing(void **state) {
    (void)state;
    const gan_dcgan_opts o = {.size = 8, .features = 2, .latent = 3, .dropout = 0.5};
    gan_scope_begin(ctx);
    gan_module_free(gan_dcgan_discriminator(ctx, o));
    gan_module_free(gan_dcgan_generator(ctx, o));
    size_t before = gan_ctx_memory(ctx).in_use;
    int n = 0;
    for (bool failed = true; failed;) {
        gan_ctx_fail_alloc(ctx, ++n);
        gan_module *m = n % 2 ? gan_dcgan_generator(ctx, o) : gan_dcgan_discriminator(ctx, o);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        assert_int_equal(gan_module_is_nil(m), failed);
        gan_module_free(m);
        gan_ctx_clear(ctx);
        size_t after = gan_ctx_memory(ctx).in_use;
        if (after != before) fail_msg("request %d failed: %zu bytes are in use, not %zu", n, after, before);
    }
    assert_true(n > 50);
    gan_scope_end(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__names_order_and_shapes_are_pytorchs),
        cmocka_unit_test(test_model__values_and_buffers_are_pytorchs),
        cmocka_unit_test(test_dcgan__is_initialised_as_in_the_paper),
        cmocka_unit_test(test_model__shapes_of_inputs_and_outputs),
        cmocka_unit_test(test_model__latent_size_is_known_of_generators_only),
        cmocka_unit_test(test_dcgan__dropout_and_slope_reach_every_activation),
        cmocka_unit_test(test_model__bad_options_are_named),
        cmocka_unit_test(test_model__inputs_of_another_size_are_refused_with_both_shapes),
        cmocka_unit_test(test_model__a_failed_allocation_while_making_one_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
