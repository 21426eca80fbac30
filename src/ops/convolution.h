/* Convolutions for callers that know what follows. */
#ifndef GAN__CONVOLUTION_H
#define GAN__CONVOLUTION_H

#include <gan/ops.h>

/* As gan_conv2d and gan_conv_transpose2d, plus bias [k] (NULL: none). `moments`: the result goes to a batch norm in training, so
 * the mean and variance of its channels are taken, while it is in the cache where the kernel's route allows it, and stay with it.
 */
gan_tensor *gan__conv2d(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, gan_conv_opts opts, bool moments);
gan_tensor *gan__conv_transpose2d(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, gan_conv_opts opts, bool moments);

#endif
