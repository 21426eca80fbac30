/* CIFAR-10's binary batches: records of a label and 32 x 32 pixels, first all red values, then all green, then all blue ones. */
#include <errno.h>
#include <gan/data.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "byte_images.h"
#include "file_list.h"
#include "sources.h"

#define WHO "gan_cifar10"
#define SIDE 32
#define PLANE (SIDE * SIDE)
#define RECORD (1 + 3 * PLANE)
#define RECORD_100 (2 + 3 * PLANE)
#define CLASSES 10

/* Records of the file; 0, raised: it cannot be one of CIFAR-10's. */
static int64_t records(gan_ctx *ctx, const char *path) {
    struct stat info;
    if (stat(path, &info))
        gan__raise(ctx, GAN_E_IO, WHO ": %s: %s", path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        gan__raise(ctx, GAN_E_IO, WHO ": %s is no file", path);
    else if (!info.st_size || info.st_size % RECORD)
        gan__raise(ctx, GAN_E_FORMAT, WHO ": %s has %lld bytes, not a multiple of %d%s", path, (long long)info.st_size, RECORD,
                   info.st_size && info.st_size % RECORD_100 == 0 ? "; it may be one of CIFAR-100's" : "");
    return gan__ok(ctx) ? info.st_size / RECORD : 0;
}

static void interleave(const uint8_t *planes, uint8_t *pixels) {
    for (int i = 0; i < PLANE; i++)
        for (int c = 0; c < 3; c++) pixels[3 * i + c] = planes[c * PLANE + i];
}

/* Appends the file's records to images, where there is room for so many. */
static void read_records(gan_ctx *ctx, const char *path, int64_t room, gan__byte_images *images) {
    int64_t count = records(ctx, path);
    if (count > room) count = room;
    uint8_t record[RECORD];
    FILE *f = fopen(path, "rb");
    if (!f) gan__raise(ctx, GAN_E_IO, WHO ": %s: %s", path, strerror(errno));
    for (int64_t i = 0; f && i < count && gan__ok(ctx); i++) {
        if (fread(record, 1, RECORD, f) != RECORD) {
            gan__raise(ctx, GAN_E_IO, WHO ": %s: record %lld could not be read", path, (long long)i);
        } else if (record[0] >= CLASSES) {
            gan__raise(ctx, GAN_E_FORMAT, WHO ": %s: the label of record %lld is %d, not 0 to 9", path, (long long)i, record[0]);
        } else {
            images->labels[images->count] = record[0];
            interleave(record + 1, images->pixels + images->count++ * 3 * PLANE);
        }
    }
    if (f) fclose(f);
}

/* paths: `n` files. */
static gan_dataset *dataset_of(gan_ctx *ctx, char *const *paths, int64_t n, const char *path, gan_image_opts opts) {
    gan__byte_images images = {.stored = {SIDE, SIDE, 3}};
    int64_t total = 0;
    for (int64_t i = 0; i < n && gan__ok(ctx); i++) total += records(ctx, paths[i]);
    if (gan__ok(ctx)) images.pixels = gan__alloc(ctx, (size_t)total * 3 * PLANE);
    if (gan__ok(ctx)) images.labels = gan__alloc(ctx, (size_t)total);
    for (int64_t i = 0; i < n && gan__ok(ctx); i++) read_records(ctx, paths[i], total - images.count, &images);
    if (gan__ok(ctx) && images.count != total) gan__raise(ctx, GAN_E_IO, WHO ": %s changed while it was read", path);
    gan__dataset_spec spec = {.who = WHO, .kind = "cifar10"};
    return gan__byte_dataset(ctx, images, opts, path, spec, "CIFAR-10");
}

bool gan__is_cifar_batch(const char *name) { return !strncmp(name, "data_batch_", 11) && gan__has_suffix(name, ".bin"); }

static gan_dataset *folder_of_batches(gan_ctx *ctx, const char *path, gan_image_opts opts) {
    gan__file_list list = {.ctx = ctx};
    char **paths = NULL;
    gan_dataset *d = NULL;
    if (gan__list_files(&list, path, false, gan__is_cifar_batch, WHO)) {
        if (!list.count)
            gan__raise(ctx, GAN_E_IO, WHO ": %s has no data_batch_*.bin", path);
        else
            paths = gan__calloc(ctx, (size_t)list.count * sizeof *paths);
        for (int64_t i = 0; paths && i < list.count; i++) paths[i] = gan__join(ctx, path, gan__file_name(&list, i));
        if (gan__ok(ctx)) d = dataset_of(ctx, paths, list.count, path, opts);
        for (int64_t i = 0; paths && i < list.count; i++) gan__free(ctx, paths[i]);
    }
    gan__free(ctx, paths);
    gan__free_files(&list);
    return d ? d : gan__dataset_nil(ctx);
}

gan_dataset *gan_cifar10(gan_ctx *ctx, const char *path, gan_image_opts opts) {
    struct stat info;
    if (!gan__path_valid(ctx, path, WHO)) return gan__dataset_nil(ctx);
    if (!stat(path, &info) && S_ISDIR(info.st_mode)) return folder_of_batches(ctx, path, opts);
    char *file = gan__strdup(ctx, path);
    gan_dataset *d = file ? dataset_of(ctx, &file, 1, path, opts) : gan__dataset_nil(ctx);
    gan__free(ctx, file);
    return d;
}
