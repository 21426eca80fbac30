#include "state.h"

#include <string.h>

#include "ctx_impl.h"

void gan__state_init(gan__state *s) {
    *s = (gan__state){.epoch = 1}; /* 0 is never */
    s->counters.prev = s->counters.next = &s->counters;
}

void gan__counter_add(gan_ctx *ctx, gan__counter *c, int64_t value) {
    *c = (gan__counter){.value = value, .committed = value};
    if (ctx->nil) return;
    gan__counter *head = &ctx->state.counters;
    *c = (gan__counter){value, value, head->prev, head};
    c->prev->next = c->next->prev = c;
}

void gan__counter_remove(gan__counter *c) {
    if (!c->prev) return;
    c->prev->next = c->next;
    c->next->prev = c->prev;
    c->prev = c->next = NULL;
}

bool gan__undo_add(gan_ctx *ctx, gan__undo undo) {
    gan__state *s = &ctx->state;
    if (s->log_count == s->log_room) {
        int64_t room = s->log_room ? 2 * s->log_room : 64;
        gan__undo *log = gan__alloc(ctx, (size_t)room * sizeof *log);
        if (!log) return false;
        if (s->log_count) memcpy(log, s->log, (size_t)s->log_count * sizeof *log);
        gan__free(ctx, s->log);
        s->log = log;
        s->log_room = room;
    }
    s->log[s->log_count++] = undo;
    return true;
}

void gan__undo_forget(gan_ctx *ctx, void *target) {
    gan__state *s = &ctx->state;
    int64_t kept = 0;
    for (int64_t i = 0; i < s->log_count; i++) {
        if (s->log[i].target == target)
            s->log[i].discard(ctx, s->log[i].old);
        else
            s->log[kept++] = s->log[i];
    }
    s->log_count = kept;
}

void gan__hold(gan_ctx *ctx) {
    if (!ctx->nil) ctx->state.hold++;
}

void gan__unhold(gan_ctx *ctx) {
    if (ctx->nil) return;
    ctx->state.hold--;
    gan__commit(ctx);
}

void gan__commit(gan_ctx *ctx) {
    gan__state *s = &ctx->state;
    if (s->hold || !gan__ok(ctx)) return;
    for (gan__counter *c = s->counters.next; c != &s->counters; c = c->next) c->committed = c->value;
    for (int64_t i = 0; i < s->log_count; i++) s->log[i].discard(ctx, s->log[i].old);
    s->log_count = 0;
    s->epoch++;
}

void gan__rollback(gan_ctx *ctx) {
    gan__state *s = &ctx->state;
    for (gan__counter *c = s->counters.next; c != &s->counters; c = c->next) c->value = c->committed;
    while (s->log_count) { /* the latest first */
        gan__undo *u = &s->log[--s->log_count];
        u->restore(u->target, u->old);
    }
    s->rollbacks++;
    s->epoch++;
}

void gan__state_free(gan_ctx *ctx) {
    gan__state *s = &ctx->state;
    for (int64_t i = 0; i < s->log_count; i++) s->log[i].discard(ctx, s->log[i].old);
    s->log_count = 0;
    gan__free(ctx, s->log);
    for (gan_stream *r = s->streams, *next; r; r = next) {
        next = r->next;
        gan__free(ctx, r->name);
        gan__free(ctx, r);
    }
    s->streams = NULL;
}
