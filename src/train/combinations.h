/* Options of the trainer that do not go together, or badly. (Tricks see to themselves: gan_trick_type.) */
#ifndef GAN__COMBINATIONS_H
#define GAN__COMBINATIONS_H

#include <gan/train.h>

/* False (raised): two options exclude each other. */
bool gan__combinations_allowed(gan_ctx *ctx, const gan_trainer_opts *o);

/* Tells, through the log, what will train, but hardly as meant. */
void gan__combinations_warn(const gan_module *G, const gan_module *D, gan_shape sample, const gan_trainer_opts *o);

#endif
