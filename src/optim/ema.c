#include "../kernels/update.h"
#include "optim_impl.h"

struct gan_ema {
    gan__object object;
    gan_module *module;
    gan_ema_opts opts;
    gan_set *set;
    gan__counter updates;
};

static gan_ema *nil_ema(gan_ctx *ctx) { return (gan_ema *)&ctx->none; }
static bool is_nil(const gan_ema *e) { return !e || !e->object.destroy; }

static void destroy(gan__object *object) {
    gan_ema *e = (gan_ema *)object;
    gan_set_free(e->set);
    gan__counter_remove(&e->updates);
    gan__free(object->ctx, e);
}

void gan_ema_free(gan_ema *e) {
    if (is_nil(e)) return;
    gan__disown(&e->object);
    destroy(&e->object);
}

gan_ema *gan_ema_new(gan_module *m, gan_ema_opts opts) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (!gan__ok(ctx) || gan_module_is_nil(m)) return nil_ema(ctx);
    if (!(opts.decay >= 0 && opts.decay < 1)) {
        gan__raise(ctx, GAN_E_ARG, "gan_ema_new: decay is %g, outside [0, 1)", opts.decay);
        return nil_ema(ctx);
    }
    gan_ema *e = gan__calloc(ctx, sizeof *e);
    if (!e) return nil_ema(ctx);
    e->module = m;
    e->opts = opts;
    e->set = gan_set_of(m); /* registered before e, hence freed after it */
    gan__own(ctx, &e->object, destroy);
    gan__counter_add(ctx, &e->updates, 0);
    if (gan__ok(ctx)) return e;
    gan_ema_free(e);
    return nil_ema(ctx);
}

void gan_ema_update(gan_ema *e) {
    if (is_nil(e) || !gan__ok(e->object.ctx)) return;
    gan_ctx *ctx = e->object.ctx;
    bool follow = e->updates.value < e->opts.start;
    for (int i = 0; i < gan_module_param_count(e->module); i++) {
        const gan_param *p = gan_module_param(e->module, i);
        gan_tensor *avg = gan_set_get(e->set, i);
        gan__slot slot = {.src = gan_data(avg)}; /* to be read before the new storage takes its place */
        slot.dst = gan__overwrite(avg, false);
        if (!slot.dst) return;
        gan__average(ctx, slot, gan_data(p->tensor), gan_count(avg), follow || p->integer ? 0 : e->opts.decay);
    }
    e->updates.value++;
    gan__commit(ctx);
}

const gan_set *gan_ema_set(const gan_ema *e) { return is_nil(e) ? NULL : e->set; }

gan__counter *gan__ema_counter(gan_ema *e) { return &e->updates; }
