/* The library's side of the exchange with PyTorch:
 *     generator train FOLDER    trains a little, leaves checkpoint.safetensors, latents.f32 and images.f32 (of G's average)
 *     generator images FOLDER   loads FOLDER/torch.safetensors, leaves images.f32 of it */
#include <gan/gan.h>
#include <stdio.h>
#include <string.h>

#include "train/small_run.h"

enum { IMAGES = 5 };

static const char *in(const char *folder, const char *name) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void dump(const gan_tensor *t, const char *path) {
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(gan_data(t), sizeof(gan_real), (size_t)gan_count(t), f) != (size_t)gan_count(t)) perror(path);
    if (f) fclose(f);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const char *folder = argv[2];
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 2}, small_opts());
    const gan_set *values = NULL;
    if (!strcmp(argv[1], "train")) {
        gan_train(r.trainer, (gan_train_opts){.steps = 80});
        gan_trainer_save(r.trainer, in(folder, "checkpoint.safetensors"));
        values = gan_trainer_ema(r.trainer);
    } else {
        gan_load_weights(r.G, in(folder, "torch.safetensors"), NULL);
    }
    gan_module_train(r.G, false);
    gan_tensor *z = gan_randn_from(gan_stream_named(r.ctx, "exchange"), gan_shape2(IMAGES, 6));
    gan_tensor *x = gan_forward_with(r.G, values, z);
    if (gan_ctx_status(r.ctx)) {
        fprintf(stderr, "%s\n", gan_ctx_message(r.ctx));
        return 1;
    }
    dump(z, in(folder, "latents.f32"));
    dump(x, in(folder, "images.f32"));
    gan_ctx_free(r.ctx);
    return 0;
}
