#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>

#include "io_support.h"

typedef struct picture {
    int w, h, c;
    unsigned char *p;
} picture;

static picture decode(const char *path) {
    picture x;
    x.p = stbi_load(path, &x.w, &x.h, &x.c, 0);
    assert_non_null(x.p);
    return x;
}

/* Where this is set, the pictures are kept there, to be looked at. */
static void keep(const fixture *f, const char *name) {
    const char *folder = getenv("GAN_TEST_PICTURES");
    if (!folder) return;
    char path[512];
    size_t size;
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    char *bytes = slurp(f->path, &size);
    spit(path, bytes, size);
    free(bytes);
}

static int at(const picture *x, int row, int col, int channel) { return x->p[(row * x->w + col) * x->c + channel]; }

static void test_grid__puts_images_in_rows(void **state) {
    fixture *f = *state;
    gan_real values[5 * 2 * 3]; /* five images, 2 high, 3 wide, of one grey each */
    for (int i = 0; i < 30; i++) values[i] = (gan_real)(i / 6) / 2 - 1;
    gan_tensor *images = gan_from(f->ctx, gan_shape4(5, 2, 3, 1), values);
    assert_int_equal(gan_write_grid(images, f->path, (gan_grid_opts){.columns = 2, .gap = 1}), GAN_OK);
    picture x = decode(f->path);
    assert_int_equal(x.w, 3 + 1 + 3);
    assert_int_equal(x.h, 2 + 1 + 2 + 1 + 2);
    assert_int_equal(x.c, 1);
    static const int levels[] = {0, 64, 128, 191, 255};
    for (int row = 0; row < x.h; row++)
        for (int col = 0; col < x.w; col++) {
            bool gap = row % 3 == 2 || col % 4 == 3;
            int image = row / 3 * 2 + col / 4;
            assert_int_equal(at(&x, row, col, 0), gap || image > 4 ? 0 : levels[image]);
        }
    stbi_image_free(x.p);
}

static void test_grid__keeps_rows_columns_and_channels_apart(void **state) {
    fixture *f = *state;
    gan_real values[2 * 3 * 3];
    for (int i = 0; i < 18; i++) values[i] = (gan_real)(i * 10) / (gan_real)127.5 - 1;
    gan_write_grid(gan_from(f->ctx, gan_shape4(1, 2, 3, 3), values), f->path, (gan_grid_opts){0});
    check_ok(f->ctx);
    picture x = decode(f->path);
    assert_int_equal(x.w, 3);
    assert_int_equal(x.h, 2);
    assert_int_equal(x.c, 3);
    for (int i = 0; i < 18; i++) assert_int_equal(x.p[i], i * 10);
    stbi_image_free(x.p);
}

static void test_grid__clamps_and_shows_nan_as_grey(void **state) {
    fixture *f = *state;
    const gan_real values[] = {-5, 5, -INFINITY, INFINITY, NAN, -1, 1, 0};
    gan_write_grid(gan_from(f->ctx, gan_shape4(1, 1, 8, 1), values), f->path, (gan_grid_opts){0});
    check_ok(f->ctx);
    picture x = decode(f->path);
    assert_memory_equal(x.p, ((unsigned char[]){0, 255, 0, 255, 128, 0, 255, 128}), 8);
    stbi_image_free(x.p);
}

static void test_grid__is_as_square_as_possible(void **state) {
    fixture *f = *state;
    static const struct {
        int n, h, w, columns, grid_w, grid_h;
    } cases[] = {{64, 4, 4, 0, 32, 32}, {10, 4, 4, 0, 16, 12}, {8, 8, 2, 0, 12, 16},
                 {3, 2, 2, 9, 6, 2},    {3, 2, 2, 1, 2, 6},    {1, 1, 9, 0, 9, 1}};
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_tensor *images = gan_zeros(f->ctx, gan_shape4(cases[i].n, cases[i].h, cases[i].w, 1));
        gan_write_grid(images, f->path, (gan_grid_opts){.columns = cases[i].columns});
        check_ok(f->ctx);
        picture x = decode(f->path);
        assert_int_equal(x.w, cases[i].grid_w);
        assert_int_equal(x.h, cases[i].grid_h);
        stbi_image_free(x.p);
    }
}

/* The middle of the dark pixels within the frame. */
static void centre_of_ink(const picture *x, double *col, double *row) {
    double sum = 0;
    *col = *row = 0;
    for (int r = 30; r < 483; r++)
        for (int c = 30; c < 483; c++)
            if (at(x, r, c, 0) < 200) {
                *col += c, *row += r;
                sum += 1;
            }
    *col = sum > 0 ? *col / sum : -1;
    *row = sum > 0 ? *row / sum : -1;
}

static void test_scatter__puts_x_to_the_right_and_y_upwards(void **state) {
    fixture *f = *state;
    double col, row;
    const gan_real points[] = {1, 1};
    gan_write_grid(gan_from(f->ctx, gan_shape2(1, 2), points), f->path, (gan_grid_opts){.range = 2});
    check_ok(f->ctx);
    picture x = decode(f->path);
    assert_int_equal(x.w, 512);
    assert_int_equal(x.h, 512);
    centre_of_ink(&x, &col, &row);
    check_close(col, 28 + 0.75 * 456, 1); /* three quarters to the right, */
    check_close(row, 28 + 0.25 * 456, 1); /* one quarter from the top */
    stbi_image_free(x.p);
}

/* Three groups, of three, two and one image: rows of their own, in the groups' order, behind strips of different colours. */
static void test_grid__has_rows_by_group(void **state) {
    fixture *f = *state;
    gan_real values[6 * 12 * 12];
    for (int i = 0; i < 6 * 144; i++) values[i] = (gan_real)(i / 144) * 40 / (gan_real)127.5 - 1; /* image i has level 40 i */
    const gan_real group[] = {2, 0, 1, 0, 1, 0};
    gan_grid_opts o = {.columns = 2, .gap = 1, .group = gan_from(f->ctx, gan_shape1(6), group)};
    gan_tensor *images = gan_from(f->ctx, gan_shape4(6, 12, 12, 1), values);
    gan_write_grid(images, f->path, o);
    check_ok(f->ctx);
    picture x = decode(f->path);
    enum { STRIP = 10 };
    assert_int_equal(x.c, 3);
    assert_int_equal(x.w, STRIP + 2 * 13);
    assert_int_equal(x.h, 4 * 13 - 1); /* two rows for the first group, one for each of the others */
    static const int levels[4][2] = {{40, 120}, {200, 0}, {80, 160}, {0, 0}};
    for (int row = 0; row < 4; row++)
        for (int col = 0; col < 2; col++)
            for (int k = 0; k < 3; k++) assert_int_equal(at(&x, row * 13 + 5, STRIP + 1 + col * 13 + 5, k), levels[row][col]);
    /* The edges of the strips: one colour over both rows of a group, another for each group. */
    int first[4][3];
    for (int row = 0; row < 4; row++)
        for (int k = 0; k < 3; k++) first[row][k] = at(&x, row * 13 + 5, 0, k);
    assert_memory_equal(first[0], first[1], sizeof first[0]);
    assert_memory_not_equal(first[1], first[2], sizeof first[0]);
    assert_memory_not_equal(first[2], first[3], sizeof first[0]);
    for (int k = 0; k < 3; k++) assert_int_equal(at(&x, 12, 0, k), first[0][k]);
    int white[3] = {0};
    for (int g = 0; g < 3; g++)
        for (int row = g ? (g + 1) * 13 : 0; row < (g + 2) * 13 - 1; row++)
            for (int col = 0; col < STRIP; col++) white[g] += at(&x, row, col, 0) == 255 && at(&x, row, col, 2) == 255;
    assert_int_equal(white[0], 4 * 12); /* the dots of 0, */
    assert_int_equal(white[1], 4 * 8);  /* 1 */
    assert_int_equal(white[2], 4 * 11); /* and 2 */
    stbi_image_free(x.p);
    keep(f, "groups");

    o.columns = 0; /* as few as fill the largest group's rows */
    gan_write_grid(images, f->path, o);
    x = decode(f->path);
    assert_int_equal(x.w, STRIP + 3 * 13);
    assert_int_equal(x.h, 3 * 13 - 1);
    stbi_image_free(x.p);
}

static void test_scatter__has_colours_by_group(void **state) {
    fixture *f = *state;
    const gan_real points[] = {-1, 0, 1, 0}, group[] = {1, 0};
    gan_write_grid(gan_from(f->ctx, gan_shape2(2, 2), points), f->path,
                   (gan_grid_opts){.range = 2, .group = gan_from(f->ctx, gan_shape1(2), group)});
    check_ok(f->ctx);
    picture x = decode(f->path);
    int left[3], right[3];
    for (int k = 0; k < 3; k++) left[k] = at(&x, 256, 28 + 114, k), right[k] = at(&x, 256, 28 + 342, k);
    assert_true(left[0] > left[2] + 40);   /* group 1 is orange, */
    assert_true(right[2] > right[0] + 40); /* 0 is blue */
    stbi_image_free(x.p);
}

static void test_groups__that_do_not_fit_are_named(void **state) {
    fixture *f = *state;
    gan_tensor *images = gan_zeros(f->ctx, gan_shape4(3, 2, 2, 1));
    gan_write_grid(images, f->path, (gan_grid_opts){.group = gan_zeros(f->ctx, gan_shape1(2))});
    failure(f, GAN_E_SHAPE, "the groups of 3 samples have shape [2]");
    static const double wrong[] = {-1, .5, 1000, NAN};
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        gan_write_grid(images, f->path, (gan_grid_opts){.group = gan_full(f->ctx, gan_shape1(3), wrong[i])});
        failure(f, GAN_E_ARG, "is no whole number from 0 to 999");
    }
}

static void test_scatter__leaves_out_what_is_outside_or_not_finite(void **state) {
    fixture *f = *state;
    double col, row;
    const gan_real points[] = {3, 0, 0, -3, NAN, 0, 0, INFINITY, -1, -1};
    gan_write_grid(gan_from(f->ctx, gan_shape2(4, 2), points), f->path, (gan_grid_opts){.range = 2});
    picture x = decode(f->path);
    centre_of_ink(&x, &col, &row);
    assert_true(col < 0);
    stbi_image_free(x.p);
    gan_write_grid(gan_from(f->ctx, gan_shape2(5, 2), points), f->path, (gan_grid_opts){.range = 2});
    check_ok(f->ctx);
    x = decode(f->path);
    centre_of_ink(&x, &col, &row);
    check_close(col, 28 + 0.25 * 456, 1);
    check_close(row, 28 + 0.75 * 456, 1);
    stbi_image_free(x.p);
}

static void test_scatter__fits_all_finite_points(void **state) {
    fixture *f = *state;
    static const double scales[] = {1e-3, 1, 7.3, 12345};
    for (int i = 0; i < COUNT_OF(scales); i++) {
        double col, row;
        const gan_real points[] = {(gan_real)scales[i], 0, NAN, INFINITY};
        gan_write_grid(gan_from(f->ctx, gan_shape2(2, 2), points), f->path, (gan_grid_opts){0});
        check_ok(f->ctx);
        picture x = decode(f->path);
        centre_of_ink(&x, &col, &row);
        assert_true(col > 28 + 0.9 * 456 && col < 28 + 0.99 * 456);
        stbi_image_free(x.p);
    }
    gan_write_grid(gan_zeros(f->ctx, gan_shape2(3, 2)), f->path, (gan_grid_opts){0});
    check_ok(f->ctx);
}

/* For looking, with GAN_TEST_PICTURES: digits would be too many, a ring of eight modes and some gradients are enough. */
static void test_pictures__to_look_at(void **state) {
    fixture *f = *state;
    enum { N = 2000 };
    const gan_real *z = gan_data(gan_randn(f->ctx, gan_shape2(N, 2)));
    gan_real points[2 * N];
    for (int i = 0; i < N; i++) {
        points[2 * i] = (gan_real)(2 * cos(i % 8 * 0.785398163397448)) + (gan_real)0.05 * z[2 * i];
        points[2 * i + 1] = (gan_real)(2 * sin(i % 8 * 0.785398163397448)) + (gan_real)0.05 * z[2 * i + 1];
    }
    gan_write_grid(gan_from(f->ctx, gan_shape2(N, 2), points), f->path, (gan_grid_opts){0});
    check_ok(f->ctx);
    keep(f, "ring");
    gan_real *images = malloc(12 * 32 * 32 * 3 * sizeof *images);
    for (int i = 0; i < 12 * 32 * 32 * 3; i++) {
        int c = i % 3, x = i / 3 % 32, y = i / 96 % 32, n = i / 3072;
        images[i] = (gan_real)sin(0.05 * (n + 1) * (c == 0 ? x : c == 1 ? y : x + y));
    }
    gan_write_grid(gan_from(f->ctx, gan_shape4(12, 32, 32, 3), images), f->path, (gan_grid_opts){.gap = 2});
    check_ok(f->ctx);
    keep(f, "waves");
    free(images);
}

static void test_grid__refuses_what_is_no_picture(void **state) {
    fixture *f = *state;
    static const gan_shape shapes[] = {{4, {1, 2, 2, 2}}, {4, {0, 2, 2, 1}}, {4, {1, 0, 2, 1}}, {3, {1, 2, 2}},
                                       {2, {3, 3}},       {2, {0, 2}},       {0, {0}}};
    for (int i = 0; i < COUNT_OF(shapes); i++) {
        assert_int_equal(gan_write_grid(gan_zeros(f->ctx, shapes[i]), f->path, (gan_grid_opts){0}), GAN_E_SHAPE);
        failure(f, GAN_E_SHAPE, "gan_write_grid: [");
    }
    gan_tensor *image = gan_zeros(f->ctx, gan_shape4(1, 2, 2, 1));
    static const gan_grid_opts opts[] = {{.columns = -1}, {.gap = -1}, {.gap = 1 << 20}, {.range = -1}, {.range = NAN}};
    for (int i = 0; i < COUNT_OF(opts); i++) {
        assert_int_equal(gan_write_grid(image, f->path, opts[i]), GAN_E_ARG);
        failure(f, GAN_E_ARG, "gan_write_grid: ");
    }
    gan_tensor *wide = gan_zeros(f->ctx, gan_shape4(500, 1, 1, 1)); /* 500 columns and rows, 4000 pixels apart */
    assert_int_equal(gan_write_grid(wide, f->path, (gan_grid_opts){.columns = 20, .gap = 4096}), GAN_E_SHAPE);
    failure(f, GAN_E_SHAPE, "too large");
    gan_release(image);
    assert_int_equal(gan_write_grid(image, f->path, (gan_grid_opts){0}), GAN_E_RELEASED);
    failure(f, GAN_E_RELEASED, "");
    assert_int_not_equal(gan_write_grid(NULL, f->path, (gan_grid_opts){0}), GAN_OK);
    assert_int_equal(files_in(f->folder), 0);
}

static void test_grid__says_what_the_system_refused(void **state) {
    fixture *f = *state;
    char path[160];
    snprintf(path, sizeof path, "%s/missing/grid.png", f->folder);
    assert_int_equal(gan_write_grid(gan_zeros(f->ctx, gan_shape4(1, 2, 2, 1)), path, (gan_grid_opts){0}), GAN_E_IO);
    failure(f, GAN_E_IO, path);
    gan_tensor *nil = gan_zeros(f->ctx, (gan_shape){.ndim = -1});
    failure(f, GAN_E_SHAPE, "");
    assert_int_equal(gan_write_grid(nil, f->path, (gan_grid_opts){0}), GAN_E_ARG);
    failure(f, GAN_E_ARG, "nil");
}

static gan_tensor *some_images;
static bool write_images(fixture *f) { return gan_write_grid(some_images, f->path, (gan_grid_opts){0}) == GAN_OK; }

static void test_grid__without_memory(void **state) {
    fixture *f = *state;
    some_images = gan_zeros(f->ctx, gan_shape4(2, 2, 2, 3));
    fail_every_allocation(f, write_images, 1);
    some_images = gan_zeros(f->ctx, gan_shape2(2, 2));
    fail_every_allocation(f, write_images, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_grid__puts_images_in_rows),
        TEST(test_grid__keeps_rows_columns_and_channels_apart),
        TEST(test_grid__clamps_and_shows_nan_as_grey),
        TEST(test_grid__is_as_square_as_possible),
        TEST(test_scatter__puts_x_to_the_right_and_y_upwards),
        TEST(test_grid__has_rows_by_group),
        TEST(test_scatter__has_colours_by_group),
        TEST(test_groups__that_do_not_fit_are_named),
        TEST(test_scatter__leaves_out_what_is_outside_or_not_finite),
        TEST(test_scatter__fits_all_finite_points),
        TEST(test_pictures__to_look_at),
        TEST(test_grid__refuses_what_is_no_picture),
        TEST(test_grid__says_what_the_system_refused),
        TEST(test_grid__without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
