/* Every trick of the library's table alone, in every pair, and all together: see trial.h. Each has an effect, and keeps it beside
 * the others. A new trick joins by itself; if its defaults show nothing in a few steps of small nets, or it needs images or
 * several generators, it is given a line in small_tricks.h. */
#include "trial.h"

#include "point_run.h"
#include "small_tricks.h"
#include "tricks/trick_table.h"

enum { SIDE = 8, MOST = 64, K = 2 };

static const char *const refused[][2] = {
    {"weight_clip", "wgan_gp"}, {"weight_clip", "dragan"}, {"weight_clip", "r1"}, {"weight_clip", "r2"}};

/* --- the set-ups ------------------------------------------------------------------------------------------------ */

typedef struct set_up {
    int needs, n;
    const char *tricks[MOST]; /* names of the table */
} set_up;

static gan_dataset *images(gan_ctx *ctx) {
    gan_real x[40 * SIDE * SIDE];
    for (int i = 0; i < COUNT_OF(x); i++) x[i] = (gan_real)((i / SIDE + i % SIDE * 3 + i / 64) % 7) / 4 - (gan_real).8;
    return gan_array_data(ctx, gan_shape4(40, SIDE, SIDE, 1), x, (gan_array_opts){0});
}

static bool uses(const set_up *s, const char *name) {
    for (int i = 0; i < s->n; i++)
        if (!strcmp(s->tricks[i], name)) return true;
    return false;
}

static trial begin(const void *what, int threads) {
    const set_up *s = what;
    gan_trainer_opts o = point_opts();
    trial t = {.ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = threads})};
    gan_mlp_opts points = {.dim = 2, .latent = 3, .width = 12, .depth = 2};
    gan_dcgan_opts net = {.size = SIDE, .channels = 1, .latent = 4, .features = 4, .g_norm = GAN_NORM_LAYER};
    net.d_norm = GAN_NORM_LAYER;
    if (s->needs & GENERATORS) {
        points.generators = net.generators = K;
        points.aux = net.aux = K;
        t.idle = uses(s, "generator_classifier") ? NULL : "aux.";
    }
    if (s->needs & IMAGES)
        t.trainer = gan_trainer_new(gan_dcgan_generator(t.ctx, net), gan_dcgan_discriminator(t.ctx, net), images(t.ctx), o);
    else
        t.trainer = gan_trainer_new(gan_mlp_generator(t.ctx, points), gan_mlp_discriminator(t.ctx, points),
                                    gan_ring_data(t.ctx, (gan_mixture_opts){.count = 256}), o);
    for (int i = 0; i < s->n; i++) gan_trainer_use(t.trainer, gan_trick_parse(t.ctx, words_of(s->tricks[i])));
    return t;
}

static set_up just(const char *a, const char *b, int needs) {
    return (set_up){.needs = needs, .n = (a != NULL) + (b != NULL), .tricks = {a, b}};
}

/* Outcomes of less, by what the set-up needs; index 0 of the second is the plain game, then the table's tricks. */
static outcome less[SET_UPS][MOST + 1];
static const outcome *outcome_of(int trick, int needs) {
    outcome *o = &less[needs][trick + 1];
    if (o->values) return o;
    const char *name = trick < 0 ? NULL : gan__trick_table[trick].name;
    const set_up s = just(name, NULL, needs);
    *o = put_to_the_proof(begin, &s, name ? name : "the plain game");
    if (name && same_values(o, outcome_of(-1, needs))) fail_msg("%s has no effect", name);
    return o;
}

static bool is_refused(const char *a, const char *b) {
    for (int i = 0; i < COUNT_OF(refused); i++)
        if ((!strcmp(refused[i][0], a) && !strcmp(refused[i][1], b)) || (!strcmp(refused[i][0], b) && !strcmp(refused[i][1], a)))
            return true;
    return false;
}

/* --- pairs -------------------------------------------------------------------------------------------------------- */

static void check_refusal(const char *a, const char *b) {
    const set_up both = just(a, b, needs_of(a) | needs_of(b));
    trial t = begin(&both, 1);
    const char *said = gan_ctx_message(t.ctx);
    if (gan_ctx_status(t.ctx) != GAN_E_ARG) fail_msg("%s with %s goes on", a, b);
    if (!strstr(said, "is refused together with") || !strstr(said, a) || !strstr(said, b))
        fail_msg("\"%s\" does not name %s and %s", said, a, b);
    gan_ctx_free(t.ctx);
}

static void check_pair(int i, int k) {
    const char *a = gan__trick_table[i].name, *b = gan__trick_table[k].name;
    const set_up both = just(a, b, needs_of(a) | needs_of(b));
    char what[128];
    snprintf(what, sizeof what, "%s with %s", a, b);
    outcome o = put_to_the_proof(begin, &both, what);
    if (same_values(&o, outcome_of(k, both.needs))) fail_msg("%s: %s has no effect", what, a);
    if (same_values(&o, outcome_of(i, both.needs))) fail_msg("%s: %s has no effect", what, b);
    outcome_free(&o);
}

static void test_tricks__alone_and_in_pairs(void **state) {
    (void)state;
    int tricks = 0, pairs = 0, refusals = 0;
    for (; gan__trick_table[tricks].name; tricks++) {
        assert_true(tricks < MOST);
        const char *name = gan__trick_table[tricks].name;
        for (int needs = 0; needs < SET_UPS; needs++)
            if ((needs & needs_of(name)) == needs_of(name)) outcome_of(tricks, needs);
        for (int k = 0; k < tricks; k++) {
            const char *other = gan__trick_table[k].name;
            if (!is_refused(name, other)) {
                check_pair(tricks, k);
                pairs++;
                continue;
            }
            check_refusal(name, other);
            check_refusal(other, name);
            refusals++;
        }
    }
    print_message("%d tricks alone and in %d pairs; %d pairs are refused\n", tricks, pairs, refusals);
    for (int n = 0; n < SET_UPS; n++)
        for (int i = 0; i <= MOST; i++) outcome_free(&less[n][i]);
    assert_int_equal(refusals, COUNT_OF(refused));
}

/* --- all together ------------------------------------------------------------------------------------------------- */

static bool goes_with(const set_up *s, const char *name) {
    for (int i = 0; i < s->n; i++)
        if (is_refused(s->tricks[i], name)) return false;
    return true;
}

/* As many as go together, from either end of the table, so that each trick is in one of the two. */
static set_up gather(bool from_the_end) {
    set_up s = {0};
    int n = 0;
    while (gan__trick_table[n].name) n++;
    for (int i = 0; i < n; i++) {
        const char *name = gan__trick_table[from_the_end ? n - 1 - i : i].name;
        if (!goes_with(&s, name)) continue;
        s.needs |= needs_of(name);
        s.tricks[s.n++] = name;
    }
    return s;
}

static void test_tricks__all_together(void **state) {
    (void)state;
    for (int end = 0; end < 2; end++) {
        const set_up all = gather(end);
        outcome o = put_to_the_proof(begin, &all, "all");
        for (int i = 0; i < all.n; i++) {
            set_up fewer = all;
            memmove(fewer.tricks + i, fewer.tricks + i + 1, (size_t)(all.n - i - 1) * sizeof *fewer.tricks);
            fewer.n--;
            trial t = begin(&fewer, 1);
            take_steps(&t, STEPS, "all but one");
            outcome without = {.values = values_of(&t, &without.count)};
            if (same_values(&o, &without)) fail_msg("all %d together: %s has no effect", all.n, all.tricks[i]);
            outcome_free(&without);
            gan_ctx_free(t.ctx);
        }
        print_message("%d tricks together\n", all.n);
        outcome_free(&o);
    }
}

/* --- what is refused ---------------------------------------------------------------------------------------------- */

static void expect_refusal(point_run r, const char *text) {
    if (!strstr(gan_ctx_message(r.ctx), text)) fail_msg("\"%s\" does not say \"%s\"", gan_ctx_message(r.ctx), text);
    gan_ctx_free(r.ctx);
}

static gan_trick *noise(gan_ctx *ctx) { return gan_trick_parse(ctx, "instance_noise:sigma=0.1"); }
static gan_trick *soft(gan_ctx *ctx) { return gan_trick_parse(ctx, "label_noise"); }
static gan_trick *flip(gan_ctx *ctx) { return gan_trick_parse(ctx, "label_flip"); }
static gan_trick *wgan_gp(gan_ctx *ctx) { return gan_trick_parse(ctx, "wgan_gp"); }

static void test_refusals__are_made_in_words(void **state) {
    (void)state;
    gan_trainer_opts hinge = point_opts();
    hinge.loss = gan_loss_hinge();
    expect_refusal(point_run_new(1, hinge, (trick_maker[]){soft}, 1), "label_noise: the hinge loss has no targets");
    expect_refusal(point_run_new(1, hinge, (trick_maker[]){flip}, 1), "label_flip: the hinge loss has no targets");
    expect_refusal(point_run_new(1, point_opts(), (trick_maker[]){noise, noise}, 2), "one of that name");

    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_instance_noise(ctx, (gan_instance_noise_opts){.sigma = gan_constant(-1)});
    assert_non_null(strstr(gan_ctx_message(ctx), "sigma is -1"));
    gan_ctx_clear(ctx);
    gan_label_flip(ctx, (gan_label_flip_opts){.p = gan_constant(1.5)});
    assert_non_null(strstr(gan_ctx_message(ctx), "p is 1.5"));
    gan_ctx_clear(ctx);
    gan_gradient_penalty(ctx, (gan_gradient_penalty_opts){GAN_PENALTY_R1, gan_constant(NAN), 0});
    assert_non_null(strstr(gan_ctx_message(ctx), "weight"));
    gan_ctx_free(ctx);
}

static void test_penalty__with_batch_norm_in_d_is_refused_if_centred_at_1(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_real *x = calloc(32 * 16 * 16, sizeof *x);
    gan_dataset *data = gan_array_data(ctx, gan_shape4(32, 16, 16, 1), x, (gan_array_opts){0});
    free(x);
    gan_dcgan_opts net = {.size = 16, .channels = 1, .latent = 4, .features = 3};
    gan_trainer *t = gan_trainer_new(gan_dcgan_generator(ctx, net), gan_dcgan_discriminator(ctx, net), data, point_opts());
    gan_trainer_use(t, gan_trick_parse(ctx, "r1"));
    assert_int_equal(gan_ctx_status(ctx), GAN_OK);
    gan_trainer_use(t, wgan_gp(ctx));
    assert_non_null(strstr(gan_ctx_message(ctx), "wgan_gp is refused with batch norm in D"));
    gan_ctx_free(ctx);
}

static void test_packing__joins_neighbours_on_channels(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_real v[2 * 2 * 1 * 3];
    for (int i = 0; i < 12; i++) v[i] = (gan_real)i;
    gan_tensor *p = gan_pack(gan_from(ctx, gan_shape4(2, 2, 1, 3), v), 2);
    const gan_real expected[] = {0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11};
    assert_true(gan_shape_equal(gan_shape_of(p), gan_shape4(1, 2, 1, 6)));
    assert_memory_equal(gan_data(p), expected, sizeof expected);
    gan_tensor *none = gan_pack(gan_zeros(ctx, gan_shape2(0, 2)), 2);
    assert_true(gan_shape_equal(gan_shape_of(none), gan_shape2(0, 4)));
    gan_pack(gan_from(ctx, gan_shape2(3, 2), v), 2);
    assert_non_null(strstr(gan_ctx_message(ctx), "[3, 2] cannot be packed by 2"));
    gan_ctx_free(ctx);

    gan_trainer_opts o = point_opts();
    o.pack = 3;
    point_run r = point_run_new(1, o, (trick_maker[]){noise, wgan_gp}, 2);
    for (int i = 0; i < 2; i++) assert_int_equal(gan_trainer_step(r.trainer, NULL), GAN_OK);
    gan_ctx_free(r.ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tricks__alone_and_in_pairs),
        cmocka_unit_test(test_tricks__all_together),
        cmocka_unit_test(test_refusals__are_made_in_words),
        cmocka_unit_test(test_penalty__with_batch_norm_in_d_is_refused_if_centred_at_1),
        cmocka_unit_test(test_packing__joins_neighbours_on_channels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
