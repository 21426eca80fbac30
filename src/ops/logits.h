/* A loss on logits as one op, since small nets pay for each op. */
#ifndef GAN__LOGITS_H
#define GAN__LOGITS_H

#include <gan/tensor.h>

/* The mean of -t log s(x) - (1-t) log(1 - s(x)), s the logistic function and t the target. */
gan_tensor *gan__bce(gan_tensor *x, double target);

#endif
