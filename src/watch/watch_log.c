/* Reading a log: each of its lines with a watcher's figures is a record, and the history is judged as it grows. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../io/json.h"
#include "watcher_impl.h"

#define LINE 16384

static const char who[] = "gan_watch_log";

static bool read_record(const cJSON *json, gan__watch_record *r) {
    *r = gan__watch_record_unknown();
    const cJSON *x;
    cJSON_ArrayForEach(x, json) {
        double *field = x->string ? gan__watch_record_field(r, x->string) : NULL;
        if (field && cJSON_IsNumber(x)) *field = x->valuedouble;
    }
    return r->steps > 0 && isfinite(r->step);
}

typedef struct reader {
    gan_watcher *w;
    gan_watch_fn changed;
    void *user;
    int64_t records;
} reader;

static void take_line(reader *d, const char *line, size_t length) {
    cJSON *json = gan__json_parse(line, length, NULL);
    const cJSON *fault = cJSON_GetObjectItemCaseSensitive(json, "fault"), *step = cJSON_GetObjectItemCaseSensitive(json, "step");
    gan_watch_kind before = d->w->verdict.kind;
    gan__watch_record r;
    bool took = true;
    if (cJSON_IsString(fault) && cJSON_IsNumber(step)) {
        if (step->valuedouble != d->w->now.bad_since) d->w->now.bad_in_row = 0; /* a step was taken in between */
        gan_watcher_bad_step(d->w, (int64_t)step->valuedouble, fault->valuestring);
    } else if (read_record(json, &r)) {
        d->w->now.bad_in_row = 0;
        d->records++;
        gan__watcher_take(d->w, r);
    } else {
        took = false;
    }
    cJSON_Delete(json);
    if (took && d->changed && d->w->verdict.kind != before) d->changed(d->user, &d->w->verdict);
}

gan_status gan_watch_log(gan_ctx *ctx, const char *path, gan_watch_opts opts, gan_watch_verdict *verdict, gan_watch_fn changed,
                         void *user) {
    *verdict = (gan_watch_verdict){.kind = GAN_WATCH_HEALTHY};
    reader d = {gan_watcher_new(ctx, opts), changed, user, 0};
    char *line = gan__ok(ctx) ? gan__alloc(ctx, LINE) : NULL;
    FILE *file = line ? fopen(path, "r") : NULL;
    if (line && !file) gan__raise(ctx, GAN_E_IO, "%s: %s: %s", who, path, strerror(errno));
    if (file) {
        while (gan__json_line(file, line, LINE)) take_line(&d, line, strlen(line));
        if (ferror(file)) gan__raise(ctx, GAN_E_IO, "%s: %s: it cannot be read", who, path);
        fclose(file);
        if (!d.records && !d.w->now.bad_in_row)
            gan__raise(ctx, GAN_E_FORMAT, "%s: %s: it holds no figures of a watcher", who, path);
    }
    if (gan__ok(ctx)) *verdict = gan_watcher_verdict(d.w);
    gan__free(ctx, line);
    gan_watcher_free(d.w);
    return ctx->status;
}
