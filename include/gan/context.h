/* The context: owner of everything, keeper of the first error. See docs/guide.md, "Errors". */
#ifndef GAN_CONTEXT_H
#define GAN_CONTEXT_H

#include <gan/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_ctx gan_ctx;

/* Where memory comes from. alloc returns NULL when it has none; release gets the size that was asked for.
 * The library keeps freed blocks and asks again only when none of them fits. Both NULL: malloc and free, and on Linux since 5.7 the
 * system's pages for most blocks of 1.3 MB and more, up to 16 GB: the pages of freed blocks serve blocks of other sizes. (The context
 * itself, its threads and the decoders of images in the background use malloc in any case.) */
typedef struct gan_allocator {
    void *(*alloc)(void *user, size_t bytes);
    void (*release)(void *user, void *block, size_t bytes);
    void *user;
} gan_allocator;

typedef enum gan_log_level { GAN_LOG_INFO, GAN_LOG_WARNING, GAN_LOG_ERROR } gan_log_level;

/* Receives one message without a newline; it is valid during the call only. */
typedef void (*gan_log_fn)(void *user, gan_log_level level, const char *message);

typedef struct gan_ctx_opts {
    uint64_t seed;           /* of every random stream */
    int threads;             /* 0: one per processor that this process may use; at most 256 */
    const char *isa;         /* "avx512", "avx2", "portable"; NULL: the environment's GAN_ISA, else the best */
    bool direct;             /* convolutions carry out all multiplications, which takes longer and rounds less (minimal filtering:
                              * Lavin & Gray 2016); false: as the environment's GAN_DIRECT says, 1 or 0, else not */
    gan_allocator allocator; /* zero: the system's memory */
    gan_log_fn log;          /* NULL: messages are dropped */
    void *log_user;
} gan_ctx_opts;

/* A new context; free it with gan_ctx_free. Never NULL: when it cannot be made, the static nil context is
 * returned, whose status says why and on which every call does nothing. One thread at a time may use a
 * context; two contexts share nothing. */
GAN_API gan_ctx *gan_ctx_new(gan_ctx_opts opts);

/* Frees the context and everything it owns: tensors, modules, optimisers, datasets, trainers. NULL is fine. */
GAN_API void gan_ctx_free(gan_ctx *ctx);

/* The first error since the context was made or cleared, GAN_OK if none. */
GAN_API gan_status gan_ctx_status(const gan_ctx *ctx);

/* That error in words, "" if none. Owned by the context, valid until the next call on it. */
GAN_API const char *gan_ctx_message(const gan_ctx *ctx);

/* Forgets the error. Weights, buffers and counters are as the last completed step left them. */
GAN_API void gan_ctx_clear(gan_ctx *ctx);

/* Raises an error of the caller's own, as an op or a dataset of the user's would; the first error stays. */
GAN_API void gan_ctx_fail(gan_ctx *ctx, gan_status status, const char *format, ...) GAN_PRINTF(3, 4);

/* Sends a message to the log callback. */
GAN_API void gan_ctx_log(gan_ctx *ctx, gan_log_level level, const char *format, ...) GAN_PRINTF(3, 4);

GAN_API uint64_t gan_ctx_seed(const gan_ctx *ctx);
GAN_API int gan_ctx_threads(const gan_ctx *ctx);

/* "avx512", "avx2" or "portable": the instruction set the kernels use. Static storage. */
GAN_API const char *gan_ctx_isa(const gan_ctx *ctx);

typedef struct gan_memory {
    size_t in_use;    /* bytes handed out at this moment */
    size_t peak;      /* the most there ever was of in_use */
    size_t cached;    /* bytes kept for reuse, tables of tensor handles among them */
    int64_t requests; /* requests to the pool so far */
    int64_t misses;   /* requests that went on to the allocator, or to the system for pages or addresses */
} gan_memory;

GAN_API gan_memory gan_ctx_memory(const gan_ctx *ctx);

/* For tests: lets the n-th request to the pool from now on (1 is the next) fail with GAN_E_MEMORY, whether or
 * not a cached block would have served it. 0 switches that off. */
GAN_API void gan_ctx_fail_alloc(gan_ctx *ctx, int64_t nth);

/* Library version, "MAJOR.MINOR.PATCH". */
GAN_API const char *gan_version(void);

/* What ops make belongs to the innermost scope and is released when it ends; scopes nest. Outside of any scope,
 * tensors live until the context does. */
GAN_API void gan_scope_begin(gan_ctx *ctx);
GAN_API void gan_scope_end(gan_ctx *ctx);

/* Between these two, ops leave no graph behind: for sampling, evaluation, metrics. They nest. */
GAN_API void gan_no_record_begin(gan_ctx *ctx);
GAN_API void gan_no_record_end(gan_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
