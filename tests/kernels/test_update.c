/* Optimiser updates, averages and norms against their formulas in double, on every instruction set of this machine. */
#include "kernels/update.h"

#include "cmocka_gan.h"

enum { COUNT = 20011 }; /* more than a piece, and no whole number of vectors */

static const char *const isas[] = {"portable", "avx2", "avx512"};

typedef struct arrays {
    gan_real grad[COUNT], w[COUNT], m[GAN__MOMENTS][COUNT];
} arrays;

/* Numbers of both signs, and squares where squares belong. */
static void fill(arrays *a) {
    for (int i = 0; i < COUNT; i++) {
        a->grad[i] = (gan_real)(3 * sin(i * 1.7)), a->w[i] = (gan_real)sin(i * .37 + 1);
        for (int k = 0; k < GAN__MOMENTS; k++) a->m[k][i] = (gan_real)(k ? 2 + sin(i * .11 + k) : sin(i * .23));
    }
}

typedef struct rule_case {
    const char *name;
    gan__update_kind kind;
    gan__rule rule;
    double decay;
    int moments;
} rule_case;

static const rule_case cases[] = {
    {"adam", GAN__UPDATE_ADAM, {.lr = .1, .beta1 = .5, .beta2 = .9, .eps = 1e-8, .clip = INFINITY, .grad_scale = 1}, 0, 2},
    {"adam, clipped and decayed",
     GAN__UPDATE_ADAM,
     {.lr = .1, .beta1 = 0, .beta2 = .9, .eps = 1e-3, .clip = 2, .grad_scale = .5},
     .2,
     2},
    {"adamw",
     GAN__UPDATE_ADAM,
     {.lr = .1, .beta1 = .5, .beta2 = .9, .eps = 1e-8, .clip = INFINITY, .grad_scale = 1, .decoupled = true},
     .2,
     2},
    {"amsgrad",
     GAN__UPDATE_ADAM,
     {.lr = .1, .beta1 = .5, .beta2 = .9, .eps = 1e-8, .clip = INFINITY, .grad_scale = 1, .amsgrad = true},
     0,
     3},
    {"rmsprop", GAN__UPDATE_RMSPROP, {.lr = .1, .beta2 = .9, .eps = 1e-8, .clip = INFINITY, .grad_scale = 1}, .1, 1},
    {"rmsprop with momentum",
     GAN__UPDATE_RMSPROP,
     {.lr = .1, .beta2 = .9, .eps = 1e-8, .momentum = .7, .clip = 1, .grad_scale = 2},
     0,
     2},
    {"sgd", GAN__UPDATE_SGD, {.lr = .1, .clip = INFINITY, .grad_scale = 1}, .1, 0},
    {"sgd with momentum", GAN__UPDATE_SGD, {.lr = .1, .momentum = .7, .clip = 2, .grad_scale = 1}, 0, 1},
};

/* One element, as the papers have it: the new weight, and the moments in place. */
static double exact(const rule_case *c, double grad, double w, double m[GAN__MOMENTS], double correction1, double correction2) {
    const gan__rule *r = &c->rule;
    double g = r->grad_scale * fmax(-r->clip, fmin(r->clip, grad)) + (r->decoupled ? 0 : c->decay * w);
    if (c->kind == GAN__UPDATE_SGD) {
        if (c->moments) g = m[0] = r->momentum * m[0] + g;
        return w - r->lr * g;
    }
    if (c->kind == GAN__UPDATE_RMSPROP) {
        m[0] = r->beta2 * m[0] + (1 - r->beta2) * g * g;
        double move = g / (sqrt(m[0]) + r->eps);
        if (c->moments > 1) move = m[1] = r->momentum * m[1] + move;
        return w - r->lr * move;
    }
    m[0] = r->beta1 * m[0] + (1 - r->beta1) * g;
    m[1] = r->beta2 * m[1] + (1 - r->beta2) * g * g;
    if (r->amsgrad) m[2] = fmax(m[2], m[1]);
    double shrunk = r->decoupled ? w * (1 - r->lr * c->decay) : w;
    return shrunk - r->lr / correction1 * m[0] / (sqrt(m[r->amsgrad ? 2 : 1]) / sqrt(correction2) + r->eps);
}

static gan__update update_of(const rule_case *c, arrays *a, gan_real *w_to) {
    gan__update u = {
        .w = {a->w, w_to}, .grad = a->grad, .count = COUNT, .decay = c->decay, .correction1 = .75, .correction2 = .19};
    for (int k = 0; k < c->moments; k++) u.m[k] = (gan__pair){a->m[k], a->m[k]};
    return u;
}

static void check_rule(gan_ctx *ctx, const rule_case *c) {
    arrays *a = malloc(sizeof *a), *before = malloc(sizeof *before);
    gan_real *w = malloc(COUNT * sizeof *w);
    fill(a), fill(before);
    if (c->kind == GAN__UPDATE_RMSPROP)
        for (int i = 0; i < COUNT; i++) a->m[0][i] = before->m[0][i] = (gan_real)fabs((double)before->m[0][i]);
    gan__update u = update_of(c, a, w);
    assert_int_equal(gan__update_all(ctx, c->kind, &c->rule, &u, 1), 1);
    for (int i = 0; i < COUNT; i++) {
        double m[GAN__MOMENTS], grad = (double)before->grad[i];
        for (int k = 0; k < GAN__MOMENTS; k++) m[k] = (double)before->m[k][i];
        double next = exact(c, grad, (double)before->w[i], m, u.correction1, u.correction2);
        bool close = fabs((double)w[i] - next) <= 2e-6 * (1 + fabs(next));
        for (int k = 0; k < c->moments; k++) close &= fabs((double)a->m[k][i] - m[k]) <= 2e-6 * (1 + fabs(m[k]));
        if (!close) fail_msg("%s on %s: weight %d is %.9g, not %.9g", c->name, gan_ctx_isa(ctx), i, (double)w[i], next);
    }
    gan_real *avg = malloc(COUNT * sizeof *avg), *again = malloc(COUNT * sizeof *again);
    for (int k = 0; k < 2; k++) { /* an average of the new weights, in the same pass */
        memcpy(a, before, sizeof *a);
        u.avg = (gan__pair){a->grad, avg}, u.avg_decay = k ? .9 : 0;
        assert_int_equal(gan__update_all(ctx, c->kind, &c->rule, &u, 1), 1);
        gan__average(ctx, (gan__pair){a->grad, again}, w, COUNT, u.avg_decay);
        assert_memory_equal(avg, again, COUNT * sizeof *avg);
    }
    free(avg), free(again);
    a->grad[COUNT - 1] = NAN; /* of the last piece's last elements */
    u = update_of(c, a, w);
    assert_int_equal(gan__update_all(ctx, c->kind, &c->rule, &u, 1), 0);
    free(a), free(before), free(w);
}

static void check_rest(gan_ctx *ctx) {
    arrays *a = malloc(sizeof *a);
    fill(a);
    double squares = 0, clipped = 0;
    for (int i = 0; i < COUNT; i++)
        squares += (double)a->grad[i] * (double)a->grad[i], clipped += fmin(4, (double)a->grad[i] * (double)a->grad[i]);
    const gan__update three[] = {{.grad = a->grad, .count = COUNT}, {.count = 0}, {.grad = a->grad, .count = 1}};
    double sums[3];
    assert_true(gan__sums_of_squares(ctx, three, 3, INFINITY, sums));
    check_close(sums[0] / squares, 1, 1e-12);
    assert_true(sums[1] == 0 && sums[2] == (double)a->grad[0] * (double)a->grad[0]);
    assert_true(gan__sums_of_squares(ctx, three, 3, 2, sums));
    check_close(sums[0] / clipped, 1, 1e-12);
    gan_real *to = malloc(COUNT * sizeof *to);
    gan__average(ctx, (gan__pair){a->w, to}, a->grad, COUNT, .9);
    for (int i = 0; i < COUNT; i++) check_close((double)to[i], .9 * (double)a->w[i] + .1 * (double)a->grad[i], 1e-6);
    gan__average(ctx, (gan__pair){a->w, to}, a->grad, COUNT, 0);
    assert_memory_equal(to, a->grad, sizeof a->grad);
    free(a), free(to);
}

static void test_updates__are_the_papers_on_every_isa(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(isas); i++) {
        if (!gan__isa_available((gan__isa)i)) {
            print_message("%s: not on this machine\n", isas[i]);
            continue;
        }
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 2, .isa = isas[i]});
        check_ok(ctx);
        for (int k = 0; k < COUNT_OF(cases); k++) check_rule(ctx, &cases[k]);
        check_rest(ctx);
        gan_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_updates__are_the_papers_on_every_isa)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
