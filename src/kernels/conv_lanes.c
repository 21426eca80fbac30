#include "conv_lanes.h"

#include <string.h>

#include "conv_engine.h"

#ifndef GAN_DOUBLE

enum {
    MOST_CHANNELS = 16,
    MOST_PRODUCTS = 128,    /* channels of the source times those of the result */
    MOST_SCRATCH = 1 << 19, /* numbers a worker holds: what the second-level cache is a few times */
    MOST_PARTS = 64         /* of a weight gradient */
};

const gan__lanes *gan__lanes_of(gan__isa isa) {
    static const gan__lanes *const all[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__lanes);
    return all[isa];
}

/* The part of the source that is read, with what lies outside of it and is zero. */
typedef struct window {
    int64_t top, left, h, w; /* may be empty */
} window;

static window window_of(const gan__patches *products, int count) {
    int64_t top = INT64_MAX, left = INT64_MAX, bottom = INT64_MIN, right = INT64_MIN;
    for (const gan__patches *p = products; p < products + count; p++) {
        if (!p->kh || !p->kw) continue;
        top = gan__least(top, -p->top), bottom = gan__most(bottom, (p->oh - 1) * p->sh + p->kh - p->top);
        left = gan__least(left, -p->left), right = gan__most(right, (p->ow - 1) * p->sw + p->kw - p->left);
    }
    return bottom > top ? (window){top, left, bottom - top, right - left} : (window){0};
}

typedef struct lanes_run {
    const gan__lanes *isa;
    const gan__patches *products;
    const float *const *weights; /* of each product, as [kh][kw*c][k] */
    int count;
    window window;
    int64_t scratch_size; /* of one worker */
    float *scratch;
    /* of weight gradients: */
    const float *y;
    float *parts;
    int64_t blocks, part_blocks, part_size;
} lanes_run;

static int64_t source_size(const window *v, const gan__patches *p) { return v->h * v->w * p->c; }

/* The window of some images, element by element. */
static void load_window(const lanes_run *r, int64_t first, int images, float *to) {
    const gan__patches *p = r->products;
    const window *v = &r->window;
    int64_t image = p->h * p->w * p->c, from = gan__most(0, v->left), end = gan__least(p->w, v->left + v->w);
    int64_t y_end = gan__least(p->h, v->top + v->h);
    memset(to, 0, (size_t)(source_size(v, p) * r->isa->lanes) * sizeof *to);
    if (from >= end) return;
    for (int64_t y = gan__most(0, v->top); y < y_end; y++)
        r->isa->load(p->src + first * image + (y * p->w + from) * p->c, image, images, (end - from) * p->c,
                     to + ((y - v->top) * v->w + from - v->left) * p->c * r->isa->lanes);
}

static void run_product(const lanes_run *r, const gan__patches *p, const float *weights, const float *source, float *result) {
    const window *v = &r->window;
    int64_t lanes = r->isa->lanes, base = p->dst - r->products[0].dst;
    gan__lanes_product job = {.w = weights,
                              .rows = p->kw ? p->kh : 0,
                              .length = p->kw * p->c,
                              .m = p->ow,
                              .n = p->k,
                              .a_row = v->w * p->c,
                              .a_step = p->sw * p->c,
                              .w_row = p->kw * p->c * p->k,
                              .w_step = p->k,
                              .out_step = p->dst_x};
    for (int64_t a = 0; a < p->oh; a++) {
        job.a = source + ((a * p->sh - p->top - v->top) * v->w - p->left - v->left) * p->c * lanes;
        job.out = result + (base + a * p->dst_y) * lanes;
        r->isa->product(&job);
    }
}

static void run_images(void *arg, int64_t block, int worker) {
    const lanes_run *r = arg;
    const gan__patches *p = r->products;
    int64_t lanes = r->isa->lanes, first = block * lanes;
    int images = (int)gan__least(lanes, p->n - first);
    float *source = r->scratch + worker * r->scratch_size, *result = source + source_size(&r->window, p) * lanes;
    load_window(r, first, images, source);
    for (int i = 0; i < r->count; i++) run_product(r, &p[i], r->weights[i], source, result);
    r->isa->store(result, p->dst_n, images, p->dst_n, p->dst + first * p->dst_n);
}

static void pack_weights(const gan__patches *p, float *to) {
    for (int64_t i = 0; i < p->kh; i++)
        for (int64_t j = 0; j < p->kw; j++)
            for (int64_t c = 0; c < p->c; c++)
                for (int64_t k = 0; k < p->k; k++) *to++ = p->weight[i * p->tap_y + j * p->tap_x + c * p->in + k * p->out];
}

static int64_t scratch_size(const gan__lanes *isa, const window *v, const gan__patches *p) {
    return (source_size(v, p) + p->dst_n) * isa->lanes;
}

bool gan__lanes_fit(gan_ctx *ctx, const gan__patches *products, int count) {
    const gan__lanes *isa = gan__lanes_of(ctx->isa);
    const gan__patches *p = products;
    if (p->c > MOST_CHANNELS || p->k > MOST_CHANNELS || p->c * p->k > MOST_PRODUCTS || p->n < isa->lanes) return false;
    window v = window_of(products, count);
    return v.h <= MOST_SCRATCH && v.w <= MOST_SCRATCH && scratch_size(isa, &v, p) <= MOST_SCRATCH;
}

bool gan__lanes_run(gan_ctx *ctx, const gan__patches *products, int count) {
    const gan__lanes *isa = gan__lanes_of(ctx->isa);
    lanes_run r = {.isa = isa, .products = products, .count = count, .window = window_of(products, count)};
    int64_t size = 0;
    for (int i = 0; i < count; i++) size += products[i].kh * products[i].kw * products[i].c * products[i].k;
    r.scratch_size = scratch_size(isa, &r.window, products);
    r.scratch = gan__alloc(ctx, (size_t)(r.scratch_size * gan__threads_count(ctx->threads)) * sizeof *r.scratch);
    float *packed = gan__alloc(ctx, (size_t)size * sizeof *packed);
    const float **weights = gan__alloc(ctx, (size_t)count * sizeof *weights);
    bool ok = r.scratch && packed && weights;
    if (ok) {
        float *at = packed;
        for (int i = 0; i < count; i++) {
            weights[i] = at;
            pack_weights(&products[i], at);
            at += products[i].kh * products[i].kw * products[i].c * products[i].k;
        }
        r.weights = weights;
        gan__parallel(ctx, gan__ceil_div(products->n, isa->lanes), run_images, &r);
    }
    gan__free(ctx, weights);
    gan__free(ctx, packed);
    gan__free(ctx, r.scratch);
    return ok;
}

static void sum_part(void *arg, int64_t part, int worker) {
    const lanes_run *r = arg;
    const gan__patches *p = r->products;
    const window *v = &r->window;
    int64_t lanes = r->isa->lanes, end = gan__least(r->blocks, (part + 1) * r->part_blocks), row = p->kw * p->c * p->k;
    float *source = r->scratch + worker * r->scratch_size, *y = source + source_size(v, p) * lanes,
          *of_block = y + p->dst_n * lanes;
    float *sums = r->parts + part * r->part_size;
    gan__lanes_weights job = {.b = y,
                              .rows = p->oh,
                              .length = p->kw * p->c,
                              .m = p->ow,
                              .n = p->k,
                              .a_row = p->sh * v->w * p->c,
                              .a_step = p->sw * p->c,
                              .b_row = p->ow * p->k};
    memset(sums, 0, (size_t)r->part_size * sizeof *sums);
    for (int64_t block = part * r->part_blocks; block < end; block++) {
        int images = (int)gan__least(lanes, p->n - block * lanes);
        load_window(r, block * lanes, images, source);
        r->isa->load(r->y + block * lanes * p->dst_n, p->dst_n, images, p->dst_n, y);
        for (int64_t i = 0; i < p->kh; i++) {
            job.a = source + i * v->w * p->c * lanes;
            job.out = of_block + i * row;
            r->isa->weights(&job);
        }
        for (int64_t i = 0; i < r->part_size; i++) sums[i] += of_block[i];
    }
}

bool gan__lanes_weight_run(gan_ctx *ctx, const gan__patches *p, float *w) {
    const gan__lanes *isa = gan__lanes_of(ctx->isa);
    lanes_run r = {.isa = isa, .products = p, .count = 1, .window = window_of(p, 1), .y = p->dst};
    r.blocks = gan__ceil_div(p->n, isa->lanes);
    r.part_blocks = gan__ceil_div(r.blocks, MOST_PARTS);
    r.part_size = p->kh * p->kw * p->c * p->k;
    int64_t parts = gan__ceil_div(r.blocks, r.part_blocks);
    r.scratch_size = gan__ceil_div(scratch_size(isa, &r.window, p) + r.part_size, isa->lanes) * isa->lanes;
    r.scratch = gan__alloc(ctx, (size_t)(r.scratch_size * gan__threads_count(ctx->threads)) * sizeof *r.scratch);
    r.parts = gan__alloc(ctx, (size_t)(parts * r.part_size) * sizeof *r.parts);
    bool ok = r.scratch && r.parts;
    if (ok) {
        gan__parallel(ctx, parts, sum_part, &r);
        memcpy(w, r.parts, (size_t)r.part_size * sizeof *w);
        for (int64_t part = 1; part < parts; part++)
            for (int64_t i = 0; i < r.part_size; i++) w[i] += r.parts[part * r.part_size + i];
    }
    gan__free(ctx, r.parts);
    gan__free(ctx, r.scratch);
    return ok;
}

#endif
