#include <gan/tensor.h>
#include <math.h>
#include <string.h>

#include "tensor_impl.h"

/* Handles live in slabs that stay until the context goes. A released slot waits in a queue behind at least QUARANTINE others
 * before it is used again, so that a stale pointer is recognised. */
#define SLAB 256
#define QUARANTINE 4096

typedef struct slab {
    struct slab *next;
    gan_tensor slots[SLAB];
} slab;

typedef struct tensors {
    gan_tensor nil;
    slab *slabs;
    int64_t fresh; /* slots of the first slab never used so far */
    gan_tensor *oldest, *newest;
    int64_t waiting;
} tensors;

static gan_tensor static_nil = {.state = GAN__HANDLE_NIL, .shape = {.ndim = -1}};

static void release_scoped(gan_ctx *ctx, gan__scoped *item) {
    (void)ctx;
    gan_release((gan_tensor *)item);
}

static void free_slot(tensors *all, gan_tensor *t) {
    t->next_free = NULL;
    if (all->newest)
        all->newest->next_free = t;
    else
        all->oldest = t;
    all->newest = t;
    all->waiting++;
}

static void tensors_free(gan_ctx *ctx) {
    tensors *all = ctx->tensors;
    for (int depth = GAN__MAX_SCOPES; depth >= 0; depth--) {
        gan__scoped *head = &ctx->scopes[depth];
        while (head->next != head) gan_release((gan_tensor *)head->next);
    }
    for (slab *s = all->slabs, *next; s; s = next) {
        next = s->next;
        gan__pool_count_as_cached(&ctx->pool, s, false);
        gan__free(ctx, s);
    }
    gan__free(ctx, all);
    ctx->tensors = NULL;
}

static tensors *tensors_of(gan_ctx *ctx) {
    if (ctx->tensors || ctx->nil) return ctx->tensors;
    tensors *all = gan__calloc(ctx, sizeof *all);
    if (!all) return NULL;
    all->nil = (gan_tensor){.ctx = ctx, .state = GAN__HANDLE_NIL, .shape = {.ndim = -1}, .made_by = "nil"};
    ctx->tensors = all;
    ctx->tensors_free = tensors_free;
    ctx->scoped_release = release_scoped;
    return all;
}

gan_tensor *gan__nil(gan_ctx *ctx) {
    tensors *all = tensors_of(ctx);
    return all ? &all->nil : &static_nil;
}

/* The next slot to be taken has waited for long, and left the cache. */
static void fetch_slot(const gan_tensor *t) {
    for (size_t i = 0; i < sizeof *t; i += 64) __builtin_prefetch((const char *)t + i, 1);
}

static gan_tensor *take_slot(gan_ctx *ctx, tensors *all) {
    if (all->waiting > QUARANTINE) {
        gan_tensor *t = all->oldest;
        all->oldest = t->next_free;
        fetch_slot(all->oldest);
        all->waiting--;
        return t;
    }
    if (!all->slabs || all->fresh == SLAB) {
        slab *s = gan__calloc(ctx, sizeof *s);
        if (!s) return NULL;
        gan__pool_count_as_cached(&ctx->pool, s, true);
        s->next = all->slabs;
        all->slabs = s;
        all->fresh = 0;
    }
    return &all->slabs->slots[all->fresh++];
}

gan_tensor *gan__handle(gan_ctx *ctx, gan_shape shape, gan__storage *storage, gan__node *node, const char *made_by) {
    tensors *all = tensors_of(ctx);
    gan_tensor *t = all ? take_slot(ctx, all) : NULL;
    if (!t) return NULL;
    *t = (gan_tensor){.ctx = ctx, .state = GAN__HANDLE_LIVE, .shape = shape, .made_by = made_by};
    t->storage = gan__storage_ref(storage);
    if (node) node->refs++;
    t->node = node;
    gan__scope_link(ctx, &t->scoped, ctx->depth);
    return t;
}

gan_tensor *gan__alias(gan_tensor *t) {
    /* With a node in common, what is computed from the one is differentiable by the other. */
    if (!t->ctx->no_record && !gan__leaf(t)) return gan__nil(t->ctx);
    gan_tensor *a = gan__handle(t->ctx, t->shape, t->storage, t->node, t->made_by);
    return a ? a : gan__nil(t->ctx);
}

void gan_release(gan_tensor *t) {
    if (!t || t->state != GAN__HANDLE_LIVE) return;
    gan_ctx *ctx = t->ctx;
    gan__scope_unlink(&t->scoped);
    if (t->undo_epoch == ctx->state.epoch) gan__undo_forget(ctx, t);
    gan__storage_unref(ctx, t->storage);
    gan__node_unref(ctx, t->node);
    gan__free(ctx, t->name);
    t->storage = NULL, t->node = NULL, t->name = NULL;
    t->state = GAN__HANDLE_RELEASED;
    free_slot(ctx->tensors, t);
}

bool gan__usable(gan_ctx *ctx, const gan_tensor *t, const char *who) {
    if (!gan__ok(ctx)) return false;
    if (!t) {
        gan__raise(ctx, GAN_E_ARG, "%s: a tensor is NULL", who);
    } else if (t->state == GAN__HANDLE_RELEASED || t->state == GAN__HANDLE_FREE) {
        gan__raise(ctx, GAN_E_RELEASED, "%s: a tensor made by %s was used after it was released", who,
                   t->made_by ? t->made_by : "nobody");
    } else if (t->state == GAN__HANDLE_LIVE) {
        if (t->ctx == ctx) return true;
        gan__raise(ctx, GAN_E_ARG, "%s: a tensor made by %s belongs to another context", who, t->made_by);
    }
    return false;
}

/* --- storage ---------------------------------------------------------------------------------------------- */

_Static_assert(sizeof(gan__storage) <= GAN__STORAGE_HEADER, "the storage header must fit before the numbers");

gan__storage *gan__storage_new(gan_ctx *ctx, int64_t count) {
    const int64_t most = (int64_t)((PTRDIFF_MAX - GAN__STORAGE_HEADER) / sizeof(gan_real));
    gan__storage *s = gan__alloc(ctx, count > most ? SIZE_MAX : GAN__STORAGE_HEADER + (size_t)count * sizeof(gan_real));
    if (s) *s = (gan__storage){.refs = 1, .count = count};
    return s;
}

/* What was made from the values. */
static void drop_derived(gan_ctx *ctx, gan__storage *s) {
    gan__packed_free(ctx, s->packed);
    gan__storage_unref(ctx, s->moments);
    s->packed = NULL, s->moments = NULL;
}

void gan__storage_unref(gan_ctx *ctx, gan__storage *s) {
    if (!s || --s->refs > 0) return;
    drop_derived(ctx, s);
    gan__free(ctx, s);
}

static void restore_storage(void *target, void *old) {
    gan_tensor *t = target;
    gan__storage_unref(t->ctx, t->storage);
    t->storage = old;
    t->storage->version--; /* graphs that saved it are good again */
}

static void discard_storage(gan_ctx *ctx, void *old) { gan__storage_unref(ctx, old); }

gan_real *gan__overwrite(gan_tensor *t, bool keep) {
    if (!t->storage || !gan__ok(t->ctx)) return NULL;
    gan_ctx *ctx = t->ctx;
    gan__storage *old = t->storage;
    bool noted = t->undo_epoch == ctx->state.epoch; /* the log has what was there at the last commit */
    if (noted && old->refs == 1) {
        old->version++;
        drop_derived(ctx, old);
        return gan__storage_data(old);
    }
    gan__storage *fresh = gan__storage_new(ctx, old->count);
    if (!fresh) return NULL;
    if (!noted && !gan__undo_add(ctx, (gan__undo){t, old, restore_storage, discard_storage})) {
        gan__storage_unref(ctx, fresh);
        return NULL;
    }
    if (keep) memcpy(gan__storage_data(fresh), gan__storage_data(old), (size_t)old->count * sizeof(gan_real));
    old->version++;
    if (noted)
        gan__storage_unref(ctx, old);
    else
        t->undo_epoch = ctx->state.epoch;
    t->storage = fresh;
    return gan__storage_data(fresh);
}

/* --- making and looking ----------------------------------------------------------------------------------- */

static gan_tensor *new_tensor(gan_ctx *ctx, gan_shape shape, const char *who) {
    if (!gan__ok(ctx)) return gan__nil(ctx);
    if (!gan__shape_valid(ctx, shape, who)) return gan__nil(ctx);
    gan__storage *s = gan__storage_new(ctx, gan_shape_count(shape));
    gan_tensor *t = s ? gan__handle(ctx, shape, s, NULL, who) : NULL;
    gan__storage_unref(ctx, s); /* the handle has its own reference */
    return t ? t : gan__nil(ctx);
}

gan_tensor *gan_empty(gan_ctx *ctx, gan_shape shape) { return new_tensor(ctx, shape, "gan_empty"); }

gan_real *gan_op_write(gan_tensor *t) { return t->state == GAN__HANDLE_LIVE ? gan__storage_data(t->storage) : NULL; }

static gan_tensor *filled(gan_ctx *ctx, gan_shape shape, double value, const char *who) {
    gan_tensor *t = new_tensor(ctx, shape, who);
    gan_real *p = gan_op_write(t);
    for (int64_t i = 0, n = gan_count(t); i < n; i++) p[i] = (gan_real)value;
    return t;
}

gan_tensor *gan_full(gan_ctx *ctx, gan_shape shape, double value) { return filled(ctx, shape, value, "gan_full"); }
gan_tensor *gan_zeros(gan_ctx *ctx, gan_shape shape) { return filled(ctx, shape, 0, "gan_zeros"); }
gan_tensor *gan_ones(gan_ctx *ctx, gan_shape shape) { return filled(ctx, shape, 1, "gan_ones"); }
gan_tensor *gan_scalar(gan_ctx *ctx, double value) { return filled(ctx, gan_shape0(), value, "gan_scalar"); }

gan_tensor *gan_from(gan_ctx *ctx, gan_shape shape, const gan_real *values) {
    gan_tensor *t = new_tensor(ctx, shape, "gan_from");
    if (!values && gan_count(t)) {
        gan__raise(ctx, GAN_E_ARG, "gan_from: values is NULL");
        gan_release(t);
        return gan__nil(ctx);
    }
    gan_real *p = gan_op_write(t);
    if (p && values) memcpy(p, values, (size_t)gan_count(t) * sizeof *p);
    return t;
}

gan_ctx *gan_ctx_of(const gan_tensor *t) { return t && t->ctx ? t->ctx : gan__nil_ctx(); }

gan_shape gan_shape_of(const gan_tensor *t) {
    return t && t->state == GAN__HANDLE_LIVE ? t->shape : (gan_shape){.ndim = -1};
}

int64_t gan_count(const gan_tensor *t) { return gan_shape_count(gan_shape_of(t)); }

bool gan_is_nil(const gan_tensor *t) { return !t || t->state != GAN__HANDLE_LIVE; }

const gan_real *gan_data(const gan_tensor *t) {
    if (!t || t->state == GAN__HANDLE_NIL) return NULL;
    if (t->state != GAN__HANDLE_LIVE) {
        gan__usable(t->ctx ? t->ctx : gan__nil_ctx(), t, "gan_data");
        return NULL;
    }
    if (gan__has_values((gan_tensor *)t)) return gan__storage_data(t->storage);
    gan__raise(t->ctx, GAN_E_STATE, "gan_data: this input was not saved for the vjp (see gan_op.save)");
    return NULL;
}

double gan_item(const gan_tensor *t) {
    const gan_real *p = gan_data(t);
    if (!p) return NAN;
    if (gan_count(t) == 1) return p[0];
    char text[GAN_SHAPE_TEXT];
    gan__raise(t->ctx, GAN_E_SHAPE, "gan_item: %s has more or fewer than one element", gan_shape_text(t->shape, text));
    return NAN;
}

void gan_assign(gan_tensor *t, const gan_real *values, int64_t count) {
    if (!t || t->state == GAN__HANDLE_NIL || !gan__usable(t->ctx, t, "gan_assign")) return;
    if (count != gan_count(t)) {
        char text[GAN_SHAPE_TEXT];
        gan__raise(t->ctx, GAN_E_SHAPE, "gan_assign: %lld values for a tensor of shape %s", (long long)count,
                   gan_shape_text(t->shape, text));
        return;
    }
    if (!values && count) {
        gan__raise(t->ctx, GAN_E_ARG, "gan_assign: values is NULL");
        return;
    }
    if (t->node && t->node->op) {
        gan__raise(t->ctx, GAN_E_STATE, "gan_assign: a tensor made by %s has a history", t->made_by);
        return;
    }
    gan_real *p = gan__overwrite(t, false);
    if (!p) return;
    if (values) memmove(p, values, (size_t)count * sizeof *p); /* which may be t's own */
    gan__commit(t->ctx);
}

static void rename_to(gan_ctx *ctx, char **name, const char *text) {
    char *copy = gan__strdup(ctx, text);
    if (!copy) return;
    gan__free(ctx, *name);
    *name = copy;
}

void gan_name(gan_tensor *t, const char *name) {
    if (!t || t->state == GAN__HANDLE_NIL || !gan__usable(t->ctx, t, "gan_name")) return;
    if (!name) name = "";
    rename_to(t->ctx, &t->name, name);
    if (t->node && !t->node->op) rename_to(t->ctx, &t->node->name, name); /* graphs that it is in already */
}

/* --- lifetime --------------------------------------------------------------------------------------------- */

void gan__move_to_scope(gan_tensor *t, int depth) {
    gan__scope_unlink(&t->scoped);
    gan__scope_link(t->ctx, &t->scoped, depth);
}

gan_tensor *gan_scope_return(gan_tensor *t) {
    if (!t) return gan__nil(gan__nil_ctx());
    if ( t->state == GAN__HANDLE_NIL || !gan__usable(t->ctx, t, "gan_scope_return")) return t;
    if (t->ctx->depth > 0 && t->scoped.depth == t->ctx->depth) gan__move_to_scope(t, t->ctx->depth - 1);
    return t;
}

gan_tensor *gan_detach(gan_tensor *t) {
    if (!t) return gan__nil(gan__nil_ctx());
    if (t->state == GAN__HANDLE_NIL) return t;
    if (!gan__usable(t->ctx, t, "gan_detach")) return gan__nil(t->ctx);
    gan__has_values(t); /* without history they cannot be made again */
    gan_tensor *d = gan__handle(t->ctx, t->shape, t->storage, NULL, "gan_detach");
    return d ? d : gan__nil(t->ctx);
}

gan_tensor *gan_keep(gan_tensor *t) {
    gan_tensor *k = gan_detach(t);
    if (k->state == GAN__HANDLE_LIVE) gan__move_to_scope(k, 0);
    return k;
}
