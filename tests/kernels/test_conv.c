#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/isa.h"
#include "kernels/conv.h"

#define GUARD 64
#define GUARD_VALUE -77.25f

/* Numbers in (-1, 1) from a generator of the test's own, so that a shape that failed can be run again. */
static uint32_t lcg = 1;
static uint32_t next(void) { return lcg = lcg * 1664525u + 1013904223u, lcg >> 8; }
static int64_t upto(int64_t from, int64_t to) { return from + (int64_t)(next() % (uint32_t)(to - from + 1)); }
static float *noise(int64_t n) {
    float *v = malloc((size_t)(n ? n : 1) * sizeof *v);
    for (int64_t i = 0; i < n; i++) v[i] = (float)next() / 8388608.0f - 1.0f;
    return v;
}

/* An array with a wall on both sides. */
static float *walled(int64_t n) {
    float *v = malloc((size_t)(n + 2 * GUARD) * sizeof *v);
    for (int64_t i = 0; i < n + 2 * GUARD; i++) v[i] = i < GUARD || i >= GUARD + n ? GUARD_VALUE : NAN;
    return v + GUARD;
}
static void free_walled(float *v, int64_t n) {
    for (int64_t i = 1; i <= GUARD; i++) {
        assert_true(v[-i] == GUARD_VALUE);
        assert_true(v[n + i - 1] == GUARD_VALUE);
    }
    free(v - GUARD);
}

typedef enum kind { CONV, INPUT, WEIGHT, KINDS } kind;
static const char *const kind_names[KINDS] = {"conv", "conv_input", "conv_weight"};

static int64_t size_of(const gan__conv_shape *s, kind which) {
    const int64_t sizes[KINDS] = {s->n * s->oh * s->ow * s->k, s->n * s->h * s->w * s->c, s->kh * s->kw * s->c * s->k};
    return sizes[which];
}

static int64_t channels_of(const gan__conv_shape *s, kind which) { return which == INPUT ? s->c : s->k; }

/* The kernel that gives `which` from the other two of y, x and w; for images with what comes along. */
static bool fast_with(gan_ctx *ctx, const gan__conv_shape *s, kind which, float *const v[KINDS], float *to, gan__conv_with with) {
    if (which == CONV) return gan__conv(ctx, s, v[INPUT], v[WEIGHT], with, to);
    if (which == INPUT) return gan__conv_input(ctx, s, v[CONV], v[WEIGHT], with, to);
    return gan__conv_weight(ctx, s, v[INPUT], v[CONV], to);
}
static bool fast(gan_ctx *ctx, const gan__conv_shape *s, kind which, float *const v[KINDS], float *to, float *stats) {
    return fast_with(ctx, s, which, v, to, (gan__conv_with){.stats = stats});
}
static void reference(const gan__conv_shape *s, kind which, float *const v[KINDS], float *to) {
    if (which == CONV) gan__conv_reference(s, v[INPUT], v[WEIGHT], to);
    if (which == INPUT) gan__conv_input_reference(s, v[CONV], v[WEIGHT], to);
    if (which == WEIGHT) gan__conv_weight_reference(s, v[INPUT], v[CONV], to);
}

/* How many products each result sums at most. */
static int64_t depth(const gan__conv_shape *s, kind which) {
    const int64_t depths[KINDS] = {s->kh * s->kw * s->c, s->kh * s->kw * s->k, s->n * s->oh * s->ow};
    return depths[which];
}

static void text(const gan__conv_shape *s, char *to, size_t size) {
    snprintf(to, size, "x %dx%dx%dx%d y %dx%dx%d kernel %dx%d stride %dx%d pad %d,%d", (int)s->n, (int)s->h, (int)s->w,
             (int)s->c, (int)s->oh, (int)s->ow, (int)s->k, s->kh, s->kw, s->sh, s->sw, s->pt, s->pl);
}

/* A float sum of n numbers in (-1, 1); by minimal filtering the corners of a cell are further off than its middle. */
static void check_close(const gan_ctx *ctx, const gan__conv_shape *s, kind which, const float *got, const float *expected) {
    double n = (double)depth(s, which), bound = (2e-7 + 1e-6 * sqrt(n) + 1e-7 * n) * (ctx->opts.direct ? 1 : 2);
    for (int64_t i = 0; i < size_of(s, which); i++) {
        if (fabs((double)got[i] - (double)expected[i]) <= bound) continue;
        char shape[200];
        text(s, shape, sizeof shape);
        fail_msg("%s, %s: element %d is %g, not %g", kind_names[which], shape, (int)i, (double)got[i], (double)expected[i]);
    }
}

/* Against sums in double over the result itself. */
static void check_moments(const gan__conv_shape *s, kind which, const float *x, const float *stats) {
    int64_t c = channels_of(s, which), rows = c ? size_of(s, which) / c : 0;
    for (int64_t j = 0; j < c; j++) {
        double mean = 0, var = 0, most = 0;
        for (int64_t i = 0; i < rows; i++) {
            double v = (double)x[i * c + j];
            mean += v / (double)rows, most = fmax(most, fabs(v));
        }
        for (int64_t i = 0; i < rows; i++) var += ((double)x[i * c + j] - mean) * ((double)x[i * c + j] - mean) / (double)rows;
        bool close = fabs((double)stats[j] - mean) <= 1e-6 * most;
        if (close && fabs((double)stats[c + j] - var) <= 5e-6 * var + 1e-12 * most * most) continue;
        char shape[200];
        text(s, shape, sizeof shape);
        fail_msg("%s, %s: channel %d has mean %g and variance %g, not %g and %g", kind_names[which], shape, (int)j,
                 (double)stats[j], (double)stats[c + j], mean, var);
    }
}

/* A bias, then a leaky ReLU behind it: the same numbers, scaled where they are negative. */
static void check_what_comes_along(gan_ctx *ctx, const gan__conv_shape *s, kind k, float *const v[KINDS], const float *expected,
                                   float *got, float *stats) {
    int64_t c = channels_of(s, k), n = size_of(s, k);
    float *bias = noise(c), *with = noise(n);
    for (int64_t i = 0; i < n; i++) with[i] = expected[i] + bias[i % c];
    assert_true(fast_with(ctx, s, k, v, got, (gan__conv_with){.bias = bias, .stats = stats}));
    check_close(ctx, s, k, got, with);
    check_moments(s, k, got, stats);
    double slope = n % 3 ? .25 : 0;
    for (int64_t i = 0; i < n; i++) with[i] = got[i] > 0 ? got[i] : (float)slope * got[i];
    assert_true(fast_with(ctx, s, k, v, got, (gan__conv_with){.bias = bias, .slope = &slope, .stats = stats}));
    for (int64_t i = 0; i < n; i++) assert_true(got[i] == with[i]);
    check_moments(s, k, got, stats);
    free(bias), free(with);
}

static void check_kind(gan_ctx *ctx, const gan__conv_shape *s, kind k, float *const v[KINDS], const float *expected) {
    int64_t n = size_of(s, k);
    float *got = walled(n), *again = walled(n), *stats = walled(2 * channels_of(s, k));
    size_t in_use = gan_ctx_memory(ctx).in_use;
    assert_true(fast(ctx, s, k, v, got, NULL));
    assert_int_equal(gan_ctx_memory(ctx).in_use, in_use);
    check_close(ctx, s, k, got, expected);
    assert_true(fast(ctx, s, k, v, again, stats));
    assert_memory_equal(again, got, (size_t)n * sizeof *got);
    if (k != WEIGHT) check_moments(s, k, got, stats);
    if (k != WEIGHT) check_what_comes_along(ctx, s, k, v, expected, again, stats);
    free_walled(got, n), free_walled(again, n), free_walled(stats, 2 * channels_of(s, k));
}

static void check_shape(gan_ctx *const *contexts, int count, const gan__conv_shape *s) {
    float *v[KINDS];
    for (kind k = 0; k < KINDS; k++) v[k] = noise(size_of(s, k));
    for (kind k = 0; k < KINDS; k++) {
        float *expected = noise(size_of(s, k));
        reference(s, k, v, expected);
        for (int i = 0; i < count; i++) check_kind(contexts[i], s, k, v, expected);
        free(expected);
    }
    for (kind k = 0; k < KINDS; k++) free(v[k]);
}

static gan_ctx *context(gan__isa isa, int threads) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.isa = gan__isa_name(isa), .threads = threads});
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    return ctx;
}

/* With every instruction set that the machine has; the first `direct` shapes with all multiplications as well. */
static void check_with(int direct, const gan__conv_shape *shapes, int count) {
    gan_ctx *contexts[2 * GAN__ISA_COUNT];
    int n = 0;
    for (gan__isa isa = 0; isa < GAN__ISA_COUNT; isa++)
        if (gan__isa_available(isa)) contexts[n++] = context(isa, 2);
    int both = n;
    for (gan__isa isa = 0; isa < GAN__ISA_COUNT && direct; isa++)
        if (gan__isa_available(isa)) contexts[both] = context(isa, 2), contexts[both++]->opts.direct = true;
    for (int i = 0; i < count; i++) check_shape(contexts, i < direct ? both : n, &shapes[i]);
    for (int i = 0; i < both; i++) gan_ctx_free(contexts[i]);
}

static void check_everywhere(const gan__conv_shape *shapes, int count) { check_with(0, shapes, count); }

static gan__conv_shape random_shape(int64_t most_channels) {
    gan__conv_shape s = {.n = upto(1, 3), .h = upto(1, 13), .w = upto(1, 13), .c = upto(1, most_channels)};
    s.k = upto(1, most_channels), s.oh = upto(1, 9), s.ow = upto(1, 9);
    s.kh = (int)upto(1, 7), s.kw = (int)upto(1, 7), s.sh = (int)upto(1, 3), s.sw = (int)upto(1, 3);
    s.pt = (int)upto(-4, 9), s.pl = (int)upto(-4, 9);
    if (next() % 3 == 0) s.sh = s.sw = 1;
    return s;
}

static void test_conv__random_shapes_agree_with_the_reference(void **state) {
    (void)state;
    enum { COUNT = 150 };
    static gan__conv_shape shapes[COUNT];
    for (int i = 0; i < COUNT; i++) shapes[i] = random_shape(i % 3 == 0 ? 5 : i % 3 == 1 ? 20 : 70);
    check_everywhere(shapes, COUNT);
}

/* Weight gradients of several chunks of pixels: packed all at once, in one task and in several that are summed; and chunk by
 * chunk. */
static void test_conv__chunks_and_batches_agree_with_the_reference(void **state) {
    (void)state;
    static const gan__conv_shape shapes[] = {
        {.n = 9, .h = 8, .w = 9, .c = 250, .oh = 8, .ow = 8, .k = 260, .kh = 1, .kw = 2, .sh = 1, .sw = 1},
        {.n = 20, .h = 12, .w = 12, .c = 53, .oh = 6, .ow = 6, .k = 7, .kh = 4, .kw = 4, .sh = 2, .sw = 2, .pt = 1, .pl = 1},
        {.n = 5, .h = 15, .w = 16, .c = 290, .oh = 15, .ow = 15, .k = 270, .kh = 1, .kw = 1, .sh = 1, .sw = 1},
    };
    check_everywhere(shapes, sizeof shapes / sizeof *shapes);
}

/* Few channels and more images than a vector has lanes, which have a road of their own. */
static void test_conv__many_images_of_few_channels_agree_with_the_reference(void **state) {
    (void)state;
    enum { COUNT = 150 };
    static gan__conv_shape shapes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        shapes[i] = random_shape(i % 2 ? 9 : 16);
        shapes[i].n = upto(4, 40);
    }
    shapes[0].n = 1100; /* parts of several blocks in weight gradients */
    check_everywhere(shapes, COUNT);
}

/* ThreadSanitizer looks for the same races in each of many shapes, and takes minutes for them. */
#if defined(__SANITIZE_THREAD__)
enum { CELL_SHAPES = 9, DIRECT_SHAPES = 1 };
#else
enum { CELL_SHAPES = 26, DIRECT_SHAPES = 12 };
#endif

/* Kernels of two and three strides between many channels, for which there are fewer multiplications: odd sizes, whose last results
 * stand alone, channels that are no multiple of anything, several parts and chunks of cells, blocks and segments that end early. */
static void test_conv__kernels_of_two_and_three_strides_agree_with_the_reference(void **state) {
    (void)state;
    static gan__conv_shape shapes[CELL_SHAPES] = {
        {.n = 20, .h = 8, .w = 8, .c = 130, .oh = 4, .ow = 4, .k = 70, .kh = 4, .kw = 4, .sh = 2, .sw = 2, .pt = 1, .pl = 1},
        {.n = 3, .h = 40, .w = 40, .c = 64, .oh = 20, .ow = 20, .k = 32, .kh = 4, .kw = 4, .sh = 2, .sw = 2, .pt = 1, .pl = 1},
        {.n = 1, .h = 18, .w = 19, .c = 97, .oh = 18, .ow = 19, .k = 300, .kh = 3, .kw = 3, .sh = 1, .sw = 1, .pt = 1, .pl = 1},
        {.n = 3, .h = 19, .w = 21, .c = 64, .oh = 19, .ow = 21, .k = 64, .kh = 3, .kw = 3, .sh = 1, .sw = 1, .pt = 1, .pl = 1},
        {.n = 70, .h = 4, .w = 4, .c = 520, .oh = 2, .ow = 2, .k = 40, .kh = 4, .kw = 4, .sh = 2, .sw = 2, .pt = 1, .pl = 1},
        {.n = 2, .h = 26, .w = 54, .c = 33, .oh = 26, .ow = 18, .k = 50, .kh = 2, .kw = 6, .sh = 1, .sw = 3, .pt = 0, .pl = 2},
    };
    for (int i = 6; i < CELL_SHAPES; i++) {
        gan__conv_shape s = {.n = upto(1, 6), .oh = upto(5, 16), .ow = upto(5, 16), .c = upto(20, 80), .k = upto(24, 110)};
        int taps = (int)upto(2, 3);
        s.sh = (int)upto(1, 2), s.sw = (int)upto(1, 2), s.kh = taps * s.sh, s.kw = taps * s.sw;
        s.h = s.oh * s.sh + upto(-3, 3), s.w = s.ow * s.sw + upto(-3, 3);
        s.pt = (int)upto(-2, 3), s.pl = (int)upto(-2, 3);
        shapes[i] = s;
    }
    check_with(DIRECT_SHAPES, shapes, CELL_SHAPES);
}

/* The root mean square of the errors, relative to that of the exact result. */
static double error_of(gan_ctx *ctx, const gan__conv_shape *s, kind k, float *const v[KINDS], const float *exact) {
    float *got = noise(size_of(s, k));
    double off = 0, whole = 0;
    assert_true(fast(ctx, s, k, v, got, NULL));
    for (int64_t i = 0; i < size_of(s, k); i++) {
        off += ((double)got[i] - (double)exact[i]) * ((double)got[i] - (double)exact[i]);
        whole += (double)exact[i] * (double)exact[i];
    }
    free(got);
    return sqrt(off / whole);
}

/* As docs/benchmarks.md has them; the fast way is another one. */
static void test_conv__rounding_errors_by_minimal_filtering_have_their_limits(void **state) {
    (void)state;
    static const struct limits {
        gan__conv_shape shape;
        double minimal, direct;
    } all[] = {
        {{4, 32, 32, 64, 16, 16, 64, 4, 4, 2, 2, 1, 1}, 1.3e-6, 3e-7}, /* 4 x 4 results at a time */
        {{16, 12, 12, 64, 6, 6, 64, 4, 4, 2, 2, 1, 1}, 7e-7, 3e-7},   /* 2 x 2, of 2 taps */
        {{4, 16, 16, 96, 16, 16, 96, 3, 3, 1, 1, 1, 1}, 8e-7, 3e-7},  /* of 3 */
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const gan__conv_shape *s = &all[i].shape;
        float *v[KINDS];
        for (kind k = 0; k < KINDS; k++) v[k] = noise(size_of(s, k));
        for (kind k = 0; k < KINDS; k++) {
            float *exact = noise(size_of(s, k));
            reference(s, k, v, exact);
            for (gan__isa isa = 0; isa < GAN__ISA_COUNT; isa++) {
                if (!gan__isa_available(isa)) continue;
                gan_ctx *ctx = context(isa, 2);
                ctx->opts.direct = false; /* whatever GAN_DIRECT says */
                double minimal = error_of(ctx, s, k, v, exact);
                ctx->opts.direct = true;
                double direct = error_of(ctx, s, k, v, exact);
                gan_ctx_free(ctx);
                if (minimal <= all[i].minimal && direct <= all[i].direct && minimal != direct) continue;
                fail_msg("%s, shape %d, %s: %g by minimal filtering, %g directly", kind_names[k], (int)i, gan__isa_name(isa), minimal,
                         direct);
            }
            free(exact);
        }
        for (kind k = 0; k < KINDS; k++) free(v[k]);
    }
}

#define FAR (1 << 30)

/* Shapes that take a road of their own, or end on the edge of a block, a panel or a piece. */
static void test_conv__special_shapes_agree_with_the_reference(void **state) {
    (void)state;
    const gan__conv_shape shapes[] = {
        {2, 64, 64, 3, 32, 32, 64, 4, 4, 2, 2, 1, 1},    /* a discriminator's first layer, a generator's last */
        {2, 28, 28, 1, 14, 14, 32, 4, 4, 2, 2, 1, 1},    /* of one channel */
        {3, 8, 8, 64, 4, 4, 128, 4, 4, 2, 2, 1, 1},      /* inner layers */
        {2, 9, 11, 2, 5, 6, 64, 3, 3, 2, 2, 1, 1},       /* few weights in whole panels */
        {3, 12, 12, 1, 6, 6, 192, 5, 5, 2, 2, 2, 2},
        {7, 1, 1, 20, 1, 1, 128, 1, 1, 1, 1, 0, 0},
        {1, 3, 300, 4, 3, 300, 16, 3, 3, 1, 1, 1, 1},    /* rows longer than a chunk */
        {1, 3, 601, 20, 2, 300, 24, 3, 3, 2, 2, 1, 1},
        {300, 2, 2, 17, 1, 1, 33, 2, 2, 1, 1, 0, 0},     /* more images than a chunk has pixels */
        {9, 5, 3, 18, 3, 2, 16, 3, 3, 2, 2, 1, 1},       /* chunks that end within an image */
        {2, 4, 4, 300, 2, 2, 260, 4, 4, 2, 2, 1, 1},     /* deeper than a piece */
        {5, 4, 4, 96, 1, 1, 1, 4, 4, 1, 1, 0, 0},        /* to one number per image */
        {5, 4, 4, 64, 1, 1, 100, 4, 4, 1, 1, 0, 0},      /* from a vector to an image */
        {2, 4, 5, 6, 1, 1, 7, 4, 5, 1, 1, 1, 0},         /* a kernel of the image's size, shifted down ... */
        {2, 4, 5, 6, 1, 1, 7, 4, 5, 2, 2, 0, -2},        /* ... and sideways */
        {2, 16, 16, 32, 16, 16, 3, 3, 3, 1, 1, 1, 1},    /* to colours */
        {2, 33, 17, 3, 33, 17, 2, 7, 7, 1, 1, 3, 3},     /* few channels on both sides */
        {2, 16, 16, 7, 16, 16, 40, 1, 1, 1, 1, 0, 0},    /* one tap */
        {2, 9, 9, 20, 3, 3, 20, 1, 1, 3, 3, 0, 0},       /* one tap, strided: most of x is not read */
        {1, 5, 5, 4, 2, 2, 4, 2, 2, 3, 3, 0, 0},         /* stride beyond the kernel */
        {1, 3, 3, 2, 12, 12, 3, 2, 2, 1, 1, 5, 5},       /* mostly padding */
        {2, 4, 4, 3, 3, 3, 4, 3, 3, 2, 2, -20, 20},      /* nothing of x is read */
        {1, 40, 40, 2, 35, 36, 5, 6, 5, 1, 1, 0, 0},     /* no padding */
        {1, 2, 50, 3, 1, 1, 4, 2, 50, 1, 1, 0, 0},       /* a kernel as wide as the image */
        {1, 2, 70, 15, 1, 3, 4, 2, 68, 1, 1, 0, 0},      /* a row of taps longer than a piece */
        {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
        {128, 28, 28, 3, 14, 14, 2, 3, 3, 2, 2, 1, 1},   /* many images: small nets of digits */
        {33, 28, 28, 8, 28, 28, 3, 3, 3, 1, 1, 1, 1},
        {20, 4, 4, 3, 3, 3, 4, 3, 3, 2, 2, -20, 20},     /* nothing of x is read */
        {20, 9, 9, 2, 3, 3, 2, 1, 1, 3, 3, 0, 0},        /* most of x is not read */
        {20, 4, 4, 0, 2, 2, 5, 4, 4, 2, 2, 1, 1},        /* empty sums */
        {20, 0, 4, 2, 2, 2, 5, 4, 4, 2, 2, 1, 1},        /* nothing there */
        {20, 4, 4, 2, 2, 2, 3, 3, 3, FAR, FAR, FAR, FAR}, /* far apart: the last patch is at x, the others nowhere */
        {0, 4, 4, 3, 2, 2, 5, 4, 4, 2, 2, 1, 1},         /* empty batch */
        {2, 4, 4, 0, 2, 2, 5, 4, 4, 2, 2, 1, 1},         /* empty sums */
    };
    check_everywhere(shapes, sizeof shapes / sizeof *shapes);
}

static void test_conv__bits_do_not_depend_on_the_number_of_threads(void **state) {
    (void)state;
    const gan__conv_shape shapes[] = {
        {4, 32, 32, 3, 16, 16, 64, 4, 4, 2, 2, 1, 1},  {4, 16, 16, 64, 8, 8, 128, 4, 4, 2, 2, 1, 1},
        {16, 4, 4, 128, 1, 1, 1, 4, 4, 1, 1, 0, 0},    {16, 4, 4, 64, 1, 1, 100, 4, 4, 1, 1, 0, 0},
        {4, 16, 16, 32, 16, 16, 3, 3, 3, 1, 1, 1, 1},  {50, 9, 9, 3, 5, 5, 6, 3, 3, 2, 2, 1, 1},
        {1200, 4, 4, 2, 4, 4, 3, 3, 3, 1, 1, 1, 1},    {12, 17, 17, 64, 9, 9, 72, 4, 4, 2, 2, 1, 1},
        {8, 9, 9, 70, 9, 9, 40, 3, 3, 1, 1, 1, 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const gan__conv_shape *s = &shapes[i];
        float *v[KINDS];
        for (kind k = 0; k < KINDS; k++) v[k] = noise(size_of(s, k));
        for (kind k = 0; k < KINDS; k++) {
            size_t bytes = (size_t)size_of(s, k) * sizeof(float);
            float *one = malloc(bytes), *many = malloc(bytes), *stats[2];
            for (int j = 0; j < 2; j++) stats[j] = noise(2 * channels_of(s, k));
            static const int counts[] = {1, 2, 3, 16};
            for (int t = 0; t < 4; t++) {
                int threads = counts[t];
                gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = threads});
                assert_true(fast(ctx, s, k, v, threads == 1 ? one : many, stats[threads > 1]));
                gan_ctx_free(ctx);
                if (threads == 1) continue;
                assert_memory_equal(one, many, bytes);
                if (k != WEIGHT) assert_memory_equal(stats[0], stats[1], (size_t)(2 * channels_of(s, k)) * sizeof(float));
            }
            free(one), free(many), free(stats[0]), free(stats[1]);
        }
        for (kind k = 0; k < KINDS; k++) free(v[k]);
    }
}

/* One list serves both directions, shifted and direct kernels too; what is kept gives the bits of what is packed anew, and is not
 * made twice. */
static void test_conv__kept_weights_give_the_same_bits(void **state) {
    (void)state;
    static const gan__conv_shape shapes[] = {
        {16, 16, 16, 64, 8, 8, 64, 4, 4, 2, 2, 1, 1}, /* 4 x 4 results at a time */
        {16, 16, 16, 64, 8, 8, 64, 4, 4, 2, 2, 2, 1}, /* the same weights, read from another one on */
        {64, 8, 8, 64, 4, 4, 64, 4, 4, 2, 2, 1, 1},   /* for as many as the first */
        {10, 12, 12, 64, 6, 6, 64, 4, 4, 2, 2, 1, 1}, /* 2 x 2 */
        {2, 9, 9, 64, 9, 9, 64, 1, 1, 1, 1, 0, 0},    /* all multiplications */
    };
    enum { COUNT = sizeof shapes / sizeof *shapes, ENTRIES = 7 }; /* a convolution reads the first two alike */
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    gan__packed *list = NULL;
    float *w = noise(size_of(&shapes[0], WEIGHT));
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < COUNT; i++)
            for (kind k = CONV; k <= INPUT; k++) {
                const gan__conv_shape *s = &shapes[i];
                float *v[KINDS] = {noise(size_of(s, CONV)), noise(size_of(s, INPUT)), w};
                float *fresh = walled(size_of(s, k)), *kept = walled(size_of(s, k));
                assert_true(fast(ctx, s, k, v, fresh, NULL));
                assert_true(fast_with(ctx, s, k, v, kept, (gan__conv_with){.kept = &list}));
                assert_memory_equal(fresh, kept, (size_t)size_of(s, k) * sizeof *kept);
                assert_int_equal(gan_ctx_memory(ctx).in_use, 0);
                free(v[CONV]), free(v[INPUT]), free_walled(fresh, size_of(s, k)), free_walled(kept, size_of(s, k));
            }
    int entries = 0;
    for (gan__packed *at = list; at; at = at->next) entries++;
    assert_int_equal(entries, ENTRIES);
    gan__packed_free(ctx, list);
    assert_int_equal(gan_ctx_memory(ctx).in_use, 0);
    free(w);
    gan_ctx_free(ctx);
}

static void test_conv__every_failed_request_is_reported_and_leaks_nothing(void **state) {
    (void)state;
    const gan__conv_shape shapes[] = {{2, 16, 16, 3, 8, 8, 20, 4, 4, 2, 2, 1, 1},
                                      {64, 16, 16, 20, 16, 16, 3, 3, 3, 1, 1, 1, 1},
                                      {3, 4, 4, 20, 1, 1, 1, 4, 4, 1, 1, 0, 0},
                                      {40, 9, 9, 3, 5, 5, 6, 3, 3, 2, 2, 1, 1},
                                      {9, 12, 12, 32, 6, 6, 32, 4, 4, 2, 2, 1, 1}};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (kind k = 0; k < KINDS; k++) {
            float *v[KINDS], *to = noise(size_of(&shapes[i], k)), *stats = noise(2 * channels_of(&shapes[i], k));
            for (kind j = 0; j < KINDS; j++) v[j] = noise(size_of(&shapes[i], j));
            int failures = 0;
            for (bool ok = false; !ok; failures += !ok) {
                gan_ctx_fail_alloc(ctx, failures + 1);
                ok = fast(ctx, &shapes[i], k, v, to, stats);
                gan_ctx_fail_alloc(ctx, 0);
                assert_int_equal(gan_ctx_status(ctx), ok ? GAN_OK : GAN_E_MEMORY);
                assert_int_equal(gan_ctx_memory(ctx).in_use, 0);
                gan_ctx_clear(ctx);
            }
            assert_true(failures > 0);
            for (kind j = 0; j < KINDS; j++) free(v[j]);
            free(to), free(stats);
        }
    gan_ctx_free(ctx);
}

static void test_conv__a_second_run_asks_the_system_for_nothing(void **state) {
    (void)state;
    const gan__conv_shape s = {2, 16, 16, 3, 8, 8, 20, 4, 4, 2, 2, 1, 1};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2});
    float *v[KINDS], *to = noise(4096);
    for (kind k = 0; k < KINDS; k++) v[k] = noise(size_of(&s, k));
    int64_t misses = 0;
    for (int round = 0; round < 3; round++) {
        if (round == 1) misses = gan_ctx_memory(ctx).misses;
        for (kind k = 0; k < KINDS; k++) assert_true(fast(ctx, &s, k, v, to, NULL));
    }
    assert_int_equal(gan_ctx_memory(ctx).misses, misses);
    for (kind k = 0; k < KINDS; k++) free(v[k]);
    free(to);
    gan_ctx_free(ctx);
}

static void test_conv__calls_are_counted_by_kind(void **state) {
    (void)state;
    const gan__conv_shape s = {1, 4, 4, 2, 1, 1, 3, 4, 4, 1, 1, 0, 0};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){0});
    float *v[KINDS], *to = noise(96);
    for (kind k = 0; k < KINDS; k++) v[k] = noise(size_of(&s, k));
    for (kind k = 0; k < KINDS; k++)
        for (kind times = 0; times <= k; times++) fast(ctx, &s, k, v, to, NULL);
    for (kind k = 0; k < KINDS; k++) assert_int_equal(ctx->conv_calls[k], k + 1);
    for (kind k = 0; k < KINDS; k++) free(v[k]);
    free(to);
    gan_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv__random_shapes_agree_with_the_reference),
        cmocka_unit_test(test_conv__chunks_and_batches_agree_with_the_reference),
        cmocka_unit_test(test_conv__many_images_of_few_channels_agree_with_the_reference),
        cmocka_unit_test(test_conv__kernels_of_two_and_three_strides_agree_with_the_reference),
        cmocka_unit_test(test_conv__rounding_errors_by_minimal_filtering_have_their_limits),
        cmocka_unit_test(test_conv__special_shapes_agree_with_the_reference),
        cmocka_unit_test(test_conv__bits_do_not_depend_on_the_number_of_threads),
        cmocka_unit_test(test_conv__kept_weights_give_the_same_bits),
        cmocka_unit_test(test_conv__every_failed_request_is_reported_and_leaks_nothing),
        cmocka_unit_test(test_conv__a_second_run_asks_the_system_for_nothing),
        cmocka_unit_test(test_conv__calls_are_counted_by_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
