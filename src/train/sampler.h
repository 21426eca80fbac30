/* The values that samples are made on. */
#ifndef GAN__SAMPLER_H
#define GAN__SAMPLER_H

#include <gan/nn.h>

/* The average of G as it was when samples were last asked for, and the same made fit for use: a sigma and batch norm statistics
 * of its own. The average of such buffers is not the buffer of the average. */
typedef struct gan__sampler {
    gan_set *average, *fit; /* NULL: not made */
} gan__sampler;

void gan__sampler_forget(gan__sampler *s);

#endif
