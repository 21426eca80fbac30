/* gan settings: what a configuration consists of. */
#include <string.h>

#include "commands.h"

/* "net" is all of net.*, "net.features" is one. */
static bool is_of(const char *setting, const char *name) {
    size_t n = strlen(name);
    return !strncmp(setting, name, n) && (!setting[n] || setting[n] == '.');
}

static void print_setting(const gan_setting *s) {
    char assignment[sizeof s->name + 64];
    snprintf(assignment, sizeof assignment, "%s=%.60s", s->name, s->value);
    printf("%-28s %s [%s%s]\n", assignment, s->help, s->range, s->fixed ? "; fixed" : "");
}

static int print_settings(gan_config *c, const char *name) {
    gan_setting s;
    int shown = 0;
    for (int i = 0; gan_config_setting(c, i, &s); i++)
        if (!name || is_of(s.name, name)) print_setting(&s), shown++;
    return shown;
}

/* With the nearest name, which the configuration knows. */
static int unknown(const command *self, gan_config *c, gan_ctx *ctx, const char *name) {
    char text[GAN_SETTING_TEXT];
    snprintf(text, sizeof text, "%s=0", name);
    gan_config_set(c, text);
    return failure(self, ctx);
}

static int run_settings(const command *self, int argc, char **argv) {
    static const gan_option none[] = {{.name = NULL}};
    int status = read_options(self, none, NULL, argc, argv);
    if (status >= 0) return status;
    gan_ctx *ctx = new_context((gan_ctx_opts){.threads = 1});
    gan_config *c = gan_config_new(ctx);
    if (optind == argc) print_settings(c, NULL);
    for (; status < 0 && optind < argc; optind++)
        if (!print_settings(c, argv[optind])) status = unknown(self, c, ctx, argv[optind]);
    gan_ctx_free(ctx);
    return status < 0 ? EXIT_OK : status;
}

const command settings_command = {
    "settings", "[NAME]...", "lists the settings: defaults, meanings, ranges",
    "NAME is a setting, net.features, or a group of them, net. They are what --set of \"gan train\" and \"gan resume\" takes, "
    "and the\n"
    "lines of run.ini. \"fixed\" are those that cannot change when a run goes on. The options of tricks are in \"gan tricks\".\n",
    run_settings};
