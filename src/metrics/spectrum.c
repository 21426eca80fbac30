/* Spectra of images, and how alike neighbouring pixels are: noise has a flat spectrum and strangers for neighbours. */
#include <math.h>
#include <string.h>

#include "rows.h"

#define FLOOR 1e-10 /* of power: far below what a step of 1/255 leaves as noise */

typedef struct number {
    double re, im;
} number;

static number times(number a, number b) { return (number){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

/* out[k] = sum_j in[j*stride] exp(-2 pi i jk/n), by halves while n is even (Cooley & Tukey 1965). roots[j] is exp(-2 pi i
 * j/(n*step)). */
static void transform(const number *in, int64_t stride, int64_t n, const number *roots, int64_t step, number *out) {
    if (n % 2) {
        for (int64_t k = 0; k < n; k++) {
            out[k] = (number){0, 0};
            for (int64_t j = 0; j < n; j++) {
                number term = times(in[j * stride], roots[j * k % n * step]);
                out[k].re += term.re, out[k].im += term.im;
            }
        }
        return;
    }
    int64_t half = n / 2;
    transform(in, 2 * stride, half, roots, 2 * step, out);
    transform(in + stride, 2 * stride, half, roots, 2 * step, out + half);
    for (int64_t k = 0; k < half; k++) {
        number a = out[k], b = times(out[k + half], roots[k * step]);
        out[k] = (number){a.re + b.re, a.im + b.im};
        out[k + half] = (number){a.re - b.re, a.im - b.im};
    }
}

static void fill_roots(number *roots, int64_t n) {
    for (int64_t j = 0; j < n; j++) {
        double angle = -2 * 3.14159265358979323846 * (double)j / (double)n;
        roots[j] = (number){cos(angle), sin(angle)};
    }
}

/* --- images ----------------------------------------------------------------------------------------------- */

typedef struct images {
    int64_t n, h, w, c;
    const gan_real *x;
} images;

static bool images_of(gan_ctx *ctx, const gan_tensor *t, const char *who, const char *name, images *im) {
    gan__rows rows;
    if (!gan__rows_of(ctx, t, 1, who, name, &rows)) return false;
    gan_shape s = gan_shape_of(t);
    *im = (images){s.d[0], s.d[1], s.d[2], s.d[3], rows.x};
    if (s.ndim == 4 && s.d[1] >= 2 && s.d[2] >= 2) return true;
    char text[GAN_SHAPE_TEXT];
    gan__raise(ctx, GAN_E_SHAPE, "%s: %s have shape %s, must be images [n, h, w, c] of at least 2 x 2 pixels", who, name,
               gan_shape_text(s, text));
    return false;
}

/* --- radial average --------------------------------------------------------------------------------------- */

typedef struct radial {
    images im;
    int64_t bins;
    int64_t *bin;                     /* [h, w]: of each frequency; -1: none */
    number *row_roots, *column_roots; /* [w], [h] */
    number *scratch;                  /* 2*h*w + h for each worker */
    double *power;                    /* [n, bins]: of each image, summed over channels and frequencies */
} radial;

static int64_t bins_of(const images *im) { return (im->h < im->w ? im->h : im->w) / 2 + 1; }

/* In cycles per pixel, from -1/2 to 1/2. */
static double frequency(int64_t k, int64_t n) { return (double)(2 * k > n ? k - n : k) / (double)n; }

/* Cycles per length of the shorter side, rounded; the corners of the plane, beyond the last bin, have none. */
static void fill_bins(radial *r) {
    int64_t h = r->im.h, w = r->im.w;
    for (int64_t i = 0; i < h * w; i++) {
        double fy = frequency(i / w, h), fx = frequency(i % w, w);
        int64_t bin = llround(sqrt(fx * fx + fy * fy) * (double)(h < w ? h : w));
        r->bin[i] = bin < r->bins ? bin : -1;
    }
}

static void one_image(void *arg, int64_t i, int worker) {
    const radial *r = arg;
    const images *im = &r->im;
    int64_t h = im->h, w = im->w;
    number *pixels = r->scratch + worker * (2 * h * w + h), *rows = pixels + h * w, *column = rows + h * w;
    double *power = r->power + i * r->bins;
    for (int64_t b = 0; b < r->bins; b++) power[b] = 0;
    for (int64_t channel = 0; channel < im->c; channel++) {
        const gan_real *x = im->x + i * h * w * im->c + channel;
        for (int64_t p = 0; p < h * w; p++) pixels[p] = (number){x[p * im->c], 0};
        for (int64_t y = 0; y < h; y++) transform(pixels + y * w, 1, w, r->row_roots, 1, rows + y * w);
        for (int64_t kx = 0; kx < w; kx++) {
            transform(rows + kx, w, h, r->column_roots, 1, column);
            for (int64_t ky = 0; ky < h; ky++) {
                int64_t bin = r->bin[ky * w + kx];
                if (bin >= 0) power[bin] += column[ky].re * column[ky].re + column[ky].im * column[ky].im;
            }
        }
    }
}

/* Over images, channels and the frequencies of a bin. */
static void average(const radial *r, double *mean) {
    const images *im = &r->im;
    for (int64_t i = 0; i < im->n; i++)
        for (int64_t b = 0; b < r->bins; b++) mean[b] += r->power[i * r->bins + b];
    for (int64_t b = 0; b < r->bins; b++) {
        int64_t members = 0;
        for (int64_t i = 0; i < im->h * im->w; i++) members += r->bin[i] == b;
        mean[b] /= (double)(im->n * im->c) * (double)members * (double)(im->h * im->w);
    }
}

/* Mean power per bin and pixel, [bins]; the caller frees it. NULL (raised) without memory. */
static double *mean_power(gan_ctx *ctx, const images *im) {
    radial r = {.im = *im, .bins = bins_of(im)};
    size_t scratch = (size_t)gan__threads_count(ctx->threads) * (size_t)(2 * im->h * im->w + im->h);
    r.bin = gan__alloc(ctx, (size_t)(im->h * im->w) * sizeof *r.bin);
    r.row_roots = gan__alloc(ctx, (size_t)im->w * sizeof *r.row_roots);
    r.column_roots = gan__alloc(ctx, (size_t)im->h * sizeof *r.column_roots);
    r.scratch = gan__alloc(ctx, scratch * sizeof *r.scratch);
    r.power = gan__alloc(ctx, (size_t)(im->n * r.bins) * sizeof *r.power);
    double *mean = gan__calloc(ctx, (size_t)r.bins * sizeof *mean);
    if (gan__ok(ctx)) {
        fill_roots(r.row_roots, im->w);
        fill_roots(r.column_roots, im->h);
        fill_bins(&r);
        gan__parallel(ctx, im->n, one_image, &r);
        average(&r, mean);
    }
    gan__free(ctx, r.bin), gan__free(ctx, r.row_roots), gan__free(ctx, r.column_roots);
    gan__free(ctx, r.scratch), gan__free(ctx, r.power);
    if (gan__ok(ctx)) return mean;
    gan__free(ctx, mean);
    return NULL;
}

gan_tensor *gan_power_spectrum(const gan_tensor *x) {
    gan_ctx *ctx = gan_ctx_of(x);
    images im;
    if (!images_of(ctx, x, "gan_power_spectrum", "the samples", &im)) return gan__nil(ctx);
    int64_t bins = bins_of(&im);
    double *mean = mean_power(ctx, &im);
    gan_tensor *spectrum = mean ? gan_empty(ctx, gan_shape1(bins)) : gan__nil(ctx);
    gan_real *p = gan_op_write(spectrum);
    for (int64_t b = 0; p && b < bins; b++) p[b] = (gan_real)mean[b];
    gan__free(ctx, mean);
    return spectrum;
}

double gan_spectrum_distance(const gan_tensor *a, const gan_tensor *b) {
    static const char who[] = "gan_spectrum_distance";
    gan_ctx *ctx = gan__metric_ctx(a, b);
    images first, second;
    if (!images_of(ctx, a, who, "the first samples", &first) || !images_of(ctx, b, who, "the second samples", &second))
        return NAN;
    if (first.h != second.h || first.w != second.w || first.c != second.c) {
        gan__raise(ctx, GAN_E_SHAPE, "%s: images of %lld x %lld x %lld and of %lld x %lld x %lld", who, (long long)first.h,
                   (long long)first.w, (long long)first.c, (long long)second.h, (long long)second.w, (long long)second.c);
        return NAN;
    }
    int64_t bins = bins_of(&first);
    double *one = mean_power(ctx, &first), *other = one ? mean_power(ctx, &second) : NULL, sum = 0;
    for (int64_t i = 1; other && i < bins; i++) sum += fabs(log(fmax(one[i], FLOOR) / fmax(other[i], FLOOR)));
    gan__free(ctx, one), gan__free(ctx, other);
    return gan__ok(ctx) ? sum / (double)(bins - 1) : NAN;
}

/* --- neighbours ------------------------------------------------------------------------------------------- */

typedef struct moments {
    double product, square; /* of deviations: of neighbours, and the mean of the two squares */
} moments;

static void add_neighbours(moments *m, double a, double b) {
    m->product += a * b;
    m->square += 0.5 * (a * a + b * b);
}

static moments channel_moments(const images *im, int64_t channel) {
    int64_t h = im->h, w = im->w, c = im->c, pixels = im->n * h * w;
    const gan_real *x = im->x + channel;
    moments m = {0, 0};
    double mean = 0;
    for (int64_t p = 0; p < pixels; p++) mean += x[p * c] / (double)pixels;
    for (int64_t p = 0; p < pixels; p++) {
        double here = x[p * c] - mean;
        if (p % w < w - 1) add_neighbours(&m, here, x[(p + 1) * c] - mean);
        if (p / w % h < h - 1) add_neighbours(&m, here, x[(p + w) * c] - mean);
    }
    return m;
}

double gan_neighbour_correlation(const gan_tensor *x) {
    gan_ctx *ctx = gan_ctx_of(x);
    moments all = {0, 0};
    images im;
    if (!images_of(ctx, x, "gan_neighbour_correlation", "the samples", &im)) return NAN;
    for (int64_t channel = 0; channel < im.c; channel++) {
        moments m = channel_moments(&im, channel);
        all.product += m.product, all.square += m.square;
    }
    return all.square > 0 ? all.product / all.square : 1;
}
