/* Files that must be refused: every damage to one of ours, every malformed file of others; and whatever chance makes of either.
 */
#include "io_support.h"

#include "io/safetensors.h"

static const float floats[] = {1, -2.5f, 3};
static const int64_t longs[] = {7};

static gan__st_writer *small(gan_ctx *ctx) {
    gan__st_writer *w = gan__st_writer_new(ctx);
    gan__st_add_meta(w, "k", "v");
    gan__st_add(w, (gan__st_entry){.name = "G.main.0.weight", .dtype = GAN__ST_F32, .ndim = 1, .dims = {3}, .data = floats});
    gan__st_add(w, (gan__st_entry){.name = "n", .dtype = GAN__ST_I64, .data = longs});
    gan__st_add(w, (gan__st_entry){.name = "none", .dtype = GAN__ST_F32, .ndim = 1});
    return w;
}

static char *small_bytes(fixture *f, size_t *size) {
    gan__st_write(small(f->ctx), f->path, "test");
    check_ok(f->ctx);
    return slurp(f->path, size);
}

/* Must be refused, with the path in the message. */
static void refuse_memory(fixture *f, const void *bytes, size_t size, const char *what, int where) {
    gan__st *file = gan__st_open_memory(f->ctx, bytes, size, "some/path", "test");
    if (file) fail_msg("%s %d: accepted", what, where);
    failure(f, GAN_E_FORMAT, "test: some/path: ");
}

static void flip_every_bit(fixture *f, char *bytes, size_t size) {
    for (size_t i = 0; i < 8 * size; i++) {
        bytes[i / 8] ^= (char)(1 << i % 8);
        refuse_memory(f, bytes, size, "bit", (int)i);
        bytes[i / 8] ^= (char)(1 << i % 8);
    }
    gan__st *file = gan__st_open_memory(f->ctx, bytes, size, "some/path", "test");
    check_ok(f->ctx);
    gan__st_close(file);
}

static void test_damage__of_any_bit_is_noticed(void **state) {
    fixture *f = *state;
    size_t size;
    char *bytes = small_bytes(f, &size);
    flip_every_bit(f, bytes, size);
    free(bytes);
    gan__st_write(gan__st_writer_new(f->ctx), f->path, "test");
    bytes = slurp(f->path, &size);
    flip_every_bit(f, bytes, size);
    free(bytes);
}

static void test_damage__of_any_byte_on_disk_is_noticed(void **state) {
    fixture *f = *state;
    size_t size;
    char *bytes = small_bytes(f, &size);
    for (size_t i = 0; i < size; i++)
        for (int value = 0; value < 256; value += 51) { /* among them 0 and 255 */
            char right = bytes[i];
            if (right == (char)value) continue;
            bytes[i] = (char)value;
            spit(f->path, bytes, size);
            bytes[i] = right;
            assert_null(gan__st_open(f->ctx, f->path, "test"));
            failure(f, GAN_E_FORMAT, f->path);
        }
    free(bytes);
}

static void test_damage__of_a_tensor_is_named(void **state) {
    fixture *f = *state;
    size_t size;
    char *bytes = small_bytes(f, &size), words[128];
    bytes[size - 1] ^= 1;
    refuse_memory(f, bytes, size, "tensor", 0);
    snprintf(words, sizeof words, "tensor \"G.main.0.weight\" (bytes %d to %d) is damaged: its CRC is ", (int)size - 12,
             (int)size);
    assert_non_null(strstr(f->message, words));
    bytes[size - 1] ^= 1;
    bytes[100] ^= 1;
    refuse_memory(f, bytes, size, "header", 0);
    assert_non_null(strstr(f->message, "the header (bytes 0 to "));
    free(bytes);
}

static void test_damage__of_any_length_is_noticed(void **state) {
    fixture *f = *state;
    size_t size;
    char *bytes = small_bytes(f, &size);
    for (size_t cut = 0; cut < size; cut++) {
        spit(f->path, bytes, cut);
        assert_null(gan__st_open(f->ctx, f->path, "test"));
        failure(f, GAN_E_FORMAT, f->path);
        assert_non_null(strstr(f->message, "truncated"));
    }
    char words[64];
    snprintf(words, sizeof words, "truncated: 1 bytes of %d are missing", (int)size);
    assert_non_null(strstr(f->message, words));
    char *longer = calloc(1, size + 8);
    memcpy(longer, bytes, size);
    for (size_t more = 1; more <= 8; more++) {
        refuse_memory(f, longer, size + more, "longer by", (int)more);
        assert_non_null(strstr(f->message, "after the last tensor"));
    }
    free(longer);
    free(bytes);
}

/* Ours without its CRCs would be one of somebody else's; one sign of ours is enough to miss them. */
static void test_damage__that_hides_the_crc_is_noticed(void **state) {
    fixture *f = *state;
    static const char *const headers[] = {"{\"__metadata__\":{\"gan.format\":\"1\"}}",
                                          "{\"__metadata__\":{\"crc32.w\":\"00000000\"}}",
                                          "{ \"__metadata__\":{\"crc32\":\"00000000\"}}"};
    for (int i = 0; i < COUNT_OF(headers); i++) {
        char bytes[128];
        uint64_t n = strlen(headers[i]);
        memcpy(bytes, &n, 8);
        memcpy(bytes + 8, headers[i], n);
        refuse_memory(f, bytes, 8 + n, "header", i);
        assert_non_null(strstr(f->message, "not in its place"));
    }
}

/* --- malformed files of others ---------------------------------------------------------------------------- */

#define ONE(inside) "{\"w\":{" inside "}}"
#define TWO(a, b) "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]," a "},\"b\":{\"dtype\":\"F32\",\"shape\":[1]," b "}}"

static const struct {
    const char *header;
    int data;          /* bytes after it */
    const char *words; /* NULL: the file is sound */
} cases[] = {
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"), 4, NULL},
    {"{}", 0, NULL},
    {"{}   ", 0, NULL},
    {ONE("\"shape\":[1],\"data_offsets\":[0,4],\"dtype\":\"F32\""), 4, NULL},
    {TWO("\"data_offsets\":[4,8]", "\"data_offsets\":[0,4]"), 8, NULL},
    {ONE("\"dtype\":\"BOOL\",\"shape\":[0],\"data_offsets\":[0,0]"), 0, NULL},
    {"", 0, "does not begin"},
    {"{", 0, "does not begin"},
    {" {}", 0, "does not begin"},
    {"[]", 0, "does not begin"},
    {"{]", 0, "not valid JSON"},
    {"{\"w\":1,}", 0, "not valid JSON"},
    {"{}x", 0, "more than its JSON, at byte 10"},
    {"{}{}", 0, "more than its JSON"},
    {"{\"w\":1}", 0, "not described"},
    {"{\"w\":{}}", 0, "not described"},
    {"{\"w\":[1,2,3]}", 0, "not described"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1"), 4, "not described"},
    {ONE("\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1]"), 4, "data_offsets"},
    {ONE("\"dtype\":1,\"shape\":[1],\"data_offsets\":[0,4]"), 4, "no dtype"},
    {ONE("\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]"), 4, "unknown dtype \"F33\""},
    {ONE("\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]"), 4, "unknown dtype"},
    {ONE("\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]"), 4, "no shape"},
    {ONE("\"dtype\":\"F32\",\"shape\":{\"a\":1},\"data_offsets\":[0,4]"), 4, "no shape"},
    {ONE("\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]"), 4, "no size"},
    {ONE("\"dtype\":\"F32\",\"shape\":[0.5],\"data_offsets\":[0,2]"), 2, "no size"},
    {ONE("\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]"), 4, "no size"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1e999],\"data_offsets\":[0,4]"), 4, "no size"},
    {ONE("\"dtype\":\"F32\",\"shape\":[18446744073709551617],\"data_offsets\":[0,4]"), 4, "no size"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]"), 4, "dimensions"},
    {ONE("\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]"), 0, "overflows"},
    {ONE("\"dtype\":\"F64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,0]"), 0, "no size"},
    {ONE("\"dtype\":\"F64\",\"shape\":[2147483648,1073741824],\"data_offsets\":[0,0]"), 0, "overflows"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]"), 4, "data_offsets"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]"), 4, "data_offsets"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]"), 4, "data_offsets"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]"), 4, "data_offsets"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\"04\""), 4, "data_offsets"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]"), 8, "8 bytes at offset 0, its shape and dtype ask for 4"},
    {ONE("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]"), 4, "ask for 8"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"), 3, "truncated: 1 bytes"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"), 0, "truncated: 4 bytes"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]"), 5, "1 bytes after the last tensor"},
    {ONE("\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]"), 8, "a hole"},
    {TWO("\"data_offsets\":[0,4]", "\"data_offsets\":[0,4]"), 4, "an overlap"},
    {TWO("\"data_offsets\":[0,4]", "\"data_offsets\":[2,6]"), 6, "tensor \"b\" begins at byte"},
    {TWO("\"data_offsets\":[0,4]", "\"data_offsets\":[8,12]"), 12, "a hole"},
    {ONE("\"dtype\":\"U8\",\"shape\":[9007199254740992],\"data_offsets\":[0,9007199254740992]"), 0,
     "truncated: 9007199254740992"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,"
     "0]}}",
     0, "tensor \"w\" is there twice"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},"
     "\"w\\u0000x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
     0, "zero character"},
    {"{\"__metadata__\":[]}", 0, "not an object"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "metadata \"a\" is not a string"},
    {"{\"__metadata__\":{\"a\":\"1\",\"b\":\"\",\"a\":\"2\"}}", 0, "metadata \"a\" is there twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ is there twice"},
};

static void test_malformed__files_are_refused_for_the_right_reason(void **state) {
    fixture *f = *state;
    for (int i = 0; i < COUNT_OF(cases); i++) {
        char bytes[512] = {0};
        uint64_t n = strlen(cases[i].header);
        memcpy(bytes, &n, 8);
        memcpy(bytes + 8, cases[i].header, n);
        size_t size = 8 + n + (size_t)cases[i].data;
        if (cases[i].words) {
            refuse_memory(f, bytes, size, "case", i);
            if (!strstr(f->message, cases[i].words)) fail_msg("%s: %s", cases[i].header, f->message);
        } else {
            gan__st *file = gan__st_open_memory(f->ctx, bytes, size, "some/path", "test");
            check_ok(f->ctx);
            gan__st_close(file);
        }
    }
}

static void test_malformed__lengths_are_refused(void **state) {
    fixture *f = *state;
    static const uint64_t lengths[] = {
        3, 17, 1 << 20, (16 << 20) + 1, UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX - 7, UINT64_MAX};
    for (int i = 0; i < COUNT_OF(lengths); i++) {
        char bytes[10] = "--------{}";
        memcpy(bytes, &lengths[i], 8);
        refuse_memory(f, bytes, sizeof bytes, "length", i);
    }
}

static void test_malformed__nesting_does_not_end_the_stack(void **state) {
    fixture *f = *state;
    uint64_t n = 1 << 20;
    char *bytes = malloc(8 + n);
    memset(bytes, '[', 8 + n);
    memcpy(bytes, &n, 8);
    memcpy(bytes + 8, "{\"w\":", 5);
    refuse_memory(f, bytes, 8 + n, "nesting", 0);
    free(bytes);
}

/* --- chance ----------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *state) { /* Knuth's MMIX generator */
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* A piece copied elsewhere, bytes replaced, a piece cut out. */
static size_t mutate(char *bytes, size_t size, uint64_t *seed) {
    uint32_t kind = next_random(seed) % 3;
    size_t from = next_random(seed) % size, to = next_random(seed) % size, length = next_random(seed) % 16;
    size_t most = size - (from > to ? from : to);
    if (length > most) length = most;
    if (kind == 0) memmove(bytes + to, bytes + from, length);
    if (kind == 1) bytes[to] = (char)next_random(seed);
    if (kind == 2) {
        memmove(bytes + to, bytes + to + length, size - to - length);
        size -= length;
    }
    return size ? size : 1;
}

/* Refused, or sound to the last number. */
static int survive(fixture *f, const char *bytes, size_t size) {
    gan__st *file = gan__st_open_memory(f->ctx, bytes, size, "some/path", "test");
    if (!file) {
        failure(f, GAN_E_FORMAT, "some/path");
        return 0;
    }
    for (int64_t i = 0; i < gan__st_count(file); i++) {
        const gan__st_tensor *t = gan__st_at(file, i);
        assert_ptr_equal(gan__st_find(file, t->name), t);
        gan_real *values = malloc((size_t)(t->count + 1) * sizeof *values);
        gan__st_read_real(file, t, values);
        free(values);
        gan_ctx_clear(f->ctx); /* of other types */
    }
    gan__st_close(file);
    return 1;
}

static void test_chance__makes_nothing_that_crashes(void **state) {
    fixture *f = *state;
    static const char *const seeds[] = {GAN_TESTS_DIR "/golden/io_types.safetensors",
                                        GAN_TESTS_DIR "/golden/io_types_no_metadata.safetensors"};
    uint64_t seed = 1;
    int accepted = 0;
    for (int s = 0; s < COUNT_OF(seeds); s++) {
        size_t size;
        char *bytes = slurp(seeds[s], &size), *copy = malloc(size);
        for (int i = 0; i < 8000; i++) {
            memcpy(copy, bytes, size);
            size_t now = size;
            for (uint32_t k = next_random(&seed) % 3; k < 3; k++) now = mutate(copy, now, &seed);
            char *exact = malloc(now); /* so that a read past the end is seen */
            memcpy(exact, copy, now);
            accepted += survive(f, exact, now);
            free(exact);
        }
        free(copy);
        free(bytes);
    }
    assert_in_range(accepted, 100, 15000); /* the mutations reach both ends */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_damage__of_any_bit_is_noticed),         TEST(test_damage__of_any_byte_on_disk_is_noticed),
        TEST(test_damage__of_a_tensor_is_named),          TEST(test_damage__of_any_length_is_noticed),
        TEST(test_damage__that_hides_the_crc_is_noticed), TEST(test_malformed__files_are_refused_for_the_right_reason),
        TEST(test_malformed__lengths_are_refused),        TEST(test_malformed__nesting_does_not_end_the_stack),
        TEST(test_chance__makes_nothing_that_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
