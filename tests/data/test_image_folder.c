#include "data_files.h"

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <math.h>
#include <unistd.h>
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
/* Its JPEG writer shifts into the sign bit, which is not what is tested here. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#include <stb/stb_image_write.h>
#pragma clang attribute pop
#else
#pragma GCC diagnostic ignored "-Wattributes"
#define static static __attribute__((no_sanitize("undefined")))
#include <stb/stb_image_write.h>
#undef static
#endif

#define H 4
#define W 6

/* A picture of one brightness, that it can be told by however it was packed. */
static void write_picture(const char *path, int height, int width, int channels, int brightness) {
    uint8_t pixels[64 * 64 * 4];
    memset(pixels, brightness, sizeof pixels);
    const char *ending = strrchr(path, '.');
    int done = strchr("pP", ending[1])   ? stbi_write_png(path, width, height, channels, pixels, 0)
               : strchr("bB", ending[1]) ? stbi_write_bmp(path, width, height, channels, pixels)
                                         : stbi_write_jpg(path, width, height, channels, pixels, 95);
    assert_true(done);
}

static int brightness_of(gan_tensor *x, int64_t sample) {
    int64_t per = gan_count(x) / gan_shape_of(x).d[0];
    gan_real first = value(x, sample * per);
    for (int64_t i = 0; i < per; i++) assert_true(fabs(value(x, sample * per + i) - first) < .02);
    return (int)((first + 1) * 127.5 + .5);
}

/* 10, 20, ... are all there, each once; with labels[brightness / 10 - 1]. */
static void expect_brightnesses(gan_ctx *ctx, gan_dataset *d, int count, const int *labels) {
    expect_ok(ctx);
    assert_int_equal(gan_dataset_count(d), count);
    gan_batch b = gan_dataset_next(d, count);
    expect_ok(ctx);
    assert_int_equal(b.label != NULL, labels != NULL);
    int seen[20] = {0};
    for (int i = 0; i < count; i++) {
        int k = (brightness_of(b.x, i) + 2) / 10 - 1;
        assert_in_range(k, 0, count - 1);
        assert_int_equal(seen[k]++, 0);
        if (labels) assert_true(value(b.label, i) == labels[k]);
    }
}

static void test_folder__reads_png_jpeg_and_bmp(void **state) {
    fixture *f = *state;
    write_picture(path_in(f, "a.png"), H, W, 3, 10);
    write_picture(path_in(f, "b.jpg"), H, W, 3, 20);
    write_picture(path_in(f, "c.JPEG"), H, W, 3, 30);
    write_picture(path_in(f, "d.bmp"), H, W, 3, 40);
    write_picture(path_in(f, "e.PNG"), H, W, 4, 50); /* its alpha, 50 too, is dropped */
    write_picture(path_in(f, "._a.png"), 1, 1, 3, 60);
    write_file(path_in(f, "readme.txt"), "no picture", 10);
    gan_dataset *d = gan_image_folder(f->ctx, f->dir, (gan_image_opts){.decoders = 2});
    assert_true(gan_shape_equal(gan_dataset_shape(d), gan_shape3(H, W, 3)));
    expect_brightnesses(f->ctx, d, 5, NULL);
    expect_brightnesses(f->ctx, gan_images(f->ctx, f->dir, (gan_image_opts){0}), 5, NULL);
}

static void test_folder__pixels_keep_their_places(void **state) {
    fixture *f = *state;
    uint8_t pixels[2 * 3 * 3];
    for (int i = 0; i < 18; i++) pixels[i] = (uint8_t)(i * 14);
    assert_true(stbi_write_png(path_in(f, "x.png"), 3, 2, 3, pixels, 0));
    gan_dataset *d = gan_image_folder(f->ctx, f->dir, (gan_image_opts){0});
    gan_tensor *x = gan_dataset_next(d, 1).x;
    expect_ok(f->ctx);
    assert_true(gan_shape_equal(gan_shape_of(x), gan_shape4(1, 2, 3, 3)));
    for (int i = 0; i < 18; i++) assert_true(value(x, i) == REAL_OF(pixels[i]));
}

static void test_folder__channels_are_converted(void **state) {
    fixture *f = *state;
    write_picture(path_in(f, "a.png"), H, W, 1, 10);
    write_picture(path_in(f, "b.png"), H, W, 3, 20);
    write_picture(path_in(f, "c.png"), H, W, 2, 30);
    for (int channels = 0; channels <= 3; channels += channels + 1) {
        gan_dataset *d = gan_image_folder(f->ctx, f->dir, (gan_image_opts){.channels = channels});
        assert_true(gan_shape_equal(gan_dataset_shape(d), gan_shape3(H, W, channels ? channels : 3))); /* not as the first */
        expect_brightnesses(f->ctx, d, 3, NULL);
    }
    assert_int_equal(unlink(path_in(f, "b.png")), 0);
    gan_dataset *grey = gan_image_folder(f->ctx, f->dir, (gan_image_opts){0});
    assert_true(gan_shape_equal(gan_dataset_shape(grey), gan_shape3(H, W, 1)));
}

static void test_folder__subfolders_are_classes_in_order(void **state) {
    fixture *f = *state;
    folder_in(f, "b"), folder_in(f, "b-a"), folder_in(f, "B"), folder_in(f, "none"), folder_in(f, "b/deep");
    write_picture(path_in(f, "B/x.png"), H, W, 3, 10);
    write_picture(path_in(f, "b/deep/x.png"), H, W, 3, 20);
    write_picture(path_in(f, "b/x.png"), H, W, 3, 30);
    write_picture(path_in(f, "b-a/x.png"), H, W, 3, 40);         /* '-' comes before '/', but b before b-a */
    assert_int_equal(symlink("..", path_in(f, "b/deep/up")), 0); /* a circle */
    assert_int_equal(symlink("nowhere", path_in(f, "b/lost.png")), 0);
    const int labels[] = {0, 1, 1, 2};
    gan_dataset *d = gan_image_folder(f->ctx, f->dir, (gan_image_opts){0});
    assert_int_equal(gan_dataset_classes(d), 3);
    expect_brightnesses(f->ctx, d, 4, labels);
}

static void keep_log(void *user, gan_log_level level, const char *message) {
    if (level == GAN_LOG_WARNING) snprintf(user, 256, "%s", message);
}

static void test_folder__loose_pictures_have_no_class(void **state) {
    fixture *f = *state;
    char log[256] = "";
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .log = keep_log, .log_user = log});
    folder_in(f, "a");
    write_picture(path_in(f, "a/x.png"), H, W, 3, 10);
    write_picture(path_in(f, "x.png"), H, W, 3, 20);
    gan_dataset *d = gan_image_folder(ctx, f->dir, (gan_image_opts){0});
    assert_int_equal(gan_dataset_classes(d), 0);
    expect_brightnesses(ctx, d, 2, NULL);
    assert_non_null(strstr(log, "not taken for classes"));
    gan_ctx_free(ctx);
}

static void test_folder__mixed_sizes_need_a_size(void **state) {
    fixture *f = *state;
    write_picture(path_in(f, "a.png"), H, W, 3, 10);
    write_picture(path_in(f, "b.jpg"), H, W, 3, 20);
    write_picture(path_in(f, "c.png"), 9, 5, 3, 30);
    assert_true(gan_dataset_is_nil(gan_image_folder(f->ctx, f->dir, (gan_image_opts){0})));
    expect_error(f->ctx, GAN_E_SHAPE, "a.png is 4 x 6", "c.png is 9 x 5");
    gan_dataset *d = gan_image_folder(f->ctx, f->dir, (gan_image_opts){.height = 8, .width = 8});
    assert_true(gan_shape_equal(gan_dataset_shape(d), gan_shape3(8, 8, 3)));
    expect_brightnesses(f->ctx, d, 3, NULL);
}

/* Two good files and these: text, nothing, half a PNG, most of a JPEG, a folder of such a name. */
static int write_bad_files(const fixture *f) {
    write_picture(path_in(f, "m1.png"), 40, 40, 3, 10);
    write_picture(path_in(f, "m2.jpg"), 40, 40, 3, 20);
    uint8_t bytes[40000];
    uint8_t noise[40 * 40 * 3];
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)(i * i % 251);
    assert_true(stbi_write_png(path_in(f, "half.png"), 40, 40, 3, noise, 0));
    size_t size = read_file(path_in(f, "half.png"), bytes, sizeof bytes);
    write_file(path_in(f, "half.png"), bytes, size / 2);
    assert_true(stbi_write_jpg(path_in(f, "half.jpg"), 40, 40, 3, noise, 95));
    size = read_file(path_in(f, "half.jpg"), bytes, sizeof bytes);
    write_file(path_in(f, "half.jpg"), bytes, size * 3 / 4);
    write_file(path_in(f, "a-text.png"), "this is no picture", 18);
    write_file(path_in(f, "void.bmp"), "", 0);
    folder_in(f, "folder.png");
    return 4;
}

static void test_folder__an_unreadable_file_is_named(void **state) {
    fixture *f = *state;
    write_picture(path_in(f, "a.png"), H, W, 3, 10);
    write_file(path_in(f, "b.png"), "this is no picture", 18);
    assert_true(gan_dataset_is_nil(gan_image_folder(f->ctx, f->dir, (gan_image_opts){0})));
    expect_error(f->ctx, GAN_E_FORMAT, "b.png", "not of any known type");
}

static void test_folder__bad_files_are_left_out_when_asked(void **state) {
    fixture *f = *state;
    int bad = write_bad_files(f);
    gan_dataset *d = gan_image_folder(f->ctx, f->dir, (gan_image_opts){.skip_bad = true});
    assert_int_equal(gan_dataset_skipped(d), bad);
    assert_non_null(strstr(gan_dataset_describe(d), "4 bad files left out"));
    for (int epoch = 0; epoch < 3; epoch++) expect_brightnesses(f->ctx, d, 2, NULL);
}

/* A header can be sound and the pixels not: that comes out in the background, and is raised by the batch that has it. */
static void test_folder__broken_pixels_are_an_error_of_next(void **state) {
    fixture *f = *state;
    write_bad_files(f);
    unlink(path_in(f, "a-text.png")), unlink(path_in(f, "void.bmp")), unlink(path_in(f, "half.jpg"));
    gan_dataset *d = gan_image_folder(f->ctx, f->dir, (gan_image_opts){.cache_mb = -1});
    expect_ok(f->ctx);
    assert_true(gan_is_nil(gan_dataset_next(d, 3).x));
    expect_error(f->ctx, GAN_E_IO, "gan_dataset_next: sample 0", "half.png: ");
    unlink(path_in(f, "m1.png"));
    write_picture(path_in(f, "half.png"), 40, 40, 3, 10);
    assert_true(gan_is_nil(gan_dataset_next(d, 3).x));
    expect_error(f->ctx, GAN_E_IO, "sample 1", "m1.png: no such file");
    write_picture(path_in(f, "m1.png"), 40, 41, 3, 30);
    assert_true(gan_is_nil(gan_dataset_next(d, 3).x));
    expect_error(f->ctx, GAN_E_IO, "m1.png: its size has changed", "");
    write_picture(path_in(f, "m1.png"), 40, 40, 3, 30);
    expect_brightnesses(f->ctx, d, 3, NULL);
}

/* --- the cache ---------------------------------------------------------------------------------------------- */

enum { PICTURES = 8, SIDE = 256, IN_A_MEGABYTE = (1 << 20) / (SIDE * SIDE * 3) };

static void write_noise(const fixture *f) {
    static uint8_t pixels[SIDE * SIDE * 3];
    uint32_t x = 1;
    for (int i = 0; i < PICTURES; i++) {
        char name[16];
        for (size_t k = 0; k < sizeof pixels; k++) pixels[k] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
        snprintf(name, sizeof name, "%d.png", i);
        assert_true(stbi_write_png(path_in(f, name), SIDE, SIDE, 3, pixels, 0));
    }
}

static gan_dataset *open_cached(gan_ctx *ctx, const fixture *f, int64_t cache_mb) {
    return gan_image_folder(ctx, f->dir, (gan_image_opts){.flip = true, .decoders = 3, .cache_mb = cache_mb});
}

/* Without a cache, with one for all, with one for some. */
static void test_folder__a_cache_changes_no_bit(void **state) {
    fixture *f = *state;
    write_noise(f);
    const int64_t sizes[] = {-1, 0, 1};
    gan_ctx *ctx[3];
    gan_dataset *d[3];
    for (int i = 0; i < 3; i++) {
        ctx[i] = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 2});
        d[i] = open_cached(ctx[i], f, sizes[i]);
    }
    for (int batch = 0; batch < 4 * PICTURES / 2; batch++) {
        const gan_real *first = NULL;
        for (int i = 0; i < 3; i++) {
            gan_tensor *x = gan_dataset_next(d[i], 2).x;
            expect_ok(ctx[i]);
            if (i)
                assert_memory_equal(gan_data(x), first, (size_t)gan_count(x) * sizeof *first);
            else
                first = gan_data(x);
        }
    }
    for (int i = 0; i < 3; i++) gan_ctx_free(ctx[i]);
}

/* How many can still be had when the files are gone. */
static int kept_after_an_epoch(const fixture *f, int64_t cache_mb) {
    write_noise(f);
    gan_dataset *d = open_cached(f->ctx, f, cache_mb);
    gan_dataset_next(d, PICTURES);
    expect_ok(f->ctx);
    for (int i = 0; i < PICTURES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.png", i);
        unlink(path_in(f, name));
    }
    int kept = 0;
    for (int i = 0; i < PICTURES; i++) {
        bool there = !gan_is_nil(gan_dataset_training(d, i, 1).x);
        kept += there;
        if (!there) expect_error(f->ctx, GAN_E_IO, "no such file", "");
    }
    gan_dataset_free(d);
    return kept;
}

static void test_folder__a_cache_keeps_what_it_has_room_for(void **state) {
    fixture *f = *state;
    assert_int_equal(kept_after_an_epoch(f, -1), 0);
    assert_int_equal(kept_after_an_epoch(f, 1), IN_A_MEGABYTE);
    assert_int_equal(kept_after_an_epoch(f, 2), PICTURES);
    assert_int_equal(kept_after_an_epoch(f, 0), PICTURES);
}

static void test_folder__a_cache_has_a_size(void **state) {
    fixture *f = *state;
    write_picture(path_in(f, "a.png"), H, W, 3, 10);
    assert_true(gan_dataset_is_nil(open_cached(f->ctx, f, -2)));
    expect_error(f->ctx, GAN_E_ARG, "cache_mb is -2", "-1 (none)");
    assert_true(gan_dataset_is_nil(open_cached(f->ctx, f, INT64_MAX)));
    expect_error(f->ctx, GAN_E_ARG, "cache_mb is ", "");
}

/* Tables that stb_image would write beyond its own for; also where they are read on opening, and where the file ends in them. */
static void test_folder__oversized_jpeg_tables_are_refused(void **state) {
    fixture *f = *state;
    const uint8_t early[] = {0xFF, 0xD8, 0xFF, 0xC4, 1, 0xA2, 0, 255, 2};
    uint8_t bytes[4000];
    write_picture(path_in(f, "a.png"), H, W, 3, 10);
    write_picture(path_in(f, "b.jpg"), H, W, 3, 20);
    size_t size = read_file(path_in(f, "b.jpg"), bytes, sizeof bytes), at = 0;
    while (bytes[at] != 0xFF || bytes[at + 1] != 0xC4) at++;
    memset(bytes + at + 5 + 14, 200, 2);
    write_file(path_in(f, "b.jpg"), bytes, size);
    gan_dataset *d = gan_image_folder(f->ctx, f->dir, (gan_image_opts){0});
    assert_true(gan_is_nil(gan_dataset_next(d, 2).x));
    expect_error(f->ctx, GAN_E_IO, "b.jpg", "more than 256 codes");
    write_file(path_in(f, "c.jpg"), early, sizeof early);
    gan_image_folder(f->ctx, f->dir, (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_FORMAT, "c.jpg", "more than 256 codes");
    assert_int_equal(gan_dataset_skipped(gan_image_folder(f->ctx, f->dir, (gan_image_opts){.skip_bad = true})), 2);
}

static void test_folder__without_pictures_is_an_error(void **state) {
    fixture *f = *state;
    gan_image_folder(f->ctx, f->dir, (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_IO, f->dir, "has no PNG, JPEG or BMP files");
    gan_images(f->ctx, f->dir, (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_IO, f->dir, "has no PNG, JPEG or BMP files");
    gan_image_folder(f->ctx, path_in(f, "missing"), (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_IO, "gan_image_folder", "missing: No such file");
    gan_images(f->ctx, path_in(f, "missing"), (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_IO, "gan_images", "missing: No such file");
    write_picture(path_in(f, "one.png"), H, W, 3, 10);
    gan_image_folder(f->ctx, path_in(f, "one.png"), (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_IO, "one.png", "is no folder");
    gan_images(f->ctx, path_in(f, "one.png"), (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_ARG, "one.png", "is a single picture");
    gan_image_folder(f->ctx, NULL, (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_ARG, "gan_image_folder", "the path is NULL");
    gan_image_folder(f->ctx, f->dir, (gan_image_opts){.channels = 4});
    expect_error(f->ctx, GAN_E_ARG, "gan_image_folder", "channels is 4");
    write_file(path_in(f, "one.png"), "x", 1);
    gan_image_folder(f->ctx, f->dir, (gan_image_opts){.skip_bad = true});
    expect_error(f->ctx, GAN_E_IO, f->dir, "none of the 1 files is readable");
}

static void test_folder__survives_every_failing_allocation(void **state) {
    fixture *f = *state;
    gan_ctx *ctx = f->ctx;
    folder_in(f, "a");
    write_picture(path_in(f, "a/x.png"), H, W, 3, 10);
    write_picture(path_in(f, "a/y.png"), H, W, 3, 20);
    gan_image_folder(ctx, NULL, (gan_image_opts){0}); /* makes the context's nil */
    gan_ctx_clear(ctx);
    gan_dataset_free(gan_image_folder(ctx, f->dir, (gan_image_opts){.held_out = .5}));
    expect_ok(ctx);
    size_t before = gan_ctx_memory(ctx).in_use;
    int64_t n = 1;
    for (bool failed = true; failed; n++) {
        gan_ctx_fail_alloc(ctx, n);
        gan_dataset *d = gan_image_folder(ctx, f->dir, (gan_image_opts){.skip_bad = true});
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        if (failed) expect_error(ctx, GAN_E_MEMORY, "out of memory", "");
        assert_int_equal(gan_dataset_is_nil(d), failed);
        gan_dataset_free(d);
        assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    }
    assert_in_range(n, 15, 60);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_folder__reads_png_jpeg_and_bmp),
        TEST(test_folder__pixels_keep_their_places),
        TEST(test_folder__channels_are_converted),
        TEST(test_folder__subfolders_are_classes_in_order),
        TEST(test_folder__loose_pictures_have_no_class),
        TEST(test_folder__mixed_sizes_need_a_size),
        TEST(test_folder__an_unreadable_file_is_named),
        TEST(test_folder__bad_files_are_left_out_when_asked),
        TEST(test_folder__broken_pixels_are_an_error_of_next),
        TEST(test_folder__a_cache_changes_no_bit),
        TEST(test_folder__a_cache_keeps_what_it_has_room_for),
        TEST(test_folder__a_cache_has_a_size),
        TEST(test_folder__oversized_jpeg_tables_are_refused),
        TEST(test_folder__without_pictures_is_an_error),
        TEST(test_folder__survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
