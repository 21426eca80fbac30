#include "ctx_impl.h"

/* Scopes beyond the last, which are there only after an error, share its list. */
void gan__scope_link(gan_ctx *ctx, gan__scoped *item, int depth) {
    if (depth > GAN__MAX_SCOPES) depth = GAN__MAX_SCOPES;
    gan__scoped *head = &ctx->scopes[depth];
    item->depth = depth;
    item->prev = head->prev;
    item->next = head;
    item->prev->next = item->next->prev = item;
}

void gan__scope_unlink(gan__scoped *item) {
    if (!item->prev) return;
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->prev = item->next = NULL;
}

/* Scopes are kept in balance in a failed context too, so that a loop may end normally after an error. */
void gan_scope_begin(gan_ctx *ctx) {
    if (ctx->nil) return;
    if (ctx->depth >= GAN__MAX_SCOPES)
        gan__raise(ctx, GAN_E_STATE, "gan_scope_begin: more than %d scopes are open", GAN__MAX_SCOPES);
    ctx->depth++;
}

void gan_scope_end(gan_ctx *ctx) {
    if (ctx->nil) return;
    if (ctx->depth == 0) {
        gan__raise(ctx, GAN_E_STATE, "gan_scope_end: no scope is open");
        return;
    }
    if (ctx->depth <= GAN__MAX_SCOPES) {
        gan__scoped *head = &ctx->scopes[ctx->depth];
        while (head->next != head) ctx->scoped_release(ctx, head->next);
    }
    ctx->depth--;
}

void gan_no_record_begin(gan_ctx *ctx) {
    if (!ctx->nil) ctx->no_record++;
}

void gan_no_record_end(gan_ctx *ctx) {
    if (ctx->nil) return;
    if (ctx->no_record == 0)
        gan__raise(ctx, GAN_E_STATE, "gan_no_record_end: without gan_no_record_begin");
    else
        ctx->no_record--;
}
