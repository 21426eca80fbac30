#include "data_files.h"

#include "data/order.h"

#define N 500

static const uint32_t key[2] = {17, 4}, other_key[2] = {18, 4};

static void in_order(int32_t *items) {
    for (int32_t i = 0; i < N; i++) items[i] = i;
}

static void test_shuffle__keeps_every_item_once(void **state) {
    (void)state;
    int32_t items[N];
    bool seen[N] = {false};
    in_order(items);
    gan__order_shuffle(key, 0, items, N);
    for (int i = 0; i < N; i++) {
        assert_false(seen[items[i]]);
        seen[items[i]] = true;
    }
}

static void test_shuffle__is_a_function_of_key_and_round(void **state) {
    (void)state;
    int32_t a[N], b[N], next[N], other[N];
    in_order(a), in_order(b), in_order(next), in_order(other);
    gan__order_shuffle(key, 7, a, N);
    gan__order_shuffle(key, 7, b, N);
    gan__order_shuffle(key, 8, next, N);
    gan__order_shuffle(other_key, 7, other, N);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, next, sizeof a);
    assert_memory_not_equal(a, other, sizeof a);
}

/* Each of the 24 orders of 4 items comes up about 1000 times in 24000 rounds. A biased shuffle, each item with any other, misses
 * by 40 %. */
static void test_shuffle__has_no_favourite_order(void **state) {
    (void)state;
    int seen[256] = {0};
    for (int round = 0; round < 24000; round++) {
        int32_t items[4] = {0, 1, 2, 3};
        gan__order_shuffle(key, round, items, 4);
        seen[items[0] * 64 + items[1] * 16 + items[2] * 4 + items[3]]++;
    }
    int orders = 0;
    for (int i = 0; i < 256; i++)
        if (seen[i]) {
            orders++;
            assert_in_range(seen[i], 850, 1150);
        }
    assert_int_equal(orders, 24);
}

static void test_coin__is_fair_and_repeats(void **state) {
    (void)state;
    int heads = 0, changes = 0;
    for (int i = 0; i < 10000; i++) {
        bool a = gan__order_coin(key, 3, i);
        heads += a;
        changes += a != gan__order_coin(key, 4, i);
        assert_int_equal(a, gan__order_coin(key, 3, i));
    }
    assert_in_range(heads, 4800, 5200);
    assert_in_range(changes, 4800, 5200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shuffle__keeps_every_item_once),
        cmocka_unit_test(test_shuffle__is_a_function_of_key_and_round),
        cmocka_unit_test(test_shuffle__has_no_favourite_order),
        cmocka_unit_test(test_coin__is_fair_and_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
