/* The walk over the table of ops: golden values, gradients of both orders, errors, nil, threads, and memory that runs out. */
#include <stdio.h>

#include "cmocka_gan.h"
#include "op_cases.h"
#include "support/golden.h"
#include "tensor/tensor_impl.h"

#define MAX_IN 8

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-12
#else
#define TOLERANCE 1e-5
#endif

static const op_group *const groups[] = {
#define ROW(group) &op_group_##group,
    OP_GROUPS(ROW)
#undef ROW
};

/* One case with its inputs, of which `diff` are differentiable. */
typedef struct bench {
    const op_group *group;
    const op_case *c;
    golden *g;
    gan_ctx *ctx;
    gan_tensor *in[MAX_IN], *diff[MAX_IN];
    int which[MAX_IN], n_diff;
} bench;

static const char *key_of(const bench *b, const char *what, int i, char key[128]) {
    snprintf(key, 128, i < 0 ? "%s.%s" : "%s.%s%d", b->c->name, what, i);
    return key;
}

static void fill(bench *b) {
    char key[128];
    b->n_diff = 0;
    for (int i = 0; i < b->c->n_in; i++) {
        b->in[i] = golden_make(b->g, b->ctx, key_of(b, "in", i, key));
        if (!golden_has(b->g, key_of(b, "grad", i, key))) continue;
        b->which[b->n_diff] = i;
        b->diff[b->n_diff++] = b->in[i];
    }
}

static int complain(const bench *b, const char *what, double distance) {
    print_error("%s: %s (%s): %s: %g. %s\n", b->group->name, b->c->name, b->c->op, what, distance, gan_ctx_message(b->ctx));
    return 1;
}

typedef int (*case_check)(bench *b);

/* Runs the check for every case in one context; returns how many complaints there were. */
static int for_all_cases(int threads, case_check check) {
    int complaints = 0;
    for (int i = 0; i < COUNT_OF(groups); i++) {
        char file[128];
        snprintf(file, sizeof file, "ops/%s.safetensors", groups[i]->name);
        bench b = {.group = groups[i], .g = golden_open(file)};
        b.ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = threads});
        for (int k = 0; k < groups[i]->n_cases; k++) {
            b.c = &groups[i]->cases[k];
            gan_scope_begin(b.ctx);
            fill(&b);
            complaints += check(&b);
            gan_scope_end(b.ctx);
            gan_ctx_clear(b.ctx);
        }
        gan_ctx_free(b.ctx);
        golden_close(b.g);
    }
    return complaints;
}

/* --- coverage --------------------------------------------------------------------------------------------- */

static bool has_golden_case(const char *op, int order) {
    for (int i = 0; i < COUNT_OF(groups); i++)
        for (int k = 0; k < groups[i]->n_cases; k++)
            if (!strcmp(groups[i]->cases[k].op, op) && groups[i]->cases[k].order >= order) return true;
    return false;
}

static bool has_bad_case(const char *op) {
    for (int i = 0; i < COUNT_OF(groups); i++)
        for (int k = 0; k < groups[i]->n_bads; k++)
            if (!strcmp(groups[i]->bads[k].op, op)) return true;
    return false;
}

static bool has_large_case(const char *op) {
    for (int i = 0; i < COUNT_OF(groups); i++)
        for (int k = 0; k < groups[i]->n_larges; k++)
            if (!strcmp(groups[i]->larges[k].op, op)) return true;
    return false;
}

/* A view has no forward, so nothing of it depends on threads. */
static void test_ops__all_of_the_table_have_cases(void **state) {
    (void)state;
    int n, missing = 0;
    const gan_op *const *ops = gan_ops(&n);
    assert_true(n > 30);
    for (int i = 0; i < n; i++) {
        const char *lacks = !has_golden_case(ops[i]->name, 0)                      ? "a golden case"
                            : ops[i]->vjp && !has_golden_case(ops[i]->name, 2)     ? "a case with derivatives of order 2"
                            : !has_bad_case(ops[i]->name)                          ? "a bad case"
                            : !ops[i]->view && !has_large_case(ops[i]->name)       ? "a large case"
                                                                                   : NULL;
        if (lacks) print_error("%s has not %s\n", ops[i]->name, lacks), missing++;
    }
    assert_int_equal(missing, 0);
}

/* Several ops may share the name of the function behind which they stand; so each must also have been met in some graph. */
#define MAX_OPS 256
static bool met[MAX_OPS];

static void meet(gan__node *node, uint32_t mark) {
    int n;
    const gan_op *const *ops = gan_ops(&n);
    if (!node || node->mark == mark) return;
    node->mark = mark;
    for (int i = 0; i < n; i++) met[i] |= ops[i] == node->op;
    for (int i = 0; i < node->n_in; i++) meet(node->in[i].node, mark);
}

static int meet_ops(bench *b) {
    gan_tensor *grads[MAX_IN], *y = b->c->call(b->in);
    gan_grads(gan_sum(y), b->diff, b->n_diff, grads, (gan_grad_opts){.create_graph = true, .allow_unused = true});
    uint32_t mark = ++b->ctx->graph_mark;
    meet(y->node, mark);
    for (int i = 0; i < b->n_diff; i++) meet(grads[i]->node, mark);
    return 0;
}

static void test_ops__all_of_the_table_occur_in_graphs(void **state) {
    (void)state;
    int n, missing = 0;
    const gan_op *const *ops = gan_ops(&n);
    assert_true(n <= MAX_OPS);
    for_all_cases(1, meet_ops);
    for (int i = 0; i < n; i++)
        if (!met[i]) print_error("an op %s, number %d, occurs in no case\n", ops[i]->name, i), missing++;
    assert_int_equal(missing, 0);
}

/* --- golden values ---------------------------------------------------------------------------------------- */

static double tolerance_of(const op_case *c) { return c->tolerance > 0 ? TOLERANCE * c->tolerance / 1e-5 : TOLERANCE; }

static int check_gradients(bench *b, gan_tensor *y, bool create_graph) {
    char key[128];
    gan_tensor *grads[MAX_IN];
    gan_tensor *seed = golden_make(b->g, b->ctx, key_of(b, "seed", -1, key));
    int complaints = 0;
    gan_grads(y, b->diff, b->n_diff, grads, (gan_grad_opts){.seed = seed, .create_graph = create_graph});
    for (int i = 0; i < b->n_diff; i++) {
        double d = golden_distance(b->g, key_of(b, "grad", b->which[i], key), grads[i]);
        if (!(d <= tolerance_of(b->c))) complaints += complain(b, strstr(key, "grad"), d);
    }
    return complaints;
}

static int check_golden(bench *b) {
    char key[128];
    gan_tensor *y = b->c->call(b->in);
    double d = golden_distance(b->g, key_of(b, "out", -1, key), y);
    if (!(d <= tolerance_of(b->c))) return complain(b, "value", d);
    if (!b->n_diff && b->c->order) return complain(b, "has no golden gradient, but an order", b->c->order);
    if (!b->n_diff) return 0;
    return check_gradients(b, y, false) + check_gradients(b, y, true);
}

static void test_ops__values_and_gradients_are_those_of_pytorch(void **state) {
    (void)state;
    assert_int_equal(for_all_cases(1, check_golden), 0);
}

/* --- structure -------------------------------------------------------------------------------------------- */

/* Without any golden gradient there must be none to get either: absent, not zero. */
static int check_absent(bench *b) {
    if (b->n_diff) return 0;
    gan_tensor *y = b->c->call(b->in);
    for (int i = 0; i < b->c->n_in; i++) {
        gan_grad(gan_sum(y), b->in[i], (gan_grad_opts){0});
        if (gan_ctx_status(b->ctx) != GAN_E_GRAPH) return complain(b, "has a gradient, by input", i);
        gan_ctx_clear(b->ctx);
    }
    return 0;
}

static void test_ops__gradients_that_do_not_exist_are_absent(void **state) {
    (void)state;
    assert_int_equal(for_all_cases(1, check_absent), 0);
}

/* --- differences ------------------------------------------------------------------------------------------ */

#ifdef GAN_DOUBLE
/* y + y^2/2, so that the cotangent depends on x: the second derivative of a linear op then is no zero. */
static gan_tensor *bent(void *user, gan_tensor *const *x, int n) {
    bench *b = user;
    gan_tensor *in[MAX_IN];
    memcpy(in, b->in, sizeof in);
    for (int i = 0; i < n; i++) in[b->which[i]] = x[i];
    gan_tensor *y = b->c->call(in);
    return gan_add(y, gan_scale(gan_square(y), 0.5));
}

static int check_differences(bench *b) {
    if (!b->c->order) return 0;
    double error = gan_grad_check(bent, b, b->diff, b->n_diff, (gan_check_opts){.order = b->c->order});
    return error <= 1e-6 ? 0 : complain(b, "differences disagree", error);
}

static void test_ops__gradients_agree_with_differences(void **state) {
    (void)state;
    assert_int_equal(for_all_cases(1, check_differences), 0);
}
#endif

/* --- errors ----------------------------------------------------------------------------------------------- */

static void test_ops__wrong_use_is_an_error_that_names_the_op_and_the_shapes(void **state) {
    (void)state;
    int complaints = 0;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    for (int i = 0; i < COUNT_OF(groups); i++)
        for (int k = 0; k < groups[i]->n_bads; k++) {
            const op_bad *bad = &groups[i]->bads[k];
            gan_tensor *y = bad->call(ctx);
            const char *message = gan_ctx_message(ctx);
            bool fine = gan_is_nil(y) && gan_ctx_status(ctx) != GAN_OK && !strncmp(message, bad->op, strlen(bad->op));
            for (int j = 0; j < 2; j++) fine = fine && (!bad->needles[j] || strstr(message, bad->needles[j]));
            if (!fine) print_error("%s, bad case %d of %s: \"%s\"\n", bad->op, k, groups[i]->name, message), complaints++;
            gan_ctx_clear(ctx);
        }
    gan_ctx_free(ctx);
    assert_int_equal(complaints, 0);
}

/* All inputs nil, and then each alone. */
static int check_nil(bench *b) {
    gan_tensor *in[MAX_IN];
    for (int alone = -1; alone < b->c->n_in; alone++) {
        for (int i = 0; i < b->c->n_in; i++) in[i] = alone < 0 || alone == i ? gan__nil(b->ctx) : b->in[i];
        gan_tensor *y = b->c->call(in);
        if (!gan_is_nil(y) || gan_ctx_status(b->ctx) != GAN_OK) return complain(b, "nil input", alone);
    }
    return 0;
}

static void test_ops__nil_in_gives_nil_out(void **state) {
    (void)state;
    assert_int_equal(for_all_cases(1, check_nil), 0);
}

static int check_failed_context(bench *b) {
    gan_ctx_fail(b->ctx, GAN_E_STATE, "failed before");
    bool fine = gan_is_nil(b->c->call(b->in)) && !strcmp(gan_ctx_message(b->ctx), "failed before");
    return fine ? 0 : complain(b, "in a failed context", 0);
}

static void test_ops__do_nothing_in_a_failed_context(void **state) {
    (void)state;
    assert_int_equal(for_all_cases(1, check_failed_context), 0);
}

/* --- memory that runs out --------------------------------------------------------------------------------- */

static void *count_alloc(void *user, size_t bytes) {
    *(int64_t *)user += (int64_t)bytes;
    return malloc(bytes);
}

static void count_release(void *user, void *block, size_t bytes) {
    *(int64_t *)user -= (int64_t)bytes;
    free(block);
}

/* The n-th request to the pool fails, for every n that there is, through the op and its gradients of both orders. */
static int check_memory(bench *b) {
    gan_ctx *shared = b->ctx;
    int64_t outstanding = 0;
    int complaints = 0;
    b->ctx = gan_ctx_new((gan_ctx_opts){.threads = 1, .allocator = {count_alloc, count_release, &outstanding}});
    for (int n = 1, failed = 1; failed && !complaints; n++) {
        gan_tensor *grads[MAX_IN];
        gan_scope_begin(b->ctx);
        fill(b);
        gan_ctx_fail_alloc(b->ctx, n);
        gan_tensor *y = b->c->call(b->in);
        if (b->n_diff) {
            gan_grads(gan_sum(y), b->diff, b->n_diff, grads, (gan_grad_opts){.create_graph = true, .allow_unused = true});
            gan_grads(gan_sum(grads[0]), b->diff, b->n_diff, grads, (gan_grad_opts){.allow_unused = true});
        }
        gan_ctx_fail_alloc(b->ctx, 0);
        failed = gan_ctx_status(b->ctx) != GAN_OK;
        if (failed && gan_ctx_status(b->ctx) != GAN_E_MEMORY) complaints += complain(b, "request failed", n);
        gan_scope_end(b->ctx);
        gan_ctx_clear(b->ctx);
    }
    gan_ctx_free(b->ctx);
    b->ctx = shared;
    return complaints + (outstanding ? complain(b, "bytes leaked", (double)outstanding) : 0);
}

static void test_ops__survive_memory_that_runs_out(void **state) {
    (void)state;
    assert_int_equal(for_all_cases(1, check_memory), 0);
}

/* Kernels ask for scratch memory only when there is much to do: each request fails once here, too. */
static int check_large_memory(const op_large *large) {
    int64_t outstanding = 0;
    int complaints = 0;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1, .allocator = {count_alloc, count_release, &outstanding}});
    for (int n = 1, failed = 1; failed && !complaints; n++) {
        gan_tensor *in[4];
        gan_scope_begin(ctx);
        for (int i = 0; i < large->n_in; i++) in[i] = gan_randn(ctx, large->shapes[i]);
        gan_ctx_fail_alloc(ctx, n);
        gan_tensor *y = large->call(in);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        complaints = failed && (gan_ctx_status(ctx) != GAN_E_MEMORY || !gan_is_nil(y));
        gan_scope_end(ctx);
        gan_ctx_clear(ctx);
    }
    gan_ctx_free(ctx);
    return complaints || outstanding;
}

static void test_ops__survive_memory_that_runs_out_when_there_is_much_to_do(void **state) {
    (void)state;
    int complaints = 0;
    for (int i = 0; i < COUNT_OF(groups); i++)
        for (int k = 0; k < groups[i]->n_larges; k++)
            if (check_large_memory(&groups[i]->larges[k]))
                print_error("large case %d of %s (%s)\n", k, groups[i]->name, groups[i]->larges[k].op), complaints++;
    assert_int_equal(complaints, 0);
}

/* --- threads ---------------------------------------------------------------------------------------------- */

typedef struct outcome {
    gan_ctx *ctx;
    gan_tensor *t[1 + MAX_IN];
    int n;
} outcome;

static outcome run_large(const op_large *large, int threads) {
    outcome o = {.ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = threads}), .n = 1};
    gan_tensor *in[4];
    for (int i = 0; i < large->n_in; i++) in[i] = gan_randn(o.ctx, large->shapes[i]);
    o.t[0] = large->call(in);
    gan_tensor *seed = gan_randn(o.ctx, gan_shape_of(o.t[0]));
    gan_grads(o.t[0], in, large->n_in, o.t + 1, (gan_grad_opts){.seed = seed, .allow_unused = true});
    o.n += large->n_in;
    return o;
}

static bool same_bits(const gan_tensor *a, const gan_tensor *b) {
    return gan_shape_equal(gan_shape_of(a), gan_shape_of(b)) &&
           !memcmp(gan_data(a), gan_data(b), (size_t)gan_count(a) * sizeof(gan_real));
}

static void test_ops__the_number_of_threads_changes_no_bit(void **state) {
    (void)state;
    int complaints = 0;
    for (int i = 0; i < COUNT_OF(groups); i++)
        for (int k = 0; k < groups[i]->n_larges; k++) {
            outcome one = run_large(&groups[i]->larges[k], 1), three = run_large(&groups[i]->larges[k], 3);
            bool same = gan_ctx_status(one.ctx) == GAN_OK && gan_ctx_status(three.ctx) == GAN_OK;
            for (int t = 0; t < one.n && same; t++) same = same_bits(one.t[t], three.t[t]);
            if (!same)
                print_error("large case %d of %s (%s): %s\n", k, groups[i]->name, groups[i]->larges[k].op,
                            gan_ctx_message(one.ctx)),
                    complaints++;
            gan_ctx_free(one.ctx);
            gan_ctx_free(three.ctx);
        }
    assert_int_equal(complaints, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ops__all_of_the_table_have_cases),
        cmocka_unit_test(test_ops__all_of_the_table_occur_in_graphs),
        cmocka_unit_test(test_ops__values_and_gradients_are_those_of_pytorch),
        cmocka_unit_test(test_ops__gradients_that_do_not_exist_are_absent),
#ifdef GAN_DOUBLE
        cmocka_unit_test(test_ops__gradients_agree_with_differences),
#endif
        cmocka_unit_test(test_ops__wrong_use_is_an_error_that_names_the_op_and_the_shapes),
        cmocka_unit_test(test_ops__nil_in_gives_nil_out),
        cmocka_unit_test(test_ops__do_nothing_in_a_failed_context),
        cmocka_unit_test(test_ops__survive_memory_that_runs_out),
        cmocka_unit_test(test_ops__survive_memory_that_runs_out_when_there_is_much_to_do),
        cmocka_unit_test(test_ops__the_number_of_threads_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
