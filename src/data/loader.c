/* Drawing batches. What a batch holds is a function of the seed, the position and the batch's size. */
#include <gan/op.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../tensor/tensor_impl.h"
#include "dataset_impl.h"
#include "order.h"
#include "prefetch.h"

/* --- which samples ---------------------------------------------------------------------------------------- */

int64_t gan__batch_start(const gan_dataset *d, int64_t p, int64_t n) {
    int64_t epoch = p / d->train;
    return p % d->train + n > d->train ? (epoch + 1) * d->train : p;
}

void gan__plan(gan_dataset *d, int64_t start, int64_t n, gan__draw *draws) {
    int64_t epoch = start / d->train, offset = start % d->train;
    if (d->order_epoch != epoch) {
        memcpy(d->order, d->split + d->held, (size_t)d->train * sizeof *d->order);
        gan__order_shuffle(d->order_key, epoch, d->order, d->train);
        d->order_epoch = epoch;
    }
    for (int64_t i = 0; i < n; i++) {
        int32_t index = d->order[offset + i];
        draws[i] = (gan__draw){index, d->flip && gan__order_coin(d->flip_key, epoch, index)};
    }
}

/* --- loading them ----------------------------------------------------------------------------------------- */

static void mirror(gan_real *x, gan_shape s) {
    int64_t width = s.d[1], c = s.d[2];
    for (int64_t row = 0; row < s.d[0]; row++, x += width * c)
        for (int64_t a = 0, b = width - 1; a < b; a++, b--)
            for (int64_t k = 0; k < c; k++) {
                gan_real t = x[a * c + k];
                x[a * c + k] = x[b * c + k];
                x[b * c + k] = t;
            }
}

static bool finite(const gan_real *x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return false;
    return true;
}

static gan_status checked(const gan_dataset *d, const gan_real *x, const gan_real *target, int32_t label, char *message,
                          size_t size) {
    if (!finite(x, d->sample_count) || (target && !finite(target, d->sample_count))) {
        snprintf(message, size, "it holds a value that is not finite");
        return GAN_E_NONFINITE;
    }
    if (!d->source.classes || (label >= 0 && label < d->source.classes)) return GAN_OK;
    snprintf(message, size, "its label is %d, but there are %d classes", (int)label, d->source.classes);
    return GAN_E_ARG;
}

static gan_status load(const gan_dataset *d, gan__draw draw, gan_real *x, gan_real *target, gan_real *label, char *message,
                       size_t size) {
    int32_t number = 0;
    gan_status status = d->source.load(d->source.user, draw.index, x, target, label ? &number : NULL, message, size);
    if (status == GAN_OK && !d->trusted) status = checked(d, x, target, number, message, size);
    if (status != GAN_OK) return status;
    if (label) *label = (gan_real)number;
    if (draw.flip) mirror(x, d->source.sample);
    if (draw.flip && target) mirror(target, d->source.sample);
    return GAN_OK;
}

gan__fault gan__load_range(const gan_dataset *d, const gan__job *job, int64_t begin, int64_t end) {
    gan__fault fault = {.status = GAN_OK};
    for (int64_t i = begin; i < end && fault.status == GAN_OK; i++) {
        fault.at = i, fault.index = job->draws[i].index;
        gan_real *target = job->target ? job->target + i * d->sample_count : NULL, *label = job->label ? job->label + i : NULL;
        fault.status = load(d, job->draws[i], job->x + i * d->sample_count, target, label, fault.message, sizeof fault.message);
    }
    return fault;
}

void gan__fault_merge(gan__fault *into, const gan__fault *fault) {
    if (fault->status != GAN_OK && (into->status == GAN_OK || fault->at < into->at)) *into = *fault;
}

void gan__fault_raise(gan_dataset *d, const gan__fault *fault, const char *who) {
    gan__raise(d->object.ctx, fault->status, "%s: sample %d: %.200s (%s)", who, (int)fault->index,
               fault->message[0] ? fault->message : gan_status_text(fault->status), d->describe);
}

/* --- batches ---------------------------------------------------------------------------------------------- */

static gan_batch nil_batch(const gan_dataset *d) {
    if (!d) return (gan_batch){gan__nil(gan__nil_ctx()), NULL, NULL};
    gan_ctx *ctx = d->object.ctx ? d->object.ctx : gan__nil_ctx();
    gan_tensor *nil = gan__nil(ctx);
    return (gan_batch){nil, d->source.classes ? nil : NULL, d->source.targets ? nil : NULL};
}

static gan_shape batch_shape(const gan_dataset *d, int64_t n) {
    gan_shape s = {.ndim = d->source.sample.ndim + 1, .d = {n}};
    for (int i = 1; i < s.ndim; i++) s.d[i] = d->source.sample.d[i - 1];
    return s;
}

static void release(gan_batch b) {
    gan_release(b.x);
    gan_release(b.label);
    gan_release(b.target);
}

static gan_batch empty_batch(gan_dataset *d, int64_t n) {
    gan_ctx *ctx = d->object.ctx;
    gan_batch b = {.x = gan_empty(ctx, batch_shape(d, n))};
    if (d->source.classes) b.label = gan_empty(ctx, gan_shape1(n));
    if (d->source.targets) b.target = gan_empty(ctx, batch_shape(d, n));
    if (gan__ok(ctx)) return b;
    release(b);
    return nil_batch(d);
}

static gan__job job_of(gan_batch b, const gan__draw *draws, int64_t n) {
    return (gan__job){.draws = draws, .count = n, .x = gan_op_write(b.x), .target = b.target ? gan_op_write(b.target) : NULL,
                      .label = b.label ? gan_op_write(b.label) : NULL};
}

static gan__draw *scratch_draws(gan_dataset *d, int64_t n) {
    if (n <= d->draws_room) return d->draws;
    gan__draw *draws = gan__alloc(d->object.ctx, (size_t)n * sizeof *draws);
    if (!draws) return NULL;
    gan__free(d->object.ctx, d->draws);
    d->draws_room = n;
    return d->draws = draws;
}

typedef struct crew {
    const gan_dataset *d;
    gan__job *job;
    pthread_mutex_t lock;
} crew;

static void load_part(void *arg, int64_t begin, int64_t end) {
    crew *c = arg;
    gan__fault fault = gan__load_range(c->d, c->job, begin, end);
    if (fault.status == GAN_OK) return;
    pthread_mutex_lock(&c->lock);
    gan__fault_merge(&c->job->fault, &fault);
    pthread_mutex_unlock(&c->lock);
}

/* Loads a batch here and now, on the context's own threads; draws are those of the scratch. */
static gan_batch load_now(gan_dataset *d, int64_t n, const char *who) {
    gan_batch b = empty_batch(d, n);
    if (!gan__ok(d->object.ctx)) return b;
    gan__job job = job_of(b, d->draws, n);
    crew c = {.d = d, .job = &job};
    pthread_mutex_init(&c.lock, NULL);
    int64_t grain = 1 + 32768 / d->sample_count; /* enough work to be worth another thread */
    gan__parallel_ranges(d->object.ctx, n, grain, load_part, &c);
    pthread_mutex_destroy(&c.lock);
    if (job.fault.status == GAN_OK) return b;
    release(b);
    gan__fault_raise(d, &job.fault, who);
    return nil_batch(d);
}

static bool usable(const gan_dataset *d) { return d && !d->nil && gan__ok(d->object.ctx); }

static gan_batch next_prefetched(gan_dataset *d, int64_t start, int64_t n) {
    const gan__job *ready = gan__prefetch_get(d, start, n);
    if (!ready) return nil_batch(d);
    if (ready->fault.status != GAN_OK) {
        gan__fault fault = ready->fault;
        gan__prefetch_drop(d->prefetch); /* to try it anew if it is asked for again */
        gan__fault_raise(d, &fault, "gan_dataset_next");
        return nil_batch(d);
    }
    gan_batch b = empty_batch(d, n);
    if (!gan__ok(d->object.ctx)) return b;
    gan__job to = job_of(b, NULL, n);
    size_t bytes = (size_t)(n * d->sample_count) * sizeof(gan_real);
    memcpy(to.x, ready->x, bytes);
    if (to.target) memcpy(to.target, ready->target, bytes);
    if (to.label) memcpy(to.label, ready->label, (size_t)n * sizeof(gan_real));
    gan__prefetch_pop(d->prefetch);
    return b;
}

static gan_batch next_now(gan_dataset *d, int64_t start, int64_t n) {
    gan__draw *draws = scratch_draws(d, n);
    if (!draws) return nil_batch(d);
    gan__plan(d, start, n, draws);
    return load_now(d, n, "gan_dataset_next");
}

gan_batch gan_dataset_next(gan_dataset *d, int64_t n) {
    if (!usable(d)) return nil_batch(d);
    gan_ctx *ctx = d->object.ctx;
    if (n < 1 || n > d->train) {
        gan__raise(ctx, GAN_E_ARG, "gan_dataset_next: a batch of %lld was asked for, but there are %lld training samples (%s)",
                   (long long)n, (long long)d->train, d->describe);
        return nil_batch(d);
    }
    int64_t start = gan__batch_start(d, d->position.value, n);
    gan_batch b = d->decoders ? next_prefetched(d, start, n) : next_now(d, start, n);
    if (gan__ok(ctx)) d->position.value = start + n;
    return b;
}

/* Samples start .. start+n-1 of a list of the source's, without flips. */
static gan_batch load_listed(gan_dataset *d, const int32_t *list, int64_t start, int64_t n, const char *who) {
    gan__draw *draws = scratch_draws(d, n);
    if (!draws) return nil_batch(d);
    for (int64_t i = 0; i < n; i++) draws[i] = (gan__draw){list[start + i], false};
    return load_now(d, n, who);
}

static bool within(gan_dataset *d, int64_t start, int64_t n, int64_t count, const char *who, const char *kind) {
    if (n >= 1 && start >= 0 && start <= count && n <= count - start) return true;
    gan__raise(d->object.ctx, GAN_E_ARG, "%s: %lld samples from %lld on were asked for, but there are %lld %s samples (%s)", who,
               (long long)n, (long long)start, (long long)count, kind, d->describe);
    return false;
}

gan_batch gan_dataset_held_out(gan_dataset *d, int64_t start, int64_t n) {
    static const char who[] = "gan_dataset_held_out";
    if (!usable(d) || !within(d, start, n, d->held, who, "held-out")) return nil_batch(d);
    return load_listed(d, d->split, start, n, who);
}

/* In the order of the first epoch: where nothing is held out, that of the source may be sorted. */
gan_batch gan_dataset_training(gan_dataset *d, int64_t start, int64_t n) {
    static const char who[] = "gan_dataset_training";
    if (!usable(d) || !within(d, start, n, d->train, who, "training")) return nil_batch(d);
    gan__draw *draws = scratch_draws(d, n);
    if (!draws) return nil_batch(d);
    gan__plan(d, start, n, draws);
    for (int64_t i = 0; i < n; i++) draws[i].flip = false;
    return load_now(d, n, who);
}
