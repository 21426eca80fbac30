#include "view.h"

#include <math.h>

const gan__thresholds gan__thresholds_in_force = {
#define VALUE(name, value) .name = value,
    GAN__THRESHOLDS(VALUE)
#undef VALUE
};

double gan__at_least(double a, double b) { return a > b ? a : b; }
double gan__patient_from(const gan__view *v) { return isfinite(v->last->patient_from) ? v->last->patient_from : 0; }
double gan__begin_of(const gan__watch_record *r) { return r->step - r->steps; }

static double median(double *x, int n) {
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && x[k] < x[k - 1]; k--) {
            double t = x[k];
            x[k] = x[k - 1], x[k - 1] = t;
        }
    return n ? x[n / 2] : NAN;
}

/* From when on W has not got better: no later look is better, by more than chance, than the best until then. */
static void view_distances(gan__view *v) {
    double until[GAN__HISTORY_ROOM], after = INFINITY;
    int64_t n = v->last - v->first + 1;
    v->best_distance = INFINITY, v->stalled_since = v->last->step;
    for (int64_t i = 0; i < n; i++) {
        v->best_distance = fmin(v->best_distance, v->first[i].distance); /* of a number and NaN: the number */
        until[i] = v->best_distance;
    }
    for (int64_t i = n - 1; i >= 0 && isfinite(until[i]); i--) {
        if (after >= until[i] * (1 - GAN__LIMIT->better)) v->stalled_since = v->first[i].step;
        after = fmin(after, v->first[i].distance);
    }
    v->stalled_since = gan__at_least(v->stalled_since, gan__patient_from(v));
}

gan__view gan__view_of(const gan_watcher *w) {
    gan__view v = {.w = w,
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

double gan__held(const gan__view *v, gan__condition holds, int64_t *since) {
    double from = v->last->step;
    for (const gan__watch_record *r = v->last; r >= v->first && gan__begin_of(r) >= gan__patient_from(v) && holds(v, r); r--)
        from = gan__begin_of(r);
    *since = (int64_t)from;
    return v->last->step - from;
}

double gan__patience(const gan__view *v, double least) { return gan__at_least(least, GAN__LIMIT->share_of_run * v->last->step); }

bool gan__stalled(const gan__view *v, double steps) { return v->last->step - v->stalled_since >= steps; }

bool gan__slow(const gan__view *v, double steps) {
    double then = INFINITY;
    for (const gan__watch_record *r = v->first; r <= v->last && v->last->step - r->step >= steps; r++)
        then = fmin(then, gan__own_distance(r)); /* of a number and NaN: the number */
    return isfinite(then) && gan__own_distance(v->last) > GAN__LIMIT->slow * then;
}

double gan__own_distance(const gan__watch_record *r) { return isnan(r->own_distance) ? r->distance : r->own_distance; }
bool gan__bad_samples(const gan__watch_record *r, double above) { return r->distance > above; }
