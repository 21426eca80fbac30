/* The same arithmetic as in src/kernels/update.c, in ops. */
#include "virtual_step.h"

#include <math.h>

gan__virtual_slot *gan__virtual_start(const gan_optim *o) {
    int n = gan__optim_count(o);
    gan__virtual_slot *slots = gan__calloc(gan__optim_ctx(o), (size_t)n * sizeof *slots);
    for (int i = 0; slots && i < n; i++) {
        for (int k = 0; k < GAN__MOMENTS; k++) {
            gan_tensor *moment = gan__optim_moment(o, i, k);
            slots[i].moment[k] = moment ? gan_detach(moment) : NULL;
        }
        slots[i].updates = gan__optim_param_counter(o, i)->value;
    }
    return slots;
}

/* decay*moment + gain*x, kept as the moment. */
static gan_tensor *remember(gan__virtual_slot *s, int k, double decay, double gain, gan_tensor *x) {
    return s->moment[k] = gan_add(gan_scale(s->moment[k], decay), gan_scale(x, gain));
}

static gan_tensor *adam(const gan_optim_opts *o, gan__virtual_slot *s, gan_tensor *g) {
    double t = (double)s->updates, correction1 = 1 - pow(o->beta1, t), correction2 = 1 - pow(o->beta2, t);
    gan_tensor *m = remember(s, 0, o->beta1, 1 - o->beta1, g);
    gan_tensor *size = remember(s, 1, o->beta2, 1 - o->beta2, gan_square(g));
    if (o->amsgrad) size = s->moment[2] = gan_maximum(s->moment[2], size);
    gan_tensor *root = gan_add_scalar(gan_scale(gan_sqrt(size), 1 / sqrt(correction2)), o->eps);
    return gan_div(gan_scale(m, 1 / correction1), root);
}

static gan_tensor *with_momentum(const gan_optim_opts *o, gan__virtual_slot *s, int k, gan_tensor *move) {
    return s->moment[k] ? remember(s, k, o->momentum, 1, move) : move;
}

static gan_tensor *rmsprop(const gan_optim_opts *o, gan__virtual_slot *s, gan_tensor *g) {
    gan_tensor *v = remember(s, 0, o->alpha, 1 - o->alpha, gan_square(g));
    return with_momentum(o, s, 1, gan_div(g, gan_add_scalar(gan_sqrt(v), o->eps)));
}

static gan_tensor *sgd(const gan_optim_opts *o, gan__virtual_slot *s, gan_tensor *g) { return with_momentum(o, s, 0, g); }

/* By how much, times the learning rate, a parameter falls. */
static gan_tensor *(*const moves[])(const gan_optim_opts *o, gan__virtual_slot *s, gan_tensor *g) = {
    [GAN_ADAM] = adam, [GAN_RMSPROP] = rmsprop, [GAN_SGD] = sgd};

/* Clamped, then scaled down to the joint norm, as the optimiser does it. */
static void clip(const gan_optim_opts *o, gan_tensor **g, int n) {
    gan_tensor *squares = NULL;
    for (int i = 0; i < n && o->clip_value > 0; i++)
        if (g[i]) g[i] = gan_clamp(g[i], -o->clip_value, o->clip_value);
    for (int i = 0; i < n && o->clip_norm > 0; i++) {
        gan_tensor *sum = g[i] ? gan_sum(gan_square(g[i])) : NULL;
        if (sum) squares = squares ? gan_add(squares, sum) : sum;
    }
    if (!squares) return;
    gan_tensor *shrunk = gan_scale(gan_reciprocal(gan_add_scalar(gan_sqrt(squares), 1e-6)), o->clip_norm);
    gan_tensor *scale = gan_minimum(shrunk, gan_ones(gan_ctx_of(shrunk), gan_shape0()));
    for (int i = 0; i < n; i++)
        if (g[i]) g[i] = gan_mul(g[i], scale);
}

static gan_tensor *moved(const gan_optim_opts *o, gan__virtual_slot *s, gan_tensor *w, gan_tensor *g, double rate, double decay) {
    s->updates++;
    if (decay > 0 && !o->decoupled) g = gan_add(g, gan_scale(w, decay));
    gan_tensor *fall = gan_scale(moves[o->kind](o, s, g), rate);
    return gan_sub(o->decoupled && decay > 0 ? gan_scale(w, 1 - rate * decay) : w, fall);
}

void gan__virtual_step(const gan_optim *o, gan__virtual_slot *slots, gan_tensor **w, gan_tensor **g) {
    const gan_optim_opts *opts = gan__optim_opts(o);
    int n = gan__optim_count(o);
    clip(opts, g, n);
    for (int i = 0; i < n; i++) {
        if (!g[i]) continue;
        double decay = gan__optim_param(o, i)->no_decay ? 0 : opts->weight_decay;
        w[i] = gan_scope_return(moved(opts, &slots[i], w[i], g[i], gan__optim_rate(o), decay));
        for (int k = 0; k < GAN__MOMENTS; k++)
            if (slots[i].moment[k]) gan_scope_return(slots[i].moment[k]);
    }
}
