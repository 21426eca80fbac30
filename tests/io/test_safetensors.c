#include "io_support.h"

#include "io/safetensors.h"

#define GOLDEN(name) GAN_TESTS_DIR "/golden/" name

static const float floats[] = {1, -2.5f, 3e-20f, 4e20f, 0, -0.0f};
static const double doubles[] = {1.0 / 3, -1e300, 5};
static const int64_t longs[] = {INT64_MIN, -1, INT64_MAX};

static gan__st_entry entry(const char *name, gan__st_dtype dtype, const void *data, int ndim, int64_t a, int64_t b) {
    return (gan__st_entry){.name = name, .dtype = dtype, .ndim = ndim, .dims = {a, b}, .data = data};
}

/* Fills a tensor with 0, 1, 2, ...; user: how many. */
static void count_up(const gan__st_entry *e, void *dst) {
    float *to = dst;
    for (int64_t i = 0; i < *(const int64_t *)e->user; i++) to[i] = (float)i;
}

static const int64_t many = 70001; /* more than one chunk, and odd */

static gan__st_writer *sample(gan_ctx *ctx) {
    gan__st_writer *w = gan__st_writer_new(ctx);
    gan__st_add_meta(w, "format", "pt");
    gan__st_add_meta(w, "odd \"key\"\n", "\\ \x01 ü");
    gan__st_add_meta_int(w, "step", -1234567890123456789);
    gan__st_add(w, entry("f32", GAN__ST_F32, floats, 2, 2, 3));
    gan__st_add(w, entry("odd \"näme\"\\", GAN__ST_F32, floats, 1, 1, 0));
    gan__st_add(w, entry("f64", GAN__ST_F64, doubles, 1, 3, 0));
    gan__st_add(w, entry("empty", GAN__ST_F32, NULL, 2, 0, 7));
    gan__st_add(w, entry("i64", GAN__ST_I64, longs, 1, 3, 0));
    gan__st_add(w, entry("scalar", GAN__ST_I64, longs, 0, 0, 0));
    gan__st_entry made = entry("made", GAN__ST_F32, NULL, 1, many, 0);
    made.fill = count_up;
    made.user = &many;
    gan__st_add(w, made);
    gan__st_entry deep = entry("deep", GAN__ST_F32, floats, 8, 1, 2);
    for (int i = 2; i < 8; i++) deep.dims[i] = i == 5 ? 3 : 1;
    gan__st_add(w, deep);
    return w;
}

static void check_reals(gan__st *file, const char *name, const double *wanted, int64_t count) {
    const gan__st_tensor *t = gan__st_find(file, name);
    gan_real got[16];
    assert_non_null(t);
    assert_int_equal(t->count, count);
    assert_true(gan__st_read_real(file, t, got));
    for (int64_t i = 0; i < count; i++)
        if (got[i] != (gan_real)wanted[i]) fail_msg("%s[%d] is %.17g, not %.17g", name, (int)i, (double)got[i], wanted[i]);
}

static void check_floats(gan__st *file, const char *name, int64_t count) {
    double wanted[16];
    for (int64_t i = 0; i < count; i++) wanted[i] = floats[i];
    check_reals(file, name, wanted, count);
}

static void test_file__gives_back_what_was_written(void **state) {
    fixture *f = *state;
    char text[GAN__ST_SHAPE_TEXT];
    gan__st_write(sample(f->ctx), f->path, "test");
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    check_ok(f->ctx);
    assert_int_equal(gan__st_count(file), 8);
    assert_string_equal(gan__st_path(file), f->path);
    check_floats(file, "f32", 6);
    check_floats(file, "odd \"näme\"\\", 1);
    check_floats(file, "empty", 0);
    check_floats(file, "deep", 6);
    check_reals(file, "f64", (double[]){1.0 / 3, -(double)INFINITY, 5}, 3); /* 1e300 in float */
    check_reals(file, "scalar", (double[]){(double)INT64_MIN}, 1);
    assert_string_equal(gan__st_shape_text(gan__st_find(file, "deep"), text), "[1, 2, 1, 1, 1, 3, 1, 1]");
    assert_string_equal(gan__st_shape_text(gan__st_find(file, "scalar"), text), "[]");
    int64_t got[3];
    assert_true(gan__st_read_i64(file, gan__st_find(file, "i64"), got));
    assert_memory_equal(got, longs, sizeof longs);
    assert_null(gan__st_find(file, "f3"));
    assert_null(gan__st_at(file, 8));
    gan__st_close(file);
}

static void test_file__larger_than_a_chunk(void **state) {
    fixture *f = *state;
    gan__st_write(sample(f->ctx), f->path, "test");
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    gan_real *got = calloc((size_t)many, sizeof *got);
    assert_true(gan__st_read_real(file, gan__st_find(file, "made"), got));
    for (int64_t i = 0; i < many; i++)
        if (got[i] != (gan_real)i) fail_msg("element %d is %g", (int)i, (double)got[i]);
    free(got);
    gan__st_close(file);
}

static void test_metadata__comes_back(void **state) {
    fixture *f = *state;
    int64_t value;
    gan__st_write(sample(f->ctx), f->path, "test");
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    assert_string_equal(gan__st_meta(file, "format"), "pt");
    assert_string_equal(gan__st_meta(file, "odd \"key\"\n"), "\\ \x01 ü");
    assert_null(gan__st_meta(file, "forma"));
    assert_true(gan__st_meta_int(file, "step", &value));
    assert_int_equal(value, -1234567890123456789);
    assert_false(gan__st_meta_int(file, "format", &value));
    assert_false(gan__st_meta_int(file, "missing", &value));
    gan__st_close(file);
}

static void test_integers__are_only_what_would_be_written(void **state) {
    fixture *f = *state;
    static const char *const bad[] = {"", " 1", "+1", "01", "1 ", "1.0", "0x1", "99999999999999999999"};
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    char key[12];
    int64_t value;
    for (int i = 0; i < COUNT_OF(bad); i++) {
        snprintf(key, sizeof key, "%d", i);
        gan__st_add_meta(w, key, bad[i]);
    }
    gan__st_write(w, f->path, "test");
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    for (int i = 0; i < COUNT_OF(bad); i++) {
        snprintf(key, sizeof key, "%d", i);
        assert_string_equal(gan__st_meta(file, key), bad[i]);
        assert_false(gan__st_meta_int(file, key, &value));
    }
    gan__st_close(file);
}

static void test_file__is_laid_out_for_readers_that_view_it_in_place(void **state) {
    fixture *f = *state;
    gan__st_write(sample(f->ctx), f->path, "test");
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    int64_t end = gan__st_at(file, 0)->begin;
    assert_int_equal(end % 64, 0);
    for (int64_t i = 0; i < gan__st_count(file); i++) {
        const gan__st_tensor *t = gan__st_at(file, i);
        assert_int_equal(t->begin, end);
        assert_int_equal(t->begin % gan__st_dtype_bytes(t->dtype), 0);
        end = t->end;
    }
    gan__st_close(file);
}

static void test_file__is_the_same_for_the_same_content(void **state) {
    fixture *f = *state;
    char other[160];
    size_t a_size, b_size;
    snprintf(other, sizeof other, "%s/other", f->folder);
    gan__st_write(sample(f->ctx), f->path, "test");
    gan__st_write(sample(f->ctx), other, "test");
    char *a = slurp(f->path, &a_size), *b = slurp(other, &b_size);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    free(a);
    free(b);
}

static void test_file__without_tensors(void **state) {
    fixture *f = *state;
    gan__st_write(gan__st_writer_new(f->ctx), f->path, "test");
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    check_ok(f->ctx);
    assert_int_equal(gan__st_count(file), 0);
    assert_null(gan__st_find(file, "x"));
    gan__st_close(file);
}

/* The bytes that PyTorch's reader would see, spelt out. */
static void test_file__is_spelt_as_the_format_says(void **state) {
    fixture *f = *state;
    static const char header[] = "{\"__metadata__\":{\"crc32\":\"--------\",\"gan.format\":\"1\",\"crc32.w\":\"--------\"},"
                                 "\"w\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}";
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    gan__st_add(w, entry("w", GAN__ST_F32, floats, 2, 2, 1));
    gan__st_write(w, f->path, "test");
    size_t size, length = strlen(header);
    char *bytes = slurp(f->path, &size);
    uint64_t n;
    memcpy(&n, bytes, 8);
    assert_int_equal(n, (8 + length + 63) / 64 * 64 - 8);
    assert_int_equal(size, 8 + n + 8);
    for (size_t i = 0; i < n; i++)
        if (i >= length || header[i] != '-') assert_int_equal(bytes[8 + i], i < length ? header[i] : ' ');
    assert_memory_equal(bytes + 8 + n, floats, 8);
    free(bytes);
}

/* The corpus has a file written by other means, with Python's struct and zlib. */
static void test_file__is_the_same_as_another_writer_makes(void **state) {
    fixture *f = *state;
    size_t size, wanted_size;
    static const float values[] = {1, -2};
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    gan__st_add(w, entry("w", GAN__ST_F32, values, 1, 2, 0));
    gan__st_write(w, f->path, "test");
    char *bytes = slurp(f->path, &size), *wanted = slurp(GAN_TESTS_DIR "/fuzz/corpus/safetensors/ours", &wanted_size);
    assert_int_equal(size, wanted_size);
    assert_memory_equal(bytes, wanted, size);
    free(bytes);
    free(wanted);
}

/* --- PyTorch's files -------------------------------------------------------------------------------------- */

static void check_golden(gan__st *file) {
    double wanted[12];
    int64_t longs_there[5];
    gan_real reals[3];
    for (int i = 0; i < 12; i++) wanted[i] = i / 4.0 - 1;
    check_reals(file, "f32", wanted, 12);
    for (int i = 0; i < 5; i++) wanted[i] = i / 3.0;
    check_reals(file, "f64", wanted, 5);
    check_reals(file, "scalar", (double[]){7}, 1);
    check_reals(file, "odd \"näme\"\\", (double[]){1.5}, 1);
    check_reals(file, "empty", NULL, 0);
    check_reals(file, "i64", (double[]){-0x1p40, -1, 0, 1, 0x1p40}, 5);
    assert_true(gan__st_read_i64(file, gan__st_find(file, "i64"), longs_there));
    assert_int_equal(longs_there[0], -((int64_t)1 << 40));
    assert_int_equal(gan__st_count(file), 8);
    assert_int_equal(gan__st_find(file, "half")->dtype, GAN__ST_F16);
    assert_false(gan__st_read_real(file, gan__st_find(file, "bytes"), reals));
}

static void test_file__of_pytorch_is_read(void **state) {
    fixture *f = *state;
    gan__st *file = gan__st_open(f->ctx, GOLDEN("io_types.safetensors"), "test");
    check_ok(f->ctx);
    check_golden(file);
    failure(f, GAN_E_FORMAT, "tensor \"bytes\" is U8");
    assert_string_equal(gan__st_meta(file, "note"), "äöü\n");
    assert_false(gan__st_read_i64(file, gan__st_find(file, "f64"), (int64_t[5]){0}));
    failure(f, GAN_E_FORMAT, "tensor \"f64\" is F64");
    gan__st_close(file);
}

static void test_file__of_pytorch_without_metadata_is_read(void **state) {
    fixture *f = *state;
    gan__st *file = gan__st_open(f->ctx, GOLDEN("io_types_no_metadata.safetensors"), "test");
    check_ok(f->ctx);
    check_golden(file);
    failure(f, GAN_E_FORMAT, "");
    assert_null(gan__st_meta(file, "note"));
    gan__st_close(file);
}

/* --- refusals --------------------------------------------------------------------------------------------- */

static void test_writer__refuses_what_no_reader_would_take(void **state) {
    fixture *f = *state;
    static const struct {
        const char *words;
        gan__st_entry entry;
    } bad[] = {
        {"\"w\" is there already", {.name = "w", .dtype = GAN__ST_F32, .data = floats}},
        {"reserved", {.name = "__metadata__", .dtype = GAN__ST_F32, .data = floats}},
        {"no data", {.name = "a", .dtype = GAN__ST_F32}},
        {"type", {.name = "a", .dtype = GAN__ST_F16, .data = floats}},
        {"shape", {.name = "a", .dtype = GAN__ST_F32, .data = floats, .ndim = 9}},
        {"shape", {.name = "a", .dtype = GAN__ST_F32, .data = floats, .ndim = -1}},
        {"shape", {.name = "a", .dtype = GAN__ST_F32, .data = floats, .ndim = 1, .dims = {-1}}},
        {"shape", {.name = "a", .dtype = GAN__ST_F32, .data = floats, .ndim = 2, .dims = {INT64_MAX / 8, 9}}},
    };
    for (int i = 0; i < COUNT_OF(bad); i++) {
        gan__st_writer *w = gan__st_writer_new(f->ctx);
        gan__st_add(w, entry("w", GAN__ST_F32, floats, 0, 0, 0));
        gan__st_add(w, bad[i].entry);
        gan__st_write(w, f->path, "test");
        failure(f, GAN_E_ARG, bad[i].words);
        assert_int_equal(files_in(f->folder), 0);
    }
}

/* What could be written and never read again. */
static void test_writer__refuses_a_header_beyond_the_readers_bound(void **state) {
    fixture *f = *state;
    char *long_text = malloc(GAN__ST_MAX_HEADER + 1);
    assert_non_null(long_text);
    memset(long_text, 'x', GAN__ST_MAX_HEADER);
    long_text[GAN__ST_MAX_HEADER] = 0;
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    gan__st_add_meta(w, "long", long_text);
    gan__st_write(w, f->path, "test");
    failure(f, GAN_E_ARG, "more than the 16777216 that can be read");
    assert_int_equal(files_in(f->folder), 0);
    free(long_text);
}

static void test_writer__keeps_its_own_keys(void **state) {
    fixture *f = *state;
    static const char *const taken[] = {"crc32", "crc32.w", "gan.format", "twice"};
    for (int i = 0; i < COUNT_OF(taken); i++) {
        gan__st_writer *w = gan__st_writer_new(f->ctx);
        gan__st_add_meta(w, "twice", "1");
        gan__st_add_meta(w, taken[i], "2");
        failure(f, GAN_E_ARG, taken[i]);
        gan__st_writer_free(w);
    }
}

static void test_reader__needs_a_file(void **state) {
    fixture *f = *state;
    assert_null(gan__st_open(f->ctx, f->path, "test"));
    failure(f, GAN_E_IO, "No such file");
    assert_non_null(strstr(f->message, f->path));
    assert_null(gan__st_open(f->ctx, f->folder, "test"));
    failure(f, GAN_E_IO, "not a regular file");
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_null(gan__st_open(f->ctx, f->path, "test")); /* and does not wait */
    failure(f, GAN_E_IO, "not a regular file");
    assert_null(gan__st_open(f->ctx, "", "test"));
    failure(f, GAN_E_ARG, "no path");
}

static void test_functions__take_a_failed_context_and_null(void **state) {
    fixture *f = *state;
    gan_ctx_fail(f->ctx, GAN_E_SHAPE, "before");
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    assert_null(w);
    gan__st_add_meta(w, "a", "b");
    gan__st_add(w, entry("w", GAN__ST_F32, floats, 0, 0, 0));
    gan__st_write(w, f->path, "test");
    assert_null(gan__st_open(f->ctx, GOLDEN("io_types.safetensors"), "test"));
    assert_int_equal(gan__st_count(NULL), 0);
    assert_null(gan__st_find(NULL, "w"));
    assert_null(gan__st_meta(NULL, "a"));
    assert_false(gan__st_read_real(NULL, NULL, NULL));
    gan__st_close(NULL);
    gan__st_writer_free(NULL);
    assert_int_equal(files_in(f->folder), 0);
    failure(f, GAN_E_SHAPE, "before");
}

static bool write_sample(fixture *f) {
    gan__st_write(sample(f->ctx), f->path, "test");
    return gan_ctx_status(f->ctx) == GAN_OK;
}

static bool read_sample(fixture *f) {
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    gan__st_close(file);
    return file != NULL;
}

static void test_file__without_memory(void **state) {
    fixture *f = *state;
    spit(f->path, "old", 3);
    fail_every_allocation(f, write_sample, 1);
    fail_every_allocation(f, read_sample, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_file__gives_back_what_was_written),
        TEST(test_file__larger_than_a_chunk),
        TEST(test_metadata__comes_back),
        TEST(test_integers__are_only_what_would_be_written),
        TEST(test_file__is_laid_out_for_readers_that_view_it_in_place),
        TEST(test_file__is_the_same_for_the_same_content),
        TEST(test_file__without_tensors),
        TEST(test_file__is_spelt_as_the_format_says),
        TEST(test_file__is_the_same_as_another_writer_makes),
        TEST(test_file__of_pytorch_is_read),
        TEST(test_file__of_pytorch_without_metadata_is_read),
        TEST(test_writer__refuses_what_no_reader_would_take),
        TEST(test_writer__refuses_a_header_beyond_the_readers_bound),
        TEST(test_writer__keeps_its_own_keys),
        TEST(test_reader__needs_a_file),
        TEST(test_functions__take_a_failed_context_and_null),
        TEST(test_file__without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
