#include "weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../tensor/tensor_impl.h"

/* --- layouts ---------------------------------------------------------------------------------------------- */

/* A parameter as four dimensions; dimension i of the file is dimension order[i] of ours. */
typedef struct view {
    int64_t d[4];
    const int *order;
} view;

static const int orders[][4] = {
    [GAN_LAYOUT_PLAIN] = {0, 1, 2, 3},          [GAN_LAYOUT_CONV] = {3, 2, 0, 1}, /* [kh,kw,in,out] to [out,in,kh,kw] */
    [GAN_LAYOUT_CONV_TRANSPOSE] = {3, 2, 0, 1},                                   /* [kh,kw,out,in] to [in,out,kh,kw] */
    [GAN_LAYOUT_FROM_HWC] = {0, 3, 1, 2},                                         /* [out, h,w,c] to [out, c,h,w] */
    [GAN_LAYOUT_TO_HWC] = {2, 0, 1, 3},                                           /* [h,w,c, in] to [c,h,w, in] */
    [GAN_LAYOUT_IMAGE] = {2, 0, 1, 3},                                            /* [h,w,c] to [c,h,w] */
};

/* False: shape and layout do not fit. */
static bool view_of(const gan_param *p, view *v) {
    gan_shape s = gan_shape_of(p->tensor);
    const int64_t *d = s.d, *hwc = p->hwc;
    int64_t count = gan_shape_count(s), features = hwc[0] * hwc[1] * hwc[2];
    if ((unsigned)p->layout >= sizeof orders / sizeof *orders) return false;
    v->order = orders[p->layout];
    switch (p->layout) {
    case GAN_LAYOUT_PLAIN: memcpy(v->d, (int64_t[]){1, 1, 1, count}, sizeof v->d); return s.ndim >= 0;
    case GAN_LAYOUT_CONV:
    case GAN_LAYOUT_CONV_TRANSPOSE: memcpy(v->d, d, sizeof v->d); return s.ndim == 4;
    case GAN_LAYOUT_FROM_HWC:
        memcpy(v->d, (int64_t[]){d[0], hwc[0], hwc[1], hwc[2]}, sizeof v->d);
        return s.ndim == 2 && d[1] == features;
    case GAN_LAYOUT_TO_HWC:
        memcpy(v->d, (int64_t[]){hwc[0], hwc[1], hwc[2], s.ndim == 2 ? d[1] : 1}, sizeof v->d);
        return (s.ndim == 1 || s.ndim == 2) && d[0] == features;
    case GAN_LAYOUT_IMAGE: memcpy(v->d, (int64_t[]){d[0], d[1], d[2], 1}, sizeof v->d); return s.ndim == 3;
    }
    return false;
}

gan_shape gan__layout_shape(const gan_param *p) {
    gan_shape s = gan_shape_of(p->tensor);
    view v;
    if (!view_of(p, &v)) return (gan_shape){.ndim = -1};
    if (p->layout == GAN_LAYOUT_CONV || p->layout == GAN_LAYOUT_CONV_TRANSPOSE || p->layout == GAN_LAYOUT_IMAGE)
        for (int i = 0; i < s.ndim; i++) s.d[i] = v.d[v.order[i]];
    return s;
}

/* Walks through the file's order; `ours` is the matching place on our side. */
static void permute(const gan_param *p, const gan_real *src, gan_real *dst, bool to_file) {
    view v;
    if (!view_of(p, &v)) return;
    int64_t stride[4] = {v.d[1] * v.d[2] * v.d[3], v.d[2] * v.d[3], v.d[3], 1}, n[4], step[4], i[4], there = 0;
    for (int k = 0; k < 4; k++) n[k] = v.d[v.order[k]], step[k] = stride[v.order[k]];
    for (i[0] = 0; i[0] < n[0]; i[0]++)
        for (i[1] = 0; i[1] < n[1]; i[1]++)
            for (i[2] = 0; i[2] < n[2]; i[2]++)
                for (i[3] = 0; i[3] < n[3]; i[3]++, there++) {
                    int64_t ours = i[0] * step[0] + i[1] * step[1] + i[2] * step[2] + i[3] * step[3];
                    dst[to_file ? there : ours] = src[to_file ? ours : there];
                }
}

void gan__layout_to_file(const gan_param *p, const gan_real *src, gan_real *dst) { permute(p, src, dst, true); }
void gan__layout_from_file(const gan_param *p, const gan_real *src, gan_real *dst) { permute(p, src, dst, false); }

/* --- writing ---------------------------------------------------------------------------------------------- */

static void fill_real(const gan__st_entry *e, void *dst) { gan__layout_to_file(e->user, e->data, dst); }

static void fill_integer(const gan__st_entry *e, void *dst) {
    const gan_param *p = e->user;
    const gan_real *src = e->data;
    int64_t *to = dst;
    for (int64_t i = 0, n = gan_count(p->tensor); i < n; i++) to[i] = (int64_t)llround((double)src[i]);
}

void gan__weights_add_one(gan__st_writer *w, const char *name, const gan_param *p, const gan_tensor *values) {
    gan_shape shape = gan__layout_shape(p);
    gan__st_entry e = {.name = name, .dtype = p->integer ? GAN__ST_I64 : GAN__ST_REAL, .ndim = shape.ndim, .user = p};
    e.fill = p->integer ? fill_integer : fill_real;
    for (int i = 0; i < shape.ndim; i++) e.dims[i] = shape.d[i];
    /* A shape that does not fit, of the layout or of the values, is refused as none. */
    if (!gan_shape_equal(gan_shape_of(values), gan_shape_of(p->tensor))) e.ndim = -1;
    e.data = e.ndim < 0 ? NULL : gan_data(values);
    gan__st_add(w, e);
}

/* prefix + name, in pool memory. NULL (raised) without memory. */
static char *full_name(gan_ctx *ctx, const char *prefix, const char *name) {
    size_t size = strlen(prefix) + strlen(name) + 1;
    char *full = gan__alloc(ctx, size);
    if (full) snprintf(full, size, "%s%s", prefix, name);
    return full;
}

static gan_tensor *value_of(gan_module *m, const gan_set *set, int i) {
    return set ? gan_set_get(set, i) : gan_module_param(m, i)->tensor;
}

void gan__weights_add(gan__st_writer *w, const char *prefix, gan_module *m, const gan_set *set) {
    gan_ctx *ctx = gan_module_ctx(m);
    for (int i = 0; i < gan_module_param_count(m) && gan__ok(ctx); i++) {
        const gan_param *p = gan_module_param(m, i);
        char *name = full_name(ctx, prefix ? prefix : "", p->name);
        if (name) gan__weights_add_one(w, name, p, value_of(m, set, i));
        gan__free(ctx, name);
    }
}

/* --- reading ---------------------------------------------------------------------------------------------- */

/* "missing a, b; unexpected c [3]; ...": as much as fits, and how many more. */
typedef struct report {
    char text[400];
    int used, listed, total;
} report;

static void complain(report *r, const char *what, const char *name, const char *detail) {
    char item[320];
    int length = snprintf(item, sizeof item, "%s%s \"%s\"%s", r->listed ? "; " : "", what, name, detail);
    r->total++;
    if (length >= (int)sizeof item || r->used + length >= (int)sizeof r->text || r->listed < r->total - 1) return;
    memcpy(r->text + r->used, item, (size_t)length + 1);
    r->used += length;
    r->listed++;
}

static bool settle(gan__st *file, gan_ctx *ctx, const report *r, const char *who) {
    if (!r->total) return true;
    char more[32] = "";
    if (r->total > r->listed) snprintf(more, sizeof more, "%s%d more", r->listed ? "; and " : "", r->total - r->listed);
    gan__raise(ctx, GAN_E_MISMATCH, "%s: %s does not fit: %s%s", who, gan__st_path(file), r->text, more);
    return false;
}

static bool dtype_fits(const gan__st_tensor *t, const gan_param *p) {
    return t->dtype == GAN__ST_F32 || t->dtype == GAN__ST_F64 || (p->integer && t->dtype == GAN__ST_I64);
}

/* Whether the file has `name` as p wants it; otherwise a complaint. */
static bool fits(gan__st *file, const char *name, const gan_param *p, report *r) {
    const gan__st_tensor *t = gan__st_find(file, name);
    char detail[GAN_SHAPE_TEXT + GAN__ST_SHAPE_TEXT + 64], theirs[GAN__ST_SHAPE_TEXT], ours[GAN_SHAPE_TEXT];
    gan_shape wanted = gan__layout_shape(p);
    gan_shape_text(wanted, ours);
    if (!t) {
        snprintf(detail, sizeof detail, " %s", ours);
        complain(r, "missing", name, detail);
        return false;
    }
    bool same = t->ndim == wanted.ndim && !memcmp(t->dims, wanted.d, (size_t)t->ndim * sizeof *t->dims);
    if (same && dtype_fits(t, p)) return true;
    snprintf(detail, sizeof detail, " is %s%s%s in the file, wanted %s", gan__st_shape_text(t, theirs), same ? " of type " : "",
             same ? gan__st_dtype_name(t->dtype) : "", ours);
    complain(r, "mismatched", name, detail);
    return false;
}

/* Reads a tensor that fits. */
static bool read_values(gan__st *file, const char *name, const gan_param *p, gan_tensor *into) {
    gan_ctx *ctx = gan_ctx_of(into);
    gan_real *theirs = gan__alloc(ctx, (size_t)gan_count(into) * sizeof *theirs);
    gan_real *ours = theirs && gan__st_read_real(file, gan__st_find(file, name), theirs) ? gan__overwrite(into, false) : NULL;
    if (ours) gan__layout_from_file(p, theirs, ours);
    gan__free(ctx, theirs);
    return ours != NULL;
}

bool gan__weights_read_one(gan__st *file, const char *name, const gan_param *p, gan_tensor *into, const char *who) {
    gan_ctx *ctx = gan_ctx_of(into);
    report r = {.text = ""};
    if (!file || !gan__usable(ctx, into, who)) return false;
    if (!gan_shape_equal(gan_shape_of(into), gan_shape_of(p->tensor))) {
        gan__raise(ctx, GAN_E_SHAPE, "%s: \"%s\" and its parameter have different shapes", who, name);
        return false;
    }
    fits(file, name, p, &r);
    return settle(file, ctx, &r, who) && read_values(file, name, p, into);
}

static bool has_prefix(const char *text, const char *prefix) { return !strncmp(text, prefix, strlen(prefix)); }

static void complain_of_strangers(gan__st *file, const char *prefix, gan_module *m, report *r) {
    char shape[GAN__ST_SHAPE_TEXT], detail[GAN__ST_SHAPE_TEXT + 1];
    for (int64_t i = 0; i < gan__st_count(file); i++) {
        const gan__st_tensor *t = gan__st_at(file, i);
        if (!has_prefix(t->name, prefix) || gan_module_find(m, t->name + strlen(prefix))) continue;
        snprintf(detail, sizeof detail, " %s", gan__st_shape_text(t, shape));
        complain(r, "unexpected", t->name, detail);
    }
}

bool gan__weights_read(gan__st *file, const char *prefix, gan_module *m, const gan_set *set, bool strict, const char *who) {
    gan_ctx *ctx = gan_module_ctx(m);
    report r = {.text = ""};
    int count = gan_module_param_count(m);
    if (!prefix) prefix = "";
    if (!file || !gan__ok(ctx)) return false;
    for (int pass = 0; pass < 2; pass++) { /* first all checks, then all reading */
        for (int i = 0; i < count && gan__ok(ctx); i++) {
            const gan_param *p = gan_module_param(m, i);
            char *name = full_name(ctx, prefix, p->name);
            if (name && pass == 0) fits(file, name, p, &r);
            if (name && pass == 1) read_values(file, name, p, value_of(m, set, i));
            gan__free(ctx, name);
        }
        if (pass == 0 && strict) complain_of_strangers(file, prefix, m, &r);
        if (!gan__ok(ctx) || !settle(file, ctx, &r, who)) return false;
    }
    return true;
}

/* --- the public functions --------------------------------------------------------------------------------- */

/* Raises and returns false for a nil or missing module. */
static bool usable(gan_module *m, const char *who) {
    if (!m) return false;
    if (gan_module_is_nil(m)) gan__raise(gan_module_ctx(m), GAN_E_ARG, "%s: the module is nil", who);
    return gan__ok(gan_module_ctx(m));
}

gan_status gan_save_weights(gan_module *m, const char *path) {
    static const char who[] = "gan_save_weights";
    if (!m) return GAN_E_ARG;
    gan_ctx *ctx = gan_module_ctx(m);
    if (!usable(m, who)) return gan_ctx_status(ctx);
    gan__st_writer *w = gan__st_writer_new(ctx);
    gan__st_add_meta(w, "format", "pt"); /* as PyTorch's own files say */
    gan__weights_add(w, NULL, m, NULL);
    gan__st_write(w, path, who);
    return gan_ctx_status(ctx);
}

gan_status gan_load_weights(gan_module *m, const char *path, const char *prefix) {
    static const char who[] = "gan_load_weights";
    if (!m) return GAN_E_ARG;
    gan_ctx *ctx = gan_module_ctx(m);
    if (!usable(m, who)) return gan_ctx_status(ctx);
    bool strict = !prefix || !*prefix;
    gan__commit(ctx); /* what was done before stands, whatever becomes of the loading */
    gan__st *file = gan__st_open(ctx, path, who);
    if (gan__weights_read(file, prefix, m, NULL, strict, who)) gan__commit(ctx);
    gan__st_close(file);
    return gan_ctx_status(ctx);
}
