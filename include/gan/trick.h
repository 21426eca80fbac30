/* Tricks: what is added to the plain game of G and D. The built-in ones (src/tricks) are written just like a user's own.
 *
 * A trick is a transform (of what D sees, of its targets, of its weights) or a term (a scalar with a weight, an interval and a
 * player), or several of these. The trainer applies all transforms in their order, adds all terms to the player's loss,
 * differentiates once and steps once per player. */
#ifndef GAN_TRICK_H
#define GAN_TRICK_H

#include <gan/data.h>
#include <gan/loss.h>
#include <gan/optim.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_trick gan_trick;

typedef enum gan_player { GAN_PLAYER_D, GAN_PLAYER_G } gan_player;

/* One player's turn, as tricks see it. What does not exist yet at the time of a call is NULL. */
typedef struct gan_turn gan_turn;
struct gan_turn {
    gan_ctx *ctx;
    gan_module *G, *D;
    const gan_loss *loss;
    const gan_optim *opt_d;                /* D's */
    gan_shape sample;                      /* of the data, without n */
    int64_t batch;                         /* D's verdicts on each side, */
    int pack;                              /* each of so many samples */
    int generators;                        /* K, 1 or more */
    bool paired;                           /* the data has targets */
    gan_player player;                     /* who is about to move */
    int64_t step;                          /* of the trainer: completed before this one */
    gan_batch real;                        /* as the data set gave it */
    gan_tensor *latents, *fake;            /* fake has history in G's turn only */
    gan_tensor *fake_label;                /* [n], which generator made it, 0 to K-1; NULL if there is but one */
    gan_tensor *real_seen, *fake_seen;     /* after the transforms: what D judges */
    gan_tensor *real_target, *fake_target; /* D's turn, and `values`: [n] of what D judges; NULL: the
                                              loss's constants */
    const gan_set *values;                 /* D's values in force: in G's turn those that a trick gave, in a turn of
                                              D that is only imagined those imagined; NULL: its own */
    /* x as D would see it: all transforms, and the packing. For samples from elsewhere; `seer` is the trainer's affair. */
    gan_tensor *(*see)(const gan_turn *turn, gan_tensor *x, bool real);
    /* D's loss on this turn's samples, with all its terms, on the given values, as it is due when D will have made `ahead` updates
     * more. In a loop of one's own: NULL, or a function of one's own. */
    gan_tensor *(*loss_d)(const gan_turn *turn, const gan_set *values, int ahead);
    void *seer;
    gan_output real_out, fake_out;         /* D's verdicts; G's turn has real_out only where something asked for it */
};

/* When transforms of one kind apply: smaller first (augment, then noise, then pack; smooth, then flip). */
enum { GAN_ORDER_AUGMENT = 10, GAN_ORDER_NOISE = 20, GAN_ORDER_PACK = 30, GAN_ORDER_SMOOTH = 10, GAN_ORDER_FLIP = 20 };

/* Every function may be NULL, and may raise. */
typedef struct gan_trick_type {
    const char *name; /* "instance_noise": also that of its state in checkpoints */
    int order;        /* GAN_ORDER_*, of its transforms */
    size_t data_bytes;
    /* Names of tricks that it is refused with, whichever comes first, NULL behind the last; NULL: none. */
    const char *const *clashes;
    /* Once, when the trainer takes it on: checks, and makes state. The turn has what comes before `player` only. */
    void (*attach)(gan_trick *trick, const gan_turn *turn);
    /* What D sees of reals (real) or fakes, in both players' turns. */
    gan_tensor *(*see)(gan_trick *trick, const gan_turn *turn, gan_tensor *x, bool real);
    /* The targets of D's verdicts, in D's turn. */
    gan_tensor *(*target)(gan_trick *trick, const gan_turn *turn, gan_tensor *target, bool real);
    /* The values on which D judges in G's turn; they may depend on G, hence on fake_seen, through their graph. The turn has the
     * targets of D's turn. The first trick that gives any is obeyed. */
    const gan_set *(*values)(gan_trick *trick, const gan_turn *turn);
    /* A scalar for the player whose turn it is; NULL if there is none for that player. For D, of the values in force: it runs D on
     * turn->values, takes weights by gan_turn_param, and writes nothing. */
    gan_tensor *(*term)(gan_trick *trick, const gan_turn *turn);
    /* After the player's update. */
    void (*after)(gan_trick *trick, const gan_turn *turn);
    /* True: D does not move this time (its turn is otherwise complete). */
    bool (*skip)(gan_trick *trick, const gan_turn *turn);
    /* A submodule of D whose output `term` reads from the taps; NULL: none. */
    const char *(*tap)(const gan_trick *trick);
    bool reads_real_in_g_turn; /* real_out must be there in G's turn */
    bool instead;              /* where its term is due, the player's own loss is left out */
    /* Its options in words, "sigma 0.1 until 20000"; compared at resume. NULL: none. */
    void (*describe)(const gan_trick *trick, char *text, size_t size);
} gan_trick_type;

typedef struct gan_trick_opts {
    gan_schedule weight; /* of its term: start from gan_constant(1) */
    int interval;        /* k: the term counts every k-th update of its player, times k (1912.04958); 0: 1 */
} gan_trick_opts;

/* A trick of the given type, its data zeroed. Owned by the context. */
GAN_API gan_trick *gan_trick_new(gan_ctx *ctx, const gan_trick_type *type, gan_trick_opts opts);
GAN_API void *gan_trick_data(const gan_trick *trick);
GAN_API const char *gan_trick_name(const gan_trick *trick);
GAN_API gan_ctx *gan_trick_ctx(const gan_trick *trick);
GAN_API bool gan_trick_is_nil(const gan_trick *trick);

/* State that checkpoints carry and that a failed step winds back: a zeroed tensor, to be written with gan_assign, and a whole
 * number. Declared once, in attach; both belong to the trick, which copies the tensors' names. */
GAN_API gan_tensor *gan_trick_tensor(gan_trick *trick, const char *name, gan_shape shape);
typedef struct gan_trick_count gan_trick_count;
GAN_API gan_trick_count *gan_trick_counter(gan_trick *trick, const char *name);
GAN_API int64_t gan_trick_count_get(const gan_trick_count *count);
GAN_API void gan_trick_count_set(gan_trick_count *count, int64_t value);

/* The random stream "trick.<name>". */
GAN_API gan_stream *gan_trick_stream(gan_trick *trick);

/* D's loss on this turn's samples, on other values of its parameters (NULL: its own), as plain as the loss is: no terms. */
GAN_API gan_tensor *gan_turn_loss_d(const gan_turn *turn, const gan_set *values);

/* The index-th parameter or buffer of the player's own net, as it is in force in this turn. Borrowed. */
GAN_API gan_tensor *gan_turn_param(const gan_turn *turn, int index);

#ifdef __cplusplus
}
#endif
#endif
