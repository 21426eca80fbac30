/* The norm kernels on every instruction set of this machine, against plain sums in double. */
#include "kernels/norm.h"

#include "cmocka_gan.h"

static const char *const isas[] = {"portable", "avx2", "avx512"};

/* Rows that are folded, that are not, rests of every kind, one channel, more channels than a tile. */
static const gan__norm_shape shapes[] = {{1, 1, 1},   {1, 7, 3},     {1, 64, 16},  {1, 1009, 5}, {3, 130, 64},
                                         {4, 37, 65}, {1, 4099, 32}, {2, 6144, 1}, {5, 1, 9},    {1, 140, 1031}};

typedef struct sample {
    gan__norm_shape s;
    int64_t count, channels;
    gan_real *x, *g, *y, *stats;
    double *mean, *var; /* [groups, c], exact */
} sample;

static sample make(gan_ctx *ctx, gan__norm_shape s, double offset) {
    sample a = {.s = s, .count = s.groups * s.rows * s.c, .channels = s.groups * s.c};
    a.x = malloc((size_t)a.count * 3 * sizeof *a.x), a.g = a.x + a.count, a.y = a.g + a.count;
    a.stats = malloc((size_t)a.channels * 2 * sizeof *a.stats);
    a.mean = calloc((size_t)a.channels * 2, sizeof *a.mean), a.var = a.mean + a.channels;
    gan_stream *r = gan_stream_named(ctx, "sample");
    for (int64_t i = 0; i < a.count; i++) {
        a.x[i] = (gan_real)(offset + gan_stream_uniform(r) * (double)(1 + i % s.c % 5));
        a.g[i] = (gan_real)(gan_stream_uniform(r) - 0.3);
    }
    for (int64_t i = 0; i < a.count; i++) a.mean[i / (s.rows * s.c) * s.c + i % s.c] += (double)a.x[i] / (double)s.rows;
    for (int64_t i = 0; i < a.count; i++) {
        int64_t j = i / (s.rows * s.c) * s.c + i % s.c;
        a.var[j] += ((double)a.x[i] - a.mean[j]) * ((double)a.x[i] - a.mean[j]) / (double)s.rows;
    }
    return a;
}

static void drop(sample *a) {
    free(a->x);
    free(a->stats);
    free(a->mean);
}

typedef void (*check_fn)(gan_ctx *ctx, gan__norm_shape shape);

static void on_every_isa(check_fn check) {
    for (int i = 0; i < COUNT_OF(isas); i++) {
        if (!gan__isa_available((gan__isa)i)) continue;
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2, .isa = isas[i]});
        for (int k = 0; k < COUNT_OF(shapes); k++) check(ctx, shapes[k]);
        check_ok(ctx);
        gan_ctx_free(ctx);
    }
}

/* At an offset of 1e4 a sum of squares minus the square of the sum would leave nothing right of the variance. */
static void check_moments(gan_ctx *ctx, gan__norm_shape s) {
    const double offsets[] = {0, -3, 1e4};
    for (int k = 0; k < COUNT_OF(offsets); k++) {
        sample a = make(ctx, s, offsets[k]);
        assert_true(gan__norm_moments(ctx, s, a.x, a.stats));
        for (int64_t i = 0; i < a.channels; i++) {
            const gan_real *stats = a.stats + i / s.c * 2 * s.c + i % s.c;
            check_close((double)stats[0], a.mean[i], 1e-7 * fabs(a.mean[i]) + 1e-7);
            check_close((double)stats[s.c], a.var[i], 1e-6 * a.var[i]);
        }
        drop(&a);
    }
}

static void test_moments__are_exact_also_when_the_mean_is_large(void **state) {
    (void)state;
    on_every_isa(check_moments);
}

static gan__norm_stats stats_of(const sample *a) { return (gan__norm_stats){a->stats, a->stats + a->s.c, 2 * a->s.c, 1e-3}; }

/* Without activation, with ReLU, with LeakyReLU, with one that is steeper on the other side. */
static const double slopes[] = {1, 0, 0.2, 1.5};

typedef struct affine {
    gan_real *gamma, *beta;
} affine;

static affine make_affine(int64_t c) {
    affine f = {malloc((size_t)c * 2 * sizeof *f.gamma), NULL};
    f.beta = f.gamma + c;
    for (int64_t j = 0; j < c; j++) f.gamma[j] = (gan_real)(1 + j % 3), f.beta[j] = (gan_real)(j % 7) / 8;
    return f;
}

/* Form k of eight: without and with gamma and beta, with each of the slopes. */
static gan__norm_form form_of(const sample *a, affine f, int k) {
    bool plain = k % 2 == 0;
    return (gan__norm_form){stats_of(a), plain ? NULL : f.gamma, plain ? NULL : f.beta, slopes[k / 2]};
}

/* What goes into the activation. */
static double argument(const sample *a, const gan__norm_form *f, int64_t i) {
    int64_t j = i / (a->s.rows * a->s.c) * a->s.c + i % a->s.c, c = i % a->s.c;
    double z = ((double)a->x[i] - a->mean[j]) / sqrt(a->var[j] + 1e-3);
    return f->gamma ? z * (double)f->gamma[c] + (double)f->beta[c] : z;
}

static void check_forward(gan_ctx *ctx, gan__norm_shape s) {
    sample a = make(ctx, s, 2);
    affine f = make_affine(s.c);
    assert_true(gan__norm_moments(ctx, s, a.x, a.stats));
    for (int k = 0; k < 2 * COUNT_OF(slopes); k++) {
        gan__norm_form form = form_of(&a, f, k);
        gan__norm_apply(ctx, s, a.x, &form, a.y);
        for (int64_t i = 0; i < a.count; i++) {
            double v = argument(&a, &form, i);
            check_close((double)a.y[i], v > 0 ? v : form.slope * v, 5e-5);
        }
    }
    free(f.gamma);
    drop(&a);
}

static void test_apply__is_the_formula(void **state) {
    (void)state;
    on_every_isa(check_forward);
}

static void check_backward_form(gan_ctx *ctx, sample *a, const gan__norm_form *f, double *sums, double *exact) {
    gan__norm_shape s = a->s;
    for (int64_t i = 0; i < 2 * a->channels; i++) exact[i] = 0;
    assert_true(gan__norm_grad_sums(ctx, s, a->x, a->g, f, sums));
    gan__norm_grad(ctx, s, a->x, a->g, f, sums, a->y);
    for (int64_t i = 0; i < a->count; i++) {
        int64_t group = i / (s.rows * s.c), c = i % s.c;
        double h = (double)a->g[i] * (argument(a, f, i) > 0 ? 1 : f->slope);
        exact[group * 2 * s.c + c] += h;
        exact[group * 2 * s.c + s.c + c] += h * ((double)a->x[i] - a->mean[group * s.c + c]);
    }
    for (int64_t i = 0; i < 2 * a->channels; i++) check_close(sums[i], exact[i], 2e-6 * (double)s.rows);
    for (int64_t i = 0; i < a->count; i++) {
        int64_t group = i / (s.rows * s.c), c = i % s.c, j = group * s.c + c;
        double inv = 1 / sqrt(a->var[j] + 1e-3), n = (double)s.rows, z = ((double)a->x[i] - a->mean[j]) * inv;
        double h = (double)a->g[i] * (argument(a, f, i) > 0 ? 1 : f->slope), gamma = f->gamma ? (double)f->gamma[c] : 1;
        const double *e = exact + group * 2 * s.c + c;
        check_close((double)a->y[i], gamma * inv * (h - e[0] / n - z * e[s.c] * inv / n), 5e-4);
    }
}

static void check_backward(gan_ctx *ctx, gan__norm_shape s) {
    sample a = make(ctx, s, 2);
    affine f = make_affine(s.c);
    double *sums = malloc((size_t)a.channels * 4 * sizeof *sums);
    assert_true(gan__norm_moments(ctx, s, a.x, a.stats));
    for (int k = 0; k < 2 * COUNT_OF(slopes); k++) {
        gan__norm_form form = form_of(&a, f, k);
        check_backward_form(ctx, &a, &form, sums, sums + 2 * a.channels);
    }
    free(sums);
    free(f.gamma);
    drop(&a);
}

static void test_grad__is_the_formula(void **state) {
    (void)state;
    on_every_isa(check_backward);
}

static void test_moments__of_a_constant_have_no_variance_and_nan_shows(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan_real x[300], stats[4];
    for (int i = 0; i < 300; i++) x[i] = (gan_real)(i % 2 ? 0.1 : 1e4 + 0.3);
    assert_true(gan__norm_moments(ctx, (gan__norm_shape){1, 150, 2}, x, stats));
    assert_true(stats[0] == x[0] && stats[1] == x[1]);
    assert_true(stats[2] == 0 && stats[3] == 0);
    x[171] = NAN;
    assert_true(gan__norm_moments(ctx, (gan__norm_shape){1, 150, 2}, x, stats));
    assert_true(stats[2] == 0 && stats[1] != stats[1] && stats[3] != stats[3]);
    gan_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments__are_exact_also_when_the_mean_is_large),
        cmocka_unit_test(test_moments__of_a_constant_have_no_variance_and_nan_shows),
        cmocka_unit_test(test_apply__is_the_formula),
        cmocka_unit_test(test_grad__is_the_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
