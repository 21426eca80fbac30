/* Writing ops. An op is shape + forward + vjp, in one place; the built-in ones are written just so
 * (src/ops), and docs/adding-an-op.md walks through one. */
#ifndef GAN_OP_H
#define GAN_OP_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GAN_OP_MAX_EXTRA 2
#define GAN_OP_VARIADIC (-1)

/* What an op saves for its vjp: input i, the output. */
#define GAN_SAVE_IN(i) (1u << (i))
#define GAN_SAVE_OUT (1u << 31)
#define GAN_SAVE_ALL_IN 0x7fffffffu

typedef struct gan_op gan_op;

/* One use of an op, as its functions see it. */
typedef struct gan_op_call {
    gan_ctx *ctx;
    const gan_op *op;
    const void *attr;                    /* the op's attributes (op->attr_bytes of them) */
    int n_in;
    gan_tensor *const *in;               /* in a vjp, inputs that were not saved have a shape but no data */
    gan_tensor *out;                     /* forward: to fill; vjp: the output, with data if it was saved */
    gan_tensor *extra[GAN_OP_MAX_EXTRA]; /* what forward left with gan_op_extra; NULL if nothing */
    const bool *need;                    /* vjp: the inputs whose gradient is wanted */
} gan_op_call;

struct gan_op {
    const char *name;  /* as in the function's name, "gan_conv2d" */
    int n_in;          /* or GAN_OP_VARIADIC */
    size_t attr_bytes; /* attributes are copied bytewise into the graph: no pointers */
    unsigned save;     /* GAN_SAVE_* */
    bool view;         /* the output shares the first input's storage; forward is NULL */
    bool again;        /* forward is cheap: an op that is to save this one's output has it made again when the vjp asks for
                          it, from what this one saved. Needs GAN_SAVE_ALL_IN, and a forward without gan_op_extra */

    /* The output's shape; on a misfit, raises with gan_op_fail and returns false. */
    bool (*shape)(const gan_op_call *c, gan_shape *out);

    /* Fills gan_op_write(c->out) from gan_data(c->in[i]). Pure. May raise. Elements are not zeroed before. */
    void (*forward)(gan_op_call *c);

    /* grads[i] for each needed input, given g = dL/dout, in public ops only. An entry left NULL means that the
     * gradient is structurally absent, which is not the same as zeros: nothing further is computed from it. */
    void (*vjp)(const gan_op_call *c, gan_tensor *g, gan_tensor **grads);

    /* Optional: the same result by a shorter way, used when no graph of the gradient is asked for. */
    void (*vjp_fast)(const gan_op_call *c, gan_tensor *g, gan_tensor **grads);
};

/* Checks the inputs, infers the shape, computes, and records if recording is on. Returns the output, owned by the
 * innermost scope, or nil. ctx is used when there are no inputs. */
GAN_API gan_tensor *gan_apply(gan_ctx *ctx, const gan_op *op, gan_tensor *const *in, int n_in, const void *attr);

/* Raises GAN_E_SHAPE (or another status) as "op: message". */
GAN_API void gan_op_fail(const gan_op_call *c, gan_status status, const char *format, ...) GAN_PRINTF(3, 4);

/* The elements of a tensor that this op's forward makes, to fill. */
GAN_API gan_real *gan_op_write(gan_tensor *t);

/* For forward: an uninitialised tensor that stays with the graph for the vjp (a mask, batch statistics). */
GAN_API gan_tensor *gan_op_extra(gan_op_call *c, int index, gan_shape shape);

/* An uninitialised tensor without history, for vjp_fast. Owned by the innermost scope. */
GAN_API gan_tensor *gan_empty(gan_ctx *ctx, gan_shape shape);

/* All built-in ops; count receives their number. */
GAN_API const gan_op *const *gan_ops(int *count);

/* Compares gan_grad of f at x[0..n-1] with central differences, along random directions drawn from the stream
 * "gradcheck", to the given order (1 or 2). Returns the largest error relative to 1 + |value|; infinity if
 * something failed. In float32, expect 1e-4 to 1e-2; meaningful to 1e-6 only in the double build. */
typedef gan_tensor *(*gan_check_fn)(void *user, gan_tensor *const *x, int n);
typedef struct gan_check_opts {
    double step;   /* of the differences; 0: 1e-5 in double, 1e-2 in float */
    int order;     /* 1 or 2; 0: 1 */
    int trials;    /* random directions; 0: 3 */
} gan_check_opts;
GAN_API double gan_grad_check(gan_check_fn f, void *user, gan_tensor *const *x, int n, gan_check_opts opts);

#ifdef __cplusplus
}
#endif
#endif
