/* The table's tricks for a few steps of small nets: those whose defaults would show nothing there, or that do not work on points.
 */
#ifndef TESTS_SMALL_TRICKS_H
#define TESTS_SMALL_TRICKS_H

#include "cmocka_gan.h"

enum { IMAGES = 1, GENERATORS = 2, SET_UPS = 4 }; /* what a trick needs, as bits */

static const struct {
    const char *name, *words;
    int needs;
} small_tricks[] = {
    {"augment", "augment", IMAGES},
    {"instance_noise", "instance_noise:sigma=0.1,to=0,until=100", 0},
    {"label_flip", "label_flip:p=0.2", 0},
    {"weight_clip", "weight_clip:c=0.03", 0},
    {"balance", "balance:above=0,most=1,decay=0.5", 0}, /* leaves D's first and third update out */
    {"r1", "r1:interval=2", 0},
    {"lookahead", "lookahead:steps=2,terms=true", 0},
    {"replay", "replay:rooms=2", 0},
    {"generator_classifier", "generator_classifier:g=0.1", GENERATORS},
};

static inline int small_of(const char *name) {
    for (int i = 0; i < COUNT_OF(small_tricks); i++)
        if (!strcmp(small_tricks[i].name, name)) return i;
    return -1;
}

static inline int needs_of(const char *name) { return small_of(name) < 0 ? 0 : small_tricks[small_of(name)].needs; }

static inline const char *words_of(const char *name) { return small_of(name) < 0 ? name : small_tricks[small_of(name)].words; }

#endif
