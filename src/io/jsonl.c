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

/* The whole line, or 0 if it does not fit. */
static size_t compose(char line[LINE], int64_t step, const gan__jsonl_field *fields, int count) {
    int used = snprintf(line, LINE, "{\"step\":%" PRId64, step);
    for (int i = 0; i < count; i++) {
        char number[32];
        number_text(fields[i].value, number);
        used += snprintf(line + used, (size_t)(LINE - used), ",\"%s\":%s", fields[i].key, number);
        if (used > LINE - 3) return 0;
    }
    memcpy(line + used, "}\n", 3);
    return (size_t)used + 2;
}

/* What could not be written whole is taken back, so that the next line does not continue it. */
static bool append(gan__jsonl *log, const char *line, size_t size) {
    bool clean;
    int error = gan__append(log->fd, line, size, &clean);
    return !error || fail(log, clean ? "writing" : "writing (part of a line remains)", error);
}

bool gan__jsonl_write(gan__jsonl *log, int64_t step, const gan__jsonl_field *fields, int count) {
    if (!log || !gan__ok(log->ctx)) return false;
    for (int i = 0; i < count; i++)
        if (!plain_key(fields[i].key)) {
            gan__raise(log->ctx, GAN_E_ARG, "%s: %s: the key of field %d contains a quote, backslash or control character",
                       log->who, log->path, i);
            return false;
        }
    char line[LINE];
    size_t size = compose(line, step, fields, count);
    if (!size) {
        gan__raise(log->ctx, GAN_E_ARG, "%s: %s: %d fields do not fit in a line of %d bytes", log->who, log->path, count, LINE);
        return false;
    }
    return append(log, line, size);
}

void gan__jsonl_close(gan__jsonl *log) {
    if (!log) return;
    gan_ctx *ctx = log->ctx;
    if (log->fd >= 0 && close(log->fd)) fail(log, "closing", errno);
    gan__free(ctx, log->path);
    gan__free(ctx, log);
}
