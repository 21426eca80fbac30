/* What is known of each kind of loss, held against the losses themselves. */
#include "cmocka_gan.h"

#define LN2 .69314718055994531

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static const struct {
    const char *name;
    gan_loss (*make)(void);
    gan_loss_kind kind;
    bool critic, takes_targets;
    double constant, least, threshold; /* with five outputs where there are classes or generators */
} known[] = {
    {"non_saturating", gan_loss_non_saturating, GAN_LOSS_NON_SATURATING, false, true, 2 * LN2, 0, 0},
    {"least_squares", gan_loss_least_squares, GAN_LOSS_LEAST_SQUARES, false, true, .25, 0, .5},
    {"minimax", gan_loss_minimax, GAN_LOSS_MINIMAX, false, true, 2 * LN2, 0, 0},
    {"wasserstein", gan_loss_wasserstein, GAN_LOSS_WASSERSTEIN, true, false, 0, -INFINITY, NAN},
    {"hinge", gan_loss_hinge, GAN_LOSS_HINGE, true, false, 2, 0, 0},
    {"relativistic_average", gan_loss_relativistic_average, GAN_LOSS_RELATIVISTIC_AVERAGE, true, false, 2 * LN2, 0, NAN},
    {"relativistic_pairing", gan_loss_relativistic_pairing, GAN_LOSS_RELATIVISTIC_PAIRING, true, false, LN2, 0, NAN},
    {"softmax", gan_loss_softmax, GAN_LOSS_SOFTMAX, false, true, 2 * LN2, 0, 0},
    {"softmax_classes", gan_loss_softmax_classes, GAN_LOSS_SOFTMAX_CLASSES, false, true, 4 * LN2, 0, 0},
    {"mad_gan", gan_loss_mad_gan, GAN_LOSS_MAD_GAN, false, true, 4 * LN2, 0, 0},
};

static int64_t five_at_most(gan_loss_kind kind) { return gan_loss_width(kind, 4, 4); }

static bool alike(double a, double b) { return (isnan(a) && isnan(b)) || a == b || fabs(a - b) < 1e-15; }

static void test_table__holds_each_kind_under_its_name(void **state) {
    (void)state;
    int kinds = 0;
    while (gan_loss_info_of((gan_loss_kind)kinds)) kinds++;
    assert_int_equal(kinds, COUNT_OF(known));
    for (int i = 0; i < COUNT_OF(known); i++) {
        gan_loss made = known[i].make(), named = {0};
        assert_int_equal(made.kind, known[i].kind);
        assert_string_equal(gan_loss_name(made.kind), known[i].name);
        assert_true(gan_loss_named(known[i].name, &named));
        assert_int_equal(named.kind, made.kind);
        assert_true(named.real_target == 1 && named.fake_target == 0 && named.gen_target == 1);
        assert_true(made.real_target == 1 && made.fake_target == 0 && made.gen_target == 1);
        const gan_loss_info *info = gan_loss_info_of(made.kind);
        assert_int_equal(info->critic, known[i].critic);
        assert_int_equal(info->takes_targets, known[i].takes_targets);
        assert_int_equal(info->unit_targets, known[i].takes_targets && made.kind != GAN_LOSS_LEAST_SQUARES);
        assert_int_equal(info->needs_real_label, made.kind == GAN_LOSS_SOFTMAX_CLASSES);
        assert_int_equal(info->needs_fake_label, made.kind == GAN_LOSS_MAD_GAN);
    }
}

static void test_names__that_are_unknown_change_nothing(void **state) {
    (void)state;
    gan_loss l = {GAN_LOSS_HINGE, 4, 5, 6};
    const char *const wrong[] = {"", "hing", "hinges", "Hinge", NULL};
    for (int i = 0; i < COUNT_OF(wrong); i++) assert_false(gan_loss_named(wrong[i], &l));
    assert_true(l.kind == GAN_LOSS_HINGE && l.real_target == 4 && l.fake_target == 5 && l.gen_target == 6);
    assert_null(gan_loss_name((gan_loss_kind)-1));
    assert_null(gan_loss_info_of((gan_loss_kind)99));
}

static void test_width__follows_from_classes_and_generators(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(known); i++) {
        gan_loss_kind kind = known[i].kind;
        int64_t want = kind == GAN_LOSS_SOFTMAX ? 2 : kind == GAN_LOSS_SOFTMAX_CLASSES ? 11 : kind == GAN_LOSS_MAD_GAN ? 4 : 1;
        assert_int_equal(gan_loss_width(kind, 10, 3), want);
        assert_int_equal(gan_loss_width(kind, 0, 3), kind == GAN_LOSS_SOFTMAX_CLASSES ? 0 : want);
        assert_int_equal(gan_loss_width(kind, 10, 0), kind == GAN_LOSS_MAD_GAN ? 0 : want);
    }
    assert_int_equal(gan_loss_width((gan_loss_kind)99, 1, 1), 0);
}

static void test_levels__are_the_known_ones(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(known); i++) {
        gan_loss l = known[i].make();
        int64_t width = five_at_most(l.kind);
        bool right = alike(gan_loss_constant(&l, width), known[i].constant) && alike(gan_loss_least(&l, width), known[i].least) &&
                     alike(gan_loss_threshold(&l), known[i].threshold);
        if (!right) fail_msg("%s: %g, %g, %g", known[i].name, gan_loss_constant(&l, width), gan_loss_least(&l, width),
                             gan_loss_threshold(&l));
        assert_true(isnan(gan_loss_constant(&l, width == 1 ? 2 : 1)));
        assert_true(isnan(gan_loss_least(&l, width == 2 ? 3 : 0)));
    }
    gan_loss none = {.kind = (gan_loss_kind)99};
    assert_true(isnan(gan_loss_constant(&none, 1)) && isnan(gan_loss_least(&none, 1)) && isnan(gan_loss_threshold(&none)));
    assert_true(isnan(gan_loss_constant(NULL, 1)) && isnan(gan_loss_least(NULL, 1)) && isnan(gan_loss_threshold(NULL)));
}

/* Twelve reals and fakes, of each class and generator alike. */
static gan_verdict verdict_of(gan_tensor *real, gan_tensor *fake) {
    gan_real labels[12];
    for (int i = 0; i < 12; i++) labels[i] = (gan_real)(i % 4);
    gan_tensor *label = gan_from(ctx, gan_shape1(12), labels);
    return (gan_verdict){.real = real, .fake = fake, .real_label = label, .fake_label = label};
}

static gan_shape twelve(int64_t width) { return width == 1 ? gan_shape1(12) : gan_shape2(12, width); }

/* The realness of the best D that says the same of every sample: logit (or half way) of the mean target. */
static double best_constant(const gan_loss *l) {
    double mean = (l->real_target + l->fake_target) / 2;
    return l->kind == GAN_LOSS_LEAST_SQUARES ? mean : log(mean / (1 - mean));
}

/* Outputs that are all of this realness, none of a class more than of another. */
static gan_tensor *outputs_of(const gan_loss *l, int64_t width, double realness) {
    gan_tensor *x = gan_full(ctx, twelve(width), width == 1 ? realness : 0);
    if (width == 1) return x;
    double rest = log((double)(width - 1));
    double last = l->kind == GAN_LOSS_SOFTMAX_CLASSES ? rest - realness : rest + realness;
    gan_tensor *parts[] = {gan_slice(x, 1, 0, width - 1), gan_full(ctx, gan_shape2(12, 1), last)};
    return gan_concat(parts, 2, 1);
}

static double d_loss_at(const gan_loss *l, int64_t width, double realness) {
    gan_tensor *x = outputs_of(l, width, realness);
    return gan_item(gan_loss_d(l, verdict_of(x, x)));
}

/* The marks are what D's loss itself gives, hard targets or soft. */
static void test_constant__is_the_least_loss_of_a_constant_d(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(known); i++)
        for (int soft = 0; soft <= known[i].takes_targets; soft++) {
            gan_loss l = known[i].make();
            if (soft) l.real_target = .9, l.fake_target = .2;
            int64_t width = five_at_most(l.kind);
            double at = best_constant(&l), level = gan_loss_constant(&l, width);
            check_close(d_loss_at(&l, width, at), level, 1e-5);
            for (int side = -1; side <= 1; side += 2) assert_true(d_loss_at(&l, width, at + .3 * side) > level - 1e-5);
        }
    check_ok(ctx);
}

/* Real or fake by the given realness, and surely of class or generator i % 4. */
static gan_tensor *sure_outputs(const gan_loss *l, int64_t width, double realness) {
    gan_tensor *x = outputs_of(l, width, 0);
    if (width == 1) return gan_full(ctx, twelve(1), realness);
    if (width == 2) return outputs_of(l, 2, realness);
    gan_real rows[12 * 5] = {0};
    for (int i = 0; i < 12; i++) {
        rows[5 * i + i % 4] = 40;
        rows[5 * i + 4] = (gan_real)(40 + (l->kind == GAN_LOSS_SOFTMAX_CLASSES ? -realness : realness));
    }
    return gan_from(ctx, gan_shape_of(x), rows);
}

static void test_least__is_the_loss_of_a_d_who_is_right(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(known); i++)
        for (int soft = 0; soft <= known[i].takes_targets; soft++) {
            gan_loss l = known[i].make();
            if (l.kind == GAN_LOSS_WASSERSTEIN) continue;
            if (soft) l.real_target = .9, l.fake_target = .2;
            int64_t width = five_at_most(l.kind);
            bool square = l.kind == GAN_LOSS_LEAST_SQUARES;
            double real = square ? l.real_target : soft ? log(.9 / .1) : 40;
            double fake = square ? l.fake_target : soft ? log(.2 / .8) : -40;
            gan_verdict v = verdict_of(sure_outputs(&l, width, real), sure_outputs(&l, width, fake));
            check_close(gan_item(gan_loss_d(&l, v)), gan_loss_least(&l, width), 1e-5);
        }
    check_ok(ctx);
}

static void test_levels__of_unbounded_losses_are_infinite(void **state) {
    (void)state;
    gan_loss l = gan_loss_non_saturating();
    l.real_target = 1.2;
    assert_true(gan_loss_least(&l, 1) == -INFINITY && isfinite(gan_loss_constant(&l, 1)));
    l.real_target = 2.5;
    assert_true(gan_loss_constant(&l, 1) == -INFINITY);
    l = gan_loss_least_squares();
    l.real_target = 3, l.fake_target = -1;
    assert_true(gan_loss_least(&l, 1) == 0 && gan_loss_constant(&l, 1) == 4 && gan_loss_threshold(&l) == 1);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_table__holds_each_kind_under_its_name),
        TEST(test_names__that_are_unknown_change_nothing),
        TEST(test_width__follows_from_classes_and_generators),
        TEST(test_levels__are_the_known_ones),
        TEST(test_constant__is_the_least_loss_of_a_constant_d),
        TEST(test_least__is_the_loss_of_a_d_who_is_right),
        TEST(test_levels__of_unbounded_losses_are_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
