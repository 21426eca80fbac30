#include "combinations.h"

#include <string.h>

#include "../nn/nn_impl.h"
#include "../tricks/trick_impl.h"

bool gan__combinations_allowed(gan_ctx *ctx, const gan_trainer_opts *o) {
    const gan_loss_info *loss = gan_loss_info_of(o->loss.kind);
    /* A pack of samples of several generators, or classes, has none for D to name. */
    if (loss && (loss->outputs == GAN_OUTPUTS_GENERATORS || loss->outputs == GAN_OUTPUTS_CLASSES) && o->pack > 1)
        gan__raise(ctx, GAN_E_ARG, "gan_trainer_new: pack %d is refused with the %s loss: a pack has no one %s", o->pack,
                   loss->name, loss->outputs == GAN_OUTPUTS_CLASSES ? "class" : "generator");
    return gan__ok(ctx);
}

/* --- rates and targets ---------------------------------------------------------------------------------------- */

static void warn_of_rates(gan_ctx *ctx, const gan_trainer_opts *o) {
    double g = o->g.lr * o->g_rate.value, d = o->d.lr * o->d_rate.value;
    if (o->n_critic > 1 && g != d)
        gan_ctx_log(ctx, GAN_LOG_WARNING,
                    "two rates, %g for G and %g for D, with n_critic %d: each is a way to let D lead, and one is enough", g, d,
                    o->n_critic);
}

static void warn_of_targets(gan_ctx *ctx, const gan_loss *l) {
    const struct {
        const char *name;
        double value;
    } targets[] = {{"real_target", l->real_target}, {"fake_target", l->fake_target}, {"gen_target", l->gen_target}};
    const gan_loss_info *info = gan_loss_info_of(l->kind);
    for (int i = 0; i < 3 && info && info->unit_targets; i++)
        if (!(targets[i].value >= 0 && targets[i].value <= 1))
            gan_ctx_log(ctx, GAN_LOG_WARNING, "loss.%s is %g: outside [0, 1] the %s loss is unbounded below", targets[i].name,
                        targets[i].value, info->name);
}

/* --- one player's net ----------------------------------------------------------------------------------------- */

typedef struct player {
    const char *name;
    const gan_module *net;
    const gan_optim_opts *optim;
} player;

static void warn_of_decay(gan_ctx *ctx, const player *p) {
    const char *letter = p->name[0] == 'G' ? "g" : "d", *spectral = gan__spectral_name(p->net);
    if (p->optim->weight_decay > 0 && spectral)
        gan_ctx_log(ctx, GAN_LOG_WARNING, "%s.weight_decay has no hold on \"%s\" of %s, which is under spectral norm", letter,
                    spectral, p->name);
}

static void hint_at_batch_norm(gan_ctx *ctx, const player *p) {
    bool dropout = gan__contains_layer(p->net, "Dropout");
    if ((dropout || p->optim->weight_decay > 0) && gan__contains_layer(p->net, "BatchNorm"))
        gan_ctx_log(ctx, GAN_LOG_INFO, "with batch norm in %s, its %s is nothing that needs tuning", p->name,
                    dropout ? "dropout" : "weight decay");
}

/* --- dense layers --------------------------------------------------------------------------------------------- */

static int64_t weights_of(const gan_module *m) {
    int64_t n = 0;
    for (int i = 0; i < m->n_slots; i++)
        if (!m->slots[i].param.buffer) n += gan_count(m->slots[i].param.tensor);
    return n;
}

/* What a walk over the layers that have weights finds, in their order. */
typedef struct census {
    const gan_module *first, *last; /* D's second head left out */
    const gan_module *inner;        /* the largest dense one that is not the end in question */
    int64_t all;
} census;

static bool is_second_head(const gan_module *m) { return m->parent && !m->parent->parent && !strcmp(m->name, "aux"); }

static void find_ends(const gan_module *m, census *c) {
    int64_t n = weights_of(m);
    c->all += n;
    if (n > 0 && m->n_children == 0 && !is_second_head(m)) {
        if (!c->first) c->first = m;
        c->last = m;
    }
    for (int i = 0; i < m->n_children; i++) find_ends(m->children[i], c);
}

static void find_inner(const gan_module *m, const gan_module *end, census *c) {
    bool dense = !strcmp(m->type->name, "Linear") && m != end && !is_second_head(m);
    if (dense && (!c->inner || weights_of(m) > weights_of(c->inner))) c->inner = m;
    for (int i = 0; i < m->n_children; i++) find_inner(m->children[i], end, c);
}

/* G's first layer has to spread a latent over a map, D's last to sum up; in between, images are the affair of convolutions. */
static void warn_of_dense(gan_ctx *ctx, const player *p) {
    census c = {0};
    find_ends(p->net, &c);
    find_inner(p->net, p->name[0] == 'G' ? c.first : c.last, &c);
    int64_t n = c.inner ? weights_of(c.inner) : 0;
    if (2 * n > c.all)
        gan_ctx_log(ctx, GAN_LOG_WARNING,
                    "the dense layer \"%s\" holds %.0f %% of the parameters of %s: convolutions serve images better",
                    gan__path_below(p->net, c.inner), 100. * (double)n / (double)c.all, p->name);
}

void gan__combinations_warn(const gan_module *G, const gan_module *D, gan_shape sample, const gan_trainer_opts *o) {
    gan_ctx *ctx = gan_module_ctx(G);
    const player players[] = {{"G", G, &o->g}, {"D", D, &o->d}};
    warn_of_rates(ctx, o);
    warn_of_targets(ctx, &o->loss);
    for (int i = 0; i < 2; i++) {
        warn_of_decay(ctx, &players[i]);
        hint_at_batch_norm(ctx, &players[i]);
        if (sample.ndim == 3) warn_of_dense(ctx, &players[i]);
    }
}
