/* An optimiser's steps written in ops: not taken but imagined, so that where they lead can be differentiated. */
#ifndef GAN__VIRTUAL_STEP_H
#define GAN__VIRTUAL_STEP_H

#include "optim_impl.h"

typedef struct gan__virtual_slot {
    gan_tensor *moment[GAN__MOMENTS]; /* as far as imagined; NULL: the rule keeps fewer */
    int64_t updates;
} gan__virtual_slot;

/* One slot for each of o's parameters, with its moments and updates at present; free it with gan__free. NULL (raised) without
 * memory. */
gan__virtual_slot *gan__virtual_start(const gan_optim *o);

/* w[i] becomes what o's next step would make of it, given the gradient g[i]; g[i] NULL: it stays as it is. Clipping and weight
 * decay included. New values and moments belong to the scope outside the innermost one. */
void gan__virtual_step(const gan_optim *o, gan__virtual_slot *slots, gan_tensor **w, gan_tensor **g);

#endif
