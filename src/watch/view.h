/* The history, as signs see it. */
#ifndef GAN__VIEW_H
#define GAN__VIEW_H

#include "thresholds.h"
#include "watcher_impl.h"

#define GAN__LIMIT (&gan__thresholds_in_force)

typedef struct gan__view {
    const gan_watcher *w;
    const gan_loss_info *loss;
    gan_loss_kind kind;
    bool bounded; /* D's loss has a floor */
    const gan__watch_record *first, *last;
    double stalled_since; /* the step from which W has not got better */
    double best_distance;
    double early_g_grad; /* median of the first records */
} gan__view;

/* Of a history that is not empty. */
gan__view gan__view_of(const gan_watcher *w);

/* How many steps the condition has held without a break, up to now, and since which. */
typedef bool (*gan__condition)(const gan__view *v, const gan__watch_record *r);
double gan__held(const gan__view *v, gan__condition holds, int64_t *since);

/* How long a sign must hold, at least: training may take its time, so that this grows with the run. */
double gan__patience(const gan__view *v, double least);

/* Have samples not got better for so many steps? */
bool gan__stalled(const gan__view *v, double steps);

/* Are they still not far better than they were so many steps ago? */
bool gan__slow(const gan__view *v, double steps);
bool gan__bad_samples(const gan__watch_record *r, double above);
double gan__own_distance(const gan__watch_record *r); /* W to what D is trained on */

double gan__begin_of(const gan__watch_record *r); /* the step before its first */
double gan__patient_from(const gan__view *v);     /* signs count from this step on */
double gan__at_least(double a, double b);

/* A sign: does it hold, since which step, and by which figures? */
typedef bool (*gan__sign)(const gan__view *v, int64_t *since, char *why, size_t size);

/* Does every step move a player's weights so far that they cannot settle? */
bool gan__restless(const gan__view *v);

/* Where D's loss goes, and with it the samples (5e). */
bool gan__sign_thrown(const gan__view *v, int64_t *since, char *why, size_t size);
bool gan__sign_restless(const gan__view *v, int64_t *since, char *why, size_t size);
bool gan__sign_oscillation(const gan__view *v, int64_t *since, char *why, size_t size);
bool gan__sign_swinging_samples(const gan__view *v, int64_t *since, char *why, size_t size);
bool gan__sign_drift(const gan__view *v, int64_t *since, char *why, size_t size);

#endif
