/* Tensors and gradients.
 *
 * A tensor is a dense row-major array of gan_real with up to five dimensions (none: a scalar). Images are
 * [n, h, w, c]. Ops take and return handles; they never return NULL, and never fail loudly: after the first
 * error of a context every op returns the context's nil tensor, which is also what they make of a nil input. */
#ifndef GAN_TENSOR_H
#define GAN_TENSOR_H

#include <gan/random.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_tensor gan_tensor;

#define GAN_MAX_DIMS 5

typedef struct gan_shape {
    int ndim;                /* 0 to GAN_MAX_DIMS; negative: no shape (that of a nil tensor) */
    int64_t d[GAN_MAX_DIMS]; /* d[0..ndim-1] >= 0, the rest 0 */
} gan_shape;

GAN_API gan_shape gan_shape0(void);
GAN_API gan_shape gan_shape1(int64_t a);
GAN_API gan_shape gan_shape2(int64_t a, int64_t b);
GAN_API gan_shape gan_shape3(int64_t a, int64_t b, int64_t c);
GAN_API gan_shape gan_shape4(int64_t a, int64_t b, int64_t c, int64_t d);
GAN_API gan_shape gan_shape5(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e);
GAN_API int64_t gan_shape_count(gan_shape shape); /* the product of the dimensions; 1 for a scalar,
                                                         INT64_MAX if it is greater than that */
GAN_API bool gan_shape_equal(gan_shape a, gan_shape b);

/* "[64, 32, 32, 3]" into text; returns text. GAN_SHAPE_TEXT bytes always suffice. */
#define GAN_SHAPE_TEXT 112
GAN_API const char *gan_shape_text(gan_shape shape, char text[GAN_SHAPE_TEXT]);

/* --- making tensors: owned by the innermost scope --------------------------------------------------------- */

GAN_API gan_tensor *gan_full(gan_ctx *ctx, gan_shape shape, double value);
GAN_API gan_tensor *gan_zeros(gan_ctx *ctx, gan_shape shape);
GAN_API gan_tensor *gan_ones(gan_ctx *ctx, gan_shape shape);
GAN_API gan_tensor *gan_scalar(gan_ctx *ctx, double value);

/* Copies gan_shape_count(shape) numbers from values. */
GAN_API gan_tensor *gan_from(gan_ctx *ctx, gan_shape shape, const gan_real *values);

/* N(0, 1), and U[0, 1), from the stream "noise" or from one of the caller's. */
GAN_API gan_tensor *gan_randn(gan_ctx *ctx, gan_shape shape);
GAN_API gan_tensor *gan_rand(gan_ctx *ctx, gan_shape shape);
GAN_API gan_tensor *gan_randn_from(gan_stream *stream, gan_shape shape);
GAN_API gan_tensor *gan_rand_from(gan_stream *stream, gan_shape shape);

/* N(0, 1) on condition that |x| <= bound, bound > 0: by the inverse of its distribution function. */
GAN_API gan_tensor *gan_truncated_randn_from(gan_stream *stream, gan_shape shape, double bound);

/* --- looking at tensors ----------------------------------------------------------------------------------- */

GAN_API gan_ctx *gan_ctx_of(const gan_tensor *t);
GAN_API gan_shape gan_shape_of(const gan_tensor *t); /* ndim is -1 for nil */
GAN_API int64_t gan_count(const gan_tensor *t);      /* number of elements; 0 for nil */
GAN_API bool gan_is_nil(const gan_tensor *t);

/* The value of a tensor of one element; NaN for nil (and an error for any other count). */
GAN_API double gan_item(const gan_tensor *t);

/* The elements, row-major, to read; NULL for nil. Valid while the handle lives and nothing is written to it. */
GAN_API const gan_real *gan_data(const gan_tensor *t);

/* Writes count numbers over the elements of t, a tensor without history such as a parameter. Graphs that saved
 * the old values become stale: differentiating through them is GAN_E_STALE. A completed step of its own: a later error does not
 * undo it. */
GAN_API void gan_assign(gan_tensor *t, const gan_real *values, int64_t count);

/* A name for messages, such as "main.0.weight"; copied. */
GAN_API void gan_name(gan_tensor *t, const char *name);

/* --- lifetime --------------------------------------------------------------------------------------------- */

/* Moves t, with its graph, to the scope outside the innermost one; returns t. For helpers that return tensors. */
GAN_API gan_tensor *gan_scope_return(gan_tensor *t);

/* A detached tensor with the same elements that no scope releases: free it with gan_release. */
GAN_API gan_tensor *gan_keep(gan_tensor *t);

/* Releases the handle now. Using it afterwards is GAN_E_RELEASED. nil and NULL are fine. */
GAN_API void gan_release(gan_tensor *t);

/* The same elements without history: gradients do not pass. Owned by the innermost scope; no copy. */
GAN_API gan_tensor *gan_detach(gan_tensor *t);

/* --- gradients -------------------------------------------------------------------------------------------- */

typedef struct gan_grad_opts {
    bool create_graph; /* record the gradient's own computation, so that it can be differentiated again */
    bool allow_unused; /* a variable that y does not depend on gives zeros instead of GAN_E_GRAPH */
    gan_tensor *seed;  /* cotangent of y, of y's shape; NULL: 1, and y must have one element */
} gan_grad_opts;

/* dy/dx, of x's shape. The graph stays as it is; only what lies between y and x is visited. */
GAN_API gan_tensor *gan_grad(gan_tensor *y, gan_tensor *x, gan_grad_opts opts);

/* dy/dx[i] into grads[i] for n variables in one pass. Entries of grads are nil after an error. */
GAN_API void gan_grads(gan_tensor *y, gan_tensor *const *x, int n, gan_tensor **grads, gan_grad_opts opts);

#ifdef __cplusplus
}
#endif
#endif
