/* Tensors from inside: handles, storage, and the recorded graph.
 *
 *   handle (gan_tensor)   what users hold; belongs to a scope; shape + storage + node
 *   storage               the numbers; counted by handles and by the nodes that saved them
 *   node                  one recorded op: edges to its inputs' nodes, and what its vjp needs
 *
 * Handles point to nodes and nodes to nodes, never nodes to handles: when a handle goes, only what a node saved stays. */
#ifndef GAN__TENSOR_IMPL_H
#define GAN__TENSOR_IMPL_H

#include <gan/op.h>

#include "../base/ctx_impl.h"
#include "../kernels/packed.h"

typedef struct gan__storage {
    int refs;
    uint32_t version; /* moves on when the values it holds are superseded */
    int64_t count;
    gan__packed *packed; /* made from the values: for products whose weights they are */
    struct gan__storage *moments; /* of the values, by their last dimension: means and variances [2, c]; NULL: not taken */
} gan__storage;

/* The numbers start one cache line after the header. */
#define GAN__STORAGE_HEADER 64
static inline gan_real *gan__storage_data(gan__storage *s) { return (gan_real *)((char *)s + GAN__STORAGE_HEADER); }

typedef struct gan__node gan__node;

typedef struct gan__edge {
    gan__node *node;
    gan_shape shape;
    gan__storage *saved; /* NULL: the vjp does not need the values, or `node` can make them again */
    uint32_t version;    /* of saved, when recorded */
} gan__edge;

typedef struct gan__saved {
    gan_shape shape;
    gan__storage *storage;
} gan__saved;

struct gan__node {
    int refs;
    const gan_op *op; /* NULL: a leaf */
    char *name;       /* leaves: the tensor's, may be NULL */
    gan_shape shape;
    gan__saved out, extra[GAN_OP_MAX_EXTRA];
    bool consumed; /* its saved values were released by an optimiser's step */

    /* Of the traversal under way. */
    uint32_t mark;
    bool variable; /* asked for */
    bool below;    /* a variable lies among its inputs, or theirs, ... */
    int64_t index;

    int n_in;
    void *attr;
    gan__edge in[];
};

typedef enum gan__handle_state { GAN__HANDLE_FREE, GAN__HANDLE_LIVE, GAN__HANDLE_RELEASED, GAN__HANDLE_NIL } gan__handle_state;

struct gan_tensor {
    gan__scoped scoped; /* first: scopes release by it */
    gan_ctx *ctx;
    gan__handle_state state;
    gan_shape shape;
    gan__storage *storage; /* NULL: shape only, an input that was not saved */
    gan__node *node;       /* NULL: not (yet) in a graph */
    int64_t undo_epoch;    /* of the state, in which the undo log last noted it; 0: never */
    const char *made_by;   /* for messages */
    char *name;            /* may be NULL */
    gan_tensor *next_free;
};

bool gan__shape_valid(gan_ctx *ctx, gan_shape shape, const char *who); /* raises if not */

gan_tensor *gan__nil(gan_ctx *ctx);

/* A new handle in the innermost scope; takes over neither reference. NULL (raised) without memory. */
gan_tensor *gan__handle(gan_ctx *ctx, gan_shape shape, gan__storage *storage, gan__node *node, const char *made_by);
gan_tensor *gan__alias(gan_tensor *t); /* a second handle to the same tensor, history included */

gan__storage *gan__storage_new(gan_ctx *ctx, int64_t count);
void gan__storage_unref(gan_ctx *ctx, gan__storage *storage);
static inline gan__storage *gan__storage_ref(gan__storage *s) {
    if (s) s->refs++;
    return s;
}

gan__node *gan__leaf(gan_tensor *t); /* t's node, made if there is none; NULL (raised) without memory */
gan__node *gan__record(const gan_op_call *c);
void gan__node_unref(gan_ctx *ctx, gan__node *node);
void gan__node_consume(gan_ctx *ctx, gan__node *node);

/* Input i of a recorded op as its vjp sees it: with values if they were saved, and with its history. `who` is for messages. */
gan_tensor *gan__saved_input(gan_ctx *ctx, const gan__node *node, int i, const char *who);

/* True if t has values, perhaps made again just now (gan_op.again); false: they were not saved, or something was raised. */
bool gan__has_values(gan_tensor *t);

/* True if `t` can be used by `who`; otherwise raises why. nil gives false without raising. */
bool gan__usable(gan_ctx *ctx, const gan_tensor *t, const char *who);

/* The storage of a tensor without history, to overwrite. What was there is kept for rollback and for graphs that saved it, which
 * become stale; `keep`: the new storage starts with the old values. NULL (raised) without memory. */
gan_real *gan__overwrite(gan_tensor *t, bool keep);

/* Where packed weights are kept with w; NULL if w is the result of an op, which is unlikely to be multiplied with often. */
static inline gan__packed **gan__packed_of(const gan_tensor *w) {
    return w->storage && !(w->node && w->node->op) ? &w->storage->packed : NULL;
}

/* For derivatives of which no graph is recorded: the numbers of a gradient that nobody else holds, to be overwritten by what
 * comes of them; NULL: they are somebody's. */
static inline gan_real *gan__own_data(const gan_tensor *g) {
    gan__storage *s = g->storage;
    return g->ctx && g->ctx->no_record && s && s->refs == 1 && !s->packed && !s->moments ? gan__storage_data(s) : NULL;
}

/* Moves a handle to the scope at `depth`, 0 being the context itself. */
void gan__move_to_scope(gan_tensor *t, int depth);

typedef struct gan__grad_opts {
    bool create_graph;
    bool consume; /* release what the visited nodes saved, as soon as it was used */
    gan_tensor *seed;
    const char *who; /* for messages */
} gan__grad_opts;

/* As gan_grads, but an absent gradient is NULL. False if something was raised or is nil; then all are NULL. */
bool gan__grads(gan_tensor *y, gan_tensor *const *x, int n, gan_tensor **grads, gan__grad_opts opts);

extern const gan_op gan__op_accumulate; /* a + b of equal shape: how gradients are summed */

#endif
