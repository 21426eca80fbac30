/* A small run on points, for tricks: perceptrons without norms, a few steps. */
#ifndef TESTS_POINT_RUN_H
#define TESTS_POINT_RUN_H

#include <gan/gan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct point_run {
    gan_ctx *ctx;
    gan_module *G, *D;
    gan_trainer *trainer;
} point_run;

typedef gan_trick *(*trick_maker)(gan_ctx *ctx);

static inline point_run point_run_new(int threads, gan_trainer_opts o, const trick_maker *makers, int n) {
    point_run r = {gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = threads}), NULL, NULL, NULL};
    gan_dataset *data = gan_ring_data(r.ctx, (gan_mixture_opts){.count = 256});
    gan_mlp_opts net = {.dim = 2, .latent = 3, .width = 12, .depth = 2, .pack = o.pack};
    r.G = gan_mlp_generator(r.ctx, net);
    r.D = gan_mlp_discriminator(r.ctx, net);
    r.trainer = gan_trainer_new(r.G, r.D, data, o);
    for (int i = 0; i < n; i++) gan_trainer_use(r.trainer, makers[i](r.ctx));
    return r;
}

static inline gan_trainer_opts point_opts(void) {
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 16;
    o.ema = 0;
    o.g = gan_adam(1e-3);
    o.d = gan_adam(1e-3);
    return o;
}

/* All parameters of both players, one after the other; the caller frees them. */
static inline gan_real *point_values(const point_run *r, size_t *count) {
    gan_module *nets[] = {r->G, r->D};
    *count = 0;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < gan_module_param_count(nets[k]); i++) *count += (size_t)gan_count(gan_module_param(nets[k], i)->tensor);
    gan_real *values = malloc(*count * sizeof *values), *to = values;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < gan_module_param_count(nets[k]); i++) {
            const gan_tensor *t = gan_module_param(nets[k], i)->tensor;
            memcpy(to, gan_data(t), (size_t)gan_count(t) * sizeof *to);
            to += gan_count(t);
        }
    return values;
}

#endif
