#include "packed.h"

static bool is_same(const gan__packing *a, const gan__packing *b) {
    return a->weight == b->weight && a->c == b->c && a->k == b->k && a->in == b->in && a->out == b->out && a->kh == b->kh &&
           a->kw == b->kw && a->sh == b->sh && a->sw == b->sw && a->tap_y == b->tap_y && a->tap_x == b->tap_x &&
           a->products == b->products && a->cell == b->cell;
}

gan__packed_use gan__packed_begin(gan_ctx *ctx, gan__packed **kept, const gan__packing *how, int64_t count) {
    for (gan__packed *at = kept ? *kept : NULL; at; at = at->next)
        if (is_same(&at->how, how)) return (gan__packed_use){at, true, kept};
    gan__packed *packed = gan__alloc(ctx, sizeof *packed + (size_t)count * sizeof *packed->numbers);
    if (packed) packed->how = *how;
    return (gan__packed_use){packed, false, kept};
}

void gan__packed_end(gan_ctx *ctx, gan__packed_use *use, bool made) {
    if (use->ready) return;
    if (made && use->kept) {
        gan__pool_count_as_cached(&ctx->pool, use->packed, true);
        use->packed->next = *use->kept, *use->kept = use->packed;
    } else {
        gan__free(ctx, use->packed);
    }
}

void gan__packed_free(gan_ctx *ctx, gan__packed *list) {
    for (gan__packed *next; list; list = next) {
        next = list->next;
        gan__pool_count_as_cached(&ctx->pool, list, false);
        gan__free(ctx, list);
    }
}
