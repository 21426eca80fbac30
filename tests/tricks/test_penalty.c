/* gan_penalty against PyTorch's double backward (tests/golden/make_penalty.py): the value, and the gradient by D's weights. */
#include <stdio.h>

#include "cmocka_gan.h"
#include "point_run.h"
#include "support/golden.h"

#define FILE_NAME "penalty.safetensors"

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-10
#else
#define TOLERANCE 2e-4
#endif

static gan_module *perceptron(gan_ctx *ctx) {
    gan_module *D = gan_sequential(ctx);
    gan_sequential_add(D, gan_linear_layer(ctx, 3, 7, (gan_linear_opts){0}));
    gan_sequential_add(D, gan_leaky_relu_layer(ctx, .2));
    gan_sequential_add(D, gan_linear_layer(ctx, 7, 6, (gan_linear_opts){0}));
    gan_sequential_add(D, gan_tanh_layer(ctx));
    gan_sequential_add(D, gan_linear_layer(ctx, 6, 2, (gan_linear_opts){0}));
    return D;
}

static gan_module *convolutional(gan_ctx *ctx) {
    gan_module *D = gan_sequential(ctx);
    gan_sequential_add(D, gan_conv2d_layer(ctx, 2, 3, gan_conv_layer_square(3, 2, 1)));
    gan_sequential_add(D, gan_leaky_relu_layer(ctx, .2));
    gan_sequential_add(D, gan_conv2d_layer(ctx, 3, 4, gan_conv_layer_square(3, 1, 1)));
    gan_sequential_add(D, gan_tanh_layer(ctx));
    gan_sequential_add(D, gan_flatten_layer(ctx));
    gan_sequential_add(D, gan_linear_layer(ctx, 24, 1, (gan_linear_opts){.from_hwc = {3, 2, 4}}));
    return D;
}

static const char *const kinds[] = {
    [GAN_PENALTY_WGAN_GP] = "wgan_gp", [GAN_PENALTY_WGAN_GP_ONE_SIDED] = "wgan_gp_one_sided",
    [GAN_PENALTY_DRAGAN] = "dragan",   [GAN_PENALTY_R1] = "r1",
    [GAN_PENALTY_R2] = "r2",
};

/* A module's weights, or what stands for them in the file, in the library's layout. */
static gan_module *loaded(gan_module *m, const char *prefix) {
    assert_int_equal(gan_load_weights(m, GAN_TESTS_DIR "/golden/" FILE_NAME, prefix), GAN_OK);
    return m;
}

static double distance(const gan_tensor *a, const gan_tensor *b) {
    double worst = 0, scale = 1e-2;
    assert_true(gan_shape_equal(gan_shape_of(a), gan_shape_of(b)));
    for (int64_t i = 0; i < gan_count(a); i++) {
        scale = fmax(scale, fabs((double)gan_data(b)[i]));
        double d = fabs((double)gan_data(a)[i] - (double)gan_data(b)[i]);
        if (!(d <= worst)) worst = d;
    }
    return worst / scale;
}

static void compare(const golden *g, const char *net, gan_module *(*make)(gan_ctx *), gan_loss loss, gan_penalty_kind kind) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 7, .threads = 2});
    char key[128];
    snprintf(key, sizeof key, "%s.start.", net);
    gan_module *D = loaded(make(ctx), key);
    snprintf(key, sizeof key, "%s.%s.grad.", net, kinds[kind]);
    gan_module *expected = loaded(make(ctx), key);
    snprintf(key, sizeof key, "%s.real", net);
    gan_tensor *real = golden_make(g, ctx, key);
    snprintf(key, sizeof key, "%s.fake", net);
    gan_tensor *fake = golden_make(g, ctx, key);
    gan_tensor *value = gan_penalty(D, NULL, &loss, kind, real, fake, NULL, gan_stream_named(ctx, "e and U"));
    check_ok(ctx);
    snprintf(key, sizeof key, "%s.%s.value", net, kinds[kind]);
    double target = golden_get(g, key).data[0];
    check_close(gan_item(value), target, TOLERANCE * (1 + target));
    for (int i = 0; i < gan_module_param_count(D); i++) {
        const gan_param *p = gan_module_param(D, i);
        gan_tensor *gradient = gan_grad(value, p->tensor, (gan_grad_opts){.allow_unused = true});
        check_ok(ctx);
        double off = distance(gradient, gan_module_param(expected, i)->tensor);
        if (!(off <= TOLERANCE)) fail_msg("%s, %s: the gradient by %s is off by %g", net, kinds[kind], p->name, off);
    }
    gan_ctx_free(ctx);
}

/* With two outputs, the gradient is that of the odds. */
static void test_penalties__of_a_perceptron_are_pytorchs(void **state) {
    (void)state;
    golden *g = golden_open(FILE_NAME);
    for (int k = 0; k < COUNT_OF(kinds); k++) compare(g, "perceptron", perceptron, gan_loss_softmax(), (gan_penalty_kind)k);
    golden_close(g);
}

static void test_penalties__of_a_convolutional_net_are_pytorchs(void **state) {
    (void)state;
    golden *g = golden_open(FILE_NAME);
    for (int k = 0; k < COUNT_OF(kinds); k++)
        compare(g, "convolutional", convolutional, gan_loss_wasserstein(), (gan_penalty_kind)k);
    golden_close(g);
}

/* --- what the gradient is of ---------------------------------------------------------------------------------- */

enum { ROWS = 5, COLUMNS = 3 };

static double verdicts(gan_module *D, const gan_real *x) {
    gan_ctx *ctx = gan_module_ctx(D);
    gan_scope_begin(ctx);
    gan_no_record_begin(ctx);
    double sum = gan_item(gan_sum(gan_forward(D, gan_from(ctx, gan_shape2(ROWS, COLUMNS), x))));
    gan_no_record_end(ctx);
    gan_scope_end(ctx);
    return sum;
}

/* With a layer that compares samples: half the mean of |d sum_j D_j / d x_i|^2, all points in one batch and nobody else. */
static void test_penalties__with_minibatch_layers_are_of_the_sum_over_a_batch_of_their_own(void **state) {
    (void)state;
    static const gan_minibatch_kind layers[] = {GAN_MINIBATCH_DISCRIMINATION, GAN_MINIBATCH_STDDEV};
    const double h = sizeof(gan_real) == 8 ? 1e-5 : 1e-2;
    for (int k = 0; k < COUNT_OF(layers); k++) {
        gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 7, .threads = 1});
        gan_mlp_opts net = {.dim = COLUMNS, .width = 6, .minibatch = layers[k]};
        if (k == 1) net.group = ROWS;
        gan_module *D = gan_mlp_discriminator(ctx, net);
        gan_loss loss = gan_loss_wasserstein();
        gan_tensor *real = gan_randn(ctx, gan_shape2(ROWS, COLUMNS)), *fake = gan_randn(ctx, gan_shape2(ROWS, COLUMNS));
        double value = gan_item(gan_penalty(D, NULL, &loss, GAN_PENALTY_R1, real, fake, NULL, NULL)), expected = 0, alone = 0;
        check_ok(ctx);
        gan_real x[ROWS * COLUMNS];
        for (int i = 0; i < ROWS * COLUMNS; i++) {
            memcpy(x, gan_data(real), sizeof x);
            x[i] += (gan_real)h;
            double up = verdicts(D, x);
            x[i] -= (gan_real)(2 * h);
            double slope = (up - verdicts(D, x)) / (2 * h);
            expected += slope * slope / (2 * ROWS);
        }
        for (int i = 0; i < ROWS && k == 0; i++) { /* each by itself, in a batch of its own */
            gan_tensor *one = gan_from(ctx, gan_shape2(1, COLUMNS), gan_data(real) + i * COLUMNS);
            alone += gan_item(gan_penalty(D, NULL, &loss, GAN_PENALTY_R1, one, one, NULL, NULL)) / ROWS;
        }
        check_ok(ctx);
        check_close(value, expected, (sizeof(gan_real) == 8 ? 1e-7 : 2e-2) * (1 + expected));
        assert_true(fabs(value - alone) > 1e-3 * value);
        gan_ctx_free(ctx);
    }
}

/* A D that gives x times its label, and notes what labels it was given. */
typedef struct labelled {
    gan_real seen[ROWS];
    bool any;
} labelled;

static gan_tensor *labelled_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    labelled *l = gan_module_data(m);
    gan_tensor *label = gan_call_label(call), *sum = gan_sum_axes(x, GAN_AXIS(1), false);
    l->any = label != NULL;
    if (!label) return sum;
    memcpy(l->seen, gan_data(label), sizeof l->seen);
    return gan_mul(sum, label);
}

static const gan_module_type labelled_type = {.name = "Labelled", .forward = labelled_forward, .data_bytes = sizeof(labelled)};

/* |d D/d x_i| = label_i * sqrt(COLUMNS) wherever the point lies; fakes have no label. */
static void test_penalties__carry_the_labels_of_the_reals(void **state) {
    (void)state;
    const gan_real labels[ROWS] = {3, 0, 1, 2, 5};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 7, .threads = 1});
    gan_module *D = gan_module_new(ctx, &labelled_type);
    const labelled *l = gan_module_data(D);
    gan_loss loss = gan_loss_wasserstein();
    gan_tensor *real = gan_randn(ctx, gan_shape2(ROWS, COLUMNS)), *fake = gan_randn(ctx, gan_shape2(ROWS, COLUMNS));
    gan_tensor *label = gan_from(ctx, gan_shape1(ROWS), labels);
    const gan_penalty_kind between[] = {GAN_PENALTY_WGAN_GP, GAN_PENALTY_DRAGAN, GAN_PENALTY_R1, GAN_PENALTY_R2};
    double centred = 0, squares = 0;
    for (int i = 0; i < ROWS; i++) {
        centred += pow(labels[i] * sqrt(COLUMNS) - 1, 2) / ROWS;
        squares += .5 * COLUMNS * labels[i] * labels[i] / ROWS;
    }
    const double expected[] = {centred, centred, squares, .5 * COLUMNS};
    for (int k = 0; k < COUNT_OF(between); k++) {
        double value = gan_item(gan_penalty(D, NULL, &loss, between[k], real, fake, label, gan_stream_named(ctx, "e")));
        check_ok(ctx);
        check_close(value, expected[k], TOLERANCE * (1 + expected[k]));
        assert_true(l->any == (between[k] != GAN_PENALTY_R2));
        if (l->any) assert_memory_equal(l->seen, labels, sizeof labels);
    }
    gan_ctx_free(ctx);
}

/* --- in training ----------------------------------------------------------------------------------------------- */

/* A D of two layers that counts how often it runs. */
typedef struct counted {
    gan_module *net;
    int runs;
} counted;

static gan_tensor *counted_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    counted *d = gan_module_data(m);
    d->runs++;
    return gan_call_child(call, d->net, x);
}

static const gan_module_type counted_type = {.name = "Counted", .forward = counted_forward, .data_bytes = sizeof(counted)};

static gan_module *counted_mlp(gan_ctx *ctx) {
    gan_module *m = gan_module_new(ctx, &counted_type);
    counted *d = gan_module_data(m);
    d->net = gan_mlp_discriminator(ctx, (gan_mlp_opts){.width = 12});
    gan_module_add_child(m, "net", d->net);
    return m;
}

/* The penalty as a term of this program, with a run of D of its own. */
static gan_tensor *own_term(const gan_turn *turn, gan_penalty_kind kind) {
    if (turn->player != GAN_PLAYER_D) return NULL;
    return gan_penalty(turn->D, NULL, turn->loss, kind, turn->real_seen, turn->fake_seen, NULL, NULL);
}
static gan_tensor *own_r1(gan_trick *k, const gan_turn *turn) { return (void)k, own_term(turn, GAN_PENALTY_R1); }
static gan_tensor *own_r2(gan_trick *k, const gan_turn *turn) { return (void)k, own_term(turn, GAN_PENALTY_R2); }

/* D's weights after some steps, and how often it has run in each. */
static void train_counted(bool own, bool at_once, int steps, gan_real *to, int64_t count, int *runs) {
    static const gan_trick_type types[] = {{.name = "own r1", .term = own_r1}, {.name = "own r2", .term = own_r2}};
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_trainer_opts o = point_opts();
    o.simultaneous = at_once;
    gan_module *D = counted_mlp(ctx);
    gan_trainer *t = gan_trainer_new(gan_mlp_generator(ctx, (gan_mlp_opts){.width = 12}), D,
                                     gan_ring_data(ctx, (gan_mixture_opts){.count = 256}), o);
    for (int i = 0; i < 2; i++) {
        gan_gradient_penalty_opts penalty = {GAN_PENALTY_R1 + i, gan_constant(2), 1};
        gan_trainer_use(t, own ? gan_trick_new(ctx, &types[i], (gan_trick_opts){penalty.weight, 1})
                               : gan_gradient_penalty(ctx, penalty));
    }
    int before = ((counted *)gan_module_data(D))->runs;
    for (int i = 0; i < steps; i++) gan_trainer_step(t, NULL);
    check_ok(ctx);
    *runs = (((counted *)gan_module_data(D))->runs - before) / steps;
    for (int i = 0; i < gan_module_param_count(D); i++) {
        const gan_tensor *p = gan_module_param(D, i)->tensor;
        assert_true(gan_count(p) <= count);
        memcpy(to, gan_data(p), (size_t)gan_count(p) * sizeof *to);
        to += gan_count(p), count -= gan_count(p);
    }
    gan_ctx_free(ctx);
}

/* R1 and R2 are of what D has just judged: the same as with another run of D on it, without one. */
static void test_penalties__of_samples_that_d_has_judged_need_no_run_of_d(void **state) {
    (void)state;
    enum { STEPS = 5, MOST = 400 };
    for (int at_once = 0; at_once < 2; at_once++) {
        gan_real shared[MOST] = {0}, own[MOST] = {0};
        int runs_shared, runs_own;
        train_counted(false, at_once, STEPS, shared, MOST, &runs_shared);
        train_counted(true, at_once, STEPS, own, MOST, &runs_own);
        assert_int_equal(runs_shared, at_once ? 2 : 3); /* reals, fakes, and in turn once more for G */
        assert_int_equal(runs_own, runs_shared + 2);
        for (int i = 0; i < MOST; i++) check_close(shared[i], own[i], sizeof(gan_real) == 8 ? 1e-12 : 1e-5);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_penalties__of_a_perceptron_are_pytorchs),
        cmocka_unit_test(test_penalties__of_a_convolutional_net_are_pytorchs),
        cmocka_unit_test(test_penalties__with_minibatch_layers_are_of_the_sum_over_a_batch_of_their_own),
        cmocka_unit_test(test_penalties__carry_the_labels_of_the_reals),
        cmocka_unit_test(test_penalties__of_samples_that_d_has_judged_need_no_run_of_d),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
