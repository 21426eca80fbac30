/* What is known of each kind of loss: names, constructors, and the marks on D's loss that it is read by. */
#include <math.h>
#include <string.h>

#include "loss_impl.h"

static gan_loss of_kind(gan_loss_kind kind) { return (gan_loss){kind, 1, 0, 1}; }

gan_loss gan_loss_non_saturating(void) { return of_kind(GAN_LOSS_NON_SATURATING); }
gan_loss gan_loss_least_squares(void) { return of_kind(GAN_LOSS_LEAST_SQUARES); }
gan_loss gan_loss_minimax(void) { return of_kind(GAN_LOSS_MINIMAX); }
gan_loss gan_loss_wasserstein(void) { return of_kind(GAN_LOSS_WASSERSTEIN); }
gan_loss gan_loss_hinge(void) { return of_kind(GAN_LOSS_HINGE); }
gan_loss gan_loss_relativistic_average(void) { return of_kind(GAN_LOSS_RELATIVISTIC_AVERAGE); }
gan_loss gan_loss_relativistic_pairing(void) { return of_kind(GAN_LOSS_RELATIVISTIC_PAIRING); }
gan_loss gan_loss_softmax(void) { return of_kind(GAN_LOSS_SOFTMAX); }
gan_loss gan_loss_softmax_classes(void) { return of_kind(GAN_LOSS_SOFTMAX_CLASSES); }
gan_loss gan_loss_mad_gan(void) { return of_kind(GAN_LOSS_MAD_GAN); }

const gan_loss_info *gan_loss_info_of(gan_loss_kind kind) {
    const gan_loss l = of_kind(kind);
    const gan__loss_form *f = gan__loss_form_of(&l);
    return f ? &f->info : NULL;
}

const char *gan_loss_name(gan_loss_kind kind) {
    const gan_loss_info *info = gan_loss_info_of(kind);
    return info ? info->name : NULL;
}

bool gan_loss_named(const char *name, gan_loss *loss) {
    const char *of;
    for (int kind = 0; name && (of = gan_loss_name((gan_loss_kind)kind)); kind++)
        if (!strcmp(of, name)) {
            *loss = of_kind((gan_loss_kind)kind);
            return true;
        }
    return false;
}

bool gan_loss_g_needs_real(const gan_loss *loss) {
    const gan__loss_form *f = gan__loss_form_of(loss);
    return f && f->info.g_needs_real;
}

int64_t gan_loss_width(gan_loss_kind kind, int64_t classes, int64_t generators) {
    const gan_loss_info *info = gan_loss_info_of(kind);
    const int64_t widths[] = {[GAN_OUTPUTS_ONE] = 1,
                              [GAN_OUTPUTS_TWO] = 2,
                              [GAN_OUTPUTS_CLASSES] = classes < 1 ? 0 : classes + 1,
                              [GAN_OUTPUTS_GENERATORS] = generators < 1 ? 0 : generators + 1};
    return info ? widths[info->outputs] : 0;
}

/* --- levels ----------------------------------------------------------------------------------------------- */

static double with_log(double p) { return p > 0 ? -p * log(p) : 0; }

/* The least cross-entropy with a target: its own entropy; beyond 0 and 1 there is none. */
static double entropy(double target) {
    return target >= 0 && target <= 1 ? with_log(target) + with_log(1 - target) : -INFINITY;
}

/* To reals and fakes alike D gives the mean of their targets. */
double gan__log_constant(const gan_loss *l, int64_t width) {
    (void)width;
    return 2 * entropy((l->real_target + l->fake_target) / 2);
}

double gan__log_least(const gan_loss *l, int64_t width) {
    (void)width;
    return entropy(l->real_target) + entropy(l->fake_target);
}

double gan__classes_constant(const gan_loss *l, int64_t width) {
    return gan__log_constant(l, width) + l->real_target * log((double)(width - 1));
}

double gan__mad_constant(const gan_loss *l, int64_t width) {
    return gan__log_constant(l, width) + (1 - l->fake_target) * log((double)(width - 1));
}

double gan__square_constant(const gan_loss *l, int64_t width) {
    (void)width;
    double gap = l->real_target - l->fake_target;
    return gap * gap / 4;
}

double gan__pairing_constant(const gan_loss *l, int64_t width) {
    (void)l, (void)width;
    return log(2);
}

double gan__hinge_constant(const gan_loss *l, int64_t width) {
    (void)l, (void)width;
    return 2;
}

double gan__zero_level(const gan_loss *l, int64_t width) {
    (void)l, (void)width;
    return 0;
}

double gan__middle_threshold(const gan_loss *l, int64_t width) {
    (void)width;
    return (l->real_target + l->fake_target) / 2;
}

double gan__no_threshold(const gan_loss *l, int64_t width) {
    (void)l, (void)width;
    return NAN;
}

double gan__no_least(const gan_loss *l, int64_t width) {
    (void)l, (void)width;
    return -INFINITY;
}

static bool width_fits(const gan__loss_form *f, int64_t width) {
    if (!f) return false;
    return f->info.outputs == GAN_OUTPUTS_ONE ? width == 1 : f->info.outputs == GAN_OUTPUTS_TWO ? width == 2 : width >= 2;
}

double gan_loss_constant(const gan_loss *loss, int64_t width) {
    const gan__loss_form *f = gan__loss_form_of(loss);
    return width_fits(f, width) ? f->constant(loss, width) : NAN;
}

double gan_loss_least(const gan_loss *loss, int64_t width) {
    const gan__loss_form *f = gan__loss_form_of(loss);
    return width_fits(f, width) ? f->least(loss, width) : NAN;
}

double gan_loss_threshold(const gan_loss *loss) {
    const gan__loss_form *f = gan__loss_form_of(loss);
    return f ? f->threshold(loss, 0) : NAN;
}
