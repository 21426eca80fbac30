/* The trainer's checkpoint: one safetensors file.
 *
 *   tensors    G.<name>, D.<name>, G_ema.<name>             weights and buffers
 *              G_optim.<moment>.<name>, D_optim....         optimiser moments, in the layout of their parameter
 *              trick.<trick>.<name>                         what tricks remember
 *              watch.<part>                                 what the watcher has seen
 *   metadata   step, counter.<name>, stream.<name>,         what moves
 *              data.epoch, data.position
 *              best.measure, best.value, best.step,     the best so far, if one is looked for
 *              best.samples
 *              seed, data, tricks, isa, version,            what is compared
 *              option.<name>, trick.<trick> */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../base/words.h"
#include "../data/loader.h"
#include "../io/weights.h"
#include "evaluating.h"
#include "options.h"
#include "run_folder.h"
#include "trick_state.h"
#include "watching.h"

#define NAME 320
#define FORMAT "1"

typedef struct player {
    const char *name;
    gan_module *module;
    gan_optim *optim;
} player;

static void players_of(const gan_trainer *t, player players[2]) {
    players[0] = (player){"G", t->G, t->opt_g};
    players[1] = (player){"D", t->D, t->opt_d};
}

/* The counters that are not random streams. */
static int counters_of(gan_trainer *t, const char *names[4], gan__counter *counters[4]) {
    int n = 0;
    names[n] = "step", counters[n++] = &t->steps;
    names[n] = "G_optim", counters[n++] = gan__optim_counter(t->opt_g);
    names[n] = "D_optim", counters[n++] = gan__optim_counter(t->opt_d);
    if (t->ema) names[n] = "G_ema", counters[n++] = gan__ema_counter(t->ema);
    return n;
}

/* The number of updates of each of the player's parameters, with its name among the counters. */
typedef bool (*update_count_fn)(void *file, const char *name, gan__counter *counter);
static bool each_update_count(const player *who, update_count_fn fn, void *file) {
    for (int i = 0; i < gan__optim_count(who->optim); i++) {
        char name[NAME];
        snprintf(name, sizeof name, "%s_optim.%s", who->name, gan__optim_param(who->optim, i)->name);
        if (!fn(file, name, gan__optim_param_counter(who->optim, i))) return false;
    }
    return true;
}

/* Calls fn for each moment of each of the player's parameters, with its name in the file. */
typedef bool (*moment_fn)(void *file, const char *name, const gan_param *p, gan_tensor *moment);
static bool each_moment(const player *who, moment_fn fn, void *file) {
    for (int k = 0; k < GAN__MOMENTS; k++) {
        const char *moment = gan__optim_moment_name(who->optim, k);
        for (int i = 0; moment && i < gan__optim_count(who->optim); i++) {
            char name[NAME];
            const gan_param *p = gan__optim_param(who->optim, i);
            snprintf(name, sizeof name, "%s_optim.%s.%s", who->name, moment, p->name);
            if (!fn(file, name, p, gan__optim_moment(who->optim, i, k))) return false;
        }
    }
    return true;
}

/* --- saving ----------------------------------------------------------------------------------------------- */

static void add_named(gan__st_writer *w, const char *group, const char *name, int64_t value) {
    char key[NAME + 16];
    snprintf(key, sizeof key, "%s.%s", group, name);
    gan__st_add_meta_int(w, key, value);
}

static bool add_update_count(void *file, const char *name, gan__counter *counter) {
    add_named(file, "counter", name, counter->value);
    return true;
}

static void add_rate(gan__st_writer *w, const char *key, const gan_optim *o) {
    char text[GAN_OPTION_VALUE];
    gan__number_text(gan_optim_lr(o), text, sizeof text);
    gan__st_add_meta(w, key, text);
}

/* The stream that comes next by name, `last` NULL for the first; NULL: none does. Which came first into being is another matter
 * in a run that was resumed. */
static const gan_stream *stream_behind(const gan_ctx *ctx, const gan_stream *last) {
    const gan_stream *next = NULL;
    for (const gan_stream *s = ctx->state.streams; s; s = s->next)
        if ((!last || strcmp(s->name, last->name) > 0) && (!next || strcmp(s->name, next->name) < 0)) next = s;
    return next;
}

static void add_meta(gan_trainer *t, gan__st_writer *w) {
    gan_ctx *ctx = t->object.ctx;
    char text[GAN_OPTION_VALUE], key[NAME];
    gan__st_add_meta(w, "libgan.checkpoint", FORMAT);
    gan__st_add_meta(w, "libgan.version", gan_version());
    gan__st_add_meta(w, "isa", gan__kernels_name(ctx));
    snprintf(text, sizeof text, "%" PRIu64, ctx->opts.seed);
    gan__st_add_meta(w, "seed", text);
    gan__st_add_meta(w, "data", gan__dataset_identity(t->data));
    gan__st_add_meta_int(w, "data.epoch", gan__dataset_position(t->data).epoch);
    gan__st_add_meta_int(w, "data.position", gan__dataset_position(t->data).offset);
    const char *names[4];
    gan__counter *counters[4];
    for (int n = counters_of(t, names, counters), i = 0; i < n; i++) add_named(w, "counter", names[i], counters[i]->value);
    player players[2];
    players_of(t, players);
    for (int i = 0; i < 2; i++) each_update_count(&players[i], add_update_count, w);
    for (const gan_stream *s = NULL; (s = stream_behind(ctx, s));) add_named(w, "stream", s->name, s->position.value);
    for (const gan_option *o = gan__trainer_options; o->name; o++) {
        snprintf(key, sizeof key, "option.%s", o->name);
        gan__st_add_meta(w, key, gan_option_text(o, &t->opts, text, sizeof text));
    }
    add_rate(w, "lr.g", t->opt_g);
    add_rate(w, "lr.d", t->opt_d);
}

static bool add_moment(void *file, const char *name, const gan_param *p, gan_tensor *moment) {
    gan__weights_add_one(file, name, p, moment);
    return true;
}

gan_status gan_trainer_save(gan_trainer *t, const char *path) {
    gan_ctx *ctx = gan__trainer_ctx(t, "gan_trainer_save");
    if (!gan__ok(ctx)) return ctx->status;
    gan__st_writer *w = gan__st_writer_new(ctx);
    add_meta(t, w);
    player players[2];
    players_of(t, players);
    gan__weights_add(w, "G.", t->G, NULL);
    gan__weights_add(w, "D.", t->D, NULL);
    if (t->ema) gan__weights_add(w, "G_ema.", t->G, gan_ema_set(t->ema));
    for (int i = 0; i < 2; i++) each_moment(&players[i], add_moment, w);
    gan__tricks_add(t, w);
    gan__watching_add(t, w);
    gan__evaluating_add(t, w);
    gan__st_write(w, path, "gan_trainer_save");
    return ctx->status;
}

/* --- loading ---------------------------------------------------------------------------------------------- */

static const char who[] = "gan_trainer_load";

static bool require(gan_ctx *ctx, gan__st *file, const char *key, const char *here) {
    const char *there = gan__st_meta(file, key);
    if (there && !strcmp(there, here)) return true;
    gan__raise(ctx, GAN_E_MISMATCH, "%s: %s: its %s is \"%s\", here it is \"%s\"", who, gan__st_path(file), key,
               there ? there : "not told", here);
    return false;
}

/* What must be equal for the run to go on as it would have. */
static bool same_run(gan_trainer *t, gan__st *file) {
    gan_ctx *ctx = t->object.ctx;
    char seed[GAN_OPTION_VALUE];
    snprintf(seed, sizeof seed, "%" PRIu64, ctx->opts.seed);
    if (!gan__st_meta(file, "libgan.checkpoint")) {
        gan__raise(ctx, GAN_E_FORMAT, "%s: %s holds weights, but is no checkpoint of a run", who, gan__st_path(file));
        return false;
    }
    return require(ctx, file, "libgan.checkpoint", FORMAT) && require(ctx, file, "seed", seed) &&
           require(ctx, file, "data", gan__dataset_identity(t->data));
}

/* What may differ, but is told. */
static void tell_changes(gan_trainer *t, gan__st *file) {
    gan_ctx *ctx = t->object.ctx;
    char here[GAN_OPTION_VALUE], key[NAME];
    for (const gan_option *o = gan__trainer_options; o->name; o++) {
        snprintf(key, sizeof key, "option.%s", o->name);
        const char *there = gan__st_meta(file, key);
        gan_option_text(o, &t->opts, here, sizeof here);
        if (there && strcmp(there, here))
            gan_ctx_log(ctx, GAN_LOG_WARNING, "%s: %s was %s, from now on it is %s", who, o->name, there, here);
    }
    gan__tricks_tell(t, file, who);
    const char *isa = gan__st_meta(file, "isa");
    if (isa && strcmp(isa, gan__kernels_name(ctx)))
        gan_ctx_log(ctx, GAN_LOG_WARNING, "%s: the run used %s kernels, from now on %s: it goes on, not to the same bits", who,
                    isa, gan__kernels_name(ctx));
}

static bool read_int(gan_ctx *ctx, gan__st *file, const char *group, const char *name, int64_t *value) {
    char key[NAME + 16];
    snprintf(key, sizeof key, "%s.%s", group, name);
    if (gan__st_meta_int(file, key, value) && *value >= 0 && *value < INT64_MAX) return true;
    gan__raise(ctx, GAN_E_MISMATCH, "%s: %s: \"%s\" is missing or no count", who, gan__st_path(file), key);
    return false;
}

typedef struct opened {
    gan_ctx *ctx;
    gan__st *file;
} opened;

static bool read_update_count(void *file, const char *name, gan__counter *counter) {
    const opened *o = file;
    return read_int(o->ctx, o->file, "counter", name, &counter->value);
}

/* A run that had no average begins one at G. */
static bool had_average(gan__st *file) {
    const char *decay = gan__st_meta(file, "option.ema");
    return !decay || strcmp(decay, "0") != 0;
}

static bool read_counters(gan_trainer *t, gan__st *file) {
    gan_ctx *ctx = t->object.ctx;
    player players[2];
    players_of(t, players);
    opened o = {ctx, file};
    for (int i = 0; i < 2; i++)
        if (!each_update_count(&players[i], read_update_count, &o)) return false;
    const char *names[4];
    gan__counter *counters[4];
    for (int n = counters_of(t, names, counters), i = 0; i < n; i++)
        if (t->ema && counters[i] == gan__ema_counter(t->ema) && !had_average(file))
            counters[i]->value = 0;
        else if (!read_int(ctx, file, "counter", names[i], &counters[i]->value))
            return false;
    gan__data_position at;
    if (!read_int(ctx, file, "data", "epoch", &at.epoch) || !read_int(ctx, file, "data", "position", &at.offset)) return false;
    gan__dataset_seek(t->data, at);
    return gan__ok(ctx);
}

/* Streams are made when first used, so the file may know some that are not there yet, and the other way round. */
static bool read_streams(gan_ctx *ctx, gan__st *file) {
    static const char prefix[] = "stream.";
    for (gan_stream *s = ctx->state.streams; s; s = s->next) s->position.value = 0;
    const char *key;
    for (int64_t i = 0; (key = gan__st_meta_key(file, i)); i++) {
        if (strncmp(key, prefix, sizeof prefix - 1)) continue;
        const char *name = key + sizeof prefix - 1;
        gan_stream *s = gan_stream_named(ctx, name);
        if (!gan__ok(ctx) || !read_int(ctx, file, "stream", name, &s->position.value)) return false;
    }
    return true;
}

static bool read_moment(void *file, const char *name, const gan_param *p, gan_tensor *moment) {
    return gan__weights_read_one(file, name, p, moment, who);
}

/* A rate that a schedule had set goes on, unless the option itself was changed. */
static void read_rate(gan_optim *o, gan__st *file, const char *key, const char *option, double chosen) {
    const char *now = gan__st_meta(file, key), *then = gan__st_meta(file, option);
    double rate, option_then;
    if (now && then && gan__number_read(now, &rate) && gan__number_read(then, &option_then) && option_then == chosen)
        gan_optim_set_lr(o, rate);
}

static bool read_average(gan_trainer *t, gan__st *file) {
    return !t->ema || gan__weights_read(file, had_average(file) ? "G_ema." : "G.", t->G, gan_ema_set(t->ema), true, who);
}

static bool read_all(gan_trainer *t, gan__st *file) {
    player players[2];
    players_of(t, players);
    return same_run(t, file) && gan__weights_read(file, "G.", t->G, NULL, true, who) &&
           gan__weights_read(file, "D.", t->D, NULL, true, who) && read_average(t, file) &&
           each_moment(&players[0], read_moment, file) && each_moment(&players[1], read_moment, file) && read_counters(t, file) &&
           read_streams(t->object.ctx, file) && gan__tricks_read(t, file, who) && gan__watching_read(t, file);
}

gan_status gan_trainer_load(gan_trainer *t, const char *path) {
    gan_ctx *ctx = gan__trainer_ctx(t, who);
    if (!gan__ok(ctx)) return ctx->status;
    gan__commit(ctx); /* what was done before stands, whatever becomes of the loading */
    gan__st *file = gan__st_open(ctx, path, who);
    if (file && read_all(t, file)) {
        gan__evaluating_read(t, file);
        tell_changes(t, file);
        read_rate(t->opt_g, file, "lr.g", "option.g.lr", t->opts.g.lr);
        read_rate(t->opt_d, file, "lr.d", "option.d.lr", t->opts.d.lr);
        gan__run_goes_on_from(t, path, gan__watching_told_of_failure(file));
        gan__commit(ctx);
    }
    gan__st_close(file);
    return ctx->status;
}

gan_status gan_trainer_load_generator(gan_trainer *t, const char *path) {
    static const char caller[] = "gan_trainer_load_generator";
    gan_ctx *ctx = gan__trainer_ctx(t, caller);
    if (!gan__ok(ctx)) return ctx->status;
    gan__commit(ctx);
    gan__st *file = gan__st_open(ctx, path, caller);
    if (file && gan__weights_read(file, "G.", t->G, NULL, true, caller) &&
        (!t->ema || gan__weights_read(file, "G_ema.", t->G, gan_ema_set(t->ema), true, caller)))
        gan__commit(ctx);
    gan__st_close(file);
    return ctx->status;
}
