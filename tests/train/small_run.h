/* A small run on everything that training can depend on: convolutions, batch norm, dropout, flips, prefetch, held-out data, an
 * average of G. */
#ifndef TESTS_SMALL_RUN_H
#define TESTS_SMALL_RUN_H

#include <gan/gan.h>
#include <stdlib.h>

typedef struct small_run {
    gan_ctx *ctx;
    gan_module *G, *D;
    gan_dataset *data;
    gan_trainer *trainer;
} small_run;

enum { SMALL_IMAGES = 45, SMALL_SIDE = 16 };

/* Bright bars on dark ground, wherever the index puts them. */
static inline void small_pixels(gan_real *x) {
    for (int i = 0; i < SMALL_IMAGES; i++)
        for (int row = 0; row < SMALL_SIDE; row++)
            for (int col = 0; col < SMALL_SIDE; col++)
                *x++ = (gan_real)((col + i) % 7 < 2 ? .9 : -.8) + (gan_real)(.01 * ((row * i) % 10));
}

static inline small_run small_run_new(gan_ctx_opts o, gan_trainer_opts opts) {
    small_run r = {0};
    r.ctx = gan_ctx_new(o);
    gan_real *x = malloc(sizeof *x * SMALL_IMAGES * SMALL_SIDE * SMALL_SIDE);
    small_pixels(x);
    r.data = gan_array_data(r.ctx, gan_shape4(SMALL_IMAGES, SMALL_SIDE, SMALL_SIDE, 1), x,
                            (gan_array_opts){.held_out = .2, .flip = true});
    free(x);
    gan_dcgan_opts net = {.size = SMALL_SIDE, .channels = 1, .latent = 6, .features = 4, .dropout = .25};
    r.G = gan_dcgan_generator(r.ctx, net);
    r.D = gan_dcgan_discriminator(r.ctx, net);
    r.trainer = gan_trainer_new(r.G, r.D, r.data, opts);
    return r;
}

static inline gan_trainer_opts small_opts(void) {
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 8;
    o.ema = .9;
    o.ema_start = 0;
    o.d.lr = 1e-3;
    o.loss.real_target = .9;
    return o;
}

#endif
