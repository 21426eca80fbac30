/* Records: what the watcher keeps of some tens of steps, and the history that they make. All numbers are doubles, so that a
 * record is a row of a matrix in checkpoints; NaN is "not known". */
#ifndef GAN__WATCH_RECORD_H
#define GAN__WATCH_RECORD_H

#include <gan/watch.h>

#include "../base/ctx_impl.h"

/* X(name, how two neighbouring records become one). The names are those of the log.
 *   MEAN  of the steps   SUM   MOST   LAST  known  */
#define GAN__WATCH_FIELDS(X)                                                                                                     \
    X(step, LAST)     /* the last of the record's */                                                                             \
    X(steps, SUM)     /* how many */                                                                                             \
    X(bad_steps, SUM) /* not taken, since something was not finite */                                                            \
    X(d_loss_mean, MEAN)                                                                                                         \
    X(d_loss_dev, MEAN) /* deviation from step to step */                                                                        \
    X(g_loss_mean, MEAN)                                                                                                         \
    X(d_grad_mean, MEAN)                                                                                                         \
    X(g_grad_mean, MEAN)                                                                                                         \
    X(d_grad_most, MOST)                                                                                                         \
    X(d_update, MEAN)                                                                                                            \
    X(g_update, MEAN)                                                                                                            \
    X(level, MEAN)                                                                                                               \
    X(own_level, MEAN) /* of D's loss as trained on */                                                                           \
    X(auc, MEAN)                                                                                                                 \
    X(active, MEAN)                                                                                                              \
    X(gap, MEAN)                                                                                                                 \
    X(gap_dev, MEAN)                                                                                                             \
    X(patient_from, LAST) /* signs before that step do not count any more */                                                     \
    X(real_target, LAST)                                                                                                         \
    X(fake_target, LAST)                                                                                                         \
    X(looked, LAST)       /* the step of the latest look, of which is all that follows */                                        \
    X(distance, LAST)     /* W: sliced Wasserstein distance of fakes to held-out data, over that of reals */                     \
    X(own_distance, LAST) /* the same against what D is trained on, where that is something else */                              \
    X(coverage, LAST)                                                                                                            \
    X(precision, LAST)                                                                                                           \
    X(reach, LAST)      /* reals that are some fake's nearest one, over those that are some held-out sample's */                 \
    X(apart, LAST)      /* median distance of a fake to the nearest other one, over the reals' */                                \
    X(spread, LAST)     /* deviation of fakes over that of reals */                                                              \
    X(spectrum, LAST)   /* gan_spectrum_distance of fakes and reals, over that of held-out data and reals */                     \
    X(neighbours, LAST) /* gan_neighbour_correlation of fakes */                                                                 \
    X(neighbours_real, LAST)                                                                                                     \
    X(memory, LAST) /* (E D(train) - E D(held out))/(E D(train) - E D(fake)) */                                                  \
    X(memory_error, LAST)                                                                                                        \
    X(slope, LAST)                                                                                                               \
    X(clipped, LAST)                                                                                                             \
    X(missing, LAST)

typedef struct gan__watch_record {
#define GAN__WATCH_MEMBER(name, how) double name;
    GAN__WATCH_FIELDS(GAN__WATCH_MEMBER)
#undef GAN__WATCH_MEMBER
} gan__watch_record;

enum {
    GAN__RECORD_FIELDS = sizeof(gan__watch_record) / sizeof(double),
    GAN__HISTORY_ROOM = 512 /* records; older ones are merged when there is no more */
};

extern const char *const gan__watch_record_names[GAN__RECORD_FIELDS];

gan__watch_record gan__watch_record_unknown(void);
double *gan__watch_record_field(gan__watch_record *r, const char *name); /* NULL: there is none of this name */

/* Oldest first. */
typedef struct gan__history {
    int64_t count;
    gan__watch_record *at; /* GAN__HISTORY_ROOM of them */
} gan__history;

/* What the new record does not know of samples, it has from the one before it. */
void gan__history_add(gan__history *h, gan__watch_record r);

#endif
