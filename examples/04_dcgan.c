/* A DCGAN on pictures: any IDX file, such as MNIST, or folder of images. The quickstart as a program.
 *
 *     04_dcgan --data PATH --out FOLDER [--steps 3000] [--size 32] [--width 32] [--batch 64] [--seed 1] [--resume] */
#include <gan/gan.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef struct settings {
    const char *data, *out;
    long steps, size, width, batch, seed;
    bool resume;
} settings;

static gan_trainer *volatile running; /* for the signal handler */

static void on_signal(int number) {
    (void)number;
    if (running) gan_trainer_stop(running);
}

static void on_log(void *user, gan_log_level level, const char *message) {
    (void)user, (void)level;
    fprintf(stderr, "%s\n", message);
}

/* --- the progress line ------------------------------------------------------------------------------------ */

typedef struct progress {
    long steps, batch, first_step;
    double start, last;
} progress;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Rewritten in place on a terminal, four times a second; a line every 100 steps elsewhere. */
static bool show(void *user, gan_trainer *t, const gan_step_info *s) {
    (void)t;
    progress *p = user;
    double now = seconds();
    bool terminal = isatty(STDOUT_FILENO), last = s->step == p->steps;
    if (terminal ? now - p->last < .25 && !last : s->step % 100 && !last) return true;
    p->last = now;
    double rate = (double)(s->step - p->first_step) / (now - p->start);
    long left = (long)((double)(p->steps - s->step) / rate + .5);
    printf("%sstep %lld/%ld  loss D %.3f G %.3f  %.0f images/s  %ld:%02ld left%s", terminal ? "\r" : "", (long long)s->step,
           p->steps, s->d_loss, s->g_loss, rate * (double)p->batch, left / 60, left % 60, terminal && !last ? "   " : "   \n");
    fflush(stdout);
    return true;
}

/* --- the run ---------------------------------------------------------------------------------------------- */

static gan_trainer *make_trainer(gan_ctx *ctx, const settings *s) {
    gan_dataset *data = gan_images(ctx, s->data, (gan_image_opts){.height = s->size, .width = s->size, .held_out = .2});
    if (!gan_dataset_is_nil(data)) printf("%s\n", gan_dataset_describe(data));
    int channels = (int)gan_dataset_shape(data).d[2];
    gan_dcgan_opts net = {.size = s->size, .channels = channels, .latent = 64, .features = s->width};
    gan_module *G = gan_dcgan_generator(ctx, net), *D = gan_dcgan_discriminator(ctx, net);

    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = s->batch;
    o.g.lr = 5e-4; /* few steps, and an average that smooths them */
    o.d.lr = 2.5e-4;
    o.ema = .999;
    o.loss.real_target = .9;
    gan_trainer *t = gan_trainer_new(G, D, data, o);
    /* With so few images D would soon know them all: noise on what it sees keeps it busy. */
    gan_trainer_use(t, gan_instance_noise(ctx, (gan_instance_noise_opts){.sigma = gan_linear_decay(.3, 0, 2500)}));
    return t;
}

static int run(gan_ctx *ctx, const settings *s) {
    gan_trainer *t = make_trainer(ctx, s);
    char checkpoint[4096];
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint.safetensors", s->out);
    if (s->resume) gan_trainer_load(t, checkpoint);

    running = t;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    progress p = {s->steps, s->batch, (long)gan_trainer_steps(t), seconds(), 0};
    gan_status status = gan_train(t, (gan_train_opts){.steps = s->steps, .out = s->out, .sample_every = 250,
                                                      .checkpoint_every = 500, .on_step = show, .user = &p});
    if (status) {
        fprintf(stderr, "%s\n", gan_ctx_message(ctx));
        return 1;
    }
    if (p.first_step >= s->steps)
        printf("%ld steps had been taken already: a larger --steps goes on\n", p.first_step);
    if (gan_trainer_stopped(t))
        printf("\nStopped after step %lld; --resume goes on from %s\n", (long long)gan_trainer_steps(t), checkpoint);
    return gan_trainer_stopped(t) ? 130 : 0;
}

static int usage(FILE *to, const char *program) {
    fprintf(to,
            "usage: %s --data PATH --out FOLDER [--steps 3000] [--size 32] [--width 32] [--batch 64] [--seed 1] [--resume]\n"
            "  --data   folder of images (subfolders are classes), IDX file (plain or .gz) as MNIST's, CIFAR-10 .bin file, or a folder of\n"
            "           such files\n"
            "  --out    where sample grids, metrics and the checkpoint go; made if missing\n"
            "  --steps  until so many have been taken in all, those before --resume counted\n"
            "  --size   height and width of the images, 8, 16, 32, 64, ...\n"
            "  --width  channels of the layer next to the image\n"
            "  --resume go on from the checkpoint in FOLDER\n",
            program);
    return to == stderr ? 2 : 0;
}

/* A whole number from 1 up; 0 if the text is none. */
static long number(const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    return *text && !*end && value > 0 ? value : 0;
}

int main(int argc, char **argv) {
    settings s = {.steps = 3000, .size = 32, .width = 32, .batch = 64, .seed = 1};
    const struct option options[] = {{"data", 1, 0, 'd'},  {"out", 1, 0, 'o'},   {"steps", 1, 0, 'n'}, {"size", 1, 0, 's'},
                                     {"width", 1, 0, 'w'}, {"batch", 1, 0, 'b'}, {"seed", 1, 0, 'r'},  {"resume", 0, 0, 'R'},
                                     {"help", 0, 0, 'h'},  {0}};
    for (int c, i; (c = getopt_long(argc, argv, "", options, &i)) != -1;) {
        long *field = c == 'n' ? &s.steps : c == 's' ? &s.size : c == 'w' ? &s.width : c == 'b' ? &s.batch : c == 'r' ? &s.seed : NULL;
        if (c == 'd')
            s.data = optarg;
        else if (c == 'o')
            s.out = optarg;
        else if (c == 'R')
            s.resume = true;
        else if (!field)
            return usage(c == 'h' ? stdout : stderr, argv[0]);
        else if (!(*field = number(optarg))) {
            fprintf(stderr, "--%s %s: it must be a whole number from 1 up\n", options[i].name, optarg);
            return usage(stderr, argv[0]);
        }
    }
    if (!s.data || !s.out || optind < argc) return usage(stderr, argv[0]);
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = (uint64_t)s.seed, .log = on_log});
    int code = run(ctx, &s);
    gan_ctx_free(ctx);
    return code;
}
