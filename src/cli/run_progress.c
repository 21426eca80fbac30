#include "run_progress.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A terminal has one line that changes; elsewhere a line comes now and then. */
typedef struct progress {
    int64_t first, last;
    int64_t batch;
    bool live, quiet;
    double started, shown;
} progress;

static gan_trainer *volatile running; /* for the signal handler */

static void on_signal(int number) {
    (void)number;
    gan_trainer_stop(running);
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void span(double s, char text[16]) {
    long n = (long)(s + .5);
    if (n >= 3600)
        snprintf(text, 16, "%ldh %02ldm", n / 3600 % 100000, n / 60 % 60);
    else
        snprintf(text, 16, "%ldm %02lds", n / 60 % 60, n % 60);
}

static void bar(double done, char text[24]) {
    int filled = (int)(20 * done);
    memset(text, '.', 20);
    memset(text, '#', (size_t)(filled < 20 ? filled : 20));
    text[20] = 0;
}

static bool show(void *user, gan_trainer *t, const gan_step_info *s) {
    (void)t;
    progress *p = user;
    double now = seconds(), since = now - p->started;
    bool last = s->step == p->last;
    double interval = p->live ? .2 : 30;
    if (p->quiet || (now - p->shown < interval && !last && s->step != p->first + 1)) return true;
    p->shown = now;
    double rate = (double)(s->step - p->first) / since;
    char left[16], filled[24];
    span((double)(p->last - s->step) / rate, left);
    bar((double)s->step / (double)p->last, filled);
    printf(p->live ? "\r%s%s%s%lld/%lld  D %.4g  G %.4g  %.0f samples/s  %s left%s"
                   : "%s%s%sstep %lld of %lld  D %.4g  G %.4g  %.0f samples/s  %s left%s",
           p->live ? "[" : "", p->live ? filled : "", p->live ? "] " : "", (long long)s->step, (long long)p->last, s->d_loss,
           s->g_loss, rate * (double)p->batch, left, p->live ? "\033[K" : "\n");
    fflush(stdout);
    return true;
}

static int64_t whole(const gan_config *c, const char *name) {
    gan_setting s;
    return gan_config_find(c, name, &s) ? strtoll(s.value, NULL, 10) : 0;
}

static int tell_end(const command *self, gan_config *c, gan_trainer *t, const progress *p) {
    gan_setting out;
    gan_config_find(c, "out", &out);
    if (p->live && !p->quiet) printf("\n");
    if (gan_trainer_stopped(t)) {
        printf("stopped after step %lld; \"gan resume %s\" goes on\n", (long long)gan_trainer_steps(t), out.value);
        return EXIT_INTERRUPTED;
    }
    if (p->first >= p->last)
        printf("%lld steps had been taken already: \"gan resume %s --set steps=N\" goes on to N\n", (long long)p->first,
               out.value);
    else if (!p->quiet)
        printf("%lld steps are done; samples and checkpoint are in %s\n", (long long)p->last, out.value);
    (void)self;
    return EXIT_OK;
}

int run_training(const command *self, gan_config *c, gan_trainer *t, bool quiet) {
    progress p = {.first = gan_trainer_steps(t),
                  .last = whole(c, "steps"),
                  .batch = whole(c, "batch") * whole(c, "pack"),
                  .live = isatty(STDOUT_FILENO),
                  .quiet = quiet,
                  .started = seconds()};
    running = t;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    gan_status status = gan_config_train(c, t, show, &p);
    if (status == GAN_OK) return tell_end(self, c, t, &p);
    if (p.live && !quiet) printf("\n");
    return failure(self, gan_module_ctx(gan_trainer_generator(t)));
}
