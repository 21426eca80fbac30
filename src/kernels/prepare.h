/* Rows of a product that are made on their way into it, block by block, while they are in the cache. */
#ifndef GAN__PREPARE_H
#define GAN__PREPARE_H

#include <stdint.h>

typedef struct gan__prepare {
    void (*fn)(void *arg, int64_t block, int64_t first, int64_t count); /* makes rows first .. first+count-1, a block's, once */
    void *arg;
} gan__prepare;

#endif
