/* The bytes of a file. */
#ifndef GAN__FILE_BYTES_H
#define GAN__FILE_BYTES_H

#include "../base/ctx_impl.h"

typedef struct gan__bytes {
    uint8_t *p; /* NULL: there are none */
    size_t size;
} gan__bytes;

/* All of a regular file, with a zero byte behind it, for gan__free(ctx, bytes.p). p is NULL (raised) if it cannot be read. */
gan__bytes gan__file_bytes(gan_ctx *ctx, const char *path, const char *who);

/* The same for an open one; path is for messages. */
gan__bytes gan__open_file_bytes(gan_ctx *ctx, int fd, const char *path, const char *who);

#endif
