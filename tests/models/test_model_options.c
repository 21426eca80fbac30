/* The ready-made models with options other than the defaults: what they are made of, that all of it trains, and what does not go
 * together. */
#include "support/nn_golden.h"
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

/* --- all of it trains ------------------------------------------------------------------------------------- */

static bool moved(const gan_tensor *before, const gan_tensor *now) {
    return memcmp(gan_data(before), gan_data(now), (size_t)gan_count(now) * sizeof(gan_real)) != 0;
}

static bool finite(const gan_tensor *t) {
    for (int64_t i = 0; i < gan_count(t); i++)
        if (!isfinite((double)gan_data(t)[i])) return false;
    return true;
}

/* Three steps of Adam towards random numbers, second head included. Gamma starts at 0, so attention's inside moves from the
 * second step on. */
static void check_trains(gan_module *m, gan_shape input, const char *what) {
    check_ok(ctx);
    gan_set *before = gan_set_of(m);
    gan_optim *optim = gan_optim_new(m, gan_adam(1e-2));
    for (int step = 0; step < 3; step++) {
        gan_scope_begin(ctx);
        gan_output out = gan_module_call(m, (gan_input){.x = gan_randn(ctx, input)}, (gan_call_opts){0});
        gan_tensor *loss = gan_mean(gan_square(gan_sub(out.y, gan_randn(ctx, gan_shape_of(out.y)))));
        if (out.aux) loss = gan_add(loss, gan_mean(gan_square(gan_add_scalar(out.aux, -1))));
        gan_optim_step(optim, loss);
        gan_scope_end(ctx);
        if (gan_ctx_status(ctx) != GAN_OK) print_error("%s\n", what);
        check_ok(ctx);
    }
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        if (!finite(p->tensor)) fail_msg("%s: %s is not finite", what, p->name);
        bool fixed = p->buffer && (!strcmp(p->name, "reference") || gan_count(p->tensor) == 1); /* u of a single row is +-1 */
        if (fixed && p->integer) continue;
        if (moved(gan_set_get(before, i), p->tensor) == fixed)
            fail_msg("%s: %s %s", what, p->name, fixed ? "moved" : "did not move");
    }
    gan_optim_free(optim);
    gan_set_free(before);
}

static void check_shape(const gan_tensor *t, gan_shape want) {
    check_ok(ctx);
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    assert_string_equal(gan_shape_text(gan_shape_of(t), a), gan_shape_text(want, b));
}

#define SMALL .size = 16, .features = 2, .channels = 2, .latent = 5

static const struct {
    const char *name;
    gan_dcgan_opts o;
} image_cases[] = {
    {"defaults", {SMALL}},
    {"no norms", {SMALL, .g_norm = GAN_NORM_NONE, .d_norm = GAN_NORM_NONE}},
    {"layer norms", {SMALL, .g_norm = GAN_NORM_LAYER, .d_norm = GAN_NORM_LAYER, .g_slope = 0.1}},
    {"instance norms, shuffle", {SMALL, .g_norm = GAN_NORM_INSTANCE, .d_norm = GAN_NORM_INSTANCE, .up = GAN_UP_SHUFFLE}},
    {"batch norm, nearest", {SMALL, .d_norm = GAN_NORM_BATCH, .up = GAN_UP_NEAREST, .slope = 0.3}},
    {"virtual, transposed", {SMALL, .g_norm = GAN_NORM_VIRTUAL, .reference = 3, .up = GAN_UP_TRANSPOSED}},
    {"spectral both", {SMALL, .g_spectral = true, .d_spectral = true, .up = GAN_UP_SHUFFLE}},
    {"spectral with batch norm", {SMALL, .d_spectral = true, .d_norm = GAN_NORM_BATCH, .pack = 2}},
    {"attention 4", {SMALL, .g_attention = 4, .d_attention = 4, .d_spectral = true}},
    {"attention 8", {SMALL, .g_attention = 8, .d_attention = 8, .g_norm = GAN_NORM_LAYER, .g_spectral = true}},
    {"dropout", {SMALL, .g_dropout = 0.2, .dropout = 0.2, .g_dropout_always = true}},
    {"discrimination", {SMALL, .minibatch = GAN_MINIBATCH_DISCRIMINATION, .discrimination = {.kernels = 4, .dims = 2}}},
    {"stddev and heads", {SMALL, .minibatch = GAN_MINIBATCH_STDDEV, .group = 2, .logits = 3, .aux = 4}},
    {"heads alone", {SMALL, .logits = 11, .aux = 2, .d_spectral = true}},
    {"not square", {.height = 8, .width = 16, .features = 2, .latent = 4, .g_attention = 4, .d_attention = 4}},
};

static void check_images(gan_module *(*make_g)(gan_ctx *, gan_dcgan_opts), gan_module *(*make_d)(gan_ctx *, gan_dcgan_opts)) {
    for (int i = 0; i < COUNT_OF(image_cases); i++) {
        const gan_dcgan_opts o = image_cases[i].o;
        int64_t h = o.size ? o.size : o.height, w = o.size ? o.size : o.width, c = o.channels ? o.channels : 3;
        gan_module *g = make_g(ctx, o), *d = make_d(ctx, o);
        check_ok(ctx);
        assert_int_equal(gan_latent_size(g), o.latent);
        check_shape(gan_forward(g, gan_randn(ctx, gan_shape2(4, o.latent))), gan_shape4(4, h, w, c));
        gan_shape input = gan_shape4(4, h, w, c * (o.pack ? o.pack : 1));
        gan_output out = gan_module_call(d, (gan_input){.x = gan_randn(ctx, input)}, (gan_call_opts){0});
        check_shape(out.y, o.logits > 1 ? gan_shape2(4, o.logits) : gan_shape1(4));
        assert_int_equal(out.aux != NULL, o.aux > 0);
        if (o.aux) check_shape(out.aux, gan_shape2(4, o.aux));
        check_trains(g, gan_shape2(4, o.latent), image_cases[i].name);
        check_trains(d, input, image_cases[i].name);
        gan_module_free(g);
        gan_module_free(d);
    }
}

static void test_dcgan__trains_with_every_option(void **state) {
    (void)state;
    check_images(gan_dcgan_generator, gan_dcgan_discriminator);
}

static void test_resnet__trains_with_every_option(void **state) {
    (void)state;
    check_images(gan_resnet_generator, gan_resnet_discriminator);
}

static void test_mlp__trains_with_every_option(void **state) {
    (void)state;
    const struct {
        const char *name;
        gan_mlp_opts o;
    } cases[] = {
        {"batch norm", {.width = 6, .g_norm = GAN_NORM_BATCH, .d_norm = GAN_NORM_BATCH}},
        {"layer norm", {.width = 6, .g_norm = GAN_NORM_LAYER, .d_norm = GAN_NORM_LAYER, .g_slope = 0.1}},
        {"virtual", {.width = 6, .g_norm = GAN_NORM_VIRTUAL, .reference = 4}},
        {"spectral", {.width = 6, .g_spectral = true, .d_spectral = true, .dropout = 0.1, .g_dropout = 0.1}},
        {"maxout", {.width = 6, .depth = 3, .maxout = 5, .pack = 2}},
        {"discrimination", {.width = 6, .minibatch = GAN_MINIBATCH_DISCRIMINATION, .logits = 3, .aux = 2}},
        {"stddev", {.width = 6, .minibatch = GAN_MINIBATCH_STDDEV, .maxout = 2, .aux = 7}},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_mlp_opts o = cases[i].o;
        gan_module *g = gan_mlp_generator(ctx, o), *d = gan_mlp_discriminator(ctx, o);
        int64_t dim = 2 * (o.pack ? o.pack : 1);
        check_ok(ctx);
        gan_output out = gan_module_call(d, (gan_input){.x = gan_randn(ctx, gan_shape2(4, dim))}, (gan_call_opts){0});
        check_shape(out.y, o.logits > 1 ? gan_shape2(4, o.logits) : gan_shape1(4));
        if (o.aux) check_shape(out.aux, gan_shape2(4, o.aux));
        check_shape(gan_forward(g, gan_randn(ctx, gan_shape2(4, 2))), gan_shape2(4, 2));
        check_trains(g, gan_shape2(8, 2), cases[i].name);
        check_trains(d, gan_shape2(8, dim), cases[i].name);
    }
}

/* --- what they are made of -------------------------------------------------------------------------------- */

static void test_resnet__values_and_buffers_are_pytorchs(void **state) {
    (void)state;
    golden *values = golden_open("nn_resnet.safetensors");
    const gan_resnet_opts o = {.size = 16, .channels = 2, .features = 3, .latent = 5, .d_spectral = true};
    nn_check_case(values, gan_resnet_generator(ctx, o), "g");
    nn_check_case(values, gan_resnet_discriminator(ctx, o), "d");
    golden_close(values);
}

static double magnitude(const gan_module *m, const char *name) {
    const gan_tensor *t = gan_module_find(m, name)->tensor;
    double most = 0;
    for (int64_t i = 0; i < gan_count(t); i++) most = fmax(most, fabs((double)gan_data(t)[i]));
    return most;
}

/* Xavier's bound is gain*sqrt(6/(fan_in + fan_out)). Of many uniform numbers the largest is close to it. */
static void test_resnet__is_initialised_as_sngans(void **state) {
    (void)state;
    gan_module *d = gan_resnet_discriminator(ctx, (gan_resnet_opts){.size = 16, .features = 16, .aux = 3});
    check_close(magnitude(d, "block2.conv1.weight"), sqrt(2) * sqrt(6.0 / (9 * 32)), 2e-3);
    check_close(magnitude(d, "block2.conv2.weight"), sqrt(2) * sqrt(6.0 / (9 * 48)), 2e-3);
    check_close(magnitude(d, "block2.shortcut.weight"), sqrt(6.0 / 48), 2e-2);
    gan_module *wide = gan_resnet_discriminator(ctx, (gan_resnet_opts){.size = 16, .features = 128});
    check_close(magnitude(wide, "linear.weight"), sqrt(6.0 / 257), 3e-3); /* fan_in alone would be .0003 more: it is not the bound */
    check_close(magnitude(d, "block2.conv2.bias"), 0, 0);
    gan_module *g = gan_resnet_generator(ctx, (gan_resnet_opts){.size = 16, .features = 16});
    check_close(magnitude(g, "linear.weight"), sqrt(6.0 / (128 + 512)), 1e-3);
    assert_int_equal(gan_shape_of(gan_module_find(g, "linear.weight")->tensor).d[1], 128);
}

static void test_resnet__widens_up_to_sixteen_times(void **state) {
    (void)state;
    const gan_resnet_opts o = {.size = 256, .features = 1, .latent = 2};
    gan_module *g = gan_resnet_generator(ctx, o), *d = gan_resnet_discriminator(ctx, o);
    check_ok(ctx);
    check_shape(gan_module_find(g, "linear.weight")->tensor, gan_shape2(16 * 16, 2));
    check_shape(gan_module_find(g, "block1.conv1.weight")->tensor, gan_shape4(3, 3, 16, 16));
    check_shape(gan_module_find(g, "block6.conv2.weight")->tensor, gan_shape4(3, 3, 1, 1));
    check_shape(gan_module_find(d, "block5.conv2.weight")->tensor, gan_shape4(3, 3, 8, 16));
    check_shape(gan_module_find(d, "block7.conv2.weight")->tensor, gan_shape4(3, 3, 16, 16));
    assert_null(gan_module_find(d, "block7.shortcut.weight"));
}

static int count(gan_module *m, gan_shape input, const char *layer) {
    int found = 0;
    char *text = gan_module_summary(m, input);
    check_ok(ctx);
    for (const char *p = text; (p = strstr(p, layer)); p++) found++;
    free(text);
    return found;
}

static void test_model__options_choose_the_layers(void **state) {
    (void)state;
    const gan_shape z = gan_shape2(2, 100), x = gan_shape4(2, 32, 32, 3);
    const gan_dcgan_opts o = {.size = 32, .features = 2, .d_spectral = true, .g_norm = GAN_NORM_INSTANCE, .g_slope = 0.25,
                              .g_dropout = 0.125, .up = GAN_UP_SHUFFLE, .g_attention = 16, .d_attention = 8};
    gan_module *g = gan_dcgan_generator(ctx, o), *d = gan_dcgan_discriminator(ctx, o);
    assert_int_equal(count(g, z, "InstanceNorm2d"), 3);
    assert_int_equal(count(g, z, "LeakyReLU(0.25)"), 3);
    assert_int_equal(count(g, z, "Dropout(0.125)"), 3);
    assert_int_equal(count(g, z, "PixelShuffle"), 3);
    assert_int_equal(count(g, z, "SelfAttention(2,"), 1);
    assert_int_equal(count(d, x, "BatchNorm"), 0); /* not by default beside spectral norm */
    assert_int_equal(count(d, x, "spectral"), 4 + 4); /* four convolutions, attention and its three */
    assert_int_equal(count(d, x, "SelfAttention(4,"), 1);
    gan_dcgan_opts plain = {.size = 32, .features = 2, .up = GAN_UP_NEAREST};
    assert_int_equal(count(gan_dcgan_discriminator(ctx, plain), x, "BatchNorm"), 2);
    assert_int_equal(count(gan_dcgan_generator(ctx, plain), z, "Upsample"), 3);
    gan_mlp_opts pac = {.depth = 3, .width = 200, .maxout = 5, .pack = 2};
    assert_int_equal(count(gan_mlp_discriminator(ctx, pac), gan_shape2(2, 4), "Maxout(5)"), 3);
    check_shape(gan_module_find(gan_mlp_discriminator(ctx, pac), "main.2.weight")->tensor, gan_shape2(1000, 200));
}

static void test_resnet__attention_stands_where_it_is_wanted(void **state) {
    (void)state;
    static const char *const tap = "attention";
    const gan_call_opts look = {.taps = &tap, .n_taps = 1};
    for (int64_t side = 4; side <= 8; side *= 2) {
        const gan_resnet_opts o = {SMALL, .g_attention = side, .d_attention = side};
        gan_output g = gan_module_call(gan_resnet_generator(ctx, o), (gan_input){.x = gan_ones(ctx, gan_shape2(2, 5))}, look);
        gan_output d = gan_module_call(gan_resnet_discriminator(ctx, o), (gan_input){.x = g.y}, look);
        check_ok(ctx);
        check_shape(g.taps[0].t, gan_shape4(2, side, side, 4));
        check_shape(d.taps[0].t, gan_shape4(2, side, side, side == 4 ? 4 : 2));
    }
}

/* Noise in evaluation mode where it is asked for, in all three generators and in no discriminator. */
static void test_model__dropout_as_noise_is_the_generators(void **state) {
    (void)state;
    for (int always = 0; always < 2; always++) {
        const gan_dcgan_opts o = {SMALL, .g_dropout = 0.5, .dropout = 0.5, .g_dropout_always = always};
        const gan_mlp_opts points = {.latent = 5, .g_dropout = 0.5, .dropout = 0.5, .g_dropout_always = always};
        gan_module *gs[] = {gan_dcgan_generator(ctx, o), gan_resnet_generator(ctx, o), gan_mlp_generator(ctx, points)};
        gan_module *ds[] = {gan_dcgan_discriminator(ctx, o), gan_resnet_discriminator(ctx, o),
                             gan_mlp_discriminator(ctx, points)};
        gan_tensor *z = gan_randn(ctx, gan_shape2(2, 5));
        for (int i = 0; i < 3; i++) {
            gan_module_train(gs[i], false);
            gan_module_train(ds[i], false);
            gan_tensor *x = gan_forward(gs[i], z);
            assert_int_equal(moved(x, gan_forward(gs[i], z)), always);
            assert_false(moved(gan_forward(ds[i], x), gan_forward(ds[i], x)));
            check_ok(ctx);
        }
    }
}

/* Every weight of a spectral net is normalised, heads and attention included. */
static void test_model__spectral_leaves_no_weight_out(void **state) {
    (void)state;
    const gan_dcgan_opts o = {SMALL, .d_spectral = true, .g_spectral = true, .d_attention = 8, .g_attention = 8, .aux = 2};
    const gan_mlp_opts points = {.d_spectral = true, .g_spectral = true, .aux = 2};
    gan_module *nets[] = {gan_dcgan_generator(ctx, o),    gan_dcgan_discriminator(ctx, o),     gan_resnet_generator(ctx, o),
                          gan_resnet_discriminator(ctx, o), gan_mlp_generator(ctx, points), gan_mlp_discriminator(ctx, points)};
    check_ok(ctx);
    for (int i = 0; i < COUNT_OF(nets); i++)
        for (int k = 0; k < gan_module_param_count(nets[i]); k++) {
            const gan_param *p = gan_module_param(nets[i], k);
            if (gan_shape_of(p->tensor).ndim >= 2 && !strstr(p->name, "weight_orig")) fail_msg("net %d: %s", i, p->name);
        }
}

/* What the second head says depends on the trunk and not on the first head. */
static void test_model__second_head_stands_on_the_trunk(void **state) {
    (void)state;
    gan_module *d = gan_dcgan_discriminator(ctx, (gan_dcgan_opts){SMALL, .aux = 3});
    gan_output out = gan_module_call(d, (gan_input){.x = gan_randn(ctx, gan_shape4(4, 16, 16, 2))}, (gan_call_opts){0});
    check_ok(ctx);
    gan_tensor *aux = gan_sum(gan_square(out.aux));
    gan_tensor *g = gan_grad(aux, gan_module_find(d, "main.0.weight")->tensor, (gan_grad_opts){0});
    check_ok(ctx);
    assert_true(gan_item(gan_sum(gan_square(g))) > 0);
    gan_grad(aux, gan_module_find(d, "main.5.weight")->tensor, (gan_grad_opts){0});
    check_failed(ctx, GAN_E_GRAPH, "main.5.weight");
}

static void test_model__virtual_batch_norm_judges_each_sample_alone(void **state) {
    (void)state;
    const gan_dcgan_opts o = {SMALL, .g_norm = GAN_NORM_VIRTUAL, .reference = 4};
    gan_module *nets[] = {gan_dcgan_generator(ctx, o), gan_resnet_generator(ctx, o)};
    for (int i = 0; i < COUNT_OF(nets); i++) {
        assert_string_equal(gan_module_param(nets[i], 0)->name, "reference");
        assert_true(gan_module_param(nets[i], 0)->buffer);
        gan_tensor *z = gan_randn(ctx, gan_shape2(3, 5));
        gan_tensor *all = gan_forward(nets[i], z), *one = gan_forward(nets[i], gan_slice(z, 0, 1, 1));
        check_ok(ctx);
        for (int k = 0; k < 512; k++) check_close(gan_data(all)[512 + k], gan_data(one)[k], 1e-5);
    }
}

/* --- what does not go together ---------------------------------------------------------------------------- */

static void refused(gan_module *m, const char *part) {
    assert_true(gan_module_is_nil(m));
    check_failed(ctx, GAN_E_ARG, part);
}

static void test_model__senseless_options_are_named(void **state) {
    (void)state;
    const struct {
        gan_dcgan_opts o;
        const char *part;
    } images[] = {
        {{SMALL, .d_norm = GAN_NORM_VIRTUAL}, "only G can have it"},
        {{SMALL, .g_norm = (gan_norm_kind)9}, "g_norm is not"},
        {{SMALL, .d_norm = (gan_norm_kind)9}, "d_norm is not"},
        {{SMALL, .up = (gan_up_kind)4}, "up is not"},
        {{SMALL, .minibatch = (gan_minibatch_kind)3}, "minibatch is not"},
        {{SMALL, .group = 4}, "group is set"},
        {{SMALL, .group = 4, .minibatch = GAN_MINIBATCH_DISCRIMINATION}, "group is set"},
        {{SMALL, .discrimination = {.dims = 4}}, "discrimination is set"},
        {{SMALL, .reference = 4}, "reference is 4, but"},
        {{SMALL, .reference = -4, .g_norm = GAN_NORM_VIRTUAL}, "reference is -4"},
        {{SMALL, .g_attention = 16}, "g_attention is 16; the shorter sides of feature maps are 4, 8, ... up to 8"},
        {{SMALL, .d_attention = 5}, "d_attention is 5"},
        {{SMALL, .logits = -1}, "logits is -1"},
        {{SMALL, .g_dropout_always = true}, "g_dropout_always is set, but"},
        {{SMALL, .aux = -1}, "aux is -1"},
    };
    char part[128];
    for (int i = 0; i < COUNT_OF(images); i++) {
        gan_module *(*const makers[])(gan_ctx *, gan_dcgan_opts) = {gan_dcgan_generator, gan_dcgan_discriminator,
                                                                    gan_resnet_generator, gan_resnet_discriminator};
        for (int k = 0; k < 4; k++) refused(makers[k](ctx, images[i].o), images[i].part);
    }
    refused(gan_resnet_generator(ctx, (gan_resnet_opts){.size = 12}), "gan_resnet_generator: images of 12x12");
    refused(gan_resnet_discriminator(ctx, (gan_resnet_opts){SMALL, .dropout = 1}), "p is 1");
    refused(gan_dcgan_generator(ctx, (gan_dcgan_opts){SMALL, .g_dropout = -1}), "p is -1");
    refused(gan_mlp_discriminator(ctx, (gan_mlp_opts){.maxout = 3, .slope = 0.1}), "maxout units have none");
    refused(gan_mlp_discriminator(ctx, (gan_mlp_opts){.maxout = -3}), "maxout is -3");
    refused(gan_mlp_generator(ctx, (gan_mlp_opts){.g_norm = GAN_NORM_INSTANCE}), "instance norm is for images");
    snprintf(part, sizeof part, "%s", "d_norm is virtual");
    refused(gan_mlp_discriminator(ctx, (gan_mlp_opts){.d_norm = GAN_NORM_VIRTUAL}), part);
}

static gan_module *make_nth(int n) {
    const gan_dcgan_opts o = {.size = 8,      .features = 2, .latent = 3,        .g_norm = GAN_NORM_VIRTUAL,
                              .reference = 2, .aux = 2,      .d_spectral = true, .g_attention = 4,
                              .dropout = 0.5};
    if (n == 0) return gan_resnet_generator(ctx, o);
    if (n == 1) return gan_resnet_discriminator(ctx, o);
    return n == 2 ? gan_dcgan_generator(ctx, o) : gan_dcgan_discriminator(ctx, o);
}

static void test_model__a_failed_allocation_while_making_one_leaks_nothing(void **state) {
    (void)state;
    gan_scope_begin(ctx);
    for (int i = 0; i < 4; i++) gan_module_free(make_nth(i));
    size_t before = gan_ctx_memory(ctx).in_use;
    for (int kind = 0; kind < 4; kind++) {
        bool failed = true;
        for (int n = 1; failed; n += 1 + n / 40) { /* ever fewer: the layers themselves are tested elsewhere */
            gan_ctx_fail_alloc(ctx, n);
            gan_module *m = make_nth(kind);
            gan_ctx_fail_alloc(ctx, 0);
            failed = gan_ctx_status(ctx) != GAN_OK;
            assert_int_equal(gan_module_is_nil(m), failed);
            gan_module_free(m);
            gan_ctx_clear(ctx);
            size_t after = gan_ctx_memory(ctx).in_use;
            if (after != before) fail_msg("net %d, request %d failed: %zu bytes are in use, not %zu", kind, n, after, before);
        }
    }
    gan_scope_end(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dcgan__trains_with_every_option),
        cmocka_unit_test(test_resnet__trains_with_every_option),
        cmocka_unit_test(test_mlp__trains_with_every_option),
        cmocka_unit_test(test_resnet__values_and_buffers_are_pytorchs),
        cmocka_unit_test(test_resnet__is_initialised_as_sngans),
        cmocka_unit_test(test_resnet__widens_up_to_sixteen_times),
        cmocka_unit_test(test_model__options_choose_the_layers),
        cmocka_unit_test(test_resnet__attention_stands_where_it_is_wanted),
        cmocka_unit_test(test_model__dropout_as_noise_is_the_generators),
        cmocka_unit_test(test_model__spectral_leaves_no_weight_out),
        cmocka_unit_test(test_model__second_head_stands_on_the_trunk),
        cmocka_unit_test(test_model__virtual_batch_norm_judges_each_sample_alone),
        cmocka_unit_test(test_model__senseless_options_are_named),
        cmocka_unit_test(test_model__a_failed_allocation_while_making_one_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
