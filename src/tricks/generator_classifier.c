/* MGAN (Hoang et al., 1708.02556): a classifier tells the generators apart, and each of them makes what it can be told by. Their
 * mixture then spreads over the data, where the same generator K times would not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../nn/nn_impl.h"
#include "trick_impl.h"

/* What D's second head gives for two samples, in evaluation mode and without a trace. */
static gan_shape head_of(const gan_turn *turn) {
    gan_ctx *ctx = turn->ctx;
    gan_shape s = {.ndim = turn->sample.ndim + 1, .d = {2}}, head = {.ndim = -1};
    memcpy(s.d + 1, turn->sample.d, (size_t)turn->sample.ndim * sizeof *s.d);
    gan__aside aside = gan__aside_begin(turn->D);
    gan_scope_begin(ctx);
    gan_output out = gan_module_call(turn->D, (gan_input){gan_zeros(ctx, s), NULL}, (gan_call_opts){0});
    if (out.aux) head = gan_shape_of(out.aux);
    gan_scope_end(ctx);
    gan__aside_end(&aside);
    return head;
}

static void attach(gan_trick *k, const gan_turn *turn) {
    const char *name = gan_trick_name(k);
    if (turn->generators < 2)
        gan__raise(turn->ctx, GAN_E_ARG, "%s needs several generators, and G is one", name);
    else if (turn->pack > 1)
        gan__raise(turn->ctx, GAN_E_ARG, "%s is refused together with pack %d: a pack has no one generator", name, turn->pack);
    if (!gan__ok(turn->ctx)) return;
    gan_shape head = head_of(turn), wanted = gan_shape2(2, turn->generators);
    if (!gan__ok(turn->ctx) || gan_shape_equal(head, wanted)) return;
    char text[GAN_SHAPE_TEXT];
    if (head.ndim < 0)
        gan__raise(turn->ctx, GAN_E_ARG, "%s needs a second head on D, of width %d (aux = %d)", name, turn->generators,
                   turn->generators);
    else
        gan__raise(turn->ctx, GAN_E_ARG, "%s: D's second head gives %s for two samples; %d generators need [2, %d]", name,
                   gan_shape_text(head, text), turn->generators, turn->generators);
}

/* E -log C_k(x), x being of generator k. */
static gan_tensor *term(gan_trick *k, const gan_turn *turn) {
    const gan_generator_classifier_opts *o = gan_trick_data(k);
    double weight = gan_schedule_at(turn->player == GAN_PLAYER_D ? o->d : o->g, turn->step);
    if (weight == 0) return NULL;
    gan_tensor *hot = gan_one_hot(turn->fake_label, turn->generators);
    gan_tensor *log_p = gan_sum(gan_mul(gan_log_softmax(turn->fake_out.aux), hot));
    return gan_scale(log_p, -weight / (double)gan_count(turn->fake_label));
}

static void describe(const gan_trick *k, char *text, size_t size) {
    const gan_generator_classifier_opts *o = gan_trick_data(k);
    char g[128], d[128];
    gan_schedule_text(o->g, g, sizeof g);
    gan_schedule_text(o->d, d, sizeof d);
    snprintf(text, size, "G %s, D %s", g, d);
}

static const gan_trick_type type = {.name = "generator_classifier",
                                    .data_bytes = sizeof(gan_generator_classifier_opts),
                                    .attach = attach,
                                    .term = term,
                                    .describe = describe};

gan_generator_classifier_opts gan_generator_classifier_defaults(void) {
    return (gan_generator_classifier_opts){.g = gan_constant(.01), .d = gan_constant(1)};
}

gan_trick *gan_generator_classifier(gan_ctx *ctx, gan_generator_classifier_opts opts) {
    gan__schedule_within(ctx, "gan_generator_classifier", "g", opts.g, 0, INFINITY);
    gan__schedule_within(ctx, "gan_generator_classifier", "d", opts.d, 0, INFINITY);
    return gan__trick_with(ctx, &type, (gan_trick_opts){.weight = gan_constant(1)}, &opts);
}
