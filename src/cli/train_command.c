/* gan train, gan resume */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "run_progress.h"

/* --- gan train --------------------------------------------------------------------------------------------------- */

enum { DATA = 1, MODEL, PRESET, WITH, WITHOUT, SET, STEPS, OUT, SEED, THREADS, LIKE, BOARD, DRY_RUN, OVERWRITE, QUIET, HELP };

static const struct option options[] = {{"data", 1, 0, DATA},
                                        {"model", 1, 0, MODEL},
                                        {"preset", 1, 0, PRESET},
                                        {"with", 1, 0, WITH},
                                        {"without", 1, 0, WITHOUT},
                                        {"set", 1, 0, SET},
                                        {"steps", 1, 0, STEPS},
                                        {"out", 1, 0, OUT},
                                        {"seed", 1, 0, SEED},
                                        {"threads", 1, 0, THREADS},
                                        {"like", 1, 0, LIKE},
                                        {"tensorboard", 0, 0, BOARD},
                                        {"dry-run", 0, 0, DRY_RUN},
                                        {"overwrite", 0, 0, OVERWRITE},
                                        {"quiet", 0, 0, QUIET},
                                        {"help", 0, 0, HELP},
                                        {0}};

/* Options that are other words for settings. */
static const char *const settings[] = {
    [DATA] = "data.path", [MODEL] = "net.model", [STEPS] = "steps", [OUT] = "out", [SEED] = "seed", [THREADS] = "threads"};

typedef struct switches {
    bool dry_run, overwrite, quiet;
} switches;

static void set(gan_config *c, const char *name, const char *value) {
    char text[GAN_SETTING_TEXT + 64];
    snprintf(text, sizeof text, "%s=%s", name, value);
    gan_config_set(c, text);
}

static void take_run(gan_config *c, const char *run) {
    char path[PATH_ROOM];
    if (!join_path(run, "run.ini", path)) return;
    gan_config_read(c, path);
    set(c, "out", "");
}

static void take_change(gan_config *c, int option, const char *value, switches *s) {
    switch (option) {
    case WITH: gan_config_with(c, value); break;
    case WITHOUT: gan_config_without(c, value); break;
    case SET: gan_config_set(c, value); break;
    case BOARD: set(c, "tensorboard", "true"); break;
    case DRY_RUN: s->dry_run = true; break;
    case OVERWRITE: s->overwrite = true; break;
    case QUIET: s->quiet = true; break;
    case LIKE:
    case PRESET: break;
    default: set(c, settings[option], value);
    }
}

/* The options are gone through four times: first to find faults and the file (what is no option moves to the end), then for what a
 * configuration starts from, another run and a preset wherever they stand, then for the changes. -1: go on, otherwise the exit status. */
enum pass { LOOK, RUN, NAMED, CHANGES };
static int take_options(const command *self, gan_config *c, int argc, char **argv, enum pass pass, switches *s) {
    int option;
    optind = 0; /* from the start again */
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?') return option_error(self, argv, options);
        if (option == HELP) return print_help(self);
        if (pass == RUN && option == LIKE) take_run(c, optarg);
        if (pass == NAMED && option == PRESET) gan_config_preset(c, optarg);
        if (pass == CHANGES) take_change(c, option, optarg, s);
    }
    return -1;
}

static int configure(const command *self, gan_config *c, int argc, char **argv, switches *s) {
    int status = take_options(self, c, argc, argv, LOOK, s);
    if (status < 0 && argc - optind > 1) status = usage_error(self, "more than one file: %s", argv[optind + 1]);
    if (status >= 0) return status;
    if (optind < argc) gan_config_read(c, argv[optind]);
    take_options(self, c, argc, argv, RUN, s);
    take_options(self, c, argc, argv, NAMED, s);
    return take_options(self, c, argc, argv, CHANGES, s);
}

static int print_net(gan_module *m, const char *name) {
    int64_t count = 0;
    for (int i = 0; i < gan_module_param_count(m); i++)
        if (!gan_module_param(m, i)->buffer) count += gan_count(gan_module_param(m, i)->tensor);
    return printf("# %s has %lld parameters\n", name, (long long)count);
}

/* In the order in which one would go on from them. */
static const char *const checkpoints[] = {"checkpoint", "good", "best", "failed"};
enum { CHECKPOINTS = sizeof checkpoints / sizeof *checkpoints };

static bool checkpoint_path(const char *run, const char *name, char path[PATH_ROOM]) {
    char file[64];
    snprintf(file, sizeof file, "%s.safetensors", name);
    return join_path(run, file, path);
}

/* The first there is; NULL: the folder holds none. */
static const char *checkpoint_in(const char *run) {
    char path[PATH_ROOM];
    for (int i = 0; i < CHECKPOINTS; i++)
        if (checkpoint_path(run, checkpoints[i], path) && file_exists(path)) return checkpoints[i];
    return NULL;
}

static int train(const command *self, gan_config *c, gan_ctx *ctx, const switches *s) {
    gan_setting out;
    gan_config_find(c, "out", &out);
    if (!s->dry_run && !*out.value) return usage_error(self, "where to? --out FOLDER");
    const char *held = s->dry_run || s->overwrite ? NULL : checkpoint_in(out.value);
    if (held) {
        bool other = strcmp(held, checkpoints[0]) != 0;
        fprintf(stderr, "gan train: %s holds a run: \"gan resume %s%s%s\" goes on with it, --overwrite goes over it\n", out.value,
                out.value, other ? " --from " : "", other ? held : "");
        return EXIT_USAGE;
    }
    gan_trainer *t = gan_config_trainer(c, ctx);
    if (s->dry_run) gan_config_check(c, t);
    if (gan_ctx_status(ctx)) return failure(self, ctx);
    if (!s->dry_run) return run_training(self, c, t, s->quiet);
    print_net(gan_trainer_generator(t), "G");
    print_net(gan_trainer_discriminator(t), "D");
    printf("%s", gan_config_text(c));
    return EXIT_OK;
}

static int run_train(const command *self, int argc, char **argv) {
    switches s = {0};
    gan_ctx *words = new_context((gan_ctx_opts){.threads = 1});
    gan_config *c = gan_config_new(words);
    int status = configure(self, c, argc, argv, &s);
    if (status < 0 && gan_ctx_status(words)) status = failure(self, words);
    if (status < 0) {
        gan_ctx *ctx = new_context(gan_config_ctx(c));
        status = train(self, c, ctx, &s);
        if (status == EXIT_OK && gan_ctx_status(words)) status = failure(self, words);
        gan_ctx_free(ctx);
    }
    gan_ctx_free(words);
    return status;
}

const command train_command = {
    "train", "--data PATH --out FOLDER [OPTION]... [FILE]", "trains a generator and a discriminator from the start",
    "  --data PATH         a folder of images (subfolders are classes), an IDX file, a CIFAR-10 .bin file; or ring or grid\n"
    "  --out FOLDER        where samples, metrics, the checkpoint and run.ini go\n"
    "  --preset NAME       a published configuration to start from (\"gan presets\" lists them)\n"
    "  --model NAME        dcgan, resnet or mlp\n"
    "  --with TRICK        takes a trick on: instance_noise:sigma=0.1,until=20000 (\"gan tricks\" lists them)\n"
    "  --without TRICK     lets one go that the preset or the file has\n"
    "  --set NAME=VALUE    any setting: d.lr=4e-4, batch=128; NAME*=FACTOR multiplies it\n"
    "  --steps N           steps to take\n"
    "  --seed N            of all random numbers: the same seed gives the same run\n"
    "  --threads N         0: one per processor. The run does not depend on it\n"
    "  --tensorboard       event files for TensorBoard in the run folder, too\n"
    "  --like FOLDER       the configuration of another run, from step 0\n"
    "  --dry-run           prints the whole configuration, as a file, and trains nothing\n"
    "  --overwrite         goes over a run that FOLDER holds\n"
    "  --quiet             tells nothing but warnings and errors\n\n"
    "FILE is a configuration, as --dry-run prints it. It is read first, then --like, then --preset, then the others in their "
    "order.\n"
    "Ctrl-C ends the run after its current step, with a checkpoint.\n",
    run_train};

/* --- gan resume -------------------------------------------------------------------------------------------------- */

static int no_checkpoint(const char *run, const char *path) {
    const char *other = checkpoint_in(run);
    if (other)
        fprintf(stderr, "gan resume: there is no %s, but there is --from %s\n", path, other);
    else
        fprintf(stderr, "gan resume: there is no %s: the run ended before its first checkpoint, and can only be trained anew\n", path);
    return EXIT_FAILED;
}

static int resume(const command *self, gan_config *c, gan_ctx *ctx, const char *run, const char *from, bool quiet) {
    char checkpoint[PATH_ROOM];
    if (!checkpoint_path(run, from, checkpoint)) return EXIT_USAGE;
    if (!file_exists(checkpoint)) return no_checkpoint(run, checkpoint);
    gan_trainer *t = gan_config_trainer(c, ctx);
    gan_trainer_load(t, checkpoint);
    return gan_ctx_status(ctx) ? failure(self, ctx) : run_training(self, c, t, quiet);
}

static bool is_checkpoint(const char *name) {
    for (int i = 0; i < CHECKPOINTS; i++)
        if (!strcmp(checkpoints[i], name)) return true;
    return false;
}

static int run_resume(const command *self, int argc, char **argv) {
    enum { FROM = HELP + 1 };
    static const struct option list[] = {
        {"set", 1, 0, SET}, {"from", 1, 0, FROM}, {"quiet", 0, 0, QUIET}, {"help", 0, 0, HELP}, {0}};
    const char *from = "checkpoint";
    gan_ctx *words = new_context((gan_ctx_opts){.threads = 1});
    gan_config *c = gan_config_new(words);
    bool quiet = false;
    int status = -1, option, n_changes = 0;
    const char **changes = calloc((size_t)argc, sizeof *changes);
    opterr = 0;
    while (changes && status < 0 && (option = getopt_long(argc, argv, "", list, NULL)) != -1) {
        if (option == SET) changes[n_changes++] = optarg;
        if (option == FROM) from = optarg;
        quiet |= option == QUIET;
        if (option == HELP) status = print_help(self);
        if (option == '?') status = option_error(self, argv, list);
    }
    char path[PATH_ROOM];
    if (status < 0 && !is_checkpoint(from))
        status = usage_error(self, "--from is %s: it can be checkpoint, good, best or failed", from);
    if (status < 0 && argc - optind != 1) status = usage_error(self, "one run folder is needed");
    if (status < 0 && !join_path(argv[optind], "run.ini", path)) status = EXIT_USAGE;
    if (status < 0) {
        gan_config_read(c, path);
        set(c, "out", argv[optind]); /* where it is now */
        for (int i = 0; i < n_changes; i++) gan_config_amend(c, changes[i]);
        if (gan_ctx_status(words)) status = failure(self, words);
    }
    if (status < 0) {
        gan_ctx *ctx = new_context(gan_config_ctx(c));
        status = resume(self, c, ctx, argv[optind], from, quiet);
        gan_ctx_free(ctx);
    }
    free(changes);
    gan_ctx_free(words);
    return status;
}

const command resume_command = {
    "resume", "FOLDER [OPTION]...", "goes on with a run, to the byte as if it had not been interrupted",
    "  --set NAME=VALUE    changes a setting: steps=40000, d.lr=1e-4, data.path=... where the data has moved. What the "
    "checkpoint\n"
    "                      depends on cannot change\n"
    "  --from NAME         of the checkpoints in the folder: good is the last but one that was written while the watcher told of\n"
    "                      no failure, best the one that keep_best kept, failed where a run stood when it ended with an error.\n"
    "                      What came after is undone\n"
    "  --quiet             tells nothing but warnings and errors\n",
    run_resume};
