/* Background threads that load the batches expected next. They only ever compute what was going to be asked for: whether they
 * were right, late, or not there at all cannot be seen in the batches. */
#ifndef GAN__PREFETCH_H
#define GAN__PREFETCH_H

#include "dataset_impl.h"

/* The batch of n at `start`, complete, perhaps with a fault; NULL (raised) if there is no memory or no thread. The dataset's
 * own until popped or dropped. */
const gan__job *gan__prefetch_get(gan_dataset *d, int64_t start, int64_t n);

void gan__prefetch_pop(gan__prefetch *p);  /* that batch was used: load another one ahead */
void gan__prefetch_drop(gan__prefetch *p); /* forget everything loaded ahead */
void gan__prefetch_free(gan__prefetch *p); /* NULL is fine */

#endif
