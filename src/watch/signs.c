/* The signs (the article's section 5), each a question to the history; the first that is answered with yes is the verdict. None
 * is read off the raw loss alone, and which figures count differs by the kind of loss. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "thresholds.h"
#include "watcher_impl.h"

const gan__thresholds gan__thresholds_in_force = GAN__THRESHOLDS;
#define LIMIT (&gan__thresholds_in_force)

/* --- the history, as signs see it --------------------------------------------------------------------------- */

typedef struct view {
    const gan_watcher *w;
    const gan_loss_info *loss;
    gan_loss_kind kind;
    bool bounded; /* D's loss has a floor */
    const gan__watch_record *first, *last;
    double stalled_since; /* the step of the latest look at which W got better; of the first look if it never did */
    double best_distance;
    double early_g_grad; /* median of the first records */
} view;

static double at_least(double a, double b) { return a > b ? a : b; }
static double patient_from(const view *v) { return isfinite(v->last->patient_from) ? v->last->patient_from : 0; }
static double begin_of(const gan__watch_record *r) { return r->step - r->steps; }

static double median(double *x, int n) {
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && x[k] < x[k - 1]; k--) {
            double t = x[k];
            x[k] = x[k - 1], x[k - 1] = t;
        }
    return n ? x[n / 2] : NAN;
}

/* From when on W has not got better: no later look is better, by more than chance, than the best until then. */
static void view_distances(view *v) {
    double until[GAN__HISTORY_ROOM], after = INFINITY;
    int64_t n = v->last - v->first + 1;
    v->best_distance = INFINITY, v->stalled_since = v->last->step;
    for (int64_t i = 0; i < n; i++) {
        v->best_distance = fmin(v->best_distance, v->first[i].distance); /* of a number and NaN: the number */
        until[i] = v->best_distance;
    }
    for (int64_t i = n - 1; i >= 0 && isfinite(until[i]); i--) {
        if (after >= until[i] * (1 - LIMIT->better)) v->stalled_since = v->first[i].step;
        after = fmin(after, v->first[i].distance);
    }
    v->stalled_since = at_least(v->stalled_since, patient_from(v));
}

static view view_of(const gan_watcher *w) {
    view v = {.w = w,
              .kind = w->opts.loss.kind,
              .loss = gan_loss_info_of(w->opts.loss.kind),
              .bounded = isfinite(gan_loss_least(&w->opts.loss, w->opts.width)),
              .first = w->past.at,
              .last = w->past.at + w->past.count - 1};
    double early[8];
    int n = 0;
    for (const gan__watch_record *r = v.first; r <= v.last && n < 8; r++)
        if (isfinite(r->g_grad_mean)) early[n++] = r->g_grad_mean;
    v.early_g_grad = median(early, n);
    view_distances(&v);
    return v;
}

/* How many steps the condition has held without a break, up to now. */
typedef bool (*condition)(const view *v, const gan__watch_record *r);
static double held(const view *v, condition holds, int64_t *since) {
    double from = v->last->step;
    for (const gan__watch_record *r = v->last; r >= v->first && begin_of(r) >= patient_from(v) && holds(v, r); r--)
        from = begin_of(r);
    *since = (int64_t)from;
    return v->last->step - from;
}

/* Training may take its time: what is asked of it grows with the run. */
static double patience(const view *v, double least) { return at_least(least, LIMIT->share_of_run * v->last->step); }

static bool stalled(const view *v, double steps) { return v->last->step - v->stalled_since >= steps; }
static bool bad_samples(const gan__watch_record *r, double above) { return r->distance > above; }

/* --- 5a: D has won ------------------------------------------------------------------------------------------ */

static bool vanished(const view *v, const gan__watch_record *r) { return r->g_grad_mean < LIMIT->vanished * v->early_g_grad; }

static bool d_won(const view *v, const gan__watch_record *r) {
    bool right = r->auc > LIMIT->won_auc;
    if (v->kind == GAN_LOSS_HINGE) return right && r->active < LIMIT->won_active;
    if (v->bounded) return right && (r->level < LIMIT->won_level || (v->kind == GAN_LOSS_MINIMAX && vanished(v, r)));
    bool steep = r->slope < LIMIT->slope_low || r->slope > LIMIT->slope_high;
    bool clipped = r->clipped > LIMIT->clipped;
    return right && ((steep && r->gap > v->first->gap) || clipped || vanished(v, r));
}

static bool sign_won(const view *v, int64_t *since, char *why, size_t size) {
    double long_enough = patience(v, LIMIT->won_steps);
    double steps = held(v, d_won, since);
    const gan__watch_record *r = v->last;
    bool looked = isfinite(r->distance);
    if (steps < (looked ? long_enough : 3 * long_enough)) return false;
    if (looked && (!stalled(v, long_enough) || !bad_samples(r, LIMIT->good_distance))) return false;
    int n = snprintf(why, size, "it ranks %.2f %% of pairs of a real and a fake right", 100 * r->auc);
    if (v->kind == GAN_LOSS_HINGE)
        n += snprintf(why + n, size - (size_t)n, ", only %.1f %% of the hinge's terms are active", 100 * r->active);
    else if (v->bounded)
        n += snprintf(why + n, size - (size_t)n, ", its loss is %.2g of a constant D's", r->level);
    else
        n += snprintf(why + n, size - (size_t)n, ", scores lie %.3g apart at a slope of %.3g", r->gap, r->slope);
    if (looked)
        snprintf(why + n, size - (size_t)n, ", and samples have not got better since step %.0f (W %.3g, at best %.3g)",
                 v->stalled_since, r->distance, v->best_distance);
    return true;
}

/* --- 5b: D too weak, and equilibrium ------------------------------------------------------------------------ */

static bool at_chance(const view *v, const gan__watch_record *r) {
    if (!v->bounded) return r->gap < 2 * r->gap_dev / sqrt(at_least(r->steps, 1));
    return r->auc < LIMIT->weak_auc;
}

/* A weak D is right about all pairs at times, by next to nothing, and wrong about all at others: what counts is the mean of ranks
 * over the latest steps. */
static bool cannot_tell(const view *v, double steps) {
    double sum = 0, weight = 0;
    if (!v->bounded) return false;
    for (const gan__watch_record *r = v->last; r >= v->first && v->last->step - r->step < steps; r--)
        if (isfinite(r->auc)) sum += r->auc * r->steps, weight += r->steps;
    return weight > 0 && sum < LIMIT->weak_mean_auc * weight;
}

static void say_chance(const view *v, char *why, size_t size) {
    const gan__watch_record *r = v->last;
    if (v->bounded)
        snprintf(why, size, "it ranks %.0f %% of pairs right (chance: 50), its loss is %.2g of a constant D's, while W is %.3g",
                 100 * r->auc, r->level, r->distance);
    else
        snprintf(why, size, "scores of reals and fakes lie %.2g apart, within their noise of %.2g, while W is %.3g", r->gap,
                 r->gap_dev / sqrt(at_least(r->steps, 1)), r->distance);
}

static bool sign_weak(const view *v, int64_t *since, char *why, size_t size) {
    double steps = patience(v, LIMIT->weak_steps);
    bool all_along = held(v, at_chance, since) >= steps;
    if (!all_along && !cannot_tell(v, steps)) return false;
    if (v->last->step - at_least(begin_of(v->first), patient_from(v)) < steps) return false;
    if (!all_along) *since = (int64_t)(v->last->step - steps);
    if (!bad_samples(v->last, LIMIT->bad_distance) || !stalled(v, LIMIT->weak_steps)) return false;
    say_chance(v, why, size);
    return true;
}

static bool balanced(const view *v, const gan__watch_record *r) { return at_chance(v, r) && r->distance < LIMIT->good_distance; }

static bool sign_equilibrium(const view *v, int64_t *since, char *why, size_t size) {
    if (held(v, balanced, since) <= 0 || (v->bounded && v->last->auc < 1 - LIMIT->weak_auc)) return false;
    say_chance(v, why, size);
    return true;
}

/* --- 5c: mode collapse -------------------------------------------------------------------------------------- */

static bool repeating(const view *v, const gan__watch_record *r) {
    (void)v;
    return r->apart < LIMIT->apart || r->missing > LIMIT->missing;
}

/* What there is of samples is good, but it is of few kinds. */
static bool left_out(const view *v, const gan__watch_record *r) {
    double best = 0;
    for (const gan__watch_record *b = v->first; b <= r; b++) best = b->coverage > best ? b->coverage : best;
    bool few = r->coverage < LIMIT->coverage_of_best * best || r->reach < LIMIT->reach;
    return few && r->precision > LIMIT->some_precision && bad_samples(r, LIMIT->bad_distance);
}

static bool collapsed(const view *v, condition sign, int64_t *since, char *why, size_t size) {
    if (held(v, sign, since) < patience(v, LIMIT->collapse_steps) || !bad_samples(v->last, LIMIT->good_distance)) return false;
    const gan__watch_record *r = v->last;
    int n = snprintf(why, size, "samples cover %.0f %% of the data", 100 * r->coverage);
    if (r->missing > 0) n += snprintf(why + n, size - (size_t)n, ", %.0f %% of the classes are missing", 100 * r->missing);
    snprintf(why + n, size - (size_t)n,
             "; they reach %.2f of what held-out data reach, and lie %.2g as far apart as reals (W %.3g)", r->reach, r->apart,
             r->distance);
    return true;
}

static bool sign_repeats(const view *v, int64_t *since, char *why, size_t size) {
    return collapsed(v, repeating, since, why, size);
}

static bool sign_left_out(const view *v, int64_t *since, char *why, size_t size) {
    return stalled(v, patience(v, LIMIT->collapse_steps)) && collapsed(v, left_out, since, why, size);
}

/* --- 5d: noise ---------------------------------------------------------------------------------------------- */

static bool structureless(const view *v, const gan__watch_record *r) {
    if (at_chance(v, r)) return false; /* then that comes first */
    if (isnan(r->neighbours)) return r->precision < LIMIT->noise_precision && r->apart > LIMIT->noise_apart;
    return r->neighbours < LIMIT->noise_neighbours * r->neighbours_real && r->spectrum > LIMIT->noise_spectrum;
}

static bool sign_noise(const view *v, int64_t *since, char *why, size_t size) {
    double long_enough = patience(v, isnan(v->last->neighbours) ? LIMIT->noise_steps_points : LIMIT->noise_steps);
    if (held(v, structureless, since) < long_enough || !stalled(v, long_enough)) return false;
    if (!bad_samples(v->last, LIMIT->good_distance)) return false;
    const gan__watch_record *r = v->last;
    int n = 0;
    if (isfinite(r->neighbours))
        n = snprintf(
            why, size,
            "neighbouring pixels correlate by %.2f, the data's by %.2f, the spectrum is %.3g times as far off as held-out data's",
            r->neighbours, r->neighbours_real, r->spectrum);
    else
        n = snprintf(why, size, "%.1f %% of samples lie among the data", 100 * r->precision);
    snprintf(why + n, size - (size_t)n, ", and samples have not got better since step %.0f (W %.3g)", v->stalled_since,
             r->distance);
    return true;
}

/* --- 5e: where D's loss goes -------------------------------------------------------------------------------- */

/* A part of the history: how D's loss lies in it. */
typedef struct stretch {
    int n;
    double mean, deviation;
} stretch;

static stretch stretch_of(const gan__watch_record *from, const gan__watch_record *to) {
    stretch s = {0};
    double squares = 0;
    for (const gan__watch_record *r = from; r < to; r++)
        if (isfinite(r->d_loss_mean)) s.n++, s.mean += r->d_loss_mean;
    s.mean /= s.n ? s.n : 1;
    for (const gan__watch_record *r = from; r < to; r++)
        if (isfinite(r->d_loss_mean)) squares += (r->d_loss_mean - s.mean) * (r->d_loss_mean - s.mean);
    s.deviation = s.n ? sqrt(squares / s.n) : 0;
    return s;
}

/* The size that D's loss has by its nature; of those without a level, that of the first records. */
static double natural_size(const view *v) {
    if (v->bounded) return fabs(gan_loss_constant(&v->w->opts.loss, v->w->opts.width));
    int64_t n = v->w->past.count;
    return at_least(fabs(stretch_of(v->first, v->first + (n < 8 ? n : 8)).mean), 1e-6);
}

enum { STRETCH = 6 }; /* records */

static bool thirds(const view *v, stretch s[3]) {
    int64_t n = v->w->past.count / 4 * 3 / 3; /* of the last three quarters */
    if (n < STRETCH) return false;
    for (int i = 0; i < 3; i++) s[i] = stretch_of(v->last + 1 - (3 - i) * n, v->last + 1 - (2 - i) * n);
    return true;
}

/* What is left of the deviation from record to record without a steady course. */
static double wobble_of(const gan__watch_record *from, const gan__watch_record *to) {
    stretch s = stretch_of(from, to);
    double n = (double)(to - from), middle = (n - 1) / 2, course = 0, square = 0;
    for (const gan__watch_record *r = from; r < to; r++) {
        double at = (double)(r - from) - middle;
        if (isfinite(r->d_loss_mean)) course += at * (r->d_loss_mean - s.mean), square += at * at;
    }
    double slope = square > 0 ? course / square : 0;
    return sqrt(fmax(0, s.deviation * s.deviation - slope * slope * (n * n - 1) / 12));
}

/* From step to step, and from record to record, as a share of the loss's size. */
static double swing_of(const view *v, const gan__watch_record *from, const gan__watch_record *to) {
    double sum = 0, between = wobble_of(from, to);
    int n = 0;
    for (const gan__watch_record *r = from; r < to; r++)
        if (isfinite(r->d_loss_dev)) sum += r->d_loss_dev * r->d_loss_dev, n++;
    return sqrt((n ? sum / n : 0) + between * between) / at_least(natural_size(v), fabs(stretch_of(from, to).mean));
}

/* How often W has gone up by a good part, and down again before. */
static int swings_of_samples(const view *v) {
    int ups = 0;
    double low = INFINITY, high = 0;
    bool falling = true;
    for (const gan__watch_record *r = v->first; r <= v->last; r++) {
        if (isnan(r->distance)) continue;
        low = fmin(low, r->distance), high = fmax(high, r->distance);
        if (falling && r->distance > low * LIMIT->sample_swing) ups++, falling = false, high = r->distance;
        if (!falling && r->distance < high / LIMIT->sample_swing) falling = true, low = r->distance;
    }
    return ups;
}

static bool leads_nowhere(const view *v, double steps) {
    return bad_samples(v->last, LIMIT->bad_distance) && stalled(v, patience(v, steps));
}

/* Swings of D's loss that widen from third to third, or have been wide all along, or a burst that the run has not got over. */
static bool sign_oscillation(const view *v, int64_t *since, char *why, size_t size) {
    if (!leads_nowhere(v, LIMIT->swing_steps)) return false;
    int64_t n = v->w->past.count / 4;
    double s[3] = {0}, wide = LIMIT->wide_swing, burst = 0;
    for (int i = 0; i < 3 && n >= STRETCH; i++) s[i] = swing_of(v, v->last + 1 - (3 - i) * n, v->last + 1 - (2 - i) * n);
    for (const gan__watch_record *r = v->first; r <= v->last; r++)
        burst = fmax(burst, r->d_loss_dev / at_least(natural_size(v), fabs(r->d_loss_mean)));
    bool growing = s[1] > LIMIT->growth * s[0] && s[2] > LIMIT->growth * s[1] && s[2] > LIMIT->swing;
    bool all_wide = s[0] > wide && s[1] > wide && s[2] > wide;
    if (!growing && !all_wide && burst < LIMIT->burst) return false;
    *since = (int64_t)v->stalled_since;
    int k = snprintf(why, size, "D's loss swings by up to %.2g times its size", burst);
    if (growing || all_wide) k += snprintf(why + k, size - (size_t)k, " (of late by %.2g, %.2g, %.2g)", s[0], s[1], s[2]);
    snprintf(why + k, size - (size_t)k, ", and samples have not got better since step %.0f (W %.3g, at best %.3g)",
             v->stalled_since, v->last->distance, v->best_distance);
    return true;
}

/* Samples that get better and worse in turn. */
static bool sign_swinging_samples(const view *v, int64_t *since, char *why, size_t size) {
    int ups = swings_of_samples(v);
    if (ups < LIMIT->sample_swings || !leads_nowhere(v, LIMIT->swing_steps)) return false;
    *since = (int64_t)v->stalled_since;
    snprintf(why, size,
             "samples have got better and worse again %d times, and none better since step %.0f (W %.3g, at best %.3g)", ups,
             v->stalled_since, v->last->distance, v->best_distance);
    return true;
}

static bool sign_drift(const view *v, int64_t *since, char *why, size_t size) {
    stretch s[3];
    if (!thirds(v, s) || !leads_nowhere(v, LIMIT->drift_steps)) return false;
    double one = s[1].mean - s[0].mean, two = s[2].mean - s[1].mean, size_of = natural_size(v);
    bool steady = one * two > 0 && fabs(one) > LIMIT->drift * s[1].deviation && fabs(two) > LIMIT->drift * s[2].deviation;
    if (!steady || fabs(one + two) < LIMIT->drift_size * size_of) return false;
    *since = (int64_t)v->stalled_since;
    snprintf(why, size, "D's loss goes from %.3g by %.3g to %.3g, and samples have not got better since step %.0f (W %.3g)",
             s[0].mean, s[1].mean, s[2].mean, v->stalled_since, v->last->distance);
    return true;
}

/* --- 5g: a sign error --------------------------------------------------------------------------------------- */

/* D is content with what it is trained on although it takes fakes for the more real ones; or it is trained to call fakes what G
 * wants them called. */
static bool cooperate(const view *v, const gan__watch_record *r) {
    const gan_loss *l = &v->w->opts.loss;
    if (v->loss->takes_targets) {
        double wish = v->kind == GAN_LOSS_MINIMAX ? 1 : l->gen_target;
        bool reversed = fabs(wish - r->fake_target) < fabs(wish - r->real_target);
        if (reversed) return r->auc > 1 - LIMIT->sign_auc && r->own_level < LIMIT->sign_level;
    }
    if (v->bounded) return r->auc < LIMIT->sign_auc && r->own_level < LIMIT->sign_level;
    return r->auc < LIMIT->sign_auc && r->d_loss_mean < r->gap / 2; /* trained on the contrary of reals less fakes */
}

static bool sign_sign(const view *v, int64_t *since, char *why, size_t size) {
    if (held(v, cooperate, since) < LIMIT->sign_steps) return false;
    const gan__watch_record *r = v->last;
    int n = snprintf(why, size, "D's loss is %.3g and G's %.3g", r->d_loss_mean, r->g_loss_mean);
    if (isfinite(r->own_level)) n += snprintf(why + n, size - (size_t)n, ", D's at %.2g of a constant D's", r->own_level);
    snprintf(why + n, size - (size_t)n,
             ": both are content, so they work for one another; D ranks %.0f %% of pairs as it is told to", 100 * r->auc);
    return true;
}

/* --- 5h: D knows its samples by heart ----------------------------------------------------------------------- */

static bool by_heart(const view *v, const gan__watch_record *r) {
    (void)v;
    return r->memory > LIMIT->memory && r->memory > LIMIT->memory_errors * r->memory_error;
}

static bool sign_memorises(const view *v, int64_t *since, char *why, size_t size) {
    if (held(v, by_heart, since) < patience(v, LIMIT->memory_steps)) return false;
    snprintf(why, size, "held-out data lie %.0f %% of the way from training data to fakes in D's eyes (error %.0f %%)",
             100 * v->last->memory, 100 * v->last->memory_error);
    return true;
}

/* --- the verdict -------------------------------------------------------------------------------------------- */

typedef bool (*sign_fn)(const view *v, int64_t *since, char *why, size_t size);

/* The first that holds is it: causes before what they cause. */
static const struct {
    gan_watch_kind kind;
    sign_fn holds;
} signs[] = {
    {GAN_WATCH_SIGN_ERROR, sign_sign},
    {GAN_WATCH_COLLAPSE, sign_repeats},
    {GAN_WATCH_D_WON, sign_won},
    {GAN_WATCH_OSCILLATION, sign_oscillation},
    {GAN_WATCH_D_WEAK, sign_weak},
    {GAN_WATCH_NOISE, sign_noise},
    {GAN_WATCH_COLLAPSE, sign_left_out},
    {GAN_WATCH_MEMORISES, sign_memorises},
    {GAN_WATCH_OSCILLATION, sign_swinging_samples},
    {GAN_WATCH_DRIFT, sign_drift},
    {GAN_WATCH_EQUILIBRIUM, sign_equilibrium},
};

static void compose(gan_watch_verdict *d, const char *why) {
    snprintf(d->text, sizeof d->text, "%s since step %" PRId64 ": %.420s", gan_watch_title(d->kind), d->since, why);
}

static void say_healthy(const gan_watcher *w, gan_watch_verdict *d) {
    const gan__watch_record *r = w->past.count ? &w->past.at[w->past.count - 1] : NULL;
    int n = snprintf(d->text, sizeof d->text, "%s", gan_watch_title(GAN_WATCH_HEALTHY));
    char *more = d->text + n;
    size_t room = sizeof d->text - (size_t)n;
    if (!r)
        snprintf(more, room, ": too early to tell");
    else if (isfinite(r->distance))
        snprintf(more, room, ": D ranks %.0f %% of pairs right, W is %.3g, coverage %.2f", 100 * r->auc, r->distance,
                 r->coverage);
    else
        snprintf(more, room, ": D ranks %.0f %% of pairs right; no samples have been looked at yet", 100 * r->auc);
}

static bool nonfinite(const gan_watcher *w, gan_watch_verdict *d) {
    if (w->now.bad_in_row < w->opts.patience) return false;
    d->kind = GAN_WATCH_NONFINITE;
    d->step = d->since = (int64_t)w->now.bad_since;
    char why[GAN__MESSAGE + 64];
    snprintf(why, sizeof why, "%.0f steps in a row were not taken: %s", w->now.bad_in_row, w->bad);
    compose(d, why);
    return true;
}

gan_watch_verdict gan__watch_read(const gan_watcher *w) {
    gan_watch_verdict d = {.kind = GAN_WATCH_HEALTHY};
    if (nonfinite(w, &d)) {
        gan__watch_remedies(w, &d);
        return d;
    }
    char why[GAN_WATCH_TEXT];
    if (w->past.count) {
        view v = view_of(w);
        d.step = (int64_t)v.last->step;
        for (size_t i = 0; i < sizeof signs / sizeof *signs && d.kind == GAN_WATCH_HEALTHY; i++)
            if (signs[i].holds(&v, &d.since, why, sizeof why)) d.kind = signs[i].kind;
    }
    if (d.kind == GAN_WATCH_HEALTHY)
        d.since = 0, say_healthy(w, &d);
    else
        compose(&d, why);
    gan__watch_remedies(w, &d);
    return d;
}
