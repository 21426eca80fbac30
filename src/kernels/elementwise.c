#include "elementwise.h"

#define GRAIN 16384

extern const gan__map_fn gan__maps_portable[GAN__MAP_COUNT], gan__maps_avx2[GAN__MAP_COUNT], gan__maps_avx512[GAN__MAP_COUNT];

gan__map_fn gan__map_of(const gan_ctx *ctx, gan__map_kind kind) {
    static const gan__map_fn *const tables[GAN__ISA_COUNT] = GAN__BY_ISA(gan__maps);
    return tables[ctx->isa][kind];
}

typedef struct map_arg {
    gan__map_fn fn;
    const gan_real *a, *b;
    gan_real p, *y;
} map_arg;

static void map_range(void *arg, int64_t begin, int64_t end) {
    const map_arg *m = arg;
    m->fn(end - begin, m->a + begin, m->b + begin, m->p, m->y + begin);
}

void gan__map(gan_ctx *ctx, gan__map_kind kind, int64_t n, const gan_real *a, const gan_real *b, double p, gan_real *y) {
    map_arg m = {gan__map_of(ctx, kind), a, b ? b : a, (gan_real)p, y};
    gan__parallel_ranges(ctx, n, GRAIN, map_range, &m);
}
