/* Configurations as files: what is written reads as the same, and what is malformed is told with file and line. */
#include "config_checks.h"

static gan_status read_text(fixture *f, gan_config *c, const char *text) {
    spit(f->path, text, strlen(text));
    return gan_config_read(c, f->path);
}

/* Written, read into a fresh configuration, and written again: the same bytes. */
static void check_round_trip(fixture *f, gan_config *c, const char *what) {
    check_ok(f->ctx);
    assert_int_equal(gan_config_write(c, f->path), GAN_OK);
    char *text = text_of(f, c), *file = slurp(f->path, NULL);
    assert_string_equal(text, file);
    gan_config *back = fresh(f);
    if (gan_config_read(back, f->path)) fail_msg("%s: %s", what, gan_ctx_message(f->ctx));
    char *again = text_of(f, back);
    if (strcmp(text, again)) fail_msg("%s: another configuration was read than written", what);
    gan_config_free(back);
    free(text);
    free(file);
    free(again);
}

static void test_files__read_what_was_written_for_every_preset(void **state) {
    fixture *f = *state;
    const char *name;
    int n = 0;
    for (; (name = gan_preset_name(n)); n++) {
        gan_config *c = fresh(f);
        gan_config_preset(c, name);
        gan_config_set(c, "data.path=some folder/with = and # and; in it");
        check_round_trip(f, c, name);
        gan_config_free(c);
    }
    assert_true(n >= 12);
}

static void test_files__read_what_was_written_with_all_tricks(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    take_all_tricks(c);
    gan_config_set(c, "feature_matching.path=main.2");
    check_round_trip(f, c, "all tricks");
    gan_setting s;
    gan_config *moved = fresh(f); /* every number at another value than its default */
    take_all_tricks(moved);
    for (int i = 0; gan_config_setting(moved, i, &s); i++) {
        char assignment[160];
        snprintf(assignment, sizeof assignment, "%s=%s", s.name, !strcmp(s.value, "false") ? "true" : "0.3");
        gan_config_set(moved, assignment);
        if (gan_ctx_status(f->ctx)) {
            gan_ctx_clear(f->ctx);
            snprintf(assignment, sizeof assignment, "%s=%s", s.name, "3");
            gan_config_set(moved, assignment);
            gan_ctx_clear(f->ctx);
        }
    }
    check_round_trip(f, moved, "other values");
    char *text = text_of(f, moved), *before = text_of(f, c);
    assert_true(strcmp(text, before) != 0);
    free(text);
    free(before);
}

static void test_files__are_understood_as_people_write_them(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    assert_int_equal(read_text(f, c,
                               "# a comment\n; another\n\npreset = wgan-gp\nwith = packing:m=2\nwith=r1\n  steps   =  7 \n"
                               "lr*=.5\nd.beta2 = .8\n[d]\nbeta1 = .25 ; in line\n[r1]\nweight: 4\n[net]\r\nunits = 9\r\n"),
                     GAN_OK);
    is_value(c, "loss", "wasserstein");
    is_value(c, "pack", "2");
    is_value(c, "steps", "7");
    is_value(c, "d.lr", "5e-05");
    is_value(c, "d.beta1", "0.25");
    is_value(c, "g.beta1", "0");
    is_value(c, "d.beta2", "0.8");
    is_value(c, "r1.weight", "4");
    is_value(c, "net.units", "9");
    assert_string_equal(gan_config_trick(c, 0), "wgan_gp");
    assert_string_equal(gan_config_trick(c, 1), "r1");
}

static void test_files__that_are_malformed_are_told_with_their_line(void **state) {
    fixture *f = *state;
    char longest[256] = "steps = 5\nout = ", longer[256];
    memset(longest + strlen(longest), 'x', 192); /* 198 with its name, and the end of the line */
    snprintf(longer, sizeof longer, "%s%s", longest, "y\n");
    strcat(longest, "\n");
    const struct {
        const char *text;
        int line;
        gan_status status;
        const char *words;
    } cases[] = {
        {"steps = 5\nno assignment\nstepz = 3\n", 2, GAN_E_FORMAT, "neither [section] nor name = value"},
        {"steps = 5\nstepz = 3\nno assignment\n", 2, GAN_E_ARG, "did you mean \"steps\"?"},
        {"\n\n[net\nunits = 4\n", 3, GAN_E_FORMAT, "neither [section] nor name = value"},
        {"[net]\nunits = -4\n", 2, GAN_E_ARG, "net.units is \"-4\""},
        {"[nets]\nunits = 4\n", 2, GAN_E_ARG, "did you mean \"net.units\"?"},
        {"with = r1\nwith = paking\n", 2, GAN_E_ARG, "did you mean \"packing\"?"},
        {"with = r1:interval=0\n", 1, GAN_E_ARG, "r1: interval is \"0\""},
        {"[r1]\nweight = 2\n", 2, GAN_E_ARG, "the trick r1 is not in use"},
        {"steps = 1\npreset = dcgun\n", 2, GAN_E_ARG, "did you mean \"dcgan\"?"},
        {longer, 2, GAN_E_FORMAT, "longer than 199 characters"},
        {"steps = 5\n\tout = a\n   d.lr = -2\n", 3, GAN_E_ARG, "d.lr is \"-2\""}, /* indented, and no more of `out` */
    };
    gan_config *c = fresh(f);
    gan_config_set(c, "steps=77");
    char *before = text_of(f, c), place[sizeof f->path + 32];
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_status status = read_text(f, c, cases[i].text);
        assert_int_equal(status, gan_ctx_status(f->ctx));
        snprintf(place, sizeof place, "%s, line %d: ", f->path, cases[i].line);
        failure(f, cases[i].status, cases[i].words);
        if (!strstr(f->message, place)) fail_msg("\"%s\" does not name %s", f->message, place);
        char *after = text_of(f, c);
        assert_string_equal(before, after);
        free(after);
    }
    free(before);
    assert_int_equal(read_text(f, c, longest), GAN_OK);
    gan_setting out;
    assert_true(gan_config_find(c, "out", &out));
    assert_int_equal(strlen(out.value), 192);
}

static void test_files__that_cannot_be_read_are_named(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    remove(f->path);
    assert_int_equal(gan_config_read(c, f->path), GAN_E_IO);
    failure(f, GAN_E_IO, f->path);
    assert_int_equal(gan_config_read(c, f->folder), GAN_E_IO);
    failure(f, GAN_E_IO, f->folder);
    assert_int_equal(gan_config_read(c, NULL), GAN_E_ARG);
    failure(f, GAN_E_ARG, "there is no path");
    char nowhere[160];
    snprintf(nowhere, sizeof nowhere, "%s/none/run.ini", f->folder);
    assert_int_equal(gan_config_write(c, nowhere), GAN_E_IO);
    failure(f, GAN_E_IO, nowhere);
}

/* What a line cannot hold is refused, and would otherwise be read as another value. */
static void test_values__that_do_not_fit_into_a_line_are_refused(void **state) {
    fixture *f = *state;
    static const char *const bad[] = {"a ;b", "a\t;b", ";a", "a ", "a\t", "\ta", "a\nb", "a\rb"};
    char assignment[512];
    for (int i = 0; i < COUNT_OF(bad); i++) {
        gan_config *c = fresh(f);
        snprintf(assignment, sizeof assignment, "out=%s", bad[i]);
        gan_config_set(c, assignment);
        is_value(c, "out", bad[i]);
        assert_string_equal(gan_config_text(c), "");
        failure(f, GAN_E_ARG, "does not fit into a line");
        assert_int_equal(gan_config_write(c, f->path), GAN_E_ARG);
        failure(f, GAN_E_ARG, "out = \"");
        assert_int_equal(files_in(f->folder), 0);
        gan_config_free(c);
    }
    static const char *const fine[] = {"a;b", "a # b", "a = b", "[a]", "a: b", "\"a\"", "#a"};
    for (int i = 0; i < COUNT_OF(fine); i++) {
        gan_config *c = fresh(f);
        snprintf(assignment, sizeof assignment, "out=%s", fine[i]);
        gan_config_set(c, assignment);
        check_round_trip(f, c, fine[i]);
        remove(f->path);
        gan_config_free(c);
    }
    for (int n = 180; n < 210; n++) { /* around the longest line */
        gan_config *c = fresh(f);
        snprintf(assignment, sizeof assignment, "out=%0*d", n, 7);
        gan_config_set(c, assignment);
        const char *text = gan_config_text(c);
        assert_int_equal(*text == 0, n > 192);
        if (*text) check_round_trip(f, c, "a long line");
        gan_ctx_clear(f->ctx);
        gan_config_free(c);
    }
}

static gan_config *reader;
static bool read_it(fixture *f) { return gan_config_read(reader, f->path) == GAN_OK; }

static void test_files__survive_the_lack_of_memory(void **state) {
    fixture *f = *state;
    reader = fresh(f);
    gan_config_with(reader, "r1:weight=5");
    char *before = text_of(f, reader);
    gan_config_write(reader, f->path);
    gan_config_free(reader);
    reader = fresh(f);
    char *untouched = text_of(f, reader);
    for (int nth = 1;; nth++) { /* not a change of what was there */
        gan_ctx_fail_alloc(f->ctx, nth);
        bool done = read_it(f);
        gan_ctx_fail_alloc(f->ctx, 0);
        if (!done) failure(f, GAN_E_MEMORY, "");
        char *after = text_of(f, reader);
        assert_string_equal(after, done ? before : untouched);
        free(after);
        if (!done) continue;
        assert_true(nth > 10);
        break;
    }
    fail_every_allocation(f, read_it, 1);
    for (int nth = 1;; nth++) { /* and the file stays whole */
        gan_ctx_fail_alloc(f->ctx, nth);
        bool done = gan_config_write(reader, f->path) == GAN_OK;
        gan_ctx_fail_alloc(f->ctx, 0);
        assert_file_is(f->path, before);
        assert_int_equal(files_in(f->folder), 1);
        if (done) break;
        failure(f, GAN_E_MEMORY, "");
    }
    assert_file_is(f->path, before);
    free(untouched);
    free(before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files__read_what_was_written_for_every_preset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files__read_what_was_written_with_all_tricks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files__are_understood_as_people_write_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files__that_are_malformed_are_told_with_their_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files__that_cannot_be_read_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values__that_do_not_fit_into_a_line_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files__survive_the_lack_of_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
