#include <gan/checkpoint.h>
#include <math.h>

#include "safetensors.h"

static const char who[] = "gan_visit_file";

static gan_file_tensor measure(const gan_real *x, int64_t n) {
    gan_file_tensor t = {.count = n, .mean = NAN, .deviation = NAN, .low = NAN, .high = NAN};
    double sum = 0, squares = 0;
    int64_t finite = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) continue;
        finite++;
        sum += x[i];
        t.low = fmin(t.low, x[i]); /* of a number and NaN: the number */
        t.high = fmax(t.high, x[i]);
    }
    t.not_finite = n - finite;
    if (finite == 0) return t;
    t.mean = sum / (double)finite;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i])) squares += (x[i] - t.mean) * (x[i] - t.mean);
    t.deviation = sqrt(squares / (double)finite);
    return t;
}

static bool visit_tensor(gan_ctx *ctx, gan__st *file, const gan__st_tensor *entry, const gan_file_visitor *v) {
    char shape[GAN__ST_SHAPE_TEXT];
    gan_real *x = gan__alloc(ctx, (size_t)entry->count * sizeof *x);
    if (x && gan__st_read_real(file, entry, x)) {
        gan_file_tensor t = measure(x, entry->count);
        t.name = entry->name;
        t.type = gan__st_dtype_name(entry->dtype);
        t.shape = gan__st_shape_text(entry, shape);
        v->tensor(v->user, &t);
    }
    gan__free(ctx, x);
    return gan__ok(ctx);
}

gan_status gan_visit_file(gan_ctx *ctx, const char *path, gan_file_visitor v) {
    gan__st *file = gan__ok(ctx) ? gan__st_open(ctx, path, who) : NULL;
    const char *key;
    for (int64_t i = 0; file && v.meta && (key = gan__st_meta_key(file, i)); i++) v.meta(v.user, key, gan__st_meta(file, key));
    for (int64_t i = 0; file && v.tensor && i < gan__st_count(file); i++)
        if (!visit_tensor(ctx, file, gan__st_at(file, i), &v)) break;
    gan__st_close(file);
    return ctx->status;
}
