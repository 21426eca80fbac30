/* The players' losses, of every kind: against PyTorch's, both derivatives, extreme outputs, and what does not fit. */
#include <stdio.h>

#include "cmocka_gan.h"
#include "support/golden.h"

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-12
#else
#define TOLERANCE 1e-5
#endif

static gan_ctx *ctx;
static golden *values;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    values = golden_open("loss.safetensors");
    return 0;
}

static int end(void **state) {
    (void)state;
    golden_close(values);
    gan_ctx_free(ctx);
    return 0;
}

static gan_loss loss_of(int kind) {
    gan_loss l;
    assert_true(gan_loss_named(gan_loss_name((gan_loss_kind)kind), &l));
    return l;
}

#define EACH_KIND(k) (int k = 0; gan_loss_name((gan_loss_kind)k); k++)

/* D's outputs for each kind as the golden file has them, with whatever labels the kind may want. */
static gan_verdict verdict_of(const char *name, const char *size) {
    char key[80];
    gan_verdict v = {0};
    snprintf(key, sizeof key, "%s.%s.real", name, size);
    v.real = golden_make(values, ctx, key);
    snprintf(key, sizeof key, "%s.%s.fake", name, size);
    v.fake = golden_make(values, ctx, key);
    v.real_label = golden_make(values, ctx, "real_label");
    if (!strcmp(name, "mad_gan")) v.fake_label = golden_make(values, ctx, "fake_label");
    return v;
}

/* y and its gradients by D's outputs, as PyTorch has them. */
static void check_golden(const char *name, const char *size, const char *what, gan_tensor *y, gan_verdict v) {
    gan_tensor *in[] = {v.real, v.fake}, *all[3] = {y};
    gan_grads(y, in, 2, all + 1, (gan_grad_opts){.allow_unused = true});
    check_ok(ctx);
    static const char *const parts[] = {"value", "grad0", "grad1"};
    for (int i = 0; i < 3; i++) {
        char key[80];
        snprintf(key, sizeof key, "%s.%s.%s.%s", name, size, what, parts[i]);
        double distance = golden_distance(values, key, all[i]);
        if (!(distance < TOLERANCE)) fail_msg("%s is off by %g", key, distance);
    }
}

static const char *const sizes[] = {"plain", "wild"};

static void test_every_loss__is_pytorchs(void **state) {
    (void)state;
    for EACH_KIND (k)
        for (int i = 0; i < 2; i++) {
            gan_loss l = loss_of(k);
            const char *name = gan_loss_name(l.kind);
            gan_verdict v = verdict_of(name, sizes[i]);
            check_golden(name, sizes[i], "d", gan_loss_d(&l, v), v);
            check_golden(name, sizes[i], "g", gan_loss_g(&l, v), v);
        }
}

static void test_every_target__is_pytorchs(void **state) {
    (void)state;
    int kinds = 0;
    for EACH_KIND (k)
        for (int i = 0; i < 2; i++) {
            gan_loss l = loss_of(k);
            const char *name = gan_loss_name(l.kind);
            if (!gan_loss_info_of(l.kind)->takes_targets) continue;
            kinds++;
            gan_verdict v = verdict_of(name, sizes[i]);
            l.real_target = .9, l.fake_target = .2, l.gen_target = .7;
            check_golden(name, sizes[i], "d_smooth", gan_loss_d(&l, v), v);
            check_golden(name, sizes[i], "g_smooth", gan_loss_g(&l, v), v);
            v.real_target = golden_make(values, ctx, "each_t"), v.fake_target = golden_make(values, ctx, "each_u");
            check_golden(name, sizes[i], "d_each", gan_loss_d(&l, v), v);
            check_golden(name, sizes[i], "g_smooth", gan_loss_g(&l, v), v);
            v.real_target = golden_make(values, ctx, "flipped_t"), v.fake_target = golden_make(values, ctx, "flipped_u");
            check_golden(name, sizes[i], "d_flipped", gan_loss_d(&l, v), v);
        }
    assert_int_equal(kinds, 2 * 6);
}

static void test_least_squares__takes_any_three_targets(void **state) {
    (void)state;
    gan_loss l = gan_loss_least_squares();
    l.fake_target = -1, l.real_target = 1, l.gen_target = 0;
    gan_verdict v = verdict_of("least_squares", "plain");
    check_golden("least_squares", "plain", "d_abc", gan_loss_d(&l, v), v);
    check_golden("least_squares", "plain", "g_abc", gan_loss_g(&l, v), v);
}

static void test_softmax_classes__go_without_some_labels(void **state) {
    (void)state;
    gan_loss l = gan_loss_softmax_classes();
    for (int i = 0; i < 2; i++) {
        gan_verdict v = verdict_of("softmax_classes", sizes[i]);
        v.real_label = golden_make(values, ctx, "some_label");
        v.real_target = golden_make(values, ctx, "each_t");
        check_golden("softmax_classes", sizes[i], "d_some", gan_loss_d(&l, v), v);
    }
}

static void test_softmax_classes__hold_fakes_to_the_classes_they_were_to_have(void **state) {
    (void)state;
    gan_loss l = gan_loss_softmax_classes(), smooth = l;
    smooth.gen_target = .7;
    for (int i = 0; i < 2; i++) {
        gan_verdict v = verdict_of("softmax_classes", sizes[i]);
        v.fake_label = golden_make(values, ctx, "fake_label");
        check_golden("softmax_classes", sizes[i], "g_label", gan_loss_g(&l, v), v);
        check_golden("softmax_classes", sizes[i], "g_label_smooth", gan_loss_g(&smooth, v), v);
        check_golden("softmax_classes", sizes[i], "d", gan_loss_d(&l, v), v);
    }
}

static void test_realness__is_pytorchs_or_the_output_itself(void **state) {
    (void)state;
    for EACH_KIND (k)
        for (int i = 0; i < 2; i++) {
            gan_loss l = loss_of(k);
            gan_verdict v = verdict_of(gan_loss_name(l.kind), sizes[i]);
            gan_tensor *x = gan_loss_realness(&l, v.real);
            if (gan_loss_info_of(l.kind)->outputs == GAN_OUTPUTS_ONE) {
                assert_ptr_equal(x, v.real);
                continue;
            }
            const gan_real weights[] = {1, 2, 3, 4, 5, 6, 7};
            gan_tensor *y = gan_sum(gan_mul(x, gan_from(ctx, gan_shape1(7), weights)));
            check_golden(gan_loss_name(l.kind), sizes[i], "realness", y, v);
        }
}

/* With one logit, 0 for "fake", a softmax is a sigmoid. */
static void test_softmax__of_two_is_the_logistic_loss_of_their_difference(void **state) {
    (void)state;
    gan_verdict v = verdict_of("softmax", "plain"), x = {0};
    gan_loss soft = gan_loss_softmax(), log = gan_loss_non_saturating();
    soft.real_target = log.real_target = .9;
    x.real = gan_loss_realness(&soft, v.real), x.fake = gan_loss_realness(&soft, v.fake);
    check_close(gan_item(gan_loss_d(&soft, v)), gan_item(gan_loss_d(&log, x)), 1e-6);
    check_close(gan_item(gan_loss_g(&soft, v)), gan_item(gan_loss_g(&log, x)), 1e-6);
    const gan_real *p = gan_data(v.real), *d = gan_data(x.real);
    for (int i = 0; i < 7; i++) check_close(d[i], p[2 * i + 1] - p[2 * i], 1e-5);
}

/* --- derivatives ------------------------------------------------------------------------------------------ */

#ifdef GAN_DOUBLE
typedef struct case_of_loss {
    gan_loss loss;
    gan_verdict v;
} case_of_loss;

static gan_tensor *losses_of(void *user, gan_tensor *const *x, int n) {
    (void)n;
    case_of_loss *c = user;
    c->v.real = x[0], c->v.fake = x[1];
    return gan_add(gan_loss_d(&c->loss, c->v), gan_square(gan_loss_g(&c->loss, c->v)));
}

static void test_every_loss__has_the_derivatives_of_both_orders(void **state) {
    (void)state;
    for EACH_KIND (k)
        for (int each = 0; each < 2; each++) {
            case_of_loss c = {loss_of(k), verdict_of(gan_loss_name((gan_loss_kind)k), "plain")};
            if (each && !gan_loss_info_of(c.loss.kind)->takes_targets) continue;
            if (each) {
                c.v.real_target = golden_make(values, ctx, "each_t"), c.v.fake_target = golden_make(values, ctx, "each_u");
                c.v.fake_label = golden_make(values, ctx, "fake_label");
            }
            gan_tensor *in[] = {c.v.real, c.v.fake};
            double error = gan_grad_check(losses_of, &c, in, 2, (gan_check_opts){.order = 2});
            if (!(error < 1e-6)) fail_msg("%s: %g; %s", gan_loss_name(c.loss.kind), error, gan_ctx_message(ctx));
        }
}
#endif

/* Who has nearly won or lost still gets finite numbers, of every kind, through a gradient penalty too. */
static void test_every_loss__is_finite_for_extreme_outputs(void **state) {
    (void)state;
    for EACH_KIND (k) {
        gan_loss l = loss_of(k);
        gan_verdict v = verdict_of(gan_loss_name(l.kind), "wild");
        gan_tensor *y = gan_add(gan_loss_d(&l, v), gan_loss_g(&l, v));
        gan_tensor *g = gan_grad(y, v.fake, (gan_grad_opts){.create_graph = true});
        gan_tensor *gg = gan_grad(gan_sum(gan_square(g)), v.fake, (gan_grad_opts){.allow_unused = true});
        gan_tensor *all[] = {y, g, gg};
        check_ok(ctx);
        for (int i = 0; i < 3; i++)
            for (int64_t j = 0; j < gan_count(all[i]); j++) assert_true(isfinite(gan_data(all[i])[j]));
    }
}

/* --- which way ------------------------------------------------------------------------------------------- */

/* Whatever the formula: D's loss falls where reals rise above fakes, G's where fakes look more real. */
static void test_every_loss__pulls_the_players_apart(void **state) {
    (void)state;
    for EACH_KIND (k) {
        gan_loss l = loss_of(k);
        int64_t width = gan_loss_width(l.kind, 3, 3);
        gan_shape s = width == 1 ? gan_shape1(4) : gan_shape2(4, width);
        gan_verdict v = {.real = gan_full(ctx, s, .5), .fake = gan_full(ctx, s, .5)};
        v.real_label = v.fake_label = gan_ones(ctx, gan_shape1(4));
        gan_tensor *in[] = {gan_loss_realness(&l, v.real), gan_loss_realness(&l, v.fake)}, *direction[2], *d[2], *g;
        gan_tensor *both[] = {v.real, v.fake};
        for (int i = 0; i < 2; i++) direction[i] = gan_grad(gan_sum(in[i]), both[i], (gan_grad_opts){0});
        gan_grads(gan_loss_d(&l, v), both, 2, d, (gan_grad_opts){0});
        g = gan_grad(gan_loss_g(&l, v), v.fake, (gan_grad_opts){0});
        assert_true(gan_item(gan_sum(gan_mul(d[0], direction[0]))) < 0);
        assert_true(gan_item(gan_sum(gan_mul(d[1], direction[1]))) > 0);
        assert_true(gan_item(gan_sum(gan_mul(g, direction[1]))) < 0);
        check_ok(ctx);
    }
}

/* --- what does not fit ------------------------------------------------------------------------------------ */

static void test_losses__refuse_what_is_no_loss(void **state) {
    (void)state;
    gan_verdict v = {.real = gan_zeros(ctx, gan_shape1(4)), .fake = gan_zeros(ctx, gan_shape1(4))};
    gan_loss l = gan_loss_least_squares();
    l.kind = (gan_loss_kind)99;
    assert_true(gan_is_nil(gan_loss_d(&l, v)));
    check_failed(ctx, GAN_E_ARG, "gan_loss_d: 99 is no kind of loss");
    assert_true(gan_is_nil(gan_loss_g(&l, v)));
    check_failed(ctx, GAN_E_ARG, "gan_loss_g: 99 is no kind of loss");
    assert_true(gan_is_nil(gan_loss_g(NULL, v)));
    check_failed(ctx, GAN_E_ARG, "gan_loss_g: the loss is NULL");
    assert_true(gan_is_nil(gan_loss_realness(NULL, v.real)));
    check_failed(ctx, GAN_E_ARG, "gan_loss_realness: the loss is NULL");
    l = gan_loss_softmax();
    l.fake_target = NAN;
    assert_true(gan_is_nil(gan_loss_d(&l, v)));
    check_failed(ctx, GAN_E_ARG, "gan_loss_d: the targets of softmax are 1, nan, 1");
}

static void test_losses_without_targets__refuse_them(void **state) {
    (void)state;
    int refused = 0;
    for EACH_KIND (k) {
        gan_loss l = loss_of(k);
        if (gan_loss_info_of(l.kind)->takes_targets) continue;
        refused++;
        char part[120];
        gan_verdict v = {.real = gan_zeros(ctx, gan_shape1(4)), .fake = gan_zeros(ctx, gan_shape1(4))}, smooth = v;
        for (int i = 0; i < 2; i++) {
            smooth = v;
            *(i ? &smooth.fake_target : &smooth.real_target) = gan_full(ctx, gan_shape1(4), i ? 0 : 1);
            assert_true(gan_is_nil(gan_loss_d(&l, smooth)));
            snprintf(part, sizeof part, "gan_loss_d: %s takes no targets", gan_loss_name(l.kind));
            check_failed(ctx, GAN_E_ARG, part);
            assert_false(gan_is_nil(gan_loss_g(&l, smooth))); /* they are D's */
        }
        for (int i = 0; i < 3; i++) {
            gan_loss edited = l;
            *(i == 0 ? &edited.real_target : i == 1 ? &edited.fake_target : &edited.gen_target) = .9;
            snprintf(part, sizeof part, "%s has no targets to choose", gan_loss_name(l.kind));
            assert_true(gan_is_nil(gan_loss_d(&edited, v)));
            check_failed(ctx, GAN_E_ARG, part);
            assert_true(gan_is_nil(gan_loss_g(&edited, v)));
            check_failed(ctx, GAN_E_ARG, part);
        }
    }
    assert_int_equal(refused, 4);
}

static gan_tensor *of_shape(int64_t n, int64_t width) {
    return gan_zeros(ctx, width ? gan_shape2(n, width) : gan_shape1(n));
}

static void test_losses__name_both_shapes_that_do_not_fit(void **state) {
    (void)state;
    static const struct {
        const char *loss;
        int64_t real[2], fake[2], real_target[2], fake_target[2], real_label[2], fake_label[2];
        const char *d, *g; /* D's and G's message; NULL: none */
    } cases[] = {
        {"relativistic_pairing", {4}, {3}, {0}, {0}, {0}, {0}, "gan_loss_d: the reals' outputs have shape [4], the fakes' [3]",
         "gan_loss_g: the reals' outputs have shape [4], the fakes' [3]"},
        {"relativistic_pairing", {4}, {4, 1}, {0}, {0}, {0}, {0}, "the reals' outputs have shape [4], the fakes' [4, 1]",
         "the reals' outputs have shape [4], the fakes' [4, 1]"},
        {"relativistic_average", {4}, {3}, {0}, {0}, {0}, {0}, NULL, NULL},
        {"softmax", {4}, {4, 2}, {0}, {0}, {0}, {0}, "gan_loss_d: D's output has shape [4], where softmax wants [n, 2]", NULL},
        {"softmax", {4, 2}, {4, 3}, {0}, {0}, {0}, {0}, "D's output has shape [4, 3], where softmax wants [n, 2]",
         "gan_loss_g: D's output has shape [4, 3], where softmax wants [n, 2]"},
        {"mad_gan", {4, 3}, {4, 1}, {0}, {0}, {0}, {4}, "has shape [4, 1], where mad_gan wants [n, k] with k >= 2",
         "has shape [4, 1], where mad_gan wants [n, k] with k >= 2"},
        {"mad_gan", {4, 3}, {5, 4}, {0}, {0}, {0}, {5}, "the reals' outputs have shape [4, 3], the fakes' [5, 4]", NULL},
        {"mad_gan", {4, 3}, {5, 3}, {0}, {0}, {0}, {4}, "the fakes' outputs have shape [5, 3], their labels [4]", NULL},
        {"mad_gan", {4, 3}, {5, 3}, {0}, {0}, {0}, {0}, "gan_loss_d: mad_gan needs labels with the fakes' outputs", NULL},
        {"softmax_classes", {4, 3}, {5, 3}, {0}, {0}, {0}, {0}, "softmax_classes needs labels with the reals' outputs", NULL},
        {"softmax_classes", {4, 3}, {5, 3}, {0}, {0}, {4, 1}, {0}, "the reals' outputs have shape [4, 3], their labels [4, 1]",
         NULL},
        {"softmax_classes", {4, 3}, {5, 3}, {0}, {0}, {4}, {4}, NULL,
         "gan_loss_g: the fakes' outputs have shape [5, 3], their labels [4]"},
        {"softmax_classes", {4, 3}, {5, 3}, {4, 3}, {0}, {4}, {0}, "the reals' outputs have shape [4, 3], their targets [4, 3]",
         NULL},
        {"non_saturating", {4}, {5}, {4, 1}, {0}, {0}, {0}, "the reals' outputs have shape [4], their targets [4, 1]", NULL},
        {"least_squares", {4}, {5}, {0}, {4}, {0}, {0}, "the fakes' outputs have shape [5], their targets [4]", NULL},
        {"minimax", {4}, {5, 2}, {4}, {5, 2}, {1}, {1}, NULL, NULL},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_loss l;
        assert_true(gan_loss_named(cases[i].loss, &l));
        const int64_t *sizes_of[] = {cases[i].real,        cases[i].fake,       cases[i].real_target,
                                     cases[i].fake_target, cases[i].real_label, cases[i].fake_label};
        gan_tensor *t[6];
        for (int j = 0; j < 6; j++) t[j] = sizes_of[j][0] ? of_shape(sizes_of[j][0], sizes_of[j][1]) : NULL;
        gan_verdict v = {t[0], t[1], t[2], t[3], t[4], t[5]};
        const char *says[] = {cases[i].d, cases[i].g};
        for (int player = 0; player < 2; player++) {
            gan_tensor *y = player ? gan_loss_g(&l, v) : gan_loss_d(&l, v);
            assert_int_equal(gan_is_nil(y), says[player] != NULL);
            if (says[player])
                check_failed(ctx, strstr(says[player], "needs") ? GAN_E_ARG : GAN_E_SHAPE, says[player]);
            else
                check_ok(ctx);
        }
    }
}

static void test_labels__outside_the_classes_are_refused(void **state) {
    (void)state;
    const gan_real labels[][2] = {{0, 2}, {0, .5}, {0, -1}};
    for (int i = 0; i < 3; i++) {
        gan_tensor *label = gan_from(ctx, gan_shape1(2), labels[i]), *x = gan_zeros(ctx, gan_shape2(2, 3));
        gan_loss classes = gan_loss_softmax_classes(), mad = gan_loss_mad_gan();
        gan_tensor *y = gan_loss_d(&classes, (gan_verdict){.real = x, .fake = x, .real_label = label});
        assert_int_equal(gan_is_nil(y), i < 2); /* the negative one: not known */
        if (i < 2) check_failed(ctx, GAN_E_ARG, "index[1]");
        assert_true(gan_is_nil(gan_loss_d(&mad, (gan_verdict){.real = x, .fake = x, .fake_label = label})));
        check_failed(ctx, GAN_E_ARG, "index[1]");
    }
}

static void test_g__is_told_when_reals_are_missing(void **state) {
    (void)state;
    for EACH_KIND (k) {
        gan_loss l = loss_of(k);
        bool needs = gan_loss_g_needs_real(&l);
        assert_int_equal(needs, l.kind == GAN_LOSS_RELATIVISTIC_AVERAGE || l.kind == GAN_LOSS_RELATIVISTIC_PAIRING);
        assert_int_equal(needs, gan_loss_info_of(l.kind)->g_needs_real);
        gan_verdict v = verdict_of(gan_loss_name(l.kind), "plain");
        v.real = NULL;
        assert_int_equal(gan_is_nil(gan_loss_g(&l, v)), needs);
        if (needs) check_failed(ctx, GAN_E_ARG, "judges fakes against reals, and there are none");
        check_ok(ctx);
    }
    assert_false(gan_loss_g_needs_real(NULL));
}

static void test_losses__of_nil_are_nil(void **state) {
    (void)state;
    gan_tensor *nil = gan_add(gan_zeros(ctx, gan_shape1(2)), gan_zeros(ctx, gan_shape1(3)));
    gan_ctx_clear(ctx);
    for EACH_KIND (k) {
        gan_loss l = loss_of(k);
        const gan_verdict v = verdict_of(gan_loss_name(l.kind), "plain");
        gan_verdict half[] = {v, v, v, v};
        half[0].real = nil, half[1].fake = nil, half[2].real = half[2].fake = nil;
        half[3].real_label = half[3].fake_label = nil;
        for (int i = 0; i < 3; i++) {
            assert_true(gan_is_nil(gan_loss_d(&l, half[i])));
            if (i || gan_loss_g_needs_real(&l)) assert_true(isnan(gan_item(gan_loss_g(&l, half[i]))));
            check_ok(ctx);
        }
        const gan_loss_info *info = gan_loss_info_of(l.kind);
        assert_int_equal(gan_is_nil(gan_loss_d(&l, half[3])), info->needs_real_label || info->needs_fake_label);
        assert_true(gan_is_nil(gan_loss_realness(&l, nil)));
        check_ok(ctx);
        assert_true(gan_is_nil(gan_loss_d(&l, (gan_verdict){.real = v.real})));
        assert_true(gan_is_nil(gan_loss_g(&l, (gan_verdict){0})));
        gan_ctx_clear(ctx);
        assert_true(gan_is_nil(gan_loss_d(&l, (gan_verdict){.fake = v.fake})));
        check_failed(ctx, GAN_E_ARG, "gan_loss_d: a tensor is NULL");
    }
}

/* --- without memory --------------------------------------------------------------------------------------- */

static void both_losses(gan_loss l, gan_verdict v) {
    gan_tensor *in[] = {v.real, v.fake}, *grads[2];
    gan_scope_begin(ctx);
    gan_tensor *y = gan_add(gan_loss_d(&l, v), gan_loss_g(&l, v));
    gan_grads(gan_add(y, gan_mean(gan_loss_realness(&l, v.real))), in, 2, grads, (gan_grad_opts){0});
    gan_scope_end(ctx);
}

static void test_losses__fail_cleanly_at_every_memory_request(void **state) {
    (void)state;
    for EACH_KIND (k) {
        gan_loss l = loss_of(k);
        gan_verdict v = verdict_of(gan_loss_name(l.kind), "plain");
        if (gan_loss_info_of(l.kind)->takes_targets) v.real_target = golden_make(values, ctx, "each_t");
        both_losses(l, v);
        check_ok(ctx);
        size_t in_use = gan_ctx_memory(ctx).in_use;
        int failures = 0;
        for (bool failed = true; failed; failures += failed) {
            gan_ctx_fail_alloc(ctx, failures + 1);
            both_losses(l, v);
            gan_ctx_fail_alloc(ctx, 0);
            failed = gan_ctx_status(ctx) != GAN_OK;
            if (failed) assert_int_equal(gan_ctx_status(ctx), GAN_E_MEMORY);
            gan_ctx_clear(ctx);
            assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
        }
        assert_true(failures > 8);
        both_losses(l, v); /* recording is on again */
        check_ok(ctx);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_every_loss__is_pytorchs),
        TEST(test_every_target__is_pytorchs),
        TEST(test_least_squares__takes_any_three_targets),
        TEST(test_softmax_classes__go_without_some_labels),
        TEST(test_softmax_classes__hold_fakes_to_the_classes_they_were_to_have),
        TEST(test_realness__is_pytorchs_or_the_output_itself),
        TEST(test_softmax__of_two_is_the_logistic_loss_of_their_difference),
#ifdef GAN_DOUBLE
        TEST(test_every_loss__has_the_derivatives_of_both_orders),
#endif
        TEST(test_every_loss__is_finite_for_extreme_outputs),
        TEST(test_every_loss__pulls_the_players_apart),
        TEST(test_losses__refuse_what_is_no_loss),
        TEST(test_losses_without_targets__refuse_them),
        TEST(test_losses__name_both_shapes_that_do_not_fit),
        TEST(test_labels__outside_the_classes_are_refused),
        TEST(test_g__is_told_when_reals_are_missing),
        TEST(test_losses__of_nil_are_nil),
        TEST(test_losses__fail_cleanly_at_every_memory_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
