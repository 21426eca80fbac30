/* Losses against PyTorch's, and where logits are extreme. */
#include <stdio.h>

#include "cmocka_gan.h"
#include "support/golden.h"

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-14
#else
#define TOLERANCE 1e-6
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

/* y and its gradients by the n inputs, as PyTorch has them under `name`. */
static void check_golden(const char *name, gan_tensor *y, gan_tensor *const *x, int n) {
    gan_tensor *all[3] = {y};
    gan_grads(y, x, n, all + 1, (gan_grad_opts){0});
    check_ok(ctx);
    for (int i = 0; i <= n; i++) {
        char key[80];
        if (i)
            snprintf(key, sizeof key, "%s.grad%d", name, i - 1);
        else
            snprintf(key, sizeof key, "%s.value", name);
        double distance = golden_distance(values, key, all[i]);
        if (!(distance < TOLERANCE)) fail_msg("%s is off by %g", key, distance);
    }
}

static const struct {
    const char *name;
    gan_loss_kind kind;
    gan_tensor *(*constant)(gan_tensor *x, double target);
    gan_tensor *(*each)(gan_tensor *x, gan_tensor *targets);
    const char *each_name;
} kinds[] = {
    {"bce", GAN_LOSS_NON_SATURATING, gan_bce_with_logits, gan_bce_with_logits_targets, "gan_bce_with_logits_targets"},
    {"half_square", GAN_LOSS_LEAST_SQUARES, gan_half_square, gan_half_square_targets, "gan_half_square_targets"},
};

static void test_losses__of_a_constant_target_are_pytorchs(void **state) {
    (void)state;
    gan_tensor *x = golden_make(values, ctx, "real"), *extreme = golden_make(values, ctx, "extreme");
    golden_tensor targets = golden_get(values, "constants");
    for (int k = 0; k < COUNT_OF(kinds); k++)
        for (int i = 0; i < targets.shape.d[0]; i++) {
            char name[80];
            snprintf(name, sizeof name, "%s.%d", kinds[k].name, i);
            check_golden(name, kinds[k].constant(x, targets.data[i]), &x, 1);
            snprintf(name, sizeof name, "%s.extreme.%d", kinds[k].name, i);
            check_golden(name, kinds[k].constant(extreme, targets.data[i]), &extreme, 1);
        }
}

static void test_losses__of_a_target_each_are_pytorchs(void **state) {
    (void)state;
    gan_tensor *in[] = {golden_make(values, ctx, "real"), golden_make(values, ctx, "targets")};
    for (int k = 0; k < COUNT_OF(kinds); k++) {
        char name[80];
        snprintf(name, sizeof name, "%s.targets", kinds[k].name);
        check_golden(name, kinds[k].each(in[0], in[1]), in, 2);
    }
}

static void test_adversarial_losses__are_pytorchs(void **state) {
    (void)state;
    gan_tensor *in[] = {golden_make(values, ctx, "real"), golden_make(values, ctx, "fake")};
    for (int k = 0; k < COUNT_OF(kinds); k++)
        for (int smooth = 0; smooth < 2; smooth++) {
            gan_loss l = kinds[k].kind == GAN_LOSS_LEAST_SQUARES ? gan_loss_least_squares() : gan_loss_non_saturating();
            assert_int_equal(l.kind, kinds[k].kind);
            if (smooth) l.real_target = .9, l.fake_target = .2, l.gen_target = .7;
            char name[80];
            snprintf(name, sizeof name, "%s.d%s", kinds[k].name, smooth ? "_smooth" : "");
            check_golden(name, gan_loss_d(&l, in[0], in[1]), in, 2);
            snprintf(name, sizeof name, "%s.g%s", kinds[k].name, smooth ? "_smooth" : "");
            check_golden(name, gan_loss_g(&l, in[1]), in + 1, 1);
        }
}

/* The loss of one logit and its derivative, to full precision relative to themselves: a player who has nearly won still gets an
 * honest gradient. */
static void test_bce__keeps_its_digits_where_it_is_small(void **state) {
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2)
        for (double size = 5; size <= 80; size += 15) {
            gan_tensor *x = gan_full(ctx, gan_shape1(1), sign * size);
            gan_tensor *y = gan_bce_with_logits(x, sign > 0 ? 1 : 0);
            double want_loss = log1p(exp(-size)), want_slope = -sign / (1 + exp(size));
            check_close(gan_item(y), want_loss, 10 * TOLERANCE * want_loss);
            check_close(gan_item(gan_grad(y, x, (gan_grad_opts){0})), want_slope, 10 * TOLERANCE * fabs(want_slope));
        }
    check_ok(ctx);
}

static void test_bce__has_the_derivative_sigmoid_minus_target(void **state) {
    (void)state;
    const double logits[] = {-1e4, -20, -1, 0, .5, 7, 1e4}, targets[] = {0, .3, .5, .9, 1};
    for (int i = 0; i < COUNT_OF(logits); i++)
        for (int k = 0; k < COUNT_OF(targets); k++) {
            gan_tensor *x = gan_full(ctx, gan_shape1(1), logits[i]), *t = gan_full(ctx, gan_shape1(1), targets[k]);
            gan_tensor *both[] = {gan_bce_with_logits(x, targets[k]), gan_bce_with_logits_targets(x, t)};
            for (int b = 0; b < 2; b++) {
                assert_true(isfinite(gan_item(both[b])));
                check_close(gan_item(gan_grad(both[b], x, (gan_grad_opts){0})), 1 / (1 + exp(-logits[i])) - targets[k], 1e-6);
            }
        }
    check_ok(ctx);
}

#ifdef GAN_DOUBLE
static gan_tensor *losses_of(void *user, gan_tensor *const *x, int n) {
    (void)n;
    const gan_loss *l = user;
    return gan_add(gan_loss_d(l, x[0], x[1]), gan_square(gan_loss_g(l, x[1])));
}

static void test_losses__have_the_derivatives_of_both_orders(void **state) {
    (void)state;
    gan_tensor *in[] = {golden_make(values, ctx, "real"), golden_make(values, ctx, "fake")};
    gan_loss both[] = {gan_loss_non_saturating(), gan_loss_least_squares()};
    both[0].real_target = .9;
    for (int i = 0; i < 2; i++) assert_true(gan_grad_check(losses_of, &both[i], in, 2, (gan_check_opts){.order = 2}) < 1e-6);
}
#endif

static void test_losses__refuse_targets_of_another_shape(void **state) {
    (void)state;
    gan_tensor *x = gan_zeros(ctx, gan_shape2(4, 1)), *t = gan_zeros(ctx, gan_shape1(4));
    for (int k = 0; k < COUNT_OF(kinds); k++) {
        char text[120];
        assert_true(gan_is_nil(kinds[k].each(x, t)));
        snprintf(text, sizeof text, "%s: the logits have shape [4, 1], the targets [4]", kinds[k].each_name);
        check_failed(ctx, GAN_E_SHAPE, text);
        assert_true(gan_is_nil(kinds[k].each(x, NULL)));
        check_failed(ctx, GAN_E_ARG, kinds[k].each_name);
    }
}

static void test_losses__refuse_an_unknown_kind(void **state) {
    (void)state;
    gan_tensor *x = gan_zeros(ctx, gan_shape1(4));
    gan_loss l = gan_loss_least_squares();
    l.kind = (gan_loss_kind)9;
    assert_true(gan_is_nil(gan_loss_d(&l, x, x)));
    check_failed(ctx, GAN_E_ARG, "gan_loss_d: 9 is no kind of loss");
    assert_true(gan_is_nil(gan_loss_g(&l, x)));
    check_failed(ctx, GAN_E_ARG, "gan_loss_g: 9 is no kind of loss");
    assert_true(gan_is_nil(gan_loss_g(NULL, x)));
    check_failed(ctx, GAN_E_ARG, "gan_loss_g: the loss is NULL");
}

static void test_losses__of_nil_are_nil(void **state) {
    (void)state;
    gan_tensor *nil = gan_add(gan_zeros(ctx, gan_shape1(2)), gan_zeros(ctx, gan_shape1(3)));
    gan_ctx_clear(ctx);
    gan_tensor *x = gan_zeros(ctx, gan_shape1(4));
    gan_loss l = gan_loss_non_saturating();
    gan_tensor *all[] = {gan_bce_with_logits(nil, 1), gan_half_square(nil, 1),   gan_bce_with_logits_targets(nil, x),
                         gan_loss_g(&l, nil),         gan_loss_d(&l, x, nil),    gan_loss_d(&l, nil, x),
                         gan_loss_g(&l, NULL),        gan_half_square_targets(x, nil)};
    for (int i = 0; i < COUNT_OF(all); i++) {
        assert_true(gan_is_nil(all[i]));
        assert_true(isnan(gan_item(all[i])));
    }
    check_ok(ctx);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_losses__of_a_constant_target_are_pytorchs),
        TEST(test_losses__of_a_target_each_are_pytorchs),
        TEST(test_adversarial_losses__are_pytorchs),
        TEST(test_bce__keeps_its_digits_where_it_is_small),
        TEST(test_bce__has_the_derivative_sigmoid_minus_target),
#ifdef GAN_DOUBLE
        TEST(test_losses__have_the_derivatives_of_both_orders),
#endif
        TEST(test_losses__refuse_targets_of_another_shape),
        TEST(test_losses__refuse_an_unknown_kind),
        TEST(test_losses__of_nil_are_nil),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
