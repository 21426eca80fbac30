/* Reverse-mode differentiation of the recorded graph.
 *
 *   1. collect: the nodes below y in topological order (post-order of a depth-first search), each marked "needed" if one of
 *      the variables lies below it;
 *   2. sweep them backwards: each needed node that has a cotangent turns it into cotangents of its needed inputs, by its op's
 *      vjp. The vjp's ops are recorded if create_graph asks for it; nothing else is special about higher orders. */
#include <string.h>

#include "tensor_impl.h"

typedef struct frame {
    gan__node *node;
    int next_in;
} frame;

typedef struct sweep {
    gan_ctx *ctx;
    gan__grad_opts opts;
    gan__node **order;
    int64_t count, room;
    frame *stack;
    int64_t depth, stack_room;
    uint32_t mark;          /* of the nodes that this sweep has collected */
    gan_tensor **cotangent; /* by node->index; NULL: absent so far */
} sweep;

/* An array in pool memory that doubles. */
static bool grow(gan_ctx *ctx, void **array, int64_t *room, int64_t count, size_t size) {
    if (count < *room) return true;
    int64_t wanted = *room ? 2 * *room : 256;
    void *bigger = gan__alloc(ctx, (size_t)wanted * size);
    if (!bigger) return false;
    if (count) memcpy(bigger, *array, (size_t)count * size);
    gan__free(ctx, *array);
    *array = bigger;
    *room = wanted;
    return true;
}

static bool push(sweep *s, gan__node *node) {
    if (!grow(s->ctx, (void **)&s->stack, &s->stack_room, s->depth, sizeof *s->stack)) return false;
    node->mark = s->mark;
    s->stack[s->depth++] = (frame){node, 0};
    return true;
}

static bool collect(sweep *s, gan__node *y) {
    s->mark = ++s->ctx->graph_mark;
    if (!push(s, y)) return false;
    while (s->depth) {
        frame *top = &s->stack[s->depth - 1];
        gan__node *node = top->node;
        if (top->next_in < node->n_in) {
            gan__node *in = node->in[top->next_in++].node;
            if (in->mark != s->mark && !push(s, in)) return false;
            continue;
        }
        node->below = false;
        for (int i = 0; i < node->n_in; i++) node->below |= node->in[i].node->below | node->in[i].node->variable;
        if (!grow(s->ctx, (void **)&s->order, &s->room, s->count, sizeof *s->order)) return false;
        node->index = s->count;
        s->order[s->count++] = node;
        s->depth--;
    }
    return true;
}

static bool needed(const gan__node *node) { return node->variable || node->below; }

static void add_cotangent(sweep *s, gan__node *node, gan_tensor *g, const char *from) {
    if (!gan_shape_equal(gan_shape_of(g), node->shape)) {
        char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
        gan__raise(s->ctx, GAN_E_SHAPE, "%s: vjp of %s gave a gradient of shape %s for an input of shape %s", s->opts.who, from,
                   gan_shape_text(gan_shape_of(g), a), gan_shape_text(node->shape, b));
        return;
    }
    gan_tensor **slot = &s->cotangent[node->index];
    if (!*slot) {
        *slot = gan__alias(g);
        return;
    }
    gan_tensor *both[] = {*slot, g};
    gan_tensor *sum = gan_apply(s->ctx, &gan__op_accumulate, both, 2, NULL);
    gan_release(*slot);
    *slot = sum;
}

static gan_tensor *saved_value(sweep *s, gan_shape shape, gan__storage *storage, gan__node *node) {
    gan_tensor *t = gan__handle(s->ctx, shape, storage, node, "a saved value");
    return t ? t : gan__nil(s->ctx);
}

#define SMALL 8

static void run_vjp(sweep *s, gan__node *node, gan_tensor *g) {
    gan_ctx *ctx = s->ctx;
    const gan_op *op = node->op;
    gan_tensor *in_small[SMALL], *grads_small[SMALL];
    bool need_small[SMALL];
    size_t n = (size_t)node->n_in;
    char *big = n > SMALL ? gan__alloc(ctx, n * (2 * sizeof(gan_tensor *) + sizeof(bool))) : NULL;
    if (n > SMALL && !big) return;
    gan_tensor **in = big ? (gan_tensor **)big : in_small;
    gan_tensor **grads = big ? in + n : grads_small;
    bool *need = big ? (bool *)(grads + n) : need_small;

    gan_scope_begin(ctx);
    if (node->variable) gan__alias(g); /* a result: the vjp may not overwrite it */
    for (int i = 0; i < node->n_in; i++) {
        in[i] = gan__saved_input(ctx, node, i, s->opts.who);
        need[i] = needed(node->in[i].node);
        grads[i] = NULL;
    }
    gan_op_call c = {.ctx = ctx, .op = op, .attr = node->attr, .n_in = node->n_in, .in = in, .need = need};
    c.out = saved_value(s, node->shape, node->out.storage, node);
    for (int i = 0; i < GAN_OP_MAX_EXTRA; i++)
        if (node->extra[i].storage) c.extra[i] = saved_value(s, node->extra[i].shape, node->extra[i].storage, NULL);
    if (gan__ok(ctx)) (ctx->no_record && op->vjp_fast ? op->vjp_fast : op->vjp)(&c, g, grads);
    /* Sums are made in the sweep's scope, where they stay. */
    int depth = ctx->depth;
    ctx->depth = depth - 1;
    for (int i = 0; i < node->n_in && gan__ok(ctx); i++)
        if (need[i] && grads[i]) add_cotangent(s, node->in[i].node, grads[i], op->name);
    ctx->depth = depth;
    gan_scope_end(ctx);
    gan__free(ctx, big);
}

static void sweep_back(sweep *s) {
    for (int64_t i = s->count - 1; i >= 0 && gan__ok(s->ctx); i--) {
        gan__node *node = s->order[i];
        gan_tensor *g = s->cotangent[i];
        if (!g || !node->below || !node->op->vjp) continue;
        if (node->consumed) {
            gan__raise(s->ctx, GAN_E_GRAPH, "%s: the graph was released by an earlier optimiser step (at %s)", s->opts.who,
                       node->op->name);
            return;
        }
        run_vjp(s, node, g);
        if (s->opts.consume) gan__node_consume(s->ctx, node);
        if (node->variable) continue; /* its cotangent is a result */
        gan_release(g);
        s->cotangent[i] = NULL;
    }
}

static gan_tensor *seed_of(gan_tensor *y, gan__grad_opts opts) {
    gan_ctx *ctx = y->ctx;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    if (opts.seed) {
        if (!gan__usable(ctx, opts.seed, opts.who)) return gan__nil(ctx);
        if (gan_shape_equal(opts.seed->shape, y->shape)) return gan__alias(opts.seed);
        gan__raise(ctx, GAN_E_SHAPE, "%s: the seed's shape is %s, y's is %s", opts.who, gan_shape_text(opts.seed->shape, a),
                   gan_shape_text(y->shape, b));
        return gan__nil(ctx);
    }
    if (gan_count(y) == 1) return gan_ones(ctx, y->shape);
    gan__raise(ctx, GAN_E_SHAPE, "%s: y has shape %s; without a seed it must have one element", opts.who,
               gan_shape_text(y->shape, a));
    return gan__nil(ctx);
}

static bool all_usable(gan_ctx *ctx, gan_tensor *y, gan_tensor *const *x, int n, const char *who) {
    if (!gan__usable(ctx, y, who)) return false;
    for (int i = 0; i < n; i++)
        if (!gan__usable(ctx, x[i], who)) return false;
    return true;
}

/* The variables' cotangents, moved out of the sweep's scope. */
static void take_results(sweep *s, gan_tensor *const *x, int n, gan_tensor **grads) {
    for (int i = 0; i < n; i++) {
        gan__node *node = x[i]->node;
        gan_tensor *g = node && node->mark == s->mark ? s->cotangent[node->index] : NULL;
        grads[i] = g ? gan_scope_return(gan__alias(g)) : NULL;
    }
}

static bool differentiate(sweep *s, gan_tensor *y, gan_tensor *const *x, int n, gan_tensor **grads) {
    gan_ctx *ctx = s->ctx;
    gan_tensor *seed = seed_of(y, s->opts);
    gan__node *root = gan_is_nil(seed) ? NULL : gan__leaf(y);
    if (!root) return false;
    for (int i = 0; i < n; i++)
        if (x[i]->node) x[i]->node->variable = true;
    bool ok = collect(s, root) && (s->cotangent = gan__calloc(ctx, (size_t)s->count * sizeof *s->cotangent));
    if (ok && needed(root)) {
        s->cotangent[root->index] = seed;
        sweep_back(s);
    }
    for (int i = 0; i < n; i++)
        if (x[i]->node) x[i]->node->variable = false;
    if (ok && gan__ok(ctx)) take_results(s, x, n, grads);
    return gan__ok(ctx);
}

bool gan__grads(gan_tensor *y, gan_tensor *const *x, int n, gan_tensor **grads, gan__grad_opts opts) {
    for (int i = 0; i < n; i++) grads[i] = NULL;
    if (!y) gan__raise(gan_ctx_of(n > 0 ? x[0] : NULL), GAN_E_ARG, "%s: y is NULL", opts.who);
    if (!y || y->state == GAN__HANDLE_NIL || !all_usable(y->ctx, y, x, n, opts.who)) return false;
    gan_ctx *ctx = y->ctx;
    sweep s = {.ctx = ctx, .opts = opts};
    if (!opts.create_graph) ctx->no_record++;
    gan_scope_begin(ctx);
    bool done = differentiate(&s, y, x, n, grads) && gan__ok(ctx);
    gan_scope_end(ctx);
    if (!opts.create_graph) ctx->no_record--;
    gan__free(ctx, s.order);
    gan__free(ctx, s.stack);
    gan__free(ctx, s.cotangent);
    for (int i = 0; i < n && !done; i++) grads[i] = NULL;
    return done;
}

static gan_tensor *unused(gan_tensor *x, bool allowed) {
    if (allowed) return gan_zeros(x->ctx, x->shape);
    gan__raise(x->ctx, GAN_E_GRAPH, "gan_grad: y does not depend on %s (see gan_grad_opts.allow_unused)",
               x->name ? x->name : x->made_by);
    return gan__nil(x->ctx);
}

void gan_grads(gan_tensor *y, gan_tensor *const *x, int n, gan_tensor **grads, gan_grad_opts o) {
    gan_ctx *ctx = gan_ctx_of(y || n < 1 ? y : x[0]);
    bool done = gan__grads(y, x, n, grads, (gan__grad_opts){o.create_graph, false, o.seed, "gan_grad"});
    for (int i = 0; i < n && done; i++)
        if (!grads[i]) grads[i] = unused(x[i], o.allow_unused);
    for (int i = 0; i < n; i++)
        if (!grads[i] || !gan__ok(ctx)) grads[i] = gan__nil(ctx);
}

gan_tensor *gan_grad(gan_tensor *y, gan_tensor *x, gan_grad_opts opts) {
    gan_tensor *g;
    gan_grads(y, &x, 1, &g, opts);
    return g;
}

/* --- how gradients are summed ----------------------------------------------------------------------------- */

static bool accumulate_shape(const gan_op_call *c, gan_shape *out) {
    *out = gan_shape_of(c->in[0]);
    return true; /* add_cotangent has compared them */
}

typedef struct sum_arg {
    const gan_real *a, *b;
    gan_real *y;
} sum_arg;

static void sum_range(void *p, int64_t begin, int64_t end) {
    sum_arg *s = p;
    for (int64_t i = begin; i < end; i++) s->y[i] = s->a[i] + s->b[i];
}

static void accumulate_forward(gan_op_call *c) {
    sum_arg s = {gan_data(c->in[0]), gan_data(c->in[1]), gan_op_write(c->out)};
    gan__parallel_ranges(c->ctx, gan_count(c->out), 8192, sum_range, &s);
}

static void accumulate_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    (void)c;
    grads[0] = grads[1] = g;
}

const gan_op gan__op_accumulate = {
    .name = "gan_accumulate", .n_in = 2, .shape = accumulate_shape, .forward = accumulate_forward, .vjp = accumulate_vjp};
