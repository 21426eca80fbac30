/* Options by name: values read and written, ranges, and the nearest of misspelt words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <gan/option.h>
#include <math.h>
#include <string.h>

#include "base/words.h"

typedef enum colour { RED, GREEN } colour;
typedef struct thing {
    bool flag;
    int count;
    colour paint;
    int64_t size;
    double rate, any;
    char path[8];
} thing;

static const char *const colours[] = {"red", "green", NULL};
static const gan_option table[] = {
    {.name = "flag", .type = GAN_OPTION_BOOL, .offset = offsetof(thing, flag)},
    {.name = "count", .type = GAN_OPTION_INT, .offset = offsetof(thing, count), .low = 1, .high = 9},
    {.name = "size",
     .type = GAN_OPTION_INT64,
     .offset = offsetof(thing, size),
     .shape = offsetof(thing, size) - offsetof(thing, paint)},
    {.name = "rate", .type = GAN_OPTION_NUMBER, .offset = offsetof(thing, rate), .high = 1, .high_open = true},
    {.name = "any", .type = GAN_OPTION_NUMBER, .offset = offsetof(thing, any)},
    {.name = "paint", .type = GAN_OPTION_WORD, .offset = offsetof(thing, paint), .words = colours},
    {.name = "path", .type = GAN_OPTION_TEXT, .offset = offsetof(thing, path), .room = 8},
    {.name = NULL},
};

static const char *text_of(const thing *t, const char *name) {
    static char text[GAN_OPTION_VALUE];
    return gan_option_text(gan_option_find(table, name), t, text, sizeof text);
}

static bool set(thing *t, const char *name, const char *text) {
    char why[128];
    return gan_option_set(gan_option_find(table, name), t, text, why, sizeof why);
}

static void test_options__read_what_they_write(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"flag", "true"},    {"flag", "false"},  {"count", "7"},      {"size", "-9007199254740993"},
        {"rate", "0.1"},     {"any", "10"},      {"any", "-1200000"}, {"any", "1e+20"},
        {"rate", "2.5e-05"}, {"paint", "green"}, {"path", "a/b.png"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        thing t = {0};
        assert_true(set(&t, cases[i][0], cases[i][1]));
        assert_string_equal(text_of(&t, cases[i][0]), cases[i][1]);
    }
    thing t = {.rate = .1 + .2};
    thing back = {0};
    assert_true(set(&back, "rate", text_of(&t, "rate")));
    assert_true(back.rate == t.rate);
}

static void test_options__refuse_and_leave_the_struct_alone(void **state) {
    (void)state;
    static const char *const bad[][2] = {{"flag", "maybe"},    {"count", "0"},
                                         {"count", "10"},      {"count", "3x"},
                                         {"count", ""},        {"size", "1e3"},
                                         {"rate", "1"},        {"rate", "-0.1"},
                                         {"rate", "nan"},      {"rate", "0,5"},
                                         {"rate", ".5 "},      {"paint", "blue"},
                                         {"path", "a/b/c/d/"}, {"size", "99999999999999999999"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        thing t = {.count = 3, .rate = .25, .size = 5}, before = t;
        char why[128] = "";
        if (gan_option_set(gan_option_find(table, bad[i][0]), &t, bad[i][1], why, sizeof why))
            fail_msg("%s = \"%s\" was taken", bad[i][0], bad[i][1]);
        assert_memory_equal(&t, &before, sizeof t);
        assert_non_null(strstr(why, bad[i][1]));
    }
}

static void test_options__say_what_they_may_be(void **state) {
    (void)state;
    thing t = {0};
    char why[128];
    gan_option_set(gan_option_find(table, "rate"), &t, "1", why, sizeof why);
    assert_string_equal(why, "is \"1\", must be number in [0, 1)");
    gan_option_set(gan_option_find(table, "paint"), &t, "geren", why, sizeof why);
    assert_string_equal(why, "is \"geren\", must be one of red, green: did you mean \"green\"?");
}

static void test_the_end_of_a_change__makes_a_constant_linear(void **state) {
    (void)state;
    thing t = {.paint = RED};
    assert_true(set(&t, "size", "0"));
    assert_int_equal(t.paint, RED);
    assert_true(set(&t, "size", "100"));
    assert_int_equal(t.paint, GREEN);
}

static void test_nearest_word__is_near_or_none(void **state) {
    (void)state;
    static const char *const words[] = {"instance_noise", "label_noise", "replay", "r1", NULL};
    assert_string_equal(gan_nearest_word("instnace_noise", words), "instance_noise");
    assert_string_equal(gan_nearest_word("labelnoise", words), "label_noise");
    assert_string_equal(gan_nearest_word("r2", words), "r1");
    assert_null(gan_nearest_word("packing", words));
    assert_int_equal(gan__word_distance("ab", "ba"), 1);
    assert_int_equal(gan__word_distance("", "abc"), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options__read_what_they_write), cmocka_unit_test(test_options__refuse_and_leave_the_struct_alone),
        cmocka_unit_test(test_options__say_what_they_may_be), cmocka_unit_test(test_the_end_of_a_change__makes_a_constant_linear),
        cmocka_unit_test(test_nearest_word__is_near_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
