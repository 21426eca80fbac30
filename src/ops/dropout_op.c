/* Dropout (Srivastava et al. 2014). The mask is a function of the stream's key and position, which are the op's attributes: the
 * op is pure, nothing is saved, and being linear it is its own derivative, with the same attributes. */
#include <gan/ops.h>

#include "../base/ctx_impl.h"
#include "op_list.h"

#define GRAIN 4096 /* elements; a multiple of 4 * GAN__PHILOX_RUN */

typedef struct dropout_attr {
    double p;
    int64_t first; /* block of element 0 */
    uint32_t key[2];
} dropout_attr;

static bool dropout_shape(const gan_op_call *c, gan_shape *out) {
    const dropout_attr *a = c->attr;
    *out = gan_shape_of(c->in[0]);
    if (a->p >= 0 && a->p < 1) return true;
    gan_op_fail(c, GAN_E_ARG, "p is %g; it should be in [0, 1)", a->p);
    return false;
}

typedef struct dropout_arg {
    const dropout_attr *attr;
    uint32_t limit; /* words below it, of 24 bits, drop an element */
    gan_real scale;
    const gan_real *x;
    gan_real *y;
} dropout_arg;

static void dropout_range(void *arg, int64_t begin, int64_t end) {
    const dropout_arg *a = arg;
    for (int64_t i = begin, count; i < end; i += count) {
        uint32_t w[4 * GAN__PHILOX_RUN];
        count = end - i < 4 * GAN__PHILOX_RUN ? end - i : 4 * GAN__PHILOX_RUN;
        gan__philox_run(a->attr->key, (uint64_t)(a->attr->first + i / 4), w);
        const gan_real *restrict x = a->x + i;
        gan_real *restrict y = a->y + i;
        for (int64_t k = 0; k < count; k++) {
            gan_real kept = x[k] * a->scale;
            y[k] = w[k] >> 8 < a->limit ? 0 : kept;
        }
    }
}

static void dropout_forward(gan_op_call *c) {
    const dropout_attr *a = c->attr;
    dropout_arg d = {a, (uint32_t)(a->p * 0x1p24), (gan_real)(1 / (1 - a->p)), gan_data(c->in[0]), gan_op_write(c->out)};
    gan__parallel_ranges(c->ctx, gan_count(c->out), GRAIN, dropout_range, &d);
}

static void dropout_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    grads[0] = gan_apply(c->ctx, c->op, &g, 1, c->attr);
}

const gan_op gan__op_dropout = {.name = "gan_dropout",
                                .n_in = 1,
                                .attr_bytes = sizeof(dropout_attr),
                                .shape = dropout_shape,
                                .forward = dropout_forward,
                                .vjp = dropout_vjp};

gan_tensor *gan_dropout(gan_tensor *x, double p, gan_stream *stream) {
    gan_ctx *ctx = gan_ctx_of(x);
    if (!stream) gan__raise(ctx, GAN_E_ARG, "gan_dropout: the stream is NULL");
    dropout_attr a = {.p = p};
    if (gan__ok(ctx) && gan_count(x)) {
        a.first = gan__stream_take(stream, (gan_count(x) + 3) / 4);
        a.key[0] = stream->key[0], a.key[1] = stream->key[1];
    }
    return gan_apply(ctx, &gan__op_dropout, &x, 1, &a);
}
