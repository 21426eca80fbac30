/* Ready-made generators and discriminators. */
#ifndef GAN_MODELS_H
#define GAN_MODELS_H

#include <gan/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- choices ---------------------------------------------------------------------------------------------- */

/* How activations are normalised. A layer followed by a norm has no bias. */
typedef enum gan_norm_kind {
    GAN_NORM_DEFAULT, /* the model's own: see there */
    GAN_NORM_NONE,
    GAN_NORM_BATCH,    /* 1502.03167 */
    GAN_NORM_LAYER,    /* 1607.06450 */
    GAN_NORM_INSTANCE, /* 1607.08022; images only */
    GAN_NORM_VIRTUAL   /* 1606.03498; G only: its reference batch is of latents, N(0, 1), kept in the buffer "reference" */
} gan_norm_kind;

/* How a generator doubles height and width. */
typedef enum gan_up_kind {
    GAN_UP_DEFAULT,    /* the model's own */
    GAN_UP_TRANSPOSED, /* transposed convolution, 4x4, stride 2 */
    GAN_UP_SHUFFLE,    /* convolution 3x3 to four times the channels, then PixelShuffle (1609.05158) */
    GAN_UP_NEAREST     /* nearest neighbour, then convolution 3x3 */
} gan_up_kind;

/* A layer before D's last by which it sees samples beside each other. */
typedef enum gan_minibatch_kind {
    GAN_MINIBATCH_NONE,
    GAN_MINIBATCH_DISCRIMINATION, /* gan_minibatch_discrimination_layer (1606.03498) */
    GAN_MINIBATCH_STDDEV          /* gan_minibatch_stddev_layer (1710.10196) */
} gan_minibatch_kind;

/* --- images ----------------------------------------------------------------------------------------------- */

/* One struct for G and D of DCGAN and ResNet: fields of the other player have no effect. What makes no sense is an error:
 * settings of a minibatch layer that is not asked for, a reference batch without virtual batch norm, attention at a size that no
 * feature map has. */
typedef struct gan_dcgan_opts {
    int64_t size;          /* height and width, 4*2^k, k >= 1; or leave 0 and set both below */
    int64_t height, width; /* each 4*2^k */
    int channels;          /* of the images; 0: 3 */
    int64_t latent;        /* 0: 100; ResNet 128 */
    int64_t features;      /* channels of the layer next to the image ("ngf", "ndf"); 0: 64; doubled at each halving */
    double slope;          /* of D's LeakyReLU; 0: .2; ResNet: ReLU */
    double dropout;        /* in D, after each activation (ResNet: each block); 0: none */
    int pack;              /* D: samples judged together, concatenated on channels (1712.04086); 0: 1 */

    gan_norm_kind g_norm;  /* default: batch */
    gan_norm_kind d_norm;  /* default: batch if D is not spectral; ResNet: none */
    bool g_spectral, d_spectral; /* spectral norm of all weights (1802.05957) */
    int64_t g_attention, d_attention; /* self-attention (1805.08318) behind the feature map whose shorter side this is; 0: none */
    double g_slope;        /* of LeakyReLU in G; 0: ReLU */
    double g_dropout;      /* in G, after each activation (ResNet: each block); 0: none */
    bool g_dropout_always; /* also in evaluation mode, as a source of noise (1611.07004) */
    gan_up_kind up;        /* default: transposed; ResNet: nearest */
    int64_t reference;     /* samples in the reference batch of virtual batch norm; 0: 64; a multiple of the generators */
    int generators;        /* K generators in one module, see gan_generator_count; 0: 1 */
    bool separate;         /* they share nothing; else all but the first layer and its norm */

    gan_minibatch_kind minibatch;
    gan_minibatch_opts discrimination; /* of minibatch discrimination: kernels 100, dims 5 */
    int group;             /* of minibatch standard deviation; 0: 4 */
    int64_t logits;        /* of D, k: [n] for 1, otherwise [n, k] (softmax losses); 0: 1 */
    int64_t aux;           /* a second head on what D's last layer sees: gan_output.aux [n, aux]; child "aux"; 0: none */
} gan_dcgan_opts;

/* DCGAN (1511.06434), as in PyTorch's example: 4x4 kernels, stride 2; batch norm everywhere but at D's input and the two
 * outputs; no biases but in a net without norms. Names are "main.0.weight", "main.1.running_mean", ... Weights N(0, .02). A
 * stage is convolution, norm, activation, dropout, attention; minibatch layers stand before D's last convolution. */
GAN_API gan_module *gan_dcgan_generator(gan_ctx *ctx, gan_dcgan_opts opts);     /* [n, latent] -> [n, h, w, c] in (-1, 1) */
GAN_API gan_module *gan_dcgan_discriminator(gan_ctx *ctx, gan_dcgan_opts opts); /* [n, h, w, c*pack] -> logits [n] or [n, k] */

typedef gan_dcgan_opts gan_resnet_opts;

/* Residual nets as SNGAN's for 128 x 128 (1802.05957, appendix B.4), for any size: with k halvings to 4 (of the shorter side)
 *   G: Linear to [4, 4, w_k]; k blocks that double the size, to w_k, ..., w_2, w_1; norm, activation, 3x3 convolution, tanh
 *   D: k blocks that halve it, to w_1, ..., w_k; one more; activation, sum over the pixels, Linear
 * where w_i = features*2^(i-1), at most 16*features. A block is norm, activation, conv1, norm, activation, conv2 (3x3), and
 * "shortcut", 1x1, where size or channels change; D's first has neither first norm nor first activation. Names are
 * "block1.conv1.weight", "linear.bias", ... Xavier, with gain sqrt(2) for conv1 and conv2. Without .d_spectral (off by default)
 * D is WGAN-GP's kind (1704.00028). */
GAN_API gan_module *gan_resnet_generator(gan_ctx *ctx, gan_resnet_opts opts);     /* [n, latent] -> [n, h, w, c] in (-1, 1) */
GAN_API gan_module *gan_resnet_discriminator(gan_ctx *ctx, gan_resnet_opts opts); /* [n, h, w, c*pack] -> logits [n] or [n, k] */

/* --- points ----------------------------------------------------------------------------------------------- */

/* A pair of perceptrons for points: `depth` hidden layers of `width` units, ReLU in G, LeakyReLU or maxout in D. PacGAN's D
 * (1712.04086) is .depth = 3, .width = 200, .maxout = 5. */
typedef struct gan_mlp_opts {
    int64_t dim;    /* of the points; 0: 2 */
    int64_t latent; /* 0: 2 */
    int64_t width;  /* 0: 128 */
    int depth;      /* 0: 2 */
    double slope;   /* 0: .2; not together with maxout */
    int pack;       /* D; 0: 1 */

    /* As of images; the default of both norms is none. */
    gan_norm_kind g_norm, d_norm;
    bool g_spectral, d_spectral;
    double g_slope, g_dropout, dropout;
    bool g_dropout_always;
    int64_t reference;
    int generators;
    bool separate;
    int maxout; /* pieces of D's maxout units (1302.4389); 0: LeakyReLU */
    gan_minibatch_kind minibatch;
    gan_minibatch_opts discrimination;
    int group;
    int64_t logits, aux;
} gan_mlp_opts;

GAN_API gan_module *gan_mlp_generator(gan_ctx *ctx, gan_mlp_opts opts);     /* [n, latent] -> [n, dim] */
GAN_API gan_module *gan_mlp_discriminator(gan_ctx *ctx, gan_mlp_opts opts); /* [n, dim*pack] -> logits [n] or [n, k] */

/* --- several generators ----------------------------------------------------------------------------------- */

/* K generators (MAD-GAN, 1704.02906; MGAN, 1708.02556) are one module: row i of its output is generator i mod K's. What each has
 * of its own is a gan_branches: by default the first layer and the norm behind it ("main.0.2.weight": the third generator's;
 * ResNet: "linear" and the first block's "norm1"), so that own norms see one generator's samples and shared ones the mixture;
 * with .separate, all of it. */

/* How many generators a ready-made one, or a gan_branches, is; 1 for other modules. */
GAN_API int gan_generator_count(const gan_module *generator);

/* The length of the latents that a ready-made generator, or a gan_branches of them, takes; 0 for other modules. */
GAN_API int64_t gan_latent_size(const gan_module *generator);

#ifdef __cplusplus
}
#endif
#endif
