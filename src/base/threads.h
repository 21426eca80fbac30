/* The context's thread pool. */
#ifndef GAN__THREADS_H
#define GAN__THREADS_H

#include <gan/context.h>

typedef struct gan__threads gan__threads;

/* One task of a parallel loop. `worker` is 0 .. threads-1, for scratch memory; results must not depend on it. */
typedef void (*gan__task_fn)(void *arg, int64_t task, int worker);

/* A pool of `count` threads, the caller's own among them. NULL if the system refuses. */
gan__threads *gan__threads_new(int count);
void gan__threads_free(gan__threads *threads);
int gan__threads_count(const gan__threads *threads);

/* Runs fn for task 0 .. tasks-1, spread over the pool, and returns when all are done. Each thread begins with its share of them,
 * the caller with the first. Sums are to be split by their size, never by the number of threads, so that results do not depend on
 * it. Must not be nested; tasks raise no errors and take no memory of the context, which belongs to the calling thread. */
void gan__parallel(gan_ctx *ctx, int64_t tasks, gan__task_fn fn, void *arg);

/* Splits [0, count) into ranges of `grain` and calls fn(arg, begin, end) for each, in parallel when there are several. */
typedef void (*gan__range_fn)(void *arg, int64_t begin, int64_t end);
void gan__parallel_ranges(gan_ctx *ctx, int64_t count, int64_t grain, gan__range_fn fn, void *arg);

#endif
