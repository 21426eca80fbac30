/* gan eval: how good a run's samples are, beside held-out real data. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

typedef struct request {
    char classifier[PATH_ROOM], data[GAN_SETTING_TEXT], json[PATH_ROOM], only[GAN_SETTING_TEXT];
    int64_t n, seed;
    int threads, k;
    bool raw, ema, best, no_floor, quiet;
    const char *run;
} request;

#define ROW(named, kind, field, what, ...) GAN_OPTION_ROW(named, kind, offsetof(request, field), what, __VA_ARGS__)
static const gan_option rows[] = {
    ROW("classifier", TEXT, classifier, "of gan classifier", .room = PATH_ROOM),
    ROW("data", TEXT, data, "held-out data", .room = GAN_SETTING_TEXT),
    ROW("json", TEXT, json, "file for programs", .room = PATH_ROOM),
    ROW("only", TEXT, only, "these measures alone", .room = GAN_SETTING_TEXT),
    ROW("n", INT64, n, "samples on each side", .low = 2, .high = 10000000),
    ROW("k", INT, k, "the neighbour that balls reach to", .low = 1, .high = 1000),
    ROW("seed", INT64, seed, "of latents, directions and blocks", .high = INFINITY),
    ROW("threads", INT, threads, "0: one per processor", .high = 256),
    ROW("raw", BOOL, raw, "G's own weights"),
    ROW("ema", BOOL, ema, "their average"),
    ROW("best", BOOL, best, "the best checkpoint"),
    ROW("no-floor", BOOL, no_floor, "leaves the held-out data out"),
    ROW("quiet", BOOL, quiet, "prints no table"),
    {.name = NULL},
};

/* All that is known in the end. */
typedef struct result {
    gan_judge *judge;
    gan_scores fake, floor;
    long long step;
    double accuracy; /* the classifier's; NaN: there is none, or it is not told */
    bool raw;
} result;

/* --- as a table --------------------------------------------------------------------------------------------------- */

static void print_number(double value, double spread) {
    char text[48];
    if (isnan(value))
        snprintf(text, sizeof text, "-");
    else if (isnan(spread))
        snprintf(text, sizeof text, "%.4g", value);
    else
        snprintf(text, sizeof text, "%.4g +- %.2g", value, spread);
    printf("  %20s", text);
}

static void print_table(const request *r, const result *x) {
    static const char *const better[] = {"lower", "as the floor", "higher"};
    printf("%s, step %lld, samples by %s, seed %lld\n", r->run, x->step, x->raw ? "G's own weights" : "G's average",
           (long long)r->seed);
    printf("compared with %s\nfloor: %s\n", gan_judge_reference(x->judge),
           r->no_floor ? "left out" : gan_judge_floor_text(x->judge));
    if (r->classifier[0] && isnan(x->accuracy))
        printf("classifier: %s\n", r->classifier);
    else if (r->classifier[0])
        printf("classifier: %s, %.4f right on images that it was not trained on\n", r->classifier, x->accuracy);
    printf("\n%-18s  %7s  %20s  %20s  best\n", "measure", "samples", "generated", "floor");
    for (int m = 0; m < GAN_MEASURES; m++) {
        const gan_measure_info *info = gan_measure_info_of((gan_measure)m);
        if (!x->fake.samples[m]) continue;
        printf("%-18s  %7lld", info->name, (long long)x->fake.samples[m]);
        print_number(x->fake.value[m], x->fake.spread[m]);
        print_number(x->floor.value[m], x->floor.spread[m]);
        printf("  %s\n", better[info->better + 1]);
    }
    printf("\n");
    for (int m = 0; m < GAN_MEASURES; m++)
        if (x->fake.samples[m])
            printf("%-18s  %s\n", gan_measure_info_of((gan_measure)m)->name, gan_measure_info_of((gan_measure)m)->brief);
    if (x->fake.samples[GAN_MEASURE_PRECISION] > 0 || x->fake.samples[GAN_MEASURE_COVERAGE] > 0)
        printf("\nA sample's reach goes to nearest neighbour number %d in its own set, in %s.\n", r->k,
               r->classifier[0] ? "the classifier's features" : "plain pixels or points");
}

/* --- for programs ------------------------------------------------------------------------------------------------- */

static void put_text(FILE *f, const char *text) {
    fputc('"', f);
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '"' || *p == '\\')
            fprintf(f, "\\%c", *p);
        else if (*p < ' ')
            fprintf(f, "\\u%04x", *p);
        else
            fputc(*p, f);
    }
    fputc('"', f);
}

static void put_pair(FILE *f, const char *key, const char *text) {
    fprintf(f, "  \"%s\": ", key);
    put_text(f, text);
    fprintf(f, ",\n");
}

static void put_number(FILE *f, const char *key, double x) {
    if (isfinite(x))
        fprintf(f, ", \"%s\": %.9g", key, x);
    else
        fprintf(f, ", \"%s\": null", key);
}

/* A measure is a line. */
static void put_measure(FILE *f, const result *x, int m) {
    const gan_measure_info *info = gan_measure_info_of((gan_measure)m);
    static const char *const better[] = {"lower", "floor", "higher"};
    fprintf(f, "    \"%s\": {\"samples\": %lld", info->name, (long long)x->fake.samples[m]);
    put_number(f, "value", x->fake.value[m]);
    if (x->floor.samples[m]) put_number(f, "floor", x->floor.value[m]);
    if (!isnan(x->fake.spread[m])) put_number(f, "spread", x->fake.spread[m]);
    if (!isnan(x->floor.spread[m])) put_number(f, "floor_spread", x->floor.spread[m]);
    fprintf(f, ", \"best\": \"%s\", \"definition\": ", better[info->better + 1]);
    put_text(f, info->brief);
    fprintf(f, "}");
}

static void put_all(FILE *f, const request *r, const result *x) {
    fprintf(f, "{\n");
    put_pair(f, "libgan", gan_version());
    put_pair(f, "run", r->run);
    fprintf(f, "  \"step\": %lld,\n  \"seed\": %lld,\n  \"n\": %lld,\n", x->step, (long long)r->seed,
            (long long)gan_judge_count(x->judge));
    put_pair(f, "weights", x->raw ? "raw" : "average");
    put_pair(f, "reference", gan_judge_reference(x->judge));
    if (!r->no_floor) put_pair(f, "floor", gan_judge_floor_text(x->judge));
    if (r->classifier[0]) put_pair(f, "classifier", r->classifier);
    if (isfinite(x->accuracy)) fprintf(f, "  \"classifier_accuracy\": %.9g,\n", x->accuracy);
    fprintf(f, "  \"neighbour\": %d,\n  \"measures\": {\n", r->k);
    bool first = true;
    for (int m = 0; m < GAN_MEASURES; m++) {
        if (!x->fake.samples[m]) continue;
        if (!first) fprintf(f, ",\n");
        put_measure(f, x, m);
        first = false;
    }
    fprintf(f, "\n  }\n}\n");
}

/* Complete or not at all. */
static int write_json(const command *self, const request *r, const result *x) {
    char beside[PATH_ROOM + 8];
    snprintf(beside, sizeof beside, "%s.part", r->json);
    FILE *f = fopen(beside, "w");
    if (f) put_all(f, r, x);
    bool written = f && !ferror(f);
    if (f && fclose(f)) written = false;
    if (written && !rename(beside, r->json)) return EXIT_OK;
    if (f) remove(beside);
    fprintf(stderr, "gan %s: %s cannot be written\n", self->name, r->json);
    return EXIT_FAILED;
}

/* --- measuring ---------------------------------------------------------------------------------------------------- */

static void take_step(void *user, const char *key, const char *value) {
    if (!strcmp(key, "counter.step")) *(long long *)user = strtoll(value, NULL, 10);
}

/* Held-out data are read as the run's own were. */
static gan_dataset *held_out(gan_ctx *ctx, const char *ini, const char *path) {
    char text[GAN_SETTING_TEXT + 16];
    gan_config *c = gan_config_new(ctx);
    gan_config_read(c, ini);
    snprintf(text, sizeof text, "data.path=%s", path);
    gan_config_set(c, text);
    gan_config_set(c, "data.labels=");
    gan_config_set(c, "data.held_out=0");
    return gan_config_data(c, ctx);
}

static bool setting_is(const gan_config *c, const char *name, const char *value) {
    gan_setting s;
    return gan_config_find(c, name, &s) && !strcmp(s.value, value);
}

static bool measure(const request *r, gan_config *c, gan_ctx *ctx, const char *ini, const char *checkpoint, result *x) {
    gan_judge_opts o = {.n = r->n, .k = r->k, .seed = (uint64_t)r->seed, .measures = r->only};
    gan_trainer *t = gan_config_sampler(c, ctx, checkpoint);
    gan_visit_file(ctx, checkpoint, (gan_file_visitor){.meta = take_step, .user = &x->step});
    if (gan_ctx_status(ctx)) return false;
    x->raw = r->raw || !gan_trainer_ema(t);
    if (r->ema && !gan_trainer_ema(t)) {
        gan_ctx_fail(ctx, GAN_E_ARG, "%s keeps no average of G's weights (its ema is 0): leave --ema out", r->run);
        return false;
    }
    gan_dataset *data = gan_config_data(c, ctx), *other = r->data[0] ? held_out(ctx, ini, r->data) : NULL;
    if (r->classifier[0] && !gan_ctx_status(ctx)) o.classifier = gan_classifier_load(ctx, r->classifier, NULL, &x->accuracy);
    if (gan_ctx_status(ctx)) return false;
    x->judge = gan_config_judge(c, data, other, o);
    x->floor = r->no_floor ? gan_judge_samples(NULL, NULL, NULL) : gan_judge_floor(x->judge);
    x->fake = gan_trainer_judge(t, x->judge, (uint64_t)r->seed, (gan_sample_opts){.raw = r->raw});
    return gan_ctx_status(ctx) == GAN_OK;
}

static int evaluate(const command *self, const request *r, gan_config *c, gan_ctx *ctx, const char *ini) {
    char checkpoint[PATH_ROOM];
    result x = {.accuracy = NAN};
    if (!join_path(r->run, r->best ? "best.safetensors" : "checkpoint.safetensors", checkpoint)) return EXIT_USAGE;
    if (!measure(r, c, ctx, ini, checkpoint, &x)) return failure(self, ctx);
    if (!r->quiet) print_table(r, &x);
    if (!r->quiet && !r->classifier[0] && !setting_is(c, "net.model", "mlp"))
        printf("\nWithout --classifier FILE, which \"gan classifier\" makes, there are no measures by features and classes.\n");
    return r->json[0] ? write_json(self, r, &x) : EXIT_OK;
}

static int configured(const command *self, const request *r) {
    char ini[PATH_ROOM];
    if (!join_path(r->run, "run.ini", ini)) return EXIT_USAGE;
    gan_ctx *words = new_context((gan_ctx_opts){.threads = 1});
    gan_config *c = gan_config_new(words);
    int status;
    if (gan_config_read(c, ini)) {
        status = failure(self, words);
    } else {
        gan_ctx_opts o = gan_config_ctx(c);
        o.threads = r->threads;
        gan_ctx *ctx = new_context(o);
        status = evaluate(self, r, c, ctx, ini);
        gan_ctx_free(ctx);
    }
    gan_ctx_free(words);
    return status;
}

static int run_eval(const command *self, int argc, char **argv) {
    request *r = calloc(1, sizeof *r);
    if (!r) return EXIT_FAILED;
    r->n = 10000, r->k = 5;
    int status = read_options(self, rows, r, argc, argv);
    if (status < 0 && argc - optind != 1) status = usage_error(self, "one run folder is needed");
    if (status < 0 && r->raw && r->ema) status = usage_error(self, "--raw and --ema exclude each other");
    if (status < 0 && r->json[0] && !can_write(self, r->json)) status = EXIT_FAILED;
    if (status < 0) {
        r->run = argv[optind];
        status = configured(self, r);
    }
    free(r);
    return status;
}

const command eval_command = {
    "eval", "FOLDER [OPTION]...", "measures a run's samples, beside held-out real data",
    "  --classifier FILE   made by \"gan classifier\" of images of the run's size: for distances in its features, and classes\n"
    "  --data PATH         held-out real data, which are the floor; without, what the run itself held out\n"
    "  --n N               samples on each side, if there are as many real ones; 10000\n"
    "  --only LIST         these measures alone: classifier_fid,recall,coverage\n"
    "  --k N               precision, recall, density and coverage: the neighbour that a sample's reach goes to; 5\n"
    "  --seed N            of latents, directions and blocks: the same seed gives the same numbers; 0\n"
    "  --raw               G's own weights, not their average\n"
    "  --ema               their average, which is what is taken without being asked where there is one\n"
    "  --best              the best checkpoint (settings eval_every and keep_best), not the last\n"
    "  --json FILE         all of it for programs, one measure to a line\n"
    "  --no-floor          leaves the held-out data out, which take as long as the samples\n"
    "  --threads N         0: one per processor. The numbers do not depend on it\n"
    "  --quiet             prints no table\n\n"
    "Samples are compared with training samples of the run's data, and so is the held-out data: a perfect generator would get\n"
    "that floor. Runs on ring and grid are measured by their known modes. Numbers compare with others of the same classifier,\n"
    "data and numbers of samples only.\n",
    run_eval};
