/* Golden values: safetensors files of F64 tensors, made by the scripts under tests/golden. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <gan/tensor.h>

typedef struct golden golden;

typedef struct golden_tensor {
    gan_shape shape;
    const double *data; /* lives as long as the file is open */
} golden_tensor;

/* `name` is relative to tests/golden. The running test fails if the file cannot be read. */
golden *golden_open(const char *name);
void golden_close(golden *g);

bool golden_has(const golden *g, const char *key);
golden_tensor golden_get(const golden *g, const char *key); /* the test fails if there is none */
gan_tensor *golden_make(const golden *g, gan_ctx *ctx, const char *key);

/* The largest difference of t from the golden tensor, relative to the latter's largest magnitude (1e-3 at least); infinity if the
 * shapes differ, or if one number is not finite where the other is. */
double golden_distance(const golden *g, const char *key, const gan_tensor *t);

#endif
