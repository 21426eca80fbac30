#include "reporting.h"

#include <gan/report.h>

#include "../report/sample_files.h"
#include "../report/status_file.h"

#define PAUSE 5   /* seconds between reports, at least */
#define SHARE 100 /* and so many times what the last one took: below one hundredth of all time */

static const char who[] = "gan_train";

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A run is worth more than its report: what goes wrong here is told, not raised. */
static void write(const gan__reporting *r, gan_trainer *t, const gan_train_opts *o, const char *state, const char *error) {
    gan_ctx *ctx = t->object.ctx;
    gan_watch_verdict verdict = gan_trainer_verdict(t);
    gan_best best = gan_trainer_best(t);
    gan__run_status s = {.state = state,
                         .error = error,
                         .started = r->started,
                         .step = t->steps.value,
                         .steps = o->steps,
                         .loss = &t->opts.loss,
                         .best = best.measure,
                         .best_value = best.value,
                         .best_step = best.step,
                         .verdict = t->watcher && !o->no_watch ? &verdict : NULL,
                         .d_even = gan_loss_constant(
                             &t->opts.loss, gan_loss_width(t->opts.loss.kind, gan_dataset_classes(t->data), t->opts.generators))};
    if (gan__status_write(ctx, o->out, &s, who) && gan_report_write(ctx, o->out) == GAN_OK) return;
    gan_ctx_log(ctx, GAN_LOG_WARNING, "%s: the report could not be written: %s", who, ctx->message);
    gan_ctx_clear(ctx);
}

void gan__reporting_start(gan__reporting *r, const gan_trainer *t, const gan_train_opts *o) {
    *r = (gan__reporting){.started = time(NULL)};
    gan__sample_files_cut(o->out, t->steps.value > 0 ? t->steps.value : -1);
}

void gan__reporting_step(gan__reporting *r, gan_trainer *t, const gan_train_opts *o) {
    double now = seconds();
    if (o->no_report || !gan__ok(t->object.ctx) || now < r->due) return;
    write(r, t, o, "running", NULL);
    double cost = seconds() - now;
    r->due = now + cost + (cost * SHARE > PAUSE ? cost * SHARE : PAUSE);
}

void gan__reporting_end(gan__reporting *r, gan_trainer *t, const gan_train_opts *o, const char *error) {
    if (o->no_report || !gan__ok(t->object.ctx)) return;
    write(r, t, o, error ? "failed" : t->steps.value < o->steps ? "stopped" : "done", error);
}
