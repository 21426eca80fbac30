/* Flipped labels: now and then D is told the opposite of the truth. */
#include "trick_impl.h"

static gan_tensor *target(gan_trick *k, const gan_turn *turn, gan_tensor *target, bool real) {
    (void)real;
    const gan_label_flip_opts *o = gan_trick_data(k);
    double p = gan_schedule_at(o->p, turn->step), both = turn->loss->real_target + turn->loss->fake_target;
    gan_tensor *u = gan_rand_from(gan_trick_stream(k), gan_shape_of(target));
    gan_tensor *flipped = gan_add_scalar(gan_neg(target), both);
    return gan_where(gan_less(u, gan_scalar(turn->ctx, p)), flipped, target);
}

static void attach(gan_trick *k, const gan_turn *turn) { gan__need_targets(k, turn); }

static void describe(const gan_trick *k, char *text, size_t size) {
    gan_schedule_text(((const gan_label_flip_opts *)gan_trick_data(k))->p, text, size);
}

static const gan_trick_type type = {.name = "label_flip",
                                    .order = GAN_ORDER_FLIP,
                                    .data_bytes = sizeof(gan_label_flip_opts),
                                    .attach = attach,
                                    .target = target,
                                    .describe = describe};

gan_trick *gan_label_flip(gan_ctx *ctx, gan_label_flip_opts opts) {
    gan__schedule_within(ctx, "gan_label_flip", "p", opts.p, 0, 1);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &opts);
}
