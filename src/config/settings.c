#include "settings.h"

#include <math.h>
#include <string.h>

#include "../train/options.h"

#define ROW(named, type, field, what, ...) GAN_OPTION_ROW(named, type, offsetof(gan__settings, field), what, __VA_ARGS__)
#define COUNT .high = INFINITY
#define FROM_1 .low = 1, .high = INFINITY

static const gan_option run_options[] = {
    ROW("seed", INT64, seed, "of every random stream", COUNT),
    ROW("threads", INT, threads, "0: one per processor", .high = 256),
    ROW("out", TEXT, out, "the run folder", .room = GAN__PATH),
    ROW("steps", INT64, train.steps, "until so many have been taken in all", COUNT),
    ROW("seconds", NUMBER, train.seconds, "processor time after which a session ends, whatever the steps; 0: no limit", COUNT),
    ROW("sample_every", INT64, train.sample_every, "steps between sample grids; 0: none but the last", COUNT),
    ROW("checkpoint_every", INT64, train.checkpoint_every, "steps between checkpoints; 0: at the end only", COUNT),
    ROW("log_every", INT64, train.log_every, "steps between lines in metrics.jsonl", FROM_1),
    ROW("samples", INT, train.samples, "samples in a grid", .low = 1, .high = 65536),
    ROW("no_watch", BOOL, train.no_watch, "nobody looks after the run"),
    ROW("look_every", INT64, train.look_every, "steps between the watcher's looks at samples; 0: 500 of images, else 250", COUNT),
    ROW("eval_every", INT64, train.eval_every, "steps between measurements of the samples (gan eval); 0: none", COUNT),
    ROW("eval_samples", INT64, eval_samples, "samples on each side", .low = 16, .high = INFINITY),
    ROW("eval_classifier", TEXT, eval_classifier, "a file of gan classifier to measure by, too", .room = GAN__PATH),
    ROW("keep_best", TEXT, train.keep_best, "the measure whose best checkpoint stays: coverage, classifier_fid, ...; empty: none",
        .room = sizeof((gan_train_opts *)0)->keep_best),
    ROW("stop_on", TEXT, train.stop_on, "verdicts that end the run: noise,collapse; nothing; empty: d_won",
        .room = sizeof((gan_train_opts *)0)->stop_on),
    ROW("no_report", BOOL, train.no_report, "leaves the page about the run, the animation and status.json out"),
    ROW("tensorboard", BOOL, train.tensorboard, "event files for TensorBoard in the run folder"),
    ROW("ignore_jumps", BOOL, train.ignore_jumps, "a loss that jumps leaves no grid, figure and line"),
    {.name = NULL},
};

static const gan_option data_options[] = {
    ROW("data.path", TEXT, path, "a folder of images, an IDX or .bin file; ring and grid are mixtures of Gaussians",
        .room = GAN__PATH),
    ROW("data.labels", TEXT, labels, "IDX: the label file, if it lies elsewhere", .room = GAN__PATH),
    ROW("data.size", INT64, size, "images are brought to this height and width; 0: as stored", COUNT),
    ROW("data.height", INT64, image_data.height, "where it differs; 0: data.size", COUNT),
    ROW("data.width", INT64, image_data.width, "where it differs; 0: data.size", COUNT),
    ROW("data.channels", INT, image_data.channels, "1 grey, 3 RGB; 0: as stored; folders: RGB if any file is", .high = 3),
    ROW("data.flip", BOOL, image_data.flip, "mirrors half of the images"),
    ROW("data.held_out", NUMBER, image_data.held_out, "fraction kept from training", .high = 1, .high_open = true),
    ROW("data.skip_bad", BOOL, image_data.skip_bad, "leaves unreadable files out"),
    ROW("data.decoders", INT, image_data.decoders, "background threads; 0: 1", .high = 64),
    ROW("data.cache_mb", INT64, image_data.cache_mb, "folders: memory for decoded images; 0: 256, -1: none", .low = -1,
        .high = INFINITY),
    ROW("data.points", INT64, points, "ring, grid: so many points", FROM_1),
    {.name = NULL},
};

/* --- nets ------------------------------------------------------------------------------------------------------ */

static const char *const models[] = {"auto", "dcgan", "resnet", "mlp", NULL};                          /* gan__model_kind */
static const char *const norms[] = {"default", "none", "batch", "layer", "instance", "virtual", NULL}; /* gan_norm_kind */
static const char *const ups[] = {"default", "transposed", "shuffle", "nearest", NULL};                /* gan_up_kind */
static const char *const minibatches[] = {"none", "discrimination", "stddev", NULL};                   /* gan_minibatch_kind */

/* What both structs of nets have. */
#define SHARED(net)                                                                                                              \
    ROW("net.latent", INT64, net.latent, "length of the latents; 0: the model's own", COUNT),                                    \
        ROW("net.slope", NUMBER, net.slope, "of D's LeakyReLU; 0: the model's own", COUNT),                                      \
        ROW("net.dropout", NUMBER, net.dropout, "in D", .high = 1, .high_open = true),                                           \
        ROW("net.g_norm", WORD, net.g_norm, "G's norm", .words = norms),                                                         \
        ROW("net.d_norm", WORD, net.d_norm, "D's norm", .words = norms),                                                         \
        ROW("net.g_spectral", BOOL, net.g_spectral, "spectral norm in G"),                                                       \
        ROW("net.d_spectral", BOOL, net.d_spectral, "spectral norm in D"),                                                       \
        ROW("net.g_slope", NUMBER, net.g_slope, "of LeakyReLU in G; 0: ReLU", COUNT),                                            \
        ROW("net.g_dropout", NUMBER, net.g_dropout, "in G", .high = 1, .high_open = true),                                       \
        ROW("net.g_dropout_always", BOOL, net.g_dropout_always, "when sampling, too"),                                           \
        ROW("net.reference", INT64, net.reference, "samples in virtual batch norm's reference; 0: 64", COUNT),                   \
        ROW("net.generators", INT, net.generators, "several in one net; 0: 1", .high = GAN_MAX_BRANCHES),                        \
        ROW("net.separate", BOOL, net.separate, "they share nothing"),                                                           \
        ROW("net.aux", INT64, net.aux, "outputs of a second head of D; generator_classifier makes it 1 per generator", COUNT),   \
        ROW("net.minibatch", WORD, net.minibatch, "a layer of D that sees the batch", .words = minibatches),                     \
        ROW("net.kernels", INT64, net.discrimination.kernels, "of minibatch discrimination; 0: 100", COUNT),                     \
        ROW("net.dims", INT64, net.discrimination.dims, "of minibatch discrimination; 0: 5", COUNT),                             \
        ROW("net.logits", INT64, net.logits, "D's outputs per sample; 0: as the loss takes them", COUNT),                        \
        ROW("net.group", INT, net.group, "of minibatch standard deviation; 0: 4", COUNT)

const gan_option gan__settings_of_images[] = {
    ROW("net.model", WORD, model, "auto: mlp for points, else the preset's", .words = models),
    ROW("net.height", INT64, image.height, "of the images; 0: the data's", COUNT),
    ROW("net.width", INT64, image.width, "of the images; 0: the data's", COUNT),
    ROW("net.channels", INT, image.channels, "of the images; 0: the data's", .high = 1024),
    ROW("net.features", INT64, image.features, "channels next to the image; 0: 64", COUNT),
    SHARED(image),
    ROW("net.g_attention", INT64, image.g_attention, "self-attention in G, at this size of the feature map; 0: none", COUNT),
    ROW("net.d_attention", INT64, image.d_attention, "self-attention in D; 0: none", COUNT),
    ROW("net.up", WORD, image.up, "how G doubles the size", .words = ups),
    {.name = NULL},
};

const gan_option gan__settings_of_points[] = {
    ROW("net.dim", INT64, points_net.dim, "mlp: of the points; 0: the data's", COUNT),
    ROW("net.units", INT64, points_net.width, "mlp: of a hidden layer; 0: 128", COUNT),
    ROW("net.depth", INT, points_net.depth, "mlp: hidden layers; 0: 2", COUNT),
    ROW("net.maxout", INT, points_net.maxout, "mlp: pieces of D's maxout units; 0: LeakyReLU", COUNT),
    {.name = NULL},
};

static const gan_option shared_point_options[] = {SHARED(points_net), {.name = NULL}};

const gan__settings_table gan__settings_tables[] = {
    {.options = run_options},
    {.options = data_options},
    {.options = gan__settings_of_images},
    {.options = gan__settings_of_points},
    {.options = shared_point_options, .twin = true},
    {.options = gan__trainer_options, .offset = offsetof(gan__settings, trainer)},
    {.options = NULL},
};

/* ---------------------------------------------------------------------------------------------------------------- */

const gan_option *gan__settings_find(const char *name, int n, size_t *offset) {
    for (const gan__settings_table *t = gan__settings_tables; t->options; t++) {
        const gan_option *o = gan_option_find(t->options, name);
        if (!o || n-- > 0) continue;
        *offset = t->offset;
        return o;
    }
    return NULL;
}

void gan__settings_fill(gan__settings *s) {
    *s =
        (gan__settings){.size = 32,
                        .points = 100000,
                        .eval_samples = 2000,
                        .train = {.steps = 20000, .sample_every = 500, .checkpoint_every = 1000, .log_every = 50, .samples = 64}};
    gan_preset dcgan = gan_preset_of("dcgan");
    gan__settings_preset(s, &dcgan);
}

void gan__settings_preset(gan__settings *s, const gan_preset *preset) {
    s->trainer = preset->trainer;
    s->model = GAN__MODEL_AUTO;
    s->residual = preset->residual;
    s->image = preset->image;
    s->points_net = preset->points;
}

bool gan__settings_fixed(const char *name) {
    static const char *const groups[] = {"net.", "data."};
    static const char *const names[] = {"seed", "pack", "latent", "g.kind", "d.kind"};
    /* Where the data lies and how it is read; that it is the same, the checkpoint tells. */
    static const char *const free_names[] = {"data.path", "data.labels", "data.decoders", "data.cache_mb"};
    for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++)
        if (!strcmp(name, free_names[i])) return false;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if (!strncmp(name, groups[i], strlen(groups[i]))) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}
