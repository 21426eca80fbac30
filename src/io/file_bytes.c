#include "file_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const gan__bytes none = {NULL, 0};

static gan__bytes fail(gan_ctx *ctx, const char *path, const char *doing, int error, const char *who) {
    gan__raise(ctx, GAN_E_IO, "%s: %s: %s: %s", who, path, doing, strerror(error));
    return none;
}

gan__bytes gan__open_file_bytes(gan_ctx *ctx, int fd, const char *path, const char *who) {
    struct stat is;
    if (fstat(fd, &is)) return fail(ctx, path, "looking at it", errno, who);
    if (!S_ISREG(is.st_mode)) return fail(ctx, path, "reading", S_ISDIR(is.st_mode) ? EISDIR : EINVAL, who);
    gan__bytes b = {gan__alloc(ctx, (size_t)is.st_size + 1), (size_t)is.st_size};
    if (!b.p) return none;
    for (size_t at = 0; at < b.size;) {
        ssize_t got = pread(fd, b.p + at, b.size - at, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got > 0) {
            at += (size_t)got;
            continue;
        }
        int error = got ? errno : EIO;
        gan__free(ctx, b.p);
        return fail(ctx, path, "reading", error, who);
    }
    b.p[b.size] = 0;
    return b;
}

gan__bytes gan__file_bytes(gan_ctx *ctx, const char *path, const char *who) {
    if (!gan__ok(ctx)) return none;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(ctx, path, "opening", errno, who);
    gan__bytes b = gan__open_file_bytes(ctx, fd, path, who);
    close(fd);
    return b;
}
