#include "run_progress.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* A terminal has one line that changes; elsewhere a line comes now and then. */
typedef struct progress {
    int64_t first, last;
    int64_t batch;
    bool live, coloured, quiet, watched;
    double started, shown;
} progress;

static gan_trainer *volatile running; /* for the signal handler */
static volatile sig_atomic_t interrupted;
static bool line_open; /* the cursor stands behind a line that changes */

static void on_signal(int number) {
    (void)number;
    interrupted = 1;
    if (running) gan_trainer_stop(running);
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void clear_live_line(void) {
    if (!line_open) return;
    printf("\r\033[K");
    fflush(stdout);
    line_open = false;
}

static void end_live_line(void) {
    if (line_open) printf("\n");
    line_open = false;
}

/* --- the parts of a line ------------------------------------------------------------------------------------ */

enum { PART = 40 };
typedef struct parts {
    char bar[PART], step[PART], losses[PART], rate[PART], left[PART];
    const char *verdict; /* "" if nobody watches */
    bool bad;
} parts;

static void span(double s, char text[PART]) {
    long n = (long)(s + .5);
    if (n >= 3600)
        snprintf(text, PART, "%ldh %02ldm left", n / 3600 % 100000, n / 60 % 60);
    else
        snprintf(text, PART, "%ldm %02lds left", n / 60 % 60, n % 60);
}

/* Never longer than "99.9k samples/s", however fast a run is: what else is on the line does not depend on it. */
static void rate_text(double rate, char text[PART]) {
    static const char *const units[] = {"", "k", "M", "G"};
    int unit = 0;
    if (rate >= 9999.5)
        for (; unit < 3 && rate >= 999.5; unit++) rate /= 1000;
    snprintf(text, PART, "%.*f%s samples/s", unit && rate < 99.95 ? 1 : 0, rate, units[unit]);
}

static void bar(double done, int cells, char text[PART]) {
    int filled = (int)(cells * done);
    for (int i = 0; i < cells; i++) text[i + 1] = i < filled ? '#' : '.';
    text[0] = '[', text[cells + 1] = ']', text[cells + 2] = 0;
}

/* Of a terminal that does not tell, 80. */
static int columns(void) {
    struct winsize size;
    if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col > 0) return size.ws_col;
    const char *told = getenv("COLUMNS");
    int n = told ? atoi(told) : 0;
    return n > 0 ? n : 80;
}

/* Two spaces before each part but the first. */
static int width_of(const char *const *list, int count) {
    int width = 0;
    for (int i = 0; i < count; i++) width += *list[i] ? (int)strlen(list[i]) + (width ? 2 : 0) : 0;
    return width;
}

/* As much of the line as fits: the bar gets shorter, then the rate goes, then the bar, the losses and the time left. What stays
 * longest is the verdict and the step. The last column stays free, as some terminals wrap when it is written. */
static void show_live(const progress *p, parts *x, double done) {
    int room = columns() - 1;
    const char *list[] = {x->bar, x->step, x->losses, x->rate, x->left, x->verdict};
    enum { BAR, STEP, LOSSES, RATE, LEFT, VERDICT, ALL };
    static const int order[] = {RATE, BAR, LOSSES, LEFT};
    for (int cells = 20; cells > 10 && width_of(list, ALL) > room; cells--) bar(done, cells - 1, x->bar);
    for (int i = 0; i < 4 && width_of(list, ALL) > room; i++) list[order[i]] = "";
    printf("\r");
    for (int i = 0, used = 0; i < ALL && used < room; i++) {
        if (!*list[i]) continue;
        int gap = used ? 2 : 0, left = room - used - gap, n = (int)strlen(list[i]);
        bool colour = i == VERDICT && p->coloured;
        if (left <= 0) break;
        printf("%*s%s%.*s%s", gap, "", !colour ? "" : x->bad ? "\033[31m" : "\033[32m", left, list[i], colour ? "\033[0m" : "");
        used += gap + (n < left ? n : left);
    }
    printf("\033[K");
    fflush(stdout);
    line_open = true;
}

static void show_plain(const parts *x, int64_t last) {
    printf("step %s of %lld  %s  %s  %s%s%s\n", x->step, (long long)last, x->losses, x->rate, x->left, *x->verdict ? "  " : "",
           x->verdict);
    fflush(stdout);
}

static bool show(void *user, gan_trainer *t, const gan_step_info *s) {
    progress *p = user;
    double now = seconds(), since = now - p->started, done = (double)s->step / (double)p->last;
    double interval = p->live ? .2 : 30;
    if (p->quiet || (now - p->shown < interval && s->step != p->last && s->step != p->first + 1)) return true;
    p->shown = now;
    double rate = (double)(s->step - p->first) / since;
    parts x = {.verdict = ""};
    gan_watch_verdict v;
    if (p->watched) {
        v = gan_trainer_verdict(t);
        x.verdict = gan_watch_title(v.kind);
        x.bad = gan_watch_is_failure(v.kind);
    }
    bar(done, 20, x.bar);
    snprintf(x.step, PART, p->live ? "%lld/%lld" : "%lld", (long long)s->step, (long long)p->last);
    snprintf(x.losses, PART, "D %.4g  G %.4g", s->d_loss, s->g_loss);
    rate_text(rate * (double)p->batch, x.rate);
    span((double)(p->last - s->step) / rate, x.left);
    if (p->live)
        show_live(p, &x, done);
    else
        show_plain(&x, p->last);
    return true;
}

/* ------------------------------------------------------------------------------------------------------------ */

static int64_t whole(const gan_config *c, const char *name) {
    gan_setting s;
    return gan_config_find(c, name, &s) ? strtoll(s.value, NULL, 10) : 0;
}

static bool on(const gan_config *c, const char *name) {
    gan_setting s;
    return gan_config_find(c, name, &s) && !strcmp(s.value, "true");
}

/* Why the watcher ended it, and what can be tried. */
static int tell_verdict(const gan_watch_verdict *v, const char *out) {
    printf("%s\n", v->text);
    for (int i = 0; i < v->n_remedies; i++)
        printf("%s%s: %s\n", i ? "  " : "what can be tried, in this order:\n  ", v->remedies[i].advice, v->remedies[i].how);
    printf("\"gan resume %s\" goes on all the same, with changes by --set; --with and --preset are for a new run:\n"
           "\"gan train --like %s --out FOLDER ...\"\n",
           out, out);
    return EXIT_FAILED;
}

static int tell_end(const gan_config *c, const gan_trainer *t, const progress *p) {
    gan_setting out;
    gan_config_find(c, "out", &out);
    end_live_line();
    if (gan_trainer_stopped(t)) {
        gan_watch_verdict v = gan_trainer_verdict(t);
        if (p->quiet) return !interrupted && gan_watch_is_failure(v.kind) ? EXIT_FAILED : EXIT_INTERRUPTED;
        printf("stopped after step %lld", (long long)gan_trainer_steps(t));
        if (!interrupted && gan_watch_is_failure(v.kind)) return printf(": "), tell_verdict(&v, out.value);
        printf("; \"gan resume %s\" goes on\n", out.value);
        return EXIT_INTERRUPTED;
    }
    if (p->quiet) return EXIT_OK;
    if (p->first >= p->last)
        printf("%lld steps had been taken already: \"gan resume %s --set steps=N\" goes on to N\n", (long long)p->first,
               out.value);
    else if (gan_trainer_steps(t) < p->last)
        printf("the time is up after step %lld; \"gan resume %s\" goes on\n", (long long)gan_trainer_steps(t), out.value);
    else
        printf("%lld steps are done; samples%s and checkpoint are in %s\n", (long long)p->last,
               on(c, "no_report") ? "" : ", report.html", out.value);
    return EXIT_OK;
}

/* A terminal that can go back on a line, and colours unless NO_COLOR (no-color.org) forbids them. */
static bool capable(void) {
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static bool colours_wanted(void) {
    const char *no = getenv("NO_COLOR");
    return !no || !*no;
}

int run_training(const command *self, gan_config *c, gan_trainer *t, bool quiet) {
    progress p = {.first = gan_trainer_steps(t),
                  .last = whole(c, "steps"),
                  .batch = whole(c, "batch") * whole(c, "pack"),
                  .live = capable(),
                  .coloured = colours_wanted(),
                  .quiet = quiet,
                  .watched = !on(c, "no_watch"),
                  .started = seconds()};
    running = t;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    gan_status status = gan_config_train(c, t, show, &p);
    running = NULL;
    if (status == GAN_OK) return tell_end(c, t, &p);
    end_live_line();
    return failure(self, gan_module_ctx(gan_trainer_generator(t)));
}
