/* Soft and noisy labels (1606.03498): a D that may never be certain does not lean on a few features. */
#include "trick_impl.h"

#include <math.h>
#include <stdio.h>

static gan_tensor *target(gan_trick *k, const gan_turn *turn, gan_tensor *target, bool real) {
    (void)turn;
    const gan_label_noise_opts *o = gan_trick_data(k);
    double low = real ? o->real_low : o->fake_low, high = real ? o->real_high : o->fake_high;
    gan_tensor *u = gan_rand_from(gan_trick_stream(k), gan_shape_of(target));
    return gan_add_scalar(gan_scale(u, high - low), low);
}

static void attach(gan_trick *k, const gan_turn *turn) {
    const gan_label_noise_opts *o = gan_trick_data(k);
    gan__need_targets(k, turn);
    const gan_loss_info *info = gan_loss_info_of(turn->loss->kind);
    bool within = o->real_low >= 0 && o->fake_low >= 0 && o->real_high <= 1 && o->fake_high <= 1;
    if (info && info->unit_targets && !within)
        gan_ctx_log(turn->ctx, GAN_LOG_WARNING, "label_noise: with targets outside [0, 1] the %s loss is unbounded below",
                    info->name);
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const gan_label_noise_opts *o = gan_trick_data(k);
    snprintf(text, size, "real %g to %g, fake %g to %g", o->real_low, o->real_high, o->fake_low, o->fake_high);
}

static const gan_trick_type type = {.name = "label_noise",
                                    .order = GAN_ORDER_SMOOTH,
                                    .data_bytes = sizeof(gan_label_noise_opts),
                                    .attach = attach,
                                    .target = target,
                                    .describe = describe};

gan_label_noise_opts gan_label_noise_defaults(void) { return (gan_label_noise_opts){.real_low = .8, .real_high = 1}; }

static bool is_range(double low, double high) { return low <= high && isfinite(low) && isfinite(high); }

gan_trick *gan_label_noise(gan_ctx *ctx, gan_label_noise_opts o) {
    if (!is_range(o.real_low, o.real_high) || !is_range(o.fake_low, o.fake_high))
        gan__raise(ctx, GAN_E_ARG, "gan_label_noise: the ranges [%g, %g) and [%g, %g) are none", o.real_low, o.real_high,
                   o.fake_low, o.fake_high);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &o);
}
