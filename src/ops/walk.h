/* Walking over a dense output while following strided operands: broadcasts, permutations. */
#ifndef GAN__WALK_H
#define GAN__WALK_H

#include "op_util.h"

#define GAN__WALK_OPERANDS 3

/* Axes of size 1 are gone, and neighbours that every operand runs through evenly are one. */
typedef struct gan__walk {
    int ndim, operands;
    int64_t dim[GAN_MAX_DIMS];
    int64_t stride[GAN__WALK_OPERANDS][GAN_MAX_DIMS];
} gan__walk;

gan__walk gan__walk_make(gan_shape out, int operands, int64_t stride[][GAN_MAX_DIMS]);

/* The operands broadcast to `out`: the strides of the last axis are 0 or 1. */
gan__walk gan__walk_broadcast(gan_shape out, int operands, gan_tensor *const *in);

/* Strides of a dense tensor. */
void gan__strides(gan_shape shape, int64_t stride[GAN_MAX_DIMS]);

/* One piece of a row: out[at .. at+n), operand k beginning at offset[k] with a step of stride[k]. */
typedef void (*gan__run_fn)(void *arg, int64_t at, int64_t n, const int64_t *offset, const int64_t *stride);

/* All of it, in parallel. */
void gan__walk_all(gan_ctx *ctx, const gan__walk *walk, gan__run_fn fn, void *arg);

/* Binary elementwise ops: a run function from an expression in A and B, and the forward function around it. */
typedef struct gan__binary_arg {
    const gan_real *a, *b;
    gan_real *y;
} gan__binary_arg;

void gan__binary_forward(gan_op_call *c, gan__run_fn run);

#define GAN__BINARY_LOOP(a_i, b_i, expr)            \
    for (int64_t i = 0; i < n; i++) {               \
        const gan_real A = (a_i), B = (b_i);        \
        y[i] = (expr);                              \
    }

#define GAN__BINARY(name, expr)                                                                                      \
    static void name##_run(void *arg, int64_t at, int64_t n, const int64_t *offset, const int64_t *stride) {         \
        const gan__binary_arg *p = arg;                                                                              \
        const gan_real *restrict a = p->a + offset[0], *restrict b = p->b + offset[1];                               \
        gan_real *restrict y = p->y + at;                                                                            \
        if (stride[0] && stride[1]) {                                                                                \
            GAN__BINARY_LOOP(a[i], b[i], expr)                                                                       \
        } else if (stride[0]) {                                                                                      \
            GAN__BINARY_LOOP(a[i], *b, expr)                                                                         \
        } else {                                                                                                     \
            GAN__BINARY_LOOP(*a, b[i], expr)                                                                         \
        }                                                                                                            \
    }                                                                                                                \
    static void name##_forward(gan_op_call *c) { gan__binary_forward(c, name##_run); }

/* Unary elementwise ops: the forward function from an expression in X, and in P and Q, the op's one or two double attributes. */
typedef struct gan__unary_arg {
    const gan_real *x;
    gan_real *y, p, q;
} gan__unary_arg;

void gan__unary_forward(gan_op_call *c, gan__range_fn fn);

#define GAN__UNARY(name, expr)                                                 \
    static void name##_range(void *arg, int64_t begin, int64_t end) {        \
        const gan__unary_arg *m = arg;                                         \
        const gan_real *restrict x = m->x;                                   \
        gan_real *restrict y = m->y;                                         \
        const gan_real P = m->p, Q = m->q;                                   \
        (void)P, (void)Q;                                                    \
        for (int64_t i = begin; i < end; i++) {                              \
            const gan_real X = x[i];                                         \
            y[i] = (expr);                                                   \
        }                                                                    \
    }                                                                        \
    static void name##_forward(gan_op_call *c) { gan__unary_forward(c, name##_range); }

#endif
