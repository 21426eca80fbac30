/* The parts that losses are made of: single logits held to targets, and classes. */
#include "../ops/logits.h"
#include "loss_impl.h"

/* --- single logits ---------------------------------------------------------------------------------------- */

gan_tensor *gan_bce_with_logits(gan_tensor *x, double target) { return gan__bce(x, target); }

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

/* With high = (t > 1/2), which of the two forms (ops/logits.c) to take is itself a matter of arithmetic:
 * softplus(+-x) + (high - t)*x. */
gan_tensor *gan_bce_with_logits_targets(gan_tensor *x, gan_tensor *targets) {
    if (!match(x, targets, "gan_bce_with_logits_targets")) return gan__nil(gan_ctx_of(x));
    gan_tensor *high = gan_greater(targets, gan_scalar(gan_ctx_of(x), .5));
    gan_tensor *sign = gan_add_scalar(gan_scale(high, -2), 1);
    return gan_mean(gan_add(gan_softplus(gan_mul(x, sign)), gan_mul(x, gan_sub(high, targets))));
}

gan_tensor *gan_half_square(gan_tensor *x, double target) {
    return gan_scale(gan_mean(gan_square(gan_add_scalar(x, -target))), .5);
}

gan_tensor *gan_half_square_targets(gan_tensor *x, gan_tensor *targets) {
    if (!match(x, targets, "gan_half_square_targets")) return gan__nil(gan_ctx_of(x));
    return gan_scale(gan_mean(gan_square(gan_sub(x, targets))), .5);
}

gan_tensor *gan__bce_toward(gan_tensor *x, double target, gan_tensor *targets) {
    return targets ? gan_bce_with_logits_targets(x, targets) : gan_bce_with_logits(x, target);
}

gan_tensor *gan__half_square_toward(gan_tensor *x, double target, gan_tensor *targets) {
    return targets ? gan_half_square_targets(x, targets) : gan_half_square(x, target);
}

/* --- classes ---------------------------------------------------------------------------------------------- */

/* The cross-entropy over k+1 classes of a sample whose class is among the first k is, with P = p_0 + ... + p_(k-1),
 *     -log p_label = -log P - log(p_label/P):
 * a binary one on a single logit, and one over k classes that knows nothing of the last (1606.03498, section 5). So the softmax
 * kinds share the digits, targets and flips of the others. */

static gan_tensor *first_classes(gan_tensor *x) { return gan_slice(x, 1, 0, gan_shape_of(x).d[1] - 1); }

/* [n, k] -> [n, 1]. The largest entry cancels, so that it counts as a constant in every derivative. */
static gan_tensor *log_sum_exp(gan_tensor *x) {
    gan_ctx *ctx = gan_ctx_of(x);
    gan_no_record_begin(ctx);
    gan_tensor *max = gan_max_axis(x, 1, true);
    gan_no_record_end(ctx);
    return gan_add(max, gan_log(gan_sum_axes(gan_exp(gan_sub(x, max)), GAN_AXIS(1), true)));
}

gan_tensor *gan__last_logit(gan_tensor *x) {
    gan_shape s = gan_shape_of(x);
    gan_tensor *last = gan_slice(x, 1, s.d[1] - 1, 1);
    return gan_reshape(gan_sub(last, log_sum_exp(first_classes(x))), gan_shape1(s.d[0]));
}

/* 1 at the label; for negative labels, nothing but zeros. */
static gan_tensor *one_hot_if_known(gan_tensor *label, int64_t classes) {
    gan_tensor *zero = gan_scalar(gan_ctx_of(label), 0), *known = gan_greater_equal(label, zero);
    gan_tensor *hot = gan_one_hot(gan_maximum(label, zero), classes);
    return gan_mul(hot, gan_reshape(known, gan_shape2(gan_count(label), 1)));
}

gan_tensor *gan__class_surprise(gan_tensor *x, gan_tensor *label, bool partly) {
    gan_ctx *ctx = gan_ctx_of(x);
    int64_t classes = gan_shape_of(x).d[1] - 1;
    gan_no_record_begin(ctx);
    gan_tensor *hot = partly ? one_hot_if_known(label, classes) : gan_one_hot(label, classes);
    gan_no_record_end(ctx);
    return gan_neg(gan_sum_axes(gan_mul(gan_log_softmax(first_classes(x)), hot), GAN_AXIS(1), false));
}
