#include "quality.h"

#include <gan/metrics.h>
#include <math.h>

#include "../data/loader.h"
#include "trainer_impl.h"

enum { MOST = 512, FEWEST_HELD_OUT = 16 };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

gan__reals gan__reals_of(gan_dataset *data) {
    int64_t held = gan_dataset_held_out_count(data), train = gan_dataset_count(data);
    gan__reals r = {.held_out = held >= FEWEST_HELD_OUT};
    int64_t n = least(MOST, r.held_out ? least(held, train) : train / 2);
    if (n < 1) return r;
    r.train = gan_dataset_training(data, 0, n);
    r.other = r.held_out ? gan_dataset_held_out(data, 0, n) : gan_dataset_training(data, n, n);
    return r;
}

double gan__trainer_quality(gan_trainer *t) {
    gan_ctx *ctx = t->object.ctx;
    if (!gan__ok(ctx)) return NAN;
    gan_scope_begin(ctx);
    gan__reals r = gan__reals_of(t->data);
    double ratio = NAN;
    if (r.train.x)
        ratio =
            gan_sliced_ratio(gan_trainer_sample(t, gan_shape_of(r.train.x).d[0], 1), r.train.x, r.other.x, (gan_sliced_opts){0});
    gan_scope_end(ctx);
    gan_ctx_clear(ctx); /* the run does not depend on it */
    return ratio;
}
