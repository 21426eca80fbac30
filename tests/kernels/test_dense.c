#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/isa.h"
#include "kernels/dense.h"

#define GUARD 32
#define GUARD_VALUE 1234.5f

static uint32_t lcg = 7;
static void fill(float *v, int64_t n) {
    for (int64_t i = 0; i < n; i++) v[i] = (float)((lcg = lcg * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1.0f;
}

static double entry(const float *a, bool trans, int64_t rows, int64_t cols, int64_t i, int64_t j) {
    return (double)(trans ? a[j * rows + i] : a[i * cols + j]);
}

static void check_product(gan_ctx *ctx, bool ta, bool tb, int64_t m, int64_t n, int64_t k) {
    float *a = malloc((size_t)(m * k + 1) * sizeof *a), *b = malloc((size_t)(k * n + 1) * sizeof *b);
    float *walls = malloc((size_t)(m * n + 2 * GUARD) * sizeof *walls), *c = walls + GUARD;
    fill(a, m * k), fill(b, k * n);
    for (int64_t i = 0; i < m * n + 2 * GUARD; i++) walls[i] = GUARD_VALUE;
    gan__gemm(ctx, ta, tb, m, n, k, a, b, NULL, c);
    for (int64_t i = 0; i < GUARD; i++) assert_true(walls[i] == GUARD_VALUE && c[m * n + i] == GUARD_VALUE);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t p = 0; p < k; p++) sum += entry(a, ta, m, k, i, p) * entry(b, tb, k, n, p, j);
            double error = fabs((double)c[i * n + j] - sum);
            if (!(error <= 2e-7 + 1e-6 * sqrt((double)k) + 1e-7 * (double)k)) /* a float sum of k numbers in (-1, 1) */
                fail_msg("%d%d %dx%dx%d: c[%d,%d] is %g, not %g", ta, tb, (int)m, (int)n, (int)k, (int)i, (int)j,
                         (double)c[i * n + j], sum);
        }
    free(a), free(b), free(walls);
}

static void test_gemm__all_transposes_and_sizes_agree_with_plain_loops(void **state) {
    (void)state;
    static const int64_t sizes[] = {0, 1, 2, 3, 4, 6, 7, 16, 17, 64, 100, 130};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    for (gan__isa isa = 0; isa < GAN__ISA_COUNT; isa++) {
        if (!gan__isa_available(isa)) continue;
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.isa = gan__isa_name(isa), .threads = 2});
        for (int i = 0; i < COUNT * COUNT * COUNT; i++)
            for (int t = i % 4, last = i % 7 ? t : 3; t <= last; t++)
                check_product(ctx, t & 1, t & 2, sizes[i % COUNT], sizes[i / COUNT % COUNT], sizes[i / COUNT / COUNT]);
        for (int t = 0; t < 4; t++) {
            check_product(ctx, t & 1, t & 2, 70, 1, 1500);
            check_product(ctx, t & 1, t & 2, 1, 900, 70);
            check_product(ctx, t & 1, t & 2, 3, 150, 1024); /* as deep as narrow products get, and in several chunks */
            check_product(ctx, t & 1, t & 2, 150, 4, 1023);
            check_product(ctx, t & 1, t & 2, 2, 150, 1025);
            check_product(ctx, t & 1, t & 2, 300, 301, 302);
        }
        assert_int_equal(gan_ctx_status(ctx), GAN_OK);
        assert_int_equal(gan_ctx_memory(ctx).in_use, 0);
        gan_ctx_free(ctx);
    }
}

static void test_gemm__bits_do_not_depend_on_the_number_of_threads(void **state) {
    (void)state;
    enum { M = 131, N = 150, K = 700 };
    static const int64_t widths[] = {N, 3};
    static float a[M * K], b[K * N], one[M * N], many[M * N];
    fill(a, M * K), fill(b, K * N);
    for (int t = 0; t < 8; t++)
        for (int threads = 1; threads <= 3; threads++) {
            int64_t n = widths[t / 4];
            gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = threads});
            gan__gemm(ctx, t & 1, t & 2, M, n, K, a, b, NULL, threads == 1 ? one : many);
            gan_ctx_free(ctx);
            if (threads > 1) assert_memory_equal(one, many, (size_t)(M * n) * sizeof *one);
        }
}

/* A sample's verdict does not depend on those it is judged with. */
static void test_gemm__bits_of_a_row_do_not_depend_on_the_others(void **state) {
    (void)state;
    enum { M = 23, N = 40, K = 70 };
    static float a[M * K], b[K * N], all[M * N], row[N];
    fill(a, M * K), fill(b, K * N);
    for (gan__isa isa = 0; isa < GAN__ISA_COUNT; isa++) {
        if (!gan__isa_available(isa)) continue;
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.isa = gan__isa_name(isa), .threads = 2});
        for (int64_t n = 1; n <= N; n++) {
            gan__gemm(ctx, false, true, M, n, K, a, b, NULL, all);
            for (int i = 0; i < M; i++) {
                gan__gemm(ctx, false, true, 1, n, K, a + i * K, b, NULL, row);
                assert_memory_equal(row, all + i * n, (size_t)n * sizeof *row);
            }
        }
        gan_ctx_free(ctx);
    }
}

/* One list serves b read both ways; what is kept gives the bits of what is packed anew, and is not made twice. */
static void test_gemm__kept_weights_give_the_same_bits(void **state) {
    (void)state;
    enum { M = 100, N = 70, K = 90 };
    static float a[M * K], b[K * N], fresh[M * N], kept[M * N];
    fill(a, M * K), fill(b, K * N);
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    gan__packed *list = NULL;
    int64_t requests = 0;
    for (int round = 0; round < 3; round++) {
        for (int trans_b = 0; trans_b < 2; trans_b++) {
            gan__gemm(ctx, false, trans_b, M, N, K, a, b, NULL, fresh);
            gan__gemm(ctx, false, trans_b, M, N, K, a, b, &list, kept);
            assert_memory_equal(fresh, kept, sizeof fresh);
        }
        gan_memory m = gan_ctx_memory(ctx);
        assert_int_equal(m.in_use, 0);
        if (round == 2) assert_int_equal(m.requests, requests + 2 * 5); /* plans and scratch of four products, two packings */
        requests = m.requests;
    }
    gan__packed_free(ctx, list);
    assert_int_equal(gan_ctx_memory(ctx).in_use, 0);
    gan_ctx_free(ctx);
}

/* A sum that float32 cannot hold, over more than one block. */
static void test_gemm_double__is_double(void **state) {
    (void)state;
    enum { M = 70, N = 3, K = 130 };
    static double a[M * K], b[K * N], c[M * N];
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    for (int i = 0; i < M * K; i++) a[i] = 1 + (i % K) * 0x1p-40;
    for (int i = 0; i < K * N; i++) b[i] = i % N + 1;
    gan__gemm_double(ctx, false, false, M, N, K, a, b, c);
    for (int i = 0; i < M * N; i++) assert_true(c[i] == (i % N + 1) * (K + 0x1p-40 * (K * (K - 1) / 2)));
    gan__gemm_double(ctx, false, false, M, N, 0, a, b, c);
    for (int i = 0; i < M * N; i++) assert_true(c[i] == 0);
    gan_ctx_free(ctx);
}

/* Depths of none, few, one and two pieces; one column, and more than a panel's; more rows than a block. */
static void test_linear__is_the_product_and_the_bias_and_the_activation(void **state) {
    (void)state;
    static const int64_t depths[] = {0, 1, 2, 3, 4, 5, 128, 300}, widths[] = {1, 16, 37, 83};
    static const double slopes[] = {0.2, 0, 2, 0.5};
    enum { M = 70, N = 83, K = 300 };
    static float x[M * K], w[N * K], bias[N], product[M * N], walls[M * N + 1];
    fill(x, M * K), fill(w, N * K), fill(bias, N);
    for (gan__isa isa = 0; isa < GAN__ISA_COUNT; isa++) {
        if (!gan__isa_available(isa)) continue;
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.isa = gan__isa_name(isa), .threads = 2});
        for (int i = 0; i < 8 * 4; i++) {
            int64_t k = depths[i / 4], n = widths[i % 4];
            gan__gemm(ctx, false, true, M, n, k, x, w, NULL, product);
            walls[M * n] = GUARD_VALUE;
            gan__linear(ctx, M, n, k, x, w, bias, NULL, NULL, walls);
            for (int64_t j = 0; j < M * n; j++) assert_float_equal(walls[j], product[j] + bias[j % n], 2e-5);
            assert_true(walls[M * n] == GUARD_VALUE);
            gan__linear(ctx, M, n, k, x, w, NULL, NULL, NULL, walls);
            assert_memory_equal(walls, product, (size_t)(M * n) * sizeof *product);
            float slope = (float)slopes[i / 2 % 4];
            gan__linear(ctx, M, n, k, x, w, NULL, &slopes[i / 2 % 4], NULL, walls);
            for (int64_t j = 0; j < M * n; j++) assert_true(walls[j] == product[j] * (product[j] > 0 ? 1 : slope));
            assert_true(walls[M * n] == GUARD_VALUE);
        }
        gan_ctx_free(ctx);
    }
}

enum { DX, DW, DB, BEFORE, RESULTS };

/* All arrays of one gan__linear_grads, with walls behind what it writes. */
typedef struct backward {
    gan__linear_back of;
    float *in[4], *out[RESULTS];
    int64_t size[RESULTS];
} backward;

static backward new_backward(int64_t m, int64_t n, int64_t k, const double *slope, int wanted) {
    const int64_t in[] = {m * k, n * k, m * n, m * n};
    backward b = {.size = {m * k, n * k, n, m * n}};
    for (int i = 0; i < 4; i++) {
        b.in[i] = malloc((size_t)(in[i] + 1) * sizeof(float));
        fill(b.in[i], in[i]);
    }
    for (int i = 0; i < RESULTS; i++) {
        b.out[i] = malloc((size_t)(b.size[i] + GUARD) * sizeof(float));
        for (int64_t j = 0; j < b.size[i] + GUARD; j++) b.out[i][j] = GUARD_VALUE;
    }
    b.of = (gan__linear_back){.m = m, .n = n, .k = k, .x = b.in[0], .w = b.in[1], .y = b.in[2], .g = b.in[3], .slope = slope,
                              .before = slope ? b.out[BEFORE] : NULL, .dx = wanted & 1 ? b.out[DX] : NULL,
                              .dw = wanted & 2 ? b.out[DW] : NULL, .db = wanted & 4 ? b.out[DB] : NULL};
    return b;
}

static void free_backward(backward *b) {
    for (int i = 0; i < 4; i++) free(b->in[i]);
    for (int i = 0; i < RESULTS; i++) free(b->out[i]);
}

/* `in_place`: the gradient before the activation takes the place of the one behind it. */
static void check_grads(gan_ctx *ctx, int64_t m, int64_t n, int64_t k, const double *slope, int wanted, bool in_place) {
    backward b = new_backward(m, n, k, slope, wanted);
    if (slope && in_place) b.of.g = memcpy(b.out[BEFORE], b.in[3], (size_t)(m * n) * sizeof(float));
    gan__linear_grads(ctx, &b.of);
    const float *x = b.in[0], *w = b.in[1], *y = b.in[2];
    float *g = b.in[3];
    double bound = 2e-6 * (double)(m + n + k);
    for (int i = 0; i < RESULTS; i++)
        for (int64_t j = 0; j < GUARD; j++) assert_true(b.out[i][b.size[i] + j] == GUARD_VALUE);
    for (int64_t i = 0; slope && i < m * n; i++) g[i] *= y[i] > 0 ? 1 : (float)*slope;
    for (int64_t i = 0; slope && i < m * n; i++) assert_true(b.out[BEFORE][i] == g[i]);
    for (int64_t i = 0; wanted & 1 && i < m * k; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += (double)g[i / k * n + j] * (double)w[j * k + i % k];
        assert_true(fabs((double)b.out[DX][i] - sum) <= bound);
    }
    for (int64_t i = 0; wanted & 2 && i < n * k; i++) {
        double sum = 0;
        for (int64_t r = 0; r < m; r++) sum += (double)g[r * n + i / k] * (double)x[r * k + i % k];
        assert_true(fabs((double)b.out[DW][i] - sum) <= bound);
    }
    for (int64_t j = 0; wanted & 4 && j < n; j++) {
        double sum = 0;
        for (int64_t r = 0; r < m; r++) sum += (double)g[r * n + j];
        assert_true(fabs((double)b.out[DB][j] - sum) <= 1e-6 * (1 + fabs(sum)));
    }
    free_backward(&b);
}

static const int64_t back_sizes[][3] = {{256, 128, 128}, {131, 70, 150}, {700, 33, 20}, {40, 3, 90}, {95, 128, 2},
                                        {150, 1, 100},   {90, 2, 83},    {65, 4, 17},   {1, 1, 1},   {0, 5, 7},
                                        {5, 0, 7},       {5, 7, 0}};
enum { BACK_SIZES = sizeof back_sizes / sizeof *back_sizes };

static void test_linear_grads__have_the_same_bits_for_every_number_of_threads(void **state) {
    (void)state;
    const double slope = .2;
    for (int s = 0; s < BACK_SIZES; s++)
        for (int wanted = 1; wanted < 8; wanted++) {
            backward b = new_backward(back_sizes[s][0], back_sizes[s][1], back_sizes[s][2], &slope, wanted);
            float *one[RESULTS];
            for (int threads = 1; threads <= 3; threads++) {
                gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = threads});
                gan__linear_grads(ctx, &b.of);
                gan_ctx_free(ctx);
                for (int i = 0; i < RESULTS; i++) {
                    size_t bytes = (size_t)(b.size[i] + GUARD) * sizeof(float);
                    if (threads == 1) one[i] = memcpy(malloc(bytes), b.out[i], bytes);
                    assert_memory_equal(one[i], b.out[i], bytes);
                }
            }
            for (int i = 0; i < RESULTS; i++) free(one[i]);
            free_backward(&b);
        }
}

static void test_linear_grads__every_failed_request_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    const double slope = .2;
    for (int s = 0; s < 8; s++)
        for (int wanted = 4; wanted < 8; wanted++) {
            backward b = new_backward(back_sizes[s][0], back_sizes[s][1], back_sizes[s][2], &slope, wanted);
            gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
            int failures = 0;
            for (bool ok = false; !ok; failures += !ok) {
                gan_ctx_fail_alloc(ctx, failures + 1);
                gan__linear_grads(ctx, &b.of);
                gan_ctx_fail_alloc(ctx, 0);
                ok = gan_ctx_status(ctx) == GAN_OK;
                assert_true(ok || gan_ctx_status(ctx) == GAN_E_MEMORY);
                assert_int_equal(gan_ctx_memory(ctx).in_use, 0);
                gan_ctx_clear(ctx);
            }
            assert_true(failures > 0);
            gan_ctx_free(ctx);
            free_backward(&b);
        }
}

/* Many blocks and panels, a few, narrow ones on either side, and no rows at all. */
static void test_linear_grads__are_those_of_plain_loops(void **state) {
    (void)state;
    static const double slopes[] = {.2, 0};
    for (gan__isa isa = 0; isa < GAN__ISA_COUNT; isa++) {
        if (!gan__isa_available(isa)) continue;
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.isa = gan__isa_name(isa), .threads = 2});
        for (int s = 0; s < BACK_SIZES; s++)
            for (int wanted = 0; wanted < 8; wanted++) {
                const int64_t *size = back_sizes[s];
                check_grads(ctx, size[0], size[1], size[2], wanted % 3 < 2 ? &slopes[wanted % 3] : NULL, wanted, false);
                check_grads(ctx, size[0], size[1], size[2], &slopes[wanted % 2], wanted, true);
            }
        assert_int_equal(gan_ctx_status(ctx), GAN_OK);
        assert_int_equal(gan_ctx_memory(ctx).in_use, 0);
        gan_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm__all_transposes_and_sizes_agree_with_plain_loops),
        cmocka_unit_test(test_gemm__kept_weights_give_the_same_bits),
        cmocka_unit_test(test_gemm__bits_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(test_gemm__bits_of_a_row_do_not_depend_on_the_others),
        cmocka_unit_test(test_gemm_double__is_double),
        cmocka_unit_test(test_linear__is_the_product_and_the_bias_and_the_activation),
        cmocka_unit_test(test_linear_grads__are_those_of_plain_loops),
        cmocka_unit_test(test_linear_grads__have_the_same_bits_for_every_number_of_threads),
        cmocka_unit_test(test_linear_grads__every_failed_request_is_reported_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
