/* Elementwise kernels on every instruction set of this machine: accuracy in units of the last place, and the edges. */
#include "kernels/elementwise.h"

#include "cmocka_gan.h"

static const char *const isas[] = {"portable", "avx2", "avx512"};

typedef void (*check_fn)(gan_ctx *ctx);

static void on_every_isa(check_fn check) {
    for (int i = 0; i < COUNT_OF(isas); i++) {
        if (!gan__isa_available((gan__isa)i)) continue;
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2, .isa = isas[i]});
        check_ok(ctx);
        check(ctx);
        gan_ctx_free(ctx);
    }
}

static float map1(gan_ctx *ctx, gan__map_kind kind, float a) {
    float y;
    gan__map(ctx, kind, 1, &a, NULL, 0, &y);
    return y;
}

/* The distance of y from the exact value, in steps of float there; below the smallest normal number, in steps of 2^-149. */
static double steps(float y, double exact) {
    int e = fabs(exact) < 0x1p-126 ? -126 : ilogb(exact);
    return fabs((double)y - exact) / ldexp(1, e - 23);
}

#define COUNT 400000

static double worst(gan_ctx *ctx, gan__map_kind kind, double (*exact)(double), double low, double high) {
    float *x = malloc(2 * COUNT * sizeof *x), *y = x + COUNT;
    double max = 0;
    for (int i = 0; i < COUNT; i++) x[i] = (float)(low + (high - low) * i / (COUNT - 1));
    gan__map(ctx, kind, COUNT, x, NULL, 0, y);
    for (int i = 0; i < COUNT; i++) {
        double d = steps(y[i], exact((double)x[i]));
        max = d <= max ? max : d; /* NaN counts */
    }
    free(x);
    return max;
}

static double exact_sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double exact_softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

static double exact_sin_turns(double x) { return sin(2 * 3.14159265358979323846 * x); }
static double exact_cos_turns(double x) { return cos(2 * 3.14159265358979323846 * x); }
static double exact_rayleigh(double x) { return sqrt(-2 * log(x)); }

static void check_accuracy(gan_ctx *ctx) {
    assert_true(worst(ctx, GAN__MAP_EXP, exp, -103, 88.7) < 1.5);
    assert_true(worst(ctx, GAN__MAP_EXP, exp, -1, 1) < 1.5);
    assert_true(worst(ctx, GAN__MAP_LOG, log, 1e-3, 1e3) < 1.5);
    assert_true(worst(ctx, GAN__MAP_LOG, log, .5, 2) < 1.5);
    assert_true(worst(ctx, GAN__MAP_LOG, log, .9999, 1.0001) < 1);
    assert_true(worst(ctx, GAN__MAP_LOG, log, 0x1p-149, 0x1p-125) < 1.5);
    assert_true(worst(ctx, GAN__MAP_LOG, log, 1e30, 3.4e38) < 1.5);
    assert_true(worst(ctx, GAN__MAP_TANH, tanh, -12, 12) < 2);
    assert_true(worst(ctx, GAN__MAP_TANH, tanh, -1, 1) < 2);
    assert_true(worst(ctx, GAN__MAP_TANH, tanh, -1e-3, 1e-3) < 1);
    assert_true(worst(ctx, GAN__MAP_SIN_TURNS, exact_sin_turns, -.499, .499) < 2);
    assert_true(worst(ctx, GAN__MAP_COS_TURNS, exact_cos_turns, -.499, .499) < 2);
    assert_true(worst(ctx, GAN__MAP_SIN_TURNS, exact_sin_turns, -1e-3, 1e-3) < 2);
    assert_true(worst(ctx, GAN__MAP_RAYLEIGH, exact_rayleigh, 0x1p-32, 1) < 2);
    assert_true(worst(ctx, GAN__MAP_SIGMOID, exact_sigmoid, -87, 87) < 3);
    assert_true(worst(ctx, GAN__MAP_SOFTPLUS, exact_softplus, -87, 87) < 3);
}

static void test_maps__are_within_three_units_in_the_last_place(void **state) {
    (void)state;
    on_every_isa(check_accuracy);
}

static void check_edges(gan_ctx *ctx) {
    const float inf = INFINITY;
    assert_true(map1(ctx, GAN__MAP_EXP, inf) == inf && map1(ctx, GAN__MAP_EXP, 89) == inf);
    assert_true(map1(ctx, GAN__MAP_EXP, -inf) == 0 && map1(ctx, GAN__MAP_EXP, -150) == 0);
    assert_true(map1(ctx, GAN__MAP_EXP, 0) == 1);
    assert_true(map1(ctx, GAN__MAP_LOG, inf) == inf && map1(ctx, GAN__MAP_LOG, 0) == -inf && map1(ctx, GAN__MAP_LOG, 1) == 0);
    assert_true(isnan(map1(ctx, GAN__MAP_LOG, -1)) && isnan(map1(ctx, GAN__MAP_LOG, -inf)));
    assert_true(map1(ctx, GAN__MAP_RAYLEIGH, 1) == 0);
    assert_true(map1(ctx, GAN__MAP_SIN_TURNS, 0) == 0 && map1(ctx, GAN__MAP_COS_TURNS, 0) == 1);
    assert_true(map1(ctx, GAN__MAP_SIN_TURNS, -.25) == -1 && map1(ctx, GAN__MAP_COS_TURNS, .25) == 0);
    assert_true(map1(ctx, GAN__MAP_SIN_TURNS, .5) == 0 && map1(ctx, GAN__MAP_COS_TURNS, -.5) == -1);
    assert_true(map1(ctx, GAN__MAP_TANH, inf) == 1 && map1(ctx, GAN__MAP_TANH, -inf) == -1);
    assert_true(map1(ctx, GAN__MAP_TANH, 0) == 0 && map1(ctx, GAN__MAP_TANH, 1e-30f) == 1e-30f);
    assert_true(map1(ctx, GAN__MAP_SIGMOID, inf) == 1 && map1(ctx, GAN__MAP_SIGMOID, -inf) == 0);
    assert_true(map1(ctx, GAN__MAP_SIGMOID, 0) == 0.5f);
    assert_true(map1(ctx, GAN__MAP_SOFTPLUS, 1e30f) == 1e30f && map1(ctx, GAN__MAP_SOFTPLUS, inf) == inf);
    assert_true(map1(ctx, GAN__MAP_SOFTPLUS, -inf) == 0);
    assert_true(map1(ctx, GAN__MAP_RELU, -inf) == 0 && map1(ctx, GAN__MAP_RELU, inf) == inf);
}

static void test_maps__have_the_right_limits(void **state) {
    (void)state;
    on_every_isa(check_edges);
}

/* A net that has diverged must show it. */
static void check_nan(gan_ctx *ctx) {
    for (int kind = 0; kind < GAN__MAP_COUNT; kind++)
        for (int at = 0; at < 37; at += 4) { /* in vectors and in the remainder */
            float a[37], b[37], y[37];
            for (int i = 0; i < 37; i++) a[i] = i == at ? NAN : 0.25f, b[i] = 0.5f;
            gan__map(ctx, (gan__map_kind)kind, 37, a, b, 0.2, y);
            for (int i = 0; i < 37; i++) assert_int_equal(y[i] != y[i], i == at);
        }
}

static void test_maps__let_nan_through(void **state) {
    (void)state;
    on_every_isa(check_nan);
}

/* Which elements are in a vector and which in the remainder must make no difference to their values. */
static void check_position(gan_ctx *ctx) {
    for (int kind = 0; kind < GAN__MAP_COUNT; kind++)
        for (int n = 1; n < 40; n++) {
            float a[40], b[40], y[40], alone;
            for (int i = 0; i < n; i++) a[i] = 0.37f * (float)(i - 11), b[i] = 0.11f * (float)(i % 7 - 3);
            bool positive = kind == GAN__MAP_LOG || kind == GAN__MAP_RAYLEIGH; /* and at most 1 */
            for (int i = 0; positive && i < n; i++) a[i] = a[i] * a[i] / (1.1f + a[i] * a[i]) + 0.01f;
            gan__map(ctx, (gan__map_kind)kind, n, a, b, 0.2, y);
            for (int i = 0; i < n; i++) {
                gan__map(ctx, (gan__map_kind)kind, 1, a + i, b + i, 0.2, &alone);
                check_close((double)y[i], (double)alone, 1e-6 * fabs((double)alone));
            }
        }
}

static void test_maps__treat_every_element_alike(void **state) {
    (void)state;
    on_every_isa(check_position);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps__are_within_three_units_in_the_last_place),
        cmocka_unit_test(test_maps__have_the_right_limits),
        cmocka_unit_test(test_maps__let_nan_through),
        cmocka_unit_test(test_maps__treat_every_element_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
