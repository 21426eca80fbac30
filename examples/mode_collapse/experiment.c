#include "experiment.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *experiment_digits = "mnist";

enum { PATH = 512, MOST_RESULTS = 4096 };

static gan_trainer *volatile running; /* for the signal handler */
static volatile sig_atomic_t stopped;

static void on_signal(int number) {
    (void)number;
    stopped = 1;
    if (running) gan_trainer_stop(running);
}

/* --- what was found ---------------------------------------------------------------------------------------------- */

typedef struct result {
    char data[16], method[32];
    int64_t steps;
    uint64_t seed;
    double figures[EXPERIMENT_FIGURES];
} result;

static result results[MOST_RESULTS];
static int n_results;

static int figures_of(const experiment *e) {
    int n = 0;
    while (e->figures[n]) n++;
    return n;
}

static bool read_line(const char *line, int n_figures, result *r) {
    int used = 0;
    if (sscanf(line, "%15s %31s %" SCNd64 " %" SCNu64 "%n", r->data, r->method, &r->steps, &r->seed, &used) != 4) return false;
    for (int i = 0; i < n_figures; i++) {
        char *end;
        r->figures[i] = strtod(line + used, &end);
        if (end == line + used) return false;
        used = (int)(end - line);
    }
    return line[used] == '\n';
}

/* A line that was cut off by a crash is not read, and its run is made again. */
static void read_results(const experiment *e, const char *path) {
    FILE *f = fopen(path, "r");
    char line[256];
    n_results = 0;
    while (f && n_results < MOST_RESULTS && fgets(line, sizeof line, f))
        if (read_line(line, figures_of(e), &results[n_results])) n_results++;
    if (f) fclose(f);
}

static bool same_row(const result *a, const result *b) {
    return !strcmp(a->data, b->data) && !strcmp(a->method, b->method) && a->steps == b->steps;
}

static bool is_known(const result *r) {
    for (int i = 0; i < n_results; i++)
        if (same_row(&results[i], r) && results[i].seed == r->seed) return true;
    return false;
}

static bool keep(const experiment *e, const char *path, const result *r) {
    FILE *f = fopen(path, "a+");
    if (!f) return false;
    if (!fseek(f, -1, SEEK_END) && fgetc(f) != '\n') fputc('\n', f); /* behind a line that was cut off */
    fprintf(f, "%s\t%s\t%" PRId64 "\t%" PRIu64, r->data, r->method, r->steps, r->seed);
    for (int i = 0; i < figures_of(e); i++) fprintf(f, "\t%.9g", r->figures[i]);
    fputc('\n', f);
    bool well = fflush(f) == 0 && fsync(fileno(f)) == 0;
    return fclose(f) == 0 && well;
}

/* --- one run ------------------------------------------------------------------------------------------------------- */

static bool tell(void *user, gan_trainer *t, const gan_step_info *s) {
    (void)t;
    if (s->step % 1000 == 0) {
        printf("  %s step %" PRId64 "  D %.3f  G %.3f  %.1f ms\n", (const char *)user, s->step, s->d_loss, s->g_loss,
               1e3 * s->seconds);
        fflush(stdout);
    }
    return true;
}

/* True if the run is complete, and its figures are in r. */
static bool make_run(const experiment *e, const char *out, const experiment_run *run, int threads, result *r) {
    char folder[PATH], checkpoint[PATH + 32];
    snprintf(folder, sizeof folder, "%s/%s-%s-%" PRId64 "-seed%" PRIu64, out, r->data, r->method, r->steps, r->seed);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint.safetensors", folder);
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = run->seed, .threads = threads});
    gan_trainer *t = e->set_up(ctx, run);
    running = t;
    if (access(checkpoint, R_OK) == 0) gan_trainer_load(t, checkpoint);
    if (stopped) gan_trainer_stop(t);
    gan_train(t, (gan_train_opts){.steps = run->steps,
                                  .out = folder,
                                  .sample_every = run->steps / 4,
                                  .checkpoint_every = 1000,
                                  .log_every = 50,
                                  .samples = e->samples,
                                  .no_watch = true,
                                  .on_step = tell,
                                  .user = folder});
    running = NULL;
    bool complete = !gan_ctx_status(ctx) && gan_trainer_steps(t) >= run->steps;
    if (complete) e->measure(ctx, run, t, r->figures);
    if (gan_ctx_status(ctx)) fprintf(stderr, "%s: %s\n", folder, gan_ctx_message(ctx));
    complete &= !gan_ctx_status(ctx);
    gan_ctx_free(ctx);
    return complete;
}

/* --- the table ------------------------------------------------------------------------------------------------------ */

typedef struct tally {
    int n;
    double sum, squares, low, high;
} tally;

static void count(tally *t, double x) {
    t->low = t->n ? fmin(t->low, x) : x;
    t->high = t->n ? fmax(t->high, x) : x;
    t->n++, t->sum += x, t->squares += x * x;
}

/* Mean, standard error, and from where to where. */
static void print_tally(const tally *t, double factor) {
    double mean = t->sum / t->n, var = t->n > 1 ? fmax(0, (t->squares - t->n * mean * mean) / (t->n - 1)) : NAN;
    if (t->n < 2)
        printf(" %.4g |", factor * mean);
    else
        printf(" %.4g +- %.2g (%.4g to %.4g) |", factor * mean, factor * sqrt(var / t->n), factor * t->low, factor * t->high);
}

static void print_row(const experiment *e, const char *data, const char *what, const tally *tallies) {
    printf("| %s | %s |", data, what);
    for (int i = 0; i < figures_of(e); i++) print_tally(&tallies[i], e->factor[i]);
    putchar('\n');
}

static void print_perfect(const experiment *e, int data) {
    enum { DRAWS = 20 };
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = 1});
    tally t[EXPERIMENT_FIGURES] = {{0}};
    for (int k = 0; k < DRAWS; k++) {
        double figures[EXPERIMENT_FIGURES] = {0};
        e->perfect(ctx, data, (uint64_t)k + 1, figures);
        for (int i = 0; i < EXPERIMENT_FIGURES; i++) count(&t[i], figures[i]);
    }
    print_row(e, e->data[data], "a perfect sampler, 20 draws", t);
    gan_ctx_free(ctx);
}

static void print_own(const experiment *e, const char *data) {
    for (int i = 0; i < n_results; i++) {
        const result *r = &results[i];
        bool first = !strcmp(r->data, data);
        for (int k = 0; k < i; k++) first &= !same_row(&results[k], r);
        if (!first) continue;
        tally t[EXPERIMENT_FIGURES] = {{0}};
        for (int k = i; k < n_results; k++)
            for (int c = 0; c < EXPERIMENT_FIGURES && same_row(&results[k], r); c++) count(&t[c], results[k].figures[c]);
        char what[96];
        snprintf(what, sizeof what, "%s, %" PRId64 " steps, %d seed%s", r->method, r->steps, t[0].n, t[0].n == 1 ? "" : "s");
        print_row(e, data, what, t);
    }
}

static void print_table(const experiment *e) {
    printf("\n%s\nOwn rows: mean +- standard error (least to greatest) over seeds.\n\n| data | method |", e->title);
    for (int i = 0; i < figures_of(e); i++) printf(" %s |", e->figures[i]);
    printf("\n|---|---|");
    for (int i = 0; i < figures_of(e); i++) printf("---|");
    putchar('\n');
    for (int d = 0; e->data[d]; d++) {
        print_perfect(e, d);
        print_own(e, e->data[d]);
        for (const experiment_published *p = e->published; p->data; p++) {
            if (strcmp(p->data, e->data[d])) continue;
            printf("| %s | published: %s |", p->data, p->paper);
            for (int i = 0; i < figures_of(e); i++) printf(" %s |", p->figures[i]);
            putchar('\n');
        }
    }
}

/* --- the command line ---------------------------------------------------------------------------------------------- */

typedef struct wish {
    const char *out, *data, *methods;
    int64_t steps, first_seed, last_seed;
    int threads;
    bool table_only;
} wish;

static void print_names(const char *what, const char *const *names) {
    printf("  --%-9s of:", what);
    for (int i = 0; names[i]; i++) printf("%s%s", i ? "," : " ", names[i]);
    printf("; all by default\n");
}

static void usage(const char *program, const experiment *e) {
    printf("%s [option]...: %s\n\n", program, e->title);
    printf("  --out       folder of runs and results; runs/%s by default\n",
           strrchr(program, '/') ? strrchr(program, '/') + 1 : program);
    print_names("data", e->data);
    print_names("methods", e->methods);
    printf("  --steps     %s by default\n  --seeds     as 1-3 or 5; 1-3 by default\n", e->default_steps);
    printf(
        "  --threads   1 by default; 0: one per processor\n  --digits    folder of MNIST's four files, where they are needed\n");
    printf("  --table     runs nothing, prints what there is\n\nInterrupted, it goes on when called again.\n");
}

/* Whether `name` is in the list "a,b,c"; NULL: it is. */
static bool listed(const char *list, const char *name) {
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == strlen(name) && !strncmp(p, name, strlen(name))) return true;
    return !list;
}

static bool all_known(const char *list, const char *const *names) {
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',') {
        bool known = false;
        for (int i = 0; names[i]; i++) known |= strcspn(p, ",") == strlen(names[i]) && !strncmp(p, names[i], strlen(names[i]));
        if (!known) return fprintf(stderr, "no such name: %.*s\n", (int)strcspn(p, ","), p), false;
    }
    return true;
}

static bool read_number(const char *text, int64_t low, int64_t high, const char *name, int64_t *number) {
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end || errno || n < low || n > high)
        return fprintf(stderr, "--%s %s: not a whole number from %" PRId64 " on\n", name, text, low), false;
    *number = n;
    return true;
}

static bool read_seeds(const char *text, wish *w) {
    int used = 0;
    w->last_seed = 0;
    if (sscanf(text, "%" SCNd64 "-%" SCNd64 "%n", &w->first_seed, &w->last_seed, &used) == 2 && !text[used] &&
        w->first_seed >= 0 && w->last_seed >= w->first_seed)
        return true;
    if (!read_number(text, 0, INT64_MAX, "seeds", &w->first_seed)) return false;
    w->last_seed = w->first_seed;
    return true;
}

/* 0: go on; else 1 more than the exit status. */
static int read_options(int argc, char **argv, const experiment *e, wish *w) {
    static const struct option options[] = {
        {"out", 1, 0, 'o'},    {"data", 1, 0, 'd'},    {"methods", 1, 0, 'm'}, {"steps", 1, 0, 's'}, {"seeds", 1, 0, 'e'},
        {"digits", 1, 0, 'g'}, {"threads", 1, 0, 't'}, {"table", 0, 0, 'T'},   {"help", 0, 0, 'h'},  {0, 0, 0, 0},
    };
    int64_t threads = 1;
    bool well = read_number(e->default_steps, 1, INT64_MAX, "steps", &w->steps);
    for (int c; well && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'o') w->out = optarg;
        if (c == 'd') w->data = optarg, well = all_known(optarg, e->data);
        if (c == 'm') w->methods = optarg, well = all_known(optarg, e->methods);
        if (c == 's') well = read_number(optarg, 1, INT64_MAX, "steps", &w->steps);
        if (c == 'e') well = read_seeds(optarg, w);
        if (c == 'g') experiment_digits = optarg;
        if (c == 't') well = read_number(optarg, 0, 256, "threads", &threads);
        if (c == 'T') w->table_only = true;
        if (c == 'h') return usage(argv[0], e), 1;
        if (c == '?') return 3;
    }
    w->threads = (int)threads;
    if (well && optind < argc) well = (fprintf(stderr, "%s: not an option; see --help\n", argv[optind]), false);
    return well ? 0 : 3;
}

int experiment_main(int argc, char **argv, const experiment *e) {
    char out[PATH / 2], path[PATH];
    wish w = {.first_seed = 1, .last_seed = 3};
    int done = read_options(argc, argv, e, &w);
    if (done) return done - 1;
    const char *base = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    if (w.out && strlen(w.out) >= sizeof out)
        return fprintf(stderr, "--out: a path of %zu characters is too long\n", strlen(w.out)), 2;
    snprintf(out, sizeof out, "%s", w.out ? w.out : "runs/");
    if (!w.out) strncat(out, base, sizeof out - strlen(out) - 1);
    snprintf(path, sizeof path, "%s/results.tsv", out);
    if (!w.out) mkdir("runs", 0777);
    if (mkdir(out, 0777) && errno != EEXIST) return perror(out), 1;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    read_results(e, path);

    bool failed = false;
    for (int64_t seed = w.first_seed; seed <= w.last_seed && !w.table_only; seed++)
        for (int m = 0; e->methods[m]; m++)
            for (int d = 0; e->data[d] && !stopped; d++) {
                if (!listed(w.data, e->data[d]) || !listed(w.methods, e->methods[m])) continue;
                experiment_run run = {.data = d, .method = m, .steps = w.steps, .seed = (uint64_t)seed, .out = out};
                result r = {.steps = w.steps, .seed = (uint64_t)seed};
                snprintf(r.data, sizeof r.data, "%s", e->data[d]);
                snprintf(r.method, sizeof r.method, "%s", e->methods[m]);
                if (is_known(&r)) continue;
                if (make_run(e, out, &run, w.threads, &r)) {
                    if (!keep(e, path, &r)) return perror(path), 1;
                    read_results(e, path);
                } else if (!stopped) {
                    failed = true;
                }
            }
    print_table(e);
    return stopped || failed;
}
