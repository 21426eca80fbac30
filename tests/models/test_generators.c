/* Several generators in one net: what is whose. */
#include <stdio.h>

#include "cmocka_gan.h"

enum { K = 3, LATENT = 5 };

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

typedef struct model {
    const char *name;
    gan_module *m;
    const char *own[4]; /* beginnings of the names of what each has for itself; a number and a dot follow */
} model;

#define MODELS 3
static void make_models(model out[MODELS], gan_norm_kind norm, bool separate) {
    const gan_dcgan_opts image = {
        .size = 16, .channels = 1, .latent = LATENT, .features = 2, .g_norm = norm, .generators = K, .separate = separate};
    const gan_mlp_opts points = {.latent = LATENT, .width = 8, .g_norm = norm, .generators = K, .separate = separate};
    const model all[MODELS] = {{"dcgan", gan_dcgan_generator(ctx, image), {"main.0.", "main.1."}},
                               {"resnet", gan_resnet_generator(ctx, image), {"linear.", "block1.norm1."}},
                               {"mlp", gan_mlp_generator(ctx, points), {"main.0.", "main.1."}}};
    memcpy(out, all, sizeof all);
    for (int i = 0; i < MODELS && separate; i++) memcpy(out[i].own, (const char *[4]){""}, sizeof out[i].own);
    check_ok(ctx);
}

/* Whose a parameter is; -1: everybody's. */
static int owner_of(const model *m, const char *name) {
    for (int i = 0; i < 4 && m->own[i]; i++) {
        size_t n = strlen(m->own[i]);
        if (!strncmp(name, m->own[i], n)) return name[n] - '0';
    }
    return -1;
}

static void test_generators__are_counted_and_take_latents(void **state) {
    (void)state;
    model all[MODELS];
    for (int separate = 0; separate < 2; separate++) {
        make_models(all, GAN_NORM_BATCH, separate);
        for (int i = 0; i < MODELS; i++) {
            assert_int_equal(gan_generator_count(all[i].m), K);
            assert_int_equal(gan_latent_size(all[i].m), LATENT);
        }
    }
    assert_int_equal(gan_generator_count(gan_mlp_generator(ctx, (gan_mlp_opts){0})), 1);
    assert_int_equal(gan_generator_count(gan_relu_layer(ctx)), 1);
    assert_int_equal(gan_generator_count(gan_branches(ctx)), 1);
    assert_int_equal(gan_latent_size(gan_branches(ctx)), 0);
    assert_int_equal(gan_generator_count(NULL), 1);
    check_ok(ctx);
}

/* Row i moves with what is number i mod K's and with what is shared, and with nothing else; in evaluation mode. */
static void test_rows__depend_on_their_generator_alone(void **state) {
    (void)state;
    enum { N = 7 };
    model all[MODELS];
    for (int separate = 0; separate < 2; separate++) {
        make_models(all, GAN_NORM_BATCH, separate);
        for (int i = 0; i < MODELS; i++) {
            gan_module *m = all[i].m;
            gan_module_train(m, false);
            gan_tensor *z = gan_randn(ctx, gan_shape2(N, LATENT)), *before = gan_forward(m, z);
            int64_t row = gan_count(before) / N;
            int seen[K + 1] = {0};
            for (int p = 0; p < gan_module_param_count(m); p++) {
                const gan_param *w = gan_module_param(m, p);
                if (w->buffer) continue;
                int owner = owner_of(&all[i], w->name);
                seen[owner + 1]++;
                gan_tensor *old = gan_from(ctx, gan_shape_of(w->tensor), gan_data(w->tensor));
                gan_tensor *other = gan_add(gan_scale(old, 1.5), gan_rand(ctx, gan_shape_of(old)));
                gan_assign(w->tensor, gan_data(other), gan_count(other));
                gan_tensor *after = gan_forward(m, z);
                for (int r = 0; r < N; r++) {
                    bool moved = memcmp(gan_data(before) + r * row, gan_data(after) + r * row, (size_t)row * sizeof(gan_real));
                    if (moved != (owner < 0 || owner == r % K)) fail_msg("%s: row %d and %s", all[i].name, r, w->name);
                }
                gan_assign(w->tensor, gan_data(old), gan_count(old));
            }
            check_ok(ctx);
            for (int k = 0; k < K; k++) assert_true(seen[k + 1] > 0 && seen[k + 1] == seen[1]);
            assert_int_equal(seen[0] == 0, separate);
        }
    }
}

/* Own norms have the statistics of one generator's rows, shared ones those of all. */
static void test_norms__see_their_own_rows_first_and_then_the_mixture(void **state) {
    (void)state;
    model all[MODELS];
    make_models(all, GAN_NORM_BATCH, false);
    gan_module *m = all[2].m; /* points: main.0 and main.1 apiece, main.3 and main.4 shared */
    gan_tensor *z = gan_randn(ctx, gan_shape2(30, LATENT));
    gan_output out =
        gan_module_call(m, (gan_input){z, NULL}, (gan_call_opts){.taps = (const char *[]){"main.0", "main.3"}, .n_taps = 2});
    check_ok(ctx);
    for (int k = 0; k <= K; k++) { /* K: the shared one */
        char name[64];
        snprintf(name, sizeof name, k < K ? "main.1.%d.running_mean" : "main.4.running_mean", k);
        const gan_tensor *x = out.taps[k < K ? 0 : 1].t, *running = gan_module_find(m, name)->tensor;
        for (int c = 0; c < 8; c++) {
            double sum = 0;
            int n = 0;
            for (int r = 0; r < 30; r++)
                if (k == K || r % K == k) sum += (double)gan_data(x)[8 * r + c], n++;
            check_close((double)gan_data(running)[c], .1 * sum / n, 1e-5);
        }
    }
}

/* With virtual batch norm each generator's norm has its part of the reference batch. */
static void test_reference__is_shared_out(void **state) {
    (void)state;
    model all[MODELS];
    make_models(all, GAN_NORM_VIRTUAL, false);
    for (int i = 0; i < MODELS; i++) {
        gan_tensor *z = gan_randn(ctx, gan_shape2(7, LATENT)), *y = gan_forward(all[i].m, z);
        check_ok(ctx);
        assert_int_equal(gan_shape_of(gan_module_find(all[i].m, "reference")->tensor).d[0], 66);
        /* Samples do not depend on their neighbours, nor on how many there are. */
        gan_tensor *fewer = gan_forward(all[i].m, gan_slice(z, 0, 0, 4));
        int64_t count = gan_count(fewer);
        for (int64_t k = 0; k < count; k++) check_close((double)gan_data(fewer)[k], (double)gan_data(y)[k], 1e-5);
    }
    gan_mlp_generator(ctx, (gan_mlp_opts){.g_norm = GAN_NORM_VIRTUAL, .generators = K, .reference = 64});
    check_failed(ctx, GAN_E_ARG, "gan_mlp_generator: reference is 64, no multiple of the 3 generators");
}

static void test_options__without_sense_are_named(void **state) {
    (void)state;
    gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 16, .generators = -1});
    check_failed(ctx, GAN_E_ARG, "gan_dcgan_generator: generators is -1, must be 1 to 64");
    gan_resnet_generator(ctx, (gan_resnet_opts){.size = 16, .generators = 65});
    check_failed(ctx, GAN_E_ARG, "gan_resnet_generator: generators is 65");
    gan_mlp_generator(ctx, (gan_mlp_opts){.separate = true});
    check_failed(ctx, GAN_E_ARG, "gan_mlp_generator: separate is set, but there is only one generator");
    gan_mlp_generator(ctx, (gan_mlp_opts){.separate = true, .generators = 65});
    check_failed(ctx, GAN_E_ARG, "generators is 65");
}

static void test_generators__give_everything_back_without_memory(void **state) {
    (void)state;
    const gan_resnet_opts shared = {.size = 8, .channels = 1, .latent = 2, .features = 1, .generators = 2};
    gan_resnet_opts apart = shared;
    apart.separate = true;
    gan_module_free(gan_resnet_generator(ctx, apart));
    size_t before = gan_ctx_memory(ctx).in_use;
    for (int i = 0; i < 2; i++) {
        int64_t n = 1;
        for (bool failed = true; failed; n += 7) {
            gan_ctx_fail_alloc(ctx, n);
            gan_module *m = gan_resnet_generator(ctx, i ? apart : shared);
            gan_ctx_fail_alloc(ctx, 0);
            failed = gan_ctx_status(ctx) != GAN_OK;
            gan_ctx_clear(ctx);
            gan_module_free(m);
            if (gan_ctx_memory(ctx).in_use > before + 65536) fail_msg("request %d leaves memory behind", (int)n);
        }
        assert_true(n > 100);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_generators__are_counted_and_take_latents),
        TEST(test_rows__depend_on_their_generator_alone),
        TEST(test_norms__see_their_own_rows_first_and_then_the_mixture),
        TEST(test_reference__is_shared_out),
        TEST(test_options__without_sense_are_named),
        TEST(test_generators__give_everything_back_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
