/* A training run: steps, and what they leave in the run folder. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../io/atomic_file.h"
#include "../io/event_file.h"
#include "../io/folder.h"
#include "../io/jsonl.h"
#include "../io/png.h"
#include "evaluating.h"
#include "jump.h"
#include "quality.h"
#include "reporting.h"
#include "run_folder.h"
#include "trainer_impl.h"
#include "watching.h"

static const char who[] = "gan_train";

/* What grows in the run folder while it goes on; NULL: not wanted. */
typedef struct outputs {
    gan__jsonl *log;
    gan__events *events;
    int lock;     /* of the folder */
    double range; /* of the axes of points, one for all pictures; 0: of images */
    gan__reporting report;
    gan__evaluating evaluating;
} outputs;

/* An empty name would put the run into the root of the file system. */
static bool out_valid(gan_ctx *ctx, const char *out) {
    if (!*out)
        gan__raise(ctx, GAN_E_ARG, "%s: the run folder's name is empty", who);
    else if (strlen(out) > GAN__RUN_PATH - GAN__RUN_NAME)
        gan__raise(ctx, GAN_E_ARG, "%s: the run folder's name is longer than %d bytes", who, GAN__RUN_PATH - GAN__RUN_NAME);
    return gan__ok(ctx);
}

/* Of the data, with some room for samples that miss it. */
static double range_of(gan_trainer *t) {
    gan_ctx *ctx = t->object.ctx;
    gan_shape s = gan_dataset_shape(t->data);
    if (s.ndim != 1 || s.d[0] != 2) return 0;
    gan_scope_begin(ctx);
    const gan_tensor *x = gan__reals_of(t->data).train.x;
    double range = x && gan_data(x) ? gan__scatter_range(gan_data(x), gan_count(x) / 2, .3) : 0;
    gan_scope_end(ctx);
    return range;
}

static void write_samples(gan_trainer *t, const gan_train_opts *o, const outputs *to, const char *name) {
    gan_ctx *ctx = t->object.ctx;
    char path[GAN__RUN_PATH];
    gan_scope_begin(ctx);
    gan_tensor *x = gan_trainer_sample(t, o->samples, 0);
    gan_tensor *group = gan__generators_of(t, o->samples);
    if (!gan_is_nil(x))
        gan_write_grid(x, gan__run_path(o, name, path), (gan_grid_opts){.gap = 2, .range = to->range, .group = group});
    gan_scope_end(ctx);
    if (gan__ok(ctx)) gan__events_picture(to->events, t->steps.value, "samples", path);
}

static void write_step_samples(gan_trainer *t, const gan_train_opts *o, const outputs *to) {
    char name[GAN__RUN_NAME];
    snprintf(name, sizeof name, "samples/step-%06" PRId64 ".png", t->steps.value);
    write_samples(t, o, to, name);
}

enum { STEP_FIELDS = 10 };

static void write_metrics(const outputs *to, const gan_trainer *t, const gan_step_info *i) {
    gan__jsonl_field fields[STEP_FIELDS + GAN__WATCH_LOGGED] = {
        {"epoch", (double)i->epoch},
        {"d_loss", i->d_loss},
        {"g_loss", i->g_loss},
        {"d_real", i->d_real},
        {"d_fake", i->d_fake},
        {"d_grad_norm", i->d_grad_norm},
        {"g_grad_norm", i->g_grad_norm},
        {"d_lr", gan__optim_rate(t->opt_d)},
        {"g_lr", gan__optim_rate(t->opt_g)},
        {"samples_per_second", (double)(t->opts.batch * t->opts.pack) / i->seconds},
    };
    int count = STEP_FIELDS + gan__watching_fields(t, fields + STEP_FIELDS);
    gan__jsonl_write(to->log, i->step, fields, count);
    gan__events_numbers(to->events, i->step, fields, count);
}

/* A record of the watcher's that no line of the log's own is due with. */
static void write_record(const outputs *to, const gan_trainer *t, int64_t step) {
    gan__jsonl_field fields[GAN__WATCH_LOGGED];
    int count = gan__watching_fields(t, fields);
    if (!count) return;
    gan__jsonl_write(to->log, step, fields, count);
    gan__events_numbers(to->events, step, fields, count);
}

static bool due(int64_t step, int64_t every) { return every > 0 && step % every == 0; }

/* --- jumps: a reason to look, not to stop --------------------------------------------------------------------- */

/* What one call of gan_train has seen of the losses. */
typedef struct lookout {
    gan__recent d, g;
    int64_t said; /* the step of the last jump that was told of; 0: none yet */
} lookout;

static void tell_jump(gan_trainer *t, const gan_train_opts *o, const outputs *to, const lookout *l, const gan_step_info *i,
                      bool of_d) {
    double d = gan__recent_median(&l->d), g = gan__recent_median(&l->g), quality = gan__trainer_quality(t);
    char name[GAN__RUN_NAME] = "";
    if (o->out) {
        const outputs quiet = {.range = to->range};
        snprintf(name, sizeof name, "samples/jump-%06" PRId64 ".png", i->step);
        write_samples(t, o, due(i->step, o->sample_every) ? &quiet : to, name); /* one picture to a step */
        const gan__jsonl_field fields[] = {
            {"quality", quality}, {"d_loss", i->d_loss}, {"g_loss", i->g_loss}, {"d_loss_before", d}, {"g_loss_before", g}};
        gan__jsonl_write(to->log, i->step, fields, sizeof fields / sizeof *fields);
        gan__events_numbers(to->events, i->step, fields, 1);
    }
    gan_ctx_log(t->object.ctx, GAN_LOG_WARNING,
                "%s: step %" PRId64 ": %s's loss jumped to %g, it was about %g. Quality %.3g, where 1 is as good as data%s%s",
                who, i->step, of_d ? "D" : "G", of_d ? i->d_loss : i->g_loss, of_d ? d : g, quality, *name ? "; " : "", name);
}

static void look_out(gan_trainer *t, const gan_train_opts *o, const outputs *to, lookout *l, const gan_step_info *i) {
    if (o->ignore_jumps) return;
    bool of_d = gan__recent_jumps(&l->d, i->d_loss), jumps = of_d || gan__recent_jumps(&l->g, i->g_loss);
    if (jumps && (!l->said || i->step - l->said >= GAN__JUMP_WINDOW)) {
        l->said = i->step;
        tell_jump(t, o, to, l, i, of_d);
    }
    gan__recent_add(&l->d, i->d_loss);
    gan__recent_add(&l->g, i->g_loss);
}

/* --- steps ---------------------------------------------------------------------------------------------------- */

/* What one step leaves behind. False: the run is to end. */
static bool after_step(gan_trainer *t, const gan_train_opts *o, outputs *to, const gan_step_info *info, bool new_epoch) {
    bool go_on = gan__watching_after(t, o, to->log);
    t->stopped = !go_on;
    gan__evaluating_step(&to->evaluating, t, o, to->log, to->events);
    if (o->on_step) go_on &= o->on_step(o->user, t, info);
    if (new_epoch && o->on_epoch) go_on &= o->on_epoch(o->user, t, info);
    if (o->out) {
        if (due(info->step, o->log_every) || info->step == o->steps)
            write_metrics(to, t, info);
        else
            write_record(to, t, info->step);
        if (due(info->step, o->sample_every)) write_step_samples(t, o, to);
        if (due(info->step, o->checkpoint_every) && info->step < o->steps) gan__run_checkpoint(t, o);
        gan__reporting_step(&to->report, t, o);
    }
    return go_on;
}

/* Of all threads of the process. */
static double processor_seconds(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

static void run_steps(gan_trainer *t, const gan_train_opts *o, outputs *to) {
    gan_ctx *ctx = t->object.ctx;
    double until = o->seconds > 0 ? processor_seconds() + o->seconds : 0;
    bool go_on = true, late = false;
    int64_t epoch = gan__epochs_done(t);
    lookout l = {.said = 0};
    while (go_on && !late && t->steps.value < o->steps && !(t->stopped = atomic_exchange(&t->stop, false))) {
        gan_step_info info;
        if (gan_trainer_step(t, &info) != GAN_OK) {
            if (gan__watching_failed(t, to->log)) continue;
            return;
        }
        look_out(t, o, to, &l, &info);
        go_on = after_step(t, o, to, &info, info.epoch > epoch) && gan__ok(ctx);
        epoch = info.epoch;
        late = until > 0 && processor_seconds() >= until;
    }
    if (!gan__ok(ctx) || !o->out) return;
    gan__run_checkpoint(t, o);
    const outputs quiet = {.range = to->range};
    bool told = due(t->steps.value, o->sample_every);
    if (late || t->steps.value >= o->steps) write_samples(t, o, told ? &quiet : to, "samples/final.png");
}

/* A run that failed on its way keeps what it had reached, beside the checkpoint: the state is that of the last complete step, but
 * whether it is still good (before a loss became NaN, say) is for a person to decide. */
static void save_failed(gan_trainer *t, const gan_train_opts *o, outputs *to, int64_t start) {
    gan_ctx *ctx = t->object.ctx;
    gan_status status = ctx->status;
    char message[GAN__MESSAGE], path[GAN__RUN_PATH];
    snprintf(message, sizeof message, "%s", ctx->message);
    gan_ctx_clear(ctx);
    if (t->steps.value > start && gan_trainer_save(t, gan__run_path(o, "failed.safetensors", path)) == GAN_OK)
        gan_ctx_log(ctx, GAN_LOG_WARNING, "%s: failed; step %" PRId64 " is in %s", who, t->steps.value, path);
    gan_ctx_clear(ctx);
    gan__reporting_end(&to->report, t, o, message);
    gan__raise(ctx, status, "%s", message);
}

/* The run folder, for this run alone, and what begins in it. */
static bool open_outputs(gan_trainer *t, const gan_train_opts *o, outputs *to, const char *config) {
    gan_ctx *ctx = t->object.ctx;
    char path[GAN__RUN_PATH];
    if ((to->lock = gan__run_folder_take(t, o, who)) == -1) return false;
    to->log = gan__jsonl_open(ctx, gan__run_path(o, "metrics.jsonl", path), t->steps.value > 0 ? t->steps.value : -1, who);
    if (!to->log) return false;
    if (t->steps.value == 0) gan__run_folder_clear(o, !config);
    if (config && gan__file_put(ctx, gan__run_path(o, "run.ini", path), config, strlen(config), who)) return false;
    to->range = range_of(t);
    gan__reporting_start(&to->report, t, o);
    if (o->tensorboard) to->events = gan__events_open(ctx, o->out, t->steps.value + 1, who);
    return gan__ok(ctx);
}

static void close_outputs(outputs *to) {
    gan__evaluating_end(&to->evaluating);
    gan__events_close(to->events);
    gan__jsonl_close(to->log);
    gan__folder_unlock(to->lock);
}

static bool start(gan_trainer *t, const gan_train_opts *o, outputs *to, const char *caller) {
    gan_ctx *ctx = t->object.ctx;
    return gan__ok(ctx) && (!o->out || out_valid(ctx, o->out)) && gan__watching_start(t, o, caller) &&
           gan__evaluating_start(&to->evaluating, t, o, caller);
}

bool gan__train_valid(gan_trainer *t, const gan_train_opts *o, const char *caller) {
    outputs to = {.lock = -1};
    bool valid = start(t, o, &to, caller);
    gan__evaluating_end(&to.evaluating);
    return valid;
}

gan_status gan__train(gan_trainer *t, gan_train_opts o, const char *config, const char *caller) {
    gan_ctx *ctx = gan__trainer_ctx(t, caller);
    if (!gan__ok(ctx)) return ctx->status;
    if (o.samples <= 0) o.samples = 64;
    if (o.log_every <= 0) o.log_every = 50;
    outputs to = {.lock = -1};
    int64_t first = t->steps.value;
    if (!start(t, &o, &to, caller)) return ctx->status;
    t->stopped = false;
    if (first == 0 || first < o.steps) { /* else nothing is left to do, and what lies in the folder stays as it is */
        bool open = !o.out || open_outputs(t, &o, &to, config);
        if (open) run_steps(t, &o, &to);
        if (o.out && gan__ok(ctx)) gan__reporting_end(&to.report, t, &o, NULL);
        if (o.out && open && !gan__ok(ctx)) save_failed(t, &o, &to, first);
    }
    close_outputs(&to);
    return ctx->status;
}

gan_status gan_train(gan_trainer *t, gan_train_opts o) { return gan__train(t, o, NULL, who); }
