#include <gan/loss.h>

gan_loss gan_loss_non_saturating(void) { return (gan_loss){GAN_LOSS_NON_SATURATING, 1, 0, 1}; }
gan_loss gan_loss_least_squares(void) { return (gan_loss){GAN_LOSS_LEAST_SQUARES, 1, 0, 1}; }

/* -t log s(x) - (1-t) log(1 - s(x)) = softplus(x) - t*x, for s the logistic function: no logarithm of a rounded 0. */
gan_tensor *gan_bce_with_logits(gan_tensor *x, double target) {
    gan_tensor *plus = gan_softplus(x);
    return gan_mean(target == 0 ? plus : gan_sub(plus, gan_scale(x, target)));
}

gan_tensor *gan_bce_with_logits_targets(gan_tensor *x, gan_tensor *targets) {
    return gan_mean(gan_sub(gan_softplus(x), gan_mul(x, targets)));
}

gan_tensor *gan_half_square(gan_tensor *x, double target) {
    return gan_scale(gan_mean(gan_square(gan_add_scalar(x, -target))), .5);
}

gan_tensor *gan_half_square_targets(gan_tensor *x, gan_tensor *targets) {
    return gan_scale(gan_mean(gan_square(gan_sub(x, targets))), .5);
}

/* By gan_loss_kind: how logits are held to a target. */
static gan_tensor *(*const toward[])(gan_tensor *x, double target) = {
    [GAN_LOSS_NON_SATURATING] = gan_bce_with_logits,
    [GAN_LOSS_LEAST_SQUARES] = gan_half_square,
};

gan_tensor *gan_loss_d(const gan_loss *loss, gan_tensor *real, gan_tensor *fake) {
    return gan_add(toward[loss->kind](real, loss->real_target), toward[loss->kind](fake, loss->fake_target));
}

gan_tensor *gan_loss_g(const gan_loss *loss, gan_tensor *fake) { return toward[loss->kind](fake, loss->gen_target); }
