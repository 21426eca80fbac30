/* The trainer from inside. */
#ifndef GAN__TRAINER_IMPL_H
#define GAN__TRAINER_IMPL_H

#include <gan/train.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "../data/loader.h"
#include "../optim/optim_impl.h"
#include "../tricks/trick_impl.h"
#include "sampler.h"

#define GAN__MAX_TRICKS 32

/* By the measure of keep_best; step 0: none yet. */
typedef struct gan__best {
    char measure[32];
    double value;
    int64_t step, samples; /* samples: on each side */
} gan__best;

/* A file as the file system calls it. All zeros: none. */
typedef struct gan__file_id {
    dev_t device;
    ino_t number;
} gan__file_id;

struct gan_trainer {
    gan__object object;
    gan_module *G, *D;
    gan_dataset *data;
    gan_trainer_opts opts;
    gan_optim *opt_g, *opt_d;
    gan_ema *ema; /* NULL: none is kept */
    gan_stream *latents;
    gan_stream *mixture; /* of several generators; NULL: there is but one */
    gan__sampler sampler;
    int n_tricks;
    gan_trick *tricks[GAN__MAX_TRICKS]; /* in the order of their transforms */
    bool reads_real_in_g_turn;          /* the loss or a trick does */
    gan__counter steps;
    gan_watcher *watcher;                /* NULL: nobody watches */
    gan_watch_signals signals;           /* of the step under way, for it */
    gan_tensor **weights_g, **weights_d; /* as they were before it, where that is measured */
    gan__data_position good_data;        /* before the first step that was not taken; and the stream of latents */
    int64_t good_latents;
    gan__best best;
    gan__file_id from_file, from_folder; /* of the checkpoint that was loaded or written last */
    bool from_failing;                   /* it was written while the watcher told of a failure */
    atomic_bool stop; /* asked for; the next check in gan_train takes it back */
    bool stopped;     /* that ended the latest gan_train */
};

/* The context of a trainer; failed, in the name of `who`, if the trainer is nil. */
gan_ctx *gan__trainer_ctx(const gan_trainer *t, const char *who);

/* gan_train in the name of `who`; config, if there is one, becomes run.ini in the run folder when nothing speaks against the run
 * any more. */
gan_status gan__train(gan_trainer *t, gan_train_opts o, const char *config, const char *who);

/* Raises what gan_train would refuse before it makes anything. */
bool gan__train_valid(gan_trainer *t, const gan_train_opts *o, const char *who);

/* [n, sample...] */
gan_shape gan__batch_of(gan_shape sample, int64_t n);

/* What is known of every turn. */
gan_turn gan__turn_before(const gan_trainer *t);

/* Which generator makes each of n samples: [n], i mod K; NULL: there is but one. */
gan_tensor *gan__generators_of(const gan_trainer *t, int64_t n);

/* Complete passes over the data: an epoch is over when what is left of it makes no batch. */
int64_t gan__epochs_done(const gan_trainer *t);

#endif
