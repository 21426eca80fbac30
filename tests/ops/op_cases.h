/* Cases for test_ops, which walks the table of ops. A group is a file cases_<group>.c with its golden values in
 * tests/golden/ops/<group>.safetensors, which make_ops_<group>.py writes. A new group needs a line in OP_GROUPS. */
#ifndef OP_CASES_H
#define OP_CASES_H

#include <gan/op.h>
#include <gan/ops.h>

/* One use of an op (or of a composite of ops) with golden values. The inputs that have a golden gradient are its differentiable
 * ones. By them, gradients are compared with the golden ones; and with central differences up to `order` in the double build. */
typedef struct op_case {
    const char *op;   /* the name in the table: "gan_add"; a composite: its function's name */
    const char *name; /* unique in its group: the golden tensors are NAME.in0, NAME.out, ... */
    gan_tensor *(*call)(gan_tensor *const *in);
    int n_in;
    int order;        /* of the derivatives to check by differences; 0 at kinks, or where there is no gradient at all */
    double tolerance; /* of the comparison with golden values in the float build; 0: 1e-5 */
} op_case;

/* A wrong use: raises an error whose message has the op's name and the needles (both shapes, where there are two). */
typedef struct op_bad {
    const char *op;
    gan_tensor *(*call)(gan_ctx *ctx);
    const char *needles[2]; /* NULL: none */
} op_bad;

/* What is wrong for an op that takes any shape. */
static inline gan_tensor *op_released(gan_ctx *ctx) {
    gan_tensor *t = gan_ones(ctx, gan_shape1(3));
    gan_release(t);
    return t;
}

/* A use with large random inputs, so that work is split: values and gradients have the same bits for any number of threads. */
typedef struct op_large {
    const char *op;
    gan_tensor *(*call)(gan_tensor *const *in);
    int n_in;
    gan_shape shapes[4];
} op_large;

typedef struct op_group {
    const char *name;
    const op_case *cases;
    int n_cases;
    const op_bad *bads;
    int n_bads;
    const op_large *larges;
    int n_larges;
} op_group;

#define OP_COUNT(array) (int)(sizeof(array) / sizeof *(array))

/* Defines op_group_<group> from the arrays `cases`, `bads` and `larges` of its file. */
#define OP_GROUP(group)                                                                                                   \
    const op_group op_group_##group = {#group,         cases,  OP_COUNT(cases),                                           \
                                       bads,           OP_COUNT(bads),                                                    \
                                       larges,         OP_COUNT(larges)}

#define OP_GROUPS(X) \
    X(arith)  \
    X(reduce) \
    X(shape)  \
    X(matmul) \
    X(act)    \
    X(conv)   \
    X(pool)   \
    X(norm)   \
    X(compare)

#define OP_GROUP_DECLARE(group) extern const op_group op_group_##group;
OP_GROUPS(OP_GROUP_DECLARE)
#undef OP_GROUP_DECLARE

#endif
