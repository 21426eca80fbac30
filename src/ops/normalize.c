/* Normalisation by given statistics, and layer norm. */
#include <gan/ops.h>

#include "../kernels/norm.h"
#include "../tensor/tensor_impl.h"
#include "op_list.h"

typedef struct eps_attr {
    double eps;
} eps_attr;

/* x, mean, var, then perhaps gamma and beta. */
enum { X, MEAN, VAR, GAMMA, BETA };

static bool normalize_shape(const gan_op_call *c, gan_shape *out) {
    static const char *const names[] = {"x", "mean", "var", "gamma", "beta"};
    double eps = ((const eps_attr *)c->attr)->eps;
    gan_shape x = gan_shape_of(c->in[X]);
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_shape_text(x, a);
    *out = x;
    if (x.ndim < 1) gan_op_fail(c, GAN_E_SHAPE, "x is %s; it should be [n, c] or [n, h, w, c]", a);
    for (int i = MEAN; i < c->n_in && x.ndim >= 1; i++) {
        gan_shape s = gan_shape_of(c->in[i]);
        if (s.ndim == 1 && s.d[0] == x.d[x.ndim - 1]) continue;
        gan_op_fail(c, GAN_E_SHAPE, "x is %s, %s %s; it should have one entry to a channel", a, names[i], gan_shape_text(s, b));
    }
    if (!(eps >= 0)) gan_op_fail(c, GAN_E_ARG, "eps is %g", eps);
    return gan__ok(c->ctx);
}

static void normalize_forward(gan_op_call *c) {
    int64_t channels = gan_count(c->in[MEAN]);
    gan__norm_shape s = {1, channels ? gan_count(c->in[X]) / channels : 0, channels};
    gan__norm_stats by = {gan_data(c->in[MEAN]), gan_data(c->in[VAR]), 0, ((const eps_attr *)c->attr)->eps};
    gan__norm_form form = {by, c->n_in > 3 ? gan_data(c->in[GAMMA]) : NULL, c->n_in > 3 ? gan_data(c->in[BETA]) : NULL, 1};
    gan__norm_apply(c->ctx, s, gan_data(c->in[X]), &form, gan_op_write(c->out));
}

static void normalize_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_shape channels = gan_shape_of(c->in[MEAN]);
    gan_tensor *shifted = gan_add_scalar(c->in[VAR], ((const eps_attr *)c->attr)->eps);
    gan_tensor *inv = gan_pow_scalar(shifted, -0.5), *gamma = c->n_in > 3 ? c->in[GAMMA] : NULL;
    gan_tensor *scale = gamma ? gan_mul(gamma, inv) : inv;
    bool by_var = c->need[VAR], by_gamma = gamma && c->need[GAMMA], by_shift = c->need[MEAN] || (gamma && c->need[BETA]);
    gan_tensor *sum = by_shift ? gan_sum_to(g, channels) : NULL;
    gan_tensor *with_x = by_var || by_gamma ? gan_sum_to(gan_mul(g, gan_sub(c->in[X], c->in[MEAN])), channels) : NULL;
    if (c->need[X]) grads[X] = gan_mul(g, scale);
    if (c->need[MEAN]) grads[MEAN] = gan_neg(gan_mul(sum, scale));
    if (by_var) grads[VAR] = gan_scale(gan_mul(with_x, gan_div(scale, shifted)), -0.5);
    if (by_gamma) grads[GAMMA] = gan_mul(with_x, inv);
    if (gamma && c->need[BETA]) grads[BETA] = sum;
}

const gan_op gan__op_normalize = {.name = "gan_normalize",
                                  .n_in = GAN_OP_VARIADIC,
                                  .attr_bytes = sizeof(eps_attr),
                                  .save = GAN_SAVE_IN(X) | GAN_SAVE_IN(MEAN) | GAN_SAVE_IN(VAR) | GAN_SAVE_IN(GAMMA),
                                  .shape = normalize_shape,
                                  .forward = normalize_forward,
                                  .vjp = normalize_vjp};

static bool paired(gan_ctx *ctx, const gan_tensor *gamma, const gan_tensor *beta, const char *who) {
    if (!gamma == !beta) return true;
    gan__raise(ctx, GAN_E_ARG, "%s: of gamma and beta only one is NULL", who);
    return false;
}

gan_tensor *gan_normalize(gan_tensor *x, gan_tensor *mean, gan_tensor *var, gan_tensor *gamma, gan_tensor *beta, double eps) {
    gan_ctx *ctx = gan_ctx_of(x);
    gan_tensor *in[] = {x, mean, var, gamma, beta};
    if (!paired(ctx, gamma, beta, "gan_normalize")) return gan__nil(ctx);
    return gan_apply(ctx, &gan__op_normalize, in, gamma ? 5 : 3, &(eps_attr){eps});
}

/* --- layer norm: instance norm of samples that are one channel each --------------------------------------- */

static bool layer_fits(gan_ctx *ctx, const gan_tensor *x, const gan_tensor *p, const char *name) {
    if (!p) return true;
    if (!gan__usable(ctx, p, "gan_layer_norm")) return false;
    gan_shape s = gan_shape_of(x), sample = {.ndim = s.ndim - 1};
    for (int i = 1; i < s.ndim; i++) sample.d[i - 1] = s.d[i];
    if (gan_shape_equal(gan_shape_of(p), sample)) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan__raise(ctx, GAN_E_SHAPE, "gan_layer_norm: x is %s, %s %s; it should be of a sample's shape", gan_shape_text(s, a), name,
               gan_shape_text(gan_shape_of(p), b));
    return false;
}

gan_tensor *gan_layer_norm(gan_tensor *x, gan_tensor *gamma, gan_tensor *beta, double eps) {
    gan_ctx *ctx = gan_ctx_of(x);
    char text[GAN_SHAPE_TEXT];
    if (!gan__usable(ctx, x, "gan_layer_norm") || !paired(ctx, gamma, beta, "gan_layer_norm")) return gan__nil(ctx);
    gan_shape s = gan_shape_of(x);
    if (s.ndim < 2) gan__raise(ctx, GAN_E_SHAPE, "gan_layer_norm: x is %s; it should be [n, ...]", gan_shape_text(s, text));
    if (!(eps >= 0)) gan__raise(ctx, GAN_E_ARG, "gan_layer_norm: eps is %g", eps);
    if (!gan__ok(ctx) || !layer_fits(ctx, x, gamma, "gamma") || !layer_fits(ctx, x, beta, "beta")) return gan__nil(ctx);
    int64_t n = s.d[0], size = n ? gan_count(x) / n : 0;
    gan_tensor *y = gan_reshape(gan_instance_norm(gan_reshape(x, gan_shape3(n, size, 1)), NULL, NULL, eps), s);
    return gamma ? gan_add(gan_mul(y, gamma), beta) : y;
}
