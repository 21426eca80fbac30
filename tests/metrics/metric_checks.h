/* What the tests of the metrics share. */
#ifndef METRIC_CHECKS_H
#define METRIC_CHECKS_H

#include <stdio.h>

#include "cmocka_gan.h"
#include "support/golden.h"

#define METRIC_TOLERANCE 1e-4

typedef struct metric_fixture {
    gan_ctx *ctx;
    golden *values;
} metric_fixture;

static inline int metric_setup(void **state) {
    static metric_fixture f;
    f = (metric_fixture){gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 3}), golden_open("metrics.safetensors")};
    *state = &f;
    return 0;
}

static inline int metric_teardown(void **state) {
    metric_fixture *f = *state;
    golden_close(f->values);
    gan_ctx_free(f->ctx);
    return 0;
}

#define METRIC_TEST(name) cmocka_unit_test_setup_teardown(name, metric_setup, metric_teardown)

/* "group.name.what", in turn in one of a few buffers. */
static inline const char *metric_key(const char *group, const char *name, const char *what) {
    static char text[8][128];
    static int turn;
    char *key = text[turn++ % 8];
    snprintf(key, sizeof text[0], "%s.%s.%s", group, name, what);
    return key;
}

static inline gan_tensor *metric_set(const metric_fixture *f, const char *group, const char *name, const char *what) {
    return golden_make(f->values, f->ctx, metric_key(group, name, what));
}

static inline void metric_compare(double got, double want, const char *what) {
    if (!(fabs(got - want) <= METRIC_TOLERANCE * fabs(want))) fail_msg("%s is %.9g, not %.9g", what, got, want);
}

static inline void metric_golden(const metric_fixture *f, const char *key, double got) {
    metric_compare(got, golden_get(f->values, key).data[0], key);
}

/* Random numbers, another set for each name. */
static inline gan_tensor *metric_randn(gan_ctx *ctx, const char *name, gan_shape shape) {
    return gan_randn_from(gan_stream_named(ctx, name), shape);
}

#endif
