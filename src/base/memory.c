#include "memory.h"

#include <stdlib.h>

#include "large.h"

#define SMALLEST (4 * GAN__ALIGN) /* capacity: quarters of it are still aligned */
#define LARGE ((size_t)1 << 20)
#define LARGEST (SIZE_MAX >> 17) /* no processor addresses more */

void gan__pool_init(gan__pool *pool, gan_allocator from) {
    *pool = (gan__pool){0};
    if (from.alloc && from.release) pool->from = from;
}

/* Four classes to a doubling, multiples of GAN__ALIGN. Large ones have room for one more GAN__ALIGN than their round number, so
 * that arrays of such numbers fit in with a tensor's header. */
static size_t capacity_of(int class) {
    size_t base = (size_t)SMALLEST << class / 4;
    return base + base / 4 * (size_t)(class % 4) + (base >= LARGE ? GAN__ALIGN : 0);
}

/* The smallest class that holds `bytes`, at most LARGEST, and its capacity. */
static int size_class(size_t bytes, size_t *capacity) {
    int class = bytes > SMALLEST ? 4 * (63 - __builtin_clzll((bytes - 1) / SMALLEST)) : 0; /* none below is large enough */
    while (capacity_of(class) < bytes) class++;
    *capacity = capacity_of(class);
    return class;
}

static void *request(gan__pool *pool, size_t bytes) {
    if (pool->from.alloc) return pool->from.alloc(pool->from.user, bytes);
    return bytes < GAN__LARGE_PAGE ? malloc(bytes) : gan__large_alloc(bytes);
}

static void release(gan__pool *pool, void *raw, size_t bytes) {
    if (pool->from.release)
        pool->from.release(pool->from.user, raw, bytes);
    else
        free(raw);
}

void gan__pool_drop_cache(gan__pool *pool) {
    for (int c = 0; c < GAN__CLASSES; c++)
        for (gan__block *b = pool->free[c], *next; b; b = next) {
            next = b->next;
            pool->stats.cached -= b->capacity;
            GAN__UNPOISON(gan__block_data(b), b->capacity);
            release(pool, b->raw, b->raw_size);
        }
    for (int c = 0; c < GAN__CLASSES; c++) pool->free[c] = NULL;
    gan__large_drop(pool);
}

static gan__block *fresh_block(gan__pool *pool, int class, size_t capacity) {
    size_t raw_size = capacity + 2 * GAN__ALIGN;
    void *raw = request(pool, raw_size);
    if (!raw) return NULL;
    uintptr_t data = ((uintptr_t)raw + 2 * GAN__ALIGN - 1) / GAN__ALIGN * GAN__ALIGN; /* a header's room is left before it */
    gan__block *b = gan__block_of((void *)data);
    *b = (gan__block){.raw = raw, .raw_size = raw_size, .capacity = capacity, .class = class};
    pool->stats.misses++;
    return b;
}

/* How much larger a block may be that is used again. With three classes, three quarters as much again, training steps come to the
 * least memory: with fewer too many blocks wait for their own size, with more they are missing for it. */
#define MOST_CLASSES_LARGER 3

static gan__block *get_of_class(gan__pool *pool, size_t bytes) {
    size_t capacity;
    int class = size_class(bytes, &capacity);
    gan__block *b = NULL;
    for (int larger = 0; !b && larger <= MOST_CLASSES_LARGER && class + larger < GAN__CLASSES; larger++)
        b = pool->free[class + larger];
    if (b) {
        pool->free[b->class] = b->next;
        pool->stats.cached -= b->capacity;
    } else if (!(b = fresh_block(pool, class, capacity))) {
        return NULL;
    }
    b->counted = capacity;
    return b;
}

static gan__block *get(gan__pool *pool, size_t bytes) {
    gan__block *b = gan__large_get(pool, bytes);
    return b ? b : get_of_class(pool, bytes);
}

void *gan__pool_get(gan__pool *pool, size_t bytes) {
    pool->stats.requests++;
    if (pool->fail_in > 0 && --pool->fail_in == 0) return NULL;
    if (bytes > LARGEST) return NULL;
    gan__block *b = get(pool, bytes);
    if (!b) { /* perhaps all memory is in blocks of other sizes */
        gan__pool_drop_cache(pool);
        b = get(pool, bytes);
    }
    if (!b) return NULL;
    char *data = gan__block_data(b);
    GAN__UNPOISON(data, bytes);
    GAN__POISON(data + bytes, b->capacity - bytes);
    pool->stats.in_use += b->counted;
    if (pool->stats.in_use > pool->stats.peak) pool->stats.peak = pool->stats.in_use;
    return data;
}

void gan__pool_put(gan__pool *pool, void *data) {
    if (!data) return;
    gan__block *b = gan__block_of(data);
    pool->stats.in_use -= b->counted;
    pool->stats.cached += b->capacity;
    GAN__POISON(data, b->capacity);
    if (b->class == GAN__CLASSES) {
        gan__large_put(pool, b);
        return;
    }
    b->next = pool->free[b->class];
    pool->free[b->class] = b;
}

void gan__pool_count_as_cached(gan__pool *pool, void *data, bool cached) {
    size_t counted = gan__block_of(data)->counted;
    pool->stats.in_use += cached ? -counted : counted;
    pool->stats.cached += cached ? counted : -counted;
}
