/* Values that stand in for a module's own: unrolled discriminators, averaged weights. */
#include "set.h"

#include <string.h>

static gan_set *nil_set(gan_ctx *ctx) { return (gan_set *)&ctx->none; }
static bool is_nil(const gan_set *set) { return !set || !((const gan__object *)set)->destroy; }

static void destroy(gan__object *object) {
    gan_set *set = (gan_set *)object;
    for (int i = 0; i < set->count; i++) gan_release(set->tensors[i]);
    gan__free(object->ctx, set->tensors);
    gan__free(object->ctx, set);
}

/* A copy of the numbers, not of the storage: overwriting the module's own must not make graphs through the set stale. */
static gan_tensor *copy_of(const gan_param *p) {
    gan_tensor *t = gan_from(p->tensor->ctx, p->tensor->shape, gan_data(p->tensor));
    if (gan_is_nil(t)) return t;
    gan__move_to_scope(t, 0);
    gan_name(t, p->name);
    return t;
}

/* Overwriting the original gives it another storage, since this one is in use here. */
static gan_tensor *second_of(const gan_param *p, gan_tensor *value) {
    gan_tensor *t = gan_detach(value);
    if (gan_is_nil(t)) return t;
    gan__move_to_scope(t, 0);
    gan_name(t, p->name);
    return t;
}

static gan_set *empty_set(gan_ctx *ctx, int room) {
    gan_set *set = gan__calloc(ctx, sizeof *set);
    if (!set) return NULL;
    gan__own(ctx, &set->object, destroy);
    set->tensors = gan__alloc(ctx, (size_t)room * sizeof *set->tensors);
    return set;
}

static gan_set *finished(gan_ctx *ctx, gan_set *set) {
    if (gan__ok(ctx)) return set;
    gan_set_free(set);
    return nil_set(ctx);
}

gan_set *gan_set_of(gan_module *m) {
    gan_ctx *ctx = gan_module_ctx(m);
    const gan__list *list = gan__ok(ctx) ? gan__list_of(m) : NULL;
    gan_set *set = list ? empty_set(ctx, list->count) : NULL;
    if (!set) return nil_set(ctx);
    for (int i = 0; set->tensors && i < list->count; i++) set->tensors[set->count++] = copy_of(&list->params[i]);
    return finished(ctx, set);
}

gan_set *gan__set_alias(gan_module *m, const gan_set *values) {
    gan_ctx *ctx = gan_module_ctx(m);
    const gan__list *list = gan__ok(ctx) ? gan__list_of(m) : NULL;
    if (!list || (values && !gan__set_fits(values, list, "gan__set_alias"))) return nil_set(ctx);
    gan_set *set = empty_set(ctx, list->count);
    if (!set) return nil_set(ctx);
    for (int i = 0; set->tensors && i < list->count; i++) {
        const gan_param *p = &list->params[i];
        set->tensors[set->count++] = second_of(p, values ? values->tensors[i] : p->tensor);
    }
    return finished(ctx, set);
}

bool gan__set_same(const gan_set *a, const gan_set *b) {
    if (is_nil(a) || is_nil(b) || a->count != b->count) return false;
    for (int i = 0; i < a->count; i++)
        if (a->tensors[i]->storage != b->tensors[i]->storage) return false;
    return true;
}

void gan_set_free(gan_set *set) {
    if (is_nil(set)) return;
    gan__disown(&set->object);
    destroy(&set->object);
}

int gan_set_count(const gan_set *set) { return is_nil(set) ? 0 : set->count; }

static bool has(const gan_set *set, int index, const char *who) {
    if (is_nil(set)) return false;
    if (index >= 0 && index < set->count) return true;
    gan__raise(set->object.ctx, GAN_E_ARG, "%s: there is no tensor %d of %d", who, index, set->count);
    return false;
}

gan_tensor *gan_set_get(const gan_set *set, int index) {
    if (has(set, index, "gan_set_get")) return set->tensors[index];
    return gan__nil(set ? ((const gan__object *)set)->ctx : gan__nil_ctx());
}

void gan__set_take(const gan_set *set, int i, gan_tensor *t) {
    gan__move_to_scope(t, 0);
    gan_release(set->tensors[i]);
    set->tensors[i] = t;
}

static bool same_shape(const gan_set *set, int i, gan_shape shape, const char *name, const char *who) {
    if (gan_shape_equal(set->tensors[i]->shape, shape)) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan__raise(set->object.ctx, GAN_E_SHAPE, "%s: tensor %d of the set has shape %s, \"%s\" has %s", who, i,
               gan_shape_text(set->tensors[i]->shape, a), name, gan_shape_text(shape, b));
    return false;
}

void gan_set_put(gan_set *set, int index, gan_tensor *t) {
    static const char who[] = "gan_set_put";
    if (!has(set, index, who) || !gan__usable(set->object.ctx, t, who)) return;
    if (!same_shape(set, index, t->shape, t->name ? t->name : "the new one", who)) return;
    gan_tensor *second = gan__alias(t);
    if (!gan_is_nil(second)) gan__set_take(set, index, second);
}

bool gan__set_fits(const gan_set *set, const gan__list *list, const char *who) {
    if (is_nil(set)) return false;
    if (set->count != list->count)
        gan__raise(set->object.ctx, GAN_E_ARG, "%s: the set has %d tensors, the module %d", who, set->count, list->count);
    for (int i = 0; i < list->count && gan__ok(set->object.ctx); i++)
        same_shape(set, i, list->params[i].tensor->shape, list->params[i].name, who);
    return gan__ok(set->object.ctx);
}

void gan_set_store(const gan_set *set, gan_module *m) {
    const gan__list *list = gan__ok(gan_module_ctx(m)) ? gan__list_of(m) : NULL;
    if (!list || !gan__set_fits(set, list, "gan_set_store")) return;
    gan__hold(set->object.ctx); /* all of them or none */
    for (int i = 0; i < list->count; i++)
        gan_assign(list->params[i].tensor, gan_data(set->tensors[i]), gan_count(set->tensors[i]));
    gan__unhold(set->object.ctx);
}
