#include "trick_impl.h"

/* The generators' numbers are labels to a loss that asks for them; to another, a fake's label would be its class. */
gan_verdict gan__turn_verdict(const gan_turn *turn, gan_tensor *real, gan_tensor *fake, gan_tensor *made_by) {
    const gan_loss_info *info = gan_loss_info_of(turn->loss->kind);
    return (gan_verdict){.real = real,
                         .fake = fake,
                         .real_target = turn->real_target,
                         .fake_target = turn->fake_target,
                         .real_label = turn->real.label,
                         .fake_label = info && info->needs_fake_label ? made_by : NULL};
}

gan_tensor *gan_turn_loss_d(const gan_turn *turn, const gan_set *values) {
    gan_call_opts opts = {.set = values};
    gan_tensor *real = gan_module_call(turn->D, (gan_input){turn->real_seen, turn->real.label}, opts).y;
    gan_tensor *fake = gan_module_call(turn->D, (gan_input){turn->fake_seen, NULL}, opts).y;
    return gan_loss_d(turn->loss, gan__turn_verdict(turn, real, fake, turn->fake_label));
}

gan_tensor *gan_turn_param(const gan_turn *turn, int index) {
    if (turn->player == GAN_PLAYER_D && turn->values) return gan_set_get(turn->values, index);
    return gan_module_param(turn->player == GAN_PLAYER_D ? turn->D : turn->G, index)->tensor;
}
