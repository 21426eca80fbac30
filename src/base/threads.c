#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "ctx_impl.h"

#if defined(__x86_64__) || defined(__i386__)
#define RELAX() __builtin_ia32_pause()
#else
#define RELAX() ((void)0)
#endif

/* How often an idle thread looks again before it sleeps: parallel loops follow each other closely in a training step. */
#define SPINS 4000

/* What is written by different threads lies in different lines of the cache. */
#define ALONE _Alignas(128)

/* A thread's tasks of the loop under way. */
typedef struct share {
    ALONE atomic_int_fast64_t next;
    int64_t end;
} share;

struct gan__threads {
    int count;
    pthread_t *ids;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_int asleep;

    /* The loop under way: written before it opens, and read only by those who came inside while it was open. Nobody waits for a
     * worker that has not come, because it sleeps or another program has its processor: the tasks get done without it. */
    ALONE atomic_uint round; /* odd: a loop is open, 2 more for each */
    bool quit;
    gan__task_fn fn;
    void *arg;
    int share_count;
    ALONE atomic_int inside; /* workers */
    ALONE share shares[];
};

typedef struct worker_arg {
    gan__threads *threads;
    int index;
} worker_arg;

static bool is_open(unsigned round) { return round % 2; }

/* The worker's own share first, the same in any two loops of as many tasks, so that it finds in its cache what it has written
 * there, and then what the others have left. With fewer tasks than workers, some have no share and begin with another's. */
static void drain(gan__threads *t, int worker) {
    for (int k = 0; k < t->share_count; k++) {
        share *s = &t->shares[(worker + k) % t->share_count];
        while (atomic_load_explicit(&s->next, memory_order_relaxed) < s->end) {
            int64_t i = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed);
            if (i < s->end) t->fn(t->arg, i, worker);
        }
    }
}

/* In one order with `asleep`: who opens a round sees the worker asleep, or the worker sees the round. */
static bool is_new(const gan__threads *t, unsigned seen) {
    unsigned round = atomic_load(&t->round);
    return is_open(round) && round != seen;
}

static void await_round(gan__threads *t, unsigned seen) {
    for (int i = 0; i < SPINS; i++) {
        if (is_new(t, seen)) return;
        RELAX();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->asleep, 1);
    while (!is_new(t, seen)) pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->asleep, 1);
    pthread_mutex_unlock(&t->lock);
}

/* With more threads than processors, a worker may wait for this very thread's processor: then let go of it. */
static void await_workers(gan__threads *t) {
    for (int i = 0; atomic_load(&t->inside); i++) {
        if (i < SPINS)
            RELAX();
        else
            sched_yield();
    }
}

static void open_round(gan__threads *t) {
    atomic_fetch_add(&t->round, 1);
    if (atomic_load(&t->asleep)) {
        pthread_mutex_lock(&t->lock);
        pthread_cond_broadcast(&t->wake);
        pthread_mutex_unlock(&t->lock);
    }
}

static void *worker_main(void *p) {
    worker_arg a = *(worker_arg *)p;
    free(p);
    for (unsigned seen = 0;;) {
        await_round(a.threads, seen);
        atomic_fetch_add(&a.threads->inside, 1);
        seen = atomic_load(&a.threads->round);
        bool quit = is_open(seen) && a.threads->quit;
        if (is_open(seen) && !quit) drain(a.threads, a.index);
        atomic_fetch_sub(&a.threads->inside, 1);
        if (quit) return NULL;
    }
}

/* Signals are the program's: its handlers run on its own threads. */
static bool start_worker(gan__threads *t, int index) {
    worker_arg *a = malloc(sizeof *a);
    if (!a) return false;
    *a = (worker_arg){t, index};
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&t->ids[index], NULL, worker_main, a) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started) free(a);
    return started;
}

gan__threads *gan__threads_new(int count) {
    size_t size = sizeof(gan__threads) + (size_t)count * sizeof(share);
    gan__threads *t = aligned_alloc(_Alignof(gan__threads), size);
    if (!t) return NULL;
    memset(t, 0, size);
    t->count = 1;
    t->ids = calloc((size_t)count, sizeof *t->ids);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    bool ok = t->ids != NULL;
    for (; ok && t->count < count; t->count += ok) ok = start_worker(t, t->count);
    if (ok) return t;
    gan__threads_free(t);
    return NULL;
}

void gan__threads_free(gan__threads *t) {
    if (!t) return;
    t->quit = true;
    open_round(t);
    for (int i = 1; i < t->count; i++) pthread_join(t->ids[i], NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t->ids);
    free(t);
}

int gan__threads_count(const gan__threads *t) { return t ? t->count : 1; }

void gan__parallel(gan_ctx *ctx, int64_t tasks, gan__task_fn fn, void *arg) {
    gan__threads *t = ctx->threads;
    if (gan__threads_count(t) == 1 || tasks <= 1) {
        for (int64_t i = 0; i < tasks; i++) fn(arg, i, 0);
        return;
    }
    t->fn = fn, t->arg = arg;
    t->share_count = tasks < t->count ? (int)tasks : t->count;
    for (int i = 0; i < t->share_count; i++) {
        atomic_store_explicit(&t->shares[i].next, i * tasks / t->share_count, memory_order_relaxed);
        t->shares[i].end = (i + 1) * tasks / t->share_count;
    }
    open_round(t);
    drain(t, 0);
    atomic_fetch_add(&t->round, 1);
    await_workers(t);
}

typedef struct ranges {
    int64_t count, grain;
    gan__range_fn fn;
    void *arg;
} ranges;

static void run_range(void *p, int64_t task, int worker) {
    (void)worker;
    ranges *r = p;
    int64_t begin = task * r->grain, end = begin + r->grain;
    r->fn(r->arg, begin, end < r->count ? end : r->count);
}

void gan__parallel_ranges(gan_ctx *ctx, int64_t count, int64_t grain, gan__range_fn fn, void *arg) {
    ranges r = {count, grain, fn, arg};
    if (count > 0) gan__parallel(ctx, (count + grain - 1) / grain, run_range, &r);
}
