/* From bytes to numbers. */
#ifndef GAN__PIXELS_H
#define GAN__PIXELS_H

#include <gan/data.h>

#include "stb_load.h"

#define GAN__MAX_SIDE 16384

/* What a sample is to be. */
typedef struct gan__frame {
    int height, width, channels; /* channels: 1 or 3 */
} gan__frame;

/* Sides and channels as opts ask for them, or as stored where they do not. Raises as `who` if they cannot be. */
bool gan__frame_choose(gan_ctx *ctx, gan_image_opts opts, gan__frame stored, const char *who, gan__frame *out);

/* Scales the picture, keeping its proportions, until it covers the frame, and takes the middle: to [height, width, channels]. RGB
 * becomes grey as (77 R + 150 G + 29 B) / 256. False: no memory. */
bool gan__pixels_frame(gan__stb_picture picture, gan__frame frame, uint8_t *to);

/* Bytes b to 2b/255 - 1. They may lie at the end of x's own memory, as gan__pixels_room gives it. */
void gan__pixels_real(const uint8_t *bytes, int64_t count, gan_real *x);
uint8_t *gan__pixels_room(gan_real *x, int64_t count);

/* Both at once. */
bool gan__pixels_fit(gan__stb_picture picture, gan__frame frame, gan_real *x);

static inline int64_t gan__frame_size(gan__frame f) { return (int64_t)f.height * f.width * f.channels; }

#endif
