#include <math.h>
#include <stdio.h>
#include <string.h>

#include "drawing.h"

#define SIZE 512  /* pixels, each way */
#define MARGIN 28 /* outside of the frame */
#define INNER (SIZE - 2 * MARGIN)
#define DOT 2 /* radius */

static const gan__colour paper = {{255, 255, 255}}, faint = {{225, 225, 225}}, frame = {{90, 90, 90}}, ink = {{31, 56, 120}};

/* Centred at `middle`, but not beyond the picture's edges. */
static void number(gan__canvas x, int64_t middle, int64_t top, double value, gan__colour c) {
    char text[32];
    snprintf(text, sizeof text, "%.3g", value);
    int64_t width = gan__text_width(text), left = middle - width / 2;
    if (left < 2) left = 2;
    if (left + width > x.width - 2) left = x.width - 2 - width;
    gan__draw_text(x, left, top, text, c);
}

static void axes(gan__canvas x, double range) {
    gan__draw_box(x, 0, 0, SIZE, SIZE, paper);
    for (int i = 1; i < 4; i++) {
        int64_t at = MARGIN + i * INNER / 4;
        gan__draw_box(x, at, MARGIN, 1, INNER, faint);
        gan__draw_box(x, MARGIN, at, INNER, 1, faint);
    }
    gan__draw_box(x, MARGIN, MARGIN, INNER, 1, frame);
    gan__draw_box(x, MARGIN, MARGIN + INNER, INNER + 1, 1, frame);
    gan__draw_box(x, MARGIN, MARGIN, 1, INNER, frame);
    gan__draw_box(x, MARGIN + INNER, MARGIN, 1, INNER, frame);
    for (int i = 0; i <= 2; i++) number(x, MARGIN + i * INNER / 2, MARGIN + INNER + 8, (i - 1) * range, frame);
}

static void dot(gan__canvas x, double col, double row, gan__colour c) {
    int64_t c0 = (int64_t)floor(col), r0 = (int64_t)floor(row);
    for (int64_t r = r0 - DOT; r <= r0 + DOT; r++)
        for (int64_t k = c0 - DOT; k <= c0 + DOT; k++) {
            double inside = DOT + 0.5 - hypot((double)k + 0.5 - col, (double)r + 0.5 - row); /* softens the edge */
            if (inside > 0) gan__draw_pixel(x, k, r, c, 0.6 * fmin(inside, 1));
        }
}

double gan__scatter_range(const gan_real *points, int64_t n, double margin) {
    double most = 0;
    for (int64_t i = 0; i < 2 * n; i++)
        if (isfinite(points[i]) && fabs((double)points[i]) > most) most = fabs((double)points[i]);
    if (most < 1e-30) return 1;
    double unit = pow(10, floor(log10(most)) - 1);
    return ceil((1 + margin) * most / unit) * unit;
}

/* The groups' numbers in their colours, above the frame, as far as there is room. */
static void legend(gan__canvas x, int64_t groups) {
    int64_t left = MARGIN;
    for (int64_t g = 0; g < groups && left < SIZE - MARGIN; g++) {
        char text[24];
        snprintf(text, sizeof text, "%d", (int)g);
        gan__draw_text(x, left, (MARGIN - GAN__TEXT_HEIGHT) / 2, text, gan__group_colour(g));
        left += gan__text_width(text) + GAN__TEXT_HEIGHT;
    }
}

gan__canvas gan__scatter_plot(gan_ctx *ctx, const gan_real *points, const gan_real *group, int64_t groups, int64_t n,
                              double range, const char *who) {
    gan__canvas x = gan__canvas_new(ctx, SIZE, SIZE, 3, who);
    if (!x.p) return x;
    if (range <= 0) range = gan__scatter_range(points, n, .05);
    axes(x, range);
    if (group) legend(x, groups);
    for (int64_t i = 0; i < n; i++) {
        double u = (double)points[2 * i] / range, v = (double)points[2 * i + 1] / range;
        if (fabs(u) <= 1 && fabs(v) <= 1) /* false for NaN */
            dot(x, MARGIN + (1 + u) * INNER / 2 + 0.5, MARGIN + (1 - v) * INNER / 2 + 0.5,
                group ? gan__group_colour((int64_t)group[i]) : ink);
    }
    return x;
}
