/* Where signs begin: one list of names, values and meanings. tests/watch holds them against planted failures and healthy runs. */
#ifndef GAN__THRESHOLDS_H
#define GAN__THRESHOLDS_H

/* X(name, value): "_steps" is how long a sign must have held; W is the distance of samples. */
#define GAN__THRESHOLDS(X)                                                                                                       \
    X(better, .05)        /* W must fall by this share to have got better */                                                     \
    X(good_distance, 1.5) /* samples with a W below are good, */                                                                 \
    X(bad_distance, 2)    /* above they are bad */                                                                               \
    X(good_coverage, .5)  /* as are samples that cover so much of the data; */                                                   \
    X(slow, .4)           /* in time W must fall below this share of what it was */                                              \
    X(share_of_run, .2)   /* signs must have held for so much of the run */                                                      \
                                                                                                                                 \
    X(won_level, .02) /* 5a: D's loss, */                                                                                        \
    X(won_auc, .999)                                                                                                             \
    X(won_active, .02) /* active hinge terms, */                                                                                 \
    X(vanished, 1e-3)  /* G's gradient, against the first records', */                                                           \
    X(slope_low, .5)   /* a Wasserstein critic's slope outside of these, */                                                      \
    X(slope_high, 2)                                                                                                             \
    X(clipped, .95) /* its weights at their bound */                                                                             \
    X(won_steps, 1000)                                                                                                           \
                                                                                                                                 \
    X(weak_auc, .55)      /* 5b: in each record, */                                                                              \
    X(weak_mean_auc, .57) /* or in the mean */                                                                                   \
    X(weak_merit, .05)    /* or D's loss differs by so little from a constant one's */                                           \
    X(weak_distance, 3)                                                                                                          \
    X(weak_steps, 800)                                                                                                           \
    X(alike, .1)      /* samples, by their distance to each other or by their spread, of reals' */                               \
    X(fooled_auc, .3) /* D takes fakes for the more real ones */                                                                 \
    X(fooled_steps, 500)                                                                                                         \
                                                                                                                                 \
    X(apart, .05) /* 5c: distance to each other, of reals' */                                                                    \
    X(missing, 0) /* share of classes */                                                                                         \
    X(coverage_of_best, .5)                                                                                                      \
    X(reach, .7) /* of held-out data's */                                                                                        \
    X(some_precision, .2)                                                                                                        \
    X(collapse_steps, 700)                                                                                                       \
    X(left_out_steps, 900)                                                                                                       \
                                                                                                                                 \
    X(noise_precision, .05) /* 5d, points */                                                                                     \
    X(noise_apart, 3)                                                                                                            \
    X(noise_points_steps, 1200)                                                                                                  \
    X(noise_neighbours, .5) /* images: correlation of neighbours, of the data's */                                               \
    X(noise_spectrum, 5)                                                                                                         \
    X(noise_steps, 500)                                                                                                          \
                                                                                                                                 \
    X(growth, 1.3)     /* 5e: of swings, from quarter to quarter, */                                                             \
    X(swing, .08)      /* up to this share of D's loss */                                                                        \
    X(wide_swing, .12) /* in each of three quarters */                                                                           \
    X(early_swing, .2) /* the same of a short history */                                                                         \
    X(burst, 2)        /* in one record */                                                                                       \
    X(swing_steps, 500)                                                                                                          \
    X(thrown, 1)     /* change of weights in a step, of their size: once, */                                                     \
    X(restless, .02) /* all along */                                                                                             \
    X(restless_steps, 750)                                                                                                       \
    X(sample_swing, 1.2) /* W up by this factor, and down again, */                                                              \
    X(sample_swings, 2)  /* so often */                                                                                          \
    X(sample_steps, 1000)                                                                                                        \
    X(drift, 2)       /* from third to third, in deviations, */                                                                  \
    X(drift_size, .5) /* and in all, of D's loss */                                                                              \
    X(drift_steps, 1000)                                                                                                         \
                                                                                                                                 \
    X(sign_auc, .2) /* 5g */                                                                                                     \
    X(sign_level, .5)                                                                                                            \
    X(sign_steps, 200)                                                                                                           \
                                                                                                                                 \
    X(memory, .5) /* 5h */                                                                                                       \
    X(memory_errors, 3)                                                                                                          \
    X(memory_steps, 500)

typedef struct gan__thresholds {
#define GAN__THRESHOLD(name, value) double name;
    GAN__THRESHOLDS(GAN__THRESHOLD)
#undef GAN__THRESHOLD
} gan__thresholds;

extern const gan__thresholds gan__thresholds_in_force;

#endif
