#include <gan/nn.h>
#include <stdio.h>

#include "nn_impl.h"

/* Each layer's output handle goes as soon as the next layer has run: without a graph, its memory goes with it. */
static gan_tensor *forward(gan_module *m, gan_call *call, gan_tensor *x) {
    gan_tensor *y = x;
    for (int i = 0; i < m->n_children; i++) {
        gan_module *after = i + 1 < m->n_children ? m->children[i + 1] : NULL;
        gan_tensor *next = after ? gan__call_pair(call, m->children[i], after, y) : NULL;
        if (next)
            i++;
        else
            next = gan__call_before(call, m->children[i], after, y);
        if (y != x) gan_release(y);
        y = next;
    }
    return y;
}

static const gan_module_type sequential = {.name = "Sequential", .forward = forward};

gan_module *gan_sequential(gan_ctx *ctx) { return gan_module_new(ctx, &sequential); }

gan_module *gan_sequential_add(gan_module *s, gan_module *layer) {
    if (!gan_module_is_nil(s) && s->type != &sequential)
        gan__raise(s->object.ctx, GAN_E_ARG, "gan_sequential_add: a %s is not a Sequential", s->type->name);
    char name[16];
    snprintf(name, sizeof name, "%d", gan_module_is_nil(s) ? 0 : s->n_children);
    return gan_module_add_child(s, name, layer);
}
