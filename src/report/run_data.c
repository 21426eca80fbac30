#define _XOPEN_SOURCE 700 /* realpath */
#include "run_data.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "../io/json.h"
#include "status_file.h"

const gan__chart gan__charts[GAN__CHARTS] = {
    {.title = "Losses",
     .hint = "as trained on",
     .lines = {{"d_loss", "D", "d"}, {"g_loss", "G", "g"}},
     .reference_label = "D cannot tell"},
    {.title = "What D says",
     .hint = "mean logits; the same for both when it cannot tell",
     .lines = {{"d_real", "of real samples", "d"}, {"d_fake", "of generated ones", "g"}}},
    {.title = "Distance to the data",
     .hint = "sliced Wasserstein, of held-out samples; lower is better",
     .lines = {{"distance", "generated", "g"}, {"quality", "when a loss jumped", "x"}},
     .reference = 1,
     .has_reference = true,
     .reference_label = "real"},
    {.title = "Coverage and precision",
     .share = true,
     .hint = "of the data by samples, of samples by the data; 1 is best",
     .lines = {{"coverage", "coverage", "d"}, {"precision", "precision", "g"}}},
    {.title = "Distance in the classifier's features",
     .hint = "Frechet's, as measured every so often; lower is better",
     .lines = {{"eval_classifier_fid", "generated", "g"}}},
    {.title = "Recall, precision and coverage",
     .share = true,
     .hint = "as measured every so often; 1 is best",
     .lines = {{"eval_recall", "recall", "d"}, {"eval_precision", "precision", "g"}, {"eval_coverage", "coverage", "x"}}},
    {.title = "Modes or classes",
     .hint = "that have a sample, as measured every so often",
     .lines = {{"eval_modes", "present", "g"}}},
    {.title = "How far D is ahead",
     .hint = "reals ranked above samples: .5 guessing, 1 always right",
     .lines = {{"auc", "ranked right", "d"}}},
    {.title = "Gradient norms",
     .hint = "before clipping",
     .lines = {{"d_grad_norm", "D", "d"}, {"g_grad_norm", "G", "g"}},
     .magnitudes = true},
    {.title = "Update to weight ratio",
     .hint = "how far a step moves the weights",
     .lines = {{"d_update", "D", "d"}, {"g_update", "G", "g"}},
     .magnitudes = true},
    {.title = "Rates", .hint = "with their schedules", .lines = {{"d_lr", "D", "d"}, {"g_lr", "G", "g"}}, .flat_is_dull = true},
    {.title = "Speed", .hint = "samples per second", .lines = {{"samples_per_second", "training", "x"}}},
};

const char *gan__status_text(const cJSON *object, const char *key) {
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(x) ? x->valuestring : "";
}

double gan__status_number(const cJSON *object, const char *key, double without) {
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(x) ? x->valuedouble : without;
}

typedef struct search {
    const char *name;
    char *value;
    size_t size;
} search;

static int take_setting(void *user, const char *section, const char *name, const char *value) {
    search *s = user;
    char full[256];
    snprintf(full, sizeof full, "%s%s%s", section, *section ? "." : "", name);
    if (strcmp(full, s->name)) return 1;
    size_t used = strlen(s->value);
    snprintf(s->value + used, s->size - used, "%s%s", used ? ", " : "", value);
    return 1;
}

void gan__ini_value(gan__bytes ini, const char *name, char *value, size_t size) {
    *value = 0;
    if (ini.p) ini_parse_string((const char *)ini.p, take_setting, &(search){name, value, size});
}

/* --- reading ---------------------------------------------------------------------------------------------- */

static char *within(const gan__run_data *r, const char *name, char path[GAN__RUN_PATH + GAN__RUN_NAME]) {
    snprintf(path, GAN__RUN_PATH + GAN__RUN_NAME, "%s/%s", r->path, name);
    return path;
}

/* A file that may be missing. */
static gan__bytes read_file(gan__run_data *r, const char *name) {
    char path[GAN__RUN_PATH + GAN__RUN_NAME];
    FILE *there = fopen(within(r, name, path), "r");
    if (!there) return (gan__bytes){NULL, 0};
    fclose(there);
    return gan__file_bytes(r->ctx, path, r->who);
}

static bool set_path(gan__run_data *r, const char *run) {
    size_t length = run ? strlen(run) : 0;
    while (length > 1 && run[length - 1] == '/') length--;
    if (length == 0 || length >= GAN__RUN_PATH) {
        gan__raise(r->ctx, GAN_E_ARG, "%s: %s", r->who, length ? "the name of the run folder is too long" : "no run folder");
        return false;
    }
    snprintf(r->path, sizeof r->path, "%.*s", (int)length, run);
    char *real = realpath(r->path, NULL); /* "." has a name, too */
    const char *full = real ? real : r->path, *slash = strrchr(full, '/');
    snprintf(r->name, sizeof r->name, "%s", slash && slash[1] ? slash + 1 : full);
    free(real);
    return true;
}

static void take_line(void *user, int64_t step, const cJSON *line) {
    gan__run_data *r = user;
    if (step > r->last) r->last = step;
    gan__curves_add(r->curves, GAN__CHARTS * GAN__CHART_LINES, step, line);
    if (!*gan__status_text(line, "verdict")) return;
    gan__turn *turn = &r->turns[r->n_turns++ % GAN__TURNS];
    turn->step = step;
    snprintf(turn->text, sizeof turn->text, "%s", gan__status_text(line, "why"));
}

static bool read_all(gan__run_data *r) {
    char path[GAN__RUN_PATH + GAN__RUN_NAME];
    gan__bytes status = read_file(r, GAN__STATUS_FILE);
    if (status.p) r->status = gan__json_parse((const char *)status.p, status.size, NULL);
    gan__free(r->ctx, status.p);
    r->ini = read_file(r, "run.ini");
    r->last = (int64_t)gan__status_number(r->status, "step", 0);
    r->curves = gan__ok(r->ctx) ? gan__alloc(r->ctx, GAN__CHARTS * GAN__CHART_LINES * sizeof *r->curves) : NULL;
    if (!r->curves) return false;
    for (int i = 0; i < GAN__CHARTS * GAN__CHART_LINES; i++) {
        const char *key = gan__charts[i / GAN__CHART_LINES].lines[i % GAN__CHART_LINES].key;
        gan__curve_init(&r->curves[i], key ? key : "");
    }
    if (!gan__log_read(r->ctx, within(r, "metrics.jsonl", path), take_line, r, r->who)) return false;
    if (r->status || r->last > 0) return gan__sample_files_find(r->ctx, r->path, r->last, &r->samples, r->who);
    gan__raise(r->ctx, GAN_E_IO, "%s: %s is no run folder: it has neither %s nor a line in metrics.jsonl", r->who, r->path,
               GAN__STATUS_FILE);
    return false;
}

bool gan__run_data_read(gan_ctx *ctx, gan__run_data *r, const char *run, const char *who) {
    *r = (gan__run_data){.ctx = ctx, .who = who};
    return gan__ok(ctx) && set_path(r, run) && read_all(r);
}

void gan__run_data_free(gan__run_data *r) {
    cJSON_Delete(r->status);
    gan__free(r->ctx, r->ini.p);
    gan__free(r->ctx, r->curves);
    gan__free(r->ctx, r->samples.at);
}
