/* A source of the tests' own: sample i is HEIGHT x WIDTH pixels i, i + .0001, ..., its label i % 7, its target the negative.
 * Samples are large enough for several threads to share a batch. */
#ifndef COUNTED_SOURCE_H
#define COUNTED_SOURCE_H

#include "data_files.h"

#include <math.h>
#include <stdatomic.h>
#include <time.h>

#define HEIGHT 32
#define WIDTH 65
#define SAMPLE (HEIGHT * WIDTH)
#define PIXEL(index, i) ((gan_real)(index) + (gan_real)(i) / 10000)

typedef struct counted {
    atomic_int loads, freed;
    atomic_int bad, worse; /* indexes that fail; -1: none */
    int nan, wrong_label, wrong_target;
    long slow; /* nanoseconds per load */
} counted;

static inline gan_status counted_load(void *user, int64_t index, gan_real *x, gan_real *target, int32_t *label, char *message,
                                      size_t size) {
    counted *c = user;
    atomic_fetch_add(&c->loads, 1);
    if (c->slow) nanosleep(&(struct timespec){.tv_nsec = c->slow}, NULL);
    if (index == atomic_load(&c->bad) || index == atomic_load(&c->worse)) {
        snprintf(message, size, "number %d is bad", (int)index);
        return GAN_E_IO;
    }
    for (int i = 0; i < SAMPLE; i++) x[i] = PIXEL(index, i);
    for (int i = 0; target && i < SAMPLE; i++) target[i] = -x[i];
    if (index == c->nan) x[4] = (gan_real)NAN;
    if (index == c->wrong_target) target[SAMPLE - 1] = (gan_real)INFINITY;
    if (label) *label = index == c->wrong_label ? 7 : (int32_t)(index % 7);
    return GAN_OK;
}

static inline void counted_free(void *user) { atomic_fetch_add(&((counted *)user)->freed, 1); }

static inline counted all_good(void) {
    counted c = {.nan = -1, .wrong_label = -1, .wrong_target = -1};
    atomic_init(&c.bad, -1);
    atomic_init(&c.worse, -1);
    return c;
}

static inline gan_source counted_source(counted *c, int64_t count) {
    return (gan_source){.sample = {3, {HEIGHT, WIDTH, 1}}, .count = count, .classes = 7, .targets = true, .load = counted_load,
                        .free = counted_free, .describe = "counted", .user = c};
}

/* Which sample of the source is at `row` of a batch, and whether mirrored; checks all its numbers. */
static inline int sample_at(gan_batch b, int64_t row, bool *flipped) {
    const gan_real *x = gan_data(b.x) + row * SAMPLE, *target = gan_data(b.target) + row * SAMPLE;
    bool mirrored = x[0] > x[1], right = true;
    int index = (int)x[mirrored ? WIDTH - 1 : 0];
    for (int i = 0; i < SAMPLE; i++) {
        int from = mirrored ? i / WIDTH * WIDTH + WIDTH - 1 - i % WIDTH : i;
        right = right && x[i] == PIXEL(index, from) && target[i] == -x[i];
    }
    assert_true(right);
    assert_true(gan_data(b.label)[row] == (gan_real)(index % 7));
    if (flipped) *flipped = mirrored;
    return index;
}

#endif
