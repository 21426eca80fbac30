/* stb_image and stb_image_resize, kept in one unit. Every function may be called from any thread. */
#ifndef GAN__STB_LOAD_H
#define GAN__STB_LOAD_H

#include <stdbool.h>
#include <stdint.h>

typedef struct gan__stb_header {
    int height, width;
    int channels; /* 1 grey, 3 RGB; an alpha channel is not counted, and is dropped on loading */
} gan__stb_header;

/* On failure these say why; the text is static. */
bool gan__stb_read_header(const char *path, gan__stb_header *out, const char **why);

/* Pixels [h, w, channels] to give back with gan__stb_free; NULL on failure. */
uint8_t *gan__stb_load(const char *path, int channels, gan__stb_header *out, const char **why);
void gan__stb_free(uint8_t *pixels);

typedef struct gan__stb_picture {
    const uint8_t *pixels;
    int height, width, channels;
} gan__stb_picture;

/* The window top .. bottom, left .. right (fractions of the picture) at another size: area average where it shrinks, Catmull-Rom
 * where it grows. False: no memory. */
typedef struct gan__stb_window {
    float top, left, bottom, right;
} gan__stb_window;
bool gan__stb_resize(gan__stb_picture from, gan__stb_window window, uint8_t *to, int height, int width);

#endif
