/* A loss that jumps: found, told of once with a grid and a figure, and nothing in training notices. */
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmocka_gan.h"
#include "small_run.h"
#include "train/jump.h"
#include "train/quality.h"
#include "tricks/point_run.h"

/* --- finding -------------------------------------------------------------------------------------------------- */

/* About normal, by twelve uniforms. */
static double noise(uint32_t *state) {
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        *state = *state * 1664525u + 1013904223u;
        sum += *state / 4294967296.;
    }
    return sum;
}

static void test_jumps__are_far_outside_of_the_last_values(void **state) {
    (void)state;
    gan__recent r = {0};
    uint32_t seed = 1;
    for (int i = 0; i < 63; i++) {
        assert_false(gan__recent_jumps(&r, 100)); /* too early to say */
        gan__recent_add(&r, 2 + .1 * noise(&seed));
    }
    for (int i = 0; i < 5000; i++) {
        double x = 2 + .1 * noise(&seed);
        gan__recent_add(&r, x);
        assert_false(gan__recent_jumps(&r, 2 + .1 * noise(&seed)));
    }
    check_close(gan__recent_median(&r), 2, .05);
    assert_false(gan__recent_jumps(&r, 2.6));
    assert_true(gan__recent_jumps(&r, 3.5));
    assert_true(gan__recent_jumps(&r, .5));
    assert_true(gan__recent_jumps(&r, INFINITY));
    gan__recent_add(&r, INFINITY); /* is not remembered */
    gan__recent_add(&r, NAN);
    check_close(gan__recent_median(&r), 2, .05);
}

static void test_jumps__are_not_what_a_lazy_term_does(void **state) {
    (void)state;
    gan__recent r = {0};
    for (int i = 0; i < 1000; i++) {
        double x = i % 16 == 0 ? 9 : 1 + .01 * (i % 5);
        if (i > 200) assert_false(gan__recent_jumps(&r, x));
        gan__recent_add(&r, x);
    }
    assert_true(gan__recent_jumps(&r, 18));
    assert_false(gan__recent_jumps(&r, 16));
}

static void test_jumps__are_seen_from_constant_values_too(void **state) {
    (void)state;
    gan__recent r = {0};
    for (int i = 0; i < 128; i++) gan__recent_add(&r, 0);
    assert_false(gan__recent_jumps(&r, .09));
    assert_true(gan__recent_jumps(&r, .11));
    for (int i = 0; i < 128; i++) gan__recent_add(&r, i < 100 ? 3 : 5); /* the old ones go */
    check_close(gan__recent_median(&r), 3, 0);
    assert_false(gan__recent_jumps(&r, 0));
}

/* --- telling -------------------------------------------------------------------------------------------------- */

/* A term of one player that is a constant: it moves nobody. */
typedef struct lump {
    gan_player player;
    int64_t at[3];
} lump;

static gan_tensor *lump_term(gan_trick *k, const gan_turn *turn) {
    const lump *l = gan_trick_data(k);
    for (int i = 0; i < 3; i++)
        if (turn->player == l->player && turn->step + 1 == l->at[i]) return gan_scalar(turn->ctx, 50);
    return NULL;
}
static const gan_trick_type lump_type = {.name = "lump", .data_bytes = sizeof(lump), .term = lump_term};

typedef struct heard {
    int jumps;
    char last[512];
} heard;

static void hear(void *user, gan_log_level level, const char *message) {
    heard *h = user;
    if (level != GAN_LOG_WARNING || !strstr(message, "loss jumped")) return;
    h->jumps++;
    snprintf(h->last, sizeof h->last, "%s", message);
}

typedef struct run {
    bool ignore;
    lump lumps;
    int64_t steps;
} run;

static void train(const run *how, const char *out, heard *h) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1, .log = hear, .log_user = h});
    gan_mlp_opts net = {.dim = 2, .latent = 3, .width = 12, .depth = 2};
    gan_trainer *t = gan_trainer_new(gan_mlp_generator(ctx, net), gan_mlp_discriminator(ctx, net),
                                     gan_ring_data(ctx, (gan_mixture_opts){.count = 256}), point_opts());
    gan_trick *k = gan_trick_new(ctx, &lump_type, (gan_trick_opts){.weight = gan_constant(1)});
    *(lump *)gan_trick_data(k) = how->lumps;
    gan_trainer_use(t, k);
    gan_train(t, (gan_train_opts){.steps = how->steps, .out = out, .log_every = 1000, .samples = 4, .ignore_jumps = how->ignore});
    check_ok(ctx);
    gan_ctx_free(ctx);
}

static int grids(const char *out) {
    char pattern[128];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/samples/jump-*.png", out);
    int n = glob(pattern, 0, NULL, &found) ? 0 : (int)found.gl_pathc;
    globfree(&found);
    return n;
}

static char *contents(const char *out, const char *name, long *size) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", out, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = ftell(f);
    rewind(f);
    char *bytes = calloc((size_t)*size + 1, 1);
    assert_int_equal(fread(bytes, 1, (size_t)*size, f), *size);
    fclose(f);
    return bytes;
}

static char folder[] = "/tmp/gan-jump-XXXXXX";
static const char *in_folder(const char *name, char path[96]) {
    snprintf(path, 96, "%s/%s", folder, name);
    return path;
}

/* At step 100, again within 128 steps, and after them. */
static void test_jumps__are_told_of_with_a_grid_a_figure_and_a_line(void **state) {
    (void)state;
    for (int player = 0; player < 2; player++) {
        heard h = {0};
        char out[96];
        long size;
        in_folder(player ? "g" : "d", out);
        train(&(run){.lumps = {(gan_player)player, {100, 150, 300}}, .steps = 310}, out, &h);
        assert_int_equal(h.jumps, 2);
        assert_int_equal(grids(out), 2);
        free(contents(out, "samples/jump-000100.png", &size));
        assert_true(size > 100);
        free(contents(out, "samples/jump-000300.png", &size));
        assert_non_null(strstr(h.last, player ? "step 300: G's loss jumped to 5" : "step 300: D's loss jumped to 5"));
        assert_non_null(strstr(h.last, "samples/jump-000300.png"));
        char *lines = contents(out, "metrics.jsonl", &size), *line = strstr(lines, "{\"step\":100,");
        assert_non_null(line);
        *strchr(line, '\n') = 0;
        const char *before = strstr(line, player ? "\"g_loss_before\":" : "\"d_loss_before\":");
        const char *quality = strstr(line, "\"quality\":");
        assert_true(before && quality);
        assert_true(strtod(strchr(before, ':') + 1, NULL) < 5);
        double w = strtod(strchr(quality, ':') + 1, NULL);
        assert_true(w > .5 && w < 50);
        free(lines);
    }
}

static void test_jumps__are_not_told_of_where_all_is_calm_or_when_they_are_ignored(void **state) {
    (void)state;
    heard h = {0};
    char out[96];
    train(&(run){.steps = 800}, in_folder("calm", out), &h);
    assert_int_equal(h.jumps + grids(out), 0);
    train(&(run){.lumps = {GAN_PLAYER_D, {100, 150, 300}}, .steps = 310, .ignore = true}, in_folder("ignored", out), &h);
    assert_int_equal(h.jumps + grids(out), 0);
    train(&(run){.lumps = {GAN_PLAYER_D, {30}}, .steps = 40}, in_folder("early", out), &h);
    assert_int_equal(h.jumps + grids(out), 0);
    train(&(run){.lumps = {GAN_PLAYER_D, {100}}, .steps = 110}, NULL, &h); /* nothing is written, but it is said */
    assert_int_equal(h.jumps, 1);
}

static void test_jumps__change_no_trained_byte(void **state) {
    (void)state;
    char *bytes[2];
    long size[2];
    for (int i = 0; i < 2; i++) {
        char out[96];
        heard h = {0};
        in_folder(i ? "without" : "with", out);
        train(&(run){.lumps = {GAN_PLAYER_D, {80, 110, 0}}, .steps = 120, .ignore = i}, out, &h);
        assert_int_equal(h.jumps, i ? 0 : 1);
        bytes[i] = contents(out, "checkpoint.safetensors", &size[i]);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], (size_t)size[0]);
    free(bytes[0]);
    free(bytes[1]);
}

/* --- the figure ----------------------------------------------------------------------------------------------- */

static gan_trainer_opts batch_of_8(void) {
    gan_trainer_opts o = small_opts();
    o.ema = 0;
    return o;
}

/* Of images with batch norm, dropout, flips and held-out samples: the next step is the same with and without. */
static void test_quality__leaves_no_trace(void **state) {
    (void)state;
    gan_real *values[2];
    size_t n = 0;
    for (int i = 0; i < 2; i++) {
        small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, batch_of_8());
        gan_trainer_step(r.trainer, NULL);
        double w = i ? gan__trainer_quality(r.trainer) : 2, again = i ? gan__trainer_quality(r.trainer) : 2;
        assert_true(w == again && w > 1);
        gan_trainer_step(r.trainer, NULL);
        check_ok(r.ctx);
        const gan_tensor *t = gan_module_param(r.G, 0)->tensor;
        n = (size_t)gan_count(t);
        values[i] = malloc(n * sizeof(gan_real));
        memcpy(values[i], gan_data(t), n * sizeof(gan_real));
        gan_ctx_free(r.ctx);
    }
    assert_memory_equal(values[0], values[1], n * sizeof(gan_real));
    free(values[0]);
    free(values[1]);
}

/* A generator that is the data, to some degree: points of the ring, scaled. */
static gan_tensor *ring_forward(gan_module *m, gan_call *call, gan_tensor *z) {
    (void)call;
    const double *scale = gan_module_data(m);
    int64_t n = gan_shape_of(z).d[0];
    gan_real *x = malloc((size_t)(2 * n) * sizeof *x);
    for (int64_t i = 0; i < n; i++) {
        double a = 2 * acos(-1) / 8 * (double)(i % 8);
        x[2 * i] = (gan_real)(*scale * (cos(a) + .01 * (double)gan_data(z)[2 * i]));
        x[2 * i + 1] = (gan_real)(*scale * (sin(a) + .01 * (double)gan_data(z)[2 * i + 1]));
    }
    gan_tensor *t = gan_from(gan_module_ctx(m), gan_shape2(n, 2), x);
    free(x);
    return t;
}
static const gan_module_type ring_type = {.name = "Ring", .forward = ring_forward, .data_bytes = sizeof(double)};

static double quality_of(double scale, double held_out) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 1});
    gan_module *G = gan_module_new(ctx, &ring_type);
    *(double *)gan_module_data(G) = scale;
    gan_trainer_opts o = point_opts();
    o.latent = 2;
    gan_dataset *ring = gan_ring_data(ctx, (gan_mixture_opts){.count = 4096, .held_out = held_out});
    gan_trainer *t = gan_trainer_new(G, gan_mlp_discriminator(ctx, (gan_mlp_opts){0}), ring, o);
    double w = gan__trainer_quality(t);
    check_ok(ctx);
    gan_ctx_free(ctx);
    return w;
}

/* With modes of equal counts, G is even closer than a random sample is. */
static void test_quality__is_about_1_for_data_and_grows_with_the_distance(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        double held_out = i ? .25 : 0;
        double good = quality_of(1, held_out), fair = quality_of(1.5, held_out), bad = quality_of(3, held_out);
        if (!(good > .2 && good < 1.5 && fair > 2 * good && bad > 2 * fair)) fail_msg("%g, %g, %g", good, fair, bad);
    }
}

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jumps__are_far_outside_of_the_last_values),
        cmocka_unit_test(test_jumps__are_not_what_a_lazy_term_does),
        cmocka_unit_test(test_jumps__are_seen_from_constant_values_too),
        cmocka_unit_test(test_jumps__are_told_of_with_a_grid_a_figure_and_a_line),
        cmocka_unit_test(test_jumps__are_not_told_of_where_all_is_calm_or_when_they_are_ignored),
        cmocka_unit_test(test_jumps__change_no_trained_byte),
        cmocka_unit_test(test_quality__leaves_no_trace),
        cmocka_unit_test(test_quality__is_about_1_for_data_and_grows_with_the_distance),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
