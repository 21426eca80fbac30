#include <math.h>
#include <string.h>

#include "optim_impl.h"

typedef struct param_slot {
    gan_param param;                  /* a copy with a name of its own: the module's list goes when its tree changes */
    gan_tensor *moment[GAN__MOMENTS]; /* NULL beyond the rule's number */
    gan_tensor *grad;                 /* gathered so far; NULL: none */
    gan__counter updates;             /* of this parameter, as PyTorch counts: for a head that joins late, too */
} param_slot;

struct gan_optim {
    gan__object object;
    gan_optim_opts opts;
    double factor; /* of the rate, by a schedule */
    int count;
    param_slot *slots;
    gan_tensor **variables; /* the parameters, as gan__grads is asked for them, */
    gan_tensor **grads;     /* what it gave, */
    gan__update *updates;   /* and what is done with it */
    gan__counter steps;
    int64_t rollbacks; /* of the state, when the first gradient was gathered */
    double grad_norm;
};

/* What distinguishes the kinds: the update and the names of its moments (PyTorch's). */
static const struct {
    gan__update_kind update;
    const char *moments[GAN__MOMENTS];
} kinds[] = {
    [GAN_ADAM] = {GAN__UPDATE_ADAM, {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}},
    [GAN_RMSPROP] = {GAN__UPDATE_RMSPROP, {"square_avg", "momentum_buffer"}},
    [GAN_SGD] = {GAN__UPDATE_SGD, {"momentum_buffer"}},
};

static int moment_count(const gan_optim_opts *o) {
    switch (o->kind) {
    case GAN_ADAM: return o->amsgrad ? 3 : 2;
    case GAN_RMSPROP: return o->momentum > 0 ? 2 : 1;
    default: return o->momentum > 0 ? 1 : 0;
    }
}

/* The constants of all kinds, so that a change of the kind alone makes sense. */
static gan_optim_opts usual(gan_optim_kind kind, double lr, double momentum) {
    return (gan_optim_opts){
        .kind = kind, .lr = lr, .beta1 = .5, .beta2 = .999, .eps = 1e-8, .alpha = .99, .momentum = momentum};
}

gan_optim_opts gan_adam(double lr) { return usual(GAN_ADAM, lr, 0); }
gan_optim_opts gan_rmsprop(double lr) { return usual(GAN_RMSPROP, lr, 0); }
gan_optim_opts gan_sgd(double lr, double momentum) { return usual(GAN_SGD, lr, momentum); }

/* --- making ----------------------------------------------------------------------------------------------- */

static gan_optim *nil_optim(gan_ctx *ctx) { return (gan_optim *)&ctx->none; }
static bool is_nil(const gan_optim *o) { return !o || !o->object.destroy; }
static gan_ctx *ctx_of(const gan_optim *o) { return o ? o->object.ctx : gan__nil_ctx(); }

/* False, with the context failed, for a nil optimiser. */
static bool is_real(const gan_optim *o, const char *who) {
    if (!is_nil(o)) return true;
    gan__raise(ctx_of(o), GAN_E_ARG, "%s: the optimiser is nil", who);
    return false;
}

static bool ranges_valid(gan_ctx *ctx, const gan_optim_opts *o) {
    const struct {
        const char *name;
        double value, below;
    } ranges[] = {
        {"lr", o->lr, INFINITY},
        {"beta1", o->beta1, 1},
        {"beta2", o->beta2, 1},
        {"eps", o->eps, INFINITY},
        {"alpha", o->alpha, 1},
        {"momentum", o->momentum, INFINITY},
        {"weight_decay", o->weight_decay, INFINITY},
        {"clip_norm", o->clip_norm, INFINITY},
        {"clip_value", o->clip_value, INFINITY},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (!(ranges[i].value >= 0 && ranges[i].value < ranges[i].below)) {
            gan__raise(ctx, GAN_E_ARG, "gan_optim_new: %s is %g, outside [0, %g)", ranges[i].name, ranges[i].value,
                       ranges[i].below);
            return false;
        }
    return true;
}

static bool opts_valid(gan_ctx *ctx, const gan_optim_opts *o) {
    bool adam = o->kind == GAN_ADAM;
    if ((unsigned)o->kind > GAN_SGD)
        gan__raise(ctx, GAN_E_ARG, "gan_optim_new: %d is no kind of optimiser", (int)o->kind);
    else if (!adam && (o->amsgrad || o->decoupled))
        gan__raise(ctx, GAN_E_ARG, "gan_optim_new: %s is for Adam only", o->amsgrad ? "amsgrad" : "decoupled");
    else if (adam && o->momentum > 0)
        gan__raise(ctx, GAN_E_ARG, "gan_optim_new: momentum is for SGD and RMSProp; Adam's is beta1");
    else
        ranges_valid(ctx, o);
    return gan__ok(ctx);
}

static void forget_grads(gan_optim *o) {
    for (int i = 0; i < o->count; i++) {
        gan_release(o->slots[i].grad);
        o->slots[i].grad = NULL;
    }
}

static void destroy(gan__object *object) {
    gan_optim *o = (gan_optim *)object;
    gan_ctx *ctx = object->ctx;
    for (int i = 0; o->slots && i < o->count; i++) {
        param_slot *slot = &o->slots[i];
        gan_release(slot->grad);
        for (int k = 0; k < GAN__MOMENTS; k++) gan_release(slot->moment[k]);
        gan__counter_remove(&slot->updates);
        gan__free(ctx, (char *)slot->param.name);
    }
    gan__counter_remove(&o->steps);
    gan__free(ctx, o->slots);
    gan__free(ctx, o->variables);
    gan__free(ctx, o->grads);
    gan__free(ctx, o->updates);
    gan__free(ctx, o);
}

void gan_optim_free(gan_optim *o) {
    if (is_nil(o)) return;
    gan__disown(&o->object);
    destroy(&o->object);
}

/* A tensor that belongs to the context, not to the scope under way. */
static gan_tensor *new_moment(gan_ctx *ctx, gan_shape shape) {
    gan_tensor *t = gan_zeros(ctx, shape);
    if (!gan_is_nil(t)) gan__move_to_scope(t, 0);
    return t;
}

static void fill_slot(gan_optim *o, param_slot *slot, const gan_param *p) {
    gan_ctx *ctx = o->object.ctx;
    slot->param = *p;
    slot->param.name = gan__strdup(ctx, p->name);
    gan__counter_add(ctx, &slot->updates, 0);
    for (int k = 0; k < moment_count(&o->opts); k++) slot->moment[k] = new_moment(ctx, gan_shape_of(p->tensor));
}

static void fill_slots(gan_optim *o, gan_module *m) {
    for (int i = 0, k = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        if (p->buffer) continue;
        o->variables[k] = p->tensor;
        fill_slot(o, &o->slots[k++], p);
    }
}

/* -1 (raised) without memory. */
static int trained_count(const gan_module *m) {
    int count = 0;
    for (int i = 0; i < gan_module_param_count(m); i++) count += !gan_module_param(m, i)->buffer;
    return gan__ok(gan_module_ctx(m)) ? count : -1;
}

gan_optim *gan_optim_new(gan_module *m, gan_optim_opts opts) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (gan_module_is_nil(m)) gan__raise(ctx, GAN_E_ARG, "gan_optim_new: the module is nil");
    if (!gan__ok(ctx) || !opts_valid(ctx, &opts)) return nil_optim(ctx);
    int count = trained_count(m);
    gan_optim *o = count < 0 ? NULL : gan__calloc(ctx, sizeof *o);
    if (!o) return nil_optim(ctx);
    o->count = count;
    o->opts = opts;
    o->factor = 1;
    gan__own(ctx, &o->object, destroy);
    gan__counter_add(ctx, &o->steps, 0);
    o->slots = gan__calloc(ctx, (size_t)count * sizeof *o->slots);
    o->variables = gan__calloc(ctx, (size_t)count * sizeof *o->variables);
    o->grads = gan__calloc(ctx, (size_t)count * sizeof *o->grads);
    o->updates = gan__calloc(ctx, (size_t)count * sizeof *o->updates);
    if (gan__ok(ctx)) fill_slots(o, m);
    gan__commit(ctx); /* this is where a first step that fails goes back to */
    if (gan__ok(ctx)) return o;
    gan_optim_free(o);
    return nil_optim(ctx);
}

/* --- gathering gradients ---------------------------------------------------------------------------------- */

static bool loss_usable(gan_ctx *ctx, const gan_tensor *loss, const char *who) {
    if (gan__ok(ctx) && loss && loss->state == GAN__HANDLE_NIL) gan__raise(ctx, GAN_E_ARG, "%s: the loss is nil", who);
    if (!gan__usable(ctx, loss, who)) return false;
    if (gan_count(loss) != 1) {
        char text[GAN_SHAPE_TEXT];
        gan__raise(ctx, GAN_E_SHAPE, "%s: the loss has shape %s, it must have one element", who,
                   gan_shape_text(gan_shape_of(loss), text));
        return false;
    }
    double value = gan_item(loss);
    if (!isfinite(value)) gan__raise(ctx, GAN_E_NONFINITE, "%s: the loss is %g", who, value);
    return gan__ok(ctx);
}

/* The slot keeps g beyond the scope under way, added to what it has. */
static void gather(gan_optim *o, param_slot *slot, gan_tensor *g) {
    if (slot->grad) {
        gan_tensor *both[] = {slot->grad, g};
        g = gan_apply(o->object.ctx, &gan__op_accumulate, both, 2, NULL);
        if (gan_is_nil(g)) return;
        gan_release(slot->grad);
    }
    gan__move_to_scope(g, 0);
    slot->grad = g;
}

static void differentiate(gan_optim *o, gan_tensor *loss, double scale, bool retain, const char *who) {
    gan_ctx *ctx = o->object.ctx;
    gan__grad_opts opts = {.consume = !retain, .seed = gan_full(ctx, gan_shape_of(loss), scale), .who = who};
    if (gan_is_nil(opts.seed) || !gan__grads(loss, o->variables, o->count, o->grads, opts)) return;
    int found = 0;
    for (int i = 0; i < o->count && gan__ok(ctx); i++)
        if (o->grads[i]) {
            gather(o, &o->slots[i], o->grads[i]);
            found++;
        }
    if (!found) gan__raise(ctx, GAN_E_GRAPH, "%s: the loss depends on none of the module's parameters", who);
}

/* An error since the gradients were gathered belongs to a step that was given up, and they with it. */
static void drop_stale_grads(gan_optim *o) {
    int64_t rollbacks = o->object.ctx->state.rollbacks;
    if (o->rollbacks != rollbacks) forget_grads(o);
    o->rollbacks = rollbacks;
}

static gan_status add_loss(gan_optim *o, gan_tensor *loss, double scale, bool retain, const char *who) {
    gan_ctx *ctx = ctx_of(o);
    if (!is_real(o, who)) return ctx->status;
    drop_stale_grads(o);
    gan_scope_begin(ctx);
    ctx->no_record++;
    if (loss_usable(ctx, loss, who)) differentiate(o, loss, scale, retain, who);
    ctx->no_record--;
    gan_scope_end(ctx);
    if (!gan__ok(ctx)) forget_grads(o);
    return ctx->status;
}

/* --- stepping --------------------------------------------------------------------------------------------- */

static double clip_value_of(const gan_optim *o) { return o->opts.clip_value > 0 ? o->opts.clip_value : INFINITY; }

/* Of each gradient, as it came and clamped; into sums[count] and clamped[count]. */
static bool sum_squares(gan_optim *o, double *sums, double *clamped) {
    gan_ctx *ctx = o->object.ctx;
    double clip = clip_value_of(o);
    for (int i = 0; i < o->count; i++) {
        const gan_tensor *g = o->slots[i].grad;
        o->updates[i] = g ? (gan__update){.grad = gan_data(g), .count = gan_count(g)} : (gan__update){0};
    }
    if (!gan__sums_of_squares(ctx, o->updates, o->count, INFINITY, sums)) return false;
    if (isfinite(clip)) return gan__sums_of_squares(ctx, o->updates, o->count, clip, clamped);
    memcpy(clamped, sums, (size_t)o->count * sizeof *clamped);
    return true;
}

/* The joint 2-norm of the gradients as they came, and clamped. False (raised): one of them is not finite, or there is none. */
static bool measure(gan_optim *o, double *norm, double *clamped_norm, const char *who) {
    gan_ctx *ctx = o->object.ctx;
    double *sums = gan__alloc(ctx, (size_t)o->count * 2 * sizeof *sums), *clamped = sums ? sums + o->count : NULL;
    bool ok = sums && sum_squares(o, sums, clamped), any = false;
    *norm = *clamped_norm = 0;
    for (int i = 0; i < o->count && ok; i++) {
        any = any || o->slots[i].grad;
        *norm += sums[i], *clamped_norm += clamped[i];
        ok = isfinite(sums[i]);
        if (!ok) gan__raise(ctx, GAN_E_NONFINITE, "%s: the gradient of \"%s\" is not finite", who, o->slots[i].param.name);
    }
    *norm = sqrt(*norm), *clamped_norm = sqrt(*clamped_norm);
    gan__free(ctx, sums);
    if (ok && !any) gan__raise(ctx, GAN_E_STATE, "%s: no gradients have been added since the last step", who);
    return ok && any;
}

bool gan__open_pair(gan_tensor *t, gan__pair *pair) {
    pair->src = gan_data(t); /* before the new storage takes its place */
    pair->dst = gan__overwrite(t, false);
    return pair->dst != NULL;
}

/* False (raised): no memory for the new values. */
static bool open_update(const gan_optim *o, param_slot *slot, gan__update *u) {
    *u = (gan__update){0};
    if (!slot->grad) return true;
    double t = (double)++slot->updates.value;
    u->grad = gan_data(slot->grad);
    u->count = gan_count(slot->grad);
    u->decay = slot->param.no_decay ? 0 : o->opts.weight_decay;
    u->correction1 = 1 - pow(o->opts.beta1, t);
    u->correction2 = 1 - pow(o->opts.beta2, t);
    bool ok = gan__open_pair(slot->param.tensor, &u->w);
    for (int k = 0; k < GAN__MOMENTS && slot->moment[k] && ok; k++) ok = gan__open_pair(slot->moment[k], &u->m[k]);
    return ok;
}

static gan__rule rule_of(const gan_optim *o, double norm) {
    const gan_optim_opts *p = &o->opts;
    double shrunk = p->clip_norm > 0 ? p->clip_norm / (norm + 1e-6) : 1; /* as PyTorch's clip_grad_norm_ */
    return (gan__rule){.lr = gan__optim_rate(o),
                       .beta1 = p->beta1,
                       .beta2 = p->kind == GAN_RMSPROP ? p->alpha : p->beta2,
                       .eps = p->eps,
                       .momentum = p->momentum,
                       .clip = clip_value_of(o),
                       .grad_scale = shrunk < 1 ? shrunk : 1,
                       .decoupled = p->decoupled,
                       .amsgrad = p->amsgrad};
}

/* With the average e, if it is not NULL. */
static void apply_grads(gan_optim *o, gan_ema *e, const char *who) {
    gan_ctx *ctx = o->object.ctx;
    double norm, clamped_norm;
    if (!measure(o, &norm, &clamped_norm, who)) return;
    for (int i = 0; i < o->count; i++)
        if (!open_update(o, &o->slots[i], &o->updates[i])) return;
    if (e && !gan__ema_join(e, ctx, o->variables, o->updates, o->count, who)) return;
    gan__rule rule = rule_of(o, clamped_norm);
    int bad = gan__update_all(ctx, kinds[o->opts.kind].update, &rule, o->updates, o->count);
    if (bad < o->count) {
        gan__raise(ctx, GAN_E_NONFINITE, "%s: the new value of \"%s\" is not finite", who, o->slots[bad].param.name);
        return;
    }
    o->grad_norm = norm;
    o->steps.value++;
    gan__commit(ctx);
}

static gan_status apply(gan_optim *o, gan_ema *e, const char *who) {
    gan_ctx *ctx = ctx_of(o);
    if (!is_real(o, who)) return ctx->status;
    drop_stale_grads(o);
    if (gan__ok(ctx)) apply_grads(o, e, who);
    forget_grads(o);
    return ctx->status;
}

gan_status gan_optim_add(gan_optim *o, gan_tensor *loss, double scale, bool retain) {
    return add_loss(o, loss, scale, retain, "gan_optim_add");
}

gan_status gan_optim_apply(gan_optim *o) { return apply(o, NULL, "gan_optim_apply"); }

gan_status gan_optim_apply_with_ema(gan_optim *o, gan_ema *e) {
    return apply(o, e, e ? "gan_optim_apply_with_ema" : "gan_optim_apply");
}

static gan_status step(gan_optim *o, gan_tensor *loss, bool retain) {
    static const char who[] = "gan_optim_step";
    add_loss(o, loss, 1, retain, who);
    return apply(o, NULL, who);
}

gan_status gan_optim_step(gan_optim *o, gan_tensor *loss) { return step(o, loss, false); }
gan_status gan_optim_step_retain(gan_optim *o, gan_tensor *loss) { return step(o, loss, true); }

/* --- looking ---------------------------------------------------------------------------------------------- */

double gan_optim_lr(const gan_optim *o) { return is_nil(o) ? NAN : o->opts.lr; }

void gan_optim_set_lr(gan_optim *o, double lr) {
    gan_ctx *ctx = ctx_of(o);
    if (!is_real(o, "gan_optim_set_lr")) return;
    if (lr >= 0 && isfinite(lr))
        o->opts.lr = lr;
    else
        gan__raise(ctx, GAN_E_ARG, "gan_optim_set_lr: %g is no learning rate", lr);
}

int64_t gan_optim_steps(const gan_optim *o) { return is_nil(o) ? 0 : o->steps.value; }
double gan_optim_grad_norm(const gan_optim *o) { return is_nil(o) ? NAN : o->grad_norm; }

/* --- for checkpoints, and for steps that are only imagined ------------------------------------------------------ */

gan_ctx *gan__optim_ctx(const gan_optim *o) { return ctx_of(o); }
const gan_optim_opts *gan__optim_opts(const gan_optim *o) { return &o->opts; }
double gan__optim_rate(const gan_optim *o) { return o->opts.lr * o->factor; }
void gan__optim_set_factor(gan_optim *o, double factor) { o->factor = factor; }

const char *gan__optim_moment_name(const gan_optim *o, int moment) {
    return moment < moment_count(&o->opts) ? kinds[o->opts.kind].moments[moment] : NULL;
}

int gan__optim_count(const gan_optim *o) { return o->count; }
const gan_param *gan__optim_param(const gan_optim *o, int index) { return &o->slots[index].param; }
gan_tensor *gan__optim_moment(const gan_optim *o, int index, int moment) { return o->slots[index].moment[moment]; }
gan__counter *gan__optim_param_counter(const gan_optim *o, int index) { return &o->slots[index].updates; }
gan__counter *gan__optim_counter(gan_optim *o) { return &o->steps; }
