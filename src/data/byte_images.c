#include "byte_images.h"

#include <stdio.h>
#include <zlib.h>

typedef struct byte_source {
    gan_ctx *ctx;
    gan__byte_images images;
    gan__frame frame;
} byte_source;

static void free_images(gan_ctx *ctx, gan__byte_images images) {
    gan__free(ctx, images.pixels);
    gan__free(ctx, images.labels);
}

static void free_source(void *user) {
    byte_source *s = user;
    free_images(s->ctx, s->images);
    gan__free(s->ctx, s);
}

static size_t image_bytes(const gan__byte_images *b) {
    return (size_t)b->stored.height * (size_t)b->stored.width * (size_t)b->stored.channels;
}

static gan_status load(void *user, int64_t index, gan_real *x, gan_real *target, int32_t *label, char *message, size_t size) {
    const byte_source *s = user;
    const gan__byte_images *b = &s->images;
    const uint8_t *pixels = b->pixels + (size_t)index * image_bytes(b);
    gan__stb_picture picture = {pixels, b->stored.height, b->stored.width, b->stored.channels};
    (void)target;
    if (label) *label = b->labels[index];
    if (gan__pixels_fit(picture, s->frame, x)) return GAN_OK;
    snprintf(message, size, "no memory to resize it");
    return GAN_E_MEMORY;
}

static int classes(const gan__byte_images *b) {
    int most = -1;
    for (int64_t i = 0; b->labels && i < b->count; i++)
        if (b->labels[i] > most) most = b->labels[i];
    return most + 1;
}

/* Data sets of one kind often agree in all their sizes (MNIST, Fashion-MNIST), so the contents must tell them apart. */
static uint32_t fingerprint(const gan__byte_images *b) {
    uLong sum = crc32_z(0, b->pixels, (size_t)b->count * image_bytes(b));
    return (uint32_t)(b->labels ? crc32_z(sum, b->labels, (size_t)b->count) : sum);
}

gan_dataset *gan__byte_dataset(gan_ctx *ctx, gan__byte_images images, gan_image_opts opts, const char *path,
                               gan__dataset_spec spec, const char *title) {
    gan__frame frame;
    byte_source *s = gan__frame_choose(ctx, opts, images.stored, spec.who, &frame) ? gan__alloc(ctx, sizeof *s) : NULL;
    if (!s) {
        free_images(ctx, images);
        return gan__dataset_nil(ctx);
    }
    *s = (byte_source){ctx, images, frame};
    char text[512];
    snprintf(text, sizeof text, "%s %s", title, path);
    spec.source = (gan_source){.sample = gan_shape3(frame.height, frame.width, frame.channels), .count = images.count,
                               .classes = classes(&images), .load = load, .free = free_source, .describe = text, .user = s};
    spec.loader = (gan_loader_opts){opts.held_out, opts.flip, opts.decoders};
    spec.trusted = true;
    spec.fingerprint = fingerprint(&images);
    return gan__dataset_make(ctx, spec);
}
