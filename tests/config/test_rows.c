/* The rows of the article that are settings (losses, layers, norms, optimisers, packing, ...), each alone and with every trick,
 * on images and on points: see trial.h. The rows are those of the library's table; one whose defaults show nothing has its words
 * here. */
#include "config/article.h"
#include "tricks/small_tricks.h"
#include "tricks/trial.h"
#include "tricks/trick_table.h"

enum { SIDE = 16, SAMPLES = 40, MOST = 64, ROWS_MOST = 128 };

static const char on_points[] = "points", on_images[] = "images";

/* Words of rows, several of one row if there is more to see; where they matter, NULL for both; a setting beside them. */
static const struct {
    const char *words, *where, *also;
} variants[] = {
    {"minibatch_discrimination:kernels=5,dims=3", NULL, NULL},
    {"minibatch_stddev:group=4", NULL, NULL},
    {"learning_rate:g=2e-3,shape=cosine,until=20", NULL, NULL},
    {"learning_rate:both=2e-3,warmup=8", NULL, NULL},
    {"virtual_batch_norm:reference=8", NULL, NULL},
    {"loss:kind=least_squares", NULL, NULL},
    {"loss:kind=minimax", NULL, NULL},
    {"loss:kind=wasserstein", NULL, NULL},
    {"loss:kind=hinge", NULL, NULL},
    {"loss:kind=relativistic_average", NULL, NULL},
    {"loss:kind=relativistic_pairing", NULL, NULL},
    {"loss:kind=softmax", NULL, NULL},
    {"loss:kind=softmax_classes", on_images, NULL}, /* which have labels */
    {"loss:kind=mad_gan", NULL, "net.generators=2"},
    {"generators:k=2", NULL, NULL},
    {"generators:k=2,separate=true", NULL, NULL},
    {"latents:kind=uniform", NULL, NULL},
    {"latents:kind=truncated,bound=0.5", NULL, NULL},
    {"weight_decay:g=1e-2,d=1e-2", NULL, NULL},
    {"weight_decay:d=1e-2,decoupled=true", NULL, NULL},
    {"self_attention:g=4,d=4", on_images, NULL},
    {"residual", on_images, NULL},
    {"optimiser:kind=rmsprop", NULL, NULL},
    {"optimiser:kind=sgd,momentum=0.5", NULL, "lr=0.02"},
    {"optimiser:amsgrad=true,beta2=0.5", NULL, NULL},
    {"soft_labels", NULL, NULL},
    {"soft_labels:real=1,fake=0.1", NULL, NULL},
    {"dropout:d=0.3,g=0.2,always=true", NULL, NULL},
    {"upsampling:kind=shuffle", on_images, NULL},
    {"upsampling:kind=nearest", on_images, NULL},
    {"norm:g=batch,d=batch", NULL, NULL},
    {"norm:g=none,d=none", on_images, NULL}, /* points have none to begin with */
    {"norm:g=layer,d=layer", on_points, NULL},
    {"norm:g=instance,d=instance", on_images, NULL},
    {"spectral_norm:g=true", NULL, NULL},
    {"average:decay=0.9,start=0", NULL, NULL},
};

/* What is refused, and in which words. */
static const struct {
    const char *row, *trick, *words;
} refused[] = {
    {"loss:kind=wasserstein", "label_noise", "wasserstein"},
    {"loss:kind=wasserstein", "label_flip", "wasserstein"},
    {"loss:kind=wasserstein", "balance", "wasserstein"},
    {"loss:kind=hinge", "label_noise", "hinge"},
    {"loss:kind=hinge", "label_flip", "hinge"},
    {"loss:kind=hinge", "balance", "hinge"},
    {"loss:kind=relativistic_average", "label_noise", "relativistic_average"},
    {"loss:kind=relativistic_average", "label_flip", "relativistic_average"},
    {"loss:kind=relativistic_average", "balance", "relativistic_average"},
    {"loss:kind=relativistic_pairing", "label_noise", "relativistic_pairing"},
    {"loss:kind=relativistic_pairing", "label_flip", "relativistic_pairing"},
    {"loss:kind=relativistic_pairing", "balance", "relativistic_pairing"},
    {"spectral_norm", "weight_clip", "spectral norm in D"},
    {"spectral_norm:g=true", "weight_clip", "spectral norm in D"},
    {"norm:g=batch,d=batch", "wgan_gp", "batch norm in D"},
    {"norm:g=batch,d=batch", "dragan", "batch norm in D"},
};

/* --- the set-ups ------------------------------------------------------------------------------------------------ */

typedef struct files {
    char folder[64], images[96], labels[96];
} files;
static files data;

static void put_idx(const char *path, const unsigned char *head, size_t head_size, unsigned char step, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(head, 1, head_size, f);
    for (size_t i = 0; i < size; i++) fputc((int)(step ? (i / SIDE * 31 + i % SIDE * step + i / 50 * 7) % 256 : i % 3), f);
    assert_int_equal(fclose(f), 0);
}

static int make_data(void **state) {
    (void)state;
    snprintf(data.folder, sizeof data.folder, "/tmp/gan-rows-XXXXXX");
    if (!mkdtemp(data.folder)) return -1;
    snprintf(data.images, sizeof data.images, "%s/images", data.folder);
    snprintf(data.labels, sizeof data.labels, "%s/labels", data.folder);
    put_idx(data.images, (const unsigned char[]){0, 0, 8, 3, 0, 0, 0, SAMPLES, 0, 0, 0, SIDE, 0, 0, 0, SIDE}, 16, 53,
            SAMPLES * SIDE * SIDE);
    put_idx(data.labels, (const unsigned char[]){0, 0, 8, 1, 0, 0, 0, SAMPLES}, 8, 0, SAMPLES);
    return 0;
}

static int remove_data(void **state) {
    (void)state;
    remove(data.images);
    remove(data.labels);
    return remove(data.folder);
}

typedef struct set_up {
    const char *where, *row, *trick; /* row and trick in words; NULL: none */
} set_up;

static void set(gan_config *c, const char *const *assignments) {
    for (; *assignments; assignments++) gan_config_set(c, *assignments);
}

static trial begin(const void *what, int threads) {
    static const char *const all[] = {"batch=4", "lr=1e-3", "ema=0", "net.latent=4", NULL};
    static const char *const images[] = {"net.features=2", "net.g_norm=layer", "net.d_norm=layer", "data.size=0", NULL};
    static const char *const points[] = {"data.path=ring", "data.points=256", "net.units=12", NULL};
    const set_up *s = what;
    trial t = {.ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = threads})};
    gan_config *c = gan_config_new(t.ctx);
    set(c, all);
    set(c, s->where == on_images ? images : points);
    char text[128];
    snprintf(text, sizeof text, "data.path=%s", data.images);
    if (s->where == on_images) gan_config_set(c, text);
    snprintf(text, sizeof text, "data.labels=%s", data.labels);
    if (s->where == on_images) gan_config_set(c, text);
    if (s->row) gan_config_with(c, s->row);
    for (int i = 0; s->row && i < COUNT_OF(variants); i++)
        if (variants[i].also && !strcmp(variants[i].words, s->row)) gan_config_set(c, variants[i].also);
    if (s->trick) gan_config_with(c, s->trick);
    t.trainer = gan_config_trainer(c, t.ctx);
    return t;
}

/* --- the rows ---------------------------------------------------------------------------------------------------- */

static bool is_of(const char *words, const char *name) {
    size_t n = strlen(name);
    return !strncmp(words, name, n) && (words[n] == ':' || !words[n]);
}

/* Words for all rows of settings that matter on such data; returns how many. */
static int rows_for(const char *where, const char *words[ROWS_MOST]) {
    int n = 0;
    const gan__row *row;
    for (int i = 0; (row = gan__row_at(i)); i++) {
        if (!row->aliases) continue;
        bool listed = false;
        for (int k = 0; k < COUNT_OF(variants); k++) {
            if (!is_of(variants[k].words, row->advice.name)) continue;
            if (!variants[k].where || variants[k].where == where) words[n++] = variants[k].words;
            listed = true;
        }
        bool more = !strcmp(row->advice.name, "spectral_norm"); /* its default, D's alone, beside the variant */
        if (!listed || more) words[n++] = row->advice.name;
        assert_true(n < ROWS_MOST);
    }
    return n;
}

static const char *why_refused(const char *row, const char *trick) {
    for (int i = 0; i < COUNT_OF(refused); i++)
        if (!strcmp(refused[i].row, row) && !strcmp(refused[i].trick, trick)) return refused[i].words;
    return NULL;
}

/* The average of G changes no parameter: what it changes are samples. */
static bool shows_in_parameters(const char *row) { return !is_of(row, "average"); }

static void check_refusal(const char *where, const char *row, const char *trick, const char *words) {
    const set_up s = {where, row, words_of(trick)};
    trial t = begin(&s, 1);
    const char *said = gan_ctx_message(t.ctx);
    if (gan_ctx_status(t.ctx) != GAN_E_ARG) fail_msg("%s, %s with %s goes on", where, row, trick);
    if (!strstr(said, words) || !strstr(said, trick)) fail_msg("\"%s\" does not name %s and %s", said, words, trick);
    gan_ctx_free(t.ctx);
}

static outcome prove(const char *where, const char *row, const char *trick) {
    char what[160];
    snprintf(what, sizeof what, "%s, %s with %s", where, row ? row : "plain", trick ? trick : "no trick");
    const set_up s = {where, row, trick ? words_of(trick) : NULL};
    return put_to_the_proof(begin, &s, what);
}

static bool has_generators(const char *row) { return is_of(row, "generators") || !strcmp(row, "loss:kind=mad_gan"); }

static void check_all(const char *where, int counts[3]) {
    const char *rows[ROWS_MOST];
    int n = rows_for(where, rows);
    outcome plain = prove(where, NULL, NULL);
    counts[0] += n;
    for (int i = 0; i < n; i++) {
        int there = (where == on_images ? IMAGES : 0) | (has_generators(rows[i]) ? GENERATORS : 0);
        outcome alone = prove(where, rows[i], NULL);
        if (shows_in_parameters(rows[i]) && same_values(&alone, &plain)) fail_msg("%s has no effect on %s", rows[i], where);
        if (!shows_in_parameters(rows[i])) assert_true(alone.size > plain.size);
        for (int k = 0; gan__trick_table[k].name; k++) {
            const char *trick = gan__trick_table[k].name, *why = why_refused(rows[i], trick);
            if ((needs_of(trick) & there) != needs_of(trick)) continue;
            if (why) {
                check_refusal(where, rows[i], trick, why);
                counts[2]++;
                continue;
            }
            outcome both = prove(where, rows[i], trick);
            if (same_values(&both, &alone)) fail_msg("%s: %s has no effect beside %s", where, trick, rows[i]);
            outcome_free(&both);
            counts[1]++;
        }
        outcome_free(&alone);
    }
    outcome_free(&plain);
}

static void test_rows__go_with_every_trick(void **state) {
    (void)state;
    int counts[3] = {0};
    check_all(on_points, counts);
    check_all(on_images, counts);
    print_message("%d settings alone, %d pairs with tricks; %d pairs are refused\n", counts[0], counts[1], counts[2]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows__go_with_every_trick)};
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
