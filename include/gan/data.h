/* Datasets: samples in memory or on disk, and the batches drawn from them.
 *
 * Pixels come as [-1, 1] (0 is -1, 255 is 1). A dataset is split, by the context's seed, into a training part and a
 * held-out part. Training batches are drawn without replacement in an order shuffled anew each epoch; an epoch's last,
 * incomplete batch is dropped. Images are decoded by background threads ahead of need. */
#ifndef GAN_DATA_H
#define GAN_DATA_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_dataset gan_dataset;

/* Open for users to fill in. */
typedef struct gan_batch {
    gan_tensor *x;      /* [n, h, w, c] or [n, d]; nil after an error */
    gan_tensor *label;  /* [n], whole numbers; NULL if the data has none */
    gan_tensor *target; /* what a paired sample should become, of x's shape; NULL if the data has none */
} gan_batch;

typedef struct gan_image_opts {
    int64_t height, width; /* samples are resized (area average or bicubic as stb does) so that they cover this and cropped
                              to its middle; 0: as stored, and then all must have one size */
    int channels;          /* 1 grey, 3 RGB; 0: as stored, of a folder RGB if any file is. Alpha is dropped */
    bool flip;             /* mirror half of the training samples, seeded */
    double held_out;       /* fraction kept from training, in [0, 1); 0 is none */
    bool skip_bad;         /* image folders: leave unreadable files out and count them, instead of failing */
    int decoders;          /* background threads; 0: 1 */
    int64_t cache_mb;      /* image folders: memory for decoded images, of which the first that come are kept, as bytes; 0: 256,
                              -1: none. The batches are the same */
    const char *labels;    /* IDX: path of the label file; NULL: found beside the images by its usual name, if there */
} gan_image_opts;

/* IDX images [n, h, w] or [n, h, w, c], unsigned bytes, plain or gzip (MNIST, Fashion-MNIST). */
GAN_API gan_dataset *gan_idx_images(gan_ctx *ctx, const char *path, gan_image_opts opts);

/* A folder of PNG, JPEG and BMP files, searched recursively, in the order of their names; names that begin with a dot are
 * passed over. First-level subfolders are classes, numbered in the order of their names, unless there are pictures beside
 * them. Every file is looked at on opening. */
GAN_API gan_dataset *gan_image_folder(gan_ctx *ctx, const char *path, gan_image_opts opts);

/* CIFAR-10's binary batches: one .bin file, or a folder of data_batch_*.bin. 32 x 32 RGB. */
GAN_API gan_dataset *gan_cifar10(gan_ctx *ctx, const char *path, gan_image_opts opts);

/* Any of the above, by looking at the path: a folder with .bin batches, one with IDX images under their usual name (of which
 * train-images... is taken), another folder, a .bin file, an IDX file. */
GAN_API gan_dataset *gan_images(gan_ctx *ctx, const char *path, gan_image_opts opts);

typedef struct gan_array_opts {
    double held_out;           /* as in gan_image_opts */
    bool flip;                 /* likewise; only for [n, h, w, c] */
    const int32_t *labels;     /* one per sample; NULL: none */
    const gan_real *targets;   /* as many numbers as values; NULL: none */
} gan_array_opts;

/* Samples in memory: shape [n, ...]; values, labels and targets are copied. Values that are not finite are an error. */
GAN_API gan_dataset *gan_array_data(gan_ctx *ctx, gan_shape shape, const gan_real *values, gan_array_opts opts);

typedef struct gan_mixture_opts {
    int64_t count;   /* of points, held-out ones included; from 1 up */
    double held_out; /* fraction kept from training, in [0, 1); 0 is none */
} gan_mixture_opts;

/* Points of equal-weight Gaussian mixtures in the plane, labelled by component, fixed by the seed:
 * 8 means (cos 2 pi i/8, sin 2 pi i/8), std 0.01; 25 means {-4,-2,0,2,4}^2, std 0.05 (1712.04086). */
GAN_API gan_dataset *gan_ring_data(gan_ctx *ctx, gan_mixture_opts opts);
GAN_API gan_dataset *gan_grid_data(gan_ctx *ctx, gan_mixture_opts opts);

/* Their means, [8, 2] and [25, 2], in the order of the labels; owned by the innermost scope. */
GAN_API gan_tensor *gan_ring_means(gan_ctx *ctx);
GAN_API gan_tensor *gan_grid_means(gan_ctx *ctx);
#define GAN_RING_STD .01
#define GAN_GRID_STD .05

/* The next n training samples; owned by the innermost scope. A sample that cannot be loaded is an error, after which (and
 * after gan_ctx_clear) the same batch is tried again. */
GAN_API gan_batch gan_dataset_next(gan_dataset *d, int64_t n);

/* Held-out samples start .. start+n-1, always in the same order, without flips. Leaves the training order alone. */
GAN_API gan_batch gan_dataset_held_out(gan_dataset *d, int64_t start, int64_t n);

/* Training samples start .. start+n-1 in a shuffled order that is always the same, without flips: to measure on. Leaves the
 * training order alone. */
GAN_API gan_batch gan_dataset_training(gan_dataset *d, int64_t start, int64_t n);

GAN_API gan_shape gan_dataset_shape(const gan_dataset *d); /* of one sample: [h, w, c] or [d] */
GAN_API int64_t gan_dataset_count(const gan_dataset *d);          /* of training samples */
GAN_API int64_t gan_dataset_held_out_count(const gan_dataset *d);
GAN_API int gan_dataset_classes(const gan_dataset *d);            /* 0: no labels */
GAN_API int64_t gan_dataset_skipped(const gan_dataset *d);        /* bad files left out */
GAN_API int64_t gan_dataset_epoch(const gan_dataset *d);          /* complete passes made so far */
GAN_API const char *gan_dataset_describe(const gan_dataset *d);   /* one line: kind, path, counts, shape */
GAN_API bool gan_dataset_is_nil(const gan_dataset *d);
GAN_API void gan_dataset_free(gan_dataset *d);

/* --- datasets of one's own -------------------------------------------------------------------------------- */

typedef struct gan_source {
    gan_shape sample;    /* [h, w, c] or [d] */
    int64_t count;
    int classes;         /* 0: no labels */
    bool targets;
    /* Writes sample `index` into x (and target, label where they exist). Called from background threads, for different
     * samples at once. On failure writes the reason into message and returns a status. */
    gan_status (*load)(void *user, int64_t index, gan_real *x, gan_real *target, int32_t *label, char *message, size_t size);
    void (*free)(void *user); /* called when the dataset goes, and when it cannot be made; may be NULL */
    const char *describe;     /* copied */
    void *user;
} gan_source;

typedef struct gan_loader_opts {
    double held_out; /* fraction kept from training, in [0, 1); 0 is none */
    bool flip;       /* only for [h, w, c]: mirror half of the training samples, seeded */
    int decoders;    /* background threads; 0: 1 */
} gan_loader_opts;

GAN_API gan_dataset *gan_dataset_new(gan_ctx *ctx, gan_source source, gan_loader_opts opts);

#ifdef __cplusplus
}
#endif
#endif
