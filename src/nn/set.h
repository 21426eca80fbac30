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

/* Puts a second handle of t in place of entry i. Raises without memory, and leaves the entry. */
void gan__set_replace(const gan_set *set, int i, gan_tensor *t);

#endif
