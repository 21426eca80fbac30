#include <math.h>
#include <stdio.h>
#include <string.h>

#include "png.h"

#define SIZE 512  /* pixels, each way */
#define MARGIN 28 /* outside of the frame */
#define INNER (SIZE - 2 * MARGIN)
#define DOT 2    /* radius */
#define LETTER 2 /* pixels to a dot of the font */

typedef struct colour {
    uint8_t rgb[3];
} colour;

static const colour paper = {{255, 255, 255}}, faint = {{225, 225, 225}}, frame = {{90, 90, 90}}, ink = {{31, 56, 120}};

/* Moves a pixel towards a colour: repeated dots get darker, so that density shows. */
static void blend(gan__canvas x, int64_t col, int64_t row, colour c, double opacity) {
    if (col < 0 || row < 0 || col >= x.width || row >= x.height) return;
    uint8_t *p = x.p + (row * x.width + col) * 3;
    for (int k = 0; k < 3; k++) p[k] = (uint8_t)lround(p[k] + opacity * (c.rgb[k] - p[k]));
}

static void rectangle(gan__canvas x, int64_t left, int64_t top, int64_t width, int64_t height, colour c) {
    for (int64_t row = top; row < top + height; row++)
        for (int64_t col = left; col < left + width; col++) blend(x, col, row, c, 1);
}

/* Three by five dots for the characters of numbers; a row is three bits. */
static const struct {
    char letter;
    uint8_t rows[5];
} font[] = {{'0', {7, 5, 5, 5, 7}}, {'1', {2, 6, 2, 2, 7}}, {'2', {7, 1, 7, 4, 7}}, {'3', {7, 1, 7, 1, 7}},
            {'4', {5, 5, 7, 1, 1}}, {'5', {7, 4, 7, 1, 7}}, {'6', {7, 4, 7, 5, 7}}, {'7', {7, 1, 1, 2, 2}},
            {'8', {7, 5, 7, 5, 7}}, {'9', {7, 5, 7, 1, 7}}, {'-', {0, 0, 7, 0, 0}}, {'+', {0, 2, 7, 2, 0}},
            {'.', {0, 0, 0, 0, 2}}, {'e', {0, 7, 7, 4, 7}}};

static void letter(gan__canvas x, int64_t left, int64_t top, char what) {
    for (size_t f = 0; f < sizeof font / sizeof *font; f++)
        if (font[f].letter == what)
            for (int i = 0; i < 15; i++)
                if (font[f].rows[i / 3] >> (2 - i % 3) & 1)
                    rectangle(x, left + i % 3 * LETTER, top + i / 3 * LETTER, LETTER, LETTER, frame);
}

/* Centred at `middle`, but not beyond the picture's edges. */
static void number(gan__canvas x, int64_t middle, int64_t top, double value) {
    char text[32];
    int64_t width = snprintf(text, sizeof text, "%.3g", value) * 4 * LETTER - LETTER, left = middle - width / 2;
    if (left < 2) left = 2;
    if (left + width > x.width - 2) left = x.width - 2 - width;
    for (const char *c = text; *c; c++, left += 4 * LETTER) letter(x, left, top, *c == ',' ? '.' : *c);
}

static void axes(gan__canvas x, double range) {
    rectangle(x, 0, 0, SIZE, SIZE, paper);
    for (int i = 1; i < 4; i++) {
        int64_t at = MARGIN + i * INNER / 4;
        rectangle(x, at, MARGIN, 1, INNER, faint);
        rectangle(x, MARGIN, at, INNER, 1, faint);
    }
    rectangle(x, MARGIN, MARGIN, INNER, 1, frame);
    rectangle(x, MARGIN, MARGIN + INNER, INNER + 1, 1, frame);
    rectangle(x, MARGIN, MARGIN, 1, INNER, frame);
    rectangle(x, MARGIN + INNER, MARGIN, 1, INNER, frame);
    for (int i = 0; i <= 2; i++) number(x, MARGIN + i * INNER / 2, MARGIN + INNER + 8, (i - 1) * range);
}

static void dot(gan__canvas x, double col, double row) {
    int64_t c0 = (int64_t)floor(col), r0 = (int64_t)floor(row);
    for (int64_t r = r0 - DOT; r <= r0 + DOT; r++)
        for (int64_t c = c0 - DOT; c <= c0 + DOT; c++) {
            double inside = DOT + 0.5 - hypot((double)c + 0.5 - col, (double)r + 0.5 - row); /* softens the edge */
            if (inside > 0) blend(x, c, r, ink, 0.6 * fmin(inside, 1));
        }
}

/* The largest coordinate and a little more, to two digits. */
static double fitting_range(const gan_real *points, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < 2 * n; i++)
        if (isfinite(points[i]) && fabs((double)points[i]) > most) most = fabs((double)points[i]);
    if (most < 1e-30) return 1;
    double unit = pow(10, floor(log10(most)) - 1);
    return ceil(1.05 * most / unit) * unit;
}

gan__canvas gan__scatter_plot(gan_ctx *ctx, const gan_real *points, int64_t n, double range, const char *who) {
    gan__canvas x = gan__canvas_new(ctx, SIZE, SIZE, 3, who);
    if (!x.p) return x;
    if (range <= 0) range = fitting_range(points, n);
    axes(x, range);
    for (int64_t i = 0; i < n; i++) {
        double u = (double)points[2 * i] / range, v = (double)points[2 * i + 1] / range;
        if (fabs(u) <= 1 && fabs(v) <= 1) /* false for NaN */
            dot(x, MARGIN + (1 + u) * INNER / 2 + 0.5, MARGIN + (1 - v) * INNER / 2 + 0.5);
    }
    return x;
}
