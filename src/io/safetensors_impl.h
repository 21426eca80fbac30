/* A file under the reader's eyes: shared by its two halves, parsing and access. */
#ifndef GAN__SAFETENSORS_IMPL_H
#define GAN__SAFETENSORS_IMPL_H

#include <cjson/cJSON.h>

#include "safetensors.h"

#define GAN__ST_CHUNK 65536 /* bytes read at a time */

struct gan__st {
    gan_ctx *ctx;
    const char *who;
    char *path;
    int fd;               /* -1: in memory */
    const uint8_t *bytes; /* of a file in memory */
    int64_t size;
    int64_t start;           /* of the tensors' bytes */
    cJSON *json;             /* all names point into it */
    gan__st_tensor *tensors; /* in the order of their bytes */
    const gan__st_tensor **by_name;
    int64_t count;
    const cJSON **meta; /* by key */
    int64_t n_meta;
    void *chunk;
};

/* Raises a complaint about the file's content; always false. */
bool gan__st_bad(gan__st *f, const char *format, ...) GAN_PRINTF(2, 3);

bool gan__st_read_at(gan__st *f, int64_t at, void *dst, int64_t count); /* false: raised */

/* The value of metadata whose key is prefix and rest; NULL if there is none. */
const char *gan__st_meta_value(const gan__st *f, const char *prefix, const char *rest);

/* Reads and checks everything. f has ctx, who, path, fd or bytes, size and chunk. False: raised. */
bool gan__st_check(gan__st *f);

#endif
