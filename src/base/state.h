/* What a step changes besides tensors, and how an unfinished step is undone.
 *
 * From one commit to the next, everything that a step writes can be wound back: counters (random streams, data position,
 * numbers of updates) keep their value as of the last commit, and tensors that are written get new storage while the log
 * keeps the old. A commit follows each completed optimiser step, or, inside a trainer, each completed training step; the
 * first error rolls back to the last commit. */
#ifndef GAN__STATE_H
#define GAN__STATE_H

#include <gan/context.h>
#include <gan/random.h>

typedef struct gan__counter {
    int64_t value, committed;
    struct gan__counter *prev, *next;
} gan__counter;

struct gan_stream {
    gan_ctx *ctx;
    char *name;
    uint32_t key[2];
    gan__counter position; /* in blocks of four words */
    struct gan_stream *next;
};

/* One overwritten thing: restore(target, old) puts it back, discard(ctx, old) forgets it. */
typedef struct gan__undo {
    void *target, *old;
    void (*restore)(void *target, void *old);
    void (*discard)(gan_ctx *ctx, void *old);
} gan__undo;

typedef struct gan__state {
    gan_stream *streams;    /* in order of creation */
    gan__counter counters;  /* list head */
    gan__undo *log;
    int64_t log_count, log_room;
    int64_t rollbacks;      /* so far: errors that wound back, and clearings of them */
    int64_t epoch;          /* from 1; moves on with each commit and rollback: "already noted since?" */
    int hold;               /* > 0: an outer step is under way, inner commits wait for it */
} gan__state;

void gan__state_init(gan__state *state);
void gan__state_free(gan_ctx *ctx);

void gan__counter_add(gan_ctx *ctx, gan__counter *counter, int64_t value); /* registers it */
void gan__counter_remove(gan__counter *counter);

/* Notes an overwritten thing. False (raised): no memory, nothing noted. */
bool gan__undo_add(gan_ctx *ctx, gan__undo undo);
/* Drops entries that concern a target which is about to be freed. */
void gan__undo_forget(gan_ctx *ctx, void *target);

void gan__hold(gan_ctx *ctx);        /* begins an outer step */
void gan__unhold(gan_ctx *ctx);      /* ends it; commits if all is well */
void gan__commit(gan_ctx *ctx);      /* unless held or failed */
void gan__rollback(gan_ctx *ctx);

/* Four random words of block `block`: Philox 4x32-10. */
void gan__philox(const uint32_t key[2], uint64_t block, uint32_t out[4]);
/* The same of GAN__PHILOX_RUN consecutive blocks, at a fraction of the cost for each. */
enum { GAN__PHILOX_RUN = 32 };
void gan__philox_run(const uint32_t key[2], uint64_t first, uint32_t out[4 * GAN__PHILOX_RUN]);

/* Takes `blocks` consecutive blocks; returns the first. */
int64_t gan__stream_take(gan_stream *stream, int64_t blocks);

/* A stream that is none of the context's: drawing from it leaves no trace. `tag` tells purposes apart. */
gan_stream gan__own_stream(gan_ctx *ctx, uint64_t seed, uint32_t tag);

#endif
