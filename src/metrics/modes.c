/* Mode coverage: of mixtures whose modes are known, and of labels that a classifier gave. */
#include <math.h>

#include "rows.h"

#define TAG 0x6d6f6465u /* of the stream of the perfect sampler */

static const gan_modes failed = {.high_quality = NAN, .reverse_kl = NAN};

/* KL(p || q) in nats, p the shares of `counts`, q those of `weights`, or uniform without. An empty histogram counts as one in
 * which everything is in the rarest mode. */
static double divergence(const int64_t *counts, int64_t total, const double *weights, int64_t modes) {
    double sum = 0, all = 0, least = INFINITY;
    for (int64_t i = 0; i < modes; i++) all += weights ? weights[i] : 1;
    for (int64_t i = 0; i < modes; i++) {
        double p = total ? (double)counts[i] / (double)total : 0, q = (weights ? weights[i] : 1) / all;
        if (p > 0) sum += p * log(p / q);
        least = fmin(least, q);
    }
    return total ? fmax(sum, 0) : -log(least);
}

static gan_modes summarise(const int64_t *counts, int64_t samples, const double *weights, int64_t modes) {
    int64_t total = 0, captured = 0;
    for (int64_t i = 0; i < modes; i++) {
        total += counts[i];
        captured += counts[i] > 0;
    }
    return (gan_modes){samples, modes, captured, (double)total / (double)samples, divergence(counts, total, weights, modes)};
}

/* --- mixtures --------------------------------------------------------------------------------------------- */

static int64_t nearest_mean(const gan_real *x, const gan__rows *means, double *squared) {
    int64_t nearest = 0;
    *squared = INFINITY;
    for (int64_t k = 0; k < means->n; k++) {
        double sum = 0;
        for (int64_t j = 0; j < means->d; j++) {
            double gap = (double)x[j] - (double)means->x[k * means->d + j];
            sum += gap * gap;
        }
        if (sum < *squared) *squared = sum, nearest = k;
    }
    return nearest;
}

static bool std_fits(gan_ctx *ctx, const char *who, double std) {
    if (!(std > 0 && isfinite(std))) gan__raise(ctx, GAN_E_ARG, "%s: std is %g, must be positive", who, std);
    return gan__ok(ctx);
}

gan_modes gan_mixture_modes(const gan_tensor *x, const gan_tensor *means, double std) {
    static const char who[] = "gan_mixture_modes";
    gan_ctx *ctx = gan__metric_ctx(x, means);
    gan__row_pair p;
    if (!gan__row_pair_of(ctx, x, "the samples", means, "the means", 1, who, &p) || !std_fits(ctx, who, std)) return failed;
    int64_t *counts = gan__calloc(ctx, (size_t)p.b.n * sizeof *counts);
    if (!counts) return failed;
    for (int64_t i = 0; i < p.a.n; i++) {
        double squared;
        int64_t mode = nearest_mean(p.a.x + i * p.a.d, &p.b, &squared);
        counts[mode] += squared < 9 * std * std;
    }
    gan_modes result = summarise(counts, p.a.n, NULL, p.b.n);
    gan__free(ctx, counts);
    return result;
}

gan_modes gan_perfect_mixture(const gan_tensor *means, double std, int64_t n, uint64_t seed) {
    static const char who[] = "gan_perfect_mixture";
    gan_ctx *ctx = gan_ctx_of(means);
    gan_modes result = failed;
    gan__rows m;
    if (!gan__rows_of(ctx, means, 1, who, "the means", &m) || !std_fits(ctx, who, std)) return failed;
    if (n < 1) {
        gan__raise(ctx, GAN_E_ARG, "%s: %lld samples, must be at least 1", who, (long long)n);
        return failed;
    }
    gan_stream own = gan__own_stream(ctx, seed, TAG);
    gan_scope_begin(ctx);
    gan_shape shape = gan_shape_of(means);
    shape.d[0] = n;
    gan_tensor *x = gan_randn_from(&own, shape);
    gan_real *p = gan_op_write(x);
    for (int64_t i = 0; p && i < n; i++) {
        const gan_real *mean = m.x + gan_stream_below(&own, m.n) * m.d;
        for (int64_t j = 0; j < m.d; j++) p[i * m.d + j] = (gan_real)(mean[j] + std * p[i * m.d + j]);
    }
    if (p) result = gan_mixture_modes(x, means, std);
    gan_scope_end(ctx);
    return result;
}

/* --- labels ----------------------------------------------------------------------------------------------- */

#define MOST_MODES ((int64_t)1 << 40)

static bool modes_fit(gan_ctx *ctx, const char *who, int64_t modes) {
    if (modes < 1 || modes > MOST_MODES)
        gan__raise(ctx, GAN_E_ARG, "%s: %lld modes, must be 1 to %lld", who, (long long)modes, (long long)MOST_MODES);
    return gan__ok(ctx);
}

/* How often each label is there; NULL (raised) if one is none. The caller frees it. */
static int64_t *count_labels(gan_ctx *ctx, const gan__rows *labels, int64_t modes, const char *who) {
    int64_t *counts = gan__calloc(ctx, (size_t)modes * sizeof *counts);
    for (int64_t i = 0; counts && i < labels->n * labels->d && gan__ok(ctx); i++) {
        double label = labels->x[i];
        if (label >= 0 && label < (double)modes && label == floor(label))
            counts[(int64_t)label]++;
        else
            gan__raise(ctx, GAN_E_ARG, "%s: label %lld is %g, must be a whole number from 0 to %lld", who, (long long)i, label,
                       (long long)modes - 1);
    }
    if (gan__ok(ctx)) return counts;
    gan__free(ctx, counts);
    return NULL;
}

/* The weights of the modes as double; NULL if there are none to be had. */
static double *weights_of(gan_ctx *ctx, const gan_tensor *reference, int64_t modes, const char *who) {
    gan__rows r;
    double all = 0;
    if (!reference || !gan__rows_of(ctx, reference, 1, who, "the reference's weights", &r)) return NULL;
    if (r.n * r.d != modes)
        gan__raise(ctx, GAN_E_SHAPE, "%s: the reference has %lld weights for %lld modes", who, (long long)(r.n * r.d),
                   (long long)modes);
    double *weights = gan__ok(ctx) ? gan__alloc(ctx, (size_t)modes * sizeof *weights) : NULL;
    for (int64_t i = 0; weights && i < modes; i++) {
        weights[i] = r.x[i];
        all += weights[i];
        if (weights[i] < 0) gan__raise(ctx, GAN_E_ARG, "%s: the reference's weight %lld is negative", who, (long long)i);
    }
    if (weights && all <= 0) gan__raise(ctx, GAN_E_ARG, "%s: the reference's weights are all 0", who);
    return weights;
}

gan_modes gan_label_modes(const gan_tensor *label, int64_t modes, const gan_tensor *reference) {
    static const char who[] = "gan_label_modes";
    gan_ctx *ctx = gan__metric_ctx(label, reference);
    gan_modes result = failed;
    gan__rows labels;
    if (!gan__rows_of(ctx, label, 1, who, "the labels", &labels) || !modes_fit(ctx, who, modes)) return failed;
    double *weights = weights_of(ctx, reference, modes, who);
    int64_t *counts = gan__ok(ctx) ? count_labels(ctx, &labels, modes, who) : NULL;
    if (counts) result = summarise(counts, labels.n * labels.d, weights, modes);
    gan__free(ctx, weights), gan__free(ctx, counts);
    return result;
}

gan_tensor *gan_label_histogram(const gan_tensor *label, int64_t modes) {
    static const char who[] = "gan_label_histogram";
    gan_ctx *ctx = gan_ctx_of(label);
    gan__rows labels;
    if (!gan__rows_of(ctx, label, 1, who, "the labels", &labels) || !modes_fit(ctx, who, modes)) return gan__nil(ctx);
    int64_t *counts = count_labels(ctx, &labels, modes, who);
    gan_tensor *histogram = counts ? gan_empty(ctx, gan_shape1(modes)) : gan__nil(ctx);
    gan_real *p = gan_op_write(histogram);
    for (int64_t i = 0; p && i < modes; i++) p[i] = (gan_real)((double)counts[i] / (double)(labels.n * labels.d));
    gan__free(ctx, counts);
    return histogram;
}

gan_modes gan_perfect_labels(gan_ctx *ctx, int64_t modes, int64_t n, uint64_t seed) {
    static const char who[] = "gan_perfect_labels";
    if (!gan__ok(ctx) || !modes_fit(ctx, who, modes)) return failed;
    if (n < 1) gan__raise(ctx, GAN_E_ARG, "%s: %lld samples, must be at least 1", who, (long long)n);
    int64_t *counts = gan__ok(ctx) ? gan__calloc(ctx, (size_t)modes * sizeof *counts) : NULL;
    if (!counts) return failed;
    gan_stream own = gan__own_stream(ctx, seed, TAG);
    for (int64_t i = 0; i < n; i++) counts[gan_stream_below(&own, modes)]++;
    gan_modes result = summarise(counts, n, NULL, modes);
    gan__free(ctx, counts);
    return result;
}
