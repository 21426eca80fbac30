/* Tricks from inside: what the trainer and its checkpoint need. */
#ifndef GAN__TRICK_IMPL_H
#define GAN__TRICK_IMPL_H

#include <gan/tricks.h>

#include "../tensor/tensor_impl.h"

#define GAN__TRICK_COUNTS 8

struct gan_trick_count {
    const char *name;
    gan__counter counter;
};

typedef struct gan__trick_tensor {
    char *name;
    gan_tensor *tensor;
} gan__trick_tensor;

struct gan_trick {
    gan__object object;
    const gan_trick_type *type;
    void *data;
    gan_trick_opts opts;
    bool taken; /* by a trainer */
    int n_tensors, tensor_room, n_counts;
    gan__trick_tensor *tensors;
    gan_trick_count counts[GAN__TRICK_COUNTS];
};

/* gan_trick_new, with a copy of `data`. */
gan_trick *gan__trick_with(gan_ctx *ctx, const gan_trick_type *type, gan_trick_opts opts, const void *data);

/* False (raised, as "who: name ..."): the schedule is unsound or leaves [low, high]. */
bool gan__schedule_within(gan_ctx *ctx, const char *who, const char *name, gan_schedule schedule, double low, double high);

/* Does the net hold a layer whose type's name begins so ("BatchNorm")? */
bool gan__contains_layer(const gan_module *m, const char *type);

/* The name of a weight under spectral norm; NULL if there is none. */
const char *gan__spectral_name(const gan_module *m);

/* Raises unless the loss takes targets. */
void gan__need_targets(const gan_trick *trick, const gan_turn *turn);

/* What D said of the turn's reals and of fakes by the generators `made_by`, for the losses. */
gan_verdict gan__turn_verdict(const gan_turn *turn, gan_tensor *real, gan_tensor *fake, gan_tensor *made_by);

/* The weight of its term at this step, for a player that has made `updates` updates; 0: the term is not due. */
double gan__trick_weight(const gan_trick *trick, int64_t step, int64_t updates);

#endif
