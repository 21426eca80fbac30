/* Gradients against central differences, along random directions: one number sees an error in any entry. */
#include <gan/ops.h>
#include <gan/random.h>
#include <math.h>

#include "../tensor/tensor_impl.h"

#ifdef GAN_DOUBLE
#define STEP 1e-5
#else
#define STEP 1e-2
#endif

/* What is checked: F(x) = <c, f(x)> for one random c; at order 2, G(x) = <grad F(x), v>. Both are functions from x to a
 * number, and the gradient of either is compared with its differences. */
typedef struct check {
    gan_ctx *ctx;
    gan_check_fn f;
    void *user;
    int n;
    gan_tensor **x;         /* without history, so that f's own graph begins here */
    gan_tensor **v, **w;    /* directions */
    gan_tensor **moved, **grads;
    gan_tensor *c;
    double step;
} check;

static gan_tensor *weighted(const check *k, gan_tensor *const *x) {
    gan_tensor *y = k->f(k->user, x, k->n);
    return k->c ? gan_sum(gan_mul(y, k->c)) : y;
}

static gan_tensor *slope(const check *k, gan_tensor *const *x) {
    gan_grads(weighted(k, x), x, k->n, k->grads, (gan_grad_opts){.create_graph = true, .allow_unused = true});
    gan_tensor *sum = gan_sum(gan_mul(k->grads[0], k->v[0]));
    for (int i = 1; i < k->n; i++) sum = gan_add(sum, gan_sum(gan_mul(k->grads[i], k->v[i])));
    return sum;
}

typedef gan_tensor *(*value_fn)(const check *k, gan_tensor *const *x);

static double value_at(const check *k, value_fn fn, gan_tensor *const *direction, double step) {
    gan_scope_begin(k->ctx);
    for (int i = 0; i < k->n; i++) {
        int64_t count = gan_count(k->x[i]);
        k->moved[i] = gan_empty(k->ctx, gan_shape_of(k->x[i]));
        gan_real *p = gan_op_write(k->moved[i]);
        const gan_real *x = gan_data(k->x[i]), *d = gan_data(direction[i]);
        for (int64_t j = 0; p && x && d && j < count; j++) p[j] = (gan_real)(x[j] + step * d[j]);
    }
    double value = gan_item(fn(k, k->moved));
    gan_scope_end(k->ctx);
    return value;
}

static double dot(const gan_tensor *a, const gan_tensor *b) {
    const gan_real *p = gan_data(a), *q = gan_data(b);
    if (!p || !q) return NAN;
    double sum = 0;
    for (int64_t i = 0, n = gan_count(a); i < n; i++) sum += (double)p[i] * q[i];
    return sum;
}

static double derivative_at(const check *k, value_fn fn, gan_tensor *const *direction) {
    gan_scope_begin(k->ctx);
    gan_grads(fn(k, k->x), k->x, k->n, k->grads, (gan_grad_opts){.allow_unused = true});
    double sum = 0;
    for (int i = 0; i < k->n; i++) sum += dot(k->grads[i], direction[i]);
    gan_scope_end(k->ctx);
    return sum;
}

static double error_of(const check *k, value_fn fn, gan_tensor *const *direction) {
    double ahead = value_at(k, fn, direction, k->step), behind = value_at(k, fn, direction, -k->step);
    double differences = (ahead - behind) / (2 * k->step), exact = derivative_at(k, fn, direction);
    double error = fabs(exact - differences) / (1 + fabs(differences));
    return isfinite(error) ? error : INFINITY;
}

static double trial(check *k, gan_stream *stream, int order) {
    gan_scope_begin(k->ctx);
    for (int i = 0; i < k->n; i++) {
        k->v[i] = gan_randn_from(stream, gan_shape_of(k->x[i]));
        k->w[i] = gan_randn_from(stream, gan_shape_of(k->x[i]));
    }
    double error = error_of(k, weighted, k->v);
    if (order > 1) error = fmax(error, error_of(k, slope, k->w));
    gan_scope_end(k->ctx);
    return error;
}

/* Random weights for outputs of more than one element, of f's own shape at x. */
static void choose_weights(check *k, gan_stream *stream) {
    gan_scope_begin(k->ctx);
    gan_shape shape = gan_shape_of(k->f(k->user, k->x, k->n));
    gan_scope_end(k->ctx);
    if (shape.ndim > 0) k->c = gan_randn_from(stream, shape);
}

static double run(check *k, gan_tensor *const *x, gan_check_opts o) {
    gan_stream *stream = gan_stream_named(k->ctx, "gradcheck");
    double worst = 0;
    gan_scope_begin(k->ctx);
    for (int i = 0; i < k->n; i++) k->x[i] = gan_detach(x[i]);
    choose_weights(k, stream);
    for (int t = 0; t < (o.trials > 0 ? o.trials : 3) && gan__ok(k->ctx); t++) worst = fmax(worst, trial(k, stream, o.order));
    gan_scope_end(k->ctx);
    return worst;
}

static bool usable(gan_ctx *ctx, gan_tensor *const *x, int n, gan_check_opts o) {
    if (o.order < 0 || o.order > 2) {
        gan__raise(ctx, GAN_E_ARG, "gan_grad_check: the order is 1 or 2, not %d", o.order);
        return false;
    }
    for (int i = 0; i < n; i++)
        if (!gan__usable(ctx, x[i], "gan_grad_check")) return false;
    return true;
}

double gan_grad_check(gan_check_fn f, void *user, gan_tensor *const *x, int n, gan_check_opts o) {
    gan_ctx *ctx = n > 0 ? gan_ctx_of(x[0]) : gan__nil_ctx();
    if (!usable(ctx, x, n, o)) return INFINITY;
    gan_tensor **lists = gan__calloc(ctx, 5 * (size_t)n * sizeof *lists);
    if (!lists) return INFINITY;
    check k = {.ctx = ctx, .f = f, .user = user, .n = n, .step = o.step > 0 ? o.step : STEP};
    k.x = lists, k.v = lists + n, k.w = lists + 2 * n, k.moved = lists + 3 * n, k.grads = lists + 4 * n;
    int no_record = ctx->no_record;
    ctx->no_record = 0; /* gradients need a graph, wherever the check is called */
    double worst = run(&k, x, o);
    ctx->no_record = no_record;
    gan__free(ctx, lists);
    return gan__ok(ctx) ? worst : INFINITY;
}
