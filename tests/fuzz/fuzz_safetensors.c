/* libFuzzer's entry to the safetensors reader: it must refuse or read, never more. With Clang, from the project's folder:
 *
 *   cmake -S . -B build-fuzz -DCMAKE_C_COMPILER=clang -DGAN_SANITIZE=fuzzer-no-link,address,undefined
 *   cmake --build build-fuzz --target gan_static
 *   clang -g -fsanitize=fuzzer,address,undefined -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc tests/fuzz/fuzz_safetensors.c \
 *         build-fuzz/libgan.a -lcjson -lz -lopenblas -lm -lpthread -o fuzz_safetensors
 *   ./fuzz_safetensors tests/fuzz/corpus/safetensors
 *
 * test_safetensors_corpus runs it over the corpus without libFuzzer. */
#include <stdlib.h>

#include "io/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void read_all(gan_ctx *ctx, gan__st *file) {
    for (int64_t i = 0; i < gan__st_count(file); i++) {
        const gan__st_tensor *t = gan__st_at(file, i);
        void *values = malloc((size_t)(t->count + 1) * 8);
        if (gan__st_find(file, t->name) != t || !values) abort(); /* how libFuzzer learns of a finding */
        gan__st_read_real(file, t, values);
        gan__st_read_i64(file, t, values);
        gan__st_read_f64(file, t, values);
        free(values);
        gan_ctx_clear(ctx);
    }
    for (int64_t i = 0; gan__st_meta_key(file, i); i++)
        if (!gan__st_meta(file, gan__st_meta_key(file, i))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    gan__st *file = gan__st_open_memory(ctx, bytes, size, "input", "fuzz");
    if (!file && gan_ctx_status(ctx) != GAN_E_FORMAT) abort();
    read_all(ctx, file);
    gan__st_close(file);
    gan_ctx_free(ctx);
    return 0;
}
