/* What tricks ask of nets and losses before training starts. */
#include <string.h>

#include "../nn/nn_impl.h"
#include "trick_impl.h"

bool gan__contains_layer(const gan_module *m, const char *type) {
    if (!strncmp(m->type->name, type, strlen(type))) return true;
    for (int i = 0; i < m->n_children; i++)
        if (gan__contains_layer(m->children[i], type)) return true;
    return false;
}

const char *gan__spectral_name(const gan_module *m) {
    static const char mark[] = "weight_orig";
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const char *name = gan_module_param(m, i)->name;
        size_t n = strlen(name), tail = sizeof mark - 1;
        if (n >= tail && !strcmp(name + n - tail, mark)) return name;
    }
    return NULL;
}

void gan__need_targets(const gan_trick *k, const gan_turn *turn) {
    const gan_loss_info *info = gan_loss_info_of(turn->loss->kind);
    if (info && !info->takes_targets)
        gan__raise(turn->ctx, GAN_E_ARG, "%s: the %s loss has no targets to change", gan_trick_name(k), info->name);
}
