#include "quality.h"

#include <gan/metrics.h>
#include <math.h>

#include "../data/loader.h"
#include "trainer_impl.h"

enum { MOST = 512 };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

double gan__trainer_quality(gan_trainer *t) {
    gan_ctx *ctx = t->object.ctx;
    gan_dataset *data = t->data;
    int64_t train = gan_dataset_count(data), held = gan_dataset_held_out_count(data);
    int64_t n = least(MOST, held ? least(held, train) : train / 2);
    if (n < 1 || !gan__ok(ctx)) return NAN;
    gan_scope_begin(ctx);
    gan_tensor *real = gan__dataset_some(data, 0, n).x;
    gan_tensor *other = held ? gan_dataset_held_out(data, 0, n).x : gan__dataset_some(data, n, n).x;
    double ratio = gan_sliced_ratio(gan_trainer_sample(t, n, 1), real, other, (gan_sliced_opts){0});
    gan_scope_end(ctx);
    gan_ctx_clear(ctx); /* the run does not depend on it */
    return ratio;
}
