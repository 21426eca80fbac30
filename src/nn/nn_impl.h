/* Modules from inside.
 *
 * A slot is one parameter or buffer of one module. Its value in force is the override if there is one (a set's tensor, during a
 * call on that set), else the module's own tensor. */
#ifndef GAN__NN_IMPL_H
#define GAN__NN_IMPL_H

#include <gan/nn.h>

#include "../tensor/tensor_impl.h"

typedef struct gan__override {
    gan_tensor *value; /* NULL: none */
    int depth;         /* of the scope in which values written during the call live */
    bool written;      /* value was made by gan_call_write */
} gan__override;

typedef struct gan__slot {
    gan_param param; /* its name is local: "weight" */
    gan_module *owner;
    gan__override override;
} gan__slot;

/* A module's slots and those below it in state-dict order, with names below that module. One block of memory, made when first
 * asked for and dropped when the tree changes. */
typedef struct gan__list {
    int count;
    gan_param *params;
    gan__slot **slots;
} gan__list;

struct gan_module {
    gan__object object; /* of the context's list while there is no parent */
    const gan_module_type *type;
    void *data;
    char *name, *path; /* "1", "main.1"; both "" at the root */
    gan_module *parent;
    gan_module **children;
    int n_children, child_room;
    gan__slot *slots;
    int n_slots, slot_room;
    bool training;
    gan_stream *stream; /* NULL: not asked for under the present path */
    gan__list *list;
};

/* What a summary notes of one run of one module. */
typedef struct gan__trace_row {
    const gan_module *module;
    gan_shape in, out;
} gan__trace_row;

typedef struct gan__trace {
    gan__trace_row *rows;
    int count, room;
} gan__trace;

/* The nil of modules and sets: see gan_ctx.none. */
static inline gan_module *gan__nil_module(gan_ctx *ctx) { return (gan_module *)&ctx->none; }

/* An array in pool memory that has room for one more entry, doubling when full. False (raised): no memory. */
bool gan__array_grow(gan_ctx *ctx, void **array, int *room, int count, size_t size);

/* NULL (raised) without memory, or for nil. */
const gan__list *gan__list_of(const gan_module *m);

/* The path of m below root, "" for root itself; NULL if it is not in root's tree. Lives as long as m's path. */
const char *gan__path_below(const gan_module *root, const gan_module *m);

/* A run aside from training: in evaluation mode, without a graph. What a forward may change even so is put back at the end: modes
 * (of each module by itself), positions of streams (a module of the user's may draw), counts. Raises without memory; ends in any
 * case. */
typedef struct gan__aside {
    gan_module *module;
    int n_counters;
    int64_t *counters;
    bool *training; /* NULL: there was no memory, nothing is to be put back */
    int64_t conv_calls[3];
} gan__aside;
gan__aside gan__aside_begin(gan_module *m);
void gan__aside_end(gan__aside *a);

gan_output gan__call_traced(gan_module *m, gan_input in, gan_call_opts opts, gan__trace *trace);

/* Runs two modules of a Sequential in one go where there is an op for the pair: a (leaky) ReLU behind a convolution, a dense
 * layer or a batch norm in training. NULL: there is none, or someone wants to see what comes between. */
gan_tensor *gan__call_pair(gan_call *call, gan_module *first, gan_module *second, gan_tensor *x);

/* gan_call_child of a module whose result goes straight to `next` (NULL: nobody knows where). A layer may ask, before it runs a
 * child of its own, whether that is a batch norm in training, which wants the mean and variance of what it gets. */
gan_tensor *gan__call_before(gan_call *call, gan_module *child, const gan_module *next, gan_tensor *x);
bool gan__call_into_norm(const gan_call *call);

extern const gan_module_type gan__batch_norm_type, gan__linear_type, gan__conv_type, gan__conv_transpose_type;
gan_tensor *gan__batch_norm_leaky_forward(gan_module *m, gan_call *call, gan_tensor *x, double slope);
gan_tensor *gan__linear_leaky_forward(gan_module *m, gan_call *call, gan_tensor *x, double slope);
gan_tensor *gan__conv_leaky_forward(gan_module *m, gan_call *call, gan_tensor *x, double slope);
bool gan__leaky_slope(const gan_module *m, double *slope); /* is it LeakyReLU, with a slope of at least 0, or ReLU? */

/* Fills values [rows, cols] with orthonormal rows or columns, whichever are fewer, times gain; normal draws in, Haar-distributed
 * out. False (raised) without memory. */
bool gan__orthogonalise(gan_ctx *ctx, gan_real *values, int64_t rows, int64_t cols, double gain);

extern const gan_module_type gan__branches_type;

/* The running statistics of the set, anew: means over `batches` equal parts of x. A run aside. */
bool gan__has_batch_norm(const gan_module *m);
void gan__batch_norm_estimate(gan_module *m, const gan_set *set, gan_tensor *x, int batches);

/* Power iteration for every spectral layer, on the set alone: its u and v become others. */
void gan__spectral_settle(gan_module *m, const gan_set *set, int iterations);

/* The distribution of a fresh embedding is its own: N(0, 1). */
extern const gan_module_type gan__embedding_type;

#endif
