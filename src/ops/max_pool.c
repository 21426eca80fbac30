/* Maximum pooling, and maxout, which is pooling over neighbouring channels (1302.4389). The graph keeps where the maxima were
 * found; the derivative places the gradient there, is linear, and has picking as its own derivative. */
#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "window_attr.h"

/* --- g, index -> g at the pixels that the index names, else 0 --------------------------------------------- */

static bool index_fits(const gan_op_call *c, gan_shape pooled, gan_shape *out) {
    *out = gan__resized(c);
    gan_shape index = gan_shape_of(c->in[1]);
    if (gan_shape_equal(pooled, index)) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "the pooled image is %s, the index %s", gan_shape_text(pooled, a), gan_shape_text(index, b));
    return false;
}

static bool place_shape(const gan_op_call *c, gan_shape *out) { return index_fits(c, gan_shape_of(c->in[0]), out); }
static bool pick_shape(const gan_op_call *c, gan_shape *out) { return index_fits(c, gan__resized(c), out); }

static gan_tensor *with_index(const gan_op_call *c, const gan_op *op, gan_tensor *t, gan_tensor *index, const gan_tensor *like) {
    gan_tensor *in[] = {t, index};
    return gan__window_derived(c, op, in, 2, like);
}

static void place_forward(gan_op_call *c) {
    gan__window_shape s = gan__window_form(c, c->out, c->in[0]);
    gan__window_place(c->ctx, &s, gan_data(c->in[0]), gan_data(c->in[1]), gan_op_write(c->out));
}

static void place_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    if (c->need[0]) grads[0] = with_index(c, &gan__op_max_pick, g, c->in[1], c->in[0]);
}

const gan_op gan__op_max_place = {.name = "gan_max_place",
                                  .n_in = 2,
                                  .attr_bytes = sizeof(gan__window_attr),
                                  .save = GAN_SAVE_IN(1),
                                  .shape = place_shape,
                                  .forward = place_forward,
                                  .vjp = place_vjp};

/* --- x, index -> x at the index --------------------------------------------------------------------------- */

static void pick_forward(gan_op_call *c) {
    gan__window_shape s = gan__window_form(c, c->in[0], c->out);
    gan__window_pick(c->ctx, &s, gan_data(c->in[0]), gan_data(c->in[1]), gan_op_write(c->out));
}

static void pick_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    if (c->need[0]) grads[0] = with_index(c, &gan__op_max_place, g, c->in[1], c->in[0]);
}

const gan_op gan__op_max_pick = {.name = "gan_max_pick",
                                 .n_in = 2,
                                 .attr_bytes = sizeof(gan__window_attr),
                                 .save = GAN_SAVE_IN(1),
                                 .shape = pick_shape,
                                 .forward = pick_forward,
                                 .vjp = pick_vjp};

/* --- max_pool2d ------------------------------------------------------------------------------------------- */

static void max_forward(gan_op_call *c) {
    gan_tensor *index = gan_op_extra(c, 0, gan_shape_of(c->out));
    if (gan_is_nil(index)) return;
    gan__window_shape s = gan__window_form(c, c->in[0], c->out);
    gan__window_max(c->ctx, &s, gan_data(c->in[0]), gan_op_write(c->out), gan_op_write(index));
}

static void max_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = with_index(c, &gan__op_max_place, g, c->extra[0], c->in[0]);
}

const gan_op gan__op_max_pool2d = {.name = "gan_max_pool2d",
                                   .n_in = 1,
                                   .attr_bytes = sizeof(gan__window_attr),
                                   .shape = gan__pooled_shape,
                                   .forward = max_forward,
                                   .vjp = max_vjp};

gan_tensor *gan_max_pool2d(gan_tensor *x, gan_pool_opts opts) {
    gan__window_attr a = gan__window_attr_of(opts, 1);
    return gan_apply(gan_ctx_of(x), &gan__op_max_pool2d, &x, 1, &a);
}

/* --- maxout: the channels as a picture of one row and one colour, a window to a result -------------------- */

static bool maxout_fits(gan_ctx *ctx, const gan_tensor *x, int pieces) {
    if (!gan__usable(ctx, x, "gan_maxout")) return false;
    gan_shape s = gan_shape_of(x);
    char text[GAN_SHAPE_TEXT];
    if (pieces < 1)
        gan__raise(ctx, GAN_E_ARG, "gan_maxout: %d pieces", pieces);
    else if (s.ndim < 1 || s.d[s.ndim - 1] % pieces)
        gan__raise(ctx, GAN_E_SHAPE, "gan_maxout: x is %s; its last axis does not fall into runs of %d", gan_shape_text(s, text),
                   pieces);
    return gan__ok(ctx);
}

gan_tensor *gan_maxout(gan_tensor *x, int pieces) {
    gan_ctx *ctx = gan_ctx_of(x);
    if (!maxout_fits(ctx, x, pieces)) return gan__nil(ctx);
    gan_shape s = gan_shape_of(x);
    int64_t width = s.d[s.ndim - 1], rows_count = 1;
    for (int i = 0; i < s.ndim - 1; i++) rows_count *= s.d[i];
    s.d[s.ndim - 1] /= pieces;
    gan_tensor *rows = gan_reshape(x, gan_shape4(rows_count, 1, width, 1));
    gan_tensor *best = gan_max_pool2d(rows, (gan_pool_opts){.size_h = 1, .size_w = pieces});
    gan_tensor *y = gan_reshape(best, s);
    gan_release(rows);
    gan_release(best);
    return y;
}
