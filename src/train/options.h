/* The trainer's options by name: "d.lr", "n_critic". For checkpoints, and for whoever sets options from text. */
#ifndef GAN__OPTIONS_H
#define GAN__OPTIONS_H

#include <gan/train.h>

int gan__option_count(void);
const char *gan__option_name(int index);

/* The value as text that reads back exactly. GAN__OPTION_TEXT bytes always suffice. */
#define GAN__OPTION_TEXT 48
const char *gan__option_text(const gan_trainer_opts *opts, int index, char text[GAN__OPTION_TEXT]);

#endif
