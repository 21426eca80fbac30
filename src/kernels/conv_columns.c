#include <string.h>

#include "conv_engine.h"

#ifndef GAN_DOUBLE

/* Transposed convolution to few channels (a generator's last layer; the gradient that reaches an image). Its products by
 * phase would be a few columns wide and leave most of a tile unused. Instead one product gives, for each pixel of y, what it
 * contributes through every tap,
 *
 *   z[n, oy, ox, ky, kx, c] = sum over k of  y[n, oy, ox, k] * w[ky, kx, c, k]
 *
 * and each pixel of x then adds up, always in the order of the taps, the contributions that reach it. */
enum { AT_ONCE = 1 << 20, ROWS_AT_ONCE = 8 };

typedef struct columns {
    const gan__conv_shape *s;
    const float *z;
    float *x;
    int64_t image; /* the first of those in z */
} columns;

/* The contributions of one row of y through one tap to n pixels of c channels. */
static inline void add_pixels(const float *a, int64_t a_step, float *b, int64_t b_step, int64_t n, int64_t c) {
    for (int64_t i = 0; i < n; i++, a += a_step, b += b_step)
        for (int64_t j = 0; j < c; j++) b[j] += a[j];
}

/* add_pixels with the usual numbers of channels known to the compiler: a loop of unknown length costs more than what is in it. */
static void add_tap(const float *a, int64_t a_step, float *b, int64_t b_step, int64_t n, int64_t c) {
    switch (c) {
    case 1: add_pixels(a, a_step, b, b_step, n, 1); break;
    case 2: add_pixels(a, a_step, b, b_step, n, 2); break;
    case 3: add_pixels(a, a_step, b, b_step, n, 3); break;
    case 4: add_pixels(a, a_step, b, b_step, n, 4); break;
    case 6: add_pixels(a, a_step, b, b_step, n, 6); break;
    case 8: add_pixels(a, a_step, b, b_step, n, 8); break;
    default: add_pixels(a, a_step, b, b_step, n, c);
    }
}

/* The contributions of one row of y through one row of taps. */
static void add_row(const gan__conv_shape *s, const float *z, float *x) {
    int64_t z_step = s->kh * s->kw * s->c, x_step = s->sw * s->c;
    for (int64_t kx = 0; kx < s->kw; kx++) {
        int64_t to_left = s->pl - kx; /* ox*sw >= to_left and ox*sw < w + to_left */
        int64_t from = gan__most(0, to_left > 0 ? gan__ceil_div(to_left, s->sw) : 0);
        int64_t end = gan__least(s->ow, gan__ceil_div(s->w + to_left, s->sw));
        if (from < end)
            add_tap(z + from * z_step + kx * s->c, z_step, x + (from * s->sw - to_left) * s->c, x_step, end - from, s->c);
    }
}

static void add_rows(void *arg, int64_t begin, int64_t end) {
    const columns *a = arg;
    const gan__conv_shape *s = a->s;
    int64_t pixel = s->kh * s->kw * s->c;
    for (int64_t row = begin; row < end; row++) {
        int64_t n = row / s->h, y = row % s->h;
        float *x = a->x + ((a->image + n) * s->h + y) * s->w * s->c;
        memset(x, 0, (size_t)(s->w * s->c) * sizeof *x);
        for (int64_t ky = 0; ky < s->kh; ky++) {
            int64_t at = y + s->pt - ky;
            if (at < 0 || at % s->sh || at / s->sh >= s->oh) continue;
            add_row(s, a->z + (n * s->oh + at / s->sh) * s->ow * pixel + ky * s->kw * s->c, x);
        }
    }
}

bool gan__columns_run(gan_ctx *ctx, const gan__conv_shape *s, const float *y, const float *w, float *x) {
    int64_t pixel = s->kh * s->kw * s->c, image = s->oh * s->ow * pixel;
    int64_t images = gan__most(1, gan__least(s->n, AT_ONCE / gan__most(1, image)));
    float *z = gan__alloc(ctx, (size_t)(images * image) * sizeof *z);
    bool ok = z != NULL;
    for (int64_t n = 0; ok && n < s->n; n += images) {
        int64_t count = gan__least(images, s->n - n);
        gan__patches product = {.src = y + n * s->oh * s->ow * s->k, .n = 1, .h = 1, .w = count * s->oh * s->ow, .c = s->k,
                                .oh = 1, .ow = count * s->oh * s->ow, .kh = 1, .kw = 1, .sh = 1, .sw = 1,
                                .weight = w, .in = 1, .out = s->k, .k = pixel, .dst = z, .dst_x = pixel};
        ok = gan__patches_run(ctx, &product, 1, NULL, NULL);
        if (ok) gan__parallel_ranges(ctx, count * s->h, ROWS_AT_ONCE, add_rows, &(columns){s, z, x, n});
    }
    gan__free(ctx, z);
    return ok;
}

#else
typedef int gan__nothing_in_double;
#endif
