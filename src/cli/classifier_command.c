/* gan classifier: trains the net whose features and labels "gan eval" measures by. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

typedef struct request {
    char data[PATH_ROOM], test[PATH_ROOM], labels[PATH_ROOM], test_labels[PATH_ROOM], out[PATH_ROOM];
    gan_classifier_training training;
    gan_classifier_opts net; /* sizes and classes are the data's */
    int64_t size, seed;
    int threads;
    bool flip, quiet;
    double shown; /* share of all steps that was told of */
} request;

#define ROW(named, kind, field, what, ...) GAN_OPTION_ROW(named, kind, offsetof(request, field), what, __VA_ARGS__)
static const gan_option rows[] = {
    ROW("data", TEXT, data, "labelled images", .room = PATH_ROOM),
    ROW("labels", TEXT, labels, "their label file", .room = PATH_ROOM),
    ROW("test-data", TEXT, test, "images that it is not trained on", .room = PATH_ROOM),
    ROW("test-labels", TEXT, test_labels, "their label file", .room = PATH_ROOM),
    ROW("out", TEXT, out, "the file", .room = PATH_ROOM),
    ROW("epochs", NUMBER, training.epochs, "passes over the data", .high = 1000, .low_open = true),
    ROW("batch", INT64, training.batch, "images to a step", .low = 1, .high = 65536),
    ROW("rate", NUMBER, training.rate, "of Adam", .high = 1, .low_open = true),
    ROW("shift", INT, training.shift, "pixels that images are moved by", .high = 64),
    ROW("filters", INT64, net.filters, "of the first convolution", .low = 1, .high = 1024),
    ROW("features", INT64, net.features, "that distances are taken in", .low = 1, .high = 4096),
    ROW("size", INT64, size, "height and width", .high = 4096),
    ROW("flip", BOOL, flip, "mirrors"),
    ROW("seed", INT64, seed, "of all random numbers", .high = INFINITY),
    ROW("threads", INT, threads, "0: one per processor", .high = 256),
    ROW("quiet", BOOL, quiet, "tells nothing but errors"),
    {.name = NULL},
};

static volatile sig_atomic_t interrupted;
static void on_signal(int number) {
    (void)number;
    interrupted = 1;
}

/* A line for each twentieth. */
static bool show(void *user, const gan_classifier_progress *p) {
    request *r = user;
    double done = (double)p->step / (double)p->steps;
    if (!r->quiet && (done >= r->shown + .05 || p->step == 1 || p->step == p->steps)) {
        long left = (long)(p->seconds * (1 - done) / done + .5);
        r->shown = done;
        printf("step %lld of %lld  loss %.4f  %.4f of the batch right  %ldm %02lds left\n", (long long)p->step,
               (long long)p->steps, p->loss, p->accuracy, left / 60, left % 60);
        fflush(stdout);
    }
    return !interrupted;
}

static gan_dataset *open_data(gan_ctx *ctx, const request *r, bool test) {
    const char *labels = test ? r->test_labels : r->labels;
    gan_image_opts o = {.height = r->size,
                        .width = r->size,
                        .flip = !test && r->flip,
                        .held_out = r->test[0] ? 0 : .1,
                        .labels = labels[0] ? labels : NULL};
    return gan_images(ctx, test ? r->test : r->data, o);
}

/* On the test data, or else on the tenth of the data that was held out. */
static double test(gan_ctx *ctx, request *r, gan_module *m, gan_dataset *data, int64_t *count) {
    gan_dataset *other = r->test[0] ? open_data(ctx, r, true) : data;
    *count = r->test[0] ? gan_dataset_count(other) : gan_dataset_held_out_count(other);
    return gan_classifier_accuracy(m, other, r->test[0] ? GAN_PART_TRAINING : GAN_PART_HELD_OUT, 0, *count);
}

static int train(const command *self, request *r, gan_ctx *ctx) {
    gan_dataset *data = open_data(ctx, r, false);
    if (gan_ctx_status(ctx)) return failure(self, ctx);
    if (!gan_dataset_classes(data)) return usage_error(self, "the data have no labels: %s", gan_dataset_describe(data));
    gan_classifier_opts net = gan_classifier_for(data);
    net.filters = r->net.filters, net.features = r->net.features;
    gan_module *m = gan_classifier_new(ctx, net);
    if (!r->quiet) printf("%s\n", gan_dataset_describe(data));
    r->training.seed = (uint64_t)r->seed, r->training.progress = show, r->training.user = r;
    gan_classifier_train(m, data, r->training);
    if (interrupted) {
        fprintf(stderr, "gan classifier: interrupted, and nothing is saved: it is trained in one go, which takes minutes\n");
        return EXIT_INTERRUPTED;
    }
    int64_t count = 0;
    double accuracy = gan_ctx_status(ctx) ? NAN : test(ctx, r, m, data, &count);
    if (gan_ctx_status(ctx) || gan_classifier_save(m, accuracy, r->out)) return failure(self, ctx);
    if (!r->quiet)
        printf("%.4f of %lld %s samples are classified rightly; the classifier is in %s\n", accuracy, (long long)count,
               r->test[0] ? "test" : "held-out", r->out);
    return EXIT_OK;
}

static int run_classifier(const command *self, int argc, char **argv) {
    request *r = calloc(1, sizeof *r);
    if (!r) return EXIT_FAILED;
    r->training = gan_classifier_training_defaults();
    r->net = (gan_classifier_opts){.filters = 24, .features = 128};
    r->size = 32;
    int status = read_options(self, rows, r, argc, argv);
    if (status < 0 && optind < argc) status = usage_error(self, "what is \"%s\"? The data are given by --data", argv[optind]);
    if (status < 0 && !r->data[0]) status = usage_error(self, "trained on what? --data PATH");
    if (status < 0 && !r->out[0]) status = usage_error(self, "where to? --out FILE.safetensors");
    if (status < 0 && !can_write(self, r->out)) status = EXIT_FAILED;
    if (status < 0) {
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        gan_ctx *ctx = new_context((gan_ctx_opts){.seed = (uint64_t)r->seed, .threads = r->threads});
        status = train(self, r, ctx);
        gan_ctx_free(ctx);
    }
    free(r);
    return status;
}

const command classifier_command = {
    "classifier", "--data PATH --out FILE [OPTION]...", "trains a small classifier, for \"gan eval\" to measure by",
    "  --data PATH         labelled images: a folder whose subfolders are classes, an IDX file or a folder of such, CIFAR-10\n"
    "  --labels FILE       IDX: the label file, if it lies elsewhere\n"
    "  --test-data PATH    what its accuracy is measured on; without, a tenth of the data, which is held out\n"
    "  --test-labels FILE  likewise\n"
    "  --out FILE          where it goes: weights in PyTorch's names, with what the net is made by\n"
    "  --size N            images are brought to this height and width, as \"gan train\" does; 32. 0: as stored\n"
    "  --flip              mirrors half of the images: for pictures that stay what they are, not for digits\n"
    "  --epochs E          passes over the data; 6\n"
    "  --batch N           128\n"
    "  --rate R            of Adam, falling to 0 along half a cosine; 0.002\n"
    "  --shift N           images are moved by up to N pixels either way; 2\n"
    "  --filters N         of the first convolution, doubled with each halving; 24\n"
    "  --features N        that distances are taken in; 128\n"
    "  --seed N            of all random numbers; 0\n"
    "  --threads N         0: one per processor. The result does not depend on it\n"
    "  --quiet             tells nothing but errors\n\n"
    "It fits runs on images of this size and number of channels. Training takes some minutes and is not resumed: the file\n"
    "appears at the end, complete.\n",
    run_classifier};
