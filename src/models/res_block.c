#include "res_block.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static gan_tensor *through(gan_module *m, gan_call *call, const char *name, gan_tensor *x) {
    gan_module *child = gan_module_child(m, name);
    return gan_module_is_nil(child) ? x : gan_call_child(call, child, x);
}

static gan_tensor *activation(const gan__res_opts *o, gan_tensor *x) {
    return o->slope == 0 ? gan_relu(x) : gan_leaky_relu(x, o->slope);
}

static gan_tensor *halved(const gan__res_opts *o, gan_tensor *x) {
    return o->kind == GAN__RES_DOWN ? gan_avg_pool2d(x, (gan_pool_opts){.size_h = 2, .size_w = 2}) : x;
}

static gan_tensor *doubled(const gan__res_opts *o, gan_tensor *x) {
    return o->kind == GAN__RES_UP ? gan_upsample_nearest2d(x, 2, 2) : x;
}

/* The 1x1 convolution commutes with averaging and with repeating pixels: it is done on the smaller side. */
static gan_tensor *forward(gan_module *m, gan_call *call, gan_tensor *x) {
    const gan__res_opts *o = gan_module_data(m);
    gan_tensor *h = o->first ? x : activation(o, through(m, call, "norm1", x));
    if (o->up == GAN_UP_NEAREST) h = doubled(o, h);
    h = through(m, call, "conv1", h);
    if (o->kind == GAN__RES_UP && o->up == GAN_UP_SHUFFLE) h = gan_pixel_shuffle(h, 2);
    h = activation(o, through(m, call, "norm2", h));
    h = halved(o, through(m, call, "conv2", h));
    gan_tensor *aside = doubled(o, through(m, call, "shortcut", halved(o, x)));
    return through(m, call, "dropout", gan_add(h, aside));
}

static void describe(const gan_module *m, char *text, size_t size) {
    static const char *const kinds[] = {"", ", up", ", down"};
    const gan__res_opts *o = gan_module_data(m);
    snprintf(text, size, "%" PRId64 ", %" PRId64 "%s", o->map.d[2], o->out, kinds[o->kind]);
}

static const gan_module_type type = {
    .name = "ResBlock", .forward = forward, .describe = describe, .data_bytes = sizeof(gan__res_opts)};

static gan_module *first_conv(gan_ctx *ctx, const gan__res_opts *o, int64_t hidden) {
    bool up = o->kind == GAN__RES_UP, bias = o->norm == GAN_NORM_NONE;
    if (!up || o->up != GAN_UP_TRANSPOSED) {
        int64_t out = up && o->up == GAN_UP_SHUFFLE ? 4 * hidden : hidden;
        return gan_conv2d_layer(ctx, o->map.d[2], out, gan__same_size(3, bias, o->spectral));
    }
    gan_conv_layer_opts c = gan_conv_layer_square(4, 2, 1);
    c.no_bias = !bias;
    c.spectral = o->spectral;
    return gan_conv_transpose2d_layer(ctx, o->map.d[2], hidden, c);
}

/* SNGAN's widths: a block that keeps or halves the size widens with its second convolution, all others with their first. */
gan_module *gan__res_block(gan_ctx *ctx, gan__res_opts o) {
    gan_module *m = gan_module_new(ctx, &type);
    if (gan_module_is_nil(m)) return m;
    *(gan__res_opts *)gan_module_data(m) = o;
    bool up = o.kind == GAN__RES_UP;
    int64_t in = o.map.d[2], hidden = up || o.first ? o.out : in;
    gan_shape between = gan_shape3(o.map.d[0] * (up ? 2 : 1), o.map.d[1] * (up ? 2 : 1), hidden);
    if (!o.first) gan__model_adopt(m, "norm1", gan__norm_apiece(ctx, o.norms ? o.norms : 1, o.norm, o.map, o.reference));
    gan__model_adopt(m, "conv1", first_conv(ctx, &o, hidden));
    gan__model_adopt(m, "norm2", gan__norm_piece(ctx, o.norm, between, o.reference));
    gan__model_adopt(m, "conv2", gan_conv2d_layer(ctx, hidden, o.out, gan__same_size(3, true, o.spectral)));
    if (in != o.out || o.kind != GAN__RES_SAME)
        gan__model_adopt(m, "shortcut", gan_conv2d_layer(ctx, in, o.out, gan__same_size(1, true, o.spectral)));
    gan__model_adopt(m, "dropout", gan__dropout_piece(ctx, o.dropout, o.dropout_always));
    gan_module_init(m, gan_init_xavier());
    const gan_init stronger = {GAN_INIT_XAVIER, sqrt(2)}; /* each is followed by a rectifier */
    gan_module_init(gan_module_child(m, "conv1"), stronger);
    gan_module_init(gan_module_child(m, "conv2"), stronger);
    return gan__model_made(ctx, m);
}
