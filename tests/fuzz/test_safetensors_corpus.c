/* The fuzz target over its committed corpus: what once was a finding stays found. */
#include "fuzz/fuzz_safetensors.c"

#include "io/io_support.h"

#define CORPUS GAN_TESTS_DIR "/fuzz/corpus/safetensors"

static void test_corpus__is_survived(void **state) {
    (void)state;
    DIR *dir = opendir(CORPUS);
    int count = 0;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.') continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", CORPUS, e->d_name);
        size_t size;
        char *bytes = slurp(path, &size);
        uint8_t *exact = malloc(size + !size); /* so that a read past the end is seen */
        memcpy(exact, bytes, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        free(bytes);
        count++;
    }
    closedir(dir);
    assert_int_equal(count, 14);
}

/* The target reaches what it is for: sound files are read, not refused like the others. */
static void test_corpus__has_sound_files(void **state) {
    (void)state;
    static const char *const sound[] = {"ours", "metadata", "two_tensors", "padded", "empty_object"};
    for (int i = 0; i < COUNT_OF(sound); i++) {
        char path[512];
        size_t size;
        snprintf(path, sizeof path, "%s/%s", CORPUS, sound[i]);
        char *bytes = slurp(path, &size);
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
        gan__st *file = gan__st_open_memory(ctx, bytes, size, "input", "test");
        if (!file) fail_msg("%s: %s", sound[i], gan_ctx_message(ctx));
        gan__st_close(file);
        gan_ctx_free(ctx);
        free(bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus__is_survived), cmocka_unit_test(test_corpus__has_sound_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
