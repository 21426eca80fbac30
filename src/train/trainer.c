#include <math.h>
#include <string.h>
#include <time.h>

#include "../data/loader.h"
#include "../loss/loss_impl.h"
#include "../nn/nn_impl.h"
#include "trainer_impl.h"

gan_trainer_opts gan_trainer_defaults(void) {
    return (gan_trainer_opts){.g = gan_adam(2e-4),
                              .d = gan_adam(2e-4),
                              .loss = gan_loss_non_saturating(),
                              .batch = 64,
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
    else if (o->n_critic < 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: n_critic is %d, less than 1", o->n_critic);
    else if (o->simultaneous && o->n_critic != 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: simultaneous steps need n_critic 1, not %d", o->n_critic);
    else if (!(o->ema >= 0 && o->ema < 1))
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: ema is %g, outside [0, 1)", o->ema);
    else
        gan__loss_valid(ctx, &o->loss, "gan_trainer_new");
    return gan__ok(ctx);
}

static gan_shape batch_of(gan_shape sample, int64_t n) {
    gan_shape s = {.ndim = sample.ndim + 1, .d = {n}};
    memcpy(s.d + 1, sample.d, (size_t)sample.ndim * sizeof *s.d);
    return s;
}

/* Of D, for two samples. */
static gan_shape outputs_of(gan_ctx *ctx, gan_dataset *data, const gan_loss *loss) {
    int64_t width = gan_loss_width(loss->kind, gan_dataset_classes(data), 0);
    if (width == 0)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: the loss %s needs %s", gan_loss_name(loss->kind),
                   gan_loss_info_of(loss->kind)->needs_real_label ? "labelled data" : "several generators");
    return width == 1 ? gan_shape1(2) : gan_shape2(2, width);
}

/* Runs both nets once, in evaluation mode, on nothing that matters: G must make what the data holds, D give what the loss
 * takes. */
static void check_fit(gan_ctx *ctx, gan_module *G, gan_module *D, gan_dataset *data, const gan_trainer_opts *o) {
    gan_shape outputs = outputs_of(ctx, data, &o->loss);
    char made[GAN_SHAPE_TEXT], wanted[GAN_SHAPE_TEXT];
    gan__aside aside_g = gan__aside_begin(G), aside_d = gan__aside_begin(D);
    gan_scope_begin(ctx);
    gan_shape sample = batch_of(gan_dataset_shape(data), 2);
    gan_tensor *fake = gan_forward(G, gan_zeros(ctx, gan_shape2(2, o->latent)));
    if (gan__ok(ctx) && !gan_shape_equal(gan_shape_of(fake), sample))
        gan__raise(ctx, GAN_E_SHAPE, "gan_trainer_new: G makes samples of shape %s, the data's is %s",
                   gan_shape_text(gan_shape_of(fake), made), gan_shape_text(sample, wanted));
    gan_tensor *logits = gan_forward(D, fake);
    if (gan__ok(ctx) && !gan_shape_equal(gan_shape_of(logits), outputs))
        gan__raise(ctx, GAN_E_SHAPE, "gan_trainer_new: D's output for two samples has shape %s, not %s",
                   gan_shape_text(gan_shape_of(logits), made), gan_shape_text(outputs, wanted));
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
    else if (o->batch > gan_dataset_count(data))
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: a batch of %lld is more than the %lld training samples", (long long)o->batch,
                   (long long)gan_dataset_count(data));
    else if (opts_valid(ctx, o))
        check_fit(ctx, G, D, data, o);
    return gan__ok(ctx);
}

static void destroy(gan__object *object) {
    gan_trainer *t = (gan_trainer *)object;
    gan__counter_remove(&t->steps);
    gan_optim_free(t->opt_g);
    gan_optim_free(t->opt_d);
    gan_ema_free(t->ema);
    gan__free(object->ctx, t);
}

void gan_trainer_free(gan_trainer *t) {
    if (gan_trainer_is_nil(t)) return;
    gan__disown(&t->object);
    destroy(&t->object);
}

gan_trainer *gan_trainer_new(gan_module *G, gan_module *D, gan_dataset *data, gan_trainer_opts opts) {
    gan_ctx *ctx = gan_module_ctx(G);
    if (opts.latent == 0) opts.latent = gan_latent_size(G);
    if (!inputs_valid(ctx, G, D, data, &opts)) return nil_trainer(ctx);
    gan_trainer *t = gan__calloc(ctx, sizeof *t);
    if (!t) return nil_trainer(ctx);
    t->G = G, t->D = D, t->data = data, t->opts = opts;
    t->opt_g = gan_optim_new(G, opts.g);
    t->opt_d = gan_optim_new(D, opts.d);
    if (opts.ema > 0) t->ema = gan_ema_new(G, (gan_ema_opts){opts.ema, opts.ema_start});
    t->latents = gan_stream_named(ctx, "latents");
    gan__own(ctx, &t->object, destroy);
    gan__counter_add(ctx, &t->steps, 0);
    if (gan__ok(ctx)) return t;
    gan_trainer_free(t);
    return nil_trainer(ctx);
}

/* --- one step --------------------------------------------------------------------------------------------- */

static gan_tensor *generate(gan_trainer *t) {
    return gan_forward(t->G, gan_randn_from(t->latents, gan_shape2(t->opts.batch, t->opts.latent)));
}

static gan_batch next_reals(gan_trainer *t) { return gan_dataset_next(t->data, t->opts.batch); }

static gan_verdict judge(gan_trainer *t, gan_batch real, gan_tensor *fake) {
    gan_tensor *on_real = gan_forward(t->D, real.x);
    return (gan_verdict){.real = on_real, .fake = gan_forward(t->D, fake), .real_label = real.label};
}

/* For G's step: nothing in it moves with what D says of reals, so that leaves no graph. */
static gan_verdict judge_for_g(gan_trainer *t, gan_batch real, gan_tensor *fake) {
    gan_ctx *ctx = t->object.ctx;
    gan_verdict v = {.fake = gan_forward(t->D, fake)};
    if (!gan_loss_g_needs_real(&t->opts.loss)) return v;
    gan_no_record_begin(ctx);
    v.real = gan_forward(t->D, real.x);
    gan_no_record_end(ctx);
    return v;
}

static double mean_of(const gan_tensor *t) {
    const gan_real *x = gan_data(t);
    double sum = 0;
    int64_t n = gan_count(t);
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return n ? sum / (double)n : NAN;
}

static void note_d(gan_step_info *info, const gan_trainer *t, gan_verdict v, gan_tensor *loss) {
    info->d_loss = gan_item(loss);
    info->d_real = mean_of(gan_loss_realness(&t->opts.loss, gan_detach(v.real)));
    info->d_fake = mean_of(gan_loss_realness(&t->opts.loss, gan_detach(v.fake)));
    info->d_grad_norm = gan_optim_grad_norm(t->opt_d);
}

/* D's step on fakes without history. */
static void step_d(gan_trainer *t, gan_batch real, gan_tensor *fake, gan_step_info *info) {
    gan_verdict v = judge(t, real, fake);
    gan_tensor *loss = gan_loss_d(&t->opts.loss, v);
    gan_optim_step(t->opt_d, loss);
    note_d(info, t, v, loss);
}

/* The players in turn. The samples of D's last step serve G's as well: one forward of G less. */
static void step_in_turn(gan_trainer *t, gan_step_info *info) {
    gan_ctx *ctx = t->object.ctx;
    for (int i = 1; i < t->opts.n_critic; i++) {
        gan_scope_begin(ctx);
        gan_no_record_begin(ctx);
        gan_tensor *fake = generate(t);
        gan_no_record_end(ctx);
        step_d(t, next_reals(t), fake, info);
        gan_scope_end(ctx);
    }
    gan_tensor *fake = generate(t);
    gan_batch real = next_reals(t);
    step_d(t, real, gan_detach(fake), info);
    gan_tensor *loss = gan_loss_g(&t->opts.loss, judge_for_g(t, real, fake));
    gan_optim_step(t->opt_g, loss);
    info->g_loss = gan_item(loss);
}

/* Both gradients before either player moves; both losses through one forward of D. */
static void step_at_once(gan_trainer *t, gan_step_info *info) {
    gan_tensor *fake = generate(t);
    gan_verdict v = judge(t, next_reals(t), fake);
    gan_tensor *loss_d = gan_loss_d(&t->opts.loss, v), *loss_g = gan_loss_g(&t->opts.loss, v);
    gan_optim_add(t->opt_d, loss_d, 1, true);
    gan_optim_add(t->opt_g, loss_g, 1, false);
    gan_optim_apply(t->opt_d);
    gan_optim_apply(t->opt_g);
    note_d(info, t, v, loss_d);
    info->g_loss = gan_item(loss_g);
}

static double now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

int64_t gan__epochs_done(const gan_trainer *t) {
    gan__data_position at = gan__dataset_position(t->data);
    return at.epoch + (at.offset + t->opts.batch > gan_dataset_count(t->data));
}

gan_status gan_trainer_step(gan_trainer *t, gan_step_info *info) {
    gan_ctx *ctx = gan__trainer_ctx(t, "gan_trainer_step");
    gan_step_info unused;
    if (!info) info = &unused;
    *info = (gan_step_info){0};
    if (!gan__ok(ctx)) return ctx->status;
    double start = now();
    gan__commit(ctx); /* what was done before stands, whatever becomes of this step */
    gan__hold(ctx);
    gan_scope_begin(ctx);
    (t->opts.simultaneous ? step_at_once : step_in_turn)(t, info);
    if (t->ema) gan_ema_update(t->ema);
    if (gan__ok(ctx)) t->steps.value++;
    gan_scope_end(ctx);
    gan__unhold(ctx);
    info->step = t->steps.value;
    info->epoch = gan__epochs_done(t);
    info->g_grad_norm = gan_optim_grad_norm(t->opt_g);
    info->seconds = now() - start;
    return ctx->status;
}

/* --- samples ---------------------------------------------------------------------------------------------- */

#define SAMPLE_BATCH 64

static void generate_rows(gan_trainer *t, gan_tensor *z, gan_tensor *out) {
    gan_ctx *ctx = t->object.ctx;
    int64_t n = gan_shape_of(z).d[0], row = gan_count(out) / n;
    for (int64_t i = 0; i < n && gan__ok(ctx); i += SAMPLE_BATCH) {
        int64_t rows = n - i < SAMPLE_BATCH ? n - i : SAMPLE_BATCH;
        gan_scope_begin(ctx);
        gan_tensor *x = gan_forward_with(t->G, gan_trainer_ema(t), gan_slice(z, 0, i, rows));
        if (!gan_is_nil(x)) memcpy(gan_op_write(out) + i * row, gan_data(x), (size_t)(rows * row) * sizeof(gan_real));
        gan_scope_end(ctx);
    }
}

gan_tensor *gan_trainer_sample(gan_trainer *t, int64_t n, uint64_t seed) {
    gan_ctx *ctx = gan__trainer_ctx(t, "gan_trainer_sample");
    if (!gan__ok(ctx)) return gan__nil(ctx);
    if (n < 1) gan__raise(ctx, GAN_E_ARG, "gan_trainer_sample: %lld samples were asked for", (long long)n);
    gan__aside aside = gan__aside_begin(t->G);
    /* Not one of the context's streams: sampling must leave no trace. */
    gan_stream own = {.ctx = ctx, .key = {(uint32_t)seed, (uint32_t)(seed >> 32) ^ 0x73616d70u}};
    gan_tensor *out = gan_empty(ctx, batch_of(gan_dataset_shape(t->data), n));
    gan_tensor *z = gan_randn_from(&own, gan_shape2(n, t->opts.latent));
    if (!gan_is_nil(z)) generate_rows(t, z, out);
    gan_release(z);
    gan__aside_end(&aside);
    return gan__ok(ctx) ? out : gan__nil(ctx);
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
const gan_set *gan_trainer_ema(const gan_trainer *t) {
    return !gan_trainer_is_nil(t) && t->ema ? gan_ema_set(t->ema) : NULL;
}
