/* Samples of the trainer's G. They leave no trace: no buffer, random stream or counter of training is touched. */
#include <gan/metrics.h>
#include <gan/op.h>
#include <inttypes.h>

#include "../nn/set.h"
#include "latents.h"
#include "trainer_impl.h"

#define BATCHES 16 /* that batch norm's statistics are estimated from */
#define SIGMA 30   /* steps of power iteration */

/* Of streams; gan_generate has the first one, too. */
enum { TAG_SAMPLES = 0x73616d70, TAG_ESTIMATE = 0x6573746d };

/* --- the average, made fit for use ---------------------------------------------------------------------------- */

void gan__sampler_forget(gan__sampler *s) {
    gan_set_free(s->average);
    gan_set_free(s->fit);
    *s = (gan__sampler){NULL, NULL};
}

static void estimate(gan_trainer *t, const gan_set *set) {
    gan_ctx *ctx = t->object.ctx;
    gan_stream stream = gan__own_stream(ctx, ctx->opts.seed, TAG_ESTIMATE);
    gan_scope_begin(ctx);
    gan_tensor *z = gan__latents_draw(&t->opts, &stream, BATCHES * t->opts.batch * t->opts.pack);
    gan__batch_norm_estimate(t->G, set, z, BATCHES);
    gan_scope_end(ctx);
}

/* The trainer's own: the context frees what it owns in its order, latest first, and this comes and goes. */
static gan_set *own_alias(gan_trainer *t, const gan_set *values) {
    gan_set *set = gan__set_alias(t->G, values);
    if (gan__ok(t->object.ctx)) gan__disown(&set->object);
    return set;
}

/* It holds until the average moves; the average's own storage tells. */
static const gan_set *fit_average(gan_trainer *t) {
    gan__sampler *s = &t->sampler;
    const gan_set *now = gan_ema_set(t->ema);
    if (gan__set_same(s->average, now)) return s->fit;
    gan__sampler_forget(s);
    s->average = own_alias(t, now);
    s->fit = own_alias(t, now);
    gan__spectral_settle(t->G, s->fit, SIGMA);
    if (gan__has_batch_norm(t->G)) estimate(t, s->fit);
    if (gan__ok(t->object.ctx)) return s->fit;
    gan__sampler_forget(s);
    return NULL;
}

const gan_set *gan_trainer_average(gan_trainer *t) {
    gan_ctx *ctx = gan__trainer_ctx(t, "gan_trainer_average");
    return gan__ok(ctx) && t->ema ? fit_average(t) : NULL;
}

/* --- latents -------------------------------------------------------------------------------------------------- */

/* The options that latents of this truncation are drawn by. */
static gan_trainer_opts truncated(gan_ctx *ctx, gan_trainer_opts o, double truncation, const char *who) {
    if (truncation == 0) return o;
    if (o.latents == GAN_LATENTS_UNIFORM)
        gan__raise(ctx, GAN_E_ARG, "%s: truncation is %g, but the latents are uniform: there is no tail to cut off", who,
                   truncation);
    else if (o.latents == GAN_LATENTS_TRUNCATED && truncation > o.truncation)
        gan__raise(ctx, GAN_E_ARG, "%s: truncation is %g, but G was trained on latents within %g", who, truncation, o.truncation);
    o.latents = GAN_LATENTS_TRUNCATED;
    o.truncation = truncation;
    if (gan__ok(ctx)) gan__latents_valid(ctx, &o, who);
    return o;
}

static bool some_samples(gan_ctx *ctx, int64_t n, const char *who) {
    if (n < 1) gan__raise(ctx, GAN_E_ARG, "%s: %" PRId64 " samples were asked for", who, n);
    return gan__ok(ctx);
}

gan_tensor *gan_trainer_latents(gan_trainer *t, int64_t n, uint64_t seed, double truncation) {
    static const char who[] = "gan_trainer_latents";
    gan_ctx *ctx = gan__trainer_ctx(t, who);
    if (!gan__ok(ctx) || !some_samples(ctx, n, who)) return gan__nil(ctx);
    gan_trainer_opts o = truncated(ctx, t->opts, truncation, who);
    gan_stream stream = gan__own_stream(ctx, seed, TAG_SAMPLES);
    return gan__ok(ctx) ? gan__latents_draw(&o, &stream, n) : gan__nil(ctx);
}

/* --- samples -------------------------------------------------------------------------------------------------- */

static const char who[] = "gan_trainer_sample";

gan_tensor *gan_trainer_sample_with(gan_trainer *t, gan_tensor *z, gan_sample_opts o) {
    gan_ctx *ctx = gan__trainer_ctx(t, who);
    if (!gan__ok(ctx) || !gan__usable(ctx, z, who)) return gan__nil(ctx);
    gan_shape s = gan_shape_of(z);
    int64_t n = s.ndim > 0 ? s.d[0] : 0;
    gan_generate_opts g = {.set = t->ema && !o.raw ? fit_average(t) : NULL,
                           .z = z,
                           .latent = t->opts.latent,
                           .generators = t->opts.generators,
                           .one_generator = o.one_generator,
                           .generator = o.generator};
    gan_tensor *x = gan_generate(t->G, n, g);
    if (gan_is_nil(x) || gan_shape_equal(gan_shape_of(x), gan__batch_of(gan_dataset_shape(t->data), n))) return x;
    gan__raise(ctx, GAN_E_SHAPE, "%s: G does not make samples of the data's shape any more", who);
    gan_release(x);
    return gan__nil(ctx);
}

gan_tensor *gan__generators_of(const gan_trainer *t, int64_t n) {
    int k = t->opts.generators;
    if (k == 1) return NULL;
    gan_tensor *number = gan_empty(t->object.ctx, gan_shape1(n));
    gan_real *p = gan_op_write(number);
    for (int64_t i = 0; p && i < n; i++) p[i] = (gan_real)(i % k);
    return number;
}

gan_tensor *gan_trainer_sample(gan_trainer *t, int64_t n, uint64_t seed) {
    gan_ctx *ctx = gan__trainer_ctx(t, who);
    if (!gan__ok(ctx) || !some_samples(ctx, n, who)) return gan__nil(ctx);
    gan_tensor *z = gan_trainer_latents(t, n, seed, 0);
    gan_tensor *out = gan_trainer_sample_with(t, z, (gan_sample_opts){0});
    gan_release(z);
    return out;
}

/* --- judging -------------------------------------------------------------------------------------------------- */

typedef struct fakes {
    gan_trainer *t;
    gan_tensor *z;
    gan_sample_opts opts;
} fakes;

static gan_tensor *draw_fakes(void *user, int64_t start, int64_t n) {
    const fakes *f = user;
    int64_t before = start % f->t->opts.generators; /* row 0 of a part is the first generator's, too */
    gan_tensor *x = gan_trainer_sample_with(f->t, gan_slice(f->z, 0, start - before, before + n), f->opts);
    return before ? gan_slice(x, 0, before, n) : x;
}

gan_scores gan_trainer_judge(gan_trainer *t, gan_judge *j, uint64_t seed, gan_sample_opts opts) {
    gan_ctx *ctx = gan__trainer_ctx(t, "gan_trainer_judge");
    if (!gan__ok(ctx) || gan_judge_is_nil(j)) return gan_judge_samples(NULL, NULL, NULL);
    gan_scope_begin(ctx);
    fakes f = {t, gan_trainer_latents(t, gan_judge_count(j), seed, 0), opts};
    gan_scores s = gan_judge_samples(j, draw_fakes, &f);
    gan_scope_end(ctx);
    return s;
}
