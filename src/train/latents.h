/* What G is fed. */
#ifndef GAN__LATENTS_H
#define GAN__LATENTS_H

#include <gan/train.h>

/* False (raised): the kind and the bound of latents do not go together. */
bool gan__latents_valid(gan_ctx *ctx, const gan_trainer_opts *opts, const char *who);

/* [n, latent] as the options have them. */
gan_tensor *gan__latents_draw(const gan_trainer_opts *opts, gan_stream *stream, int64_t n);

#endif
