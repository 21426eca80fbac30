/* Convolution, its transpose and its weight gradient are the partial derivatives of one trilinear form (kernels/conv.h): each
 * op's vjp consists of the other two, and three kernels serve every order of differentiation.
 *
 * Two of the three sizes (image, kernel, output) follow from an op's inputs. The third, the result's, follows from the options in
 * the public functions; a vjp gives it outright, because stride and output padding make it ambiguous. */
#include "products.h"

#include "../kernels/conv.h"
#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "op_util.h"

typedef struct conv_attr {
    int sh, sw;
    int pad[4];             /* top, left, bottom, right */
    int out_pad_h, out_pad_w;
    int64_t rows, cols;     /* of the result; for an image given by a vjp, else by the options */
    bool derived;           /* made by a vjp: the sizes fit, and the result has rows x cols */
    bool moments;           /* a batch norm will ask for the result's */
    bool leaky;             /* there is a leaky ReLU behind it, of this slope: */
    double slope;
} conv_attr;

static conv_attr from_options(gan_conv_opts o) {
    return (conv_attr){.sh = o.stride_h ? o.stride_h : 1,
                       .sw = o.stride_w ? o.stride_w : 1,
                       .pad = {o.pad[0], o.pad[1], o.pad[2], o.pad[3]},
                       .out_pad_h = o.output_pad_h,
                       .out_pad_w = o.output_pad_w};
}

gan_conv_opts gan_conv_square(int stride, int pad) {
    return (gan_conv_opts){.stride_h = stride, .stride_w = stride, .pad = {pad, pad, pad, pad}};
}

/* --- what all three check --------------------------------------------------------------------------------- */

static bool options_fit(const gan_op_call *c) {
    const conv_attr *a = c->attr;
    if (a->sh < 1 || a->sw < 1) {
        gan_op_fail(c, GAN_E_ARG, "a stride of %d x %d", a->sh, a->sw);
        return false;
    }
    for (int i = 0; i < 4; i++)
        if (a->pad[i] < 0) {
            gan_op_fail(c, GAN_E_ARG, "a padding of %d", a->pad[i]);
            return false;
        }
    return true;
}

/* "x is [..], weight [..]: why". */
static bool misfit(const gan_op_call *c, const char *second, const char *why) {
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "x is %s, %s %s: %s", gan_shape_text(gan_shape_of(c->in[0]), a), second,
                gan_shape_text(gan_shape_of(c->in[1]), b), why);
    return false;
}

/* Inputs beyond the two are a bias. */
static bool bias_fits(const gan_op_call *c, int64_t channels) {
    if (c->n_in < 3 || gan_shape_equal(gan_shape_of(c->in[2]), gan_shape1(channels))) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "weight of shape %s, bias of shape %s", gan_shape_text(gan_shape_of(c->in[1]), a),
                gan_shape_text(gan_shape_of(c->in[2]), b));
    return false;
}

static bool four_dims(const gan_op_call *c, const char *second, const char *wanted) {
    if (gan_shape_of(c->in[0]).ndim == 4 && gan_shape_of(c->in[1]).ndim == 4) return true;
    return misfit(c, second, wanted);
}

/* How many windows of `size` fit; 0: not one. */
static int64_t windows(int64_t length, int before, int after, int64_t size, int stride) {
    int64_t room = length + before + after - size;
    return size < 1 || room < 0 ? 0 : room / stride + 1;
}

/* --- y = conv(x, w) --------------------------------------------------------------------------------------- */

static bool conv_shape(const gan_op_call *c, gan_shape *out) {
    const conv_attr *a = c->attr;
    gan_shape x = gan_shape_of(c->in[0]), w = gan_shape_of(c->in[1]);
    if (!options_fit(c) || !four_dims(c, "weight", "they should be [n, h, w, c] and [kh, kw, c, k]")) return false;
    if (x.d[3] != w.d[2]) return misfit(c, "weight", "their channels differ");
    int64_t oh = a->rows, ow = a->cols;
    if (!a->derived) {
        oh = windows(x.d[1], a->pad[0], a->pad[2], w.d[0], a->sh);
        ow = windows(x.d[2], a->pad[1], a->pad[3], w.d[1], a->sw);
        if (!oh || !ow) return misfit(c, "weight", "the kernel is empty or larger than the padded input");
    }
    *out = gan_shape4(x.d[0], oh, ow, w.d[3]);
    return bias_fits(c, w.d[3]);
}

/* The form's sizes by the shapes of its three tensors. */
static gan__conv_shape form(const gan_op_call *c, const gan_tensor *x, const gan_tensor *w, const gan_tensor *y) {
    const conv_attr *a = c->attr;
    gan_shape xs = gan_shape_of(x), ws = gan_shape_of(w), ys = gan_shape_of(y);
    return (gan__conv_shape){.n = xs.d[0], .h = xs.d[1], .w = xs.d[2], .c = xs.d[3],
                             .oh = ys.d[1], .ow = ys.d[2], .k = ys.d[3],
                             .kh = (int)ws.d[0], .kw = (int)ws.d[1],
                             .sh = a->sh, .sw = a->sw, .pt = a->pad[0], .pl = a->pad[1]};
}

static gan__conv_with with(const gan_op_call *c) {
    const conv_attr *a = c->attr;
    gan__storage *out = c->out->storage;
    if (a->moments) out->moments = gan__storage_new(c->ctx, 2 * gan_shape_of(c->out).d[3]);
    return (gan__conv_with){.kept = gan__packed_of(c->in[1]),
                            .bias = c->n_in > 2 ? gan_data(c->in[2]) : NULL,
                            .slope = a->leaky ? &a->slope : NULL,
                            .stats = out->moments ? gan__storage_data(out->moments) : NULL};
}

/* The gradient of the bias. */
static gan_tensor *sum_of_pixels(gan_tensor *g) { return gan_sum_axes(g, GAN_AXIS(0) | GAN_AXIS(1) | GAN_AXIS(2), false); }

static void conv_forward(gan_op_call *c) {
    gan__conv_shape s = form(c, c->in[0], c->in[1], c->out);
    gan__conv(c->ctx, &s, gan_data(c->in[0]), gan_data(c->in[1]), with(c), gan_op_write(c->out));
}

/* The op applied to a, b with a result of the rows and columns that `like` has, its axes counted from `axis`. */
static gan_tensor *derived(const gan_op_call *c, const gan_op *op, gan_tensor *a, gan_tensor *b, const gan_tensor *like,
                           int axis) {
    gan_shape s = gan_shape_of(like);
    conv_attr attr = *(const conv_attr *)c->attr;
    attr.rows = s.d[axis], attr.cols = s.d[axis + 1], attr.derived = true, attr.moments = attr.leaky = false;
    return gan__apply2(op, a, b, &attr);
}

static gan_tensor *conv_of(const gan_op_call *c, gan_tensor *x, gan_tensor *w, const gan_tensor *y) {
    return derived(c, &gan__op_conv2d, x, w, y, 1);
}
static gan_tensor *input_of(const gan_op_call *c, gan_tensor *y, gan_tensor *w, const gan_tensor *x) {
    return derived(c, &gan__op_conv_transpose2d, y, w, x, 1);
}
static gan_tensor *weight_of(const gan_op_call *c, gan_tensor *x, gan_tensor *y, const gan_tensor *w) {
    return derived(c, &gan__op_conv_weight2d, x, y, w, 0);
}

/* The gradient before the activation, whose result is positive where its argument is. */
static gan_tensor *before(const gan_op_call *c, gan_tensor *g) {
    const conv_attr *a = c->attr;
    return a->leaky ? gan__slope(g, c->out, a->slope) : g;
}

static void conv_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *x = c->in[0], *w = c->in[1];
    g = before(c, g);
    if (c->need[0]) grads[0] = input_of(c, g, w, x);
    if (c->need[1]) grads[1] = weight_of(c, x, g, w);
    if (c->n_in > 2 && c->need[2]) grads[2] = sum_of_pixels(g);
}

#define CONV_OP(op_name, also, shape_fn, forward_fn, vjp_fn)                                                                     \
    {                                                                                                                            \
        .name = op_name, .n_in = GAN_OP_VARIADIC, .attr_bytes = sizeof(conv_attr),                                               \
        .save = GAN_SAVE_IN(0) | GAN_SAVE_IN(1) | (also), .shape = shape_fn, .forward = forward_fn, .vjp = vjp_fn                \
    }

const gan_op gan__op_conv2d = CONV_OP("gan_conv2d", 0, conv_shape, conv_forward, conv_vjp);
const gan_op gan__op_conv2d_leaky = CONV_OP("gan_conv2d_leaky", GAN_SAVE_OUT, conv_shape, conv_forward, conv_vjp);

static gan_tensor *apply(const gan_op *plain, const gan_op *leaky, gan_tensor *x, gan_tensor *weight, gan_tensor *bias,
                         gan_conv_opts opts, gan__conv_then then) {
    conv_attr a = from_options(opts);
    a.moments = then.moments;
    a.leaky = then.slope, a.slope = then.slope ? *then.slope : 0;
    const gan_op *op = then.slope ? leaky : plain;
    return bias ? gan__apply3(op, x, weight, bias, &a) : gan__apply2(op, x, weight, &a);
}

gan_tensor *gan__conv2d(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, gan_conv_opts opts, gan__conv_then then) {
    return apply(&gan__op_conv2d, &gan__op_conv2d_leaky, x, weight, bias, opts, then);
}

gan_tensor *gan_conv2d(gan_tensor *x, gan_tensor *weight, gan_conv_opts opts) {
    return gan__conv2d(x, weight, NULL, opts, (gan__conv_then){0});
}

/* --- x = conv_input(y, w) --------------------------------------------------------------------------------- */

static bool input_shape(const gan_op_call *c, gan_shape *out) {
    const conv_attr *a = c->attr;
    gan_shape y = gan_shape_of(c->in[0]), w = gan_shape_of(c->in[1]);
    if (!options_fit(c) || !four_dims(c, "weight", "they should be [n, h, w, k] and [kh, kw, c, k]")) return false;
    if (y.d[3] != w.d[3]) return misfit(c, "weight", "their channels differ");
    int64_t h = a->rows, wd = a->cols;
    if (!a->derived) {
        if (a->out_pad_h < 0 || a->out_pad_h >= a->sh || a->out_pad_w < 0 || a->out_pad_w >= a->sw) {
            gan_op_fail(c, GAN_E_ARG, "an output padding of %d x %d; it must be less than the stride, %d x %d", a->out_pad_h,
                        a->out_pad_w, a->sh, a->sw);
            return false;
        }
        h = (y.d[1] - 1) * a->sh + w.d[0] - a->pad[0] - a->pad[2] + a->out_pad_h;
        wd = (y.d[2] - 1) * a->sw + w.d[1] - a->pad[1] - a->pad[3] + a->out_pad_w;
        if (h < 1 || wd < 1 || !y.d[1] || !y.d[2] || !w.d[0] || !w.d[1])
            return misfit(c, "weight", "nothing is left of the output");
    }
    *out = gan_shape4(y.d[0], h, wd, w.d[2]);
    return bias_fits(c, w.d[2]);
}

static void input_forward(gan_op_call *c) {
    gan__conv_shape s = form(c, c->out, c->in[1], c->in[0]);
    gan__conv_input(c->ctx, &s, gan_data(c->in[0]), gan_data(c->in[1]), with(c), gan_op_write(c->out));
}

static void input_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *y = c->in[0], *w = c->in[1];
    g = before(c, g);
    if (c->need[0]) grads[0] = conv_of(c, g, w, y);
    if (c->need[1]) grads[1] = weight_of(c, g, y, w);
    if (c->n_in > 2 && c->need[2]) grads[2] = sum_of_pixels(g);
}

const gan_op gan__op_conv_transpose2d = CONV_OP("gan_conv_transpose2d", 0, input_shape, input_forward, input_vjp);
const gan_op gan__op_conv_transpose2d_leaky =
    CONV_OP("gan_conv_transpose2d_leaky", GAN_SAVE_OUT, input_shape, input_forward, input_vjp);

gan_tensor *gan__conv_transpose2d(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, gan_conv_opts opts, gan__conv_then then) {
    return apply(&gan__op_conv_transpose2d, &gan__op_conv_transpose2d_leaky, x, weight, bias, opts, then);
}

gan_tensor *gan_conv_transpose2d(gan_tensor *x, gan_tensor *weight, gan_conv_opts opts) {
    return gan__conv_transpose2d(x, weight, NULL, opts, (gan__conv_then){0});
}

/* --- w = conv_weight(x, y) -------------------------------------------------------------------------------- */

/* rows and cols are the kernel's size. */
static bool weight_shape(const gan_op_call *c, gan_shape *out) {
    const conv_attr *a = c->attr;
    gan_shape x = gan_shape_of(c->in[0]), y = gan_shape_of(c->in[1]);
    if (!options_fit(c) || !four_dims(c, "g", "they should be [n, h, w, c] and [n, oh, ow, k]")) return false;
    if (x.d[0] != y.d[0]) return misfit(c, "g", "their batches differ");
    if (!a->derived && (windows(x.d[1], a->pad[0], a->pad[2], a->rows, a->sh) != y.d[1] ||
                        windows(x.d[2], a->pad[1], a->pad[3], a->cols, a->sw) != y.d[2]))
        return misfit(c, "g", "g is not of the size that conv2d gives with this kernel, stride and padding");
    *out = gan_shape4(a->rows, a->cols, x.d[3], y.d[3]);
    return true;
}

static void weight_forward(gan_op_call *c) {
    gan__conv_shape s = form(c, c->in[0], c->out, c->in[1]);
    gan__conv_weight(c->ctx, &s, gan_data(c->in[0]), gan_data(c->in[1]), gan_op_write(c->out));
}

static void weight_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *x = c->in[0], *y = c->in[1];
    if (c->need[0]) grads[0] = input_of(c, y, g, x);
    if (c->need[1]) grads[1] = conv_of(c, x, g, y);
}

const gan_op gan__op_conv_weight2d = {.name = "gan_conv_weight2d",
                                      .n_in = 2,
                                      .attr_bytes = sizeof(conv_attr),
                                      .save = GAN_SAVE_ALL_IN,
                                      .shape = weight_shape,
                                      .forward = weight_forward,
                                      .vjp = weight_vjp};

gan_tensor *gan_conv_weight2d(gan_tensor *x, gan_tensor *g, int kh, int kw, gan_conv_opts opts) {
    conv_attr a = from_options(opts);
    a.rows = kh, a.cols = kw;
    return gan__apply2(&gan__op_conv_weight2d, x, g, &a);
}
