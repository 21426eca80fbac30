/* The watcher: tells early how training goes, in words, with the figures behind it.
 *
 * It is fed signals that cost next to nothing at every step, and a look at samples now and then; it gathers them into records of
 * some tens of steps, and reads a verdict off all records so far. gan_train does all of this by itself; a loop of one's own does
 * it in a few lines (docs/guide.md, "The watcher"). Watching reads, and writes nothing but its own state: training goes on to the
 * same bits. A number that is not known is NaN, and signs that would need it are not looked for. */
#ifndef GAN_WATCH_H
#define GAN_WATCH_H

#include <gan/loss.h>
#include <gan/metrics.h>
#include <gan/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gan_watch_kind {
    GAN_WATCH_HEALTHY,     /* nothing speaks against it; at first: too early to tell */
    GAN_WATCH_EQUILIBRIUM, /* D cannot tell samples apart, and they are good: healthy */
    GAN_WATCH_D_WON,       /* D is always right, and G learns nothing from it any more */
    GAN_WATCH_D_WEAK,      /* D cannot tell samples apart although they are bad */
    GAN_WATCH_COLLAPSE,    /* samples leave out most of the data */
    GAN_WATCH_NOISE,       /* samples have nothing of the data's structure */
    GAN_WATCH_OSCILLATION, /* losses swing ever wider */
    GAN_WATCH_DRIFT,       /* losses move steadily away, and samples get no better */
    GAN_WATCH_SIGN_ERROR,  /* both losses go to their floors: the players work for one another */
    GAN_WATCH_MEMORISES,   /* D knows its training samples by heart */
    GAN_WATCH_NONFINITE    /* NaN or infinity */
} gan_watch_kind;

/* "d_won": as stop_on takes it. NULL: there is no such kind; kinds are 0, 1, ... up to the first NULL. Static. */
GAN_API const char *gan_watch_name(gan_watch_kind kind);
GAN_API const char *gan_watch_title(gan_watch_kind kind); /* "D has won". Static */
GAN_API bool gan_watch_is_failure(gan_watch_kind kind);   /* of all but the first two */

/* What can be tried, in the article's order: tuning, then another loss, then another architecture. */
typedef struct gan_watch_remedy {
    const char *stage;  /* "tune", "loss" or "architecture"; static, as is `advice` */
    const char *advice; /* what it is */
    char how[96];       /* words for the command line, "--with instance_noise:sigma=.1,until=20000" */
} gan_watch_remedy;

#define GAN_WATCH_REMEDIES 6
#define GAN_WATCH_TEXT 512

typedef struct gan_watch_verdict {
    gan_watch_kind kind;
    int64_t step;              /* of the latest record that it rests on */
    int64_t since;             /* the step from which its signs have held without a break */
    char text[GAN_WATCH_TEXT]; /* one sentence, beginning with the title, with the figures behind it */
    int n_remedies;
    gan_watch_remedy remedies[GAN_WATCH_REMEDIES];
} gan_watch_verdict;

/* --- watching a loop of one's own ------------------------------------------------------------------------- */

typedef struct gan_watcher gan_watcher;

typedef struct gan_watch_opts {
    gan_loss loss;  /* signs are read by its kind and targets */
    int64_t width;  /* D's outputs per sample, as gan_loss_width tells; 0: as without classes */
    int64_t window; /* steps to a record; 0: 50 */
    int patience;   /* steps in a row that are not finite before the verdict; 0: 10 */
    const char
        *in_use; /* names of tricks that are in use, with spaces between: remedies then say "more of it"; NULL: none; copied */
    bool points; /* samples are points: remedies that are for images are left out */
} gan_watch_opts;

/* Owned by the context. */
GAN_API gan_watcher *gan_watcher_new(gan_ctx *ctx, gan_watch_opts opts);
GAN_API void gan_watcher_free(gan_watcher *w);
GAN_API bool gan_watcher_is_nil(const gan_watcher *w);

/* Of one step. Start from gan_watch_signals_none(), where all are NaN. */
typedef struct gan_watch_signals {
    double d_loss, g_loss; /* as trained on, terms of tricks included */
    double d_grad_norm, g_grad_norm;
    double d_update, g_update; /* |change of the weights|/|weights| by this step */
    double level;  /* D's loss of its verdicts over that of the best constant D, from the least there is: 1 at equilibrium, 0 when
                      D has won (gan_loss_constant, gan_loss_least); against the mean targets of late, so that flips and soft
                      targets do not count as errors */
    double auc;    /* area under the ROC of reals' against fakes' realness (gan_auc), in D's own direction: 1 - that if its
                      targets for fakes are above those for reals */
    double active; /* share of hinge terms that are not 0 */
    double gap;    /* mean realness of reals less that of fakes */
    double real_target, fake_target; /* means of D's targets */
} gan_watch_signals;
GAN_API gan_watch_signals gan_watch_signals_none(void);

/* Fills in what D's verdicts tell (from `level` on), from those of a training step, before or after D's update. */
GAN_API void gan_watcher_judge(const gan_watcher *w, gan_verdict v, gan_watch_signals *signals);

/* After each completed step; step: completed so far, this one included. */
GAN_API void gan_watcher_step(gan_watcher *w, int64_t step, const gan_watch_signals *signals);

/* After a step that was not taken because something was not finite; what: which tensor, in words (gan_ctx_message); NULL: as
 * before. step: completed so far. */
GAN_API void gan_watcher_bad_step(gan_watcher *w, int64_t step, const char *what);

/* A look at samples, every some hundred steps. NULL and NaN: not known. */
typedef struct gan_watch_look {
    gan_tensor *fake;                         /* [n, ...], n 512, say: all three of one shape, of images or points */
    gan_tensor *real;                         /* as many of the data that samples are to be like: D's training data, as a rule */
    gan_tensor *held_out;                     /* as many others of that data */
    gan_tensor *own_real, *own_held_out;      /* if D trains on other data: the same of those */
    gan_tensor *d_fake, *d_real, *d_held_out; /* D's realness of such samples, in evaluation mode; any number */
    double slope;                             /* Wasserstein: mean norm of D's gradient between reals and fakes */
    double clipped;                           /* share of D's weights at their bound */
    double missing;                           /* share of the data's classes that a classifier finds in no fake */
} gan_watch_look;
GAN_API gan_watch_look gan_watch_look_none(void);
GAN_API void gan_watcher_look(gan_watcher *w, int64_t step, const gan_watch_look *look);

/* As of the latest complete record. Copied out. */
GAN_API gan_watch_verdict gan_watcher_verdict(const gan_watcher *w);

/* After the run was stopped for a verdict and is to go on: signs get their patience anew from here. */
GAN_API void gan_watcher_forgive(gan_watcher *w);

/* Where the numbers of m stop being finite: a parameter or buffer, or the first of its layers whose output for x is not finite,
 * in words: "the output of ConvTranspose2d \"main.3\"". False, text "", if all are finite. In evaluation mode, leaving no trace.
 */
GAN_API bool gan_watch_blame(gan_module *m, gan_tensor *x, char *text, size_t size);

/* --- reading a log ---------------------------------------------------------------------------------------- */

/* The verdict that the metrics.jsonl of a run folder leads to, gone through anew; opts as for the run (window is the log's own).
 * `changed`, unless NULL, gets each change of verdict on the way. GAN_E_IO: no such log; GAN_E_FORMAT: no watcher's figures in
 * it. */
typedef void (*gan_watch_fn)(void *user, const gan_watch_verdict *verdict);
GAN_API gan_status gan_watch_log(gan_ctx *ctx, const char *path, gan_watch_opts opts, gan_watch_verdict *verdict,
                                 gan_watch_fn changed, void *user);

#ifdef __cplusplus
}
#endif
#endif
