/* Resuming is exact: 2N steps, and N steps + checkpoint + a new process + N steps, end in the same file, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "small_run.h"

enum { N = 5 };

static const char *self;
static char folder[] = "/tmp/gan-resume-XXXXXX";

static const char *in_folder(const char *name, char path[256]) {
    snprintf(path, 256, "%s/%s", folder, name);
    return path;
}

/* --- the new process: program THREADS UNTIL FROM TO VARIANT ------------------------------------------------ */

static gan_trainer_opts variant(const char *name) {
    gan_trainer_opts o = small_opts();
    if (!strcmp(name, "critic")) {
        o.n_critic = 2;
        o.d = gan_rmsprop(1e-3);
        o.d.momentum = .5;
        o.g.amsgrad = true;
        o.ema_start = 3;
    }
    if (!strcmp(name, "atonce")) {
        o.simultaneous = true;
        o.d = gan_sgd(1e-2, .9);
        o.loss = gan_loss_least_squares();
    }
    if (!strcmp(name, "rates")) {
        o.g_rate = gan_warm_up(gan_cosine_decay(1, .1, 8), 7); /* both change on either side of the pause */
        o.d_rate = gan_step_decay(1, .5, 3);
    }
    return o;
}

static int child(char **arg) {
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = atoi(arg[1])}, variant(arg[5]));
    if (strcmp(arg[3], "-")) gan_trainer_load(r.trainer, arg[3]);
    gan_train(r.trainer, (gan_train_opts){.steps = atoi(arg[2])});
    gan_status status = gan_trainer_save(r.trainer, arg[4]);
    if (status) fprintf(stderr, "%s\n", gan_ctx_message(r.ctx));
    gan_ctx_free(r.ctx);
    return status != GAN_OK;
}

static void run(int threads, int until, const char *from, const char *to, const char *options) {
    char t[12], u[12], from_path[256], to_path[256];
    snprintf(t, sizeof t, "%d", threads);
    snprintf(u, sizeof u, "%d", until);
    if (from) in_folder(from, from_path);
    in_folder(to, to_path);
    pid_t pid = fork();
    if (pid == 0) {
        execl(self, self, t, u, from ? from_path : "-", to_path, options, (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- comparing -------------------------------------------------------------------------------------------- */

static unsigned char *contents(const char *name, long *size) {
    char path[256];
    FILE *f = fopen(in_folder(name, path), "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = ftell(f);
    rewind(f);
    unsigned char *bytes = malloc((size_t)*size);
    assert_int_equal(fread(bytes, 1, (size_t)*size, f), *size);
    fclose(f);
    return bytes;
}

static void expect_same_file(const char *a, const char *b) {
    long na, nb;
    unsigned char *pa = contents(a, &na), *pb = contents(b, &nb);
    bool equal = na == nb && !memcmp(pa, pb, (size_t)na);
    free(pa);
    free(pb);
    if (!equal) fail_msg("%s and %s differ", a, b);
}

static void check_variant(const char *options) {
    run(1, 2 * N, NULL, "straight-1", options);
    run(2, 2 * N, NULL, "straight-2", options);
    expect_same_file("straight-1", "straight-2");
    run(1, N, NULL, "half-1", options);
    run(1, 2 * N, "half-1", "resumed-1", options);
    expect_same_file("straight-1", "resumed-1");
    run(2, N, NULL, "half-2", options);
    run(2, 2 * N, "half-2", "resumed-2", options);
    expect_same_file("straight-1", "resumed-2");
    run(2, 2 * N, "half-1", "mixed", options); /* other thread count after the pause */
    expect_same_file("straight-1", "mixed");
}

static void test_resume__is_exact_in_turn(void **state) {
    (void)state;
    check_variant("plain");
}

static void test_resume__is_exact_with_critic_steps(void **state) {
    (void)state;
    check_variant("critic");
}

static void test_resume__is_exact_at_once(void **state) {
    (void)state;
    check_variant("atonce");
}

static void expect_other_file(const char *a, const char *b) {
    long na, nb;
    unsigned char *pa = contents(a, &na), *pb = contents(b, &nb);
    bool equal = na == nb && !memcmp(pa, pb, (size_t)na);
    free(pa);
    free(pb);
    if (equal) fail_msg("%s and %s are the same", a, b);
}

static void test_resume__is_exact_with_schedules_of_the_rates(void **state) {
    (void)state;
    check_variant("rates");
    run(1, N, NULL, "a", "plain");
    expect_other_file("a", "half-1");
}

static void test_files__differ_when_the_run_does(void **state) {
    (void)state;
    run(1, N, NULL, "a", "plain");
    run(1, N + 1, NULL, "b", "plain");
    expect_other_file("a", "b");
}

/* --- refusing --------------------------------------------------------------------------------------------- */

static small_run fresh(uint64_t seed) { return small_run_new((gan_ctx_opts){.seed = seed, .threads = 1}, small_opts()); }

static void expect_refusal(small_run r, const char *name, gan_status status, const char *text) {
    char path[256];
    gan_tensor *w = gan_module_param(r.G, 0)->tensor;
    gan_real before = gan_data(w)[0];
    assert_int_equal(gan_trainer_load(r.trainer, in_folder(name, path)), status);
    if (!strstr(gan_ctx_message(r.ctx), text)) fail_msg("\"%s\" does not say \"%s\"", gan_ctx_message(r.ctx), text);
    assert_non_null(strstr(gan_ctx_message(r.ctx), path));
    assert_true(gan_data(w)[0] == before);
    assert_int_equal(gan_trainer_steps(r.trainer), 0);
    gan_ctx_free(r.ctx);
}

static void test_load__refuses_what_would_not_go_on_as_before(void **state) {
    (void)state;
    run(1, N, NULL, "a", "plain");
    expect_refusal(fresh(6), "a", GAN_E_MISMATCH, "its seed is \"5\", here it is \"6\"");
    expect_refusal(fresh(5), "none", GAN_E_IO, "No such file");

    small_run r = fresh(5);
    gan_dcgan_opts wide = {.size = SMALL_SIDE, .channels = 1, .latent = 6, .features = 5};
    r.G = gan_dcgan_generator(r.ctx, wide);
    r.trainer = gan_trainer_new(r.G, r.D, r.data, small_opts());
    expect_refusal(r, "a", GAN_E_MISMATCH, "main.0.weight");

    r = fresh(5);
    r.data = gan_array_data(r.ctx, gan_shape4(1, 1, 1, 1), (gan_real[]){0}, (gan_array_opts){0});
    gan_real *x = calloc(64 * SMALL_SIDE * SMALL_SIDE, sizeof *x);
    r.data = gan_array_data(r.ctx, gan_shape4(64, SMALL_SIDE, SMALL_SIDE, 1), x, (gan_array_opts){0});
    free(x);
    r.trainer = gan_trainer_new(r.G, r.D, r.data, small_opts());
    expect_refusal(r, "a", GAN_E_MISMATCH, "its data is");

    r = fresh(5);
    gan_trainer_use(r.trainer, gan_replay(r.ctx, gan_replay_defaults()));
    expect_refusal(r, "a", GAN_E_MISMATCH, "its tricks are \"\", here they are \"replay\"");

    r = fresh(5);
    char path[256];
    gan_save_weights(r.G, in_folder("weights", path));
    expect_refusal(r, "weights", GAN_E_FORMAT, "no checkpoint");
}

/* --- a trick of one's own, with state --------------------------------------------------------------------------------- */

typedef struct memory {
    gan_tensor *mean; /* a moving mean of what D sees */
    gan_trick_count *turns;
} memory;

static void remember_begin(gan_trick *k, const gan_turn *turn) {
    (void)turn;
    *(memory *)gan_trick_data(k) = (memory){gan_trick_tensor(k, "mean", gan_shape1(1)), gan_trick_counter(k, "turns")};
}

static gan_tensor *remember_term(gan_trick *k, const gan_turn *turn) {
    const memory *m = gan_trick_data(k);
    if (turn->player != GAN_PLAYER_G) return NULL;
    return gan_mul(gan_mean(turn->fake), gan_sum(gan_scale(m->mean, 1 + (double)gan_trick_count_get(m->turns))));
}

static void remember_after(gan_trick *k, const gan_turn *turn) {
    const memory *m = gan_trick_data(k);
    if (turn->player != GAN_PLAYER_D) return;
    gan_real next = (gan_real)(.5 * gan_item(m->mean) + .5 * gan_item(gan_mean(turn->fake)));
    gan_assign(m->mean, &next, 1);
    gan_trick_count_set(m->turns, gan_trick_count_get(m->turns) + 1);
}

static memory *remembering(small_run r) {
    static const gan_trick_type type = {.name = "memory", .data_bytes = sizeof(memory), .attach = remember_begin,
                                        .term = remember_term, .after = remember_after};
    gan_trick *k = gan_trick_new(r.ctx, &type, (gan_trick_opts){.weight = gan_constant(1)});
    gan_trainer_use(r.trainer, k);
    return gan_trick_data(k);
}

static void steps_and_save(small_run r, int steps, const char *name) {
    char path[256];
    for (int i = 0; i < steps; i++) assert_int_equal(gan_trainer_step(r.trainer, NULL), GAN_OK);
    assert_int_equal(gan_trainer_save(r.trainer, in_folder(name, path)), GAN_OK);
}

/* What it keeps in tensors and counters goes with the checkpoint, and back with a step that failed. */
static void test_trick__of_ones_own_keeps_its_state(void **state) {
    (void)state;
    char path[256];
    small_run r = fresh(5);
    remembering(r);
    steps_and_save(r, 4, "own-straight");
    gan_ctx_free(r.ctx);
    r = fresh(5);
    remembering(r);
    steps_and_save(r, 2, "own-half");
    gan_ctx_free(r.ctx);
    r = fresh(5);
    memory *m = remembering(r);
    assert_int_equal(gan_trainer_load(r.trainer, in_folder("own-half", path)), GAN_OK);
    assert_int_equal(gan_trick_count_get(m->turns), 2);
    double mean = gan_item(m->mean);
    assert_true(mean != 0);
    int failed = 0;
    for (int64_t n = 1; n < 4000; n += 29) { /* wherever in the step memory runs out */
        gan_ctx_fail_alloc(r.ctx, n);
        bool ok = gan_trainer_step(r.trainer, NULL) == GAN_OK;
        gan_ctx_fail_alloc(r.ctx, 0);
        if (ok) break;
        gan_ctx_clear(r.ctx);
        failed++;
        assert_int_equal(gan_trick_count_get(m->turns), 2);
        assert_true(gan_item(m->mean) == mean);
    }
    assert_true(failed > 3);
    assert_int_equal(gan_trainer_load(r.trainer, in_folder("own-half", path)), GAN_OK);
    steps_and_save(r, 2, "own-resumed");
    gan_ctx_free(r.ctx);
    expect_same_file("own-straight", "own-resumed");
}

static void write_file(const char *name, const unsigned char *bytes, long size) {
    char path[256];
    FILE *f = fopen(in_folder(name, path), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, (size_t)size, f), size);
    fclose(f);
}

static void test_load__refuses_a_cut_or_flipped_file(void **state) {
    (void)state;
    run(1, 1, NULL, "a", "plain");
    long size;
    unsigned char *bytes = contents("a", &size);
    for (int i = 0; i < 12; i++) {
        long at = size * i / 12;
        write_file("cut", bytes, at);
        expect_refusal(fresh(5), "cut", GAN_E_FORMAT, "");
        bytes[at] ^= 1 << i % 8;
        write_file("flipped", bytes, size);
        bytes[at] ^= 1 << i % 8;
        expect_refusal(fresh(5), "flipped", GAN_E_FORMAT, "");
    }
    free(bytes);
}

typedef struct heard {
    char text[2048];
} heard;

static void hear(void *user, gan_log_level level, const char *message) {
    heard *h = user;
    if (level == GAN_LOG_WARNING) strncat(h->text, message, sizeof h->text - strlen(h->text) - 1);
}

static void test_train__that_fails_leaves_its_last_step_to_be_saved(void **state) {
    (void)state;
    char out[256], path[256];
    gan_trainer_opts o = small_opts();
    o.d = gan_sgd(1e30, 0);
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 20, .out = in_folder("burst", out)}), GAN_E_NONFINITE);
    int64_t steps = gan_trainer_steps(r.trainer);
    in_folder("burst/checkpoint.safetensors", path);
    assert_int_not_equal(access(path, F_OK), 0);
    gan_ctx_clear(r.ctx);
    assert_int_equal(gan_trainer_save(r.trainer, path), GAN_OK);
    small_run again = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
    assert_int_equal(gan_trainer_load(again.trainer, path), GAN_OK);
    assert_int_equal(gan_trainer_steps(again.trainer), steps);
    assert_int_equal(gan_trainer_step(again.trainer, NULL), GAN_E_NONFINITE); /* the same step */
    gan_ctx_free(again.ctx);
    gan_ctx_free(r.ctx);
}

static void test_load__that_fails_takes_back_nothing_done_before(void **state) {
    (void)state;
    char path[256];
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, small_opts());
    gan_stream *noise = gan_stream_named(r.ctx, "noise");
    gan_randn(r.ctx, gan_shape1(40));
    assert_int_equal(gan_trainer_load(r.trainer, in_folder("nothing.safetensors", path)), GAN_E_IO);
    gan_ctx_clear(r.ctx);
    assert_int_equal(gan_stream_position(noise), 10);
    gan_randn(r.ctx, gan_shape1(40));
    assert_int_equal(gan_load_weights(r.G, path, NULL), GAN_E_IO);
    gan_ctx_clear(r.ctx);
    assert_int_equal(gan_stream_position(noise), 20);
    gan_ctx_free(r.ctx);
}

static void test_load__tells_which_options_changed(void **state) {
    (void)state;
    run(1, N, NULL, "a", "plain");
    heard h = {""};
    gan_trainer_opts o = small_opts();
    o.d.lr = 5e-4;
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1, .direct = true, .log = hear, .log_user = &h}, o);
    char path[256];
    assert_int_equal(gan_trainer_load(r.trainer, in_folder("a", path)), GAN_OK);
    assert_int_equal(gan_trainer_steps(r.trainer), N);
    assert_non_null(strstr(h.text, "d.lr was 0.001"));
    assert_null(strstr(h.text, "g.lr"));
    assert_non_null(strstr(h.text, "direct: it goes on, not to the same bits"));
    gan_ctx_free(r.ctx);
}

/* --- the run folder --------------------------------------------------------------------------------------- */

static int lines_of(const char *name) {
    long size;
    unsigned char *text = contents(name, &size);
    int lines = 0;
    for (long i = 0; i < size; i++) lines += text[i] == '\n';
    free(text);
    return lines;
}

static bool exists(const char *name) {
    char path[256];
    struct stat s;
    return !stat(in_folder(name, path), &s);
}

static void test_train__leaves_grids_log_and_checkpoint(void **state) {
    (void)state;
    char out[256], path[256];
    gan_train_opts o = {.steps = 4, .out = in_folder("deep/run", out), .log_every = 1, .sample_every = 2, .samples = 9};
    small_run r = fresh(5);
    assert_int_equal(gan_train(r.trainer, o), GAN_OK);
    assert_true(exists("deep/run/samples/step-000002.png"));
    assert_true(exists("deep/run/samples/step-000004.png"));
    assert_true(exists("deep/run/samples/final.png"));
    assert_int_equal(lines_of("deep/run/metrics.jsonl"), 4);
    gan_ctx_free(r.ctx);

    /* Two steps that no checkpoint knows are forgotten by the log as well. */
    r = fresh(5);
    assert_int_equal(gan_trainer_load(r.trainer, in_folder("deep/run/checkpoint.safetensors", path)), GAN_OK);
    o.steps = 6;
    assert_int_equal(gan_train(r.trainer, o), GAN_OK);
    gan_ctx_free(r.ctx);
    assert_int_equal(lines_of("deep/run/metrics.jsonl"), 6);
    run(1, 6, NULL, "straight", "plain");
    expect_same_file("straight", "deep/run/checkpoint.safetensors");
}

/* What a run had reached when a loss became NaN is kept beside its last checkpoint. */
static void test_train__that_fails_keeps_its_last_good_step(void **state) {
    (void)state;
    char out[256], path[256];
    in_folder("nan", out);
    gan_trainer_opts o = small_opts();
    o.d = gan_sgd(1e3, 0);
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
    gan_train_opts to = {.steps = 1000, .out = out, .checkpoint_every = 1};
    assert_int_equal(gan_train(r.trainer, to), GAN_E_NONFINITE);
    assert_non_null(strstr(gan_ctx_message(r.ctx), "gan_optim_step"));
    int64_t reached = gan_trainer_steps(r.trainer);
    assert_true(reached > 0 && reached < 1000);
    gan_ctx_free(r.ctx);
    r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
    assert_int_equal(gan_trainer_load(r.trainer, in_folder("nan/failed.safetensors", path)), GAN_OK);
    assert_int_equal(gan_trainer_steps(r.trainer), reached);
    gan_ctx_free(r.ctx);
    expect_same_file("nan/failed.safetensors", "nan/checkpoint.safetensors"); /* here saved after every step */
}

static void test_train__refuses_a_folder_it_cannot_write(void **state) {
    (void)state;
    char out[256];
    write_file("occupied", (const unsigned char *)"x", 1);
    small_run r = fresh(5);
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 1, .out = in_folder("occupied", out)}), GAN_E_IO);
    assert_non_null(strstr(gan_ctx_message(r.ctx), "occupied"));
    assert_int_equal(gan_trainer_steps(r.trainer), 0);
    gan_ctx_clear(r.ctx);
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 1, .out = ""}), GAN_E_ARG); /* it is not the root folder */
    assert_non_null(strstr(gan_ctx_message(r.ctx), "empty"));
    gan_ctx_clear(r.ctx);
    char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 1, .out = endless}), GAN_E_ARG);
    assert_non_null(strstr(gan_ctx_message(r.ctx), "longer than"));
    assert_int_equal(gan_trainer_steps(r.trainer), 0);
    gan_ctx_free(r.ctx);
}

static int remove_folder(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(int argc, char **argv) {
    if (argc == 6) return child(argv);
    self = argv[0];
    if (!mkdtemp(folder)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resume__is_exact_in_turn),
        cmocka_unit_test(test_resume__is_exact_with_critic_steps),
        cmocka_unit_test(test_resume__is_exact_at_once),
        cmocka_unit_test(test_resume__is_exact_with_schedules_of_the_rates),
        cmocka_unit_test(test_files__differ_when_the_run_does),
        cmocka_unit_test(test_load__refuses_what_would_not_go_on_as_before),
        cmocka_unit_test(test_trick__of_ones_own_keeps_its_state),
        cmocka_unit_test(test_load__refuses_a_cut_or_flipped_file),
        cmocka_unit_test(test_train__that_fails_leaves_its_last_step_to_be_saved),
        cmocka_unit_test(test_load__that_fails_takes_back_nothing_done_before),
        cmocka_unit_test(test_load__tells_which_options_changed),
        cmocka_unit_test(test_train__leaves_grids_log_and_checkpoint),
        cmocka_unit_test(test_train__that_fails_keeps_its_last_good_step),
        cmocka_unit_test(test_train__refuses_a_folder_it_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
