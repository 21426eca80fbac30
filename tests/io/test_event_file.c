/* What the program's own tests with an independent reader do not reach: errors, and checksums against published ones. */
#include "io_support.h"

#include "io/event_file.h"

static void test_checksum__is_castagnolis(void **state) {
    (void)state;
    uint8_t bytes[32] = {0}; /* RFC 3720, B.4 */
    assert_int_equal(gan__crc32c("123456789", 9), 0xe3069283);
    assert_int_equal(gan__crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, 32);
    assert_int_equal(gan__crc32c(bytes, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++) bytes[i] = (uint8_t)i;
    assert_int_equal(gan__crc32c(bytes, 32), 0x46dd794e);
    assert_int_equal(gan__crc32c(bytes, 0), 0);
}

static void test_sessions__have_files_of_their_own(void **state) {
    fixture *f = *state;
    for (int i = 0; i < 3; i++) { /* within the same second, most likely */
        gan__events *e = gan__events_open(f->ctx, f->folder, 1, "test");
        check_ok(f->ctx);
        gan__events_close(e);
    }
    assert_int_equal(files_in(f->folder), 3);
}

static void test_pictures__must_be_png(void **state) {
    fixture *f = *state;
    gan__events *e = gan__events_open(f->ctx, f->folder, 1, "test");
    spit(f->path, "GIF89a, and some more bytes than a PNG has before its pixels", 60);
    assert_false(gan__events_picture(e, 1, "samples", f->path));
    failure(f, GAN_E_FORMAT, "is no PNG file");
    assert_false(gan__events_picture(e, 1, "samples", "/missing.png"));
    failure(f, GAN_E_IO, "/missing.png: opening");
    gan_write_grid(gan_zeros(f->ctx, gan_shape4(1, 2, 2, 3)), f->path, (gan_grid_opts){0});
    assert_true(gan__events_picture(e, 1, "samples", f->path));
    gan__events_close(e);
}

static void test_events__where_none_can_be(void **state) {
    fixture *f = *state;
    assert_null(gan__events_open(f->ctx, "/missing", 1, "test"));
    failure(f, GAN_E_IO, "/missing/events.out.tfevents.");
    assert_false(gan__events_numbers(NULL, 1, NULL, 0));
    assert_false(gan__events_picture(NULL, 1, "samples", f->path));
    gan__events_close(NULL);
}

static gan__events *open_events;

static bool tell(fixture *f) {
    gan__jsonl_field fields[] = {{"a", 1}, {"b", NAN}};
    return gan__events_numbers(open_events, 1, fields, 2) && gan__events_picture(open_events, 1, "samples", f->path);
}

static void test_events__without_memory(void **state) {
    fixture *f = *state;
    gan_ctx_fail_alloc(f->ctx, 1);
    assert_null(gan__events_open(f->ctx, f->folder, 1, "test"));
    gan_ctx_fail_alloc(f->ctx, 0);
    failure(f, GAN_E_MEMORY, "");
    gan_write_grid(gan_zeros(f->ctx, gan_shape4(1, 2, 2, 1)), f->path, (gan_grid_opts){0});
    open_events = gan__events_open(f->ctx, f->folder, 1, "test");
    fail_every_allocation(f, tell, 2);
    gan__events_close(open_events);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_checksum__is_castagnolis), TEST(test_sessions__have_files_of_their_own),
        TEST(test_pictures__must_be_png),    TEST(test_events__where_none_can_be),
        TEST(test_events__without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
