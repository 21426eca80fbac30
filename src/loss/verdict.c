/* Whether a loss, and what D said, can be used. */
#include <math.h>

#include "loss_impl.h"

bool gan__loss_valid(gan_ctx *ctx, const gan_loss *loss, const char *who) {
    const gan__loss_form *f = gan__loss_form_of(loss);
    if (!loss)
        gan__raise(ctx, GAN_E_ARG, "%s: the loss is NULL", who);
    else if (!f)
        gan__raise(ctx, GAN_E_ARG, "%s: %d is no kind of loss", who, (int)loss->kind);
    else if (!isfinite(loss->real_target) || !isfinite(loss->fake_target) || !isfinite(loss->gen_target))
        gan__raise(ctx, GAN_E_ARG, "%s: the targets of %s are %g, %g, %g", who, f->info.name, loss->real_target,
                   loss->fake_target, loss->gen_target);
    else if (!f->info.takes_targets && (loss->real_target != 1 || loss->fake_target != 0 || loss->gen_target != 1))
        gan__raise(ctx, GAN_E_ARG, "%s: %s has no targets to choose: leave them 1, 0, 1, as its constructor has them", who,
                   f->info.name);
    else
        return true;
    return false;
}

bool gan__output_fits(gan_ctx *ctx, const gan__loss_form *f, gan_tensor *output, const char *who) {
    if (!gan__usable(ctx, output, who)) return false;
    gan_shape s = gan_shape_of(output);
    bool two = f->info.outputs == GAN_OUTPUTS_TWO;
    if (f->info.outputs == GAN_OUTPUTS_ONE || (s.ndim == 2 && (two ? s.d[1] == 2 : s.d[1] >= 2))) return true;
    char text[GAN_SHAPE_TEXT];
    gan__raise(ctx, GAN_E_SHAPE, "%s: D's output has shape %s, where %s wants %s", who, gan_shape_text(s, text), f->info.name,
               two ? "[n, 2]" : "[n, k] with k >= 2");
    return false;
}

static bool unequal(gan_ctx *ctx, const char *who, const char *one, gan_shape a, const char *other, gan_shape b) {
    char a_text[GAN_SHAPE_TEXT], b_text[GAN_SHAPE_TEXT];
    gan__raise(ctx, GAN_E_SHAPE, "%s: %s have shape %s, %s %s", who, one, gan_shape_text(a, a_text), other,
               gan_shape_text(b, b_text));
    return false;
}

/* What D said of one kind of samples, with what it should have said. */
typedef struct side {
    const char *outputs, *targets, *labels; /* for messages */
    gan_tensor *x, *target, *label;
    bool label_needed;
} side;

static side real_side(const gan__loss_form *f, const gan_verdict *v) {
    bool labels = f->info.needs_real_label;
    return (side){"the reals' outputs", "their targets", "their labels", v->real, v->real_target, labels ? v->real_label : NULL,
                  labels};
}

static side fake_side(const gan__loss_form *f, const gan_verdict *v) {
    bool labels = f->info.needs_fake_label;
    return (side){"the fakes' outputs", "their targets", "their labels", v->fake, v->fake_target, labels ? v->fake_label : NULL,
                  labels};
}

/* One target or label for each of x's samples. */
static bool each_fits(gan_ctx *ctx, const side *s, gan_tensor *each, const char *name, bool softmax, const char *who) {
    if (!gan__usable(ctx, each, who)) return false;
    gan_shape x = gan_shape_of(s->x), wanted = softmax ? gan_shape1(x.d[0]) : x;
    return gan_shape_equal(gan_shape_of(each), wanted) || unequal(ctx, who, s->outputs, x, name, gan_shape_of(each));
}

static bool side_fits(gan_ctx *ctx, const gan__loss_form *f, const side *s, const char *who) {
    bool softmax = f->info.outputs != GAN_OUTPUTS_ONE;
    if (!gan__output_fits(ctx, f, s->x, who)) return false;
    if (s->target && !f->info.takes_targets) {
        gan__raise(ctx, GAN_E_ARG, "%s: %s takes no targets", who, f->info.name);
        return false;
    }
    if (s->label_needed && !s->label) {
        gan__raise(ctx, GAN_E_ARG, "%s: %s needs labels with %s", who, f->info.name, s->outputs);
        return false;
    }
    if (s->target && !each_fits(ctx, s, s->target, s->targets, softmax, who)) return false;
    return !s->label || each_fits(ctx, s, s->label, s->labels, softmax, who);
}

/* Are reals and fakes judged alike? */
static bool both_fit(gan_ctx *ctx, const gan__loss_form *f, const gan_verdict *v, const char *who) {
    gan_shape a = gan_shape_of(v->real), b = gan_shape_of(v->fake);
    bool softmax = f->info.outputs != GAN_OUTPUTS_ONE;
    if (f->paired ? gan_shape_equal(a, b) : !softmax || a.d[1] == b.d[1]) return true;
    return unequal(ctx, who, "the reals' outputs", a, "the fakes'", b);
}

bool gan__verdict_fits_d(gan_ctx *ctx, const gan__loss_form *f, const gan_verdict *v) {
    static const char who[] = "gan_loss_d";
    side real = real_side(f, v), fake = fake_side(f, v);
    return side_fits(ctx, f, &real, who) && side_fits(ctx, f, &fake, who) && both_fit(ctx, f, v, who);
}

bool gan__verdict_fits_g(gan_ctx *ctx, const gan__loss_form *f, const gan_verdict *v) {
    static const char who[] = "gan_loss_g";
    side fake = fake_side(f, v);
    fake.target = NULL, fake.label_needed = false;
    fake.label = f->fake_labels ? v->fake_label : NULL;
    if (!side_fits(ctx, f, &fake, who)) return false;
    if (!f->info.g_needs_real) return true;
    if (!v->real) {
        gan__raise(ctx, GAN_E_ARG, "%s: %s judges fakes against reals, and there are none in the verdict", who, f->info.name);
        return false;
    }
    return gan__usable(ctx, v->real, who) && both_fit(ctx, f, v, who);
}
