/* Experience replay (Shrivastava et al., 1612.07828): a D that sees the present fakes only forgets the old ones, and G may return
 * to them. */
#include <stdio.h>

#include "trick_impl.h"

typedef struct replay {
    gan_replay_opts opts;
    gan_trick_count *offered; /* batches, so far */
} replay;

/* The trick's tensors: for each room the samples, then the numbers of their generators. */
static gan_tensor *samples(const gan_trick *k, int64_t room) { return k->tensors[2 * room].tensor; }
static gan_tensor *generators(const gan_trick *k, int64_t room) { return k->tensors[2 * room + 1].tensor; }

static void attach(gan_trick *k, const gan_turn *turn) {
    replay *r = gan_trick_data(k);
    int64_t n = turn->batch * turn->pack;
    gan_shape s = {.ndim = turn->sample.ndim + 1, .d = {n}};
    for (int i = 1; i < s.ndim; i++) s.d[i] = turn->sample.d[i - 1];
    r->offered = gan_trick_counter(k, "offered");
    for (int i = 0; i < r->opts.rooms && gan__ok(turn->ctx); i++) {
        char name[32];
        snprintf(name, sizeof name, "room.%d", i);
        gan_trick_tensor(k, name, s);
        snprintf(name, sizeof name, "room.%d.generator", i);
        gan_trick_tensor(k, name, gan_shape1(n));
    }
}

/* L(old) - L(fresh): times p and added to L(fresh), it makes the mixture. What the two have in common cancels. */
static gan_tensor *term(gan_trick *k, const gan_turn *turn) {
    const replay *r = gan_trick_data(k);
    int64_t offered = gan_trick_count_get(r->offered), full = offered < r->opts.rooms ? offered : r->opts.rooms;
    if (turn->player != GAN_PLAYER_D || full == 0) return NULL;
    int64_t room = gan_stream_below(gan_trick_stream(k), full);
    gan_tensor *old = turn->see(turn, gan_detach(samples(k, room)), false);
    gan_tensor *old_label = turn->fake_label ? gan_detach(generators(k, room)) : NULL;
    gan_tensor *old_out = gan_module_call(turn->D, (gan_input){old, NULL}, (gan_call_opts){.set = turn->values}).y;
    return gan_sub(gan_loss_d(turn->loss, gan__turn_verdict(turn, turn->real_out.y, old_out, old_label)),
                   gan_loss_d(turn->loss, gan__turn_verdict(turn, turn->real_out.y, turn->fake_out.y, turn->fake_label)));
}

/* The t-th batch is kept with probability rooms/t, in place of any: then each of the t is there with that probability (Vitter's
 * algorithm R, 1985). */
static int64_t room_for(gan_trick *k, int64_t t, int rooms) {
    return t <= rooms ? t - 1 : gan_stream_below(gan_trick_stream(k), t);
}

static void after(gan_trick *k, const gan_turn *turn) {
    const replay *r = gan_trick_data(k);
    if (turn->player != GAN_PLAYER_D || !gan__ok(turn->ctx)) return;
    int64_t t = gan_trick_count_get(r->offered) + 1, room = room_for(k, t, r->opts.rooms);
    gan_trick_count_set(r->offered, t);
    if (room >= r->opts.rooms) return;
    gan_assign(samples(k, room), gan_data(turn->fake), gan_count(turn->fake));
    if (turn->fake_label) gan_assign(generators(k, room), gan_data(turn->fake_label), gan_count(turn->fake_label));
}

static void describe(const gan_trick *k, char *text, size_t size) {
    snprintf(text, size, "%d rooms", ((const replay *)gan_trick_data(k))->opts.rooms);
}

static const gan_trick_type type = {
    .name = "replay", .data_bytes = sizeof(replay), .attach = attach, .term = term, .after = after, .describe = describe};

gan_replay_opts gan_replay_defaults(void) { return (gan_replay_opts){.rooms = 50, .p = gan_constant(.5)}; }

gan_trick *gan_replay(gan_ctx *ctx, gan_replay_opts opts) {
    if (opts.rooms < 1 || opts.rooms > 4096) gan__raise(ctx, GAN_E_ARG, "gan_replay: rooms is %d, must be 1 to 4096", opts.rooms);
    gan__schedule_within(ctx, "gan_replay", "p", opts.p, 0, 1);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = opts.p}, &(replay){.opts = opts});
}
