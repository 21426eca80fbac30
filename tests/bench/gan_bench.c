/* gan-bench [options] [S1 S2 S3 S4 kernels NAME ...]: times steps of training and single kernels. See docs/benchmarks.md.
 *
 * Each case runs in a process of its own, so that its peak memory is its own. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/ctx_impl.h"
#include "bench.h"

enum { MAX_TIMES = 400, MAX_CASES = 128 };

typedef struct options {
    int threads;
    const char *isa, *json;
    double seconds;
    bench_sizes sizes;
    bool serve;
    int64_t profile; /* so many steps and nothing else */
} options;

typedef struct result {
    int count, threads;
    char isa[16];
    double times[MAX_TIMES]; /* seconds for one step */
    double peak, tile;       /* GFLOP/s, medians of what was measured between the times */
    double first;            /* seconds from the context's making to the end of the first step */
    double mallocs;          /* requests to the system for one step, in the last measurement */
    double rss_mb, pool_mb;
} result;

static clockid_t clock_used = CLOCK_MONOTONIC;

double bench_now(void) {
    struct timespec t;
    clock_gettime(clock_used, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const double *v, int n) {
    double sorted[MAX_TIMES];
    if (!n) return 0;
    memcpy(sorted, v, (size_t)n * sizeof *v);
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    return n % 2 ? sorted[n / 2] : .5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

static double least_of(const double *v, int n) {
    double least = n ? v[0] : 0;
    for (int i = 1; i < n; i++) least = v[i] < least ? v[i] : least;
    return least;
}

/* --- one case ----------------------------------------------------------------------------------------------- */

typedef struct running {
    gan_ctx *ctx;
    const bench_case *c;
    void *state;
    int64_t steps; /* to one measurement */
    double first;
} running;

static void check(gan_ctx *ctx) {
    if (gan_ctx_status(ctx) == GAN_OK) return;
    fprintf(stderr, "gan-bench: %s\n", gan_ctx_message(ctx));
    exit(2);
}

static double time_steps(running *r, int64_t steps) {
    double begin = bench_now();
    for (int64_t i = 0; i < steps; i++) r->c->step(r->state);
    double seconds = (bench_now() - begin) / (double)steps;
    check(r->ctx);
    return seconds;
}

/* Without "-direct", which asks for convolutions without minimal filtering. */
static size_t plain_length(const char *name) {
    static const char suffix[] = "-direct";
    size_t length = strlen(name), cut = sizeof suffix - 1;
    return length > cut && !strcmp(name + length - cut, suffix) ? length - cut : length;
}

static running start(const bench_case *c, const options *o) {
    double begin = bench_now();
    running r = {.ctx = gan_ctx_new((gan_ctx_opts){.seed = 1, .threads = o->threads, .isa = o->isa}), .c = c, .steps = 1};
    check(r.ctx);
    r.ctx->opts.direct = plain_length(c->name) < strlen(c->name);
    r.state = c->begin(r.ctx, c);
    time_steps(&r, 1);
    r.first = bench_now() - begin;
    return r;
}

/* Fills the pool, and finds out how many steps last about a tenth of a second. Released handles are used again late, behind
 * thousands of others, so that use after release can be recognised; a few steps do not have to fill that queue. */
static void warm_up(running *r) {
    for (int i = 0; i < 10000; i++) gan_release(gan_scalar(r->ctx, 0));
    double seconds = time_steps(r, 2);
    while (seconds * (double)r->steps < .1 && r->steps < 1 << 20) {
        r->steps *= 2;
        seconds = time_steps(r, r->steps);
    }
}

static void finish(running *r, result *out, int64_t misses, int64_t steps) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    out->threads = gan_ctx_threads(r->ctx);
    snprintf(out->isa, sizeof out->isa, "%s", gan_ctx_isa(r->ctx));
    out->mallocs = (double)(gan_ctx_memory(r->ctx).misses - misses) / (double)(steps ? steps : 1);
    out->rss_mb = (double)usage.ru_maxrss / 1024;
    out->pool_mb = (double)gan_ctx_memory(r->ctx).peak / (1 << 20);
    out->first = r->first;
}

static void measure(running *r, const options *o, result *out) {
    double peaks[MAX_TIMES], tiles[MAX_TIMES], spent = 0;
    warm_up(r);
    int64_t misses = 0;
    while (out->count < MAX_TIMES && (out->count < 5 || spent < o->seconds)) {
        double begin = bench_now();
        peaks[out->count] = bench_fma_peak(r->ctx, .02);
        tiles[out->count] = bench_tile_peak(r->ctx, .02);
        misses = gan_ctx_memory(r->ctx).misses;
        out->times[out->count++] = time_steps(r, r->steps);
        spent += bench_now() - begin;
    }
    out->peak = median_of(peaks, out->count);
    out->tile = median_of(tiles, out->count);
    finish(r, out, misses, r->steps);
}

/* Line by line, so that a driver can alternate between programs: each line asks for one measurement. */
static void serve(running *r) {
    char line[64];
    printf("{\"first\": %.6f}\n", r->first);
    fflush(stdout);
    warm_up(r);
    int64_t misses = 0;
    printf("{\"ready\": true}\n");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        misses = gan_ctx_memory(r->ctx).misses;
        double peak = bench_fma_peak(r->ctx, .03), tile = bench_tile_peak(r->ctx, .03), seconds = time_steps(r, r->steps);
        printf("{\"seconds\": %.9f, \"steps\": %lld, \"peak\": %.3f, \"tile\": %.3f}\n", seconds, (long long)r->steps, peak,
               tile);
        fflush(stdout);
    }
    result end = {0};
    finish(r, &end, misses, r->steps);
    printf("{\"gflop\": %.7f, \"isa\": \"%s\", \"threads\": %d, \"rss_mb\": %.1f, \"mallocs\": %.3f}\n", r->c->gflop, end.isa,
           end.threads, end.rss_mb, end.mallocs);
}

/* --- in a process of its own -------------------------------------------------------------------------------- */

static bool run_apart(const bench_case *c, const options *o, result *out) {
    int ends[2];
    if (pipe(ends)) return false;
    pid_t child = fork();
    if (child < 0) return false;
    if (child == 0) {
        running r = start(c, o);
        measure(&r, o, out);
        bool sent = write(ends[1], out, sizeof *out) == (ssize_t)sizeof *out;
        _exit(sent ? 0 : 2);
    }
    close(ends[1]);
    size_t got = 0;
    for (ssize_t n; got < sizeof *out && (n = read(ends[0], (char *)out + got, sizeof *out - got)) > 0;) got += (size_t)n;
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    return got == sizeof *out && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* --- tables ------------------------------------------------------------------------------------------------- */

static void print_head(void) {
    printf("%-14s %10s %10s %9s %7s %7s %7s %8s %8s\n", "", "median ms", "least ms", "GFLOP/s", "% peak", "% tile", "GB/s", "MB",
           "mallocs");
}

static void print_row(const bench_case *c, const result *r) {
    double median = median_of(r->times, r->count), least = least_of(r->times, r->count), rate = c->gflop / median;
    printf("%-14s %10.4f %10.4f ", c->name, 1e3 * median, 1e3 * least);
    if (c->gflop > 0)
        printf("%9.1f %7.1f %7.1f %7s", rate, 100 * rate / r->peak, 100 * rate / r->tile, "");
    else
        printf("%9s %7s %7s %7.1f", "", "", "", c->gbyte / median);
    printf(" %8.1f %8.2f  %s\n", r->rss_mb, r->mallocs, c->what);
    fflush(stdout);
}

static void write_json(FILE *f, const bench_case *c, const result *r, bool first) {
    double median = median_of(r->times, r->count);
    fprintf(f, "%s\n  {\"name\": \"%s\", \"isa\": \"%s\", \"threads\": %d, \"gflop\": %.7f, \"gbyte\": %.7f,", first ? "" : ",",
            c->name, r->isa, r->threads, c->gflop, c->gbyte);
    fprintf(f, " \"median\": %.9f, \"min\": %.9f, \"peak_gflops\": %.3f, \"tile_gflops\": %.3f, \"gflops\": %.3f, \"share\": %.4f,",
            median, least_of(r->times, r->count), r->peak, r->tile, c->gflop / median, c->gflop / median / r->peak);
    fprintf(f, " \"first\": %.6f, \"rss_mb\": %.1f, \"pool_mb\": %.1f, \"mallocs\": %.3f, \"times\": [", r->first, r->rss_mb,
            r->pool_mb, r->mallocs);
    for (int i = 0; i < r->count; i++) fprintf(f, "%s%.9f", i ? ", " : "", r->times[i]);
    fprintf(f, "]}");
}

/* --- the program -------------------------------------------------------------------------------------------- */

static const char usage[] =
    "usage: gan-bench [options] [case ...]\n"
    "  cases: S1 S2 S3 S4 (default), \"kernels\" for all kernels, or a kernel's name\n"
    "  --threads N     0: one per processor (default)\n"
    "  --isa NAME      avx512, avx2 or portable; default: the best\n"
    "  --seconds X     spent on each case (default 2), at least five measurements\n"
    "  --json FILE     results with raw timings; - for standard output, without the table\n"
    "  --cpu           processor time in place of time on the wall: for one thread on a busy machine\n"
    "  --serve         one case: a measurement for each line of standard input (for pairs.py)\n"
    "  --profile N     one case: N steps after the first and no measurement, for a profiler\n"
    "  --list          the cases; NAME-direct is the same with all of a convolution's multiplications\n"
    "for curves: case \"dcgan\" with --batch N, --size N, --width N (64 each),\n"
    "  or \"folder\" with --path FOLDER, --batch, --size, --cache MB (of decoded images; -1: none)\n";

static const bench_case *find(const char *name, bench_sizes sizes) {
    int count;
    const bench_case *c = bench_workloads(&count);
    for (int i = 0; i < count; i++)
        if (!strcmp(c[i].name, name)) return &c[i];
    c = bench_kernels(&count);
    for (int i = 0; i < count; i++)
        if (!strcmp(c[i].name, name)) return &c[i];
    return bench_sized(name, sizes);
}

static int list(void) {
    int count;
    const bench_case *c = bench_workloads(&count);
    for (int i = 0; i < count; i++) printf("%-14s %9.4f GFLOP  %s\n", c[i].name, c[i].gflop, c[i].what);
    c = bench_kernels(&count);
    for (int i = 0; i < count; i++) printf("%-14s %9.4f GFLOP  %s\n", c[i].name, c[i].gflop, c[i].what);
    return 0;
}

typedef struct selection {
    const bench_case *cases[MAX_CASES];
    int count;
} selection;

static void add_all(selection *s, const bench_case *c, int count) {
    for (int i = 0; i < count && s->count < MAX_CASES; i++) s->cases[s->count++] = &c[i];
}

static bool add(selection *s, const char *name, bench_sizes sizes) {
    int count;
    if (!strcmp(name, "kernels")) {
        const bench_case *c = bench_kernels(&count);
        add_all(s, c, count);
        return true;
    }
    static bench_case found[MAX_CASES];
    char plain[64];
    snprintf(plain, sizeof plain, "%.*s", (int)plain_length(name), name);
    const bench_case *c = find(plain, sizes);
    if (!c || s->count == MAX_CASES) return false;
    found[s->count] = *c;
    found[s->count].name = name;
    s->cases[s->count] = &found[s->count];
    s->count++;
    return true;
}

static int refuse(const char *what) {
    fprintf(stderr, "gan-bench: %s\n%s", what, usage);
    return 2;
}

static int run_all(const selection *s, const options *o) {
    bool only_json = o->json && !strcmp(o->json, "-");
    FILE *json = only_json ? stdout : o->json ? fopen(o->json, "w") : NULL;
    if (o->json && !json) return refuse("the JSON file cannot be written");
    if (json) fprintf(json, "[");
    if (!only_json) print_head();
    bool ok = true;
    double peak = 0;
    result *r = malloc(sizeof *r);
    for (int i = 0; r && i < s->count && ok; i++) {
        *r = (result){0};
        if (json) fflush(json);
        ok = run_apart(s->cases[i], o, r);
        if (!ok) break;
        if (!only_json) print_row(s->cases[i], r);
        if (json) write_json(json, s->cases[i], r, i == 0);
        peak = r->peak > peak ? r->peak : peak;
    }
    if (ok && r && !only_json)
        printf("peak of %s on %d thread%s: %.1f GFLOP/s\n", r->isa, r->threads, r->threads == 1 ? "" : "s", peak);
    free(r);
    if (json) fprintf(json, "\n]\n");
    if (json && json != stdout) ok &= fclose(json) == 0;
    return ok ? 0 : 2;
}

int main(int argc, char **argv) {
    options o = {.seconds = 2, .sizes = {64, 64, 64, NULL, 0}};
    selection s = {0};
    const char *named[MAX_CASES];
    int names = 0;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        bool takes = !strcmp(a, "--threads") || !strcmp(a, "--isa") || !strcmp(a, "--seconds") || !strcmp(a, "--json") ||
                     !strcmp(a, "--profile") || !strcmp(a, "--batch") || !strcmp(a, "--size") || !strcmp(a, "--width") ||
                     !strcmp(a, "--path") || !strcmp(a, "--cache");
        if (takes && !value) return refuse("an option lacks its value");
        if (!strcmp(a, "--threads")) o.threads = atoi(value);
        else if (!strcmp(a, "--isa")) o.isa = value;
        else if (!strcmp(a, "--seconds")) o.seconds = atof(value);
        else if (!strcmp(a, "--json")) o.json = value;
        else if (!strcmp(a, "--profile")) o.profile = atoll(value);
        else if (!strcmp(a, "--batch")) o.sizes.batch = atoll(value);
        else if (!strcmp(a, "--size")) o.sizes.size = atoll(value);
        else if (!strcmp(a, "--width")) o.sizes.width = atoll(value);
        else if (!strcmp(a, "--path")) o.sizes.path = value;
        else if (!strcmp(a, "--cache")) o.sizes.cache_mb = atoll(value);
        else if (!strcmp(a, "--cpu")) clock_used = CLOCK_PROCESS_CPUTIME_ID;
        else if (!strcmp(a, "--serve")) o.serve = true;
        else if (!strcmp(a, "--list")) return list();
        else if (!strcmp(a, "--help")) return fputs(usage, stdout), 0;
        else if (names == MAX_CASES) return refuse("too many cases");
        else named[names++] = a;
        i += takes;
    }
    for (int i = 0; i < names; i++)
        if (!add(&s, named[i], o.sizes)) return refuse(named[i]);
    if (!s.count) {
        int count;
        const bench_case *c = bench_workloads(&count);
        add_all(&s, c, count);
    }
    if ((o.serve || o.profile) && s.count != 1) return refuse("--serve and --profile take one case");
    if (!o.serve && !o.profile) return run_all(&s, &o);
    running r = start(s.cases[0], &o);
    if (o.serve) serve(&r);
    else time_steps(&r, o.profile);
    gan_ctx_free(r.ctx);
    return 0;
}
