/* Normalisation by x's own statistics: batch norm (1502.03167), instance norm (1607.08022), layer norm (1607.06450).
 *
 * The statistics are an input of the op, made beforehand without history; the derivative counts them as the functions of x that
 * they are. So the op is pure, the running averages can read them, and nothing is computed twice.
 *
 * Batch norm comes with a leaky ReLU behind it as well: one pass over memory forward and two backward, in place of two and three,
 * and the backward pass knows the activation's sign from x. */
#include <gan/ops.h>
#include <math.h>

#include "../kernels/norm.h"
#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "op_util.h"

typedef struct norm_attr {
    double eps;
    double slope; /* of the activation; 1: there is none */
} norm_attr;

/* x, stats, then perhaps gamma and beta. */
enum { X, STATS, GAMMA, BETA };

/* x as the kernels see it: a group per sample if there are statistics per sample, [n, 2, c], else one group for [2, c]. */
static gan__norm_shape kernel_shape(const gan_tensor *x, bool per_sample) {
    gan_shape s = gan_shape_of(x);
    int64_t rows = 1;
    for (int i = per_sample ? 1 : 0; i < s.ndim - 1; i++) rows *= s.d[i];
    return (gan__norm_shape){per_sample ? s.d[0] : 1, rows, s.d[s.ndim - 1]};
}

static gan_tensor *moments_of(gan_ctx *ctx, const gan_tensor *x, bool per_sample, const char *who) {
    if (!gan__usable(ctx, x, who)) return gan__nil(ctx);
    int ndim = gan_shape_of(x).ndim;
    if (ndim < 2 + per_sample) {
        char text[GAN_SHAPE_TEXT];
        gan__raise(ctx, GAN_E_SHAPE, "%s: x is %s; it should be %s", who, gan_shape_text(gan_shape_of(x), text),
                   per_sample ? "[n, h, w, c]" : "[n, c] or [n, h, w, c]");
        return gan__nil(ctx);
    }
    gan__norm_shape s = kernel_shape(x, per_sample);
    gan__storage *known = x->storage ? x->storage->moments : NULL; /* from the op that made x */
    if (!per_sample && known && known->count == 2 * s.c) {
        gan_tensor *stats = gan__handle(ctx, gan_shape2(2, s.c), known, NULL, who);
        return stats ? stats : gan__nil(ctx);
    }
    gan_tensor *stats = gan_empty(ctx, per_sample ? gan_shape3(s.groups, 2, s.c) : gan_shape2(2, s.c));
    bool fine = !gan_is_nil(stats) && gan__norm_moments(ctx, s, gan_data(x), gan_op_write(stats));
    return fine ? stats : gan__nil(ctx);
}

/* --- the norm --------------------------------------------------------------------------------------------- */

static bool per_channel(const gan_op_call *c, int i, const char *name) {
    gan_shape x = gan_shape_of(c->in[X]), p = gan_shape_of(c->in[i]);
    if (p.ndim == 1 && p.d[0] == x.d[x.ndim - 1]) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "x is %s, %s %s; it should have one entry to a channel", gan_shape_text(x, a), name,
                gan_shape_text(p, b));
    return false;
}

static bool norm_shape(const gan_op_call *c, gan_shape *out) {
    const norm_attr *a = c->attr;
    *out = gan_shape_of(c->in[X]);
    if (a->eps >= 0 && a->slope >= 0)
        return c->n_in == 2 || (per_channel(c, GAMMA, "gamma") && per_channel(c, BETA, "beta"));
    if (a->eps >= 0)
        gan_op_fail(c, GAN_E_ARG, "slope is %g; it must not be negative", a->slope);
    else
        gan_op_fail(c, GAN_E_ARG, "eps is %g", a->eps);
    return false;
}

static bool per_sample(const gan_op_call *c) { return gan_shape_of(c->in[STATS]).ndim == 3; }

static gan__norm_form form_of(const gan_op_call *c, gan__norm_shape s) {
    const norm_attr *a = c->attr;
    const gan_real *stats = gan_data(c->in[STATS]);
    return (gan__norm_form){.by = {stats, stats + s.c, 2 * s.c, a->eps},
                            .gamma = c->n_in > 2 ? gan_data(c->in[GAMMA]) : NULL,
                            .beta = c->n_in > 2 ? gan_data(c->in[BETA]) : NULL,
                            .slope = a->slope};
}

static void norm_forward(gan_op_call *c) {
    gan__norm_shape s = kernel_shape(c->in[X], per_sample(c));
    gan__norm_form f = form_of(c, s);
    gan__norm_apply(c->ctx, s, gan_data(c->in[X]), &f, gan_op_write(c->out));
}

/* The formula of gan__norm_grad in public ops, with the statistics computed anew from x so that they are differentiated too. */
static void norm_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *x = c->in[X];
    gan_shape s = gan_shape_of(x);
    unsigned axes = 0;
    for (int i = per_sample(c) ? 1 : 0; i < s.ndim - 1; i++) axes |= GAN_AXIS(i);
    gan_tensor *centred = gan_sub(x, gan_mean_axes(x, axes, true));
    gan_tensor *var = gan_mean_axes(gan_square(centred), axes, true);
    const norm_attr *a = c->attr;
    gan_tensor *inv = gan_pow_scalar(gan_add_scalar(var, a->eps), -0.5);
    gan_tensor *z = gan_mul(centred, inv);
    if (a->slope != 1) g = gan__slope(g, c->n_in > 2 ? gan_add(gan_mul(z, c->in[GAMMA]), c->in[BETA]) : z, a->slope);
    if (c->need[X]) {
        gan_tensor *gg = c->n_in > 2 ? gan_mul(g, c->in[GAMMA]) : g;
        gan_tensor *along = gan_mul(z, gan_mean_axes(gan_mul(gg, z), axes, true));
        grads[X] = gan_mul(inv, gan_sub(gan_sub(gg, gan_mean_axes(gg, axes, true)), along));
    }
    if (c->n_in == 2) return;
    if (c->need[GAMMA]) grads[GAMMA] = gan_sum_to(gan_mul(g, z), gan_shape1(s.d[s.ndim - 1]));
    if (c->need[BETA]) grads[BETA] = gan_sum_to(g, gan_shape1(s.d[s.ndim - 1]));
}

/* gamma's and beta's gradients from the sums that x's needs too. */
static void affine_grads(const gan_op_call *c, gan__norm_shape s, gan__norm_stats by, const double *sums, gan_tensor **grads) {
    gan_tensor *gamma = gan_empty(c->ctx, gan_shape1(s.c)), *beta = gan_empty(c->ctx, gan_shape1(s.c));
    if (gan_is_nil(gamma) || gan_is_nil(beta)) return;
    gan_real *dg = gan_op_write(gamma), *db = gan_op_write(beta);
    for (int64_t j = 0; j < s.c; j++) {
        double sum = 0, with_z = 0;
        for (int64_t i = 0; i < s.groups; i++) {
            sum += sums[i * 2 * s.c + j];
            with_z += sums[i * 2 * s.c + s.c + j] / sqrt((double)by.var[i * by.stride + j] + by.eps);
        }
        db[j] = (gan_real)sum, dg[j] = (gan_real)with_z;
    }
    if (c->need[GAMMA]) grads[GAMMA] = gamma;
    if (c->need[BETA]) grads[BETA] = beta;
}

static void norm_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan__norm_shape s = kernel_shape(c->in[X], per_sample(c));
    gan__norm_form f = form_of(c, s);
    const gan_real *x = gan_data(c->in[X]), *gd = gan_data(g);
    double *sums = gan__alloc(c->ctx, (size_t)(s.groups * 2 * s.c) * sizeof *sums);
    if (sums && gan__norm_grad_sums(c->ctx, s, x, gd, &f, sums)) {
        if (c->n_in > 2 && (c->need[GAMMA] || c->need[BETA])) affine_grads(c, s, f.by, sums, grads);
        gan_real *own = gan__own_data(g);
        gan_tensor *dx = !c->need[X] ? NULL : own ? g : gan_empty(c->ctx, gan_shape_of(g));
        if (!gan_is_nil(dx)) gan__norm_grad(c->ctx, s, x, gd, &f, sums, own ? own : gan_op_write(dx));
        grads[X] = dx;
    }
    gan__free(c->ctx, sums);
}

#define NORM_OP(op_name)                                                                                                         \
    {                                                                                                                            \
        .name = op_name, .n_in = GAN_OP_VARIADIC, .attr_bytes = sizeof(norm_attr),                                               \
        .save = GAN_SAVE_ALL_IN, .again = true, .shape = norm_shape, .forward = norm_forward,                                    \
        .vjp = norm_vjp, .vjp_fast = norm_fast                                                                                   \
    }

const gan_op gan__op_batch_norm = NORM_OP("gan_batch_norm");
const gan_op gan__op_batch_norm_leaky = NORM_OP("gan_batch_norm_leaky");
const gan_op gan__op_instance_norm = NORM_OP("gan_instance_norm");

static gan_tensor *norm(const gan_op *op, bool samples, gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, norm_attr attr,
                        gan_tensor **stats) {
    gan_ctx *ctx = gan_ctx_of(x);
    if (!gamma != !beta) gan__raise(ctx, GAN_E_ARG, "%s: of gamma and beta only one is NULL", op->name);
    gan_tensor *by = moments_of(ctx, x, samples, op->name), *in[] = {x, by, gamma, beta};
    gan_tensor *y = gan_apply(ctx, op, in, gamma ? 4 : 2, &attr);
    if (stats)
        *stats = gan_is_nil(y) ? y : by;
    else
        gan_release(by);
    return y;
}

gan_tensor *gan_batch_norm(gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, double eps, gan_tensor **stats) {
    return norm(&gan__op_batch_norm, false, x, gamma, beta, (norm_attr){eps, 1}, stats);
}

gan_tensor *gan_batch_norm_leaky(gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, double eps, double slope,
                                 gan_tensor **stats) {
    return norm(&gan__op_batch_norm_leaky, false, x, gamma, beta, (norm_attr){eps, slope}, stats);
}

gan_tensor *gan_instance_norm(gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, double eps) {
    return norm(&gan__op_instance_norm, true, x, gamma, beta, (norm_attr){eps, 1}, NULL);
}
