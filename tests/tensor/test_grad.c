#include "cmocka_gan.h"

#include "small_ops.h"
#include "tensor/tensor_impl.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static gan_tensor *pair(double a, double b) {
    return gan_from(ctx, gan_shape1(2), (gan_real[]){(gan_real)a, (gan_real)b});
}

static double at(const gan_tensor *t, int i) { return gan_is_nil(t) ? NAN : (double)gan_data(t)[i]; }

static const gan_grad_opts plain = {0}, create = {.create_graph = true};

static void test_grad__of_a_product(void **state) {
    (void)state;
    gan_tensor *a = pair(2, 3), *b = pair(5, 7), *y = t_sum(t_mul(a, b));
    gan_tensor *ga = gan_grad(y, a, plain);
    assert_true(at(ga, 0) == 5 && at(ga, 1) == 7);
    gan_tensor *both[] = {b, a}, *grads[2];
    gan_grads(y, both, 2, grads, plain);
    assert_true(at(grads[0], 0) == 2 && at(grads[0], 1) == 3);
    assert_true(at(grads[1], 0) == 5 && at(grads[1], 1) == 7);
    check_ok(ctx);
}

static void test_grad__sums_over_all_paths(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3);
    gan_tensor *s = t_mul(x, x);                              /* shared */
    gan_tensor *y = t_sum(t_add(t_mul(s, x), t_add(s, s)));    /* x^3 + 2 x^2 */
    gan_tensor *g = gan_grad(y, x, plain);
    assert_true(at(g, 0) == 12 + 8 && at(g, 1) == 27 + 12);
    check_ok(ctx);
}

static void test_grad__by_intermediate_values_too(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *s = t_mul(x, x), *y = t_sum(t_mul(s, s));
    gan_tensor *by[] = {s, x, y, s}, *g[4];
    gan_grads(y, by, 4, g, plain);
    assert_true(at(g[0], 0) == 8 && at(g[0], 1) == 18);
    assert_true(at(g[1], 0) == 32 && at(g[1], 1) == 108);
    assert_true(gan_item(g[2]) == 1);
    assert_true(at(g[3], 1) == 18); /* asked for twice */
    gan_release(g[0]);
    assert_true(at(g[3], 1) == 18);
    check_ok(ctx);
}

static void test_grad__takes_a_seed(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *y = t_mul(x, x);
    gan_tensor *g = gan_grad(y, x, (gan_grad_opts){.seed = pair(1, 10)});
    assert_true(at(g, 0) == 4 && at(g, 1) == 60);
    gan_grad(y, x, plain);
    check_failed(ctx, GAN_E_SHAPE, "y has shape [2]");
    gan_grad(y, x, (gan_grad_opts){.seed = gan_scalar(ctx, 1)});
    check_failed(ctx, GAN_E_SHAPE, "the seed's shape is [], y's is [2]");
    gan_tensor *one = gan_ones(ctx, gan_shape2(1, 1)); /* one element is as good as a scalar */
    assert_true(gan_item(gan_grad(t_mul(one, one), one, plain)) == 2);
    check_ok(ctx);
}

/* The seed takes part in the recorded gradient: with v free, d(v . grad y)/dv is grad y. */
static void test_grad__is_differentiable_by_its_seed(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *v = pair(1, 10), *y = t_mul(x, x);
    gan_tensor *g = gan_grad(y, x, (gan_grad_opts){.create_graph = true, .seed = v});
    gan_tensor *back = gan_grad(t_sum(g), v, plain);
    assert_true(at(back, 0) == 4 && at(back, 1) == 6);
    check_ok(ctx);
}

static void test_grad__without_dependence_is_an_error_unless_allowed(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *z = pair(1, 1), *y = t_sum(t_exp(x));
    gan_name(z, "z.weight");
    assert_true(gan_is_nil(gan_grad(y, z, plain)));
    check_failed(ctx, GAN_E_GRAPH, "does not depend on z.weight");
    assert_true(gan_is_nil(gan_grad(t_sum(t_exp(gan_detach(x))), x, plain)));
    check_failed(ctx, GAN_E_GRAPH, "does not depend");
    gan_tensor *by[] = {z, x}, *g[2];
    gan_grads(y, by, 2, g, plain);
    assert_true(gan_is_nil(g[0]) && gan_is_nil(g[1]));
    check_failed(ctx, GAN_E_GRAPH, "z.weight");
    gan_grads(y, by, 2, g, (gan_grad_opts){.allow_unused = true});
    assert_true(at(g[0], 0) == 0 && at(g[0], 1) == 0);
    check_close(at(g[1], 1), exp(3), 1e-4);
    check_ok(ctx);
}

static const double eps =
#ifdef GAN_DOUBLE
    1e-12;
#else
    1e-5;
#endif

/* x^4 and e^x, four times. */
static void test_grad__of_any_order(void **state) {
    (void)state;
    const double x0 = 1.5, expected[] = {4 * x0 * x0 * x0, 12 * x0 * x0, 24 * x0, 24};
    gan_tensor *x = gan_scalar(ctx, x0), *y = t_mul(t_mul(x, x), t_mul(x, x));
    for (int order = 0; order < 4; order++) {
        y = gan_grad(y, x, create);
        check_close(gan_item(y), expected[order], eps * 100);
    }
    assert_true(gan_item(gan_grad(y, x, (gan_grad_opts){.allow_unused = true})) == 0);
    gan_tensor *e = t_exp(x);
    for (int order = 0; order < 4; order++) {
        e = gan_grad(e, x, create);
        check_close(gan_item(e), exp(x0), eps * 100);
    }
    check_ok(ctx);
}

/* A gradient penalty, in small: w enters the gradient of x. y = sum(w x^2): dy/dx = 2wx, |dy/dx|^2 = 4 w^2 x^2. */
static void test_grad__mixed_second_order(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *w = pair(5, 7), *y = t_sum(t_mul(w, t_mul(x, x)));
    gan_tensor *gx = gan_grad(y, x, create);
    gan_tensor *penalty = t_sum(t_mul(gx, gx));
    gan_tensor *gw = gan_grad(penalty, w, plain);
    assert_true(at(gw, 0) == 8 * 5 * 4 && at(gw, 1) == 8 * 7 * 9);
    check_ok(ctx);
}

static void test_grad__without_create_graph_records_nothing(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *g = gan_grad(t_sum(t_mul(x, x)), x, plain);
    gan_grad(t_sum(g), x, plain);
    check_failed(ctx, GAN_E_GRAPH, "does not depend");
}

static void test_grad__leaves_the_graph_as_it_is(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *y = t_sum(t_exp(t_mul(x, x)));
    gan_tensor *first = gan_grad(y, x, plain);
    size_t in_use = gan_ctx_memory(ctx).in_use;
    for (int i = 0; i < 3; i++) {
        gan_tensor *again = gan_grad(y, x, plain);
        assert_memory_equal(gan_data(first), gan_data(again), 2 * sizeof(gan_real));
        gan_release(again);
        assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
    }
    check_ok(ctx);
}

/* Of the cotangents there are at any moment only those under way, not one for each op. */
static void test_grad__needs_little_memory(void **state) {
    (void)state;
    const size_t size = 10000 * sizeof(gan_real);
    gan_tensor *x = gan_ones(ctx, gan_shape1(10000)), *y = x;
    for (int i = 0; i < 20; i++) y = t_add(t_scale(y, 0.5), t_scale(y, 0.25));
    y = t_sum(y);
    gan_memory before = gan_ctx_memory(ctx);
    gan_tensor *g = gan_grad(y, x, plain);
    check_close(at(g, 7), pow(0.75, 20), 1e-6);
    assert_true(gan_ctx_memory(ctx).peak < before.in_use + 6 * size);
    check_ok(ctx);
}

/* --- what is visited and what is not --- */

static int vjp_calls, needs_seen[2];
static void counting_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    vjp_calls++;
    needs_seen[0] += c->need[0], needs_seen[1] += c->need[1];
    mul_vjp(c, g, grads);
}
static const gan_op op_counted = {
    .name = "t_counted", .n_in = 2, .save = GAN_SAVE_ALL_IN, .shape = same_shape, .forward = mul_forward, .vjp = counting_vjp};
static gan_tensor *counted(gan_tensor *a, gan_tensor *b) {
    return gan_apply(ctx, &op_counted, (gan_tensor *[]){a, b}, 2, NULL);
}

static void test_grad__visits_only_what_leads_to_a_variable(void **state) {
    (void)state;
    gan_tensor *a = pair(2, 3), *b = pair(5, 7), *c = pair(1, 1);
    gan_tensor *left = counted(a, a), *right = counted(b, c), *y = t_sum(counted(left, right));
    vjp_calls = needs_seen[0] = needs_seen[1] = 0;
    gan_grad(y, b, plain);
    assert_int_equal(vjp_calls, 2); /* not for `left` */
    assert_int_equal(needs_seen[0], 1);
    assert_int_equal(needs_seen[1], 1);
    vjp_calls = 0;
    gan_grad(y, left, plain); /* nothing below a variable that is no variable */
    assert_int_equal(vjp_calls, 1);
    check_ok(ctx);
}

static void third_extra_forward(gan_op_call *c) {
    exp_forward(c);
    gan_op_extra(c, GAN_OP_MAX_EXTRA, gan_shape0());
}

static void test_op__refuses_more_extra_tensors_than_there_are(void **state) {
    (void)state;
    const gan_op op = {.name = "t_extra", .n_in = 1, .shape = same_shape, .forward = third_extra_forward};
    gan_tensor *x = pair(2, 3);
    assert_true(gan_is_nil(gan_apply(ctx, &op, &x, 1, NULL)));
    check_failed(ctx, GAN_E_ARG, "t_extra: extra tensor 2; there can be 0 to 1");
}

static void absent_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { (void)c, (void)g, (void)grads; }

/* No gradient is not a gradient of zeros: below it nothing is computed. */
static void test_grad__absent_gradients_propagate(void **state) {
    (void)state;
    const gan_op op_absent = {.name = "t_absent", .n_in = 1, .shape = same_shape, .forward = exp_forward, .vjp = absent_vjp};
    const gan_op op_constant = {.name = "t_constant", .n_in = 1, .shape = same_shape, .forward = exp_forward};
    gan_tensor *x = pair(2, 3), *below = counted(x, x);
    gan_tensor *y = t_sum(t_mul(gan_apply(ctx, &op_absent, &below, 1, NULL), gan_apply(ctx, &op_constant, &below, 1, NULL)));
    vjp_calls = 0;
    gan_tensor *g = gan_grad(y, x, (gan_grad_opts){.allow_unused = true});
    assert_int_equal(vjp_calls, 0);
    assert_true(at(g, 0) == 0);
    gan_grad(y, x, plain);
    check_failed(ctx, GAN_E_GRAPH, "does not depend");
}

/* --- vjps that do wrong --- */

static void misshapen_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    (void)g;
    grads[0] = gan_zeros(c->ctx, gan_shape1(3));
}

static void test_grad__refuses_a_gradient_of_another_shape(void **state) {
    (void)state;
    const gan_op op = {.name = "t_misshapen", .n_in = 1, .shape = same_shape, .forward = exp_forward, .vjp = misshapen_vjp};
    gan_tensor *x = pair(2, 3);
    gan_grad(t_sum(gan_apply(ctx, &op, &x, 1, NULL)), x, plain);
    check_failed(ctx, GAN_E_SHAPE, "vjp of t_misshapen gave a gradient of shape [3] for an input of shape [2]");
}

static void test_grad__names_inputs_that_were_not_saved(void **state) {
    (void)state;
    const gan_op op = {.name = "t_forgetful", .n_in = 2, .shape = same_shape, .forward = mul_forward, .vjp = mul_vjp};
    gan_tensor *x = pair(2, 3), *in[] = {x, x};
    gan_grad(t_sum(gan_apply(ctx, &op, in, 2, NULL)), x, plain);
    check_failed(ctx, GAN_E_STATE, "t_mul: input 1 was not saved");
}

/* --- fast vjps, extras, many inputs --- */

static int fast_calls;
static void fast_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    fast_calls++;
    exp_vjp(c, g, grads);
}

static void test_grad__takes_the_fast_way_when_not_recording(void **state) {
    (void)state;
    const gan_op op = {.name = "t_fast",
                       .n_in = 1,
                       .save = GAN_SAVE_OUT,
                       .shape = same_shape,
                       .forward = exp_forward,
                       .vjp = exp_vjp,
                       .vjp_fast = fast_vjp};
    gan_tensor *x = pair(1, 2), *y = t_sum(gan_apply(ctx, &op, &x, 1, NULL));
    fast_calls = 0;
    gan_tensor *slow = gan_grad(y, x, create);
    assert_int_equal(fast_calls, 0);
    gan_tensor *fast = gan_grad(y, x, plain);
    assert_int_equal(fast_calls, 1);
    assert_memory_equal(gan_data(slow), gan_data(fast), 2 * sizeof(gan_real));
    check_ok(ctx);
}

static void test_grad__finds_what_forward_left(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *y = t_square(x);
    assert_true(at(y, 1) == 9);
    assert_true(at(gan_grad(t_sum(y), x, plain), 1) == 6);
    gan_no_record_begin(ctx); /* with no graph to keep it, it goes at once */
    x = gan_ones(ctx, gan_shape1(10000));
    size_t before = gan_ctx_memory(ctx).in_use;
    gan_release(t_square(x));
    assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    gan_no_record_end(ctx);
    check_ok(ctx);
}

static void test_grad__of_many_inputs(void **state) {
    (void)state;
    enum { N = 40 };
    gan_tensor *xs[N], *grads[N];
    for (int i = 0; i < N; i++) xs[i] = pair(i, -i);
    xs[7] = xs[3];
    gan_tensor *y = t_sum(t_mul(t_total(xs, N), t_total(xs, N)));
    gan_grads(y, xs, N, grads, create);
    check_ok(ctx);
    const double total = N * (N - 1) / 2 - 4;
    for (int i = 0; i < N; i++) check_close(at(grads[i], 0), (i == 3 || i == 7 ? 4 : 2) * total, eps * 1000);
    gan_grads(t_sum(grads[0]), xs, N, grads, plain);
    for (int i = 0; i < N; i++) check_close(at(grads[i], 1), i == 3 || i == 7 ? 4 : 2, eps);
    check_ok(ctx);
}

static void test_grad__of_a_deep_graph(void **state) {
    (void)state;
    enum { DEPTH = 100000 };
    gan_scope_begin(ctx);
    gan_tensor *x = gan_scalar(ctx, 1), *y = x;
    for (int i = 0; i < DEPTH; i++) {
        gan_tensor *next = t_add(y, x);
        if (y != x) gan_release(y);
        y = next;
    }
    check_close(gan_item(gan_grad(y, x, plain)), DEPTH + 1, 0);
    check_ok(ctx);
    size_t before = gan_ctx_memory(ctx).in_use;
    gan_release(y); /* takes the whole chain along */
    assert_true(gan_ctx_memory(ctx).in_use + (size_t)DEPTH * sizeof(gan__node) < before);
    gan_scope_end(ctx);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_grad__of_a_product),
        TEST(test_grad__sums_over_all_paths),
        TEST(test_grad__by_intermediate_values_too),
        TEST(test_grad__takes_a_seed),
        TEST(test_grad__is_differentiable_by_its_seed),
        TEST(test_grad__without_dependence_is_an_error_unless_allowed),
        TEST(test_grad__of_any_order),
        TEST(test_grad__mixed_second_order),
        TEST(test_grad__without_create_graph_records_nothing),
        TEST(test_grad__leaves_the_graph_as_it_is),
        TEST(test_grad__needs_little_memory),
        TEST(test_grad__visits_only_what_leads_to_a_variable),
        TEST(test_grad__absent_gradients_propagate),
        TEST(test_op__refuses_more_extra_tensors_than_there_are),
        TEST(test_grad__refuses_a_gradient_of_another_shape),
        TEST(test_grad__names_inputs_that_were_not_saved),
        TEST(test_grad__takes_the_fast_way_when_not_recording),
        TEST(test_grad__finds_what_forward_left),
        TEST(test_grad__of_many_inputs),
        TEST(test_grad__of_a_deep_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
