/* Measuring while training: the numbers are the judge's, the best checkpoint is the best, and no trained bit depends on it. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_gan.h"
#include "small_run.h"

static char folder[] = "/tmp/gan-evaluating-XXXXXX";

static const char *in_folder(const char *run, const char *name, char path[256]) {
    snprintf(path, 256, "%s/%s%s%s", folder, run, *name ? "/" : "", name);
    return path;
}

static int64_t told; /* messages that say "looked for anew" */
static void on_log(void *user, gan_log_level level, const char *message) {
    (void)user, (void)level;
    told += strstr(message, "looked for anew") != NULL;
}

/* Points, as there a few steps change what is measured. */
static gan_trainer *trainer_in(gan_ctx *ctx) {
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 32, o.g.lr = o.d.lr = 5e-3, o.ema = 0;
    gan_dataset *data = gan_ring_data(ctx, (gan_mixture_opts){.count = 600, .held_out = .3});
    return gan_trainer_new(gan_mlp_generator(ctx, (gan_mlp_opts){.width = 16}),
                           gan_mlp_discriminator(ctx, (gan_mlp_opts){.width = 16}), data, o);
}

static gan_ctx *new_ctx(int threads) { return gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = threads, .log = on_log}); }

static gan_train_opts measured(const char *run, int64_t steps, char path[256]) {
    gan_train_opts o = {.steps = steps, .out = in_folder(run, "", path), .eval_every = 5, .log_every = 1000, .no_report = true};
    strcpy(o.keep_best, "sliced_wasserstein");
    return o;
}

static char *contents(const char *path, long *size) {
    FILE *f = fopen(path, "rb");
    if (!f) fail_msg("%s is missing", path);
    fseek(f, 0, SEEK_END);
    *size = ftell(f);
    rewind(f);
    char *bytes = calloc((size_t)*size + 1, 1);
    assert_int_equal(fread(bytes, 1, (size_t)*size, f), *size);
    fclose(f);
    return bytes;
}

static void same_files(const char *run, const char *other, const char *name) {
    char path[256];
    long n, m;
    char *a = contents(in_folder(run, name, path), &n), *b = contents(in_folder(other, name, path), &m);
    if (n != m || memcmp(a, b, (size_t)n)) fail_msg("%s of %s and of %s differ", name, run, other);
    free(a), free(b);
}

/* What the log says, in its order: how many measurements. */
static int read_log(const char *run, double values[100], int steps[100]) {
    char path[256];
    long size;
    char *log = contents(in_folder(run, "metrics.jsonl", path), &size);
    int n = 0;
    for (char *line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
        const char *at = strstr(line, "\"eval_sliced_wasserstein\":");
        if (at && sscanf(line, "{\"step\":%d", &steps[n]) == 1) values[n++] = strtod(at + 26, NULL);
    }
    free(log);
    return n;
}

static void test_evaluating__keeps_the_best_of_what_the_log_tells(void **state) {
    (void)state;
    char path[256];
    double values[100];
    int steps[100], best = 0;
    gan_ctx *ctx = new_ctx(2);
    gan_trainer *t = trainer_in(ctx);
    assert_null(gan_trainer_best(t).measure);
    assert_int_equal(gan_train(t, measured("straight", 60, path)), GAN_OK);
    int n = read_log("straight", values, steps);
    assert_int_equal(n, 12);
    for (int i = 1; i < n; i++)
        if (values[i] < values[best]) best = i;
    gan_best b = gan_trainer_best(t);
    assert_string_equal(b.measure, "sliced_wasserstein");
    assert_int_equal(b.step, steps[best]);
    assert_true(fabs(b.value - values[best]) <= 1e-6 * values[best]); /* the log has nine digits, */
    assert_true(best > 0 && best < n - 1);                            /* and this run is neither best at first nor at last */

    /* The file is the run at that step, and its samples are worth what it says. */
    gan_trainer_load(t, in_folder("straight", "best.safetensors", path));
    check_ok(ctx);
    assert_int_equal(gan_trainer_steps(t), steps[best]);
    gan_dataset *data = gan_ring_data(ctx, (gan_mixture_opts){.count = 600, .held_out = .3});
    gan_judge *j = gan_judge_new(data, NULL, (gan_judge_opts){.n = 2000, .measures = "sliced_wasserstein"});
    assert_true(gan_trainer_judge(t, j, 0, (gan_sample_opts){0}).value[GAN_MEASURE_SLICED_WASSERSTEIN] == b.value);
    gan_ctx_free(ctx);
}

static void test_evaluating__survives_a_pause_to_the_byte(void **state) {
    (void)state;
    char path[256];
    for (int pause = 7; pause <= 55; pause += 24) { /* before, and after the best */
        gan_ctx *ctx = new_ctx(1);
        assert_int_equal(gan_train(trainer_in(ctx), measured("parts", pause, path)), GAN_OK);
        gan_ctx_free(ctx);
        ctx = new_ctx(2);
        gan_trainer *t = trainer_in(ctx);
        gan_trainer_load(t, in_folder("parts", "checkpoint.safetensors", path));
        assert_int_equal(gan_train(t, measured("parts", 60, path)), GAN_OK);
        gan_ctx_free(ctx);
        same_files("straight", "parts", "checkpoint.safetensors");
        same_files("straight", "parts", "best.safetensors");
    }
}

static void test_evaluating__changes_no_trained_bit(void **state) {
    (void)state;
    small_run with = small_run_new((gan_ctx_opts){.seed = 5, .threads = 2}, small_opts()),
              without = small_run_new((gan_ctx_opts){.seed = 5, .threads = 2}, small_opts());
    gan_train_opts o = {.steps = 6, .eval_every = 2};
    strcpy(o.keep_best, "coverage");
    gan_judge *j = gan_judge_new(with.data, NULL, (gan_judge_opts){.k = 2, .measures = "coverage,nearest,copies"});
    o.judge = j;
    assert_int_equal(gan_train(with.trainer, o), GAN_OK);
    assert_int_equal(gan_train(without.trainer, (gan_train_opts){.steps = 6}), GAN_OK);
    assert_true(gan_trainer_best(with.trainer).step > 0 && gan_trainer_best(without.trainer).step == 0);
    gan_module *nets[][2] = {{with.G, without.G}, {with.D, without.D}};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < gan_module_param_count(nets[k][0]); i++) {
            const gan_tensor *a = gan_module_param(nets[k][0], i)->tensor, *b = gan_module_param(nets[k][1], i)->tensor;
            assert_memory_equal(gan_data(a), gan_data(b), (size_t)gan_count(a) * sizeof(gan_real));
        }
    gan_step_info a, b;
    gan_trainer_step(with.trainer, &a), gan_trainer_step(without.trainer, &b);
    assert_true(a.d_loss == b.d_loss && a.g_loss == b.g_loss);
    gan_ctx_free(with.ctx), gan_ctx_free(without.ctx);
}

static void test_evaluating__begins_anew_with_another_measure(void **state) {
    (void)state;
    char path[256];
    gan_ctx *ctx = new_ctx(1);
    gan_trainer *t = trainer_in(ctx);
    gan_trainer_load(t, in_folder("straight", "checkpoint.safetensors", path));
    gan_train_opts o = {.steps = 65, .eval_every = 5};
    strcpy(o.keep_best, "recall");
    told = 0;
    assert_int_equal(gan_train(t, o), GAN_OK);
    assert_int_equal(told, 1);
    assert_string_equal(gan_trainer_best(t).measure, "recall");
    assert_int_equal(gan_trainer_best(t).step, 65);
    gan_ctx_free(ctx);
}

static void test_evaluating__refuses_what_has_no_best(void **state) {
    (void)state;
    const struct {
        const char *measure;
        int64_t every;
        const char *word;
    } cases[] = {{"density", 5, "no best by \"density\""},
                 {"fid", 5, "no best by \"fid\": classifier_fid, kid"},
                 {"recall", 0, "it must say when to measure"},
                 {"classifier_fid", 5, "no classifier"},
                 {"high_quality", 5, "no mixture"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gan_ctx *ctx = new_ctx(1);
        gan_trainer *t = trainer_in(ctx);
        gan_train_opts o = {.steps = 1, .eval_every = cases[i].every};
        strcpy(o.keep_best, cases[i].measure);
        assert_int_equal(gan_train(t, o), GAN_E_ARG);
        if (!strstr(gan_ctx_message(ctx), cases[i].word)) fail_msg("%s: %s", cases[i].measure, gan_ctx_message(ctx));
        assert_int_equal(gan_trainer_steps(t), 0);
        gan_ctx_free(ctx);
    }
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluating__keeps_the_best_of_what_the_log_tells),
        cmocka_unit_test(test_evaluating__survives_a_pause_to_the_byte),
        cmocka_unit_test(test_evaluating__changes_no_trained_bit),
        cmocka_unit_test(test_evaluating__begins_anew_with_another_measure),
        cmocka_unit_test(test_evaluating__refuses_what_has_no_best),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) ? 1 : failed;
}
