#include "data_files.h"

#include <math.h>

#include "data/pixels.h"

static gan__stb_picture grey(const uint8_t *pixels, int height, int width) {
    return (gan__stb_picture){pixels, height, width, 1};
}

static void test_fit__maps_bytes_onto_minus_one_to_one(void **state) {
    (void)state;
    uint8_t bytes[256];
    gan_real x[256];
    for (int i = 0; i < 256; i++) bytes[i] = (uint8_t)i;
    assert_true(gan__pixels_fit(grey(bytes, 16, 16), (gan__frame){16, 16, 1}, x));
    assert_true(x[0] == -1 && x[255] == 1);
    for (int i = 0; i < 256; i++) expect_near(x[i], i / 127.5 - 1);
}

static void test_fit__makes_grey_of_rgb_and_rgb_of_grey(void **state) {
    (void)state;
    const uint8_t rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}, one[] = {100};
    gan_real x[12];
    assert_true(gan__pixels_fit((gan__stb_picture){rgb, 2, 2, 3}, (gan__frame){2, 2, 1}, x));
    const int expected[] = {255 * 77 / 256, 255 * 150 / 256, 255 * 29 / 256, 255};
    for (int i = 0; i < 4; i++) expect_near(x[i], REAL_OF(expected[i]));
    assert_true(gan__pixels_fit(grey(one, 1, 1), (gan__frame){1, 1, 3}, x));
    for (int i = 0; i < 3; i++) expect_near(x[i], REAL_OF(100));
}

/* 2 x 6 onto 2 x 2: columns 2 and 3; 5 x 2 onto 2 x 2: rows 1 and 2. */
static void test_fit__crops_the_middle_without_touching_the_pixels(void **state) {
    (void)state;
    uint8_t wide[12], tall[10];
    gan_real x[4];
    for (int i = 0; i < 12; i++) wide[i] = (uint8_t)(10 * i);
    for (int i = 0; i < 10; i++) tall[i] = (uint8_t)(10 * i);
    assert_true(gan__pixels_fit(grey(wide, 2, 6), (gan__frame){2, 2, 1}, x));
    const int from_wide[] = {20, 30, 80, 90}, from_tall[] = {20, 30, 40, 50};
    for (int i = 0; i < 4; i++) assert_true(x[i] == REAL_OF(from_wide[i]));
    assert_true(gan__pixels_fit(grey(tall, 5, 2), (gan__frame){2, 2, 1}, x));
    for (int i = 0; i < 4; i++) assert_true(x[i] == REAL_OF(from_tall[i]));
}

static int to_byte(gan_real x) { return (int)lround((x + 1) * 127.5); }

/* 3 -> 2 in each direction: an output pixel covers one input pixel and a half. */
static void test_fit__shrinks_by_area(void **state) {
    (void)state;
    const uint8_t in[9] = {0, 90, 240, 30, 60, 200, 250, 10, 120};
    gan_real x[4];
    assert_true(gan__pixels_fit(grey(in, 3, 3), (gan__frame){2, 2, 1}, x));
    const double w[2][3] = {{2 / 3., 1 / 3., 0}, {0, 1 / 3., 2 / 3.}};
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            double sum = 0;
            for (int a = 0; a < 3; a++)
                for (int b = 0; b < 3; b++) sum += w[i][a] * w[j][b] * in[3 * a + b];
            assert_in_range(to_byte(x[2 * i + j]) + 1 - (int)lround(sum), 0, 2);
        }
}

/* Catmull & Rom's spline a quarter of a pixel before or after a sample; edges are repeated. */
static void test_fit__grows_by_catmull_rom(void **state) {
    (void)state;
    const uint8_t in[16] = {0, 90, 240, 30, 60, 200, 250, 10, 120, 100, 50, 150, 200, 180, 70, 20};
    const double after[4] = {-.0703125, .8671875, .2265625, -.0234375}; /* of samples -1, 0, 1, 2 */
    gan_real x[64];
    assert_true(gan__pixels_fit(grey(in, 4, 4), (gan__frame){8, 8, 1}, x));
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 8; j++) {
            double sum = 0;
            for (int a = -1; a <= 2; a++)
                for (int b = -1; b <= 2; b++) {
                    int y = i / 2 + (i % 2 ? a : -a), z = j / 2 + (j % 2 ? b : -b);
                    y = y < 0 ? 0 : y > 3 ? 3 : y, z = z < 0 ? 0 : z > 3 ? 3 : z;
                    sum += after[a + 1] * after[b + 1] * in[4 * y + z];
                }
            sum = sum < 0 ? 0 : sum > 255 ? 255 : sum;
            assert_in_range(to_byte(x[8 * i + j]) + 1 - (int)lround(sum), 0, 2);
        }
}

/* 4 x 8 onto 2 x 2: halved, and the middle half of the width. */
static void test_fit__covers_then_crops(void **state) {
    (void)state;
    uint8_t in[32];
    gan_real x[4];
    for (int i = 0; i < 32; i++) in[i] = (uint8_t)(i % 8 * 30);
    assert_true(gan__pixels_fit(grey(in, 4, 8), (gan__frame){2, 2, 1}, x));
    const int expected[] = {75, 135, 75, 135}; /* columns 2, 3 and 4, 5 */
    for (int i = 0; i < 4; i++) assert_in_range(to_byte(x[i]) + 1 - expected[i], 0, 2);
}

static void test_fit__survives_extreme_proportions(void **state) {
    (void)state;
    static const int sizes[][4] = {{1, 1, 64, 64}, {1, 3000, 16, 16}, {3000, 1, 16, 16}, {500, 3, 1, 1},
                                   {7, 5, 64, 3},  {64, 64, 1, 64},   {2, 2, 3, 200},    {97, 31, 13, 89}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const int *s = sizes[k];
        size_t in_count = (size_t)(s[0] * s[1] * 3), out_count = (size_t)(s[2] * s[3] * 3);
        uint8_t *in = malloc(in_count);
        gan_real *x = malloc(out_count * sizeof *x);
        memset(in, 200, in_count);
        assert_true(gan__pixels_fit((gan__stb_picture){in, s[0], s[1], 3}, (gan__frame){s[2], s[3], 3}, x));
        for (size_t i = 0; i < out_count; i++) assert_in_range(to_byte(x[i]), 199, 201);
        free(in);
        free(x);
    }
}

static void test_frame__refuses_what_cannot_be(void **state) {
    fixture *f = *state;
    gan__frame stored = {28, 28, 1}, out;
    static const struct {
        gan_image_opts opts;
        const char *says;
    } bad[] = {{{.channels = 2}, "channels is 2"},
               {{.height = 32}, "height is 32 and width 0"},
               {{.width = 32}, "height is 0 and width 32"},
               {{.height = -1, .width = 4}, "-1 x 4"},
               {{.height = 4, .width = 100000}, "4 x 100000"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(gan__frame_choose(f->ctx, bad[i].opts, stored, "who", &out));
        expect_error(f->ctx, GAN_E_ARG, "who: ", bad[i].says);
    }
    assert_true(gan__frame_choose(f->ctx, (gan_image_opts){.height = 4, .width = 5, .channels = 3}, stored, "who", &out));
    assert_true(out.height == 4 && out.width == 5 && out.channels == 3);
    assert_true(gan__frame_choose(f->ctx, (gan_image_opts){0}, stored, "who", &out));
    assert_true(out.height == 28 && out.width == 28 && out.channels == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit__maps_bytes_onto_minus_one_to_one),
        cmocka_unit_test(test_fit__makes_grey_of_rgb_and_rgb_of_grey),
        cmocka_unit_test(test_fit__crops_the_middle_without_touching_the_pixels),
        cmocka_unit_test(test_fit__shrinks_by_area),
        cmocka_unit_test(test_fit__grows_by_catmull_rom),
        cmocka_unit_test(test_fit__covers_then_crops),
        cmocka_unit_test(test_fit__survives_extreme_proportions),
        cmocka_unit_test_setup_teardown(test_frame__refuses_what_cannot_be, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
