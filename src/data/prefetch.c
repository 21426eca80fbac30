#include "prefetch.h"

#include <signal.h>
#include <string.h>

#define AHEAD 3 /* batches; a training step that needs several in a row finds them */

typedef struct slot {
    int64_t start;
    gan__job job;
    gan__draw *draws; /* the job's, to write */
    int64_t taken, done; /* samples that someone loads or has loaded; that are loaded */
} slot;

struct gan__prefetch {
    gan_dataset *d;
    int64_t n; /* samples per slot */
    slot slots[AHEAD];
    int head, queued; /* slots head .. head+queued-1 (round) hold consecutive batches */

    /* The lock guards head, queued, quit, busy, and of queued slots taken, done and fault. */
    pthread_mutex_t lock;
    pthread_cond_t work, progress;
    bool quit;
    int busy; /* threads that are loading into a slot */
    int threads;
    pthread_t ids[];
};

/* Few enough that several threads share one batch, many enough that the lock does not matter for small samples. */
static int64_t grain(const gan__prefetch *p) { return 1 + 4096 / p->d->sample_count; }

static slot *at(gan__prefetch *p, int i) { return &p->slots[(p->head + i) % AHEAD]; }

typedef struct part {
    slot *slot;
    int64_t begin, end;
} part;

static bool take(gan__prefetch *p, int slots, part *out) {
    for (int i = 0; i < slots; i++) {
        slot *s = at(p, i);
        if (s->taken == s->job.count) continue;
        int64_t end = s->taken + grain(p);
        *out = (part){s, s->taken, end < s->job.count ? end : s->job.count};
        s->taken = out->end;
        return true;
    }
    return false;
}

/* Locked before and after, not meanwhile. */
static void run(gan__prefetch *p, part t) {
    p->busy++;
    pthread_mutex_unlock(&p->lock);
    gan__fault fault = gan__load_range(p->d, &t.slot->job, t.begin, t.end);
    pthread_mutex_lock(&p->lock);
    p->busy--;
    gan__fault_merge(&t.slot->job.fault, &fault);
    t.slot->done += t.end - t.begin;
    if (!p->busy || t.slot->done == t.slot->job.count) pthread_cond_signal(&p->progress);
}

static void *decoder(void *arg) {
    gan__prefetch *p = arg;
    part t;
    pthread_mutex_lock(&p->lock);
    while (!p->quit)
        if (take(p, p->queued, &t))
            run(p, t);
        else
            pthread_cond_wait(&p->work, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------------------- */

/* Signals are for the program's own threads. */
static bool start_decoder(gan__prefetch *p) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&p->ids[p->threads], NULL, decoder, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    p->threads += !failed;
    return !failed;
}

static void free_slots(gan__prefetch *p) {
    gan_ctx *ctx = p->d->object.ctx;
    for (int i = 0; i < AHEAD; i++) {
        slot *s = &p->slots[i];
        gan__free(ctx, s->draws);
        gan__free(ctx, s->job.x);
        gan__free(ctx, s->job.target);
        gan__free(ctx, s->job.label);
        *s = (slot){0};
    }
    p->n = 0;
}

static bool make_slots(gan__prefetch *p, int64_t n) {
    gan_ctx *ctx = p->d->object.ctx;
    size_t numbers = (size_t)(n * p->d->sample_count);
    for (int i = 0; i < AHEAD && gan__ok(ctx); i++) {
        slot *s = &p->slots[i];
        s->draws = gan__alloc(ctx, (size_t)n * sizeof *s->draws);
        s->job = (gan__job){.draws = s->draws, .count = n, .x = gan__alloc(ctx, numbers * sizeof(gan_real))};
        if (p->d->source.targets) s->job.target = gan__alloc(ctx, numbers * sizeof(gan_real));
        if (p->d->source.classes) s->job.label = gan__alloc(ctx, (size_t)n * sizeof(gan_real));
    }
    p->n = n;
    if (gan__ok(ctx)) return true;
    free_slots(p);
    return false;
}

void gan__prefetch_free(gan__prefetch *p) {
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->quit = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->threads; i++) pthread_join(p->ids[i], NULL);
    pthread_cond_destroy(&p->progress);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free_slots(p);
    gan__free(p->d->object.ctx, p);
}

static gan__prefetch *new_prefetch(gan_dataset *d) {
    gan_ctx *ctx = d->object.ctx;
    gan__prefetch *p = gan__calloc(ctx, sizeof *p + (size_t)d->decoders * sizeof *p->ids);
    if (!p) return NULL;
    p->d = d;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->progress, NULL);
    bool ok = true;
    while (ok && p->threads < d->decoders) ok = start_decoder(p);
    if (ok) return p;
    gan__raise(ctx, GAN_E_SYSTEM, "gan_dataset_next: a thread to decode with could not be started (%s)", d->describe);
    gan__prefetch_free(p);
    return NULL;
}

/* --- batches ---------------------------------------------------------------------------------------------- */

/* Nobody but the consumer touches a slot that is not queued, so the draws are made without the lock. */
static void enqueue(gan__prefetch *p, int64_t start) {
    slot *s = at(p, p->queued);
    gan__plan(p->d, start, p->n, s->draws);
    s->start = start;
    pthread_mutex_lock(&p->lock);
    s->taken = s->done = 0;
    s->job.fault = (gan__fault){.status = GAN_OK};
    p->queued++;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
}

static void refill(gan__prefetch *p) {
    while (p->queued < AHEAD) enqueue(p, gan__batch_start(p->d, at(p, p->queued - 1)->start + p->n, p->n));
}

void gan__prefetch_drop(gan__prefetch *p) {
    pthread_mutex_lock(&p->lock);
    p->queued = 0;
    while (p->busy) pthread_cond_wait(&p->progress, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void gan__prefetch_pop(gan__prefetch *p) {
    pthread_mutex_lock(&p->lock);
    p->head = (p->head + 1) % AHEAD;
    p->queued--;
    pthread_mutex_unlock(&p->lock);
    refill(p);
}

/* The consumer lends a hand rather than wait. */
static void finish_head(gan__prefetch *p) {
    part t;
    slot *s = at(p, 0);
    pthread_mutex_lock(&p->lock);
    while (take(p, 1, &t)) run(p, t);
    while (s->done < s->job.count) pthread_cond_wait(&p->progress, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

const gan__job *gan__prefetch_get(gan_dataset *d, int64_t start, int64_t n) {
    gan__prefetch *p = d->prefetch ? d->prefetch : (d->prefetch = new_prefetch(d));
    if (!p) return NULL;
    if (!p->queued || p->n != n || at(p, 0)->start != start) { /* another size, or the position was wound back or set */
        gan__prefetch_drop(p);
        if (p->n != n) {
            free_slots(p);
            if (!make_slots(p, n)) return NULL;
        }
        enqueue(p, start);
    }
    refill(p);
    finish_head(p);
    return &at(p, 0)->job;
}
