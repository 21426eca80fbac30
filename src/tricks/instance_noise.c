/* Noise on what D sees (1610.04490, 1701.04862): it makes the two distributions overlap, so that D cannot tell them apart with
 * certainty and its gradient stays of use. */
#include <math.h>

#include "trick_impl.h"

static gan_tensor *see(gan_trick *k, const gan_turn *turn, gan_tensor *x, bool real) {
    (void)real;
    const gan_instance_noise_opts *o = gan_trick_data(k);
    double sigma = gan_schedule_at(o->sigma, turn->step);
    if (sigma == 0) return x;
    return gan_add(x, gan_scale(gan_randn_from(gan_trick_stream(k), gan_shape_of(x)), sigma));
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const gan_instance_noise_opts *o = gan_trick_data(k);
    gan_schedule_text(o->sigma, text, size);
}

static const gan_trick_type type = {.name = "instance_noise",
                                    .order = GAN_ORDER_NOISE,
                                    .data_bytes = sizeof(gan_instance_noise_opts),
                                    .see = see,
                                    .describe = describe};

gan_trick *gan_instance_noise(gan_ctx *ctx, gan_instance_noise_opts opts) {
    gan__schedule_within(ctx, "gan_instance_noise", "sigma", opts.sigma, 0, INFINITY);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &opts);
}
