/* Smooth activations. */
#include "../kernels/elementwise.h"
#include "op_list.h"
#include "op_util.h"

static void map(gan_op_call *c, gan__map_kind kind) {
    gan__map(c->ctx, kind, gan_count(c->out), gan_data(c->in[0]), NULL, 0, gan_op_write(c->out));
}

/* One pass over g and the saved tensor, in place of the three or four of the public ops. */
static void fast(const gan_op_call *c, gan__map_kind kind, gan_tensor *g, const gan_tensor *saved, gan_tensor **grads) {
    gan_tensor *dx = gan_empty(c->ctx, gan_shape_of(g));
    if (!gan_is_nil(dx)) gan__map(c->ctx, kind, gan_count(g), gan_data(g), gan_data(saved), 0, gan_op_write(dx));
    grads[0] = dx;
}

/* --- tanh: g*(1 - y^2) ------------------------------------------------------------------------------------ */

static void tanh_forward(gan_op_call *c) { map(c, GAN__MAP_TANH); }

static void tanh_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_mul(g, gan_add_scalar(gan_neg(gan_square(c->out)), 1));
}

static void tanh_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { fast(c, GAN__MAP_TANH_GRAD, g, c->out, grads); }

const gan_op gan__op_tanh = {.name = "gan_tanh",
                             .n_in = 1,
                             .save = GAN_SAVE_OUT,
                             .shape = gan__shape_same,
                             .forward = tanh_forward,
                             .vjp = tanh_vjp,
                             .vjp_fast = tanh_fast};

gan_tensor *gan_tanh(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &gan__op_tanh, &x, 1, NULL); }

/* --- sigmoid: g*y*(1 - y) --------------------------------------------------------------------------------- */

static void sigmoid_forward(gan_op_call *c) { map(c, GAN__MAP_SIGMOID); }

static void sigmoid_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_mul(g, gan_mul(c->out, gan_add_scalar(gan_neg(c->out), 1)));
}

static void sigmoid_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    fast(c, GAN__MAP_SIGMOID_GRAD, g, c->out, grads);
}

const gan_op gan__op_sigmoid = {.name = "gan_sigmoid",
                                .n_in = 1,
                                .save = GAN_SAVE_OUT,
                                .shape = gan__shape_same,
                                .forward = sigmoid_forward,
                                .vjp = sigmoid_vjp,
                                .vjp_fast = sigmoid_fast};

gan_tensor *gan_sigmoid(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &gan__op_sigmoid, &x, 1, NULL); }

/* --- softplus: g*sigmoid(x) ------------------------------------------------------------------------------- */

static void softplus_forward(gan_op_call *c) { map(c, GAN__MAP_SOFTPLUS); }

static void softplus_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_mul(g, gan_sigmoid(c->in[0]));
}

static void softplus_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    fast(c, GAN__MAP_SOFTPLUS_GRAD, g, c->in[0], grads);
}

const gan_op gan__op_softplus = {.name = "gan_softplus",
                                 .n_in = 1,
                                 .save = GAN_SAVE_IN(0),
                                 .shape = gan__shape_same,
                                 .forward = softplus_forward,
                                 .vjp = softplus_vjp,
                                 .vjp_fast = softplus_fast};

gan_tensor *gan_softplus(gan_tensor *x) { return gan_apply(gan_ctx_of(x), &gan__op_softplus, &x, 1, NULL); }
