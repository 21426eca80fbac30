#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "safetensors_impl.h"

bool gan__st_bad(gan__st *f, const char *format, ...) {
    char text[GAN__MESSAGE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    gan__raise(f->ctx, GAN_E_FORMAT, "%s: %s: %s", f->who, f->path, text);
    return false;
}

static bool failed(gan__st *f, const char *doing) {
    gan__raise(f->ctx, GAN_E_IO, "%s: %s: %s: %s", f->who, f->path, doing, strerror(errno));
    return false;
}

bool gan__st_read_at(gan__st *f, int64_t at, void *dst, int64_t count) {
    if (f->fd < 0) {
        memcpy(dst, f->bytes + at, (size_t)count);
        return true;
    }
    for (char *p = dst; count > 0;) {
        ssize_t got = pread(f->fd, p, (size_t)count, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(f, "reading");
        if (got == 0) return gan__st_bad(f, "truncated at byte %" PRId64 " while it was read", at);
        p += got, at += got, count -= got;
    }
    return true;
}

/* --- opening and closing ---------------------------------------------------------------------------------- */

static gan__st *new_file(gan_ctx *ctx, const char *path, const char *who) {
    if (!gan__ok(ctx)) return NULL;
    if (!path || !*path) {
        gan__raise(ctx, GAN_E_ARG, "%s: no path", who);
        return NULL;
    }
    gan__st *f = gan__calloc(ctx, sizeof *f);
    if (!f) return NULL;
    *f = (gan__st){.ctx = ctx, .who = who, .path = gan__strdup(ctx, path), .fd = -1, .chunk = gan__alloc(ctx, GAN__ST_CHUNK)};
    if (f->path && f->chunk) return f;
    gan__st_close(f);
    return NULL;
}

static gan__st *if_sound(gan__st *f) {
    if (gan__st_check(f)) return f;
    gan__st_close(f);
    return NULL;
}

gan__st *gan__st_open(gan_ctx *ctx, const char *path, const char *who) {
    gan__st *f = new_file(ctx, path, who);
    if (!f) return NULL;
    struct stat is;
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not to wait for a pipe's other end */
    if (f->fd < 0 || fstat(f->fd, &is)) {
        failed(f, "opening");
    } else if (!S_ISREG(is.st_mode)) {
        gan__raise(ctx, GAN_E_IO, "%s: %s is not a regular file", who, path);
    } else {
        f->size = is.st_size;
        return if_sound(f);
    }
    gan__st_close(f);
    return NULL;
}

gan__st *gan__st_open_memory(gan_ctx *ctx, const void *bytes, size_t size, const char *name, const char *who) {
    gan__st *f = new_file(ctx, name, who);
    if (!f) return NULL;
    f->bytes = bytes;
    f->size = (int64_t)size;
    return if_sound(f);
}

void gan__st_close(gan__st *f) {
    if (!f) return;
    gan_ctx *ctx = f->ctx;
    if (f->fd >= 0) close(f->fd);
    cJSON_Delete(f->json);
    gan__free(ctx, f->path);
    gan__free(ctx, f->tensors);
    gan__free(ctx, f->by_name);
    gan__free(ctx, f->meta);
    gan__free(ctx, f->chunk);
    gan__free(ctx, f);
}

/* --- looking ---------------------------------------------------------------------------------------------- */

int64_t gan__st_count(const gan__st *f) { return f ? f->count : 0; }

const gan__st_tensor *gan__st_at(const gan__st *f, int64_t i) { return f && i >= 0 && i < f->count ? &f->tensors[i] : NULL; }

static int compare_name(const void *wanted, const void *item) {
    return strcmp(wanted, (*(const gan__st_tensor *const *)item)->name);
}

const gan__st_tensor *gan__st_find(const gan__st *f, const char *name) {
    if (!f || !f->count) return NULL;
    const gan__st_tensor **found = bsearch(name, f->by_name, (size_t)f->count, sizeof *f->by_name, compare_name);
    return found ? *found : NULL;
}

const char *gan__st_meta(const gan__st *f, const char *key) { return f ? gan__st_meta_value(f, "", key) : NULL; }

const char *gan__st_meta_key(const gan__st *f, int64_t index) {
    return f && index < f->n_meta ? f->meta[index]->string : NULL;
}

bool gan__st_meta_int(const gan__st *f, const char *key, int64_t *value) {
    const char *text = gan__st_meta(f, key);
    if (!text) return false;
    char again[24];
    int64_t number = strtoll(text, NULL, 10);
    snprintf(again, sizeof again, "%" PRId64, number);
    if (strcmp(text, again)) return false; /* not as it would be written: no number, or too long a one */
    *value = number;
    return true;
}

const char *gan__st_path(const gan__st *f) { return f ? f->path : ""; }

static void reals_of_f32(const void *src, int64_t n, void *dst) {
    const float *s = src;
    gan_real *d = dst;
    for (int64_t i = 0; i < n; i++) d[i] = (gan_real)s[i];
}

static void reals_of_f64(const void *src, int64_t n, void *dst) {
    const double *s = src;
    gan_real *d = dst;
    for (int64_t i = 0; i < n; i++) d[i] = (gan_real)s[i];
}

static void reals_of_i64(const void *src, int64_t n, void *dst) {
    const int64_t *s = src;
    gan_real *d = dst;
    for (int64_t i = 0; i < n; i++) d[i] = (gan_real)s[i];
}

static void f64s_of_f64(const void *src, int64_t n, void *dst) { memcpy(dst, src, (size_t)n * 8); }
static void i64s_of_i64(const void *src, int64_t n, void *dst) { memcpy(dst, src, (size_t)n * 8); }

typedef void (*convert_fn)(const void *src, int64_t n, void *dst);

static bool read_as(gan__st *f, const gan__st_tensor *t, char *dst, size_t size, convert_fn convert) {
    if (!f || !t || !gan__ok(f->ctx)) return false;
    if (!convert)
        return gan__st_bad(f, "tensor \"%s\" is %s, which cannot be read as these numbers", t->name,
                           gan__st_dtype_name(t->dtype));
    int64_t bytes = gan__st_dtype_bytes(t->dtype), most = GAN__ST_CHUNK / bytes;
    for (int64_t i = 0, n; i < t->count; i += n) {
        n = t->count - i < most ? t->count - i : most;
        if (!gan__st_read_at(f, t->begin + i * bytes, f->chunk, n * bytes)) return false;
        convert(f->chunk, n, dst + (size_t)i * size);
    }
    return true;
}

bool gan__st_read_real(gan__st *f, const gan__st_tensor *t, gan_real *dst) {
    static const convert_fn converts[GAN__ST_DTYPE_COUNT] = {
        [GAN__ST_F32] = reals_of_f32, [GAN__ST_F64] = reals_of_f64, [GAN__ST_I64] = reals_of_i64};
    return read_as(f, t, (char *)dst, sizeof *dst, t ? converts[t->dtype] : NULL);
}

bool gan__st_read_i64(gan__st *f, const gan__st_tensor *t, int64_t *dst) {
    return read_as(f, t, (char *)dst, sizeof *dst, t && t->dtype == GAN__ST_I64 ? i64s_of_i64 : NULL);
}

bool gan__st_read_f64(gan__st *f, const gan__st_tensor *t, double *dst) {
    return read_as(f, t, (char *)dst, sizeof *dst, t && t->dtype == GAN__ST_F64 ? f64s_of_f64 : NULL);
}
