/* Prints "gan VERSION: 6". */
#include <gan/gan.h>
#include <stdio.h>

int main(void) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 2});
    gan_tensor *x = gan_from(ctx, gan_shape1(3), (gan_real[]){1, 2, 3});
    printf("gan %s: %g\n", gan_version(), gan_item(gan_sum(x)));
    gan_status status = gan_ctx_status(ctx);
    gan_ctx_free(ctx);
    return status != GAN_OK;
}
