/* The watcher as an object: steps into records, records into a history. */
#include "watcher_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../loss/loss_impl.h"

_Static_assert(sizeof(gan_watch_signals) == GAN__SIGNALS * sizeof(double), "signals are a row of doubles");
_Static_assert(sizeof(gan__window) == GAN__WINDOW_FIELDS * sizeof(double), "a window is a row of doubles");

#define TARGET_MEMORY .98 /* of the moving means of targets: some fifty steps */

/* --- making ----------------------------------------------------------------------------------------------- */

bool gan_watcher_is_nil(const gan_watcher *w) { return !w || !w->object.destroy; }

static gan_ctx *watcher_ctx(const gan_watcher *w, const char *who) {
    gan_ctx *ctx = w ? w->object.ctx : gan__nil_ctx();
    if (gan_watcher_is_nil(w)) gan__raise(ctx, GAN_E_ARG, "%s: the watcher is nil", who);
    return ctx;
}

static void destroy(gan__object *object) {
    gan_watcher *w = (gan_watcher *)object;
    gan__free(object->ctx, w->past.at);
    gan__free(object->ctx, w);
}

void gan_watcher_free(gan_watcher *w) {
    if (gan_watcher_is_nil(w)) return;
    gan__disown(&w->object);
    destroy(&w->object);
}

static bool opts_valid(gan_ctx *ctx, gan_watch_opts *o, const char *who) {
    if (!o->width) o->width = gan_loss_width(o->loss.kind, 0, 0);
    if (!o->window) o->window = 50;
    if (!o->patience) o->patience = 10;
    if (!gan__loss_valid(ctx, &o->loss, who)) return false;
    if (o->width < 0 || o->window < 1 || o->patience < 1)
        gan__raise(ctx, GAN_E_ARG, "%s: width %lld, window %lld, patience %d: none can be negative", who, (long long)o->width,
                   (long long)o->window, o->patience);
    else if (isnan(gan_loss_constant(&o->loss, o->width)))
        gan__raise(ctx, GAN_E_ARG, "%s: D has no %lld outputs per sample with the %s loss", who, (long long)o->width,
                   gan_loss_name(o->loss.kind));
    return gan__ok(ctx);
}

gan_watcher *gan_watcher_new(gan_ctx *ctx, gan_watch_opts opts) {
    gan_watcher *w = opts_valid(ctx, &opts, "gan_watcher_new") ? gan__calloc(ctx, sizeof *w) : NULL;
    gan__watch_record *records = w ? gan__calloc(ctx, GAN__HISTORY_ROOM * sizeof *records) : NULL;
    if (!records) {
        gan__free(ctx, w);
        return (gan_watcher *)&ctx->none;
    }
    w->opts = opts;
    if (opts.in_use) snprintf(w->in_use, sizeof w->in_use, "%s", opts.in_use);
    w->opts.in_use = w->in_use;
    w->past.at = records;
    w->look = gan__watch_record_unknown();
    w->now.real_target = opts.loss.real_target, w->now.fake_target = opts.loss.fake_target;
    gan__own(ctx, &w->object, destroy);
    w->verdict = gan__watch_read(w);
    return w;
}

/* --- one step's signals ----------------------------------------------------------------------------------- */

gan_watch_signals gan_watch_signals_none(void) {
    gan_watch_signals s;
    double *x = (double *)&s;
    for (int i = 0; i < GAN__SIGNALS; i++) x[i] = NAN;
    return s;
}

static double mean_of(const gan_tensor *t) {
    const gan_real *x = gan_data(t);
    int64_t n = gan_count(t);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return n ? sum / (double)n : NAN;
}

static double share_above(const gan_tensor *t, double sign) {
    const gan_real *x = gan_data(t);
    int64_t n = gan_count(t), above = 0;
    for (int64_t i = 0; i < n; i++) above += 1 + sign * x[i] > 0;
    return n ? (double)above / (double)n : NAN;
}

static void follow(double *mean, double now) {
    if (isfinite(now)) *mean = TARGET_MEMORY * *mean + (1 - TARGET_MEMORY) * now;
}

static double within_unit(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

/* The loss with the mean targets of late as its constants: what is left of a D that knows which samples will be flipped is not
 * its merit. */
static gan_loss typical(const gan_watcher *w) {
    gan_loss l = w->opts.loss;
    bool unit = gan_loss_info_of(l.kind)->unit_targets;
    l.real_target = unit ? within_unit(w->now.real_target) : w->now.real_target;
    l.fake_target = unit ? within_unit(w->now.fake_target) : w->now.fake_target;
    return l;
}

/* 1 for the best constant D, 0 for the best of all; NaN where losses have no floor. */
static double level_of(const gan_loss *l, int64_t width, double loss) {
    double least = gan_loss_least(l, width), constant = gan_loss_constant(l, width);
    return isfinite(least) && constant > least ? (loss - least) / (constant - least) : NAN;
}

void gan_watcher_judge(const gan_watcher *w, gan_verdict v, gan_watch_signals *s) {
    gan_ctx *ctx = watcher_ctx(w, "gan_watcher_judge");
    if (!gan__ok(ctx)) return;
    gan_scope_begin(ctx);
    gan_no_record_begin(ctx);
    if (v.real_target) s->real_target = mean_of(v.real_target);
    if (v.fake_target) s->fake_target = mean_of(v.fake_target);
    const gan_loss l = typical(w);
    v.real = gan_detach(v.real), v.fake = gan_detach(v.fake);
    v.real_target = v.fake_target = NULL;
    gan_tensor *real = gan_loss_realness(&l, v.real), *fake = gan_loss_realness(&l, v.fake);
    double loss = gan_item(gan_loss_d(&l, v));
    if (isfinite(loss) && gan__ok(ctx)) {
        s->level = level_of(&l, w->opts.width, loss);
        s->gap = mean_of(real) - mean_of(fake);
        s->auc = gan_auc(real, fake);
        if (l.real_target < l.fake_target) s->auc = 1 - s->auc;
        if (l.kind == GAN_LOSS_HINGE) s->active = (share_above(real, -1) + share_above(fake, 1)) / 2;
    }
    gan_no_record_end(ctx);
    gan_scope_end(ctx);
}

/* --- records ---------------------------------------------------------------------------------------------- */

#define AT(field) (offsetof(gan_watch_signals, field) / sizeof(double))

static double mean(const gan__window *n, size_t i) { return n->known[i] ? n->sum[i] / n->known[i] : NAN; }

static double deviation(const gan__window *n, size_t i) {
    if (n->known[i] < 2) return NAN;
    double m = mean(n, i);
    return sqrt(fmax(0, n->square[i] / n->known[i] - m * m));
}

static gan__watch_record complete(const gan_watcher *w, int64_t step) {
    const gan__window *n = &w->now;
    gan__watch_record r = w->look;
    r.step = (double)step, r.steps = n->steps, r.bad_steps = n->bad_steps;
    r.d_loss_mean = mean(n, AT(d_loss)), r.d_loss_dev = deviation(n, AT(d_loss));
    r.g_loss_mean = mean(n, AT(g_loss));
    r.d_grad_mean = mean(n, AT(d_grad_norm)), r.g_grad_mean = mean(n, AT(g_grad_norm));
    r.d_grad_most = n->known[AT(d_grad_norm)] ? n->most[AT(d_grad_norm)] : NAN;
    r.d_update = mean(n, AT(d_update)), r.g_update = mean(n, AT(g_update));
    r.level = mean(n, AT(level)), r.auc = mean(n, AT(auc)), r.active = mean(n, AT(active));
    r.gap = mean(n, AT(gap)), r.gap_dev = deviation(n, AT(gap));
    r.own_level = n->own_known ? n->own_sum / n->own_known : NAN;
    r.patient_from = n->patient_from;
    r.real_target = n->real_target, r.fake_target = n->fake_target;
    return r;
}

static void begin_window(gan_watcher *w) {
    w->now =
        (gan__window){.real_target = w->now.real_target, .fake_target = w->now.fake_target, .patient_from = w->now.patient_from};
    w->look = gan__watch_record_unknown();
}

void gan__watcher_take(gan_watcher *w, gan__watch_record r) {
    gan__history_add(&w->past, r);
    w->verdict = gan__watch_read(w);
}

static void note(gan__window *n, const gan_watch_signals *signals) {
    const double *x = (const double *)signals;
    for (int i = 0; i < GAN__SIGNALS; i++) {
        if (!isfinite(x[i])) continue;
        n->sum[i] += x[i], n->square[i] += x[i] * x[i];
        n->most[i] = n->known[i]++ ? fmax(n->most[i], x[i]) : x[i];
    }
}

void gan_watcher_step(gan_watcher *w, int64_t step, const gan_watch_signals *signals) {
    gan_ctx *ctx = watcher_ctx(w, "gan_watcher_step");
    if (!gan__ok(ctx)) return;
    gan__window *n = &w->now;
    const gan_loss l = typical(w);
    double own = level_of(&l, w->opts.width, signals->d_loss);
    note(n, signals);
    follow(&n->real_target, signals->real_target), follow(&n->fake_target, signals->fake_target);
    if (isfinite(own)) n->own_sum += own, n->own_known++;
    n->bad_in_row = n->bad_since = 0;
    n->steps++;
    if (step % w->opts.window) return;
    gan__watch_record r = complete(w, step);
    begin_window(w);
    gan__watcher_take(w, r);
}

void gan_watcher_bad_step(gan_watcher *w, int64_t step, const char *what) {
    if (gan_watcher_is_nil(w)) {
        watcher_ctx(w, "gan_watcher_bad_step");
        return;
    }
    gan__window *n = &w->now;
    n->bad_steps++;
    if (n->bad_in_row++ == 0) n->bad_since = (double)step;
    if (what) snprintf(w->bad, sizeof w->bad, "%s", what); /* what came first stays */
    w->verdict = gan__watch_read(w);
}

void gan__watcher_forget_bad_steps(gan_watcher *w) {
    w->now.bad_steps -= w->now.bad_in_row;
    w->now.bad_in_row = w->now.bad_since = 0;
}

void gan_watcher_forgive(gan_watcher *w) {
    if (gan_watcher_is_nil(w)) {
        watcher_ctx(w, "gan_watcher_forgive");
        return;
    }
    gan__watcher_forget_bad_steps(w);
    w->now.patient_from = w->past.count ? w->past.at[w->past.count - 1].step : 0;
}

gan_watch_verdict gan_watcher_verdict(const gan_watcher *w) {
    if (gan_watcher_is_nil(w)) return (gan_watch_verdict){.text = "no watcher"};
    return w->verdict;
}

const gan__watch_record *gan__watcher_fresh(const gan_watcher *w, int64_t step) {
    const gan__watch_record *last = w->past.count ? &w->past.at[w->past.count - 1] : NULL;
    return last && last->step == (double)step ? last : NULL;
}

/* --- state ------------------------------------------------------------------------------------------------ */

void gan__watcher_state(gan_watcher *w, gan__watch_state parts[GAN__WATCH_STATES]) {
    parts[0] = (gan__watch_state){"past", w->past.count, GAN__RECORD_FIELDS, (double *)w->past.at};
    parts[1] = (gan__watch_state){"window", 1, GAN__WINDOW_FIELDS, (double *)&w->now};
    parts[2] = (gan__watch_state){"look", 1, GAN__RECORD_FIELDS, (double *)&w->look};
}

bool gan__watcher_restored(gan_watcher *w, int64_t records) {
    if (records < 0 || records > GAN__HISTORY_ROOM) return false;
    w->past.count = records;
    w->verdict = gan__watch_read(w);
    return true;
}
