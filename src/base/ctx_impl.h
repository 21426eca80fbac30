/* The context from inside: what layer 0 offers to the layers above. */
#ifndef GAN__CTX_IMPL_H
#define GAN__CTX_IMPL_H

#include <gan/context.h>
#include <gan/random.h>
#include <stdarg.h>
#include <stddef.h>

#include "isa.h"
#include "memory.h"
#include "state.h"
#include "threads.h"

/* What the context owns besides tensors: modules, optimisers, datasets, ... The header is the object's first member. */
typedef struct gan__object {
    gan_ctx *ctx;
    struct gan__object *prev, *next;
    void (*destroy)(struct gan__object *object); /* frees the object itself too; NULL marks a kind's nil */
} gan__object;

/* A member of a scope: first member of a tensor handle. */
typedef struct gan__scoped {
    struct gan__scoped *prev, *next;
    int depth; /* 0: of the context itself */
} gan__scoped;

#define GAN__MAX_SCOPES 64
#define GAN__MESSAGE 512

struct gan_ctx {
    gan_ctx_opts opts;
    bool nil;
    gan_status status;
    char message[GAN__MESSAGE];

    gan__pool pool;
    gan__threads *threads;
    gan__isa isa;

    gan__scoped scopes[GAN__MAX_SCOPES + 1]; /* list heads; [0] is the context's own */
    int depth;
    int no_record; /* > 0: ops leave no graph */

    gan__object objects; /* list head */
    /* What constructors return when they fail: the nil of every kind of object, by its NULL destroy, aligned for any of them. */
    _Alignas(max_align_t) gan__object none;
    gan__state state; /* streams, counters, undo log */

    void *tensors; /* of the tensor layer, with its destructor */
    void (*tensors_free)(gan_ctx *ctx);
    void (*scoped_release)(gan_ctx *ctx, gan__scoped *item);
    uint32_t graph_mark; /* of the latest traversal */

    int64_t conv_calls[3]; /* how often conv, conv_input and conv_weight have run: tests hold the graph to its economy */
};

/* Every error of the library passes through here: the place for a breakpoint. Keeps the first, undoes what the unfinished
 * step wrote. */
void gan__raise(gan_ctx *ctx, gan_status status, const char *format, ...) GAN_PRINTF(3, 4);
void gan__raise_v(gan_ctx *ctx, gan_status status, const char *format, va_list args);

static inline bool gan__ok(const gan_ctx *ctx) { return ctx->status == GAN_OK; }

/* The static context that a failed gan_ctx_new returns. Its status is GAN_E_MEMORY for good. */
gan_ctx *gan__nil_ctx(void);

/* Memory of the context's pool, 64-byte aligned, not zeroed; NULL (raised) when there is none. */
void *gan__alloc(gan_ctx *ctx, size_t bytes);
void *gan__calloc(gan_ctx *ctx, size_t bytes);
void gan__free(gan_ctx *ctx, void *block);
char *gan__strdup(gan_ctx *ctx, const char *text);

void gan__own(gan_ctx *ctx, gan__object *object, void (*destroy)(gan__object *));
void gan__disown(gan__object *object);

void gan__scope_link(gan_ctx *ctx, gan__scoped *item, int depth);
void gan__scope_unlink(gan__scoped *item);

#endif
