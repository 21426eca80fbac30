/* Where signs begin. tests/watch holds them against planted failures and healthy runs. */
#ifndef GAN__THRESHOLDS_H
#define GAN__THRESHOLDS_H

typedef struct gan__thresholds {
    double better;        /* W must fall by this share to have got better */
    double good_distance; /* samples with a W below are good, */
    double bad_distance;  /* above they are bad */
    double share_of_run;  /* signs must have held for so much of the run */

    double won_level, won_auc, won_active, won_steps;
    double vanished; /* G's gradient, against the first records' */
    double slope_low, slope_high, clipped;

    double weak_auc, weak_mean_auc, weak_steps;

    double coverage_of_best, some_precision, reach, apart, missing, collapse_steps;

    double noise_precision, noise_apart, noise_neighbours, noise_spectrum, noise_steps, noise_steps_points;

    double growth, swing, wide_swing, burst, sample_swing, sample_swings,
        swing_steps; /* from third to third; of the loss's natural size */
    double drift, drift_size, drift_steps;

    double sign_auc, sign_level, sign_steps;

    double memory, memory_errors, memory_steps;
} gan__thresholds;

extern const gan__thresholds gan__thresholds_in_force;

#define GAN__THRESHOLDS                                                                                                          \
    {                                                                                                                            \
        .better = .05, .good_distance = 1.5, .bad_distance = 2, .share_of_run = .2, .won_level = .02, .won_auc = .999,           \
        .won_active = .02, .won_steps = 1000, .vanished = 1e-3, .slope_low = .5, .slope_high = 2, .clipped = .95,                \
        .weak_auc = .55, .weak_mean_auc = .57, .weak_steps = 500, .coverage_of_best = .5, .reach = .7, .some_precision = .2,     \
        .apart = .05, .missing = 0, .collapse_steps = 500, .noise_precision = .05, .noise_apart = 3, .noise_neighbours = .5,     \
        .noise_spectrum = 5, .noise_steps = 500, .noise_steps_points = 1200, .growth = 1.3, .swing = .08, .wide_swing = .12,     \
        .burst = 2, .sample_swing = 1.2, .sample_swings = 2, .swing_steps = 500, .drift = 2, .drift_size = .5,                   \
        .drift_steps = 1000, .sign_auc = .2, .sign_level = .5, .sign_steps = 200, .memory = .5, .memory_errors = 3,              \
        .memory_steps = 500                                                                                                      \
    }

#endif
