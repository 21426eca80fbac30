/* Samples against the real ones, measure by measure. */
#include <math.h>

#include "judge_impl.h"

enum { KID_BLOCKS = 20 };

static gan_scores nothing(void) {
    gan_scores s;
    for (int m = 0; m < GAN_MEASURES; m++) s.value[m] = s.spread[m] = NAN, s.samples[m] = 0;
    return s;
}

static void put(const gan_judge *j, gan_scores *s, gan_measure m, gan_spread x, int64_t n) {
    if (!j->wanted[m]) return;
    s->value[m] = x.mean, s->spread[m] = x.std, s->samples[m] = n;
}

static void put_value(const gan_judge *j, gan_scores *s, gan_measure m, double value, int64_t n) {
    put(j, s, m, (gan_spread){value, NAN}, n);
}

/* --- by kind ---------------------------------------------------------------------------------------------- */

static void distances(const gan_judge *j, const gan__sample_set *x, gan_scores *s) {
    if (j->wanted[GAN_MEASURE_CLASSIFIER_FID])
        put_value(j, s, GAN_MEASURE_CLASSIFIER_FID, gan_frechet_distance(j->features, x->features), j->n);
    if (j->wanted[GAN_MEASURE_KID])
        put(j, s, GAN_MEASURE_KID,
            gan_kid(j->features, x->features, (gan_kid_opts){.blocks = j->n > 1000 ? KID_BLOCKS : 0, .seed = j->seed}), j->n);
    if (j->wanted[GAN_MEASURE_SLICED_WASSERSTEIN])
        put_value(j, s, GAN_MEASURE_SLICED_WASSERSTEIN,
                  gan_sliced_wasserstein(j->plain, x->plain, (gan_sliced_opts){.seed = j->seed}), j->n_plain);
}

static void balls(const gan_judge *j, const gan__sample_set *x, gan_scores *s) {
    if (!gan__wants(j, GAN_MEASURE_PRECISION, GAN_MEASURE_COVERAGE)) return;
    int64_t n = j->features ? j->n : j->n_plain;
    gan_prdc p = gan_prdc_of(j->features ? j->features : j->plain, j->features ? x->features : x->plain, j->k);
    put_value(j, s, GAN_MEASURE_PRECISION, p.precision, n);
    put_value(j, s, GAN_MEASURE_RECALL, p.recall, n);
    put_value(j, s, GAN_MEASURE_DENSITY, p.density, n);
    put_value(j, s, GAN_MEASURE_COVERAGE, p.coverage, n);
}

static void classes(const gan_judge *j, const gan__sample_set *x, gan_scores *s) {
    if (j->wanted[GAN_MEASURE_CLASSIFIER_SCORE])
        put(j, s, GAN_MEASURE_CLASSIFIER_SCORE, gan_inception_score(x->logits, (gan_score_opts){0}), j->n);
    if (!gan__wants(j, GAN_MEASURE_MODES, GAN_MEASURE_REVERSE_KL)) return;
    gan_modes m = j->means ? gan_mixture_modes(x->plain, j->means, j->std)
                           : gan_label_modes(gan_top_class(x->logits), gan_shape_of(x->logits).d[1], j->share);
    put_value(j, s, GAN_MEASURE_MODES, (double)m.captured, m.samples);
    put_value(j, s, GAN_MEASURE_HIGH_QUALITY, m.high_quality, m.samples);
    put_value(j, s, GAN_MEASURE_REVERSE_KL, m.reverse_kl, m.samples);
}

/* --- neighbours: copies are told by how near held-out data come ------------------------------------------- */

static void neighbours(gan_judge *j, const gan__sample_set *x, bool floor, gan_scores *s) {
    gan_ctx *ctx = j->object.ctx;
    int64_t n = j->n_near, copies = 0;
    gan_real *d = gan__alloc(ctx, (size_t)n * sizeof *d);
    if (d && gan__nearest_training(j, x->plain, n, floor && j->among_training, d)) {
        if (floor) j->copy_limit = d[n / 100];
        for (int64_t i = 0; i < n; i++) copies += d[i] < j->copy_limit;
        put_value(j, s, GAN_MEASURE_NEAREST, d[n / 2], n);
        put_value(j, s, GAN_MEASURE_COPIES, (double)copies / (double)n, n);
    }
    gan__free(ctx, d);
}

/* What the limit of copies is, if nobody has asked for the floor yet. */
static void know_limit(gan_judge *j) {
    gan_ctx *ctx = j->object.ctx;
    if (!j->wanted[GAN_MEASURE_COPIES] || !isnan(j->copy_limit) || !gan__ok(ctx)) return;
    gan_scores unused = nothing();
    gan_scope_begin(ctx);
    neighbours(j, &(gan__sample_set){.plain = gan__draw_part(&j->other, 0, j->n_near)}, true, &unused);
    gan_scope_end(ctx);
}

/* ---------------------------------------------------------------------------------------------------------- */

static gan_scores score(gan_judge *j, gan_draw_fn draw, void *user, bool floor) {
    gan_ctx *ctx = j->object.ctx;
    gan_scores s = nothing();
    if (!gan__ok(ctx)) return s;
    if (!floor) know_limit(j);
    gan_scope_begin(ctx);
    gan__sample_set x = gan__sample_set_of(j, draw, user);
    if (gan__ok(ctx)) distances(j, &x, &s);
    if (gan__ok(ctx)) balls(j, &x, &s);
    if (gan__ok(ctx)) classes(j, &x, &s);
    if (gan__ok(ctx) && gan__wants(j, GAN_MEASURE_NEAREST, GAN_MEASURE_COPIES)) neighbours(j, &x, floor, &s);
    gan_scope_end(ctx);
    return gan__ok(ctx) ? s : nothing();
}

gan_scores gan_judge_samples(gan_judge *j, gan_draw_fn draw, void *user) {
    return gan_judge_is_nil(j) || !draw ? nothing() : score(j, draw, user, false);
}

gan_scores gan_judge_floor(gan_judge *j) { return gan_judge_is_nil(j) ? nothing() : score(j, gan__draw_part, &j->other, true); }
