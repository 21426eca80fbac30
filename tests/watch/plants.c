/* Planted failures: what the watcher says of runs whose failure is known, beside healthy ones.
 *
 *   plants run FOLDER DATA SIZE STEPS FEATURES PRESETS PLANTS SEEDS
 *       trains, one run after the other, whatever is not yet in FOLDER: DATA is ring, an IDX file or a folder of pictures with a
 *       subfolder for each class, SIZE their side (0: ring); PRESETS and PLANTS are names with commas between; SEEDS is
 *       first-last. Each run leaves FOLDER/<id>.jsonl, its log, and a line in FOLDER/runs.jsonl: an interrupted series goes on
 *       where it was.
 *   plants judge FOLDER
 *       reads all logs again and prints a line for each verdict on the way: thresholds can change without training anew.
 *
 * confusion.py makes tables of that. Not a test of the suite: a series takes from minutes to hours. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <gan/gan.h>

enum { CLASSES = 10, FEW = 200, HELD_OUT = 512, SPIKE_AT = 700 };

/* --- the plants --------------------------------------------------------------------------------------------------- */

typedef struct setup {
    gan_ctx *ctx;
    gan_preset preset;
    gan_dcgan_opts g_image, d_image;
    gan_mlp_opts g_points, d_points;
    bool images;
    int classes;   /* of the training data, the first so many; 0: all */
    int reference; /* of what samples are compared with; 0: as the training data */
    int64_t train; /* at most so many training samples; 0: all */
    int fixed;     /* G knows so many latents; 0: any */
    bool noise;    /* G makes noise */
    const char *tricks[4];
    const gan_trick_type *own; /* a trick of this program's */
} setup;

static gan_tensor *swapped_loss(gan_trick *k, const gan_turn *turn) {
    (void)k;
    if (turn->player != GAN_PLAYER_D) return NULL;
    return gan_loss_d(turn->loss, (gan_verdict){.real = turn->fake_out.y, .fake = turn->real_out.y});
}

static gan_tensor *spike(gan_trick *k, const gan_turn *turn, gan_tensor *x, bool real) {
    (void)k;
    return turn->step == SPIKE_AT && real ? gan_scale(x, 4) : x;
}

static const gan_trick_type swap_type = {.name = "swapped", .term = swapped_loss, .instead = true};
static const gan_trick_type spike_type = {.name = "spike", .see = spike};

static bool takes_targets(const setup *s) { return gan_loss_info_of(s->preset.trainer.loss.kind)->takes_targets; }

static void targets(setup *s, double real, double fake, double gen) {
    gan_loss *l = &s->preset.trainer.loss;
    l->real_target = real, l->fake_target = fake, l->gen_target = gen;
}

static void trick(setup *s, const char *words) {
    for (int i = 0; i < 4; i++)
        if (!s->tricks[i]) {
            s->tricks[i] = words;
            return;
        }
}

static bool control(setup *s) { return (void)s, true; }
static bool d_fast(setup *s) { return s->preset.trainer.d.lr *= 100, true; }
static bool g_fast(setup *s) { return s->preset.trainer.g.lr *= 100, true; }
static bool d_frozen(setup *s) { return s->preset.trainer.d.lr = 0, true; }
static bool d_thin(setup *s) {
    s->d_image.features = 1, s->d_points.width = 1;
    return true;
}
static bool fixed_1(setup *s) { return s->fixed = 1, true; }
static bool fixed_3(setup *s) { return s->fixed = 3, true; }
static bool fixed_10(setup *s) { return s->fixed = 10, true; }
static bool three_classes(setup *s) {
    s->classes = 3, s->reference = s->images ? CLASSES : 8;
    return true;
}
static bool noise(setup *s) { return s->noise = true, true; }
static bool sgd_huge(setup *s) {
    s->preset.trainer.g = s->preset.trainer.d = gan_sgd(1e6, 0);
    return true;
}
static bool swap_d(setup *s) {
    if (takes_targets(s))
        targets(s, 0, 1, 1);
    else
        s->own = &swap_type;
    return true;
}
static bool few(setup *s) {
    s->train = FEW, s->reference = CLASSES; /* compared with as many as the control's */
    return s->images;
}
static bool healthy_swap(setup *s) {
    targets(s, 0, 1, 0);
    return takes_targets(s) && s->preset.trainer.loss.kind != GAN_LOSS_MINIMAX;
}
static bool healthy_labels(setup *s) {
    s->preset.trainer.loss.real_target = .9;
    trick(s, "label_flip:p=.05");
    return takes_targets(s);
}
static bool healthy_noise(setup *s) {
    return trick(s, s->images ? "instance_noise:sigma=.5" : "instance_noise:sigma=.5,until=1200"), true;
}
static bool healthy_class(setup *s) { return s->classes = 1, true; }
static bool healthy_spike(setup *s) { return s->own = &spike_type, true; }

static const struct {
    const char *name, *right; /* verdicts that are right, with spaces between; "": healthy */
    bool (*plant)(setup *s);  /* false: it makes no sense with this preset or data */
} plants[] = {
    {"control", "", control},
    {"healthy_swap", "", healthy_swap},
    {"healthy_labels", "", healthy_labels},
    {"healthy_noise", "", healthy_noise},
    {"healthy_class", "", healthy_class},
    {"healthy_spike", "", healthy_spike},
    {"d_fast", "d_won oscillation nonfinite", d_fast},
    {"g_fast", "d_won collapse noise oscillation", g_fast},
    {"d_frozen", "d_weak", d_frozen},
    {"d_thin", "d_weak", d_thin},
    {"fixed_1", "collapse", fixed_1},
    {"fixed_3", "collapse", fixed_3},
    {"fixed_10", "collapse", fixed_10},
    {"three_classes", "collapse", three_classes},
    {"noise", "noise d_won", noise},
    {"sgd_huge", "nonfinite oscillation", sgd_huge},
    {"swap_d", "sign_error", swap_d},
    {"few", "memorises", few},
};
enum { PLANTS = sizeof plants / sizeof *plants };

/* --- generators that cannot ----------------------------------------------------------------------------------------- */

/* Each latent becomes one of a few fixed ones, by its first number. */
typedef struct few_latents {
    int count;
} few_latents;

static double uniform_of(double normal) { return .5 * erfc(-normal / sqrt(2)); }

static gan_tensor *forward_fixed(gan_module *m, gan_call *call, gan_tensor *z) {
    int count = ((few_latents *)gan_module_data(m))->count;
    gan_shape s = gan_shape_of(z);
    gan_real *own = malloc((size_t)gan_count(z) * sizeof *own);
    const gan_real *x = gan_data(z);
    for (int64_t i = 0; own && x && i < s.d[0]; i++) {
        int k = (int)(uniform_of((double)x[i * s.d[1]]) * count);
        k = k < count ? k : count - 1;
        for (int64_t j = 0; j < s.d[1]; j++) own[i * s.d[1] + j] = (gan_real)(1.5 * sin(1.7 * (double)(k * s.d[1] + j) + .3));
    }
    gan_tensor *fixed = gan_from(gan_ctx_of(z), s, own);
    free(own);
    return gan_call_child(call, gan_module_child(m, "inner"), fixed);
}

static gan_tensor *forward_noise(gan_module *m, gan_call *call, gan_tensor *z) {
    gan_tensor *y = gan_call_child(call, gan_module_child(m, "inner"), z);
    gan_tensor *pure = gan_randn_from(gan_call_stream(call, m), gan_shape_of(y));
    return gan_add(gan_scale(y, 0), gan_scale(pure, .5));
}

static const gan_module_type fixed_type = {.name = "FewLatents", .forward = forward_fixed, .data_bytes = sizeof(few_latents)};
static const gan_module_type noise_type = {.name = "Noise", .forward = forward_noise};

static gan_module *disable(const setup *s, gan_module *G) {
    if (!s->fixed && !s->noise) return G;
    gan_module *m = gan_module_new(s->ctx, s->fixed ? &fixed_type : &noise_type);
    few_latents *few = gan_module_data(m);
    if (s->fixed && few) few->count = s->fixed;
    gan_module_add_child(m, "inner", G);
    return m;
}

/* --- data ----------------------------------------------------------------------------------------------------------- */

/* The first `classes` classes (0: all) of a data set, at most `most` training samples of them (0: all), and as many held-out ones
 * as a look takes. */
static gan_dataset *part_of(gan_ctx *ctx, gan_dataset *all, int classes, int64_t most) {
    int64_t count = gan_dataset_count(all), size = gan_shape_count(gan_dataset_shape(all)), kept = 0;
    int64_t wanted = most ? most + HELD_OUT : count;
    gan_real *x = malloc((size_t)(count * size) * sizeof *x);
    for (int64_t i = 0; i < count && kept < wanted && gan_ctx_status(ctx) == GAN_OK; i += 500) {
        gan_scope_begin(ctx);
        int64_t n = count - i < 500 ? count - i : 500;
        gan_batch b = gan_dataset_training(all, i, n);
        for (int64_t k = 0; k < n && kept < wanted && gan_data(b.x); k++)
            if (!classes || gan_data(b.label)[k] < classes)
                memcpy(x + kept++ * size, gan_data(b.x) + k * size, (size_t)size * sizeof *x);
        gan_scope_end(ctx);
    }
    gan_shape s = gan_dataset_shape(all);
    gan_shape shape = s.ndim == 3 ? gan_shape4(kept, s.d[0], s.d[1], s.d[2]) : gan_shape2(kept, s.d[0]);
    gan_dataset *d = gan_array_data(ctx, shape, x, (gan_array_opts){.held_out = (double)HELD_OUT / (double)kept});
    free(x);
    return d;
}

/* --- one run ---------------------------------------------------------------------------------------------------------- */

typedef struct series {
    const char *folder, *data;
    int64_t size, steps, features;
} series;

static void opts_of_nets(setup *s, const series *e, int channels) {
    gan_preset *p = &s->preset;
    p->image.size = e->size, p->image.channels = channels, p->image.features = e->features, p->image.latent = 32;
    p->points.width = e->features, p->points.latent = 8;
    if (p->image.g_attention == e->size) p->image.g_attention = p->image.d_attention = (int)e->size / 2; /* of small images */
    s->g_image = s->d_image = p->image;
    s->g_points = s->d_points = p->points;
}

/* What suits small nets and short runs: larger rates, an average that keeps up. */
static void suit(setup *s) {
    gan_trainer_opts *o = &s->preset.trainer;
    double factor = s->images ? 2 : 5;
    o->g.lr *= factor, o->d.lr *= factor;
    int generators = s->images ? s->preset.image.generators : s->preset.points.generators;
    o->batch = s->images ? 32 : 128;
    if (generators) o->batch -= o->batch % generators;
    o->ema = .99, o->ema_start = 100;
    const char *first = s->images ? NULL : s->preset.tricks[0]; /* in the plane, penalties weigh less (1704.00028) */
    if (first && !strcmp(first, "wgan_gp:weight=10")) s->preset.tricks[0] = "wgan_gp:weight=0.1";
    if (first && !strcmp(first, "dragan:weight=10")) s->preset.tricks[0] = "dragan:weight=0.1";
    if (s->images && o->n_critic > 2) o->n_critic = 2;
}

static bool logged_by(const char *path) {
    struct stat is;
    return !stat(path, &is) && is.st_size > 0;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static gan_trainer *trainer_of(setup *s, gan_dataset *data) {
    gan_module *G = s->images ? gan_dcgan_generator(s->ctx, s->g_image) : gan_mlp_generator(s->ctx, s->g_points);
    gan_module *D = s->images ? gan_dcgan_discriminator(s->ctx, s->d_image) : gan_mlp_discriminator(s->ctx, s->d_points);
    s->preset.trainer.latent = gan_latent_size(G), s->preset.trainer.generators = gan_generator_count(G);
    gan_trainer *t = gan_trainer_new(disable(s, G), D, data, s->preset.trainer);
    gan_preset_use(&s->preset, t);
    for (int i = 0; i < 4 && s->tricks[i]; i++) gan_trainer_use(t, gan_trick_parse(s->ctx, s->tricks[i]));
    if (s->own) gan_trainer_use(t, gan_trick_new(s->ctx, s->own, (gan_trick_opts){.weight = gan_constant(1)}));
    return t;
}

static void note_run(const series *e, const char *id, const char *preset, int plant, int seed, gan_trainer *t, const gan_loss *l,
                     double seconds) {
    char path[512];
    snprintf(path, sizeof path, "%s/runs.jsonl", e->folder);
    FILE *f = fopen(path, "a");
    if (!f) return;
    gan_ctx *ctx = gan_module_ctx(gan_trainer_generator(t));
    fprintf(f,
            "{\"id\":\"%s\",\"data\":\"%s\",\"preset\":\"%s\",\"plant\":\"%s\",\"right\":\"%s\",\"seed\":%d,\"steps\":%lld,"
            "\"reached\":%lld,"
            "\"status\":\"%s\",\"loss\":\"%s\",\"targets\":[%g,%g,%g],\"seconds\":%.1f}\n",
            id, e->data, preset, plants[plant].name, plants[plant].right, seed, (long long)e->steps,
            (long long)gan_trainer_steps(t), gan_status_name(gan_ctx_status(ctx)), gan_loss_name(l->kind), l->real_target,
            l->fake_target, l->gen_target, seconds);
    fclose(f);
}

static int run_one(const series *e, const char *preset, int plant, int seed) {
    char id[128], log[512], out[512], from[600];
    bool images = e->size > 0;
    snprintf(id, sizeof id, "%s-%s-%s-%d", images ? "images" : "ring", preset, plants[plant].name, seed);
    snprintf(log, sizeof log, "%s/%s.jsonl", e->folder, id);
    if (logged_by(log)) return 0;
    setup s = {.ctx = gan_ctx_new((gan_ctx_opts){.seed = (uint64_t)seed, .threads = 1}),
               .preset = gan_preset_of(preset),
               .images = images};
    if (!s.preset.name) return fprintf(stderr, "no preset %s\n", preset), 1;
    gan_dataset *all = images ? gan_images(s.ctx, e->data, (gan_image_opts){.height = e->size, .width = e->size})
                              : gan_ring_data(s.ctx, (gan_mixture_opts){.count = 20000});
    opts_of_nets(&s, e, images ? (int)gan_dataset_shape(all).d[2] : 0);
    suit(&s);
    if (!plants[plant].plant(&s)) {
        gan_ctx_free(s.ctx);
        return 0;
    }
    gan_dataset *data = part_of(s.ctx, all, s.classes, s.train),
                *reference = s.reference ? part_of(s.ctx, all, s.reference, 0) : NULL;
    gan_trainer *t = trainer_of(&s, data);
    snprintf(out, sizeof out, "%s/now-%s", e->folder, id);
    gan_train_opts o = {
        .steps = e->steps, .out = out, .stop_on = "nothing", .look_every = images ? 100 : 50, .reference = reference};
    double start = now();
    gan_train(t, o);
    printf("%-44s %s %s\n", id, gan_ctx_status(s.ctx) ? gan_ctx_message(s.ctx) : "", gan_trainer_verdict(t).text);
    fflush(stdout);
    snprintf(from, sizeof from, "%s/metrics.jsonl", out);
    if (!rename(from, log)) note_run(e, id, preset, plant, seed, t, &s.preset.trainer.loss, now() - start);
    gan_ctx_free(s.ctx);
    return 0;
}

/* --- all of them ------------------------------------------------------------------------------------------------------- */

/* The n-th of names with commas between, into word; false: there are no more. */
static bool nth(const char *list, int n, char word[64]) {
    for (; n > 0 && *list; n--) {
        list += strcspn(list, ",");
        list += *list == ',';
    }
    snprintf(word, 64, "%.*s", (int)strcspn(list, ","), list);
    return *word;
}

static int plant_of(const char *name) {
    for (int i = 0; i < PLANTS; i++)
        if (!strcmp(plants[i].name, name)) return i;
    return -1;
}

static int run_all(char **arg) {
    series e = {arg[0], arg[1], atoll(arg[2]), atoll(arg[3]), atoll(arg[4])};
    int first, last;
    char preset[64], plant[64];
    if (sscanf(arg[7], "%d-%d", &first, &last) != 2) return fprintf(stderr, "SEEDS is first-last, not %s\n", arg[7]), 2;
    mkdir(e.folder, 0777);
    for (int seed = first; seed <= last; seed++)
        for (int i = 0; nth(arg[5], i, preset); i++)
            for (int k = 0; nth(arg[6], k, plant); k++) {
                if (plant_of(plant) < 0) return fprintf(stderr, "no plant %s\n", plant), 2;
                if (run_one(&e, preset, plant_of(plant), seed)) return 1;
            }
    return 0;
}

/* --- reading logs again -------------------------------------------------------------------------------------------------- */

static void print_verdict(void *user, const gan_watch_verdict *v) {
    printf("{\"id\":\"%s\",\"verdict\":\"%s\",\"step\":%lld,\"since\":%lld}\n", (const char *)user, gan_watch_name(v->kind),
           (long long)v->step, (long long)v->since);
}

static bool text_of(const char *line, const char *key, char value[128]) {
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":\"", key);
    const char *at = strstr(line, pattern);
    if (!at) return false;
    at += strlen(pattern);
    snprintf(value, 128, "%.*s", (int)strcspn(at, "\""), at);
    return true;
}

static int judge(const char *folder) {
    char path[512], line[1024], id[128], loss[128], preset[128];
    int failed = 0;
    snprintf(path, sizeof path, "%s/runs.jsonl", folder);
    FILE *f = fopen(path, "r");
    if (!f) return perror(path), 1;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.threads = 1});
    while (fgets(line, sizeof line, f)) {
        gan_watch_opts o = {0};
        gan_watch_verdict v;
        const char *targets = strstr(line, "\"targets\":[");
        if (!text_of(line, "id", id) || !text_of(line, "loss", loss) || !gan_loss_named(loss, &o.loss) || !targets) continue;
        if (!text_of(line, "preset", preset)) continue;
        o.width = gan_loss_width(o.loss.kind, 0, gan_preset_of(preset).points.generators);
        sscanf(targets, "\"targets\":[%lf,%lf,%lf", &o.loss.real_target, &o.loss.fake_target, &o.loss.gen_target);
        snprintf(path, sizeof path, "%s/%s.jsonl", folder, id);
        if (!logged_by(path)) continue; /* taken away, to be run again */
        if (gan_watch_log(ctx, path, o, &v, print_verdict, id) == GAN_OK)
            printf("{\"id\":\"%s\",\"last\":\"%s\",\"step\":%lld,\"since\":%lld}\n", id, gan_watch_name(v.kind),
                   (long long)v.step, (long long)v.since);
        else
            failed = fprintf(stderr, "%s: %s\n", id, gan_ctx_message(ctx)) > 0;
        gan_ctx_clear(ctx);
    }
    fclose(f);
    gan_ctx_free(ctx);
    return failed;
}

int main(int argc, char **argv) {
    if (argc == 10 && !strcmp(argv[1], "run")) return run_all(argv + 2);
    if (argc == 3 && !strcmp(argv[1], "judge")) return judge(argv[2]);
    fprintf(stderr, "usage: plants run FOLDER DATA SIZE STEPS FEATURES PRESETS PLANTS SEEDS\n       plants judge FOLDER\n");
    return 2;
}
