#include "tensor_impl.h"

#include <stdio.h>
#include <string.h>

static size_t node_bytes(int n_in, size_t attr_bytes, size_t *attr_at) {
    size_t edges = sizeof(gan__node) + (size_t)n_in * sizeof(gan__edge);
    *attr_at = (edges + 15) / 16 * 16;
    return *attr_at + attr_bytes;
}

gan__node *gan__leaf(gan_tensor *t) {
    if (t->node) return t->node;
    gan__node *node = gan__calloc(t->ctx, sizeof *node);
    if (!node) return NULL;
    node->refs = 1; /* the handle's */
    node->shape = t->shape;
    if (t->name) node->name = gan__strdup(t->ctx, t->name);
    return t->node = node;
}

static bool can_make_again(const gan__node *node) { return node->op && node->op->again; }

gan__node *gan__record(const gan_op_call *c) {
    for (int i = 0; i < c->n_in; i++)
        if (!gan__leaf(c->in[i])) return NULL;
    size_t attr_at, bytes = node_bytes(c->n_in, c->op->attr_bytes, &attr_at);
    gan__node *node = gan__alloc(c->ctx, bytes);
    if (!node) return NULL;
    memset(node, 0, attr_at);
    node->refs = 1;
    node->op = c->op;
    node->shape = c->out->shape;
    node->n_in = c->n_in;
    node->attr = (char *)node + attr_at;
    if (c->op->attr_bytes) memcpy(node->attr, c->attr, c->op->attr_bytes);
    for (int i = 0; i < c->n_in; i++) {
        gan_tensor *in = c->in[i];
        bool save = i < 31 ? (c->op->save & GAN_SAVE_IN(i)) != 0
                           : (c->op->save & GAN_SAVE_ALL_IN) == GAN_SAVE_ALL_IN;
        in->node->refs++;
        node->in[i] = (gan__edge){in->node, in->shape, NULL, 0};
        if (save && !can_make_again(in->node)) {
            node->in[i].saved = gan__storage_ref(in->storage);
            node->in[i].version = in->storage->version;
        }
    }
    if (c->op->save & GAN_SAVE_OUT) node->out = (gan__saved){c->out->shape, gan__storage_ref(c->out->storage)};
    for (int i = 0; i < GAN_OP_MAX_EXTRA; i++)
        if (c->extra[i]) node->extra[i] = (gan__saved){c->extra[i]->shape, gan__storage_ref(c->extra[i]->storage)};
    return node;
}

void gan__node_consume(gan_ctx *ctx, gan__node *node) {
    for (int i = 0; i < node->n_in; i++) {
        gan__storage_unref(ctx, node->in[i].saved);
        node->in[i].saved = NULL;
    }
    gan__storage_unref(ctx, node->out.storage);
    node->out.storage = NULL;
    for (int i = 0; i < GAN_OP_MAX_EXTRA; i++) {
        gan__storage_unref(ctx, node->extra[i].storage);
        node->extra[i].storage = NULL;
    }
    node->consumed = true;
}

/* Takes a node that nobody refers to any more out of the graph, and puts it on the list of those to free, which is chained
 * through `attr`. */
static void bury(gan_ctx *ctx, gan__node *node, gan__node **list) {
    gan__node_consume(ctx, node);
    node->attr = *list;
    *list = node;
}

/* Graphs are deep (an unrolled training loop): no recursion. */
void gan__node_unref(gan_ctx *ctx, gan__node *node) {
    if (!node || --node->refs > 0) return;
    gan__node *dead = NULL;
    bury(ctx, node, &dead);
    while (dead) {
        gan__node *n = dead;
        dead = n->attr;
        for (int i = 0; i < n->n_in; i++)
            if (--n->in[i].node->refs == 0) bury(ctx, n->in[i].node, &dead);
        gan__free(ctx, n->name);
        gan__free(ctx, n);
    }
}

gan_tensor *gan__saved_input(gan_ctx *ctx, const gan__node *node, int i, const char *who) {
    const gan__edge *e = &node->in[i];
    if (e->saved && e->saved->version != e->version) {
        gan__raise(ctx, GAN_E_STALE, "%s: \"%s\", an input of %s, was overwritten after it was recorded", who,
                   e->node->name ? e->node->name : "a tensor", node->op->name);
        return gan__nil(ctx);
    }
    gan_tensor *t = gan__handle(ctx, e->shape, e->saved, e->node, e->node->op ? e->node->op->name : "a leaf");
    return t ? t : gan__nil(ctx);
}

/* Runs the op that made t once more, on what it saved. */
static void make_again(gan_tensor *t) {
    gan_ctx *ctx = t->ctx;
    const gan__node *node = t->node;
    gan_tensor **in = gan__alloc(ctx, (size_t)node->n_in * sizeof(gan_tensor *));
    if (in) t->storage = gan__storage_new(ctx, gan_shape_count(t->shape));
    gan_scope_begin(ctx);
    for (int i = 0; t->storage && i < node->n_in; i++) in[i] = gan__saved_input(ctx, node, i, node->op->name);
    gan_op_call c = {.ctx = ctx, .op = node->op, .attr = node->attr, .n_in = node->n_in, .in = in, .out = t};
    if (gan__ok(ctx)) node->op->forward(&c);
    gan_scope_end(ctx);
    gan__free(ctx, in);
    if (gan__ok(ctx)) return;
    gan__storage_unref(ctx, t->storage);
    t->storage = NULL;
}

bool gan__has_values(gan_tensor *t) {
    if (t->storage || !t->node || !can_make_again(t->node) || !gan__ok(t->ctx)) return t->storage;
    if (t->node->consumed)
        gan__raise(t->ctx, GAN_E_GRAPH, "%s: what it was made of was released by an earlier optimiser step", t->node->op->name);
    else
        make_again(t);
    return t->storage;
}

/* --- ops -------------------------------------------------------------------------------------------------- */

void gan_op_fail(const gan_op_call *c, gan_status status, const char *format, ...) {
    char message[GAN__MESSAGE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    gan__raise(c->ctx, status, "%s: %s", c->op->name, message);
}

gan_tensor *gan_op_extra(gan_op_call *c, int index, gan_shape shape) {
    if (index < 0 || index >= GAN_OP_MAX_EXTRA) {
        gan_op_fail(c, GAN_E_ARG, "extra tensor %d; there can be 0 to %d", index, GAN_OP_MAX_EXTRA - 1);
        return gan__nil(c->ctx);
    }
    return c->extra[index] = gan_empty(c->ctx, shape);
}

static bool inputs_usable(gan_ctx *ctx, const gan_op *op, gan_tensor *const *in, int n_in) {
    if (op->n_in != GAN_OP_VARIADIC && op->n_in != n_in) {
        gan__raise(ctx, GAN_E_ARG, "%s: takes %d inputs, not %d", op->name, op->n_in, n_in);
        return false;
    }
    for (int i = 0; i < n_in; i++) {
        if (!gan__usable(ctx, in[i], op->name)) return false;
        if (!gan__has_values(in[i])) {
            gan__raise(ctx, GAN_E_STATE, "%s: input %d was not saved for the vjp that uses it (see gan_op.save)", op->name, i);
            return false;
        }
    }
    return gan__ok(ctx);
}

static bool view_fits(const gan_op_call *c, gan_shape shape) {
    if (!c->op->view || gan_shape_count(shape) == gan_count(c->in[0])) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan__raise(c->ctx, GAN_E_SHAPE, "%s: %s cannot be seen as %s: other number of elements", c->op->name,
               gan_shape_text(c->in[0]->shape, a), gan_shape_text(shape, b));
    return false;
}

/* The output handle with its storage: fresh, or the first input's. */
static gan_tensor *output(gan_op_call *c, gan_shape shape) {
    gan__storage *s = c->op->view ? gan__storage_ref(c->in[0]->storage) : gan__storage_new(c->ctx, gan_shape_count(shape));
    gan_tensor *out = s ? gan__handle(c->ctx, shape, s, NULL, c->op->name) : NULL;
    gan__storage_unref(c->ctx, s);
    return out;
}

static void release_extras(gan_op_call *c) {
    for (int i = 0; i < GAN_OP_MAX_EXTRA; i++) gan_release(c->extra[i]);
}

/* Ops take the context of their first input; if that is NULL or nobody's nil, another input may still know whom to tell. */
static gan_ctx *some_ctx(gan_ctx *ctx, gan_tensor *const *in, int n_in) {
    for (int i = 0; i < n_in && ctx->nil; i++) ctx = gan_ctx_of(in[i]);
    return ctx;
}

gan_tensor *gan_apply(gan_ctx *ctx, const gan_op *op, gan_tensor *const *in, int n_in, const void *attr) {
    ctx = some_ctx(ctx, in, n_in);
    if (!inputs_usable(ctx, op, in, n_in)) return gan__nil(ctx);
    gan_op_call c = {.ctx = ctx, .op = op, .attr = attr, .n_in = n_in, .in = in};
    gan_shape shape;
    if (!op->shape(&c, &shape) || !gan__shape_valid(ctx, shape, op->name) || !view_fits(&c, shape)) return gan__nil(ctx);
    c.out = output(&c, shape);
    if (!c.out) return gan__nil(ctx);
    if (!op->view) op->forward(&c);
    if (gan__ok(ctx) && !ctx->no_record) c.out->node = gan__record(&c);
    release_extras(&c);
    if (gan__ok(ctx)) return c.out;
    gan_release(c.out);
    return gan__nil(ctx);
}
