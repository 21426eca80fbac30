/* Small data sets in files, for the tests of their readers. */
#ifndef DATA_FILES_H
#define DATA_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <gan/gan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define PATH_ROOM 512

typedef struct fixture {
    char dir[64]; /* a folder of the test's own */
    gan_ctx *ctx;
} fixture;

static inline int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/gan_data_XXXXXX");
    if (!f || !mkdtemp(f->dir)) return -1;
    f->ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    *state = f;
    return gan_ctx_status(f->ctx) != GAN_OK;
}

static inline void remove_tree(const char *path) {
    DIR *dir = opendir(path);
    char name[2 * PATH_ROOM];
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (snprintf(name, sizeof name, "%s/%s", path, e->d_name) >= (int)sizeof name) continue;
        struct stat info;
        if (!lstat(name, &info) && S_ISDIR(info.st_mode))
            remove_tree(name);
        else
            unlink(name);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

static inline int tear_down(void **state) {
    fixture *f = *state;
    gan_ctx_free(f->ctx);
    remove_tree(f->dir);
    free(f);
    return 0;
}

static inline const char *path_in(const fixture *f, const char *name) {
    static char paths[4][PATH_ROOM]; /* taking turns, so that one call can name several */
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(paths[turn], PATH_ROOM, "%s/%s", f->dir, name);
    return paths[turn];
}

static inline const char *folder_in(const fixture *f, const char *name) {
    const char *path = path_in(f, name);
    assert_int_equal(mkdir(path, 0777), 0);
    return path;
}

static inline void write_file(const char *path, const void *bytes, size_t size) {
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(out);
}

static inline void write_gz(const char *path, const void *bytes, size_t size) {
    gzFile out = gzopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(gzwrite(out, bytes, (unsigned)size), size);
    gzclose(out);
}

static inline size_t read_file(const char *path, uint8_t *bytes, size_t room) {
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t got = fread(bytes, 1, room, in);
    fclose(in);
    return got;
}

/* An error of this status whose message has both parts; it is cleared. */
static inline void expect_error(gan_ctx *ctx, gan_status status, const char *part, const char *other) {
    if (!strstr(gan_ctx_message(ctx), part) || !strstr(gan_ctx_message(ctx), other))
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", gan_ctx_message(ctx), part, other);
    assert_string_equal(gan_status_name(gan_ctx_status(ctx)), gan_status_name(status));
    gan_ctx_clear(ctx);
}

static inline void expect_ok(gan_ctx *ctx) { assert_string_equal(gan_ctx_message(ctx), ""); }

#define REAL_OF(byte) ((gan_real)(byte) * 2 / 255 - 1)

static inline void expect_near(double a, double b) {
    if (!(a - b < 1e-6 && b - a < 1e-6)) fail_msg("%g is not %g", a, b);
}

static inline gan_real value(gan_tensor *t, int64_t i) {
    assert_non_null(gan_data(t));
    return gan_data(t)[i];
}

#endif
