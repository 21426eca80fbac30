#include "curve.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../io/json.h"

#define LINE 16384

void gan__curve_init(gan__curve *c, const char *key) { *c = (gan__curve){.key = key, .span = 1}; }

static void join(gan__curve_point *a, const gan__curve_point *b) {
    if (!b->count) return;
    if (!a->count) {
        *a = *b;
        return;
    }
    double share = (double)b->count / (double)(a->count + b->count);
    a->step += (b->step - a->step) * share;
    a->value += (b->value - a->value) * share;
    a->low = fmin(a->low, b->low);
    a->high = fmax(a->high, b->high);
    a->count += b->count;
}

/* Twice the steps to each point. */
static void halve(gan__curve *c) {
    for (int i = 0; i < GAN__CURVE_POINTS / 2; i++) {
        c->at[i] = c->at[2 * i];
        join(&c->at[i], &c->at[2 * i + 1]);
    }
    memset(c->at + GAN__CURVE_POINTS / 2, 0, GAN__CURVE_POINTS / 2 * sizeof *c->at);
    c->points = (c->points + 1) / 2;
    c->span *= 2;
}

void gan__curve_add(gan__curve *c, int64_t step, double value) {
    if (!isfinite(value) || step < 0) return;
    while (step / c->span >= GAN__CURVE_POINTS) halve(c);
    int i = (int)(step / c->span);
    gan__curve_point p = {1, (double)step, value, value, value};
    join(&c->at[i], &p);
    if (i >= c->points) c->points = i + 1;
}

const gan__curve_point *gan__curve_last(const gan__curve *c) { return c->points ? &c->at[c->points - 1] : NULL; }

/* --- the log ---------------------------------------------------------------------------------------------- */

#define LAST_STEP 0x1p53 /* whole numbers up to here are exact in JSON */

static void take_line(const char *line, size_t length, gan__log_fn fn, void *user) {
    cJSON *json = gan__json_parse(line, length, NULL);
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(json, "step");
    if (cJSON_IsNumber(step) && step->valuedouble >= 0 && step->valuedouble < LAST_STEP)
        fn(user, (int64_t)step->valuedouble, json);
    cJSON_Delete(json);
}

void gan__curves_add(gan__curve *curves, int count, int64_t step, const cJSON *line) {
    const cJSON *x;
    cJSON_ArrayForEach(x, line) for (int i = 0; i < count && cJSON_IsNumber(x); i++) {
        if (strcmp(curves[i].key, x->string)) continue;
        gan__curve_add(&curves[i], step, x->valuedouble);
        break;
    }
}

bool gan__log_read(gan_ctx *ctx, const char *path, gan__log_fn fn, void *user, const char *who) {
    if (!gan__ok(ctx)) return false;
    FILE *file = fopen(path, "r");
    if (!file && errno == ENOENT) return true;
    char *line = file ? gan__alloc(ctx, LINE) : NULL;
    if (!file) gan__raise(ctx, GAN_E_IO, "%s: %s: %s", who, path, strerror(errno));
    while (line && gan__json_line(file, line, LINE)) take_line(line, strlen(line), fn, user);
    if (line && ferror(file)) gan__raise(ctx, GAN_E_IO, "%s: %s: it cannot be read", who, path);
    gan__free(ctx, line);
    if (file) fclose(file);
    return gan__ok(ctx);
}
