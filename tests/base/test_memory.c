#include "cmocka_gan.h"

#include "base/ctx_impl.h"

/* An allocator that hands out memory at awkward offsets, surrounds it with a pattern, and keeps account. */
#define FENCE 64
typedef struct account {
    size_t live, live_bytes;
    size_t limit; /* bytes that may be live at once; 0: any number */
    size_t most;  /* that was asked for */
} account;

static size_t offset_of(size_t bytes) { return bytes / 64 % 5 * 16; }

static void *fenced_alloc(void *user, size_t bytes) {
    account *a = user;
    if (bytes > a->most) a->most = bytes;
    if (a->limit && a->live_bytes + bytes > a->limit) return NULL;
    unsigned char *p = malloc(bytes + 2 * FENCE + 64);
    assert_non_null(p);
    memset(p, 0xA5, bytes + 2 * FENCE + 64);
    a->live++;
    a->live_bytes += bytes;
    return p + FENCE + offset_of(bytes);
}

static void fenced_release(void *user, void *block, size_t bytes) {
    account *a = user;
    unsigned char *p = block;
    for (int i = 1; i <= FENCE; i++) assert_int_equal(p[-i], 0xA5);
    for (int i = 0; i < FENCE; i++) assert_int_equal(p[bytes + (size_t)i], 0xA5);
    a->live--;
    a->live_bytes -= bytes;
    free(p - FENCE - offset_of(bytes));
}

static gan_ctx *ctx_on(account *a) {
    return gan_ctx_new((gan_ctx_opts){.threads = 1, .allocator = {fenced_alloc, fenced_release, a}});
}

static void test_memory__blocks_are_aligned_and_as_large_as_asked(void **state) {
    (void)state;
    account a = {0};
    gan_ctx *ctx = ctx_on(&a);
    unsigned char *blocks[400];
    size_t sizes[400];
    for (int i = 0; i < 400; i++) {
        sizes[i] = i < 200 ? (size_t)i : (size_t)1 << (i % 20) | (size_t)i;
        blocks[i] = gan__alloc(ctx, sizes[i]);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], i & 255, sizes[i]);
    }
    for (int i = 0; i < 400; i++) /* no two overlap */
        for (size_t k = 0; k < sizes[i]; k++)
            if (blocks[i][k] != (i & 255)) fail_msg("block %d was written over at %zu", i, k);
    for (int i = 0; i < 400; i++) gan__free(ctx, blocks[i]);
    assert_int_equal(gan_ctx_memory(ctx).in_use, 0);
    gan_ctx_free(ctx);
    assert_int_equal(a.live, 0);
    assert_int_equal(a.live_bytes, 0);
}

static void test_memory__freed_blocks_are_used_again(void **state) {
    (void)state;
    account a = {0};
    gan_ctx *ctx = ctx_on(&a);
    void *p = gan__alloc(ctx, 5000);
    gan_memory first = gan_ctx_memory(ctx);
    assert_int_equal(first.requests, 1);
    assert_int_equal(first.misses, 1);
    assert_true(first.in_use >= 5000);
    assert_int_equal(first.peak, first.in_use);
    gan__free(ctx, p);
    gan_memory between = gan_ctx_memory(ctx);
    assert_int_equal(between.in_use, 0);
    assert_int_equal(between.cached, first.in_use);
    assert_int_equal(between.peak, first.in_use);
    assert_ptr_equal(gan__alloc(ctx, 4800), p); /* of the same class */
    gan_memory after = gan_ctx_memory(ctx);
    assert_int_equal(after.cached, 0);
    assert_int_equal(after.misses, first.misses);
    assert_int_equal(after.requests, first.requests + 1);
    gan__free(ctx, p);
    gan_ctx_free(ctx);
    assert_int_equal(a.live, 0);
}

static void test_memory__little_of_a_block_is_unused(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    for (size_t bytes = 256; bytes < 300000; bytes += bytes / 7 + 1) {
        void *p = gan__alloc(ctx, bytes);
        size_t taken = gan_ctx_memory(ctx).in_use;
        assert_true(taken >= bytes && (double)taken <= 1.25 * (double)bytes);
        gan__free(ctx, p);
    }
    gan_ctx_free(ctx);
}

static void test_memory__cache_goes_before_it_gives_up(void **state) {
    (void)state;
    account a = {.limit = 100000};
    gan_ctx *ctx = ctx_on(&a);
    gan__free(ctx, gan__alloc(ctx, 60000));
    void *p = gan__alloc(ctx, 80000); /* fits only if the cached block is given back */
    check_ok(ctx);
    assert_non_null(p);
    assert_int_equal(gan_ctx_memory(ctx).cached, 0);
    assert_null(gan__alloc(ctx, 80000));
    check_failed(ctx, GAN_E_MEMORY, "80000 bytes");
    gan__free(ctx, p);
    gan_ctx_free(ctx);
    assert_int_equal(a.live, 0);
}

static void test_memory__absurd_sizes_are_out_of_memory(void **state) {
    (void)state;
    account a = {.limit = 100000};
    gan_ctx *ctx = ctx_on(&a);
    for (int back = 0; back < 64; back++) {
        assert_null(gan__alloc(ctx, SIZE_MAX - (size_t)back));
        check_failed(ctx, GAN_E_MEMORY, "out of memory");
        assert_null(gan__alloc(ctx, SIZE_MAX / 2 + (size_t)back));
        check_failed(ctx, GAN_E_MEMORY, "out of memory");
    }
    for (int bit = 20; bit < 64; bit++) {
        assert_null(gan__alloc(ctx, (size_t)1 << bit));
        check_failed(ctx, GAN_E_MEMORY, "out of memory");
    }
    const gan_shape huge[] = {
        gan_shape2(INT64_MAX, 2), gan_shape2((int64_t)1 << 62, 4),  gan_shape3((int64_t)1 << 32, (int64_t)1 << 31, 2),
        gan_shape1(INT64_MAX),    gan_shape1(INT64_MAX / 4 - 10),   gan_shape2((int64_t)1 << 31, (int64_t)1 << 31),
        gan_shape1(INT64_MAX / 8), gan_shape5(65536, 65536, 65536, 65536, 65536)};
    for (int i = 0; i < COUNT_OF(huge); i++) {
        assert_true(gan_is_nil(gan_zeros(ctx, huge[i])));
        check_failed(ctx, GAN_E_MEMORY, "out of memory");
    }
    assert_null(gan__calloc(ctx, SIZE_MAX));
    assert_true(a.most < (size_t)1 << 52); /* beyond, nobody was asked */
    gan_ctx_free(ctx);
}

static void test_memory__nth_request_fails_once(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan__free(ctx, gan__alloc(ctx, 100)); /* a cached block does not save it */
    gan_ctx_fail_alloc(ctx, 3);
    void *one = gan__alloc(ctx, 100), *two = gan__alloc(ctx, 100);
    check_ok(ctx);
    assert_null(gan__alloc(ctx, 100));
    check_failed(ctx, GAN_E_MEMORY, "100 bytes");
    void *four = gan__alloc(ctx, 100);
    assert_non_null(four);
    gan_ctx_fail_alloc(ctx, 1);
    gan_ctx_fail_alloc(ctx, 0);
    void *five = gan__alloc(ctx, 100);
    assert_non_null(five);
    gan__free(ctx, one), gan__free(ctx, two), gan__free(ctx, four), gan__free(ctx, five);
    gan__free(ctx, NULL);
    gan_ctx_free(ctx);
}

static void test_memory__calloc_clears_used_blocks(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    unsigned char *p = gan__alloc(ctx, 1000);
    memset(p, 0xff, 1000);
    gan__free(ctx, p);
    p = gan__calloc(ctx, 1000);
    for (int i = 0; i < 1000; i++) assert_int_equal(p[i], 0);
    char *copy = gan__strdup(ctx, "text");
    assert_string_equal(copy, "text");
    gan__free(ctx, copy);
    gan__free(ctx, p);
    gan_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__blocks_are_aligned_and_as_large_as_asked),
        cmocka_unit_test(test_memory__freed_blocks_are_used_again),
        cmocka_unit_test(test_memory__little_of_a_block_is_unused),
        cmocka_unit_test(test_memory__cache_goes_before_it_gives_up),
        cmocka_unit_test(test_memory__absurd_sizes_are_out_of_memory),
        cmocka_unit_test(test_memory__nth_request_fails_once),
        cmocka_unit_test(test_memory__calloc_clears_used_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
