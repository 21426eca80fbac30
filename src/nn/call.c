/* Running modules: whose values are in force, and which handles survive. */
#include <stdio.h>
#include <string.h>

#include "nn_impl.h"
#include "set.h"

struct gan_call {
    gan_ctx *ctx;
    gan_module *root;
    gan_tensor *label, *aux;
    int outer; /* depth of the caller's scope */
    gan_output *out;
    bool all_taps;
    int n_wanted;
    const gan_module *wanted[GAN_MAX_TAPS];
    gan__trace *trace; /* NULL: nobody looks */
    bool into_norm;    /* what the module to run returns goes to a batch norm in training */
    bool placed;       /* the error's message says where */
};

/* --- outputs ---------------------------------------------------------------------------------------------- */

static gan_tensor *second_handle(gan_tensor *t, int depth) {
    gan_tensor *a = gan__alias(t);
    if (!gan_is_nil(a)) gan__move_to_scope(a, depth);
    return a;
}

static bool wants_tap(const gan_call *call, const gan_module *m) {
    if (m == call->root) return false;
    if (call->all_taps) return gan__path_below(call->root, m) != NULL;
    for (int i = 0; i < call->n_wanted; i++)
        if (call->wanted[i] == m) return true;
    return false;
}

static void tap(gan_call *call, const gan_module *m, gan_tensor *y) {
    gan_output *out = call->out;
    if (!wants_tap(call, m)) return;
    if (out->n_taps == GAN_MAX_TAPS) {
        gan__raise(call->ctx, GAN_E_ARG, "gan_module_call: more than %d outputs of submodules (name the ones you want)",
                   GAN_MAX_TAPS);
        return;
    }
    gan_tensor *t = second_handle(y, call->outer);
    if (gan__ok(call->ctx)) out->taps[out->n_taps++] = (struct gan_tap){gan__path_below(call->root, m), t};
}

static bool find_taps(gan_call *call, gan_call_opts o) {
    if (o.n_taps > 0 && !o.taps) {
        gan__raise(call->ctx, GAN_E_ARG, "gan_module_call: %d taps, but their list is NULL", o.n_taps);
        return false;
    }
    call->all_taps = o.n_taps == 1 && o.taps[0] && !strcmp(o.taps[0], "*");
    if (call->all_taps) return true;
    if (o.n_taps < 0 || o.n_taps > GAN_MAX_TAPS) {
        gan__raise(call->ctx, GAN_E_ARG, "gan_module_call: %d taps; 0 to %d can be asked for", o.n_taps, GAN_MAX_TAPS);
        return false;
    }
    for (int i = 0; i < o.n_taps; i++) {
        const gan_module *m = gan_module_child(call->root, o.taps[i]);
        if (gan_module_is_nil(m)) {
            gan__raise(call->ctx, GAN_E_ARG, "gan_module_call: there is no submodule \"%s\" to tap",
                       o.taps[i] ? o.taps[i] : "NULL");
            return false;
        }
        call->wanted[call->n_wanted++] = m;
    }
    return true;
}

/* --- one module ------------------------------------------------------------------------------------------- */

/* An op knows shapes, not layers: the innermost module that was running is added to its message. */
static void add_place(gan_call *call, const gan_module *m) {
    gan_ctx *ctx = call->ctx;
    size_t used = strlen(ctx->message);
    if (gan__ok(ctx) || call->placed) return;
    call->placed = true;
    snprintf(ctx->message + used, sizeof ctx->message - used, m->path[0] ? " (in %s \"%s\")" : " (in a %s)", m->type->name,
             m->path);
}

static int trace_begin(gan_call *call, const gan_module *m, const gan_tensor *x) {
    gan__trace *t = call->trace;
    if (!t || !gan__array_grow(call->ctx, (void **)&t->rows, &t->room, t->count, sizeof *t->rows)) return -1;
    t->rows[t->count] = (gan__trace_row){.module = m, .in = gan_shape_of(x)};
    return t->count++;
}

/* Ends m's scope: y goes to the one around it, what m made on the way is released. */
static gan_tensor *hand_over(gan_call *call, const gan_module *m, gan_tensor *y) {
    gan_ctx *ctx = call->ctx;
    if (gan__usable(ctx, y, m->type->name)) {
        if (y->scoped.depth != ctx->depth) y = second_handle(y, ctx->depth); /* x itself, or a parameter */
        if (gan__ok(ctx)) tap(call, m, y);
        gan_scope_return(y);
    }
    gan_scope_end(ctx);
    return y;
}

/* y = m(x), handed to the present scope. */
static gan_tensor *run(gan_call *call, gan_module *m, gan_tensor *x) {
    int row = trace_begin(call, m, x);
    gan_scope_begin(call->ctx);
    gan_tensor *y = hand_over(call, m, m->type->forward(m, call, x));
    add_place(call, m);
    if (row >= 0) call->trace->rows[row].out = gan_shape_of(y);
    return y;
}

static bool norms_batch(const gan_call *call, const gan_module *m) {
    return m->type == &gan__batch_norm_type && gan_call_training(call, m);
}

gan_tensor *gan__call_before(gan_call *call, gan_module *child, const gan_module *next, gan_tensor *x) {
    gan_ctx *ctx = call->ctx;
    if (gan_module_is_nil(child)) gan__raise(ctx, GAN_E_ARG, "gan_call_child: the child is nil");
    if (!gan__usable(ctx, x, "gan_call_child")) return gan__nil(ctx);
    call->into_norm = next && norms_batch(call, next);
    gan_tensor *y = run(call, child, x);
    return gan__ok(ctx) ? y : gan__nil(ctx);
}

gan_tensor *gan_call_child(gan_call *call, gan_module *child, gan_tensor *x) { return gan__call_before(call, child, NULL, x); }

bool gan__call_into_norm(const gan_call *call) { return call->into_norm; }

typedef gan_tensor *pair_fn(gan_module *first, gan_call *call, gan_tensor *x, double slope);

static pair_fn *pair_of(const gan_call *call, const gan_module *first) {
    if (first->type == &gan__linear_type) return gan__linear_leaky_forward;
    if (first->type == &gan__conv_type || first->type == &gan__conv_transpose_type) return gan__conv_leaky_forward;
    return norms_batch(call, first) ? gan__batch_norm_leaky_forward : NULL;
}

gan_tensor *gan__call_pair(gan_call *call, gan_module *first, gan_module *second, gan_tensor *x) {
    gan_ctx *ctx = call->ctx;
    double slope;
    pair_fn *fn = pair_of(call, first);
    if (!fn || !gan__leaky_slope(second, &slope)) return NULL;
    if (call->trace || wants_tap(call, first) || !gan__usable(ctx, x, "gan_call_child")) return NULL;
    gan_scope_begin(ctx);
    gan_tensor *y = hand_over(call, second, fn(first, call, x, slope));
    add_place(call, first);
    return gan__ok(ctx) ? y : gan__nil(ctx);
}

/* --- values in force -------------------------------------------------------------------------------------- */

static gan__slot *own_slot(const gan_call *call, gan_module *m, int index, const char *who) {
    if (gan_module_is_nil(m)) return NULL;
    if (index >= 0 && index < m->n_slots) return &m->slots[index];
    gan__raise(call->ctx, GAN_E_ARG, "%s: the %s has no parameter %d", who, m->type->name, index);
    return NULL;
}

gan_tensor *gan_call_param(gan_call *call, gan_module *m, int index) {
    const gan__slot *slot = own_slot(call, m, index, "gan_call_param");
    if (!slot) return gan__nil(call->ctx);
    return slot->override.value ? slot->override.value : slot->param.tensor;
}

/* In a call on a set the new value stands in until the call ends well and the set takes it. */
static void write_override(gan__override *o, gan_tensor *value) {
    gan_tensor *d = gan_detach(value);
    if (gan_is_nil(d)) return;
    gan__move_to_scope(d, o->depth);
    if (o->written) gan_release(o->value);
    o->value = d;
    o->written = true;
}

void gan_call_write(gan_call *call, gan_module *m, int index, gan_tensor *value) {
    static const char who[] = "gan_call_write";
    gan_ctx *ctx = call->ctx;
    gan__slot *slot = own_slot(call, m, index, who);
    if (!slot || !m->training || !gan__usable(ctx, value, who)) return;
    if (!slot->param.buffer) {
        gan__raise(ctx, GAN_E_ARG, "%s: \"%s\" is a parameter, not a buffer", who, slot->param.name);
        return;
    }
    if (!gan_shape_equal(value->shape, slot->param.tensor->shape)) {
        char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
        gan__raise(ctx, GAN_E_SHAPE, "%s: \"%s\" has shape %s, its next value %s", who, slot->param.name,
                   gan_shape_text(slot->param.tensor->shape, a), gan_shape_text(value->shape, b));
        return;
    }
    if (slot->override.value) {
        write_override(&slot->override, value);
        return;
    }
    gan_real *p = gan__overwrite(slot->param.tensor, false);
    if (p) memcpy(p, gan_data(value), (size_t)gan_count(value) * sizeof *p);
}

bool gan_call_training(const gan_call *call, const gan_module *m) {
    (void)call;
    return gan_module_is_training(m);
}

gan_tensor *gan_call_label(const gan_call *call) { return call->label; }

void gan_call_aux(gan_call *call, gan_tensor *t) {
    if (!gan__usable(call->ctx, t, "gan_call_aux")) return;
    gan_release(call->aux);
    call->aux = second_handle(t, call->outer);
}

/* "module/main.2": apart from streams that are named by purpose. */
gan_stream *gan_call_stream(gan_call *call, gan_module *m) {
    gan_ctx *ctx = call->ctx;
    if (gan_module_is_nil(m)) return gan_stream_named(gan__nil_ctx(), "");
    if (m->stream) return m->stream;
    size_t size = sizeof "module/" + strlen(m->path);
    char *name = gan__alloc(ctx, size);
    if (!name) return gan_stream_named(gan__nil_ctx(), "");
    snprintf(name, size, "module/%s", m->path);
    gan_stream *stream = gan_stream_named(ctx, name);
    gan__free(ctx, name);
    if (gan__ok(ctx)) m->stream = stream;
    return stream;
}

/* --- calls on a set --------------------------------------------------------------------------------------- */

/* Puts the set's tensors in force. Returns what was there before, to be put back; NULL (raised): nothing was done. */
static gan__override *substitute(gan_call *call, const gan__list *list, const gan_set *set) {
    gan__override *saved = gan__alloc(call->ctx, (size_t)list->count * sizeof *saved);
    for (int i = 0; saved && i < list->count; i++) {
        saved[i] = list->slots[i]->override;
        list->slots[i]->override = (gan__override){.value = set->tensors[i], .depth = call->outer};
    }
    return saved;
}

static void put_back(gan_call *call, const gan__list *list, const gan_set *set, gan__override *saved) {
    for (int i = 0; i < list->count; i++) {
        gan__override *o = &list->slots[i]->override;
        if (o->written && gan__ok(call->ctx))
            gan__set_take(set, i, o->value);
        else if (o->written)
            gan_release(o->value);
        *o = saved[i];
    }
    gan__free(call->ctx, saved);
}

static gan_tensor *run_on(gan_call *call, const gan_set *set, gan_tensor *x) {
    gan_ctx *ctx = call->ctx;
    if (!set) return gan_call_child(call, call->root, x);
    const gan__list *list = gan__list_of(call->root);
    if (!list || !gan__set_fits(set, list, "gan_module_call")) return gan__nil(ctx);
    gan__override *saved = substitute(call, list, set);
    if (!saved) return gan__nil(ctx);
    gan_tensor *y = gan_call_child(call, call->root, x);
    put_back(call, list, set, saved);
    return y;
}

/* After a failure nothing of the call stays behind, with or without a scope around it. */
static void drop_outputs(gan_output *out, gan_ctx *ctx) {
    gan_release(out->y);
    gan_release(out->aux);
    for (int i = 0; i < out->n_taps; i++) gan_release(out->taps[i].t);
    *out = (gan_output){.y = gan__nil(ctx), .aux = out->aux ? gan__nil(ctx) : NULL};
}

gan_output gan__call_traced(gan_module *m, gan_input in, gan_call_opts opts, gan__trace *trace) {
    static const char who[] = "gan_module_call";
    gan_ctx *ctx = gan_module_ctx(m);
    gan_output out = {.y = gan__nil(ctx)};
    if (gan_module_is_nil(m) || !gan__usable(ctx, in.x, who) || (in.label && !gan__usable(ctx, in.label, who))) return out;
    gan_call call = {.ctx = ctx, .root = m, .label = in.label, .outer = ctx->depth, .out = &out, .trace = trace};
    if (find_taps(&call, opts)) out.y = run_on(&call, opts.set, in.x);
    out.aux = call.aux;
    if (!gan__ok(ctx)) drop_outputs(&out, ctx);
    return out;
}

gan_output gan_module_call(gan_module *m, gan_input in, gan_call_opts opts) { return gan__call_traced(m, in, opts, NULL); }

gan_tensor *gan_forward(gan_module *m, gan_tensor *x) {
    return gan_module_call(m, (gan_input){.x = x}, (gan_call_opts){0}).y;
}

gan_tensor *gan_forward_with(gan_module *m, const gan_set *set, gan_tensor *x) {
    return gan_module_call(m, (gan_input){.x = x}, (gan_call_opts){.set = set}).y;
}
