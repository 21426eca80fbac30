#include <gan/report.h>

#include "io/io_support.h"
#include "io/jsonl.h"
#include "report/curve.h"
#include "report/sample_files.h"
#include "report/status_file.h"

/* --- curves ----------------------------------------------------------------------------------------------- */

static void test_curve__has_every_value_while_there_is_room(void **state) {
    (void)state;
    static gan__curve c;
    gan__curve_init(&c, "x");
    for (int i = 0; i < GAN__CURVE_POINTS; i++) gan__curve_add(&c, i, i * i);
    assert_int_equal(c.points, GAN__CURVE_POINTS);
    for (int i = 0; i < GAN__CURVE_POINTS; i++) {
        assert_int_equal(c.at[i].count, 1);
        assert_true(c.at[i].step == i && c.at[i].value == i * i && c.at[i].low == i * i && c.at[i].high == i * i);
    }
}

/* However many steps, at any distance: each value counts once, and extremes stay. */
static void test_curve__of_a_long_run_is_means_and_extremes(void **state) {
    (void)state;
    static gan__curve c;
    static const int64_t apart[] = {1, 7, 50, 1000};
    for (int k = 0; k < COUNT_OF(apart); k++) {
        enum { N = 10007 };
        double sum = 0, total = 0, steps = 0;
        int64_t count = 0;
        gan__curve_init(&c, "x");
        for (int i = 1; i <= N; i++) {
            double value = i == 5000 ? -1e6 : i == 7000 ? 1e6 : sin(i);
            gan__curve_add(&c, i * apart[k], value);
            sum += value;
        }
        double low = 0, high = 0, before = -1;
        for (int i = 0; i < c.points; i++) {
            if (!c.at[i].count) continue;
            count += c.at[i].count;
            total += c.at[i].value * (double)c.at[i].count;
            steps += c.at[i].step * (double)c.at[i].count;
            low = fmin(low, c.at[i].low);
            high = fmax(high, c.at[i].high);
            assert_true(c.at[i].step > before);
            before = c.at[i].step;
        }
        assert_int_equal(count, N);
        check_close(total, sum, 1e-6);
        check_close(steps / N / (double)apart[k], (N + 1) / 2., 1e-6);
        assert_true(low == -1e6 && high == 1e6);
        assert_true(c.points > GAN__CURVE_POINTS / 2 - 1 && c.points <= GAN__CURVE_POINTS);
        assert_true(gan__curve_last(&c)->high <= 1);
    }
}

static void test_curve__leaves_out_what_is_not_finite(void **state) {
    (void)state;
    static gan__curve c;
    gan__curve_init(&c, "x");
    gan__curve_add(&c, 1, NAN);
    gan__curve_add(&c, 2, INFINITY);
    gan__curve_add(&c, -1, 1);
    assert_null(gan__curve_last(&c));
    gan__curve_add(&c, 3, 5);
    assert_true(gan__curve_last(&c)->value == 5 && gan__curve_last(&c)->step == 3);
}

static int64_t last_told;

static void take(void *user, int64_t step, const cJSON *line) {
    if (step > last_told) last_told = step;
    gan__curves_add(user, 2, step, line);
}

static void test_log__is_read_past_what_is_no_line_of_it(void **state) {
    fixture *f = *state;
    static const char text[] =
        "{\"step\":1,\"a\":2,\"b\":null}\nnot JSON\n{\"a\":7}\n{\"step\":\"x\",\"a\":7}\n{\"step\":1e300,\"a\":7}\n"
        "[1]\n{\"step\":4,\"a\":3,\"c\":9,\"b\":\"text\"}\n{\"step\":5,\"a\":7";
    static gan__curve curves[2];
    gan__curve_init(&curves[0], "a");
    gan__curve_init(&curves[1], "b");
    spit(f->path, text, strlen(text));
    assert_true(gan__log_read(f->ctx, f->path, take, curves, "test"));
    assert_int_equal(last_told, 4);
    assert_int_equal(curves[0].points, 5);
    assert_true(curves[0].at[1].value == 2 && curves[0].at[4].value == 3 && curves[0].at[2].count == 0);
    assert_int_equal(curves[1].points, 0);
    assert_true(gan__log_read(f->ctx, "/missing", take, curves, "test"));
    assert_false(gan__log_read(f->ctx, f->folder, take, curves, "test"));
    failure(f, GAN_E_IO, f->folder);
}

/* --- sample grids ----------------------------------------------------------------------------------------- */

static char *in_run(const fixture *f, const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return path;
}

static void make_samples(const fixture *f) {
    snprintf(in_run(f, ""), 256, "%s/samples", f->folder);
    mkdir(in_run(f, "samples"), 0777);
}

static void make_grid(fixture *f, int64_t step, int side) {
    char name[GAN__RUN_NAME];
    snprintf(name, sizeof name, step < 0 ? "samples/final.png" : "samples/step-%06lld.png", (long long)step);
    gan_write_grid(gan_full(f->ctx, gan_shape4(1, side, side, 1), (double)step / 1000), in_run(f, name), (gan_grid_opts){0});
    check_ok(f->ctx);
}

static int set_up_run(void **state) {
    if (set_up(state)) return -1;
    make_samples(*state);
    return 0;
}

static int tear_down_run(void **state) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/samples", ((fixture *)*state)->folder);
    return system(command) | tear_down(state);
}

static void test_grids__are_found_by_their_steps(void **state) {
    fixture *f = *state;
    static const int64_t steps[] = {500, 1234567, 20, 0, 7000};
    for (int i = 0; i < COUNT_OF(steps); i++) make_grid(f, steps[i], 2);
    make_grid(f, -1, 2);
    spit(in_run(f, "samples/jump-000500.png"), "1", 1); /* at the step of a grid */
    spit(in_run(f, "samples/jump-000700.png"), "1", 1);
    static const char *const others[] = {"step-1.png",   "step-000001.jpg",  "step--00001.png",  "step-+00001.png",
                                         "progress.png", "xstep-000001.png", "step-000001.png~", "step-99999999999999999999.png",
                                         "jump-1.png",   "jump000001.png"};
    for (int i = 0; i < COUNT_OF(others); i++) {
        char name[64];
        snprintf(name, sizeof name, "samples/%s", others[i]);
        spit(in_run(f, name), "x", 1);
    }
    gan__sample_files found;
    assert_true(gan__sample_files_find(f->ctx, f->folder, 7000, &found, "test"));
    assert_int_equal(found.count, 5);
    static const int64_t expected[] = {0, 20, 500, 700, 7000};
    for (int i = 0; i < 5; i++) assert_int_equal(found.at[i].step, expected[i]);
    assert_string_equal(found.at[1].name, "samples/step-000020.png");
    assert_string_equal(found.at[3].name, "samples/jump-000700.png");
    gan__free(f->ctx, found.at);
    assert_true(gan__sample_files_find(f->ctx, f->folder, 6000, &found, "test")); /* the final one is of step 6000 */
    assert_int_equal(found.count, 5);
    assert_int_equal(found.at[4].step, 6000);
    assert_string_equal(found.at[4].name, "samples/final.png");
    gan__free(f->ctx, found.at);
    gan__sample_files_cut(f->folder, 500);
    assert_true(gan__sample_files_find(f->ctx, f->folder, INT64_MAX, &found, "test"));
    assert_int_equal(found.count, 3);
    gan__free(f->ctx, found.at);
    assert_int_equal(files_in(in_run(f, "samples")), 4 + COUNT_OF(others)); /* only the library's own go */
}

static void test_grids__are_thinned_evenly(void **state) {
    (void)state;
    enum { MOST = 200 };
    gan__sample_file at[MOST];
    for (int count = 1; count <= MOST; count++)
        for (int most = 1; most <= 61; most += 12) {
            for (int i = 0; i < count; i++) at[i] = (gan__sample_file){.step = i, .bytes = 10};
            gan__sample_files f = {count, at};
            gan__sample_files_thin(&f, most, 1 << 20);
            assert_int_equal(f.count, count < most ? count : most);
            assert_int_equal(at[f.count - 1].step, count - 1);
            if (f.count > 1) assert_int_equal(at[0].step, 0);
            double even = f.count > 1 ? (count - 1.) / (double)(f.count - 1) : 0;
            for (int i = 0; i < f.count && f.count > 1; i++) assert_true(fabs((double)at[i].step - i * even) < .5 + 1e-9);
        }
    for (int i = 0; i < MOST; i++) at[i] = (gan__sample_file){.step = i, .bytes = 1000};
    gan__sample_files f = {MOST, at};
    gan__sample_files_thin(&f, 60, 10500);
    assert_int_equal(f.count, 10);
    gan__sample_files_thin(&f, 60, 1); /* the last one in any case */
    assert_int_equal(f.count, 1);
    assert_int_equal(at[0].step, MOST - 1);
}

/* --- the page --------------------------------------------------------------------------------------------- */

#define LOG                                                                                                                      \
    "{\"step\":100,\"d_loss\":1.25,\"g_loss\":0.75,\"distance\":3.5}\n{\"step\":200,\"d_loss\":1.5,\"g_loss\":0.5,"              \
    "\"distance\":1.125}\n"

static void make_run(fixture *f) {
    spit(in_run(f, "metrics.jsonl"), LOG, strlen(LOG));
    make_grid(f, 100, 2);
    make_grid(f, 200, 2);
}

static void write_status(fixture *f, const char *state, const char *error, const gan_watch_verdict *verdict) {
    gan_loss loss = gan_loss_hinge();
    gan__run_status s = {.state = state,
                         .error = error,
                         .started = 1700000000,
                         .step = 200,
                         .steps = 300,
                         .loss = &loss,
                         .d_even = 2,
                         .verdict = verdict};
    assert_true(gan__status_write(f->ctx, f->folder, &s, "test"));
}

static char *page_of(fixture *f) {
    assert_int_equal(gan_report_write(f->ctx, f->folder), GAN_OK);
    return slurp(in_run(f, "report.html"), NULL);
}

static void expect(const char *page, const char *text) {
    if (!strstr(page, text)) fail_msg("the page lacks \"%s\"", text);
}

static void expect_none(const char *page, const char *text) {
    if (strstr(page, text)) fail_msg("the page has \"%s\"", text);
}

static int times(const char *page, const char *text) {
    int n = 0;
    for (const char *at = page; (at = strstr(at, text)); at++) n++;
    return n;
}

static void test_page__of_a_log_alone(void **state) {
    fixture *f = *state;
    spit(in_run(f, "metrics.jsonl"), LOG, strlen(LOG));
    char *page = page_of(f);
    expect(page, "step 200");
    expect(page, "No verdict");
    expect(page, "data-key=\"g_loss\">0.5<");
    expect(page, "\"distance\":{\"x\":[100,200],\"y\":[3.5,1.12]}");
    expect_none(page, "<img");
    expect_none(page, "d_grad_norm");
    expect_none(page, "id=\"again\"");
    free(page);
    assert_int_equal(files_in(in_run(f, "samples")), 0);
}

static void test_page__of_a_whole_run(void **state) {
    fixture *f = *state;
    static const char ini[] = "seed = 3\nwith = r1:weight=1\nwith = packing:m=2\n[data]\npath = </pre>&\"pictures\"\n";
    gan_watch_verdict v = {.kind = GAN_WATCH_D_WON,
                           .step = 200,
                           .since = 150,
                           .n_remedies = 1,
                           .text = "D has won since step 150: it is right <always> \xff\x01& ever",
                           .remedies = {{"tune", "let D learn more slowly", "--set d.lr*=<.3>"}}};
    make_run(f);
    spit(in_run(f, "run.ini"), ini, strlen(ini));
    write_status(f, "running", NULL, &v);
    char *page = page_of(f);
    expect(page, "<h2><span aria-hidden=\"true\">\xe2\x9c\x95</span>D has won</h2>");
    expect(page, "<p>Since step 150: it is right &lt;always&gt; \xef\xbf\xbd\xef\xbf\xbd&amp; ever");
    expect(page, "Let D learn more slowly: <code>--set d.lr*=&lt;.3&gt;</code>");
    expect(page, "step 200 of 300");
    expect(page, "2023-11-14 22:13 UTC");
    expect(page, "id=\"again\"");
    expect(page, "D cannot tell 2<");
    expect(page, "<dt>Tricks</dt><dd>r1:weight=1, packing:m=2</dd>");
    expect(page, "<dd>&lt;/pre&gt;&amp;&quot;pictures&quot;</dd>");
    expect_none(page, "</pre>&");
    expect(page, "\"frames\":[100,200]");
    assert_int_equal(times(page, "<img "), 2);
    assert_int_equal(times(page, "<img hidden "), 1);
    assert_int_equal(times(page, "<script"), times(page, "</script>"));
    free(page);
    write_status(f, "failed", "no space left on <device>", NULL);
    page = page_of(f);
    expect(page, "The run failed</h2>");
    expect(page, "no space left on &lt;device&gt;");
    expect_none(page, "id=\"again\"");
    free(page);
    v.kind = GAN_WATCH_HEALTHY;
    snprintf(v.text, sizeof v.text, "healthy");
    write_status(f, "done", NULL, &v);
    page = page_of(f);
    expect(page, "card verdict good");
    free(page);
}

static void test_page__tells_how_the_verdict_came(void **state) {
    fixture *f = *state;
    gan__jsonl *log = gan__jsonl_open(f->ctx, in_run(f, "metrics.jsonl"), -1, "test");
    for (int64_t step = 1; step <= 40; step++) {
        char why[64];
        snprintf(why, sizeof why, "turn <%lld>", (long long)step);
        const gan__jsonl_text words[] = {{"verdict", "noise"}, {"why", why}};
        gan__jsonl_note(log, step * 100, NULL, 0, words, 2);
    }
    gan__jsonl_close(log);
    char *page = page_of(f);
    assert_int_equal(times(page, "<li>Step "), 32);
    expect_none(page, "turn &lt;8&gt;");
    expect(page, "<ul>\n<li>Step 900: turn &lt;9&gt;</li>");
    expect(page, "<li>Step 4000: turn &lt;40&gt;</li>\n</ul>");
    free(page);
}

static void test_page__stays_small_however_long_the_run_was(void **state) {
    fixture *f = *state;
    gan__jsonl *log = gan__jsonl_open(f->ctx, in_run(f, "metrics.jsonl"), -1, "test");
    for (int64_t step = 1; step <= 30000; step++) {
        gan__jsonl_field fields[] = {{"d_loss", sin((double)step)}, {"g_loss", cos((double)step)}};
        gan__jsonl_write(log, step, fields, 2);
    }
    gan__jsonl_close(log);
    for (int64_t step = 200; step <= 30000; step += 200) make_grid(f, step, 2);
    char *page = page_of(f);
    assert_int_equal(times(page, "<img "), 60);
    assert_true(strlen(page) < 100000);
    expect(page, ",30000],\"curves\"");
    free(page);
}

static void test_page__is_itself_whole_in_base64(void **state) {
    fixture *f = *state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    spit(in_run(f, "metrics.jsonl"), LOG, strlen(LOG));
    for (int side = 40; side < 70; side += 3) { /* sizes of all remainders, and longer than a line of the writer */
        size_t size, n = 0;
        gan_tensor *noise = gan_rand(f->ctx, gan_shape4(1, side, side, 3));
        gan_write_grid(noise, in_run(f, "samples/step-000200.png"), (gan_grid_opts){0});
        char *png = slurp(in_run(f, "samples/step-000200.png"), &size), *page = page_of(f), *at = strstr(page, "base64,");
        assert_non_null(at);
        uint32_t bits = 0;
        int held = 0;
        for (at += 7; *at != '"' && *at != '='; at++) {
            const char *d = strchr(digits, *at);
            assert_non_null(d);
            bits = bits << 6 | (uint32_t)(d - digits);
            held += 6;
            if (held < 8) continue;
            held -= 8;
            assert_int_equal((uint8_t)(bits >> held), (uint8_t)png[n++]);
        }
        assert_int_equal(n, size);
        free(png);
        free(page);
    }
}

static void test_page__of_what_is_no_run(void **state) {
    fixture *f = *state;
    assert_int_equal(gan_report_write(f->ctx, f->folder), GAN_E_IO);
    failure(f, GAN_E_IO, "is no run folder");
    assert_int_equal(gan_report_write(f->ctx, "/missing"), GAN_E_IO);
    failure(f, GAN_E_IO, "/missing is no run folder");
    assert_int_equal(gan_report_write(f->ctx, ""), GAN_E_ARG);
    failure(f, GAN_E_ARG, "");
    assert_int_equal(gan_report_write(f->ctx, NULL), GAN_E_ARG);
    failure(f, GAN_E_ARG, "");
    make_run(f);
    spit(in_run(f, "status.json"), "{\"state\": ", 10); /* one that somebody else wrote */
    char *page = page_of(f);
    expect(page, "No verdict");
    free(page);
    spit(in_run(f, "samples/step-000100.png"), "no picture at all, though of some length", 40);
    assert_int_equal(gan_report_write(f->ctx, f->folder), GAN_E_FORMAT);
    failure(f, GAN_E_FORMAT, "step-000100.png");
    int files = files_in(f->folder);
    assert_int_equal(gan_report_write(f->ctx, f->folder), GAN_E_FORMAT);
    failure(f, GAN_E_FORMAT, "");
    assert_int_equal(files_in(f->folder), files); /* nothing half done stays */
}

static bool write_report(fixture *f) { return gan_report_write(f->ctx, f->folder) == GAN_OK; }

static void test_page__without_memory(void **state) {
    fixture *f = *state;
    make_run(f);
    write_status(f, "done", NULL, NULL);
    assert_true(write_report(f));
    fail_every_allocation(f, write_report, files_in(f->folder));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_run, tear_down_run)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_curve__has_every_value_while_there_is_room),
        cmocka_unit_test(test_curve__of_a_long_run_is_means_and_extremes),
        cmocka_unit_test(test_curve__leaves_out_what_is_not_finite),
        TEST(test_log__is_read_past_what_is_no_line_of_it),
        TEST(test_grids__are_found_by_their_steps),
        cmocka_unit_test(test_grids__are_thinned_evenly),
        TEST(test_page__of_a_log_alone),
        TEST(test_page__of_a_whole_run),
        TEST(test_page__tells_how_the_verdict_came),
        TEST(test_page__stays_small_however_long_the_run_was),
        TEST(test_page__is_itself_whole_in_base64),
        TEST(test_page__of_what_is_no_run),
        TEST(test_page__without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
