#define _GNU_SOURCE /* sched_getaffinity */
#include <gan/context.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx_impl.h"
#include "isa.h"

#define MAX_THREADS 256

/* Never written: every call sees `nil` or `status` first. */
static gan_ctx nil_ctx = {.nil = true,
                          .status = GAN_E_MEMORY,
                          .message = "the context could not be made: out of memory or threads",
                          .isa = GAN__ISA_PORTABLE,
                          .none = {.ctx = &nil_ctx}};

gan_ctx *gan__nil_ctx(void) { return &nil_ctx; }

const char *gan_version(void) { return GAN_VERSION_TEXT; }

static int processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set)) return 1;
    int n = CPU_COUNT(&set);
    return n < 1 ? 1 : n;
}

static bool valid_threads(int threads) { return threads >= 0 && threads <= MAX_THREADS; }

static int wanted_threads(int threads) {
    int n = threads ? threads : processors();
    return n < MAX_THREADS ? n : MAX_THREADS;
}

/* By the option, else the environment. */
static void choose_direct(gan_ctx *ctx) {
    const char *wanted = getenv("GAN_DIRECT");
    if (ctx->opts.direct || !wanted || !*wanted || !strcmp(wanted, "0")) return;
    ctx->opts.direct = true;
    if (strcmp(wanted, "1")) gan__raise(ctx, GAN_E_ARG, "gan_ctx_new: GAN_DIRECT is \"%s\"; it can be 0 or 1", wanted);
}

static gan_ctx *raw_ctx(gan_ctx_opts opts) {
    gan_ctx *ctx = calloc(1, sizeof *ctx);
    if (!ctx) return NULL;
    ctx->opts = opts;
    gan__pool_init(&ctx->pool, opts.allocator);
    gan__state_init(&ctx->state);
    ctx->objects.prev = ctx->objects.next = &ctx->objects;
    ctx->none.ctx = ctx;
    for (int i = 0; i <= GAN__MAX_SCOPES; i++) ctx->scopes[i].prev = ctx->scopes[i].next = &ctx->scopes[i];
    ctx->threads = gan__threads_new(valid_threads(opts.threads) ? wanted_threads(opts.threads) : 1);
    if (ctx->threads) return ctx;
    free(ctx);
    return NULL;
}

gan_ctx *gan_ctx_new(gan_ctx_opts opts) {
    gan_ctx *ctx = raw_ctx(opts);
    if (!ctx) return &nil_ctx;
    if (!valid_threads(opts.threads))
        gan__raise(ctx, GAN_E_ARG, "gan_ctx_new: %d threads; 0 to %d can be asked for", opts.threads, MAX_THREADS);
    gan__choose_isa(ctx);
    choose_direct(ctx);
    return ctx;
}

void gan_ctx_free(gan_ctx *ctx) {
    if (!ctx || ctx->nil) return;
    while (ctx->objects.next != &ctx->objects) { /* the latest first: a trainer goes before its nets */
        gan__object *o = ctx->objects.prev;
        gan__disown(o);
        o->destroy(o);
    }
    gan__state_free(ctx);
    if (ctx->tensors_free) ctx->tensors_free(ctx);
    gan__threads_free(ctx->threads);
    gan__pool_drop_cache(&ctx->pool);
    free(ctx);
}

gan_status gan_ctx_status(const gan_ctx *ctx) { return ctx->status; }
const char *gan_ctx_message(const gan_ctx *ctx) { return ctx->message; }
uint64_t gan_ctx_seed(const gan_ctx *ctx) { return ctx->opts.seed; }
int gan_ctx_threads(const gan_ctx *ctx) { return gan__threads_count(ctx->threads); }
const char *gan_ctx_isa(const gan_ctx *ctx) { return gan__isa_name(ctx->isa); }
gan_memory gan_ctx_memory(const gan_ctx *ctx) { return ctx->pool.stats; }

void gan_ctx_clear(gan_ctx *ctx) {
    if (ctx->nil || ctx->status == GAN_OK) return;
    gan__rollback(ctx); /* of what was still written or drawn after the error */
    ctx->status = GAN_OK;
    ctx->message[0] = 0;
}

void gan_ctx_fail_alloc(gan_ctx *ctx, int64_t nth) {
    if (!ctx->nil) ctx->pool.fail_in = nth;
}

void gan__raise_v(gan_ctx *ctx, gan_status status, const char *format, va_list args) {
    if (ctx->nil || ctx->status != GAN_OK || status == GAN_OK) return;
    vsnprintf(ctx->message, sizeof ctx->message, format, args);
    ctx->status = status;
    gan__rollback(ctx);
}

void gan__raise(gan_ctx *ctx, gan_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    gan__raise_v(ctx, status, format, args);
    va_end(args);
}

void gan_ctx_fail(gan_ctx *ctx, gan_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    gan__raise_v(ctx, status, format, args);
    va_end(args);
}

void gan_ctx_log(gan_ctx *ctx, gan_log_level level, const char *format, ...) {
    if (ctx->nil || !ctx->opts.log) return;
    char message[GAN__MESSAGE];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    ctx->opts.log(ctx->opts.log_user, level, message);
}

void *gan__alloc(gan_ctx *ctx, size_t bytes) {
    void *p = ctx->nil ? NULL : gan__pool_get(&ctx->pool, bytes ? bytes : 1);
    if (!p) gan__raise(ctx, GAN_E_MEMORY, "out of memory: %zu bytes were asked for", bytes);
    return p;
}

void *gan__calloc(gan_ctx *ctx, size_t bytes) {
    void *p = gan__alloc(ctx, bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

void gan__free(gan_ctx *ctx, void *block) { gan__pool_put(&ctx->pool, block); }

char *gan__strdup(gan_ctx *ctx, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = gan__alloc(ctx, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void gan__own(gan_ctx *ctx, gan__object *o, void (*destroy)(gan__object *)) {
    if (ctx->nil) return;
    *o = (gan__object){ctx, ctx->objects.prev, &ctx->objects, destroy};
    o->prev->next = o->next->prev = o;
}

void gan__disown(gan__object *o) {
    if (!o->prev) return;
    o->prev->next = o->next;
    o->next->prev = o->prev;
    o->prev = o->next = NULL;
}
