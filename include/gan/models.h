/* Ready-made generators and discriminators. */
#ifndef GAN_MODELS_H
#define GAN_MODELS_H

#include <gan/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* DCGAN (1511.06434), as in PyTorch's example: 4x4 kernels, stride 2; batch norm everywhere but at D's input and the two
 * outputs; no biases. Parameter names are "main.0.weight", "main.1.running_mean", ... Weights N(0, .02). */
typedef struct gan_dcgan_opts {
    int64_t size;          /* height and width, 4*2^k, k >= 1; or leave 0 and set both below */
    int64_t height, width; /* each 4*2^k */
    int channels;          /* of the images; 0: 3 */
    int64_t latent;        /* 0: 100 */
    int64_t features;      /* channels of the layer next to the image ("ngf", "ndf"); 0: 64; doubled at each halving */
    double slope;          /* of D's LeakyReLU; 0: .2 */
    double dropout;        /* in D, after each activation; 0: none */
    int pack;              /* D: samples judged together, concatenated on channels (1712.04086); 0: 1 */
} gan_dcgan_opts;

GAN_API gan_module *gan_dcgan_generator(gan_ctx *ctx, gan_dcgan_opts opts);     /* [n, latent] -> [n, h, w, c] in (-1, 1) */
GAN_API gan_module *gan_dcgan_discriminator(gan_ctx *ctx, gan_dcgan_opts opts); /* [n, h, w, c*pack] -> logits [n] */

/* A pair of perceptrons for points: `depth` hidden layers of `width` units, ReLU in G, LeakyReLU in D. */
typedef struct gan_mlp_opts {
    int64_t dim;    /* of the points; 0: 2 */
    int64_t latent; /* 0: 2 */
    int64_t width;  /* 0: 128 */
    int depth;      /* 0: 2 */
    double slope;   /* 0: .2 */
    int pack;       /* D; 0: 1 */
} gan_mlp_opts;

GAN_API gan_module *gan_mlp_generator(gan_ctx *ctx, gan_mlp_opts opts);     /* [n, latent] -> [n, dim] */
GAN_API gan_module *gan_mlp_discriminator(gan_ctx *ctx, gan_mlp_opts opts); /* [n, dim*pack] -> logits [n] */

/* The length of the latents that a ready-made generator takes; 0 for other modules. */
GAN_API int64_t gan_latent_size(const gan_module *generator);

#ifdef __cplusplus
}
#endif
#endif
