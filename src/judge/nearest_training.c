/* The nearest of all training samples, of which a few are in memory at a time. */
#include <math.h>

#include "../metrics/rows.h"
#include "judge_impl.h"

enum { BLOCK = 2000 };

/* The two least so far of each sample. */
static void take(const gan_real *found, int64_t count, int k, gan_real *first, gan_real *second) {
    for (int64_t i = 0; i < count * k; i++) {
        int64_t row = i / k;
        if (found[i] < first[row])
            second[row] = first[row], first[row] = found[i];
        else if (found[i] < second[row])
            second[row] = found[i];
    }
}

static bool search(const gan_judge *j, gan_tensor *x, int64_t count, bool own, gan_real *first, gan_real *second) {
    gan_ctx *ctx = j->object.ctx;
    int64_t all = gan_dataset_count(j->real.data);
    for (int64_t i = 0; i < count; i++) first[i] = second[i] = (gan_real)INFINITY;
    for (int64_t i = 0; i < all && gan__ok(ctx); i += BLOCK) {
        int64_t rows = all - i < BLOCK ? all - i : BLOCK;
        int k = own && rows > 1 ? 2 : 1;
        gan_scope_begin(ctx);
        gan_tensor *found = gan_nearest_neighbours(x, gan_dataset_training(j->real.data, i, rows).x, k).distance;
        if (gan__ok(ctx)) take(gan_data(found), count, k, first, second);
        gan_scope_end(ctx);
    }
    return gan__ok(ctx);
}

bool gan__nearest_training(const gan_judge *j, gan_tensor *x, int64_t count, bool own, gan_real *distances) {
    gan_ctx *ctx = j->object.ctx;
    gan_real *other = gan__alloc(ctx, (size_t)count * sizeof *other);
    if (!other) return false;
    gan_scope_begin(ctx);
    gan_tensor *few = gan_slice(x, 0, 0, count);
    /* A training sample's nearest is itself. */
    bool found = search(j, few, count, own, own ? other : distances, own ? distances : other);
    gan_scope_end(ctx);
    gan__free(ctx, other);
    if (found) gan__sort(distances, count);
    return found;
}
