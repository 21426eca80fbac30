/* Historical averaging (Salimans et al., 1606.03498, section 3.3), after fictitious play: each player is drawn to the mean of
 * where it has been. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "trick_impl.h"

/* One player's past. */
typedef struct past {
    gan_schedule lambda;
    int first;              /* of the trick's tensors; one for each of the player's parameters */
    gan_trick_count *count; /* of values in the mean */
} past;

typedef struct historical_averaging {
    past of[2]; /* by gan_player */
} historical_averaging;

static gan_module *net_of(const gan_turn *turn, gan_player player) { return player == GAN_PLAYER_D ? turn->D : turn->G; }

static past *past_of(gan_trick *k, const gan_turn *turn) {
    return &((historical_averaging *)gan_trick_data(k))->of[turn->player];
}

static void attach_player(gan_trick *k, const gan_turn *turn, gan_player player, const char *letter) {
    gan_module *m = net_of(turn, player);
    past *p = &((historical_averaging *)gan_trick_data(k))->of[player];
    p->first = k->n_tensors;
    p->count = gan_trick_counter(k, letter);
    for (int i = 0; i < gan_module_param_count(m) && gan__ok(turn->ctx); i++) {
        const gan_param *w = gan_module_param(m, i);
        char name[256];
        snprintf(name, sizeof name, "%s.%s", letter, w->name);
        if (!w->buffer) gan_trick_tensor(k, name, gan_shape_of(w->tensor));
    }
}

static void attach(gan_trick *k, const gan_turn *turn) {
    attach_player(k, turn, GAN_PLAYER_G, "G");
    attach_player(k, turn, GAN_PLAYER_D, "D");
}

static gan_tensor *term(gan_trick *k, const gan_turn *turn) {
    const past *p = past_of(k, turn);
    gan_module *m = net_of(turn, turn->player);
    double lambda = gan_schedule_at(p->lambda, turn->step);
    gan_tensor *sum = NULL;
    if (lambda == 0 || gan_trick_count_get(p->count) == 0) return NULL;
    for (int i = 0, at = p->first; i < gan_module_param_count(m); i++) {
        const gan_param *w = gan_module_param(m, i);
        if (w->buffer) continue;
        gan_tensor *squares = gan_sum(gan_square(gan_sub(gan_turn_param(turn, i), gan_detach(k->tensors[at++].tensor))));
        sum = sum ? gan_add(sum, squares) : squares;
    }
    return sum ? gan_scale(sum, lambda) : NULL;
}

/* mean += (w - mean)/t, with w the t-th value. */
static void after(gan_trick *k, const gan_turn *turn) {
    const past *p = past_of(k, turn);
    gan_module *m = net_of(turn, turn->player);
    if (!gan__ok(turn->ctx)) return;
    int64_t t = gan_trick_count_get(p->count) + 1;
    gan_scope_begin(turn->ctx);
    gan_no_record_begin(turn->ctx);
    for (int i = 0, at = p->first; i < gan_module_param_count(m); i++) {
        const gan_param *w = gan_module_param(m, i);
        if (w->buffer) continue;
        gan_tensor *mean = k->tensors[at++].tensor;
        gan_tensor *next = gan_add(mean, gan_scale(gan_sub(w->tensor, mean), 1 / (double)t));
        gan_assign(mean, gan_data(next), gan_count(next));
    }
    gan_no_record_end(turn->ctx);
    gan_scope_end(turn->ctx);
    if (gan__ok(turn->ctx)) gan_trick_count_set(p->count, t);
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const historical_averaging *h = gan_trick_data(k);
    snprintf(text, size, "G ");
    gan_schedule_text(h->of[GAN_PLAYER_G].lambda, text + 2, size - 2);
    size_t used = strlen(text);
    if (size - used < 8) return;
    memcpy(text + used, ", D ", 5);
    gan_schedule_text(h->of[GAN_PLAYER_D].lambda, text + used + 4, size - used - 4);
}

static const gan_trick_type type = {.name = "historical_averaging",
                                    .data_bytes = sizeof(historical_averaging),
                                    .attach = attach,
                                    .term = term,
                                    .after = after,
                                    .describe = describe};

gan_trick *gan_historical_averaging(gan_ctx *ctx, gan_historical_averaging_opts opts) {
    historical_averaging h = {.of = {[GAN_PLAYER_G] = {.lambda = opts.g}, [GAN_PLAYER_D] = {.lambda = opts.d}}};
    gan__schedule_within(ctx, "gan_historical_averaging", "g", opts.g, 0, INFINITY);
    gan__schedule_within(ctx, "gan_historical_averaging", "d", opts.d, 0, INFINITY);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &h);
}
