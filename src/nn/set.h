/* Sets of values from inside. */
#ifndef GAN__SET_H
#define GAN__SET_H

#include "nn_impl.h"

struct gan_set {
    gan__object object;
    int count;
    gan_tensor **tensors; /* of no scope */
};

/* True if the set has list's shapes; otherwise raises. */
bool gan__set_fits(const gan_set *set, const gan__list *list, const char *who);

/* Makes t entry i: the handle itself, out of its scope. Cannot fail, so that a call's buffers are taken over all together. */
void gan__set_take(const gan_set *set, int i, gan_tensor *t);

#endif
