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

/* A comment begins at " ;", and blanks around a value are not part of it. */
static bool holds(const char *line, const char *value) {
    size_t n = strlen(value);
    return strlen(line) <= LINE && !strstr(value, " ;") && !strpbrk(value, "\r\n") && value[0] != ';' &&
           !(n && (value[0] == ' ' || value[n - 1] == ' '));
}

static bool put(gan__file *file, const char *text) { return gan__file_write(file, text, strlen(text)); }

static bool put_setting(gan__file *file, const gan_setting *s, const char *name) {
    char line[GAN_SETTING_TEXT + 256];
    snprintf(line, sizeof line, "%s = %s\n", name, s->value);
    if (holds(line, s->value)) return put(file, line);
    gan__raise(file->ctx, GAN_E_ARG, "%s: %s = \"%s\" does not fit into a line of such a file", file->who, s->name, s->value);
    return false;
}

/* The length of a name's section; 0: none. */
static size_t section_of(const char *name) {
    const char *point = strchr(name, '.');
    return point ? (size_t)(point - name) : 0;
}

/* All settings of one section, which begins with the setting `first`. */
static bool put_section(gan__file *file, const gan_config *c, const char *first) {
    size_t n = section_of(first);
    char head[GAN__NAME + 8];
    gan_setting s;
    snprintf(head, sizeof head, "\n[%.*s]\n", (int)n, first);
    if (n > 0 && !put(file, head)) return false;
    for (int i = 0; gan_config_setting(c, i, &s); i++) {
        if (section_of(s.name) != n || strncmp(s.name, first, n)) continue;
        if (!put_setting(file, &s, s.name + n + (n > 0))) return false;
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

static bool put_all(gan__file *file, const gan_config *c) {
    char line[GAN__NAME + 16];
    gan_setting s;
    for (int i = 0; gan_config_trick(c, i); i++) {
        snprintf(line, sizeof line, "with = %s\n", gan_config_trick(c, i));
        if (!put(file, line)) return false;
    }
    if (!put_section(file, c, "")) return false;
    for (int i = 0; gan_config_setting(c, i, &s); i++)
        if (section_of(s.name) > 0 && is_new_section(c, i, s.name) && !put_section(file, c, s.name)) return false;
    return true;
}

gan_status gan_config_write(gan_config *c, const char *path) {
    static const char who[] = "gan_config_write";
    gan_ctx *ctx = gan__config_ctx_of(c, who);
    gan__file file;
    char head[128];
    if (!gan__ok(ctx) || !gan__file_create(ctx, &file, path, who)) return ctx->status;
    snprintf(head, sizeof head, "# Everything that this run depends on; libgan %s\n", gan_version());
    if (put(&file, head)) put_all(&file, c);
    return gan__file_commit(&file);
}
