#include "status_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <cjson/cJSON.h>

#include "../io/atomic_file.h"
#include "sample_files.h"

/* The processor's name, where Linux tells it; else what kind it is. */
static void processor(char *text, size_t size, const char *machine) {
    snprintf(text, size, "%s", machine);
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        char *name = strchr(line, ':');
        if (strncmp(line, "model name", 10) || !name) continue;
        name[strcspn(name, "\n")] = 0;
        snprintf(text, size, "%s", name + 1 + strspn(name + 1, " "));
        break;
    }
    if (file) fclose(file);
}

static void add_machine(cJSON *root, const gan_ctx *ctx) {
    struct utsname system = {0};
    char name[256], text[400];
    uname(&system);
    processor(name, sizeof name, system.machine);
    cJSON *m = cJSON_AddObjectToObject(root, "machine");
    cJSON_AddStringToObject(m, "processor", name);
    cJSON_AddNumberToObject(m, "threads", gan_ctx_threads(ctx));
    cJSON_AddStringToObject(m, "kernels", gan__kernels_name(ctx));
    snprintf(text, sizeof text, "%.64s %.64s", system.sysname, system.machine);
    cJSON_AddStringToObject(m, "system", text);
}

static void add_verdict(cJSON *root, const gan_watch_verdict *v) {
    cJSON *o = cJSON_AddObjectToObject(root, "verdict");
    cJSON_AddStringToObject(o, "name", gan_watch_name(v->kind));
    cJSON_AddStringToObject(o, "title", gan_watch_title(v->kind));
    cJSON_AddBoolToObject(o, "failure", gan_watch_is_failure(v->kind));
    cJSON_AddStringToObject(o, "text", v->text);
    cJSON_AddNumberToObject(o, "since", (double)v->since);
    cJSON_AddNumberToObject(o, "step", (double)v->step);
    cJSON *list = cJSON_AddArrayToObject(o, "remedies");
    for (int i = 0; i < v->n_remedies; i++) {
        cJSON *r = cJSON_CreateObject();
        cJSON_AddStringToObject(r, "stage", v->remedies[i].stage);
        cJSON_AddStringToObject(r, "advice", v->remedies[i].advice);
        cJSON_AddStringToObject(r, "how", v->remedies[i].how);
        cJSON_AddItemToArray(list, r);
    }
}

static void add_time(cJSON *root, const char *key, time_t when) {
    char text[32] = "";
    struct tm utc;
    if (gmtime_r(&when, &utc)) strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    cJSON_AddStringToObject(root, key, text);
}

static char *compose(const gan_ctx *ctx, const gan__run_status *s) {
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "version", gan_version());
    cJSON_AddStringToObject(root, "state", s->state);
    if (s->error) cJSON_AddStringToObject(root, "error", s->error);
    add_time(root, "started", s->started);
    add_time(root, "updated", time(NULL));
    cJSON_AddNumberToObject(root, "step", (double)s->step);
    cJSON_AddNumberToObject(root, "steps", (double)s->steps);
    if (s->loss) cJSON_AddStringToObject(root, "loss", gan_loss_name(s->loss->kind));
    if (isfinite(s->d_even)) cJSON_AddNumberToObject(root, "d_loss_even", s->d_even);
    if (s->best) {
        cJSON *best = cJSON_AddObjectToObject(root, "best");
        cJSON_AddStringToObject(best, "measure", s->best);
        cJSON_AddNumberToObject(best, "value", s->best_value);
        cJSON_AddNumberToObject(best, "step", (double)s->best_step);
    }
    if (s->verdict) add_verdict(root, s->verdict);
    add_machine(root, ctx);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    return text;
}

/* What memory does not suffice for is missing in the file, or all of it: the next one comes soon. */
bool gan__status_write(gan_ctx *ctx, const char *run, const gan__run_status *s, const char *who) {
    char path[GAN__RUN_PATH + GAN__RUN_NAME];
    if (!gan__ok(ctx)) return false;
    snprintf(path, sizeof path, "%s/%s", run, GAN__STATUS_FILE);
    char *text = compose(ctx, s);
    if (text)
        gan__file_put(ctx, path, text, strlen(text), who);
    else
        gan__raise(ctx, GAN_E_MEMORY, "%s: out of memory for %s", who, path);
    cJSON_free(text);
    return gan__ok(ctx);
}
