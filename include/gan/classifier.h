/* A small classifier that the library trains itself: its features and labels are what generated images are measured by, where
 * nets of others (Inception) are not at hand or were not trained on such pictures. Distances in its features are comparable only
 * with distances in the same classifier's features. */
#ifndef GAN_CLASSIFIER_H
#define GAN_CLASSIFIER_H

#include <gan/metrics.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_classifier_opts {
    int64_t height, width; /* of the images */
    int channels;
    int64_t classes;  /* at least 2 */
    int64_t filters;  /* of the first convolution; 0: 24; doubled with each halving, up to eight times as many */
    int64_t features; /* 0: 128 */
    double dropout;   /* of the features in training, in [0, 1); 0: none */
} gan_classifier_opts;

/* The sizes and classes of that data, dropout .3. */
GAN_API gan_classifier_opts gan_classifier_for(const gan_dataset *data);

/* [n, h, w, c] -> logits [n, classes]: stages of 3x3 convolution, 2x2 maximum, batch norm and ReLU until the shorter side is
 * below 6; then Linear to the features, batch norm, ReLU, dropout (these are the child "main"), and Linear to the logits (the
 * child "head"). Weights as 1502.01852 has them. Owned by the context, whose stream "init" is left as it was. gan_classifier_save
 * and gan_classifier_load (judge.h) keep it in a file. */
GAN_API gan_module *gan_classifier_new(gan_ctx *ctx, gan_classifier_opts opts);

/* What gan_feature_opts.tap is for its features, [n, features]. */
#define GAN_CLASSIFIER_TAP "main"

typedef struct gan_classifier_progress {
    int64_t step, steps; /* taken so far, altogether */
    double loss;         /* of this step */
    double accuracy;     /* share of this step's samples that were classified rightly */
    double seconds;      /* since the beginning */
} gan_classifier_progress;

/* All fields count as they are: start from gan_classifier_training_defaults() and edit. */
typedef struct gan_classifier_training {
    double epochs; /* passes over the training part; > 0 */
    int64_t batch; /* at most the number of training samples */
    double rate;   /* of Adam (beta .9, .999), which goes to 0 along half a cosine (1608.03983) */
    int shift;     /* each picture is moved by up to this many pixels either way, its border going on; 0: none */
    uint64_t seed; /* of the shifts */
    bool (*progress)(void *user, const gan_classifier_progress *p); /* after each step; false ends training. NULL: none */
    void *user;
} gan_classifier_training;
GAN_API gan_classifier_training gan_classifier_training_defaults(void); /* 6 epochs, batch 128, rate .002, shift 2 */

/* Minimises cross-entropy on the training part of labelled images of the classifier's sizes, in training mode (the mode is put
 * back); moves the data's position. The data's .flip option is further augmentation. Returns the context's status. */
GAN_API gan_status gan_classifier_train(gan_module *classifier, gan_dataset *data, gan_classifier_training opts);

/* Share of the samples start .. start+n-1 of that part that get their label; NaN after an error. Evaluation mode, no trace. */
GAN_API double gan_classifier_accuracy(gan_module *classifier, gan_dataset *data, gan_part part, int64_t start, int64_t n);

/* The classes that it gives to x [n, h, w, c]: labels [n] for gan_label_modes. Owned by the innermost scope. */
GAN_API gan_tensor *gan_classify(gan_module *classifier, gan_tensor *x);

/* Of x [n, h, w, k] for a classifier of one channel with `classes` classes: channel by channel, as one label
 * l_1*classes^(k-1) + ... + l_k, below classes^k: stacked MNIST's 1,000 modes (1611.02163). classes^k is at most 2^24. */
GAN_API gan_tensor *gan_classify_stacked(gan_module *classifier, gan_tensor *x);

#ifdef __cplusplus
}
#endif
#endif
