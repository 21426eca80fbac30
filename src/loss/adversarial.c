/* The losses of the two players: one table of kinds. Formulas: see gan_loss_kind. */
#include "loss_impl.h"

/* --- least squares and cross-entropy ---------------------------------------------------------------------- */

static gan_tensor *log_d(const gan_loss *l, const gan_verdict *v) {
    return gan_add(gan__bce_toward(v->real, l->real_target, v->real_target),
                   gan__bce_toward(v->fake, l->fake_target, v->fake_target));
}

static gan_tensor *log_g(const gan_loss *l, const gan_verdict *v) { return gan_bce_with_logits(v->fake, l->gen_target); }

static gan_tensor *minimax_g(const gan_loss *l, const gan_verdict *v) {
    (void)l;
    return gan_neg(gan_bce_with_logits(v->fake, 0));
}

static gan_tensor *square_d(const gan_loss *l, const gan_verdict *v) {
    return gan_add(gan__half_square_toward(v->real, l->real_target, v->real_target),
                   gan__half_square_toward(v->fake, l->fake_target, v->fake_target));
}

static gan_tensor *square_g(const gan_loss *l, const gan_verdict *v) { return gan_half_square(v->fake, l->gen_target); }

/* --- critics ---------------------------------------------------------------------------------------------- */

static gan_tensor *score_d(const gan_loss *l, const gan_verdict *v) {
    (void)l;
    return gan_sub(gan_mean(v->fake), gan_mean(v->real));
}

static gan_tensor *score_g(const gan_loss *l, const gan_verdict *v) {
    (void)l;
    return gan_neg(gan_mean(v->fake));
}

static gan_tensor *margin(gan_tensor *x) { return gan_mean(gan_relu(gan_add_scalar(x, 1))); }

static gan_tensor *hinge_d(const gan_loss *l, const gan_verdict *v) {
    (void)l;
    return gan_add(margin(gan_neg(v->real)), margin(v->fake));
}

/* --- relativistic: how much more real than the others ----------------------------------------------------- */

static gan_tensor *above_average(gan_tensor *x, gan_tensor *others) { return gan_sub(x, gan_mean(others)); }

static gan_tensor *average(gan_tensor *winner, gan_tensor *loser) {
    return gan_add(gan_bce_with_logits(above_average(winner, loser), 1), gan_bce_with_logits(above_average(loser, winner), 0));
}

static gan_tensor *average_d(const gan_loss *l, const gan_verdict *v) {
    (void)l;
    return average(v->real, v->fake);
}

static gan_tensor *average_g(const gan_loss *l, const gan_verdict *v) {
    (void)l;
    return average(v->fake, v->real);
}

static gan_tensor *pairing_d(const gan_loss *l, const gan_verdict *v) {
    (void)l;
    return gan_bce_with_logits(gan_sub(v->real, v->fake), 1);
}

static gan_tensor *pairing_g(const gan_loss *l, const gan_verdict *v) {
    (void)l;
    return gan_bce_with_logits(gan_sub(v->fake, v->real), 1);
}

/* --- softmax: the others' binary part, on how real D finds a sample, and classes within one side of it ---- */

/* The last class is "real" (2-way, MAD-GAN) ... */
static gan_verdict last_is_real(const gan_verdict *v) {
    gan_verdict logits = *v;
    if (v->real) logits.real = gan__last_logit(v->real);
    logits.fake = gan__last_logit(v->fake);
    return logits;
}

/* ... or "fake" (K+1 classes). */
static gan_verdict last_is_fake(const gan_verdict *v) {
    gan_verdict logits = last_is_real(v);
    if (v->real) logits.real = gan_neg(logits.real);
    logits.fake = gan_neg(logits.fake);
    return logits;
}

static gan_tensor *two_d(const gan_loss *l, const gan_verdict *v) {
    gan_verdict logits = last_is_real(v);
    return log_d(l, &logits);
}

static gan_tensor *last_g(const gan_loss *l, const gan_verdict *v) {
    return gan_bce_with_logits(gan__last_logit(v->fake), l->gen_target);
}

/* A real is of its class with the probability of its target. */
static gan_tensor *classes_d(const gan_loss *l, const gan_verdict *v) {
    gan_verdict logits = last_is_fake(v);
    gan_tensor *surprise = gan__class_surprise(v->real, v->real_label, true);
    gan_tensor *part = v->real_target ? gan_mean(gan_mul(surprise, v->real_target))
                                      : gan_scale(gan_mean(surprise), l->real_target);
    return gan_add(log_d(l, &logits), part);
}

static gan_tensor *classes_g(const gan_loss *l, const gan_verdict *v) {
    gan_tensor *y = gan_bce_with_logits(gan_neg(gan__last_logit(v->fake)), l->gen_target);
    if (!v->fake_label) return y;
    return gan_add(y, gan_scale(gan_mean(gan__class_surprise(v->fake, v->fake_label, true)), l->gen_target));
}

/* A fake is of its generator with the probability that its target leaves. */
static gan_tensor *mad_d(const gan_loss *l, const gan_verdict *v) {
    gan_verdict logits = last_is_real(v);
    gan_tensor *surprise = gan__class_surprise(v->fake, v->fake_label, false);
    gan_tensor *part = v->fake_target ? gan_mean(gan_mul(surprise, gan_add_scalar(gan_neg(v->fake_target), 1)))
                                      : gan_scale(gan_mean(surprise), 1 - l->fake_target);
    return gan_add(log_d(l, &logits), part);
}

/* --- the table -------------------------------------------------------------------------------------------- */

static const gan__loss_form forms[] = {
    [GAN_LOSS_NON_SATURATING] =
        {.info = {.name = "non_saturating", .takes_targets = true, .unit_targets = true},
         .d = log_d,
         .g = log_g,
         .constant = gan__log_constant,
         .least = gan__log_least,
         .threshold = gan__zero_level},
    [GAN_LOSS_LEAST_SQUARES] =
        {.info = {.name = "least_squares", .takes_targets = true},
         .d = square_d,
         .g = square_g,
         .constant = gan__square_constant,
         .least = gan__zero_level,
         .threshold = gan__middle_threshold},
    [GAN_LOSS_MINIMAX] =
        {.info = {.name = "minimax", .takes_targets = true, .unit_targets = true},
         .d = log_d,
         .g = minimax_g,
         .constant = gan__log_constant,
         .least = gan__log_least,
         .threshold = gan__zero_level},
    [GAN_LOSS_WASSERSTEIN] =
        {.info = {.name = "wasserstein", .critic = true},
         .d = score_d,
         .g = score_g,
         .constant = gan__zero_level,
         .least = gan__no_least,
         .threshold = gan__no_threshold},
    [GAN_LOSS_HINGE] =
        {.info = {.name = "hinge", .critic = true},
         .d = hinge_d,
         .g = score_g,
         .constant = gan__hinge_constant,
         .least = gan__zero_level,
         .threshold = gan__zero_level},
    [GAN_LOSS_RELATIVISTIC_AVERAGE] =
        {.info = {.name = "relativistic_average", .critic = true, .g_needs_real = true},
         .d = average_d,
         .g = average_g,
         .constant = gan__log_constant,
         .least = gan__zero_level,
         .threshold = gan__no_threshold},
    [GAN_LOSS_RELATIVISTIC_PAIRING] =
        {.info = {.name = "relativistic_pairing", .critic = true, .g_needs_real = true},
         .paired = true,
         .d = pairing_d,
         .g = pairing_g,
         .constant = gan__pairing_constant,
         .least = gan__zero_level,
         .threshold = gan__no_threshold},
    [GAN_LOSS_SOFTMAX] =
        {.info = {.name = "softmax", .takes_targets = true, .unit_targets = true, .outputs = GAN_OUTPUTS_TWO},
         .d = two_d,
         .g = last_g,
         .constant = gan__log_constant,
         .least = gan__log_least,
         .threshold = gan__zero_level},
    [GAN_LOSS_SOFTMAX_CLASSES] =
        {.info = {.name = "softmax_classes", .takes_targets = true, .unit_targets = true,
                  .needs_real_label = true, .outputs = GAN_OUTPUTS_CLASSES},
         .fake_labels = true,
         .d = classes_d,
         .g = classes_g,
         .constant = gan__classes_constant,
         .least = gan__log_least,
         .threshold = gan__zero_level},
    [GAN_LOSS_MAD_GAN] =
        {.info = {.name = "mad_gan", .takes_targets = true, .unit_targets = true,
                  .needs_fake_label = true, .outputs = GAN_OUTPUTS_GENERATORS},
         .d = mad_d,
         .g = last_g,
         .constant = gan__mad_constant,
         .least = gan__log_least,
         .threshold = gan__zero_level},
};

const gan__loss_form *gan__loss_form_of(const gan_loss *loss) {
    return loss && (unsigned)loss->kind < sizeof forms / sizeof *forms ? &forms[loss->kind] : NULL;
}

/* Of the first tensor that there is. */
static gan_ctx *ctx_of(const gan_verdict *v) { return gan_ctx_of(v->fake ? v->fake : v->real); }

gan_tensor *gan_loss_d(const gan_loss *loss, gan_verdict v) {
    gan_ctx *ctx = ctx_of(&v);
    const gan__loss_form *f = gan__loss_form_of(loss);
    bool fits = gan__loss_valid(ctx, loss, "gan_loss_d") && gan__verdict_fits_d(ctx, f, &v);
    return fits ? f->d(loss, &v) : gan__nil(ctx);
}

gan_tensor *gan_loss_g(const gan_loss *loss, gan_verdict v) {
    gan_ctx *ctx = ctx_of(&v);
    const gan__loss_form *f = gan__loss_form_of(loss);
    bool fits = gan__loss_valid(ctx, loss, "gan_loss_g") && gan__verdict_fits_g(ctx, f, &v);
    return fits ? f->g(loss, &v) : gan__nil(ctx);
}

gan_tensor *gan_loss_realness(const gan_loss *loss, gan_tensor *output) {
    static const char who[] = "gan_loss_realness";
    gan_ctx *ctx = gan_ctx_of(output);
    const gan__loss_form *f = gan__loss_form_of(loss);
    if (!gan__loss_valid(ctx, loss, who) || !gan__output_fits(ctx, f, output, who)) return gan__nil(ctx);
    if (f->info.outputs == GAN_OUTPUTS_ONE) return output;
    gan_tensor *last = gan__last_logit(output);
    return f->info.outputs == GAN_OUTPUTS_CLASSES ? gan_neg(last) : last;
}
