/* A net, a loss, an optimiser: a small perceptron learns one period of the sine. */
#include <gan/gan.h>
#include <math.h>
#include <stdio.h>

enum { POINTS = 256 };

int main(void) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});

    gan_module *net = gan_sequential(ctx);
    gan_sequential_add(net, gan_linear_layer(ctx, 1, 32, (gan_linear_opts){0}));
    gan_sequential_add(net, gan_tanh_layer(ctx));
    gan_sequential_add(net, gan_linear_layer(ctx, 32, 1, (gan_linear_opts){0}));
    gan_optim_opts adam = gan_adam(1e-2);
    adam.beta1 = .9;
    gan_optim *optim = gan_optim_new(net, adam);

    gan_real xs[POINTS], ys[POINTS];
    for (int i = 0; i < POINTS; i++) {
        xs[i] = (gan_real)(-3.14159 + 6.28318 * i / (POINTS - 1));
        ys[i] = (gan_real)sin(xs[i]);
    }
    for (int step = 0; step <= 1000; step++) {
        gan_scope_begin(ctx);
        gan_tensor *x = gan_from(ctx, gan_shape2(POINTS, 1), xs), *y = gan_from(ctx, gan_shape2(POINTS, 1), ys);
        gan_tensor *loss = gan_mean(gan_square(gan_sub(gan_forward(net, x), y)));
        gan_optim_step(optim, loss);
        if (step % 200 == 0) printf("step %4d  mean square error %.6f\n", step, gan_item(loss));
        gan_scope_end(ctx);
    }

    if (gan_ctx_status(ctx)) fprintf(stderr, "%s\n", gan_ctx_message(ctx));
    int failed = gan_ctx_status(ctx) != GAN_OK;
    gan_ctx_free(ctx);
    return failed;
}
