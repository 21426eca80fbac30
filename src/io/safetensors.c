/* What writing and reading share. */
#include "safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "files are little-endian, and so must the machine be");

static const struct {
    const char *name;
    int bytes;
} dtypes[] = {
#define ROW(name, bytes) {#name, bytes},
    GAN__ST_DTYPES(ROW)
#undef ROW
};

const char *gan__st_dtype_name(gan__st_dtype dtype) { return dtypes[dtype].name; }
int gan__st_dtype_bytes(gan__st_dtype dtype) { return dtypes[dtype].bytes; }

bool gan__st_reserved(const char *key) {
    return !strcmp(key, GAN__ST_CRC_KEY) || !strcmp(key, GAN__ST_FORMAT_KEY) ||
           !strncmp(key, GAN__ST_CRC_PREFIX, strlen(GAN__ST_CRC_PREFIX));
}

int64_t gan__st_elements(int ndim, const int64_t *dims) {
    int64_t count = 1, most = INT64_MAX / 8; /* the widest type has eight bytes */
    for (int i = 0; i < ndim; i++) {
        if (dims[i] < 0 || (dims[i] > 0 && count > most / dims[i])) return -1;
        count *= dims[i];
    }
    return count;
}

const char *gan__st_shape_text(const gan__st_tensor *t, char text[GAN__ST_SHAPE_TEXT]) {
    int used = snprintf(text, GAN__ST_SHAPE_TEXT, "[");
    for (int i = 0; i < t->ndim; i++)
        used += snprintf(text + used, GAN__ST_SHAPE_TEXT - (size_t)used, i ? ", %" PRId64 : "%" PRId64, t->dims[i]);
    snprintf(text + used, GAN__ST_SHAPE_TEXT - (size_t)used, "]");
    return text;
}
