/* gan watch: reads a run's log and explains it. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

enum { NAMES = 512, CHANGES = 64 };

static double number(const gan_config *c, const char *name, double otherwise) {
    gan_setting s;
    return gan_config_find(c, name, &s) ? strtod(s.value, NULL) : otherwise;
}

/* Signs are read by the loss that the run was trained with, remedies chosen by the tricks that it had. */
static void take_run(gan_config *c, const char *ini, gan_watch_opts *o, char names[NAMES]) {
    gan_setting s;
    if (gan_config_read(c, ini)) return;
    if (gan_config_find(c, "loss", &s)) gan_loss_named(s.value, &o->loss);
    o->loss.real_target = number(c, "loss.real_target", o->loss.real_target);
    o->loss.fake_target = number(c, "loss.fake_target", o->loss.fake_target);
    o->loss.gen_target = number(c, "loss.gen_target", o->loss.gen_target);
    o->width = (int64_t)number(c, "net.logits", 0);
    const char *trick;
    for (int i = 0; (trick = gan_config_trick(c, i)); i++) {
        size_t used = strlen(names);
        snprintf(names + used, NAMES - used, "%s%s", i ? " " : "", trick);
    }
    o->in_use = names;
    o->points = gan_config_find(c, "net.model", &s) && !strcmp(s.value, "mlp");
}

/* Verdicts in the order in which they came; of very many the last. */
typedef struct course {
    gan_watch_verdict at[CHANGES];
    int64_t count;
} course;

static void on_change(void *user, const gan_watch_verdict *v) {
    course *all = user;
    all->at[all->count++ % CHANGES] = *v;
}

static void print_verdict(gan_watch_verdict *v, course *all) {
    printf("%s\n", printable(v->text));
    if (v->n_remedies) printf("\nwhat can be tried, in this order:\n");
    for (int i = 0; i < v->n_remedies; i++)
        printf("  %-13s %-62s %s\n", v->remedies[i].stage, v->remedies[i].advice, v->remedies[i].how);
    if (all->count) printf("\nhow it came, up to step %lld:\n", (long long)v->step);
    for (int64_t i = all->count > CHANGES ? all->count - CHANGES : 0; i < all->count; i++) {
        gan_watch_verdict *before = &all->at[i % CHANGES];
        printf("  step %-8lld %s\n", (long long)before->step, printable(before->text));
    }
}

static int watch(const command *self, gan_ctx *ctx, const char *path, const char *loss) {
    char ini[PATH_ROOM], log[PATH_ROOM], names[NAMES] = "";
    gan_watch_opts o = {.loss = gan_loss_non_saturating()};
    bool file = strlen(path) > 6 && !strcmp(path + strlen(path) - 6, ".jsonl");
    if (loss && !gan_loss_named(loss, &o.loss)) return usage_error(self, "there is no loss called \"%s\"", loss);
    if (!join_path(path, "run.ini", ini) || !join_path(path, "metrics.jsonl", log)) return EXIT_USAGE;
    if (!file && !loss && file_exists(ini)) take_run(gan_config_new(ctx), ini, &o, names);
    if (gan_ctx_status(ctx)) return failure(self, ctx);
    course *all = calloc(1, sizeof *all);
    gan_watch_verdict v;
    int status = EXIT_OK;
    if (!all || gan_watch_log(ctx, file ? path : log, o, &v, on_change, all))
        status = failure(self, ctx);
    else
        print_verdict(&v, all);
    free(all);
    return status;
}

static int run_watch(const command *self, int argc, char **argv) {
    enum { LOSS = 1, HELP };
    static const struct option list[] = {{"loss", 1, 0, LOSS}, {"help", 0, 0, HELP}, {0}};
    const char *loss = NULL;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", list, NULL)) != -1;) {
        if (option == HELP) return print_help(self);
        if (option != LOSS) return option_error(self, argv, list);
        loss = optarg;
    }
    if (argc - optind != 1) return usage_error(self, "one run folder or metrics.jsonl is needed");
    gan_ctx *ctx = new_context((gan_ctx_opts){.threads = 1});
    int status = watch(self, ctx, argv[optind], loss);
    gan_ctx_free(ctx);
    return status;
}

const command watch_command = {
    "watch", "FOLDER|metrics.jsonl [--loss NAME]", "reads a run's log and tells how the run goes, and what can be tried",
    "  --loss NAME         the log is of a run with this loss; else run.ini tells it, else it is non_saturating\n\n"
    "The first line is the verdict: healthy, equilibrium, D has won, D is too weak, mode collapse, samples are noise, growing\n"
    "oscillation, steady drift, a sign or label error, D memorises the training set, not a finite number. Then come remedies\n"
    "as options: --set for \"gan resume FOLDER\", --with and --preset for a new run, \"gan train --like FOLDER --out ...\". "
    "Then, how\n"
    "the verdict changed on the way.\n",
    run_watch};
