/* Piecewise linear activations. Their derivative is one op, linear in the gradient, that is its own derivative and gives nothing
 * to the point at which it was taken: behind a gradient penalty the graph stays as thin as the formula derived by hand. */
#include "../kernels/elementwise.h"
#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "op_util.h"

typedef struct slope_attr {
    double slope;
} slope_attr;

static void map(gan_op_call *c, gan__map_kind kind, double p) {
    const gan_real *b = c->n_in > 1 ? gan_data(c->in[1]) : NULL;
    gan__map(c->ctx, kind, gan_count(c->out), gan_data(c->in[0]), b, p, gan_op_write(c->out));
}

/* --- g, y -> y > 0 ? g : slope*g -------------------------------------------------------------------------- */

static bool slope_shape(const gan_op_call *c, gan_shape *out) {
    gan_shape g = gan_shape_of(c->in[0]), y = gan_shape_of(c->in[1]);
    *out = g;
    if (gan_shape_equal(g, y)) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "g is %s, y %s", gan_shape_text(g, a), gan_shape_text(y, b));
    return false;
}

static void slope_forward(gan_op_call *c) {
    const slope_attr *a = c->attr;
    map(c, GAN__MAP_LEAKY_GRAD, a->slope);
}

gan_tensor *gan__slope(gan_tensor *g, gan_tensor *y, double slope) {
    gan_real *own = gan__ok(gan_ctx_of(g)) && gan_shape_equal(gan_shape_of(g), gan_shape_of(y)) ? gan__own_data(g) : NULL;
    const gan_real *of = own ? gan_data(y) : NULL;
    if (of) {
        gan__map(g->ctx, GAN__MAP_LEAKY_GRAD, gan_count(g), own, of, slope, own);
        return g;
    }
    return gan__apply2(&gan__op_slope, g, y, &(slope_attr){slope});
}

static void slope_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const slope_attr *a = c->attr;
    if (c->need[0]) grads[0] = gan__slope(g, c->in[1], a->slope);
}

const gan_op gan__op_slope = {.name = "gan_slope",
                              .n_in = 2,
                              .attr_bytes = sizeof(slope_attr),
                              .save = GAN_SAVE_IN(1),
                              .shape = slope_shape,
                              .forward = slope_forward,
                              .vjp = slope_vjp};

/* --- leaky_relu ------------------------------------------------------------------------------------------- */

static void leaky_forward(gan_op_call *c) {
    const slope_attr *a = c->attr;
    map(c, GAN__MAP_LEAKY, a->slope);
}

/* With slope >= 0 the output is positive where the input is, and the next layer saves it anyway. */
static void leaky_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const slope_attr *a = c->attr;
    grads[0] = gan__slope(g, c->out, a->slope);
}

const gan_op gan__op_leaky_relu = {.name = "gan_leaky_relu",
                                   .n_in = 1,
                                   .attr_bytes = sizeof(slope_attr),
                                   .save = GAN_SAVE_OUT,
                                   .shape = gan__shape_same,
                                   .forward = leaky_forward,
                                   .vjp = leaky_vjp};

gan_tensor *gan_leaky_relu(gan_tensor *x, double slope) {
    slope_attr a = {slope};
    if (slope >= 0) return gan_apply(gan_ctx_of(x), &gan__op_leaky_relu, &x, 1, &a);
    gan_tensor *zero = gan_zeros(gan_ctx_of(x), gan_shape0());
    return gan_where(gan_greater(x, zero), x, gan_scale(x, slope));
}

/* --- relu ------------------------------------------------------------------------------------------------- */

static void relu_forward(gan_op_call *c) { map(c, GAN__MAP_RELU, 0); }

static void relu_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan__slope(g, c->out, 0);
}

const gan_op gan__op_relu = {
    .name = "gan_relu", .n_in = 1, .save = GAN_SAVE_OUT, .shape = gan__shape_same, .forward = relu_forward, .vjp = relu_vjp};

gan_tensor *gan_relu(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &gan__op_relu, &x, 1, NULL); }
