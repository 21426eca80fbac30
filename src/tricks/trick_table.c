#include "trick_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../base/ctx_impl.h"
#include "../base/words.h"
#include "../optim/schedule_options.h"

/* --- the options of each ------------------------------------------------------------------------------------- */

#define ROW(type, strct, field, what, ...) GAN_OPTION_ROW(#field, type, offsetof(strct, field), what, __VA_ARGS__)
#define NAMED(named, type, strct, field, what, ...) GAN_OPTION_ROW(named, type, offsetof(strct, field), what, __VA_ARGS__)
#define SCHEDULE(strct, field, highest, what) GAN__SCHEDULE(#field, offsetof(strct, field), 0, highest, what)
#define WEIGHT(strct, field) GAN__SCHEDULE("weight", offsetof(strct, field), 0, INFINITY, "of the term in the player's loss")
#define INTERVAL(strct, field)                                                                                                   \
    NAMED("interval", INT, strct, field, "it counts every so many updates, times as much", .low = 1, .high = INFINITY)
#define POSITIVE .high = INFINITY
#define END                                                                                                                      \
    { .name = NULL }

static const gan_option augment_options[] = {
    ROW(NUMBER, gan_augment_opts, brightness, "images become brighter or darker by up to this", POSITIVE),
    ROW(NUMBER, gan_augment_opts, saturation, "colours become stronger or weaker by up to this factor", .high = 1),
    ROW(NUMBER, gan_augment_opts, contrast, "likewise, light and dark", .high = 1),
    ROW(BOOL, gan_augment_opts, flip, "left and right change places in half of the images"),
    ROW(NUMBER, gan_augment_opts, translation, "images move by up to this part of their sides", .high = 1),
    ROW(NUMBER, gan_augment_opts, cutout, "a rectangle of this part of the sides becomes 0", .high = 1),
    END};

static const gan_option instance_noise_options[] = {
    SCHEDULE(gan_instance_noise_opts, sigma, INFINITY, "deviation of the noise; pixels are in [-1, 1]"), END};

static const gan_option label_noise_options[] = {
    ROW(NUMBER, gan_label_noise_opts, real_low, "targets of reals are drawn from here"),
    ROW(NUMBER, gan_label_noise_opts, real_high, "to here"),
    ROW(NUMBER, gan_label_noise_opts, fake_low, "targets of fakes are drawn from here"),
    ROW(NUMBER, gan_label_noise_opts, fake_high, "to here"), END};

static const gan_option label_flip_options[] = {SCHEDULE(gan_label_flip_opts, p, 1, "fraction of D's targets that are inverted"),
                                                END};

static const gan_option weight_clip_options[] = {
    ROW(NUMBER, gan_weight_clip_opts, c, "D's weights are held to [-c, c]", .low_open = true, POSITIVE), END};

static const gan_option weight_penalty_options[] = {
    NAMED("d_l1", NUMBER, gan_weight_penalty_opts, d.l1, "on D's weights", POSITIVE),
    NAMED("d_l2", NUMBER, gan_weight_penalty_opts, d.l2, "on D's weights", POSITIVE),
    NAMED("g_l1", NUMBER, gan_weight_penalty_opts, g.l1, "on G's weights", POSITIVE),
    NAMED("g_l2", NUMBER, gan_weight_penalty_opts, g.l2, "on G's weights", POSITIVE),
    WEIGHT(gan_weight_penalty_opts, weight),
    END};

enum { PATH_ROOM = 160 };

/* The path is the user's in the C interface, and part of the struct here. */
typedef struct feature_matching_words {
    gan_feature_matching_opts opts;
    char path[PATH_ROOM];
} feature_matching_words;

static const gan_option feature_matching_options[] = {
    WEIGHT(feature_matching_words, opts.weight),
    ROW(TEXT, feature_matching_words, path, "D's submodule whose output is matched; empty: what its last layer takes",
        .room = PATH_ROOM),
    NAMED("l1", BOOL, feature_matching_words, opts.l1, "the L1 distance, not the square"),
    NAMED("alone", BOOL, feature_matching_words, opts.alone, "G's loss is this alone"), END};

static const gan_option mode_seeking_options[] = {
    WEIGHT(gan_mode_seeking_opts, weight),
    ROW(NUMBER, gan_mode_seeking_opts, tau, "the ratio from which G gains no more", .low_open = true, POSITIVE), END};

static const char *const pixel_kinds[] = {"l1", "l2", "nearest", "moments", NULL}; /* by gan_pixel_kind */
static const gan_option pixel_loss_options[] = {
    ROW(WORD, gan_pixel_loss_opts, kind, "l1, l2: to a pair's target", .words = pixel_kinds), WEIGHT(gan_pixel_loss_opts, weight),
    END};

static const gan_option balance_options[] = {
    ROW(NUMBER, gan_balance_opts, above, "D waits while its accuracy is above this", .high = 1),
    ROW(INT, gan_balance_opts, most, "updates left out in a row, at most", .low = 1, POSITIVE),
    ROW(NUMBER, gan_balance_opts, decay, "of the accuracy's moving average", .high = 1, .high_open = true), END};

typedef struct wgan_gp_words {
    gan_gradient_penalty_opts opts;
    bool one_sided;
} wgan_gp_words;

static const gan_option wgan_gp_options[] = {WEIGHT(wgan_gp_words, opts.weight), INTERVAL(wgan_gp_words, opts.interval),
                                             ROW(BOOL, wgan_gp_words, one_sided, "only norms above 1 are penalised"), END};

static const gan_option gradient_penalty_options[] = {WEIGHT(gan_gradient_penalty_opts, weight),
                                                      INTERVAL(gan_gradient_penalty_opts, interval), END};

static const gan_option lookahead_options[] = {
    ROW(INT, gan_lookahead_opts, steps, "of D, that G looks ahead", .low = 1, .high = 100),
    ROW(BOOL, gan_lookahead_opts, terms, "D's terms, penalties among them, count in these steps"), END};

static const gan_option replay_options[] = {ROW(INT, gan_replay_opts, rooms, "batches that are kept", .low = 1, .high = 4096),
                                            SCHEDULE(gan_replay_opts, p, 1, "share of the old batch in D's loss on fakes"), END};

static const gan_option historical_averaging_options[] = {SCHEDULE(gan_historical_averaging_opts, g, INFINITY, "G's lambda"),
                                                          SCHEDULE(gan_historical_averaging_opts, d, INFINITY, "D's lambda"),
                                                          END};

static const gan_option generator_classifier_options[] = {
    SCHEDULE(gan_generator_classifier_opts, g, INFINITY, "weight in G's loss"),
    SCHEDULE(gan_generator_classifier_opts, d, INFINITY, "weight in D's loss"), END};

/* --- their defaults, and how they are made -------------------------------------------------------------------- */

#define FITS(type) _Static_assert(sizeof(type) <= GAN__TRICK_OPTS, "GAN__TRICK_OPTS is too small")
FITS(feature_matching_words);
FITS(gan_historical_averaging_opts);
FITS(gan_weight_penalty_opts);

#define PLAIN(name, type, defaults)                                                                                              \
    static void fill_##name(void *opts) { *(type *)opts = defaults; }                                                            \
    static gan_trick *make_##name(gan_ctx *ctx, const void *opts) { return gan_##name(ctx, *(const type *)opts); }

PLAIN(augment, gan_augment_opts, gan_augment_defaults())
PLAIN(instance_noise, gan_instance_noise_opts, (gan_instance_noise_opts){.sigma = gan_constant(.1)})
PLAIN(label_noise, gan_label_noise_opts, gan_label_noise_defaults())
PLAIN(label_flip, gan_label_flip_opts, (gan_label_flip_opts){.p = gan_constant(.05)})
PLAIN(weight_clip, gan_weight_clip_opts, (gan_weight_clip_opts){.c = .01})
PLAIN(weight_penalty, gan_weight_penalty_opts, gan_weight_penalty_defaults())
PLAIN(mode_seeking, gan_mode_seeking_opts, gan_mode_seeking_defaults())
PLAIN(pixel_loss, gan_pixel_loss_opts, gan_pixel_loss_defaults(GAN_PIXEL_NEAREST))
PLAIN(balance, gan_balance_opts, gan_balance_defaults())
PLAIN(lookahead, gan_lookahead_opts, (gan_lookahead_opts){.steps = 5})
PLAIN(replay, gan_replay_opts, gan_replay_defaults())
PLAIN(historical_averaging, gan_historical_averaging_opts,
      ((gan_historical_averaging_opts){.g = gan_constant(1), .d = gan_constant(1)}))

PLAIN(generator_classifier, gan_generator_classifier_opts, gan_generator_classifier_defaults())

static void fill_feature_matching(void *opts) {
    *(feature_matching_words *)opts = (feature_matching_words){.opts = gan_feature_matching_defaults()};
}
static gan_trick *make_feature_matching(gan_ctx *ctx, const void *opts) {
    const feature_matching_words *w = opts;
    gan_feature_matching_opts o = w->opts;
    o.path = w->path[0] ? w->path : NULL;
    return gan_feature_matching(ctx, o);
}

static void fill_wgan_gp(void *opts) {
    *(wgan_gp_words *)opts = (wgan_gp_words){.opts = {GAN_PENALTY_WGAN_GP, gan_constant(10), 1}};
}
static gan_trick *make_wgan_gp(gan_ctx *ctx, const void *opts) {
    gan_gradient_penalty_opts o = ((const wgan_gp_words *)opts)->opts;
    if (((const wgan_gp_words *)opts)->one_sided) o.kind = GAN_PENALTY_WGAN_GP_ONE_SIDED;
    return gan_gradient_penalty(ctx, o);
}

static gan_trick *make_gradient_penalty(gan_ctx *ctx, const void *opts) {
    return gan_gradient_penalty(ctx, *(const gan_gradient_penalty_opts *)opts);
}
#define PENALTY(name, kind, weight)                                                                                              \
    static void fill_##name(void *opts) {                                                                                        \
        *(gan_gradient_penalty_opts *)opts = (gan_gradient_penalty_opts){kind, gan_constant(weight), 1};                         \
    }
PENALTY(dragan, GAN_PENALTY_DRAGAN, 10)
PENALTY(r1, GAN_PENALTY_R1, 1)
PENALTY(r2, GAN_PENALTY_R2, 1)

#define ENTRY(name, type)                                                                                                        \
    { #name, sizeof(type), name##_options, fill_##name, make_##name }
#define PENALTY_ENTRY(name)                                                                                                      \
    { #name, sizeof(gan_gradient_penalty_opts), gradient_penalty_options, fill_##name, make_gradient_penalty }

const gan__trick_entry gan__trick_table[] = {
    ENTRY(augment, gan_augment_opts),
    ENTRY(instance_noise, gan_instance_noise_opts),
    ENTRY(label_noise, gan_label_noise_opts),
    ENTRY(label_flip, gan_label_flip_opts),
    ENTRY(weight_clip, gan_weight_clip_opts),
    ENTRY(weight_penalty, gan_weight_penalty_opts),
    ENTRY(feature_matching, feature_matching_words),
    ENTRY(mode_seeking, gan_mode_seeking_opts),
    ENTRY(pixel_loss, gan_pixel_loss_opts),
    ENTRY(balance, gan_balance_opts),
    ENTRY(wgan_gp, wgan_gp_words),
    PENALTY_ENTRY(dragan),
    PENALTY_ENTRY(r1),
    PENALTY_ENTRY(r2),
    ENTRY(lookahead, gan_lookahead_opts),
    ENTRY(replay, gan_replay_opts),
    ENTRY(historical_averaging, gan_historical_averaging_opts),
    ENTRY(generator_classifier, gan_generator_classifier_opts),
    {.name = NULL},
};

const gan__trick_entry *gan__trick_entry_of(const char *name) {
    for (const gan__trick_entry *e = gan__trick_table; e->name; e++)
        if (!strcmp(e->name, name)) return e;
    return NULL;
}
