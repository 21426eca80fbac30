/* Tricks from words: "instance_noise:sigma=0.1,until=20000". */
#include <stdio.h>
#include <string.h>

#include "../base/ctx_impl.h"
#include "../base/words.h"
#include "trick_table.h"

#define TEXT 1024
#define NAME 96

bool gan__pairs(gan_ctx *ctx, const char *who, char *list, gan__pair_fn fn, void *user) {
    for (char *next = list; next && *next;) {
        char *pair = next, *end = strchr(pair, ',');
        next = end ? end + 1 : NULL;
        if (end) *end = 0;
        char *value = strchr(pair, '=');
        if (!value || value == pair) {
            gan__raise(ctx, GAN_E_ARG, "%s: \"%s\" is not of the form name=value", who, pair);
            return false;
        }
        *value++ = 0;
        if (!fn(user, pair, value)) return false;
    }
    return true;
}

/* The value of a schedule is an option whose name has no point, and others follow it that begin with it. */
static bool is_schedule(const gan_option *o) {
    size_t n = strlen(o->name);
    return !strchr(o->name, '.') && o[1].name && !strncmp(o[1].name, o->name, n) && o[1].name[n] == '.';
}

static const char *first_schedule(const gan_option *table) {
    for (const gan_option *o = table; o->name; o++)
        if (is_schedule(o)) return o->name;
    return NULL;
}

static const gan_option *find(const gan__trick_entry *e, const char **near, const char *name) {
    const gan_option *o = gan_option_find(e->options, name);
    const char *schedule = *near ? *near : first_schedule(e->options);
    char whole[NAME];
    if (!o && schedule) {
        snprintf(whole, sizeof whole, "%s.%s", schedule, name);
        return gan_option_find(e->options, whole);
    }
    if (o && is_schedule(o)) *near = o->name;
    return o;
}

static void unknown(gan_ctx *ctx, const char *who, const gan__trick_entry *e, const char *name) {
    const char *names[128];
    int n = 0;
    for (const gan_option *o = e->options; o->name && n < 127; o++) names[n++] = o->name;
    names[n] = NULL;
    const char *near = gan_nearest_word(name, names);
    gan__raise(ctx, GAN_E_ARG, "%s: %s has no option \"%s\"%s%s%s", who, e->name, name, near ? ": did you mean \"" : "",
               near ? near : "", near ? "\"?" : "");
}

bool gan__trick_option_set(gan_ctx *ctx, const char *who, const gan__trick_entry *e, void *opts, const char **near,
                           const char *name, const char *value) {
    char why[256];
    const gan_option *o = find(e, near, name);
    if (!o)
        unknown(ctx, who, e, name);
    else if (!gan_option_set(o, opts, value, why, sizeof why))
        gan__raise(ctx, GAN_E_ARG, "%s: %s: %s %s", who, e->name, o->name, why);
    else
        return true;
    return false;
}

/* --- gan_trick_parse -------------------------------------------------------------------------------------------- */

static const char who[] = "gan_trick_parse";

typedef struct parse {
    gan_ctx *ctx;
    const gan__trick_entry *entry;
    void *opts;
    const char *near;
} parse;

static bool set(void *user, const char *name, const char *value) {
    parse *p = user;
    return gan__trick_option_set(p->ctx, who, p->entry, p->opts, &p->near, name, value);
}

static const char *nearest(const char *name) {
    const char *names[128];
    int n = 0;
    for (const gan__trick_entry *e = gan__trick_table; e->name && n < 127; e++) names[n++] = e->name;
    names[n] = NULL;
    return gan_nearest_word(name, names);
}

gan_trick *gan_trick_parse(gan_ctx *ctx, const char *text) {
    char words[TEXT];
    union {
        max_align_t align;
        char bytes[GAN__TRICK_OPTS];
    } opts;
    gan_trick *nil = (gan_trick *)&ctx->none;
    if (!gan__ok(ctx)) return nil;
    if (!text || strlen(text) >= sizeof words) {
        gan__raise(ctx, GAN_E_ARG, "%s: %s", who, text ? "the text is too long" : "there is no text");
        return nil;
    }
    memcpy(words, text, strlen(text) + 1);
    char *list = strchr(words, ':');
    if (list) *list++ = 0;
    parse p = {.ctx = ctx, .entry = gan__trick_entry_of(words), .opts = opts.bytes};
    if (!p.entry) {
        const char *near = nearest(words);
        gan__raise(ctx, GAN_E_ARG, "%s: there is no trick \"%s\"%s%s%s", who, words, near ? ": did you mean \"" : "",
                   near ? near : "", near ? "\"?" : "");
        return nil;
    }
    p.entry->fill(p.opts);
    return gan__pairs(ctx, who, list, set, &p) ? p.entry->make(ctx, p.opts) : nil;
}
