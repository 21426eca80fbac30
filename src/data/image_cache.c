#include "image_cache.h"

#include <stdatomic.h>
#include <string.h>

struct gan__image_cache {
    gan_ctx *ctx;
    int64_t size, places;
    atomic_int_least64_t taken; /* of the places; may count on beyond them */
    uint8_t *pixels;            /* [places, size] */
    atomic_int_least64_t at[];  /* of each picture: its place and 1, once it lies there; 0: none; UNDER_WAY */
};

#define UNDER_WAY (-1)

gan__image_cache *gan__image_cache_new(gan_ctx *ctx, int64_t count, int64_t size, int64_t room) {
    int64_t places = room / size < count ? room / size : count;
    if (places <= 0) return NULL;
    gan__image_cache *c = gan__alloc(ctx, sizeof *c + (size_t)count * sizeof *c->at);
    uint8_t *pixels = c ? gan__alloc(ctx, (size_t)(places * size)) : NULL;
    if (!pixels) {
        gan__free(ctx, c);
        return NULL;
    }
    c->ctx = ctx, c->size = size, c->places = places, c->pixels = pixels;
    atomic_init(&c->taken, 0);
    for (int64_t i = 0; i < count; i++) atomic_init(&c->at[i], 0);
    return c;
}

void gan__image_cache_free(gan__image_cache *c) {
    if (!c) return;
    gan__free(c->ctx, c->pixels);
    gan__free(c->ctx, c);
}

const uint8_t *gan__image_cache_get(gan__image_cache *c, int64_t index) {
    int64_t at = c ? atomic_load_explicit(&c->at[index], memory_order_acquire) : 0;
    return at > 0 ? c->pixels + (at - 1) * c->size : NULL;
}

/* Of two threads that come with the same picture one keeps it. */
void gan__image_cache_put(gan__image_cache *c, int64_t index, const uint8_t *pixels) {
    int_least64_t none = 0;
    if (!c || atomic_load(&c->taken) >= c->places || !atomic_compare_exchange_strong(&c->at[index], &none, UNDER_WAY)) return;
    int64_t place = atomic_fetch_add(&c->taken, 1);
    bool room = place < c->places;
    if (room) memcpy(c->pixels + place * c->size, pixels, (size_t)c->size);
    atomic_store_explicit(&c->at[index], room ? place + 1 : 0, memory_order_release);
}
