/* The general graph does no more convolutions than the formulas derived by hand: counts of kernel calls, exactly. */
#include <gan/ops.h>

#include "base/ctx_impl.h"
#include "cmocka_gan.h"

#define LAYERS 3

typedef struct critic {
    gan_ctx *ctx;
    gan_tensor *w[LAYERS], *x;
} critic;

enum { CONV, CONV_INPUT, CONV_WEIGHT };

static int make(void **state) {
    static critic d;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    d = (critic){.ctx = ctx};
    d.w[0] = gan_randn(ctx, gan_shape4(4, 4, 3, 5));
    d.w[1] = gan_randn(ctx, gan_shape4(4, 4, 5, 7));
    d.w[2] = gan_randn(ctx, gan_shape4(2, 2, 7, 1)); /* over all that is left */
    d.x = gan_randn(ctx, gan_shape4(2, 8, 8, 3));
    *state = &d;
    return 0;
}

static int drop(void **state) {
    critic *d = *state;
    gan_ctx_free(d->ctx);
    return 0;
}

static gan_tensor *score(const critic *d) {
    gan_tensor *h = gan_leaky_relu(gan_conv2d(d->x, d->w[0], gan_conv_square(2, 1)), 0.2);
    h = gan_leaky_relu(gan_conv2d(h, d->w[1], gan_conv_square(2, 1)), 0.2);
    return gan_conv2d(h, d->w[2], gan_conv_square(1, 0));
}

static void assert_calls(critic *d, int64_t conv, int64_t input, int64_t weight) {
    assert_int_equal(gan_ctx_status(d->ctx), GAN_OK);
    assert_int_equal(d->ctx->conv_calls[CONV], conv);
    assert_int_equal(d->ctx->conv_calls[CONV_INPUT], input);
    assert_int_equal(d->ctx->conv_calls[CONV_WEIGHT], weight);
    for (int i = 0; i < 3; i++) d->ctx->conv_calls[i] = 0;
}

static void test_discriminator_step__asks_for_no_gradient_of_its_input(void **state) {
    critic *d = *state;
    gan_tensor *y = gan_sum(score(d)), *g[LAYERS];
    assert_calls(d, 3, 0, 0);
    gan_grads(y, d->w, LAYERS, g, (gan_grad_opts){0});
    assert_calls(d, 0, 2, 3);
}

static void test_generator_step__asks_for_no_gradient_of_weights(void **state) {
    critic *d = *state;
    gan_tensor *y = gan_sum(score(d));
    assert_calls(d, 3, 0, 0);
    gan_grad(y, d->x, (gan_grad_opts){0});
    assert_calls(d, 0, 3, 0);
}

/* The penalty's gradient by the weights: with u the cotangent of dD/dx, going up again, layer l needs conv(u, w_l) to pass u on
 * (the last passes it to nobody) and conv_weight(u, g_l) for itself. Nothing comes back down through the forward pass: D is
 * piecewise linear, so that dD/dx does not change with the activations. */
static void test_gradient_penalty__costs_what_the_formula_by_hand_costs(void **state) {
    critic *d = *state;
    gan_tensor *y = gan_sum(score(d));
    assert_calls(d, 3, 0, 0);
    gan_tensor *gx = gan_grad(y, d->x, (gan_grad_opts){.create_graph = true});
    assert_calls(d, 0, 3, 0);
    gan_tensor *penalty = gan_mean(gan_square(gan_add_scalar(gan_norm_per_sample(gx), -1)));
    gan_tensor *g[LAYERS];
    gan_grads(penalty, d->w, LAYERS, g, (gan_grad_opts){0});
    assert_calls(d, 2, 0, 3);
    for (int i = 0; i < LAYERS; i++) assert_true(gan_shape_equal(gan_shape_of(g[i]), gan_shape_of(d->w[i])));
}

/* With a curved activation the same penalty must come down through the forward pass too: the counts above are not those of a
 * graph that forgets something. */
static void test_gradient_penalty__of_a_curved_net_goes_through_the_forward_pass_too(void **state) {
    critic *d = *state;
    gan_tensor *h = gan_tanh(gan_conv2d(d->x, d->w[0], gan_conv_square(2, 1)));
    h = gan_tanh(gan_conv2d(h, d->w[1], gan_conv_square(2, 1)));
    gan_tensor *y = gan_sum(gan_conv2d(h, d->w[2], gan_conv_square(1, 0)));
    gan_tensor *gx = gan_grad(y, d->x, (gan_grad_opts){.create_graph = true});
    assert_calls(d, 3, 3, 0);
    gan_tensor *penalty = gan_mean(gan_square(gan_add_scalar(gan_norm_per_sample(gx), -1))), *g[LAYERS];
    gan_grads(penalty, d->w, LAYERS, g, (gan_grad_opts){0});
    assert_calls(d, 2, 1, 3 + 2);
}

/* R1 is of the verdict that the loss has, too: what the penalty sends down through the forward pass joins what the loss sends, and
 * there is one weight gradient of x for both. */
static void test_r1__shares_the_weight_gradient_of_the_loss(void **state) {
    critic *d = *state;
    gan_tensor *h = gan_tanh(gan_conv2d(d->x, d->w[0], gan_conv_square(2, 1)));
    h = gan_tanh(gan_conv2d(h, d->w[1], gan_conv_square(2, 1)));
    gan_tensor *verdict = gan_conv2d(h, d->w[2], gan_conv_square(1, 0));
    gan_tensor *gx = gan_grad(gan_sum(verdict), d->x, (gan_grad_opts){.create_graph = true});
    assert_calls(d, 3, 3, 0);
    gan_tensor *loss = gan_mean(gan_softplus(gan_neg(verdict))), *penalty = gan_mean(gan_square(gx)), *g[LAYERS];
    gan_grads(gan_add(loss, penalty), d->w, LAYERS, g, (gan_grad_opts){0});
    assert_calls(d, 2, 2, 3 + 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_discriminator_step__asks_for_no_gradient_of_its_input, make, drop),
        cmocka_unit_test_setup_teardown(test_generator_step__asks_for_no_gradient_of_weights, make, drop),
        cmocka_unit_test_setup_teardown(test_gradient_penalty__costs_what_the_formula_by_hand_costs, make, drop),
        cmocka_unit_test_setup_teardown(test_gradient_penalty__of_a_curved_net_goes_through_the_forward_pass_too, make, drop),
        cmocka_unit_test_setup_teardown(test_r1__shares_the_weight_gradient_of_the_loss, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
