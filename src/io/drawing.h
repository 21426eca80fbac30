/* Boxes and numbers in pictures, and the colours of groups. */
#ifndef GAN__DRAWING_H
#define GAN__DRAWING_H

#include "png.h"

typedef struct gan__colour {
    uint8_t rgb[3];
} gan__colour;

/* On a canvas of three channels; what lies outside is left out. */
void gan__draw_pixel(gan__canvas x, int64_t col, int64_t row, gan__colour c, double opacity);
void gan__draw_box(gan__canvas x, int64_t left, int64_t top, int64_t width, int64_t height, gan__colour c);

/* Characters of numbers, GAN__TEXT_HEIGHT pixels high; others are left blank. */
#define GAN__TEXT_HEIGHT 10
int64_t gan__text_width(const char *text);
void gan__draw_text(gan__canvas x, int64_t left, int64_t top, const char *text, gan__colour c);

/* Dark enough for white letters, and told from each other up to eight; then they repeat. */
gan__colour gan__group_colour(int64_t group);

#endif
