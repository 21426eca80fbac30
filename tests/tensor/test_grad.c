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

/* y = x^2, with the factor of the gradient, 2x, left by forward in an extra. */
static void extra_forward(gan_op_call *c) {
    gan_tensor *e = gan_op_extra(c, 1, gan_shape_of(c->in[0]));
    if (gan_is_nil(e)) return;
    const gan_real *x = gan_data(c->in[0]);
    for (int64_t i = 0; i < gan_count(c->out); i++) gan_op_write(c->out)[i] = x[i] * x[i], gan_op_write(e)[i] = 2 * x[i];
}
static void extra_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    assert_null(c->extra[0]);
    grads[0] = t_mul(g, c->extra[1]);
}
static const gan_op op_extra = {.name = "t_extra", .n_in = 1, .shape = same_shape, .forward = extra_forward, .vjp = extra_vjp};

static void test_grad__finds_what_forward_left(void **state) {
    (void)state;
    gan_tensor *x = pair(2, 3), *y = gan_apply(ctx, &op_extra, &x, 1, NULL);
    assert_true(at(y, 1) == 9);
    assert_true(at(gan_grad(t_sum(y), x, plain), 1) == 6);
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

/* --- writes --- */

static void test_grad__through_an_overwritten_value_is_an_error(void **state) {
    (void)state;
    gan_tensor *w = pair(2, 3), *x = pair(5, 7);
    gan_name(w, "main.0.weight");
    gan_tensor *y = t_sum(t_mul(w, x)), *sum = t_sum(t_add(w, x));
    gan_assign(w, (gan_real[]){1, 1}, 2);
    gan_grad(y, x, plain);
    check_failed(ctx, GAN_E_STALE, "\"main.0.weight\", an input of t_mul, was overwritten");
    assert_true(at(gan_grad(sum, w, plain), 0) == 1); /* which needs no values */
    gan_tensor *fresh = t_sum(t_mul(w, x));
    assert_true(at(gan_grad(fresh, x, plain), 0) == 1);
    check_ok(ctx);
    gan_assign(w, (gan_real[]){4, 4}, 2); /* a second write, in place if nobody else holds the first */
    gan_grad(fresh, x, plain);
    check_failed(ctx, GAN_E_STALE, "main.0.weight");
}

static void test_overwrite__is_undone_by_an_error(void **state) {
    (void)state;
    gan_tensor *w = pair(2, 3), *x = pair(5, 7), *y = t_sum(t_mul(w, x));
    gan__commit(ctx);
    size_t in_use = gan_ctx_memory(ctx).in_use;
    for (int round = 0; round < 3; round++) {
        gan_real *p = gan__overwrite(w, true);
        assert_true(p[0] == 2 && p[1] == 3);
        p[0] = 100;
        gan__overwrite(w, false)[1] = 200;
        gan_ctx_fail(ctx, GAN_E_ARG, "planted");
        assert_true(at(w, 0) == 2 && at(w, 1) == 3);
        gan_ctx_clear(ctx);
        assert_true(at(w, 0) == 2 && at(w, 1) == 3);
        assert_true(gan_ctx_memory(ctx).in_use <= in_use + 64 * sizeof(gan__undo) + 512);
        assert_true(at(gan_grad(y, x, plain), 0) == 2); /* the old values are back, so the graph is good */
    }
    check_ok(ctx);
}

static void test_overwrite__is_kept_by_a_commit(void **state) {
    (void)state;
    gan_tensor *w = pair(2, 3);
    gan__commit(ctx);
    gan__overwrite(w, true)[0] = 100;
    gan__commit(ctx);
    size_t in_use = gan_ctx_memory(ctx).in_use;
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    gan_ctx_clear(ctx);
    assert_true(at(w, 0) == 100 && at(w, 1) == 3);
    for (int i = 0; i < 10; i++) {
        gan__overwrite(w, true)[1] = (gan_real)i;
        gan__commit(ctx);
    }
    assert_true(at(w, 1) == 9);
    assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
    check_ok(ctx);
}

static void test_overwrite__of_a_released_tensor_is_forgotten(void **state) {
    (void)state;
    gan_tensor *w = pair(2, 3);
    gan__commit(ctx);
    gan__overwrite(w, true)[0] = 100;
    gan_release(w);
    gan_ctx_fail(ctx, GAN_E_ARG, "planted"); /* touches nothing that is gone: the sanitizer tells */
    check_failed(ctx, GAN_E_ARG, "planted");
}

static void test_overwrite__without_memory_changes_nothing(void **state) {
    (void)state;
    gan_tensor *w = pair(2, 3), *x = pair(5, 7), *y = t_sum(t_mul(w, x));
    gan__commit(ctx);
    for (int n = 1; n <= 2; n++) {
        size_t in_use = gan_ctx_memory(ctx).in_use;
        gan_ctx_fail_alloc(ctx, n);
        assert_null(gan__overwrite(w, true));
        check_failed(ctx, GAN_E_MEMORY, "out of memory");
        assert_true(at(w, 0) == 2);
        assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
    }
    assert_true(at(gan_grad(y, x, plain), 1) == 3);
    check_ok(ctx);
}

/* --- what an optimiser's step does to the graph --- */

static const gan__grad_opts consuming = {.consume = true, .who = "a step"};

static void test_consume__releases_what_was_saved(void **state) {
    (void)state;
    gan_tensor *x = gan_ones(ctx, gan_shape1(10000));
    gan_tensor *a = t_exp(x), *y = t_sum(t_mul(a, a));
    gan_release(a);
    size_t before = gan_ctx_memory(ctx).in_use;
    gan_tensor *g;
    assert_true(gan__grads(y, &x, 1, &g, consuming));
    check_close(at(g, 3), 2 * exp(2), 1e-4);
    gan_release(g);
    assert_true(gan_ctx_memory(ctx).in_use + 10000 * sizeof(gan_real) <= before);
    gan_grad(y, x, plain);
    check_failed(ctx, GAN_E_GRAPH, "released by an earlier optimiser step (at t_sum)");
}

static void test_consume__spares_what_it_did_not_visit(void **state) {
    (void)state;
    gan_tensor *a = pair(2, 3), *b = pair(5, 7);
    gan_tensor *ab = t_mul(a, a), *y = t_sum(t_mul(ab, t_mul(b, b)));
    gan_tensor *g;
    assert_true(gan__grads(y, &b, 1, &g, consuming));
    assert_true(at(g, 0) == 40);
    assert_true(at(gan_grad(t_sum(ab), a, plain), 0) == 4);
    check_ok(ctx);
}

/* --- without memory --- */

/* One small computation that has all there is: ops of every kind, second order, overwriting, scopes. */
static bool small_step(gan_tensor *w, gan_real out[2]) {
    gan_scope_begin(ctx);
    gan_tensor *x = gan_randn(ctx, gan_shape1(2)), *s = t_add(t_mul(w, x), t_exp(t_scale(w, 0.5)));
    gan_tensor *e = gan_apply(ctx, &op_extra, &s, 1, NULL);
    gan_tensor *y = t_sum(t_mul(t_view(e, gan_shape2(2, 1)), t_view(e, gan_shape2(2, 1))));
    gan_tensor *many[10];
    for (int i = 0; i < 10; i++) many[i] = w;
    gan_tensor *gx = gan_grad(t_add(y, t_sum(t_total(many, 10))), w, create);
    gan_tensor *grads[2], *by[] = {w, x};
    gan_grads(t_sum(t_mul(gx, gx)), by, 2, grads, plain);
    gan_tensor *kept = gan_keep(grads[1]);
    gan_assign(w, gan_data(grads[0]), 2);
    gan_scope_end(ctx);
    bool ok = gan_ctx_status(ctx) == GAN_OK;
    if (ok) {
        out[0] = gan_data(w)[0], out[1] = gan_data(kept)[1];
    }
    gan_release(kept);
    return ok;
}

/* Fails each request in turn. After each failure the step is repeated: it must give what the unfailed one gave. */
static void fail_every_request(bool warm) {
    gan_real expected[2], got[2];
    const gan_real start[] = {0.25f, -0.5f};
    int failures = 0;
    for (int64_t n = 0;; n++) { /* 0: none fails */
        if (ctx) gan_ctx_free(ctx);
        ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 2});
        gan_tensor *w = gan_from(ctx, gan_shape1(2), start);
        gan__commit(ctx);
        if (warm)
            for (int i = 0; i < 2; i++) {
                assert_true(small_step(w, got));
                gan_stream_seek(gan_stream_named(ctx, "noise"), 0);
                gan_assign(w, start, 2);
            }
        size_t in_use = gan_ctx_memory(ctx).in_use;
        if (n == 0) {
            assert_true(small_step(w, expected));
            continue;
        }
        gan_ctx_fail_alloc(ctx, n);
        if (small_step(w, got)) break;
        failures++;
        assert_int_equal(gan_ctx_status(ctx), GAN_E_MEMORY);
        assert_memory_equal(gan_data(w), start, sizeof start);
        assert_int_equal(ctx->depth, 0);
        assert_int_equal(ctx->no_record, 0);
        gan_ctx_clear(ctx);
        if (warm) assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
        gan_ctx_fail_alloc(ctx, 0);
        if (!small_step(w, got)) fail_msg("after request %d had failed: %s", (int)n, gan_ctx_message(ctx));
        assert_memory_equal(got, expected, sizeof got);
    }
    assert_memory_equal(got, expected, sizeof got); /* of the run that needed fewer requests than n */
    assert_true(failures > 60);
}

static void test_grad__survives_failure_of_every_request_cold(void **state) {
    (void)state;
    fail_every_request(false);
}

static void test_grad__survives_failure_of_every_request_warm(void **state) {
    (void)state;
    fail_every_request(true);
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
        TEST(test_grad__visits_only_what_leads_to_a_variable),
        TEST(test_grad__absent_gradients_propagate),
        TEST(test_grad__refuses_a_gradient_of_another_shape),
        TEST(test_grad__names_inputs_that_were_not_saved),
        TEST(test_grad__takes_the_fast_way_when_not_recording),
        TEST(test_grad__finds_what_forward_left),
        TEST(test_grad__of_many_inputs),
        TEST(test_grad__of_a_deep_graph),
        TEST(test_grad__through_an_overwritten_value_is_an_error),
        TEST(test_overwrite__is_undone_by_an_error),
        TEST(test_overwrite__is_kept_by_a_commit),
        TEST(test_overwrite__of_a_released_tensor_is_forgotten),
        TEST(test_overwrite__without_memory_changes_nothing),
        TEST(test_consume__releases_what_was_saved),
        TEST(test_consume__spares_what_it_did_not_visit),
        TEST(test_grad__survives_failure_of_every_request_cold),
        TEST(test_grad__survives_failure_of_every_request_warm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
