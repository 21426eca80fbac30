/* Looking into a safetensors file: what each tensor holds, and nothing of a damaged one. */
#include "io_support.h"

enum { TENSORS = 8 };

typedef struct seen {
    int metas, tensors;
    bool sorted, own;
    char key[64], names[TENSORS][64], types[TENSORS][8], shapes[TENSORS][32];
    gan_file_tensor values[TENSORS]; /* without their texts */
} seen;

static void see_meta(void *user, const char *key, const char *value) {
    seen *s = user;
    if (s->tensors) s->sorted = false;
    if (s->metas++ && strcmp(s->key, key) >= 0) s->sorted = false;
    snprintf(s->key, sizeof s->key, "%s", key);
    if (!strcmp(key, "gan.format")) s->own = !strcmp(value, "1");
}

static void see_tensor(void *user, const gan_file_tensor *t) {
    seen *s = user;
    int i = s->tensors++;
    assert_true(i < TENSORS);
    snprintf(s->names[i], sizeof s->names[i], "%s", t->name);
    snprintf(s->types[i], sizeof s->types[i], "%s", t->type);
    snprintf(s->shapes[i], sizeof s->shapes[i], "%s", t->shape);
    s->values[i] = *t;
}

static gan_status visit(fixture *f, seen *s) {
    *s = (seen){.sorted = true};
    return gan_visit_file(f->ctx, f->path, (gan_file_visitor){see_meta, see_tensor, s});
}

/* Two layers, [4, 3] with these weights and a bias of zeros, then [1, 2]. */
static void write_net(fixture *f, const gan_real weights[12]) {
    gan_module *m = gan_sequential(f->ctx);
    gan_sequential_add(m, gan_linear_layer(f->ctx, 3, 4, (gan_linear_opts){0}));
    gan_sequential_add(m, gan_linear_layer(f->ctx, 2, 1, (gan_linear_opts){.no_bias = true}));
    const gan_real zeros[4] = {0}, last[2] = {-7, 7};
    gan_assign(gan_module_param(m, 0)->tensor, weights, 12);
    gan_assign(gan_module_param(m, 1)->tensor, zeros, 4);
    gan_assign(gan_module_param(m, 2)->tensor, last, 2);
    assert_int_equal(gan_save_weights(m, f->path), GAN_OK);
}

static const gan_real mixed[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static void test_visit__tells_names_shapes_and_values(void **state) {
    fixture *f = *state;
    seen s;
    write_net(f, mixed);
    assert_int_equal(visit(f, &s), GAN_OK);
    assert_int_equal(s.tensors, 3);
    assert_true(s.metas > 3 && s.sorted && s.own);
    static const char *const names[] = {"0.weight", "0.bias", "1.weight"}, *const shapes[] = {"[4, 3]", "[4]", "[1, 2]"};
    static const struct {
        int64_t count;
        double mean, deviation, low, high;
    } wanted[] = {{12, 6.5, 3.4520525295346629, 1, 12}, {4, 0, 0, 0, 0}, {2, 0, 7, -7, 7}};
    for (int i = 0; i < 3; i++) {
        int at = -1;
        for (int k = 0; k < 3; k++)
            if (!strcmp(s.names[k], names[i])) at = k;
        assert_true(at >= 0);
        assert_string_equal(s.shapes[at], shapes[i]);
        assert_string_equal(s.types[at], "F32");
        const gan_file_tensor *t = &s.values[at];
        assert_int_equal(t->count, wanted[i].count);
        assert_int_equal(t->not_finite, 0);
        check_close(t->mean, wanted[i].mean, 1e-12);
        check_close(t->deviation, wanted[i].deviation, 1e-12);
        assert_true(t->low == wanted[i].low && t->high == wanted[i].high);
    }
}

static const gan_file_tensor *weight_of(const seen *s) {
    for (int i = 0; i < s->tensors; i++)
        if (!strcmp(s->names[i], "0.weight")) return &s->values[i];
    fail();
    return NULL;
}

static void test_visit__counts_what_is_not_finite_and_leaves_it_out(void **state) {
    fixture *f = *state;
    seen s;
    const gan_real n = (gan_real)NAN, i = (gan_real)INFINITY;
    write_net(f, (const gan_real[]){n, -2, 4, i, -i, n, 1, 1, 1, 1, 1, 1});
    assert_int_equal(visit(f, &s), GAN_OK);
    const gan_file_tensor *t = weight_of(&s);
    assert_int_equal(t->not_finite, 4);
    assert_int_equal(t->count, 12);
    check_close(t->mean, 1, 1e-12);
    check_close(t->deviation, 1.5, 1e-12);
    assert_true(t->low == -2 && t->high == 4);

    write_net(f, (const gan_real[]){n, n, n, n, n, n, n, n, i, i, i, i});
    assert_int_equal(visit(f, &s), GAN_OK);
    t = weight_of(&s);
    assert_int_equal(t->not_finite, 12);
    assert_true(isnan(t->mean) && isnan(t->deviation) && isnan(t->low) && isnan(t->high));
}

static void test_visit__needs_neither_function(void **state) {
    fixture *f = *state;
    seen s = {.sorted = true};
    write_net(f, mixed);
    assert_int_equal(gan_visit_file(f->ctx, f->path, (gan_file_visitor){0}), GAN_OK);
    assert_int_equal(gan_visit_file(f->ctx, f->path, (gan_file_visitor){.tensor = see_tensor, .user = &s}), GAN_OK);
    assert_true(s.tensors == 3 && s.metas == 0);
}

/* Every byte, the last tensor's included: nothing is told of a file before all of it has been checked. */
static void test_visit__tells_nothing_of_a_damaged_file(void **state) {
    fixture *f = *state;
    seen s;
    size_t size;
    write_net(f, mixed);
    char *bytes = slurp(f->path, &size);
    for (size_t at = 0; at < size; at += at < size - 80 ? 13 : 1) {
        bytes[at] ^= 1;
        spit(f->path, bytes, size);
        bytes[at] ^= 1;
        if (!visit(f, &s)) fail_msg("byte %zu of %zu is damaged, and it went unnoticed", at, size);
        if (s.metas || s.tensors) fail_msg("byte %zu of %zu is damaged, and %d tensors were told of", at, size, s.tensors);
        failure(f, GAN_E_FORMAT, f->path);
    }
    for (size_t length = 0; length < size; length += 97) {
        spit(f->path, bytes, length);
        visit(f, &s);
        assert_true(s.metas == 0 && s.tensors == 0);
        failure(f, GAN_E_FORMAT, f->path);
    }
    free(bytes);
    remove(f->path);
    visit(f, &s);
    failure(f, GAN_E_IO, f->path);
}

static bool visit_all(fixture *f) {
    seen s;
    return visit(f, &s) == GAN_OK;
}

static void test_visit__survives_the_lack_of_memory(void **state) {
    fixture *f = *state;
    write_net(f, mixed);
    fail_every_allocation(f, visit_all, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_visit__tells_names_shapes_and_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_visit__counts_what_is_not_finite_and_leaves_it_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_visit__needs_neither_function, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_visit__tells_nothing_of_a_damaged_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_visit__survives_the_lack_of_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
