/* What is refused, and what is warned of, in words that name both options: one table. Each row has two options; together they
 * are told of before the first step, in whichever order they are chosen, and neither is by itself. */
#include <stdio.h>

#include "cmocka_gan.h"

enum { SIDE = 16, IMAGES = 32 };

typedef struct setup {
    gan_trainer_opts o;
    gan_mlp_opts points;
    gan_dcgan_opts images;
    bool of_images, unpaired;
    gan_trick *(*makers[2])(gan_ctx *ctx);
    int n;
} setup;

static setup base(void) {
    setup s = {.o = gan_trainer_defaults()};
    s.o.batch = 4;
    s.o.ema = 0;
    s.points = (gan_mlp_opts){.latent = 3, .width = 6};
    s.images = (gan_dcgan_opts){.size = SIDE, .channels = 1, .latent = 4, .features = 3, .g_norm = GAN_NORM_LAYER};
    s.images.d_norm = GAN_NORM_LAYER;
    return s;
}

/* --- the options ---------------------------------------------------------------------------------------------- */

#define TRICK(name, call)                                                                                                        \
    static gan_trick *make_##name(gan_ctx *ctx) { return call; }                                                                 \
    static void name(setup *s) { s->makers[s->n++] = make_##name; }
#define OPTION(name, assignment)                                                                                                 \
    static void name(setup *s) { assignment; }

#define PENALTY(kind) gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_##kind, gan_constant(1), 0})
TRICK(wgan_gp, PENALTY(WGAN_GP))
TRICK(one_sided, PENALTY(WGAN_GP_ONE_SIDED))
TRICK(dragan, PENALTY(DRAGAN))
TRICK(r1, PENALTY(R1))
TRICK(r2, PENALTY(R2))
TRICK(clip, gan_weight_clip(ctx, (gan_weight_clip_opts){.c = .05}))
TRICK(label_noise, gan_label_noise(ctx, gan_label_noise_defaults()))
TRICK(label_noise_above, gan_label_noise(ctx, (gan_label_noise_opts){.real_low = .8, .real_high = 1.2}))
TRICK(label_noise_below, gan_label_noise(ctx, (gan_label_noise_opts){.real_low = .8, .real_high = 1, .fake_low = -.1}))
TRICK(label_flip, gan_label_flip(ctx, (gan_label_flip_opts){.p = gan_constant(.1)}))
TRICK(balance, gan_balance(ctx, gan_balance_defaults()))
TRICK(pixel_l1, gan_pixel_loss(ctx, gan_pixel_loss_defaults(GAN_PIXEL_L1)))
TRICK(matching, gan_feature_matching(ctx, (gan_feature_matching_opts){.weight = gan_constant(1), .path = "main.1"}))
TRICK(l2_of_d, gan_weight_penalty(ctx, (gan_weight_penalty_opts){.d = {.l2 = 1}, .weight = gan_constant(1)}))
TRICK(l2_of_g, gan_weight_penalty(ctx, (gan_weight_penalty_opts){.g = {.l2 = 1}, .weight = gan_constant(1)}))

OPTION(wasserstein, s->o.loss.kind = GAN_LOSS_WASSERSTEIN)
OPTION(hinge, s->o.loss.kind = GAN_LOSS_HINGE)
OPTION(average, s->o.loss.kind = GAN_LOSS_RELATIVISTIC_AVERAGE)
OPTION(pairing, s->o.loss.kind = GAN_LOSS_RELATIVISTIC_PAIRING)
OPTION(log_loss, s->o.loss.kind = GAN_LOSS_NON_SATURATING)
OPTION(mad_gan, s->o.loss.kind = GAN_LOSS_MAD_GAN)
OPTION(smooth, s->o.loss.real_target = .9)
OPTION(real_above, s->o.loss.real_target = 1.2)
OPTION(fake_below, s->o.loss.fake_target = -1)
OPTION(gen_above, s->o.loss.gen_target = 1.1)
OPTION(packs, s->o.pack = s->points.pack = 2)
OPTION(critic_steps, s->o.n_critic = 5)
OPTION(two_rates, s->o.d.lr = 2 * s->o.g.lr)
OPTION(two_schedules, s->o.d_rate = gan_linear_decay(2, 1, 100))
OPTION(decay_of_g, s->o.g.weight_decay = 1e-3)
OPTION(decay_of_d, s->o.d.weight_decay = 1e-3)
OPTION(spectral_d, s->points.d_spectral = true)
OPTION(spectral_g, s->points.g_spectral = true)
OPTION(batch_norm_d, s->points.d_norm = s->images.d_norm = GAN_NORM_BATCH)
OPTION(batch_norm_g, s->points.g_norm = s->images.g_norm = GAN_NORM_BATCH)
OPTION(batch_norm_images, (s->of_images = true, s->images.d_norm = GAN_NORM_BATCH))
OPTION(dropout_d, s->points.dropout = .3)
OPTION(dropout_g, s->points.g_dropout = .3)
OPTION(no_pairs, s->unpaired = true)

/* --- the table ------------------------------------------------------------------------------------------------ */

typedef void (*option)(setup *s);
typedef enum outcome { REFUSED, WARNED, HINTED } outcome;

static const struct row {
    outcome what;
    option first, second;
    const char *words[2]; /* one for each */
} rows[] = {
    {REFUSED, mad_gan, packs, {"mad_gan", "pack 2"}},
    {REFUSED, wgan_gp, batch_norm_d, {"wgan_gp", "batch norm in D"}},
    {REFUSED, wgan_gp, batch_norm_images, {"wgan_gp", "batch norm in D"}},
    {REFUSED, one_sided, batch_norm_d, {"wgan_gp_one_sided", "batch norm in D"}},
    {REFUSED, dragan, batch_norm_d, {"dragan", "batch norm in D"}},
    {REFUSED, clip, wgan_gp, {"weight_clip", "wgan_gp"}},
    {REFUSED, clip, one_sided, {"weight_clip", "wgan_gp"}},
    {REFUSED, clip, dragan, {"weight_clip", "dragan"}},
    {REFUSED, clip, r1, {"weight_clip", "r1"}},
    {REFUSED, clip, r2, {"weight_clip", "r2"}},
    {REFUSED, clip, spectral_d, {"weight_clip", "spectral norm in D"}},
    {REFUSED, label_noise, wasserstein, {"label_noise", "wasserstein"}},
    {REFUSED, label_noise, hinge, {"label_noise", "hinge"}},
    {REFUSED, label_noise, average, {"label_noise", "relativistic_average"}},
    {REFUSED, label_noise, pairing, {"label_noise", "relativistic_pairing"}},
    {REFUSED, label_flip, wasserstein, {"label_flip", "wasserstein"}},
    {REFUSED, label_flip, hinge, {"label_flip", "hinge"}},
    {REFUSED, label_flip, average, {"label_flip", "relativistic_average"}},
    {REFUSED, label_flip, pairing, {"label_flip", "relativistic_pairing"}},
    {REFUSED, smooth, wasserstein, {"targets", "wasserstein"}},
    {REFUSED, smooth, hinge, {"targets", "hinge"}},
    {REFUSED, smooth, average, {"targets", "relativistic_average"}},
    {REFUSED, smooth, pairing, {"targets", "relativistic_pairing"}},
    {REFUSED, balance, wasserstein, {"balance", "wasserstein"}},
    {REFUSED, balance, hinge, {"balance", "hinge"}},
    {REFUSED, balance, average, {"balance", "relativistic_average"}},
    {REFUSED, balance, pairing, {"balance", "relativistic_pairing"}},
    {REFUSED, pixel_l1, no_pairs, {"pixel_loss", "the data has none"}},
    {REFUSED, matching, batch_norm_d, {"feature_matching", "batch norm"}},
    {WARNED, r1, batch_norm_d, {"r1", "batch norm in D"}},
    {WARNED, r2, batch_norm_d, {"r2", "batch norm in D"}},
    {WARNED, r1, batch_norm_images, {"r1", "batch norm in D"}},
    {WARNED, two_rates, critic_steps, {"two rates, 0.0002 for G and 0.0004 for D", "n_critic 5"}},
    {WARNED, two_schedules, critic_steps, {"two rates, 0.0002 for G and 0.0004 for D", "n_critic 5"}},
    {WARNED, l2_of_d, spectral_d, {"weight_penalty: L2", "\"main.0.weight_orig\" of D, which is under spectral norm"}},
    {WARNED, l2_of_g, spectral_g, {"weight_penalty: L2", "\"main.0.weight_orig\" of G, which is under spectral norm"}},
    {WARNED, decay_of_d, spectral_d, {"d.weight_decay", "\"main.0.weight_orig\" of D, which is under spectral norm"}},
    {WARNED, decay_of_g, spectral_g, {"g.weight_decay", "\"main.0.weight_orig\" of G, which is under spectral norm"}},
    {WARNED, label_noise_above, log_loss, {"label_noise", "non_saturating loss is unbounded"}},
    {WARNED, label_noise_below, log_loss, {"label_noise", "non_saturating loss is unbounded"}},
    {WARNED, real_above, log_loss, {"loss.real_target is 1.2", "non_saturating loss is unbounded"}},
    {WARNED, fake_below, log_loss, {"loss.fake_target is -1", "non_saturating loss is unbounded"}},
    {WARNED, gen_above, log_loss, {"loss.gen_target is 1.1", "non_saturating loss is unbounded"}},
    {HINTED, dropout_d, batch_norm_d, {"dropout", "batch norm in D"}},
    {HINTED, dropout_g, batch_norm_g, {"dropout", "batch norm in G"}},
    {HINTED, decay_of_d, batch_norm_d, {"weight decay", "batch norm in D"}},
    {HINTED, l2_of_d, batch_norm_d, {"L2", "batch norm in D"}},
    {HINTED, l2_of_g, batch_norm_g, {"L2", "batch norm in G"}},
};

/* --- walking it ----------------------------------------------------------------------------------------------- */

typedef struct heard {
    char warnings[1024], hints[1024];
} heard;

static void hear(void *user, gan_log_level level, const char *message) {
    heard *h = user;
    char *text = level == GAN_LOG_WARNING ? h->warnings : h->hints;
    size_t used = strlen(text);
    snprintf(text + used, sizeof h->warnings - used, "%s\n", message);
}

/* What a run so set up says by the time that it could take its first step. */
static gan_status say(const setup *s, heard *h, char message[512]) {
    *h = (heard){{0}, {0}};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1, .log = hear, .log_user = h});
    static gan_real x[IMAGES * SIDE * SIDE];
    for (int i = 0; i < COUNT_OF(x); i++) x[i] = (gan_real)(i % 7) / 7;
    gan_shape shape = s->of_images ? gan_shape4(IMAGES, SIDE, SIDE, 1) : gan_shape2(IMAGES, 2);
    gan_dataset *data = gan_array_data(ctx, shape, x, (gan_array_opts){.targets = s->unpaired ? NULL : x});
    gan_module *G = s->of_images ? gan_dcgan_generator(ctx, s->images) : gan_mlp_generator(ctx, s->points);
    gan_module *D = s->of_images ? gan_dcgan_discriminator(ctx, s->images) : gan_mlp_discriminator(ctx, s->points);
    check_ok(ctx);
    gan_trainer *t = gan_trainer_new(G, D, data, s->o);
    for (int i = 0; i < s->n && gan_ctx_status(ctx) == GAN_OK; i++) gan_trainer_use(t, s->makers[i](ctx));
    gan_status status = gan_ctx_status(ctx);
    snprintf(message, 512, "%s", gan_ctx_message(ctx));
    heard before = *h;
    if (!status && gan_trainer_step(t, NULL)) fail_msg("the first step: %s", gan_ctx_message(ctx));
    *h = before;
    gan_ctx_free(ctx);
    return status;
}

static void start(const struct row *row, setup *s) {
    *s = base();
    if (row->second == log_loss) s->o.loss = gan_loss_least_squares(); /* which takes any targets */
}

static void check_alone(const struct row *row, option one) {
    setup s;
    heard h;
    char message[512];
    start(row, &s);
    if (one) one(&s);
    if (say(&s, &h, message)) fail_msg("%s: refused without the other: %s", row->words[0], message);
    if (h.warnings[0]) fail_msg("%s: warned of without the other: %s", row->words[0], h.warnings);
    if (row->what == HINTED && h.hints[0]) fail_msg("%s: told without the other: %s", row->words[0], h.hints);
}

static void test_combinations__are_told_of_before_training(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        check_alone(row, NULL);
        if (row->first != mad_gan) check_alone(row, row->first); /* that would ask for several generators */
        check_alone(row, row->second);
        for (int turned = 0; turned < 2; turned++) {
            setup s;
            heard h;
            char message[512];
            start(row, &s);
            (turned ? row->second : row->first)(&s);
            (turned ? row->first : row->second)(&s);
            gan_status status = say(&s, &h, message);
            if (!status != (row->what != REFUSED)) fail_msg("%s: %s", row->words[0], status ? message : "it went on");
            const char *said = row->what == REFUSED ? message : row->what == WARNED ? h.warnings : h.hints;
            for (int k = 0; k < 2; k++)
                if (!strstr(said, row->words[k])) fail_msg("\"%s\" does not say \"%s\"", said, row->words[k]);
            if (row->what == REFUSED) assert_int_equal(status, GAN_E_ARG);
        }
    }
    print_message("%d combinations\n", COUNT_OF(rows));
}

/* --- another pack width --------------------------------------------------------------------------------------- */

static void check_pack(gan_module *(*net)(gan_ctx *ctx, int pack), gan_shape shape, int trained, int built, const char *text) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    static gan_real x[IMAGES * SIDE * SIDE];
    gan_dataset *data = gan_array_data(ctx, shape, x, (gan_array_opts){0});
    setup s = base();
    s.o.pack = trained;
    gan_trainer *t = gan_trainer_new(shape.ndim == 2 ? gan_mlp_generator(ctx, s.points) : gan_dcgan_generator(ctx, s.images),
                                     net(ctx, built), data, s.o);
    assert_true(gan_trainer_is_nil(t));
    check_failed(ctx, GAN_E_SHAPE, text);
    gan_ctx_free(ctx);
}

static gan_module *perceptron(gan_ctx *ctx, int pack) { return gan_mlp_discriminator(ctx, (gan_mlp_opts){.pack = pack}); }
static gan_module *dcgan(gan_ctx *ctx, int pack) {
    return gan_dcgan_discriminator(ctx, (gan_dcgan_opts){.size = SIDE, .channels = 1, .features = 3, .pack = pack});
}
static gan_module *own(gan_ctx *ctx, int pack) {
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_linear_layer(ctx, 2 * pack, 1, (gan_linear_opts){0}));
    gan_sequential_add(m, gan_reshape_layer(ctx, gan_shape0()));
    return m;
}
static gan_module *own_for_others(gan_ctx *ctx, int pack) {
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_linear_layer(ctx, 2 * pack + 1, 1, (gan_linear_opts){0}));
    return m;
}

static void test_discriminators__for_other_packs_are_refused(void **state) {
    (void)state;
    const gan_shape points = gan_shape2(IMAGES, 2), images = gan_shape4(IMAGES, SIDE, SIDE, 1);
    check_pack(perceptron, points, 2, 1, "gan_trainer_opts.pack is 2, but D is built for pack 1");
    check_pack(perceptron, points, 1, 3, "gan_trainer_opts.pack is 1, but D is built for pack 3");
    check_pack(dcgan, images, 3, 2, "gan_trainer_opts.pack is 3, but D is built for pack 2");
    check_pack(own, points, 2, 4, "gan_trainer_opts.pack is 2, but D is built for pack 4");
    check_pack(own_for_others, points, 2, 2, "D does not take the data's samples, with gan_trainer_opts.pack 2: ");
}

/* --- dense layers ------------------------------------------------------------------------------------------------- */

/* G: dense [8, g_middle] and [g_middle, 256], then the map; D: the map through dense [256, d_middle] and [d_middle, 1]. */
static void check_dense(int64_t g_middle, int64_t d_middle, const char *of_g, const char *of_d) {
    heard h = {{0}, {0}};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1, .log = hear, .log_user = &h});
    static gan_real x[IMAGES * SIDE * SIDE];
    gan_dataset *data = gan_array_data(ctx, gan_shape4(IMAGES, SIDE, SIDE, 1), x, (gan_array_opts){0});
    gan_module *G = gan_sequential(ctx), *D = gan_sequential(ctx);
    gan_sequential_add(G, gan_linear_layer(ctx, 8, g_middle, (gan_linear_opts){0}));
    gan_sequential_add(G, gan_linear_layer(ctx, g_middle, SIDE * SIDE, (gan_linear_opts){0}));
    gan_sequential_add(G, gan_reshape_layer(ctx, gan_shape3(SIDE, SIDE, 1)));
    gan_sequential_add(D, gan_flatten_layer(ctx));
    gan_sequential_add(D, gan_linear_layer(ctx, SIDE * SIDE, d_middle, (gan_linear_opts){0}));
    gan_sequential_add(D, gan_linear_layer(ctx, d_middle, 1, (gan_linear_opts){0}));
    gan_sequential_add(D, gan_reshape_layer(ctx, gan_shape0()));
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 4;
    o.latent = 8;
    gan_trainer_new(G, D, data, o);
    check_ok(ctx);
    char expected[512] = "";
    static const char format[] = "the dense layer \"1\" holds %s %% of the parameters of %c: convolutions serve images better\n";
    if (of_g) snprintf(expected, sizeof expected, format, of_g, 'G');
    if (of_d) snprintf(expected + strlen(expected), 256, format, of_d, 'D');
    assert_string_equal(h.warnings, expected);
    gan_ctx_free(ctx);
}

static void test_dense_layers__that_hold_most_of_an_image_net_are_warned_of(void **state) {
    (void)state;
    check_dense(1, 4, "98", "100"); /* 512 of 521; 1,028 of 1,033 */
    check_dense(30, 1, "97", "99"); /* 7,936 of 8,206; 257 of 259 */
}

static void test_dense_layers__at_the_ends_and_for_points_are_not(void **state) {
    (void)state;
    setup s = base();
    heard h;
    char message[512];
    for (int images = 0; images < 2; images++) {
        s.of_images = images;
        s.points.width = 100;
        assert_int_equal(say(&s, &h, message), GAN_OK);
        assert_string_equal(h.warnings, "");
    }
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1, .log = hear, .log_user = &h});
    static gan_real x[8 * 32 * 32];
    gan_dataset *data = gan_array_data(ctx, gan_shape4(8, 32, 32, 1), x, (gan_array_opts){0});
    /* Its projection to the first map is by far its largest layer. */
    gan_module *G = gan_resnet_generator(ctx, (gan_resnet_opts){.size = 32, .channels = 1, .latent = 4096, .features = 2});
    gan_module *D = gan_resnet_discriminator(ctx, (gan_resnet_opts){.size = 32, .channels = 1, .features = 2, .aux = 3000});
    s.o.latent = 4096;
    gan_trainer_new(G, D, data, s.o);
    check_ok(ctx);
    assert_string_equal(h.warnings, "");
    int64_t all = 0, most = 0;
    for (int i = 0; i < gan_module_param_count(G); i++) {
        int64_t n = gan_count(gan_module_param(G, i)->tensor);
        all += n;
        if (n > most) most = n;
    }
    assert_true(2 * most > all);
    gan_ctx_free(ctx);
}

/* A pack of labelled samples has no one class: told before training, not by its first step. */
static void test_combinations__of_packs_and_classes_are_refused(void **state) {
    (void)state;
    static const gan_real x[16] = {0};
    static const int32_t labels[8] = {0, 1, 2, 0, 1, 2, 0, 1};
    for (int pack = 1; pack <= 2; pack++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
        gan_dataset *data = gan_array_data(ctx, gan_shape2(8, 2), x, (gan_array_opts){.labels = labels});
        gan_trainer_opts o = gan_trainer_defaults();
        o.loss.kind = GAN_LOSS_SOFTMAX_CLASSES, o.batch = 4, o.pack = pack;
        gan_mlp_opts net = {.width = 4, .pack = pack, .logits = 4};
        gan_trainer_new(gan_mlp_generator(ctx, net), gan_mlp_discriminator(ctx, net), data, o);
        assert_int_equal(gan_ctx_status(ctx), pack == 1 ? GAN_OK : GAN_E_ARG);
        if (pack > 1) assert_non_null(strstr(gan_ctx_message(ctx), "pack 2 is refused with the softmax_classes loss"));
        gan_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_combinations__of_packs_and_classes_are_refused),
        cmocka_unit_test(test_combinations__are_told_of_before_training),
        cmocka_unit_test(test_discriminators__for_other_packs_are_refused),
        cmocka_unit_test(test_dense_layers__that_hold_most_of_an_image_net_are_warned_of),
        cmocka_unit_test(test_dense_layers__at_the_ends_and_for_points_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
