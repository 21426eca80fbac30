/* Perceptrons for points in a plane or a few more dimensions. */
#include "pieces.h"

static gan_tensor *generator_forward(gan_module *m, gan_call *call, gan_tensor *x) {
    return gan__model_takes(m, x) ? gan__model_forward(m, call, x) : x;
}

const gan_module_type gan__mlp_generator_type = {
    .name = "MLPGenerator",
    .forward = generator_forward,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

static const gan_module_type discriminator_type = {
    .name = "MLPDiscriminator",
    .forward = gan__model_logits,
    .describe = gan__model_describe,
    .data_bytes = sizeof(gan__model),
};

static bool maxout_fits(gan_ctx *ctx, const char *who, const gan_mlp_opts *o) {
    if (!o->maxout) return true;
    if (o->slope != 0) gan_ctx_fail(ctx, GAN_E_ARG, "%s: slope is %g, but maxout units have none", who, o->slope);
    return o->slope == 0 && gan__model_count(ctx, who, "maxout", o->maxout);
}

static void fill_in(gan_mlp_opts *o) {
    if (!o->dim) o->dim = 2;
    if (!o->latent) o->latent = 2;
    if (!o->width) o->width = 128;
    if (!o->depth) o->depth = 2;
    if (!o->pack) o->pack = 1;
    if (o->slope == 0) o->slope = 0.2;
    if (!o->g_norm) o->g_norm = GAN_NORM_NONE;
    if (!o->d_norm) o->d_norm = GAN_NORM_NONE;
}

static bool opts_fit(gan_ctx *ctx, const char *who, gan_mlp_opts *o, gan__ends *ends) {
    *ends = (gan__ends){o->minibatch, o->discrimination, o->group, o->logits, o->aux};
    if (!maxout_fits(ctx, who, o)) return false;
    fill_in(o);
    return gan__model_count(ctx, who, "dim", o->dim) && gan__model_count(ctx, who, "latent", o->latent) &&
           gan__model_count(ctx, who, "width", o->width) && gan__model_count(ctx, who, "depth", o->depth) &&
           gan__model_count(ctx, who, "pack", o->pack) && gan__ends_fit(ctx, who, ends) &&
           gan__norms_fit(ctx, who, o->g_norm, o->d_norm, false) &&
           gan__generators_fit(ctx, who, &o->generators) &&
           gan__reference_fits(ctx, who, o->g_norm, o->generators, &o->reference) &&
           gan__dropout_fits(ctx, who, o->g_dropout, o->g_dropout_always);
}

/* What the hidden layers of one player are made of. */
typedef struct hidden {
    gan_norm_kind norm;
    bool spectral;
    double slope, dropout;
    bool always; /* dropout in evaluation mode too */
    int maxout;  /* pieces; 0: a rectifier */
    int apiece;  /* the first, for so many generators */
} hidden;

static gan_module *linear(gan_ctx *ctx, int64_t in, int64_t out, bool bias, bool spectral) {
    return gan_linear_layer(ctx, in, out, (gan_linear_opts){.no_bias = !bias, .spectral = spectral});
}

typedef struct first_layer {
    int64_t in, out;
    const hidden *h;
} first_layer;

static gan_module *make_first(gan_ctx *ctx, const void *arg) {
    const first_layer *f = arg;
    return linear(ctx, f->in, f->out, f->h->norm == GAN_NORM_NONE, f->h->spectral);
}

/* in -> width -> ... -> width */
static void add_hidden(gan_ctx *ctx, gan_module *main, const gan_mlp_opts *o, int64_t in, hidden h) {
    int64_t width = o->width * (h.maxout ? h.maxout : 1);
    for (int i = 0; i < o->depth; i++) {
        int apiece = i ? 1 : h.apiece;
        gan__model_add(main, gan__apiece(ctx, apiece, make_first, &(first_layer){i ? o->width : in, width, &h}));
        gan__model_add(main, gan__norm_apiece(ctx, apiece, h.norm, gan_shape1(width), o->reference));
        gan__model_add(main, h.maxout ? gan_maxout_layer(ctx, h.maxout) : gan__activation_piece(ctx, h.slope));
        gan__model_add(main, gan__dropout_piece(ctx, h.dropout, h.always));
    }
}

static const char generator_name[] = "gan_mlp_generator";

static gan_module *generator(gan_ctx *ctx, const void *opts) {
    gan_mlp_opts o = *(const gan_mlp_opts *)opts;
    gan__ends ends;
    if (!opts_fit(ctx, generator_name, &o, &ends)) return gan__nil_module(ctx);
    gan_module *m = gan__model_new(ctx, &gan__mlp_generator_type, gan_shape1(o.latent)), *main = gan__model_main(m);
    gan__model_share(m, o.generators);
    gan__model_refer(m, o.reference);
    hidden h = {o.g_norm, o.g_spectral, o.g_slope, o.g_dropout, o.g_dropout_always, 0, o.generators};
    add_hidden(ctx, main, &o, o.latent, h);
    gan__model_add(main, linear(ctx, o.width, o.dim, true, o.g_spectral));
    return gan__model_made(ctx, m);
}

gan_module *gan_mlp_generator(gan_ctx *ctx, gan_mlp_opts opts) {
    int generators = opts.generators;
    if (!opts.separate) return generator(ctx, &opts);
    opts.generators = 1;
    return gan__separate(ctx, generator_name, generators, generator, &opts);
}

gan_module *gan_mlp_discriminator(gan_ctx *ctx, gan_mlp_opts o) {
    gan__ends ends;
    if (!opts_fit(ctx, "gan_mlp_discriminator", &o, &ends)) return gan__nil_module(ctx);
    int64_t in = o.dim * o.pack, features = o.width + gan__minibatch_channels(&ends);
    gan_module *m = gan__model_new(ctx, &discriminator_type, gan_shape1(in)), *main = gan__model_main(m);
    add_hidden(ctx, main, &o, in, (hidden){o.d_norm, o.d_spectral, o.slope, o.dropout, false, o.maxout, 1});
    gan__model_add(main, gan__minibatch_piece(ctx, &ends, gan_shape1(o.width)));
    gan__model_add(main, linear(ctx, features, ends.logits, true, o.d_spectral));
    gan__model_heads(m, ends.logits, ends.aux, ends.aux ? linear(ctx, features, ends.aux, true, o.d_spectral) : NULL);
    return gan__model_made(ctx, m);
}
