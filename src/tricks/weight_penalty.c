/* L1 and L2 on the weights of either player, as terms of its loss. */
#include "trick_impl.h"

#include <math.h>
#include <stdio.h>

typedef struct gan_weight_norms norms;

/* l1 |w|_1 + l2/2 |w|^2: the derivative is l1 sign(w) + l2 w. */
static gan_tensor *norm_of(gan_tensor *w, norms n) {
    gan_tensor *l1 = n.l1 != 0 ? gan_scale(gan_sum(gan_abs(w)), n.l1) : NULL;
    gan_tensor *l2 = n.l2 != 0 ? gan_scale(gan_sum(gan_square(w)), n.l2 / 2) : NULL;
    return l1 && l2 ? gan_add(l1, l2) : l1 ? l1 : l2;
}

static gan_tensor *term(gan_trick *k, const gan_turn *turn) {
    const gan_weight_penalty_opts *o = gan_trick_data(k);
    const bool of_d = turn->player == GAN_PLAYER_D;
    gan_module *m = of_d ? turn->D : turn->G;
    norms n = of_d ? o->d : o->g;
    gan_tensor *sum = NULL;
    if (n.l1 == 0 && n.l2 == 0) return NULL;
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        if (p->buffer || p->no_decay) continue;
        gan_tensor *one = norm_of(gan_turn_param(turn, i), n);
        sum = sum ? gan_add(sum, one) : one;
    }
    return sum;
}

/* Spectral norm divides the size of W out again: L2 then only changes how fast its direction is learnt. */
static void attach(gan_trick *k, const gan_turn *turn) {
    const gan_weight_penalty_opts *o = gan_trick_data(k);
    const char *of_d = o->d.l2 > 0 ? gan__spectral_name(turn->D) : NULL;
    const char *of_g = o->g.l2 > 0 ? gan__spectral_name(turn->G) : NULL;
    if (of_d || of_g)
        gan_ctx_log(turn->ctx, GAN_LOG_WARNING, "weight_penalty: L2 has no hold on \"%s\" of %s, which is under spectral norm",
                    of_d ? of_d : of_g, of_d ? "D" : "G");
    const bool batch_d = o->d.l2 > 0 && gan__contains_layer(turn->D, "BatchNorm");
    if (batch_d || (o->g.l2 > 0 && gan__contains_layer(turn->G, "BatchNorm")))
        gan_ctx_log(turn->ctx, GAN_LOG_INFO, "weight_penalty: with batch norm in %s, L2 is nothing that needs tuning",
                    batch_d ? "D" : "G");
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const gan_weight_penalty_opts *o = gan_trick_data(k);
    snprintf(text, size, "d l1 %g l2 %g, g l1 %g l2 %g", o->d.l1, o->d.l2, o->g.l1, o->g.l2);
}

static const gan_trick_type type = {.name = "weight_penalty",
                                    .data_bytes = sizeof(gan_weight_penalty_opts),
                                    .attach = attach,
                                    .term = term,
                                    .describe = describe};

gan_weight_penalty_opts gan_weight_penalty_defaults(void) {
    return (gan_weight_penalty_opts){.d = {.l2 = 1e-4}, .g = {.l2 = 1e-4}, .weight = gan_constant(1)};
}

static bool sound(norms n) { return n.l1 >= 0 && n.l2 >= 0 && isfinite(n.l1) && isfinite(n.l2); }

gan_trick *gan_weight_penalty(gan_ctx *ctx, gan_weight_penalty_opts o) {
    norms bad = sound(o.d) ? o.g : o.d;
    if (!sound(bad)) gan__raise(ctx, GAN_E_ARG, "gan_weight_penalty: l1 is %g, l2 %g: not both 0 or more", bad.l1, bad.l2);
    gan__schedule_within(ctx, "gan_weight_penalty", "weight", o.weight, 0, INFINITY);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = o.weight}, &o);
}
