/* The options of image nets: defaults, sizes, and what does not go together. */
#include <inttypes.h>

#include "pieces.h"

#define MAX_DOUBLINGS 14

static int doublings_of(int64_t side) {
    int k = 0;
    while (k < MAX_DOUBLINGS && ((int64_t)4 << k) < side) k++;
    return k >= 1 && (int64_t)4 << k == side ? k : 0;
}

/* The shorter side is halved down to 4, the longer one as often. */
static bool plan_size(gan_ctx *ctx, const char *who, gan__plan *p) {
    gan_dcgan_opts *o = &p->o;
    if (o->size && (o->height || o->width)) {
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: size %" PRId64 " is given together with height %" PRId64 " and width %" PRId64, who,
                     o->size, o->height, o->width);
        return false;
    }
    if (o->size) o->height = o->width = o->size;
    int kh = doublings_of(o->height), kw = doublings_of(o->width);
    if (!kh || !kw) {
        gan_ctx_fail(ctx, GAN_E_ARG,
                     "%s: images of %" PRId64 "x%" PRId64 "; height and width must be 8, 16, 32, ... (4*2^k, 1 <= k <= %d)", who,
                     o->height, o->width, MAX_DOUBLINGS);
        return false;
    }
    p->doublings = kh < kw ? kh : kw;
    p->base_h = o->height >> p->doublings;
    p->base_w = o->width >> p->doublings;
    return true;
}

static bool attention_fits(gan_ctx *ctx, const char *who, const char *name, const gan__plan *p, int64_t side) {
    int64_t largest = (int64_t)2 << p->doublings;
    for (int64_t s = 4; s <= largest; s *= 2)
        if (side == s || !side) return true;
    gan_ctx_fail(ctx, GAN_E_ARG, "%s: %s is %" PRId64 "; the shorter sides of feature maps are 4, 8, ... up to %" PRId64, who,
                 name, side, largest);
    return false;
}

static void fill_in(gan_dcgan_opts *o, gan__plan_defaults defaults) {
    if (!o->channels) o->channels = 3;
    if (!o->latent) o->latent = defaults.latent;
    if (!o->features) o->features = 64;
    if (!o->pack) o->pack = 1;
    if (o->slope == 0) o->slope = defaults.slope;
    if (!o->g_norm) o->g_norm = GAN_NORM_BATCH;
    if (!o->d_norm) o->d_norm = o->d_spectral ? GAN_NORM_NONE : defaults.d_norm;
    if (!o->up) o->up = defaults.up;
}

bool gan__plan_make(gan_ctx *ctx, const char *who, gan_dcgan_opts opts, gan__plan_defaults defaults, gan__plan *p) {
    *p = (gan__plan){.o = opts, .ends = {opts.minibatch, opts.discrimination, opts.group, opts.logits, opts.aux}};
    gan_dcgan_opts *o = &p->o;
    fill_in(o, defaults);
    if ((unsigned)o->up > GAN_UP_NEAREST) {
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: up is not one of its kinds", who);
        return false;
    }
    return gan__model_count(ctx, who, "channels", o->channels) && gan__model_count(ctx, who, "latent", o->latent) &&
           gan__model_count(ctx, who, "features", o->features) && gan__model_count(ctx, who, "pack", o->pack) &&
           plan_size(ctx, who, p) && gan__ends_fit(ctx, who, &p->ends) && gan__norms_fit(ctx, who, o->g_norm, o->d_norm, true) &&
           gan__generators_fit(ctx, who, &o->generators) &&
           gan__reference_fits(ctx, who, o->g_norm, o->generators, &o->reference) &&
           gan__dropout_fits(ctx, who, o->g_dropout, o->g_dropout_always) &&
           attention_fits(ctx, who, "g_attention", p, o->g_attention) &&
           attention_fits(ctx, who, "d_attention", p, o->d_attention);
}

gan_shape gan__plan_map(const gan__plan *p, int level, int64_t channels) {
    return gan_shape3(p->base_h << level, p->base_w << level, channels);
}
