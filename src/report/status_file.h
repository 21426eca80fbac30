/* status.json in the run folder: how the run stands, and on what machine. */
#ifndef GAN__STATUS_FILE_H
#define GAN__STATUS_FILE_H

#include <gan/watch.h>
#include <time.h>

#include "../base/ctx_impl.h"

#define GAN__STATUS_FILE "status.json"

typedef struct gan__run_status {
    const char *state; /* "running", "done", "stopped" or "failed" */
    const char *error; /* of a failed run, else NULL */
    time_t started;    /* this session */
    int64_t step, steps;
    const gan_loss *loss;
    double d_even;                    /* D's loss when it cannot tell reals from fakes; NaN: not known */
    const char *best;                 /* the measure that a best checkpoint is kept by; NULL: none so far */
    double best_value;
    int64_t best_step;
    const gan_watch_verdict *verdict; /* NULL: nobody watched */
} gan__run_status;

/* False: raised. */
bool gan__status_write(gan_ctx *ctx, const char *run, const gan__run_status *s, const char *who);

#endif
