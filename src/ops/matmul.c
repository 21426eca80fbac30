/* Matrix products. */
#include "../kernels/dense.h"
#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "op_util.h"
#include "products.h"

/* [.., m, k] x [.., k, n] after the transposes. */
typedef struct product {
    int64_t batch, m, n, k;
    bool fits;
} product;

static product product_of(gan_shape a, gan_shape b, gan_matmul_opts o) {
    product p = {.batch = 1};
    if (a.ndim != b.ndim || a.ndim < 2 || a.ndim > 3) return p;
    int r = a.ndim - 2, c = a.ndim - 1;
    p.m = a.d[o.trans_a ? c : r], p.k = a.d[o.trans_a ? r : c], p.n = b.d[o.trans_b ? r : c];
    if (a.ndim == 3) p.batch = a.d[0];
    p.fits = p.k == b.d[o.trans_b ? c : r] && (a.ndim == 2 || a.d[0] == b.d[0]);
    return p;
}

static bool matmul_shape(const gan_op_call *c, gan_shape *out) {
    const gan_matmul_opts *o = c->attr;
    gan_shape a = gan_shape_of(c->in[0]), b = gan_shape_of(c->in[1]);
    product p = product_of(a, b, *o);
    *out = a.ndim == 3 ? gan_shape3(p.batch, p.m, p.n) : gan_shape2(p.m, p.n);
    if (p.fits) return true;
    char left[GAN_SHAPE_TEXT], right[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "%s%s times %s%s", gan_shape_text(a, left), o->trans_a ? " transposed" : "",
                gan_shape_text(b, right), o->trans_b ? " transposed" : "");
    return false;
}

static void matmul_forward(gan_op_call *c) {
    const gan_matmul_opts *o = c->attr;
    product p = product_of(gan_shape_of(c->in[0]), gan_shape_of(c->in[1]), *o);
    const gan_real *a = gan_data(c->in[0]), *b = gan_data(c->in[1]);
    gan_real *y = gan_op_write(c->out);
    gan__packed **kept = p.batch == 1 ? gan__packed_of(c->in[1]) : NULL;
    for (int64_t i = 0; i < p.batch; i++)
        gan__gemm(c->ctx, o->trans_a, o->trans_b, p.m, p.n, p.k, a + i * p.m * p.k, b + i * p.k * p.n, kept, y + i * p.m * p.n);
}

/* Y = A'B' where ' is the transpose that the options ask for: dA' = gB'^T and dB' = A'^T g, each transposed where A or B was.
 * Every one of them is again one product, without a transpose being written out. */
static void matmul_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const gan_matmul_opts *o = c->attr;
    gan_tensor *a = c->in[0], *b = c->in[1];
    if (c->need[0])
        grads[0] = o->trans_a ? gan_matmul(b, g, (gan_matmul_opts){.trans_a = o->trans_b, .trans_b = true})
                              : gan_matmul(g, b, (gan_matmul_opts){.trans_b = !o->trans_b});
    if (c->need[1])
        grads[1] = o->trans_b ? gan_matmul(g, a, (gan_matmul_opts){.trans_a = true, .trans_b = o->trans_a})
                              : gan_matmul(a, g, (gan_matmul_opts){.trans_a = !o->trans_a});
}

const gan_op gan__op_matmul = {.name = "gan_matmul",
                               .n_in = 2,
                               .attr_bytes = sizeof(gan_matmul_opts),
                               .save = GAN_SAVE_IN(0) | GAN_SAVE_IN(1),
                               .shape = matmul_shape,
                               .forward = matmul_forward,
                               .vjp = matmul_vjp};

gan_tensor *gan_matmul(gan_tensor *a, gan_tensor *b, gan_matmul_opts opts) {
    return gan__apply2(&gan__op_matmul, a, b, &opts);
}

/* --- linear ----------------------------------------------------------------------------------------------- */

static bool linear_shape(const gan_op_call *c, gan_shape *out) {
    gan_shape x = gan_shape_of(c->in[0]), w = gan_shape_of(c->in[1]);
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    if (x.ndim != 2 || w.ndim != 2 || x.d[1] != w.d[1]) {
        gan_op_fail(c, GAN_E_SHAPE, "x of shape %s, weight of shape %s", gan_shape_text(x, a), gan_shape_text(w, b));
        return false;
    }
    *out = gan_shape2(x.d[0], w.d[0]);
    if (c->n_in < 3 || gan_shape_equal(gan_shape_of(c->in[2]), gan_shape1(w.d[0]))) return true;
    gan_op_fail(c, GAN_E_SHAPE, "weight of shape %s, bias of shape %s", gan_shape_text(w, a),
                gan_shape_text(gan_shape_of(c->in[2]), b));
    return false;
}

/* Of the leaky ReLU behind it; NULL: there is none. */
static const double *slope_of(const gan_op_call *c) { return c->op == &gan__op_linear_leaky ? c->attr : NULL; }

static void linear_forward(gan_op_call *c) {
    gan_shape x = gan_shape_of(c->in[0]), out = gan_shape_of(c->out);
    gan__linear(c->ctx, out.d[0], out.d[1], x.d[1], gan_data(c->in[0]), gan_data(c->in[1]),
                c->n_in > 2 ? gan_data(c->in[2]) : NULL, slope_of(c), gan__packed_of(c->in[1]), gan_op_write(c->out));
}

/* A leaky ReLU's result is positive where its argument is. */
static void linear_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    const double *slope = slope_of(c);
    if (slope) g = gan__slope(g, c->out, *slope);
    if (c->need[0]) grads[0] = gan_matmul(g, c->in[1], (gan_matmul_opts){0});
    if (c->need[1]) grads[1] = gan_matmul(g, c->in[0], (gan_matmul_opts){.trans_a = true});
    if (c->n_in > 2 && c->need[2]) grads[2] = gan_sum_axes(g, GAN_AXIS(0), false);
}

static gan_real *room(const gan_op_call *c, bool wanted, gan_shape shape, gan_tensor **t) {
    *t = wanted ? gan_empty(c->ctx, shape) : NULL;
    return wanted && !gan_is_nil(*t) ? gan_op_write(*t) : NULL;
}

/* All gradients at once: what is done to g happens with each block on its way into the products. */
static void linear_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_shape x = gan_shape_of(c->in[0]), out = gan_shape_of(c->out);
    const double *slope = slope_of(c);
    gan__linear_back b = {.m = out.d[0], .n = out.d[1], .k = x.d[1],
                          .x = c->need[1] ? gan_data(c->in[0]) : NULL,
                          .w = c->need[0] ? gan_data(c->in[1]) : NULL,
                          .y = slope ? gan_data(c->out) : NULL,
                          .g = gan_data(g), .slope = slope, .kept = gan__packed_of(c->in[1])};
    gan_tensor *before = NULL, *bias = NULL;
    b.before = slope ? gan__own_data(g) : NULL;
    if (!b.before) b.before = room(c, slope, out, &before);
    b.dx = room(c, c->need[0], x, &grads[0]);
    b.dw = room(c, c->need[1], gan_shape_of(c->in[1]), &grads[1]);
    b.db = room(c, c->n_in > 2 && c->need[2], gan_shape1(out.d[1]), &bias);
    if (c->n_in > 2) grads[2] = bias;
    if (gan__ok(c->ctx)) gan__linear_grads(c->ctx, &b);
    gan_release(before);
}

const gan_op gan__op_linear = {.name = "gan_linear",
                               .n_in = GAN_OP_VARIADIC,
                               .save = GAN_SAVE_IN(0) | GAN_SAVE_IN(1),
                               .shape = linear_shape,
                               .forward = linear_forward,
                               .vjp = linear_vjp,
                               .vjp_fast = linear_fast};

const gan_op gan__op_linear_leaky = {.name = "gan_linear_leaky",
                                     .n_in = GAN_OP_VARIADIC,
                                     .attr_bytes = sizeof(double),
                                     .save = GAN_SAVE_IN(0) | GAN_SAVE_IN(1) | GAN_SAVE_OUT,
                                     .shape = linear_shape,
                                     .forward = linear_forward,
                                     .vjp = linear_vjp,
                                     .vjp_fast = linear_fast};

static gan_tensor *linear(const gan_op *op, gan_tensor *x, gan_tensor *weight, gan_tensor *bias, const double *slope) {
    return bias ? gan__apply3(op, x, weight, bias, slope) : gan__apply2(op, x, weight, slope);
}

gan_tensor *gan_linear(gan_tensor *x, gan_tensor *weight, gan_tensor *bias) {
    return linear(&gan__op_linear, x, weight, bias, NULL);
}

gan_tensor *gan__linear_leaky(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, double slope) {
    return linear(&gan__op_linear_leaky, x, weight, bias, &slope);
}
