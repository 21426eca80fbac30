/* Elementwise mathematics. */
#include <math.h>

#include "../kernels/elementwise.h"
#include "op_list.h"
#include "walk.h"

GAN__UNARY(square, X *X)
GAN__UNARY(sqrt, GAN__FN(sqrt)(X))
GAN__UNARY(reciprocal, 1 / X)
GAN__UNARY(power, GAN__FN(pow)(X, P))
GAN__UNARY(sin, GAN__FN(sin)(X))
GAN__UNARY(cos, GAN__FN(cos)(X))
GAN__UNARY(abs, GAN__FN(fabs)(X))
GAN__UNARY(sign, X > 0 ? (gan_real)1 : X < 0 ? (gan_real)-1 : X * 0) /* X*0: NaN stays NaN */
GAN__UNARY(cube, X *X *X)

static void exp_forward(gan_op_call *c) {
    gan__map(c->ctx, GAN__MAP_EXP, gan_count(c->out), gan_data(c->in[0]), NULL, 0, gan_op_write(c->out));
}

static void log_forward(gan_op_call *c) {
    gan__map(c->ctx, GAN__MAP_LOG, gan_count(c->out), gan_data(c->in[0]), NULL, 0, gan_op_write(c->out));
}

/* The usual powers without pow. */
static void pow_scalar_forward(gan_op_call *c) {
    static const struct {
        double power;
        void (*forward)(gan_op_call *c);
    } usual[] = {{2, square_forward}, {3, cube_forward}, {0.5, sqrt_forward}, {-1, reciprocal_forward}};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (*(const double *)c->attr == usual[i].power) {
            usual[i].forward(c);
            return;
        }
    power_forward(c);
}

static void square_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_mul(gan_scale(g, 2), c->in[0]);
}

/* g/(2y), and 0 where y = 0: there (y > 0)/(y + [y <= 0]) is 0/1, and so are all of its derivatives. A net that is dead or
 * collapsed has no gradient then, rather than one that is not a number. */
static void sqrt_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *y = c->out, *zero = gan_scalar(c->ctx, 0);
    gan_tensor *safe = gan_add(y, gan_less_equal(y, zero));
    grads[0] = gan_mul(g, gan_div(gan_scale(gan_greater(y, zero), 0.5), safe));
}

static void reciprocal_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_neg(gan_mul(g, gan_square(c->out)));
}

static void pow_scalar_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    double p = *(const double *)c->attr;
    if (p == 0) return; /* a constant */
    grads[0] = p == 1 ? g : gan_mul(gan_scale(g, p), gan_pow_scalar(c->in[0], p - 1));
}

static void exp_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { grads[0] = gan_mul(g, c->out); }
static void log_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { grads[0] = gan_div(g, c->in[0]); }
static void sin_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { grads[0] = gan_mul(g, gan_cos(c->in[0])); }

static void cos_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_neg(gan_mul(g, gan_sin(c->in[0])));
}

static void abs_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { grads[0] = gan_mul(g, gan_sign(c->in[0])); }

#define NO_VJP NULL

#define UNARY_OP(fn, saved, vjp_fn)                                                                                        \
    const gan_op gan__op_##fn = {                                                                                          \
        .name = "gan_" #fn, .n_in = 1, .save = (saved), .shape = gan__shape_same, .forward = fn##_forward, .vjp = vjp_fn}; \
    gan_tensor *gan_##fn(gan_tensor *x) { return gan__apply1(&gan__op_##fn, x, NULL); }

UNARY_OP(square, GAN_SAVE_IN(0), square_vjp)
UNARY_OP(sqrt, GAN_SAVE_OUT, sqrt_vjp)
UNARY_OP(reciprocal, GAN_SAVE_OUT, reciprocal_vjp)
UNARY_OP(exp, GAN_SAVE_OUT, exp_vjp)
UNARY_OP(log, GAN_SAVE_IN(0), log_vjp)
UNARY_OP(sin, GAN_SAVE_IN(0), sin_vjp)
UNARY_OP(cos, GAN_SAVE_IN(0), cos_vjp)
UNARY_OP(abs, GAN_SAVE_IN(0), abs_vjp)
UNARY_OP(sign, 0, NO_VJP)

const gan_op gan__op_pow_scalar = {.name = "gan_pow_scalar",
                                   .n_in = 1,
                                   .attr_bytes = sizeof(double),
                                   .save = GAN_SAVE_IN(0),
                                   .shape = gan__shape_same,
                                   .forward = pow_scalar_forward,
                                   .vjp = pow_scalar_vjp};

gan_tensor *gan_pow_scalar(gan_tensor *x, double power) { return gan__apply1(&gan__op_pow_scalar, x, &power); }
