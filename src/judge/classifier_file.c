/* Classifiers in files: the weights, and in the metadata what the net is made by. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/words.h"
#include "../io/weights.h"
#include "../metrics/classifier_impl.h"
#include "judge_impl.h"

#define FORMAT "1"

/* Every number that the net is made by, with the place where it is kept. */
typedef struct field {
    const char *key;
    size_t offset;
} field;
static const field fields[] = {
    {"classifier.height", offsetof(gan_classifier_opts, height)},
    {"classifier.width", offsetof(gan_classifier_opts, width)},
    {"classifier.classes", offsetof(gan_classifier_opts, classes)},
    {"classifier.filters", offsetof(gan_classifier_opts, filters)},
    {"classifier.features", offsetof(gan_classifier_opts, features)},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static int64_t *at(gan_classifier_opts *o, const field *f) { return (int64_t *)((char *)o + f->offset); }

static void add_number(gan__st_writer *w, const char *key, double value) {
    char text[GAN_OPTION_VALUE];
    gan__number_text(value, text, sizeof text);
    gan__st_add_meta(w, key, text);
}

gan_status gan_classifier_save(gan_module *m, double accuracy, const char *path) {
    static const char who[] = "gan_classifier_save";
    gan_ctx *ctx = gan_module_ctx(m);
    if (!gan__is_classifier(m, who)) return gan_ctx_status(ctx);
    gan_classifier_opts o = gan__classifier_opts(m);
    gan__st_writer *w = gan__st_writer_new(ctx);
    gan__st_add_meta(w, "format", "pt"); /* as PyTorch's own files say */
    gan__st_add_meta(w, "libgan.classifier", FORMAT);
    gan__st_add_meta_int(w, "classifier.channels", o.channels);
    for (int i = 0; i < FIELDS; i++) gan__st_add_meta_int(w, fields[i].key, *at(&o, &fields[i]));
    add_number(w, "classifier.dropout", o.dropout);
    if (!isnan(accuracy)) add_number(w, "classifier.accuracy", accuracy);
    gan__weights_add(w, NULL, m, NULL);
    gan__st_write(w, path, who);
    return gan_ctx_status(ctx);
}

/* --- loading ---------------------------------------------------------------------------------------------- */

static bool read_opts(gan__st *file, gan_classifier_opts *o, double *accuracy) {
    const char *format = gan__st_meta(file, "libgan.classifier"), *told = gan__st_meta(file, "classifier.accuracy"),
               *dropout = gan__st_meta(file, "classifier.dropout");
    int64_t channels;
    if (!format || strcmp(format, FORMAT) || !gan__st_meta_int(file, "classifier.channels", &channels)) return false;
    o->channels = (int)channels;
    for (int i = 0; i < FIELDS; i++)
        if (!gan__st_meta_int(file, fields[i].key, at(o, &fields[i]))) return false;
    if (!told || !gan__number_read(told, accuracy)) *accuracy = NAN;
    return dropout && gan__number_read(dropout, &o->dropout);
}

static gan_module *load(gan_ctx *ctx, gan__st *file, gan_classifier_opts *o, double *accuracy, const char *who) {
    if (!read_opts(file, o, accuracy)) {
        gan__raise(ctx, GAN_E_FORMAT, "%s: %s is no classifier that gan_classifier_save wrote", who, gan__st_path(file));
        return NULL;
    }
    gan_module *m = gan_classifier_new(ctx, *o);
    if (!gan__weights_read(file, NULL, m, NULL, true, who)) {
        gan_module_free(m);
        return NULL;
    }
    gan__commit(ctx);
    return m;
}

gan_module *gan_classifier_load(gan_ctx *ctx, const char *path, gan_classifier_opts *opts, double *accuracy) {
    static const char who[] = "gan_classifier_load";
    gan_classifier_opts o = {0};
    double right = NAN;
    gan_module *m = NULL;
    if (gan__ok(ctx) && !path) gan__raise(ctx, GAN_E_ARG, "%s: there is no path", who);
    if (gan__ok(ctx)) {
        gan__commit(ctx); /* what was done before stands, whatever becomes of the loading */
        gan__st *file = gan__st_open(ctx, path, who);
        if (file) m = load(ctx, file, &o, &right, who);
        gan__st_close(file);
    }
    if (opts) *opts = o;
    if (accuracy) *accuracy = right;
    return m && gan__ok(ctx) ? m : (gan_module *)&ctx->none;
}
