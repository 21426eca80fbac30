/* Large blocks of a context on the system's own memory: pages go from one to another. */
#define _DEFAULT_SOURCE /* mincore */
#include "cmocka_gan.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ctx_impl.h"
#include "base/large.h"

#define MB ((size_t)1 << 20)
#define PAGE (2 * MB)

#if defined(GAN__ASAN) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

typedef struct fixture {
    gan_ctx *ctx;
    uint64_t draws;
} fixture;

/* Linux does since 5.7, but not what valgrind makes of it. */
static bool must_move(void) {
    struct utsname u;
    int major = 0, minor = 0;
    const char *preload = getenv("LD_PRELOAD");
    if (uname(&u) || strcmp(u.sysname, "Linux") || (preload && strstr(preload, "vgpreload"))) return false;
    return sscanf(u.release, "%d.%d", &major, &minor) == 2 && (major > 5 || (major == 5 && minor >= 7));
}

static int begin(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    f->draws = 7;
    *state = f;
    gan__free(f->ctx, gan__alloc(f->ctx, PAGE));
    if (must_move()) assert_true(f->ctx->pool.large.moves);
    gan__pool_drop_cache(&f->ctx->pool);
    return 0;
}

static int end(void **state) {
    fixture *f = *state;
    check_ok(f->ctx);
    assert_int_equal(gan_ctx_memory(f->ctx).in_use, 0);
    gan__pool_drop_cache(&f->ctx->pool);
    assert_int_equal(gan_ctx_memory(f->ctx).cached, 0);
    assert_int_equal(f->ctx->pool.large.pages, 0);
    assert_int_equal(f->ctx->pool.large.empty, 0);
    gan_ctx_free(f->ctx);
    free(f);
    return 0;
}

static size_t draw(fixture *f, size_t below) {
    f->draws = f->draws * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(f->draws >> 33) % below;
}

static void read_all(const void *block, size_t bytes, unsigned char tag) {
    const unsigned char *p = block;
    assert_int_equal(p[0], tag);
    assert_memory_equal(p, p + 1, bytes - 1);
}

/* Bytes of a page that are in memory; what has been moved away is not. -1: there is no such address. */
static int64_t resident(const gan__block *b, int64_t page) {
    size_t small = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char there[PAGE / 4096];
    int64_t found = 0;
    if (mincore((char *)b + 2 * GAN__ALIGN + (size_t)page * PAGE, PAGE, there)) return -1;
    for (size_t i = 0; i < PAGE / small; i++) found += there[i] & 1 ? (int64_t)small : 0;
    return found;
}

/* What the pool says of its free blocks is true. */
static void check_free_blocks(fixture *f) {
    const gan__pool *pool = &f->ctx->pool;
    size_t cached = 0;
    int64_t empty = 0;
    for (int c = 0; c < GAN__CLASSES; c++)
        for (const gan__block *b = pool->free[c]; b; b = b->next) cached += b->capacity;
    for (const gan__block *b = pool->large.free; b; b = b->next) {
        cached += GAN__ALIGN + (size_t)b->pages * PAGE;
        empty += !b->pages;
        for (int64_t i = b->pages; i < (int64_t)(b->capacity / PAGE); i++) assert_int_equal(resident(b, i), 0);
    }
    assert_int_equal(pool->stats.cached, cached);
    assert_int_equal(pool->large.empty, empty);
}

static void test_large__elements_begin_with_a_page(void **state) {
    fixture *f = *state;
    if (!f->ctx->pool.large.moves) skip();
    for (size_t pages = 1; pages < 6; pages++) {
        size_t bytes = pages * PAGE + GAN__ALIGN;
        char *p = gan__alloc(f->ctx, bytes);
        assert_int_equal(((uintptr_t)p + GAN__ALIGN) % PAGE, 0);
        assert_int_equal(gan_ctx_memory(f->ctx).in_use, bytes);
        memset(p, 3, bytes);
        gan__free(f->ctx, p);
    }
}

static void test_large__little_of_a_block_is_unused(void **state) {
    fixture *f = *state;
    for (size_t bytes = MB; bytes < 40 * MB; bytes += bytes / 23 + 1) {
        void *p = gan__alloc(f->ctx, bytes);
        size_t taken = gan_ctx_memory(f->ctx).in_use;
        assert_true(taken >= bytes && (double)taken <= 1.51 * (double)bytes);
        gan__free(f->ctx, p);
        gan__pool_drop_cache(&f->ctx->pool);
    }
}

/* 0: what blocks hold stays. Requests may fail in words if `may_fail`. */
static int churn(fixture *f, int rounds, bool may_fail) {
    enum { SLOTS = 12 };
    unsigned char *blocks[SLOTS] = {0};
    size_t sizes[SLOTS] = {0};
    int wrong = 0;
    for (int round = 0; round < rounds; round++) {
        size_t i = draw(f, SLOTS);
        if (blocks[i]) {
            for (size_t k = 0; k < sizes[i]; k++) wrong += blocks[i][k] != i + 1;
            gan__free(f->ctx, blocks[i]);
            blocks[i] = NULL;
        } else {
            sizes[i] = PAGE / 2 + draw(f, 9) * 700001;
            blocks[i] = gan__alloc(f->ctx, sizes[i]);
            if (blocks[i])
                memset(blocks[i], (int)i + 1, sizes[i]);
            else
                wrong += !may_fail || gan_ctx_status(f->ctx) != GAN_E_MEMORY;
            gan_ctx_clear(f->ctx);
        }
    }
    for (size_t i = 0; i < SLOTS; i++) gan__free(f->ctx, blocks[i]);
    return wrong;
}

static void test_large__blocks_keep_what_they_hold_while_pages_move(void **state) {
    fixture *f = *state;
    for (int lap = 0; lap < 6; lap++) {
        assert_int_equal(churn(f, 100, false), 0);
        check_free_blocks(f);
    }
}

/* With little room for addresses, a system may refuse at any point of a move. */
static void test_large__blocks_keep_what_they_hold_when_the_system_refuses(void **state) {
    fixture *f = *state;
    if (SANITIZED) skip(); /* they need addresses without end */
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        long pages = 0;
        FILE *own = fopen("/proc/self/statm", "r");
        if (!own || fscanf(own, "%ld", &pages) != 1) _exit(2);
        fclose(own);
        rlim_t now = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
        for (size_t room = 8; room < 48; room += 5) {
            if (setrlimit(RLIMIT_AS, &(struct rlimit){now + room * MB, RLIM_INFINITY})) _exit(3);
            if (churn(f, 100, true)) _exit(1);
        }
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* One size after the other, each as much as all pages together. */
static void test_large__memory_is_what_was_in_use_at_once(void **state) {
    fixture *f = *state;
    if (!f->ctx->pool.large.moves) skip();
    int64_t misses = gan_ctx_memory(f->ctx).misses;
    for (int lap = 0; lap < 3; lap++) {
        for (size_t pages = 1; pages <= 16; pages *= 2) {
            size_t bytes = pages * PAGE + GAN__ALIGN;
            char *blocks[16];
            for (size_t i = 0; i < 16 / pages; i++) {
                blocks[i] = gan__alloc(f->ctx, bytes);
                memset(blocks[i], (int)i, bytes);
            }
            for (size_t i = 0; i < 16 / pages; i++) {
                read_all(blocks[i], bytes, (unsigned char)i);
                gan__free(f->ctx, blocks[i]);
            }
            check_free_blocks(f);
        }
        gan_memory m = gan_ctx_memory(f->ctx);
        assert_true(m.cached < 16 * PAGE + 64 * GAN__ALIGN);
        assert_int_equal(m.misses - misses, lap ? 0 : 16 + 8 + 4 + 2 + 1); /* the first lap makes the ranges */
        misses = m.misses;
    }
}

/* Many sizes, one at a time. */
static void test_large__memory_does_not_grow_with_the_number_of_sizes(void **state) {
    fixture *f = *state;
    if (!f->ctx->pool.large.moves) skip();
    for (size_t pages = 1; pages < 300; pages++) {
        gan__free(f->ctx, gan__alloc(f->ctx, pages * PAGE));
        assert_true(f->ctx->pool.large.pages <= 8192);
        assert_true(gan_ctx_memory(f->ctx).cached < pages * PAGE + 64 * 300);
    }
    check_free_blocks(f);
}

static void test_large__of_blocks_with_room_the_fullest_serves(void **state) {
    fixture *f = *state;
    if (!f->ctx->pool.large.moves) skip();
    void *one = gan__alloc(f->ctx, 3 * PAGE), *two = gan__alloc(f->ctx, 3 * PAGE);
    gan__free(f->ctx, one);
    gan__free(f->ctx, two);
    void *other = gan__alloc(f->ctx, PAGE); /* takes its page from the one that was freed first */
    int64_t misses = gan_ctx_memory(f->ctx).misses;
    assert_ptr_equal(gan__alloc(f->ctx, 3 * PAGE - 1000), two);
    assert_int_equal(gan_ctx_memory(f->ctx).misses, misses);
    assert_ptr_equal(gan__alloc(f->ctx, 3 * PAGE), one);
    assert_int_equal(gan_ctx_memory(f->ctx).misses, misses + 1); /* the system makes up for the page */
    gan__free(f->ctx, one), gan__free(f->ctx, two), gan__free(f->ctx, other);
}

static void test_large__dropped_ranges_are_gone(void **state) {
    fixture *f = *state;
    if (!f->ctx->pool.large.moves) skip();
    void *p = gan__alloc(f->ctx, 5 * PAGE);
    gan__block *b = gan__block_of(p);
    memset(p, 1, 5 * PAGE);
    assert_true(resident(b, 0) >= 0);
    gan__free(f->ctx, p);
    gan__pool_drop_cache(&f->ctx->pool);
    for (int64_t i = 0; i < 5; i++) assert_int_equal(resident(b, i), -1);
}

static void test_large__beyond_there_are_classes(void **state) {
    fixture *f = *state;
    for (int why = 0; why < 2; why++) {
        bool moves = f->ctx->pool.large.moves;
        if (why)
            f->ctx->pool.large.moves = false;
        else
            f->ctx->pool.large.pages += 8190; /* of the system's mappings, some are for others */
        unsigned char *p = gan__alloc(f->ctx, 5 * PAGE);
        memset(p, 1, 5 * PAGE);
        gan__free(f->ctx, p);
        assert_ptr_equal(gan__alloc(f->ctx, 5 * PAGE - 1000), p);
        assert_null(f->ctx->pool.large.free);
        gan__free(f->ctx, p);
        f->ctx->pool.large.moves = moves;
        if (!why) f->ctx->pool.large.pages -= 8190;
    }
}

static void test_large__impossible_requests_cost_nothing(void **state) {
    fixture *f = *state;
    gan__free(f->ctx, gan__alloc(f->ctx, 5 * PAGE));
    size_t cached = gan_ctx_memory(f->ctx).cached;
    assert_true(cached > 0);
    for (int bit = 48; bit < 64; bit++) {
        assert_null(gan__alloc(f->ctx, (size_t)1 << bit));
        check_failed(f->ctx, GAN_E_MEMORY, "out of memory");
    }
    assert_null(gan__alloc(f->ctx, SIZE_MAX));
    check_failed(f->ctx, GAN_E_MEMORY, "out of memory");
    assert_int_equal(gan_ctx_memory(f->ctx).cached, cached);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_large__##name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(elements_begin_with_a_page),
        TEST(little_of_a_block_is_unused),
        TEST(blocks_keep_what_they_hold_while_pages_move),
        TEST(blocks_keep_what_they_hold_when_the_system_refuses),
        TEST(memory_is_what_was_in_use_at_once),
        TEST(memory_does_not_grow_with_the_number_of_sizes),
        TEST(of_blocks_with_room_the_fullest_serves),
        TEST(dropped_ranges_are_gone),
        TEST(beyond_there_are_classes),
        TEST(impossible_requests_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
