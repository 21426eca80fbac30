/* The one place where stb_image_write is compiled; its names stay in this file. */
#include <stdlib.h>
#include <zlib.h>

#include "png.h"

/* zlib packs better and faster than stb's own compressor. The result is freed with free(). */
static unsigned char *compress_zlib(unsigned char *data, int size, int *packed_size, int quality) {
    uLongf room = compressBound((uLong)size);
    unsigned char *packed = malloc(room);
    if (packed && compress2(packed, &room, data, (uLong)size, quality) == Z_OK) {
        *packed_size = (int)room;
        return packed;
    }
    free(packed);
    return NULL;
}

#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#define STBIW_ASSERT(x) ((void)(x))
#define STBIW_ZLIB_COMPRESS compress_zlib
#pragma GCC diagnostic ignored "-Wunused-function" /* reported at the end of the file: no push and pop */
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#include <stb/stb_image_write.h>

uint8_t *gan__png_encode(gan__canvas x, int *size) {
    return stbi_write_png_to_mem(x.p, 0, (int)x.width, (int)x.height, x.channels, size);
}
