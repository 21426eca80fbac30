#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../data/loader.h"
#include "../loss/loss_impl.h"
#include "../nn/nn_impl.h"
#include "combinations.h"
#include "latents.h"
#include "step.h"
#include "watching.h"

gan_trainer_opts gan_trainer_defaults(void) {
    return (gan_trainer_opts){.g = gan_adam(2e-4),
                              .d = gan_adam(2e-4),
                              .g_rate = gan_constant(1),
                              .d_rate = gan_constant(1),
                              .loss = gan_loss_non_saturating(),
                              .batch = 64,
                              .pack = 1,
                              .n_critic = 1,
                              .ema = .999,
                              .ema_start = 1000}; /* as far back as the average looks: before, it would be of untrained weights */
}

/* --- making ----------------------------------------------------------------------------------------------- */

static gan_trainer *nil_trainer(gan_ctx *ctx) { return (gan_trainer *)&ctx->none; }
bool gan_trainer_is_nil(const gan_trainer *t) { return !t || !t->object.destroy; }

gan_ctx *gan__trainer_ctx(const gan_trainer *t, const char *who) {
    gan_ctx *ctx = t ? t->object.ctx : gan__nil_ctx();
    if (gan_trainer_is_nil(t)) gan__raise(ctx, GAN_E_ARG, "%s: the trainer is nil", who);
    return ctx;
}

static bool opts_valid(gan_ctx *ctx, const gan_trainer_opts *o) {
    if (o->batch < 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: batch is %lld, less than 1", (long long)o->batch);
    else if (o->batch > INT32_MAX)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: batch is %lld, more than %d", (long long)o->batch, INT32_MAX);
    else if (o->pack < 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: pack is %d, less than 1", o->pack);
    else if (o->n_critic < 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: n_critic is %d, less than 1", o->n_critic);
    else if (o->simultaneous && o->n_critic != 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: simultaneous steps need n_critic 1, not %d", o->n_critic);
    else if (!(o->ema >= 0 && o->ema < 1))
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: ema is %g, outside [0, 1)", o->ema);
    else if (o->generators < 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: generators is %d, less than 1", o->generators);
    else if (o->batch * o->pack % o->generators)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: %lld samples in a batch are not the same number for each of %d generators",
                   (long long)(o->batch * o->pack), o->generators);
    else if (gan__latents_valid(ctx, o, "gan_trainer_new") &&
             gan__schedule_within(ctx, "gan_trainer_new", "g_rate", o->g_rate, 0, INFINITY) &&
             gan__schedule_within(ctx, "gan_trainer_new", "d_rate", o->d_rate, 0, INFINITY))
        gan__loss_valid(ctx, &o->loss, "gan_trainer_new");
    return gan__ok(ctx);
}

gan_shape gan__batch_of(gan_shape sample, int64_t n) {
    gan_shape s = {.ndim = sample.ndim + 1, .d = {n}};
    memcpy(s.d + 1, sample.d, (size_t)sample.ndim * sizeof *s.d);
    return s;
}

/* Of D, for two samples. */
static gan_shape outputs_of(gan_ctx *ctx, gan_dataset *data, const gan_trainer_opts *o) {
    gan_loss_kind kind = o->loss.kind;
    int generators = o->generators > 1 ? o->generators : 0;
    int64_t width = gan_loss_width(kind, gan_dataset_classes(data), generators);
    if (width == 0)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: the loss %s needs %s", gan_loss_name(kind),
                   gan_loss_info_of(kind)->needs_real_label ? "labelled data" : "several generators");
    return width == 1 ? gan_shape1(2) : gan_shape2(2, width);
}

#define WIDEST_PACK 16

/* Does D judge two packs of m? Leaves the context well. */
static bool takes_packs(gan_ctx *ctx, gan_module *D, gan_shape sample, int m) {
    gan_scope_begin(ctx);
    gan_forward(D, gan_pack(gan_zeros(ctx, gan__batch_of(sample, 2 * m)), m));
    bool takes = gan__ok(ctx);
    gan_scope_end(ctx);
    gan_ctx_clear(ctx);
    return takes;
}

/* D has refused the packs that it was given: often it was built for others. Says so, with what D said. */
static void blame_pack(gan_ctx *ctx, gan_module *D, gan_shape sample, int pack) {
    char message[GAN__MESSAGE];
    snprintf(message, sizeof message, "%s", ctx->message);
    gan_ctx_clear(ctx);
    int built_for = 0;
    for (int m = 1; m <= WIDEST_PACK && !built_for; m++)
        if (takes_packs(ctx, D, sample, m)) built_for = m;
    if (built_for)
        gan__raise(ctx, GAN_E_SHAPE, "gan_trainer_new: gan_trainer_opts.pack is %d, but D is built for pack %d: %s", pack,
                   built_for, message);
    else
        gan__raise(ctx, GAN_E_SHAPE, "gan_trainer_new: D does not take the data's samples, with gan_trainer_opts.pack %d: %s",
                   pack, message);
}

/* Runs both nets once, in evaluation mode, on nothing that matters: G must make what the data holds, D give what the loss
 * takes. */
static void check_fit(gan_ctx *ctx, gan_module *G, gan_module *D, gan_dataset *data, const gan_trainer_opts *o) {
    gan_shape outputs = outputs_of(ctx, data, o);
    char made[GAN_SHAPE_TEXT], wanted[GAN_SHAPE_TEXT];
    gan__aside aside_g = gan__aside_begin(G), aside_d = gan__aside_begin(D);
    gan_scope_begin(ctx);
    gan_no_record_begin(ctx);
    gan_shape sample = gan__batch_of(gan_dataset_shape(data), 2 * o->pack);
    gan_tensor *fake = gan_forward(G, gan_zeros(ctx, gan_shape2(sample.d[0], o->latent)));
    if (gan__ok(ctx) && !gan_shape_equal(gan_shape_of(fake), sample))
        gan__raise(ctx, GAN_E_SHAPE, "gan_trainer_new: G makes samples of shape %s, the data's is %s",
                   gan_shape_text(gan_shape_of(fake), made), gan_shape_text(sample, wanted));
    gan_tensor *packs = gan_pack(fake, o->pack), *logits = gan_forward(D, packs);
    if (ctx->status == GAN_E_SHAPE && !gan_is_nil(packs)) blame_pack(ctx, D, gan_dataset_shape(data), o->pack);
    if (gan__ok(ctx) && !gan_shape_equal(gan_shape_of(logits), outputs))
        gan__raise(ctx, GAN_E_SHAPE, "gan_trainer_new: D's output for two %s has shape %s, not %s",
                   o->pack > 1 ? "packs" : "samples", gan_shape_text(gan_shape_of(logits), made),
                   gan_shape_text(outputs, wanted));
    gan_no_record_end(ctx);
    gan_scope_end(ctx);
    gan__aside_end(&aside_d);
    gan__aside_end(&aside_g);
}

static bool inputs_valid(gan_ctx *ctx, gan_module *G, gan_module *D, gan_dataset *data, const gan_trainer_opts *o) {
    if (!gan__ok(ctx)) return false;
    if (gan_module_is_nil(G) || gan_module_is_nil(D) || gan_dataset_is_nil(data))
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: %s is nil", gan_dataset_is_nil(data) ? "the dataset" : "a net");
    else if (o->latent < 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: the length of G's latents is unknown: set gan_trainer_opts.latent");
    else if (gan_generator_count(G) > 1 && gan_generator_count(G) != o->generators)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: generators is %d, but G is %d", o->generators, gan_generator_count(G));
    else if (opts_valid(ctx, o) && o->batch > gan_dataset_count(data) / o->pack)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: a batch of %lld times pack %d is more than the %lld training samples",
                   (long long)o->batch, o->pack, (long long)gan_dataset_count(data));
    else if (gan__ok(ctx) && gan__combinations_allowed(ctx, o))
        check_fit(ctx, G, D, data, o);
    return gan__ok(ctx);
}

static void destroy(gan__object *object) {
    gan_trainer *t = (gan_trainer *)object;
    gan__counter_remove(&t->steps);
    gan_optim_free(t->opt_g);
    gan_optim_free(t->opt_d);
    gan__sampler_forget(&t->sampler);
    gan_ema_free(t->ema);
    gan_watcher_free(t->watcher);
    gan__free(object->ctx, t);
}

static bool names(const char *const *list, const char *name) {
    for (; list && *list; list++)
        if (!strcmp(*list, name)) return true;
    return false;
}

static bool clash(const gan_trick_type *a, const gan_trick_type *b) {
    return names(a->clashes, b->name) || names(b->clashes, a->name);
}

gan_turn gan__turn_before(const gan_trainer *t) {
    return (gan_turn){.ctx = t->object.ctx,
                      .G = t->G,
                      .D = t->D,
                      .loss = &t->opts.loss,
                      .opt_d = t->opt_d,
                      .sample = gan_dataset_shape(t->data),
                      .batch = t->opts.batch,
                      .pack = t->opts.pack,
                      .generators = t->opts.generators,
                      .paired = gan__dataset_paired(t->data)};
}

/* Before the first step, and in the order of the transforms: a trick of equal order goes behind the earlier ones. */
void gan_trainer_use(gan_trainer *t, gan_trick *trick) {
    static const char who[] = "gan_trainer_use";
    gan_ctx *ctx = gan__trainer_ctx(t, who);
    if (!gan__ok(ctx)) return;
    const char *fault = gan_trick_is_nil(trick)          ? "the trick is nil"
                        : trick->taken                   ? "it is in use already"
                        : t->steps.value > 0             ? "training has begun"
                        : t->n_tricks == GAN__MAX_TRICKS ? "too many tricks"
                                                         : NULL;
    for (int i = 0; i < t->n_tricks && !fault; i++)
        if (!strcmp(t->tricks[i]->type->name, trick->type->name)) fault = "there is one of that name already";
    if (fault) {
        gan__raise(ctx, GAN_E_ARG, "%s: %s: %s", who, gan_trick_name(trick), fault);
        return;
    }
    for (int i = 0; i < t->n_tricks; i++)
        if (clash(t->tricks[i]->type, trick->type)) {
            gan__raise(ctx, GAN_E_ARG, "%s: %s is refused together with %s", who, gan_trick_name(trick),
                       gan_trick_name(t->tricks[i]));
            return;
        }
    gan_turn turn = gan__turn_before(t);
    if (trick->type->attach) trick->type->attach(trick, &turn);
    if (!gan__ok(ctx)) return;
    trick->taken = true;
    t->reads_real_in_g_turn |= trick->type->reads_real_in_g_turn;
    int at = t->n_tricks++;
    for (; at > 0 && t->tricks[at - 1]->type->order > trick->type->order; at--) t->tricks[at] = t->tricks[at - 1];
    t->tricks[at] = trick;
    gan__commit(ctx);
}

void gan_trainer_free(gan_trainer *t) {
    if (gan_trainer_is_nil(t)) return;
    gan__disown(&t->object);
    destroy(&t->object);
}

gan_trainer *gan_trainer_new(gan_module *G, gan_module *D, gan_dataset *data, gan_trainer_opts opts) {
    gan_ctx *ctx = gan_module_ctx(G);
    if (opts.latent == 0) opts.latent = gan_latent_size(G);
    if (opts.generators == 0) opts.generators = gan_generator_count(G);
    if (!inputs_valid(ctx, G, D, data, &opts)) return nil_trainer(ctx);
    gan__combinations_warn(G, D, gan_dataset_shape(data), &opts);
    gan_trainer *t = gan__calloc(ctx, sizeof *t);
    if (!t) return nil_trainer(ctx);
    t->G = G, t->D = D, t->data = data, t->opts = opts;
    t->reads_real_in_g_turn = gan_loss_g_needs_real(&opts.loss);
    t->opt_g = gan_optim_new(G, opts.g);
    t->opt_d = gan_optim_new(D, opts.d);
    if (opts.ema > 0) t->ema = gan_ema_new(G, (gan_ema_opts){opts.ema, opts.ema_start});
    t->latents = gan_stream_named(ctx, "latents");
    if (opts.generators > 1) t->mixture = gan_stream_named(ctx, "generators");
    gan__own(ctx, &t->object, destroy);
    gan__counter_add(ctx, &t->steps, 0);
    if (gan__ok(ctx)) return t;
    gan_trainer_free(t);
    return nil_trainer(ctx);
}

/* --- one step --------------------------------------------------------------------------------------------- */

static double now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

int64_t gan__epochs_done(const gan_trainer *t) {
    gan__data_position at = gan__dataset_position(t->data);
    return at.epoch + (at.offset + t->opts.batch * t->opts.pack > gan_dataset_count(t->data));
}

gan_status gan_trainer_step(gan_trainer *t, gan_step_info *info) {
    gan_ctx *ctx = gan__trainer_ctx(t, "gan_trainer_step");
    gan_step_info unused;
    if (!info) info = &unused;
    *info = (gan_step_info){0};
    if (!gan__ok(ctx)) return ctx->status;
    double start = now();
    gan__optim_set_factor(t->opt_g, gan_schedule_at(t->opts.g_rate, t->steps.value));
    gan__optim_set_factor(t->opt_d, gan_schedule_at(t->opts.d_rate, t->steps.value));
    gan__sampler_forget(&t->sampler); /* the average is about to move */
    gan__commit(ctx);                 /* what was done before stands, whatever becomes of this step */
    gan__hold(ctx);
    gan_scope_begin(ctx);
    gan__watching_begin(t);
    (t->opts.simultaneous ? gan__step_at_once : gan__step_in_turn)(t, info);
    gan__watching_end(t, info);
    if (gan__ok(ctx)) t->steps.value++;
    gan_scope_end(ctx);
    gan__unhold(ctx);
    info->step = t->steps.value;
    info->epoch = gan__epochs_done(t);
    info->g_grad_norm = gan_optim_grad_norm(t->opt_g);
    info->seconds = now() - start;
    return ctx->status;
}

/* --- looking ---------------------------------------------------------------------------------------------- */

void gan_trainer_stop(gan_trainer *t) {
    if (!gan_trainer_is_nil(t)) atomic_store(&t->stop, true);
}

bool gan_trainer_stopped(const gan_trainer *t) { return !gan_trainer_is_nil(t) && t->stopped; }
int64_t gan_trainer_steps(const gan_trainer *t) { return gan_trainer_is_nil(t) ? 0 : t->steps.value; }

/* The context's nil serves as a nil module too. */
gan_module *gan_trainer_generator(const gan_trainer *t) { return gan_trainer_is_nil(t) ? (gan_module *)t : t->G; }
gan_module *gan_trainer_discriminator(const gan_trainer *t) { return gan_trainer_is_nil(t) ? (gan_module *)t : t->D; }
gan_optim *gan_trainer_optim(gan_trainer *t, gan_player player) {
    if (gan_trainer_is_nil(t)) return (gan_optim *)t;
    return player == GAN_PLAYER_D ? t->opt_d : t->opt_g;
}

const gan_set *gan_trainer_ema(const gan_trainer *t) { return !gan_trainer_is_nil(t) && t->ema ? gan_ema_set(t->ema) : NULL; }
