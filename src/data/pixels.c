#include "pixels.h"

#include <stdlib.h>

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

/* 255 * 2 / 255 - 1 is exactly 1. */
static gan_real real_of(int byte) { return (gan_real)byte * 2 / 255 - 1; }

static int grey_of(const uint8_t *p) { return (p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8; }

static void convert_row(const uint8_t *p, int from_channels, gan_real *x, int width, int channels) {
    if (from_channels == channels)
        for (int i = 0; i < width * channels; i++) x[i] = real_of(p[i]);
    else if (channels == 1)
        for (int i = 0; i < width; i++) x[i] = real_of(grey_of(p + 3 * i));
    else
        for (int i = 0; i < width; i++) x[3 * i] = x[3 * i + 1] = x[3 * i + 2] = real_of(p[i]);
}

/* `top`, `left`: of the frame in the picture, which is large enough. */
static void convert(gan__stb_picture p, int top, int left, gan__frame f, gan_real *x) {
    for (int row = 0; row < f.height; row++) {
        const uint8_t *from = p.pixels + ((size_t)(top + row) * (size_t)p.width + (size_t)left) * (size_t)p.channels;
        convert_row(from, p.channels, x + (size_t)row * (size_t)f.width * (size_t)f.channels, f.width, f.channels);
    }
}

/* The middle of the picture that has the frame's proportions, as fractions. */
static gan__stb_window middle(gan__stb_picture p, gan__frame f) {
    double down = (double)f.height / p.height, across = (double)f.width / p.width;
    double scale = down > across ? down : across;
    double v = down / scale / 2, h = across / scale / 2; /* half of the part that is seen; the longer way it is 1/2 */
    return (gan__stb_window){(float)(.5 - v), (float)(.5 - h), (float)(.5 + v), (float)(.5 + h)};
}

bool gan__pixels_fit(gan__stb_picture p, gan__frame f, gan_real *x) {
    int extra_h = p.height - f.height, extra_w = p.width - f.width;
    if ((extra_h == 0 && extra_w >= 0) || (extra_w == 0 && extra_h >= 0)) { /* covers it as it is */
        convert(p, extra_h / 2, extra_w / 2, f, x);
        return true;
    }
    uint8_t *pixels = malloc((size_t)f.height * (size_t)f.width * (size_t)p.channels);
    bool ok = pixels && gan__stb_resize(p, middle(p, f), pixels, f.height, f.width);
    if (ok) convert((gan__stb_picture){pixels, f.height, f.width, p.channels}, 0, 0, f, x);
    free(pixels);
    return ok;
}
