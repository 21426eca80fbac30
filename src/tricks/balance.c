/* A D that is right too often teaches nothing: it waits for G. */
#include "trick_impl.h"

#include <math.h>
#include <stdio.h>

typedef struct balance {
    gan_balance_opts opts;
    gan_tensor *accuracy;    /* [1], the moving average */
    gan_trick_count *in_row; /* updates left out since the last one made */
} balance;

/* The fraction of verdicts on the right side of the threshold. */
static double right(const gan_turn *turn, gan_tensor *verdict, bool real) {
    gan_tensor *realness = gan_loss_realness(turn->loss, gan_detach(verdict));
    const gan_real *x = gan_data(realness);
    double threshold = gan_loss_threshold(turn->loss);
    int64_t n = gan_count(realness), count = 0;
    for (int64_t i = 0; i < n; i++) count += real ? x[i] > threshold : x[i] < threshold;
    return n ? (double)count / (double)n : 0;
}

static bool skip(gan_trick *k, const gan_turn *turn) {
    balance *b = gan_trick_data(k);
    double now = (right(turn, turn->real_out.y, true) + right(turn, turn->fake_out.y, false)) / 2;
    gan_real average = (gan_real)(b->opts.decay * gan_item(b->accuracy) + (1 - b->opts.decay) * now);
    gan_assign(b->accuracy, &average, 1);
    int64_t in_row = gan_trick_count_get(b->in_row);
    bool wait = (double)average > b->opts.above && in_row < b->opts.most;
    gan_trick_count_set(b->in_row, wait ? in_row + 1 : 0);
    return wait;
}

static void attach(gan_trick *k, const gan_turn *turn) {
    balance *b = gan_trick_data(k);
    const gan_loss_info *info = gan_loss_info_of(turn->loss->kind);
    if (info && info->critic)
        gan__raise(turn->ctx, GAN_E_ARG, "balance: with the %s loss D is a critic, which has no accuracy", info->name);
    b->accuracy = gan_trick_tensor(k, "accuracy", gan_shape1(1));
    b->in_row = gan_trick_counter(k, "in_row");
    gan_assign(b->accuracy, &(gan_real){(gan_real).5}, 1);
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const gan_balance_opts *o = &((const balance *)gan_trick_data(k))->opts;
    snprintf(text, size, "above %g, at most %d, decay %g", o->above, o->most, o->decay);
}

static const gan_trick_type type = {
    .name = "balance", .data_bytes = sizeof(balance), .attach = attach, .skip = skip, .describe = describe};

gan_balance_opts gan_balance_defaults(void) { return (gan_balance_opts){.above = .8, .most = 5, .decay = .9}; }

gan_trick *gan_balance(gan_ctx *ctx, gan_balance_opts o) {
    balance b = {.opts = o};
    if (!(o.above >= 0 && o.above <= 1))
        gan__raise(ctx, GAN_E_ARG, "gan_balance: above is %g, outside [0, 1]", o.above);
    else if (o.most < 1)
        gan__raise(ctx, GAN_E_ARG, "gan_balance: most is %d, less than 1", o.most);
    else if (!(o.decay >= 0 && o.decay < 1))
        gan__raise(ctx, GAN_E_ARG, "gan_balance: decay is %g, outside [0, 1)", o.decay);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &b);
}
