#include "evaluating.h"

#include <gan/option.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/words.h"

enum { SAMPLES = 2000, KEY = 48, TEXT = 4096 };

/* --- beginning and end ------------------------------------------------------------------------------------ */

static const char *words_of_measures(char text[512]) {
    size_t used = 0;
    for (int m = 0; m < GAN_MEASURES; m++) {
        const gan_measure_info *info = gan_measure_info_of((gan_measure)m);
        if (info->better) used += (size_t)snprintf(text + used, 512 - used, "%s%s", used ? ", " : "", info->name);
    }
    return text;
}

/* The measure that decides; false (raised): none, or one that has no best. */
static bool choose(gan_ctx *ctx, gan__evaluating *e, const gan_train_opts *o, const char *who) {
    char text[512];
    if (!o->keep_best[0]) return true;
    e->keeps = gan_measure_named(o->keep_best, &e->by) && gan_measure_info_of(e->by)->better;
    if (!e->keeps)
        gan__raise(ctx, GAN_E_ARG, "%s: keep_best: there is no best by \"%s\": %s", who, o->keep_best, words_of_measures(text));
    else if (o->eval_every <= 0)
        gan__raise(ctx, GAN_E_ARG, "%s: keep_best is %s, but eval_every is %" PRId64 ": it must say when to measure", who,
                   o->keep_best, o->eval_every);
    return gan__ok(ctx);
}

/* Another measure's best, or that of another number of samples, is nothing to compare with. */
static void forget_others(gan_trainer *t, const gan__evaluating *e, const char *who) {
    int64_t n = gan_judge_count(e->judge);
    const char *by = gan_measure_info_of(e->by)->name;
    if (!t->best.step || (!strcmp(t->best.measure, by) && t->best.samples == n)) return;
    gan_ctx_log(t->object.ctx, GAN_LOG_INFO,
                "%s: the best so far was by %s of %" PRId64 " samples; by %s of %" PRId64 " it is looked for anew", who,
                t->best.measure, t->best.samples, by, n);
    t->best = (gan__best){.step = 0};
}

bool gan__evaluating_start(gan__evaluating *e, gan_trainer *t, const gan_train_opts *o, const char *who) {
    gan_ctx *ctx = t->object.ctx;
    *e = (gan__evaluating){.judge = NULL};
    if (!choose(ctx, e, o, who) || o->eval_every <= 0) return gan__ok(ctx);
    e->own = !o->judge;
    e->judge = o->judge ? o->judge : gan_judge_new(t->data, NULL, (gan_judge_opts){.n = SAMPLES, .quick = true});
    if (gan_judge_is_nil(e->judge)) return gan__ok(ctx);
    if (e->keeps && !gan_judge_takes(e->judge, e->by))
        gan__raise(ctx, GAN_E_ARG, "%s: keep_best: %s is not among what is measured: there is no %s", who, o->keep_best,
                   e->by == GAN_MEASURE_HIGH_QUALITY ? "mixture of known modes" : "classifier, or the judge was told of others");
    if (gan__ok(ctx) && e->keeps) forget_others(t, e, who);
    if (!gan__ok(ctx)) gan__evaluating_end(e);
    return gan__ok(ctx);
}

void gan__evaluating_end(gan__evaluating *e) {
    if (e->own) gan_judge_free(e->judge);
    e->judge = NULL;
}

/* --- measuring -------------------------------------------------------------------------------------------- */

static bool better(const gan_trainer *t, gan_measure by, double value) {
    if (isnan(value)) return false;
    return !t->best.step || (value - t->best.value) * gan_measure_info_of(by)->better > 0;
}

static void tell(const gan_trainer *t, const gan_scores *s, gan__jsonl *log, gan__events *events) {
    char keys[GAN_MEASURES][KEY];
    gan__jsonl_field fields[GAN_MEASURES + 2];
    int n = 0;
    for (int m = 0; m < GAN_MEASURES; m++) {
        if (!s->samples[m]) continue;
        snprintf(keys[m], KEY, "eval_%s", gan_measure_info_of((gan_measure)m)->name);
        fields[n++] = (gan__jsonl_field){keys[m], s->value[m]};
    }
    if (events) gan__events_numbers(events, t->steps.value, fields, n);
    if (t->best.step) {
        fields[n++] = (gan__jsonl_field){"best_step", (double)t->best.step};
        fields[n++] = (gan__jsonl_field){"best_value", t->best.value};
    }
    if (log) gan__jsonl_write(log, t->steps.value, fields, n);
}

/* Samples that cannot be measured (they are not finite, say) are none the better for it; the run goes on. */
static gan_scores measure(gan_trainer *t, gan_judge *judge) {
    gan_ctx *ctx = t->object.ctx;
    gan_scores s = gan_trainer_judge(t, judge, 0, (gan_sample_opts){0});
    if (gan__ok(ctx)) return s;
    gan_ctx_log(ctx, GAN_LOG_WARNING, "step %" PRId64 ": the samples could not be measured: %s", t->steps.value, ctx->message);
    gan_ctx_clear(ctx);
    return s;
}

void gan__evaluating_step(gan__evaluating *e, gan_trainer *t, const gan_train_opts *o, gan__jsonl *log, gan__events *events) {
    if (!e->judge || t->steps.value % o->eval_every || !gan__ok(t->object.ctx)) return;
    gan_scores s = measure(t, e->judge);
    bool best = e->keeps && better(t, e->by, s.value[e->by]);
    if (best) {
        t->best = (gan__best){.value = s.value[e->by], .step = t->steps.value, .samples = gan_judge_count(e->judge)};
        snprintf(t->best.measure, sizeof t->best.measure, "%s", gan_measure_info_of(e->by)->name);
    }
    tell(t, &s, log, events);
    char path[TEXT];
    if (best && o->out) {
        snprintf(path, sizeof path, "%s/best.safetensors", o->out);
        gan_trainer_save(t, path);
    }
}

gan_best gan_trainer_best(const gan_trainer *t) {
    if (gan_trainer_is_nil(t) || !t->best.step) return (gan_best){NULL, NAN, 0};
    return (gan_best){t->best.measure, t->best.value, t->best.step};
}

/* --- in checkpoints --------------------------------------------------------------------------------------- */

void gan__evaluating_add(const gan_trainer *t, gan__st_writer *w) {
    char text[GAN_OPTION_VALUE];
    if (!t->best.step) return;
    gan__number_text(t->best.value, text, sizeof text);
    gan__st_add_meta(w, "best.measure", t->best.measure);
    gan__st_add_meta(w, "best.value", text);
    gan__st_add_meta_int(w, "best.step", t->best.step);
    gan__st_add_meta_int(w, "best.samples", t->best.samples);
}

void gan__evaluating_read(gan_trainer *t, gan__st *file) {
    const char *measure_name = gan__st_meta(file, "best.measure"), *value = gan__st_meta(file, "best.value");
    gan__best b = {.step = 0};
    bool whole = measure_name && value && gan__number_read(value, &b.value) && gan__st_meta_int(file, "best.step", &b.step) &&
                 gan__st_meta_int(file, "best.samples", &b.samples);
    if (whole) snprintf(b.measure, sizeof b.measure, "%s", measure_name);
    t->best = whole ? b : (gan__best){.step = 0};
}
