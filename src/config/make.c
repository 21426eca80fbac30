/* From settings to data, nets and a trainer. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../train/trainer_impl.h"
#include "config_impl.h"

static bool is(const char *text, const char *name) { return !strcmp(text, name); }

gan_ctx_opts gan_config_ctx(const gan_config *c) {
    if (gan_config_is_nil(c)) return (gan_ctx_opts){.threads = 1};
    return (gan_ctx_opts){.seed = (uint64_t)c->now.s.seed, .threads = c->now.s.threads};
}

gan_dataset *gan_config_data(gan_config *c, gan_ctx *ctx) {
    gan_ctx *own = gan__config_ctx_of(c, "gan_config_data");
    if (!gan__ok(own)) gan__raise(ctx, own->status, "%s", own->message);
    const gan__settings *s = gan_config_is_nil(c) ? NULL : &c->now.s;
    if (s && !s->path[0]) gan__raise(ctx, GAN_E_ARG, "gan_config: data.path is not set");
    if (!s || !gan__ok(ctx)) return gan_images(ctx, "", (gan_image_opts){0}); /* the nil of datasets */
    gan_mixture_opts points = {.count = s->points, .held_out = s->image_data.held_out};
    if (is(s->path, "ring")) return gan_ring_data(ctx, points);
    if (is(s->path, "grid")) return gan_grid_data(ctx, points);
    gan_image_opts o = s->image_data;
    if (o.height == 0) o.height = s->size;
    if (o.width == 0) o.width = s->size;
    o.labels = s->labels[0] ? s->labels : NULL;
    return gan_images(ctx, s->path, o);
}

/* --- nets -------------------------------------------------------------------------------------------------------- */

static gan_dcgan_opts image_opts(const gan__settings *s) {
    gan_dcgan_opts o = s->image;
    o.pack = s->trainer.pack;
    return o;
}

static gan_mlp_opts point_opts(const gan__settings *s) {
    gan_mlp_opts o = s->points_net;
    o.pack = s->trainer.pack;
    return o;
}

static bool trick_on(const gan_config *c, const char *name) {
    for (int i = 0; gan__trick_table[i].name; i++)
        if (is(gan__trick_table[i].name, name)) return c->now.tricks[i].on;
    return false;
}

/* Outputs of D that answer to the generators, however many these are. */
static void complete_heads(gan_config *c, int classes) {
    gan__settings *s = &c->now.s;
    const gan_loss_info *loss = gan_loss_info_of(s->trainer.loss.kind);
    int generators = s->image.generators > 1 ? s->image.generators : 0;
    if (s->image.logits == 0 || loss->outputs == GAN_OUTPUTS_GENERATORS)
        s->image.logits = s->points_net.logits = gan_loss_width(s->trainer.loss.kind, classes, generators);
    if (trick_on(c, "generator_classifier")) s->image.aux = s->points_net.aux = generators;
}

/* A folder is found from another working directory, too. */
static void make_absolute(char path[GAN__PATH]) {
    char here[GAN__PATH];
    size_t n = strlen(path);
    if (!n || *path == '/' || !getcwd(here, sizeof here) || strlen(here) + 1 + n >= GAN__PATH) return;
    memmove(path + strlen(here) + 1, path, n + 1);
    memcpy(path, here, strlen(here));
    path[strlen(here)] = '/';
}

static bool is_mixture(const gan__settings *s) { return is(s->path, "ring") || is(s->path, "grid"); }

/* Nets that do not fit the data, and settings that fit each other as little. */
static bool fits(gan_config *c, gan_ctx *ctx, gan_shape sample) {
    const gan__settings *s = &c->now.s;
    bool images = sample.ndim == 3, for_points = s->model == GAN__MODEL_MLP;
    if (images == for_points)
        gan__raise(ctx, GAN_E_ARG, "gan_config: net.model is %s, which is for %s, but the data are %s",
                   for_points                      ? "mlp"
                   : s->model == GAN__MODEL_RESNET ? "resnet"
                                                   : "dcgan",
                   for_points ? "points" : "images", images ? "images" : "points");
    else if (images && s->image.channels != sample.d[2])
        gan__raise(ctx, GAN_E_ARG, "gan_config: net.channels is %d, but the data have %lld", s->image.channels,
                   (long long)sample.d[2]);
    else if (s->trainer.generators > 1 && s->image.generators != s->trainer.generators)
        gan__raise(ctx, GAN_E_ARG, "gan_config: generators is %d, but net.generators is %d", s->trainer.generators,
                   s->image.generators);
    return gan__ok(ctx);
}

/* Settings that the nets in use do not read, and that are not as they come. */
static void tell_unread(const gan_config *c, gan_ctx *ctx) {
    const gan__settings *s = &c->now.s;
    const gan_option *all = s->model == GAN__MODEL_MLP ? gan__settings_of_images : gan__settings_of_points;
    static const gan__settings none;
    for (const gan_option *o = all; o->name; o++) {
        size_t at;
        char text[GAN_OPTION_VALUE], unset[GAN_OPTION_VALUE];
        bool shared = gan__settings_find(o->name, 1, &at) != NULL, model = is(o->name, "net.model");
        if (shared || model || is(gan_option_text(o, s, text, sizeof text), gan_option_text(o, &none, unset, sizeof unset)))
            continue;
        gan_ctx_log(ctx, GAN_LOG_WARNING, "gan_config: %s is %s, which is for %s and changes nothing here", o->name, text,
                    s->model == GAN__MODEL_MLP ? "images" : "points");
    }
}

/* What the settings leave open and the data tells. */
static bool complete(gan_config *c, gan_ctx *ctx, gan_shape sample, int classes) {
    gan__settings *s = &c->now.s;
    bool images = sample.ndim == 3;
    if (!is_mixture(s)) make_absolute(s->path);
    make_absolute(s->labels);
    make_absolute(s->eval_classifier);
    if (s->model == GAN__MODEL_AUTO) s->model = !images ? GAN__MODEL_MLP : s->residual ? GAN__MODEL_RESNET : GAN__MODEL_DCGAN;
    if (images) {
        if (s->image.height == 0) s->image.height = sample.d[0];
        if (s->image.width == 0) s->image.width = sample.d[1];
        if (s->image.channels == 0) s->image.channels = (int)sample.d[2];
    } else if (s->points_net.dim == 0) {
        s->points_net.dim = sample.d[0];
    }
    complete_heads(c, classes);
    tell_unread(c, ctx);
    return fits(c, ctx, sample);
}

/* The context's nil serves as a nil module and trainer too. */
static const gan__settings *ready(const gan_config *c, gan_ctx *ctx) {
    const gan__settings *s = gan_config_is_nil(c) ? NULL : &c->now.s;
    if (!s)
        gan__raise(ctx, GAN_E_ARG, "gan_config: the configuration is nil");
    else if (s->model == GAN__MODEL_AUTO || (s->model != GAN__MODEL_MLP && (!s->image.height || !s->image.width)))
        gan__raise(ctx, GAN_E_ARG, "gan_config: the sizes of the nets are not known without the data");
    return gan__ok(ctx) ? s : NULL;
}

gan_module *gan_config_generator(const gan_config *c, gan_ctx *ctx) {
    const gan__settings *s = ready(c, ctx);
    if (!s) return (gan_module *)&ctx->none;
    if (s->model == GAN__MODEL_MLP) return gan_mlp_generator(ctx, point_opts(s));
    return (s->model == GAN__MODEL_RESNET ? gan_resnet_generator : gan_dcgan_generator)(ctx, image_opts(s));
}

gan_module *gan_config_discriminator(const gan_config *c, gan_ctx *ctx) {
    const gan__settings *s = ready(c, ctx);
    if (!s) return (gan_module *)&ctx->none;
    if (s->model == GAN__MODEL_MLP) return gan_mlp_discriminator(ctx, point_opts(s));
    return (s->model == GAN__MODEL_RESNET ? gan_resnet_discriminator : gan_dcgan_discriminator)(ctx, image_opts(s));
}

gan_trainer *gan_config_trainer(gan_config *c, gan_ctx *ctx) {
    gan_dataset *data = gan_config_data(c, ctx);
    if (!gan__ok(ctx)) return (gan_trainer *)&ctx->none;
    if (!complete(c, ctx, gan_dataset_shape(data), gan_dataset_classes(data))) return (gan_trainer *)&ctx->none;
    gan_module *G = gan_config_generator(c, ctx), *D = gan_config_discriminator(c, ctx);
    gan_trainer *t = gan_trainer_new(G, D, data, c->now.s.trainer);
    for (int i = 0; gan__trick_table[i].name; i++)
        if (c->now.tricks[i].on) gan_trainer_use(t, gan__trick_table[i].make(ctx, c->now.tricks[i].opts.bytes));
    return gan__ok(ctx) ? t : (gan_trainer *)&ctx->none;
}

/* One batch of nothing, of the shape that the nets tell, with a label for each class that D's outputs tell. */
static gan_dataset *blank_data(const gan__settings *s, gan_ctx *ctx) {
    bool points = s->model == GAN__MODEL_MLP;
    int64_t n = s->trainer.batch * s->trainer.pack, classes = s->image.logits - 1;
    if (n < classes) n = classes;
    gan_shape shape =
        points ? gan_shape2(n, s->points_net.dim) : gan_shape4(n, s->image.height, s->image.width, s->image.channels);
    int64_t size = shape.d[1] * (points ? 1 : shape.d[2] * shape.d[3]);
    gan_real *x = gan__calloc(ctx, (size_t)(n * size) * sizeof *x);
    int32_t *labels = gan__calloc(ctx, (size_t)n * sizeof *labels);
    for (int64_t i = 0; labels && classes > 0 && i < n; i++) labels[i] = (int32_t)(i % classes);
    gan_dataset *data = gan_array_data(ctx, shape, x, (gan_array_opts){.labels = labels});
    gan__free(ctx, x);
    gan__free(ctx, labels);
    return data;
}

gan_trainer *gan_config_sampler(gan_config *c, gan_ctx *ctx, const char *checkpoint) {
    const gan__settings *s = ready(c, ctx);
    if (!s) return (gan_trainer *)&ctx->none;
    gan_module *G = gan_config_generator(c, ctx), *D = gan_config_discriminator(c, ctx);
    gan_trainer *t = gan_trainer_new(G, D, blank_data(s, ctx), s->trainer);
    gan_trainer_load_generator(t, checkpoint);
    return gan__ok(ctx) ? t : (gan_trainer *)&ctx->none;
}

gan_judge *gan_config_judge(const gan_config *c, gan_dataset *data, gan_dataset *held_out, gan_judge_opts o) {
    if (gan_config_is_nil(c) || gan_dataset_is_nil(data)) return gan_judge_new(NULL, NULL, o);
    gan_ctx *ctx = gan__dataset_ctx(data);
    gan_scope_begin(ctx);
    if (is(c->now.s.path, "ring")) o.means = gan_ring_means(ctx), o.std = GAN_RING_STD;
    if (is(c->now.s.path, "grid")) o.means = gan_grid_means(ctx), o.std = GAN_GRID_STD;
    gan_judge *j = gan_judge_new(data, held_out, o);
    gan_scope_end(ctx);
    return j;
}

/* Of the run under way, with a classifier that goes when it does; NULL: nothing is to be measured. */
static gan_judge *judge_of(const gan_config *c, gan_trainer *t, gan_module **classifier) {
    const gan__settings *s = &c->now.s;
    gan_judge_opts o = {.n = s->eval_samples, .quick = true};
    *classifier = NULL;
    if (s->train.eval_every <= 0) return NULL;
    if (s->eval_classifier[0]) o.classifier = *classifier = gan_classifier_load(t->object.ctx, s->eval_classifier, NULL, NULL);
    return gan__ok(t->object.ctx) ? gan_config_judge(c, t->data, NULL, o) : NULL;
}

static gan_train_opts run_opts(const gan_config *c, gan_trainer *t, gan_module **classifier) {
    gan_train_opts o = c->now.s.train;
    o.out = c->now.s.out[0] ? c->now.s.out : NULL;
    o.judge = judge_of(c, t, classifier);
    return o;
}

static void end_judging(gan_judge *j, gan_module *classifier) {
    gan_judge_free(j);
    if (classifier) gan_module_free(classifier);
}

gan_status gan_config_check(gan_config *c, gan_trainer *t) {
    static const char who[] = "gan_config_check";
    gan_ctx *own = gan__config_ctx_of(c, who), *ctx = gan__trainer_ctx(t, who);
    if (!gan__ok(own)) gan__raise(ctx, own->status, "%s", own->message);
    if (!gan__ok(ctx)) return ctx->status;
    gan_module *classifier;
    gan_train_opts o = run_opts(c, t, &classifier);
    gan__train_valid(t, &o, who);
    end_judging(o.judge, classifier);
    return ctx->status;
}

gan_status gan_config_train(gan_config *c, gan_trainer *t, gan_step_fn on_step, void *user) {
    static const char who[] = "gan_config_train";
    gan_ctx *own = gan__config_ctx_of(c, who), *ctx = gan__trainer_ctx(t, who);
    if (!gan__ok(own)) gan__raise(ctx, own->status, "%s", own->message);
    if (!gan__ok(ctx)) return ctx->status;
    gan_module *classifier;
    gan_train_opts o = run_opts(c, t, &classifier);
    o.on_step = on_step;
    o.user = user;
    const char *all = o.out ? gan_config_text(c) : NULL;
    if (!gan__ok(own)) gan__raise(ctx, own->status, "%s", own->message);
    gan__train(t, o, all, who);
    end_judging(o.judge, classifier);
    return ctx->status;
}
