/* The program `gan`: what its commands share. It uses the public interface alone. */
#ifndef GAN__COMMANDS_H
#define GAN__COMMANDS_H

#include <gan/gan.h>
#include <getopt.h>
#include <stdio.h>

/* A command gets its arguments, argv[0] being its name, and returns the program's exit status. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

typedef struct command {
    const char *name;
    const char *usage; /* what stands behind the name */
    const char *brief;
    const char *help;
    int (*run)(const struct command *self, int argc, char **argv);
} command;

extern const command train_command, resume_command, sample_command, eval_command, classifier_command, report_command,
    inspect_command, watch_command, tricks_command, presets_command, settings_command;

/* Prints the command's help; EXIT_OK. */
int print_help(const command *self);

/* "gan train: message" on stderr, with where to find help; EXIT_USAGE. */
int usage_error(const command *self, const char *format, ...) GAN_PRINTF(2, 3);

/* The same for what getopt_long has just not taken: an option that is none, with the nearest that is one, the beginning of
 * several, or one without its value. */
int option_error(const command *self, char **argv, const struct option *options);

/* Reads options that are rows of a table into opts, as --name VALUE or, of BOOL, --name, and -n VALUE where the name is a letter;
 * and --help. -1: go on, at optind, otherwise the exit status. */
int read_options(const command *self, const gan_option *rows, void *opts, int argc, char **argv);

/* The context's error on stderr; EXIT_FAILED. */
int failure(const command *self, const gan_ctx *ctx);

/* Text from a file, for a terminal: control characters become ?. In place. */
char *printable(char *text);

/* Can a file be made there? False (told): no, and why. To be asked before the work whose result it will hold. */
bool can_write(const command *self, const char *path);

/* A context whose messages go to stderr. */
gan_ctx *new_context(gan_ctx_opts opts);

/* path/name, into text; false (told): too long. */
#define PATH_ROOM 4096
bool join_path(const char *folder, const char *name, char path[PATH_ROOM]);
bool file_exists(const char *path);

#endif
