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

/* A set on the very numbers of `values`, or of m's own if that is NULL: neither sees what is put into the other. */
gan_set *gan__set_alias(gan_module *m, const gan_set *values);

/* Do both hold the very same numbers, unwritten since one was made of the other? */
bool gan__set_same(const gan_set *a, const gan_set *b);

/* Makes t entry i: the handle itself, out of its scope. Cannot fail, so that a call's buffers are taken over all together. */
void gan__set_take(const gan_set *set, int i, gan_tensor *t);

#endif
