/* A look at samples: the richer signs, in a record of their own until the record under way takes them. */
#include <math.h>
#include <string.h>

#include "../metrics/rows.h"
#include "watcher_impl.h"

gan_watch_look gan_watch_look_none(void) { return (gan_watch_look){.slope = NAN, .clipped = NAN, .missing = NAN}; }

enum { NEIGHBOURS = 5 };

/* --- samples ---------------------------------------------------------------------------------------------- */

/* How many of n are named at least once, over n. */
static double named(gan_ctx *ctx, const gan_tensor *index, int64_t n) {
    const gan_real *x = gan_data(index);
    char *seen = x ? gan__calloc(ctx, (size_t)n) : NULL;
    int64_t count = 0;
    for (int64_t i = 0; seen && i < gan_count(index); i++) {
        char *at = &seen[(int64_t)x[i]];
        count += !*at;
        *at = 1;
    }
    gan__free(ctx, seen);
    return (double)count / (double)n;
}

static double reach_of(gan_ctx *ctx, gan_tensor *x, gan_tensor *real) {
    return named(ctx, gan_nearest_neighbours(x, real, 1).index, gan_shape_of(real).d[0]);
}

/* The median distance of a sample to the nearest other one. */
static double apart_of(gan_ctx *ctx, gan_tensor *x) {
    gan_nearest two = gan_nearest_neighbours(x, x, 2); /* the first is the sample itself, or its equal */
    const gan_real *d = gan_data(two.distance);
    int64_t n = gan_count(two.distance) / 2;
    gan_real *second = d ? gan__alloc(ctx, (size_t)n * sizeof *second) : NULL;
    if (!second) return NAN;
    for (int64_t i = 0; i < n; i++) second[i] = d[2 * i + 1];
    gan__sort(second, n);
    double median = second[n / 2];
    gan__free(ctx, second);
    return median;
}

/* Root of the summed variances. */
static double spread_of(const gan_tensor *t) {
    const gan_real *x = gan_data(t);
    int64_t n = gan_shape_of(t).d[0], d = gan_count(t) / n;
    double sum = 0;
    for (int64_t j = 0; x && j < d; j++) {
        double m = 0, s = 0;
        for (int64_t i = 0; i < n; i++) m += x[i * d + j];
        m /= (double)n;
        for (int64_t i = 0; i < n; i++) s += (x[i * d + j] - m) * (x[i * d + j] - m);
        sum += s / (double)n;
    }
    return sqrt(sum);
}

static bool alike(gan_ctx *ctx, const gan_watch_look *l, const char *who) {
    gan_shape s = gan_shape_of(l->fake);
    char fake[GAN_SHAPE_TEXT], real[GAN_SHAPE_TEXT], held_out[GAN_SHAPE_TEXT];
    if (!gan__ok(ctx)) return false;
    if (!gan_shape_equal(s, gan_shape_of(l->real)) || !gan_shape_equal(s, gan_shape_of(l->held_out)))
        gan__raise(ctx, GAN_E_SHAPE, "%s: fakes %s, reals %s and held-out samples %s must be of one shape", who,
                   gan_shape_text(s, fake), gan_shape_text(gan_shape_of(l->real), real),
                   gan_shape_text(gan_shape_of(l->held_out), held_out));
    else if (s.ndim < 2 || s.d[0] <= NEIGHBOURS || gan_count(l->fake) == 0)
        gan__raise(ctx, GAN_E_SHAPE, "%s: samples of shape %s: there must be more than %d", who, gan_shape_text(s, fake),
                   NEIGHBOURS);
    return gan__ok(ctx);
}

static bool finite(const gan_tensor *t) {
    const gan_real *x = gan_data(t);
    for (int64_t i = 0; i < gan_count(t); i++)
        if (!isfinite(x[i])) return false;
    return true;
}

static void look_at_samples(gan_ctx *ctx, const gan_watch_look *l, gan__watch_record *r) {
    gan_shape s = gan_shape_of(l->fake);
    r->distance = gan_sliced_ratio(l->fake, l->real, l->held_out, (gan_sliced_opts){0});
    if (l->own_real && l->own_held_out)
        r->own_distance = gan_sliced_ratio(l->fake, l->own_real, l->own_held_out, (gan_sliced_opts){0});
    gan_prdc p = gan_prdc_of(l->real, l->fake, NEIGHBOURS);
    r->coverage = p.coverage, r->precision = p.precision;
    r->reach = reach_of(ctx, l->fake, l->real) / reach_of(ctx, l->held_out, l->real);
    r->apart = apart_of(ctx, l->fake) / apart_of(ctx, l->real);
    r->spread = spread_of(l->fake) / spread_of(l->real);
    if (s.ndim != 4 || s.d[1] < 2 || s.d[2] < 2) return;
    r->spectrum = gan_spectrum_distance(l->fake, l->real) / gan_spectrum_distance(l->held_out, l->real);
    r->neighbours = gan_neighbour_correlation(l->fake);
    r->neighbours_real = gan_neighbour_correlation(l->real);
}

/* --- D ------------------------------------------------------------------------------------------------------ */

typedef struct moments {
    double mean, error; /* of the mean, squared */
} moments;

static moments moments_of(const gan_tensor *t) {
    const gan_real *x = gan_data(t);
    double n = (double)gan_count(t), sum = 0, squares = 0;
    for (int64_t i = 0; i < gan_count(t); i++) sum += x[i];
    for (int64_t i = 0; i < gan_count(t); i++) squares += (x[i] - sum / n) * (x[i] - sum / n);
    return (moments){sum / n, squares / (n * n)};
}

/* D's advantage on what it has been trained on, as a share of its advantage over fakes. */
static void look_at_memory(const gan_watch_look *l, double sign, gan__watch_record *r) {
    moments train = moments_of(l->d_real), held_out = moments_of(l->d_held_out), fake = moments_of(l->d_fake);
    double apart = sign * (train.mean - fake.mean);
    r->memory = r->memory_error = 0;
    if (!(apart > 3 * sqrt(train.error + fake.error))) return; /* nothing to be a share of: nothing is known by heart */
    r->memory = sign * (train.mean - held_out.mean) / apart;
    r->memory_error = sqrt(train.error + held_out.error) / apart;
}

void gan_watcher_look(gan_watcher *w, int64_t step, const gan_watch_look *l) {
    static const char who[] = "gan_watcher_look";
    gan_ctx *ctx = w ? w->object.ctx : gan__nil_ctx();
    if (gan_watcher_is_nil(w)) gan__raise(ctx, GAN_E_ARG, "%s: the watcher is nil", who);
    if (!gan__ok(ctx)) return;
    gan__watch_record r = gan__watch_record_unknown();
    r.looked = (double)step;
    r.slope = l->slope, r.clipped = l->clipped, r.missing = l->missing;
    gan_scope_begin(ctx);
    gan_no_record_begin(ctx);
    if (l->fake && l->real && l->held_out && alike(ctx, l, who) && finite(l->fake)) look_at_samples(ctx, l, &r);
    if (l->d_fake && l->d_real && l->d_held_out && gan__ok(ctx))
        look_at_memory(l, w->now.real_target < w->now.fake_target ? -1 : 1, &r);
    gan_no_record_end(ctx);
    gan_scope_end(ctx);
    if (gan__ok(ctx)) w->look = r;
}
