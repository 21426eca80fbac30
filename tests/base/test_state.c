#include "cmocka_gan.h"

#include "base/ctx_impl.h"

static gan_ctx *ctx;

static int begin(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    return 0;
}

static int end(void **state) {
    (void)state;
    gan_ctx_free(ctx);
    return 0;
}

static void test_counter__goes_back_to_the_last_commit(void **state) {
    (void)state;
    gan__counter a, b;
    gan__counter_add(ctx, &a, 5);
    gan__counter_add(ctx, &b, 7);
    a.value = 6;
    gan__commit(ctx);
    a.value = 10, b.value = 20;
    gan__rollback(ctx);
    assert_int_equal(a.value, 6);
    assert_int_equal(b.value, 7);
    b.value = 8;
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    assert_int_equal(b.value, 7);
    gan_ctx_clear(ctx);
    gan__counter_remove(&a);
    gan__counter_remove(&a);
    a.value = 11, b.value = 12;
    gan__rollback(ctx);
    assert_int_equal(a.value, 11);
    assert_int_equal(b.value, 7);
    gan__counter_remove(&b);
}

static void test_commit__waits_for_the_outermost_step(void **state) {
    (void)state;
    gan__counter c;
    gan__counter_add(ctx, &c, 0);
    gan__hold(ctx);
    gan__hold(ctx);
    c.value = 1;
    gan__commit(ctx);
    assert_int_equal(c.committed, 0);
    gan__unhold(ctx);
    assert_int_equal(c.committed, 0);
    gan__unhold(ctx);
    assert_int_equal(c.committed, 1);
    gan__counter_remove(&c);
}

static void test_commit__does_nothing_after_an_error(void **state) {
    (void)state;
    gan__counter c;
    gan__counter_add(ctx, &c, 0);
    gan__hold(ctx);
    c.value = 1;
    gan_ctx_fail(ctx, GAN_E_ARG, "planted");
    c.value = 2; /* by somebody who did not look */
    gan__unhold(ctx);
    assert_int_equal(c.committed, 0);
    gan_ctx_clear(ctx);
    assert_int_equal(c.value, 0);
    c.value = 3;
    gan__commit(ctx); /* nothing is held any more */
    assert_int_equal(c.committed, 3);
    gan__counter_remove(&c);
}

static char trace[400];
static void add_to_trace(char what, void *target, void *old) {
    size_t used = strlen(trace);
    trace[used] = what;
    trace[used + 1] = *(char *)target;
    trace[used + 2] = *(char *)old;
    trace[used + 3] = 0;
}
static void restore(void *target, void *old) { add_to_trace('r', target, old); }
static void discard(gan_ctx *c, void *old) {
    (void)c;
    char any = '*';
    add_to_trace('d', &any, old);
}

static void note(char *target, char *old) { gan__undo_add(ctx, (gan__undo){target, old, restore, discard}); }

static void test_undo__restores_the_latest_first(void **state) {
    (void)state;
    trace[0] = 0;
    note("a", "1"), note("b", "2"), note("a", "3");
    gan__rollback(ctx);
    assert_string_equal(trace, "ra3rb2ra1");
    gan__rollback(ctx);
    assert_string_equal(trace, "ra3rb2ra1");
}

static void test_undo__is_forgotten_by_a_commit(void **state) {
    (void)state;
    trace[0] = 0;
    note("a", "1"), note("b", "2");
    gan__commit(ctx);
    assert_string_equal(trace, "d*1d*2");
    gan__rollback(ctx);
    assert_string_equal(trace, "d*1d*2");
}

static void test_undo__is_forgotten_with_its_target(void **state) {
    (void)state;
    char a[] = "a", b[] = "b";
    trace[0] = 0;
    note(a, "1"), note(b, "2"), note(a, "3");
    gan__undo_forget(ctx, a);
    assert_string_equal(trace, "d*1d*3");
    gan__rollback(ctx);
    assert_string_equal(trace, "d*1d*3rb2");
}

static void test_undo__what_is_left_at_the_end_is_discarded(void **state) {
    (void)state;
    trace[0] = 0;
    note("a", "1");
    gan_ctx_free(ctx);
    assert_string_equal(trace, "d*1");
    begin(NULL);
}

static void test_undo__log_grows_and_may_fail_to(void **state) {
    (void)state;
    for (int i = 0; i < 1000; i++) note("a", "1");
    check_ok(ctx);
    trace[0] = 0;
    ctx->state.log_count = 0;
    while (ctx->state.log_count < ctx->state.log_room) note("a", "1");
    ctx->state.log_count = 1;
    ctx->state.log_room = 1; /* full, with room elsewhere */
    gan_ctx_fail_alloc(ctx, 1);
    assert_false(gan__undo_add(ctx, (gan__undo){"b", "2", restore, discard}));
    check_failed(ctx, GAN_E_MEMORY, "out of memory");
    assert_string_equal(trace, "ra1"); /* the error wound back what was noted before it */
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_counter__goes_back_to_the_last_commit),
        TEST(test_commit__waits_for_the_outermost_step),
        TEST(test_commit__does_nothing_after_an_error),
        TEST(test_undo__restores_the_latest_first),
        TEST(test_undo__is_forgotten_by_a_commit),
        TEST(test_undo__is_forgotten_with_its_target),
        TEST(test_undo__what_is_left_at_the_end_is_discarded),
        TEST(test_undo__log_grows_and_may_fail_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
