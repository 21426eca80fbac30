#include "data_files.h"

#include "data/loader.h"

#define PLANE 1024
#define RECORD 3073

static uint8_t channel(int number, int c, int pixel) { return (uint8_t)(number * 31 + c * 80 + pixel % 57); }

/* `count` records, numbered from `first` on; each one's label is its number. */
static void write_records(const char *path, int first, int count) {
    uint8_t *bytes = malloc((size_t)count * RECORD);
    for (int k = 0; k < count; k++) {
        uint8_t *r = bytes + k * RECORD;
        r[0] = (uint8_t)(first + k);
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < PLANE; i++) r[1 + c * PLANE + i] = channel(first + k, c, i);
    }
    write_file(path, bytes, (size_t)count * RECORD);
    free(bytes);
}

static void expect_contents(gan_ctx *ctx, gan_dataset *d, int count) {
    expect_ok(ctx);
    assert_int_equal(gan_dataset_count(d), count);
    assert_true(gan_shape_equal(gan_dataset_shape(d), gan_shape3(32, 32, 3)));
    assert_int_equal(gan_dataset_classes(d), count);
    gan_batch b = gan_dataset_next(d, count);
    bool seen[10] = {false};
    for (int k = 0; k < count; k++) {
        int number = (int)value(b.label, k);
        assert_false(seen[number]);
        seen[number] = true;
        for (int i = 0; i < PLANE; i++)
            for (int c = 0; c < 3; c++)
                assert_true(value(b.x, (k * PLANE + i) * 3 + c) == REAL_OF(channel(number, c, i)));
    }
}

static void test_cifar__reads_a_file_and_a_folder(void **state) {
    fixture *f = *state;
    write_records(path_in(f, "data_batch_1.bin"), 0, 2);
    write_records(path_in(f, "data_batch_2.bin"), 2, 3);
    write_records(path_in(f, "test_batch.bin"), 0, 4); /* not for training */
    write_file(path_in(f, "batches.meta.txt"), "x", 1);
    expect_contents(f->ctx, gan_cifar10(f->ctx, path_in(f, "data_batch_1.bin"), (gan_image_opts){0}), 2);
    expect_contents(f->ctx, gan_cifar10(f->ctx, path_in(f, "test_batch.bin"), (gan_image_opts){0}), 4);
    expect_contents(f->ctx, gan_cifar10(f->ctx, f->dir, (gan_image_opts){0}), 5);
    expect_contents(f->ctx, gan_images(f->ctx, f->dir, (gan_image_opts){0}), 5);
    expect_contents(f->ctx, gan_images(f->ctx, path_in(f, "test_batch.bin"), (gan_image_opts){0}), 4);
}

static void test_cifar__refuses_what_is_no_batch(void **state) {
    fixture *f = *state;
    uint8_t bytes[3074] = {0};
    static const struct {
        const char *name;
        size_t size;
        int label;
        gan_status status;
        const char *says;
    } bad[] = {{"short.bin", RECORD - 1, 0, GAN_E_FORMAT, "has 3072 bytes, not a multiple of 3073"},
               {"hundred.bin", RECORD + 1, 0, GAN_E_FORMAT, "CIFAR-100"},
               {"empty.bin", 0, 0, GAN_E_FORMAT, "has 0 bytes"},
               {"label.bin", RECORD, 10, GAN_E_FORMAT, "the label of record 0 is 10"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bytes[0] = (uint8_t)bad[i].label;
        write_file(path_in(f, bad[i].name), bytes, bad[i].size);
        assert_true(gan_dataset_is_nil(gan_cifar10(f->ctx, path_in(f, bad[i].name), (gan_image_opts){0})));
        expect_error(f->ctx, bad[i].status, bad[i].name, bad[i].says);
    }
    gan_cifar10(f->ctx, path_in(f, "missing.bin"), (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_IO, "missing.bin", "No such file");
    gan_cifar10(f->ctx, f->dir, (gan_image_opts){0});
    expect_error(f->ctx, GAN_E_IO, f->dir, "has no data_batch_*.bin");
    write_records(path_in(f, "data_batch_1.bin"), 0, 2);
    write_file(path_in(f, "data_batch_2.bin"), bytes, 100);
    assert_true(gan_dataset_is_nil(gan_images(f->ctx, f->dir, (gan_image_opts){0})));
    expect_error(f->ctx, GAN_E_FORMAT, "data_batch_2.bin", "has 100 bytes");
}

/* The checkpoint's question at resuming: is this the same data? The place does not matter, the contents do. */
static void test_cifar__identity_is_that_of_the_contents(void **state) {
    fixture *f = *state;
    write_records(path_in(f, "a.bin"), 0, 2);
    write_records(path_in(f, "b.bin"), 0, 2);
    write_records(path_in(f, "c.bin"), 0, 2);
    FILE *c_file = fopen(path_in(f, "c.bin"), "r+b");
    fputc(7, c_file); /* another label */
    fclose(c_file);
    gan_dataset *a = gan_cifar10(f->ctx, path_in(f, "a.bin"), (gan_image_opts){0}),
                *b = gan_cifar10(f->ctx, path_in(f, "b.bin"), (gan_image_opts){0}),
                *c = gan_cifar10(f->ctx, path_in(f, "c.bin"), (gan_image_opts){0});
    assert_string_equal(gan__dataset_identity(a), gan__dataset_identity(b));
    assert_string_not_equal(strstr(gan__dataset_identity(a), "contents"), strstr(gan__dataset_identity(c), "contents"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_cifar__reads_a_file_and_a_folder),
        TEST(test_cifar__refuses_what_is_no_batch),
        TEST(test_cifar__identity_is_that_of_the_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
