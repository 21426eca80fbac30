/* Every loss in a run: on points, by perceptrons whose D gives what the loss takes. */
#include <stdio.h>

#include "cmocka_gan.h"

enum { POINTS = 64, CLASSES = 3 };

static gan_dataset *points(gan_ctx *ctx, bool labelled) {
    gan_real x[2 * POINTS];
    int32_t labels[POINTS];
    for (int i = 0; i < POINTS; i++) {
        labels[i] = i % CLASSES;
        x[2 * i] = (gan_real)(2 * cos(2 * labels[i]) + .01 * i);
        x[2 * i + 1] = (gan_real)(2 * sin(2 * labels[i]) - .01 * i);
    }
    return gan_array_data(ctx, gan_shape2(POINTS, 2), x, (gan_array_opts){.labels = labelled ? labels : NULL});
}

/* [n, 2] -> [n], or [n, width]. */
static gan_module *judge(gan_ctx *ctx, int64_t width) {
    if (width == 1) return gan_mlp_discriminator(ctx, (gan_mlp_opts){.width = 16, .depth = 1});
    gan_module *D = gan_sequential(ctx);
    gan_sequential_add(D, gan_linear_layer(ctx, 2, 16, (gan_linear_opts){0}));
    gan_sequential_add(D, gan_leaky_relu_layer(ctx, .2));
    gan_sequential_add(D, gan_linear_layer(ctx, 16, width, (gan_linear_opts){0}));
    return D;
}

static gan_trainer_opts opts_of(gan_loss_kind kind) {
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 16;
    gan_loss_named(gan_loss_name(kind), &o.loss);
    return o;
}

typedef struct run {
    gan_ctx *ctx;
    gan_module *G, *D;
    gan_trainer *trainer;
} run;

static run run_new(gan_trainer_opts o, int64_t width, bool labelled) {
    run r = {.ctx = gan_ctx_new((gan_ctx_opts){.seed = 8, .threads = 1})};
    r.G = gan_mlp_generator(r.ctx, (gan_mlp_opts){.width = 16, .depth = 1});
    r.D = judge(r.ctx, width);
    r.trainer = gan_trainer_new(r.G, r.D, points(r.ctx, labelled), o);
    return r;
}

static double first_weight(gan_module *m) { return gan_data(gan_module_param(m, 0)->tensor)[0]; }

static void test_every_loss__trains_in_turn_and_at_once(void **state) {
    (void)state;
    int trained = 0;
    double seen[32][2];
    for (int k = 0; gan_loss_name((gan_loss_kind)k); k++)
        for (int at_once = 0; at_once < 2; at_once++) {
            if (k == GAN_LOSS_MAD_GAN) continue; /* takes several generators */
            gan_trainer_opts o = opts_of((gan_loss_kind)k);
            o.simultaneous = at_once;
            run r = run_new(o, gan_loss_width(o.loss.kind, CLASSES, 1), true);
            double g = first_weight(r.G), d = first_weight(r.D);
            gan_step_info info;
            for (int i = 0; i < 5; i++) {
                gan_trainer_step(r.trainer, &info);
                check_ok(r.ctx);
                assert_true(isfinite(info.d_loss) && isfinite(info.g_loss) && isfinite(info.d_real) && isfinite(info.d_fake));
                assert_true(info.d_grad_norm > 0 && info.g_grad_norm > 0);
            }
            assert_true(first_weight(r.G) != g && first_weight(r.D) != d);
            assert_int_equal(info.epoch, 1); /* no batch goes to G alone */
            seen[trained][0] = info.d_loss;
            seen[trained++][1] = info.g_loss;
            gan_ctx_free(r.ctx);
        }
    /* Two losses that say the same of both players are one. */
    for (int i = 0; i < trained; i++)
        for (int j = 0; j < i; j++) assert_memory_not_equal(seen[i], seen[j], sizeof seen[i]);
}

/* D learns classes along with the rest: from 3 blobs apart, in a hundred steps. */
static void test_softmax_classes__learn_the_classes(void **state) {
    (void)state;
    gan_trainer_opts o = opts_of(GAN_LOSS_SOFTMAX_CLASSES);
    o.d = gan_adam(1e-2);
    run r = run_new(o, CLASSES + 1, true);
    for (int i = 0; i < 100; i++) gan_trainer_step(r.trainer, NULL);
    check_ok(r.ctx);
    gan_batch b = gan_dataset_next(points(r.ctx, true), POINTS);
    const gan_real *said = gan_data(gan_forward(r.D, b.x)), *label = gan_data(b.label);
    int right = 0;
    for (int i = 0; i < POINTS; i++) {
        int best = 0;
        for (int k = 1; k < CLASSES; k++)
            if (said[(CLASSES + 1) * i + k] > said[(CLASSES + 1) * i + best]) best = k;
        right += best == (int)label[i];
    }
    assert_true(right > POINTS * 9 / 10);
    gan_ctx_free(r.ctx);
}

static void test_trainer__refuses_what_does_not_go_with_the_loss(void **state) {
    (void)state;
    static const struct {
        gan_loss_kind kind;
        int64_t width;
        bool labelled;
        double real_target;
        gan_status status;
        const char *text;
    } cases[] = {
        {GAN_LOSS_HINGE, 1, true, .9, GAN_E_ARG, "gan_trainer_new: hinge has no targets to choose"},
        {(gan_loss_kind)77, 1, true, 1, GAN_E_ARG, "gan_trainer_new: 77 is no kind of loss"},
        {GAN_LOSS_SOFTMAX, 1, true, 1, GAN_E_SHAPE, "gan_trainer_new: D's output for two samples has shape [2], not [2, 2]"},
        {GAN_LOSS_MINIMAX, 2, true, 1, GAN_E_SHAPE, "D's output for two samples has shape [2, 2], not [2]"},
        {GAN_LOSS_SOFTMAX_CLASSES, 3, true, 1, GAN_E_SHAPE, "D's output for two samples has shape [2, 3], not [2, 4]"},
        {GAN_LOSS_SOFTMAX_CLASSES, 4, false, 1, GAN_E_ARG, "the loss softmax_classes needs labelled data"},
        {GAN_LOSS_MAD_GAN, 4, true, 1, GAN_E_ARG, "the loss mad_gan needs several generators"},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_trainer_opts o = gan_trainer_defaults();
        o.batch = 16;
        o.loss = (gan_loss){cases[i].kind, cases[i].real_target, 0, 1};
        run r = run_new(o, cases[i].width, cases[i].labelled);
        assert_true(gan_trainer_is_nil(r.trainer));
        check_failed(r.ctx, cases[i].status, cases[i].text);
        gan_ctx_free(r.ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_loss__trains_in_turn_and_at_once),
        cmocka_unit_test(test_softmax_classes__learn_the_classes),
        cmocka_unit_test(test_trainer__refuses_what_does_not_go_with_the_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
