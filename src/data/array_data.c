/* Samples in memory. */
#include <gan/data.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "array_data.h"

typedef struct array_source {
    gan_ctx *ctx;
    int64_t size; /* numbers per sample */
    gan_real *values, *targets;
    int32_t *labels;
} array_source;

static void free_source(void *user) {
    array_source *s = user;
    gan__free(s->ctx, s->values);
    gan__free(s->ctx, s->targets);
    gan__free(s->ctx, s->labels);
    gan__free(s->ctx, s);
}

static gan_status load(void *user, int64_t index, gan_real *x, gan_real *target, int32_t *label, char *message, size_t size) {
    const array_source *s = user;
    size_t bytes = (size_t)s->size * sizeof *x, from = (size_t)(index * s->size);
    (void)message, (void)size;
    memcpy(x, s->values + from, bytes);
    if (target) memcpy(target, s->targets + from, bytes);
    if (label) *label = s->labels[index];
    return GAN_OK;
}

static void *copy(gan_ctx *ctx, const void *from, size_t bytes) {
    void *to = from ? gan__alloc(ctx, bytes) : NULL;
    return to ? memcpy(to, from, bytes) : NULL;
}

static bool all_finite(gan_ctx *ctx, const gan_real *p, int64_t count, int64_t size, const char *what, const char *who) {
    for (int64_t i = 0; p && i < count * size; i++)
        if (!isfinite(p[i])) {
            gan__raise(ctx, GAN_E_NONFINITE, "%s: sample %lld holds a %s that is not finite (element %lld is %g)", who,
                       (long long)(i / size), what, (long long)(i % size), (double)p[i]);
            return false;
        }
    return true;
}

/* -1, raised: a label is negative. */
static int classes(gan_ctx *ctx, const int32_t *labels, int64_t count, const char *who) {
    int32_t most = -1;
    for (int64_t i = 0; labels && i < count; i++) {
        if (labels[i] < 0 || labels[i] == INT32_MAX) {
            gan__raise(ctx, GAN_E_ARG, "%s: the label of sample %lld is %d", who, (long long)i, (int)labels[i]);
            return -1;
        }
        if (labels[i] > most) most = labels[i];
    }
    return most + 1;
}

/* Numbers per sample; 0, raised: the shape is none of samples. */
static int64_t sample_size(gan_ctx *ctx, gan_shape shape, const gan_real *values, const char *who) {
    int64_t size = 1;
    bool ok = shape.ndim >= 2 && shape.ndim <= GAN_MAX_DIMS && shape.d[0] >= 1;
    for (int i = 1; ok && i < shape.ndim; i++) {
        ok = shape.d[i] >= 1 && shape.d[i] <= INT32_MAX / size;
        size *= shape.d[i];
    }
    if (ok) ok = shape.d[0] <= INT64_MAX / 64 / size;
    char text[GAN_SHAPE_TEXT];
    if (!ok)
        gan__raise(ctx, GAN_E_SHAPE, "%s: samples cannot have the shape %s; it is [n, d] or [n, h, w, c], without zeros", who,
                   shape.ndim > GAN_MAX_DIMS ? "of more than five dimensions" : gan_shape_text(shape, text));
    else if (!values)
        gan__raise(ctx, GAN_E_ARG, "%s: values is NULL", who);
    return gan__ok(ctx) ? size : 0;
}

static uint32_t fingerprint(const array_source *s, int64_t count) {
    size_t bytes = (size_t)(count * s->size) * sizeof(gan_real);
    uLong sum = crc32_z(0, (const Bytef *)s->values, bytes);
    if (s->targets) sum = crc32_z(sum, (const Bytef *)s->targets, bytes);
    if (s->labels) sum = crc32_z(sum, (const Bytef *)s->labels, (size_t)count * sizeof *s->labels);
    return (uint32_t)sum;
}

static array_source *new_source(gan_ctx *ctx, int64_t count, int64_t size, const gan_real *values, gan_array_opts opts) {
    array_source *s = gan__calloc(ctx, sizeof *s);
    if (!s) return NULL;
    size_t bytes = (size_t)(count * size) * sizeof(gan_real);
    *s = (array_source){ctx, size, copy(ctx, values, bytes), copy(ctx, opts.targets, bytes),
                        copy(ctx, opts.labels, (size_t)count * sizeof *opts.labels)};
    if (gan__ok(ctx)) return s;
    free_source(s);
    return NULL;
}

gan_dataset *gan__array_dataset(gan_ctx *ctx, gan_shape shape, const gan_real *values, gan_array_opts opts,
                                gan__dataset_spec spec) {
    int64_t size = gan__ok(ctx) ? sample_size(ctx, shape, values, spec.who) : 0, count = shape.d[0];
    if (!size || !all_finite(ctx, values, count, size, "value", spec.who) ||
        !all_finite(ctx, opts.targets, count, size, "target", spec.who))
        return gan__dataset_nil(ctx);
    int n_classes = classes(ctx, opts.labels, count, spec.who);
    array_source *s = gan__ok(ctx) ? new_source(ctx, count, size, values, opts) : NULL;
    if (!s) return gan__dataset_nil(ctx);
    gan_shape sample = {.ndim = shape.ndim - 1};
    memcpy(sample.d, shape.d + 1, (size_t)sample.ndim * sizeof *sample.d);
    spec.source = (gan_source){.sample = sample, .count = count, .classes = n_classes, .targets = opts.targets != NULL,
                               .load = load, .free = free_source, .describe = spec.source.describe, .user = s};
    spec.loader = (gan_loader_opts){.held_out = opts.held_out, .flip = opts.flip};
    spec.trusted = spec.immediate = true;
    spec.fingerprint = fingerprint(s, count);
    return gan__dataset_make(ctx, spec);
}

gan_dataset *gan_array_data(gan_ctx *ctx, gan_shape shape, const gan_real *values, gan_array_opts opts) {
    gan__dataset_spec spec = {.who = "gan_array_data", .kind = "array", .source.describe = "array"};
    return gan__array_dataset(ctx, shape, values, opts, spec);
}
