#include "pieces.h"

#include <inttypes.h>

/* --- what makes sense ------------------------------------------------------------------------------------- */

static bool asked(const gan_minibatch_opts *o) { return o->kernels || o->dims; }

bool gan__ends_fit(gan_ctx *ctx, const char *who, gan__ends *e) {
    const char *why = (unsigned)e->minibatch > GAN_MINIBATCH_STDDEV ? "minibatch is not one of its kinds"
                      : asked(&e->discrimination) && e->minibatch != GAN_MINIBATCH_DISCRIMINATION
                          ? "discrimination is set, but minibatch is another kind"
                      : e->group && e->minibatch != GAN_MINIBATCH_STDDEV ? "group is set, but minibatch is another kind"
                                                                         : NULL;
    if (why) gan_ctx_fail(ctx, GAN_E_ARG, "%s: %s", who, why);
    if (!e->logits) e->logits = 1;
    if (e->aux && !gan__model_count(ctx, who, "aux", e->aux)) return false;
    if (!e->discrimination.kernels) e->discrimination.kernels = 100;
    return !why && gan__model_count(ctx, who, "logits", e->logits) &&
           gan__model_count(ctx, who, "kernels", e->discrimination.kernels);
}

bool gan__norms_fit(gan_ctx *ctx, const char *who, gan_norm_kind g, gan_norm_kind d, bool images) {
    const char *why = (unsigned)g > GAN_NORM_VIRTUAL   ? "g_norm is not one of its kinds"
                      : (unsigned)d > GAN_NORM_VIRTUAL ? "d_norm is not one of its kinds"
                      : d == GAN_NORM_VIRTUAL ? "d_norm is virtual; the reference batch is of latents, so only G can have it"
                      : !images && (g == GAN_NORM_INSTANCE || d == GAN_NORM_INSTANCE) ? "instance norm is for images"
                                                                                      : NULL;
    if (why) gan_ctx_fail(ctx, GAN_E_ARG, "%s: %s", who, why);
    return !why;
}

bool gan__generators_fit(gan_ctx *ctx, const char *who, int *generators) {
    if (!*generators) *generators = 1;
    if (*generators < 1 || *generators > GAN_MAX_BRANCHES)
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: generators is %d, must be 1 to %d", who, *generators, GAN_MAX_BRANCHES);
    return *generators >= 1 && *generators <= GAN_MAX_BRANCHES;
}

/* Rows are dealt to the generators, so all of them get the same part of a multiple. */
bool gan__reference_fits(gan_ctx *ctx, const char *who, gan_norm_kind g, int generators, int64_t *reference) {
    if (g == GAN_NORM_VIRTUAL) {
        if (!*reference) *reference = (64 + generators - 1) / generators * generators;
        if (*reference % generators)
            gan_ctx_fail(ctx, GAN_E_ARG, "%s: reference is %" PRId64 ", no multiple of the %d generators", who, *reference,
                         generators);
        return *reference % generators == 0 && gan__model_count(ctx, who, "reference", *reference);
    }
    if (*reference)
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: reference is %" PRId64 ", but g_norm is not virtual batch norm", who, *reference);
    return !*reference;
}

/* --- several generators ----------------------------------------------------------------------------------- */

gan_module *gan__apiece(gan_ctx *ctx, int generators, gan__make_fn make, const void *arg) {
    gan_module *first = make(ctx, arg);
    if (generators == 1 || !first) return first;
    gan_module *m = gan_branches(ctx);
    for (int i = 0; i < generators; i++) gan__free_orphan(gan_branches_add(m, i ? make(ctx, arg) : first));
    return gan__model_made(ctx, m);
}

gan_module *gan__separate(gan_ctx *ctx, const char *who, int generators, gan__make_fn make, const void *arg) {
    if (!gan__generators_fit(ctx, who, &generators)) return gan__nil_module(ctx);
    if (generators == 1) gan_ctx_fail(ctx, GAN_E_ARG, "%s: separate is set, but there is only one generator", who);
    return gan__apiece(ctx, generators, make, arg);
}

typedef struct norm_of_own {
    gan_norm_kind kind;
    gan_shape sample;
    int64_t reference;
} norm_of_own;

static gan_module *make_norm(gan_ctx *ctx, const void *arg) {
    const norm_of_own *n = arg;
    return gan__norm_piece(ctx, n->kind, n->sample, n->reference);
}

gan_module *gan__norm_apiece(gan_ctx *ctx, int generators, gan_norm_kind kind, gan_shape sample, int64_t reference) {
    return gan__apiece(ctx, generators, make_norm, &(norm_of_own){kind, sample, reference / generators});
}

/* --- layers ----------------------------------------------------------------------------------------------- */

gan_module *gan__norm_piece(gan_ctx *ctx, gan_norm_kind kind, gan_shape sample, int64_t reference) {
    const gan_norm_opts o = {0};
    int64_t channels = sample.d[sample.ndim - 1];
    switch (kind) {
    case GAN_NORM_BATCH: return gan_batch_norm_layer(ctx, channels, o);
    case GAN_NORM_LAYER: return gan_layer_norm_layer(ctx, sample, o);
    case GAN_NORM_INSTANCE: return gan_instance_norm_layer(ctx, channels, o);
    case GAN_NORM_VIRTUAL: return gan_virtual_batch_norm_layer(ctx, channels, reference, o);
    case GAN_NORM_DEFAULT:
    case GAN_NORM_NONE: break;
    }
    return NULL;
}

gan_module *gan__activation_piece(gan_ctx *ctx, double slope) {
    return slope == 0 ? gan_relu_layer(ctx) : gan_leaky_relu_layer(ctx, slope);
}

gan_module *gan__dropout_piece(gan_ctx *ctx, double p, bool always) {
    return p == 0 ? NULL : always ? gan_dropout_always_layer(ctx, p) : gan_dropout_layer(ctx, p);
}

bool gan__dropout_fits(gan_ctx *ctx, const char *who, double p, bool always) {
    if (always && p == 0) gan_ctx_fail(ctx, GAN_E_ARG, "%s: g_dropout_always is set, but g_dropout is 0", who);
    return !always || p != 0;
}

gan_module *gan__minibatch_piece(gan_ctx *ctx, const gan__ends *e, gan_shape sample) {
    if (e->minibatch == GAN_MINIBATCH_DISCRIMINATION) return gan_minibatch_discrimination_layer(ctx, sample, e->discrimination);
    return e->minibatch == GAN_MINIBATCH_STDDEV ? gan_minibatch_stddev_layer(ctx, e->group) : NULL;
}

int64_t gan__minibatch_channels(const gan__ends *e) {
    if (e->minibatch == GAN_MINIBATCH_DISCRIMINATION) return e->discrimination.kernels;
    return e->minibatch == GAN_MINIBATCH_STDDEV;
}

gan_conv_layer_opts gan__same_size(int kernel, bool bias, bool spectral) {
    gan_conv_layer_opts o = gan_conv_layer_square(kernel, 1, kernel / 2);
    o.no_bias = !bias;
    o.spectral = spectral;
    return o;
}

gan_module *gan__attention_piece(gan_ctx *ctx, int64_t wanted, int level, int64_t channels, bool spectral) {
    if (wanted != (int64_t)4 << level) return NULL;
    return gan_self_attention_layer(ctx, channels, (gan_attention_opts){.spectral = spectral});
}
