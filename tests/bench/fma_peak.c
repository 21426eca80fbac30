/* The ceiling: what the machine does when nothing but multiply-adds happen. */
#include <string.h>

#include "base/ctx_impl.h"
#include "bench.h"

/* Latency times throughput of any core so far is at most ten; twelve sums and two constants fit into 16 registers. */
#define SUMS 12
#define ROUNDS 20000

static volatile float sink;

#define KERNEL(name, lanes, attribute)                                                                         \
    typedef float name##_vec __attribute__((vector_size(lanes * sizeof(float))));                              \
    attribute static void name(void) {                                                                         \
        name##_vec s[SUMS], a = {0}, b = {0};                                                                  \
        for (int i = 0; i < lanes; i++) a[i] = 0.999f, b[i] = 0.001f;                                          \
        for (int i = 0; i < SUMS; i++) s[i] = a - b * (float)i;                                                \
        for (int r = 0; r < ROUNDS; r++) {                                                                     \
            _Pragma("GCC unroll 12") for (int i = 0; i < SUMS; i++) s[i] = s[i] * a + b;                       \
        }                                                                                                      \
        for (int i = 1; i < SUMS; i++) s[0] += s[i];                                                           \
        sink = s[0][0];                                                                                        \
    }

KERNEL(peak_portable, 4, )
#if defined(__x86_64__)
KERNEL(peak_avx2, 8, __attribute__((target("avx2,fma"))))
KERNEL(peak_avx512, 16, __attribute__((target("avx512f,fma"))))
#endif

static const struct {
    void (*run)(void);
    int lanes;
} kernels[GAN__ISA_COUNT] = {
    [GAN__ISA_PORTABLE] = {peak_portable, 4},
#if defined(__x86_64__)
    [GAN__ISA_AVX2] = {peak_avx2, 8},
    [GAN__ISA_AVX512] = {peak_avx512, 16},
#endif
};

static void task(void *arg, int64_t index, int worker) {
    (void)index, (void)worker;
    kernels[*(const gan__isa *)arg].run();
}

double bench_fma_peak(gan_ctx *ctx, double seconds) {
    double flop = 0, begin = bench_now(), end;
    gan__isa isa = ctx->isa;
    int tasks = 4 * gan_ctx_threads(ctx);
    do {
        gan__parallel(ctx, tasks, task, &isa);
        flop += 2.0 * tasks * ROUNDS * SUMS * kernels[isa].lanes;
        end = bench_now();
    } while (end - begin < seconds);
    return flop / (end - begin) * 1e-9;
}
