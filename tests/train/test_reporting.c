/* What gan_train leaves for people to look at, and that it does not touch the run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "small_run.h"

typedef struct fixture {
    char folder[64], path[128], warning[600];
    small_run run;
} fixture;

static void on_log(void *user, gan_log_level level, const char *message) {
    fixture *f = user;
    if (level == GAN_LOG_WARNING) snprintf(f->warning, sizeof f->warning, "%s", message);
}

static void start(fixture *f) {
    f->warning[0] = 0;
    f->run = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1, .log = on_log, .log_user = f}, small_opts());
}

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/gan-report-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) ? (start(f), 0) : -1;
}

static int tear_down(void **state) {
    fixture *f = *state;
    char command[128];
    gan_ctx_free(f->run.ctx);
    snprintf(command, sizeof command, "rm -rf %s", f->folder);
    int status = system(command);
    free(f);
    return status;
}

static const char *in_run(fixture *f, const char *name) {
    snprintf(f->path, sizeof f->path, "%s/%s", f->folder, name);
    return f->path;
}

static bool there(fixture *f, const char *name) { return access(in_run(f, name), F_OK) == 0; }

static bool file_has(fixture *f, const char *name, const char *words) {
    FILE *file = fopen(in_run(f, name), "rb");
    assert_non_null(file);
    char *text = calloc(1, 4 << 20);
    assert_true(fread(text, 1, (4 << 20) - 1, file) > 0);
    fclose(file);
    bool found = strstr(text, words) != NULL;
    free(text);
    return found;
}

static gan_train_opts opts(fixture *f, int64_t steps) {
    return (gan_train_opts){.steps = steps, .out = f->folder, .sample_every = 2, .log_every = 1, .samples = 4};
}

static bool stop_at_4(void *user, gan_trainer *t, const gan_step_info *info) {
    (void)user, (void)t;
    return info->step < 4;
}

static bool fail_at_4(void *user, gan_trainer *t, const gan_step_info *info) {
    (void)user;
    if (info->step == 4) gan_ctx_fail(gan_module_ctx(gan_trainer_generator(t)), GAN_E_IO, "the %s ran out", "<ink>");
    return true;
}

static void test_run__leaves_a_page_and_an_animation(void **state) {
    fixture *f = *state;
    assert_int_equal(gan_train(f->run.trainer, opts(f, 6)), GAN_OK);
    assert_true(file_has(f, "status.json", "\"state\":\t\"done\""));
    assert_true(file_has(f, "report.html", "step 6 of 6"));
    assert_true(file_has(f, "report.html", "\"frames\":[2,4,6]"));
    assert_true(there(f, "samples/progress.png"));
    assert_string_equal(f->warning, "");
}

static void test_run__tells_how_it_ended(void **state) {
    fixture *f = *state;
    gan_train_opts o = opts(f, 6);
    o.on_step = stop_at_4;
    assert_int_equal(gan_train(f->run.trainer, o), GAN_OK);
    assert_true(file_has(f, "report.html", "pill stopped"));
    assert_true(file_has(f, "report.html", "step 4 of 6"));
    gan_ctx_free(f->run.ctx);
    start(f);
    o.on_step = fail_at_4;
    assert_int_equal(gan_train(f->run.trainer, o), GAN_E_IO);
    assert_string_equal(gan_ctx_message(f->run.ctx), "the <ink> ran out");
    assert_true(file_has(f, "report.html", "pill failed"));
    assert_true(file_has(f, "report.html", "the &lt;ink&gt; ran out"));
}

static bool look_at_4(void *user, gan_trainer *t, const gan_step_info *info) {
    (void)t;
    fixture *f = user;
    if (info->step == 4) assert_true(file_has(f, "report.html", "pill running"));
    return true;
}

static void test_page__is_there_while_the_run_is_under_way(void **state) {
    fixture *f = *state;
    gan_train_opts o = opts(f, 6);
    o.on_step = look_at_4;
    o.user = f;
    assert_int_equal(gan_train(f->run.trainer, o), GAN_OK);
}

static void test_new_run__shows_none_of_the_old_ones_grids(void **state) {
    fixture *f = *state;
    assert_int_equal(gan_train(f->run.trainer, opts(f, 8)), GAN_OK);
    gan_ctx_free(f->run.ctx);
    start(f);
    gan_train_opts o = opts(f, 6);
    o.sample_every = 3;
    assert_int_equal(gan_train(f->run.trainer, o), GAN_OK);
    assert_true(file_has(f, "report.html", "\"frames\":[3,6]"));
    assert_false(there(f, "samples/step-000008.png"));
}

/* Something that is no grid lies where one should: the run goes on, and says what is wrong. */
static void test_report__is_not_worth_a_run(void **state) {
    fixture *f = *state;
    mkdir(in_run(f, "report.html"), 0777);
    assert_int_equal(gan_train(f->run.trainer, opts(f, 4)), GAN_OK);
    assert_non_null(strstr(f->warning, "the report could not be written"));
    assert_non_null(strstr(f->warning, "report.html is not a regular file"));
    assert_true(there(f, "checkpoint.safetensors"));
}

static bool same_file(const char *a, const char *b) {
    char command[300];
    snprintf(command, sizeof command, "cmp -s %s %s", a, b);
    return system(command) == 0;
}

static void test_report__changes_no_trained_byte(void **state) {
    fixture *f = *state;
    gan_train_opts o = opts(f, 6);
    char first[128], other[80], second[128];
    assert_int_equal(gan_train(f->run.trainer, o), GAN_OK);
    snprintf(first, sizeof first, "%s", in_run(f, "checkpoint.safetensors"));
    gan_ctx_free(f->run.ctx);
    start(f);
    snprintf(other, sizeof other, "%s/other", f->folder);
    snprintf(second, sizeof second, "%s/checkpoint.safetensors", other);
    o.out = other;
    o.no_report = true;
    assert_int_equal(gan_train(f->run.trainer, o), GAN_OK);
    assert_true(same_file(first, second));
    assert_false(there(f, "other/report.html"));
    assert_false(there(f, "other/samples/progress.png"));
}

/* --- points ------------------------------------------------------------------------------------------------------- */

/* The same of every picture of the folder: below the frame, where the axes' numbers are. */
static void expect_one_scale(fixture *f, int64_t pictures) {
    enum { SIDE = 512, BELOW = 488 };
    gan_dataset *all =
        gan_image_folder(f->run.ctx, in_run(f, "samples"), (gan_image_opts){.height = SIDE, .width = SIDE, .channels = 1});
    assert_int_equal(gan_dataset_count(all), pictures);
    const gan_real *x = gan_data(gan_dataset_training(all, 0, pictures).x);
    size_t part = (SIDE - BELOW) * SIDE;
    double ink = 0;
    for (size_t i = 0; i < part; i++) ink += x[BELOW * SIDE + i] < 0;
    assert_true(ink > 20);
    for (int64_t i = 1; i < pictures; i++)
        if (memcmp(x + BELOW * SIDE, x + (i * SIDE + BELOW) * SIDE, part * sizeof *x))
            fail_msg("picture %lld has other axes than the first", (long long)i);
}

/* A G whose samples leave the data's place: the pictures' scale stays, so that one sees them go. */
static void test_run__draws_all_points_to_one_scale(void **state) {
    fixture *f = *state;
    gan_ctx_free(f->run.ctx);
    f->run.ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 1});
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 8, o.ema = 0, o.g.lr = .1;
    gan_mlp_opts net = {.width = 8};
    gan_dataset *ring = gan_ring_data(f->run.ctx, (gan_mixture_opts){.count = 256});
    gan_trainer *t = gan_trainer_new(gan_mlp_generator(f->run.ctx, net), gan_mlp_discriminator(f->run.ctx, net), ring, o);
    assert_int_equal(gan_train(t, opts(f, 6)), GAN_OK);
    expect_one_scale(f, 5); /* three steps', the final one, and the animation's first frame */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_run__leaves_a_page_and_an_animation),       TEST(test_run__tells_how_it_ended),
        TEST(test_page__is_there_while_the_run_is_under_way), TEST(test_run__draws_all_points_to_one_scale),
        TEST(test_new_run__shows_none_of_the_old_ones_grids), TEST(test_report__is_not_worth_a_run),
        TEST(test_report__changes_no_trained_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
