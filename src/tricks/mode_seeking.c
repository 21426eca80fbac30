/* Mode seeking (1903.05628, in the form that the code minimises): samples shall be as far apart as their latents. */
#include "trick_impl.h"

#include <math.h>
#include <stdio.h>

/* E |x1 - x2| of the halves of x; an odd one at the end is left out. */
static gan_tensor *distance(gan_tensor *x) {
    int64_t half = gan_shape_of(x).d[0] / 2;
    return gan_mean(gan_abs(gan_sub(gan_slice(x, 0, 0, half), gan_slice(x, 0, half, half))));
}

static gan_tensor *term(gan_trick *k, const gan_turn *turn) {
    if (turn->player != GAN_PLAYER_G) return NULL;
    const gan_mode_seeking_opts *o = gan_trick_data(k);
    if (gan_shape_of(turn->fake).d[0] < 2) {
        gan__raise(turn->ctx, GAN_E_SHAPE, "mode_seeking: a batch of one has no two samples to compare");
        return NULL;
    }
    gan_tensor *r = gan_div(distance(turn->fake), distance(turn->latents));
    if (isfinite(o->tau)) r = gan_minimum(r, gan_scalar(turn->ctx, o->tau));
    return gan_reciprocal(gan_add_scalar(r, 1e-5));
}

static void describe(const gan_trick *k, char *text, size_t size) {
    snprintf(text, size, "tau %g", ((const gan_mode_seeking_opts *)gan_trick_data(k))->tau);
}

static const gan_trick_type type = {
    .name = "mode_seeking", .data_bytes = sizeof(gan_mode_seeking_opts), .term = term, .describe = describe};

gan_mode_seeking_opts gan_mode_seeking_defaults(void) {
    return (gan_mode_seeking_opts){.weight = gan_constant(1), .tau = INFINITY};
}

gan_trick *gan_mode_seeking(gan_ctx *ctx, gan_mode_seeking_opts o) {
    if (!(o.tau > 0)) gan__raise(ctx, GAN_E_ARG, "gan_mode_seeking: tau is %g, not above 0", o.tau);
    gan__schedule_within(ctx, "gan_mode_seeking", "weight", o.weight, 0, INFINITY);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = o.weight}, &o);
}
