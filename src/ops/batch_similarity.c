/* How similar the samples of a batch are to each other: the heart of minibatch discrimination (1606.03498). Of the n^2 distances
 * none is kept; the derivative makes them anew. */
#include <math.h>

#include "../base/ctx_impl.h"
#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "op_util.h"

static bool similarity_shape(const gan_op_call *c, gan_shape *out) {
    gan_shape s = gan_shape_of(c->in[0]);
    char text[GAN_SHAPE_TEXT];
    if (s.ndim == 3) {
        *out = gan_shape2(s.d[0], s.d[1]);
        return true;
    }
    gan_op_fail(c, GAN_E_SHAPE, "m is %s; it should be [n, kernels, dims]", gan_shape_text(s, text));
    return false;
}

typedef struct similarity_arg {
    int64_t n, b, c;
    const gan_real *m, *g;
    gan_real *out;
} similarity_arg;

static double closeness(const similarity_arg *a, const gan_real *x, const gan_real *y) {
    double distance = 0;
    for (int64_t k = 0; k < a->c; k++) distance += fabs((double)x[k] - (double)y[k]);
    return exp(-distance);
}

/* Task t is entry b of sample i: a thread per result, whatever the number of threads. */
static void forward_range(void *arg, int64_t begin, int64_t end) {
    const similarity_arg *a = arg;
    for (int64_t t = begin; t < end; t++) {
        int64_t i = t / a->b, b = t % a->b;
        double sum = 0;
        for (int64_t j = 0; j < a->n; j++)
            if (j != i) sum += closeness(a, a->m + t * a->c, a->m + (j * a->b + b) * a->c);
        a->out[t] = (gan_real)sum;
    }
}

static similarity_arg arg_of(const gan_op_call *c, const gan_tensor *g, gan_tensor *out) {
    gan_shape s = gan_shape_of(c->in[0]);
    return (similarity_arg){s.d[0], s.d[1], s.d[2], gan_data(c->in[0]), g ? gan_data(g) : NULL, gan_op_write(out)};
}

static void run(const gan_op_call *c, similarity_arg a, gan__range_fn fn) {
    gan__parallel_ranges(c->ctx, a.n * a.b, gan__grain(a.n * a.c * 4), fn, &a);
}

static void similarity_forward(gan_op_call *c) { run(c, arg_of(c, NULL, c->out), forward_range); }

/* do_i/dm_i = do_j/dm_i = -e^(-|m_i - m_j|) sign(m_i - m_j), so each pair counts with g_i + g_j. In public ops the pairs are laid
 * out: this is for derivatives of higher order. */
static void similarity_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_shape s = gan_shape_of(c->in[0]);
    int64_t n = s.d[0], b = s.d[1], k = s.d[2];
    gan_tensor *rows = gan_reshape(c->in[0], gan_shape4(n, 1, b, k)), *columns = gan_reshape(c->in[0], gan_shape4(1, n, b, k));
    gan_tensor *difference = gan_sub(rows, columns);
    gan_tensor *close = gan_exp(gan_neg(gan_sum_axes(gan_abs(difference), GAN_AXIS(3), true)));
    gan_tensor *pair = gan_add(gan_reshape(g, gan_shape4(n, 1, b, 1)), gan_reshape(g, gan_shape4(1, n, b, 1)));
    gan_tensor *each = gan_mul(gan_mul(pair, close), gan_sign(difference)); /* 0 where i = j */
    grads[0] = gan_neg(gan_sum_axes(each, GAN_AXIS(1), false));
}

static void fast_range(void *arg, int64_t begin, int64_t end) {
    const similarity_arg *a = arg;
    for (int64_t t = begin; t < end; t++) {
        int64_t b = t % a->b;
        const gan_real *x = a->m + t * a->c;
        gan_real *out = a->out + t * a->c;
        for (int64_t k = 0; k < a->c; k++) out[k] = 0;
        for (int64_t j = 0; j < a->n; j++) {
            const gan_real *y = a->m + (j * a->b + b) * a->c;
            gan_real factor = (gan_real)(closeness(a, x, y) * ((double)a->g[t] + (double)a->g[j * a->b + b]));
            for (int64_t k = 0; k < a->c; k++) out[k] += x[k] > y[k] ? -factor : x[k] < y[k] ? factor : 0;
        }
    }
}

static void similarity_fast(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *dm = gan_empty(c->ctx, gan_shape_of(c->in[0]));
    if (gan_is_nil(dm)) return;
    run(c, arg_of(c, g, dm), fast_range);
    grads[0] = dm;
}

const gan_op gan__op_batch_similarity = {.name = "gan_batch_similarity",
                                         .n_in = 1,
                                         .save = GAN_SAVE_IN(0),
                                         .shape = similarity_shape,
                                         .forward = similarity_forward,
                                         .vjp = similarity_vjp,
                                         .vjp_fast = similarity_fast};

gan_tensor *gan_batch_similarity(gan_tensor *m) { return gan__apply1(&gan__op_batch_similarity, m, NULL); }
