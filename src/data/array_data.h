/* Arrays as datasets, for other makers of samples. */
#ifndef GAN__ARRAY_DATA_H
#define GAN__ARRAY_DATA_H

#include "dataset_impl.h"

/* As gan_array_data, under the name, kind and description of spec. */
gan_dataset *gan__array_dataset(gan_ctx *ctx, gan_shape shape, const gan_real *values, gan_array_opts opts,
                                gan__dataset_spec spec);

#endif
