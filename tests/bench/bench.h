/* What gan-bench times: steps of training, and single kernels. */
#ifndef BENCH_H
#define BENCH_H

#include <gan/gan.h>

typedef struct bench_case {
    const char *name, *what;
    double gflop; /* necessary work of one step, 0 if it is bound by memory */
    double gbyte; /* of memory that it has to read and write once; 0: not counted */
    void *(*begin)(gan_ctx *ctx, const struct bench_case *c);
    void (*step)(void *state); /* once */
    const void *data;
} bench_case;

const bench_case *bench_workloads(int *count); /* S1 to S4 */

/* For curves: a DCGAN of any size, or reading a folder of images; NULL for other names. */
typedef struct bench_sizes {
    int64_t batch, size, width;
    const char *path;
    int64_t cache_mb;
} bench_sizes;
const bench_case *bench_sized(const char *name, bench_sizes sizes);
const bench_case *bench_kernels(int *count);

/* Independent fused multiply-adds on all threads of the context, with its instruction set, for about that long: GFLOP/s. */
double bench_fma_peak(gan_ctx *ctx, double seconds);

/* The same for the engine's tiles on data that stay in the first-level cache: what convolutions could reach at most. */
double bench_tile_peak(gan_ctx *ctx, double seconds);

double bench_now(void); /* in seconds */

#endif
