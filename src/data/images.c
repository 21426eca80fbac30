/* Whatever lies at a path. */
#include <errno.h>
#include <gan/data.h>
#include <string.h>
#include <sys/stat.h>

#include "dataset_impl.h"
#include "file_list.h"
#include "sources.h"

#define WHO "gan_images"

/* As MNIST and its kin name them: train-images-idx3-ubyte.gz. */
static bool is_idx_images(const char *name) {
    return strstr(name, "images") && (strstr(name, "idx3") || strstr(name, "idx4")) && !gan__is_picture(name);
}

/* One of those: the first of the training part, or the only one. NULL, raised: none is more likely than the others. */
static const char *choose_idx(gan_ctx *ctx, const gan__file_list *list, const char *path) {
    for (int64_t i = 0; i < list->count; i++)
        if (!strncmp(gan__file_name(list, i), "train", 5)) return gan__file_name(list, i);
    if (list->count == 1) return gan__file_name(list, 0);
    gan__raise(ctx, GAN_E_ARG, WHO ": %s has %lld IDX files of images: name one of them, such as %s/%s", path,
               (long long)list->count, path, gan__file_name(list, 0));
    return NULL;
}

static gan_dataset *open_idx(gan_ctx *ctx, const gan__file_list *list, const char *path, gan_image_opts opts) {
    const char *name = choose_idx(ctx, list, path);
    char *file = name ? gan__join(ctx, path, name) : NULL;
    gan_dataset *d = file ? gan_idx_images(ctx, file, opts) : gan__dataset_nil(ctx);
    gan__free(ctx, file);
    return d;
}

static gan_dataset *open_folder(gan_ctx *ctx, const char *path, gan_image_opts opts) {
    gan__file_list batches = {.ctx = ctx}, idx = {.ctx = ctx};
    gan_dataset *d = NULL;
    if (gan__list_files(&batches, path, false, gan__is_cifar_batch, WHO) &&
        gan__list_files(&idx, path, false, is_idx_images, WHO))
        d = batches.count ? gan_cifar10(ctx, path, opts)
            : idx.count   ? open_idx(ctx, &idx, path, opts)
                          : gan_image_folder(ctx, path, opts);
    gan__free_files(&batches);
    gan__free_files(&idx);
    return d ? d : gan__dataset_nil(ctx);
}

gan_dataset *gan_images(gan_ctx *ctx, const char *path, gan_image_opts opts) {
    struct stat info;
    if (!gan__path_valid(ctx, path, WHO)) return gan__dataset_nil(ctx);
    if (stat(path, &info))
        gan__raise(ctx, GAN_E_IO, WHO ": %s: %s", path, strerror(errno));
    else if (S_ISDIR(info.st_mode))
        return open_folder(ctx, path, opts);
    else if (gan__is_picture(path))
        gan__raise(ctx, GAN_E_ARG, WHO ": %s is a single picture: give the folder it is in", path);
    else
        return gan__has_suffix(path, ".bin") ? gan_cifar10(ctx, path, opts) : gan_idx_images(ctx, path, opts);
    return gan__dataset_nil(ctx);
}
