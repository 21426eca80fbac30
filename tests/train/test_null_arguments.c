/* What is not there: NULL and nil in place of every kind of argument give an error or nothing, never a crash. */
#include "cmocka_gan.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static void test_values__that_are_null_are_an_error(void **state) {
    (void)state;
    gan_tensor *x = gan_ones(ctx, gan_shape2(2, 3));
    assert_true(gan_is_nil(gan_from(ctx, gan_shape1(2), NULL)));
    check_failed(ctx, GAN_E_ARG, "gan_from: values is NULL");
    gan_assign(x, NULL, 6);
    check_failed(ctx, GAN_E_ARG, "gan_assign: values is NULL");
    assert_true(gan_is_nil(gan_permute(x, NULL)));
    check_failed(ctx, GAN_E_ARG, "gan_permute: the order is NULL");
    assert_true(gan_is_nil(gan_pad(x, (int64_t[]){0, 0}, NULL)));
    check_failed(ctx, GAN_E_ARG, "gan_pad: after is NULL");
    gan_name(x, NULL);
    assert_int_equal(gan_count(gan_from(ctx, gan_shape1(0), NULL)), 0);
    check_ok(ctx);
}

static void test_tensors__that_are_null_give_nil(void **state) {
    (void)state;
    gan_tensor *x = gan_ones(ctx, gan_shape0()), *given[] = {gan_detach(NULL), gan_keep(NULL), gan_scope_return(NULL)};
    for (int i = 0; i < COUNT_OF(given); i++) {
        assert_non_null(given[i]);
        assert_true(gan_is_nil(given[i]));
    }
    check_ok(ctx);
    assert_true(gan_is_nil(gan_grad(NULL, x, (gan_grad_opts){0})));
    check_failed(ctx, GAN_E_ARG, "gan_grad: y is NULL");
}

static void test_streams__that_are_null_draw_nothing(void **state) {
    (void)state;
    assert_non_null(gan_stream_named(ctx, NULL));
    check_failed(ctx, GAN_E_ARG, "gan_stream_named: the name is NULL");
    char name[257];
    memset(name, 'a', 256);
    name[256] = 0;
    gan_stream_named(ctx, name);
    check_failed(ctx, GAN_E_ARG, "the name is longer than 255 bytes");
    gan_stream_named(ctx, name + 1);
    check_ok(ctx);
    gan_stream_u32(NULL);
    assert_int_equal(gan_stream_below(NULL, 5), 0);
    assert_int_equal(gan_stream_position(NULL), 0);
    gan_stream_seek(NULL, 5);
    assert_true(gan_is_nil(gan_randn_from(NULL, gan_shape1(2))));
    check_ok(ctx);
}

/* A negative position could be saved, but not loaded. */
static void test_stream_seek__refuses_to_go_before_the_beginning(void **state) {
    (void)state;
    gan_stream *s = gan_stream_named(ctx, "crops");
    gan_stream_seek(s, -1);
    check_failed(ctx, GAN_E_ARG, "\"crops\" has no position -1");
    assert_int_equal(gan_stream_position(s), 0);
}

static void test_dataset__that_is_null_is_nil(void **state) {
    (void)state;
    assert_true(gan_dataset_is_nil(NULL));
    assert_true(gan_is_nil(gan_dataset_next(NULL, 1).x));
    assert_true(gan_is_nil(gan_dataset_held_out(NULL, 0, 1).x));
    assert_int_equal(gan_dataset_shape(NULL).ndim, -1);
    assert_int_equal(gan_dataset_count(NULL) + gan_dataset_held_out_count(NULL) + gan_dataset_classes(NULL), 0);
    assert_int_equal(gan_dataset_epoch(NULL) + gan_dataset_skipped(NULL), 0);
    assert_string_equal(gan_dataset_describe(NULL), "nil");
    gan_dataset_free(NULL);
    gan_module *G = gan_mlp_generator(ctx, (gan_mlp_opts){0});
    assert_true(gan_trainer_is_nil(gan_trainer_new(G, G, NULL, gan_trainer_defaults())));
    check_failed(ctx, GAN_E_ARG, "the dataset is nil");
}

static void test_call__refuses_taps_without_a_list(void **state) {
    (void)state;
    gan_module *relu = gan_relu_layer(ctx);
    assert_true(gan_is_nil(gan_module_call(relu, (gan_input){.x = gan_ones(ctx, gan_shape0())}, (gan_call_opts){.n_taps = 1}).y));
    check_failed(ctx, GAN_E_ARG, "1 taps, but their list is NULL");
}

static gan_tensor *same(gan_module *m, gan_call *call, gan_tensor *x) {
    (void)m, (void)call;
    return x;
}

static void test_emptiness__is_initialised_and_shuffled_at_once(void **state) {
    (void)state;
    static const gan_module_type type = {.name = "Empty", .forward = same};
    gan_module *m = gan_module_new(ctx, &type);
    gan_module_add_param(m, (gan_param){.name = "w", .tensor = gan_zeros(ctx, gan_shape2(0, 5))});
    gan_module_init(m, gan_init_orthogonal());
    gan_tensor *wide = gan_pixel_shuffle(gan_zeros(ctx, gan_shape4(1, 1, 1, 0)), 1 << 20);
    check_ok(ctx);
    assert_true(gan_shape_equal(gan_shape_of(wide), gan_shape4(1, 1 << 20, 1 << 20, 0)));
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_values__that_are_null_are_an_error),
        TEST(test_tensors__that_are_null_give_nil),
        TEST(test_streams__that_are_null_draw_nothing),
        TEST(test_stream_seek__refuses_to_go_before_the_beginning),
        TEST(test_dataset__that_is_null_is_nil),
        TEST(test_call__refuses_taps_without_a_list),
        TEST(test_emptiness__is_initialised_and_shuffled_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
