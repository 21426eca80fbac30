/* What the built-in layers share. They use the public interface of modules, as those of users do. */
#ifndef GAN__LAYER_IMPL_H
#define GAN__LAYER_IMPL_H

#include <gan/nn.h>

/* Raises "who: name is value, must be at least 1" unless it is. */
bool gan__at_least_one(gan_ctx *ctx, const char *who, const char *name, int64_t value);

/* A new tensor of U(-1/sqrt(fan_in), 1/sqrt(fan_in)) from the stream "init". */
gan_tensor *gan__uniform_by_fan(gan_ctx *ctx, gan_shape shape, int64_t fan_in);

/* A layer's weight and, perhaps, bias; what Linear, Embedding and the convolutions have in common. */
typedef struct gan__weighted {
    bool bias, spectral;
} gan__weighted;

/* Adds "weight" and, if wanted, "bias" [out], initialised by fan_in. A spectral layer's weight is "weight_orig", behind the bias,
 * with the buffers "weight_u" and "weight_v", as PyTorch has them. */
void gan__add_weight_and_bias(gan_module *m, gan_param weight, gan_shape shape, int64_t fan_in, int64_t out, gan__weighted how);

/* The weight alone, with values of the caller's. */
void gan__add_weight(gan_module *m, gan_param weight, gan__weighted how);

/* The values to compute with: the weight, divided by its largest singular value if spectral; the bias, NULL if there is none. */
gan_tensor *gan__weight(gan_module *m, gan_call *call, gan__weighted how);
gan_tensor *gan__bias(gan_module *m, gan_call *call, gan__weighted how);

/* Spectral norm: adds u and v for the parameter just added, m's `weight`-th; the normalised weight. */
void gan__spectral_add(gan_module *m, int weight);
gan_tensor *gan__spectral_weight(gan_module *m, gan_call *call, int weight);

/* Frees a module that could not be added to another: it would stay with the context, out of everybody's reach. */
void gan__free_orphan(gan_module *m);

/* Makes child m's `name`; frees it if that fails. */
void gan__adopt(gan_module *m, const char *name, gan_module *child);

/* Ends a constructor: m, or, after a failure, nil with m freed. */
gan_module *gan__finished(gan_ctx *ctx, gan_module *m);

#endif
