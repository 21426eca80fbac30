/* Unrolled GAN (Metz et al., 1611.02163): G answers the D that its samples will have made, not the present one, and so cannot
 * gain by running from one mode to the next. */
#include <stdio.h>

#include "../optim/virtual_step.h"
#include "trick_impl.h"

/* --- random streams ------------------------------------------------------------------------------------------- */

/* While D is imagined, all streams stand far behind any place that training will reach, at one of their own for each step. */
static int64_t far_place(int64_t step) { return INT64_C(1) << 62 | (step & UINT32_MAX) << 30; }

/* Returns where the streams stood; NULL (raised) without memory. */
static int64_t *leave_streams(gan_ctx *ctx, int64_t step) {
    size_t n = 0;
    for (gan_stream *s = ctx->state.streams; s; s = s->next) n++;
    int64_t *places = gan__alloc(ctx, (n + 1) * sizeof *places), *place = places;
    for (gan_stream *s = ctx->state.streams; s && places; s = s->next) {
        *place++ = gan_stream_position(s);
        gan_stream_seek(s, far_place(step));
    }
    if (places) *place = -1;
    return places;
}

/* Streams are listed in the order in which they were made: those made meanwhile are at the end, and begin. After an error all
 * of them have been wound back already. */
static void return_to_streams(gan_ctx *ctx, int64_t *places) {
    const int64_t *place = places;
    for (gan_stream *s = ctx->state.streams; s && gan__ok(ctx); s = s->next) gan_stream_seek(s, *place < 0 ? 0 : *place++);
    gan__free(ctx, places);
}

/* --- steps that are not taken --------------------------------------------------------------------------------- */

/* What the optimiser's parameters are in the set, and the working space of one step. */
typedef struct plan {
    bool terms;
    int n, *index;
    gan_tensor **w, **g;
    gan__virtual_slot *slots;
} plan;

static void plan_end(gan_ctx *ctx, plan *p) {
    gan__free(ctx, p->index);
    gan__free(ctx, p->w);
    gan__free(ctx, p->g);
    gan__free(ctx, p->slots);
}

static bool match(const gan_turn *turn, plan *p) {
    int found = 0;
    for (int i = 0; i < gan_module_param_count(turn->D); i++)
        if (found < p->n && gan_module_param(turn->D, i)->tensor == gan__optim_param(turn->opt_d, found)->tensor)
            p->index[found++] = i;
    if (found < p->n) gan__raise(turn->ctx, GAN_E_ARG, "gan_lookahead: opt_d is of another module than D");
    return found == p->n;
}

static bool plan_begin(const gan_turn *turn, bool terms, plan *p) {
    gan_ctx *ctx = turn->ctx;
    size_t n = (size_t)gan__optim_count(turn->opt_d);
    *p = (plan){.terms = terms,
                .n = (int)n,
                .index = gan__calloc(ctx, n * sizeof(int)),
                .w = gan__calloc(ctx, n * sizeof *p->w),
                .g = gan__calloc(ctx, n * sizeof *p->g),
                .slots = gan__virtual_start(turn->opt_d)};
    return gan__ok(ctx) && match(turn, p);
}

/* The k-th step from now. */
static void imagine(const gan_turn *turn, plan *p, gan_set *set, int k) {
    for (int i = 0; i < p->n; i++) p->w[i] = gan_set_get(set, p->index[i]);
    gan_tensor *loss = p->terms ? turn->loss_d(turn, set, k) : gan_turn_loss_d(turn, set);
    if (!gan__grads(loss, p->w, p->n, p->g, (gan__grad_opts){.create_graph = true, .who = "gan_lookahead"})) return;
    gan__virtual_step(turn->opt_d, p->slots, p->w, p->g);
    for (int i = 0; i < p->n; i++)
        if (p->g[i]) gan_set_put(set, p->index[i], p->w[i]);
}

static void imagine_all(const gan_turn *turn, gan_set *set, gan_lookahead_opts o) {
    gan_ctx *ctx = turn->ctx;
    plan p;
    int64_t *places = leave_streams(ctx, turn->step);
    gan_scope_begin(ctx);
    bool planned = plan_begin(turn, o.terms, &p);
    for (int k = 0; k < o.steps && planned && gan__ok(ctx); k++) {
        gan_scope_begin(ctx);
        imagine(turn, &p, set, k);
        gan_scope_end(ctx);
    }
    gan_scope_end(ctx);
    plan_end(ctx, &p);
    if (places) return_to_streams(ctx, places);
}

gan_set *gan_lookahead_values(const gan_turn *turn, gan_lookahead_opts o) {
    gan_ctx *ctx = turn->ctx;
    const char *fault = o.steps < 0                 ? "steps is negative"
                        : !turn->opt_d              ? "opt_d is missing"
                        : o.terms && !turn->loss_d  ? "loss_d is missing, which would know D's terms"
                                                    : NULL;
    if (fault) gan__raise(ctx, GAN_E_ARG, "gan_lookahead: %s", fault);
    gan_set *set = gan__ok(ctx) ? gan_set_of(turn->D) : NULL;
    if (set && gan__ok(ctx)) imagine_all(turn, set, o);
    if (gan__ok(ctx)) return set;
    gan_set_free(set);
    return NULL;
}

/* --- the trick ------------------------------------------------------------------------------------------------ */

typedef struct lookahead {
    gan_lookahead_opts opts;
    gan_set *set; /* of the turn under way */
} lookahead;

static void drop(lookahead *l) {
    gan_set_free(l->set);
    l->set = NULL;
}

static const gan_set *values(gan_trick *k, const gan_turn *turn) {
    lookahead *l = gan_trick_data(k);
    drop(l); /* of a step that failed */
    return l->set = gan_lookahead_values(turn, l->opts);
}

static void after(gan_trick *k, const gan_turn *turn) {
    if (turn->player == GAN_PLAYER_G) drop(gan_trick_data(k));
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const gan_lookahead_opts *o = &((const lookahead *)gan_trick_data(k))->opts;
    snprintf(text, size, "%d steps%s", o->steps, o->terms ? ", with D's terms" : "");
}

static const gan_trick_type type = {
    .name = "lookahead", .data_bytes = sizeof(lookahead), .values = values, .after = after, .describe = describe};

gan_trick *gan_lookahead(gan_ctx *ctx, gan_lookahead_opts opts) {
    if (opts.steps < 1) gan__raise(ctx, GAN_E_ARG, "gan_lookahead: steps is %d, less than 1", opts.steps);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &(lookahead){.opts = opts});
}
