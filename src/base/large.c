/* A large block is a range of addresses with room for so many pages:
 *
 *      +---------+--------------+--------------+-- ... --+
 *      |    head | page         | page         |         |
 *      +--------^+--------------+--------------+-- ... --+
 *               | multiples of PAGE
 *               header, then 64 bytes of data, which in a tensor are its own header, so that its elements begin with the page
 *
 * A free block keeps its addresses. Its pages go to whoever needs them next, whatever the size: the system moves them there
 * without copying. So memory is that of the most pages that were in use at once, not the sum of what each size took at its worst
 * time. A training step that has once had its pages and ranges asks the system for no more, and moves some of them.
 *
 * Pages are the processor's large ones where there are such: activations are walked with strides that would need more small
 * pages at once than it remembers. */
#define _GNU_SOURCE /* mremap */
#include "large.h"

#include <stdlib.h>
#include <sys/mman.h>

#ifdef GAN__ASAN
#include <sanitizer/lsan_interface.h>
#endif

#define PAGE GAN__LARGE_PAGE
#define HEAD ((size_t)64 << 10) /* a multiple of the system's page, which is of 4 to 64 kB */

/* A page that has moved is an entry in the system's list of mappings, which by default ends at 65,530 for a process. */
#define MOST_PAGES 8192 /* of all ranges, 16 GB */
#define MOST_EMPTY 512  /* free ranges that have given all their pages */

/* 0: more than a third of them would be unused. */
static int64_t pages_for(size_t bytes) {
    size_t pages = (bytes + PAGE - 1 - GAN__ALIGN) / PAGE;
    return bytes >= pages * PAGE / 3 * 2 ? (int64_t)pages : 0;
}

static char *page(gan__block *b, int64_t i) { return gan__block_data(b) + GAN__ALIGN + (size_t)i * PAGE; }
static int64_t room(const gan__block *b) { return (int64_t)(b->capacity / PAGE); }
static size_t held(const gan__block *b) { return GAN__ALIGN + (size_t)b->pages * PAGE; }

static void *map(char *at, size_t bytes, int flags) {
    return mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

typedef enum moved { MOVED, REFUSED, LOST } moved; /* LOST: there is nothing at `to` any more */

static moved move(char *from, char *to, size_t bytes) {
    if (mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) == to) return MOVED;
    unsigned char there; /* the system may have made place before it found that it cannot go on */
    if (!mincore(to, 1, &there)) return REFUSED;
    if (map(to, bytes, MAP_FIXED_NOREPLACE) != to) return LOST;
    madvise(to, bytes, MADV_HUGEPAGE);
    return REFUSED;
}

static bool system_moves(void) {
    char *two = map(NULL, 2 * HEAD, 0);
    if (two == MAP_FAILED) return false;
    two[0] = 1;
    bool moves = move(two, two + HEAD, HEAD) == MOVED && two[HEAD] == 1 && two[0] == 0;
    munmap(two, 2 * HEAD);
    return moves;
}

static bool can_move(gan__pool *pool) {
    if (!pool->large.asked) pool->large.moves = system_moves();
    pool->large.asked = true;
    return pool->large.moves;
}

static gan__block *take_out(gan__block **link) {
    gan__block *b = *link;
    *link = b->next;
    return b;
}

static void unmap(char *from, char *to) {
    size_t bytes = (size_t)(to - from);
    if (munmap(from, bytes)) madvise(from, bytes, MADV_DONTNEED); /* a part of a mapping, and no more mappings: addresses stay */
}

/* Of a range that lost a page, what is around it. */
static void give_back(gan__pool *pool, gan__block *b, char *lost) {
    char *from = b->raw, *to = from + b->raw_size;
    pool->large.pages -= room(b);
    GAN__UNPOISON(from, b->raw_size);
#ifdef GAN__ASAN
    __lsan_unregister_root_region(from, b->raw_size);
#endif
    if (!lost)
        unmap(from, to);
    else if (lost + PAGE < to)
        unmap(lost + PAGE, to);
    if (lost) unmap(from, lost);
}

static void drop_free(gan__pool *pool, gan__block **link) {
    gan__block *b = take_out(link);
    pool->stats.cached -= held(b);
    pool->large.empty -= !b->pages;
    give_back(pool, b, NULL);
}

void gan__large_drop(gan__pool *pool) {
    while (pool->large.free) drop_free(pool, &pool->large.free);
}

/* The free block that was freed first, of those that have pages or of those that have none. A step that goes back as it came asks
 * for it last. */
static gan__block **oldest_free(gan__pool *pool, bool with_pages) {
    gan__block **oldest = NULL;
    for (gan__block **link = &pool->large.free; *link; link = &(*link)->next)
        if (((*link)->pages > 0) == with_pages) oldest = link;
    return oldest;
}

/* Before a range is added to them. */
static bool has_place(gan__pool *pool, int64_t pages) {
    while (pool->large.empty && (pool->large.empty >= MOST_EMPTY || pool->large.pages + pages > MOST_PAGES))
        drop_free(pool, oldest_free(pool, false));
    return pool->large.pages + pages <= MOST_PAGES;
}

/* Addresses for a block, still without pages. */
static gan__block *new_range(gan__pool *pool, int64_t pages) {
    size_t body = (size_t)pages * PAGE, whole = HEAD + body;
    char *at = map(NULL, whole + PAGE, 0);
    if (at == MAP_FAILED) return NULL;
    char *first = (char *)(((uintptr_t)at + HEAD + PAGE - 1) / PAGE * PAGE), *from = first - HEAD, *end = from + whole;
    if (from > at) munmap(at, (size_t)(from - at));
    if (end < at + whole + PAGE) munmap(end, (size_t)(at + whole + PAGE - end));
    madvise(first, body, MADV_HUGEPAGE);
    gan__block *b = gan__block_of(first - GAN__ALIGN);
    *b = (gan__block){.raw = from, .raw_size = whole, .capacity = GAN__ALIGN + body, .class = GAN__CLASSES};
    b->counted = b->capacity;
    pool->large.pages += pages;
#ifdef GAN__ASAN
    __lsan_register_root_region(from, whole);
#endif
    return b;
}

/* Of those with the room, the one that has most of its pages. */
static gan__block *take_free(gan__pool *pool, int64_t pages) {
    gan__block **best = NULL;
    for (gan__block **link = &pool->large.free; *link; link = &(*link)->next)
        if (room(*link) == pages && (!best || (*link)->pages > (*best)->pages)) best = link;
    if (!best) return NULL;
    gan__block *b = take_out(best);
    pool->stats.cached -= held(b);
    pool->large.empty -= !b->pages;
    return b;
}

/* From free blocks, as far as these have any. False: a page was lost. */
static bool fill(gan__pool *pool, gan__block *b) {
    gan__block **from = NULL;
    while (b->pages < room(b)) {
        if (!from || !(*from)->pages) from = oldest_free(pool, true);
        if (!from) return true;
        moved how = move(page(*from, (*from)->pages - 1), page(b, b->pages), PAGE);
        if (how != MOVED) return how == REFUSED;
        b->pages++, (*from)->pages--;
        pool->stats.cached -= PAGE;
        pool->large.empty += !(*from)->pages;
    }
    return true;
}

gan__block *gan__large_get(gan__pool *pool, size_t bytes) {
    int64_t pages = pages_for(bytes);
    if (!pages || pool->from.alloc || !can_move(pool)) return NULL;
    gan__block *b = take_free(pool, pages);
    bool anew = !b;
    if (anew && (!has_place(pool, pages) || !(b = new_range(pool, pages)))) return NULL;
    if (!fill(pool, b)) {
        give_back(pool, b, page(b, b->pages));
        return NULL;
    }
    pool->stats.misses += anew || b->pages < pages;
    b->pages = pages; /* the rest comes from the system, when it is written to */
    return b;
}

void gan__large_put(gan__pool *pool, gan__block *b) {
    b->next = pool->large.free;
    pool->large.free = b;
}

void *gan__large_alloc(size_t bytes) {
    void *block = aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
    if (block) madvise(block, bytes / PAGE * PAGE, MADV_HUGEPAGE);
    return block;
}
