/* What the reader in Python does not reach: files that are none, or damaged ones, and a lack of memory. */
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>

#include "io_support.h"

#include "io/png_file.h"

static char second[128], third[128], moving[128];

static void make(fixture *f, const char *path, int h, int w, int c, double value) {
    gan_write_grid(gan_full(f->ctx, gan_shape4(1, h, w, c), value), path, (gan_grid_opts){0});
    check_ok(f->ctx);
}

static void make_three(fixture *f) {
    snprintf(second, sizeof second, "%s/second", f->folder);
    snprintf(third, sizeof third, "%s/third", f->folder);
    snprintf(moving, sizeof moving, "%s/moving", f->folder);
    make(f, f->path, 4, 3, 3, -1);
    make(f, second, 3, 4, 3, 0); /* of another size */
    make(f, third, 4, 3, 3, 1);
}

static bool animate(fixture *f) {
    const gan__png_frame frames[] = {{f->path, 100}, {second, 100}, {third, 70000 & 0xffff}};
    return gan__png_animate(f->ctx, frames, 3, moving, "test") == GAN_OK;
}

static void test_look__tells_size_and_channels(void **state) {
    fixture *f = *state;
    for (int c = 1; c <= 3; c += 2) {
        gan__png_info info;
        make(f, f->path, 5, 7, c, 0);
        gan__bytes png = gan__file_bytes(f->ctx, f->path, "test");
        assert_true(gan__png_look(png, &info));
        assert_int_equal(info.width, 7);
        assert_int_equal(info.height, 5);
        assert_int_equal(info.channels, c);
        for (size_t cut = 0; cut < 33; cut++) assert_false(gan__png_look((gan__bytes){png.p, cut}, &info));
        for (size_t at = 0; at < 33; at++) { /* up to the end of its first chunk */
            png.p[at] ^= 0x55;
            assert_false(gan__png_look(png, &info));
            png.p[at] ^= 0x55;
        }
        gan__free(f->ctx, png.p);
    }
}

static void test_animation__shows_its_last_picture_where_it_does_not_move(void **state) {
    fixture *f = *state;
    int w, h, c;
    make_three(f);
    assert_true(animate(f));
    unsigned char *p = stbi_load(moving, &w, &h, &c, 0);
    assert_non_null(p);
    assert_int_equal(w, 3);
    assert_int_equal(h, 4);
    for (int i = 0; i < 3 * 4 * 3; i++) assert_int_equal(p[i], 255);
    stbi_image_free(p);
    size_t size;
    char *bytes = slurp(moving, &size);
    assert_memory_equal(bytes + 37, "acTL\0\0\0\2", 8); /* the one of another size is left out */
    free(bytes);
}

static void test_animation__refuses_damaged_pictures(void **state) {
    fixture *f = *state;
    make_three(f);
    size_t size;
    char *png = slurp(f->path, &size);
    for (size_t cut = 0; cut < size; cut++) {
        spit(f->path, png, cut);
        assert_false(animate(f));
        failure(f, GAN_E_FORMAT, f->path);
    }
    for (size_t at = 0; at < size; at++) {
        png[at] ^= 0x20;
        spit(f->path, png, size);
        png[at] ^= 0x20;
        assert_false(animate(f));
        failure(f, GAN_E_FORMAT, f->path);
    }
    free(png);
    remove(third);
    assert_false(animate(f));
    failure(f, GAN_E_IO, third);
    assert_int_equal(files_in(f->folder), 2); /* nothing half done stays */
}

static void test_animation__without_memory(void **state) {
    fixture *f = *state;
    make_three(f);
    assert_true(animate(f));
    fail_every_allocation(f, animate, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_look__tells_size_and_channels),
        TEST(test_animation__shows_its_last_picture_where_it_does_not_move),
        TEST(test_animation__refuses_damaged_pictures),
        TEST(test_animation__without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
