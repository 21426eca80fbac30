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

/* Products keep weights in an order of their own: it must not outlive the values, nor an undone write take it away for good. */
static void test_overwrite__reaches_products(void **state) {
    (void)state;
    gan_tensor *x = gan_from(ctx, gan_shape2(1, 2), (gan_real[]){5, 7});
    gan_tensor *weight = gan_from(ctx, gan_shape2(1, 2), (gan_real[]){2, 3});
    gan__commit(ctx);
    gan_no_record_begin(ctx); /* or graphs would hold the storage, and no write be in place */
    assert_true(at(gan_linear(x, weight, NULL), 0) == 31);
    for (int round = 0; round < 3; round++) { /* a new storage first, then in place */
        gan_real *p = gan__overwrite(weight, true);
        p[0] = (gan_real)(10 + round);
        assert_true(at(gan_linear(x, weight, NULL), 0) == 5 * (10 + round) + 21);
        assert_true(at(gan_matmul(x, weight, (gan_matmul_opts){.trans_b = true}), 0) == 5 * (10 + round) + 21);
    }
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    gan_ctx_clear(ctx);
    assert_true(at(gan_linear(x, weight, NULL), 0) == 31);
    gan_assign(weight, (gan_real[]){1, 1}, 2);
    assert_true(at(gan_linear(x, weight, NULL), 0) == 12);
    gan_no_record_end(ctx);
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
    gan__overwrite(w, true)[1] = 50;
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    gan_ctx_clear(ctx);
    assert_true(at(w, 1) == 9); /* back to the last commit, not farther and not less far */
    check_ok(ctx);
}

static void test_overwrite__of_a_released_tensor_is_forgotten(void **state) {
    (void)state;
    gan_tensor *other = pair(4, 5);
    gan__commit(ctx);
    gan__overwrite(other, true); /* the log has its room */
    gan__commit(ctx);
    size_t in_use = gan_ctx_memory(ctx).in_use;
    gan_tensor *w = pair(2, 3);
    gan__commit(ctx);
    gan__overwrite(w, true)[0] = 100;
    gan_release(w);
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    check_failed(ctx, GAN_E_ARG, "planted");
    assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
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
    gan_release(gan_scalar(ctx, 0));
    size_t empty = gan_ctx_memory(ctx).in_use;
    gan_scope_begin(ctx);
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
    gan_scope_end(ctx);
    assert_int_equal(gan_ctx_memory(ctx).in_use, empty); /* and nothing was released twice */
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
    gan_tensor *e = t_square(s);
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
        TEST(test_grad__through_an_overwritten_value_is_an_error),
        TEST(test_overwrite__reaches_products),
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
