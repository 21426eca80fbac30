/* How good samples are, by all measures at once: the generated ones beside held-out real data, which is the floor. */
#ifndef GAN_JUDGE_H
#define GAN_JUDGE_H

#include <gan/classifier.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- the measures ----------------------------------------------------------------------------------------- */

/* What they are taken of: the classifier's features (GAN_CLASSIFIER_TAP) where there is a classifier, else plain pixels or points. */
typedef enum gan_measure {
    GAN_MEASURE_CLASSIFIER_FID,     /* gan_frechet_distance of the classifier's features */
    GAN_MEASURE_KID,                /* gan_kid of the classifier's features: mean and deviation over its blocks */
    GAN_MEASURE_PRECISION,          /* gan_prdc_of, as the next three */
    GAN_MEASURE_RECALL,
    GAN_MEASURE_DENSITY,
    GAN_MEASURE_COVERAGE,
    GAN_MEASURE_CLASSIFIER_SCORE,   /* gan_inception_score of the classifier's logits: mean and deviation over ten parts */
    GAN_MEASURE_MODES,              /* gan_modes.captured, of a mixture or of the classifier's classes */
    GAN_MEASURE_HIGH_QUALITY,       /* gan_modes.high_quality, of a mixture */
    GAN_MEASURE_REVERSE_KL,         /* gan_modes.reverse_kl: to equal weights for a mixture, to the classes' shares of real data */
    GAN_MEASURE_SLICED_WASSERSTEIN, /* gan_sliced_wasserstein, of plain pixels or points */
    GAN_MEASURE_NEAREST,            /* median Euclidean distance to the nearest of all training samples, in plain pixels or points */
    GAN_MEASURE_COPIES,             /* share of samples that are nearer to a training sample than all but a hundredth of held-out data */
    GAN_MEASURES                    /* how many there are */
} gan_measure;

typedef struct gan_measure_info {
    const char *name;  /* "classifier_fid" */
    const char *brief; /* its definition in one line */
    int better;        /* -1: lower is better; 1: higher is; 0: the nearer to the floor, the better */
} gan_measure_info;

/* Static; NULL for what is none. */
GAN_API const gan_measure_info *gan_measure_info_of(gan_measure m);

/* False: there is none of that name. */
GAN_API bool gan_measure_named(const char *name, gan_measure *m);

/* --- judging ---------------------------------------------------------------------------------------------- */

typedef struct gan_judge gan_judge;

typedef struct gan_judge_opts {
    gan_module *classifier;   /* borrowed; of the data's sizes. NULL: measures that need one are left out */
    const gan_tensor *means;  /* [k, d]: the data are a mixture of these equal parts, borrowed; NULL: they are none */
    double std;               /* of the mixture's parts */
    int64_t n;                /* samples on each side; 0: 10,000. Fewer if fewer real ones are held out or to train on */
    int k;                    /* the neighbour that balls of precision, ... reach to; 0: 5 */
    uint64_t seed;            /* of directions and blocks */
    bool quick;               /* without `nearest` and `copies`, which go through all training samples */
    const char *measures;     /* "recall,coverage": these alone; NULL or "": all that can be taken */
} gan_judge_opts;

/* Samples are compared with n training samples of `data`, as are n held-out ones, which come from `held_out`'s training part, or,
 * if that is NULL, from the data's own held-out part; of data that holds fewer than 16 out, other training samples stand in their
 * place. Both datasets are borrowed, and neither's order of training is moved. Owned by the context. GAN_E_MISMATCH: the classifier
 * does not take such samples; GAN_E_ARG: no such measure, or one that lacks what it is taken by. */
GAN_API gan_judge *gan_judge_new(gan_dataset *data, gan_dataset *held_out, gan_judge_opts opts);
GAN_API void gan_judge_free(gan_judge *j);
GAN_API bool gan_judge_is_nil(const gan_judge *j);
GAN_API int64_t gan_judge_count(const gan_judge *j);            /* n, as it came to be */
GAN_API bool gan_judge_takes(const gan_judge *j, gan_measure m); /* is that measure among those it takes? */
GAN_API const char *gan_judge_reference(const gan_judge *j);    /* in words: what samples are compared with */
GAN_API const char *gan_judge_floor_text(const gan_judge *j);   /* and what the floor is of */

/* One row for each measure; NaN: not taken. */
typedef struct gan_scores {
    double value[GAN_MEASURES];
    double spread[GAN_MEASURES];    /* deviation over blocks or parts, where there are such; else NaN */
    int64_t samples[GAN_MEASURES];  /* on each side; 0: not taken */
} gan_scores;

/* Samples start .. start+n-1, [n, ...]; of the caller's innermost scope. */
typedef gan_tensor *(*gan_draw_fn)(void *user, int64_t start, int64_t n);

/* Of n samples, drawn in blocks. Leaves no trace; all NaN after an error. */
GAN_API gan_scores gan_judge_samples(gan_judge *j, gan_draw_fn draw, void *user);

/* Of the held-out samples: what a perfect generator would get. */
GAN_API gan_scores gan_judge_floor(gan_judge *j);

/* --- classifiers in files --------------------------------------------------------------------------------- */

/* The weights as gan_save_weights has them, with what the net was made by in the metadata. accuracy: on data it was not trained on;
 * NaN: not known. */
GAN_API gan_status gan_classifier_save(gan_module *classifier, double accuracy, const char *path);

/* Such a file as a classifier. opts and accuracy may be NULL. GAN_E_FORMAT: weights, but not of one that was saved so. */
GAN_API gan_module *gan_classifier_load(gan_ctx *ctx, const char *path, gan_classifier_opts *opts, double *accuracy);

#ifdef __cplusplus
}
#endif
#endif
