/* Modules against tests/golden/nn.safetensors. */
#ifndef NN_GOLDEN_H
#define NN_GOLDEN_H

#include <stdio.h>

#include "cmocka_gan.h"
#include "support/golden.h"

#ifdef GAN_DOUBLE
#define NN_TOLERANCE 1e-12
#else
#define NN_TOLERANCE 1e-5
#endif

static inline const char *nn_key(char text[256], const char *name, const char *what, const char *param) {
    snprintf(text, 256, "%s.%s%s", name, what, param);
    return text;
}

/* Gives m the parameters and buffers of the case. */
static inline void nn_load(const golden *g, gan_module *m, const char *name) {
    char key[256];
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        gan_tensor *t = golden_make(g, gan_module_ctx(m), nn_key(key, name, "start.", p->name));
        if (!gan_shape_equal(gan_shape_of(t), gan_shape_of(p->tensor))) fail_msg("%s: %s has another shape", name, p->name);
        gan_assign(p->tensor, gan_data(t), gan_count(t));
    }
}

static inline void nn_compare(const golden *g, const char *key, const gan_tensor *t) {
    double distance = golden_distance(g, key, t);
    if (!(distance <= NN_TOLERANCE)) fail_msg("%s is off by %g", key, distance);
}

/* Buffers are as in the golden case, at its "start" or "end". */
static inline void nn_compare_buffers(const golden *g, const gan_module *m, const char *name, const char *when) {
    char key[256];
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        if (p->buffer) nn_compare(g, nn_key(key, name, when, p->name), p->tensor);
    }
}

/* Outputs in training mode, batch after batch, the buffers after them, and the output in evaluation mode. */
static inline void nn_check_case(const golden *g, gan_module *m, const char *name) {
    gan_ctx *ctx = gan_module_ctx(m);
    char key[256], number[16];
    check_ok(ctx);
    nn_load(g, m, name);
    for (int i = 0;; i++) {
        snprintf(number, sizeof number, "%d", i);
        if (!golden_has(g, nn_key(key, name, "x", number))) break;
        gan_tensor *y = gan_forward(m, golden_make(g, ctx, key));
        check_ok(ctx);
        nn_compare(g, nn_key(key, name, "train", number), y);
    }
    nn_compare_buffers(g, m, name, "end.");
    gan_module_train(m, false);
    gan_tensor *y = gan_forward(m, golden_make(g, ctx, nn_key(key, name, "x0", "")));
    nn_compare(g, nn_key(key, name, "eval", ""), y);
    nn_compare_buffers(g, m, name, "end.");
    check_ok(ctx);
}

#endif
