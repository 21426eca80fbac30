/* Weights in files: safetensors, in PyTorch's names and layout. */
#ifndef GAN_CHECKPOINT_H
#define GAN_CHECKPOINT_H

#include <gan/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes m's parameters and buffers, named as PyTorch's state dict names them. The file is written beside its place,
 * synced and renamed: it appears complete or not at all. */
GAN_API gan_status gan_save_weights(gan_module *m, const char *path);

/* Reads them: every parameter and buffer of m must be in the file with its shape. F32 and F64 are accepted, I64 for
 * counters. `prefix` is put before the names ("G_ema." reads a checkpoint's averaged G); NULL: none. Without a prefix, names
 * in the file that m does not have are an error. Nothing is changed unless all is well. Files of others (PyTorch's) have
 * no CRCs; where there are some, they are checked. */
GAN_API gan_status gan_load_weights(gan_module *m, const char *path, const char *prefix);

/* --- looking into a file ---------------------------------------------------------------------------------- */

typedef struct gan_file_tensor {
    const char *name, *type, *shape;  /* "main.0.weight", "F32", "[64, 3, 4, 4]" */
    int64_t count;                    /* of elements */
    int64_t not_finite;               /* of them; the following are of the others, NaN if there are none */
    double mean, deviation, low, high;
} gan_file_tensor;

/* Either function may be NULL. What they get is valid during the call. */
typedef struct gan_file_visitor {
    void (*meta)(void *user, const char *key, const char *value);
    void (*tensor)(void *user, const gan_file_tensor *tensor);
    void *user;
} gan_file_visitor;

/* Calls meta for each pair of a safetensors file's metadata, in the order of the keys, then tensor for each tensor, in the order of
 * their bytes. All of the file is checked before the first call. */
GAN_API gan_status gan_visit_file(gan_ctx *ctx, const char *path, gan_file_visitor visitor);

#ifdef __cplusplus
}
#endif
#endif
