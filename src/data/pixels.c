#include "pixels.h"

#include <stdlib.h>
#include <string.h>

#include "../base/ctx_impl.h"

bool gan__frame_choose(gan_ctx *ctx, gan_image_opts opts, gan__frame stored, const char *who, gan__frame *out) {
    *out = stored;
    if (opts.channels) out->channels = opts.channels;
    if (out->channels != 1 && out->channels != 3)
        gan__raise(ctx, GAN_E_ARG, "%s: channels is %d, but can be 1 (grey) or 3 (RGB)", who, out->channels);
    else if ((opts.height == 0) != (opts.width == 0))
        gan__raise(ctx, GAN_E_ARG, "%s: height is %lld and width %lld: give both or neither", who, (long long)opts.height,
                   (long long)opts.width);
    else if (opts.height < 0 || opts.width < 0 || opts.height > GAN__MAX_SIDE || opts.width > GAN__MAX_SIDE)
        gan__raise(ctx, GAN_E_ARG, "%s: %lld x %lld: sides can be 1 to %d", who, (long long)opts.height, (long long)opts.width,
                   GAN__MAX_SIDE);
    else if (opts.height)
        out->height = (int)opts.height, out->width = (int)opts.width;
    return gan__ok(ctx);
}

static uint8_t grey_of(const uint8_t *p) { return (uint8_t)((p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8); }

static void convert_row(const uint8_t *p, int from_channels, uint8_t *to, int width, int channels) {
    if (from_channels == channels)
        memcpy(to, p, (size_t)width * (size_t)channels);
    else if (channels == 1)
        for (int i = 0; i < width; i++) to[i] = grey_of(p + 3 * i);
    else
        for (int i = 0; i < width; i++) to[3 * i] = to[3 * i + 1] = to[3 * i + 2] = p[i];
}

/* `top`, `left`: of the frame in the picture, which is large enough. */
static void convert(gan__stb_picture p, int top, int left, gan__frame f, uint8_t *to) {
    for (int row = 0; row < f.height; row++) {
        const uint8_t *from = p.pixels + ((size_t)(top + row) * (size_t)p.width + (size_t)left) * (size_t)p.channels;
        convert_row(from, p.channels, to + (size_t)row * (size_t)f.width * (size_t)f.channels, f.width, f.channels);
    }
}

/* The middle of the picture that has the frame's proportions, as fractions. */
static gan__stb_window middle(gan__stb_picture p, gan__frame f) {
    double down = (double)f.height / p.height, across = (double)f.width / p.width;
    double scale = down > across ? down : across;
    double v = down / scale / 2, h = across / scale / 2; /* half of the part that is seen; the longer way it is 1/2 */
    return (gan__stb_window){(float)(.5 - v), (float)(.5 - h), (float)(.5 + v), (float)(.5 + h)};
}

bool gan__pixels_frame(gan__stb_picture p, gan__frame f, uint8_t *to) {
    int extra_h = p.height - f.height, extra_w = p.width - f.width;
    if ((extra_h == 0 && extra_w >= 0) || (extra_w == 0 && extra_h >= 0)) { /* covers it as it is */
        convert(p, extra_h / 2, extra_w / 2, f, to);
        return true;
    }
    uint8_t *pixels = malloc((size_t)f.height * (size_t)f.width * (size_t)p.channels);
    bool ok = pixels && gan__stb_resize(p, middle(p, f), pixels, f.height, f.width);
    if (ok) convert((gan__stb_picture){pixels, f.height, f.width, p.channels}, 0, 0, f, to);
    free(pixels);
    return ok;
}

/* 255 * 2 / 255 - 1 is exactly 1. From the first number on, so that what is overwritten has been read. */
void gan__pixels_real(const uint8_t *bytes, int64_t count, gan_real *x) {
    for (int64_t i = 0; i < count; i++) x[i] = (gan_real)bytes[i] * 2 / 255 - 1;
}

uint8_t *gan__pixels_room(gan_real *x, int64_t count) { return (uint8_t *)(x + count) - count; }

bool gan__pixels_fit(gan__stb_picture p, gan__frame f, gan_real *x) {
    int64_t count = gan__frame_size(f);
    uint8_t *bytes = gan__pixels_room(x, count);
    bool ok = gan__pixels_frame(p, f, bytes);
    if (ok) gan__pixels_real(bytes, count, x);
    return ok;
}
