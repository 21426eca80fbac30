/* The trainer: everything around the two steps. */
#ifndef GAN_TRAIN_H
#define GAN_TRAIN_H

#include <gan/checkpoint.h>
#include <gan/data.h>
#include <gan/image.h>
#include <gan/judge.h>
#include <gan/loss.h>
#include <gan/models.h>
#include <gan/optim.h>
#include <gan/tricks.h>
#include <gan/watch.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_trainer gan_trainer;

/* What G is fed. Normal latents keep to a shell, on which interpolation is best done along arcs. */
typedef enum gan_latent_kind {
    GAN_LATENTS_NORMAL,   /* N(0, 1) */
    GAN_LATENTS_UNIFORM,  /* U[-1, 1) */
    GAN_LATENTS_TRUNCATED /* N(0, 1) on condition that each number is within +-truncation */
} gan_latent_kind;

/* All fields count as they are: start from gan_trainer_defaults() and edit. */
typedef struct gan_trainer_opts {
    gan_optim_opts g, d;   /* a rate per player is TTUR (1706.08500) */
    gan_schedule g_rate, d_rate; /* factors of these rates, by the trainer's step; >= 0 */
    gan_loss loss;
    int64_t batch;         /* verdicts of D on each side; times pack, at most the number of training samples */
    int pack;              /* samples that D judges at once, joined by gan_pack (PacGAN, 1712.04086); D is built for it; >= 1 */
    int64_t latent;        /* length of G's latents; 0: gan_latent_size(G), which knows the ready-made ones */
    gan_latent_kind latents;
    double truncation;     /* of truncated latents, > 0; 0 for other kinds */
    int generators;        /* K: row i of what G makes is generator i mod K's; 0: gan_generator_count(G). A batch has as many samples
                              of each, in a random order; times pack, it must be a multiple of K */
    int n_critic;          /* D's steps per step of G; >= 1 */
    bool simultaneous;     /* both gradients are taken before either player moves; needs n_critic 1 */
    double ema;            /* decay of G's average; 0: no average */
    int64_t ema_start;     /* steps during which the average follows G exactly */
} gan_trainer_opts;

GAN_API gan_trainer_opts gan_trainer_defaults(void); /* Adam 2e-4 both, at constant rates; non-saturating, batch 64, pack 1,
                                                         n_critic 1, ema .999 from step 1000 on */

/* What one step did. */
typedef struct gan_step_info {
    int64_t step;  /* steps taken so far, this one included */
    int64_t epoch; /* complete passes over the data */
    double d_loss, g_loss;
    double d_real, d_fake;           /* mean logits in D's (last) step */
    double d_grad_norm, g_grad_norm; /* before clipping */
    double seconds;                  /* wall time of this step */
} gan_step_info;

/* A trainer of G and D on data. It borrows the three, which must outlive it. Owned by the context. */
GAN_API gan_trainer *gan_trainer_new(gan_module *G, gan_module *D, gan_dataset *data, gan_trainer_opts opts);
GAN_API void gan_trainer_free(gan_trainer *t);
GAN_API bool gan_trainer_is_nil(const gan_trainer *t);

/* Takes a trick on, before the first step. It stays the context's; a trick serves one trainer, and a trainer has one of each name. */
GAN_API void gan_trainer_use(gan_trainer *t, gan_trick *trick);

/* One step: n_critic updates of D, one of G. All or nothing: after a failure weights, moments, buffers, random streams and
 * data position are as before. info may be NULL. */
GAN_API gan_status gan_trainer_step(gan_trainer *t, gan_step_info *info);

/* Return false to end the run after this step. */
typedef bool (*gan_step_fn)(void *user, gan_trainer *t, const gan_step_info *info);

typedef struct gan_train_opts {
    int64_t steps;           /* train until this many steps have been taken in all, earlier ones counted */
    double seconds;          /* of the process's processor time: the run ends after the step in which this call has used them up; 0: no
                                limit */
    const char *out;         /* run folder, made if missing; NULL: nothing is written */
    int64_t sample_every;    /* steps between sample grids; 0: none but the final one */
    int64_t checkpoint_every; /* 0: only at the end */
    int64_t log_every;       /* steps between lines in metrics.jsonl; 0: 50 */
    int samples;             /* images in a grid; 0: 64 */
    bool no_report;          /* report.html, samples/progress.png (report.h) and status.json are left out */
    bool tensorboard;        /* numbers and grids as event files for TensorBoard, too: events.out.tfevents.* */
    bool ignore_jumps;       /* nothing is done when a loss jumps */
    bool no_watch;           /* the watcher (watch.h) is left out */
    int64_t look_every;      /* steps between its looks at samples; 0: 500 for images, else 250 */
    gan_dataset *reference;  /* what the watcher compares samples with; NULL: the run's own data */
    int64_t eval_every;      /* steps between measurements of the samples, which go into the log as eval_recall, ...; 0: none */
    gan_judge *judge;        /* takes them, borrowed; NULL: one of 2,000 samples of the run's own data, without a classifier */
    char keep_best[32];      /* the measure whose best checkpoint stays as best.safetensors; "": none */
    char stop_on[96];        /* verdicts that end the run, "noise,collapse", or "nothing"; "": "d_won" */
    gan_step_fn on_step;     /* after each step */
    gan_step_fn on_epoch;    /* after each step that completed an epoch */
    void *user;
} gan_train_opts;

/* Trains. In the run folder: samples/step-000500.png (G's average, or G, on fixed latents; points on axes that the data give, the
 * same all along), samples/final.png, metrics.jsonl, checkpoint.safetensors, best.safetensors if keep_best asks for it (a checkpoint
 * as well, complete or not there), and what gan_report_write makes of them, now and then
 * and at the end. GAN_OK when all steps are done, the time is up, or the run was stopped. After an error the trainer stands at its
 * last completed step, which is kept as failed.safetensors, beside the checkpoint as it was. A run that is not a loaded one goes
 * over what an earlier one left in the folder. Where a loaded run has no step left to take, nothing is written. The folder is locked
 * meanwhile: a second run in it, of this process or another, is refused (GAN_E_IO).
 * A loss that jumps stops nothing. It has a grid written at once, samples/jump-000123.png, and the quality of the samples taken:
 * gan_sliced_ratio, 1 being as good as data, against held-out samples (training samples, if there are none). A warning says so, and
 * a line in metrics.jsonl: "d_loss", "g_loss", "d_loss_before" and "g_loss_before" (their medians), "quality". To jump is to be far
 * outside of the last 128 values, of which this call must have seen 64; it is told at most once in 128 steps. */
GAN_API gan_status gan_train(gan_trainer *t, gan_train_opts opts);

/* What the watcher says of the run, as of the latest record: gan_train feeds it and tells its changes through the context's log. A
 * run that it ends is stopped, with a checkpoint. A step that is not taken, something in it not being finite, is tried again with the
 * next batch; ten such in a row are an error whatever stop_on says, as no step can be taken. Healthy before the first gan_train, and
 * without a watcher. */
GAN_API gan_watch_verdict gan_trainer_verdict(const gan_trainer *t);

/* The best measurement so far by gan_train_opts.keep_best; checkpoints keep it. measure NULL: none yet, or unknown. */
typedef struct gan_best {
    const char *measure;
    double value;
    int64_t step;
} gan_best;
GAN_API gan_best gan_trainer_best(const gan_trainer *t);

/* Ends gan_train after the current step, with a checkpoint. Safe in a signal handler and from other threads. */
GAN_API void gan_trainer_stop(gan_trainer *t);
GAN_API bool gan_trainer_stopped(const gan_trainer *t);

GAN_API int64_t gan_trainer_steps(const gan_trainer *t);
GAN_API gan_module *gan_trainer_generator(const gan_trainer *t);
GAN_API gan_module *gan_trainer_discriminator(const gan_trainer *t);
/* A player's optimiser; the trainer's own. A rate set by gan_optim_set_lr (from a callback, say) holds from the next step on,
 * times the schedule's factor, and checkpoints keep it. */
GAN_API gan_optim *gan_trainer_optim(gan_trainer *t, gan_player player);
GAN_API const gan_set *gan_trainer_ema(const gan_trainer *t); /* NULL without an average; see gan_trainer_average for use */

/* --- samples: nothing of this touches any training state -------------------------------------------------- */

/* n samples in evaluation mode, from the average if there is one; of K generators, the i-th sample is by number i mod K. The same n
 * and seed give the same latents. Owned by the innermost scope. */
GAN_API gan_tensor *gan_trainer_sample(gan_trainer *t, int64_t n, uint64_t seed);

/* The latents behind it, [n, latent]: of the trainer's kind, or, for a truncation above 0, normal ones within +-truncation (the
 * truncation trick of 1809.11096; GAN_E_ARG for uniform latents, and beyond what G was trained on). Owned by the innermost scope. */
GAN_API gan_tensor *gan_trainer_latents(gan_trainer *t, int64_t n, uint64_t seed, double truncation);

typedef struct gan_sample_opts {
    bool raw;           /* G's own values, not the average */
    bool one_generator; /* all by number `generator`, 0 to K-1, at K times the cost */
    int generator;
} gan_sample_opts;

/* Samples of latents z [n, latent]; gan_trainer_sample is this of gan_trainer_latents(t, n, seed, 0). */
GAN_API gan_tensor *gan_trainer_sample_with(gan_trainer *t, gan_tensor *z, gan_sample_opts opts);

/* gan_judge_samples of samples that gan_trainer_sample_with would make of gan_trainer_latents of that seed. */
GAN_API gan_scores gan_trainer_judge(gan_trainer *t, gan_judge *j, uint64_t seed, gan_sample_opts opts);

/* The values that samples are made on: the average, but for buffers that do not average. Spectral norm's sigma is that of the
 * averaged weights, and batch norm's statistics are estimated anew, over 16 batches (gan_batch_norm_refresh). NULL without an
 * average, and after an error. Owned by t, until its next step. */
GAN_API const gan_set *gan_trainer_average(gan_trainer *t);

/* Writes everything that training depends on into one safetensors file, complete or not at all; what is in it and under which
 * names: docs/guide.md, "Checkpoints". */
GAN_API gan_status gan_trainer_save(gan_trainer *t, const char *path);

/* Goes on from such a file, to the byte as if there had been no pause. GAN_E_IO and GAN_E_FORMAT: no such file, or a damaged
 * one; GAN_E_MISMATCH: of other nets, another seed, other data or other tricks. Nothing is changed then. Options that differ are told through
 * the context's log; the trainer's own are in force. */
GAN_API gan_status gan_trainer_load(gan_trainer *t, const char *path);

/* Reads G and its average alone, for samples: seed, data, D and tricks may be others. Errors as above. */
GAN_API gan_status gan_trainer_load_generator(gan_trainer *t, const char *path);

#ifdef __cplusplus
}
#endif
#endif
