/* Average pooling and nearest-neighbour upsampling. Up to a factor, one is a window sum and the other its transpose, so each is
 * the other's derivative, for any stride, overlap and padding. */
#include "op_list.h"
#include "window_attr.h"

/* --- shared with max_pool.c ------------------------------------------------------------------------------- */

gan__window_attr gan__window_attr_of(gan_pool_opts o, double factor) {
    if (!o.stride_h) o.stride_h = o.size_h;
    if (!o.stride_w) o.stride_w = o.size_w;
    return (gan__window_attr){.o = o, .factor = factor};
}

static bool window_fits(const gan_op_call *c, gan_pool_opts o) {
    if (o.size_h < 1 || o.size_w < 1)
        gan_op_fail(c, GAN_E_ARG, "a window of %d x %d", o.size_h, o.size_w);
    else if (o.stride_h < 1 || o.stride_w < 1)
        gan_op_fail(c, GAN_E_ARG, "a stride of %d x %d", o.stride_h, o.stride_w);
    else
        for (int i = 0; i < 5; i++) {
            if (i == 4) return true;
            int size = i % 2 ? o.size_w : o.size_h;
            if (o.pad[i] >= 0 && o.pad[i] < size) continue;
            gan_op_fail(c, GAN_E_ARG, "a padding of %d; it must be less than the window, %d x %d", o.pad[i], o.size_h, o.size_w);
            break;
        }
    return false;
}

gan_shape gan__resized(const gan_op_call *c) {
    const gan__window_attr *a = c->attr;
    gan_shape s = gan_shape_of(c->in[0]);
    return gan_shape4(s.d[0], a->rows, a->cols, s.d[3]);
}

bool gan__pooled_shape(const gan_op_call *c, gan_shape *out) {
    const gan__window_attr *a = c->attr;
    gan_pool_opts o = a->o;
    gan_shape x = gan_shape_of(c->in[0]);
    if (a->derived) {
        *out = gan__resized(c);
        return true;
    }
    if (!window_fits(c, o)) return false;
    char text[GAN_SHAPE_TEXT];
    gan_shape_text(x, text);
    if (x.ndim != 4 || !x.d[1] || !x.d[2]) {
        gan_op_fail(c, GAN_E_SHAPE, "x is %s; it should be [n, h, w, c], and not empty", text);
        return false;
    }
    int64_t down = x.d[1] + o.pad[0] + o.pad[2] - o.size_h, right = x.d[2] + o.pad[1] + o.pad[3] - o.size_w;
    if (down < 0 || right < 0) {
        gan_op_fail(c, GAN_E_SHAPE, "x is %s, the window [%d, %d]: it is larger than the padded image", text, o.size_h, o.size_w);
        return false;
    }
    *out = gan_shape4(x.d[0], down / o.stride_h + 1, right / o.stride_w + 1, x.d[3]);
    return true;
}

gan__window_shape gan__window_form(const gan_op_call *c, const gan_tensor *image, const gan_tensor *pooled) {
    const gan_pool_opts o = ((const gan__window_attr *)c->attr)->o;
    gan_shape x = gan_shape_of(image), y = gan_shape_of(pooled);
    return (gan__window_shape){.n = x.d[0], .h = x.d[1], .w = x.d[2], .c = x.d[3],
                               .oh = y.d[1], .ow = y.d[2],
                               .kh = o.size_h, .kw = o.size_w,
                               .sh = o.stride_h, .sw = o.stride_w,
                               .pt = o.pad[0], .pl = o.pad[1]};
}

gan_tensor *gan__window_derived(const gan_op_call *c, const gan_op *op, gan_tensor *const *in, int n_in, const gan_tensor *like) {
    gan__window_attr a = *(const gan__window_attr *)c->attr;
    gan_shape s = gan_shape_of(like);
    a.rows = s.d[1], a.cols = s.d[2], a.derived = true;
    return gan_apply(c->ctx, op, in, n_in, &a);
}

/* --- average pooling -------------------------------------------------------------------------------------- */

static void avg_forward(gan_op_call *c) {
    gan__window_shape s = gan__window_form(c, c->in[0], c->out);
    gan__window_sum(c->ctx, &s, gan_data(c->in[0]), ((const gan__window_attr *)c->attr)->factor, gan_op_write(c->out));
}

static void avg_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan__window_derived(c, &gan__op_upsample_nearest2d, &g, 1, c->in[0]);
}

const gan_op gan__op_avg_pool2d = {.name = "gan_avg_pool2d",
                                   .n_in = 1,
                                   .attr_bytes = sizeof(gan__window_attr),
                                   .shape = gan__pooled_shape,
                                   .forward = avg_forward,
                                   .vjp = avg_vjp};

gan_tensor *gan_avg_pool2d(gan_tensor *x, gan_pool_opts opts) {
    gan__window_attr a = gan__window_attr_of(opts, 1 / ((double)opts.size_h * opts.size_w));
    return gan_apply(gan_ctx_of(x), &gan__op_avg_pool2d, &x, 1, &a);
}

/* --- upsampling ------------------------------------------------------------------------------------------- */

static bool upsample_shape(const gan_op_call *c, gan_shape *out) {
    const gan__window_attr *a = c->attr;
    gan_shape x = gan_shape_of(c->in[0]);
    char text[GAN_SHAPE_TEXT];
    if (a->derived) {
        *out = gan__resized(c);
    } else if (a->o.size_h < 1 || a->o.size_w < 1) {
        gan_op_fail(c, GAN_E_ARG, "a factor of %d x %d", a->o.size_h, a->o.size_w);
        return false;
    } else if (x.ndim != 4) {
        gan_op_fail(c, GAN_E_SHAPE, "x is %s; it should be [n, h, w, c]", gan_shape_text(x, text));
        return false;
    } else {
        *out = gan_shape4(x.d[0], x.d[1] * a->o.size_h, x.d[2] * a->o.size_w, x.d[3]);
    }
    return true;
}

static void upsample_forward(gan_op_call *c) {
    gan__window_shape s = gan__window_form(c, c->out, c->in[0]);
    gan__window_spread(c->ctx, &s, gan_data(c->in[0]), ((const gan__window_attr *)c->attr)->factor, gan_op_write(c->out));
}

static void upsample_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan__window_derived(c, &gan__op_avg_pool2d, &g, 1, c->in[0]);
}

const gan_op gan__op_upsample_nearest2d = {.name = "gan_upsample_nearest2d",
                                           .n_in = 1,
                                           .attr_bytes = sizeof(gan__window_attr),
                                           .shape = upsample_shape,
                                           .forward = upsample_forward,
                                           .vjp = upsample_vjp};

gan_tensor *gan_upsample_nearest2d(gan_tensor *x, int factor_h, int factor_w) {
    gan__window_attr a = gan__window_attr_of((gan_pool_opts){.size_h = factor_h, .size_w = factor_w}, 1);
    return gan_apply(gan_ctx_of(x), &gan__op_upsample_nearest2d, &x, 1, &a);
}
