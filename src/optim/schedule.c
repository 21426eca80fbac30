#include <gan/schedule.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "schedule_options.h"

const char *const gan__schedule_words[] = {"constant", "linear", "cosine", "exponential", "steps", NULL};

gan_schedule gan_constant(double value) { return (gan_schedule){.kind = GAN_CONSTANT, .value = value}; }

gan_schedule gan_until(double value, int64_t until) {
    return (gan_schedule){.kind = GAN_CONSTANT, .value = value, .until = until, .off_outside = true};
}

static gan_schedule decay(gan_schedule_kind kind, double value, double to, int64_t until) {
    return (gan_schedule){.kind = kind, .value = value, .to = to, .until = until};
}

gan_schedule gan_linear_decay(double value, double to, int64_t until) { return decay(GAN_LINEAR, value, to, until); }
gan_schedule gan_cosine_decay(double value, double to, int64_t until) { return decay(GAN_COSINE, value, to, until); }
gan_schedule gan_exponential_decay(double value, double to, int64_t until) { return decay(GAN_EXPONENTIAL, value, to, until); }

gan_schedule gan_step_decay(double value, double factor, int64_t every) {
    return (gan_schedule){.kind = GAN_STEPS, .value = value, .factor = factor, .every = every};
}

gan_schedule gan_warm_up(gan_schedule s, int64_t steps) {
    s.warmup = steps;
    return s;
}

/* How far the change has come, 0 to 1. */
static double progress(const gan_schedule *s, int64_t step) {
    if (step <= s->from) return 0;
    return step >= s->until ? 1 : (double)(step - s->from) / (double)(s->until - s->from);
}

static double course(const gan_schedule *s, int64_t step) {
    double p = progress(s, step);
    switch (s->kind) {
    case GAN_LINEAR: return s->value + p * (s->to - s->value);
    case GAN_COSINE: return s->to + .5 * (1 + cos(3.14159265358979323846 * p)) * (s->value - s->to);
    case GAN_EXPONENTIAL: return s->value * pow(s->to / s->value, p);
    case GAN_STEPS: return step < s->from ? s->value : s->value * pow(s->factor, (double)((step - s->from) / s->every));
    default: return s->value;
    }
}

double gan_schedule_at(gan_schedule s, int64_t step) {
    if (s.off_outside && (step < s.from || (s.until && step >= s.until))) return 0;
    double value = course(&s, step);
    return step < s.warmup ? value * ((double)(step + 1) / (double)s.warmup) : value;
}

const char *gan_schedule_fault(gan_schedule s) {
    if ((unsigned)s.kind > GAN_STEPS) return "there is no schedule of that kind";
    if (!isfinite(s.value) || !isfinite(s.to) || !isfinite(s.factor)) return "a value is not finite";
    if (s.from < 0 || s.until < 0 || (s.until && s.until < s.from)) return "until is before from";
    if (s.warmup < 0) return "warmup is negative";
    if (s.kind == GAN_STEPS) return s.every < 1 ? "every is less than 1" : s.factor < 0 ? "factor is negative" : NULL;
    if (s.kind != GAN_CONSTANT && s.until <= s.from) return "the change needs an until after from";
    if (s.kind == GAN_EXPONENTIAL && !(s.value > 0 && s.to > 0)) return "exponential needs positive values";
    return NULL;
}

/* snprintf behind what text holds. */
GAN_PRINTF(3, 4)
static void append(char *text, size_t size, const char *format, ...) {
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

void gan_schedule_text(gan_schedule s, char *text, size_t size) {
    if (size == 0) return;
    *text = 0;
    append(text, size, "%s %g", gan__schedule_words[s.kind], s.value);
    if (s.kind == GAN_STEPS)
        append(text, size, " times %g every %" PRId64 " from %" PRId64, s.factor, s.every, s.from);
    else if (s.kind != GAN_CONSTANT)
        append(text, size, " to %g, steps %" PRId64 " to %" PRId64, s.to, s.from, s.until);
    else if (s.off_outside && s.until)
        append(text, size, ", steps %" PRId64 " to %" PRId64, s.from, s.until);
    else if (s.off_outside)
        append(text, size, " from %" PRId64, s.from);
    if (s.off_outside && s.kind == GAN_STEPS && s.until) append(text, size, " to %" PRId64, s.until);
    if (s.off_outside && s.kind != GAN_CONSTANT) append(text, size, ", 0 outside");
    if (s.warmup) append(text, size, ", warm-up %" PRId64, s.warmup);
}
