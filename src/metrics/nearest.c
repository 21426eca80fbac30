/* Nearest real neighbours: has the generator memorised its data? */
#include "distances.h"

#include <math.h>

typedef struct search {
    gan__distances s;
    int k;
    double *squared; /* k for each worker */
    int64_t *found;
    gan_real *index, *distance;
} search;

static void one_sample(void *arg, int64_t i, const gan_real *products, int worker) {
    search *r = arg;
    double *squared = r->squared + (int64_t)worker * r->k;
    int64_t *found = r->found + (int64_t)worker * r->k;
    gan__nearest(&r->s, i, products, r->k, squared, found);
    for (int p = 0; p < r->k; p++) {
        r->index[i * r->k + p] = (gan_real)found[p];
        r->distance[i * r->k + p] = (gan_real)sqrt(squared[p]);
    }
}

gan_nearest gan_nearest_neighbours(const gan_tensor *x, const gan_tensor *among, int k) {
    static const char who[] = "gan_nearest_neighbours";
    gan_ctx *ctx = gan__metric_ctx(x, among);
    gan_nearest nil = {gan__nil(ctx), gan__nil(ctx)};
    gan__row_pair p;
    search r = {.k = k};
    if (!gan__row_pair_of(ctx, x, "the samples", among, "the neighbours", 1, who, &p)) return nil;
    if (k < 1 || k > p.b.n)
        gan__raise(ctx, GAN_E_ARG, "%s: k is %d, must be 1 to %lld, the number of neighbours there are", who, k,
                   (long long)p.b.n);
    if (!gan__ok(ctx) || !gan__distances_begin(ctx, &p, &r.s)) return nil;
    r.s.same = false; /* a sample that is among the others is its own neighbour */
    size_t slots = (size_t)k * (size_t)gan__threads_count(ctx->threads);
    gan_nearest result = {gan_empty(ctx, gan_shape2(p.a.n, k)), gan_empty(ctx, gan_shape2(p.a.n, k))};
    r.squared = gan__alloc(ctx, slots * sizeof *r.squared);
    r.found = gan__alloc(ctx, slots * sizeof *r.found);
    if (gan__ok(ctx)) {
        r.index = gan_op_write(result.index), r.distance = gan_op_write(result.distance);
        gan__each_row(&r.s, one_sample, &r);
    }
    gan__free(ctx, r.squared), gan__free(ctx, r.found);
    gan__distances_end(&r.s);
    return gan__ok(ctx) ? result : nil;
}
