/* The configuration as a file. A section is what stands before a name's first point. */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "../io/atomic_file.h"
#include "config_impl.h"

enum { LINE = 199 }; /* what inih reads at most */

/* --- reading ----------------------------------------------------------------------------------------------------- */

static int take_line(void *user, const char *section, const char *name, const char *value) {
    gan_config *c = user;
    char text[GAN_SETTING_TEXT];
    if (!gan__ok(c->object.ctx)) return 1; /* the first error is told */
    snprintf(text, sizeof text, "%s%s%s=%s", section, *section ? "." : "", name, value);
    if (!*section && !strcmp(name, "preset"))
        gan_config_preset(c, value);
    else if (!*section && !strcmp(name, "with"))
        gan_config_with(c, value);
    else
        gan_config_set(c, text);
    return gan__ok(c->object.ctx);
}

gan_status gan_config_read(gan_config *c, const char *path) {
    static const char who[] = "gan_config_read";
    gan_ctx *ctx = gan__config_ctx_of(c, who);
    if (!gan__ok(ctx)) return ctx->status;
    FILE *file = fopen(path, "r");
    if (!file) {
        gan__raise(ctx, GAN_E_IO, "%s: %s cannot be opened: %s", who, path, strerror(errno));
        return ctx->status;
    }
    gan__config_state *before = gan__alloc(ctx, sizeof *before);
    if (before) *before = c->now;
    int line = before ? ini_parse_file(file, take_line, c) : 0;
    bool unread = ferror(file) != 0;
    fclose(file);
    gan_status status = ctx->status;
    char reason[GAN__MESSAGE];
    snprintf(reason, sizeof reason, "%s", ctx->message);
    if (before && (line != 0 || unread || status)) {
        c->now = *before;
        gan_ctx_clear(ctx);
        if (unread)
            gan__raise(ctx, GAN_E_IO, "%s: %s cannot be read", who, path);
        else
            gan__raise(ctx, status ? status : GAN_E_FORMAT, "%s, line %d: %s", path, line,
                       status ? reason : "neither [section] nor name = value, or longer than 199 characters");
    }
    gan__free(ctx, before);
    return ctx->status;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* Text that grows; of the context's pool. */
typedef struct text {
    gan_ctx *ctx;
    char *bytes;
    size_t used, room;
} text;

static bool add(text *t, const char *more) {
    size_t n = strlen(more);
    if (t->used + n >= t->room) {
        size_t room = 2 * (t->room + n) + 4096;
        char *bytes = gan__alloc(t->ctx, room);
        if (!bytes) return false;
        if (t->used) memcpy(bytes, t->bytes, t->used);
        gan__free(t->ctx, t->bytes);
        t->bytes = bytes, t->room = room;
    }
    memcpy(t->bytes + t->used, more, n + 1);
    t->used += n;
    return true;
}

/* A comment begins at " ;", and blanks around a value are not part of it. */
static bool holds(const char *line, const char *value) {
    size_t n = strlen(value);
    return strlen(line) <= LINE && !strstr(value, " ;") && !strpbrk(value, "\r\n") && value[0] != ';' &&
           !(n && (value[0] == ' ' || value[n - 1] == ' '));
}

static bool add_setting(text *t, const gan_setting *s, const char *name) {
    char line[GAN_SETTING_TEXT + 256];
    snprintf(line, sizeof line, "%s = %s\n", name, s->value);
    if (holds(line, s->value)) return add(t, line);
    gan__raise(t->ctx, GAN_E_ARG, "gan_config: %s = \"%s\" does not fit into a line of a configuration file", s->name, s->value);
    return false;
}

/* The length of a name's section; 0: none. */
static size_t section_of(const char *name) {
    const char *point = strchr(name, '.');
    return point ? (size_t)(point - name) : 0;
}

/* All settings of one section, which begins with the setting `first`. */
static bool add_section(text *t, const gan_config *c, const char *first) {
    size_t n = section_of(first);
    char head[GAN__NAME + 8];
    gan_setting s;
    snprintf(head, sizeof head, "\n[%.*s]\n", (int)n, first);
    if (n > 0 && !add(t, head)) return false;
    for (int i = 0; gan_config_setting(c, i, &s); i++) {
        if (section_of(s.name) != n || strncmp(s.name, first, n)) continue;
        if (!add_setting(t, &s, s.name + n + (n > 0))) return false;
    }
    return true;
}

static bool is_new_section(const gan_config *c, int index, const char *name) {
    gan_setting s;
    size_t n = section_of(name);
    for (int i = 0; i < index && gan_config_setting(c, i, &s); i++)
        if (section_of(s.name) == n && !strncmp(s.name, name, n)) return false;
    return true;
}

static bool add_all(text *t, const gan_config *c) {
    char line[GAN__NAME + 32];
    gan_setting s;
    snprintf(line, sizeof line, "# Everything that the run depends on; libgan %s\n", gan_version());
    if (!add(t, line)) return false;
    for (int i = 0; gan_config_trick(c, i); i++) {
        snprintf(line, sizeof line, "with = %s\n", gan_config_trick(c, i));
        if (!add(t, line)) return false;
    }
    if (!add_section(t, c, "")) return false;
    for (int i = 0; gan_config_setting(c, i, &s); i++)
        if (section_of(s.name) > 0 && is_new_section(c, i, s.name) && !add_section(t, c, s.name)) return false;
    return true;
}

const char *gan_config_text(gan_config *c) {
    gan_ctx *ctx = gan__config_ctx_of(c, "gan_config_text");
    if (!gan__ok(ctx)) return "";
    text t = {.ctx = ctx};
    gan__free(ctx, c->text);
    c->text = NULL;
    if (add_all(&t, c))
        c->text = t.bytes;
    else
        gan__free(ctx, t.bytes);
    return c->text ? c->text : "";
}

gan_status gan_config_write(gan_config *c, const char *path) {
    static const char who[] = "gan_config_write";
    gan_ctx *ctx = gan__config_ctx_of(c, who);
    const char *all = gan__ok(ctx) ? gan_config_text(c) : "";
    return gan__ok(ctx) ? gan__file_put(ctx, path, all, strlen(all), who) : ctx->status;
}
