/* Weights in the order in which the engine reads them. They are kept with the numbers that they were made from, and thrown away
 * when these change: a list with one entry for each way of reading. Their memory counts as cached. */
#ifndef GAN__PACKED_H
#define GAN__PACKED_H

#include "../base/ctx_impl.h"

typedef struct gan__packed gan__packed;

void gan__packed_free(gan_ctx *ctx, gan__packed *list); /* may be NULL; in conv_patches.c, which makes them */

#endif
