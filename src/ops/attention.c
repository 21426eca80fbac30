/* Attention: o = softmax(q k^T) v, sample by sample. The matrices of weights, one entry to each pair of pixels, are the largest
 * thing by far, so none is kept: the graph saves q, k, v, and each derivative makes the weights anew, for one sample at a time.
 * Derivatives of every order come from two ops, attention and its three gradients together. */
#include <string.h>

#include "../base/ctx_impl.h"
#include "../tensor/tensor_impl.h"
#include "op_list.h"
#include "op_util.h"

enum { Q, K, V, G };

static const gan_matmul_opts plain = {0}, left = {.trans_a = true}, right = {.trans_b = true};

static gan_tensor *weights_of(gan_tensor *q, gan_tensor *k) { return gan_softmax(gan_matmul(q, k, right)); }

static gan_tensor *row_sums(gan_tensor *a, gan_tensor *b) { return gan_sum_axes(gan_mul(a, b), GAN_AXIS(1), true); }

/* Softmax's derivative: p*(g - sum over the row of g*p). */
static gan_tensor *through_softmax(gan_tensor *p, gan_tensor *g) { return gan_mul(p, gan_sub(g, row_sums(g, p))); }

/* --- shapes ----------------------------------------------------------------------------------------------- */

static bool matrices(const gan_op_call *c, int i, const char *name) {
    char text[GAN_SHAPE_TEXT];
    gan_shape s = gan_shape_of(c->in[i]);
    if (s.ndim == 3 && s.d[1] > 0 && s.d[2] > 0) return true;
    gan_op_fail(c, GAN_E_SHAPE, "%s is %s; it should be [n, pixels, channels]", name, gan_shape_text(s, text));
    return false;
}

static bool fit(const gan_op_call *c, int i, int j, int axis, const char *names) {
    gan_shape s = gan_shape_of(c->in[i]), t = gan_shape_of(c->in[j]);
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    if (s.d[0] == t.d[0] && s.d[axis] == t.d[axis]) return true;
    gan_op_fail(c, GAN_E_SHAPE, "%s are %s and %s, which do not fit", names, gan_shape_text(s, a), gan_shape_text(t, b));
    return false;
}

static bool inputs_fit(const gan_op_call *c) {
    return matrices(c, Q, "q") && matrices(c, K, "k") && matrices(c, V, "v") && fit(c, Q, K, 2, "q and k") &&
           fit(c, K, V, 1, "k and v");
}

static bool attention_shape(const gan_op_call *c, gan_shape *out) {
    if (!inputs_fit(c)) return false;
    *out = gan_shape_of(c->in[Q]);
    out->d[2] = gan_shape_of(c->in[V]).d[2];
    return true;
}

/* The three gradients of a sample behind each other. */
static int64_t per_sample(const gan_tensor *t) { return gan_shape_of(t).d[1] * gan_shape_of(t).d[2]; }

static bool grads_shape(const gan_op_call *c, gan_shape *out) {
    if (!inputs_fit(c)) return false;
    *out = gan_shape2(gan_shape_of(c->in[Q]).d[0], per_sample(c->in[Q]) + per_sample(c->in[K]) + per_sample(c->in[V]));
    return true;
}

/* --- one sample's matrices -------------------------------------------------------------------------------- */

static gan_tensor *sample_of(gan_tensor *t, int64_t i) {
    gan_shape s = gan_shape_of(t);
    return gan_reshape(gan_slice(t, 0, i, 1), gan_shape2(s.d[1], s.d[2]));
}

/* Entry i of `packed` [n, ...] from column `at` on, as t's samples are. */
static gan_tensor *part_of(gan_tensor *packed, int64_t i, int64_t at, const gan_tensor *t) {
    gan_tensor *row = gan_slice(gan_slice(packed, 0, i, 1), 1, at, per_sample(t));
    return gan_reshape(row, gan_shape2(gan_shape_of(t).d[1], gan_shape_of(t).d[2]));
}

static gan_tensor *flat(gan_tensor *t) { return gan_reshape(t, gan_shape2(1, gan_count(t))); }

static gan_tensor *attend(const gan_op_call *c, int64_t i) {
    return gan_matmul(weights_of(sample_of(c->in[Q], i), sample_of(c->in[K], i)), sample_of(c->in[V], i), plain);
}

/* With P the weights: dP = g v^T, dS = dP through softmax; dq = dS k, dk = dS^T q, dv = P^T g. */
static gan_tensor *attend_grads(const gan_op_call *c, int64_t i) {
    gan_tensor *q = sample_of(c->in[Q], i), *k = sample_of(c->in[K], i), *v = sample_of(c->in[V], i), *g = sample_of(c->in[G], i);
    gan_tensor *p = weights_of(q, k), *ds = through_softmax(p, gan_matmul(g, v, right));
    gan_tensor *all[] = {flat(gan_matmul(ds, k, plain)), flat(gan_matmul(ds, q, left)), flat(gan_matmul(p, g, left))};
    return gan_concat(all, 3, 1);
}

/* Fills the output with one(c, i) for each sample i. Nothing is recorded, and what a sample needed goes before the next. */
static void by_samples(gan_op_call *c, gan_tensor *(*one)(const gan_op_call *c, int64_t i)) {
    int64_t n = gan_shape_of(c->out).d[0], size = n ? gan_count(c->out) / n : 0;
    gan_real *out = gan_op_write(c->out);
    gan_no_record_begin(c->ctx);
    for (int64_t i = 0; i < n && gan__ok(c->ctx); i++) {
        gan_scope_begin(c->ctx);
        const gan_real *p = gan_data(one(c, i));
        if (p) memcpy(out + i * size, p, (size_t)size * sizeof *p);
        gan_scope_end(c->ctx);
    }
    gan_no_record_end(c->ctx);
}

/* --- attention -------------------------------------------------------------------------------------------- */

static void attention_forward(gan_op_call *c) { by_samples(c, attend); }

static gan_tensor *unpacked(gan_tensor *packed, int64_t at, const gan_tensor *t) {
    return gan_reshape(gan_slice(packed, 1, at, per_sample(t)), gan_shape_of(t));
}

static void attention_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *in[] = {c->in[Q], c->in[K], c->in[V], g};
    gan_tensor *packed = gan_apply(c->ctx, &gan__op_attention_grads, in, 4, NULL);
    int64_t at = 0;
    for (int i = 0; i < 3; at += per_sample(c->in[i++]))
        if (c->need[i]) grads[i] = unpacked(packed, at, c->in[i]);
}

const gan_op gan__op_attention = {.name = "gan_attention",
                                  .n_in = 3,
                                  .save = GAN_SAVE_ALL_IN,
                                  .shape = attention_shape,
                                  .forward = attention_forward,
                                  .vjp = attention_vjp};

/* --- its gradients, and theirs ---------------------------------------------------------------------------- */

static void grads_forward(gan_op_call *c) { by_samples(c, attend_grads); }

/* The derivative of attend_grads by q, k, v, g, contracted with cotangents a, b, e of dq, dk, dv: the chain backwards, where
 * x_ is the cotangent of x. */
static void differentiate_sample(const gan_op_call *c, gan_tensor *cotangent, int64_t i, gan_tensor *out[4]) {
    gan_tensor *q = sample_of(c->in[Q], i), *k = sample_of(c->in[K], i), *v = sample_of(c->in[V], i), *g = sample_of(c->in[G], i);
    int64_t nq = per_sample(c->in[Q]), nk = per_sample(c->in[K]);
    gan_tensor *a = part_of(cotangent, i, 0, c->in[Q]), *b = part_of(cotangent, i, nq, c->in[K]);
    gan_tensor *e = part_of(cotangent, i, nq + nk, c->in[V]);
    gan_tensor *p = weights_of(q, k), *dp = gan_matmul(g, v, right), *r = row_sums(dp, p), *ds = gan_mul(p, gan_sub(dp, r));
    gan_tensor *ds_ = gan_add(gan_matmul(a, k, right), gan_matmul(q, b, right));
    gan_tensor *r_ = gan_neg(row_sums(p, ds_));
    gan_tensor *dp_ = gan_mul(p, gan_add(ds_, r_));
    gan_tensor *p_ = gan_add(gan_add(gan_mul(ds_, gan_sub(dp, r)), gan_mul(r_, dp)), gan_matmul(g, e, right));
    gan_tensor *s_ = through_softmax(p, p_);
    out[Q] = gan_add(gan_matmul(s_, k, plain), gan_matmul(ds, b, plain));
    out[K] = gan_add(gan_matmul(s_, q, left), gan_matmul(ds, a, left));
    out[V] = gan_matmul(dp_, g, left);
    out[G] = gan_add(gan_matmul(dp_, v, plain), gan_matmul(p, e, plain));
}

static void grads_vjp(const gan_op_call *c, gan_tensor *cotangent, gan_tensor **grads) {
    int64_t n = gan_shape_of(c->out).d[0];
    gan_tensor **parts = gan__alloc(c->ctx, (size_t)(4 * n + 1) * sizeof *parts);
    for (int64_t i = 0; parts && i < n; i++) {
        gan_tensor *out[4];
        gan_scope_begin(c->ctx);
        differentiate_sample(c, cotangent, i, out);
        for (int k = 0; k < 4; k++) {
            gan_shape s = gan_shape_of(out[k]);
            gan_tensor *part = gan_reshape(out[k], gan_shape3(1, s.d[0], s.d[1]));
            parts[k * n + i] = gan_is_nil(part) ? part : gan_scope_return(part);
        }
        gan_scope_end(c->ctx);
    }
    for (int k = 0; parts && k < 4; k++)
        if (c->need[k]) grads[k] = n ? gan_concat(parts + k * n, (int)n, 0) : gan_zeros(c->ctx, gan_shape_of(c->in[k]));
    gan__free(c->ctx, parts);
}

const gan_op gan__op_attention_grads = {.name = "gan_attention",
                                        .n_in = 4,
                                        .save = GAN_SAVE_ALL_IN,
                                        .shape = grads_shape,
                                        .forward = grads_forward,
                                        .vjp = grads_vjp};

gan_tensor *gan_attention(gan_tensor *q, gan_tensor *k, gan_tensor *v) { return gan__apply3(&gan__op_attention, q, k, v, NULL); }
