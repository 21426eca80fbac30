/* Pixels to a PNG file. */
#ifndef GAN__PNG_H
#define GAN__PNG_H

#include "../base/ctx_impl.h"

/* Eight-bit pixels, `channels` (1: grey, 3: RGB) to each, row after row from the top. */
typedef struct gan__canvas {
    int64_t width, height;
    int channels;
    uint8_t *p;
} gan__canvas;

/* Zeroed pixels in pool memory, for gan__free(ctx, pixels.p). p is NULL (raised) without memory or if there are more than a
 * PNG's writer can count. */
gan__canvas gan__canvas_new(gan_ctx *ctx, int64_t width, int64_t height, int channels, const char *who);
gan_status gan__canvas_write(gan_ctx *ctx, gan__canvas pixels, const char *path, const char *who);

/* A scatter plot of n points (x, y), as gan_write_grid describes it. group: a number for each, below `groups`; NULL: none. */
gan__canvas gan__scatter_plot(gan_ctx *ctx, const gan_real *points, const gan_real *group, int64_t groups, int64_t n,
                              double range, const char *who);

/* The largest coordinate of n points (x, y) and `margin` of it more, to two digits. */
double gan__scatter_range(const gan_real *points, int64_t n, double margin);

/* The PNG of some pixels, `*size` bytes, for free(); NULL without memory. */
uint8_t *gan__png_encode(gan__canvas pixels, int *size);

#endif
