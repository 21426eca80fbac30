/* Stacked MNIST: three digits as the red, green and blue of a picture, 1,000 modes; by the protocol of Unrolled GAN (1611.02163,
 * appendix D): stacks made on the fly, a D of a quarter (2-4-8 channels) or half (4-8-16) of G's size, 25,600 samples with batch
 * norm in training mode. The digits of the samples are told by a classifier that is trained first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "experiment.h"

enum { QUARTER, HALF };
enum { PLAIN, UNROLLED, PAC2, BEST };
enum { SIDE = 28, PIXELS = SIDE * SIDE, LATENT = 256, SAMPLES = 25600, STACKS = 1 << 22, MODES = 1000 };

static const experiment_published published[] = {
    {"quarter", "DCGAN (Metz et al., 500,000 steps)", {"30.6", "5.99"}},
    {"quarter", "Unrolled, 1 step", {"65.4", "5.91"}},
    {"quarter", "Unrolled, 5 steps", {"236.4", "4.67"}},
    {"quarter", "Unrolled, 10 steps", {"327.2", "4.66"}},
    {"quarter", "DCGAN (PacGAN)", {"78.5", "5.21"}},
    {"quarter", "PacDCGAN2", {"484.5", "2.61"}},
    {"quarter", "PacDCGAN4", {"667.4", "1.81"}},
    {"half", "DCGAN (Metz et al., 500,000 steps)", {"628.0", "2.58"}},
    {"half", "Unrolled, 1 step", {"523.6", "2.44"}},
    {"half", "Unrolled, 5 steps", {"732.0", "1.66"}},
    {"half", "Unrolled, 10 steps", {"817.4", "1.43"}},
    {"half", "DCGAN (PacGAN)", {"487.7", "2.24"}},
    {"half", "PacDCGAN2", {"840.7", "1.00"}},
    {"half", "PacDCGAN4", {"820.2", "1.15"}},
    {0},
};

/* --- the data ------------------------------------------------------------------------------------------------------- */

typedef struct digits {
    int64_t count;
    gan_real *pixels;
} digits;

static gan_dataset *open_digits(gan_ctx *ctx, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", experiment_digits, name);
    return gan_images(ctx, path, (gan_image_opts){0});
}

static void free_digits(void *user) {
    digits *d = user;
    if (d) free(d->pixels);
    free(d);
}

static digits *read_digits(gan_ctx *ctx) {
    gan_scope_begin(ctx);
    gan_dataset *data = open_digits(ctx, "train-images-idx3-ubyte.gz");
    int64_t count = gan_dataset_count(data);
    digits *d = calloc(1, sizeof *d);
    if (d) *d = (digits){count, malloc((size_t)(count * PIXELS) * sizeof *d->pixels)};
    if (!d || !d->pixels) gan_ctx_fail(ctx, GAN_E_MEMORY, "no memory for %lld digits", (long long)count);
    gan_tensor *x = gan_dataset_training(data, 0, count).x;
    if (!gan_ctx_status(ctx)) memcpy(d->pixels, gan_data(x), (size_t)(d->count * PIXELS) * sizeof *d->pixels);
    gan_dataset_free(data);
    gan_scope_end(ctx);
    return d;
}

/* Stack `index` is always the same three digits, drawn by a generator of its own (splitmix64). */
static uint64_t mix(uint64_t z) {
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static gan_status load_stack(void *user, int64_t index, gan_real *x, gan_real *target, int32_t *label, char *message,
                             size_t size) {
    (void)target, (void)label, (void)message, (void)size;
    const digits *d = user;
    for (int c = 0; c < 3; c++) {
        const gan_real *digit = d->pixels + (int64_t)(mix((uint64_t)(3 * index + c)) % (uint64_t)d->count) * PIXELS;
        for (int i = 0; i < PIXELS; i++) x[3 * i + c] = digit[i];
    }
    return GAN_OK;
}

static gan_dataset *stacks(gan_ctx *ctx) {
    digits *d = read_digits(ctx);
    gan_source source = {.sample = gan_shape3(SIDE, SIDE, 3),
                         .count = STACKS,
                         .load = load_stack,
                         .free = free_digits,
                         .describe = "stacks of three digits",
                         .user = d};
    return gan_dataset_new(ctx, source, (gan_loader_opts){0});
}

/* --- the nets ------------------------------------------------------------------------------------------------------- */

/* A 3x3 convolution, norm and activation. */
static void add(gan_ctx *ctx, gan_module *net, gan_module *layer, int64_t channels, bool norm, gan_module *activation) {
    gan_sequential_add(net, layer);
    if (norm) gan_sequential_add(net, gan_batch_norm_layer(ctx, channels, (gan_norm_opts){0}));
    if (activation) gan_sequential_add(net, activation);
}

static gan_module *generator(gan_ctx *ctx) {
    gan_module *net = gan_sequential(ctx);
    gan_sequential_add(net, gan_linear_layer(ctx, LATENT, 64 * 4 * 4, (gan_linear_opts){.no_bias = true, .to_hwc = {4, 4, 64}}));
    gan_sequential_add(net, gan_reshape_layer(ctx, gan_shape3(4, 4, 64)));
    gan_sequential_add(net, gan_batch_norm_layer(ctx, 64, (gan_norm_opts){0}));
    gan_sequential_add(net, gan_relu_layer(ctx));
    for (int64_t channels = 64, side = 4; side < SIDE; side = side == 4 ? 7 : 2 * side, channels /= 2) {
        gan_conv_layer_opts o = gan_conv_layer_square(3, 2, 1);
        o.no_bias = true;
        o.conv.output_pad_h = o.conv.output_pad_w = side != 4; /* 4 to 7 to 14 to 28 */
        add(ctx, net, gan_conv_transpose2d_layer(ctx, channels, channels / 2, o), channels / 2, true, gan_relu_layer(ctx));
    }
    add(ctx, net, gan_conv2d_layer(ctx, 8, 3, gan_conv_layer_square(3, 1, 1)), 3, false, gan_tanh_layer(ctx));
    return net;
}

static gan_module *discriminator(gan_ctx *ctx, int64_t width, int pack) {
    gan_module *net = gan_sequential(ctx);
    int64_t before = 3 * pack;
    for (int i = 0; i < 3; i++, before = width, width *= 2) {
        gan_conv_layer_opts o = gan_conv_layer_square(3, 2, 1);
        o.no_bias = i > 0;
        add(ctx, net, gan_conv2d_layer(ctx, before, width, o), width, i > 0, gan_leaky_relu_layer(ctx, .3));
    }
    gan_sequential_add(net, gan_flatten_layer(ctx));
    gan_sequential_add(net, gan_linear_layer(ctx, 4 * 4 * before, 1, (gan_linear_opts){.from_hwc = {4, 4, before}}));
    gan_sequential_add(net, gan_reshape_layer(ctx, (gan_shape){0}));
    return net;
}

/* --- the methods ---------------------------------------------------------------------------------------------------- */

static gan_trainer_opts options_of(const experiment_run *run) {
    gan_trainer_opts o = gan_trainer_defaults();
    o.loss = gan_loss_non_saturating();
    o.batch = 128;
    o.latent = LATENT;
    o.pack = run->method == PAC2 || run->method == BEST ? 2 : 1;
    o.g = gan_adam(1e-4), o.d = gan_adam(2e-4);
    o.g.beta1 = o.d.beta1 = .5;
    o.g.beta2 = o.d.beta2 = .99;
    o.simultaneous = true;
    o.ema = 0;
    if (run->method == BEST) o.ema = .999;
    return o;
}

/* The best combination is a first guess: unrolling of a D that sees pairs, and G's average. */
static gan_trainer *set_up(gan_ctx *ctx, const experiment_run *run) {
    gan_trainer_opts o = options_of(run);
    gan_module *G = generator(ctx), *D = discriminator(ctx, run->data == QUARTER ? 2 : 4, o.pack);
    gan_module_init(G, gan_init_dcgan());
    gan_module_init(D, gan_init_dcgan());
    gan_trainer *t = gan_trainer_new(G, D, stacks(ctx), o);
    if (run->method == UNROLLED || run->method == BEST) gan_trainer_use(t, gan_lookahead(ctx, (gan_lookahead_opts){.steps = 5}));
    return t;
}

/* --- what is measured ------------------------------------------------------------------------------------------------ */

/* Trained once, and kept beside the results. */
static gan_module *digit_classifier(gan_ctx *ctx, const char *out) {
    char path[512];
    snprintf(path, sizeof path, "%s/classifier.safetensors", out);
    gan_module *c = gan_classifier_new(
        ctx, (gan_classifier_opts){.height = SIDE, .width = SIDE, .channels = 1, .classes = 10, .dropout = .3});
    if (access(path, R_OK) == 0) {
        gan_load_weights(c, path, NULL);
    } else {
        printf("training a classifier of digits, kept in %s\n", path);
        fflush(stdout);
        gan_dataset *train = open_digits(ctx, "train-images-idx3-ubyte.gz"),
                    *test = open_digits(ctx, "t10k-images-idx3-ubyte.gz");
        gan_classifier_train(c, train, gan_classifier_training_defaults());
        printf("it is right about %.2f %% of the test digits\n",
               100 * gan_classifier_accuracy(c, test, GAN_PART_TRAINING, 0, gan_dataset_count(test)));
        gan_save_weights(c, path);
        gan_dataset_free(train), gan_dataset_free(test);
    }
    gan_module_train(c, false);
    return c;
}

static void figures_of(gan_modes m, double figures[EXPERIMENT_FIGURES]) {
    figures[0] = (double)m.captured, figures[1] = m.reverse_kl;
}

static void measure(gan_ctx *ctx, const experiment_run *run, gan_trainer *t, double figures[EXPERIMENT_FIGURES]) {
    gan_scope_begin(ctx);
    gan_module *classifier = digit_classifier(ctx, run->out);
    gan_tensor *x =
        gan_generate(gan_trainer_generator(t), SAMPLES,
                     (gan_generate_opts){
                         .set = gan_trainer_average(t), .latent = LATENT, .block = 128, .batch_statistics = true, .seed = 12345});
    figures_of(gan_label_modes(gan_classify_stacked(classifier, x), MODES, NULL), figures);
    gan_scope_end(ctx);
}

static void perfect(gan_ctx *ctx, int data, uint64_t seed, double figures[EXPERIMENT_FIGURES]) {
    (void)data;
    figures_of(gan_perfect_labels(ctx, MODES, SAMPLES, seed), figures);
}

int main(int argc, char **argv) {
    static const experiment e = {
        .title = "Stacked MNIST, protocol of 1611.02163: 25,600 samples, modes of 1,000",
        .data = {"quarter", "half"},
        .methods = {"gan", "unrolled5", "pacgan2", "best"},
        .figures = {"modes", "reverse KL"},
        .factor = {1, 1},
        .default_steps = "25000",
        .samples = 64,
        .published = published,
        .set_up = set_up,
        .measure = measure,
        .perfect = perfect,
    };
    return experiment_main(argc, argv, &e);
}
