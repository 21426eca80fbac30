/* What a classifier says of samples: their labels, and the inception-style score (1606.03498). */
#include <math.h>

#include "rows.h"

/* Row by row, as probabilities: softmax of logits, or what is there. */
static void probabilities(const gan_real *row, int64_t k, bool logits, double *p) {
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < k; j++) most = row[j] > most ? row[j] : most;
    for (int64_t j = 0; j < k; j++) sum += p[j] = logits ? exp(row[j] - most) : row[j];
    for (int64_t j = 0; j < k; j++) p[j] /= sum;
}

static bool are_probabilities(gan_ctx *ctx, const char *who, const gan__rows *x) {
    for (int64_t i = 0; i < x->n && gan__ok(ctx); i++) {
        double sum = 0, least = 0;
        for (int64_t j = 0; j < x->d; j++) {
            sum += x->x[i * x->d + j];
            least = fmin(least, x->x[i * x->d + j]);
        }
        if (least < 0 || fabs(sum - 1) > 1e-3)
            gan__raise(ctx, GAN_E_ARG, "%s: row %lld holds no probabilities: their sum is %g, the least is %g", who, (long long)i,
                       sum, least);
    }
    return gan__ok(ctx);
}

/* exp of the mean of KL(p(y|x) || p(y)) over rows first .. last-1; p and mean are scratch, [k]. */
static double score_of(const gan__rows *x, int64_t first, int64_t last, bool logits, double *p, double *mean) {
    double sum = 0;
    for (int64_t j = 0; j < x->d; j++) mean[j] = 0;
    for (int64_t i = first; i < last; i++) {
        probabilities(x->x + i * x->d, x->d, logits, p);
        for (int64_t j = 0; j < x->d; j++) mean[j] += p[j] / (double)(last - first);
    }
    for (int64_t i = first; i < last; i++) {
        probabilities(x->x + i * x->d, x->d, logits, p);
        for (int64_t j = 0; j < x->d; j++)
            if (p[j] > 0) sum += p[j] * log(p[j] / mean[j]);
    }
    return exp(sum / (double)(last - first));
}

gan_spread gan_inception_score(const gan_tensor *outputs, gan_score_opts o) {
    static const char who[] = "gan_inception_score";
    gan_ctx *ctx = gan_ctx_of(outputs);
    gan_spread result = {NAN, NAN};
    gan__rows x;
    if (!gan__rows_of(ctx, outputs, 1, who, "the outputs", &x)) return result;
    if (o.splits < 0 || o.splits > x.n)
        gan__raise(ctx, GAN_E_ARG, "%s: %d splits of %lld samples", who, o.splits, (long long)x.n);
    if (!gan__ok(ctx) || (o.probabilities && !are_probabilities(ctx, who, &x))) return result;
    int64_t splits = o.splits ? o.splits : x.n < 10 ? 1 : 10;
    double *p = gan__alloc(ctx, (size_t)x.d * sizeof *p), *mean = gan__alloc(ctx, (size_t)x.d * sizeof *mean);
    double average = 0, squares = 0;
    for (int64_t i = 0; i < splits && gan__ok(ctx); i++) {
        double score = score_of(&x, i * x.n / splits, (i + 1) * x.n / splits, !o.probabilities, p, mean);
        double step = score - average; /* Welford (1962) */
        average += step / (double)(i + 1);
        squares += step * (score - average);
    }
    if (gan__ok(ctx)) result = (gan_spread){average, sqrt(squares / (double)splits)};
    gan__free(ctx, p), gan__free(ctx, mean);
    return result;
}

gan_tensor *gan_top_class(const gan_tensor *outputs) {
    gan_ctx *ctx = gan_ctx_of(outputs);
    gan__rows x;
    if (!gan__rows_of(ctx, outputs, 1, "gan_top_class", "the outputs", &x)) return gan__nil(ctx);
    gan_tensor *label = gan_empty(ctx, gan_shape1(x.n));
    gan_real *to = gan_op_write(label);
    for (int64_t i = 0; to && i < x.n; i++) {
        const gan_real *row = x.x + i * x.d;
        int64_t best = 0;
        for (int64_t j = 1; j < x.d; j++)
            if (row[j] > row[best]) best = j;
        to[i] = (gan_real)best;
    }
    return label;
}
