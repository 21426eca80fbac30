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
    assert_true(count >= 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus__is_survived)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
