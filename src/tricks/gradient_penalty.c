/* Penalties on the gradient of D's verdict by what it sees. */
#include "trick_impl.h"

#include <math.h>
#include <stdio.h>

/* A shape that broadcasts one number over each sample of x. */
static gan_shape per_sample(const gan_tensor *x) {
    gan_shape s = gan_shape_of(x);
    for (int i = 1; i < s.ndim; i++) s.d[i] = 1;
    return s;
}

/* x^ = e x + (1-e) G(z), e per sample. */
static gan_tensor *between(gan_tensor *real, gan_tensor *fake, gan_stream *stream) {
    return gan_lerp(fake, real, gan_rand_from(stream, per_sample(real)));
}

/* x + .5 std(x) U. The authors' code takes one deviation over the whole batch. */
static gan_tensor *around(gan_tensor *real, gan_tensor *fake, gan_stream *stream) {
    (void)fake;
    gan_tensor *std = gan_std_axes(real, GAN_ALL_AXES, false);
    return gan_add(real, gan_scale(gan_mul(std, gan_rand_from(stream, gan_shape_of(real))), .5));
}

static gan_tensor *at_real(gan_tensor *real, gan_tensor *fake, gan_stream *stream) {
    (void)fake, (void)stream;
    return real;
}

static gan_tensor *at_fake(gan_tensor *real, gan_tensor *fake, gan_stream *stream) {
    (void)real, (void)stream;
    return fake;
}

static gan_tensor *one_centred(gan_tensor *g) { return gan_mean(gan_square(gan_add_scalar(gan_norm_per_sample(g), -1))); }

static gan_tensor *one_sided(gan_tensor *g) { return gan_mean(gan_square(gan_relu(gan_add_scalar(gan_norm_per_sample(g), -1)))); }

static gan_tensor *zero_centred(gan_tensor *g) { return gan_scale(gan_sum(gan_square(g)), .5 / (double)gan_shape_of(g).d[0]); }

/* Where the gradient is taken, and what is made of it. */
static const struct {
    const char *name;
    gan_tensor *(*point)(gan_tensor *real, gan_tensor *fake, gan_stream *stream);
    gan_tensor *(*of)(gan_tensor *gradient);
} kinds[] = {
    [GAN_PENALTY_WGAN_GP] = {"wgan_gp", between, one_centred},
    [GAN_PENALTY_WGAN_GP_ONE_SIDED] = {"wgan_gp_one_sided", between, one_sided},
    [GAN_PENALTY_DRAGAN] = {"dragan", around, one_centred},
    [GAN_PENALTY_R1] = {"r1", at_real, zero_centred},
    [GAN_PENALTY_R2] = {"r2", at_fake, zero_centred},
};

/* What the penalty makes of the gradient of D's verdict by what it saw. */
static gan_tensor *of_verdict(const gan_loss *loss, gan_penalty_kind kind, gan_tensor *verdict, gan_tensor *x) {
    gan_tensor *gradient = gan_grad(gan_sum(gan_loss_realness(loss, verdict)), x, (gan_grad_opts){.create_graph = true});
    return gan_is_nil(gradient) ? gradient : kinds[kind].of(gradient);
}

gan_tensor *gan_penalty(gan_module *D, const gan_set *values, const gan_loss *loss, gan_penalty_kind kind, gan_tensor *real,
                        gan_tensor *fake, gan_tensor *label, gan_stream *stream) {
    gan_ctx *ctx = gan_module_ctx(D);
    if ((unsigned)kind > GAN_PENALTY_R2) {
        gan__raise(ctx, GAN_E_ARG, "gan_penalty: %d is no kind of penalty", (int)kind);
        return gan__nil(ctx);
    }
    if (!stream && kind != GAN_PENALTY_R1 && kind != GAN_PENALTY_R2) {
        gan__raise(ctx, GAN_E_ARG, "gan_penalty: %s draws where the gradient is taken, and there is no stream", kinds[kind].name);
        return gan__nil(ctx);
    }
    /* A handle of its own: what D's values owe to the same samples, in steps that are imagined, is no part of this gradient. */
    gan_tensor *at = kinds[kind].point(real, fake, stream), *x = gan_reshape(at, gan_shape_of(at));
    gan_input in = {x, kind == GAN_PENALTY_R2 ? NULL : label};
    return of_verdict(loss, kind, gan_module_call(D, in, (gan_call_opts){.set = values}).y, x);
}

static gan_tensor *term(gan_trick *k, const gan_turn *turn) {
    if (turn->player != GAN_PLAYER_D) return NULL;
    const gan_gradient_penalty_opts *o = gan_trick_data(k);
    bool real = o->kind == GAN_PENALTY_R1, fake = o->kind == GAN_PENALTY_R2;
    gan_tensor *verdict = real ? turn->real_out.y : fake ? turn->fake_out.y : NULL;
    /* D has judged them already. Not in steps that are imagined: there its values owe to the same samples. */
    if (verdict && !turn->values) return of_verdict(turn->loss, o->kind, verdict, real ? turn->real_seen : turn->fake_seen);
    return gan_penalty(turn->D, turn->values, turn->loss, o->kind, turn->real_seen, turn->fake_seen, turn->real.label,
                       gan_trick_stream(k));
}

/* Batch norm makes a sample's gradient depend on its neighbours: a norm per sample then means nothing (1704.00028, section 4). */
static void attach(gan_trick *k, const gan_turn *turn) {
    const gan_gradient_penalty_opts *o = gan_trick_data(k);
    if (!gan__contains_layer(turn->D, "BatchNorm")) return;
    if (kinds[o->kind].of == zero_centred)
        gan_ctx_log(turn->ctx, GAN_LOG_WARNING, "%s with batch norm in D: the penalty sees the batch, not the sample",
                    kinds[o->kind].name);
    else
        gan__raise(turn->ctx, GAN_E_ARG, "%s is refused with batch norm in D: use layer norm, or none", kinds[o->kind].name);
}

static void describe(const gan_trick *k, char *text, size_t size) {
    snprintf(text, size, "%s", kinds[((const gan_gradient_penalty_opts *)gan_trick_data(k))->kind].name);
}

#define TYPE(kind_name)                                                                                                          \
    { .name = kind_name, .data_bytes = sizeof(gan_gradient_penalty_opts), .attach = attach, .term = term, .describe = describe }

/* One type for each place, so that R1 and R2 go together. */
static const gan_trick_type types[] = {
    [GAN_PENALTY_WGAN_GP] = TYPE("wgan_gp"), [GAN_PENALTY_WGAN_GP_ONE_SIDED] = TYPE("wgan_gp"),
    [GAN_PENALTY_DRAGAN] = TYPE("dragan"),   [GAN_PENALTY_R1] = TYPE("r1"),
    [GAN_PENALTY_R2] = TYPE("r2"),
};

gan_trick *gan_gradient_penalty(gan_ctx *ctx, gan_gradient_penalty_opts opts) {
    if ((unsigned)opts.kind > GAN_PENALTY_R2) {
        gan__raise(ctx, GAN_E_ARG, "gan_gradient_penalty: %d is no kind of penalty", (int)opts.kind);
        opts.kind = GAN_PENALTY_R1;
    }
    gan__schedule_within(ctx, "gan_gradient_penalty", "weight", opts.weight, 0, INFINITY);
    return gan__trick_with(ctx, &types[opts.kind], (gan_trick_opts){opts.weight, opts.interval}, &opts);
}
