/* Ops of one's own, with the public headers alone: shape, forward, vjp. docs/adding-an-op.md walks through this file.
 *
 *     cc 06_own_op.c $(pkg-config --cflags --libs gan) -lm && ./06_own_op */
#include <gan/gan.h>
#include <math.h>
#include <stdio.h>

/* --- swish (1710.05941): y = x*s(beta*x), s the logistic function, with a beta per channel ------------------ */

/* x [..., c], beta [c] -> [..., c] */
static bool swish_shape(const gan_op_call *c, gan_shape *out) {
    gan_shape x = gan_shape_of(c->in[0]), beta = gan_shape_of(c->in[1]);
    *out = x;
    if (x.ndim > 0 && beta.ndim == 1 && beta.d[0] == x.d[x.ndim - 1]) return true;
    char a[GAN_SHAPE_TEXT], b[GAN_SHAPE_TEXT];
    gan_op_fail(c, GAN_E_SHAPE, "x is %s, beta %s: one per channel is wanted", gan_shape_text(x, a), gan_shape_text(beta, b));
    return false;
}

static void swish_forward(gan_op_call *c) {
    const gan_real *x = gan_data(c->in[0]), *beta = gan_data(c->in[1]);
    gan_real *y = gan_op_write(c->out);
    int64_t channels = gan_count(c->in[1]);
    for (int64_t i = 0, n = gan_count(c->out); i < n; i++) y[i] = x[i] / (1 + (gan_real)exp(-beta[i % channels] * x[i]));
}

/* s' = s*(1 - s), hence dy/dx = s + beta*x*s' and dy/dbeta = x^2*s', which is summed over what beta was broadcast over. */
static void swish_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) {
    gan_tensor *x = c->in[0], *beta = c->in[1];
    gan_tensor *bx = gan_mul(beta, x), *s = gan_sigmoid(bx);
    gan_tensor *ds = gan_mul(s, gan_add_scalar(gan_neg(s), 1));
    if (c->need[0]) grads[0] = gan_mul(g, gan_add(s, gan_mul(bx, ds)));
    if (c->need[1]) grads[1] = gan_sum_to(gan_mul(g, gan_mul(gan_square(x), ds)), gan_shape_of(beta));
}

static const gan_op swish_op = {.name = "swish",
                                .n_in = 2,
                                .save = GAN_SAVE_IN(0) | GAN_SAVE_IN(1),
                                .shape = swish_shape,
                                .forward = swish_forward,
                                .vjp = swish_vjp};

static gan_tensor *swish(gan_tensor *x, gan_tensor *beta) {
    return gan_apply(gan_ctx_of(x), &swish_op, (gan_tensor *[]){x, beta}, 2, NULL);
}

/* --- shrink: y = x moved by t towards 0, and 0 where |x| <= t ---------------------------------------------- */

typedef struct shrink_attr {
    double t;
} shrink_attr;

static bool shrink_shape(const gan_op_call *c, gan_shape *out) {
    const shrink_attr *a = c->attr;
    *out = gan_shape_of(c->in[0]);
    if (a->t >= 0) return true;
    gan_op_fail(c, GAN_E_ARG, "t is %g, less than 0", a->t);
    return false;
}

/* The slope, 1 or 0, stays with the graph for the vjp; x does not have to. */
static void shrink_forward(gan_op_call *c) {
    const shrink_attr *a = c->attr;
    gan_tensor *slope = gan_op_extra(c, 0, gan_shape_of(c->in[0]));
    if (gan_is_nil(slope)) return; /* no memory */
    const gan_real *x = gan_data(c->in[0]), t = (gan_real)a->t;
    gan_real *y = gan_op_write(c->out), *m = gan_op_write(slope);
    for (int64_t i = 0, n = gan_count(c->out); i < n; i++) {
        m[i] = fabs(x[i]) <= t ? 0 : 1;
        y[i] = m[i] ? x[i] - (x[i] > 0 ? t : -t) : 0;
    }
}

/* Linear in g. To x nothing comes back through the slope: an extra has no history. */
static void shrink_vjp(const gan_op_call *c, gan_tensor *g, gan_tensor **grads) { grads[0] = gan_mul(g, c->extra[0]); }

static const gan_op shrink_op = {.name = "shrink",
                                 .n_in = 1,
                                 .attr_bytes = sizeof(shrink_attr),
                                 .shape = shrink_shape,
                                 .forward = shrink_forward,
                                 .vjp = shrink_vjp};

static gan_tensor *shrink(gan_tensor *x, double t) { return gan_apply(gan_ctx_of(x), &shrink_op, &x, 1, &(shrink_attr){t}); }

/* --- a layer around swish, whose betas are trained --------------------------------------------------------- */

static gan_tensor *swish_layer_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    return swish(x, gan_call_param(call, m, 0));
}

static const gan_module_type swish_layer_type = {.name = "Swish", .forward = swish_layer_forward};

static gan_module *swish_layer(gan_ctx *ctx, int64_t channels) {
    gan_module *m = gan_module_new(ctx, &swish_layer_type);
    gan_module_add_param(m, (gan_param){.name = "beta", .tensor = gan_ones(ctx, gan_shape1(channels)), .no_decay = true});
    return m;
}

/* --- trying them -------------------------------------------------------------------------------------------- */

static gan_tensor *check_swish(void *user, gan_tensor *const *x, int n) {
    (void)user, (void)n;
    return swish(x[0], x[1]);
}

static gan_tensor *check_shrink(void *user, gan_tensor *const *x, int n) {
    (void)user, (void)n;
    return shrink(x[0], .1);
}

/* The largest relative error of the derivatives: about 1e-2 is what float32 can show. */
static bool check(gan_ctx *ctx) {
    gan_tensor *in[] = {gan_randn(ctx, gan_shape2(4, 3)), gan_randn(ctx, gan_shape1(3))};
    gan_tensor *far = gan_from(ctx, gan_shape1(4), (gan_real[]){-2, -.05f, .02f, 1}); /* from the kinks at +-.1 */
    double first = gan_grad_check(check_swish, NULL, in, 2, (gan_check_opts){.order = 1});
    double second = gan_grad_check(check_swish, NULL, in, 2, (gan_check_opts){.order = 2});
    double kinked = gan_grad_check(check_shrink, NULL, &far, 1, (gan_check_opts){.order = 2});
    printf("gradient checks: swish %.1e, second order %.1e, shrink %.1e\n", first, second, kinked);
    return first < 1e-2 && second < 1e-2 && kinked < 1e-2;
}

static gan_tensor *derivative(gan_tensor *y, gan_tensor *x) {
    return gan_grad(gan_sum(y), x, (gan_grad_opts){.create_graph = true});
}

/* What goes wrong is said by the op's name, once, and kept by the context. */
static void show_messages(gan_ctx *ctx) {
    gan_tensor *x = gan_ones(ctx, gan_shape2(4, 3));
    gan_tensor *wrong[] = {swish(x, gan_ones(ctx, gan_shape1(4))), NULL, NULL};
    for (int i = 0; i < 3; i++) {
        if (i == 1) wrong[i] = shrink(x, -1);
        if (i == 2) wrong[i] = derivative(derivative(shrink(x, .1), x), x); /* absent, not zero */
        printf("%s: %s\n", gan_is_nil(wrong[i]) ? "nil" : "a tensor", gan_ctx_message(ctx));
        gan_ctx_clear(ctx);
    }
}

/* A net with the layer in it learns |x|. */
static double fit(gan_ctx *ctx) {
    gan_module *net = gan_sequential(ctx);
    gan_sequential_add(net, gan_linear_layer(ctx, 1, 16, (gan_linear_opts){0}));
    gan_sequential_add(net, swish_layer(ctx, 16));
    gan_sequential_add(net, gan_linear_layer(ctx, 16, 1, (gan_linear_opts){0}));
    gan_optim *optim = gan_optim_new(net, gan_adam(1e-2));
    double last = NAN;
    for (int step = 0; step < 500; step++) {
        gan_scope_begin(ctx);
        gan_tensor *x = gan_randn(ctx, gan_shape2(64, 1));
        gan_tensor *loss = gan_mean(gan_square(gan_sub(gan_forward(net, x), gan_abs(x))));
        gan_optim_step(optim, loss);
        last = gan_item(loss);
        gan_scope_end(ctx);
    }
    return last;
}

int main(void) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
    gan_scope_begin(ctx);
    bool right = check(ctx);
    show_messages(ctx);
    double error = fit(ctx);
    printf("mean square error after 500 steps: %.5f\n", error);
    gan_scope_end(ctx);
    int failed = !right || !(error < .01) || gan_ctx_status(ctx) != GAN_OK;
    if (gan_ctx_status(ctx)) fprintf(stderr, "%s\n", gan_ctx_message(ctx));
    gan_ctx_free(ctx);
    return failed;
}
