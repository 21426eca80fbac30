/* IDX files: two zero bytes, a type, the number of dimensions, the dimensions as big-endian 32-bit numbers, the values. */
#include <errno.h>
#include <gan/data.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "byte_images.h"
#include "sources.h"

#define WHO "gan_idx_images"
#define UNSIGNED_BYTE 0x08
#define MAX_DIMS 4
#define DEFLATE_RATIO 1032 /* no stream of deflate becomes larger than this many times its size */

typedef struct idx_file {
    gan_ctx *ctx;
    const char *path;
    gzFile gz;
    int64_t room; /* bytes that the file can possibly hold */
} idx_file;

typedef struct idx_data {
    int ndim;
    int64_t d[MAX_DIMS];
    uint8_t *values; /* of the context's pool */
} idx_data;

static bool open_idx(idx_file *f) {
    struct stat info;
    errno = 0;
    if (stat(f->path, &info)) {
        gan__raise(f->ctx, GAN_E_IO, WHO ": %s: %s", f->path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        gan__raise(f->ctx, GAN_E_IO, WHO ": %s is no file", f->path);
    } else if (!(f->gz = gzopen(f->path, "rb"))) {
        gan__raise(f->ctx, GAN_E_IO, WHO ": %s: %s", f->path, errno ? strerror(errno) : "out of memory");
    } else {
        gzbuffer(f->gz, 1 << 17);
        f->room = (int64_t)info.st_size * (gzdirect(f->gz) ? 1 : DEFLATE_RATIO);
    }
    return f->gz != NULL;
}

/* zlib puts the path before what it says, as we do. */
static const char *without_path(const char *why, const char *path) {
    size_t length = strlen(path);
    return !strncmp(why, path, length) && !strncmp(why + length, ": ", 2) ? why + length + 2 : why;
}

/* Bytes read, fewer at the end of the file; negative, raised, if the compressed stream is broken. */
static int64_t read_some(idx_file *f, uint8_t *to, int64_t bytes) {
    int64_t got = 0;
    while (got < bytes) {
        int64_t left = bytes - got;
        int now = gzread(f->gz, to + got, left < 1 << 30 ? (unsigned)left : 1u << 30);
        int error;
        const char *why = gzerror(f->gz, &error);
        if (now < 0 || (error != Z_OK && error != Z_STREAM_END && error != Z_BUF_ERROR)) {
            gan__raise(f->ctx, error == Z_ERRNO ? GAN_E_IO : GAN_E_FORMAT, WHO ": %s: %s", f->path,
                       error == Z_ERRNO ? strerror(errno) : without_path(why, f->path));
            return -1;
        }
        if (now == 0) break;
        got += now;
    }
    return got;
}

static const char *type_name(int type) {
    static const struct {
        int type;
        const char *name;
    } types[] = {{0x08, "unsigned bytes"}, {0x09, "signed bytes"}, {0x0B, "16-bit integers"}, {0x0C, "32-bit integers"},
                 {0x0D, "32-bit floats"},  {0x0E, "64-bit floats"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == type) return types[i].name;
    return NULL;
}

static bool magic_valid(idx_file *f, const uint8_t magic[4]) {
    const char *type = type_name(magic[2]);
    if (magic[0] || magic[1] || !type || !magic[3])
        gan__raise(f->ctx, GAN_E_FORMAT, WHO ": %s is no IDX file: it begins with %02x %02x %02x %02x", f->path, magic[0],
                   magic[1], magic[2], magic[3]);
    else if (magic[2] != UNSIGNED_BYTE)
        gan__raise(f->ctx, GAN_E_FORMAT, WHO ": %s holds %s, but only unsigned bytes can be read", f->path, type);
    else if (magic[3] > MAX_DIMS)
        gan__raise(f->ctx, GAN_E_FORMAT, WHO ": %s has %d dimensions; images have 3 or 4, labels 1", f->path, magic[3]);
    return gan__ok(f->ctx);
}

static void raise_short(idx_file *f, int64_t have, int64_t want) {
    gan__raise(f->ctx, GAN_E_FORMAT, WHO ": %s is truncated: %lld bytes of %lld", f->path, (long long)have, (long long)want);
}

/* Magic number and dimensions; the total is checked against what the file can hold before memory is asked for. */
static bool read_header(idx_file *f, idx_data *out, int64_t *total) {
    uint8_t head[4 + 4 * MAX_DIMS];
    int64_t got = read_some(f, head, 4);
    if (got >= 0 && got < 4) raise_short(f, got, 4);
    if (got < 4 || !magic_valid(f, head)) return false;
    out->ndim = head[3];
    got = read_some(f, head + 4, 4 * out->ndim);
    if (got >= 0 && got < 4 * out->ndim) raise_short(f, 4 + got, 4 + 4 * out->ndim);
    if (got < 4 * out->ndim) return false;
    *total = 1;
    for (int i = 0; i < out->ndim; i++) {
        const uint8_t *p = head + 4 + 4 * i;
        out->d[i] = (int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
        if (!out->d[i]) {
            gan__raise(f->ctx, GAN_E_FORMAT, WHO ": %s is empty: dimension %d is 0", f->path, i);
            return false;
        }
        *total = *total > INT64_MAX / out->d[i] ? INT64_MAX : *total * out->d[i];
    }
    if (*total <= f->room) return true;
    gan__raise(f->ctx, GAN_E_FORMAT, WHO ": %s is truncated: its header promises more than it can hold", f->path);
    return false;
}

static bool read_values(idx_file *f, idx_data *out, int64_t total) {
    uint8_t more;
    if (!(out->values = gan__alloc(f->ctx, (size_t)total))) return false;
    int64_t got = read_some(f, out->values, total);
    if (got >= 0 && got < total) raise_short(f, 4 + 4 * out->ndim + got, 4 + 4 * out->ndim + total);
    if (got == total && read_some(f, &more, 1) > 0) /* reading on also checks the checksum of gzip */
        gan__raise(f->ctx, GAN_E_FORMAT, WHO ": %s goes on after its %lld values", f->path, (long long)total);
    int error;
    gzerror(f->gz, &error);
    if (error == Z_BUF_ERROR) gan__raise(f->ctx, GAN_E_FORMAT, WHO ": %s is truncated: its checksum is missing", f->path);
    return gan__ok(f->ctx);
}

static bool read_idx(gan_ctx *ctx, const char *path, idx_data *out) {
    idx_file f = {.ctx = ctx, .path = path};
    int64_t total;
    *out = (idx_data){0};
    if (!open_idx(&f)) return false;
    bool ok = read_header(&f, out, &total) && read_values(&f, out, total);
    gzclose(f.gz);
    if (ok) return true;
    gan__free(ctx, out->values);
    out->values = NULL;
    return false;
}

/* --- labels ----------------------------------------------------------------------------------------------- */

static bool exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0;
}

/* Replaces the last `from` of the file's name by `to`, which is not longer. */
static bool replace(char *path, const char *from, const char *to) {
    char *slash = strrchr(path, '/'), *at = NULL;
    for (char *p = strstr(slash ? slash : path, from); p; p = strstr(p + 1, from)) at = p;
    if (!at) return false;
    memcpy(at, to, strlen(to));
    memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
    return true;
}

/* train-images-idx3-ubyte.gz has its labels in train-labels-idx1-ubyte.gz, of which either may be unpacked. NULL: no such file,
 * or no memory (raised). */
static char *find_labels(gan_ctx *ctx, const char *images) {
    size_t length = strlen(images);
    char *path = gan__alloc(ctx, length + 4);
    if (!path) return NULL;
    memcpy(path, images, length + 1);
    if (replace(path, "images", "labels") && (replace(path, "idx3", "idx1") || replace(path, "idx4", "idx1"))) {
        if (exists(path)) return path;
        if (length > 3 && !strcmp(path + length - 3, ".gz"))
            path[length - 3] = 0;
        else
            memcpy(path + length, ".gz", 4);
        if (exists(path)) return path;
    }
    gan__free(ctx, path);
    return NULL;
}

static void read_labels(gan_ctx *ctx, const char *path, const char *images_path, gan__byte_images *images) {
    idx_data labels;
    if (!read_idx(ctx, path, &labels)) return;
    if (labels.ndim != 1)
        gan__raise(ctx, GAN_E_FORMAT, WHO ": %s has %d dimensions; labels have 1", path, labels.ndim);
    else if (labels.d[0] != images->count)
        gan__raise(ctx, GAN_E_MISMATCH, WHO ": %s has %lld labels, but %s has %lld images", path, (long long)labels.d[0],
                   images_path, (long long)images->count);
    images->labels = labels.values;
}

/* --- images ----------------------------------------------------------------------------------------------- */

static bool images_of(gan_ctx *ctx, const char *path, const idx_data *data, gan__byte_images *out) {
    int64_t channels = data->ndim == 4 ? data->d[3] : 1;
    if (data->ndim < 3)
        gan__raise(ctx, GAN_E_FORMAT, WHO ": %s has %d dimension%s; images have 3 or 4", path, data->ndim,
                   data->ndim > 1 ? "s" : "");
    else if (data->d[1] > GAN__MAX_SIDE || data->d[2] > GAN__MAX_SIDE)
        gan__raise(ctx, GAN_E_FORMAT, WHO ": %s has images of %lld x %lld: too large", path, (long long)data->d[1],
                   (long long)data->d[2]);
    else if (channels != 1 && channels != 3)
        gan__raise(ctx, GAN_E_FORMAT, WHO ": %s has %lld channels; images have 1 or 3", path, (long long)channels);
    else
        *out = (gan__byte_images){.count = data->d[0], .stored = {(int)data->d[1], (int)data->d[2], (int)channels}};
    out->pixels = data->values;
    return gan__ok(ctx);
}

gan_dataset *gan_idx_images(gan_ctx *ctx, const char *path, gan_image_opts opts) {
    idx_data data;
    gan__byte_images images = {0};
    if (!gan__path_valid(ctx, path, WHO) || !read_idx(ctx, path, &data)) return gan__dataset_nil(ctx);
    if (images_of(ctx, path, &data, &images)) {
        char *found = opts.labels ? NULL : find_labels(ctx, path);
        const char *labels = opts.labels ? opts.labels : found;
        if (labels && gan__ok(ctx)) read_labels(ctx, labels, path, &images);
        gan__free(ctx, found);
    }
    return gan__byte_dataset(ctx, images, opts, path, (gan__dataset_spec){.who = WHO, .kind = "idx"}, "IDX images");
}
