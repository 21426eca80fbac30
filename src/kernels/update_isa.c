#include <float.h>
#include <math.h>

#include "update.h"
#include "vector.h"

#ifdef GAN_DOUBLE
#define SQRT sqrt
#define ABS fabs
#define LARGEST DBL_MAX
#else
#define SQRT sqrtf
#define ABS fabsf
#define LARGEST FLT_MAX
#endif

/* NaN stays NaN. */
INLINE gan_real clamp(gan_real x, gan_real c) { return x < -c ? -c : x > c ? c : x; }
INLINE int bad(gan_real x) { return !(ABS(x) <= LARGEST); }

/* What all rules begin with. */
typedef struct gradient {
    const gan_real *grad, *w;
    gan_real clip, scale, l2;
} gradient;

static gradient gradient_of(const gan__rule *r, const gan__update *u, int64_t at) {
    return (gradient){u->grad + at, u->w.src + at, (gan_real)r->clip, (gan_real)r->grad_scale,
                      (gan_real)(r->decoupled ? 0 : u->decay)};
}

INLINE gan_real at(const gradient *g, int64_t i) { return g->scale * clamp(g->grad[i], g->clip) + g->l2 * g->w[i]; }

INLINE bool adam_loop(const gan__rule *r, const gan__update *u, int64_t first, int64_t n, bool amsgrad) {
    const gan_real b1 = (gan_real)r->beta1, b2 = (gan_real)r->beta2, c1 = (gan_real)(1 - r->beta1), c2 = (gan_real)(1 - r->beta2);
    const gan_real step = (gan_real)(r->lr / u->correction1), root = (gan_real)(1 / sqrt(u->correction2)), eps = (gan_real)r->eps;
    const gan_real shrink = (gan_real)(r->decoupled ? 1 - r->lr * u->decay : 1);
    const gradient grad = gradient_of(r, u, first);
    const gan_real *w = u->w.src + first, *m = u->m[0].src + first, *v = u->m[1].src + first;
    const gan_real *top = amsgrad ? u->m[2].src + first : NULL;
    gan_real *w_to = u->w.dst + first, *m_to = u->m[0].dst + first, *v_to = u->m[1].dst + first;
    gan_real *top_to = amsgrad ? u->m[2].dst + first : NULL;
    int not_finite = 0;
    ELEMENTWISE for (int64_t i = 0; i < n; i++) {
        gan_real g = at(&grad, i), mean = b1 * m[i] + c1 * g, square = b2 * v[i] + c2 * g * g, size = square;
        if (amsgrad) size = top[i] > square ? top[i] : square;
        gan_real next = shrink * w[i] - step * mean / (SQRT(size) * root + eps);
        not_finite |= bad(next) | bad(mean) | bad(square);
        m_to[i] = mean, v_to[i] = square, w_to[i] = next;
        if (amsgrad) top_to[i] = size;
    }
    return !not_finite;
}

static bool adam(const gan__rule *r, const gan__update *u, int64_t first, int64_t n) {
    return r->amsgrad ? adam_loop(r, u, first, n, true) : adam_loop(r, u, first, n, false);
}

INLINE bool rmsprop_loop(const gan__rule *r, const gan__update *u, int64_t first, int64_t n, bool momentum) {
    const gan_real a = (gan_real)r->beta2, c = (gan_real)(1 - r->beta2), lr = (gan_real)r->lr, eps = (gan_real)r->eps;
    const gan_real mu = (gan_real)r->momentum;
    const gradient grad = gradient_of(r, u, first);
    const gan_real *w = u->w.src + first, *v = u->m[0].src + first, *b = momentum ? u->m[1].src + first : NULL;
    gan_real *w_to = u->w.dst + first, *v_to = u->m[0].dst + first, *b_to = momentum ? u->m[1].dst + first : NULL;
    int not_finite = 0;
    ELEMENTWISE for (int64_t i = 0; i < n; i++) {
        gan_real g = at(&grad, i), square = a * v[i] + c * g * g, move = g / (SQRT(square) + eps);
        if (momentum) move = mu * b[i] + move;
        gan_real next = w[i] - lr * move;
        not_finite |= bad(next) | bad(square) | bad(move);
        v_to[i] = square, w_to[i] = next;
        if (momentum) b_to[i] = move;
    }
    return !not_finite;
}

static bool rmsprop(const gan__rule *r, const gan__update *u, int64_t first, int64_t n) {
    return u->m[1].dst ? rmsprop_loop(r, u, first, n, true) : rmsprop_loop(r, u, first, n, false);
}

INLINE bool sgd_loop(const gan__rule *r, const gan__update *u, int64_t first, int64_t n, bool momentum) {
    const gan_real lr = (gan_real)r->lr, mu = (gan_real)r->momentum;
    const gradient grad = gradient_of(r, u, first);
    const gan_real *w = u->w.src + first, *b = momentum ? u->m[0].src + first : NULL;
    gan_real *w_to = u->w.dst + first, *b_to = momentum ? u->m[0].dst + first : NULL;
    int not_finite = 0;
    ELEMENTWISE for (int64_t i = 0; i < n; i++) {
        gan_real move = at(&grad, i);
        if (momentum) move = mu * b[i] + move;
        gan_real next = w[i] - lr * move;
        not_finite |= bad(next) | bad(move);
        w_to[i] = next;
        if (momentum) b_to[i] = move;
    }
    return !not_finite;
}

static bool sgd(const gan__rule *r, const gan__update *u, int64_t first, int64_t n) {
    return u->m[0].dst ? sgd_loop(r, u, first, n, true) : sgd_loop(r, u, first, n, false);
}

/* Towards x, and not decay*avg + rest*x: rounded to a float, .9999 and .0001 add up to less than 1, and an average of one value
 * would settle 2e-4 of it too low. */
static void average(int64_t n, const gan_real *avg, const gan_real *x, gan_real rest, gan_real *to) {
    ELEMENTWISE for (int64_t i = 0; i < n; i++) to[i] = avg[i] + rest * (x[i] - avg[i]);
}

/* So many running sums that the loop vectorises, and none waits for another; always the same ones. */
static double sum_squares(int64_t n, const gan_real *x, gan_real clip) {
    enum { SUMS = 32 };
    double s[SUMS] = {0};
    int64_t i = 0;
    for (; i + SUMS <= n; i += SUMS)
        for (int64_t k = 0; k < SUMS; k++) {
            double v = (double)clamp(x[i + k], clip);
            s[k] += v * v;
        }
    for (int64_t k = 0; i < n; i++, k++) s[k] += (double)clamp(x[i], clip) * (double)clamp(x[i], clip);
    for (int half = SUMS / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++) s[k] += s[half + k];
    return s[0];
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TABLE JOIN(gan__update_, GAN__ISA_NAME)

extern const gan__update_kernels TABLE;
const gan__update_kernels TABLE = {{adam, rmsprop, sgd}, average, sum_squares};
