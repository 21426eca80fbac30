#include "config_impl.h"

#include <stdio.h>
#include <string.h>

#include "../base/words.h"

static const char who[] = "gan_config";

static void destroy(gan__object *object) {
    gan__free(object->ctx, ((gan_config *)object)->text);
    gan__free(object->ctx, object);
}

bool gan_config_is_nil(const gan_config *c) { return !c || !c->object.destroy; }

gan_ctx *gan__config_ctx_of(const gan_config *c, const char *caller) {
    gan_ctx *ctx = c ? c->object.ctx : gan__nil_ctx();
    if (gan_config_is_nil(c)) gan__raise(ctx, GAN_E_ARG, "%s: the configuration is nil", caller);
    return ctx;
}

gan_config *gan_config_new(gan_ctx *ctx) {
    gan_config *c = gan__ok(ctx) ? gan__calloc(ctx, sizeof *c) : NULL;
    if (!c) return (gan_config *)&ctx->none;
    gan__settings_fill(&c->now.s);
    gan__own(ctx, &c->object, destroy);
    return c;
}

void gan_config_free(gan_config *c) {
    if (gan_config_is_nil(c)) return;
    gan__disown(&c->object);
    destroy(&c->object);
}

/* --- names ----------------------------------------------------------------------------------------------------- */

/* Where a setting stands: its option, and the struct that holds it. */
typedef struct place {
    const gan_option *option;
    void *opts;
} place;
enum { PLACES = 4 }; /* of one name, at most */

static int places_of_setting(gan_config *c, const char *name, place *places) {
    int n = 0;
    size_t offset;
    for (const gan_option *o; n < 2 && (o = gan__settings_find(name, n, &offset)); n++)
        places[n] = (place){o, (char *)&c->now.s + offset};
    return n;
}

/* "lr" is both players'. */
static int places_of_both(gan_config *c, const char *name, place *places) {
    char whole[GAN__NAME];
    snprintf(whole, sizeof whole, "g.%s", name);
    int n = places_of_setting(c, whole, places);
    if (n == 0) return 0;
    whole[0] = 'd';
    return n + places_of_setting(c, whole, places + n);
}

/* "instance_noise.sigma" */
static int place_in_trick(gan_config *c, const char *name, place *places) {
    const char *point = strchr(name, '.');
    for (int i = 0; point && gan__trick_table[i].name; i++) {
        const gan__trick_entry *e = &gan__trick_table[i];
        if (strlen(e->name) != (size_t)(point - name) || strncmp(e->name, name, strlen(e->name))) continue;
        const gan_option *o = gan_option_find(e->options, point + 1);
        if (o && !c->now.tricks[i].on)
            gan__raise(c->object.ctx, GAN_E_ARG, "%s: %s: the trick %s is not in use", who, name, e->name);
        places[0] = (place){o, c->now.tricks[i].opts.bytes};
        return o != NULL;
    }
    return 0;
}

bool gan__name_better(const char *name, const char *candidate, const char *best) {
    return gan__word_near(name, candidate) && (!*best || gan__word_distance(name, candidate) < gan__word_distance(name, best));
}

void gan__config_unknown(gan_config *c, const char *kind, const char *name, const char *near) {
    gan__raise(c->object.ctx, GAN_E_ARG, "%s: there is no %s \"%s\"%s%s%s", who, kind, name, *near ? ": did you mean \"" : "",
               near, *near ? "\"?" : "");
}

static void unknown_setting(gan_config *c, const char *name) {
    gan_setting s;
    gan_setting exact;
    char best[GAN__NAME] = "";
    int found = 0;
    for (int i = 0; gan_config_setting(c, i, &s); i++) {
        if (gan__name_better(name, s.name, best)) snprintf(best, sizeof best, "%s", s.name);
        const char *part = strrchr(s.name, '.'); /* "path" is near to data.path */
        if (!strncmp(s.name, "g.", 2) && gan__name_better(name, part + 1, best)) snprintf(best, sizeof best, "%.80s", part + 1);
        if (part && !strcmp(name, part + 1)) exact = s, found++;
    }
    gan__config_unknown(c, "setting", name, found == 1 ? exact.name : best);
}

/* All places of a name; 0 (raised): it is none. */
static int places_of(gan_config *c, const char *name, place *places) {
    int n = places_of_setting(c, name, places);
    if (n == 0) n = places_of_both(c, name, places);
    if (n == 0) n = place_in_trick(c, name, places);
    if (n == 0) unknown_setting(c, name);
    return gan__ok(c->object.ctx) ? n : 0;
}

/* --- setting ---------------------------------------------------------------------------------------------------- */

static bool set_place(gan_config *c, const char *name, place p, const char *value) {
    char why[GAN_SETTING_TEXT + 256];
    if (gan_option_set(p.option, p.opts, value, why, sizeof why)) return true;
    gan__raise(c->object.ctx, GAN_E_ARG, "%s: %s %s", who, name, why);
    return false;
}

/* Whole numbers stay whole, or say that they would not. */
static bool multiply_place(gan_config *c, const char *name, place p, const char *factor) {
    double by, now;
    char text[GAN_OPTION_VALUE];
    gan_option_type type = p.option->type;
    bool number = type == GAN_OPTION_NUMBER || type == GAN_OPTION_INT || type == GAN_OPTION_INT64;
    if (!number || !gan__number_read(factor, &by)) {
        gan__raise(c->object.ctx, GAN_E_ARG, "%s: %s*=%s: %s", who, name, factor,
                   number ? "this is no number" : "only numbers can be multiplied");
        return false;
    }
    gan_option_text(p.option, p.opts, text, sizeof text);
    if (gan__number_read(text, &now)) gan__number_text(now * by, text, sizeof text);
    return set_place(c, name, p, text);
}

bool gan__config_assign(gan_config *c, const char *name, const char *value, bool multiply) {
    place places[PLACES];
    int n = places_of(c, name, places);
    for (int i = 0; i < n; i++)
        if (!(multiply ? multiply_place : set_place)(c, name, places[i], value)) return false;
    return n > 0;
}

/* Splits "name=value" or "name*=value". False (raised): it is neither. */
typedef struct assignment {
    char name[GAN__NAME];
    const char *value;
    bool multiply;
} assignment;

static bool read_assignment(gan_ctx *ctx, const char *text, assignment *a) {
    const char *mark = text ? strchr(text, '=') : NULL;
    size_t length = mark ? (size_t)(mark - text) : 0;
    a->multiply = length > 0 && mark[-1] == '*';
    length -= a->multiply;
    while (length > 0 && text[length - 1] == ' ') length--;
    if (length == 0 || length >= sizeof a->name) {
        gan__raise(ctx, GAN_E_ARG, "%s: \"%s\" is not of the form name=value", who, text ? text : "");
        return false;
    }
    memcpy(a->name, text, length);
    a->name[length] = 0;
    a->value = mark + 1 + strspn(mark + 1, " ");
    return true;
}

void gan__config_change(gan_config *c, const char *text, gan__change_fn fn) {
    gan_ctx *ctx = gan__config_ctx_of(c, who);
    if (!gan__ok(ctx)) return;
    gan__config_state *before = gan__alloc(ctx, sizeof *before);
    if (!before) return;
    *before = c->now;
    if (!fn(c, text)) c->now = *before;
    gan__free(ctx, before);
}

static bool set_one(gan_config *c, const char *text) {
    assignment a;
    return read_assignment(c->object.ctx, text, &a) && gan__config_assign(c, a.name, a.value, a.multiply);
}

void gan_config_set(gan_config *c, const char *text) { gan__config_change(c, text, set_one); }

static bool amend_one(gan_config *c, const char *text) {
    assignment a;
    place places[PLACES];
    gan_setting then[PLACES], now;
    if (!read_assignment(c->object.ctx, text, &a)) return false;
    int n = places_of(c, a.name, places);
    for (int i = 0; i < n; i++) gan_option_text(places[i].option, places[i].opts, then[i].value, sizeof then[i].value);
    if (n == 0 || !gan__config_assign(c, a.name, a.value, a.multiply)) return false;
    for (int i = 0; i < n; i++) {
        const char *name = n == 1 ? a.name : places[i].option->name;
        gan_option_text(places[i].option, places[i].opts, now.value, sizeof now.value);
        if (!strcmp(then[i].value, now.value) || !gan__settings_fixed(name)) continue;
        gan__raise(c->object.ctx, GAN_E_ARG, "%s: %s cannot change when a run goes on: it is %s, and would be %s", who, name,
                   then[i].value, now.value);
        return false;
    }
    return true;
}

void gan_config_amend(gan_config *c, const char *text) { gan__config_change(c, text, amend_one); }

static bool set_preset(gan_config *c, const char *name) {
    gan_preset p = gan_preset_of(name);
    if (!p.name) {
        char best[GAN__NAME] = "";
        for (int i = 0; gan_preset_name(i); i++)
            if (gan__name_better(name, gan_preset_name(i), best)) snprintf(best, sizeof best, "%s", gan_preset_name(i));
        gan__config_unknown(c, "preset", name, best);
        return false;
    }
    gan__settings_preset(&c->now.s, &p);
    for (int i = 0; i < GAN__CONFIG_TRICKS; i++) c->now.tricks[i].on = false;
    for (int i = 0; i < GAN_PRESET_TRICKS && p.tricks[i]; i++) gan_config_with(c, p.tricks[i]);
    return gan__ok(c->object.ctx);
}

void gan_config_preset(gan_config *c, const char *name) { gan__config_change(c, name ? name : "", set_preset); }

/* --- looking ---------------------------------------------------------------------------------------------------- */

void gan__setting_describe(const gan_option *o, const void *opts, const char *prefix, gan_setting *s) {
    snprintf(s->name, sizeof s->name, "%s%s%s", prefix, *prefix ? "." : "", o->name);
    gan_option_text(o, opts, s->value, sizeof s->value);
    gan_option_range(o, s->range, sizeof s->range);
    s->help = o->help;
    s->fixed = gan__settings_fixed(s->name);
}

bool gan_config_setting(const gan_config *c, int index, gan_setting *s) {
    if (gan_config_is_nil(c) || index < 0) return false;
    for (const gan__settings_table *t = gan__settings_tables; t->options; t++)
        for (const gan_option *o = t->options; o->name && !t->twin; o++)
            if (index-- == 0) {
                gan__setting_describe(o, (const char *)&c->now.s + t->offset, "", s);
                return true;
            }
    for (int i = 0; gan__trick_table[i].name; i++)
        for (const gan_option *o = c->now.tricks[i].on ? gan__trick_table[i].options : NULL; o && o->name; o++)
            if (index-- == 0) {
                gan__setting_describe(o, c->now.tricks[i].opts.bytes, gan__trick_table[i].name, s);
                return true;
            }
    return false;
}

bool gan_config_find(const gan_config *c, const char *name, gan_setting *s) {
    for (int i = 0; gan_config_setting(c, i, s); i++)
        if (!strcmp(s->name, name)) return true;
    return false;
}
