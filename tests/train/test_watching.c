/* The watcher in the trainer: it changes nothing that is trained, goes on with a resumed run, and does with verdicts what it was
 * told. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_gan.h"
#include "small_run.h"

static char folder[] = "/tmp/gan-watching-XXXXXX";

static const char *in_folder(const char *name, char path[256]) {
    snprintf(path, 256, "%s/%s", folder, name);
    return path;
}

static bool exists(const char *name) {
    char path[256];
    struct stat s;
    return !stat(in_folder(name, path), &s);
}

static char *contents(const char *name, size_t *size) {
    char path[256];
    FILE *f = fopen(in_folder(name, path), "rb");
    if (!f) fail_msg("%s is not there", name);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    char *bytes = calloc(1, *size + 1);
    assert_int_equal(fread(bytes, 1, *size, f), *size);
    fclose(f);
    return bytes;
}

static void expect_same_file(const char *a, const char *b) {
    size_t na, nb;
    char *pa = contents(a, &na), *pb = contents(b, &nb);
    bool same = na == nb && !memcmp(pa, pb, na);
    free(pa), free(pb);
    if (!same) fail_msg("%s and %s differ", a, b);
}

static int occurrences(const char *name, const char *words) {
    size_t size;
    char *text = contents(name, &size);
    int n = 0;
    for (const char *at = text; (at = strstr(at, words)); at++) n++;
    free(text);
    return n;
}

static void save(gan_trainer *t, const char *name) {
    char path[256];
    assert_int_equal(gan_trainer_save(t, in_folder(name, path)), GAN_OK);
}

/* --- nothing that is trained changes ---------------------------------------------------------------------------- */

/* With so many held-out samples that D's memory is looked at. */
static small_run watched_run(int threads) {
    enum { IMAGES = 60 };
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = threads}, small_opts());
    gan_real *x = calloc((size_t)IMAGES * SMALL_SIDE * SMALL_SIDE, sizeof *x);
    small_pixels(x);
    r.data = gan_array_data(r.ctx, gan_shape4(IMAGES, SMALL_SIDE, SMALL_SIDE, 1), x, (gan_array_opts){.held_out = .4});
    free(x);
    gan_trainer_free(r.trainer);
    r.trainer = gan_trainer_new(r.G, r.D, r.data, small_opts());
    return r;
}

static void run_watched(bool watched, int threads, const char *to) {
    small_run r = watched_run(threads);
    gan_train(r.trainer, (gan_train_opts){.steps = 110, .no_watch = !watched, .look_every = 20});
    gan_train(r.trainer, (gan_train_opts){.steps = 110, .no_watch = true}); /* lets what was watched go */
    check_ok(r.ctx);
    save(r.trainer, to);
    gan_ctx_free(r.ctx);
}

static void test_watching__changes_no_trained_byte(void **state) {
    (void)state;
    run_watched(false, 1, "alone");
    run_watched(true, 1, "watched");
    run_watched(true, 2, "watched-2");
    expect_same_file("alone", "watched");
    expect_same_file("alone", "watched-2");
}

static void test_watching__goes_on_with_a_resumed_run(void **state) {
    (void)state;
    char path[256];
    gan_train_opts o = {.steps = 160, .look_every = 30};
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, small_opts());
    gan_train(r.trainer, o);
    save(r.trainer, "straight");
    gan_ctx_free(r.ctx);
    r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, small_opts());
    o.steps = 75;
    gan_train(r.trainer, o);
    save(r.trainer, "half");
    gan_ctx_free(r.ctx);
    r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, small_opts());
    assert_int_equal(gan_trainer_load(r.trainer, in_folder("half", path)), GAN_OK);
    o.steps = 160;
    gan_train(r.trainer, o);
    save(r.trainer, "resumed");
    check_ok(r.ctx);
    gan_ctx_free(r.ctx);
    expect_same_file("straight", "resumed");
}

/* --- verdicts ----------------------------------------------------------------------------------------------------- */

typedef struct points {
    gan_ctx *ctx;
    gan_trainer *t;
} points;

/* A G that stands still: D wins, and samples stay as bad as they are. */
static points lost_run(void) {
    points p = {.ctx = gan_ctx_new((gan_ctx_opts){.seed = 2, .threads = 1})};
    gan_dataset *data = gan_ring_data(p.ctx, (gan_mixture_opts){.count = 1000, .held_out = .2});
    gan_mlp_opts net = {.width = 16};
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 16, o.ema = 0;
    o.g.lr = 0, o.d.lr = 1e-2;
    p.t = gan_trainer_new(gan_mlp_generator(p.ctx, net), gan_mlp_discriminator(p.ctx, net), data, o);
    return p;
}

static void test_watching__stops_for_a_d_that_has_won(void **state) {
    (void)state;
    char out[256], log[256];
    points p = lost_run();
    gan_train_opts o = {.steps = 6000, .out = in_folder("won", out), .checkpoint_every = 200};
    assert_int_equal(gan_train(p.t, o), GAN_OK);
    int64_t stopped = gan_trainer_steps(p.t);
    assert_true(gan_trainer_stopped(p.t));
    assert_in_range(stopped, 1000, 5000);
    gan_watch_verdict v = gan_trainer_verdict(p.t);
    assert_int_equal(v.kind, GAN_WATCH_D_WON);
    assert_int_equal(v.step, stopped);
    assert_true(exists("won/checkpoint.safetensors"));
    assert_int_equal(occurrences("won/metrics.jsonl", "\"verdict\":\"d_won\""), 1);

    gan_watch_verdict again; /* as the log tells it */
    gan_watch_opts same = {.loss = gan_loss_non_saturating()};
    assert_int_equal(gan_watch_log(p.ctx, in_folder("won/metrics.jsonl", log), same, &again, NULL, NULL), GAN_OK);
    assert_int_equal(again.kind, GAN_WATCH_D_WON);
    assert_int_equal(again.step, stopped);
    assert_int_equal(again.since, v.since);

    /* Whoever goes on has reasons, and as much time again. */
    assert_int_equal(gan_train(p.t, o), GAN_OK);
    assert_true(gan_trainer_steps(p.t) >= stopped + 1000 || gan_trainer_steps(p.t) == o.steps);
    gan_ctx_free(p.ctx);
}

static void test_watching__keeps_the_last_good_checkpoint(void **state) {
    (void)state;
    char out[256], path[256];
    points p = lost_run();
    gan_train_opts o = {.steps = 6000, .out = in_folder("good", out), .checkpoint_every = 200, .stop_on = "nothing"};
    assert_int_equal(gan_train(p.t, o), GAN_OK);
    assert_false(gan_trainer_stopped(p.t));
    assert_int_equal(gan_trainer_steps(p.t), 6000);
    gan_watch_verdict v = gan_trainer_verdict(p.t);
    assert_int_equal(v.kind, GAN_WATCH_D_WON);
    gan_ctx_free(p.ctx);
    p = lost_run();
    assert_int_equal(gan_trainer_load(p.t, in_folder("good/good.safetensors", path)), GAN_OK);
    assert_false(gan_watch_is_failure(gan_trainer_verdict(p.t).kind));
    assert_true(gan_trainer_steps(p.t) < 6000 - 400);
    gan_ctx_free(p.ctx);
}

/* The step of the checkpoint there; -1: none. */
static int64_t step_of(const char *name) {
    char path[256];
    points p = lost_run();
    int64_t step = gan_trainer_load(p.t, in_folder(name, path)) == GAN_OK ? gan_trainer_steps(p.t) : -1;
    gan_ctx_free(p.ctx);
    return step;
}

/* A stopped run that is gone on with is patient again, and its verdict a good one: that makes no good checkpoint of the one that it
 * was stopped at. */
static void test_watching__keeps_the_good_checkpoint_when_a_failed_run_goes_on(void **state) {
    (void)state;
    char out[256], path[256];
    points p = lost_run();
    gan_train_opts o = {.steps = 6000, .out = in_folder("going-on", out), .checkpoint_every = 200};
    assert_int_equal(gan_train(p.t, o), GAN_OK);
    assert_true(gan_trainer_stopped(p.t));
    int64_t stopped = gan_trainer_steps(p.t), good = step_of("going-on/good.safetensors");
    gan_ctx_free(p.ctx);
    assert_true(good > 0 && good < stopped);
    p = lost_run();
    assert_int_equal(gan_trainer_load(p.t, in_folder("going-on/checkpoint.safetensors", path)), GAN_OK);
    o.steps = stopped + 100, o.checkpoint_every = 0;
    assert_int_equal(gan_train(p.t, o), GAN_OK);
    assert_false(gan_watch_is_failure(gan_trainer_verdict(p.t).kind));
    gan_ctx_free(p.ctx);
    assert_int_equal(step_of("going-on/checkpoint.safetensors"), stopped + 100);
    assert_int_equal(step_of("going-on/good.safetensors"), good);
}

/* Samples are compared with the data that they are to be like, even if D is trained on other data. */
static void test_watching__compares_with_a_reference(void **state) {
    (void)state;
    char out[256];
    points p = lost_run();
    gan_dataset *grid = gan_grid_data(p.ctx, (gan_mixture_opts){.count = 1000, .held_out = .2});
    gan_train_opts o = {.steps = 100, .out = in_folder("reference", out), .look_every = 50, .reference = grid};
    assert_int_equal(gan_train(p.t, o), GAN_OK);
    assert_true(occurrences("reference/metrics.jsonl", "\"own_distance\":") > 0);
    gan_ctx_free(p.ctx);
    p = lost_run();
    o.reference = NULL, o.out = in_folder("no-reference", out);
    assert_int_equal(gan_train(p.t, o), GAN_OK);
    assert_int_equal(occurrences("no-reference/metrics.jsonl", "\"own_distance\":"), 0);
    assert_true(occurrences("no-reference/metrics.jsonl", "\"distance\":") > 0);
    gan_ctx_free(p.ctx);
}

/* The trainer's own checkpoint is one to keep, whether this call wrote it or the one before. */
static void test_watching__keeps_a_good_checkpoint_from_call_to_call(void **state) {
    (void)state;
    char out[256];
    points p = lost_run();
    for (int i = 1; i <= 2; i++) assert_int_equal(gan_train(p.t, (gan_train_opts){.steps = 5 * i, .out = in_folder("calls", out)}), GAN_OK);
    gan_ctx_free(p.ctx);
    assert_int_equal(step_of("calls/good.safetensors"), 5);
}

/* Two runs in one folder would be none. */
static void test_train__does_not_go_on_in_another_runs_folder(void **state) {
    (void)state;
    char out[256];
    points a = lost_run(), b = lost_run();
    assert_int_equal(gan_train(a.t, (gan_train_opts){.steps = 2, .out = in_folder("of-a", out)}), GAN_OK);
    assert_int_equal(gan_train(b.t, (gan_train_opts){.steps = 3, .out = in_folder("of-b", out)}), GAN_OK);
    assert_int_equal(gan_train(b.t, (gan_train_opts){.steps = 4, .out = in_folder("of-a", out)}), GAN_E_ARG);
    assert_non_null(strstr(gan_ctx_message(b.ctx), "holds another run"));
    gan_ctx_clear(b.ctx);
    assert_int_equal(step_of("of-a/checkpoint.safetensors"), 2);
    assert_int_equal(gan_train(b.t, (gan_train_opts){.steps = 4, .out = in_folder("of-c", out)}), GAN_OK);
    gan_ctx_free(a.ctx), gan_ctx_free(b.ctx);
}

static void test_watching__stops_for_what_it_is_told_to(void **state) {
    (void)state;
    points p = lost_run();
    assert_int_equal(gan_train(p.t, (gan_train_opts){.steps = 1, .stop_on = "d_won,nose"}), GAN_E_ARG);
    check_failed(p.ctx, GAN_E_ARG, "\"nose\" is no failure");
    assert_int_equal(gan_train(p.t, (gan_train_opts){.steps = 1, .stop_on = "healthy"}), GAN_E_ARG);
    gan_ctx_clear(p.ctx);
    gan_train(p.t, (gan_train_opts){.steps = 4000, .stop_on = "noise,memorises"}); /* the list stands for itself */
    assert_int_equal(gan_trainer_steps(p.t), 4000);
    assert_false(gan_trainer_stopped(p.t));
    gan_ctx_free(p.ctx);
    p = lost_run();
    gan_train(p.t, (gan_train_opts){.steps = 4000, .stop_on = "noise,d_won"});
    assert_true(gan_trainer_stopped(p.t));
    assert_true(gan_trainer_steps(p.t) < 4000);
    assert_int_equal(gan_trainer_verdict(p.t).kind, GAN_WATCH_D_WON);
    gan_ctx_free(p.ctx);
}

/* --- a loop of one's own ------------------------------------------------------------------------------------------------ */

/* As docs/guide.md shows it, with a G that stands still. */
static gan_watch_kind loop_of_ones_own(bool watched, gan_real weights[], int64_t room) {
    enum { BATCH = 16, LATENT = 4, STEPS = 2500 };
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 2, .threads = 1});
    gan_dataset *data = gan_ring_data(ctx, (gan_mixture_opts){.count = 1000, .held_out = .2});
    gan_mlp_opts net = {.width = 16, .latent = LATENT};
    gan_module *G = gan_mlp_generator(ctx, net), *D = gan_mlp_discriminator(ctx, net);
    gan_optim *optD = gan_optim_new(D, gan_adam(1e-2));
    const gan_loss loss = gan_loss_non_saturating();
    gan_watcher *w = watched ? gan_watcher_new(ctx, (gan_watch_opts){.loss = loss}) : NULL;
    gan_stream *latents = gan_stream_named(ctx, "latents"), *looks = gan_stream_named(ctx, "looks");
    for (int64_t step = 1; step <= STEPS && gan_ctx_status(ctx) == GAN_OK; step++) {
        gan_scope_begin(ctx);
        gan_tensor *fake = gan_detach(gan_forward(G, gan_randn_from(latents, gan_shape2(BATCH, LATENT))));
        gan_verdict said = {.real = gan_forward(D, gan_dataset_next(data, BATCH).x), .fake = gan_forward(D, fake)};
        gan_tensor *d_loss = gan_loss_d(&loss, said);
        gan_optim_step(optD, d_loss);
        if (w) {
            gan_watch_signals s = gan_watch_signals_none();
            s.d_loss = gan_item(d_loss), s.d_grad_norm = gan_optim_grad_norm(optD);
            gan_watcher_judge(w, said, &s);
            if (step % 250 == 0) {
                gan_watch_look look = gan_watch_look_none();
                look.real = gan_dataset_training(data, 0, 200).x, look.held_out = gan_dataset_held_out(data, 0, 200).x;
                look.fake = gan_detach(gan_forward(G, gan_randn_from(looks, gan_shape2(200, LATENT))));
                gan_watcher_look(w, step, &look);
            }
            gan_watcher_step(w, step, &s);
        }
        gan_scope_end(ctx);
    }
    check_ok(ctx);
    const gan_tensor *first = gan_module_param(D, 0)->tensor;
    assert_true(gan_count(first) <= room);
    memcpy(weights, gan_data(first), (size_t)gan_count(first) * sizeof *weights);
    gan_watch_kind kind = w ? gan_watcher_verdict(w).kind : GAN_WATCH_HEALTHY;
    gan_ctx_free(ctx);
    return kind;
}

static void test_watching__serves_a_loop_of_ones_own(void **state) {
    (void)state;
    gan_real watched[512] = {0}, alone[512] = {0};
    assert_int_equal(loop_of_ones_own(true, watched, 512), GAN_WATCH_D_WON);
    loop_of_ones_own(false, alone, 512);
    assert_memory_equal(watched, alone, sizeof alone);
}

/* --- numbers that are not finite ------------------------------------------------------------------------------------- */

static void test_watching__lets_some_steps_go_before_it_gives_up(void **state) {
    (void)state;
    char out[256];
    gan_trainer_opts o = small_opts();
    o.d = gan_sgd(1e6, 0);
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 200, .out = in_folder("nan", out)}), GAN_E_NONFINITE);
    gan_watch_verdict v = gan_trainer_verdict(r.trainer);
    assert_int_equal(v.kind, GAN_WATCH_NONFINITE);
    assert_int_equal(v.since, gan_trainer_steps(r.trainer));
    assert_int_equal(occurrences("nan/metrics.jsonl", "\"fault\""), 10);
    assert_int_equal(occurrences("nan/metrics.jsonl", "\"verdict\":\"nonfinite\""), 1);
    assert_true(exists("nan/failed.safetensors"));
    assert_false(exists("nan/checkpoint.safetensors"));
    gan_ctx_free(r.ctx);
}

static gan_tensor *see_infinity_once(gan_trick *k, const gan_turn *turn, gan_tensor *x, bool real) {
    (void)real;
    int *left = gan_trick_data(k);
    if (turn->step != 3 || *left == 0) return x;
    --*left;
    return gan_scale(gan_add_scalar(x, 2), INFINITY);
}

enum { GOOD_UNTIL = 33 };
static bool cured;
static gan_tensor *see_infinity_from_there(gan_trick *k, const gan_turn *turn, gan_tensor *x, bool real) {
    (void)k, (void)real;
    return cured || turn->step < GOOD_UNTIL ? x : gan_scale(gan_add_scalar(x, 2), INFINITY);
}

static small_run run_until_infinity_told(gan_log_fn log) {
    static const gan_trick_type from_there = {.name = "from-there", .see = see_infinity_from_there};
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1, .log = log}, small_opts());
    gan_trainer_use(r.trainer, gan_trick_new(r.ctx, &from_there, (gan_trick_opts){.weight = gan_constant(1)}));
    return r;
}
static small_run run_until_infinity(void) { return run_until_infinity_told(NULL); }

/* The file can be read, is of that step, and the run goes on from it. */
static void expect_sound(const char *name, int64_t step) {
    char path[256];
    small_run r = run_until_infinity();
    if (gan_trainer_load(r.trainer, in_folder(name, path))) fail_msg("%s: %s", name, gan_ctx_message(r.ctx));
    assert_int_equal(gan_trainer_steps(r.trainer), step);
    cured = true;
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = step + 2}), GAN_OK);
    cured = false;
    gan_ctx_free(r.ctx);
}

/* When nothing is finite any more, even a run that is to be stopped for nothing ends, for it can take no step; what it had
 * reached before is safe three times. */
static void test_watching__keeps_good_weights_when_numbers_burst(void **state) {
    (void)state;
    static const char *const words[] = {"", "nothing"};
    for (int i = 0; i < 2; i++) {
        char out[256];
        small_run r = run_until_infinity();
        gan_train_opts o = {.steps = 200, .out = in_folder(i ? "burst-2" : "burst-1", out), .checkpoint_every = 10};
        snprintf(o.stop_on, sizeof o.stop_on, "%s", words[i]);
        assert_int_equal(gan_train(r.trainer, o), GAN_E_NONFINITE);
        assert_int_equal(gan_trainer_verdict(r.trainer).kind, GAN_WATCH_NONFINITE);
        assert_int_equal(gan_trainer_steps(r.trainer), GOOD_UNTIL);
        gan_ctx_free(r.ctx);
        expect_sound(i ? "burst-2/good.safetensors" : "burst-1/good.safetensors", GOOD_UNTIL / 10 * 10 - 10);
        expect_sound(i ? "burst-2/checkpoint.safetensors" : "burst-1/checkpoint.safetensors", GOOD_UNTIL / 10 * 10);
        expect_sound(i ? "burst-2/failed.safetensors" : "burst-1/failed.safetensors", GOOD_UNTIL);
    }
}

static gan_trainer *to_stop;
static void stop_at_the_first_fault(void *user, gan_log_level level, const char *message) {
    (void)user, (void)level;
    if (to_stop && strstr(message, "one was not taken")) gan_trainer_stop(to_stop);
}

static void train_until_infinity(small_run r, const char *name) {
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 200}), GAN_E_NONFINITE);
    const char *why = strstr(gan_trainer_verdict(r.trainer).text, "were not taken: ");
    assert_true(why && strlen(why) > sizeof "were not taken: "); /* the first fault is told, whenever it was */
    gan_ctx_clear(r.ctx);
    save(r.trainer, name);
    gan_ctx_free(r.ctx);
}

/* Stopped while it lost patience, and gone on with: in the end it stands where the uninterrupted run does. */
static void test_watching__resumed_between_bad_steps_goes_back_as_far(void **state) {
    (void)state;
    char path[256];
    train_until_infinity(run_until_infinity(), "patience");
    small_run r = run_until_infinity_told(stop_at_the_first_fault);
    to_stop = r.trainer;
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 200}), GAN_OK);
    to_stop = NULL;
    assert_int_equal(gan_trainer_steps(r.trainer), GOOD_UNTIL);
    save(r.trainer, "impatient");
    gan_ctx_free(r.ctx);
    r = run_until_infinity();
    assert_int_equal(gan_trainer_load(r.trainer, in_folder("impatient", path)), GAN_OK);
    train_until_infinity(r, "patience-2");
    expect_same_file("patience", "patience-2");
}

/* One batch that cannot be used is no end of a run. */
static void test_watching__passes_over_one_bad_batch(void **state) {
    (void)state;
    static const gan_trick_type once = {.name = "once", .data_bytes = sizeof(int), .see = see_infinity_once};
    small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, small_opts());
    gan_trick *k = gan_trick_new(r.ctx, &once, (gan_trick_opts){.weight = gan_constant(1)});
    *(int *)gan_trick_data(k) = 2;
    gan_trainer_use(r.trainer, k);
    assert_int_equal(gan_train(r.trainer, (gan_train_opts){.steps = 60}), GAN_OK);
    assert_int_equal(gan_trainer_steps(r.trainer), 60);
    assert_false(gan_watch_is_failure(gan_trainer_verdict(r.trainer).kind));
    gan_ctx_free(r.ctx);
}

static void test_blame__finds_the_place(void **state) {
    (void)state;
    char text[200];
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 1});
    gan_module *G = gan_dcgan_generator(ctx, (gan_dcgan_opts){.size = 8, .channels = 1, .latent = 4, .features = 2});
    gan_tensor *z = gan_ones(ctx, gan_shape2(2, 4));
    assert_false(gan_watch_blame(G, z, text, sizeof text));
    assert_string_equal(text, "");
    const gan_param *first = gan_module_param(G, 0);
    int64_t n = gan_count(first->tensor);
    gan_real *values = malloc((size_t)n * sizeof *values);
    for (int64_t i = 0; i < n; i++) values[i] = (gan_real)(sizeof(gan_real) == 4 ? 3e38 : 1e308);
    gan_assign(first->tensor, values, n);
    assert_true(gan_watch_blame(G, z, text, sizeof text));
    assert_string_equal(text, "the output of ConvTranspose2d \"main.0\"");
    values[n / 2] = NAN;
    gan_assign(first->tensor, values, n);
    assert_true(gan_watch_blame(G, z, text, sizeof text));
    assert_string_equal(text, "the parameter \"main.0.weight\"");
    free(values);
    check_ok(ctx);
    gan_ctx_free(ctx);
}

/* --------------------------------------------------------------------------------------------------------------------- */

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state) {
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watching__changes_no_trained_byte),
        cmocka_unit_test(test_watching__goes_on_with_a_resumed_run),
        cmocka_unit_test(test_watching__stops_for_a_d_that_has_won),
        cmocka_unit_test(test_watching__keeps_the_last_good_checkpoint),
        cmocka_unit_test(test_watching__keeps_the_good_checkpoint_when_a_failed_run_goes_on),
        cmocka_unit_test(test_watching__keeps_a_good_checkpoint_from_call_to_call),
        cmocka_unit_test(test_train__does_not_go_on_in_another_runs_folder),
        cmocka_unit_test(test_watching__compares_with_a_reference),
        cmocka_unit_test(test_watching__stops_for_what_it_is_told_to),
        cmocka_unit_test(test_watching__serves_a_loop_of_ones_own),
        cmocka_unit_test(test_watching__lets_some_steps_go_before_it_gives_up),
        cmocka_unit_test(test_watching__keeps_good_weights_when_numbers_burst),
        cmocka_unit_test(test_watching__resumed_between_bad_steps_goes_back_as_far),
        cmocka_unit_test(test_watching__passes_over_one_bad_batch),
        cmocka_unit_test(test_blame__finds_the_place),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
