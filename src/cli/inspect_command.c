/* gan inspect: what a run's nets are, and what a file of weights holds. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"

/* --- files of weights --------------------------------------------------------------------------------------------- */

typedef struct listing {
    int64_t tensors, elements, not_finite;
} listing;

static bool starts(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

/* Checksums, random streams and counters by the dozen are left out. */
static void print_meta(void *user, const char *key, const char *value) {
    (void)user;
    char line[160];
    if (starts(key, "crc32") || starts(key, "stream.")) return;
    if (!strcmp(key, "counter.step")) key = "step";
    if (starts(key, "counter.")) return;
    snprintf(line, sizeof line, "%-28.60s %.90s", key, value);
    printf("%s\n", printable(line));
}

static void print_tensor(void *user, const gan_file_tensor *t) {
    listing *l = user;
    if (l->tensors++ == 0)
        printf("\n%-44s %-4s %-20s %11s %11s %11s %11s\n", "tensor", "type", "shape", "mean", "deviation", "low", "high");
    char name[160];
    snprintf(name, sizeof name, "%s", t->name);
    printf("%-44s %-4s %-20s %11.4g %11.4g %11.4g %11.4g", printable(name), t->type, t->shape, t->mean, t->deviation, t->low, t->high);
    int64_t bad = starts(t->name, "watch.") ? 0 : t->not_finite; /* there NaN is what nobody has measured yet */
    if (bad) printf("  %lld NOT FINITE", (long long)bad);
    printf("\n");
    l->elements += t->count;
    l->not_finite += bad;
}

static int inspect_weights(const command *self, gan_ctx *ctx, const char *path) {
    listing l = {0};
    if (gan_visit_file(ctx, path, (gan_file_visitor){print_meta, print_tensor, &l})) return failure(self, ctx);
    printf("\n%lld tensors, %lld numbers", (long long)l.tensors, (long long)l.elements);
    if (l.not_finite) printf(", %lld of them not finite", (long long)l.not_finite);
    printf("\n");
    return EXIT_OK;
}

/* --- nets ----------------------------------------------------------------------------------------------------------- */

static int64_t whole(const gan_config *c, const char *name) {
    gan_setting s;
    return gan_config_find(c, name, &s) ? strtoll(s.value, NULL, 10) : 0;
}

static void print_net(const char *name, gan_module *m, gan_shape input) {
    char *text = gan_module_summary(m, input);
    if (text) printf("%s\n%s\n", name, text);
    free(text);
}

static int inspect_nets(const command *self, gan_ctx *ctx, const char *ini) {
    gan_config *c = gan_config_new(ctx);
    gan_config_read(c, ini);
    gan_module *G = gan_config_generator(c, ctx), *D = gan_config_discriminator(c, ctx);
    int64_t pack = whole(c, "pack"), dim = whole(c, "net.dim");
    gan_shape image = gan_shape4(1, whole(c, "net.height"), whole(c, "net.width"), pack * whole(c, "net.channels"));
    print_net("generator", G, gan_shape2(1, gan_latent_size(G)));
    print_net("discriminator", D, dim > 0 ? gan_shape2(1, pack * dim) : image);
    return gan_ctx_status(ctx) ? failure(self, ctx) : EXIT_OK;
}

static int inspect_run(const command *self, gan_ctx *ctx, const char *folder) {
    char ini[PATH_ROOM], checkpoint[PATH_ROOM];
    if (!join_path(folder, "run.ini", ini) || !join_path(folder, "checkpoint.safetensors", checkpoint)) return EXIT_USAGE;
    int status = inspect_nets(self, ctx, ini);
    if (status != EXIT_OK || !file_exists(checkpoint)) return status;
    return gan_visit_file(ctx, checkpoint, (gan_file_visitor){.meta = print_meta}) ? failure(self, ctx) : EXIT_OK;
}

static bool ends(const char *text, const char *with) {
    size_t n = strlen(text), m = strlen(with);
    return n >= m && !strcmp(text + n - m, with);
}

static int run_inspect(const command *self, int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--help")) return print_help(self);
    if (argc != 2) return usage_error(self, "one run folder or file is needed");
    gan_ctx *ctx = new_context((gan_ctx_opts){.threads = 1});
    const char *path = argv[1];
    int status = (ends(path, ".ini")           ? inspect_nets
                  : ends(path, ".safetensors") ? inspect_weights
                                               : inspect_run)(self, ctx, path);
    gan_ctx_free(ctx);
    return status;
}

const command inspect_command = {
    "inspect", "FOLDER|FILE", "summarises a run's nets and checkpoint, or a file of weights",
    "FOLDER is that of a run: layers, shapes, parameters and multiply-adds of both nets, and the state of the\n"
    "checkpoint. FILE is a run.ini (the nets), or a .safetensors (every tensor with its range).\n",
    run_inspect};
