#include <gan/loss.h>

#include "../tensor/tensor_impl.h"

gan_loss gan_loss_non_saturating(void) { return (gan_loss){GAN_LOSS_NON_SATURATING, 1, 0, 1}; }
gan_loss gan_loss_least_squares(void) { return (gan_loss){GAN_LOSS_LEAST_SQUARES, 1, 0, 1}; }

/* For s the logistic function, -t log s(x) - (1-t) log(1 - s(x)) is
 *     softplus(x) - t*x  =  softplus(-x) + (1-t)*x:
 * no logarithm of a rounded 0. The form with the smaller coefficient keeps the digits of small losses and gradients; for targets
 * 0 and 1 there is no second term at all, and nothing that could cancel. */
gan_tensor *gan_bce_with_logits(gan_tensor *x, double target) {
    bool high = target > .5;
    gan_tensor *plus = gan_softplus(high ? gan_neg(x) : x);
    double rest = high ? 1 - target : -target;
    return gan_mean(rest == 0 ? plus : gan_add(plus, gan_scale(x, rest)));
}

/* Broadcasting [n] against [n, 1] would compare each logit with every target. */
static bool match(gan_tensor *x, gan_tensor *targets, const char *who) {
    gan_ctx *ctx = gan_ctx_of(x);
    if (!gan__usable(ctx, x, who) || !gan__usable(ctx, targets, who)) return false;
    gan_shape a = gan_shape_of(x), b = gan_shape_of(targets);
    if (gan_shape_equal(a, b)) return true;
    char a_text[GAN_SHAPE_TEXT], b_text[GAN_SHAPE_TEXT];
    gan__raise(ctx, GAN_E_SHAPE, "%s: the logits have shape %s, the targets %s", who, gan_shape_text(a, a_text),
               gan_shape_text(b, b_text));
    return false;
}

gan_tensor *gan_bce_with_logits_targets(gan_tensor *x, gan_tensor *targets) {
    if (!match(x, targets, "gan_bce_with_logits_targets")) return gan__nil(gan_ctx_of(x));
    return gan_mean(gan_sub(gan_softplus(x), gan_mul(x, targets)));
}

gan_tensor *gan_half_square(gan_tensor *x, double target) {
    return gan_scale(gan_mean(gan_square(gan_add_scalar(x, -target))), .5);
}

gan_tensor *gan_half_square_targets(gan_tensor *x, gan_tensor *targets) {
    if (!match(x, targets, "gan_half_square_targets")) return gan__nil(gan_ctx_of(x));
    return gan_scale(gan_mean(gan_square(gan_sub(x, targets))), .5);
}

/* By gan_loss_kind: how logits are held to a target. */
typedef gan_tensor *(*toward_fn)(gan_tensor *x, double target);
static const toward_fn towards[] = {
    [GAN_LOSS_NON_SATURATING] = gan_bce_with_logits,
    [GAN_LOSS_LEAST_SQUARES] = gan_half_square,
};

/* NULL (raised): there is no such loss. */
static toward_fn toward_of(const gan_loss *loss, gan_ctx *ctx, const char *who) {
    if (loss && (unsigned)loss->kind < sizeof towards / sizeof *towards) return towards[loss->kind];
    if (loss)
        gan__raise(ctx, GAN_E_ARG, "%s: %d is no kind of loss", who, (int)loss->kind);
    else
        gan__raise(ctx, GAN_E_ARG, "%s: the loss is NULL", who);
    return NULL;
}

gan_tensor *gan_loss_d(const gan_loss *loss, gan_tensor *real, gan_tensor *fake) {
    gan_ctx *ctx = gan_ctx_of(real);
    toward_fn toward = toward_of(loss, ctx, "gan_loss_d");
    return toward ? gan_add(toward(real, loss->real_target), toward(fake, loss->fake_target)) : gan__nil(ctx);
}

gan_tensor *gan_loss_g(const gan_loss *loss, gan_tensor *fake) {
    gan_ctx *ctx = gan_ctx_of(fake);
    toward_fn toward = toward_of(loss, ctx, "gan_loss_g");
    return toward ? toward(fake, loss->gen_target) : gan__nil(ctx);
}
