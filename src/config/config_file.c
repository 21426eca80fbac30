/* The configuration as a file. A section is what stands before a name's first point. */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "../io/atomic_file.h"
#include "config_impl.h"

enum { LINE = 199 };                        /* what inih reads at most */
static const char blanks[] = " \t\v\f\r\n"; /* and skips around names and values */

/* --- reading ----------------------------------------------------------------------------------------------------- */

typedef struct source {
    gan_config *c;
    FILE *file;
    int line;   /* the one read last */
    int failed; /* whose contents were refused; 0: none */
    bool too_long;
} source;

/* A line for inih, which would take the rest of one that is too long for the next, and an indented one for more of the last. */
static char *next_line(char *text, int size, void *stream) {
    source *s = stream;
    if (s->failed || !fgets(text, size, s->file)) return NULL;
    s->line++;
    size_t n = strlen(text);
    s->too_long = n + 1 == (size_t)size && text[n - 1] != '\n' && !feof(s->file);
    if (s->too_long) return NULL;
    size_t blank = strspn(text, blanks);
    memmove(text, text + blank, n - blank + 1);
    return text;
}

static int take_line(void *user, const char *section, const char *name, const char *value) {
    source *s = user;
    char text[GAN_SETTING_TEXT];
    snprintf(text, sizeof text, "%s%s%s=%s", section, *section ? "." : "", name, value);
    if (!*section && !strcmp(name, "preset"))
        gan_config_preset(s->c, value);
    else if (!*section && !strcmp(name, "with"))
        gan_config_with(s->c, value);
    else
        gan_config_set(s->c, text);
    bool taken = gan__ok(s->c->object.ctx);
    if (!taken) s->failed = s->line;
    return taken;
}

/* What went wrong, if anything did, the first in the file. */
static void raise_unread(gan_ctx *ctx, const char *path, const source *s, int malformed) {
    gan_status status = ctx->status;
    char reason[GAN__MESSAGE];
    snprintf(reason, sizeof reason, "%s", ctx->message);
    gan_ctx_clear(ctx);
    if (ferror(s->file))
        gan__raise(ctx, GAN_E_IO, "gan_config_read: %s cannot be read", path);
    else if (malformed && malformed != s->failed)
        gan__raise(ctx, GAN_E_FORMAT, "%s, line %d: neither [section] nor name = value", path, malformed);
    else if (s->failed)
        gan__raise(ctx, status, "%s, line %d: %s", path, s->failed, reason);
    else if (s->too_long)
        gan__raise(ctx, GAN_E_FORMAT, "%s, line %d: longer than %d characters", path, s->line, LINE);
}

gan_status gan_config_read(gan_config *c, const char *path) {
    static const char who[] = "gan_config_read";
    gan_ctx *ctx = gan__config_ctx_of(c, who);
    if (gan__ok(ctx) && !path) gan__raise(ctx, GAN_E_ARG, "%s: there is no path", who);
    if (!gan__ok(ctx)) return ctx->status;
    source s = {.c = c, .file = fopen(path, "r")};
    if (!s.file) {
        gan__raise(ctx, GAN_E_IO, "%s: %s cannot be opened: %s", who, path, strerror(errno));
        return ctx->status;
    }
    gan__config_state *before = gan__alloc(ctx, sizeof *before);
    if (before) {
        *before = c->now;
        raise_unread(ctx, path, &s, ini_parse_stream(next_line, &s, take_line, &s));
        if (!gan__ok(ctx)) c->now = *before;
    }
    fclose(s.file);
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

/* A comment begins at a semicolon behind a blank, and blanks around a value are not part of it. */
static bool holds(const char *line, const char *value) {
    size_t n = strlen(value);
    if (strlen(line) > LINE || strpbrk(value, "\r\n")) return false;
    for (const char *mark = value; (mark = strchr(mark, ';')); mark++)
        if (mark == value || strchr(blanks, mark[-1])) return false;
    return n == 0 || (!strchr(blanks, value[0]) && !strchr(blanks, value[n - 1]));
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

/* All settings that are in sections, or all that are in none. */
static bool add_settings(text *t, const gan_config *c, bool in_sections) {
    char section[GAN__NAME] = "", head[GAN__NAME + 8];
    gan_setting s;
    for (int i = 0; gan_config_setting(c, i, &s); i++) {
        size_t n = section_of(s.name);
        if ((n > 0) != in_sections) continue;
        if (n > 0 && (strlen(section) != n || strncmp(section, s.name, n) != 0)) {
            snprintf(section, sizeof section, "%.*s", (int)n, s.name);
            snprintf(head, sizeof head, "\n[%s]\n", section);
            if (!add(t, head)) return false;
        }
        if (!add_setting(t, &s, s.name + n + (n > 0))) return false;
    }
    return true;
}

static bool add_all(text *t, const gan_config *c) {
    char line[GAN__NAME + 32];
    snprintf(line, sizeof line, "# Everything that the run depends on; libgan %s\n", gan_version());
    if (!add(t, line)) return false;
    for (int i = 0; gan_config_trick(c, i); i++) {
        snprintf(line, sizeof line, "with = %s\n", gan_config_trick(c, i));
        if (!add(t, line)) return false;
    }
    return add_settings(t, c, false) && add_settings(t, c, true);
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
