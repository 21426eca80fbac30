/* Products for layers that know what follows. */
#ifndef GAN__PRODUCTS_H
#define GAN__PRODUCTS_H

#include <gan/ops.h>

/* What happens to a convolution's result, in the same pass over it where the kernel's route allows it. */
typedef struct gan__conv_then {
    const double *slope; /* it goes through a leaky ReLU of this slope, >= 0 (0: ReLU), which gives the op's result; NULL: it does
                          * not */
    bool moments;        /* it goes to a batch norm in training: the mean and variance of its channels stay with it */
} gan__conv_then;

/* As gan_conv2d and gan_conv_transpose2d, plus bias [k] (NULL: none). */
gan_tensor *gan__conv2d(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, gan_conv_opts opts, gan__conv_then then);
gan_tensor *gan__conv_transpose2d(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, gan_conv_opts opts, gan__conv_then then);

/* gan_leaky_relu(gan_linear(x, weight, bias), slope), slope >= 0. */
gan_tensor *gan__linear_leaky(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, double slope);

#endif
