#include "latents.h"

#include <gan/op.h>

#include "../base/ctx_impl.h"

bool gan__latents_valid(gan_ctx *ctx, const gan_trainer_opts *o, const char *who) {
    if ((unsigned)o->latents > GAN_LATENTS_TRUNCATED)
        gan__raise(ctx, GAN_E_ARG, "%s: %d is no kind of latents", who, (int)o->latents);
    else if (o->latents == GAN_LATENTS_TRUNCATED && !(o->truncation > 0))
        gan__raise(ctx, GAN_E_ARG, "%s: truncated latents need a truncation above 0, not %g", who, o->truncation);
    else if (o->latents != GAN_LATENTS_TRUNCATED && o->truncation != 0)
        gan__raise(ctx, GAN_E_ARG, "%s: truncation is %g, but the latents are not truncated ones", who, o->truncation);
    return gan__ok(ctx);
}

gan_tensor *gan__latents_draw(const gan_trainer_opts *o, gan_stream *stream, int64_t n) {
    gan_shape s = gan_shape2(n, o->latent);
    if (o->latents == GAN_LATENTS_TRUNCATED) return gan_truncated_randn_from(stream, s, o->truncation);
    if (o->latents == GAN_LATENTS_NORMAL) return gan_randn_from(stream, s);
    gan_tensor *z = gan_rand_from(stream, s); /* nobody has seen it yet: it can still be written */
    gan_real *p = gan_op_write(z);
    for (int64_t i = 0; i < gan_count(z); i++) p[i] = 2 * p[i] - 1;
    return z;
}
