/* Decoded pictures kept in memory, as bytes, never more than there is room for. The first that come stay: an epoch takes every
 * picture once, so each that is kept saves one decoding an epoch, and giving one up for another would save none. Any thread may
 * ask and put. */
#ifndef GAN__IMAGE_CACHE_H
#define GAN__IMAGE_CACHE_H

#include "../base/ctx_impl.h"

typedef struct gan__image_cache gan__image_cache;

/* For pictures 0 .. count-1 of `size` bytes each, in at most `room` bytes. NULL: not even one fits, or, raised, no memory. */
gan__image_cache *gan__image_cache_new(gan_ctx *ctx, int64_t count, int64_t size, int64_t room);
void gan__image_cache_free(gan__image_cache *c);

/* NULL: it is not kept (or c is NULL). */
const uint8_t *gan__image_cache_get(gan__image_cache *c, int64_t index);

/* Keeps a copy, if there is still room. */
void gan__image_cache_put(gan__image_cache *c, int64_t index, const uint8_t *pixels);

#endif
