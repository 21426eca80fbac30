/* The pool: blocks that are kept when freed and handed out again, small ones in size classes. */
#ifndef GAN__MEMORY_H
#define GAN__MEMORY_H

#include <gan/context.h>

/* Four classes to each doubling, from 256 bytes up: at most a fifth of a larger block is unused. */
#define GAN__CLASSES 160

typedef struct gan__block gan__block;

/* See large.c. */
typedef struct gan__large {
    gan__block *free;  /* the latest first */
    bool asked, moves; /* whether the system can move pages */
    int64_t pages;     /* that all ranges have room for */
    int64_t empty;     /* free ranges without pages */
} gan__large;

typedef struct gan__pool {
    gan_allocator from; /* NULL: the system */
    gan__block *free[GAN__CLASSES];
    gan__large large;
    gan_memory stats;
    int64_t fail_in; /* requests until one fails; 0: none will */
} gan__pool;

void gan__pool_init(gan__pool *pool, gan_allocator from);
void gan__pool_drop_cache(gan__pool *pool);
void *gan__pool_get(gan__pool *pool, size_t bytes); /* NULL: none */
void gan__pool_put(gan__pool *pool, void *data);

/* Counts a block as cached instead of in use, or the other way round: for tables that stay until the context goes. */
void gan__pool_count_as_cached(gan__pool *pool, void *data, bool cached);

#endif
