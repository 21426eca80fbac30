/* Parameters in files: between our layout and PyTorch's. */
#ifndef GAN__WEIGHTS_H
#define GAN__WEIGHTS_H

#include <gan/checkpoint.h>

#include "safetensors.h"

/* The shape that p, or anything of p's shape (a moment, an average), has in a file. ndim -1: p's shape and layout do not fit. */
gan_shape gan__layout_shape(const gan_param *p);

/* Permutes gan_count(p->tensor) numbers. src and dst must not overlap. */
void gan__layout_to_file(const gan_param *p, const gan_real *src, gan_real *dst);
void gan__layout_from_file(const gan_param *p, const gan_real *src, gan_real *dst);

/* Adds `values`, which have p's shape, under `name`; both are borrowed until the file is written. Integer parameters become
 * I64. */
void gan__weights_add_one(gan__st_writer *w, const char *name, const gan_param *p, const gan_tensor *values);
/* Reads them back by gan__overwrite; the caller commits. False (raised) if they are missing or of another shape. */
bool gan__weights_read_one(gan__st *file, const char *name, const gan_param *p, gan_tensor *into, const char *who);

/* All of m's parameters and buffers, `prefix` (NULL: none) before their names; with a set: its values instead of m's. */
void gan__weights_add(gan__st_writer *w, const char *prefix, gan_module *m, const gan_set *set);
/* Checks all names, shapes and types before anything is read; one message lists what does not fit. Then reads all, into m or
 * into the set's tensors, by gan__overwrite; the caller commits. `strict`: names in the file that begin with the prefix and that
 * m does not have are an error. */
bool gan__weights_read(gan__st *file, const char *prefix, gan_module *m, const gan_set *set, bool strict, const char *who);

#endif
