/* Convolution as the formula reads, one result at a time, summed in double: no blocking, no packing, nothing to get wrong. */
#include "conv.h"

/* Results that lie side by side are summed together, for the sake of the cache. */
#define LANES 32

/* The range of kernel taps t for which 0 <= base + t < size. */
typedef struct taps {
    int64_t from, to;
} taps;

static taps taps_inside(int64_t base, int64_t size, int kernel) {
    int64_t from = base < 0 ? -base : 0, to = size - base;
    return (taps){from, to < kernel ? to : kernel};
}

static const gan_real *pixel(const gan_real *image, int64_t n, int64_t h, int64_t w, int64_t c, int64_t y, int64_t x) {
    return image + ((n * h + y) * w + x) * c;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void conv_pixel(const gan__conv_shape *s, int64_t n, int64_t oy, int64_t ox, const gan_real *x, const gan_real *w,
                       gan_real *y) {
    int64_t top = oy * s->sh - s->pt, left = ox * s->sw - s->pl;
    taps v = taps_inside(top, s->h, s->kh), u = taps_inside(left, s->w, s->kw);
    for (int64_t k0 = 0; k0 < s->k; k0 += LANES) {
        int64_t lanes = least(LANES, s->k - k0);
        double sum[LANES] = {0};
        for (int64_t ky = v.from; ky < v.to; ky++)
            for (int64_t kx = u.from; kx < u.to; kx++) {
                const gan_real *from = pixel(x, n, s->h, s->w, s->c, top + ky, left + kx);
                const gan_real *weight = w + (ky * s->kw + kx) * s->c * s->k + k0;
                for (int64_t c = 0; c < s->c; c++, weight += s->k)
                    for (int64_t k = 0; k < lanes; k++) sum[k] += (double)from[c] * (double)weight[k];
            }
        for (int64_t k = 0; k < lanes; k++) y[k0 + k] = (gan_real)sum[k];
    }
}

void gan__conv_reference(const gan__conv_shape *s, const gan_real *x, const gan_real *w, gan_real *y) {
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t oy = 0; oy < s->oh; oy++)
            for (int64_t ox = 0; ox < s->ow; ox++, y += s->k) conv_pixel(s, n, oy, ox, x, w, y);
}

static double dot(int64_t n, const gan_real *a, const gan_real *b) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* The output position that reads `position` through tap `t`; -1 if there is none. */
static int64_t reader(int64_t position, int pad, int t, int stride, int64_t size) {
    int64_t scaled = position + pad - t;
    return scaled >= 0 && scaled % stride == 0 && scaled / stride < size ? scaled / stride : -1;
}

static void conv_input_pixel(const gan__conv_shape *s, int64_t n, int64_t iy, int64_t ix, const gan_real *y, const gan_real *w,
                             gan_real *x) {
    for (int64_t c0 = 0; c0 < s->c; c0 += LANES) {
        int64_t lanes = least(LANES, s->c - c0);
        double sum[LANES] = {0};
        for (int ky = 0; ky < s->kh; ky++)
            for (int kx = 0; kx < s->kw; kx++) {
                int64_t oy = reader(iy, s->pt, ky, s->sh, s->oh), ox = reader(ix, s->pl, kx, s->sw, s->ow);
                if (oy < 0 || ox < 0) continue;
                const gan_real *from = pixel(y, n, s->oh, s->ow, s->k, oy, ox);
                const gan_real *weight = w + (((int64_t)ky * s->kw + kx) * s->c + c0) * s->k;
                for (int64_t c = 0; c < lanes; c++, weight += s->k) sum[c] += dot(s->k, from, weight);
            }
        for (int64_t c = 0; c < lanes; c++) x[c0 + c] = (gan_real)sum[c];
    }
}

void gan__conv_input_reference(const gan__conv_shape *s, const gan_real *y, const gan_real *w, gan_real *x) {
    for (int64_t n = 0; n < s->n; n++)
        for (int64_t iy = 0; iy < s->h; iy++)
            for (int64_t ix = 0; ix < s->w; ix++, x += s->c) conv_input_pixel(s, n, iy, ix, y, w, x);
}

static void conv_weight_row(const gan__conv_shape *s, int64_t ky, int64_t kx, int64_t c, const gan_real *x, const gan_real *y,
                            gan_real *w) {
    for (int64_t k0 = 0; k0 < s->k; k0 += LANES) {
        int64_t lanes = least(LANES, s->k - k0);
        double sum[LANES] = {0};
        for (int64_t n = 0; n < s->n; n++)
            for (int64_t oy = 0; oy < s->oh; oy++)
                for (int64_t ox = 0; ox < s->ow; ox++) {
                    int64_t iy = oy * s->sh + ky - s->pt, ix = ox * s->sw + kx - s->pl;
                    if (iy < 0 || iy >= s->h || ix < 0 || ix >= s->w) continue;
                    double from = (double)pixel(x, n, s->h, s->w, s->c, iy, ix)[c];
                    const gan_real *to = pixel(y, n, s->oh, s->ow, s->k, oy, ox) + k0;
                    for (int64_t k = 0; k < lanes; k++) sum[k] += from * (double)to[k];
                }
        for (int64_t k = 0; k < lanes; k++) w[k0 + k] = (gan_real)sum[k];
    }
}

void gan__conv_weight_reference(const gan__conv_shape *s, const gan_real *x, const gan_real *y, gan_real *w) {
    for (int64_t ky = 0; ky < s->kh; ky++)
        for (int64_t kx = 0; kx < s->kw; kx++)
            for (int64_t c = 0; c < s->c; c++, w += s->k) conv_weight_row(s, ky, kx, c, x, y, w);
}
