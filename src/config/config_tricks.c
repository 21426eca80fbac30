/* The tricks of a configuration: which are in use, with which options; and the rows of the article's table. */
#include <stdio.h>
#include <string.h>

#include "article.h"
#include "config_impl.h"

static const char who[] = "gan_config";

/* --- tricks ----------------------------------------------------------------------------------------------------- */

static int index_of_trick(const char *name) {
    for (int i = 0; gan__trick_table[i].name; i++)
        if (!strcmp(gan__trick_table[i].name, name)) return i;
    return -1;
}

typedef struct taking {
    gan_config *c;
    const gan__row *row;
    int index; /* of the trick; -1: the row is one of settings */
    const char *near;
} taking;

static const gan__row_option *alias_of(const gan__row *row, const char *name) {
    for (const gan__row_option *a = row->aliases; a->name; a++)
        if (*name && !strcmp(a->name, name)) return a;
    return NULL;
}

static bool set_alias(gan_config *c, const gan__row_option *a, const char *value) {
    return gan__config_assign(c, a->keys[0], value, false) && (!a->keys[1] || gan__config_assign(c, a->keys[1], value, false));
}

static void unknown_alias(gan_config *c, const gan__row *row, const char *name) {
    char best[GAN__NAME] = "";
    for (const gan__row_option *a = row->aliases; a->name; a++)
        if (gan__name_better(name, a->name, best)) snprintf(best, sizeof best, "%s", a->name);
    char kind[GAN__NAME];
    snprintf(kind, sizeof kind, "option of %s", row->advice.name);
    gan__config_unknown(c, kind, name, best);
}

static bool take_option(void *user, const char *name, const char *value) {
    taking *t = user;
    if (t->index >= 0)
        return gan__trick_option_set(t->c->object.ctx, who, &gan__trick_table[t->index], t->c->now.tricks[t->index].opts.bytes,
                                     &t->near, name, value);
    const gan__row_option *a = alias_of(t->row, name);
    if (!a) unknown_alias(t->c, t->row, name);
    return a && set_alias(t->c, a, value);
}

static bool take_defaults(const taking *t) {
    if (t->index >= 0) {
        t->c->now.tricks[t->index].on = true;
        gan__trick_table[t->index].fill(t->c->now.tricks[t->index].opts.bytes);
    } else {
        for (const gan__row_option *a = t->row->aliases; a->name; a++)
            if (a->value && !set_alias(t->c, a, a->value)) return false;
    }
    return true;
}

static void unknown_trick(gan_config *c, const char *name) {
    char best[GAN__NAME] = "";
    const gan__row *row;
    for (int i = 0; (row = gan__row_at(i)); i++)
        if (row->advice.name && gan__name_better(name, row->advice.name, best))
            snprintf(best, sizeof best, "%s", row->advice.name);
    gan__config_unknown(c, "trick", name, best);
}

static bool take(gan_config *c, const char *text) {
    gan_ctx *ctx = c->object.ctx;
    char words[GAN_SETTING_TEXT];
    if (strlen(text) >= sizeof words) {
        gan__raise(ctx, GAN_E_ARG, "%s: a trick's options are longer than %zu characters", who, sizeof words - 1);
        return false;
    }
    memcpy(words, text, strlen(text) + 1);
    char *list = strchr(words, ':');
    if (list) *list++ = 0;
    taking t = {.c = c, .row = gan__row_of(words), .index = index_of_trick(words)};
    if (!t.row && t.index < 0) {
        unknown_trick(c, words);
        return false;
    }
    return take_defaults(&t) && gan__pairs(ctx, who, list, take_option, &t) && gan__ok(ctx);
}

void gan_config_with(gan_config *c, const char *text) { gan__config_change(c, text ? text : "", take); }

static bool let_go(gan_config *c, const char *name) {
    int i = index_of_trick(name);
    const gan__row *row = gan__row_of(name);
    if (i >= 0 && c->now.tricks[i].on)
        c->now.tricks[i].on = false;
    else if (i >= 0)
        gan__raise(c->object.ctx, GAN_E_ARG, "%s: %s is not in use", who, name);
    else if (row)
        gan__raise(c->object.ctx, GAN_E_ARG, "%s: %s is a matter of settings: give %s another value instead", who, name,
                   row->aliases[0].keys[0]);
    else
        unknown_trick(c, name);
    return gan__ok(c->object.ctx);
}

void gan_config_without(gan_config *c, const char *name) { gan__config_change(c, name ? name : "", let_go); }

const char *gan_config_trick(const gan_config *c, int index) {
    for (int i = 0; !gan_config_is_nil(c) && gan__trick_table[i].name; i++)
        if (c->now.tricks[i].on && index-- == 0) return gan__trick_table[i].name;
    return NULL;
}

/* --- the table of tricks ---------------------------------------------------------------------------------------- */

static bool option_of_alias(const gan__row *row, int index, gan_setting *s) {
    size_t offset;
    gan__settings defaults;
    for (const gan__row_option *a = row->aliases; a->name; a++)
        if (*a->name && index-- == 0) {
            gan__settings_fill(&defaults);
            const gan_option *o = gan__settings_find(a->keys[0], 0, &offset);
            gan__setting_describe(o, (const char *)&defaults + offset, "", s);
            if (a->keys[1] && !strncmp(s->help, "G's ", 4)) s->help += 4; /* it is both players' */
            if (a->value) snprintf(s->value, sizeof s->value, "%s", a->value);
            snprintf(s->name, sizeof s->name, "%s", a->name);
            return true;
        }
    return false;
}

bool gan_advice_option(const gan_advice *advice, int index, gan_setting *s) {
    const gan__row *row = advice && advice->name ? gan__row_of(advice->name) : NULL;
    const gan__trick_entry *e = row ? gan__trick_entry_of(advice->name) : NULL;
    if (!row || index < 0) return false;
    if (row->aliases) return option_of_alias(row, index, s);
    union {
        max_align_t align;
        char bytes[GAN__TRICK_OPTS];
    } opts;
    for (const gan_option *o = e ? e->options : NULL; o && o->name; o++)
        if (index-- == 0) {
            e->fill(opts.bytes);
            gan__setting_describe(o, opts.bytes, "", s);
            return true;
        }
    return false;
}
