#include <math.h>
#include <string.h>

#include "../kernels/update.h"
#include "optim_impl.h"

typedef struct param_slot {
    const gan_param *param;
    gan_tensor *moment[GAN__MOMENTS]; /* NULL beyond the rule's number */
    gan_tensor *grad;                 /* gathered so far; NULL: none */
} param_slot;

struct gan_optim {
    gan__object object;
    gan_module *module;
    gan_optim_opts opts;
    int count;
    param_slot *slots;
    gan_tensor **variables; /* scratch: what gan__grads is asked for, */
    gan_tensor **grads;     /* what it gave, */
    gan__update *updates;   /* and what is done with it */
    gan__counter steps;
    double grad_norm;
};

/* What distinguishes the kinds: the update and the names of its moments (PyTorch's). */
static const struct {
    gan__update_fn update;
    const char *moments[GAN__MOMENTS];
} kinds[] = {
    [GAN_ADAM] = {gan__adam, {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}},
    [GAN_RMSPROP] = {gan__rmsprop, {"square_avg", "momentum_buffer"}},
    [GAN_SGD] = {gan__sgd, {"momentum_buffer"}},
};

static int moment_count(const gan_optim_opts *o) {
    switch (o->kind) {
    case GAN_ADAM: return o->amsgrad ? 3 : 2;
    case GAN_RMSPROP: return o->momentum > 0 ? 2 : 1;
    default: return o->momentum > 0 ? 1 : 0;
    }
}

gan_optim_opts gan_adam(double lr) {
    return (gan_optim_opts){.kind = GAN_ADAM, .lr = lr, .beta1 = .5, .beta2 = .999, .eps = 1e-8};
}

gan_optim_opts gan_rmsprop(double lr) { return (gan_optim_opts){.kind = GAN_RMSPROP, .lr = lr, .alpha = .99, .eps = 1e-8}; }

gan_optim_opts gan_sgd(double lr, double momentum) {
    return (gan_optim_opts){.kind = GAN_SGD, .lr = lr, .momentum = momentum};
}

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

static bool opts_valid(gan_ctx *ctx, const gan_optim_opts *o) {
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
    if ((unsigned)o->kind > GAN_SGD) {
        gan__raise(ctx, GAN_E_ARG, "gan_optim_new: %d is no kind of optimiser", (int)o->kind);
        return false;
    }
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (!(ranges[i].value >= 0 && ranges[i].value < ranges[i].below)) {
            gan__raise(ctx, GAN_E_ARG, "gan_optim_new: %s is %g, outside [0, %g)", ranges[i].name, ranges[i].value,
                       ranges[i].below);
            return false;
        }
    return true;
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
    if (o->slots) {
        forget_grads(o);
        for (int i = 0; i < o->count; i++)
            for (int k = 0; k < GAN__MOMENTS; k++) gan_release(o->slots[i].moment[k]);
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

static void fill_slots(gan_optim *o) {
    int moments = moment_count(&o->opts);
    for (int i = 0, k = 0; i < gan_module_param_count(o->module); i++) {
        const gan_param *p = gan_module_param(o->module, i);
        if (p->buffer) continue;
        param_slot *slot = &o->slots[k++];
        slot->param = p;
        for (int j = 0; j < moments; j++) slot->moment[j] = new_moment(o->object.ctx, gan_shape_of(p->tensor));
    }
}

static int trained_count(const gan_module *m) {
    int count = 0;
    for (int i = 0; i < gan_module_param_count(m); i++) count += !gan_module_param(m, i)->buffer;
    return count;
}

gan_optim *gan_optim_new(gan_module *m, gan_optim_opts opts) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (!gan__ok(ctx) || gan_module_is_nil(m) || !opts_valid(ctx, &opts)) return nil_optim(ctx);
    gan_optim *o = gan__calloc(ctx, sizeof *o);
    if (!o) return nil_optim(ctx);
    size_t n = (size_t)(o->count = trained_count(m));
    o->module = m;
    o->opts = opts;
    gan__own(ctx, &o->object, destroy);
    gan__counter_add(ctx, &o->steps, 0);
    o->slots = gan__calloc(ctx, n * sizeof *o->slots);
    o->variables = gan__calloc(ctx, n * sizeof *o->variables);
    o->grads = gan__calloc(ctx, n * sizeof *o->grads);
    o->updates = gan__calloc(ctx, n * sizeof *o->updates);
    if (gan__ok(ctx)) fill_slots(o);
    gan__commit(ctx); /* this is where a first step that fails goes back to */
    if (gan__ok(ctx)) return o;
    gan_optim_free(o);
    return nil_optim(ctx);
}

/* --- stepping --------------------------------------------------------------------------------------------- */

static void gather(gan_optim *o, int i, gan_tensor *g) {
    gan_ctx *ctx = o->object.ctx;
    param_slot *slot = &o->slots[i];
    if (slot->grad) {
        gan_tensor *both[] = {slot->grad, g};
        g = gan_apply(ctx, &gan__op_accumulate, both, 2, NULL);
        if (gan_is_nil(g)) return;
        gan_release(slot->grad);
    }
    gan__move_to_scope(g, 0);
    slot->grad = g;
}

static bool loss_usable(gan_ctx *ctx, const gan_tensor *loss) {
    if (gan__ok(ctx) && loss && loss->state == GAN__HANDLE_NIL) gan__raise(ctx, GAN_E_ARG, "gan_optim_step: the loss is nil");
    if (!gan__usable(ctx, loss, "gan_optim_step")) return false;
    double value = gan_item(loss);
    if (gan__ok(ctx) && !isfinite(value)) gan__raise(ctx, GAN_E_NONFINITE, "gan_optim_step: the loss is %g", value);
    return gan__ok(ctx);
}

static void add_gradients(gan_optim *o, gan_tensor *loss, double scale, bool retain) {
    gan_ctx *ctx = o->object.ctx;
    gan_scope_begin(ctx);
    ctx->no_record++;
    for (int i = 0; i < o->count; i++) o->variables[i] = o->slots[i].param->tensor;
    gan_tensor *seed = gan_full(ctx, gan_shape_of(loss), scale);
    gan__grad_opts opts = {.consume = !retain, .seed = seed, .who = "gan_optim_step"};
    if (gan__ok(ctx) && gan__grads(loss, o->variables, o->count, o->grads, opts))
        for (int i = 0; i < o->count && gan__ok(ctx); i++)
            if (o->grads[i]) gather(o, i, o->grads[i]);
    ctx->no_record--;
    gan_scope_end(ctx);
}

gan_status gan_optim_add(gan_optim *o, gan_tensor *loss, double scale, bool retain) {
    gan_ctx *ctx = ctx_of(o);
    if (!is_real(o, "gan_optim_step")) return ctx->status;
    if (loss_usable(ctx, loss)) add_gradients(o, loss, scale, retain);
    if (!gan__ok(ctx)) forget_grads(o);
    return ctx->status;
}

static bool clamp_gradient(gan_optim *o, param_slot *slot) {
    gan_ctx *ctx = o->object.ctx;
    ctx->no_record++;
    gan_tensor *clamped = gan_clamp(slot->grad, -o->opts.clip_value, o->opts.clip_value);
    ctx->no_record--;
    if (gan_is_nil(clamped)) return false;
    gan__move_to_scope(clamped, 0);
    gan_release(slot->grad);
    slot->grad = clamped;
    return true;
}

/* The joint norm of the gradients as they came, and after clamping. False (raised): one of them is not finite. */
static bool measure(gan_optim *o, double *after) {
    double squares = 0, clamped = 0;
    for (int i = 0; i < o->count; i++) {
        param_slot *slot = &o->slots[i];
        if (!slot->grad) continue;
        double s = gan__sum_squares(gan_data(slot->grad), gan_count(slot->grad));
        if (!isfinite(s)) {
            gan__raise(o->object.ctx, GAN_E_NONFINITE, "gan_optim_step: the gradient of \"%s\" is not finite", slot->param->name);
            return false;
        }
        squares += s;
        if (o->opts.clip_value > 0) {
            if (!clamp_gradient(o, slot)) return false;
            s = gan__sum_squares(gan_data(slot->grad), gan_count(slot->grad));
        }
        clamped += s;
    }
    o->grad_norm = sqrt(squares);
    *after = sqrt(clamped);
    return true;
}

static bool open_slot(gan_tensor *t, gan__slot *slot) {
    if (!t) return true;
    slot->src = gan_data(t);
    slot->dst = gan__overwrite(t, false);
    return slot->dst != NULL;
}

/* Lists the parameters that have a gradient. Negative (raised): no memory for their new values. */
static int open_updates(gan_optim *o, double grad_scale) {
    int n = 0;
    for (int i = 0; i < o->count; i++) {
        param_slot *slot = &o->slots[i];
        if (!slot->grad) continue;
        gan__update *u = &o->updates[n++];
        *u = (gan__update){.grad = gan_data(slot->grad), .count = gan_count(slot->grad), .grad_scale = grad_scale};
        u->decay = slot->param->no_decay ? 0 : o->opts.weight_decay;
        bool ok = open_slot(slot->param->tensor, &u->w);
        for (int k = 0; k < GAN__MOMENTS && ok; k++) ok = open_slot(slot->moment[k], &u->m[k]);
        if (!ok) return -1;
    }
    return n;
}

static gan__rule rule_of(const gan_optim *o) {
    const gan_optim_opts *p = &o->opts;
    double t = (double)o->steps.value;
    return (gan__rule){.lr = p->lr,
                       .beta1 = p->beta1,
                       .beta2 = p->kind == GAN_RMSPROP ? p->alpha : p->beta2,
                       .eps = p->eps,
                       .momentum = p->momentum,
                       .correction1 = 1 - pow(p->beta1, t),
                       .correction2 = 1 - pow(p->beta2, t),
                       .decoupled = p->decoupled,
                       .amsgrad = p->amsgrad};
}

static void apply_gradients(gan_optim *o) {
    gan_ctx *ctx = o->object.ctx;
    double norm, clip = o->opts.clip_norm;
    if (!measure(o, &norm)) return;
    int n = open_updates(o, clip > 0 && norm > clip ? clip / norm : 1);
    if (n < 0) return;
    o->steps.value++;
    gan__rule rule = rule_of(o);
    gan__update_all(ctx, kinds[o->opts.kind].update, &rule, o->updates, n);
    gan__commit(ctx);
}

gan_status gan_optim_apply(gan_optim *o) {
    gan_ctx *ctx = ctx_of(o);
    if (!is_real(o, "gan_optim_step")) return ctx->status;
    if (gan__ok(ctx)) apply_gradients(o);
    forget_grads(o);
    return ctx->status;
}

gan_status gan_optim_step(gan_optim *o, gan_tensor *loss) {
    gan_optim_add(o, loss, 1, false);
    return gan_optim_apply(o);
}

gan_status gan_optim_step_retain(gan_optim *o, gan_tensor *loss) {
    gan_optim_add(o, loss, 1, true);
    return gan_optim_apply(o);
}

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

/* --- for checkpoints -------------------------------------------------------------------------------------- */

const char *gan__optim_moment_name(const gan_optim *o, int moment) {
    return moment < moment_count(&o->opts) ? kinds[o->opts.kind].moments[moment] : NULL;
}

int gan__optim_count(const gan_optim *o) { return o->count; }
const gan_param *gan__optim_param(const gan_optim *o, int index) { return o->slots[index].param; }
gan_tensor *gan__optim_moment(const gan_optim *o, int index, int moment) { return o->slots[index].moment[moment]; }
gan__counter *gan__optim_counter(gan_optim *o) { return &o->steps; }
