/* Schedules, worked out by hand. */
#include "cmocka_gan.h"

#define TINY 1e-12

static void check_text(gan_schedule s, const char *expected) {
    char text[128];
    gan_schedule_text(s, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_schedules__of_each_kind_are_as_computed_by_hand(void **state) {
    (void)state;
    static const struct {
        int64_t step;
        double linear, cosine, exponential, steps;
    } cases[] = {
        {0, 4, 4, 4, 4}, {5, 3.25, 3.56066017177982128, 2.82842712474619010, 2}, {10, 2.5, 2.5, 2, .5},
        {20, 1, 1, 1, 1 / 16.}, {1000, 1, 1, 1, 0x1p-331},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        int64_t step = cases[i].step;
        check_close(gan_schedule_at(gan_constant(4), step), 4, 0);
        check_close(gan_schedule_at(gan_until(4, 10), step), step < 10 ? 4 : 0, 0);
        check_close(gan_schedule_at(gan_linear_decay(4, 1, 20), step), cases[i].linear, TINY);
        check_close(gan_schedule_at(gan_cosine_decay(4, 1, 20), step), cases[i].cosine, TINY);
        check_close(gan_schedule_at(gan_exponential_decay(4, 1, 20), step), cases[i].exponential, TINY);
        check_close(gan_schedule_at(gan_step_decay(4, .5, 3), step), cases[i].steps, 0);
    }
}

static void test_schedules__begin_at_from(void **state) {
    (void)state;
    gan_schedule s = gan_linear_decay(0, 8, 14);
    s.from = 10;
    check_close(gan_schedule_at(s, 9), 0, 0);
    check_close(gan_schedule_at(s, 11), 2, TINY);
    check_close(gan_schedule_at(s, 14), 8, TINY);
    s.off_outside = true;
    check_close(gan_schedule_at(s, 13), 6, TINY);
    check_close(gan_schedule_at(s, 14), 0, 0);
    s = gan_step_decay(8, .5, 4);
    s.from = 10;
    check_close(gan_schedule_at(s, 13), 8, 0);
    check_close(gan_schedule_at(s, 18), 2, 0);
}

/* Steps 0 to 3 have a quarter, a half, three quarters and all of what the schedule says. */
static void test_warm_up__scales_every_kind(void **state) {
    (void)state;
    const gan_schedule kinds[] = {gan_constant(3), gan_until(3, 2), gan_linear_decay(3, 1, 6), gan_cosine_decay(3, 1, 6),
                                  gan_exponential_decay(3, 1, 6), gan_step_decay(3, .5, 2)};
    for (int i = 0; i < COUNT_OF(kinds); i++)
        for (int64_t step = 0; step < 8; step++) {
            double whole = gan_schedule_at(kinds[i], step), part = step < 4 ? (double)(step + 1) / 4 : 1;
            check_close(gan_schedule_at(gan_warm_up(kinds[i], 4), step), whole * part, TINY);
        }
    check_close(gan_schedule_at(gan_warm_up(gan_constant(3), 4), 0), .75, 0);
    check_close(gan_schedule_at(gan_warm_up(gan_linear_decay(3, 1, 8), 4), 2), 1.875, TINY);
}

static void test_schedules__say_what_they_are(void **state) {
    (void)state;
    check_text(gan_constant(.5), "constant 0.5");
    check_text(gan_until(.5, 10), "constant 0.5, steps 0 to 10");
    check_text(gan_linear_decay(.1, 0, 20000), "linear 0.1 to 0, steps 0 to 20000");
    check_text(gan_step_decay(1, .3, 100), "steps 1 times 0.3 every 100 from 0");
    gan_schedule s = gan_warm_up(gan_cosine_decay(1, .1, 900), 50);
    check_text(s, "cosine 1 to 0.1, steps 0 to 900, warm-up 50");
    s.off_outside = true;
    check_text(s, "cosine 1 to 0.1, steps 0 to 900, 0 outside, warm-up 50");
    s = (gan_schedule){.kind = GAN_CONSTANT, .value = 2, .from = 7, .off_outside = true};
    check_text(s, "constant 2 from 7");
    char little[12];
    gan_schedule_text(gan_linear_decay(.1, 0, 20000), little, sizeof little);
    assert_string_equal(little, "linear 0.1 ");
}

static void check_fault(gan_schedule s, const char *expected) {
    const char *fault = gan_schedule_fault(s);
    fault = fault ? fault : "sound";
    if (strcmp(fault, expected)) fail_msg("\"%s\", not \"%s\"", fault, expected);
}

static void test_schedules__that_are_unsound_say_why(void **state) {
    (void)state;
    check_fault(gan_warm_up(gan_constant(1), 10), "sound");
    check_fault(gan_step_decay(1, 0, 1), "sound");
    check_fault(gan_warm_up(gan_constant(1), -1), "warmup is negative");
    check_fault(gan_step_decay(1, .5, 0), "every is less than 1");
    check_fault(gan_step_decay(1, -.5, 2), "factor is negative");
    check_fault(gan_constant(NAN), "a value is not finite");
    check_fault(gan_linear_decay(1, 0, 0), "the change needs an until after from");
    check_fault(gan_exponential_decay(1, 0, 5), "exponential needs positive values");
    check_fault((gan_schedule){.kind = (gan_schedule_kind)9}, "there is no schedule of that kind");
    check_fault((gan_schedule){.from = 4, .until = 2}, "until is before from");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules__of_each_kind_are_as_computed_by_hand),
        cmocka_unit_test(test_schedules__begin_at_from),
        cmocka_unit_test(test_warm_up__scales_every_kind),
        cmocka_unit_test(test_schedules__say_what_they_are),
        cmocka_unit_test(test_schedules__that_are_unsound_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
