#include "trick_state.h"

#include <stdio.h>
#include <string.h>

#include "../io/weights.h"

#define TEXT 512

/* The names of the tricks in use, in their order, each with a space before it. */
static void names_of(const gan_trainer *t, char text[TEXT]) {
    text[0] = 0;
    for (int i = 0; i < t->n_tricks; i++) {
        size_t used = strlen(text);
        snprintf(text + used, TEXT - used, " %s", gan_trick_name(t->tricks[i]));
    }
}

static void options_of(const gan_trick *k, char text[TEXT]) {
    snprintf(text, TEXT, "every %d, weight ", k->opts.interval ? k->opts.interval : 1);
    size_t used = strlen(text);
    gan_schedule_text(k->opts.weight, text + used, TEXT - used);
    used = strlen(text);
    if (!k->type->describe || used + 3 > TEXT) return;
    memcpy(text + used, "; ", 3);
    k->type->describe(k, text + used + 2, TEXT - used - 2);
}

static const char *key_of(const char *prefix, const gan_trick *k, const char *name, char key[TEXT]) {
    snprintf(key, TEXT, "%strick.%s%s%s", prefix, gan_trick_name(k), name ? "." : "", name ? name : "");
    return key;
}

static void add_tensor(gan__st_writer *w, const char *name, const gan_tensor *t) {
    gan_shape s = gan_shape_of(t);
    gan__st_entry e = {.name = name, .dtype = GAN__ST_REAL, .ndim = s.ndim, .data = gan_data(t)};
    memcpy(e.dims, s.d, sizeof s.d);
    gan__st_add(w, e);
}

void gan__tricks_add(const gan_trainer *t, gan__st_writer *w) {
    char key[TEXT], text[TEXT];
    names_of(t, text);
    gan__st_add_meta(w, "tricks", text);
    for (int i = 0; i < t->n_tricks; i++) {
        const gan_trick *k = t->tricks[i];
        options_of(k, text);
        gan__st_add_meta(w, key_of("", k, NULL, key), text);
        for (int j = 0; j < k->n_counts; j++)
            gan__st_add_meta_int(w, key_of("counter.", k, k->counts[j].name, key), k->counts[j].counter.value);
        for (int j = 0; j < k->n_tensors; j++) add_tensor(w, key_of("", k, k->tensors[j].name, key), k->tensors[j].tensor);
    }
}

static bool read_trick(gan_ctx *ctx, gan__st *file, gan_trick *k, const char *who) {
    char key[TEXT];
    for (int i = 0; i < k->n_counts; i++) {
        int64_t *value = &k->counts[i].counter.value;
        if (!gan__st_meta_int(file, key_of("counter.", k, k->counts[i].name, key), value) || *value < 0 || *value == INT64_MAX) {
            gan__raise(ctx, GAN_E_MISMATCH, "%s: %s: \"%s\" is missing or no count", who, gan__st_path(file), key);
            return false;
        }
    }
    for (int i = 0; i < k->n_tensors; i++) {
        gan_param plain = {.name = k->tensors[i].name, .tensor = k->tensors[i].tensor};
        if (!gan__weights_read_one(file, key_of("", k, plain.name, key), &plain, plain.tensor, who)) return false;
    }
    return true;
}

bool gan__tricks_read(gan_trainer *t, gan__st *file, const char *who) {
    gan_ctx *ctx = t->object.ctx;
    char here[TEXT];
    names_of(t, here);
    const char *there = gan__st_meta(file, "tricks");
    if (!there || strcmp(there, here)) {
        gan__raise(ctx, GAN_E_MISMATCH, "%s: %s: its tricks are \"%s\", here they are \"%s\"", who, gan__st_path(file),
                   there ? there + strspn(there, " ") : "", here + strspn(here, " "));
        return false;
    }
    for (int i = 0; i < t->n_tricks; i++)
        if (!read_trick(ctx, file, t->tricks[i], who)) return false;
    return true;
}

void gan__tricks_tell(const gan_trainer *t, gan__st *file, const char *who) {
    for (int i = 0; i < t->n_tricks; i++) {
        char key[TEXT], now[TEXT];
        const char *then = gan__st_meta(file, key_of("", t->tricks[i], NULL, key));
        options_of(t->tricks[i], now);
        if (then && strcmp(then, now))
            gan_ctx_log(t->object.ctx, GAN_LOG_WARNING, "%s: %s was \"%s\", from now on it is \"%s\"", who, key, then, now);
    }
}
