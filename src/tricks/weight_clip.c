/* Weight clipping (1701.07875): holds a critic to some Lipschitz constant, roughly. */
#include "trick_impl.h"

#include <math.h>
#include <stdio.h>

static void clip(gan_tensor *w, double c) {
    gan_tensor *inside = gan_clamp(w, -c, c);
    if (!gan_is_nil(inside)) gan_assign(w, gan_data(inside), gan_count(inside));
}

static void after(gan_trick *k, const gan_turn *turn) {
    if (turn->player != GAN_PLAYER_D) return;
    const gan_weight_clip_opts *o = gan_trick_data(k);
    gan_scope_begin(turn->ctx);
    gan_no_record_begin(turn->ctx);
    for (int i = 0; i < gan_module_param_count(turn->D); i++) {
        const gan_param *p = gan_module_param(turn->D, i);
        if (!p->buffer) clip(p->tensor, o->c);
    }
    gan_no_record_end(turn->ctx);
    gan_scope_end(turn->ctx);
}

/* W/sigma is what a spectral layer computes with: the size of W itself means nothing. */
static void attach(gan_trick *k, const gan_turn *turn) {
    const char *name = gan__spectral_name(turn->D);
    if (name) gan__raise(turn->ctx, GAN_E_ARG, "%s is refused with spectral norm in D (\"%s\")", gan_trick_name(k), name);
}

static void describe(const gan_trick *k, char *text, size_t size) {
    snprintf(text, size, "c %g", ((const gan_weight_clip_opts *)gan_trick_data(k))->c);
}

/* A penalty asks for gradients of norm 1 where clipping has its own idea of the slope. */
static const char *const clashes[] = {"wgan_gp", "dragan", "r1", "r2", NULL};

static const gan_trick_type type = {.name = "weight_clip",
                                    .data_bytes = sizeof(gan_weight_clip_opts),
                                    .clashes = clashes,
                                    .attach = attach,
                                    .after = after,
                                    .describe = describe};

gan_trick *gan_weight_clip(gan_ctx *ctx, gan_weight_clip_opts o) {
    if (!(o.c > 0 && isfinite(o.c))) gan__raise(ctx, GAN_E_ARG, "gan_weight_clip: c is %g, not above 0", o.c);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &o);
}
