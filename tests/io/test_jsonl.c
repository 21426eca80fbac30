#include "io_support.h"

#include "io/json.h"

#include <locale.h>

#include "base/words.h"
#include "io/jsonl.h"

static bool write_step(gan__jsonl *log, int64_t step) {
    gan__jsonl_field field = {"loss", (double)step / 4};
    return gan__jsonl_write(log, step, &field, 1);
}

static void write_steps(fixture *f, int64_t from, int64_t to, int64_t last) {
    gan__jsonl *log = gan__jsonl_open(f->ctx, f->path, last, "test");
    check_ok(f->ctx);
    for (int64_t step = from; step <= to; step++) assert_true(write_step(log, step));
    gan__jsonl_close(log);
}

#define LINE1 "{\"step\":1,\"loss\":0.25}\n"
#define LINE2 "{\"step\":2,\"loss\":0.5}\n"
#define LINE3 "{\"step\":3,\"loss\":0.75}\n"

static void test_log__has_a_line_to_a_write_at_once(void **state) {
    fixture *f = *state;
    gan__jsonl *log = gan__jsonl_open(f->ctx, f->path, -1, "test");
    assert_file_is(f->path, "");
    write_step(log, 1);
    assert_file_is(f->path, LINE1); /* not only when it is closed */
    write_step(log, 2);
    gan__jsonl_close(log);
    assert_file_is(f->path, LINE1 LINE2);
}

static void write_values(gan__jsonl *log) {
    const gan__jsonl_field fields[] = {{"a", NAN},   {"b", -(double)INFINITY}, {"c", 0.1f}, {"d", -1e-30},
                                       {"e", 1e300}, {"f", 123456789012345},   {"g", -0.5}, {"h", 0}};
    gan__jsonl_write(log, INT64_MAX, fields, COUNT_OF(fields));
}

#define VALUES                                                                                                                   \
    "{\"step\":9223372036854775807,\"a\":null,\"b\":null,\"c\":0.100000001,\"d\":-1e-30,\"e\":1e+300,\"f\":123456789012345,"     \
    "\"g\":-0.5,\"h\":0}\n"

static void test_numbers__are_json(void **state) {
    fixture *f = *state;
    gan__jsonl *log = gan__jsonl_open(f->ctx, f->path, -1, "test");
    write_values(log);
    gan__jsonl_close(log);
    assert_file_is(f->path, VALUES);
}

/* Under a locale with a decimal comma, made here where the system has the tools for it: else this repeats the test before. */
static void test_numbers__are_json_in_any_locale(void **state) {
    fixture *f = *state;
    char command[512];
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", f->folder);
    bool made = system(command) == 0;
    setenv("LOCPATH", f->folder, 1);
    bool german = setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
    gan__jsonl *log = gan__jsonl_open(f->ctx, f->path, -1, "test");
    write_values(log);
    gan__jsonl_close(log);
    log = gan__jsonl_open(f->ctx, f->path, INT64_MAX, "test"); /* reading, too */
    gan__jsonl_close(log);
    char comma[8];
    snprintf(comma, sizeof comma, "%.1f", 0.5);
    char half[8];
    double read = 0;
    gan__number_text(.5, half, sizeof half);
    bool is_half = gan__number_read("0.5", &read) && read == .5;
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    snprintf(command, sizeof command, "rm -rf %s/de_DE.UTF-8", f->folder);
    assert_int_equal(system(command), 0);
    assert_file_is(f->path, VALUES);
    assert_int_equal(german, made);
    assert_string_equal(half, "0.5");
    assert_true(is_half);
    assert_string_equal(comma, german ? "0,5" : "0.5");
}

static void test_resuming__cuts_the_later_lines(void **state) {
    fixture *f = *state;
    write_steps(f, 1, 3, -1);
    write_steps(f, 2, 3, 1);
    assert_file_is(f->path, LINE1 LINE2 LINE3);
    write_steps(f, 1, 0, 3); /* none to cut, none to write */
    assert_file_is(f->path, LINE1 LINE2 LINE3);
    write_steps(f, 1, 0, 0);
    assert_file_is(f->path, "");
    assert_int_equal(files_in(f->folder), 1);
}

static void test_resuming__anew_empties_the_log(void **state) {
    fixture *f = *state;
    write_steps(f, 1, 3, -1);
    write_steps(f, 1, 1, -1);
    assert_file_is(f->path, LINE1);
}

static void test_resuming__cuts_an_unfinished_line_and_keeps_foreign_ones(void **state) {
    fixture *f = *state;
    static const char before[] = LINE3 "a note\n{\"other\":7}\n" LINE1 "{\"step\":1,\"lo";
    spit(f->path, before, strlen(before));
    write_steps(f, 2, 2, 1);
    assert_file_is(f->path, "a note\n{\"other\":7}\n" LINE1 LINE2);
}

static void test_log__on_a_full_disk(void **state) {
    fixture *f = *state;
    gan__jsonl *log = gan__jsonl_open(f->ctx, "/dev/full", -1, "test");
    check_ok(f->ctx);
    assert_false(write_step(log, 1));
    failure(f, GAN_E_IO, "test: /dev/full: writing");
    gan__jsonl_close(log);
}

static void test_log__refuses_what_is_no_line(void **state) {
    fixture *f = *state;
    gan__jsonl *log = gan__jsonl_open(f->ctx, f->path, -1, "test");
    static const char *const bad[] = {"a\"b", "a\\b", "a\nb"};
    for (int i = 0; i < COUNT_OF(bad); i++) {
        assert_false(gan__jsonl_write(log, 1, &(gan__jsonl_field){bad[i], 1}, 1));
        failure(f, GAN_E_ARG, "key of field 0");
    }
    gan__jsonl_field fields[400];
    for (int i = 0; i < 400; i++) fields[i] = (gan__jsonl_field){"a key of some length", 1};
    for (int count = 1; count <= 400; count++)
        if (!gan__jsonl_write(log, 1, fields, count)) failure(f, GAN_E_ARG, "do not fit");
    assert_true(write_step(log, 1));
    gan__jsonl_close(log);
    char *text = slurp(f->path, NULL);
    for (char *line = text, *end; *line; line = end + 1) { /* whole lines only */
        end = strchr(line, '\n');
        assert_non_null(end);
        assert_true(line[0] == '{' && end[-1] == '}');
    }
    free(text);
}

static void test_log__where_none_can_be(void **state) {
    fixture *f = *state;
    char path[160];
    snprintf(path, sizeof path, "%s/missing/log", f->folder);
    assert_null(gan__jsonl_open(f->ctx, path, -1, "test"));
    failure(f, GAN_E_IO, path);
    assert_null(gan__jsonl_open(f->ctx, f->folder, -1, "test"));
    failure(f, GAN_E_IO, f->folder);
    assert_false(write_step(NULL, 1));
    gan__jsonl_close(NULL);
}

static bool open_and_cut(fixture *f) {
    spit(f->path, LINE1 LINE2, strlen(LINE1 LINE2));
    gan__jsonl *log = gan__jsonl_open(f->ctx, f->path, 1, "test");
    gan__jsonl_close(log);
    assert_file_is(f->path, log ? LINE1 : LINE1 LINE2);
    return log != NULL;
}

static void test_log__without_memory(void **state) { fail_every_allocation(*state, open_and_cut, 1); }

static void test_lines__that_nobody_wrote_whole_are_left_out(void **state) {
    fixture *f = *state;
    static const char text[] = "{1}\n{\0}\n{2}\n{long enough}\n\n{3}\n{cut";
    static const char *const whole[] = {"{1}", "{2}", "", "{3}"};
    spit(f->path, text, sizeof text - 1);
    FILE *file = fopen(f->path, "r");
    char line[8];
    for (int i = 0; i < 4; i++) {
        assert_true(gan__json_line(file, line, sizeof line));
        assert_string_equal(line, whole[i]);
    }
    assert_false(gan__json_line(file, line, sizeof line));
    fclose(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_log__has_a_line_to_a_write_at_once),
        TEST(test_numbers__are_json),
        TEST(test_numbers__are_json_in_any_locale),
        TEST(test_resuming__cuts_the_later_lines),
        TEST(test_resuming__anew_empties_the_log),
        TEST(test_resuming__cuts_an_unfinished_line_and_keeps_foreign_ones),
        TEST(test_log__on_a_full_disk),
        TEST(test_log__refuses_what_is_no_line),
        TEST(test_log__where_none_can_be),
        TEST(test_log__without_memory),
        TEST(test_lines__that_nobody_wrote_whole_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
