/* Several modules in the place of one, each for its share of a batch: what generators have of their own. */
#include <gan/nn.h>
#include <gan/op.h>
#include <stdio.h>

#include "nn_impl.h"

/* Rows are dealt like cards: n of them to k branches, the first n mod k of which get one more. */
static int64_t rows_of(int64_t n, int64_t k, int64_t branch) { return n / k + (branch < n % k); }
static int64_t rows_before(int64_t n, int64_t k, int64_t branch) { return branch * (n / k) + (branch < n % k ? branch : n % k); }

static gan_tensor *dealt_to(gan_ctx *ctx, int64_t n, int64_t k, int64_t branch) {
    gan_tensor *index = gan_empty(ctx, gan_shape1(rows_of(n, k, branch)));
    gan_real *p = gan_op_write(index);
    for (int64_t i = 0; p && i < gan_count(index); i++) p[i] = (gan_real)(branch + i * k);
    return index;
}

/* Where each row lies among the branches' rows, one branch after the other. */
static gan_tensor *collected(gan_ctx *ctx, int64_t n, int64_t k) {
    gan_tensor *index = gan_empty(ctx, gan_shape1(n));
    gan_real *p = gan_op_write(index);
    for (int64_t i = 0; p && i < n; i++) p[i] = (gan_real)(rows_before(n, k, i % k) + i / k);
    return index;
}

static bool can_deal(const gan_module *m, gan_shape s) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (m->n_children < 1) gan__raise(ctx, GAN_E_STATE, "Branches: there are none");
    if (m->n_children > 0 && s.ndim == 0) gan__raise(ctx, GAN_E_SHAPE, "Branches: a scalar has no rows to share out");
    return gan__ok(ctx) && s.ndim > 0;
}

static gan_tensor *forward(gan_module *m, gan_call *call, gan_tensor *x) {
    gan_ctx *ctx = gan_module_ctx(m);
    gan_shape s = gan_shape_of(x);
    if (!can_deal(m, s)) return x;
    int64_t n = s.d[0], k = m->n_children;
    if (k == 1 || n < 2) return gan_call_child(call, m->children[0], x);
    int used = (int)(n < k ? n : k);
    gan_tensor *parts[GAN_MAX_BRANCHES];
    for (int b = 0; b < used; b++) parts[b] = gan_call_child(call, m->children[b], gan_gather(x, dealt_to(ctx, n, k, b)));
    return gan_gather(gan_concat(parts, used, 0), collected(ctx, n, k));
}

static void describe(const gan_module *m, char *text, size_t size) { snprintf(text, size, "%d", m->n_children); }

const gan_module_type gan__branches_type = {.name = "Branches", .forward = forward, .describe = describe};

gan_module *gan_branches(gan_ctx *ctx) { return gan_module_new(ctx, &gan__branches_type); }

gan_module *gan_branches_add(gan_module *branches, gan_module *branch) {
    bool nil = gan_module_is_nil(branches);
    gan_ctx *ctx = gan_module_ctx(branches);
    if (!nil && branches->type != &gan__branches_type)
        gan__raise(ctx, GAN_E_ARG, "gan_branches_add: a %s is no Branches", branches->type->name);
    else if (!nil && branches->n_children == GAN_MAX_BRANCHES)
        gan__raise(ctx, GAN_E_ARG, "gan_branches_add: more than %d branches", GAN_MAX_BRANCHES);
    char name[16];
    snprintf(name, sizeof name, "%d", nil ? 0 : branches->n_children);
    return gan_module_add_child(branches, name, branch);
}
