/* Command lines whose options are the rows of a table. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"

enum { MOST = 32, AT_HELP = 1000, FIRST = 1001, WHY = 512 };

static int take(const command *self, const gan_option *row, void *opts, const char *value) {
    char why[WHY];
    if (gan_option_set(row, opts, row->type == GAN_OPTION_BOOL ? "true" : value, why, sizeof why)) return -1;
    return usage_error(self, "--%s %s", row->name, why);
}

int read_options(const command *self, const gan_option *rows, void *opts, int argc, char **argv) {
    struct option list[MOST] = {{"help", 0, 0, AT_HELP}};
    char letters[2 * MOST + 1] = "";
    int n = 1, status = -1, option, n_letters = 0;
    for (const char *name; (name = rows[n - 1].name) && n < MOST - 1; n++) {
        list[n] = (struct option){name, rows[n - 1].type != GAN_OPTION_BOOL, 0, FIRST + n - 1};
        if (!name[1]) letters[n_letters++] = name[0], letters[n_letters++] = ':';
    }
    opterr = 0;
    while (status < 0 && (option = getopt_long(argc, argv, letters, list, NULL)) != -1) {
        if (option == AT_HELP) return print_help(self);
        if (option == '?') return option_error(self, argv, list);
        for (int i = 0; option < AT_HELP && rows[i].name; i++)
            if (rows[i].name[0] == option && !rows[i].name[1]) option = FIRST + i;
        status = take(self, &rows[option - FIRST], opts, optarg);
    }
    return status;
}
