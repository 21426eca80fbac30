/* Conv2d and ConvTranspose2d. */
#include <gan/nn.h>
#include <inttypes.h>
#include <stdio.h>

#include "../ops/products.h"
#include "layer_impl.h"
#include "nn_impl.h"

typedef struct conv {
    int64_t in, out;
    gan_conv_layer_opts opts;
} conv;

static gan__weighted how_of(const gan_conv_layer_opts *o) { return (gan__weighted){!o->no_bias, o->spectral}; }

typedef gan_tensor *conv_fn(gan_tensor *x, gan_tensor *weight, gan_tensor *bias, gan_conv_opts opts, gan__conv_then then);

static gan_tensor *run(conv_fn *fn, gan_module *m, gan_call *call, gan_tensor *x, gan__conv_then then) {
    const conv *d = gan_module_data(m);
    gan_tensor *weight = gan__weight(m, call, how_of(&d->opts));
    return fn(x, weight, gan__bias(m, call, how_of(&d->opts)), d->opts.conv, then);
}

static gan_tensor *conv_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    return run(gan__conv2d, m, call, x, (gan__conv_then){.moments = gan__call_into_norm(call)});
}
static gan_tensor *transpose_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    return run(gan__conv_transpose2d, m, call, x, (gan__conv_then){.moments = gan__call_into_norm(call)});
}

gan_tensor *gan__conv_leaky_forward(gan_module *m, gan_call *call, gan_tensor *x, double slope) {
    return run(m->type == &gan__conv_type ? gan__conv2d : gan__conv_transpose2d, m, call, x, (gan__conv_then){.slope = &slope});
}

/* Padding counts as if it were multiplied. */
static int64_t conv_multiply_adds(const gan_module *m, gan_shape in, gan_shape out) {
    const conv *d = gan_module_data(m);
    (void)in;
    return gan_shape_count(out) * d->in * d->opts.kernel_h * d->opts.kernel_w;
}

static int64_t transpose_multiply_adds(const gan_module *m, gan_shape in, gan_shape out) {
    const conv *d = gan_module_data(m);
    (void)out;
    return gan_shape_count(in) * d->out * d->opts.kernel_h * d->opts.kernel_w;
}

typedef char small_text[48];

/* "k4", or "k4x3" if the two differ. */
static const char *pair(small_text text, const char *name, int a, int b) {
    snprintf(text, sizeof(small_text), a == b ? "%s%d" : "%s%dx%d", name, a, b);
    return text;
}

/* " p1", or " p[0,1,0,1]", or nothing. */
static const char *padding(small_text text, const int p[4]) {
    bool even = p[0] == p[1] && p[1] == p[2] && p[2] == p[3];
    if (even && p[0])
        snprintf(text, sizeof(small_text), " p%d", p[0]);
    else if (!even)
        snprintf(text, sizeof(small_text), " p[%d,%d,%d,%d]", p[0], p[1], p[2], p[3]);
    else
        text[0] = 0;
    return text;
}

static void conv_describe(const gan_module *m, char *text, size_t size) {
    const conv *d = gan_module_data(m);
    const gan_conv_opts *c = &d->opts.conv;
    small_text k, s, p;
    snprintf(text, size, "%" PRId64 ", %" PRId64 ", %s %s%s%s", d->in, d->out, pair(k, "k", d->opts.kernel_h, d->opts.kernel_w),
             pair(s, "s", c->stride_h, c->stride_w), padding(p, c->pad), d->opts.spectral ? " spectral" : "");
}

const gan_module_type gan__conv_type = {
    .name = "Conv2d",
    .forward = conv_forward,
    .multiply_adds = conv_multiply_adds,
    .describe = conv_describe,
    .data_bytes = sizeof(conv),
};

const gan_module_type gan__conv_transpose_type = {
    .name = "ConvTranspose2d",
    .forward = transpose_forward,
    .multiply_adds = transpose_multiply_adds,
    .describe = conv_describe,
    .data_bytes = sizeof(conv),
};

gan_conv_layer_opts gan_conv_layer_square(int kernel, int stride, int pad) {
    return (gan_conv_layer_opts){.kernel_h = kernel, .kernel_w = kernel, .conv = gan_conv_square(stride, pad)};
}

static bool output_pad_fits(gan_ctx *ctx, const char *who, const char *name, int pad, int stride, bool transposed) {
    int limit = transposed ? stride : 1;
    bool fits = pad >= 0 && pad < limit;
    if (!fits) gan_ctx_fail(ctx, GAN_E_ARG, "%s: %s is %d, must be at least 0 and below %d", who, name, pad, limit);
    return fits;
}

static bool opts_fit(gan_ctx *ctx, const char *who, int64_t in, int64_t out, gan_conv_layer_opts *o, bool transposed) {
    gan_conv_opts *c = &o->conv;
    if (!o->kernel_w) o->kernel_w = o->kernel_h;
    if (!c->stride_h) c->stride_h = 1;
    if (!c->stride_w) c->stride_w = 1;
    if (!gan__at_least_one(ctx, who, "in", in) || !gan__at_least_one(ctx, who, "out", out) ||
        !gan__at_least_one(ctx, who, "kernel_h", o->kernel_h) || !gan__at_least_one(ctx, who, "kernel_w", o->kernel_w) ||
        !gan__at_least_one(ctx, who, "stride_h", c->stride_h) || !gan__at_least_one(ctx, who, "stride_w", c->stride_w))
        return false;
    for (int i = 0; i < 4; i++)
        if (c->pad[i] < 0) {
            gan_ctx_fail(ctx, GAN_E_ARG, "%s: pad[%d] is %d, must not be negative", who, i, c->pad[i]);
            return false;
        }
    return output_pad_fits(ctx, who, "output_pad_h", c->output_pad_h, c->stride_h, transposed) &&
           output_pad_fits(ctx, who, "output_pad_w", c->output_pad_w, c->stride_w, transposed);
}

/* PyTorch takes fan_in from the second dimension of its weight, which for transposed convolution is `out`. */
static gan_module *make(gan_ctx *ctx, int64_t in, int64_t out, gan_conv_layer_opts o, bool transposed) {
    if (!opts_fit(ctx, transposed ? "gan_conv_transpose2d_layer" : "gan_conv2d_layer", in, out, &o, transposed))
        return gan__nil_module(ctx);
    gan_module *m = gan_module_new(ctx, transposed ? &gan__conv_transpose_type : &gan__conv_type);
    if (gan_module_is_nil(m)) return m;
    *(conv *)gan_module_data(m) = (conv){in, out, o};
    gan_param weight = {.layout = transposed ? GAN_LAYOUT_CONV_TRANSPOSE : GAN_LAYOUT_CONV};
    gan_shape shape = transposed ? gan_shape4(o.kernel_h, o.kernel_w, out, in) : gan_shape4(o.kernel_h, o.kernel_w, in, out);
    gan__add_weight_and_bias(m, weight, shape, shape.d[2] * o.kernel_h * o.kernel_w, out, how_of(&o));
    return gan__finished(ctx, m);
}

gan_module *gan_conv2d_layer(gan_ctx *ctx, int64_t in, int64_t out, gan_conv_layer_opts opts) {
    return make(ctx, in, out, opts, false);
}

gan_module *gan_conv_transpose2d_layer(gan_ctx *ctx, int64_t in, int64_t out, gan_conv_layer_opts opts) {
    return make(ctx, in, out, opts, true);
}
