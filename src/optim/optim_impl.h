/* Optimisers from inside: what the trainer and its checkpoint need. */
#ifndef GAN__OPTIM_IMPL_H
#define GAN__OPTIM_IMPL_H

#include <gan/optim.h>

#include "../kernels/update.h"
#include "../tensor/tensor_impl.h"

gan_ctx *gan__optim_ctx(const gan_optim *o);
const gan_optim_opts *gan__optim_opts(const gan_optim *o);

/* The rate of its steps: gan_optim_lr times a factor, 1 at first. The factor is no state of its own: who sets it sets it before
 * each step. */
double gan__optim_rate(const gan_optim *o);
void gan__optim_set_factor(gan_optim *o, double factor);

/* A moment's name in files, as in PyTorch's optimiser state ("exp_avg"); NULL: the rule keeps fewer. */
const char *gan__optim_moment_name(const gan_optim *o, int moment);

/* The trained parameters of the module, in its order, when the optimiser was made. */
int gan__optim_count(const gan_optim *o);
const gan_param *gan__optim_param(const gan_optim *o, int index);
gan_tensor *gan__optim_moment(const gan_optim *o, int index, int moment); /* NULL: the rule keeps fewer */

/* Updates of one parameter, and steps of the whole. */
gan__counter *gan__optim_param_counter(const gan_optim *o, int index);
gan__counter *gan__optim_counter(gan_optim *o);

gan__counter *gan__ema_counter(gan_ema *e);

/* gan_ema_update before the step that `updates` describes, one for each of `variables`: the averages of values that it changes
 * are left to it, the others move on. Not committed. False (raised): to be undone. */
bool gan__ema_join(gan_ema *e, gan_ctx *ctx, gan_tensor *const *variables, gan__update *updates, int count,
                   const char *who);

/* A tensor's values and the place for new ones. False (raised): no memory. */
bool gan__open_pair(gan_tensor *t, gan__pair *pair);

#endif
