#include "png_file.h"

#include <string.h>
#include <zlib.h>

#include "atomic_file.h"

#define SIGNATURE 8
#define AROUND 12 /* of a chunk: length, type, checksum */

static const uint8_t signature[SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static uint32_t big(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }

static void put_big(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* --- reading ---------------------------------------------------------------------------------------------- */

typedef struct chunk {
    const uint8_t *data;
    uint32_t size;
    char type[5];
} chunk;

/* The chunk at *at, which moves behind it. False: there is none, or a damaged one. */
static bool next_chunk(gan__bytes png, size_t *at, chunk *c) {
    if (png.size - *at < AROUND) return false;
    const uint8_t *p = png.p + *at;
    *c = (chunk){p + 8, big(p), {0}};
    memcpy(c->type, p + 4, 4);
    if (c->size > png.size - *at - AROUND) return false;
    *at += c->size + AROUND;
    return crc32(0, p + 4, c->size + 4) == big(c->data + c->size);
}

bool gan__png_look(gan__bytes png, gan__png_info *info) {
    static const int channels[] = {1, 0, 3, 3, 2, 0, 4};
    size_t at = SIGNATURE;
    chunk c;
    if (!png.p || png.size < SIGNATURE || memcmp(png.p, signature, SIGNATURE)) return false;
    if (!next_chunk(png, &at, &c) || strcmp(c.type, "IHDR") || c.size != sizeof info->header || c.data[9] > 6) return false;
    *info = (gan__png_info){.width = big(c.data), .height = big(c.data + 4), .channels = channels[c.data[9]]};
    memcpy(info->header, c.data, sizeof info->header);
    return info->width > 0 && info->height > 0 && info->channels > 0;
}

/* --- writing ---------------------------------------------------------------------------------------------- */

/* A chunk of two parts. */
static bool put_chunk(gan__file *f, const char *type, const void *head, uint32_t n_head, const void *data, uint32_t n_data) {
    uint8_t before[8], after[4];
    put_big(before, n_head + n_data);
    memcpy(before + 4, type, 4);
    uLong sum = crc32(0, before + 4, 4);
    if (n_head) sum = crc32(sum, head, n_head);
    if (n_data) sum = crc32(sum, data, n_data);
    put_big(after, (uint32_t)sum);
    return gan__file_write(f, before, 8) && gan__file_write(f, head, n_head) && gan__file_write(f, data, n_data) &&
           gan__file_write(f, after, 4);
}

/* The chunks of a picture's pixels, as they are or as those of a frame. False: raised, or (what is written is then no PNG) they
 * are damaged. */
static bool put_pixels(gan__file *f, gan__bytes png, uint32_t *sequence) {
    size_t at = SIGNATURE;
    bool ok = true, ended = false;
    chunk c;
    while (ok && !ended && (ok = next_chunk(png, &at, &c))) {
        ended = !strcmp(c.type, "IEND");
        if (strcmp(c.type, "IDAT")) continue;
        uint8_t number[4];
        if (sequence) put_big(number, (*sequence)++);
        ok = put_chunk(f, sequence ? "fdAT" : "IDAT", number, sequence ? 4 : 0, c.data, c.size);
    }
    return ok;
}

static bool whole(gan__bytes png) {
    size_t at = SIGNATURE;
    chunk c;
    while (next_chunk(png, &at, &c))
        if (!strcmp(c.type, "IEND")) return true;
    return false;
}

static bool put_frame(gan__file *f, gan__bytes png, gan__png_info info, int milliseconds, uint32_t *sequence) {
    uint8_t control[26] = {0}; /* sequence, width, height, x, y, delay / of 1000, no disposal, no blending */
    put_big(control, (*sequence)++);
    put_big(control + 4, (uint32_t)info.width);
    put_big(control + 8, (uint32_t)info.height);
    control[20] = (uint8_t)(milliseconds >> 8), control[21] = (uint8_t)milliseconds;
    control[22] = 1000 >> 8, control[23] = 1000 & 255;
    return put_chunk(f, "fcTL", control, sizeof control, NULL, 0) && put_pixels(f, png, sequence);
}

/* How many frames there are is known only at the end. */
static bool put_count(gan__file *f, uint32_t frames) {
    uint8_t control[8] = {0}; /* frames, repetitions: endless */
    put_big(control, frames);
    return put_chunk(f, "acTL", control, sizeof control, NULL, 0);
}

static gan__bytes read_picture(gan_ctx *ctx, const char *path, gan__png_info *info, const char *who) {
    gan__bytes png = gan__file_bytes(ctx, path, who);
    if (!png.p || (gan__png_look(png, info) && whole(png) && info->header[9] != 3)) return png;
    gan__raise(ctx, GAN_E_FORMAT, "%s: %s is a damaged PNG file, or one with a palette", who, path);
    gan__free(ctx, png.p);
    return (gan__bytes){NULL, 0};
}

gan_status gan__png_animate(gan_ctx *ctx, const gan__png_frame *frames, int count, const char *path, const char *who) {
    gan__file f;
    gan__png_info still, info;
    uint32_t shown = 0, sequence = 0;
    gan__bytes png = read_picture(ctx, frames[count - 1].path, &still, who);
    if (!png.p) return gan_ctx_status(ctx);
    bool ok = gan__file_create(ctx, &f, path, who) && gan__file_write(&f, signature, SIGNATURE) &&
              put_chunk(&f, "IHDR", still.header, sizeof still.header, NULL, 0) && put_count(&f, 0) && put_pixels(&f, png, NULL);
    gan__free(ctx, png.p);
    for (int i = 0; i < count && ok; i++) {
        png = read_picture(ctx, frames[i].path, &info, who);
        bool fits = png.p && !memcmp(info.header, still.header, sizeof still.header);
        ok = png.p && (!fits || put_frame(&f, png, info, frames[i].milliseconds, &sequence));
        shown += fits;
        gan__free(ctx, png.p);
    }
    ok = ok && put_chunk(&f, "IEND", NULL, 0, NULL, 0) && gan__file_seek(&f, SIGNATURE + AROUND + sizeof still.header) &&
         put_count(&f, shown);
    return ok ? gan__file_commit(&f) : (gan__file_discard(&f), gan_ctx_status(ctx));
}
