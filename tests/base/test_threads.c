#include "cmocka_gan.h"

#include <signal.h>
#include <time.h>

#include "base/ctx_impl.h"

enum { MOST = 1000 };

typedef struct visit {
    int times[MOST];
    int worker[MOST];
} visit;

static void note(void *arg, int64_t task, int worker) {
    visit *v = arg;
    v->times[task]++;
    v->worker[task] = worker;
}

static void test_parallel__runs_each_task_once(void **state) {
    (void)state;
    static const int counts[] = {0, 1, 2, 3, 7, 64, MOST};
    for (int threads = 1; threads <= 8; threads++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = threads});
        for (int c = 0; c < COUNT_OF(counts); c++) {
            visit v = {{0}, {0}};
            gan__parallel(ctx, counts[c], note, &v);
            for (int i = 0; i < MOST; i++) assert_int_equal(v.times[i], i < counts[c]);
            for (int i = 0; i < counts[c]; i++) assert_in_range(v.worker[i], 0, threads - 1);
        }
        gan_ctx_free(ctx);
    }
}

/* Loops that follow each other closely, and with pauses in which the workers fall asleep. */
static void test_parallel__keeps_rounds_apart(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 4});
    static visit v;
    memset(&v, 0, sizeof v);
    for (int round = 0; round < 3000; round++) {
        gan__parallel(ctx, 5, note, &v);
        if (round % 500 == 0) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    for (int i = 0; i < 5; i++) assert_int_equal(v.times[i], 3000);
    gan_ctx_free(ctx);
}

typedef struct spans {
    int covered[MOST];
    int64_t grain;
} spans;

static void cover(void *arg, int64_t begin, int64_t end) {
    spans *s = arg;
    if (begin % s->grain || end - begin > s->grain || end <= begin) s->covered[0] = -1000;
    for (int64_t i = begin; i < end; i++) s->covered[i]++;
}

static void test_parallel_ranges__cover_everything_once(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 3});
    for (int64_t count = 0; count < MOST; count += 37)
        for (int64_t grain = 1; grain < 2 * MOST; grain = 3 * grain + 1) {
            spans s = {.grain = grain};
            gan__parallel_ranges(ctx, count, grain, cover, &s);
            for (int64_t i = 0; i < MOST; i++) assert_int_equal(s.covered[i], i < count);
        }
    gan_ctx_free(ctx);
}

static void test_threads__many_pools_come_and_go(void **state) {
    (void)state;
    for (int i = 0; i < 200; i++) { /* freed at once, before the workers are under way, or after one loop */
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1 + i % 5});
        check_ok(ctx);
        visit v = {{0}, {0}};
        if (i % 2) gan__parallel(ctx, 10, note, &v);
        for (int k = 0; k < 10; k++) assert_int_equal(v.times[k], i % 2);
        gan_ctx_free(ctx);
    }
}

static void test_threads__end_while_they_sleep(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 4});
        visit v = {{0}, {0}};
        gan__parallel(ctx, 10, note, &v);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        gan_ctx_free(ctx);
        for (int k = 0; k < 10; k++) assert_int_equal(v.times[k], 1);
    }
}

static void test_threads__most_that_can_be_asked_for(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 256});
    check_ok(ctx);
    assert_int_equal(gan_ctx_threads(ctx), 256);
    visit v = {{0}, {0}};
    gan__parallel(ctx, MOST, note, &v);
    for (int i = 0; i < MOST; i++) assert_int_equal(v.times[i], 1);
    gan_ctx_free(ctx);
}

/* Which signals the thread of a task does not take; each waits for the others, so that all threads take part. */
static void look_at_mask(void *arg, int64_t task, int worker) {
    (void)task;
    bool *blocked = arg;
    sigset_t set;
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    blocked[worker] = sigismember(&set, SIGINT) && sigismember(&set, SIGTERM);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static void test_threads__leave_signals_to_the_program(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 4});
    bool blocked[4] = {true, true, true, true};
    gan__parallel(ctx, 4, look_at_mask, blocked);
    assert_false(blocked[0]); /* the caller's own mask is as it was */
    for (int i = 1; i < 4; i++) assert_true(blocked[i]);
    gan_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel__runs_each_task_once),
        cmocka_unit_test(test_parallel__keeps_rounds_apart),
        cmocka_unit_test(test_parallel_ranges__cover_everything_once),
        cmocka_unit_test(test_threads__many_pools_come_and_go),
        cmocka_unit_test(test_threads__end_while_they_sleep),
        cmocka_unit_test(test_threads__most_that_can_be_asked_for),
        cmocka_unit_test(test_threads__leave_signals_to_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
