#define _XOPEN_SOURCE 700 /* realpath */
#include "atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_ROOM 64 /* for a temporary file's name */
#define TRIES 1000   /* names that other writers, or a crash, may have left taken */

static bool fail(gan__file *f, const char *doing, int error) {
    gan__raise(f->ctx, GAN_E_IO, "%s: %s: %s: %s", f->who, f->path, doing, strerror(error));
    gan__file_discard(f);
    return false;
}

/* Where the bytes shall stand: a symbolic link stays one. NULL (raised) if that is no place for a regular file. */
static char *destination(gan_ctx *ctx, const char *path, const char *who, mode_t *mode) {
    struct stat is;
    *mode = 0;
    if (lstat(path, &is)) return gan__strdup(ctx, path); /* not there yet; if it cannot be, creating will say so */
    char *target = S_ISLNK(is.st_mode) ? realpath(path, NULL) : NULL;
    if (S_ISLNK(is.st_mode) && (!target || stat(target, &is))) {
        gan__raise(ctx, GAN_E_IO, "%s: %s: following the link: %s", who, path, strerror(errno));
        free(target);
        return NULL;
    }
    char *result = NULL;
    if (S_ISREG(is.st_mode))
        result = gan__strdup(ctx, target ? target : path);
    else
        gan__raise(ctx, GAN_E_IO, "%s: %s is not a regular file", who, path);
    free(target);
    *mode = is.st_mode & 0777;
    return result;
}

/* Bytes of the folder's part of a path, the last slash included. */
static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* Not mkstemp: the file's mode shall be what open would have given it, and the umask cannot be asked without changing it. */
static int open_temporary(gan__file *f) {
    size_t folder = folder_length(f->path);
    memcpy(f->temporary, f->path, folder);
    for (int i = 0; i < TRIES; i++) {
        snprintf(f->temporary + folder, NAME_ROOM, ".gan-%ld-%d.tmp", (long)getpid(), i);
        int fd = open(f->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

bool gan__file_create(gan_ctx *ctx, gan__file *f, const char *path, const char *who) {
    *f = (gan__file){.ctx = ctx, .who = who};
    if (!gan__ok(ctx)) return false;
    if (!path || !*path) {
        gan__raise(ctx, GAN_E_ARG, "%s: no path", who);
        return false;
    }
    mode_t mode;
    f->path = destination(ctx, path, who, &mode);
    char *temporary = f->path ? gan__alloc(ctx, folder_length(f->path) + NAME_ROOM) : NULL;
    if (!temporary) {
        gan__file_discard(f);
        return false;
    }
    f->temporary = temporary;
    int fd = open_temporary(f);
    if (fd < 0) {
        int error = errno;
        f->temporary = NULL; /* nothing to remove */
        gan__free(ctx, temporary);
        return fail(f, "making a temporary file beside it", error);
    }
    if (mode) fchmod(fd, mode); /* a courtesy to the file that is replaced: its failure is none of ours */
    f->stream = fdopen(fd, "wb");
    if (f->stream) return true;
    int error = errno;
    close(fd);
    return fail(f, "opening", error);
}

bool gan__file_write(gan__file *f, const void *bytes, size_t count) {
    if (!f->stream) return false;
    return !count || fwrite(bytes, 1, count, f->stream) == count || fail(f, "writing", errno);
}

bool gan__file_seek(gan__file *f, int64_t offset) {
    if (!f->stream) return false;
    return !fseeko(f->stream, (off_t)offset, SEEK_SET) || fail(f, "seeking", errno);
}

/* Some file systems cannot be told to sync; that is no failure of the write. */
static bool cannot_sync(int error) { return error == EINVAL || error == ENOSYS || error == ENOTSUP; }

/* The rename is safe on the disk only once the folder is. A folder that may not be read cannot be synced. Returns an errno. */
static int sync_folder(const char *path, char *scratch) {
    size_t length = folder_length(path);
    memcpy(scratch, path, length);
    scratch[length] = 0;
    int fd = open(length ? scratch : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno == EACCES ? 0 : errno;
    int error = fsync(fd) && !cannot_sync(errno) ? errno : 0;
    close(fd);
    return error;
}

static bool settle(gan__file *f) {
    if (fflush(f->stream)) return fail(f, "writing", errno);
    if (fsync(fileno(f->stream)) && !cannot_sync(errno)) return fail(f, "syncing", errno);
    FILE *stream = f->stream;
    f->stream = NULL;
    if (fclose(stream)) return fail(f, "closing", errno);
    if (rename(f->temporary, f->path)) return fail(f, "renaming the temporary file", errno);
    char *scratch = f->temporary; /* it names nothing any more */
    f->temporary = NULL;
    int error = sync_folder(f->path, scratch);
    gan__free(f->ctx, scratch);
    return !error || fail(f, "it is in its place, but syncing its folder failed", error);
}

gan_status gan__file_commit(gan__file *f) {
    if (f->stream && gan__ok(f->ctx)) settle(f);
    gan__file_discard(f);
    return f->ctx->status;
}

void gan__file_discard(gan__file *f) {
    if (f->stream) fclose(f->stream);
    if (f->temporary) unlink(f->temporary);
    gan__free(f->ctx, f->temporary);
    gan__free(f->ctx, f->path);
    f->stream = NULL;
    f->path = f->temporary = NULL;
}

gan_status gan__file_put(gan_ctx *ctx, const char *path, const void *bytes, size_t count, const char *who) {
    gan__file f;
    if (gan__file_create(ctx, &f, path, who)) gan__file_write(&f, bytes, count);
    return gan__file_commit(&f);
}
