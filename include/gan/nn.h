/* Modules: layers with named parameters and buffers, and trees of them. */
#ifndef GAN_NN_H
#define GAN_NN_H

#include <gan/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_module gan_module;
typedef struct gan_call gan_call;

/* How a parameter's elements are laid out here and in PyTorch's state dict, for reading and writing files. */
typedef enum gan_layout {
    GAN_LAYOUT_PLAIN,          /* the same on both sides */
    GAN_LAYOUT_CONV,           /* here [kh,kw,in,out], there [out,in,kh,kw] */
    GAN_LAYOUT_CONV_TRANSPOSE, /* here [kh,kw,out,in], there [in,out,kh,kw] */
    GAN_LAYOUT_FROM_HWC,       /* Linear after a flatten of [h,w,c]: in features are [h,w,c] here, [c,h,w] there */
    GAN_LAYOUT_TO_HWC,         /* Linear (or its bias) before a reshape to [h,w,c]: out features likewise */
    GAN_LAYOUT_IMAGE           /* here [h,w,c], there [c,h,w] */
} gan_layout;

/* A parameter (trained) or buffer (kept) of a module. */
typedef struct gan_param {
    const char *name;   /* full path below the root that was asked: "main.1.weight" */
    gan_tensor *tensor; /* owned by the module */
    bool buffer;
    bool integer;       /* a counter, written to files as int64 ("num_batches_tracked") */
    bool no_decay;      /* biases and norm parameters: left out of weight decay by default */
    gan_layout layout;
    int64_t hwc[3];     /* for the HWC layouts */
} gan_param;

/* --- calling ---------------------------------------------------------------------------------------------- */

/* A list of tensors that stand in for a module's parameters and buffers, in gan_module_params order. */
typedef struct gan_set gan_set;

/* Detached copies of the module's present values. Owned by the context; gan_set_free ends it early. */
GAN_API gan_set *gan_set_of(gan_module *m);
GAN_API void gan_set_free(gan_set *set);
GAN_API int gan_set_count(const gan_set *set);
GAN_API gan_tensor *gan_set_get(const gan_set *set, int index);
/* Puts a tensor (of the same shape) in; the set keeps it alive until it is replaced or the set is freed, with its graph. */
GAN_API void gan_set_put(gan_set *set, int index, gan_tensor *t);
/* Copies the set's values into the module it was made of (or one of the same structure). */
GAN_API void gan_set_store(const gan_set *set, gan_module *m);

#define GAN_MAX_TAPS 32

typedef struct gan_input {
    gan_tensor *x;
    gan_tensor *label; /* [n] class indices; NULL if there are none */
} gan_input;

typedef struct gan_call_opts {
    const gan_set *set;   /* run on these instead of the module's own; buffers are written into the set only */
    const char *const *taps; /* paths of submodules whose output is wanted ("main.4"); "*" alone: all of them */
    int n_taps;
} gan_call_opts;

typedef struct gan_output {
    gan_tensor *y;
    gan_tensor *aux; /* output of a second head; NULL if the module has none */
    int n_taps;
    struct gan_tap {
        const char *path;
        gan_tensor *t;
    } taps[GAN_MAX_TAPS]; /* in the order of computation */
} gan_output;

/* Runs a module. Intermediate handles are released; the outputs belong to the innermost scope of the caller. In training
 * mode buffers (running statistics) are updated. */
GAN_API gan_output gan_module_call(gan_module *m, gan_input in, gan_call_opts opts);

GAN_API gan_tensor *gan_forward(gan_module *m, gan_tensor *x);                           /* x to y */
GAN_API gan_tensor *gan_forward_with(gan_module *m, const gan_set *set, gan_tensor *x); /* on other values */

/* --- the tree --------------------------------------------------------------------------------------------- */

/* Training mode (the mode modules are made in) uses batch statistics and dropout; evaluation mode does not. */
GAN_API void gan_module_train(gan_module *m, bool training);
GAN_API bool gan_module_is_training(const gan_module *m);

/* Parameters and buffers in PyTorch's state-dict order. Pointers stay valid until something is added to the module or below
 * it. An index out of range is an error and gives a parameter without a tensor. */
GAN_API int gan_module_param_count(const gan_module *m);
GAN_API const gan_param *gan_module_param(const gan_module *m, int index);
GAN_API const gan_param *gan_module_find(const gan_module *m, const char *name); /* NULL if there is none */

GAN_API gan_module *gan_module_child(const gan_module *m, const char *path); /* nil, without error, if there is none */
GAN_API gan_ctx *gan_module_ctx(const gan_module *m);
GAN_API bool gan_module_is_nil(const gan_module *m);
GAN_API void gan_module_free(gan_module *m); /* with its children; else the context does it */

/* A table of layers with output shapes, parameters and multiply-adds of one forward of an input of that shape, as text that
 * the caller frees with free(); NULL on failure. */
GAN_API char *gan_module_summary(gan_module *m, gan_shape input);

/* --- modules of one's own --------------------------------------------------------------------------------- */

typedef struct gan_module_type {
    const char *name; /* "Conv2d" */
    gan_tensor *(*forward)(gan_module *m, gan_call *call, gan_tensor *x);
    int64_t (*multiply_adds)(const gan_module *m, gan_shape in, gan_shape out); /* NULL: none */
    void (*describe)(const gan_module *m, char *text, size_t size); /* "16, 32, k4 s2 p1"; NULL: nothing */
    size_t data_bytes; /* of the module's own plain data, zeroed when made */
} gan_module_type;

GAN_API gan_module *gan_module_new(gan_ctx *ctx, const gan_module_type *type);
GAN_API void *gan_module_data(const gan_module *m);
/* Registers a parameter or buffer named p.name; the module takes its own copy of p.tensor's values. Returns its index among
 * the module's own, -1 on failure. */
GAN_API int gan_module_add_param(gan_module *m, gan_param p);
/* The module becomes the owner of the child; after a failure the child stays the context's. Returns the child. */
GAN_API gan_module *gan_module_add_child(gan_module *m, const char *name, gan_module *child);

/* For forward functions: the value in force of the module's own i-th parameter or buffer; another module run as part of this
 * call; a buffer's next value, without its history (ignored in evaluation mode); the mode; the labels, NULL if there are none;
 * the second head's output. */
GAN_API gan_tensor *gan_call_param(gan_call *call, gan_module *m, int index);
GAN_API gan_tensor *gan_call_child(gan_call *call, gan_module *child, gan_tensor *x);
GAN_API void gan_call_write(gan_call *call, gan_module *m, int index, gan_tensor *value);
GAN_API bool gan_call_training(const gan_call *call, const gan_module *m);
GAN_API gan_tensor *gan_call_label(const gan_call *call);
GAN_API void gan_call_aux(gan_call *call, gan_tensor *t);
GAN_API gan_stream *gan_call_stream(gan_call *call, gan_module *m); /* "module/" and the module's path */

/* --- initialisers ----------------------------------------------------------------------------------------- */

typedef enum gan_init_kind {
    GAN_INIT_DEFAULT,    /* PyTorch's: U(-1/sqrt(fan_in), 1/sqrt(fan_in)), biases too */
    GAN_INIT_NORMAL,     /* N(0, gain^2); DCGAN: gain .02 (1511.06434) */
    GAN_INIT_XAVIER,     /* U(+-gain*sqrt(6/(fan_in+fan_out))) (Glorot & Bengio 2010) */
    GAN_INIT_HE,         /* N(0, gain^2*2/fan_in) (1502.01852) */
    GAN_INIT_ORTHOGONAL  /* rows or columns orthonormal, times gain (1312.6120) */
} gan_init_kind;

typedef struct gan_init {
    gan_init_kind kind;
    double gain; /* 0 is 0: use the functions below for filled values */
} gan_init;

GAN_API gan_init gan_init_dcgan(void);      /* normal, .02; norm weights become N(1, .02) */
GAN_API gan_init gan_init_xavier(void);     /* gain 1 */
GAN_API gan_init gan_init_he(void);         /* gain 1 */
GAN_API gan_init gan_init_orthogonal(void); /* gain 1 */

/* Re-initialises all parameters of m from the stream "init", in their order: weights (of two dimensions or more) as said,
 * biases 0 (kind DEFAULT: as PyTorch), norm weights 1 (kind NORMAL: N(1, gain^2), as in DCGAN's code). Norm weights are
 * known by no_decay, biases by their name. Buffers and whatever else there is keep their values. Fans are PyTorch's. */
GAN_API void gan_module_init(gan_module *m, gan_init init);

/* --- layers: owned by the context, or by the module they are added to ------------------------------------- */

typedef struct gan_linear_opts {
    bool no_bias;
    int64_t from_hwc[3]; /* the input is a flattened [h,w,c]; zero: plain */
    int64_t to_hwc[3];   /* the output will be reshaped to [h,w,c]; not together with from_hwc */
    bool spectral;       /* see gan_spectral_refresh */
} gan_linear_opts;
GAN_API gan_module *gan_linear_layer(gan_ctx *ctx, int64_t in, int64_t out, gan_linear_opts opts);

typedef struct gan_conv_layer_opts {
    int kernel_h, kernel_w; /* 0 is an error; kernel_w 0: as kernel_h */
    gan_conv_opts conv;
    bool no_bias;
    bool spectral; /* see gan_spectral_refresh */
} gan_conv_layer_opts;
GAN_API gan_conv_layer_opts gan_conv_layer_square(int kernel, int stride, int pad); /* with bias */
GAN_API gan_module *gan_conv2d_layer(gan_ctx *ctx, int64_t in, int64_t out, gan_conv_layer_opts opts);
GAN_API gan_module *gan_conv_transpose2d_layer(gan_ctx *ctx, int64_t in, int64_t out, gan_conv_layer_opts opts);

typedef struct gan_norm_opts {
    double eps;      /* 0: 1e-5 */
    double momentum; /* weight of the new batch in the running statistics; 0: 0.1 */
    bool no_affine;
} gan_norm_opts;
GAN_API gan_module *gan_batch_norm_layer(gan_ctx *ctx, int64_t channels, gan_norm_opts opts);
GAN_API gan_module *gan_layer_norm_layer(gan_ctx *ctx, gan_shape sample, gan_norm_opts opts); /* shape without n */
/* Running statistics for weights that did not come out of training steps, such as averaged ones: those of every batch norm of m,
 * or of the values in `set` if that is not NULL, become the means (of means, and of sample variances) over `batches` equal parts
 * of x, an input of m; 16 or more serve. Batch norms use each batch's own statistics meanwhile, all else evaluates; those that
 * evaluate while m trains are frozen, and keep what they have. A completed step of its own: all or, after an error, nothing. */
GAN_API void gan_batch_norm_refresh(gan_module *m, const gan_set *set, gan_tensor *x, int batches);
GAN_API gan_module *gan_instance_norm_layer(gan_ctx *ctx, int64_t channels, gan_norm_opts opts);

GAN_API gan_module *gan_dropout_layer(gan_ctx *ctx, double p); /* rests in evaluation mode */
/* The same in both modes, as a source of noise (1611.07004). Evaluation draws from a stream of its own, "evaluation dropout", so
 * that looking at samples does not change training. */
GAN_API gan_module *gan_dropout_always_layer(gan_ctx *ctx, double p);
GAN_API gan_module *gan_maxout_layer(gan_ctx *ctx, int pieces);
typedef struct gan_embedding_opts {
    bool spectral; /* see gan_spectral_refresh */
} gan_embedding_opts;
GAN_API gan_module *gan_embedding_layer(gan_ctx *ctx, int64_t count, int64_t dim, gan_embedding_opts opts); /* N(0, 1) */
GAN_API gan_module *gan_leaky_relu_layer(gan_ctx *ctx, double slope);
GAN_API gan_module *gan_relu_layer(gan_ctx *ctx);
GAN_API gan_module *gan_tanh_layer(gan_ctx *ctx);
GAN_API gan_module *gan_sigmoid_layer(gan_ctx *ctx);
GAN_API gan_module *gan_softplus_layer(gan_ctx *ctx);
GAN_API gan_module *gan_flatten_layer(gan_ctx *ctx);
GAN_API gan_module *gan_reshape_layer(gan_ctx *ctx, gan_shape sample); /* [n, ...] -> [n, sample...] */
GAN_API gan_module *gan_pixel_shuffle_layer(gan_ctx *ctx, int r);
GAN_API gan_module *gan_upsample_layer(gan_ctx *ctx, int factor);
GAN_API gan_module *gan_avg_pool_layer(gan_ctx *ctx, gan_pool_opts opts);
GAN_API gan_module *gan_max_pool_layer(gan_ctx *ctx, gan_pool_opts opts);

/* Spectral norm (1802.05957), an option of Linear, Conv2d, ConvTranspose2d and Embedding, as PyTorch's
 * torch.nn.utils.spectral_norm: computes with W/sigma, sigma = u^T W v, W the matrix [out, everything else]. Each forward in
 * training mode takes one step of power iteration first, v = W^T u/|W^T u|, u = W v/|W v|, and keeps u and v as buffers;
 * evaluation takes none. Gradients pass through sigma, u and v being constants. The parameter is "weight_orig", the buffers are
 * "weight_u" and "weight_v".
 *
 * This takes `iterations` (at least 1) steps for every spectral layer of m, or of the values in `set` if that is not NULL, for
 * weights that did not come out of training steps: averaged ones, for which the average of u and v means little. New layers and
 * gan_module_init start with GAN_SPECTRAL_START steps. A completed step of its own: all or, after an error, nothing. */
#define GAN_SPECTRAL_START 15
GAN_API void gan_spectral_refresh(gan_module *m, const gan_set *set, int iterations);

/* Minibatch discrimination (1606.03498): f(x) [n, a] times the parameter "weight" (the paper's T; [kernels*dims, a]) gives m
 * [n, kernels, dims]; gan_batch_similarity of it is appended: [n, a] -> [n, a + kernels]. `sample` is [a], or [h, w, c]: then f
 * is x flattened, and the similarities are kernels more channels, constant over the image. Give D real and generated samples in
 * calls of their own. */
typedef struct gan_minibatch_opts {
    int64_t kernels; /* B; 0: 100 */
    int64_t dims;    /* C; 0: 5 */
} gan_minibatch_opts;
GAN_API gan_module *gan_minibatch_discrimination_layer(gan_ctx *ctx, gan_shape sample, gan_minibatch_opts opts);

/* Minibatch standard deviation (1710.10196, code): for each group, sqrt(var + 1e-8) of every feature over its samples, averaged
 * over the features, as one more channel: [n, h, w, c] -> [n, h, w, c+1], [n, c] -> [n, c+1]. With m groups, sample i is in group
 * i mod m, as in the paper's code. A group has `group` samples (0: 4), or the largest number below that divides n. */
GAN_API gan_module *gan_minibatch_stddev_layer(gan_ctx *ctx, int group);

/* Self-attention (1805.08318): y = x + gamma*o, o = gan_attention(f(x), g(x), h(x)), where f and g are 1x1 convolutions to
 * channels/8 (at least 1), h one to `channels`; no biases. gamma [1] starts at 0. On maps of more than pool_above rows or columns
 * g(x) and h(x) are max-pooled 2x2 (code). Children "f", "g", "h". [n, h, w, channels] to the same. */
typedef struct gan_attention_opts {
    int pool_above; /* 0: 32; negative: never */
    bool spectral;  /* of the three convolutions */
} gan_attention_opts;
GAN_API gan_module *gan_self_attention_layer(gan_ctx *ctx, int64_t channels, gan_attention_opts opts);

/* Virtual batch norm (1606.03498): the first `reference` samples of its input are the reference batch. They are normalised by
 * their own statistics, each other sample by those of reference batch and itself together, weighted reference : 1; so samples do
 * not depend on each other. x [n, c] or [n, h, w, c], n >= reference; gamma and beta as batch norm's; no running statistics, the
 * same in both modes (opts.momentum is not used). gan_with_reference puts the reference batch there. */
GAN_API gan_module *gan_virtual_batch_norm_layer(gan_ctx *ctx, int64_t channels, int64_t reference, gan_norm_opts opts);

/* y = inner([reference; x]) without its first rows: runs `inner`, its child "inner", on a fixed reference batch followed by the
 * input. `reference` [r, ...] is copied into the buffer "reference". The labels of a call are not passed through it sensibly: use
 * it for modules that do not ask for them. */
GAN_API gan_module *gan_with_reference(gan_ctx *ctx, gan_module *inner, gan_tensor *reference);

/* Runs its children in order; they are named "0", "1", ... Becomes their owner. */
GAN_API gan_module *gan_sequential(gan_ctx *ctx);
GAN_API gan_module *gan_sequential_add(gan_module *sequential, gan_module *layer); /* returns the layer */

/* Several modules in the place of one: row i of the input goes through branch i mod k, and its result is row i of the output.
 * Children "0", "1", ..., of which it becomes the owner. A batch norm in a branch has the statistics of that branch's rows, one
 * behind it those of all. The labels of a call are not shared out: use it for modules that do not ask for them. Branches for
 * which there is no row do not run. */
#define GAN_MAX_BRANCHES 64
GAN_API gan_module *gan_branches(gan_ctx *ctx);
GAN_API gan_module *gan_branches_add(gan_module *branches, gan_module *branch); /* returns the branch */

#ifdef __cplusplus
}
#endif
#endif
