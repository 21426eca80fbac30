/* Whatever lies at a path. */
#include <errno.h>
#include <gan/data.h>
#include <string.h>
#include <sys/stat.h>

#include "dataset_impl.h"
#include "file_list.h"
#include "sources.h"

static gan_dataset *open_folder(gan_ctx *ctx, const char *path, gan_image_opts opts) {
    gan__file_list list = {.ctx = ctx};
    bool ok = gan__list_files(&list, path, false, gan__is_cifar_batch, "gan_images"), batches = list.count > 0;
    gan__free_files(&list);
    if (!ok) return gan__dataset_nil(ctx);
    return batches ? gan_cifar10(ctx, path, opts) : gan_image_folder(ctx, path, opts);
}

gan_dataset *gan_images(gan_ctx *ctx, const char *path, gan_image_opts opts) {
    struct stat info;
    if (!gan__path_valid(ctx, path, "gan_images")) return gan__dataset_nil(ctx);
    if (stat(path, &info))
        gan__raise(ctx, GAN_E_IO, "gan_images: %s: %s", path, strerror(errno));
    else if (S_ISDIR(info.st_mode))
        return open_folder(ctx, path, opts);
    else if (gan__is_picture(path))
        gan__raise(ctx, GAN_E_ARG, "gan_images: %s is a single picture: give the folder it is in", path);
    else
        return gan__has_suffix(path, ".bin") ? gan_cifar10(ctx, path, opts) : gan_idx_images(ctx, path, opts);
    return gan__dataset_nil(ctx);
}
