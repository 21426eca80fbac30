/* How a weight or a rate changes with the steps. */
#ifndef GAN_SCHEDULE_H
#define GAN_SCHEDULE_H

#include <gan/api.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gan_schedule_kind {
    GAN_CONSTANT,
    GAN_LINEAR,      /* from value to `to` */
    GAN_COSINE,      /* likewise, along half a cosine (1608.03983) */
    GAN_EXPONENTIAL, /* likewise, by equal factors; value and `to` must be positive */
    GAN_STEPS        /* times `factor` after each `every` steps */
} gan_schedule_kind;

typedef struct gan_schedule {
    gan_schedule_kind kind;
    double value;        /* at first */
    double to;           /* from `until` on */
    double factor;       /* GAN_STEPS; >= 0 */
    int64_t every;       /* GAN_STEPS; at least 1 */
    int64_t from, until; /* the change takes place between these steps; before `from`: value. until 0 with GAN_CONSTANT: for good */
    bool off_outside;    /* 0 before `from` and from `until` on */
    int64_t warmup;      /* during so many first steps, counted from 0: times (step+1)/warmup, whatever the kind (1706.02677, 2.2) */
} gan_schedule;

GAN_API gan_schedule gan_constant(double value);
/* `value` up to step `until`, then 0. */
GAN_API gan_schedule gan_until(double value, int64_t until);
GAN_API gan_schedule gan_linear_decay(double value, double to, int64_t until);
GAN_API gan_schedule gan_cosine_decay(double value, double to, int64_t until);
GAN_API gan_schedule gan_exponential_decay(double value, double to, int64_t until);
GAN_API gan_schedule gan_step_decay(double value, double factor, int64_t every);
/* The schedule, warmed up over the first `steps`. */
GAN_API gan_schedule gan_warm_up(gan_schedule schedule, int64_t steps);

GAN_API double gan_schedule_at(gan_schedule schedule, int64_t step);

/* "linear 0.1 to 0, steps 0 to 20000, warm-up 500", into text. */
GAN_API void gan_schedule_text(gan_schedule schedule, char *text, size_t size);

/* NULL if the schedule is sound, else why not ("until is before from"). Static storage. */
GAN_API const char *gan_schedule_fault(gan_schedule schedule);

#ifdef __cplusplus
}
#endif
#endif
