/* Binary cross-entropy on logits against one target.
 *
 * For s the logistic function, -t log s(x) - (1-t) log(1 - s(x)) is
 *     softplus(x) - t*x  =  softplus(-x) + (1-t)*x:
 * no logarithm of a rounded 0. The form with the smaller coefficient keeps the digits of small losses and gradients; for targets
 * 0 and 1 there is no second term at all, and nothing that could cancel. */
#include "logits.h"

#include "../kernels/elementwise.h"
#include "op_list.h"
#include "op_util.h"

enum { CHUNK = 1024 /* logits that a task takes */, AT_ONCE = 256 };

/* softplus(sign*x) + rest*x */
typedef struct form {
    double sign, rest;
} form;

static form form_of(const gan_op_call *c) {
    double t = *(const double *)c->attr;
    return t > .5 ? (form){-1, 1 - t} : (form){1, -t};
}

typedef struct bce_arg {
    form f;
    gan__map_fn map;
    const gan_real *x;
    double *sums;         /* of each chunk */
    gan_real scale, *dx;  /* g/n, and where the gradient goes */
} bce_arg;

/* map(sign*x) of some logits. */
static const gan_real *mapped(const bce_arg *a, int64_t at, int64_t n, gan_real *room) {
    for (int64_t i = 0; i < n; i++) room[i] = (gan_real)a->f.sign * a->x[at + i];
    a->map(n, room, room, 0, room);
    return room;
}

static void sum_range(void *p, int64_t begin, int64_t end) {
    const bce_arg *a = p;
    gan_real room[AT_ONCE];
    double sum = 0;
    for (int64_t at = begin, n; at < end; at += n) {
        n = end - at < AT_ONCE ? end - at : AT_ONCE;
        const gan_real *plus = mapped(a, at, n, room);
        for (int64_t i = 0; i < n; i++) sum += (double)plus[i] + a->f.rest * (double)a->x[at + i];
    }
    a->sums[begin / CHUNK] = sum;
}

static bool bce_shape(const gan_op_call *c, gan_shape *out) {
    (void)c;
    *out = gan_shape0();
    return true;
}

static void bce_forward(gan_op_call *c) {
    int64_t n = gan_count(c->in[0]), chunks = (n + CHUNK - 1) / CHUNK;
    bce_arg a = {.f = form_of(c), .map = gan__map_of(c->ctx, GAN__MAP_SOFTPLUS), .x = gan_data(c->in[0])};
    a.sums = gan__alloc(c->ctx, (size_t)chunks * sizeof *a.sums);
    if (!a.sums) return;
    gan__parallel_ranges(c->ctx, n, CHUNK, sum_range, &a);
    double sum = 0;
    for (int64_t i = 0; i < chunks; i++) sum += a.sums[i];
    *gan_op_write(c->out) = (gan_real)(sum / (double)n);
    gan__free(c->ctx, a.sums);
}

/* sign*s(sign*x) + rest, for each logit. */
static void bce_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    form f = form_of(c);
    gan_tensor *x = c->in[0], *d = f.sign < 0 ? gan_neg(gan_sigmoid(gan_neg(x))) : gan_sigmoid(x);
    if (f.rest != 0) d = gan_add_scalar(d, f.rest);
    grads[0] = gan_mul(d, gan_scale(g, 1 / (double)gan_count(x)));
}

static void grad_range(void *p, int64_t begin, int64_t end) {
    const bce_arg *a = p;
    const gan_real sign = (gan_real)a->f.sign, rest = (gan_real)a->f.rest;
    gan_real room[AT_ONCE];
    for (int64_t at = begin, n; at < end; at += n) {
        n = end - at < AT_ONCE ? end - at : AT_ONCE;
        const gan_real *s = mapped(a, at, n, room);
        for (int64_t i = 0; i < n; i++) a->dx[at + i] = (sign * s[i] + rest) * a->scale;
    }
}

static void bce_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    int64_t n = gan_count(c->in[0]);
    gan_tensor *dx = grads[0] = gan_empty(c->ctx, gan_shape_of(c->in[0]));
    if (gan_is_nil(dx)) return;
    bce_arg a = {.f = form_of(c), .map = gan__map_of(c->ctx, GAN__MAP_SIGMOID), .x = gan_data(c->in[0])};
    a.scale = (gan_real)((double)*gan_data(g) / (double)n), a.dx = gan_op_write(dx);
    gan__parallel_ranges(c->ctx, n, CHUNK, grad_range, &a);
}

const gan_op gan__op_bce = {.name = "gan_bce_with_logits",
                            .n_in = 1,
                            .attr_bytes = sizeof(double),
                            .save = GAN_SAVE_IN(0),
                            .shape = bce_shape,
                            .forward = bce_forward,
                            .vjp = bce_vjp,
                            .vjp_fast = bce_fast};

gan_tensor *gan__bce(gan_tensor *x, double target) { return gan_apply(gan_ctx_of(x), &gan__op_bce, &x, 1, &target); }
