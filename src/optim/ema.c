#include "../nn/set.h"
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

static bool opts_valid(gan_ctx *ctx, gan_ema_opts opts) {
    if (!(opts.decay >= 0 && opts.decay < 1))
        gan__raise(ctx, GAN_E_ARG, "gan_ema_new: decay is %g, outside [0, 1)", opts.decay);
    else if (opts.start < 0)
        gan__raise(ctx, GAN_E_ARG, "gan_ema_new: start is %lld, less than 0", (long long)opts.start);
    return gan__ok(ctx);
}

gan_ema *gan_ema_new(gan_module *m, gan_ema_opts opts) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (gan_module_is_nil(m)) gan__raise(ctx, GAN_E_ARG, "gan_ema_new: the module is nil");
    if (!gan__ok(ctx) || !opts_valid(ctx, opts)) return nil_ema(ctx);
    gan_ema *e = gan__calloc(ctx, sizeof *e);
    if (!e) return nil_ema(ctx);
    e->module = m;
    e->opts = opts;
    e->set = gan_set_of(m);
    gan__own(ctx, &e->object, destroy);
    gan__counter_add(ctx, &e->updates, 0);
    if (gan__ok(ctx)) return e;
    gan_ema_free(e);
    return nil_ema(ctx);
}

static gan__update *update_of(const gan_tensor *t, gan_tensor *const *variables, gan__update *updates, int count) {
    for (int k = 0; k < count; k++)
        if (variables[k] == t) return updates[k].count ? &updates[k] : NULL;
    return NULL;
}

static bool move(gan_tensor *avg, const gan_param *p, double decay, gan__update *with) {
    gan__pair pair;
    if (!gan__open_pair(avg, &pair)) return false;
    if (with)
        with->avg = pair, with->avg_decay = decay;
    else
        gan__average(avg->ctx, pair, gan_data(p->tensor), gan_count(avg), decay);
    return true;
}

bool gan__ema_join(gan_ema *e, gan_ctx *ctx, gan_tensor *const *variables, gan__update *updates, int count, const char *who) {
    if (is_nil(e) || e->object.ctx != ctx)
        gan__raise(ctx, GAN_E_ARG, "%s: the average is %s", who, is_nil(e) ? "nil" : "of another context");
    if (!gan__ok(ctx)) return false;
    const gan__list *list = gan__list_of(e->module);
    if (!list || !gan__set_fits(e->set, list, who)) return false;
    bool follow = e->updates.value < e->opts.start;
    for (int i = 0; i < list->count; i++) {
        const gan_param *p = &list->params[i];
        gan__update *with = update_of(p->tensor, variables, updates, count);
        if (!move(gan_set_get(e->set, i), p, follow || p->integer ? 0 : e->opts.decay, with)) return false;
    }
    e->updates.value++;
    return true;
}

void gan_ema_update(gan_ema *e) {
    gan_ctx *ctx = e ? e->object.ctx : gan__nil_ctx();
    if (gan__ema_join(e, ctx, NULL, NULL, 0, "gan_ema_update")) gan__commit(ctx);
}

const gan_set *gan_ema_set(const gan_ema *e) { return is_nil(e) ? NULL : e->set; }

gan__counter *gan__ema_counter(gan_ema *e) { return &e->updates; }
