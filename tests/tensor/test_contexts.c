/* Two contexts in two threads never meet. */
#include "cmocka_gan.h"

#include <pthread.h>

#include "small_ops.h"
#include "tensor/tensor_impl.h"

enum { N = 20000, STEPS = 6 };

typedef struct run {
    uint64_t seed;
    int threads;
    gan_real w[N];
    gan_status status;
} run;

/* A little optimisation with noise, first and second order, and now and then an error that is cleared. */
static void *optimise(void *p) {
    run *r = p;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = r->seed, .threads = r->threads});
    gan_tensor *w = gan_zeros(ctx, gan_shape1(N));
    for (int step = 0; step < STEPS; step++) {
        gan_scope_begin(ctx);
        gan_tensor *x = gan_randn(ctx, gan_shape1(N)), *d = t_add(w, t_scale(x, -1));
        gan_tensor *loss = t_sum(t_mul(t_mul(d, d), gan_rand(ctx, gan_shape1(N))));
        gan_tensor *g = gan_grad(loss, w, (gan_grad_opts){.create_graph = true});
        gan_tensor *gg = gan_grad(t_sum(t_mul(g, g)), w, (gan_grad_opts){0});
        gan_assign(w, gan_data(t_add(w, t_scale(t_add(g, gg), -0.05))), N);
        if (step % 3 == 2) {
            t_mul(w, gan_scalar(ctx, 1));
            gan_ctx_clear(ctx);
        }
        gan_scope_end(ctx);
    }
    r->status = gan_ctx_status(ctx);
    memcpy(r->w, gan_data(w), sizeof r->w);
    gan_ctx_free(ctx);
    return NULL;
}

static void test_contexts__in_two_threads_do_as_alone(void **state) {
    (void)state;
    static run alone[2] = {{.seed = 1, .threads = 1}, {.seed = 2, .threads = 3}};
    static run together[2] = {{.seed = 1, .threads = 1}, {.seed = 2, .threads = 3}};
    for (int i = 0; i < 2; i++) optimise(&alone[i]);
    pthread_t ids[2];
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&ids[i], NULL, optimise, &together[i]), 0);
    for (int i = 0; i < 2; i++) pthread_join(ids[i], NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(together[i].status, GAN_OK);
        assert_memory_equal(alone[i].w, together[i].w, sizeof alone[i].w);
    }
    assert_memory_not_equal(alone[0].w, alone[1].w, sizeof alone[0].w);
}

static void test_contexts__give_the_same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    static run first, other;
    first = (run){.seed = 5, .threads = 1};
    optimise(&first);
    assert_int_equal(first.status, GAN_OK);
    for (int threads = 2; threads <= 8; threads += 3) {
        other = (run){.seed = 5, .threads = threads};
        optimise(&other);
        assert_memory_equal(first.w, other.w, sizeof first.w);
    }
}

/* One context may be used by different threads, one after the other. */
static void *use(void *ctx) {
    gan_scope_begin(ctx);
    gan_randn(ctx, gan_shape1(N));
    gan_scope_end(ctx);
    return NULL;
}

static void test_context__moves_between_threads(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    for (int i = 0; i < 5; i++) {
        pthread_t id;
        assert_int_equal(pthread_create(&id, NULL, use, ctx), 0);
        pthread_join(id, NULL);
        use(ctx);
    }
    check_ok(ctx);
    gan_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contexts__in_two_threads_do_as_alone),
        cmocka_unit_test(test_contexts__give_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(test_context__moves_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
