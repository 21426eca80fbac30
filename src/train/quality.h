/* How good G's samples are at present, in one figure. */
#ifndef GAN__QUALITY_H
#define GAN__QUALITY_H

#include <gan/train.h>

/* gan_sliced_ratio of as many fakes as there are reals, at most 512 of each: 1 is as good as data. Against the held-out samples;
 * if there are none, against other training samples. NaN: too few, or an error, which is forgotten. Leaves no trace in
 * training. */
double gan__trainer_quality(gan_trainer *t);

#endif
