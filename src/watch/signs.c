/* The signs (the article's section 5), each a question to the history; the first that is answered with yes is the verdict. None
 * is read off the raw loss alone, and which figures count differs by the kind of loss. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "view.h"

/* --- 5a: D has won ------------------------------------------------------------------------------------------ */

static bool vanished(const gan__view *v, const gan__watch_record *r) {
    return r->g_grad_mean < GAN__LIMIT->vanished * v->early_g_grad;
}

static bool d_won(const gan__view *v, const gan__watch_record *r) {
    bool right = r->auc > GAN__LIMIT->won_auc;
    if (v->kind == GAN_LOSS_HINGE) return right && r->active < GAN__LIMIT->won_active;
    if (v->bounded) return right && (r->level < GAN__LIMIT->won_level || (v->kind == GAN_LOSS_MINIMAX && vanished(v, r)));
    bool steep = r->slope < GAN__LIMIT->slope_low || r->slope > GAN__LIMIT->slope_high;
    bool clipped = r->clipped > GAN__LIMIT->clipped;
    return right && ((steep && r->gap > v->first->gap) || clipped || vanished(v, r));
}

static bool sign_won(const gan__view *v, int64_t *since, char *why, size_t size) {
    double long_enough = gan__patience(v, GAN__LIMIT->won_steps);
    double steps = gan__held(v, d_won, since);
    const gan__watch_record *r = v->last;
    bool looked = isfinite(r->distance);
    if (steps < (looked ? long_enough : 3 * long_enough)) return false;
    if (looked && (!gan__stalled(v, long_enough) || !gan__bad_samples(r, GAN__LIMIT->good_distance))) return false;
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

static bool at_chance(const gan__view *v, const gan__watch_record *r) {
    if (!v->bounded) return r->gap < 2 * r->gap_dev / sqrt(gan__at_least(r->steps, 1));
    return r->auc < GAN__LIMIT->weak_auc;
}

/* A weak D is right about all pairs at times, by next to nothing, and wrong about all at others: what counts is the mean of ranks
 * over the latest steps, and how far its loss is from a constant D's. */
typedef struct late {
    double auc, merit; /* how far D's loss is from a constant D's; NaN: not known */
} late;

static late late_of(const gan__view *v, double steps) {
    double auc = 0, merit = 0, n_auc = 0, n_merit = 0;
    for (const gan__watch_record *r = v->last; r >= v->first && v->last->step - r->step < steps; r--) {
        if (isfinite(r->auc)) auc += r->auc * r->steps, n_auc += r->steps;
        if (isfinite(r->level)) merit += fabs(1 - r->level) * r->steps, n_merit += r->steps;
    }
    return (late){n_auc > 0 ? auc / n_auc : NAN, n_merit > 0 ? merit / n_merit : NAN};
}

/* Steps that signs may rest on. */
static double seen(const gan__view *v) { return v->last->step - gan__at_least(gan__begin_of(v->first), gan__patient_from(v)); }

static void say_chance(const gan__view *v, char *why, size_t size) {
    const gan__watch_record *r = v->last;
    if (v->bounded || v->last->auc < GAN__LIMIT->fooled_auc)
        snprintf(why, size, "it ranks %.0f %% of pairs right (chance: 50), its loss is %.2g of a constant D's, while W is %.3g",
                 100 * r->auc, r->level, r->distance);
    else
        snprintf(why, size, "scores of reals and fakes lie %.2g apart, within their noise of %.2g, while W is %.3g", r->gap,
                 r->gap_dev / sqrt(gan__at_least(r->steps, 1)), r->distance);
}

static bool all_alike(const gan__watch_record *r) { return r->apart < GAN__LIMIT->alike || r->spread < GAN__LIMIT->alike; }

/* What D cannot tell from its training data may still be far from other data. Samples that cover half of the data are not bad,
 * however W, which counts in the width of the data's modes, sees them. */
static bool far_from_its_data(const gan__view *v) {
    const gan__watch_record *r = v->last;
    bool covers = isnan(r->own_distance) && r->coverage >= GAN__LIMIT->good_coverage;
    return gan__own_distance(r) > GAN__LIMIT->weak_distance && !covers;
}

static bool sign_weak(const gan__view *v, int64_t *since, char *why, size_t size) {
    double steps = gan__patience(v, GAN__LIMIT->weak_steps);
    bool all_along = gan__held(v, at_chance, since) >= steps;
    late d = late_of(v, steps);
    if (!all_along && !(d.auc < GAN__LIMIT->weak_mean_auc) && !(d.merit < GAN__LIMIT->weak_merit)) return false;
    if (seen(v) < steps || !far_from_its_data(v) || !gan__slow(v, steps)) return false;
    if (all_alike(v->last) || gan__restless(v)) return false; /* D is not to blame for a G that makes one sample, or for rates */
    if (!all_along) *since = (int64_t)(v->last->step - steps);
    say_chance(v, why, size);
    return true;
}

/* A D that takes nearly every fake for more real than any real has not kept up at all; whatever G does then is not G's fault. */
static bool sign_fooled(const gan__view *v, int64_t *since, char *why, size_t size) {
    double steps = gan__patience(v, GAN__LIMIT->fooled_steps);
    if (seen(v) < steps || !(late_of(v, steps).auc < GAN__LIMIT->fooled_auc)) return false;
    if (!far_from_its_data(v) || !gan__stalled(v, steps)) return false;
    *since = (int64_t)(v->last->step - steps);
    say_chance(v, why, size);
    return true;
}

static bool balanced(const gan__view *v, const gan__watch_record *r) {
    return at_chance(v, r) && r->distance < GAN__LIMIT->good_distance;
}

static bool sign_equilibrium(const gan__view *v, int64_t *since, char *why, size_t size) {
    if (gan__held(v, balanced, since) <= 0 || (v->bounded && v->last->auc < 1 - GAN__LIMIT->weak_auc)) return false;
    say_chance(v, why, size);
    return true;
}

/* --- 5c: mode collapse -------------------------------------------------------------------------------------- */

static bool repeating(const gan__view *v, const gan__watch_record *r) {
    (void)v;
    return r->apart < GAN__LIMIT->apart || r->missing > GAN__LIMIT->missing;
}

/* What there is of samples is good, but it is of few kinds. */
static bool left_out(const gan__view *v, const gan__watch_record *r) {
    double best = 0;
    for (const gan__watch_record *b = v->first; b <= r; b++) best = b->coverage > best ? b->coverage : best;
    bool few = r->coverage < GAN__LIMIT->coverage_of_best * best || r->reach < GAN__LIMIT->reach;
    bool good_so_far = r->precision > GAN__LIMIT->some_precision || gan__own_distance(r) < r->distance / 2;
    return few && good_so_far && gan__bad_samples(r, GAN__LIMIT->bad_distance);
}

static bool collapsed(const gan__view *v, gan__condition sign, int64_t *since, char *why, size_t size) {
    if (gan__held(v, sign, since) < gan__patience(v, GAN__LIMIT->collapse_steps)) return false;
    const gan__watch_record *r = v->last;
    int n = snprintf(why, size, "samples cover %.0f %% of the data", 100 * r->coverage);
    if (r->missing > 0) n += snprintf(why + n, size - (size_t)n, ", %.0f %% of the classes are missing", 100 * r->missing);
    snprintf(why + n, size - (size_t)n,
             "; they reach %.2f of what held-out data reach, and lie %.2g as far apart as reals (W %.3g)", r->reach, r->apart,
             r->distance);
    return true;
}

static bool sign_repeats(const gan__view *v, int64_t *since, char *why, size_t size) {
    return collapsed(v, repeating, since, why, size);
}

static bool sign_left_out(const gan__view *v, int64_t *since, char *why, size_t size) {
    bool others = gan__own_distance(v->last) < v->last->distance / 2; /* what D is trained on is reached, other data are not */
    bool bad = v->last->coverage < GAN__LIMIT->good_coverage && gan__stalled(v, gan__patience(v, GAN__LIMIT->left_out_steps));
    return (others || bad) && collapsed(v, left_out, since, why, size);
}

/* --- 5d: noise ---------------------------------------------------------------------------------------------- */

static bool structureless(const gan__view *v, const gan__watch_record *r) {
    if (at_chance(v, r) || all_alike(r)) return false; /* then that comes first */
    if (isnan(r->neighbours)) return r->precision < GAN__LIMIT->noise_precision && r->apart > GAN__LIMIT->noise_apart;
    return r->neighbours < GAN__LIMIT->noise_neighbours * r->neighbours_real && r->spectrum > GAN__LIMIT->noise_spectrum;
}

static bool sign_noise(const gan__view *v, int64_t *since, char *why, size_t size) {
    double long_enough = gan__patience(v, isnan(v->last->neighbours) ? GAN__LIMIT->noise_points_steps : GAN__LIMIT->noise_steps);
    if (gan__held(v, structureless, since) < long_enough || !gan__stalled(v, long_enough)) return false;
    if (!gan__bad_samples(v->last, GAN__LIMIT->good_distance)) return false;
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

/* --- 5g: a sign error --------------------------------------------------------------------------------------- */

/* D is content with what it is trained on although it takes fakes for the more real ones; or it is trained to call fakes what G
 * wants them called. */
static bool cooperate(const gan__view *v, const gan__watch_record *r) {
    const gan_loss *l = &v->w->opts.loss;
    if (v->loss->takes_targets) {
        double wish = v->kind == GAN_LOSS_MINIMAX ? 1 : l->gen_target;
        bool reversed = fabs(wish - r->fake_target) < fabs(wish - r->real_target);
        if (reversed) return r->auc > 1 - GAN__LIMIT->sign_auc && r->own_level < GAN__LIMIT->sign_level;
    }
    if (v->bounded) return r->auc < GAN__LIMIT->sign_auc && r->own_level < GAN__LIMIT->sign_level;
    return r->auc < GAN__LIMIT->sign_auc && r->d_loss_mean < r->gap / 2; /* trained on the contrary of reals less fakes */
}

static bool sign_sign(const gan__view *v, int64_t *since, char *why, size_t size) {
    if (gan__held(v, cooperate, since) < GAN__LIMIT->sign_steps) return false;
    const gan__watch_record *r = v->last;
    int n = snprintf(why, size, "D's loss is %.3g and G's %.3g", r->d_loss_mean, r->g_loss_mean);
    if (isfinite(r->own_level)) n += snprintf(why + n, size - (size_t)n, ", D's at %.2g of a constant D's", r->own_level);
    snprintf(why + n, size - (size_t)n,
             ": both are content, so they work for one another; D ranks %.0f %% of pairs as it is told to", 100 * r->auc);
    return true;
}

/* --- 5h: D knows its samples by heart ----------------------------------------------------------------------- */

static bool by_heart(const gan__view *v, const gan__watch_record *r) {
    (void)v;
    return r->memory > GAN__LIMIT->memory && r->memory > GAN__LIMIT->memory_errors * r->memory_error;
}

static bool sign_memorises(const gan__view *v, int64_t *since, char *why, size_t size) {
    if (gan__held(v, by_heart, since) < gan__patience(v, GAN__LIMIT->memory_steps)) return false;
    snprintf(why, size, "held-out data lie %.0f %% of the way from training data to fakes in D's eyes (error %.0f %%)",
             100 * v->last->memory, 100 * v->last->memory_error);
    return true;
}

/* --- the verdict -------------------------------------------------------------------------------------------- */

/* The first that holds is it: causes before what they cause. */
static const struct {
    gan_watch_kind kind;
    gan__sign holds;
} signs[] = {
    {GAN_WATCH_SIGN_ERROR, sign_sign},
    {GAN_WATCH_OSCILLATION, gan__sign_thrown},
    {GAN_WATCH_D_WEAK, sign_fooled},
    {GAN_WATCH_COLLAPSE, sign_repeats},
    {GAN_WATCH_D_WON, sign_won},
    {GAN_WATCH_OSCILLATION, gan__sign_oscillation},
    {GAN_WATCH_OSCILLATION, gan__sign_restless},
    {GAN_WATCH_D_WEAK, sign_weak},
    {GAN_WATCH_NOISE, sign_noise},
    {GAN_WATCH_COLLAPSE, sign_left_out},
    {GAN_WATCH_MEMORISES, sign_memorises},
    {GAN_WATCH_OSCILLATION, gan__sign_swinging_samples},
    {GAN_WATCH_DRIFT, gan__sign_drift},
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
        gan__view v = gan__view_of(w);
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
