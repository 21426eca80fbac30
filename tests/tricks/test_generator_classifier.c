/* Several generators: MGAN's classifier against PyTorch (tests/golden/make_generators.py), and MAD-GAN's loss, in the trainer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <unistd.h>

#include "support/golden.h"
#include "tricks/point_run.h"
#include "tricks/trick_impl.h"

#define FILE_NAME "generators.safetensors"
#define PATH GAN_TESTS_DIR "/golden/" FILE_NAME

#ifdef GAN_DOUBLE
#define TOLERANCE 1e-11
#else
#define TOLERANCE 2e-5
#endif

enum { K = 3, ROOM = 16 };

static void check_ok(gan_ctx *ctx) {
    if (gan_ctx_status(ctx)) fail_msg("%s", gan_ctx_message(ctx));
}

static void compare(const golden *g, const char *group, const char *name, const gan_tensor *t) {
    char key[128];
    snprintf(key, sizeof key, "%s%s", group, name);
    double distance = golden_distance(g, key, t);
    if (!(distance <= TOLERANCE)) fail_msg("%s is off by %g", key, distance);
}

static void compare_gradient(const golden *g, const char *group, const gan_module *m, gan_tensor *loss) {
    gan_tensor *w[ROOM], *grads[ROOM];
    const char *names[ROOM];
    int n = 0;
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        if (!p->buffer) names[n] = p->name, w[n++] = p->tensor;
    }
    gan_grads(loss, w, n, grads, (gan_grad_opts){0});
    check_ok(gan_module_ctx(m));
    for (int i = 0; i < n; i++) compare(g, group, names[i], grads[i]);
}

static gan_output judge(gan_module *D, gan_tensor *x) { return gan_module_call(D, (gan_input){x, NULL}, (gan_call_opts){0}); }

static void test_generators_and_classifier__are_pytorchs(void **state) {
    (void)state;
    golden *g = golden_open(FILE_NAME);
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_mlp_opts net = {.latent = 4, .width = 6, .depth = 2, .g_norm = GAN_NORM_BATCH, .generators = K};
    gan_module *G = gan_mlp_generator(ctx, net);
    gan_module *D = gan_mlp_discriminator(ctx, (gan_mlp_opts){.width = 8, .depth = 1, .aux = K});
    gan_load_weights(G, PATH, "start.G.");
    gan_load_weights(D, PATH, "start.D.");
    gan_tensor *z = golden_make(g, ctx, "latents"), *fake = gan_forward(G, z), *order = golden_make(g, ctx, "order");
    check_ok(ctx);
    compare(g, "fake", "", fake);
    for (int i = 0; i < gan_module_param_count(G); i++) {
        const gan_param *p = gan_module_param(G, i);
        if (p->buffer) compare(g, "end.G.", p->name, p->tensor);
    }
    gan_real number[64];
    for (int64_t i = 0; i < gan_count(order); i++) number[i] = (gan_real)((int)gan_data(order)[i] % K);
    gan_trick *k = gan_generator_classifier(ctx, (gan_generator_classifier_opts){.g = gan_constant(.3), .d = gan_constant(.7)});
    gan_loss loss = gan_loss_non_saturating();
    gan_turn turn = {.ctx = ctx, .G = G, .D = D, .loss = &loss, .generators = K};
    turn.fake_label = gan_from(ctx, gan_shape_of(order), number);
    fake = gan_gather(fake, order);

    turn.player = GAN_PLAYER_D;
    turn.fake_out = judge(D, gan_detach(fake));
    gan_verdict v = {.real = judge(D, golden_make(g, ctx, "real")).y, .fake = turn.fake_out.y};
    gan_tensor *of_d = gan_add(gan_loss_d(&loss, v), k->type->term(k, &turn));
    compare(g, "d", "", of_d);
    compare_gradient(g, "grad.D.", D, of_d);

    turn.player = GAN_PLAYER_G;
    turn.fake_out = judge(D, fake);
    gan_tensor *of_g = gan_add(gan_loss_g(&loss, (gan_verdict){.fake = turn.fake_out.y}), k->type->term(k, &turn));
    compare(g, "g", "", of_g);
    compare_gradient(g, "grad.G.", G, of_g);

    gan_module_train(G, false);
    compare(g, "eval", "", gan_forward(G, z));
    check_ok(ctx);
    gan_ctx_free(ctx);
    golden_close(g);
}

/* --- in the trainer ------------------------------------------------------------------------------------------- */

static point_run run_new(int threads, gan_trainer_opts o, gan_mlp_opts net, const trick_maker *makers, int n) {
    point_run r = {gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = threads}), NULL, NULL, NULL};
    net.latent = 3, net.width = 12, net.pack = o.pack;
    r.G = gan_mlp_generator(r.ctx, net);
    r.D = gan_mlp_discriminator(r.ctx, net);
    r.trainer = gan_trainer_new(r.G, r.D, gan_ring_data(r.ctx, (gan_mixture_opts){.count = 256}), o);
    for (int i = 0; i < n; i++) gan_trainer_use(r.trainer, makers[i](r.ctx));
    return r;
}

static gan_trainer_opts several_opts(void) {
    gan_trainer_opts o = point_opts();
    o.batch = 18;
    return o;
}

static gan_mlp_opts several(void) { return (gan_mlp_opts){.g_norm = GAN_NORM_BATCH, .generators = K, .aux = K}; }

static gan_trick *classifier(gan_ctx *ctx) { return gan_generator_classifier(ctx, gan_generator_classifier_defaults()); }
static gan_trick *of_d_alone(gan_ctx *ctx) {
    return gan_generator_classifier(ctx, (gan_generator_classifier_opts){.g = gan_constant(0), .d = gan_constant(1)});
}
static gan_trick *of_g_alone(gan_ctx *ctx) {
    return gan_generator_classifier(ctx, (gan_generator_classifier_opts){.g = gan_constant(.01), .d = gan_constant(0)});
}
static gan_trick *replay(gan_ctx *ctx) { return gan_replay(ctx, (gan_replay_opts){2, gan_constant(.5)}); }
static gan_trick *ahead(gan_ctx *ctx) { return gan_lookahead(ctx, (gan_lookahead_opts){.steps = 2}); }
static gan_trick *noise(gan_ctx *ctx) { return gan_instance_noise(ctx, (gan_instance_noise_opts){.sigma = gan_constant(.1)}); }

static void steps(point_run *r, int n) {
    for (int i = 0; i < n; i++)
        if (gan_trainer_step(r->trainer, NULL)) fail_msg("%s", gan_ctx_message(r->ctx));
}

static gan_real *outcome(int threads, gan_trainer_opts o, gan_mlp_opts net, const trick_maker *makers, int n, size_t *count) {
    point_run r = run_new(threads, o, net, makers, n);
    steps(&r, 4);
    gan_real *values = point_values(&r, count);
    for (size_t i = 0; i < *count; i++) assert_true(isfinite(values[i]));
    gan_ctx_free(r.ctx);
    return values;
}

/* Three steps, a checkpoint, and one more by another trainer. */
static gan_real *resumed(gan_trainer_opts o, gan_mlp_opts net, const trick_maker *makers, int n, size_t *count) {
    char path[] = "/tmp/gan-generators-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    point_run r = run_new(1, o, net, makers, n);
    steps(&r, 3);
    assert_int_equal(gan_trainer_save(r.trainer, path), GAN_OK);
    gan_ctx_free(r.ctx);
    r = run_new(1, o, net, makers, n);
    if (gan_trainer_load(r.trainer, path)) fail_msg("%s", gan_ctx_message(r.ctx));
    steps(&r, 1);
    gan_real *values = point_values(&r, count);
    gan_ctx_free(r.ctx);
    unlink(path);
    return values;
}

static void check_repeats_and_resumes(gan_trainer_opts o, gan_mlp_opts net, const trick_maker *makers, int n) {
    size_t count, again_count, resumed_count;
    gan_real *values = outcome(1, o, net, makers, n, &count), *again = outcome(3, o, net, makers, n, &again_count);
    gan_real *later = resumed(o, net, makers, n, &resumed_count);
    assert_memory_equal(values, again, count * sizeof *values);
    assert_memory_equal(values, later, count * sizeof *values);
    free(values);
    free(again);
    free(later);
}

static void test_classifier__repeats_and_resumes_to_the_bit(void **state) {
    (void)state;
    trick_maker all[] = {classifier, replay, ahead, noise};
    for (int i = 1; i <= 4; i++) check_repeats_and_resumes(several_opts(), several(), all, i);
    gan_trainer_opts at_once = several_opts();
    at_once.simultaneous = true;
    check_repeats_and_resumes(at_once, several(), all, 4);
    gan_trainer_opts critic = several_opts();
    critic.n_critic = 3;
    check_repeats_and_resumes(critic, several(), all, 4);
}

static void test_mad_gan__repeats_and_resumes_to_the_bit(void **state) {
    (void)state;
    gan_trainer_opts o = several_opts();
    o.loss = gan_loss_mad_gan();
    gan_mlp_opts net = several();
    net.logits = K + 1, net.aux = 0;
    trick_maker all[] = {replay, ahead, noise};
    for (int i = 0; i <= 3; i++) check_repeats_and_resumes(o, net, all, i);
    net.separate = true;
    check_repeats_and_resumes(o, net, all, 3);
}

/* Each half of the trick is felt, and the head learns by it alone. */
static void test_classifier__moves_both_players(void **state) {
    (void)state;
    size_t count;
    trick_maker kinds[] = {classifier, of_d_alone, of_g_alone};
    gan_real *values[4];
    for (int i = 0; i < 4; i++) values[i] = outcome(1, several_opts(), several(), i < 3 ? &kinds[i] : NULL, i < 3, &count);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++) assert_memory_not_equal(values[i], values[j], count * sizeof **values);
    for (int i = 0; i < 4; i++) free(values[i]);
    for (int with = 0; with < 2; with++) {
        point_run r = run_new(1, several_opts(), several(), (trick_maker[]){of_d_alone}, with);
        const gan_param *head = gan_module_find(r.D, "aux.weight");
        gan_real before[12 * K];
        memcpy(before, gan_data(head->tensor), sizeof before);
        steps(&r, 1);
        assert_int_equal(memcmp(before, gan_data(head->tensor), sizeof before) != 0, with);
        gan_ctx_free(r.ctx);
    }
}

/* --- which generator made which sample ------------------------------------------------------------------------ */

typedef struct spy {
    int turns, moved; /* moved: rows that are not where G made them */
} spy;

/* Generator k of these makes nothing but (k + latent/100, ...), so each row says whose it is, and of which latent. */
static gan_tensor *witness(gan_trick *k, const gan_turn *turn) {
    spy *s = gan_trick_data(k);
    const gan_real *x = gan_data(turn->fake), *z = gan_data(turn->latents), *label = gan_data(turn->fake_label);
    int64_t n = gan_count(turn->fake_label);
    int count[K] = {0};
    for (int64_t i = 0; i < n; i++) {
        count[(int)label[i]]++;
        assert_true(fabs((double)(x[2 * i] - label[i] - z[i] / 100)) < 1e-5);
        s->moved += (int)label[i] != i % K;
    }
    for (int i = 0; i < K; i++) assert_int_equal(count[i], n / K);
    s->turns++;
    return NULL;
}
static const gan_trick_type witness_type = {.name = "witness", .data_bytes = sizeof(spy), .term = witness};

static void test_trainer__knows_who_made_each_sample(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_module *G = gan_branches(ctx);
    for (int k = 0; k < K; k++) {
        gan_module *m = gan_branches_add(G, gan_linear_layer(ctx, 1, 2, (gan_linear_opts){0}));
        gan_assign(gan_module_find(m, "weight")->tensor, (gan_real[]){(gan_real).01, 0}, 2);
        gan_assign(gan_module_find(m, "bias")->tensor, (gan_real[]){(gan_real)k, 0}, 2);
    }
    gan_trainer_opts o = several_opts();
    o.latent = 1;
    o.g = gan_sgd(0, 0);
    gan_module *D = gan_mlp_discriminator(ctx, (gan_mlp_opts){0});
    gan_trainer *t = gan_trainer_new(G, D, gan_ring_data(ctx, (gan_mixture_opts){.count = 256}), o);
    gan_trick *k = gan_trick_new(ctx, &witness_type, (gan_trick_opts){.weight = gan_constant(1)});
    gan_trainer_use(t, k);
    for (int i = 0; i < 5; i++) gan_trainer_step(t, NULL);
    check_ok(ctx);
    const spy *s = gan_trick_data(k);
    assert_int_equal(s->turns, 10);
    assert_true(s->moved > 10 * 18 / 3 && s->moved < 10 * 18); /* about two in three, by chance */

    /* Samples: in turn, across the rows that are made at once; or all by one. */
    gan_tensor *x = gan_trainer_sample(t, 200, 1);
    for (int i = 0; i < 200; i++) assert_int_equal(lround((double)gan_data(x)[2 * i]), i % K);
    for (int one = 0; one < K; one++) {
        gan_tensor *z = gan_trainer_latents(t, 100, 2, 0);
        x = gan_trainer_sample_with(t, z, (gan_sample_opts){.one_generator = true, .generator = one});
        for (int i = 0; i < 100; i++) check_ok(ctx), assert_int_equal(lround((double)gan_data(x)[2 * i]), one);
        for (int i = 0; i < 100; i++)
            assert_true(fabs((double)(gan_data(x)[2 * i] - (gan_real)one - gan_data(z)[i] / 100)) < 1e-5);
    }
    gan_trainer_sample_with(t, gan_trainer_latents(t, 1, 2, 0), (gan_sample_opts){.one_generator = true, .generator = K});
    assert_non_null(strstr(gan_ctx_message(ctx), "there is no generator 3 of 3"));
    gan_ctx_free(ctx);
}

/* --- refusals --------------------------------------------------------------------------------------------------- */

static void expect(point_run r, const char *text) {
    if (!strstr(gan_ctx_message(r.ctx), text)) fail_msg("\"%s\" does not say \"%s\"", gan_ctx_message(r.ctx), text);
    gan_ctx_free(r.ctx);
}

static void test_refusals__are_made_in_words(void **state) {
    (void)state;
    trick_maker one[] = {classifier};
    gan_trainer_opts o = several_opts(), packed = o, odd = o, mad = o;
    gan_mlp_opts net = several();
    packed.pack = 2;
    expect(run_new(1, packed, net, one, 1), "generator_classifier is refused together with pack 2");
    odd.batch = 16;
    expect(run_new(1, odd, net, NULL, 0), "16 samples in a batch are not the same number for each of 3 generators");
    odd.generators = 2;
    expect(run_new(1, odd, net, NULL, 0), "generators is 2, but G is 3");
    odd.generators = -1;
    net.generators = 0;
    expect(run_new(1, odd, net, NULL, 0), "generators is -1, less than 1");
    expect(run_new(1, o, net, one, 1), "generator_classifier needs several generators, and G is one");
    mad.loss = gan_loss_mad_gan();
    net.logits = K + 1;
    expect(run_new(1, mad, net, NULL, 0), "the loss mad_gan needs several generators");
    net.generators = K;
    mad.pack = 2;
    expect(run_new(1, mad, net, NULL, 0), "pack 2 is refused with the mad_gan loss");
    mad.pack = 1;
    net.logits = K;
    expect(run_new(1, mad, net, NULL, 0), "D's output for two samples has shape [2, 3], not [2, 4]");
    net.logits = 0, net.aux = 0;
    expect(run_new(1, o, net, one, 1), "generator_classifier needs a second head on D, of width 3");
    net.aux = 4;
    expect(run_new(1, o, net, one, 1), "D's second head gives [2, 4] for two samples; 3 generators need [2, 3]");

    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_generator_classifier(ctx, (gan_generator_classifier_opts){.g = gan_constant(-1), .d = gan_constant(1)});
    assert_non_null(strstr(gan_ctx_message(ctx), "gan_generator_classifier: g is -1"));
    gan_ctx_free(ctx);
}

/* A loss with classes of reals must not take the generators' numbers for the classes of fakes. */
static void test_numbers__are_no_classes(void **state) {
    (void)state;
    gan_trainer_opts o = several_opts();
    o.loss = gan_loss_softmax_classes();
    gan_mlp_opts net = several();
    net.logits = 9; /* the ring's eight components, and fake */
    size_t count;
    point_run r = run_new(1, o, net, NULL, 0);
    gan_step_info info;
    assert_int_equal(gan_trainer_step(r.trainer, &info), GAN_OK);
    /* Without classes of fakes G's loss is E -log(1 - p_K), small as long as D knows nothing: about -log(8/9). */
    assert_true(info.g_loss < .5);
    free(point_values(&r, &count));
    gan_ctx_free(r.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generators_and_classifier__are_pytorchs),
        cmocka_unit_test(test_classifier__repeats_and_resumes_to_the_bit),
        cmocka_unit_test(test_mad_gan__repeats_and_resumes_to_the_bit),
        cmocka_unit_test(test_classifier__moves_both_players),
        cmocka_unit_test(test_trainer__knows_who_made_each_sample),
        cmocka_unit_test(test_refusals__are_made_in_words),
        cmocka_unit_test(test_numbers__are_no_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
