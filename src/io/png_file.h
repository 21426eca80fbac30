/* PNG files as bytes: what they are, and many put together as one that moves. */
#ifndef GAN__PNG_FILE_H
#define GAN__PNG_FILE_H

#include "file_bytes.h"

typedef struct gan__png_info {
    int64_t width, height;
    int channels;       /* 1: grey, 2: with opacity, 3: RGB or a palette, 4: with opacity */
    uint8_t header[13]; /* IHDR: pictures of equal headers can stand in one animation */
} gan__png_info;

/* False: these bytes do not start as a PNG does. */
bool gan__png_look(gan__bytes png, gan__png_info *info);

typedef struct gan__png_frame {
    const char *path;
    int milliseconds; /* at most 65535 */
} gan__png_frame;

/* Writes one PNG file that moves (APNG): the frames in turn, again and again. Programs that do not know such files show the last
 * one. Pixels are copied as they are packed; pictures of another size or kind than the last are left out. count >= 1. */
gan_status gan__png_animate(gan_ctx *ctx, const gan__png_frame *frames, int count, const char *path, const char *who);

#endif
