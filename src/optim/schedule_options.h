/* The fields of a gan_schedule as options: "sigma" is its value, "sigma.until" the end of its change, ... */
#ifndef GAN__SCHEDULE_OPTIONS_H
#define GAN__SCHEDULE_OPTIONS_H

#include <gan/option.h>
#include <gan/schedule.h>
#include <math.h>

/* Rows of a table: the schedule that stands at `at` of the struct, called `named`, its values between lowest and highest. */
#define GAN__SCHEDULE(named, at, lowest, highest, what)                                                                          \
    GAN__SCHEDULE_ROW(named, NUMBER, at, value, what, .low = lowest, .high = highest),                                           \
        GAN__SCHEDULE_ROW(named ".shape", WORD, at, kind, "how it changes", .words = gan__schedule_words),                       \
        GAN__SCHEDULE_ROW(named ".to", NUMBER, at, to, "its value at the end", .low = lowest, .high = highest),                  \
        GAN__SCHEDULE_ROW(named ".from", INT64, at, from, "the step where the change begins", .high = INFINITY),                 \
        GAN__SCHEDULE_ROW(named ".until", INT64, at, until, "the step where it ends; makes a constant linear", .high = INFINITY, \
                          .shape = offsetof(gan_schedule, until) - offsetof(gan_schedule, kind)),                                \
        GAN__SCHEDULE_ROW(named ".factor", NUMBER, at, factor, "shape steps: times this", .high = INFINITY),                     \
        GAN__SCHEDULE_ROW(named ".every", INT64, at, every, "shape steps: after each so many steps", .high = INFINITY),          \
        GAN__SCHEDULE_ROW(named ".warmup", INT64, at, warmup, "steps of rising from 0, at first", .high = INFINITY),             \
        GAN__SCHEDULE_ROW(named ".cut", BOOL, at, off_outside, "0 outside of from ... until")

#define GAN__SCHEDULE_ROW(named, type, at, field, what, ...)                                                                     \
    GAN_OPTION_ROW(named, type, (at) + offsetof(gan_schedule, field), what, __VA_ARGS__)

extern const char *const gan__schedule_words[]; /* by gan_schedule_kind */

#endif
