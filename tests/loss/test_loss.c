/* The parts of losses against PyTorch's, and where logits are extreme. */
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
        char key[96];
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
    gan_tensor *(*constant)(gan_tensor *x, double target);
    gan_tensor *(*each)(gan_tensor *x, gan_tensor *targets);
    const char *each_name;
} kinds[] = {
    {"bce", gan_bce_with_logits, gan_bce_with_logits_targets, "gan_bce_with_logits_targets"},
    {"half_square", gan_half_square, gan_half_square_targets, "gan_half_square_targets"},
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

/* The loss of one logit and its derivative, to full precision relative to themselves: a player who has nearly won still gets an
 * honest gradient. */
static void test_bce__keeps_its_digits_where_it_is_small(void **state) {
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2)
        for (double size = 5; size <= 80; size += 15) {
            gan_tensor *x = gan_full(ctx, gan_shape1(1), sign * size);
            gan_tensor *t = gan_full(ctx, gan_shape1(1), sign > 0 ? 1 : 0);
            gan_tensor *both[] = {gan_bce_with_logits(x, sign > 0 ? 1 : 0), gan_bce_with_logits_targets(x, t)};
            double want_loss = log1p(exp(-size)), want_slope = -sign / (1 + exp(size));
            for (int b = 0; b < 2; b++) {
                check_close(gan_item(both[b]), want_loss, 10 * TOLERANCE * want_loss);
                check_close(gan_item(gan_grad(both[b], x, (gan_grad_opts){0})), want_slope, 10 * TOLERANCE * fabs(want_slope));
            }
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

static void test_losses__of_nil_are_nil(void **state) {
    (void)state;
    gan_tensor *nil = gan_add(gan_zeros(ctx, gan_shape1(2)), gan_zeros(ctx, gan_shape1(3)));
    gan_ctx_clear(ctx);
    gan_tensor *x = gan_zeros(ctx, gan_shape1(4));
    gan_tensor *all[] = {gan_bce_with_logits(nil, 1), gan_half_square(nil, 1), gan_bce_with_logits_targets(nil, x),
                         gan_half_square_targets(x, nil)};
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
        TEST(test_bce__keeps_its_digits_where_it_is_small),
        TEST(test_bce__has_the_derivative_sigmoid_minus_target),
        TEST(test_losses__refuse_targets_of_another_shape),
        TEST(test_losses__of_nil_are_nil),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
