#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../nn/nn_impl.h"
#include "trick_impl.h"

bool gan_trick_is_nil(const gan_trick *k) { return !k || !k->object.destroy; }
gan_ctx *gan_trick_ctx(const gan_trick *k) { return k ? k->object.ctx : gan__nil_ctx(); }
void *gan_trick_data(const gan_trick *k) { return gan_trick_is_nil(k) ? NULL : k->data; }
const char *gan_trick_name(const gan_trick *k) { return gan_trick_is_nil(k) ? "nil" : k->type->name; }

static void destroy(gan__object *object) {
    gan_trick *k = (gan_trick *)object;
    for (int i = 0; i < k->n_tensors; i++) {
        gan_release(k->tensors[i].tensor);
        gan__free(object->ctx, k->tensors[i].name);
    }
    gan__free(object->ctx, k->tensors);
    for (int i = 0; i < k->n_counts; i++) gan__counter_remove(&k->counts[i].counter);
    gan__free(object->ctx, k->data);
    gan__free(object->ctx, k);
}

gan_trick *gan_trick_new(gan_ctx *ctx, const gan_trick_type *type, gan_trick_opts opts) {
    gan_trick *nil = (gan_trick *)&ctx->none;
    if (!gan__ok(ctx)) return nil;
    const char *fault = opts.interval < 0 ? "its interval is negative" : gan_schedule_fault(opts.weight);
    if (fault) gan__raise(ctx, GAN_E_ARG, "%s: %s", type->name, fault);
    gan_trick *k = gan__ok(ctx) ? gan__calloc(ctx, sizeof *k) : NULL;
    if (!k) return nil;
    k->data = gan__calloc(ctx, type->data_bytes);
    if (!k->data) {
        gan__free(ctx, k);
        return nil;
    }
    k->type = type;
    k->opts = opts;
    gan__own(ctx, &k->object, destroy);
    return k;
}

gan_trick *gan__trick_with(gan_ctx *ctx, const gan_trick_type *type, gan_trick_opts opts, const void *data) {
    gan_trick *k = gan_trick_new(ctx, type, opts);
    if (!gan_trick_is_nil(k)) memcpy(k->data, data, type->data_bytes);
    return k;
}

bool gan__schedule_within(gan_ctx *ctx, const char *who, const char *name, gan_schedule s, double low, double high) {
    const char *fault = gan_schedule_fault(s);
    const double ends[] = {
        [GAN_CONSTANT] = s.value, [GAN_LINEAR] = s.to, [GAN_COSINE] = s.to, [GAN_EXPONENTIAL] = s.to,
        [GAN_STEPS] = s.factor > 1 && s.value != 0 ? s.value * INFINITY : s.factor < 1 ? 0 : s.value,
    };
    double values[] = {s.value, fault ? 0 : ends[s.kind]};
    if (fault) gan__raise(ctx, GAN_E_ARG, "%s: %s: %s", who, name, fault);
    for (int i = 0; i < 2 && !fault; i++)
        if (!(values[i] >= low && values[i] <= high))
            gan__raise(ctx, GAN_E_ARG, "%s: %s is %g, outside [%g, %g]", who, name, values[i], low, high);
    return gan__ok(ctx);
}

gan_tensor *gan_trick_tensor(gan_trick *k, const char *name, gan_shape shape) {
    gan_ctx *ctx = gan_trick_ctx(k);
    if (gan_trick_is_nil(k) || !gan__ok(ctx)) return gan__nil(ctx);
    if (!gan__array_grow(ctx, (void **)&k->tensors, &k->tensor_room, k->n_tensors, sizeof *k->tensors)) return gan__nil(ctx);
    char *own_name = gan__strdup(ctx, name);
    gan_tensor *t = gan_zeros(ctx, shape);
    if (gan_is_nil(t)) {
        gan__free(ctx, own_name);
        return t;
    }
    gan__move_to_scope(t, 0);
    k->tensors[k->n_tensors++] = (gan__trick_tensor){own_name, t};
    return t;
}

gan_trick_count *gan_trick_counter(gan_trick *k, const char *name) {
    gan_ctx *ctx = gan_trick_ctx(k);
    if (gan_trick_is_nil(k) || !gan__ok(ctx)) return NULL;
    if (k->n_counts == GAN__TRICK_COUNTS) {
        gan__raise(ctx, GAN_E_STATE, "%s: a trick has at most %d counters", k->type->name, GAN__TRICK_COUNTS);
        return NULL;
    }
    gan_trick_count *c = &k->counts[k->n_counts++];
    c->name = name;
    gan__counter_add(ctx, &c->counter, 0);
    return c;
}

int64_t gan_trick_count_get(const gan_trick_count *c) { return c ? c->counter.value : 0; }

void gan_trick_count_set(gan_trick_count *c, int64_t value) {
    if (c) c->counter.value = value;
}

gan_stream *gan_trick_stream(gan_trick *k) {
    char name[96];
    snprintf(name, sizeof name, "trick.%s", gan_trick_name(k));
    return gan_stream_named(gan_trick_ctx(k), name);
}

double gan__trick_weight(const gan_trick *k, int64_t step, int64_t updates) {
    int interval = k->opts.interval ? k->opts.interval : 1;
    return updates % interval ? 0 : interval * gan_schedule_at(k->opts.weight, step);
}
