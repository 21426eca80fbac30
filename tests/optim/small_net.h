/* A small net, data for it, and all state of a net and its optimiser, to compare bit by bit. */
#ifndef TESTS_SMALL_NET_H
#define TESTS_SMALL_NET_H

#include "cmocka_gan.h"
#include "optim/optim_impl.h"

static inline gan_module *small_net(gan_ctx *ctx) {
    gan_module *net = gan_sequential(ctx);
    gan_sequential_add(net, gan_linear_layer(ctx, 5, 7, (gan_linear_opts){0}));
    gan_sequential_add(net, gan_layer_norm_layer(ctx, gan_shape1(7), (gan_norm_opts){0}));
    gan_sequential_add(net, gan_tanh_layer(ctx));
    gan_sequential_add(net, gan_linear_layer(ctx, 7, 4, (gan_linear_opts){0}));
    gan_sequential_add(net, gan_tanh_layer(ctx));
    gan_sequential_add(net, gan_linear_layer(ctx, 4, 1, (gan_linear_opts){0}));
    return net;
}

/* Of x [n, 5]: how far the net's output is from 1. */
static inline gan_tensor *small_loss(gan_module *net, gan_tensor *x) {
    return gan_mean(gan_square(gan_add_scalar(gan_forward(net, x), -1)));
}

static inline gan_tensor *small_data(gan_ctx *ctx) {
    gan_real x[4 * 5];
    for (int i = 0; i < COUNT_OF(x); i++) x[i] = (gan_real)sin(1 + 3 * i);
    return gan_from(ctx, gan_shape2(4, 5), x);
}

static inline gan_tensor *tensor_of(gan_module *m, const char *name) {
    const gan_param *p = gan_module_find(m, name);
    if (!p) fail_msg("there is no %s", name);
    return p->tensor;
}

typedef struct state_copy {
    size_t count, room;
    gan_real *values;
} state_copy;

static inline void note_values(state_copy *s, const gan_real *values, size_t n) {
    while (s->count + n > s->room) {
        s->room = 2 * s->room + 1024;
        s->values = realloc(s->values, s->room * sizeof *s->values);
    }
    memcpy(s->values + s->count, values, n * sizeof *values);
    s->count += n;
}

static inline void note_tensor(state_copy *s, const gan_tensor *t) { note_values(s, gan_data(t), (size_t)gan_count(t)); }

/* Parameters, buffers, and, unless o is NULL, moments, counters and the learning rate. */
static inline state_copy copy_state(gan_module *m, gan_optim *o) {
    state_copy s = {0};
    for (int i = 0; i < gan_module_param_count(m); i++) note_tensor(&s, gan_module_param(m, i)->tensor);
    for (int i = 0; o && i < gan__optim_count(o); i++) {
        for (int k = 0; gan__optim_moment_name(o, k); k++) note_tensor(&s, gan__optim_moment(o, i, k));
        note_values(&s, &(gan_real){(gan_real)gan__optim_param_counter(o, i)->value}, 1);
    }
    if (o) note_values(&s, (gan_real[]){(gan_real)gan_optim_steps(o), (gan_real)gan_optim_lr(o)}, 2);
    return s;
}

/* Frees the second. */
static inline bool same_state(state_copy a, state_copy b) {
    bool same = a.count == b.count && !memcmp(a.values, b.values, a.count * sizeof *a.values);
    free(b.values);
    return same;
}

/* Frees both. */
static inline void check_same_state_at(state_copy a, state_copy b, bool same, const char *file, int line) {
    bool equal = same_state(a, b);
    free(a.values);
    _assert_int_equal(equal, same, file, line);
}
#define check_same_state(a, b) check_same_state_at(a, b, true, __FILE__, __LINE__)
#define check_other_state(a, b) check_same_state_at(a, b, false, __FILE__, __LINE__)

#endif
