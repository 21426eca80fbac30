/* How good G's samples are at present, in one figure; and the reals that samples are compared with. */
#ifndef GAN__QUALITY_H
#define GAN__QUALITY_H

#include <gan/train.h>

/* As many held-out samples as training samples, at most 512; of data that holds none out (or next to none), other training
 * samples. x is NULL where there are too few. Owned by the innermost scope. */
typedef struct gan__reals {
    gan_batch train, other;
    bool held_out; /* other is */
} gan__reals;
gan__reals gan__reals_of(gan_dataset *data);

/* gan_sliced_ratio of as many fakes: 1 is as good as data. NaN: too few reals, or an error, which is forgotten. Leaves no trace
 * in training. */
double gan__trainer_quality(gan_trainer *t);

#endif
