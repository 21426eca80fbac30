#include "jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/words.h"
#include "append.h"
#include "atomic_file.h"
#include "file_bytes.h"
#include "json.h"

#define LINE 4096 /* bytes: some eighty fields */

struct gan__jsonl {
    gan_ctx *ctx;
    const char *who;
    char *path;
    int fd;
};

static bool fail(gan__jsonl *log, const char *doing, int error) {
    gan__raise(log->ctx, GAN_E_IO, "%s: %s: %s: %s", log->who, log->path, doing, strerror(error));
    return false;
}

/* --- cutting ---------------------------------------------------------------------------------------------- */

/* A line without a step, or one that is no JSON, is none of ours: it stays. */
static bool too_late(const char *line, size_t length, int64_t last_step) {
    cJSON *json = gan__json_parse(line, length, NULL);
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(json, "step");
    bool late = cJSON_IsNumber(step) && step->valuedouble > (double)last_step;
    cJSON_Delete(json);
    return late;
}

/* Moves the lines that stay together; returns their length. */
static size_t keep_lines(char *text, size_t size, int64_t last_step) {
    size_t kept = 0;
    for (size_t at = 0; at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        if (!end) break; /* a line that a crash cut short */
        size_t length = (size_t)(end - (text + at)) + 1;
        if (!too_late(text + at, length, last_step)) {
            memmove(text + kept, text + at, length);
            kept += length;
        }
        at += length;
    }
    return kept;
}

/* Rewrites the log without the later lines, if there are any. False: raised. */
static bool cut(gan__jsonl *log, int64_t last_step, bool *changed) {
    gan__bytes all = gan__open_file_bytes(log->ctx, log->fd, log->path, log->who);
    if (!all.p) return false;
    size_t kept = last_step < 0 ? 0 : keep_lines((char *)all.p, all.size, last_step);
    *changed = kept != all.size;
    bool ok = !*changed || gan__file_put(log->ctx, log->path, all.p, kept, log->who) == GAN_OK;
    gan__free(log->ctx, all.p);
    return ok;
}

/* --- opening, writing ------------------------------------------------------------------------------------- */

static bool reopen(gan__jsonl *log) {
    if (log->fd >= 0) close(log->fd);
    log->fd = open(log->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    return log->fd >= 0 || fail(log, "opening", errno);
}

static bool prepare(gan__jsonl *log, int64_t last_step) {
    struct stat is;
    bool changed = false;
    if (!reopen(log)) return false;
    if (fstat(log->fd, &is)) return fail(log, "looking at it", errno);
    if (S_ISREG(is.st_mode) && !cut(log, last_step, &changed)) return false;
    return !changed || reopen(log); /* it is another file now */
}

gan__jsonl *gan__jsonl_open(gan_ctx *ctx, const char *path, int64_t last_step, const char *who) {
    if (!gan__ok(ctx)) return NULL;
    gan__jsonl *log = gan__calloc(ctx, sizeof *log);
    if (!log) return NULL;
    *log = (gan__jsonl){ctx, who, gan__strdup(ctx, path), -1};
    if (log->path && prepare(log, last_step)) return log;
    gan__jsonl_close(log);
    return NULL;
}

/* Nine digits tell all floats apart; whole numbers are counts and written in full. With a point whatever the locale. */
static void number_text(double value, char text[32]) {
    if (!isfinite(value)) {
        memcpy(text, "null", 5);
        return;
    }
    bool whole = fabs(value) < 0x1p53 && value == floor(value);
    snprintf(text, 32, whole ? "%.0f" : "%.9g", value);
    gan__number_point(text);
}

static bool plain_key(const char *key) {
    for (const char *c = key; *c; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < 0x20) return false;
    return true;
}

typedef struct line {
    char at[LINE];
    size_t used; /* more than there is room for: it does not fit */
} line;

static void put(line *l, const char *text, size_t n) {
    if (l->used + n < LINE) memcpy(l->at + l->used, text, n);
    l->used += n;
}

static void put_text(line *l, const char *text) { put(l, text, strlen(text)); }

static void put_key(line *l, const char *key) {
    put_text(l, ",\"");
    put_text(l, key);
    put_text(l, "\":");
}

/* Between quotes; what JSON does not allow there, escaped. */
static void put_quoted(line *l, const char *text) {
    put_text(l, "\"");
    for (const char *c = text; *c; c++) {
        char code[8];
        if (*c == '"' || *c == '\\')
            snprintf(code, sizeof code, "\\%c", *c);
        else
            snprintf(code, sizeof code, (unsigned char)*c < 0x20 ? "\\u%04x" : "%c", (unsigned char)*c);
        put_text(l, code);
    }
    put_text(l, "\"");
}

/* The whole line; false: it does not fit. */
static bool compose(line *l, int64_t step, const gan__jsonl_field *fields, int count, const gan__jsonl_text *texts,
                    int text_count) {
    char number[32];
    snprintf(number, sizeof number, "{\"step\":%" PRId64, step);
    put_text(l, number);
    for (int i = 0; i < count; i++) {
        put_key(l, fields[i].key);
        number_text(fields[i].value, number);
        put_text(l, number);
    }
    for (int i = 0; i < text_count; i++) {
        put_key(l, texts[i].key);
        put_quoted(l, texts[i].text);
    }
    put_text(l, "}\n");
    return l->used < LINE;
}

/* What could not be written whole is taken back, so that the next line does not continue it. */
static bool append(gan__jsonl *log, const char *text, size_t size) {
    bool clean;
    int error = gan__append(log->fd, text, size, &clean);
    return !error || fail(log, clean ? "writing" : "writing (part of a line remains)", error);
}

bool gan__jsonl_note(gan__jsonl *log, int64_t step, const gan__jsonl_field *fields, int count, const gan__jsonl_text *texts,
                     int text_count) {
    if (!log || !gan__ok(log->ctx)) return false;
    for (int i = 0; i < count + text_count; i++)
        if (!plain_key(i < count ? fields[i].key : texts[i - count].key)) {
            gan__raise(log->ctx, GAN_E_ARG, "%s: %s: the key of field %d contains a quote, backslash or control character",
                       log->who, log->path, i);
            return false;
        }
    line l = {.used = 0};
    if (!compose(&l, step, fields, count, texts, text_count)) {
        gan__raise(log->ctx, GAN_E_ARG, "%s: %s: %d fields do not fit in a line of %d bytes", log->who, log->path,
                   count + text_count, LINE);
        return false;
    }
    return append(log, l.at, l.used);
}

bool gan__jsonl_write(gan__jsonl *log, int64_t step, const gan__jsonl_field *fields, int count) {
    return gan__jsonl_note(log, step, fields, count, NULL, 0);
}

void gan__jsonl_close(gan__jsonl *log) {
    if (!log) return;
    gan_ctx *ctx = log->ctx;
    if (log->fd >= 0 && close(log->fd)) fail(log, "closing", errno);
    gan__free(ctx, log->path);
    gan__free(ctx, log);
}
