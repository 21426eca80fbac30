/* gan sample: pictures of what a run's generator makes. The data is not needed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands.h"

typedef struct request {
    char out[PATH_ROOM];
    int64_t n, seed, interpolate, generator, columns;
    double truncation;
    bool raw, best, each;
    const char *run;
} request;

#define ROW(named, kind, field, what, ...) GAN_OPTION_ROW(named, kind, offsetof(request, field), what, __VA_ARGS__)
static const gan_option rows[] = {
    ROW("n", INT64, n, "samples, or rows", .low = 1, .high = 1000000),
    ROW("out", TEXT, out, "the picture", .room = PATH_ROOM),
    ROW("seed", INT64, seed, "of the latents", .high = INFINITY),
    ROW("truncation", NUMBER, truncation, "latents within +-T", .high = INFINITY, .low_open = true),
    ROW("interpolate", INT64, interpolate, "steps from one to another", .low = 2, .high = 1000),
    ROW("generator", INT64, generator, "of several, this one's", .high = 1000),
    ROW("columns", INT64, columns, "of the grid", .low = 1, .high = 10000),
    ROW("raw", BOOL, raw, "G's own weights"),
    ROW("best", BOOL, best, "the best checkpoint"),
    ROW("each", BOOL, each, "one file for each"),
    {.name = NULL},
};

/* --- latents ---------------------------------------------------------------------------------------------------- */

/* sin((1-t)w)/sin(w) a + sin(tw)/sin(w) b, w the angle between them: the shell of normal latents is not left. */
static void arc(const gan_real *a, const gan_real *b, double t, int64_t n, gan_real *to) {
    double aa = 0, bb = 0, ab = 0;
    for (int64_t i = 0; i < n; i++) aa += (double)a[i] * a[i], bb += (double)b[i] * b[i], ab += (double)a[i] * b[i];
    double cosine = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 1;
    double w = acos(fmax(-1, fmin(1, cosine)));
    double of_a = w > 1e-6 ? sin((1 - t) * w) / sin(w) : 1 - t, of_b = w > 1e-6 ? sin(t * w) / sin(w) : t;
    for (int64_t i = 0; i < n; i++) to[i] = (gan_real)(of_a * a[i] + of_b * b[i]);
}

/* n rows of `steps` latents each, from one drawn latent to another. */
static gan_tensor *arcs(gan_trainer *t, const request *r) {
    gan_tensor *ends = gan_trainer_latents(t, 2 * r->n, (uint64_t)r->seed, r->truncation);
    if (gan_is_nil(ends)) return ends;
    int64_t size = gan_shape_of(ends).d[1], steps = r->interpolate;
    const gan_real *z = gan_data(ends);
    gan_real *all = malloc((size_t)(r->n * steps * size) * sizeof *all);
    if (!all) {
        gan_ctx_fail(gan_ctx_of(ends), GAN_E_MEMORY, "no memory for %lld latents", (long long)(r->n * steps));
        return ends;
    }
    for (int64_t i = 0; i < r->n; i++)
        for (int64_t k = 0; k < steps; k++)
            arc(z + 2 * i * size, z + (2 * i + 1) * size, (double)k / (double)(steps - 1), size, all + (i * steps + k) * size);
    gan_tensor *made = gan_from(gan_ctx_of(ends), gan_shape2(r->n * steps, size), all);
    free(all);
    return made;
}

/* --- files ------------------------------------------------------------------------------------------------------ */

/* "grid.png" becomes "grid-0007.png". */
static void write_each(gan_tensor *x, const char *out) {
    int64_t n = gan_shape_of(x).d[0];
    const char *point = strrchr(out, '.');
    int stem = point && !strchr(point, '/') ? (int)(point - out) : (int)strlen(out);
    for (int64_t i = 0; i < n && gan_ctx_status(gan_ctx_of(x)) == GAN_OK; i++) {
        char path[PATH_ROOM];
        snprintf(path, sizeof path, "%.*s-%04lld.png", stem, out, (long long)i);
        gan_write_grid(gan_slice(x, 0, i, 1), path, (gan_grid_opts){0});
    }
}

/* Which of several generators made which sample; NULL: there is but one. */
static gan_tensor *makers(gan_trainer *t, gan_tensor *x, const request *r) {
    int64_t n = gan_shape_of(x).d[0], k = gan_generator_count(gan_trainer_generator(t));
    if (k < 2 || r->generator >= 0 || r->interpolate) return NULL;
    gan_real *number = malloc((size_t)n * sizeof *number);
    for (int64_t i = 0; number && i < n; i++) number[i] = (gan_real)(i % k);
    gan_tensor *made = number ? gan_from(gan_ctx_of(x), gan_shape1(n), number) : NULL;
    free(number);
    return made;
}

static int sample(const command *self, const request *r, gan_config *c, gan_ctx *ctx) {
    char checkpoint[PATH_ROOM];
    if (!join_path(r->run, r->best ? "best.safetensors" : "checkpoint.safetensors", checkpoint)) return EXIT_USAGE;
    gan_trainer *t = gan_config_sampler(c, ctx, checkpoint);
    if (gan_ctx_status(ctx)) return failure(self, ctx);
    gan_tensor *z = r->interpolate ? arcs(t, r) : gan_trainer_latents(t, r->n, (uint64_t)r->seed, r->truncation);
    gan_tensor *x = gan_trainer_sample_with(t, z,
                                            (gan_sample_opts){.raw = r->raw,
                                                              .one_generator = r->generator >= 0,
                                                              .generator = r->generator < 0 ? 0 : (int)r->generator});
    if (gan_ctx_status(ctx)) return failure(self, ctx);
    if (r->each)
        write_each(x, r->out);
    else
        gan_write_grid(
            x, r->out,
            (gan_grid_opts){.columns = r->columns ? (int)r->columns : (int)r->interpolate, .gap = 2, .group = makers(t, x, r)});
    return gan_ctx_status(ctx) ? failure(self, ctx) : EXIT_OK;
}

/* A picture is a PNG, whatever it is called. */
static bool is_png(const char *path) {
    size_t n = strlen(path);
    return n > 4 && !strcasecmp(path + n - 4, ".png");
}

static int run_sample(const command *self, int argc, char **argv) {
    request r = {.n = 64, .generator = -1};
    int status = read_options(self, rows, &r, argc, argv);
    if (status >= 0) return status;
    if (argc - optind != 1) return usage_error(self, "one run folder is needed");
    if (!r.out[0]) return usage_error(self, "where to? --out grid.png");
    if (!is_png(r.out)) return usage_error(self, "--out is %s, but pictures are PNG files: call it .png", r.out);
    r.run = argv[optind];
    char path[PATH_ROOM];
    if (!join_path(r.run, "run.ini", path)) return EXIT_USAGE;
    gan_ctx *words = new_context((gan_ctx_opts){.threads = 1});
    gan_config *c = gan_config_new(words);
    if (gan_config_read(c, path)) {
        status = failure(self, words);
    } else {
        gan_ctx *ctx = new_context(gan_config_ctx(c));
        status = sample(self, &r, c, ctx);
        gan_ctx_free(ctx);
    }
    gan_ctx_free(words);
    return status;
}

const command sample_command = {
    "sample", "FOLDER --out grid.png [OPTION]...", "makes pictures with a run's generator",
    "  -n, --n N           samples, or rows with --interpolate; 64\n"
    "  --out FILE.png      one grid; with --each FILE-0000.png, FILE-0001.png, ...\n"
    "  --seed N            of the latents: the same seed gives the same samples; 0\n"
    "  --truncation T      normal latents within +-T only: fewer kinds of samples, better ones\n"
    "  --interpolate K     each row goes in K steps from one sample to another\n"
    "  --generator K       of several generators, this one's samples only\n"
    "  --columns N         of the grid\n"
    "  --raw               G's own weights, not their average\n"
    "  --best              from the best checkpoint (settings eval_every and keep_best), not the last\n"
    "  --each              one file for each sample\n\n"
    "The data of the run is not needed.\n",
    run_sample};
