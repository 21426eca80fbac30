/* Files that appear complete or not at all: written beside their place, synced, renamed. */
#ifndef GAN__ATOMIC_FILE_H
#define GAN__ATOMIC_FILE_H

#include <stdio.h>

#include "../base/ctx_impl.h"

/* A file under way. Until it is committed, whatever stood at `path` stays as it was. */
typedef struct gan__file {
    gan_ctx *ctx;
    FILE *stream;    /* NULL: not open */
    const char *who; /* for messages: the public function */
    char *path;      /* with symbolic links followed */
    char *temporary;
} gan__file;

/* Opens a temporary file in path's folder. False (raised, GAN_E_IO): nothing is open and nothing is left behind. */
bool gan__file_create(gan_ctx *ctx, gan__file *file, const char *path, const char *who);

/* False (raised): the temporary file is gone already; further calls do nothing. */
bool gan__file_write(gan__file *file, const void *bytes, size_t count);
bool gan__file_seek(gan__file *file, int64_t offset);

/* Puts the file in its place, unless something failed, here or elsewhere in the context. Returns the context's status. */
gan_status gan__file_commit(gan__file *file);
void gan__file_discard(gan__file *file); /* fine at any time */

/* All of the above for bytes in memory. */
gan_status gan__file_put(gan_ctx *ctx, const char *path, const void *bytes, size_t count, const char *who);

#endif
