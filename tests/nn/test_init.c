/* Initialisers: their distributions, their fans, and that the seed alone decides. */
#include "cmocka_gan.h"
#include "nn/nn_impl.h"

#ifdef GAN_DOUBLE
#define ROUNDING 1e-12
#else
#define ROUNDING 2e-6
#endif

static gan_ctx *ctx;

static int setup(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    return 0;
}

static int teardown(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

typedef struct moments {
    double mean, std, low, high;
} moments;

static moments moments_of(const gan_tensor *t) {
    const gan_real *p = gan_data(t);
    int64_t n = gan_count(t);
    moments m = {.low = p[0], .high = p[0]};
    for (int64_t i = 0; i < n; i++) {
        m.mean += (double)p[i] / (double)n;
        m.low = fmin(m.low, p[i]), m.high = fmax(m.high, p[i]);
    }
    for (int64_t i = 0; i < n; i++) m.std += pow(p[i] - m.mean, 2) / (double)n;
    m.std = sqrt(m.std);
    return m;
}

static const gan_tensor *of(const gan_module *m, const char *name) { return gan_module_find(m, name)->tensor; }

/* Means and deviations of n draws lie within five of their own standard errors. */
static void check_normal(const gan_tensor *t, double mean, double std) {
    moments m = moments_of(t);
    double n = (double)gan_count(t);
    check_close(m.mean, mean, 5 * std / sqrt(n));
    check_close(m.std, std, 5 * std / sqrt(2 * n));
    assert_true(m.high > mean + 2.5 * std && m.low < mean - 2.5 * std); /* no uniform distribution has such tails */
}

static void check_uniform(const gan_tensor *t, double bound) {
    moments m = moments_of(t);
    double n = (double)gan_count(t);
    assert_true(m.high <= bound * (1 + 1e-6) && m.low >= -bound * (1 + 1e-6));
    assert_true(m.high > 0.98 * bound && m.low < -0.98 * bound);
    check_close(m.mean, 0, 5 * bound / sqrt(3 * n));
}

static void check_constant(const gan_tensor *t, double value) {
    moments m = moments_of(t);
    assert_true(m.low == value && m.high == value);
}

/* One of each: conv [3,2, 16,32], its transpose [3,2, 32(out), 16(in)], linear [64, 48], norm, embedding. */
static gan_module *make_zoo(void) {
    gan_module *s = gan_sequential(ctx);
    gan_conv_layer_opts k = {.kernel_h = 3, .kernel_w = 2};
    gan_sequential_add(s, gan_conv2d_layer(ctx, 16, 64, k));
    gan_sequential_add(s, gan_conv_transpose2d_layer(ctx, 16, 64, k));
    gan_sequential_add(s, gan_linear_layer(ctx, 48, 256, (gan_linear_opts){0}));
    gan_sequential_add(s, gan_batch_norm_layer(ctx, 4000, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_embedding_layer(ctx, 300, 30, (gan_embedding_opts){0}));
    check_ok(ctx);
    return s;
}

static void check_default(const gan_module *s) {
    check_uniform(of(s, "0.weight"), 1 / sqrt(16 * 6)); /* fan_in = in*kh*kw */
    check_uniform(of(s, "1.weight"), 1 / sqrt(64 * 6)); /* of a transposed convolution: out*kh*kw, as PyTorch counts */
    check_uniform(of(s, "2.weight"), 1 / sqrt(48));
    check_uniform(of(s, "2.bias"), 1 / sqrt(48));
    assert_true(moments_of(of(s, "0.bias")).high <= 1 / sqrt(16 * 6) && moments_of(of(s, "0.bias")).std > 0);
    assert_true(moments_of(of(s, "1.bias")).high <= 1 / sqrt(64 * 6) && moments_of(of(s, "1.bias")).std > 0);
    check_constant(of(s, "3.weight"), 1);
    check_constant(of(s, "3.bias"), 0);
    check_normal(of(s, "4.weight"), 0, 1);
}

static void test_init__default_is_pytorchs_when_made_and_when_asked_for(void **state) {
    (void)state;
    gan_module *s = make_zoo();
    check_default(s);
    gan_module_init(s, gan_init_dcgan());
    gan_module_init(s, (gan_init){GAN_INIT_DEFAULT, 0});
    check_ok(ctx);
    check_default(s);
}

static void test_init__dcgan_xavier_and_he_have_their_distributions(void **state) {
    (void)state;
    gan_module *s = make_zoo();
    gan_module_init(s, gan_init_dcgan());
    for (int i = 0; i < 3; i++) check_normal(gan_module_param(s, 2 * i)->tensor, 0, 0.02);
    check_normal(of(s, "3.weight"), 1, 0.02);
    check_constant(of(s, "3.bias"), 0);
    check_constant(of(s, "0.bias"), 0);
    check_constant(of(s, "3.running_var"), 1);

    gan_module_init(s, (gan_init){GAN_INIT_XAVIER, 2});
    check_uniform(of(s, "0.weight"), 2 * sqrt(6.0 / (16 * 6 + 64 * 6)));
    check_uniform(of(s, "1.weight"), 2 * sqrt(6.0 / (16 * 6 + 64 * 6)));
    check_uniform(of(s, "2.weight"), 2 * sqrt(6.0 / (48 + 256)));
    check_constant(of(s, "3.weight"), 1);
    check_constant(of(s, "2.bias"), 0);

    gan_module_init(s, gan_init_he());
    check_normal(of(s, "0.weight"), 0, sqrt(2.0 / (16 * 6)));
    check_normal(of(s, "1.weight"), 0, sqrt(2.0 / (64 * 6)));
    check_normal(of(s, "2.weight"), 0, sqrt(2.0 / 48));
    check_ok(ctx);
}

/* values [rows, cols], the shorter side's vectors: pairwise products are gain^2 or 0. */
static void check_orthogonal(const gan_tensor *t, int64_t rows, int64_t cols, double gain) {
    const gan_real *p = gan_data(t);
    assert_int_equal(gan_count(t), rows * cols);
    bool tall = rows > cols;
    int64_t count = tall ? cols : rows, length = tall ? rows : cols, step = tall ? 1 : cols, stride = tall ? cols : 1;
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b <= a; b++) {
            double dot = 0;
            for (int64_t i = 0; i < length; i++) dot += (double)p[a * step + i * stride] * p[b * step + i * stride];
            check_close(dot, a == b ? gain * gain : 0, ROUNDING * gain * gain);
        }
}

static void test_init__orthogonal_makes_orthonormal_rows_or_columns(void **state) {
    (void)state;
    gan_module *s = make_zoo();
    gan_sequential_add(s, gan_linear_layer(ctx, 70, 70, (gan_linear_opts){0}));
    gan_sequential_add(s, gan_conv2d_layer(ctx, 2, 40, gan_conv_layer_square(3, 1, 0)));
    gan_module_init(s, (gan_init){GAN_INIT_ORTHOGONAL, 1.5});
    check_ok(ctx);
    check_orthogonal(of(s, "0.weight"), 6 * 16, 64, 1.5);
    check_orthogonal(of(s, "1.weight"), 6 * 64, 16, 1.5);
    check_orthogonal(of(s, "2.weight"), 256, 48, 1.5);
    check_orthogonal(of(s, "5.weight"), 70, 70, 1.5);
    check_orthogonal(of(s, "6.weight"), 18, 40, 1.5);
    check_constant(of(s, "2.bias"), 0);
}

/* Uniformly distributed orthogonal matrices are as often reflections as rotations, and their corner has either sign: so it is
 * with a QR factorisation whose signs are corrected. */
static void test_init__orthogonal_prefers_no_sign(void **state) {
    (void)state;
    gan_module *m = gan_linear_layer(ctx, 2, 2, (gan_linear_opts){.no_bias = true});
    int positive = 0, turns = 0;
    for (int i = 0; i < 400; i++) {
        gan_module_init(m, gan_init_orthogonal());
        const gan_real *w = gan_data(of(m, "weight"));
        positive += w[0] > 0;
        turns += w[0] * w[3] - w[1] * w[2] > 0;
    }
    check_close(positive, 200, 50);
    check_close(turns, 200, 50);
}

static void test_init__near_dependent_vectors_come_out_orthogonal(void **state) {
    (void)state;
    enum { N = 40 };
    gan_real v[N * N];
    for (int i = 0; i < N * N; i++) v[i] = (gan_real)(1 + 1e-6 * sin(1.0 + i * i % 977));
    gan_tensor *t = gan_zeros(ctx, gan_shape2(N, N));
    assert_true(gan__orthogonalise(ctx, v, N, N, 1));
    gan_assign(t, v, N * N);
    check_orthogonal(t, N, N, 1);
}

static bool same(const gan_module *a, const gan_module *b) {
    bool all = gan_module_param_count(a) == gan_module_param_count(b);
    for (int i = 0; all && i < gan_module_param_count(a); i++) {
        const gan_tensor *x = gan_module_param(a, i)->tensor, *y = gan_module_param(b, i)->tensor;
        all &= !memcmp(gan_data(x), gan_data(y), (size_t)gan_count(x) * sizeof(gan_real));
    }
    return all;
}

static gan_module *zoo_of_seed(uint64_t seed, int threads, gan_ctx **owner) {
    gan_ctx *mine = ctx;
    *owner = ctx = gan_ctx_new((gan_ctx_opts){.seed = seed, .threads = threads});
    gan_stream_uniform(gan_stream_named(ctx, "noise")); /* other streams do not matter */
    gan_module *s = make_zoo();
    gan_module_init(s, gan_init_orthogonal());
    ctx = mine;
    return s;
}

static void test_init__the_seed_alone_decides(void **state) {
    (void)state;
    gan_ctx *a, *b, *c;
    gan_module *one = zoo_of_seed(7, 1, &a), *two = zoo_of_seed(7, 2, &b), *other = zoo_of_seed(8, 1, &c);
    assert_true(same(one, two));
    assert_false(same(one, other));
    gan_ctx_free(a), gan_ctx_free(b), gan_ctx_free(c);
}

static void test_init__leaves_what_it_does_not_know_and_survives_a_later_error(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx);
    gan_module *l = gan_sequential_add(s, gan_linear_layer(ctx, 30, 30, (gan_linear_opts){0}));
    gan_module_add_param(l, (gan_param){.name = "gamma", .tensor = gan_full(ctx, gan_shape1(1), 0.5)});
    gan_module_add_param(l, (gan_param){.name = "u", .tensor = gan_full(ctx, gan_shape2(2, 2), 3), .buffer = true});
    gan_module_init(s, gan_init_dcgan());
    check_constant(of(s, "0.gamma"), 0.5);
    check_constant(of(s, "0.u"), 3);
    gan_module_init(s, (gan_init){GAN_INIT_NORMAL, NAN});
    check_failed(ctx, GAN_E_ARG, "gan_module_init");
    gan_module_init(s, (gan_init){(gan_init_kind)9, 1});
    check_failed(ctx, GAN_E_ARG, "kind 9");
    check_normal(of(s, "0.weight"), 0, 0.02);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init__default_is_pytorchs_when_made_and_when_asked_for),
        cmocka_unit_test(test_init__dcgan_xavier_and_he_have_their_distributions),
        cmocka_unit_test(test_init__orthogonal_makes_orthonormal_rows_or_columns),
        cmocka_unit_test(test_init__orthogonal_prefers_no_sign),
        cmocka_unit_test(test_init__near_dependent_vectors_come_out_orthogonal),
        cmocka_unit_test(test_init__the_seed_alone_decides),
        cmocka_unit_test(test_init__leaves_what_it_does_not_know_and_survives_a_later_error),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
