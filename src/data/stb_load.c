#include "stb_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "jpeg_check.h"

/* Static, so that a program may link stb of its own beside the library; and without asserts, for a library must not abort: what
 * they check is the headers' own arithmetic, broken input is refused elsewhere. Only the formats that are documented. */
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_MAX_DIMENSIONS 32768
#define STBI_FAILURE_USERMSG
#define STBI_ASSERT(x) ((void)0)
/* Zeros, because a damaged JPEG file may use tables that it never defined, and what is decoded must not depend on chance. */
#define STBI_MALLOC(size) calloc(1, size)
#define STBI_REALLOC(block, size) realloc(block, size)
#define STBI_FREE(block) free(block)
#define STB_IMAGE_RESIZE_STATIC
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STBIR_ASSERT(x) ((void)0)
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" /* judged at the end of the unit: cannot be popped */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#endif
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/* The everyday reasons; strerror is not safe in threads. */
static const char *reason(int error) {
    static const struct {
        int error;
        const char *text;
    } reasons[] = {{ENOENT, "no such file"},
                   {EACCES, "permission denied"},
                   {EISDIR, "it is a folder"},
                   {EMFILE, "too many open files"},
                   {ENFILE, "too many open files"},
                   {ENOMEM, "out of memory"}};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].error == error) return reasons[i].text;
    return "it cannot be opened";
}

/* header: only that will be read. */
static FILE *open_file(const char *path, bool header, const char **why) {
    FILE *f = fopen(path, "rb");
    if (!f) {
        *why = reason(errno);
    } else if (!gan__jpeg_tables_sound(f, header)) {
        *why = "a Huffman table has more than 256 codes";
        fclose(f);
        f = NULL;
    }
    return f;
}

static int colours(int components) { return components < 3 ? 1 : 3; }

bool gan__stb_read_header(const char *path, gan__stb_header *out, const char **why) {
    FILE *f = open_file(path, true, why);
    if (!f) return false;
    int width, height, components;
    stbi__g_failure_reason = "it cannot be decoded"; /* should stb fail without giving a reason */
    bool ok = stbi_info_from_file(f, &width, &height, &components);
    fclose(f);
    if (ok)
        *out = (gan__stb_header){height, width, colours(components)};
    else
        *why = stbi_failure_reason();
    return ok;
}

uint8_t *gan__stb_load(const char *path, int channels, gan__stb_header *out, const char **why) {
    FILE *f = open_file(path, false, why);
    if (!f) return NULL;
    int width, height, components;
    stbi__g_failure_reason = "it cannot be decoded";
    uint8_t *pixels = stbi_load_from_file(f, &width, &height, &components, channels);
    fclose(f);
    if (pixels)
        *out = (gan__stb_header){height, width, channels};
    else
        *why = stbi_failure_reason();
    return pixels;
}

void gan__stb_free(uint8_t *pixels) { stbi_image_free(pixels); }

static float unit(float x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

bool gan__stb_resize(gan__stb_picture from, gan__stb_window w, uint8_t *to, int height, int width) {
    bool shrinks = (w.right - w.left) * (float)from.width > (float)width;
    stbir_filter filter = shrinks ? STBIR_FILTER_BOX : STBIR_FILTER_CATMULLROM;
    return stbir_resize_region(from.pixels, from.width, from.height, 0, to, width, height, 0, STBIR_TYPE_UINT8, from.channels, -1,
                               0, STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP, filter, filter, STBIR_COLORSPACE_LINEAR, NULL, unit(w.left),
                               unit(w.top), unit(w.right), unit(w.bottom));
}
