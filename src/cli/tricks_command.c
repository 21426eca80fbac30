/* gan tricks, gan presets: what there is to choose from. */
#include <ctype.h>
#include <getopt.h>
#include <string.h>

#include "commands.h"

enum { MARKDOWN = 1, HELP };

/* Is this a part of the schedule whose value has just been told? Those are the same for all. */
static bool is_part(const gan_setting *o, const char *last) {
    size_t n = strlen(last);
    return n && !strncmp(o->name, last, n) && o->name[n] == '.';
}

static void print_options(const gan_advice *a) {
    gan_setting o;
    char last[96] = "", assignment[192];
    for (int i = 0; gan_advice_option(a, i, &o); i++) {
        if (is_part(&o, last)) {
            if (!strcmp(o.name + strlen(last), ".shape"))
                printf("        %s.shape, .until, ...: how it changes, see the end\n", last);
            continue;
        }
        snprintf(last, sizeof last, "%s", o.name);
        snprintf(assignment, sizeof assignment, "%s=%.60s", o.name, o.value);
        printf("        %-26s %s: %s\n", assignment, o.help, o.range);
    }
}

static void print_advice(const gan_advice *a) {
    printf("%-8s %-26s %-5s %s%s%s%s\n", a->sections, a->name ? a->name : "-", a->player, a->brief, *a->paper ? " (" : "",
           a->paper, *a->paper ? ")" : "");
    print_options(a);
    printf("        %s%s\n\n", a->name ? "gan train ... " : "", a->how);
}

static const char *part_of(const gan_advice *a) {
    static const char *const parts[][2] = {{"1.1", "Mode collapse: training"},
                                           {"1.2", "Mode collapse: objective"},
                                           {"1.3", "Mode collapse: architecture"},
                                           {"2", "Slow training, vanishing gradients"},
                                           {"3", "No convergence"},
                                           {"4", "Overfitting"},
                                           {"6", "Practice"}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strncmp(a->sections, parts[i][0], strlen(parts[i][0]))) return parts[i][1];
    return NULL;
}

static void print_presets_markdown(void) {
    const char *name;
    printf("\n## Presets\n\n| name | | paper |\n|---|---|---|\n");
    for (int i = 0; (name = gan_preset_name(i)); i++) {
        gan_preset p = gan_preset_of(name);
        printf("| `%s` | %s | %s |\n", p.name, p.brief, p.paper);
    }
}

static void print_options_markdown(const gan_advice *a) {
    gan_setting o;
    char last[96] = "";
    for (int k = 0; gan_advice_option(a, k, &o); k++) {
        if (k == 0) printf("\n| option | default | range | |\n|---|---|---|---|\n");
        if (is_part(&o, last)) continue;
        snprintf(last, sizeof last, "%s", o.name);
        printf("| `%s` | %s | %s | %s |\n", o.name, o.value, o.range, o.help);
    }
}

/* The middle of docs/tricks.md. */
static void print_markdown(void) {
    const char *part = "";
    const gan_advice *a;
    for (int i = 0; (a = gan_advice_of(i)); i++) {
        const char *now = part_of(a);
        if (now && strcmp(part, now)) printf("%s## %s\n", i ? "\n" : "", now);
        if (now) part = now;
        printf("\n### %s%s%s\n\n", a->name ? a->name : a->brief, *a->sections ? ", " : "", a->sections);
        if (!a->name) {
            printf("%s.\n", a->how);
            continue;
        }
        printf("%c%s. Player: %s.%s%s%s\n\n    gan train ... %s\n    %s\n", toupper((unsigned char)a->brief[0]), a->brief + 1,
               a->player, *a->paper ? " Paper: " : "", a->paper, *a->paper ? "." : "", a->how, a->c);
        print_options_markdown(a);
    }
    print_presets_markdown();
}

/* With the nearest name, which the configuration knows. */
static int unknown(const command *self, const char *name) {
    gan_ctx *ctx = new_context((gan_ctx_opts){.threads = 1});
    gan_config_with(gan_config_new(ctx), name);
    int status = failure(self, ctx);
    gan_ctx_free(ctx);
    return status;
}

static bool is_advice(const char *name) {
    const gan_advice *a;
    for (int i = 0; (a = gan_advice_of(i)); i++)
        if (a->name && !strcmp(a->name, name)) return true;
    return false;
}

static int run_tricks(const command *self, int argc, char **argv) {
    static const struct option list[] = {{"markdown", 0, 0, MARKDOWN}, {"help", 0, 0, HELP}, {0}};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "", list, NULL)) != -1;) {
        if (option == HELP) return print_help(self);
        if (option != MARKDOWN) return option_error(self, argv, list);
        print_markdown();
        return EXIT_OK;
    }
    for (int k = optind; k < argc; k++)
        if (!is_advice(argv[k])) return unknown(self, argv[k]);
    const gan_advice *a;
    for (int i = 0; (a = gan_advice_of(i)); i++) {
        bool wanted = optind == argc;
        for (int k = optind; k < argc; k++) wanted |= a->name && !strcmp(a->name, argv[k]);
        if (wanted) print_advice(a);
    }
    printf("A value that can change has parts: .shape constant, linear, cosine, exponential or steps; .to, .from, .until;\n"
           "for steps .factor and .every; .warmup; .cut. \"sigma=0.1,until=20000\" is linear to 0.\n");
    return EXIT_OK;
}
const command tricks_command = {"tricks", "[NAME]...",
                                "lists the article's tricks: section, options with defaults and ranges, player, paper",
                                "  --markdown          as a page of the documentation\n", run_tricks};

static int run_presets(const command *self, int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--help")) return print_help(self);
    if (argc > 1) return usage_error(self, "it takes no arguments");
    const char *name;
    for (int i = 0; (name = gan_preset_name(i)); i++) {
        gan_preset p = gan_preset_of(name);
        printf("%-10s %s%s%s%s\n", p.name, p.brief, *p.paper ? " (" : "", p.paper, *p.paper ? ")" : "");
    }
    return EXIT_OK;
}

const command presets_command = {"presets", "", "lists the published configurations",
                                 "\"gan train --preset NAME --dry-run ...\" prints all of one.\n", run_presets};
