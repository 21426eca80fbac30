/* What the ready-made models share. */
#ifndef GAN__MODEL_IMPL_H
#define GAN__MODEL_IMPL_H

#include <gan/models.h>

#include "../nn/layer_impl.h"
#include "../nn/nn_impl.h"

/* A model's own data. */
typedef struct gan__model {
    gan_shape sample;    /* what it takes, without n */
    int64_t logits, aux; /* of a discriminator */
    int64_t reference;   /* of a generator: samples in the buffer "reference", its first; 0: none */
    int generators;      /* how many of them share the net; 0: 1 */
} gan__model;

extern const gan_module_type gan__dcgan_generator_type, gan__mlp_generator_type, gan__resnet_generator_type;

/* A module of this type; with an empty Sequential named "main", to which _add adds. */
gan_module *gan__model_bare(gan_ctx *ctx, const gan_module_type *type, gan_shape sample);
gan_module *gan__model_new(gan_ctx *ctx, const gan_module_type *type, gan_shape sample);
gan_module *gan__model_main(const gan_module *m);

/* Adds a layer to "main", or to a bare model under a name; frees it if that fails. NULL adds nothing. */
void gan__model_add(gan_module *main, gan_module *layer);
void gan__model_adopt(gan_module *m, const char *name, gan_module *layer);

/* D's last layer is the last of "main", or of the model's children before "aux"; this notes how many logits it gives, and adds
 * the second head, if any. */
void gan__model_heads(gan_module *m, int64_t logits, int64_t aux, gan_module *head);

/* Notes of how many generators it is the net. */
void gan__model_share(gan_module *m, int generators);

/* The reference batch of virtual batch norm, if `reference` is not 0: latents from the stream "init". */
void gan__model_refer(gan_module *m, int64_t reference);

/* Ends a constructor: m, or, after a failure, nil with m freed. */
gan_module *gan__model_made(gan_ctx *ctx, gan_module *m);

/* True if x is [n, sample...]; otherwise raises. */
bool gan__model_takes(const gan_module *m, const gan_tensor *x);

void gan__model_describe(const gan_module *m, char *text, size_t size);

/* Raises "who: name is value, must be at least 1" unless it is. */
bool gan__model_count(gan_ctx *ctx, const char *who, const char *name, int64_t value);

/* Forwards: all layers, with the reference batch before the input if there is one; a discriminator's, with its result
 * [n, 1, 1, k] or [n, k] as logits, and the second head's. */
gan_tensor *gan__model_forward(gan_module *m, gan_call *call, gan_tensor *x);
gan_tensor *gan__model_logits(gan_module *m, gan_call *call, gan_tensor *x);

#endif
