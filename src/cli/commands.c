#include "commands.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run_progress.h"

static const command *const commands[] = {&train_command,      &resume_command,  &sample_command,  &eval_command,
                                          &classifier_command, &report_command,  &inspect_command, &watch_command,
                                          &tricks_command,     &presets_command, &settings_command};
enum { COMMANDS = sizeof commands / sizeof *commands };

int print_help(const command *self) {
    printf("usage: gan %s %s\n\n%s\n\n%s", self->name, self->usage, self->brief, self->help);
    return EXIT_OK;
}

int usage_error(const command *self, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "gan %s: ", self->name);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n\"gan %s --help\" tells how it is used\n", self->name);
    va_end(args);
    return EXIT_USAGE;
}

int option_error(const command *self, char **argv, const struct option *options) {
    const char *names[32];
    char name[64];
    int n = 0, begin = 0;
    if (optopt > ' ' && optopt < 127) return usage_error(self, "there is no option -%c", optopt);
    const char *given = argv[optind - 1], *word = given + strspn(given, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (; options[n].name && n < 31; n++) {
        names[n] = options[n].name;
        begin += !strncmp(name, names[n], strlen(name));
        if (strcmp(name, names[n])) continue;
        return usage_error(self, options[n].has_arg ? "--%s needs a value" : "--%s takes no value", name);
    }
    names[n] = NULL;
    const char *near = gan_nearest_word(name, names);
    if (begin > 1) return usage_error(self, "%s is the beginning of several options", given);
    if (near) return usage_error(self, "there is no option %s: did you mean --%s?", given, near);
    return usage_error(self, "there is no option %s", given);
}

int failure(const command *self, const gan_ctx *ctx) {
    fprintf(stderr, "gan %s: %s\n", self->name, gan_ctx_message(ctx));
    return gan_ctx_status(ctx) == GAN_E_ARG ? EXIT_USAGE : EXIT_FAILED;
}

static void on_log(void *user, gan_log_level level, const char *message) {
    (void)user;
    static const char *const levels[] = {"", "warning: ", "error: "};
    clear_live_line();
    fprintf(stderr, "%s%s\n", levels[level], message);
}

gan_ctx *new_context(gan_ctx_opts opts) {
    opts.log = on_log;
    return gan_ctx_new(opts);
}

bool join_path(const char *folder, const char *name, char path[PATH_ROOM]) {
    int n = snprintf(path, PATH_ROOM, "%s/%s", folder, name);
    if (n < PATH_ROOM) return true;
    fprintf(stderr, "gan: the path %.40s... is too long\n", folder);
    return false;
}

bool file_exists(const char *path) {
    struct stat s;
    return stat(path, &s) == 0;
}

char *printable(char *text) {
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 127) *p = '?';
    return text;
}

bool can_write(const command *self, const char *path) {
    const char *slash = strrchr(path, '/');
    char folder[PATH_ROOM];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (!access(folder, W_OK | X_OK)) return true;
    fprintf(stderr, "gan %s: no file can be made in %s: %s\n", self->name, folder, strerror(errno));
    return false;
}

static int overview(FILE *to) {
    fprintf(to, "usage: gan COMMAND ...\n\nTrains generative adversarial networks (libgan %s).\n\n", gan_version());
    for (int i = 0; i < COMMANDS; i++) fprintf(to, "  %-10s  %s\n", commands[i]->name, commands[i]->brief);
    fprintf(to, "\n\"gan COMMAND --help\" tells more; gan(1) is the manual.\n");
    return to == stdout ? EXIT_OK : EXIT_USAGE;
}

static const command *find(const char *name) {
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i]->name, name)) return commands[i];
    return NULL;
}

static int unknown_command(const char *name) {
    const char *names[COMMANDS + 1] = {NULL}, *near;
    for (int i = 0; i < COMMANDS; i++) names[i] = commands[i]->name;
    fprintf(stderr, "gan: there is no command \"%s\"", name);
    if ((near = gan_nearest_word(name, names))) fprintf(stderr, ": did you mean \"%s\"?", near);
    fprintf(stderr, "\n");
    return near ? EXIT_USAGE : overview(stderr);
}

static bool is(const char *text, const char *option) { return !strcmp(text, option); }

static int run(int argc, char **argv) {
    if (argc < 2) return overview(stderr);
    if (is(argv[1], "--help") || is(argv[1], "-h")) return overview(stdout);
    if (is(argv[1], "--version")) {
        printf("gan %s\n", gan_version());
        return EXIT_OK;
    }
    if (is(argv[1], "help")) {
        const command *asked = argc > 2 ? find(argv[2]) : NULL;
        return asked ? print_help(asked) : argc > 2 ? unknown_command(argv[2]) : overview(stdout);
    }
    const command *c = find(argv[1]);
    if (!c) return unknown_command(argv[1]);
    return argc == 3 && is(argv[2], "-h") ? print_help(c) : c->run(c, argc - 1, argv + 1);
}

/* What was printed has arrived, or the program has failed. */
int main(int argc, char **argv) {
    int status = run(argc, argv);
    if (!fflush(stdout) && !ferror(stdout)) return status;
    fprintf(stderr, "gan: the output could not be written: %s\n", strerror(errno));
    return status ? status : EXIT_FAILED;
}
