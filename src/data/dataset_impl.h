/* Datasets from inside: a source, and the one loader that draws from it. */
#ifndef GAN__DATASET_IMPL_H
#define GAN__DATASET_IMPL_H

#include <gan/data.h>
#include <pthread.h>

#include "../base/ctx_impl.h"
#include "loader.h"

/* One sample to load, and whether mirrored. */
typedef struct gan__draw {
    int32_t index; /* of the source */
    bool flip;
} gan__draw;

/* The first sample of a batch that could not be loaded; status GAN_OK: none. */
typedef struct gan__fault {
    gan_status status;
    int64_t at; /* position in the batch */
    int32_t index;
    char message[256];
} gan__fault;

/* Samples to load and where to. */
typedef struct gan__job {
    const gan__draw *draws;
    int64_t count;
    gan_real *x, *target, *label; /* target, label: NULL without */
    gan__fault fault;             /* guarded by whoever runs several parts of the job at once */
} gan__job;

typedef struct gan__prefetch gan__prefetch;

struct gan_dataset {
    gan__object object;
    bool nil;
    gan_source source;
    bool trusted; /* values and labels were checked when the source was made */
    bool flip;
    int decoders; /* 0: loading is no more than copying */
    int64_t sample_count; /* numbers per sample */
    int64_t train, held;
    int32_t *split; /* indexes of the source: the held-out ones, then the training ones */
    uint32_t order_key[2], flip_key[2];
    int32_t *order; /* of the epoch order_epoch; -1: of none */
    int64_t order_epoch;
    gan__draw *draws; /* scratch of loading at once */
    int64_t draws_room;
    gan__counter position; /* epoch * train + samples drawn in it */
    gan__prefetch *prefetch;
    int64_t skipped;
    char *describe, *identity;
};

/* What a source's maker tells the loader. */
typedef struct gan__dataset_spec {
    const char *who;  /* the public function, for messages */
    const char *kind; /* for the identity */
    gan_source source;
    gan_loader_opts loader;
    bool trusted;
    bool immediate;       /* loading is copying: no background threads */
    int64_t skipped;
    uint32_t fingerprint; /* of the contents */
} gan__dataset_spec;

/* Takes over source.user, on failure too. */
gan_dataset *gan__dataset_make(gan_ctx *ctx, gan__dataset_spec spec);
gan_dataset *gan__dataset_nil(gan_ctx *ctx); /* the context's nil dataset */

/* The n training samples at position `start`, as drawn; raises nothing. */
void gan__plan(gan_dataset *d, int64_t start, int64_t n, gan__draw *draws);

/* Where a batch of n begins if the position is p: there, or, when the epoch has no n left, with the next epoch. */
int64_t gan__batch_start(const gan_dataset *d, int64_t p, int64_t n);

/* Loads samples begin .. end-1 of a job up to the first that fails. Any thread. */
gan__fault gan__load_range(const gan_dataset *d, const gan__job *job, int64_t begin, int64_t end);
void gan__fault_merge(gan__fault *into, const gan__fault *fault); /* keeps the earlier in the batch */
void gan__fault_raise(gan_dataset *d, const gan__fault *fault, const char *who);

#endif
