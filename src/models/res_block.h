/* A residual block (1603.05027) that doubles, halves or keeps the size. */
#ifndef GAN__RES_BLOCK_H
#define GAN__RES_BLOCK_H

#include "pieces.h"

typedef enum gan__res_kind { GAN__RES_SAME, GAN__RES_UP, GAN__RES_DOWN } gan__res_kind;

typedef struct gan__res_opts {
    gan__res_kind kind;
    gan_shape map;    /* what it takes, [h, w, in] */
    int64_t out;
    bool first;       /* its input is an image: neither norm nor activation come first */
    gan_up_kind up;
    gan_norm_kind norm;
    int64_t reference;
    bool spectral;
    double slope;     /* 0: ReLU */
    double dropout;
    bool dropout_always;
    int norms; /* norm1 apiece, for so many generators; 0: 1 */
} gan__res_opts;

gan_module *gan__res_block(gan_ctx *ctx, gan__res_opts opts);

#endif
