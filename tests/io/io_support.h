/* What the tests of the file layer share: a context, a folder of their own, and files as bytes. */
#ifndef IO_SUPPORT_H
#define IO_SUPPORT_H

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_gan.h"

typedef struct fixture {
    gan_ctx *ctx;
    char folder[64];
    char path[128];    /* of a file in it that is not there yet */
    char message[600]; /* the latest error's, by `failure` */
} fixture;

/* Files in the folder, hidden ones included. */
static inline int files_in(const char *folder) {
    DIR *dir = opendir(folder);
    int count = 0;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) count += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
    closedir(dir);
    return count;
}

static inline int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/gan-io-XXXXXX");
    if (!mkdtemp(f->folder)) return -1;
    snprintf(f->path, sizeof f->path, "%s/file", f->folder);
    f->ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
    *state = f;
    return 0;
}

static inline int tear_down(void **state) {
    fixture *f = *state;
    char path[512];
    gan_ctx_free(f->ctx);
    chmod(f->folder, 0700);
    DIR *dir = opendir(f->folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        snprintf(path, sizeof path, "%s/%s", f->folder, e->d_name);
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) remove(path);
    }
    if (dir) closedir(dir);
    rmdir(f->folder);
    free(f);
    return 0;
}

/* A file's bytes, for free(), and one zero byte more. */
static inline char *slurp(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    char *bytes = calloc(1, (size_t)length + 1);
    assert_int_equal(fread(bytes, 1, (size_t)length, file), length);
    fclose(file);
    if (size) *size = (size_t)length;
    return bytes;
}

static inline void spit(const char *path, const void *bytes, size_t size) {
    remove(path); /* some file systems wait for the disk when a file is truncated and written again */
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static inline void assert_file_is(const char *path, const char *text) {
    size_t size;
    char *bytes = slurp(path, &size);
    assert_string_equal(bytes, text);
    assert_int_equal(size, strlen(text));
    free(bytes);
}

/* The context must have failed just so, with these words in its message, which is kept; then it is cleared. */
#define failure(f, status, words)                                                                                                \
    do {                                                                                                                         \
        snprintf((f)->message, sizeof(f)->message, "%s", gan_ctx_message((f)->ctx));                                             \
        check_failed((f)->ctx, status, words);                                                                                   \
    } while (0)

/* Lets every request for memory fail in turn until `run` succeeds; nothing may leak or be left in the folder but `files` files.
 */
static inline void fail_every_allocation(fixture *f, bool (*run)(fixture *f), int files) {
    assert_true(run(f)); /* what the context makes once is made now */
    size_t in_use = gan_ctx_memory(f->ctx).in_use;
    for (int nth = 1;; nth++) {
        gan_ctx_fail_alloc(f->ctx, nth);
        bool done = run(f);
        gan_ctx_fail_alloc(f->ctx, 0);
        assert_int_equal(files_in(f->folder), files);
        if (done) {
            assert_true(nth > 1);
            break;
        }
        failure(f, GAN_E_MEMORY, "");
        assert_int_equal(gan_ctx_memory(f->ctx).in_use, in_use);
    }
}

#endif
