#include <gan/trick.h>

gan_tensor *gan_turn_loss_d(const gan_turn *turn, const gan_set *values) {
    gan_call_opts opts = {.set = values};
    gan_tensor *real = gan_module_call(turn->D, (gan_input){turn->real_seen, turn->real.label}, opts).y;
    gan_tensor *fake = gan_module_call(turn->D, (gan_input){turn->fake_seen, NULL}, opts).y;
    return gan_loss_d(turn->loss, (gan_verdict){.real = real,
                                                .fake = fake,
                                                .real_target = turn->real_target,
                                                .fake_target = turn->fake_target,
                                                .real_label = turn->real.label,
                                                .fake_label = turn->fake_label});
}

gan_tensor *gan_turn_param(const gan_turn *turn, int index) {
    if (turn->player == GAN_PLAYER_D && turn->values) return gan_set_get(turn->values, index);
    return gan_module_param(turn->player == GAN_PLAYER_D ? turn->D : turn->G, index)->tensor;
}
