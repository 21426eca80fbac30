/* Folders of pictures. Decoding is the loader's background work; in memory are the names, and as many decoded pictures as the
 * cache has room for. */
#include <gan/data.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "dataset_impl.h"
#include "file_list.h"
#include "image_cache.h"
#include "pixels.h"
#include "sources.h"

#define WHO "gan_image_folder"

typedef struct folder_source {
    gan_ctx *ctx;
    char *path;
    gan__file_list files;
    int32_t *labels; /* NULL: none */
    gan__frame frame;
    bool fixed;              /* every file has the frame's size as it is */
    gan__image_cache *cache; /* NULL: none */
} folder_source;

static void free_source(void *user) {
    folder_source *s = user;
    gan__image_cache_free(s->cache);
    gan__free_files(&s->files);
    gan__free(s->ctx, s->path);
    gan__free(s->ctx, s->labels);
    gan__free(s->ctx, s);
}

bool gan__is_picture(const char *name) {
    static const char *const suffixes[] = {".png", ".jpg", ".jpeg", ".bmp"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (gan__has_suffix(name, suffixes[i])) return true;
    return false;
}

/* --- loading: any thread ---------------------------------------------------------------------------------- */

#define LONGEST_PATH 4096 /* as the system's PATH_MAX */

static const char *path_of(const folder_source *s, int64_t i, char path[LONGEST_PATH]) {
    snprintf(path, LONGEST_PATH, "%s/%s", s->path, gan__file_name(&s->files, i));
    return path;
}

/* The file's picture, as bytes. On failure the reason. */
static const char *decode(const folder_source *s, int64_t index, uint8_t *to) {
    char path[LONGEST_PATH];
    const char *why = "no memory to resize it";
    gan__stb_header header;
    uint8_t *pixels = gan__stb_load(path_of(s, index, path), s->frame.channels, &header, &why);
    bool same = pixels && header.height == s->frame.height && header.width == s->frame.width;
    if (pixels && s->fixed && !same)
        why = "its size has changed since the folder was opened";
    else if (pixels && gan__pixels_frame((gan__stb_picture){pixels, header.height, header.width, header.channels}, s->frame, to))
        why = NULL;
    gan__stb_free(pixels);
    return why;
}

static gan_status load(void *user, int64_t index, gan_real *x, gan_real *target, int32_t *label, char *message, size_t size) {
    const folder_source *s = user;
    int64_t count = gan__frame_size(s->frame);
    const uint8_t *kept = gan__image_cache_get(s->cache, index);
    uint8_t *bytes = gan__pixels_room(x, count);
    const char *why = kept ? NULL : decode(s, index, bytes);
    (void)target;
    if (label) *label = s->labels[index];
    if (why) {
        snprintf(message, size, "%s: %s", gan__file_name(&s->files, index), why);
        return GAN_E_IO;
    }
    if (!kept) gan__image_cache_put(s->cache, index, bytes);
    gan__pixels_real(kept ? kept : bytes, count, x);
    return GAN_OK;
}

/* --- checking at opening ---------------------------------------------------------------------------------- */

typedef struct finding {
    gan__stb_header header;
    const char *why; /* static text; NULL: readable */
} finding;

typedef struct check {
    const folder_source *source;
    finding *found;
    bool decode;
} check;

static void check_files(void *arg, int64_t begin, int64_t end) {
    check *c = arg;
    char path[LONGEST_PATH];
    for (int64_t i = begin; i < end; i++) {
        finding *f = &c->found[i];
        path_of(c->source, i, path);
        f->why = NULL;
        if (!gan__stb_read_header(path, &f->header, &f->why) || !c->decode) continue;
        gan__stb_header header;
        gan__stb_free(gan__stb_load(path, f->header.channels, &header, &f->why));
    }
}

/* Takes the bad ones out of the list. */
static int64_t leave_out_bad(folder_source *s, finding *found) {
    int64_t kept = 0, count = s->files.count;
    for (int64_t i = 0; i < count; i++)
        if (!found[i].why) {
            s->files.at[kept] = s->files.at[i];
            found[kept++] = found[i];
        }
    s->files.count = kept;
    return count - kept;
}

static void require_readable(const folder_source *s, const finding *found) {
    for (int64_t i = 0; i < s->files.count; i++)
        if (found[i].why) {
            gan__raise(s->ctx, GAN_E_FORMAT, WHO ": %s/%s: %s", s->path, gan__file_name(&s->files, i), found[i].why);
            return;
        }
}

static void require_one_size(const folder_source *s, const finding *found) {
    const gan__stb_header *a = &found[0].header;
    for (int64_t i = 1; i < s->files.count; i++) {
        const gan__stb_header *b = &found[i].header;
        if (a->height == b->height && a->width == b->width) continue;
        gan__raise(s->ctx, GAN_E_SHAPE, WHO ": %s: %s is %d x %d (height x width), but %s is %d x %d: set height and width",
                   s->path, gan__file_name(&s->files, 0), a->height, a->width, gan__file_name(&s->files, i), b->height, b->width);
        return;
    }
}

/* One colour picture among grey ones makes all of them colour. */
static int most_channels(const folder_source *s, const finding *found) {
    int most = 0;
    for (int64_t i = 0; i < s->files.count; i++)
        if (found[i].header.channels > most) most = found[i].header.channels;
    return most;
}

static bool check_folder(folder_source *s, gan_image_opts opts, int64_t *skipped) {
    gan_ctx *ctx = s->ctx;
    *skipped = 0;
    finding *found = s->files.count ? gan__alloc(ctx, (size_t)s->files.count * sizeof *found) : NULL;
    if (found) {
        check c = {s, found, opts.skip_bad};
        gan__parallel_ranges(ctx, s->files.count, 16, check_files, &c);
        if (opts.skip_bad)
            *skipped = leave_out_bad(s, found);
        else
            require_readable(s, found);
    }
    if (gan__ok(ctx) && s->files.count && *skipped)
        gan_ctx_log(ctx, GAN_LOG_WARNING, WHO ": %s: %lld of %lld files cannot be read and are left out", s->path,
                    (long long)*skipped, (long long)(*skipped + s->files.count));
    if (gan__ok(ctx) && !s->files.count && *skipped)
        gan__raise(ctx, GAN_E_IO, WHO ": %s: none of the %lld files is readable", s->path, (long long)*skipped);
    else if (gan__ok(ctx) && !s->files.count)
        gan__raise(ctx, GAN_E_IO, WHO ": %s has no PNG, JPEG or BMP files in it", s->path);
    s->fixed = !opts.height && !opts.width;
    if (gan__ok(ctx) && s->fixed) require_one_size(s, found);
    if (gan__ok(ctx)) {
        const gan__stb_header *h = &found[0].header;
        gan__frame_choose(ctx, opts, (gan__frame){h->height, h->width, most_channels(s, found)}, WHO, &s->frame);
    }
    gan__free(ctx, found);
    return gan__ok(ctx);
}

/* --- classes ---------------------------------------------------------------------------------------------- */

static size_t class_length(const char *name) {
    const char *slash = strchr(name, '/');
    return slash ? (size_t)(slash - name) : 0;
}

/* The list is sorted folder by folder, so that a class ends where another name begins. Pictures outside of any subfolder have
 * no class; then nothing has. */
static int label_files(folder_source *s) {
    const char *last = "";
    int classes = 0;
    int64_t loose = 0;
    for (int64_t i = 0; i < s->files.count; i++) loose += !class_length(gan__file_name(&s->files, i));
    if (loose && loose < s->files.count)
        gan_ctx_log(s->ctx, GAN_LOG_WARNING, WHO ": %s has pictures beside its subfolders: these are not taken for classes",
                    s->path);
    if (loose || !(s->labels = gan__alloc(s->ctx, (size_t)s->files.count * sizeof *s->labels))) return 0;
    for (int64_t i = 0; i < s->files.count; i++) {
        const char *name = gan__file_name(&s->files, i);
        size_t length = class_length(name);
        classes += strncmp(last, name, length + 1) != 0;
        s->labels[i] = classes - 1;
        last = name;
    }
    return classes;
}

/* Of names and sizes: reading a large folder whole would take longer than a session. */
static uint32_t fingerprint(const folder_source *s) {
    uLong sum = crc32_z(0, NULL, 0);
    for (int64_t i = 0; i < s->files.count; i++) {
        const char *name = gan__file_name(&s->files, i);
        char path[LONGEST_PATH];
        struct stat found;
        path_of(s, i, path);
        int64_t size = stat(path, &found) == 0 ? (int64_t)found.st_size : -1;
        sum = crc32_z(sum, (const Bytef *)name, strlen(name) + 1);
        sum = crc32_z(sum, (const Bytef *)&size, sizeof size);
    }
    return (uint32_t)sum;
}

/* --- opening ---------------------------------------------------------------------------------------------- */

static folder_source *new_source(gan_ctx *ctx, const char *path) {
    folder_source *s = gan__calloc(ctx, sizeof *s);
    if (!s) return NULL;
    s->ctx = s->files.ctx = ctx;
    if ((s->path = gan__strdup(ctx, path))) return s;
    free_source(s);
    return NULL;
}

#define MB ((int64_t)1 << 20)
#define USUAL_CACHE 256

static bool cache_valid(gan_ctx *ctx, gan_image_opts opts) {
    if (opts.cache_mb >= -1 && opts.cache_mb <= INT64_MAX / MB) return true;
    gan__raise(ctx, GAN_E_ARG, WHO ": cache_mb is %lld: it can be -1 (none), 0 (%d) or a number of megabytes",
               (long long)opts.cache_mb, USUAL_CACHE);
    return false;
}

static void make_cache(folder_source *s, gan_image_opts opts) {
    int64_t room = opts.cache_mb ? opts.cache_mb : USUAL_CACHE;
    if (room > 0) s->cache = gan__image_cache_new(s->ctx, s->files.count, gan__frame_size(s->frame), room * MB);
}

gan_dataset *gan_image_folder(gan_ctx *ctx, const char *path, gan_image_opts opts) {
    folder_source *s = gan__path_valid(ctx, path, WHO) && cache_valid(ctx, opts) ? new_source(ctx, path) : NULL;
    if (!s) return gan__dataset_nil(ctx);
    int64_t skipped = 0;
    int classes = 0;
    if (gan__list_files(&s->files, path, true, gan__is_picture, WHO) && check_folder(s, opts, &skipped)) classes = label_files(s);
    if (gan__ok(ctx)) make_cache(s, opts);
    if (!gan__ok(ctx)) {
        free_source(s);
        return gan__dataset_nil(ctx);
    }
    char text[512];
    snprintf(text, sizeof text, "image folder %s", path);
    gan_source source = {.sample = gan_shape3(s->frame.height, s->frame.width, s->frame.channels),
                         .count = s->files.count,
                         .classes = classes,
                         .load = load,
                         .free = free_source,
                         .describe = text,
                         .user = s};
    return gan__dataset_make(ctx, (gan__dataset_spec){.who = WHO,
                                                      .kind = "folder",
                                                      .source = source,
                                                      .trusted = true,
                                                      .loader = {opts.held_out, opts.flip, opts.decoders},
                                                      .skipped = skipped,
                                                      .fingerprint = fingerprint(s)});
}
