#include "drawing.h"

#include <math.h>
#include <string.h>

#define LETTER 2 /* pixels to a dot of the font */

/* Moves a pixel towards a colour: repeated dots get darker, so that density shows. */
void gan__draw_pixel(gan__canvas x, int64_t col, int64_t row, gan__colour c, double opacity) {
    if (col < 0 || row < 0 || col >= x.width || row >= x.height) return;
    uint8_t *p = x.p + (row * x.width + col) * 3;
    for (int k = 0; k < 3; k++) p[k] = (uint8_t)lround(p[k] + opacity * (c.rgb[k] - p[k]));
}

void gan__draw_box(gan__canvas x, int64_t left, int64_t top, int64_t width, int64_t height, gan__colour c) {
    for (int64_t row = top; row < top + height; row++)
        for (int64_t col = left; col < left + width; col++) gan__draw_pixel(x, col, row, c, 1);
}

/* Three by five dots for the characters of numbers; a row is three bits. */
static const struct {
    char letter;
    uint8_t rows[5];
} font[] = {{'0', {7, 5, 5, 5, 7}}, {'1', {2, 6, 2, 2, 7}}, {'2', {7, 1, 7, 4, 7}}, {'3', {7, 1, 7, 1, 7}},
            {'4', {5, 5, 7, 1, 1}}, {'5', {7, 4, 7, 1, 7}}, {'6', {7, 4, 7, 5, 7}}, {'7', {7, 1, 1, 2, 2}},
            {'8', {7, 5, 7, 5, 7}}, {'9', {7, 5, 7, 1, 7}}, {'-', {0, 0, 7, 0, 0}}, {'+', {0, 2, 7, 2, 0}},
            {'.', {0, 0, 0, 0, 2}}, {'e', {0, 7, 7, 4, 7}}};

static void letter(gan__canvas x, int64_t left, int64_t top, char what, gan__colour c) {
    for (size_t f = 0; f < sizeof font / sizeof *font; f++)
        if (font[f].letter == what)
            for (int i = 0; i < 15; i++)
                if (font[f].rows[i / 3] >> (2 - i % 3) & 1)
                    gan__draw_box(x, left + i % 3 * LETTER, top + i / 3 * LETTER, LETTER, LETTER, c);
}

int64_t gan__text_width(const char *text) { return (int64_t)strlen(text) * 4 * LETTER - LETTER; }

void gan__draw_text(gan__canvas x, int64_t left, int64_t top, const char *text, gan__colour c) {
    for (; *text; text++, left += 4 * LETTER) letter(x, left, top, *text == ',' ? '.' : *text, c);
}

gan__colour gan__group_colour(int64_t group) {
    static const gan__colour colours[] = {{{31, 96, 180}},  {{206, 96, 10}}, {{34, 130, 44}},  {{190, 36, 40}},
                                          {{124, 84, 180}}, {{120, 76, 60}}, {{200, 70, 160}}, {{110, 116, 16}}};
    return colours[(size_t)group % (sizeof colours / sizeof *colours)];
}
