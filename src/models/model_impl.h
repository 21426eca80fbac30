/* What the ready-made models share. */
#ifndef GAN__MODEL_IMPL_H
#define GAN__MODEL_IMPL_H

#include <gan/models.h>

#include "../nn/nn_impl.h"

/* A model's own data. */
typedef struct gan__model {
    gan_shape sample; /* what it takes, without n */
} gan__model;

extern const gan_module_type gan__dcgan_generator_type, gan__mlp_generator_type;

/* A module of this type around an empty Sequential named "main". */
gan_module *gan__model_new(gan_ctx *ctx, const gan_module_type *type, gan_shape sample);
gan_module *gan__model_main(const gan_module *m);

/* Adds a layer to "main"; frees it if that fails. */
void gan__model_add(gan_module *main, gan_module *layer);

/* Ends a constructor: m, or, after a failure, nil with m freed. */
gan_module *gan__model_made(gan_ctx *ctx, gan_module *m);

/* True if x is [n, sample...]; otherwise raises. */
bool gan__model_takes(const gan_module *m, const gan_tensor *x);

void gan__model_describe(const gan_module *m, char *text, size_t size);

/* Raises "who: name is value, must be at least 1" unless it is. */
bool gan__model_count(gan_ctx *ctx, const char *who, const char *name, int64_t value);

/* Forwards: [n, ...] through "main"; and the same with the result [n, 1...] flattened to logits [n]. */
gan_tensor *gan__model_forward(gan_module *m, gan_call *call, gan_tensor *x);
gan_tensor *gan__model_logits(gan_module *m, gan_call *call, gan_tensor *x);

#endif
