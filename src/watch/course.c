/* Where D's loss goes, and with it the samples: down and up and settling is as it should be; swings and drift are signs (5e). */
#include <math.h>
#include <stdio.h>

#include "view.h"

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
static double natural_size(const gan__view *v) {
    if (v->bounded) return fabs(gan_loss_constant(&v->w->opts.loss, v->w->opts.width));
    int64_t n = v->w->past.count;
    return gan__at_least(fabs(stretch_of(v->first, v->first + (n < 8 ? n : 8)).mean), 1e-6);
}

enum { STRETCH = 6 }; /* records */

static bool thirds(const gan__view *v, stretch s[3]) {
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
static double swing_of(const gan__view *v, const gan__watch_record *from, const gan__watch_record *to) {
    double sum = 0, between = wobble_of(from, to);
    int n = 0;
    for (const gan__watch_record *r = from; r < to; r++)
        if (isfinite(r->d_loss_dev)) sum += r->d_loss_dev * r->d_loss_dev, n++;
    return sqrt((n ? sum / n : 0) + between * between) / gan__at_least(natural_size(v), fabs(stretch_of(from, to).mean));
}

/* How often W has gone up by a good part, and down again before. */
static int swings_of_samples(const gan__view *v) {
    int ups = 0;
    double low = INFINITY, high = 0;
    bool falling = true;
    for (const gan__watch_record *r = v->first; r <= v->last; r++) {
        if (isnan(r->distance)) continue;
        low = fmin(low, r->distance), high = fmax(high, r->distance);
        if (falling && r->distance > low * GAN__LIMIT->sample_swing) ups++, falling = false, high = r->distance;
        if (!falling && r->distance < high / GAN__LIMIT->sample_swing) falling = true, low = r->distance;
    }
    return ups;
}

static bool leads_nowhere(const gan__view *v, double steps) {
    return gan__bad_samples(v->last, GAN__LIMIT->bad_distance) && gan__stalled(v, gan__patience(v, steps));
}

/* How far a step moves a player's weights, of late and at most, as a share of their size. */
typedef struct strides {
    double of_late, most;
} strides;

static strides strides_of(const gan__view *v, double steps) {
    double d = 0, g = 0, n_d = 0, n_g = 0, most = 0;
    for (const gan__watch_record *r = v->last; r >= v->first; r--) {
        bool late = v->last->step - r->step < steps;
        if (late && isfinite(r->d_update)) d += r->d_update, n_d++;
        if (late && isfinite(r->g_update)) g += r->g_update, n_g++;
        most = fmax(most, fmax(r->d_update, r->g_update));
    }
    return (strides){fmax(n_d > 0 ? d / n_d : 0, n_g > 0 ? g / n_g : 0), most};
}

static void say_strides(const gan__view *v, strides s, int64_t *since, char *why, size_t size) {
    *since = (int64_t)v->stalled_since;
    snprintf(
        why, size,
        "a step moves weights by %.2g of their size, at most by %.2g: the rate is too high; samples have not got better since "
        "step %.0f (W %.3g, at best %.3g)",
        s.of_late, s.most, v->stalled_since, v->last->distance, v->best_distance);
}

/* Weights that one step has moved further than they were large: what they had learnt is lost. */
bool gan__sign_thrown(const gan__view *v, int64_t *since, char *why, size_t size) {
    strides s = strides_of(v, GAN__LIMIT->swing_steps);
    if (s.most < GAN__LIMIT->thrown || !leads_nowhere(v, GAN__LIMIT->swing_steps)) return false;
    say_strides(v, s, since, why, size);
    return true;
}

bool gan__restless(const gan__view *v) {
    return strides_of(v, gan__patience(v, GAN__LIMIT->restless_steps)).of_late >= GAN__LIMIT->restless;
}

bool gan__sign_restless(const gan__view *v, int64_t *since, char *why, size_t size) {
    if (!gan__restless(v) || !leads_nowhere(v, GAN__LIMIT->restless_steps)) return false;
    say_strides(v, strides_of(v, gan__patience(v, GAN__LIMIT->restless_steps)), since, why, size);
    return true;
}

/* Swings of D's loss that widen from third to third, or have been wide all along, or a burst that the run has not got over.
 * Scores have no size that swings could be compared with. */
bool gan__sign_oscillation(const gan__view *v, int64_t *since, char *why, size_t size) {
    if (!v->bounded || !leads_nowhere(v, GAN__LIMIT->swing_steps)) return false;
    int64_t n = v->w->past.count / 4;
    double s[3] = {0}, wide = n < STRETCH ? GAN__LIMIT->early_swing : GAN__LIMIT->wide_swing, burst = 0;
    for (int i = 0; i < 3 && n >= STRETCH / 2; i++) s[i] = swing_of(v, v->last + 1 - (3 - i) * n, v->last + 1 - (2 - i) * n);
    for (const gan__watch_record *r = v->first; r <= v->last; r++)
        burst = fmax(burst, r->d_loss_dev / gan__at_least(natural_size(v), fabs(r->d_loss_mean)));
    bool growing =
        n >= STRETCH && s[1] > GAN__LIMIT->growth * s[0] && s[2] > GAN__LIMIT->growth * s[1] && s[2] > GAN__LIMIT->swing;
    bool all_wide = s[0] > wide && s[1] > wide && s[2] > wide;
    if (!growing && !all_wide && burst < GAN__LIMIT->burst) return false;
    *since = (int64_t)v->stalled_since;
    int k = snprintf(why, size, "D's loss swings by up to %.2g times its size", burst);
    if (growing || all_wide) k += snprintf(why + k, size - (size_t)k, " (of late by %.2g, %.2g, %.2g)", s[0], s[1], s[2]);
    snprintf(why + k, size - (size_t)k, ", and samples have not got better since step %.0f (W %.3g, at best %.3g)",
             v->stalled_since, v->last->distance, v->best_distance);
    return true;
}

/* Samples that get better and worse in turn. */
bool gan__sign_swinging_samples(const gan__view *v, int64_t *since, char *why, size_t size) {
    int ups = swings_of_samples(v);
    if (ups < GAN__LIMIT->sample_swings || !leads_nowhere(v, GAN__LIMIT->sample_steps)) return false;
    *since = (int64_t)v->stalled_since;
    snprintf(why, size,
             "samples have got better and worse again %d times, and none better since step %.0f (W %.3g, at best %.3g)", ups,
             v->stalled_since, v->last->distance, v->best_distance);
    return true;
}

bool gan__sign_drift(const gan__view *v, int64_t *since, char *why, size_t size) {
    stretch s[3];
    if (!thirds(v, s) || !leads_nowhere(v, GAN__LIMIT->drift_steps)) return false;
    double one = s[1].mean - s[0].mean, two = s[2].mean - s[1].mean, size_of = natural_size(v);
    bool steady =
        one * two > 0 && fabs(one) > GAN__LIMIT->drift * s[1].deviation && fabs(two) > GAN__LIMIT->drift * s[2].deviation;
    if (!steady || fabs(one + two) < GAN__LIMIT->drift_size * size_of) return false;
    *since = (int64_t)v->stalled_since;
    snprintf(why, size, "D's loss goes from %.3g by %.3g to %.3g, and samples have not got better since step %.0f (W %.3g)",
             s[0].mean, s[1].mean, s[2].mean, v->stalled_since, v->last->distance);
    return true;
}
