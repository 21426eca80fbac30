#include "update.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#ifdef GAN_DOUBLE
#define SQRT sqrt
#define ABS fabs
#define LARGEST DBL_MAX
#else
#define SQRT sqrtf
#define ABS fabsf
#define LARGEST FLT_MAX
#endif

#define PIECE 16384 /* elements per task */
#define BLOCK 512   /* elements that pass through several loops while they are in the first-level cache */

/* NaN stays NaN. */
static inline gan_real clamp(gan_real x, gan_real c) { return x < -c ? -c : x > c ? c : x; }

void gan__adam(const gan__rule *r, const gan__update *u, const gan_real *g, int64_t at, int64_t n) {
    const gan_real b1 = (gan_real)r->beta1, b2 = (gan_real)r->beta2, c1 = (gan_real)(1 - r->beta1), c2 = (gan_real)(1 - r->beta2);
    const gan_real step = (gan_real)(r->lr / u->correction1), root = (gan_real)(1 / sqrt(u->correction2)), eps = (gan_real)r->eps;
    const gan_real shrink = (gan_real)(r->decoupled ? 1 - r->lr * u->decay : 1);
    const gan_real *w = u->w.src + at, *m = u->m[0].src + at, *v = u->m[1].src + at, *size = u->m[1].dst + at;
    gan_real *w_to = u->w.dst + at, *m_to = u->m[0].dst + at, *v_to = u->m[1].dst + at;
    for (int64_t i = 0; i < n; i++) m_to[i] = b1 * m[i] + c1 * g[i];
    for (int64_t i = 0; i < n; i++) v_to[i] = b2 * v[i] + c2 * g[i] * g[i];
    if (r->amsgrad) {
        const gan_real *top = u->m[2].src + at;
        gan_real *top_to = u->m[2].dst + at;
        for (int64_t i = 0; i < n; i++) top_to[i] = top[i] > v_to[i] ? top[i] : v_to[i];
        size = top_to;
    }
    for (int64_t i = 0; i < n; i++) w_to[i] = shrink * w[i] - step * m_to[i] / (SQRT(size[i]) * root + eps);
}

void gan__rmsprop(const gan__rule *r, const gan__update *u, const gan_real *g, int64_t at, int64_t n) {
    const gan_real a = (gan_real)r->beta2, c = (gan_real)(1 - r->beta2), lr = (gan_real)r->lr, eps = (gan_real)r->eps;
    const gan_real momentum = (gan_real)r->momentum, *w = u->w.src + at, *v = u->m[0].src + at, *b = u->m[1].src;
    gan_real *w_to = u->w.dst + at, *v_to = u->m[0].dst + at, *b_to = u->m[1].dst, move[BLOCK];
    for (int64_t i = 0; i < n; i++) v_to[i] = a * v[i] + c * g[i] * g[i];
    for (int64_t i = 0; i < n; i++) move[i] = g[i] / (SQRT(v_to[i]) + eps);
    for (int64_t i = 0; b_to && i < n; i++) b_to[at + i] = move[i] = momentum * b[at + i] + move[i];
    for (int64_t i = 0; i < n; i++) w_to[i] = w[i] - lr * move[i];
}

void gan__sgd(const gan__rule *r, const gan__update *u, const gan_real *g, int64_t at, int64_t n) {
    const gan_real lr = (gan_real)r->lr, momentum = (gan_real)r->momentum, *w = u->w.src + at, *b = u->m[0].src;
    gan_real *w_to = u->w.dst + at, *b_to = u->m[0].dst;
    for (int64_t i = 0; b_to && i < n; i++) b_to[at + i] = momentum * b[at + i] + g[i];
    const gan_real *move = b_to ? b_to + at : g;
    for (int64_t i = 0; i < n; i++) w_to[i] = w[i] - lr * move[i];
}

static void gradient(const gan__rule *r, const gan__update *u, int64_t at, int64_t n, gan_real *restrict g) {
    const gan_real clip = (gan_real)r->clip, scale = (gan_real)r->grad_scale, l2 = (gan_real)(r->decoupled ? 0 : u->decay);
    const gan_real *w = u->w.src + at, *grad = u->grad + at;
    for (int64_t i = 0; i < n; i++) g[i] = scale * clamp(grad[i], clip) + l2 * w[i];
}

static bool finite_range(const gan_real *x, int64_t begin, int64_t end) {
    int bad = 0;
    for (int64_t i = begin; x && i < end; i++) bad |= !(ABS(x[i]) <= LARGEST);
    return !bad;
}

static bool finite_update(const gan__update *u, int64_t begin, int64_t end) {
    bool ok = finite_range(u->w.dst, begin, end);
    for (int k = 0; k < GAN__MOMENTS; k++) ok &= finite_range(u->m[k].dst, begin, end);
    return ok;
}

typedef struct all_arg {
    gan__update_fn fn;
    const gan__rule *rule;
    const gan__update *updates;
    atomic_bool bad;
} all_arg;

/* Task t is the t-th piece, counted through all parameters. */
static void run_piece(void *p, int64_t task, int worker) {
    (void)worker;
    all_arg *a = p;
    const gan__update *u = a->updates;
    for (int64_t pieces; task >= (pieces = (u->count + PIECE - 1) / PIECE); u++) task -= pieces;
    int64_t begin = task * PIECE, end = u->count - begin < PIECE ? u->count : begin + PIECE;
    for (int64_t at = begin; at < end; at += BLOCK) {
        gan_real g[BLOCK];
        int64_t n = end - at < BLOCK ? end - at : BLOCK;
        gradient(a->rule, u, at, n, g);
        a->fn(a->rule, u, g, at, n);
    }
    if (!finite_update(u, begin, end)) atomic_store(&a->bad, true);
}

int gan__update_all(gan_ctx *ctx, gan__update_fn fn, const gan__rule *rule, const gan__update *updates, int n) {
    int64_t pieces = 0;
    for (int i = 0; i < n; i++) pieces += (updates[i].count + PIECE - 1) / PIECE;
    all_arg a = {.fn = fn, .rule = rule, .updates = updates};
    gan__parallel(ctx, pieces, run_piece, &a);
    if (!a.bad) return n;
    int i = 0;
    while (finite_update(&updates[i], 0, updates[i].count)) i++;
    return i;
}

typedef struct average_arg {
    gan__pair avg;
    const gan_real *x;
    gan_real rest;
} average_arg;

/* Towards x, and not decay*avg + rest*x: rounded to a float, .9999 and .0001 add up to less than 1, and an average of one value
 * would settle 2e-4 of it too low. */
static void average_range(void *p, int64_t begin, int64_t end) {
    average_arg *a = p;
    for (int64_t i = begin; i < end; i++) a->avg.dst[i] = a->avg.src[i] + a->rest * (a->x[i] - a->avg.src[i]);
}

void gan__average(gan_ctx *ctx, gan__pair avg, const gan_real *x, int64_t count, double decay) {
    average_arg a = {avg, x, (gan_real)(1 - decay)};
    if (decay == 0)
        memcpy(avg.dst, x, (size_t)count * sizeof *x);
    else
        gan__parallel_ranges(ctx, count, PIECE, average_range, &a);
}

/* Eight running sums, so that the loop vectorises; always the same ones. */
double gan__sum_squares(const gan_real *x, int64_t count, double clip) {
    const gan_real c = (gan_real)clip;
    double s[8] = {0};
    for (int64_t i = 0; i < count; i += 8)
        for (int64_t k = 0, n = count - i < 8 ? count - i : 8; k < n; k++) {
            double v = clamp(x[i + k], c);
            s[k] += v * v;
        }
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}
