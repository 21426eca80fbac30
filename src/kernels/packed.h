/* Weights in the order in which the engine reads them. They are kept with the numbers that they were made from, and thrown away
 * when these change: a list with one entry for each way of reading. Their memory counts as cached. */
#ifndef GAN__PACKED_H
#define GAN__PACKED_H

#include "../base/ctx_impl.h"

/* Where the weights are and how they are read (conv_engine.h); `cell`: of how many results by minimal filtering, 0 for all
 * multiplications. */
typedef struct gan__packing {
    const void *weight;
    int64_t c, k, in, out;
    int64_t kh, kw, sh, sw, tap_y, tap_x;
    int64_t products, cell;
} gan__packing;

typedef struct gan__packed {
    struct gan__packed *next;
    gan__packing how;
    _Alignas(64) gan_real numbers[];
} gan__packed;

/* Packed weights while a product uses them. */
typedef struct gan__packed_use {
    gan__packed *packed; /* NULL: no memory for them */
    bool ready;          /* else they are to be made */
    gan__packed **kept;
} gan__packed_use;

/* Those in the list, or room for `count` numbers. `kept` may be NULL: there is no such list. */
gan__packed_use gan__packed_begin(gan_ctx *ctx, gan__packed **kept, const gan__packing *how, int64_t count);
/* What was made goes to the list, or away if there is none or it was not `made` after all. */
void gan__packed_end(gan_ctx *ctx, gan__packed_use *use, bool made);

void gan__packed_free(gan_ctx *ctx, gan__packed *list); /* may be NULL */

#endif
