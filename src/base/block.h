/* A block of the pool: this header, right before the data, at a multiple of GAN__ALIGN. */
#ifndef GAN__BLOCK_H
#define GAN__BLOCK_H

#include <stdint.h>

#include "memory.h"

#define GAN__ALIGN 64
#define GAN__LARGE_PAGE ((size_t)2 << 20) /* of most processors */

struct gan__block {
    gan__block *next; /* of the free ones */
    void *raw;        /* what was given for it */
    size_t raw_size;
    size_t capacity; /* of the data */
    size_t counted;  /* as in use: its class may be larger than was needed */
    int class;       /* GAN__CLASSES: a large block */
    int64_t pages;   /* of a large block: how many are there */
};
_Static_assert(sizeof(gan__block) <= GAN__ALIGN, "the header must fit before the data");

static inline char *gan__block_data(gan__block *b) { return (char *)b + GAN__ALIGN; }
static inline gan__block *gan__block_of(void *data) { return (gan__block *)((char *)data - GAN__ALIGN); }

#if defined(__SANITIZE_ADDRESS__)
#define GAN__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GAN__ASAN 1
#endif
#endif
#ifdef GAN__ASAN
#include <sanitizer/asan_interface.h>
#define GAN__POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define GAN__UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define GAN__POISON(p, n) ((void)(p), (void)(n))
#define GAN__UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#endif
