#include "update.h"

#include <math.h>

#ifdef GAN_DOUBLE
#define SQRT sqrt
#else
#define SQRT sqrtf
#endif

#define PIECE 16384

void gan__adam(const gan__rule *r, const gan__update *u, int64_t begin, int64_t end) {
    const gan_real b1 = (gan_real)r->beta1, b2 = (gan_real)r->beta2, c1 = (gan_real)(1 - r->beta1), c2 = (gan_real)(1 - r->beta2);
    const gan_real step = (gan_real)(r->lr / r->correction1), root = (gan_real)(1 / sqrt(r->correction2)), eps = (gan_real)r->eps;
    const gan_real scale = (gan_real)u->grad_scale, l2 = (gan_real)(r->decoupled ? 0 : u->decay);
    const gan_real shrink = (gan_real)(r->decoupled ? 1 - r->lr * u->decay : 1);
    const gan_real *w = u->w.src, *m = u->m[0].src, *v = u->m[1].src, *top = u->m[2].src, *grad = u->grad;
    gan_real *w_to = u->w.dst, *m_to = u->m[0].dst, *v_to = u->m[1].dst, *top_to = u->m[2].dst;
    for (int64_t i = begin; i < end; i++) {
        gan_real g = scale * grad[i] + l2 * w[i];
        gan_real mi = b1 * m[i] + c1 * g, vi = b2 * v[i] + c2 * g * g, size = vi;
        if (r->amsgrad) top_to[i] = size = top[i] > vi ? top[i] : vi;
        m_to[i] = mi;
        v_to[i] = vi;
        w_to[i] = shrink * w[i] - step * mi / (SQRT(size) * root + eps);
    }
}

void gan__rmsprop(const gan__rule *r, const gan__update *u, int64_t begin, int64_t end) {
    const gan_real a = (gan_real)r->beta2, c = (gan_real)(1 - r->beta2), lr = (gan_real)r->lr, eps = (gan_real)r->eps;
    const gan_real scale = (gan_real)u->grad_scale, l2 = (gan_real)u->decay, momentum = (gan_real)r->momentum;
    for (int64_t i = begin; i < end; i++) {
        gan_real g = scale * u->grad[i] + l2 * u->w.src[i];
        gan_real v = a * u->m[0].src[i] + c * g * g, move = g / (SQRT(v) + eps);
        u->m[0].dst[i] = v;
        if (r->momentum > 0) u->m[1].dst[i] = move = momentum * u->m[1].src[i] + move;
        u->w.dst[i] = u->w.src[i] - lr * move;
    }
}

void gan__sgd(const gan__rule *r, const gan__update *u, int64_t begin, int64_t end) {
    const gan_real lr = (gan_real)r->lr, momentum = (gan_real)r->momentum;
    const gan_real scale = (gan_real)u->grad_scale, l2 = (gan_real)u->decay;
    for (int64_t i = begin; i < end; i++) {
        gan_real move = scale * u->grad[i] + l2 * u->w.src[i];
        if (r->momentum > 0) u->m[0].dst[i] = move = momentum * u->m[0].src[i] + move;
        u->w.dst[i] = u->w.src[i] - lr * move;
    }
}

typedef struct all_arg {
    gan__update_fn fn;
    const gan__rule *rule;
    const gan__update *updates;
} all_arg;

/* Task t is the t-th piece, counted through all parameters. */
static void run_piece(void *p, int64_t task, int worker) {
    (void)worker;
    const all_arg *a = p;
    const gan__update *u = a->updates;
    for (int64_t pieces; task >= (pieces = (u->count + PIECE - 1) / PIECE); u++) task -= pieces;
    int64_t begin = task * PIECE, end = begin + PIECE;
    a->fn(a->rule, u, begin, end < u->count ? end : u->count);
}

void gan__update_all(gan_ctx *ctx, gan__update_fn fn, const gan__rule *rule, const gan__update *updates, int n) {
    int64_t pieces = 0;
    for (int i = 0; i < n; i++) pieces += (updates[i].count + PIECE - 1) / PIECE;
    all_arg a = {fn, rule, updates};
    gan__parallel(ctx, pieces, run_piece, &a);
}

typedef struct average_arg {
    gan__slot avg;
    const gan_real *x;
    gan_real decay, rest;
} average_arg;

static void average_range(void *p, int64_t begin, int64_t end) {
    average_arg *a = p;
    for (int64_t i = begin; i < end; i++) a->avg.dst[i] = a->decay * a->avg.src[i] + a->rest * a->x[i];
}

void gan__average(gan_ctx *ctx, gan__slot avg, const gan_real *x, int64_t count, double decay) {
    average_arg a = {avg, x, (gan_real)decay, (gan_real)(1 - decay)};
    gan__parallel_ranges(ctx, count, PIECE, average_range, &a);
}

/* Eight running sums, so that the loop vectorises; always the same ones. */
double gan__sum_squares(const gan_real *x, int64_t count) {
    double s[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (int k = 0; k < 8; k++) s[k] += (double)x[i + k] * x[i + k];
    for (; i < count; i++) s[0] += (double)x[i] * x[i];
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}
