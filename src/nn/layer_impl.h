/* What the built-in layers share. They use the public interface of modules, as those of users do. */
#ifndef GAN__LAYER_IMPL_H
#define GAN__LAYER_IMPL_H

#include <gan/nn.h>

/* Raises "who: name is value, must be at least 1" unless it is. */
bool gan__at_least_one(gan_ctx *ctx, const char *who, const char *name, int64_t value);

/* A new tensor of U(-1/sqrt(fan_in), 1/sqrt(fan_in)) from the stream "init". */
gan_tensor *gan__uniform_by_fan(gan_ctx *ctx, gan_shape shape, int64_t fan_in);

/* Adds "weight" and, if wanted, "bias" [out], both so initialised: what Linear and the convolutions have in common. */
void gan__add_weight_and_bias(gan_module *m, gan_param weight, gan_shape shape, int64_t fan_in, int64_t out, bool no_bias);

/* Ends a constructor: m, or, after a failure, nil with m freed. */
gan_module *gan__finished(gan_ctx *ctx, gan_module *m);

#endif
