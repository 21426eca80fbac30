/* The measures by name. */
#include <string.h>

#include "judge_impl.h"

static const gan_measure_info measures[GAN_MEASURES] = {
    [GAN_MEASURE_CLASSIFIER_FID] = {"classifier_fid",
                                    "Frechet distance of the classifier's features; never to be compared with Inception's FID",
                                    -1},
    [GAN_MEASURE_KID] = {"kid", "kernel distance (cubic kernel) of the classifier's features, without bias", -1},
    [GAN_MEASURE_PRECISION] = {"precision", "share of samples within the reach of real ones: do they look real", 1},
    [GAN_MEASURE_RECALL] = {"recall", "share of real ones within the reach of samples: is everything there", 1},
    [GAN_MEASURE_DENSITY] = {"density", "real ones in whose reach a sample lies, over k: 1 for real data", 0},
    [GAN_MEASURE_COVERAGE] = {"coverage", "share of real ones with a sample in their reach", 1},
    [GAN_MEASURE_CLASSIFIER_SCORE] =
        {"classifier_score", "exp of the mean KL(p(class|sample) || p(class)) by the classifier: sure, and of all classes", 1},
    [GAN_MEASURE_MODES] = {"modes", "modes (of a mixture) or classes (by the classifier) with at least one sample", 1},
    [GAN_MEASURE_HIGH_QUALITY] = {"high_quality", "share of samples nearer than 3 deviations to their mode", 1},
    [GAN_MEASURE_REVERSE_KL] = {"reverse_kl", "KL(samples || data) of the histograms over modes or classes, in nats", -1},
    [GAN_MEASURE_SLICED_WASSERSTEIN] = {"sliced_wasserstein", "sliced Wasserstein distance (order 2) of plain pixels or points",
                                        -1},
    [GAN_MEASURE_NEAREST] =
        {"nearest", "median distance to the nearest training sample, in plain pixels or points: far below the floor are copies",
         0},
    [GAN_MEASURE_COPIES] =
        {"copies", "share nearer to a training sample than all but 1 % of held-out data: much above .01, G has memorised", 0},
};

const gan_measure_info *gan_measure_info_of(gan_measure m) { return (unsigned)m < GAN_MEASURES ? &measures[m] : NULL; }

bool gan_measure_named(const char *name, gan_measure *m) {
    for (int i = 0; name && i < GAN_MEASURES; i++)
        if (!strcmp(measures[i].name, name)) return *m = (gan_measure)i, true;
    return false;
}

bool gan__wants(const gan_judge *j, gan_measure first, gan_measure last) {
    for (int m = first; m <= (int)last; m++)
        if (j->wanted[m]) return true;
    return false;
}
