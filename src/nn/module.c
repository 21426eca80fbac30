/* The module tree: making, joining, naming, finding. */
#include <string.h>

#include "nn_impl.h"

bool gan__array_grow(gan_ctx *ctx, void **array, int *room, int count, size_t size) {
    if (count < *room) return true;
    int wanted = *room ? 2 * *room : 8;
    void *bigger = gan__alloc(ctx, (size_t)wanted * size);
    if (!bigger) return false;
    if (count) memcpy(bigger, *array, (size_t)count * size);
    gan__free(ctx, *array);
    *array = bigger;
    *room = wanted;
    return true;
}

bool gan_module_is_nil(const gan_module *m) { return !m || !((const gan__object *)m)->destroy; }

gan_ctx *gan_module_ctx(const gan_module *m) { return m ? ((const gan__object *)m)->ctx : gan__nil_ctx(); }

/* --- making and freeing ----------------------------------------------------------------------------------- */

static void destroy(gan__object *object) {
    gan_module *m = (gan_module *)object;
    gan_ctx *ctx = object->ctx;
    for (int i = m->n_children - 1; i >= 0; i--) destroy(&m->children[i]->object);
    for (int i = 0; i < m->n_slots; i++) {
        gan_release(m->slots[i].param.tensor);
        gan__free(ctx, (char *)m->slots[i].param.name);
    }
    gan__free(ctx, m->children);
    gan__free(ctx, m->slots);
    gan__free(ctx, m->list);
    gan__free(ctx, m->name);
    gan__free(ctx, m->path);
    gan__free(ctx, m->data);
    gan__free(ctx, m);
}

gan_module *gan_module_new(gan_ctx *ctx, const gan_module_type *type) {
    if (!ctx) ctx = gan__nil_ctx();
    if (!gan__ok(ctx)) return gan__nil_module(ctx);
    if (!type || !type->name || !type->forward) {
        gan__raise(ctx, GAN_E_ARG, "gan_module_new: a module type needs a name and a forward function");
        return gan__nil_module(ctx);
    }
    gan_module *m = gan__calloc(ctx, sizeof *m);
    if (!m) return gan__nil_module(ctx);
    gan__own(ctx, &m->object, destroy);
    m->type = type;
    m->training = true;
    m->name = gan__strdup(ctx, "");
    m->path = gan__strdup(ctx, "");
    m->data = gan__calloc(ctx, type->data_bytes);
    if (gan__ok(ctx)) return m;
    gan_module_free(m);
    return gan__nil_module(ctx);
}

void gan_module_free(gan_module *m) {
    if (gan_module_is_nil(m)) return;
    if (m->parent) {
        gan__raise(m->object.ctx, GAN_E_STATE, "gan_module_free: \"%s\" belongs to a module and is freed with it", m->path);
        return;
    }
    gan__disown(&m->object);
    destroy(&m->object);
}

void *gan_module_data(const gan_module *m) { return gan_module_is_nil(m) ? NULL : m->data; }

/* --- names ------------------------------------------------------------------------------------------------ */

static char *joined(gan_ctx *ctx, const char *path, const char *name) {
    size_t head = strlen(path), dot = head ? 1 : 0, tail = strlen(name) + 1;
    char *text = gan__alloc(ctx, head + dot + tail);
    if (!text) return NULL;
    memcpy(text, path, head);
    if (dot) text[head] = '.';
    memcpy(text + head + dot, name, tail);
    return text;
}

static void name_tensor(const gan__slot *slot) {
    char *full = joined(slot->owner->object.ctx, slot->owner->path, slot->param.name);
    if (!full) return;
    gan_name(slot->param.tensor, full);
    gan__free(slot->owner->object.ctx, full);
}

/* After m's place has changed: paths and names from m downwards. Without memory, some stay as they were (raised). */
static void rename_below(gan_module *m) {
    gan_ctx *ctx = m->object.ctx;
    char *path = joined(ctx, m->parent ? m->parent->path : "", m->name);
    if (!path) return;
    gan__free(ctx, m->path);
    m->path = path;
    m->stream = NULL;
    for (int i = 0; i < m->n_slots; i++) name_tensor(&m->slots[i]);
    for (int i = 0; i < m->n_children; i++) rename_below(m->children[i]);
}

const char *gan__path_below(const gan_module *root, const gan_module *m) {
    const gan_module *up = m;
    while (up && up != root) up = up->parent;
    if (!up) return NULL;
    size_t skip = m == root ? strlen(m->path) : strlen(root->path) + (root->path[0] ? 1 : 0);
    return m->path + skip;
}

static bool name_free(const gan_module *m, const char *name, const char *who) {
    gan_ctx *ctx = m->object.ctx;
    bool taken = false;
    if (!name || !name[0]) {
        gan__raise(ctx, GAN_E_ARG, "%s: a name is empty (in a %s)", who, m->type->name);
        return false;
    }
    for (int i = 0; i < m->n_slots; i++) taken |= !strcmp(m->slots[i].param.name, name);
    for (int i = 0; i < m->n_children; i++) taken |= !strcmp(m->children[i]->name, name);
    if (taken) gan__raise(ctx, GAN_E_ARG, "%s: the %s has a \"%s\" already", who, m->type->name, name);
    return !taken;
}

/* --- joining ---------------------------------------------------------------------------------------------- */

static void forget_lists(gan_module *m) {
    for (; m; m = m->parent) {
        gan__free(m->object.ctx, m->list);
        m->list = NULL;
    }
}

/* A kept copy: the giver may write over its own tensor without touching the module's. */
static gan_tensor *kept_copy(gan_ctx *ctx, gan_tensor *t) {
    gan_tensor *copy = gan_empty(ctx, gan_shape_of(t));
    if (gan_is_nil(copy)) return copy;
    memcpy(gan_op_write(copy), gan_data(t), (size_t)gan_count(t) * sizeof(gan_real));
    gan__move_to_scope(copy, 0);
    return copy;
}

int gan_module_add_param(gan_module *m, gan_param p) {
    static const char who[] = "gan_module_add_param";
    gan_ctx *ctx = gan_module_ctx(m);
    if (gan_module_is_nil(m) || !gan__usable(ctx, p.tensor, who) || !name_free(m, p.name, who)) return -1;
    if (!gan__array_grow(ctx, (void **)&m->slots, &m->slot_room, m->n_slots, sizeof *m->slots)) return -1;
    gan__slot slot = {.param = p, .owner = m};
    slot.param.name = gan__strdup(ctx, p.name);
    slot.param.tensor = kept_copy(ctx, p.tensor);
    if (!gan__ok(ctx)) {
        gan__free(ctx, (char *)slot.param.name);
        gan_release(slot.param.tensor);
        return -1;
    }
    m->slots[m->n_slots] = slot;
    forget_lists(m);
    name_tensor(&m->slots[m->n_slots]);
    gan__commit(ctx); /* the numbers drawn for it are used up, whatever fails later */
    return m->n_slots++;
}

static bool can_join(gan_module *m, const char *name, gan_module *child) {
    static const char who[] = "gan_module_add_child";
    gan_ctx *ctx = gan_module_ctx(m);
    if (gan_module_is_nil(m)) gan__raise(ctx, GAN_E_ARG, "%s: the module is nil", who);
    if (!gan__ok(ctx)) return false;
    const gan_module *up = m;
    while (up && up != child) up = up->parent;
    const char *why = gan_module_is_nil(child)   ? "is nil"
                      : child->object.ctx != ctx ? "belongs to another context"
                      : child->parent            ? "belongs to a module already"
                      : up                       ? "contains the module that it is to be added to"
                                                 : NULL;
    if (why) gan__raise(ctx, GAN_E_ARG, "%s: the child \"%s\" %s", who, name ? name : "", why);
    return !why && name_free(m, name, who);
}

gan_module *gan_module_add_child(gan_module *m, const char *name, gan_module *child) {
    if (!can_join(m, name, child)) return child ? child : gan__nil_module(gan_module_ctx(m));
    gan_ctx *ctx = m->object.ctx;
    char *copy = gan__strdup(ctx, name);
    if (!copy || !gan__array_grow(ctx, (void **)&m->children, &m->child_room, m->n_children, sizeof *m->children)) {
        gan__free(ctx, copy);
        return child; /* the context still owns it */
    }
    gan__disown(&child->object);
    gan__free(ctx, child->name);
    child->name = copy;
    child->parent = m;
    m->children[m->n_children++] = child;
    forget_lists(m);
    rename_below(child);
    return child;
}

/* --- the list of parameters ------------------------------------------------------------------------------- */

int gan_module_param_count(const gan_module *m) {
    if (gan_module_is_nil(m)) return 0;
    int count = m->n_slots;
    for (int i = 0; i < m->n_children; i++) count += gan_module_param_count(m->children[i]);
    return count;
}

static size_t names_bytes(const gan_module *root, const gan_module *m) {
    size_t bytes = 0, path = strlen(gan__path_below(root, m));
    for (int i = 0; i < m->n_slots; i++) bytes += path + 1 + strlen(m->slots[i].param.name) + 1;
    for (int i = 0; i < m->n_children; i++) bytes += names_bytes(root, m->children[i]);
    return bytes;
}

static char *append_name(char *at, const char *path, const char *name) {
    size_t head = strlen(path), tail = strlen(name) + 1;
    memcpy(at, path, head);
    if (head) at[head++] = '.';
    memcpy(at + head, name, tail);
    return at + head + tail;
}

/* PyTorch's order: a module's own parameters, its own buffers, then its children. Returns where names go on. */
static char *fill_list(gan__list *list, const gan_module *root, gan_module *m, char *names) {
    const char *path = gan__path_below(root, m);
    for (int buffers = 0; buffers < 2; buffers++)
        for (int i = 0; i < m->n_slots; i++) {
            gan__slot *slot = &m->slots[i];
            if (slot->param.buffer != (buffers == 1)) continue;
            list->slots[list->count] = slot;
            list->params[list->count] = slot->param;
            list->params[list->count++].name = names;
            names = append_name(names, path, slot->param.name);
        }
    for (int i = 0; i < m->n_children; i++) names = fill_list(list, root, m->children[i], names);
    return names;
}

const gan__list *gan__list_of(const gan_module *m) {
    if (gan_module_is_nil(m)) return NULL;
    if (m->list) return m->list;
    size_t count = (size_t)gan_module_param_count(m), entry = sizeof(gan_param) + sizeof(gan__slot *);
    gan__list *list = gan__alloc(m->object.ctx, sizeof *list + count * entry + names_bytes(m, m));
    if (!list) return NULL;
    list->count = 0;
    list->params = (gan_param *)(list + 1);
    list->slots = (gan__slot **)(list->params + count);
    gan_module *self = (gan_module *)m; /* the list is a cache */
    fill_list(list, m, self, (char *)(list->slots + count));
    return self->list = list;
}

static const gan_param no_param = {.name = ""};

const gan_param *gan_module_param(const gan_module *m, int index) {
    const gan__list *list = gan__list_of(m);
    if (list && index >= 0 && index < list->count) return &list->params[index];
    if (list) gan__raise(m->object.ctx, GAN_E_ARG, "gan_module_param: there is no parameter %d of %d", index, list->count);
    return &no_param;
}

const gan_param *gan_module_find(const gan_module *m, const char *name) {
    const gan__list *list = name ? gan__list_of(m) : NULL;
    for (int i = 0; list && i < list->count; i++)
        if (!strcmp(list->params[i].name, name)) return &list->params[i];
    return NULL;
}

gan_module *gan_module_child(const gan_module *m, const char *path) {
    gan_module *none = gan__nil_module(gan_module_ctx(m));
    if (gan_module_is_nil(m) || !path) return none;
    for (int i = 0; i < m->n_children; i++) {
        gan_module *child = m->children[i];
        size_t n = strlen(child->name);
        if (strncmp(path, child->name, n)) continue;
        if (!path[n]) return child;
        gan_module *below = path[n] == '.' ? gan_module_child(child, path + n + 1) : none;
        if (!gan_module_is_nil(below)) return below;
    }
    return none;
}

void gan_module_train(gan_module *m, bool training) {
    if (gan_module_is_nil(m)) return;
    m->training = training;
    for (int i = 0; i < m->n_children; i++) gan_module_train(m->children[i], training);
}

bool gan_module_is_training(const gan_module *m) { return !gan_module_is_nil(m) && m->training; }
