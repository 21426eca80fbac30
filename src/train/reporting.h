/* The report of a run under way: when it is made anew, and that it never costs the run. */
#ifndef GAN__REPORTING_H
#define GAN__REPORTING_H

#include <time.h>

#include "trainer_impl.h"

typedef struct gan__reporting {
    time_t started;
    double due; /* by the monotonic clock */
} gan__reporting;

/* Removes what an earlier session left of later steps. */
void gan__reporting_start(gan__reporting *r, const gan_trainer *t, const gan_train_opts *o);

/* Makes the report anew if it is time to. */
void gan__reporting_step(gan__reporting *r, gan_trainer *t, const gan_train_opts *o);

/* The last one of a session. error: NULL, or why it failed; the context is well again. */
void gan__reporting_end(gan__reporting *r, gan_trainer *t, const gan_train_opts *o, const char *error);

#endif
