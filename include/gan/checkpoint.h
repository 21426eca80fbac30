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

#ifdef __cplusplus
}
#endif
#endif
