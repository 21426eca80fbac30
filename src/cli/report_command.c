/* gan report: a run folder as one page. */
#include <string.h>

#include "commands.h"

static int run_report(const command *self, int argc, char **argv) {
    char page[PATH_ROOM];
    if (argc > 1 && !strcmp(argv[1], "--help")) return print_help(self);
    if (argc != 2 || *argv[1] == '-') return usage_error(self, "one run folder is needed");
    if (!join_path(argv[1], "report.html", page)) return EXIT_USAGE;
    gan_ctx *ctx = new_context((gan_ctx_opts){.threads = 1});
    int status = gan_report_write(ctx, argv[1]) ? failure(self, ctx) : EXIT_OK;
    if (status == EXIT_OK) printf("%s\n", page);
    gan_ctx_free(ctx);
    return status;
}

const command report_command = {
    "report", "FOLDER", "makes a run's page anew: verdict, samples, curves, configuration",
    "Writes report.html and samples/progress.png in the run folder from what lies there, as training does by itself,\n"
    "and tells where the page is. It needs neither the network nor any other file.\n",
    run_report};
