#define _DEFAULT_SOURCE /* madvise */
#include "memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define GAN__ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GAN__ASAN 1
#endif
#endif
#ifdef GAN__ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#define ALIGN 64
#define SMALLEST (4 * ALIGN) /* capacity: quarters of it are still aligned */

/* Sits right before the data, at a multiple of ALIGN. */
struct gan__block {
    gan__block *next;
    void *raw;       /* what the allocator gave */
    size_t raw_size; /* what it was asked for */
    size_t capacity; /* of the data */
    size_t size;     /* asked for by the present owner */
    size_t counted;  /* of that, rounded up to its class: what it counts for, though the block may be of a larger one */
    int class;
};
_Static_assert(sizeof(gan__block) <= ALIGN, "the block header must fit before the data");

/* Large blocks in large pages, where the system has them for those who ask: activations are walked with strides that would need
 * more small pages at once than a processor remembers. Only whole ones are asked for, so that nothing is wasted on the rest. */
#define LARGE_PAGE ((size_t)2 << 20)

static void *system_alloc(void *user, size_t bytes) {
    (void)user;
#ifdef MADV_HUGEPAGE
    if (bytes >= LARGE_PAGE) {
        if (bytes > SIZE_MAX - LARGE_PAGE) return NULL;
        void *block = aligned_alloc(LARGE_PAGE, (bytes + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE);
        if (block) madvise(block, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
        return block;
    }
#endif
    return malloc(bytes);
}

static void system_release(void *user, void *block, size_t bytes) {
    (void)user, (void)bytes;
    free(block);
}

void gan__pool_init(gan__pool *pool, gan_allocator from) {
    *pool = (gan__pool){.from = from};
    if (!from.alloc || !from.release) pool->from = (gan_allocator){system_alloc, system_release, NULL};
}

/* Four classes to a doubling, multiples of ALIGN. Large ones have room for one more ALIGN than their round number, so that arrays
 * of such numbers fit in with a tensor's header. */
static size_t capacity_of(int class) {
    size_t base = (size_t)SMALLEST << class / 4;
    return base + base / 4 * (size_t)(class % 4) + (base >= LARGE_PAGE / 2 ? ALIGN : 0);
}

/* The smallest class that holds `bytes`, and its capacity. -1: more than any. */
static int size_class(size_t bytes, size_t *capacity) {
    int class = bytes > SMALLEST ? 4 * (63 - __builtin_clzll((bytes - 1) / SMALLEST)) : 0; /* none below is large enough */
    while (class < GAN__CLASSES && capacity_of(class) < bytes) class++;
    if (class >= GAN__CLASSES) return -1;
    *capacity = capacity_of(class);
    return class;
}

void gan__pool_drop_cache(gan__pool *pool) {
    for (int c = 0; c < GAN__CLASSES; c++)
        for (gan__block *b = pool->free[c], *next; b; b = next) {
            next = b->next;
            pool->stats.cached -= b->capacity;
            UNPOISON((char *)b + ALIGN, b->capacity);
            pool->from.release(pool->from.user, b->raw, b->raw_size);
        }
    for (int c = 0; c < GAN__CLASSES; c++) pool->free[c] = NULL;
}

static gan__block *fresh_block(gan__pool *pool, int class, size_t capacity) {
    size_t raw_size = capacity + 2 * ALIGN;
    void *raw = pool->from.alloc(pool->from.user, raw_size);
    if (!raw) { /* perhaps it is all in blocks of other sizes */
        gan__pool_drop_cache(pool);
        raw = pool->from.alloc(pool->from.user, raw_size);
    }
    if (!raw) return NULL;
    uintptr_t data = ((uintptr_t)raw + 2 * ALIGN - 1) / ALIGN * ALIGN; /* ALIGN bytes for the header are left before it */
    gan__block *b = (gan__block *)(data - ALIGN);
    *b = (gan__block){.raw = raw, .raw_size = raw_size, .capacity = capacity, .class = class};
    pool->stats.misses++;
    return b;
}

/* How much larger a block may be that is used again. With three classes, three quarters as much again, training steps come to the
 * least memory: with fewer too many blocks wait for their own size, with more they are missing for it. */
#define MOST_CLASSES_LARGER 3

void *gan__pool_get(gan__pool *pool, size_t bytes) {
    size_t capacity;
    int class = size_class(bytes, &capacity);
    pool->stats.requests++;
    if (pool->fail_in > 0 && --pool->fail_in == 0) return NULL;
    if (class < 0) return NULL;
    gan__block *b = NULL;
    for (int larger = 0; !b && larger <= MOST_CLASSES_LARGER && class + larger < GAN__CLASSES; larger++)
        b = pool->free[class + larger];
    if (b) {
        pool->free[b->class] = b->next;
        pool->stats.cached -= b->capacity;
    } else if (!(b = fresh_block(pool, class, capacity))) {
        return NULL;
    }
    char *data = (char *)b + ALIGN;
    UNPOISON(data, bytes);
    POISON(data + bytes, b->capacity - bytes);
    b->size = bytes;
    b->counted = capacity;
    pool->stats.in_use += b->counted;
    if (pool->stats.in_use > pool->stats.peak) pool->stats.peak = pool->stats.in_use;
    return data;
}

void gan__pool_put(gan__pool *pool, void *data) {
    if (!data) return;
    gan__block *b = (gan__block *)((char *)data - ALIGN);
    pool->stats.in_use -= b->counted;
    pool->stats.cached += b->capacity;
    POISON(data, b->capacity);
    b->next = pool->free[b->class];
    pool->free[b->class] = b;
}

void gan__pool_count_as_cached(gan__pool *pool, void *data, bool cached) {
    size_t counted = ((gan__block *)((char *)data - ALIGN))->counted;
    pool->stats.in_use += cached ? -counted : counted;
    pool->stats.cached += cached ? counted : -counted;
}
