/* The published configurations: the fields that make each, and that each trains points. */
#include "config_checks.h"

enum { STEPS = 2000, DRAWN = 512 };

/* --- what they are ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *loss, *optimiser;
    double g_lr, d_lr, beta1, beta2;
    int n_critic, pack;
    gan_norm_kind d_norm; /* of images */
    bool d_spectral, g_spectral, residual, simultaneous;
    int generators;
    const char *tricks[GAN_PRESET_TRICKS];
} wanted[] = {
    {"dcgan", "non_saturating", "adam", 2e-4, 2e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_DEFAULT},
    {"lsgan", "least_squares", "adam", 2e-4, 2e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_DEFAULT},
    {"wgan", "wasserstein", "rmsprop", 5e-5, 5e-5, .5, .999, 5, 1, .d_norm = GAN_NORM_DEFAULT, .tricks = {"weight_clip:c=0.01"}},
    {"wgan-gp", "wasserstein", "adam", 1e-4, 1e-4, 0, .9, 5, 1, .d_norm = GAN_NORM_LAYER, .tricks = {"wgan_gp:weight=10"}},
    {"dragan", "non_saturating", "adam", 2e-4, 2e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_LAYER, .tricks = {"dragan:weight=10"}},
    {"hinge", "hinge", "adam", 2e-4, 2e-4, 0, .9, 1, 1, .d_norm = GAN_NORM_DEFAULT, .d_spectral = true},
    {"ragan", "relativistic_average", "adam", 2e-4, 2e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_DEFAULT},
    {"rpgan", "relativistic_pairing", "adam", 2e-4, 2e-4, 0, .99, 1, 1, .d_norm = GAN_NORM_LAYER, .tricks = {"r1:weight=0.1", "r2:weight=0.1"}},
    {"sngan", "hinge", "adam", 2e-4, 2e-4, 0, .9, 5, 1, .d_norm = GAN_NORM_DEFAULT, .d_spectral = true, .residual = true},
    {"sagan", "hinge", "adam", 1e-4, 4e-4, 0, .9, 1, 1, .d_norm = GAN_NORM_DEFAULT, true, true, .residual = true},
    {"ttur", "hinge", "adam", 1e-4, 4e-4, 0, .9, 1, 1, .d_norm = GAN_NORM_DEFAULT, .d_spectral = true},
    {"pacgan", "non_saturating", "adam", 2e-4, 2e-4, .5, .999, 1, 2, .d_norm = GAN_NORM_DEFAULT},
    {"unrolled", "minimax", "adam", 1e-3, 1e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_DEFAULT, .simultaneous = true,
     .tricks = {"lookahead:steps=5"}},
    {"improved", "non_saturating", "adam", 2e-4, 2e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_DEFAULT,
     .tricks = {"historical_averaging:g=0.001,d=0.001", "feature_matching"}},
    {"mad-gan", "mad_gan", "adam", 2e-4, 2e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_DEFAULT, .generators = 4},
    {"mgan", "non_saturating", "adam", 2e-4, 2e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_DEFAULT, .generators = 10,
     .tricks = {"generator_classifier:g=0.01,d=1"}},
    {"softmax", "softmax", "adam", 2e-4, 2e-4, .5, .999, 1, 1, .d_norm = GAN_NORM_DEFAULT},
};

static void test_presets__have_the_values_of_their_papers(void **state) {
    (void)state;
    static const char *const kinds[] = {"adam", "rmsprop", "sgd"}; /* by gan_optim_kind */
    for (int i = 0; i < COUNT_OF(wanted); i++) {
        assert_string_equal(gan_preset_name(i), wanted[i].name);
        gan_preset p = gan_preset_of(wanted[i].name);
        const gan_trainer_opts *o = &p.trainer;
        assert_string_equal(p.name, wanted[i].name);
        assert_true(p.paper && *p.brief);
        assert_string_equal(gan_loss_name(o->loss.kind), wanted[i].loss);
        assert_string_equal(kinds[o->g.kind], wanted[i].optimiser);
        assert_string_equal(kinds[o->d.kind], wanted[i].optimiser);
        assert_true(o->g.lr == wanted[i].g_lr && o->d.lr == wanted[i].d_lr);
        assert_true(o->g.beta1 == wanted[i].beta1 && o->d.beta1 == wanted[i].beta1);
        assert_true(o->g.beta2 == wanted[i].beta2 && o->d.beta2 == wanted[i].beta2);
        assert_int_equal(o->n_critic, wanted[i].n_critic);
        assert_int_equal(o->pack, wanted[i].pack);
        assert_int_equal(p.image.d_norm, wanted[i].d_norm);
        assert_int_equal(p.residual, wanted[i].residual);
        assert_int_equal(o->simultaneous, wanted[i].simultaneous);
        assert_true(p.image.d_spectral == wanted[i].d_spectral && p.points.d_spectral == wanted[i].d_spectral);
        assert_true(p.image.g_spectral == wanted[i].g_spectral && p.points.g_spectral == wanted[i].g_spectral);
        assert_true(p.image.generators == wanted[i].generators && p.points.generators == wanted[i].generators);
        for (int k = 0; k < GAN_PRESET_TRICKS; k++) {
            const char *is = p.tricks[k], *want = wanted[i].tricks[k];
            if (!want)
                assert_null(is);
            else if (!is || strcmp(is, want))
                fail_msg("%s: a trick is %s, not %s", p.name, is ? is : "none", want);
        }
    }
    gan_preset improved = gan_preset_of("improved"), sagan = gan_preset_of("sagan"), mgan = gan_preset_of("mgan");
    assert_true(improved.trainer.loss.real_target == .9 && improved.image.minibatch == GAN_MINIBATCH_DISCRIMINATION);
    assert_true(improved.image.g_norm == GAN_NORM_VIRTUAL && improved.points.g_norm == GAN_NORM_VIRTUAL);
    assert_true(sagan.image.g_attention == 16 && sagan.image.d_attention == 16);
    assert_true(mgan.trainer.batch == 120 && mgan.image.aux == 10 && mgan.points.aux == 10);
    assert_int_equal(gan_preset_of("softmax").image.logits, 2);
    assert_int_equal(gan_preset_of("mad-gan").points.logits, 5);
    assert_null(gan_preset_name(COUNT_OF(wanted)));
    assert_null(gan_preset_name(-1));
    static const char *const unknown[] = {"", "DCGAN", "wgan_gp", "wgan-gp ", "dcgan2"};
    for (int i = 0; i < COUNT_OF(unknown); i++) assert_null(gan_preset_of(unknown[i]).name);
    assert_null(gan_preset_of(NULL).name);
}

static void test_presets__give_their_tricks_to_a_trainer(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(wanted); i++) {
        gan_preset p = gan_preset_of(wanted[i].name);
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
        p.trainer.batch = 40;
        gan_trainer *t = gan_trainer_new(gan_mlp_generator(ctx, p.points), gan_mlp_discriminator(ctx, p.points),
                                         gan_ring_data(ctx, (gan_mixture_opts){.count = 500}), p.trainer);
        gan_preset_use(&p, t);
        if (gan_trainer_step(t, NULL)) fail_msg("%s: %s", p.name, gan_ctx_message(ctx));
        for (int k = 0; k < GAN_PRESET_TRICKS && p.tricks[k]; k++) { /* a trainer has but one of each name */
            gan_trainer *again = gan_trainer_new(gan_trainer_generator(t), gan_trainer_discriminator(t),
                                                 gan_ring_data(ctx, (gan_mixture_opts){.count = 500}), p.trainer);
            gan_preset_use(&p, again);
            check_ok(ctx);
            gan_trainer_use(again, gan_trick_parse(ctx, p.tricks[k]));
            check_failed(ctx, GAN_E_ARG, "one of that name");
        }
        gan_ctx_free(ctx);
    }
}

/* A G whose weights are too small for its layers makes one flat picture, and hands next to no gradient to its first layers. */
static void test_presets__start_with_pictures(void **state) {
    (void)state;
    const char *name;
    for (int i = 0; (name = gan_preset_name(i)); i++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
        gan_config *c = gan_config_new(ctx);
        gan_config_preset(c, name);
        gan_config_set(c, "data.path=" GAN_DATA_DIR "/t10k-images-idx3-ubyte.gz");
        gan_config_set(c, "net.features=8");
        gan_trainer *t = gan_config_trainer(c, ctx);
        enum { BATCH = 20 }; /* a whole number for each count of generators */
        gan_module *G = gan_trainer_generator(t);
        gan_module_train(G, true);
        gan_tensor *x = gan_forward(G, gan_trainer_latents(t, BATCH, 1, 0));
        double deviation = sqrt(gan_item(gan_mean(gan_var_axes(x, GAN_AXIS(0), false))));
        check_ok(ctx);
        print_message("%-10s pixels vary by %.3g with the latent\n", name, deviation);
        if (!(deviation > .02)) fail_msg("%s: pixels vary by %g with the latent", name, deviation);
        gan_ctx_free(ctx);
    }
}

/* --- what they do ------------------------------------------------------------------------------------------------- */

/* What fits images does not always fit points of the plane. */
static const struct {
    const char *preset, *setting;
} for_points[] = {
    {"wgan-gp", "wgan_gp.weight=0.1"}, /* the value of its own paper's points */
    {"dragan", "dragan.weight=0.1"},
    {"improved", "net.kernels=20"}, /* a hundred take most of the test's time */
};

/* Of G's samples to the next mode of the ring. */
static double mean_distance(gan_trainer *t, gan_ctx *ctx) {
    gan_scope_begin(ctx);
    const gan_real *x = gan_data(gan_trainer_sample(t, DRAWN, 1)), *means = gan_data(gan_ring_means(ctx));
    double sum = 0;
    for (int i = 0; i < DRAWN; i++) {
        double nearest = INFINITY;
        for (int k = 0; k < 8; k++)
            nearest = fmin(nearest, hypot((double)(x[2 * i] - means[2 * k]), (double)(x[2 * i + 1] - means[2 * k + 1])));
        sum += nearest;
    }
    gan_scope_end(ctx);
    return sum / DRAWN;
}

/* Players that circle around the ring, as some do with nets so small, come near it and go: what counts is how near they came, at
 * the quarters of the way. An untrained G is about .8 from the modes. */
static void check_training(const char *name) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
    gan_config *c = gan_config_new(ctx);
    gan_config_preset(c, name);
    static const char *const small[] = {"data.path=ring", "data.points=4000", "batch=40", "net.units=64"};
    for (int i = 0; i < COUNT_OF(small); i++) gan_config_set(c, small[i]);
    for (int i = 0; i < COUNT_OF(for_points); i++)
        if (!strcmp(for_points[i].preset, name)) gan_config_set(c, for_points[i].setting);
    gan_trainer *t = gan_config_trainer(c, ctx);
    check_ok(ctx);
    double before = mean_distance(t, ctx), nearest = INFINITY;
    for (int i = 1; i <= STEPS; i++) {
        gan_step_info info;
        if (gan_trainer_step(t, &info)) fail_msg("%s: %s", name, gan_ctx_message(ctx));
        if (!isfinite(info.d_loss) || !isfinite(info.g_loss)) fail_msg("%s: a loss is not finite", name);
        if (i % (STEPS / 4) == 0) nearest = fmin(nearest, mean_distance(t, ctx));
    }
    double after = mean_distance(t, ctx);
    check_ok(ctx);
    print_message("%-10s from %.3f to %.3f, at best %.3f\n", name, before, after, nearest);
    if (!isfinite(after) || !(nearest < .6 * before)) fail_msg("%s: samples do not move towards the ring", name);
    gan_ctx_free(ctx);
}

static void test_presets__train_the_ring(void **state) {
    (void)state;
    const char *name;
    for (int i = 0; (name = gan_preset_name(i)); i++) check_training(name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets__have_the_values_of_their_papers),
        cmocka_unit_test(test_presets__give_their_tricks_to_a_trainer),
        cmocka_unit_test(test_presets__start_with_pictures),
        cmocka_unit_test(test_presets__train_the_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
