/* Images held in memory as bytes: what IDX and CIFAR files become. */
#ifndef GAN__BYTE_IMAGES_H
#define GAN__BYTE_IMAGES_H

#include "dataset_impl.h"
#include "pixels.h"

typedef struct gan__byte_images {
    uint8_t *pixels; /* [count, height, width, channels], of the context's pool */
    uint8_t *labels; /* of the pool; NULL: none */
    int64_t count;
    gan__frame stored;
} gan__byte_images;

/* A dataset of them; takes over pixels and labels, on failure too. `title`: such as "IDX images". */
gan_dataset *gan__byte_dataset(gan_ctx *ctx, gan__byte_images images, gan_image_opts opts, const char *path,
                               gan__dataset_spec spec, const char *title);

#endif
