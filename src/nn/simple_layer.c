/* Layers without parameters: an op and its settings. */
#include <gan/nn.h>
#include <inttypes.h>
#include <stdio.h>

#include "layer_impl.h"
#include "nn_impl.h"

typedef struct setting {
    double number;
    int count;
    gan_shape shape;
    gan_pool_opts pool;
} setting;

static const setting *of(const gan_module *m) { return gan_module_data(m); }

static void describe_nothing(const gan_module *m, char *text, size_t size) {
    (void)m, (void)size;
    text[0] = 0;
}
static void describe_number(const gan_module *m, char *text, size_t size) { snprintf(text, size, "%g", of(m)->number); }
static void describe_count(const gan_module *m, char *text, size_t size) { snprintf(text, size, "%d", of(m)->count); }
static void describe_shape(const gan_module *m, char *text, size_t size) {
    char shape[GAN_SHAPE_TEXT];
    snprintf(text, size, "%s", gan_shape_text(of(m)->shape, shape));
}
static void describe_pool(const gan_module *m, char *text, size_t size) {
    const gan_pool_opts *p = &of(m)->pool;
    snprintf(text, size, "%dx%d, stride %dx%d", p->size_h, p->size_w, p->stride_h, p->stride_w);
}

static gan_tensor *dropout(const setting *s, gan_module *m, gan_call *call, gan_tensor *x) {
    bool training = gan_call_training(call, m), always = s->count;
    if (!(s->number > 0) || !(training || always)) return x;
    gan_stream *stream = training ? gan_call_stream(call, m) : gan_stream_named(gan_module_ctx(m), "evaluation dropout");
    return gan_dropout(x, s->number, stream);
}

static gan_tensor *reshape(const setting *s, gan_tensor *x) {
    gan_shape shape = {.ndim = s->shape.ndim + 1, .d = {gan_shape_of(x).d[0]}};
    for (int i = 0; i < s->shape.ndim; i++) shape.d[i + 1] = s->shape.d[i];
    return gan_reshape(x, shape);
}

/* X(identifier, name in summaries, y = f(x) by the settings s, description) */
#define LAYERS(X)                                                                             \
    X(leaky_relu, "LeakyReLU", gan_leaky_relu(x, s->number), describe_number)                 \
    X(relu, "ReLU", gan_relu(x), describe_nothing)                                            \
    X(tanh_, "Tanh", gan_tanh(x), describe_nothing)                                           \
    X(sigmoid, "Sigmoid", gan_sigmoid(x), describe_nothing)                                   \
    X(softplus, "Softplus", gan_softplus(x), describe_nothing)                                \
    X(maxout, "Maxout", gan_maxout(x, s->count), describe_count)                              \
    X(dropout_, "Dropout", dropout(s, m, call, x), describe_number)                           \
    X(flatten, "Flatten", gan_flatten(x), describe_nothing)                                   \
    X(reshape_, "Reshape", reshape(s, x), describe_shape)                                     \
    X(pixel_shuffle, "PixelShuffle", gan_pixel_shuffle(x, s->count), describe_count)          \
    X(upsample, "Upsample", gan_upsample_nearest2d(x, s->count, s->count), describe_count)    \
    X(avg_pool, "AvgPool2d", gan_avg_pool2d(x, s->pool), describe_pool)                       \
    X(max_pool, "MaxPool2d", gan_max_pool2d(x, s->pool), describe_pool)

#define DEFINE(id, text, expression, describe_fn)                                             \
    static gan_tensor *id##_forward(gan_module *m, gan_call *call, gan_tensor *x) {           \
        const setting *s = of(m);                                                             \
        (void)s, (void)call;                                                                  \
        return expression;                                                                    \
    }                                                                                         \
    static const gan_module_type id##_type = {                                                \
        .name = text, .forward = id##_forward, .describe = describe_fn, .data_bytes = sizeof(setting)};
LAYERS(DEFINE)

bool gan__leaky_slope(const gan_module *m, double *slope) {
    *slope = m->type == &leaky_relu_type ? of(m)->number : 0;
    return *slope >= 0 && (m->type == &leaky_relu_type || m->type == &relu_type);
}

static gan_module *make(gan_ctx *ctx, const gan_module_type *type, setting s) {
    gan_module *m = gan_module_new(ctx, type);
    if (!gan_module_is_nil(m)) *(setting *)gan_module_data(m) = s;
    return m;
}

gan_module *gan_leaky_relu_layer(gan_ctx *ctx, double slope) { return make(ctx, &leaky_relu_type, (setting){.number = slope}); }
gan_module *gan_relu_layer(gan_ctx *ctx) { return make(ctx, &relu_type, (setting){0}); }
gan_module *gan_tanh_layer(gan_ctx *ctx) { return make(ctx, &tanh__type, (setting){0}); }
gan_module *gan_sigmoid_layer(gan_ctx *ctx) { return make(ctx, &sigmoid_type, (setting){0}); }
gan_module *gan_softplus_layer(gan_ctx *ctx) { return make(ctx, &softplus_type, (setting){0}); }
gan_module *gan_flatten_layer(gan_ctx *ctx) { return make(ctx, &flatten_type, (setting){0}); }

static gan_module *counted(gan_ctx *ctx, const gan_module_type *type, const char *who, const char *name, int count) {
    if (!gan__at_least_one(ctx, who, name, count)) return gan__nil_module(ctx);
    return make(ctx, type, (setting){.count = count});
}

gan_module *gan_maxout_layer(gan_ctx *ctx, int pieces) {
    return counted(ctx, &maxout_type, "gan_maxout_layer", "pieces", pieces);
}
gan_module *gan_pixel_shuffle_layer(gan_ctx *ctx, int r) {
    return counted(ctx, &pixel_shuffle_type, "gan_pixel_shuffle_layer", "r", r);
}
gan_module *gan_upsample_layer(gan_ctx *ctx, int factor) {
    return counted(ctx, &upsample_type, "gan_upsample_layer", "factor", factor);
}

static gan_module *make_dropout(gan_ctx *ctx, const char *who, double p, bool always) {
    if (p >= 0 && p < 1) return make(ctx, &dropout__type, (setting){.number = p, .count = always});
    gan_ctx_fail(ctx, GAN_E_ARG, "%s: p is %g, must be in [0, 1)", who, p);
    return gan__nil_module(ctx);
}

gan_module *gan_dropout_layer(gan_ctx *ctx, double p) { return make_dropout(ctx, "gan_dropout_layer", p, false); }
gan_module *gan_dropout_always_layer(gan_ctx *ctx, double p) { return make_dropout(ctx, "gan_dropout_always_layer", p, true); }

gan_module *gan_reshape_layer(gan_ctx *ctx, gan_shape sample) {
    static const char who[] = "gan_reshape_layer";
    if (sample.ndim < 0 || sample.ndim >= GAN_MAX_DIMS) {
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: the sample has %d dimensions, must have 0 to %d", who, sample.ndim, GAN_MAX_DIMS - 1);
        return gan__nil_module(ctx);
    }
    for (int i = 0; i < sample.ndim; i++)
        if (!gan__at_least_one(ctx, who, "a dimension", sample.d[i])) return gan__nil_module(ctx);
    return make(ctx, &reshape__type, (setting){.shape = sample});
}

static gan_module *pool(gan_ctx *ctx, const gan_module_type *type, const char *who, gan_pool_opts o) {
    if (!o.stride_h) o.stride_h = o.size_h;
    if (!o.stride_w) o.stride_w = o.size_w;
    if (!gan__at_least_one(ctx, who, "size_h", o.size_h) || !gan__at_least_one(ctx, who, "size_w", o.size_w) ||
        !gan__at_least_one(ctx, who, "stride_h", o.stride_h) || !gan__at_least_one(ctx, who, "stride_w", o.stride_w))
        return gan__nil_module(ctx);
    for (int i = 0; i < 4; i++) {
        int size = i % 2 ? o.size_w : o.size_h;
        if (o.pad[i] >= 0 && o.pad[i] < size) continue;
        gan_ctx_fail(ctx, GAN_E_ARG, "%s: pad[%d] is %d, must be at least 0 and below the window's %d", who, i, o.pad[i], size);
        return gan__nil_module(ctx);
    }
    return make(ctx, type, (setting){.pool = o});
}

gan_module *gan_avg_pool_layer(gan_ctx *ctx, gan_pool_opts opts) { return pool(ctx, &avg_pool_type, "gan_avg_pool_layer", opts); }
gan_module *gan_max_pool_layer(gan_ctx *ctx, gan_pool_opts opts) { return pool(ctx, &max_pool_type, "gan_max_pool_layer", opts); }
