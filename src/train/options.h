/* The trainer's options by name: "d.lr", "n_critic". For checkpoints, and for whoever sets options from text. */
#ifndef GAN__OPTIONS_H
#define GAN__OPTIONS_H

#include <gan/option.h>
#include <gan/train.h>

extern const gan_option gan__trainer_options[]; /* of gan_trainer_opts */

#endif
