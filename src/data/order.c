#include "order.h"

#include "../base/state.h"

static uint64_t block_of(int64_t round, int64_t item) { return (uint64_t)round << 32 | (uint64_t)item; }

/* Below n: of 64 random bits the remainder is off by n / 2^64 at most, which no run can notice. */
static int64_t below(const uint32_t key[2], int64_t round, int64_t item, int64_t n) {
    uint32_t w[4];
    gan__philox(key, block_of(round, item), w);
    return (int64_t)(((uint64_t)w[1] << 32 | w[0]) % (uint64_t)n);
}

/* Fisher and Yates, from the end. */
void gan__order_shuffle(const uint32_t key[2], int64_t round, int32_t *items, int64_t count) {
    for (int64_t i = count - 1; i > 0; i--) {
        int64_t k = below(key, round, i, i + 1);
        int32_t t = items[i];
        items[i] = items[k];
        items[k] = t;
    }
}

bool gan__order_coin(const uint32_t key[2], int64_t round, int64_t item) {
    uint32_t w[4];
    gan__philox(key, block_of(round, item), w);
    return w[0] & 1;
}
