#include "data_files.h"

#define IMAGES 6
#define SIDE 3
#define PIXELS (SIDE * SIDE)
#define HEAD 16
#define SIZE (HEAD + IMAGES * PIXELS)

static uint8_t pixel(int image, int i) { return (uint8_t)(image * 40 + i * 5); }

static void make_images(uint8_t bytes[SIZE + 1]) {
    const uint8_t head[HEAD] = {0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, SIDE, 0, 0, 0, SIDE};
    memcpy(bytes, head, HEAD);
    for (int k = 0; k < IMAGES; k++)
        for (int i = 0; i < PIXELS; i++) bytes[HEAD + k * PIXELS + i] = pixel(k, i);
    bytes[SIZE] = 99;
}

static const uint8_t label_file[] = {0, 0, 8, 1, 0, 0, 0, IMAGES, 3, 1, 4, 1, 5, 2};

/* Every sample, recognised by its first pixel, and with the label of its own. */
static void expect_contents(gan_ctx *ctx, gan_dataset *d, bool labels) {
    expect_ok(ctx);
    assert_int_equal(gan_dataset_count(d), IMAGES);
    assert_true(gan_shape_equal(gan_dataset_shape(d), gan_shape3(SIDE, SIDE, 1)));
    assert_int_equal(gan_dataset_classes(d), labels ? 6 : 0);
    gan_batch b = gan_dataset_next(d, IMAGES);
    expect_ok(ctx);
    assert_int_equal(b.label != NULL, labels);
    assert_null(b.target);
    bool seen[IMAGES] = {false};
    for (int k = 0; k < IMAGES; k++) {
        int image = (int)((value(b.x, k * PIXELS) + 1) * 127.5f + .5f) / 40;
        assert_false(seen[image]);
        seen[image] = true;
        for (int i = 0; i < PIXELS; i++) assert_true(value(b.x, k * PIXELS + i) == REAL_OF(pixel(image, i)));
        if (labels) assert_true(value(b.label, k) == label_file[8 + image]);
    }
}

static void test_idx__reads_plain_and_gzip_files(void **state) {
    fixture *f = *state;
    uint8_t bytes[SIZE + 1];
    make_images(bytes);
    write_file(path_in(f, "plain"), bytes, SIZE);
    write_gz(path_in(f, "packed"), bytes, SIZE);
    expect_contents(f->ctx, gan_idx_images(f->ctx, path_in(f, "plain"), (gan_image_opts){0}), false);
    expect_contents(f->ctx, gan_idx_images(f->ctx, path_in(f, "packed"), (gan_image_opts){0}), false);
    expect_contents(f->ctx, gan_images(f->ctx, path_in(f, "packed"), (gan_image_opts){0}), false);
}

static void test_idx__finds_labels_by_name(void **state) {
    fixture *f = *state;
    uint8_t bytes[SIZE + 1];
    make_images(bytes);
    static const char *const names[][2] = {{"a-images-idx3-ubyte", "a-labels-idx1-ubyte"},
                                           {"b-images-idx3-ubyte.gz", "b-labels-idx1-ubyte.gz"},
                                           {"c-images-idx3-ubyte.gz", "c-labels-idx1-ubyte"},
                                           {"d-images-idx3-ubyte", "d-labels-idx1-ubyte.gz"},
                                           {"e-images.idx3-ubyte", "e-labels.idx1-ubyte"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (strstr(names[i][0], ".gz") ? write_gz : write_file)(path_in(f, names[i][0]), bytes, SIZE);
        (strstr(names[i][1], ".gz") ? write_gz : write_file)(path_in(f, names[i][1]), label_file, sizeof label_file);
        expect_contents(f->ctx, gan_idx_images(f->ctx, path_in(f, names[i][0]), (gan_image_opts){0}), true);
    }
}

/* The folder is called images-idx3 as well; only the file's own name counts. */
static void test_idx__takes_the_folder_for_no_name(void **state) {
    fixture *f = *state;
    uint8_t bytes[SIZE + 1];
    make_images(bytes);
    folder_in(f, "images-idx3");
    write_file(path_in(f, "images-idx3/x"), bytes, SIZE);
    folder_in(f, "labels-idx1");
    write_file(path_in(f, "labels-idx1/x"), label_file, sizeof label_file);
    expect_contents(f->ctx, gan_idx_images(f->ctx, path_in(f, "images-idx3/x"), (gan_image_opts){0}), false);
    write_file(path_in(f, "labels"), label_file, sizeof label_file);
    gan_image_opts opts = {.labels = path_in(f, "labels")};
    expect_contents(f->ctx, gan_idx_images(f->ctx, path_in(f, "images-idx3/x"), opts), true);
}

static void test_idx__resizes_and_converts(void **state) {
    fixture *f = *state;
    uint8_t bytes[SIZE + 1];
    make_images(bytes);
    memset(bytes + HEAD, 51, IMAGES * PIXELS);
    write_file(path_in(f, "x"), bytes, SIZE);
    gan_dataset *d = gan_idx_images(f->ctx, path_in(f, "x"), (gan_image_opts){.height = 5, .width = 4, .channels = 3});
    assert_true(gan_shape_equal(gan_dataset_shape(d), gan_shape3(5, 4, 3)));
    gan_batch b = gan_dataset_next(d, 2);
    expect_ok(f->ctx);
    assert_true(gan_shape_equal(gan_shape_of(b.x), gan_shape4(2, 5, 4, 3)));
    for (int i = 0; i < 120; i++) expect_near(value(b.x, i), -.6);
}

static void test_idx__reads_colour_images(void **state) {
    fixture *f = *state;
    const uint8_t bytes[] = {0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    write_file(path_in(f, "x"), bytes, sizeof bytes);
    gan_dataset *d = gan_idx_images(f->ctx, path_in(f, "x"), (gan_image_opts){0});
    gan_batch b = gan_dataset_next(d, 1);
    expect_ok(f->ctx);
    assert_true(gan_shape_equal(gan_shape_of(b.x), gan_shape4(1, 1, 2, 3)));
    for (int i = 0; i < 6; i++) assert_true(value(b.x, i) == REAL_OF(i + 1));
}

static void expect_refusal(fixture *f, const char *name, gan_status status, const char *says) {
    gan_dataset *d = gan_idx_images(f->ctx, path_in(f, name), (gan_image_opts){0});
    assert_true(gan_dataset_is_nil(d));
    expect_error(f->ctx, status, name, says);
}

static void test_idx__refuses_what_is_no_image_file(void **state) {
    fixture *f = *state;
    uint8_t good[SIZE + 1], bad[SIZE + 1];
    make_images(good);
    expect_refusal(f, "missing", GAN_E_IO, "No such file");
    expect_refusal(f, "", GAN_E_IO, "is no file"); /* the folder itself */
    static const struct {
        const char *name;
        int at, byte;
        size_t size;
        const char *says;
    } changes[] = {
        {"empty", 0, 0, 0, "truncated: 0 bytes of 4"},
        {"no magic", 0, 'P', SIZE, "is no IDX file: it begins with 50 00 08 03"},
        {"odd type", 2, 7, SIZE, "is no IDX file"},
        {"floats", 2, 0x0D, SIZE, "holds 32-bit floats"},
        {"shorts", 2, 0x0B, SIZE, "holds 16-bit integers"},
        {"five dims", 3, 5, SIZE, "has 5 dimensions"},
        {"labels", 3, 1, 8 + IMAGES, "has 1 dimension; images have 3 or 4"},
        {"no dims", 3, 0, SIZE, "is no IDX file"},
        {"half a head", 3, 3, 9, "truncated: 9 bytes of 16"},
        {"no images", 7, 0, SIZE, "dimension 0 is 0"},
        {"short", 7, IMAGES, SIZE - 1, "truncated: 69 bytes of 70"},
        {"huge", 4, 255, SIZE, "promises more than it can hold"},
        {"long", 7, IMAGES, SIZE + 1, "goes on after its 54 values"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        memcpy(bad, good, sizeof bad);
        bad[changes[i].at] = (uint8_t)changes[i].byte;
        write_file(path_in(f, changes[i].name), bad, changes[i].size);
        expect_refusal(f, changes[i].name, GAN_E_FORMAT, changes[i].says);
    }
}

static void test_idx__refuses_broken_gzip(void **state) {
    fixture *f = *state;
    uint8_t good[SIZE + 1], packed[2 * SIZE + 100];
    make_images(good);
    write_gz(path_in(f, "good"), good, SIZE);
    size_t size = read_file(path_in(f, "good"), packed, sizeof packed);
    write_file(path_in(f, "cut"), packed, size / 2);
    write_file(path_in(f, "no checksum"), packed, size - 4);
    packed[size - 5] ^= 1;
    write_file(path_in(f, "wrong checksum"), packed, size);
    packed[size / 2] ^= 0xff;
    write_file(path_in(f, "garbled"), packed, size);
    write_gz(path_in(f, "short inside"), good, SIZE - 2);
    write_gz(path_in(f, "long inside"), good, SIZE + 1);
    expect_refusal(f, "cut", GAN_E_FORMAT, "truncated");
    expect_refusal(f, "no checksum", GAN_E_FORMAT, "its checksum is missing");
    char once[PATH_ROOM + 64]; /* the path, that is: zlib names it too */
    snprintf(once, sizeof once, "gan_idx_images: %s/wrong checksum: incorrect data check", f->dir);
    expect_refusal(f, "wrong checksum", GAN_E_FORMAT, once);
    expect_refusal(f, "garbled", GAN_E_FORMAT, "");
    expect_refusal(f, "short inside", GAN_E_FORMAT, "truncated: 68 bytes of 70");
    expect_refusal(f, "long inside", GAN_E_FORMAT, "goes on after");
}

static void test_idx__refuses_labels_that_do_not_fit(void **state) {
    fixture *f = *state;
    uint8_t bytes[SIZE + 1], labels[sizeof label_file];
    make_images(bytes);
    write_file(path_in(f, "x-images-idx3-ubyte"), bytes, SIZE);
    memcpy(labels, label_file, sizeof labels);
    labels[7] = IMAGES - 1;
    write_file(path_in(f, "x-labels-idx1-ubyte"), labels, sizeof labels - 1);
    expect_refusal(f, "x-images-idx3-ubyte", GAN_E_MISMATCH, "has 5 labels, but");
    write_file(path_in(f, "x-labels-idx1-ubyte"), bytes, SIZE);
    assert_true(gan_dataset_is_nil(gan_idx_images(f->ctx, path_in(f, "x-images-idx3-ubyte"), (gan_image_opts){0})));
    expect_error(f->ctx, GAN_E_FORMAT, "x-labels-idx1-ubyte", "has 3 dimensions; labels have 1");
    gan_image_opts opts = {.labels = path_in(f, "nowhere")};
    assert_true(gan_dataset_is_nil(gan_idx_images(f->ctx, path_in(f, "x-images-idx3-ubyte"), opts)));
    expect_error(f->ctx, GAN_E_IO, "nowhere", "No such file");
}

static void test_idx__refuses_no_path(void **state) {
    fixture *f = *state;
    assert_true(gan_dataset_is_nil(gan_idx_images(f->ctx, NULL, (gan_image_opts){0})));
    expect_error(f->ctx, GAN_E_ARG, "gan_idx_images", "the path is NULL");
    assert_true(gan_dataset_is_nil(gan_idx_images(f->ctx, "", (gan_image_opts){0})));
    expect_error(f->ctx, GAN_E_ARG, "gan_idx_images", "the path is empty");
}

static void test_folder__of_idx_files_is_opened_by_its_training_images(void **state) {
    fixture *f = *state;
    uint8_t bytes[SIZE + 1];
    make_images(bytes);
    write_gz(path_in(f, "t10k-images-idx3-ubyte.gz"), bytes, SIZE);
    write_file(path_in(f, "t10k-labels-idx1-ubyte"), label_file, sizeof label_file);
    expect_contents(f->ctx, gan_images(f->ctx, f->dir, (gan_image_opts){0}), true);
    write_gz(path_in(f, "other-images-idx3-ubyte.gz"), bytes, SIZE);
    assert_true(gan_dataset_is_nil(gan_images(f->ctx, f->dir, (gan_image_opts){0})));
    expect_error(f->ctx, GAN_E_ARG, f->dir, "2 IDX files of images: name one");
    bytes[HEAD] = 255; /* tells the training images from the others */
    write_gz(path_in(f, "train-images-idx3-ubyte.gz"), bytes, SIZE);
    gan_dataset *d = gan_images(f->ctx, f->dir, (gan_image_opts){0});
    expect_ok(f->ctx);
    gan_tensor *x = gan_dataset_next(d, IMAGES).x;
    int marks = 0;
    for (int k = 0; k < IMAGES; k++) marks += value(x, k * PIXELS) == 1;
    assert_int_equal(marks, 1);
    assert_non_null(strstr(gan_dataset_describe(d), "train-images"));
}

/* Whichever request for memory fails: an error, no leak, and the next attempt succeeds. */
static void test_idx__survives_every_failing_allocation(void **state) {
    fixture *f = *state;
    gan_ctx *ctx = f->ctx;
    uint8_t bytes[SIZE + 1];
    make_images(bytes);
    write_file(path_in(f, "x-images-idx3-ubyte"), bytes, SIZE);
    write_file(path_in(f, "x-labels-idx1-ubyte"), label_file, sizeof label_file);
    char path[PATH_ROOM];
    strcpy(path, path_in(f, "x-images-idx3-ubyte"));
    gan_idx_images(ctx, NULL, (gan_image_opts){0}); /* what the context makes but once: nil, streams, handles */
    gan_ctx_clear(ctx);
    gan_dataset *first = gan_idx_images(ctx, path, (gan_image_opts){.held_out = .2});
    gan_batch b = gan_dataset_next(first, 2);
    gan_release(b.x);
    gan_release(b.label);
    gan_dataset_free(first);
    expect_ok(ctx);
    size_t before = gan_ctx_memory(ctx).in_use;
    int64_t n = 1;
    for (bool failed = true; failed; n++) {
        gan_ctx_fail_alloc(ctx, n);
        gan_dataset *d = gan_idx_images(ctx, path, (gan_image_opts){.decoders = 2});
        b = gan_dataset_next(d, 2);
        gan_ctx_fail_alloc(ctx, 0);
        failed = gan_ctx_status(ctx) != GAN_OK;
        if (failed) {
            assert_int_equal(gan_ctx_status(ctx), GAN_E_MEMORY);
            assert_true(gan_is_nil(b.x));
            gan_ctx_clear(ctx);
            if (!gan_dataset_is_nil(d)) { /* it was gan_dataset_next that failed */
                b = gan_dataset_next(d, 2);
                expect_ok(ctx);
            }
        }
        gan_release(b.x);
        gan_release(b.label);
        gan_dataset_free(d);
        assert_int_equal(gan_ctx_memory(ctx).in_use, before);
    }
    assert_in_range(n, 20, 60);
}

static void test_idx__reads_the_example(void **state) {
    fixture *f = *state;
    gan_image_opts opts = {.held_out = .2};
    gan_dataset *d = gan_images(f->ctx, GAN_DATA_DIR "/t10k-images-idx3-ubyte.gz", opts);
    expect_ok(f->ctx);
    assert_int_equal(gan_dataset_count(d), 8000);
    assert_int_equal(gan_dataset_held_out_count(d), 2000);
    assert_int_equal(gan_dataset_classes(d), 10);
    assert_non_null(strstr(gan_dataset_describe(d), "8000 training and 2000 held-out samples of shape [28, 28, 1], 10 classes"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_idx__reads_plain_and_gzip_files),
        TEST(test_idx__finds_labels_by_name),
        TEST(test_idx__takes_the_folder_for_no_name),
        TEST(test_idx__resizes_and_converts),
        TEST(test_idx__reads_colour_images),
        TEST(test_idx__refuses_what_is_no_image_file),
        TEST(test_idx__refuses_broken_gzip),
        TEST(test_idx__refuses_labels_that_do_not_fit),
        TEST(test_idx__refuses_no_path),
        TEST(test_folder__of_idx_files_is_opened_by_its_training_images),
        TEST(test_idx__survives_every_failing_allocation),
        TEST(test_idx__reads_the_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
