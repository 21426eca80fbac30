/* Tensors, broadcasting, and gradients of gradients.
 *
 *     cc 01_tensor.c $(pkg-config --cflags --libs gan) && ./a.out */
#include <gan/gan.h>
#include <stdio.h>

static void print(const char *name, const gan_tensor *t) {
    char shape[GAN_SHAPE_TEXT];
    printf("%-10s %-8s", name, gan_shape_text(gan_shape_of(t), shape));
    for (int64_t i = 0; i < gan_count(t); i++) printf(" %8.4f", (double)gan_data(t)[i]);
    printf("\n");
}

int main(void) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1});
    gan_scope_begin(ctx); /* what is made from here on ... */

    gan_tensor *x = gan_from(ctx, gan_shape2(2, 3), (gan_real[]){1, 2, 3, 4, 5, 6});
    gan_tensor *b = gan_from(ctx, gan_shape1(3), (gan_real[]){10, 20, 30});
    print("x + b", gan_add(x, b)); /* b is added to each row */

    /* y = sum of x^3: its gradient is 3x^2, and the gradient of that one's sum is 6x. */
    gan_tensor *y = gan_sum(gan_mul(x, gan_square(x)));
    gan_tensor *dy = gan_grad(y, x, (gan_grad_opts){.create_graph = true});
    gan_tensor *ddy = gan_grad(gan_sum(dy), x, (gan_grad_opts){0});
    print("x", x);
    print("dy/dx", dy);
    print("d2y/dx2", ddy);

    /* Errors do not crash and need not be checked line by line: the first one stays with the context. */
    gan_tensor *wrong = gan_matmul(x, gan_add(x, b), (gan_matmul_opts){0});
    print("wrong", gan_tanh(wrong));
    printf("%s: %s\n", gan_status_name(gan_ctx_status(ctx)), gan_ctx_message(ctx));
    gan_ctx_clear(ctx);

    gan_scope_end(ctx); /* ... is released here */
    gan_ctx_free(ctx);
    return 0;
}
