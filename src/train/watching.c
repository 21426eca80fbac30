#include "watching.h"

#include <gan/op.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../data/loader.h"
#include "../nn/nn_impl.h"
#include "../watch/watcher_impl.h"
#include "quality.h"

enum { RATIOS_EVERY = 50, RATIOS_AT_FIRST = 10, MOST_JUDGED = 256, FEWEST_SAMPLES = 16, BLOCK = 64 };

/* --- in a step: how far the weights move ----------------------------------------------------------------------------- */

static bool measures_ratios(const gan_trainer *t) {
    return t->watcher && (t->steps.value < RATIOS_AT_FIRST || (t->steps.value + 1) % RATIOS_EVERY == 0);
}

/* An overwritten tensor gets new storage: a second handle keeps the old values, without a copy. */
static gan_tensor **hold_weights(gan_ctx *ctx, const gan_optim *o) {
    int n = gan__optim_count(o);
    gan_tensor **held = gan__alloc(ctx, (size_t)(n ? n : 1) * sizeof *held);
    for (int i = 0; held && i < n; i++) held[i] = gan_detach(gan__optim_param(o, i)->tensor);
    return held;
}

static double moved(const gan_optim *o, gan_tensor *const *held) {
    double weights = 0, change = 0;
    for (int i = 0; i < gan__optim_count(o); i++) {
        const gan_tensor *now = gan__optim_param(o, i)->tensor;
        const gan_real *a = gan_data(held[i]), *b = gan_data(now);
        int64_t n = a && b ? gan_count(now) : 0;
        for (int64_t k = 0; k < n; k++) {
            double d = (double)b[k] - (double)a[k];
            weights += (double)a[k] * (double)a[k], change += d * d;
        }
    }
    return weights > 0 ? sqrt(change / weights) : NAN;
}

void gan__watching_begin(gan_trainer *t) {
    gan_ctx *ctx = t->object.ctx;
    if (!t->watcher) return;
    t->signals = gan_watch_signals_none();
    if (!measures_ratios(t)) return;
    t->weights_g = hold_weights(ctx, t->opt_g), t->weights_d = hold_weights(ctx, t->opt_d);
}

void gan__watching_end(gan_trainer *t, const gan_step_info *info) {
    gan_ctx *ctx = t->object.ctx;
    if (!t->watcher) return;
    t->signals.d_loss = info->d_loss, t->signals.g_loss = info->g_loss;
    t->signals.d_grad_norm = info->d_grad_norm, t->signals.g_grad_norm = gan_optim_grad_norm(t->opt_g);
    if (gan__ok(ctx) && t->weights_g && t->weights_d)
        t->signals.g_update = moved(t->opt_g, t->weights_g), t->signals.d_update = moved(t->opt_d, t->weights_d);
    gan__free(ctx, t->weights_g), gan__free(ctx, t->weights_d);
    t->weights_g = t->weights_d = NULL;
}

/* --- a look ---------------------------------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static bool in_use(const gan_trainer *t, const char *trick) {
    for (int i = 0; i < t->n_tricks; i++)
        if (!strcmp(gan_trick_name(t->tricks[i]), trick)) return true;
    return false;
}

/* D's realness of whole packs of x's samples, in blocks. */
static gan_tensor *judged(gan_trainer *t, gan_tensor *x, gan_tensor *label) {
    gan_ctx *ctx = t->object.ctx;
    int64_t pack = t->opts.pack, packs = least(MOST_JUDGED, gan_shape_of(x).d[0]) / pack, block = BLOCK / pack ? BLOCK / pack : 1;
    if (packs < 2) return NULL;
    gan_tensor *all = gan_empty(ctx, gan_shape1(packs));
    for (int64_t i = 0; i < packs && gan__ok(ctx); i += block) {
        int64_t n = least(block, packs - i);
        gan_scope_begin(ctx);
        gan_input in = {gan_pack(gan_slice(x, 0, i * pack, n * pack), (int)pack),
                        label ? gan_slice(label, 0, i * pack, n * pack) : NULL};
        gan_tensor *y = gan_loss_realness(&t->opts.loss, gan_module_call(t->D, in, (gan_call_opts){0}).y);
        if (gan_count(y) == n) memcpy(gan_op_write(all) + i, gan_data(y), (size_t)n * sizeof(gan_real));
        gan_scope_end(ctx);
    }
    return all;
}

/* The mean norm of D's gradient between reals and fakes. */
static double slope_between(gan_trainer *t, gan_tensor *real, gan_tensor *fake) {
    gan_ctx *ctx = t->object.ctx;
    int pack = t->opts.pack;
    int64_t n = least(BLOCK, least(gan_shape_of(real).d[0], gan_shape_of(fake).d[0]) / pack) * pack;
    gan_scope_begin(ctx);
    gan_no_record_end(ctx);
    gan_tensor *half = gan_scale(gan_add(gan_slice(real, 0, 0, n), gan_slice(fake, 0, 0, n)), .5),
               *x = gan_detach(gan_pack(half, pack));
    gan_tensor *score = gan_sum(gan_loss_realness(&t->opts.loss, gan_forward(t->D, x)));
    double slope = gan_item(gan_mean(gan_norm_per_sample(gan_grad(score, x, (gan_grad_opts){.allow_unused = true}))));
    gan_no_record_begin(ctx);
    gan_scope_end(ctx);
    return slope;
}

static double share_clipped(const gan_trainer *t) {
    double bound = 0;
    int64_t at = 0, all = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < gan__optim_count(t->opt_d); i++) {
            const gan_tensor *w = gan__optim_param(t->opt_d, i)->tensor;
            const gan_real *x = gan_data(w);
            for (int64_t k = 0; k < gan_count(w); k++) {
                if (pass)
                    at += fabs((double)x[k]) >= .999 * bound, all++;
                else
                    bound = fmax(bound, fabs((double)x[k]));
            }
        }
    return all ? (double)at / (double)all : NAN;
}

static void look(gan_trainer *t, gan_dataset *reference) {
    gan_ctx *ctx = t->object.ctx;
    gan_scope_begin(ctx);
    gan__reals own = gan__reals_of(t->data), other = reference ? gan__reals_of(reference) : own;
    gan_watch_look l = gan_watch_look_none();
    l.real = other.train.x, l.held_out = other.other.x;
    if (l.real && gan_shape_of(l.real).d[0] < FEWEST_SAMPLES) l.real = NULL;
    if (l.real) l.fake = gan_trainer_sample(t, gan_shape_of(l.real).d[0], 1);
    bool judges = l.fake && own.train.x;
    if (judges && reference) l.own_real = own.train.x, l.own_held_out = own.other.x;
    gan__aside aside = gan__aside_begin(t->D);
    if (judges && own.held_out && gan__ok(ctx)) {
        l.d_real = judged(t, own.train.x, own.train.label);
        l.d_held_out = judged(t, own.other.x, own.other.label);
        l.d_fake = judged(t, l.fake, NULL);
    }
    if (judges && t->opts.loss.kind == GAN_LOSS_WASSERSTEIN && gan__ok(ctx)) l.slope = slope_between(t, own.train.x, l.fake);
    gan__aside_end(&aside);
    if (in_use(t, "weight_clip")) l.clipped = share_clipped(t);
    gan_watcher_look(t->watcher, t->steps.value, &l);
    gan_scope_end(ctx);
}

/* --- verdicts -------------------------------------------------------------------------------------------------------- */

bool gan__watching_bad(const gan_trainer *t) { return t->watcher && gan_watch_is_failure(gan_watcher_verdict(t->watcher).kind); }

gan_watch_verdict gan_trainer_verdict(const gan_trainer *t) {
    return gan_watcher_verdict(gan_trainer_is_nil(t) ? NULL : t->watcher);
}

static void tell(gan_trainer *t, gan__jsonl *log, const gan_watch_verdict *v) {
    gan_ctx *ctx = t->object.ctx;
    const gan__jsonl_field since = {"since", (double)v->since};
    const gan__jsonl_text words[] = {{"verdict", gan_watch_name(v->kind)}, {"why", v->text}};
    if (log) gan__jsonl_note(log, t->steps.value, &since, 1, words, 2);
    gan_ctx_log(ctx, gan_watch_is_failure(v->kind) ? GAN_LOG_WARNING : GAN_LOG_INFO, "step %" PRId64 ": %s", t->steps.value,
                v->text);
    if (v->n_remedies)
        gan_ctx_log(ctx, GAN_LOG_INFO, "what can be tried first: %s (%s)", v->remedies[0].advice, v->remedies[0].how);
}

/* Is the kind among the words of stop_on? "" stands for D's victory, the one for which alone a run is stopped unasked. */
static bool stops(const char *stop_on, const char *name) {
    size_t n = strlen(name);
    if (!*stop_on) return !strcmp(name, gan_watch_name(GAN_WATCH_D_WON));
    for (const char *at = stop_on; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == n && !strncmp(at, name, n)) return true;
    return false;
}

static bool known_word(const char *word, size_t n) {
    if (n == 7 && !strncmp(word, "nothing", n)) return true;
    for (int k = 0; gan_watch_name((gan_watch_kind)k); k++) {
        const char *name = gan_watch_name((gan_watch_kind)k);
        if (gan_watch_is_failure((gan_watch_kind)k) && strlen(name) == n && !strncmp(word, name, n)) return true;
    }
    return false;
}

static bool words_valid(gan_ctx *ctx, const char *stop_on, const char *who) {
    for (const char *at = stop_on; *at;) {
        size_t n = strcspn(at, ",");
        if (!known_word(at, n)) {
            gan__raise(ctx, GAN_E_ARG,
                       "%s: stop_on: \"%.*s\" is no failure: d_won, d_weak, "
                       "collapse, noise, oscillation, drift, "
                       "sign_error, memorises, or nothing",
                       who, (int)n, at);
            return false;
        }
        at += n;
        if (*at == ',' && !*++at) gan__raise(ctx, GAN_E_ARG, "%s: stop_on ends with a comma", who);
    }
    return gan__ok(ctx);
}

/* The trainer's watcher, made when first needed; NULL: raised. */
static gan_watcher *watcher_of(gan_trainer *t) {
    if (t->watcher) return t->watcher;
    char names[GAN__IN_USE] = "";
    for (int i = 0; i < t->n_tricks; i++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? " " : "", gan_trick_name(t->tricks[i]));
    }
    int64_t width = gan_loss_width(t->opts.loss.kind, gan_dataset_classes(t->data), t->opts.generators);
    gan_watch_opts opts = {.loss = t->opts.loss, .width = width, .in_use = names, .points = gan_dataset_shape(t->data).ndim != 3};
    gan_watcher *w = gan_watcher_new(t->object.ctx, opts);
    if (gan_watcher_is_nil(w)) return NULL;
    gan__disown(&w->object); /* the trainer frees it: the context would do so before it comes to the trainer */
    t->watcher = w;
    return t->watcher;
}

bool gan__watching_start(gan_trainer *t, const gan_train_opts *o, const char *who) {
    gan_ctx *ctx = t->object.ctx;
    if (!words_valid(ctx, o->stop_on, who)) return false;
    if (o->no_watch) {
        gan_watcher_free(t->watcher);
        t->watcher = NULL;
    } else {
        watcher_of(t);
    }
    return gan__ok(ctx);
}

static int64_t look_every(const gan_trainer *t, const gan_train_opts *o) {
    if (o->look_every > 0) return o->look_every;
    return gan_dataset_shape(t->data).ndim == 3 ? 500 : 250; /* a look at images may cost as much as five steps */
}

bool gan__watching_after(gan_trainer *t, const gan_train_opts *o, gan__jsonl *log) {
    if (!t->watcher) return true;
    if (t->steps.value % look_every(t, o) == 0) look(t, o->reference);
    gan_watch_kind before = gan_watcher_verdict(t->watcher).kind;
    gan_watcher_step(t->watcher, t->steps.value, &t->signals);
    gan_watch_verdict v = gan_watcher_verdict(t->watcher);
    if (v.kind != before) tell(t, log, &v);
    if (v.step != t->steps.value || !stops(o->stop_on, gan_watch_name(v.kind))) return true;
    gan_ctx_log(t->object.ctx, GAN_LOG_WARNING, "gan_train: stopped at step %" PRId64 ": %s", t->steps.value,
                gan_watch_title(v.kind));
    gan_watcher_forgive(t->watcher); /* whoever goes on with the run has changed something */
    return false;
}

int gan__watching_fields(const gan_trainer *t, gan__jsonl_field fields[GAN__WATCH_LOGGED]) {
    const gan__watch_record *r = t->watcher ? gan__watcher_fresh(t->watcher, t->steps.value) : NULL;
    const double *x = (const double *)r;
    int n = 0;
    for (int i = 1; r && i < GAN__RECORD_FIELDS; i++) /* the first is the line's own step */
        if (!isnan(x[i])) fields[n++] = (gan__jsonl_field){.key = gan__watch_record_names[i], .value = x[i]};
    return n;
}

/* --- steps that were not taken --------------------------------------------------------------------------------------- */

/* The batches that led there are left out: the same step again would end the same way. */
static void pass_over(gan_trainer *t) {
    gan_ctx *ctx = t->object.ctx;
    int64_t n = t->opts.batch * t->opts.pack;
    for (int i = 0; i < t->opts.n_critic; i++) {
        gan_scope_begin(ctx);
        gan_dataset_next(t->data, n);
        gan_randn_from(t->latents, gan_shape2(n, t->opts.latent));
        gan_scope_end(ctx);
    }
    gan__commit(ctx);
}

static void blame(gan_trainer *t, char *text, size_t size) {
    gan_ctx *ctx = t->object.ctx;
    char where[256];
    size_t used = strlen(text);
    gan_scope_begin(ctx);
    gan_tensor *z = gan_zeros(ctx, gan_shape2(2 * t->opts.pack, t->opts.latent));
    if (gan_watch_blame(t->G, z, where, sizeof where))
        snprintf(text + used, size - used, "; in G, first %s", where);
    else if (gan_watch_blame(t->D, gan_pack(gan_dataset_training(t->data, 0, 2 * t->opts.pack).x, t->opts.pack), where,
                             sizeof where))
        snprintf(text + used, size - used, "; in D, first %s", where);
    gan_scope_end(ctx);
    gan_ctx_clear(ctx);
}

static void tell_fault(gan_trainer *t, gan__jsonl *log, const char *text) {
    const gan__jsonl_text fault = {"fault", text};
    if (log) gan__jsonl_note(log, t->steps.value, NULL, 0, &fault, 1);
    gan_ctx_log(t->object.ctx, GAN_LOG_WARNING, "after step %" PRId64 " one was not taken: %s", t->steps.value, text);
}

/* When patience ends, the run stands where it stood before the first of these steps. */
bool gan__watching_failed(gan_trainer *t, gan__jsonl *log) {
    gan_ctx *ctx = t->object.ctx;
    if (!t->watcher || ctx->status != GAN_E_NONFINITE) return false;
    char message[GAN__MESSAGE], text[GAN__MESSAGE];
    snprintf(message, sizeof message, "%s", ctx->message);
    snprintf(text, sizeof text, "%s", message);
    gan_ctx_clear(ctx);
    if (t->watcher->now.bad_in_row == 0) {
        t->good_data = gan__dataset_position(t->data);
        t->good_latents = t->latents->position.value;
        blame(t, text, sizeof text);
    }
    gan_watcher_bad_step(t->watcher, t->steps.value, t->watcher->now.bad_in_row == 0 ? text : NULL);
    tell_fault(t, log, text);
    gan_watch_verdict v = gan_watcher_verdict(t->watcher);
    if (v.kind != GAN_WATCH_NONFINITE) {
        pass_over(t);
        return gan__ok(ctx);
    }
    tell(t, log, &v);
    gan__dataset_seek(t->data, t->good_data);
    t->latents->position.value = t->good_latents;
    gan__watcher_forget_bad_steps(t->watcher);
    gan__commit(ctx);
    gan__raise(ctx, GAN_E_NONFINITE, "%s", message);
    return false;
}

/* --- in checkpoints -------------------------------------------------------------------------------------------------- */

static void part_name(const gan__watch_state *part, char name[32]) { snprintf(name, 32, "watch.%s", part->name); }

void gan__watching_add(const gan_trainer *t, gan__st_writer *w) {
    gan__watch_state parts[GAN__WATCH_STATES];
    if (!t->watcher) return;
    gan_watch_kind kind = gan_watcher_verdict(t->watcher).kind; /* what was not finite is no part of the state */
    if (gan_watch_is_failure(kind) && kind != GAN_WATCH_NONFINITE) gan__st_add_meta(w, "watch.failing", gan_watch_name(kind));
    if (t->watcher->now.bad_in_row > 0) {
        gan__st_add_meta_int(w, "watch.good_epoch", t->good_data.epoch);
        gan__st_add_meta_int(w, "watch.good_position", t->good_data.offset);
        gan__st_add_meta_int(w, "watch.good_latents", t->good_latents);
        gan__st_add_meta(w, "watch.bad", t->watcher->bad);
    }
    gan__watcher_state(t->watcher, parts);
    for (int i = 0; i < GAN__WATCH_STATES; i++) {
        char name[32];
        part_name(&parts[i], name);
        gan__st_add(w, (gan__st_entry){.name = name,
                                       .dtype = GAN__ST_F64,
                                       .ndim = 2,
                                       .dims = {parts[i].rows, parts[i].fields},
                                       .data = parts[i].values});
    }
}

bool gan__watching_told_of_failure(gan__st *file) { return gan__st_meta(file, "watch.failing") != NULL; }

/* Where the run stood before the first of steps that were not taken; where that is not told, those are forgotten. */
static void read_good(gan_trainer *t, gan__st *file) {
    const char *bad = gan__st_meta(file, "watch.bad");
    bool told = bad && gan__st_meta_int(file, "watch.good_epoch", &t->good_data.epoch) &&
                gan__st_meta_int(file, "watch.good_position", &t->good_data.offset) &&
                gan__st_meta_int(file, "watch.good_latents", &t->good_latents);
    if (told)
        snprintf(t->watcher->bad, sizeof t->watcher->bad, "%s", bad);
    else
        gan__watcher_forget_bad_steps(t->watcher);
}

/* A file of a run that was not watched, or by another version's watcher: the past is not known, watching begins anew. */
bool gan__watching_read(gan_trainer *t, gan__st *file) {
    gan__watch_state parts[GAN__WATCH_STATES];
    const gan__st_tensor *stored[GAN__WATCH_STATES];
    gan_watcher_free(t->watcher);
    t->watcher = NULL;
    if (!gan__st_find(file, "watch.past")) return true;
    if (!watcher_of(t)) return false;
    gan__watcher_state(t->watcher, parts);
    for (int i = 0; i < GAN__WATCH_STATES; i++) {
        char name[32];
        part_name(&parts[i], name);
        stored[i] = gan__st_find(file, name);
        bool fits = stored[i] && stored[i]->dtype == GAN__ST_F64 && stored[i]->ndim == 2 && stored[i]->dims[1] == parts[i].fields;
        if (!fits || stored[i]->dims[0] > (i ? 1 : GAN__HISTORY_ROOM)) return true;
    }
    for (int i = 0; i < GAN__WATCH_STATES; i++)
        if (!gan__st_read_f64(file, stored[i], parts[i].values)) return false;
    read_good(t, file);
    return gan__watcher_restored(t->watcher, stored[0]->dims[0]);
}
