/* Losses between pixels: to the target where the data comes in pairs (1611.07004), else to the batch of reals as a whole. */
#include "trick_impl.h"

#include <gan/op.h>
#include <math.h>
#include <stdio.h>

static gan_tensor *mean_square(gan_tensor *a, gan_tensor *b) { return gan_mean(gan_square(gan_sub(a, b))); }

static gan_tensor *to_target(const gan_turn *turn) { return gan_mean(gan_abs(gan_sub(turn->fake, turn->real.target))); }
static gan_tensor *to_target_squared(const gan_turn *turn) { return mean_square(turn->fake, turn->real.target); }

static int64_t least(const gan_real *row, int64_t n) {
    int64_t at = 0;
    for (int64_t j = 1; j < n; j++)
        if (row[j] < row[at]) at = j;
    return at;
}

/* For each real the index of the fake next to it. |x - g|^2 less |x|^2, which all fakes share. */
static gan_tensor *nearest_to(gan_tensor *real, gan_tensor *fake) {
    gan_tensor *x = gan_flatten(real), *g = gan_flatten(fake);
    gan_tensor *across = gan_matmul(x, g, (gan_matmul_opts){.trans_b = true});
    gan_tensor *gap = gan_sub(gan_sum_axes(gan_square(g), GAN_AXIS(1), false), gan_scale(across, 2));
    if (gan_is_nil(gap)) return gap;
    int64_t n = gan_shape_of(gap).d[0], m = gan_shape_of(gap).d[1];
    gan_tensor *index = gan_empty(gan_ctx_of(real), gan_shape1(n));
    for (int64_t i = 0; i < n && !gan_is_nil(index); i++) gan_op_write(index)[i] = (gan_real)least(gan_data(gap) + i * m, m);
    return index;
}

/* Which one is nearest is found without a graph: the derivative of a minimum is that of the least. */
static gan_tensor *nearest(const gan_turn *turn) {
    gan_no_record_begin(turn->ctx);
    gan_tensor *index = nearest_to(turn->real.x, turn->fake);
    gan_no_record_end(turn->ctx);
    return mean_square(gan_gather(turn->fake, index), turn->real.x);
}

static gan_tensor *moments(const gan_turn *turn) {
    gan_tensor *x = turn->real.x, *g = turn->fake;
    gan_tensor *means = mean_square(gan_mean_axes(g, GAN_AXIS(0), false), gan_mean_axes(x, GAN_AXIS(0), false));
    gan_tensor *stds = mean_square(gan_std_axes(g, GAN_AXIS(0), false), gan_std_axes(x, GAN_AXIS(0), false));
    return gan_add(means, stds);
}

static const struct {
    const char *name;
    bool paired;
    gan_tensor *(*of)(const gan_turn *turn);
} kinds[] = {
    [GAN_PIXEL_L1] = {"l1", true, to_target},
    [GAN_PIXEL_L2] = {"l2", true, to_target_squared},
    [GAN_PIXEL_NEAREST] = {"nearest", false, nearest},
    [GAN_PIXEL_MOMENTS] = {"moments", false, moments},
};

static bool is_kind(gan_pixel_kind kind) { return (unsigned)kind < sizeof kinds / sizeof *kinds; }
static gan_pixel_kind kind_of(const gan_trick *k) { return ((const gan_pixel_loss_opts *)gan_trick_data(k))->kind; }

static gan_tensor *term(gan_trick *k, const gan_turn *turn) {
    return turn->player == GAN_PLAYER_G ? kinds[kind_of(k)].of(turn) : NULL;
}

static void attach(gan_trick *k, const gan_turn *turn) {
    if (kinds[kind_of(k)].paired && !turn->paired)
        gan__raise(turn->ctx, GAN_E_ARG, "pixel_loss: %s is to the targets of pairs, and the data has none",
                   kinds[kind_of(k)].name);
    else if (kinds[kind_of(k)].paired)
        gan_ctx_log(
            turn->ctx, GAN_LOG_INFO,
            "pixel_loss: %s draws G to what the targets have in common, since it does not see what they are of: let it fade",
            kinds[kind_of(k)].name);
}

static void describe(const gan_trick *k, char *text, size_t size) { snprintf(text, size, "%s", kinds[kind_of(k)].name); }

static const gan_trick_type type = {
    .name = "pixel_loss", .data_bytes = sizeof(gan_pixel_loss_opts), .attach = attach, .term = term, .describe = describe};

gan_pixel_loss_opts gan_pixel_loss_defaults(gan_pixel_kind kind) {
    double weight = is_kind(kind) && kinds[kind].paired ? 100 : 10;
    return (gan_pixel_loss_opts){.kind = kind, .weight = gan_linear_decay(weight, 0, 10000)};
}

gan_trick *gan_pixel_loss(gan_ctx *ctx, gan_pixel_loss_opts o) {
    if (!is_kind(o.kind)) gan__raise(ctx, GAN_E_ARG, "gan_pixel_loss: %d is no kind of pixel loss", (int)o.kind);
    gan__schedule_within(ctx, "gan_pixel_loss", "weight", o.weight, 0, INFINITY);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = o.weight}, &o);
}
