/* How the classifier is trained. */
#include <gan/optim.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "../nn/nn_impl.h"
#include "classifier_impl.h"
#include "rows.h"

#define TAG 0x73686966u /* of the stream of shifts */

gan_classifier_training gan_classifier_training_defaults(void) {
    return (gan_classifier_training){.epochs = 6, .batch = 128, .rate = 2e-3, .shift = 2};
}

static bool opts_fit(gan_ctx *ctx, const char *who, const gan_classifier_training *o, gan_module *m, const gan_dataset *data) {
    int64_t count = gan_dataset_count(data), classes = gan__classifier_classes(m);
    if (gan_dataset_is_nil(data))
        gan__raise(ctx, GAN_E_ARG, "%s: the dataset is nil", who);
    else if (gan_dataset_shape(data).ndim != 3)
        gan__raise(ctx, GAN_E_SHAPE, "%s: the data are no images (%s)", who, gan_dataset_describe(data));
    else if (gan_dataset_classes(data) < 1 || gan_dataset_classes(data) > classes)
        gan__raise(ctx, GAN_E_ARG, "%s: the data have %d classes, the classifier %lld (%s)", who, gan_dataset_classes(data),
                   (long long)classes, gan_dataset_describe(data));
    else if (!(o->epochs > 0 && o->epochs < 1e9))
        gan__raise(ctx, GAN_E_ARG, "%s: %g epochs, must be positive", who, o->epochs);
    else if (o->batch < 1 || o->batch > count)
        gan__raise(ctx, GAN_E_ARG, "%s: the batch is %lld, must be 1 to %lld, the number of training samples", who,
                   (long long)o->batch, (long long)count);
    else if (!(o->rate > 0 && isfinite(o->rate)))
        gan__raise(ctx, GAN_E_ARG, "%s: the rate is %g, must be positive", who, o->rate);
    else if (o->shift < 0)
        gan__raise(ctx, GAN_E_ARG, "%s: shifts of %d pixels", who, o->shift);
    return gan__ok(ctx);
}

static int64_t inside(int64_t i, int64_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

gan_tensor *gan__shifted(gan_tensor *x, int shift, gan_stream *stream) {
    gan_shape s = gan_shape_of(x);
    int64_t h = s.d[1], w = s.d[2], c = s.d[3];
    gan_tensor *moved = shift ? gan_empty(gan_ctx_of(x), s) : x;
    if (!shift || gan_is_nil(moved)) return moved;
    const gan_real *from = gan_data(x);
    gan_real *to = gan_op_write(moved);
    for (int64_t i = 0; i < s.d[0]; i++, from += h * w * c) {
        int64_t down = gan_stream_below(stream, 2 * shift + 1) - shift, right = gan_stream_below(stream, 2 * shift + 1) - shift;
        for (int64_t y = 0; y < h; y++)
            for (int64_t q = 0; q < w; q++, to += c)
                memcpy(to, from + (inside(y - down, h) * w + inside(q - right, w)) * c, (size_t)c * sizeof *to);
    }
    return moved;
}

static double share_right(const gan_tensor *logits, const gan_tensor *label) {
    const gan_tensor *said = gan_top_class(logits);
    const gan_real *got = gan_data(said), *want = gan_data(label);
    int64_t right = 0, n = gan_count(said);
    for (int64_t i = 0; got && want && i < n; i++) right += got[i] == want[i];
    return n ? (double)right / (double)n : NAN;
}

typedef struct run {
    gan_module *m;
    gan_dataset *data;
    gan_optim *optim;
    gan_stream shifts;
    gan_classifier_training opts;
    int64_t classes;
} run;

static void step(run *r, gan_schedule rate, gan_classifier_progress *p) {
    gan_batch b = gan_dataset_next(r->data, r->opts.batch);
    gan_tensor *x = gan__shifted(b.x, r->opts.shift, &r->shifts), *logits = gan_forward(r->m, x);
    gan_tensor *right = gan_mul(gan_log_softmax(logits), gan_one_hot(b.label, r->classes));
    gan_tensor *loss = gan_scale(gan_sum(right), -1.0 / (double)r->opts.batch);
    gan_optim_set_lr(r->optim, gan_schedule_at(rate, p->step));
    p->loss = gan_item(loss);
    p->accuracy = share_right(logits, b.label);
    if (gan_optim_step(r->optim, loss) == GAN_OK) p->step++;
}

static double now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static void take_steps(gan_ctx *ctx, run *r) {
    int64_t per_epoch = gan_dataset_count(r->data) / r->opts.batch;
    gan_classifier_progress p = {.steps = llround(ceil(r->opts.epochs * (double)per_epoch))};
    gan_schedule rate = gan_cosine_decay(r->opts.rate, 0, p.steps);
    double start = now();
    for (bool on = true; on && p.step < p.steps && gan__ok(ctx);) {
        gan_scope_begin(ctx);
        step(r, rate, &p);
        gan_scope_end(ctx);
        p.seconds = now() - start;
        if (gan__ok(ctx) && r->opts.progress) on = r->opts.progress(r->opts.user, &p);
    }
}

gan_status gan_classifier_train(gan_module *m, gan_dataset *data, gan_classifier_training o) {
    static const char who[] = "gan_classifier_train";
    gan_ctx *ctx = gan_module_ctx(m);
    if (!gan__is_classifier(m, who) || !opts_fit(ctx, who, &o, m, data)) return gan_ctx_status(ctx);
    gan_optim_opts adam = gan_adam(o.rate);
    adam.beta1 = .9;
    run r = {m, data, gan_optim_new(m, adam), gan__own_stream(ctx, o.seed, TAG), o, gan__classifier_classes(m)};
    bool training = gan_module_is_training(m);
    gan_module_train(m, true);
    if (gan__ok(ctx)) take_steps(ctx, &r);
    gan_module_train(m, training);
    gan_optim_free(r.optim);
    return gan_ctx_status(ctx);
}
