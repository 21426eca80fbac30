/* The judge: which samples it looks at, and what it keeps of the real ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../data/loader.h"
#include "../metrics/classifier_impl.h"
#include "judge_impl.h"

enum { SAMPLES = 10000, NEIGHBOUR = 5, NEAR = 1000, FEWEST_HELD_OUT = 16 };
#define PLAIN (1 << 23) /* numbers of plain samples on each side, at most: 32 megabytes */

static const char who[] = "gan_judge_new";

static void release(gan_tensor *t) {
    if (t) gan_release(t);
}

static void destroy(gan__object *object) {
    gan_judge *j = (gan_judge *)object;
    release(j->means), release(j->features), release(j->plain), release(j->share);
    gan__free(object->ctx, j);
}

bool gan_judge_is_nil(const gan_judge *j) { return !j || !j->object.destroy; }
int64_t gan_judge_count(const gan_judge *j) { return gan_judge_is_nil(j) ? 0 : j->n; }
bool gan_judge_takes(const gan_judge *j, gan_measure m) {
    return !gan_judge_is_nil(j) && (unsigned)m < GAN_MEASURES && j->wanted[m];
}
const char *gan_judge_reference(const gan_judge *j) { return gan_judge_is_nil(j) ? "" : j->reference; }
const char *gan_judge_floor_text(const gan_judge *j) { return gan_judge_is_nil(j) ? "" : j->floor; }

void gan_judge_free(gan_judge *j) {
    if (gan_judge_is_nil(j)) return;
    gan__disown(&j->object);
    destroy(&j->object);
}

/* --- which measures --------------------------------------------------------------------------------------- */

/* What a measure lacks; NULL: nothing. */
static const char *lack(const gan_judge *j, gan_measure m) {
    switch (m) {
    case GAN_MEASURE_CLASSIFIER_FID:
    case GAN_MEASURE_KID:
    case GAN_MEASURE_CLASSIFIER_SCORE: return j->classifier ? NULL : "a classifier";
    case GAN_MEASURE_MODES:
    case GAN_MEASURE_REVERSE_KL: return j->classifier || j->means ? NULL : "a classifier";
    case GAN_MEASURE_HIGH_QUALITY: return j->means ? NULL : "a mixture of known means";
    default: return NULL;
    }
}

static void want(gan_ctx *ctx, gan_judge *j, const char *word) {
    const char *names[GAN_MEASURES + 1] = {NULL};
    gan_measure m;
    for (int i = 0; i < GAN_MEASURES; i++) names[i] = gan_measure_info_of((gan_measure)i)->name;
    if (!gan_measure_named(word, &m)) {
        const char *near = gan_nearest_word(word, names);
        gan__raise(ctx, GAN_E_ARG, "%s: there is no measure \"%s\"%s%s%s", who, word, near ? ": did you mean \"" : "",
                   near ? near : "", near ? "\"?" : "");
    } else if (lack(j, m)) {
        gan__raise(ctx, GAN_E_ARG, "%s: %s needs %s", who, word, lack(j, m));
    } else {
        j->wanted[m] = true;
    }
}

static bool choose(gan_ctx *ctx, gan_judge *j, const char *list, bool quick) {
    if (!list || !*list) {
        for (int m = 0; m < GAN_MEASURES; m++) j->wanted[m] = !lack(j, (gan_measure)m) && !(quick && m >= GAN_MEASURE_NEAREST);
        return true;
    }
    for (const char *at = list; *at && gan__ok(ctx); at += *at == ',') {
        char word[64];
        size_t n = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, at);
        want(ctx, j, word);
        at += n;
    }
    return gan__ok(ctx);
}

/* --- which samples ---------------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static bool classifier_fits(gan_ctx *ctx, const gan_judge *j, gan_shape s) {
    gan_shape takes = gan__classifier_sample(j->classifier);
    char one[GAN_SHAPE_TEXT], other[GAN_SHAPE_TEXT];
    if (gan_shape_equal(takes, s)) return true;
    gan__raise(ctx, GAN_E_MISMATCH, "%s: the classifier takes samples of shape %s, the data's have %s", who,
               gan_shape_text(takes, one), gan_shape_text(s, other));
    return false;
}

static bool datasets_fit(gan_ctx *ctx, gan_dataset *data, gan_dataset *held_out) {
    gan_shape s = gan_dataset_shape(data), h = held_out ? gan_dataset_shape(held_out) : s;
    char one[GAN_SHAPE_TEXT], other[GAN_SHAPE_TEXT];
    if (gan_dataset_is_nil(data) || (held_out && gan_dataset_is_nil(held_out)))
        gan__raise(ctx, GAN_E_ARG, "%s: a dataset is nil", who);
    else if (!gan_shape_equal(s, h))
        gan__raise(ctx, GAN_E_MISMATCH, "%s: held-out samples have shape %s, the data's %s", who, gan_shape_text(h, one),
                   gan_shape_text(s, other));
    return gan__ok(ctx);
}

/* Equal numbers on both sides: distances depend on them. */
static bool take_samples(gan_ctx *ctx, gan_judge *j, gan_dataset *data, gan_dataset *held_out, int64_t n) {
    int64_t train = gan_dataset_count(data), held = gan_dataset_held_out_count(data),
            d = gan_shape_count(gan_dataset_shape(data));
    j->real = (gan__part){data, GAN_PART_TRAINING, 0};
    n = least(n ? n : SAMPLES, train);
    if (held_out) {
        j->n = least(n, gan_dataset_count(held_out));
        j->other = (gan__part){held_out, GAN_PART_TRAINING, 0};
    } else if (held >= FEWEST_HELD_OUT) {
        j->n = least(n, held);
        j->other = (gan__part){data, GAN_PART_HELD_OUT, 0};
    } else {
        j->n = least(n, train / 2);
        j->other = (gan__part){data, GAN_PART_TRAINING, j->n};
        j->among_training = true;
    }
    if (j->n <= j->k || j->n < 2) {
        gan__raise(ctx, GAN_E_ARG, "%s: %lld samples on each side are too few for neighbour %d", who, (long long)j->n, j->k);
        return false;
    }
    int64_t most = PLAIN / (d ? d : 1);
    j->n_plain = least(j->n, most > j->k ? most : j->k + 1);
    j->n_near = least(j->n_plain, NEAR);
    snprintf(j->reference, sizeof j->reference, "%lld training samples: %.400s", (long long)j->n, gan_dataset_describe(data));
    snprintf(j->floor, sizeof j->floor, "%lld %s%.400s", (long long)j->n,
             held_out            ? "held-out samples: "
             : j->among_training ? "other training samples, as none are held out"
                                 : "held-out samples of the same data",
             held_out ? gan_dataset_describe(held_out) : "");
    return true;
}

/* --- making ----------------------------------------------------------------------------------------------- */

static gan_tensor *keep(gan_tensor *t) { return t ? gan_keep(t) : NULL; }

static void look_at_reals(gan_ctx *ctx, gan_judge *j) {
    gan_scope_begin(ctx);
    gan__sample_set reals = gan__sample_set_of(j, gan__draw_part, &j->real);
    if (gan__ok(ctx)) {
        j->features = keep(reals.features), j->plain = keep(reals.plain);
        if (reals.logits) j->share = keep(gan_label_histogram(gan_top_class(reals.logits), gan_shape_of(reals.logits).d[1]));
    }
    gan_scope_end(ctx);
}

static bool prepare(gan_ctx *ctx, gan_judge *j, gan_dataset *data, gan_dataset *held_out, const gan_judge_opts *o) {
    if (!datasets_fit(ctx, data, held_out)) return false;
    if (o->classifier && (!gan__is_classifier(o->classifier, who) || !classifier_fits(ctx, j, gan_dataset_shape(data))))
        return false;
    if (o->n < 0 || o->k < 0) gan__raise(ctx, GAN_E_ARG, "%s: n is %lld, k is %d", who, (long long)o->n, o->k);
    if (!gan__ok(ctx) || !take_samples(ctx, j, data, held_out, o->n) || !choose(ctx, j, o->measures, o->quick)) return false;
    look_at_reals(ctx, j);
    return gan__ok(ctx);
}

gan_judge *gan_judge_new(gan_dataset *data, gan_dataset *held_out, gan_judge_opts o) {
    if (gan_dataset_is_nil(data)) return (gan_judge *)&gan__nil_ctx()->none;
    gan_ctx *ctx = gan__dataset_ctx(data);
    gan_judge *j = gan__ok(ctx) ? gan__calloc(ctx, sizeof *j) : NULL;
    if (!j) return (gan_judge *)&ctx->none;
    gan__own(ctx, &j->object, destroy);
    j->classifier = o.classifier, j->std = o.std, j->seed = o.seed, j->k = o.k ? o.k : NEIGHBOUR, j->copy_limit = NAN;
    if (o.means) j->means = gan_keep((gan_tensor *)o.means);
    if (prepare(ctx, j, data, held_out, &o)) return j;
    gan_judge_free(j);
    return (gan_judge *)&ctx->none;
}
