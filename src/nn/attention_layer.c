/* Self-attention (Zhang et al., 1805.08318). */
#include <gan/nn.h>
#include <inttypes.h>
#include <stdio.h>

#include "layer_impl.h"
#include "nn_impl.h"

typedef struct attention {
    int64_t channels, inner;
    gan_attention_opts opts;
} attention;

static bool pooled(const attention *d, gan_shape s) {
    int above = d->opts.pool_above;
    return above > 0 && (s.d[1] > above || s.d[2] > above) && s.d[1] > 1 && s.d[2] > 1;
}

static gan_tensor *as_rows(gan_tensor *x) {
    gan_shape s = gan_shape_of(x);
    return s.ndim == 4 ? gan_reshape(x, gan_shape3(s.d[0], s.d[1] * s.d[2], s.d[3])) : x;
}

static gan_tensor *forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const attention *d = gan_module_data(m);
    gan_shape s = gan_shape_of(x);
    if (s.ndim != 4 || s.d[3] != d->channels) {
        char text[GAN_SHAPE_TEXT];
        gan_ctx_fail(gan_module_ctx(m), GAN_E_SHAPE, "SelfAttention: the input's shape is %s, must be [n, h, w, %" PRId64 "]",
                     gan_shape_text(s, text), d->channels);
        return x;
    }
    gan_tensor *q = gan_call_child(call, m->children[0], x), *k = gan_call_child(call, m->children[1], x);
    gan_tensor *v = gan_call_child(call, m->children[2], x);
    if (pooled(d, s)) {
        k = gan_max_pool2d(k, (gan_pool_opts){.size_h = 2, .size_w = 2});
        v = gan_max_pool2d(v, (gan_pool_opts){.size_h = 2, .size_w = 2});
    }
    gan_tensor *o = gan_reshape(gan_attention(as_rows(q), as_rows(k), as_rows(v)), s);
    return gan_add(x, gan_mul(o, gan_call_param(call, m, 0)));
}

/* The two products of attention; the convolutions count their own. */
static int64_t multiply_adds(const gan_module *m, gan_shape in, gan_shape out) {
    const attention *d = gan_module_data(m);
    int64_t pixels = in.d[1] * in.d[2], keys = pooled(d, in) ? (in.d[1] / 2) * (in.d[2] / 2) : pixels;
    (void)out;
    return in.d[0] * pixels * keys * (d->inner + d->channels);
}

static void describe(const gan_module *m, char *text, size_t size) {
    const attention *d = gan_module_data(m);
    snprintf(text, size, "%" PRId64 ", by %" PRId64 "%s", d->channels, d->inner, d->opts.spectral ? ", spectral" : "");
}

static const gan_module_type type = {.name = "SelfAttention",
                                     .forward = forward,
                                     .multiply_adds = multiply_adds,
                                     .describe = describe,
                                     .data_bytes = sizeof(attention)};

gan_module *gan_self_attention_layer(gan_ctx *ctx, int64_t channels, gan_attention_opts o) {
    if (!gan__at_least_one(ctx, "gan_self_attention_layer", "channels", channels)) return gan__nil_module(ctx);
    if (!o.pool_above) o.pool_above = 32;
    gan_module *m = gan_module_new(ctx, &type);
    if (gan_module_is_nil(m)) return m;
    int64_t inner = channels < 8 ? 1 : channels / 8;
    *(attention *)gan_module_data(m) = (attention){channels, inner, o};
    gan_conv_layer_opts pointwise = gan_conv_layer_square(1, 1, 0);
    pointwise.no_bias = true;
    pointwise.spectral = o.spectral;
    gan_scope_begin(ctx);
    gan_module_add_param(m, (gan_param){.name = "gamma", .tensor = gan_zeros(ctx, gan_shape1(1))});
    gan_scope_end(ctx);
    gan__adopt(m, "f", gan_conv2d_layer(ctx, channels, inner, pointwise));
    gan__adopt(m, "g", gan_conv2d_layer(ctx, channels, inner, pointwise));
    gan__adopt(m, "h", gan_conv2d_layer(ctx, channels, channels, pointwise));
    return gan__finished(ctx, m);
}
