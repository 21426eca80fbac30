#include "cmocka_gan.h"

#include <stdio.h>

#include "base/ctx_impl.h"

static void test_context__reports_its_options(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 42, .threads = 3, .isa = "portable"});
    check_ok(ctx);
    assert_int_equal(gan_ctx_seed(ctx), 42);
    assert_int_equal(gan_ctx_threads(ctx), 3);
    assert_string_equal(gan_ctx_isa(ctx), "portable");
    assert_string_equal(gan_ctx_message(ctx), "");
    gan_ctx_free(ctx);
    ctx = gan_ctx_new((gan_ctx_opts){0});
    assert_true(gan_ctx_threads(ctx) >= 1);
    gan_ctx_free(ctx);
    gan_ctx_free(NULL);
}

static void test_context__first_error_stays(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){0});
    gan_ctx_fail(ctx, GAN_OK, "not an error");
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    gan_ctx_fail(ctx, GAN_E_IO, "first: %d", 7);
    gan_ctx_fail(ctx, GAN_E_ARG, "second");
    assert_int_equal(gan_ctx_status(ctx), GAN_E_IO);
    assert_string_equal(gan_ctx_message(ctx), "first: 7");
    gan_ctx_clear(ctx);
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    assert_string_equal(gan_ctx_message(ctx), "");
    gan_ctx_fail(ctx, GAN_E_ARG, "third");
    check_failed(ctx, GAN_E_ARG, "third");
    gan_ctx_free(ctx);
}

static void test_context__long_messages_are_cut(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){0});
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    gan_ctx_fail(ctx, GAN_E_ARG, "%s", text);
    assert_in_range(strlen(gan_ctx_message(ctx)), 200, sizeof text - 2);
    gan_ctx_free(ctx);
}

static void test_context__bad_options_are_errors(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = -1});
    check_failed(ctx, GAN_E_ARG, "-1 threads");
    gan_ctx_free(ctx);
    ctx = gan_ctx_new((gan_ctx_opts){.threads = 257});
    check_failed(ctx, GAN_E_ARG, "257 threads");
    gan_ctx_free(ctx);
    ctx = gan_ctx_new((gan_ctx_opts){.isa = "sparc"});
    check_failed(ctx, GAN_E_ARG, "\"sparc\"");
    gan_ctx_free(ctx);
}

static void test_context__isa_comes_from_the_option_then_the_environment(void **state) {
    (void)state;
    setenv("GAN_ISA", "portable", 1);
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){0});
    assert_string_equal(gan_ctx_isa(ctx), "portable");
    gan_ctx_free(ctx);
    setenv("GAN_ISA", "nonsense", 1);
    ctx = gan_ctx_new((gan_ctx_opts){.isa = "portable"});
    check_ok(ctx);
    gan_ctx_free(ctx);
    ctx = gan_ctx_new((gan_ctx_opts){0});
    check_failed(ctx, GAN_E_ARG, "nonsense");
    gan_ctx_free(ctx);
    unsetenv("GAN_ISA");
}

static bool is_direct(gan_ctx_opts opts) {
    gan_ctx *ctx = gan_ctx_new(opts);
    check_ok(ctx);
    bool direct = ctx->opts.direct;
    gan_ctx_free(ctx);
    return direct;
}

static void test_context__direct_comes_from_the_option_then_the_environment(void **state) {
    (void)state;
    const gan_ctx_opts as_it_comes = {0}, wanted = {.direct = true};
    assert_true(!is_direct(as_it_comes) && is_direct(wanted));
    setenv("GAN_DIRECT", "1", 1);
    assert_true(is_direct(as_it_comes) && is_direct(wanted));
    setenv("GAN_DIRECT", "0", 1);
    assert_true(!is_direct(as_it_comes) && is_direct(wanted));
    setenv("GAN_DIRECT", "", 1);
    assert_true(!is_direct(as_it_comes));
    setenv("GAN_DIRECT", "maybe", 1);
    gan_ctx *ctx = gan_ctx_new(as_it_comes);
    check_failed(ctx, GAN_E_ARG, "GAN_DIRECT is \"maybe\"");
    gan_ctx_free(ctx);
    unsetenv("GAN_DIRECT");
}

static void keep_message(void *user, gan_log_level level, const char *message) {
    snprintf(user, 100, "%d %s", (int)level, message);
}

static void test_context__log_goes_to_the_callback(void **state) {
    (void)state;
    char said[100] = "";
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.log = keep_message, .log_user = said});
    gan_ctx_log(ctx, GAN_LOG_WARNING, "%d%% of %s", 50, "it");
    assert_string_equal(said, "1 50% of it");
    gan_ctx_free(ctx);
    ctx = gan_ctx_new((gan_ctx_opts){0});
    gan_ctx_log(ctx, GAN_LOG_INFO, "nobody hears");
    gan_ctx_free(ctx);
}

/* Everything that may be called on the nil context does nothing, and leaves it as it is: it is shared by all who got it. */
static void test_context__nil_is_inert(void **state) {
    (void)state;
    gan_ctx *nil = gan__nil_ctx();
    gan_ctx before = *nil;
    assert_int_equal(gan_ctx_status(nil), GAN_E_MEMORY);
    assert_true(strlen(gan_ctx_message(nil)) > 0);
    gan_ctx_clear(nil);
    gan_ctx_fail(nil, GAN_E_ARG, "x");
    gan_ctx_log(nil, GAN_LOG_INFO, "x");
    gan_ctx_fail_alloc(nil, 1);
    gan_scope_begin(nil);
    gan_scope_end(nil);
    gan_scope_end(nil);
    gan_no_record_begin(nil);
    gan_no_record_end(nil);
    gan__hold(nil);
    gan__unhold(nil);
    gan__commit(nil);
    gan__counter counter;
    gan__counter_add(nil, &counter, 3);
    gan__counter_remove(&counter);
    gan__object object = {0};
    gan__own(nil, &object, NULL);
    gan__disown(&object);
    assert_null(gan__alloc(nil, 8));
    gan_stream *stream = gan_stream_named(nil, "noise");
    gan_stream_seek(stream, 5);
    assert_int_equal(gan_stream_position(stream), 0);
    assert_int_equal(gan_stream_below(stream, 10), 0);
    assert_true(gan_is_nil(gan_randn(nil, gan_shape1(3))));
    assert_true(gan_is_nil(gan_zeros(nil, gan_shape1(3))));
    assert_true(isnan(gan_item(gan_scalar(nil, 1))));
    assert_ptr_equal(gan_ctx_of(gan_scalar(nil, 1)), nil);
    assert_int_equal(gan_ctx_threads(nil), 1);
    assert_string_equal(gan_ctx_isa(nil), "portable");
    assert_int_equal(gan_ctx_memory(nil).in_use, 0);
    gan_ctx_free(nil);
    assert_memory_equal(nil, &before, sizeof before);
}

static void *no_memory(void *user, size_t bytes) {
    (void)bytes;
    ++*(int *)user;
    return NULL;
}

static void never(void *user, void *block, size_t bytes) {
    (void)user, (void)block, (void)bytes;
    abort();
}

static void test_context__without_any_memory_fails_quietly(void **state) {
    (void)state;
    int asked = 0;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.allocator = {no_memory, never, &asked}});
    gan_tensor *t = gan_zeros(ctx, gan_shape1(3));
    assert_true(gan_is_nil(t));
    assert_int_equal(gan_ctx_status(ctx), GAN_E_MEMORY);
    assert_true(gan_is_nil(gan_randn(ctx, gan_shape1(3))));
    gan_ctx_clear(ctx);
    assert_true(gan_is_nil(gan_randn(ctx, gan_shape1(3))));
    assert_int_equal(gan_ctx_status(ctx), GAN_E_MEMORY);
    gan_name(t, "x");
    gan_release(t);
    gan_scope_begin(ctx);
    gan_scope_end(ctx);
    assert_true(asked > 0);
    gan_ctx_free(ctx);
}

static gan__object *destroyed[3];
static int destroyed_count;
static void note_destroyed(gan__object *o) { destroyed[destroyed_count++] = o; }

static void test_context__frees_its_objects_latest_first(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){0});
    gan__object a, b, c;
    gan__own(ctx, &a, note_destroyed);
    gan__own(ctx, &b, note_destroyed);
    gan__own(ctx, &c, note_destroyed);
    gan__disown(&b);
    gan__disown(&b);
    gan_ctx_free(ctx);
    assert_int_equal(destroyed_count, 2);
    assert_ptr_equal(destroyed[0], &c);
    assert_ptr_equal(destroyed[1], &a);
}

static void test_status__has_a_name_and_a_text_for_each_code(void **state) {
    (void)state;
    for (int i = 0; i < GAN_STATUS_COUNT; i++) {
        assert_memory_equal(gan_status_name((gan_status)i), "GAN_", 4);
        assert_true(strlen(gan_status_text((gan_status)i)) > 3);
    }
    assert_string_equal(gan_status_name(GAN_E_STALE), "GAN_E_STALE");
    assert_string_equal(gan_status_text(GAN_E_MEMORY), "out of memory");
    assert_string_equal(gan_status_text((gan_status)1000), "unknown status");
    assert_string_equal(gan_status_text((gan_status)-1), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context__reports_its_options),
        cmocka_unit_test(test_context__first_error_stays),
        cmocka_unit_test(test_context__long_messages_are_cut),
        cmocka_unit_test(test_context__bad_options_are_errors),
        cmocka_unit_test(test_context__isa_comes_from_the_option_then_the_environment),
        cmocka_unit_test(test_context__direct_comes_from_the_option_then_the_environment),
        cmocka_unit_test(test_context__log_goes_to_the_callback),
        cmocka_unit_test(test_context__nil_is_inert),
        cmocka_unit_test(test_context__without_any_memory_fails_quietly),
        cmocka_unit_test(test_context__frees_its_objects_latest_first),
        cmocka_unit_test(test_status__has_a_name_and_a_text_for_each_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
