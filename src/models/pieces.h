/* Options of the ready-made models, and the layers that stand for them. A constructor returns NULL where the option asks for no
 * layer. */
#ifndef GAN__PIECES_H
#define GAN__PIECES_H

#include "model_impl.h"

/* What the tricks in a discriminator's end come to, with defaults filled in. */
typedef struct gan__ends {
    gan_minibatch_kind minibatch;
    gan_minibatch_opts discrimination;
    int group;
    int64_t logits, aux;
} gan__ends;

/* False (raised): what is asked for makes no sense. */
bool gan__ends_fit(gan_ctx *ctx, const char *who, gan__ends *e);
bool gan__norms_fit(gan_ctx *ctx, const char *who, gan_norm_kind g, gan_norm_kind d, bool images);
bool gan__generators_fit(gan_ctx *ctx, const char *who, int *generators);
/* To be called with sound generators; 0 where there is none. */
bool gan__reference_fits(gan_ctx *ctx, const char *who, gan_norm_kind g, int generators, int64_t *reference);
bool gan__dropout_fits(gan_ctx *ctx, const char *who, double p, bool always);

/* What each of several generators has of its own: make(ctx, arg), or as many of it as branches; NULL where that is NULL. */
typedef gan_module *(*gan__make_fn)(gan_ctx *ctx, const void *arg);
gan_module *gan__apiece(gan_ctx *ctx, int generators, gan__make_fn make, const void *arg);

/* Generators that share nothing; `make` makes one of them. */
gan_module *gan__separate(gan_ctx *ctx, const char *who, int generators, gan__make_fn make, const void *arg);

/* The norm behind the first layer of several generators: one apiece, each with its part of the reference batch. */
gan_module *gan__norm_apiece(gan_ctx *ctx, int generators, gan_norm_kind kind, gan_shape sample, int64_t reference);

gan_module *gan__norm_piece(gan_ctx *ctx, gan_norm_kind kind, gan_shape sample, int64_t reference); /* sample [c] or [h, w, c] */
gan_module *gan__activation_piece(gan_ctx *ctx, double slope);                                      /* 0: ReLU */
gan_module *gan__dropout_piece(gan_ctx *ctx, double p, bool always);
gan_module *gan__minibatch_piece(gan_ctx *ctx, const gan__ends *e, gan_shape sample);
int64_t gan__minibatch_channels(const gan__ends *e); /* how many it appends */

/* What all convolutions of images share: an odd kernel that keeps the size, or one that covers everything. */
gan_conv_layer_opts gan__same_size(int kernel, bool bias, bool spectral);

/* An image net's options with defaults filled in, and the pyramid that the size asks for: base*2^doublings. */
typedef struct gan__plan {
    gan_dcgan_opts o;
    gan__ends ends;
    int doublings;
    int64_t base_h, base_w;
} gan__plan;

/* What zero means where the models differ. */
typedef struct gan__plan_defaults {
    double slope;
    int64_t latent;
    gan_norm_kind d_norm; /* of a D without spectral norm */
    gan_up_kind up;
} gan__plan_defaults;

bool gan__plan_make(gan_ctx *ctx, const char *who, gan_dcgan_opts opts, gan__plan_defaults defaults, gan__plan *p);

/* The feature map of this level: level 0 is the base, each further one twice as high and wide. */
gan_shape gan__plan_map(const gan__plan *p, int level, int64_t channels);

/* Self-attention, if it is wanted at the level. */
gan_module *gan__attention_piece(gan_ctx *ctx, int64_t wanted, int level, int64_t channels, bool spectral);

#endif
