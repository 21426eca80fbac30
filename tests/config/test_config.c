/* Configurations in words: what assignments and tricks change, and that whatever is refused changes nothing. */
#include "config/article.h"
#include "config/settings.h"
#include "config_checks.h"
#include "tricks/trick_table.h"

static void test_set__takes_values_of_every_type(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    static const char *const cases[][3] = {/* assignment, setting, value */
                                           {"d.lr=4e-4", "d.lr", "0.0004"},
                                           {"steps = 40000", "steps", "40000"},
                                           {"net.d_spectral=yes", "net.d_spectral", "true"},
                                           {"loss=hinge", "loss", "hinge"},
                                           {"data.path=a folder=odd", "data.path", "a folder=odd"},
                                           {"d.rate.until=1000", "d.rate.shape", "linear"},
                                           {"out=", "out", ""},
                                           {"net.latent=7", "net.latent", "7"}};
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_config_set(c, cases[i][0]);
        check_ok(f->ctx);
        is_value(c, cases[i][1], cases[i][2]);
    }
}

static void test_set__of_a_name_that_both_players_have_sets_both(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_config_set(c, "d.lr=4e-4");
    is_value(c, "g.lr", "0.0002");
    gan_config_set(c, "lr*=.5");
    is_value(c, "g.lr", "0.0001");
    is_value(c, "d.lr", "0.0002");
    gan_config_set(c, "d.lr *= 10");
    is_value(c, "g.lr", "0.0001");
    is_value(c, "d.lr", "0.002");
    gan_config_set(c, "rate.until=500");
    is_value(c, "g.rate.until", "500");
    is_value(c, "d.rate.until", "500");
    gan_config_set(c, "kind=sgd");
    is_value(c, "g.kind", "sgd");
    is_value(c, "d.kind", "sgd");
    check_ok(f->ctx);
}

static void test_set__reaches_both_kinds_of_nets(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_config_set(c, "net.latent=9");
    gan_config_set(c, "data.path=ring");
    gan_config_set(c, "data.points=64");
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
    gan_trainer *t = gan_config_trainer(c, ctx);
    check_ok(ctx);
    assert_int_equal(gan_latent_size(gan_trainer_generator(t)), 9);
    gan_config *images = fresh(f);
    static const char *const sizes[] = {"net.model=dcgan", "net.height=16", "net.width=8",
                                        "net.channels=1",  "net.latent=9",  "net.features=3"};
    for (int i = 0; i < COUNT_OF(sizes); i++) gan_config_set(images, sizes[i]);
    assert_int_equal(gan_latent_size(gan_config_generator(images, ctx)), 9);
    check_ok(ctx);
    gan_ctx_free(ctx);
}

static void test_set__refuses_in_words_and_changes_nothing(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_config_with(c, "packing:m=3");
    gan_config_with(c, "instance_noise:sigma=0.3");
    static const char *const cases[][2] = {
        {"d.lrr=1", "there is no setting \"d.lrr\": did you mean \"d.lr\"?"},
        {"stepz=3", "did you mean \"steps\"?"},
        {"net.featurs=8", "did you mean \"net.features\"?"},
        {"beta=0", "did you mean \"beta1\"?"},
        {"instance_noise.sigm=.1", "did you mean \"instance_noise.sigma\"?"},
        {"quite_different=1", "there is no setting \"quite_different\""},
        {"loss=hinges", "did you mean \"hinge\"?"},
        {"loss=3", "loss is \"3\", must be one of "},
        {"d.lr=-1", "d.lr is \"-1\", must be number from 0"},
        {"lr=-1", "lr is \"-1\""},
        {"d.beta1=1", "d.beta1 is \"1\", must be number in [0, 1)"},
        {"beta1=1", "beta1 is \"1\""},
        {"d.lr=nan", "d.lr is \"nan\""},
        {"d.lr=", "d.lr is \"\""},
        {"d.lr=1x", "d.lr is \"1x\""},
        {"steps=1.5", "steps is \"1.5\", must be whole number"},
        {"steps=99999999999999999999", "steps is \"99999999999999999999\""},
        {"net.d_spectral=maybe", "must be true or false"},
        {"pack*=1.5", "pack is \"4.5\", must be whole number"},
        {"net.d_spectral*=2", "only numbers can be multiplied"},
        {"out*=2", "only numbers can be multiplied"},
        {"lr*=-1", "-0.0002"},
        {"lr*=much", "lr*=much: this is no number"},
        {"d.beta1*=4", "d.beta1 is \"2\""},
        {"instance_noise.sigma=-1", "instance_noise.sigma is \"-1\""},
        {"r1.weight=3", "r1.weight: the trick r1 is not in use"},
        {"d.lr", "\"d.lr\" is not of the form name=value"},
        {"=3", "is not of the form name=value"},
        {"*=3", "is not of the form name=value"},
        {"", "is not of the form name=value"},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) check_refused(f, c, gan_config_set(c, cases[i][0]), cases[i][1]);
    check_refused(f, c, gan_config_set(c, NULL), "is not of the form name=value");

    char text[2 * GAN_SETTING_TEXT] = "out=";
    memset(text + 4, 'x', GAN_SETTING_TEXT);
    check_refused(f, c, gan_config_set(c, text), "out is \"xxx");
    memset(text, 'x', 200);
    memcpy(text + 200, "=1", 3);
    check_refused(f, c, gan_config_set(c, text), "is not of the form name=value");
}

/* Of what is set for both players, G's is set first: D's refusal must take it back. The rates differ, so that one can be too
 * large alone. */
static void test_set__for_both_is_done_for_both_or_for_none(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_config_set(c, "g.beta1=.1");
    gan_config_set(c, "d.beta1=.5");
    check_refused(f, c, gan_config_set(c, "beta1*=3"), "beta1 is \"1.5\"");
    is_value(c, "g.beta1", "0.1");
}

static void test_with__takes_tricks_and_rows_of_settings(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    assert_null(gan_config_trick(c, 0));
    gan_config_with(c, "instance_noise:sigma=0.2,until=300");
    gan_config_with(c, "r1:weight=3,interval=4");
    gan_config_with(c, "packing:m=3");
    gan_config_with(c, "ttur");
    gan_config_with(c, "self_attention:g=8");
    gan_config_with(c, "historical_averaging:d=.5,to=.1,until=70");
    check_ok(f->ctx);
    assert_string_equal(gan_config_trick(c, 0), "instance_noise");
    assert_string_equal(gan_config_trick(c, 1), "r1");
    assert_string_equal(gan_config_trick(c, 2), "historical_averaging");
    assert_null(gan_config_trick(c, 3));
    assert_null(gan_config_trick(c, -1));
    is_value(c, "instance_noise.sigma", "0.2");
    is_value(c, "instance_noise.sigma.until", "300");
    is_value(c, "instance_noise.sigma.shape", "linear");
    is_value(c, "r1.weight", "3");
    is_value(c, "r1.interval", "4");
    is_value(c, "pack", "3");
    is_value(c, "g.lr", "0.0001");
    is_value(c, "d.lr", "0.0004");
    is_value(c, "net.g_attention", "8");
    is_value(c, "net.d_attention", "16");
    is_value(c, "historical_averaging.g", "1");
    is_value(c, "historical_averaging.d.until", "70"); /* of the schedule last named */
    is_value(c, "historical_averaging.g.until", "0");

    gan_config_set(c, "instance_noise.sigma*=2");
    is_value(c, "instance_noise.sigma", "0.4");
    gan_config_with(c, "instance_noise"); /* anew, with its defaults */
    is_value(c, "instance_noise.sigma", "0.1");
    is_value(c, "instance_noise.sigma.until", "0");
    gan_config_without(c, "r1");
    gan_setting s;
    assert_false(gan_config_find(c, "r1.weight", &s));
    assert_string_equal(gan_config_trick(c, 1), "historical_averaging");
    check_ok(f->ctx);
}

static void test_with__another_kind_of_optimiser_has_its_constants(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_config_with(c, "optimiser:kind=rmsprop");
    is_value(c, "d.alpha", "0.99");
    gan_config_preset(c, "wgan");
    gan_config_with(c, "optimiser:kind=adam");
    is_value(c, "g.beta1", "0.5");
    is_value(c, "g.beta2", "0.999");
    check_ok(f->ctx);
}

static void test_with__refuses_in_words_and_changes_nothing(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_config_with(c, "instance_noise:sigma=0.3");
    static const char *const cases[][2] = {
        {"instance_nose", "there is no trick \"instance_nose\": did you mean \"instance_noise\"?"},
        {"paking:m=2", "did you mean \"packing\"?"},
        {"quite_different", "there is no trick \"quite_different\""},
        {"", "there is no trick \"\""},
        {"instance_noise:sigma=0.2,untill=3", "instance_noise has no option \"untill\""},
        {"r1:wieght=2", "r1 has no option \"wieght\": did you mean \"weight\"?"},
        {"r1:weight=2,interval=0", "r1: interval is \"0\", must be whole number from 1"},
        {"packing:m=2,n=3", "there is no option of packing \"n\""},
        {"packing:n=3", "there is no option of packing \"n\""},
        {"packing:m=0", "pack is \"0\""},
        {"ttur:g=1e-5,d=-1", "d.lr is \"-1\""},
        {"ttur:both", "\"both\" is not of the form name=value"},
        {"r1:=2", "is not of the form name=value"},
        {"r1:weight=2,,interval=2", "is not of the form name=value"},
        {"self_attention:=16", "is not of the form name=value"},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) check_refused(f, c, gan_config_with(c, cases[i][0]), cases[i][1]);
    check_refused(f, c, gan_config_with(c, NULL), "there is no trick");
    char text[2 * GAN_SETTING_TEXT] = "feature_matching:path=";
    memset(text + strlen(text), 'x', GAN_SETTING_TEXT);
    check_refused(f, c, gan_config_with(c, text), "longer than");

    check_refused(f, c, gan_config_without(c, "r1"), "r1 is not in use");
    check_refused(f, c, gan_config_without(c, "packing"), "packing is a matter of settings");
    check_refused(f, c, gan_config_without(c, "instance_nose"), "did you mean \"instance_noise\"?");
    check_refused(f, c, gan_config_without(c, NULL), "there is no trick");
}

static void test_preset__replaces_nets_trainer_and_tricks(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_config_with(c, "instance_noise");
    gan_config_set(c, "out=here");
    gan_config_set(c, "steps=7");
    gan_config_set(c, "net.latent=7");
    gan_config_preset(c, "wgan-gp");
    check_ok(f->ctx);
    assert_string_equal(gan_config_trick(c, 0), "wgan_gp");
    assert_null(gan_config_trick(c, 1));
    is_value(c, "wgan_gp.weight", "10");
    is_value(c, "loss", "wasserstein");
    is_value(c, "n_critic", "5");
    is_value(c, "net.d_norm", "layer");
    is_value(c, "net.latent", "0");
    is_value(c, "out", "here");
    is_value(c, "steps", "7");
    check_refused(f, c, gan_config_preset(c, "wgangp"), "there is no preset \"wgangp\": did you mean \"wgan-gp\"?");
    check_refused(f, c, gan_config_preset(c, "nothing_like_it"), "there is no preset");
    check_refused(f, c, gan_config_preset(c, NULL), "there is no preset");
}

static void test_amend__keeps_what_checkpoints_depend_on(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_config_with(c, "r1");
    static const char *const fine[][3] = {{"steps=9", "steps", "9"},           {"lr*=.5", "d.lr", "0.0001"},
                                          {"r1.weight=5", "r1.weight", "5"},   {"n_critic=3", "n_critic", "3"},
                                          {"net.latent=0", "net.latent", "0"}, {"pack=1", "pack", "1"},
                                          {"steps*=2", "steps", "18"},         {"data.path=x", "data.path", "x"}};
    for (int i = 0; i < COUNT_OF(fine); i++) {
        gan_config_amend(c, fine[i][0]);
        check_ok(f->ctx);
        is_value(c, fine[i][1], fine[i][2]);
    }
    static const char *const fixed[][2] = {
        {"net.latent=5", "net.latent cannot change when a run goes on: it is 0, and would be 5"},
        {"net.units=5", "net.units cannot change"},
        {"seed=5", "seed cannot change"},
        {"pack=2", "pack cannot change"},
        {"data.size=5", "data.size cannot change"},
        {"kind=sgd", "g.kind cannot change"},
        {"d.kind=sgd", "d.kind cannot change"},
        {"net.latents=5", "did you mean \"net.latent\"?"},
        {"d.lr=-5", "d.lr is \"-5\""}};
    for (int i = 0; i < COUNT_OF(fixed); i++) {
        check_refused(f, c, gan_config_amend(c, fixed[i][0]), fixed[i][1]);
    }
    gan_setting s;
    assert_true(gan_config_find(c, "net.latent", &s) && s.fixed);
    assert_true(gan_config_find(c, "steps", &s) && !s.fixed);
}

/* --- the tables -------------------------------------------------------------------------------------------------- */

static void test_settings__have_unique_names_ranges_and_help_and_read_what_they_write(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    take_all_tricks(c);
    check_ok(f->ctx);
    gan_setting s, found;
    char assignment[sizeof s.name + sizeof s.value + 2];
    char *before = text_of(f, c);
    int n = 0;
    for (; gan_config_setting(c, n, &s); n++) {
        assert_true(s.name[0] && s.range[0] && s.help && s.help[0]);
        assert_true(gan_config_find(c, s.name, &found));
        assert_string_equal(found.help, s.help); /* the first of that name is this one */
        snprintf(assignment, sizeof assignment, "%s=%s", s.name, s.value);
        gan_config_set(c, assignment);
        check_ok(f->ctx);
    }
    char *after = text_of(f, c);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_false(gan_config_setting(c, n, &s) || gan_config_setting(c, -1, &s));
    assert_false(gan_config_find(c, "none", &s));
    print_message("%d settings\n", n);
    size_t offset;
    for (const gan__settings_table *t = gan__settings_tables; t->options; t++)
        for (const gan_option *o = t->options; o->name; o++)
            if ((gan__settings_find(o->name, 0, &offset) == o) == t->twin) fail_msg("%s is told twice, or never", o->name);
}

/* Wherever a schedule stands in its struct, an end makes it one that changes. */
static void test_schedules__change_once_they_are_given_an_end(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    take_all_tricks(c);
    gan_setting s;
    int n = 0;
    for (int i = 0; gan_config_setting(c, i, &s); i++) {
        char *point = strrchr(s.name, '.'), name[sizeof s.name + 8];
        if (!point || strcmp(point, ".until") || atol(s.value) > 0) continue;
        snprintf(name, sizeof name, "%s=5", s.name);
        gan_config_set(c, name);
        snprintf(name, sizeof name, "%.*s.shape", (int)(point - s.name), s.name);
        is_value(c, name, "linear");
        n++;
    }
    check_ok(f->ctx);
    assert_true(n > 10);
}

/* "--with generators:k=4 --with generator_classifier:g=0.01" */
static void check_example(fixture *f, const char *how) {
    static const char mark[] = "--with ";
    gan_config *c = fresh(f);
    char words[256];
    for (const char *next; *how; how = next) {
        assert_memory_equal(how, mark, sizeof mark - 1);
        how += sizeof mark - 1;
        const char *end = strstr(how, mark);
        size_t n = end ? (size_t)(end - how) - 1 : strlen(how);
        snprintf(words, sizeof words, "%.*s", (int)n, how);
        gan_config_with(c, words);
        check_ok(f->ctx);
        next = end ? end : how + n;
    }
}

static void test_article__has_a_row_for_every_trick_and_names_real_settings(void **state) {
    fixture *f = *state;
    for (const gan__trick_entry *e = gan__trick_table; e->name; e++) {
        const gan__row *row = gan__row_of(e->name);
        if (!row) fail_msg("the article's table has no row for %s", e->name);
        if (row->aliases) fail_msg("%s is a trick and a row of settings", e->name);
    }
    const gan__row *row;
    gan_setting s;
    size_t offset;
    for (int i = 0; (row = gan__row_at(i)); i++) {
        const gan_advice *a = &row->advice;
        assert_ptr_equal(gan_advice_of(i), a);
        assert_true(a->sections && a->player && *a->brief && a->paper && *a->how && a->c);
        assert_true(!strcmp(a->player, "D") || !strcmp(a->player, "G") || !strcmp(a->player, "both"));
        if (!a->name) continue;
        if (gan__row_of(a->name) != row) fail_msg("two rows are named %s", a->name);
        if (!row->aliases && !gan__trick_entry_of(a->name)) fail_msg("%s is neither a trick nor settings", a->name);
        for (const gan__row_option *o = row->aliases; o && o->name; o++)
            for (int k = 0; k < 2 && o->keys[k]; k++)
                if (!gan__settings_find(o->keys[k], 0, &offset)) fail_msg("%s: there is no setting %s", a->name, o->keys[k]);
        /* Every option is read as it is told, and its example is understood. */
        for (int k = 0; gan_advice_option(a, k, &s); k++) {
            char words[2 * GAN_SETTING_TEXT];
            snprintf(words, sizeof words, "%s:%s=%s", a->name, s.name, s.value);
            gan_config_with(fresh(f), words);
            check_ok(f->ctx);
            assert_true(s.help && s.range[0]);
        }
        check_example(f, a->how);
    }
    assert_null(gan_advice_of(-1));
    assert_false(gan_advice_option(NULL, 0, &s));
}

static void test_losses__have_the_names_of_the_library(void **state) {
    fixture *f = *state;
    gan_config *c = fresh(f);
    gan_setting s;
    char assignment[96], list[256] = "";
    int n = 0;
    for (; gan_loss_name(n); n++) {
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", n ? ", " : "", gan_loss_name(n));
        snprintf(assignment, sizeof assignment, "loss=%s", gan_loss_name(n));
        gan_config_set(c, assignment);
        check_ok(f->ctx);
        is_value(c, "loss", gan_loss_name(n));
    }
    assert_true(n >= 10 && gan_config_find(c, "loss", &s));
    assert_string_equal(s.range, list);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static void set_both(gan_config *c) { gan_config_set(c, "lr=.5"); }
static void take_packing(gan_config *c) { gan_config_with(c, "packing:m=3"); }
static void take_noise(gan_config *c) { gan_config_with(c, "instance_noise:sigma=.5"); }
static void let_r1_go(gan_config *c) { gan_config_without(c, "r1"); }
static void amend_rate(gan_config *c) { gan_config_amend(c, "d.lr=.25"); }
static void take_preset(gan_config *c) { gan_config_preset(c, "improved"); }
static void tell(gan_config *c) { gan_config_text(c); }

static void test_config__survives_the_lack_of_memory(void **state) {
    fixture *f = *state;
    static void (*const changes[])(gan_config * c) = {set_both,   take_packing, take_noise, let_r1_go,
                                                      amend_rate, take_preset,  tell};
    for (int i = 0; i < COUNT_OF(changes); i++) {
        gan_config *victim = fresh(f);
        gan_config_with(victim, "r1");
        char *before = text_of(f, victim);
        int nth = 1;
        for (bool done = false; !done; nth++) {
            gan_ctx_fail_alloc(f->ctx, nth);
            changes[i](victim);
            gan_ctx_fail_alloc(f->ctx, 0);
            done = gan_ctx_status(f->ctx) == GAN_OK;
            if (done) break;
            failure(f, GAN_E_MEMORY, "");
            char *after = text_of(f, victim);
            assert_string_equal(after, before);
            free(after);
        }
        if (nth < 2) fail_msg("change %d asks for no memory", i);
        free(before);
        gan_config_free(victim);
    }
    gan_ctx_fail_alloc(f->ctx, 1);
    assert_true(gan_config_is_nil(gan_config_new(f->ctx)));
    gan_ctx_fail_alloc(f->ctx, 0);
    failure(f, GAN_E_MEMORY, "");
}

static void test_nil__is_refused(void **state) {
    fixture *f = *state;
    gan_ctx_fail_alloc(f->ctx, 1);
    gan_config *nil = gan_config_new(f->ctx);
    gan_ctx_fail_alloc(f->ctx, 0);
    failure(f, GAN_E_MEMORY, "");
    gan_setting s;
    gan_config_set(nil, "steps=3");
    failure(f, GAN_E_ARG, "the configuration is nil");
    gan_config_with(nil, "r1");
    failure(f, GAN_E_ARG, "the configuration is nil");
    gan_config_read(nil, f->path);
    failure(f, GAN_E_ARG, "the configuration is nil");
    assert_string_equal(gan_config_text(nil), "");
    failure(f, GAN_E_ARG, "the configuration is nil");
    assert_true(gan_trainer_is_nil(gan_config_trainer(nil, f->ctx)));
    failure(f, GAN_E_ARG, "the configuration is nil");
    gan_config_generator(nil, f->ctx);
    failure(f, GAN_E_ARG, "the configuration is nil");
    assert_false(gan_config_setting(nil, 0, &s));
    assert_null(gan_config_trick(nil, 0));
    gan_config_free(nil);
    gan_config_free(NULL);
    assert_true(gan_config_is_nil(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_set__takes_values_of_every_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_set__of_a_name_that_both_players_have_sets_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_set__reaches_both_kinds_of_nets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_set__refuses_in_words_and_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_set__for_both_is_done_for_both_or_for_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_with__takes_tricks_and_rows_of_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_with__another_kind_of_optimiser_has_its_constants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_with__refuses_in_words_and_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_preset__replaces_nets_trainer_and_tricks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_amend__keeps_what_checkpoints_depend_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settings__have_unique_names_ranges_and_help_and_read_what_they_write, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_schedules__change_once_they_are_given_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_losses__have_the_names_of_the_library, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_article__has_a_row_for_every_trick_and_names_real_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_config__survives_the_lack_of_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nil__is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
