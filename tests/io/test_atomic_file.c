#include "io_support.h"

#include <signal.h>
#include <sys/resource.h>

#include "io/atomic_file.h"

static gan_status put(fixture *f, const char *path, const char *text) {
    return gan__file_put(f->ctx, path, text, strlen(text), "test");
}

static void test_file__appears_with_its_bytes_and_nothing_else(void **state) {
    fixture *f = *state;
    assert_int_equal(put(f, f->path, "one\ntwo"), GAN_OK);
    assert_file_is(f->path, "one\ntwo");
    assert_int_equal(files_in(f->folder), 1);
}

static void test_file__is_made_with_the_mode_that_open_would_give(void **state) {
    fixture *f = *state;
    struct stat is;
    mode_t old = umask(027);
    put(f, f->path, "x");
    umask(old);
    stat(f->path, &is);
    assert_int_equal(is.st_mode & 0777, 0640);
}

static void test_file__replaces_an_old_one_and_keeps_its_mode(void **state) {
    fixture *f = *state;
    struct stat is;
    spit(f->path, "old", 3);
    chmod(f->path, 0604);
    assert_int_equal(put(f, f->path, "new"), GAN_OK);
    assert_file_is(f->path, "new");
    stat(f->path, &is);
    assert_int_equal(is.st_mode & 0777, 0604);
}

static void test_file__old_one_stays_until_the_commit(void **state) {
    fixture *f = *state;
    gan__file file;
    spit(f->path, "old", 3);
    assert_true(gan__file_create(f->ctx, &file, f->path, "test"));
    assert_true(gan__file_write(&file, "new!", 4));
    assert_true(gan__file_seek(&file, 0));
    assert_true(gan__file_write(&file, "N", 1));
    assert_file_is(f->path, "old");
    assert_int_equal(gan__file_commit(&file), GAN_OK);
    assert_file_is(f->path, "New!");
    assert_int_equal(files_in(f->folder), 1);
}

static void test_file__discarded_leaves_the_old_one(void **state) {
    fixture *f = *state;
    gan__file file;
    spit(f->path, "old", 3);
    assert_true(gan__file_create(f->ctx, &file, f->path, "test"));
    gan__file_write(&file, "new", 3);
    gan__file_discard(&file);
    assert_false(gan__file_write(&file, "more", 4));
    assert_file_is(f->path, "old");
    assert_int_equal(files_in(f->folder), 1);
    assert_int_equal(gan_ctx_status(f->ctx), GAN_OK);
}

static void test_file__is_dropped_if_something_else_failed_meanwhile(void **state) {
    fixture *f = *state;
    gan__file file;
    assert_true(gan__file_create(f->ctx, &file, f->path, "test"));
    gan__file_write(&file, "new", 3);
    gan_ctx_fail(f->ctx, GAN_E_NONFINITE, "elsewhere");
    assert_int_equal(gan__file_commit(&file), GAN_E_NONFINITE);
    assert_int_equal(files_in(f->folder), 0);
}

static void test_file__two_at_once_do_not_meet(void **state) {
    fixture *f = *state;
    gan__file a, b;
    assert_true(gan__file_create(f->ctx, &a, f->path, "test"));
    assert_true(gan__file_create(f->ctx, &b, f->path, "test"));
    gan__file_write(&a, "a", 1);
    gan__file_write(&b, "b", 1);
    assert_int_equal(gan__file_commit(&a), GAN_OK);
    assert_file_is(f->path, "a");
    assert_int_equal(gan__file_commit(&b), GAN_OK);
    assert_file_is(f->path, "b");
    assert_int_equal(files_in(f->folder), 1);
}

static void test_file__through_a_link_leaves_the_link(void **state) {
    fixture *f = *state;
    struct stat is;
    char link[160];
    snprintf(link, sizeof link, "%s/link", f->folder);
    spit(f->path, "old", 3);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(put(f, link, "new"), GAN_OK);
    assert_file_is(f->path, "new");
    lstat(link, &is);
    assert_true(S_ISLNK(is.st_mode));
    unlink(f->path);
    assert_int_equal(put(f, link, "lost"), GAN_E_IO);
    failure(f, GAN_E_IO, link);
}

static void test_file__where_none_can_be_is_an_error_with_path_and_reason(void **state) {
    fixture *f = *state;
    char path[160];
    snprintf(path, sizeof path, "%s/missing/file", f->folder);
    assert_int_equal(put(f, path, "x"), GAN_E_IO);
    failure(f, GAN_E_IO, path);
    assert_non_null(strstr(f->message, "No such file"));
    assert_int_equal(put(f, f->folder, "x"), GAN_E_IO);
    failure(f, GAN_E_IO, "is not a regular file");
    assert_int_equal(put(f, "/dev/full", "x"), GAN_E_IO); /* a device must not be replaced */
    failure(f, GAN_E_IO, "is not a regular file");
    assert_int_equal(put(f, "", "x"), GAN_E_ARG);
    failure(f, GAN_E_ARG, "no path");
}

static void test_file__in_a_folder_that_cannot_be_written(void **state) {
    fixture *f = *state;
    spit(f->path, "old", 3);
    chmod(f->folder, 0555);
    bool root = geteuid() == 0; /* whom no mode keeps out */
    if (root) assert_int_equal(seteuid(65534), 0);
    gan_status status = put(f, f->path, "new");
    if (root) assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, GAN_E_IO);
    failure(f, GAN_E_IO, "Permission denied");
    assert_file_is(f->path, "old");
}

/* Runs out of space after `room` bytes: the same short writes as on a full disk. */
static void on_a_full_disk(fixture *f, size_t room, size_t size) {
    struct rlimit before, limit;
    char *bytes = calloc(1, size);
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = room;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    gan_status status = gan__file_put(f->ctx, f->path, bytes, size, "test");
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    free(bytes);
    assert_int_equal(status, GAN_E_IO);
    failure(f, GAN_E_IO, f->path);
    assert_non_null(strstr(f->message, "writing: File too large"));
    assert_file_is(f->path, "old");
    assert_int_equal(files_in(f->folder), 1);
}

static void test_file__on_a_full_disk_leaves_the_old_one(void **state) {
    fixture *f = *state;
    spit(f->path, "old", 3);
    on_a_full_disk(f, 100, 200);         /* noticed when the buffer is flushed */
    on_a_full_disk(f, 100, 1 << 20);     /* at the first write */
    on_a_full_disk(f, 1 << 19, 1 << 20); /* in the middle */
}

static bool run_put(fixture *f) { return put(f, f->path, "text") == GAN_OK; }

static void test_file__without_memory(void **state) {
    fixture *f = *state;
    spit(f->path, "old", 3);
    fail_every_allocation(f, run_put, 1);
}

static void test_file__in_a_failed_context_is_not_touched(void **state) {
    fixture *f = *state;
    gan_ctx_fail(f->ctx, GAN_E_SHAPE, "before");
    assert_int_equal(put(f, f->path, "x"), GAN_E_SHAPE);
    assert_int_equal(files_in(f->folder), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_file__appears_with_its_bytes_and_nothing_else),
        TEST(test_file__is_made_with_the_mode_that_open_would_give),
        TEST(test_file__replaces_an_old_one_and_keeps_its_mode),
        TEST(test_file__old_one_stays_until_the_commit),
        TEST(test_file__discarded_leaves_the_old_one),
        TEST(test_file__is_dropped_if_something_else_failed_meanwhile),
        TEST(test_file__two_at_once_do_not_meet),
        TEST(test_file__through_a_link_leaves_the_link),
        TEST(test_file__where_none_can_be_is_an_error_with_path_and_reason),
        TEST(test_file__in_a_folder_that_cannot_be_written),
        TEST(test_file__on_a_full_disk_leaves_the_old_one),
        TEST(test_file__without_memory),
        TEST(test_file__in_a_failed_context_is_not_touched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
