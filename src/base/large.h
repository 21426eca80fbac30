/* Large blocks of the pool, made of pages that go from one to another. */
#ifndef GAN__LARGE_H
#define GAN__LARGE_H

#include "block.h"

/* NULL: more than a third of its pages would be unused, the pool has an allocator, there are too many pages to keep moving
 * them, or the system refuses. */
gan__block *gan__large_get(gan__pool *pool, size_t bytes);
void gan__large_put(gan__pool *pool, gan__block *b);
void gan__large_drop(gan__pool *pool); /* gives the free ones back to the system */

/* For a block in a class: memory for free(), in the processor's large pages as far as it has whole ones. */
void *gan__large_alloc(size_t bytes);

#endif
