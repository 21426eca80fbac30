/* One training step, without its transaction. */
#ifndef GAN__STEP_H
#define GAN__STEP_H

#include "trainer_impl.h"

void gan__step_in_turn(gan_trainer *t, gan_step_info *info);
void gan__step_at_once(gan_trainer *t, gan_step_info *info);

#endif
