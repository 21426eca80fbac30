/* Feature matching (1606.03498, section 3.1): G aims at the statistics of the data in D's features, not at D's verdict. */
#include "trick_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../nn/nn_impl.h"

#define PATH 160

typedef struct matching {
    gan_feature_matching_opts opts;
    char path[PATH]; /* of the tap; of the caller's choice until attached */
} matching;

/* --- where the features are ----------------------------------------------------------------------------------- */

static bool has_weights(const gan_module *m) {
    for (int i = 0; i < gan_module_param_count(m); i++)
        if (!gan_module_param(m, i)->buffer) return true;
    return false;
}

static bool is_chain(const gan_module *m) { return !strcmp(m->type->name, "Sequential"); }

/* Goes through D's layers, last first, the second head left out. Past the last one that has weights, the next that is met is the
 * result. */
static const gan_module *before_last(const gan_module *m, bool *past) {
    for (int i = m->n_children - 1; i >= 0; i--) {
        const gan_module *child = m->children[i];
        if (!m->parent && !strcmp(child->name, "aux")) continue;
        if (is_chain(child)) {
            const gan_module *found = before_last(child, past);
            if (found) return found;
        } else {
            if (*past) return child;
            *past = has_weights(child);
        }
    }
    return NULL;
}

/* The layer that made a module's output. */
static const gan_module *maker_of(const gan_module *m) {
    while (is_chain(m) && m->n_children > 0) m = m->children[m->n_children - 1];
    return m;
}

static void attach(gan_trick *k, const gan_turn *turn) {
    matching *f = gan_trick_data(k);
    bool past = false;
    const gan_module *m = f->path[0] ? gan_module_child(turn->D, f->path) : before_last(turn->D, &past);
    const char *path = m && !gan_module_is_nil(m) ? gan__path_below(turn->D, m) : NULL;
    if (!path && f->path[0])
        gan__raise(turn->ctx, GAN_E_ARG, "feature_matching: D has no submodule \"%s\"", f->path);
    else if (!path || strlen(path) >= PATH)
        gan__raise(turn->ctx, GAN_E_ARG, "feature_matching: no layer is found before D's last: name one");
    else if (!strncmp(maker_of(m)->type->name, "BatchNorm", 9))
        gan__raise(turn->ctx, GAN_E_ARG,
                   "feature_matching is refused on the output of a batch norm (\"%s\"): its means are always the same", path);
    else
        memmove(f->path, path, strlen(path) + 1);
}

static const char *tap(const gan_trick *k) { return ((const matching *)gan_trick_data(k))->path; }

/* --- the term --------------------------------------------------------------------------------------------------- */

static gan_tensor *mean_features(const matching *f, const gan_turn *turn, const gan_output *out) {
    for (int i = 0; i < out->n_taps; i++)
        if (!strcmp(out->taps[i].path, f->path)) return gan_mean_axes(out->taps[i].t, GAN_AXIS(0), false);
    gan__raise(turn->ctx, GAN_E_STATE, "feature_matching: D did not run its \"%s\"", f->path);
    return gan__nil(turn->ctx);
}

static gan_tensor *term(gan_trick *k, const gan_turn *turn) {
    if (turn->player != GAN_PLAYER_G) return NULL;
    const matching *f = gan_trick_data(k);
    gan_tensor *real = gan_detach(mean_features(f, turn, &turn->real_out));
    gan_tensor *gap = gan_sub(mean_features(f, turn, &turn->fake_out), real);
    return gan_sum(f->opts.l1 ? gan_abs(gap) : gan_square(gap));
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const matching *f = gan_trick_data(k);
    snprintf(text, size, "%s of \"%s\"%s", f->opts.l1 ? "l1" : "square", f->path, f->opts.alone ? ", alone" : "");
}

#define TYPE(alone)                                                                                                              \
    {.name = "feature_matching", .data_bytes = sizeof(matching), .attach = attach, .term = term, .tap = tap,                     \
     .reads_real_in_g_turn = true, .instead = alone, .describe = describe}

static const gan_trick_type beside = TYPE(false), instead = TYPE(true);

gan_feature_matching_opts gan_feature_matching_defaults(void) {
    return (gan_feature_matching_opts){.weight = gan_constant(1)};
}

gan_trick *gan_feature_matching(gan_ctx *ctx, gan_feature_matching_opts o) {
    matching f = {.opts = o};
    const char *path = o.path ? o.path : "";
    if (strlen(path) >= PATH)
        gan__raise(ctx, GAN_E_ARG, "gan_feature_matching: the path is longer than %d characters", PATH - 1);
    else
        memcpy(f.path, path, strlen(path) + 1);
    f.opts.path = NULL; /* the caller's: not to be looked at later */
    gan__schedule_within(ctx, "gan_feature_matching", "weight", o.weight, 0, INFINITY);
    return gan__trick_with(ctx, o.alone ? &instead : &beside, (gan_trick_opts){.weight = o.weight}, &f);
}
