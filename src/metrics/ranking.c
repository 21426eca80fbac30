/* Area under the receiver's curve: how well D's logits tell reals from fakes. */
#include <math.h>
#include <string.h>

#include "rows.h"

static gan_real *sorted(gan_ctx *ctx, const gan__rows *x) {
    size_t bytes = (size_t)(x->n * x->d) * sizeof(gan_real);
    gan_real *copy = gan__alloc(ctx, bytes);
    if (!copy) return NULL;
    memcpy(copy, x->x, bytes);
    gan__sort(copy, x->n * x->d);
    return copy;
}

/* Mann & Whitney (1947): pairs in which the real is above count 1, ties half. */
static double share_above(const gan_real *real, int64_t n, const gan_real *fake, int64_t m) {
    double pairs = 0;
    for (int64_t i = 0, below = 0, up_to = 0; i < n; i++) {
        while (below < m && fake[below] < real[i]) below++;
        while (up_to < m && fake[up_to] <= real[i]) up_to++;
        pairs += 0.5 * (double)(below + up_to);
    }
    return pairs / ((double)n * (double)m);
}

double gan_auc(const gan_tensor *real, const gan_tensor *fake) {
    static const char who[] = "gan_auc";
    gan_ctx *ctx = gan__metric_ctx(real, fake);
    gan__rows r, f;
    if (!gan__rows_of(ctx, real, 1, who, "the reals' logits", &r) || !gan__rows_of(ctx, fake, 1, who, "the fakes' logits", &f))
        return NAN;
    gan_real *reals = sorted(ctx, &r), *fakes = sorted(ctx, &f);
    double result = gan__ok(ctx) ? share_above(reals, r.n * r.d, fakes, f.n * f.d) : NAN;
    gan__free(ctx, reals), gan__free(ctx, fakes);
    return result;
}
