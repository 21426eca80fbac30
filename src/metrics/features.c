/* Samples and features, gathered block by block: aside from training, and without more memory than the result takes. */
#include <gan/models.h>

#include <string.h>

#include "../data/loader.h"
#include "../nn/set.h"
#include "rows.h"

#define BLOCK 64
#define TAG 0x73616d70u /* of the stream of latents */

/* Where samples come from. */
typedef struct source source;
struct source {
    gan_tensor *(*block)(const source *s, int64_t start, int64_t n);
    gan_tensor *x; /* samples, or latents */
    gan_dataset *data;
    gan_part part;
    int64_t start;
    gan_module *G;
    const gan_set *set;
    int generators, one; /* one: the generator of all; negative: in turn */
};

static gan_tensor *from_tensor(const source *s, int64_t start, int64_t n) { return gan_slice(s->x, 0, start, n); }

static gan_batch read_data(gan_dataset *data, gan_part part, int64_t start, int64_t n) {
    return part == GAN_PART_TRAINING ? gan_dataset_training(data, start, n) : gan_dataset_held_out(data, start, n);
}

static gan_tensor *from_data(const source *s, int64_t start, int64_t n) {
    return read_data(s->data, s->part, s->start + start, n).x;
}

typedef struct row_choice {
    int64_t times, step, first; /* row i is that of number i/times*step + first */
} row_choice;

static gan_tensor *rows_of(gan_tensor *x, int64_t n, row_choice c) {
    gan_tensor *index = gan_empty(gan_ctx_of(x), gan_shape1(n));
    gan_real *p = gan_op_write(index);
    for (int64_t i = 0; p && i < n; i++) p[i] = (gan_real)(i / c.times * c.step + c.first);
    return gan_gather(x, index);
}

/* Which generator makes a row, its place decides: to have but one, all make each, and the others' are dropped. */
static gan_tensor *from_generator(const source *s, int64_t start, int64_t n) {
    gan_tensor *z = gan_slice(s->x, 0, start, n);
    int k = s->generators;
    if (s->one < 0 || k == 1) return gan_forward_with(s->G, s->set, z);
    gan_tensor *all = gan_forward_with(s->G, s->set, rows_of(z, n * k, (row_choice){k, 1, 0}));
    return rows_of(all, n, (row_choice){1, k, s->one});
}

/* --- gathering -------------------------------------------------------------------------------------------- */

typedef struct request {
    const char *who;
    gan_ctx *ctx;
    const source *from;
    gan_module *m; /* NULL: the samples themselves */
    gan_feature_opts opts;
    int64_t n;
    bool flat; /* [n, d], not the shape that it has */
} request;

static gan_tensor *through(const request *r, gan_tensor *x) {
    if (!r->m || gan_is_nil(x)) return x;
    gan_call_opts o = {.set = r->opts.set, .taps = &r->opts.tap, .n_taps = r->opts.tap != NULL};
    gan_output out = gan_module_call(r->m, (gan_input){x, NULL}, o);
    if (!r->opts.tap) return out.y;
    if (out.n_taps == 1) return out.taps[0].t;
    gan__raise(r->ctx, GAN_E_ARG, "%s: the module does not run \"%s\" once", r->who, r->opts.tap);
    return gan__nil(r->ctx);
}

/* Room for everything, now that it is known of what shape one block is. */
static gan_tensor *room(const request *r, gan_shape block) {
    int64_t each = block.d[0] ? gan_shape_count(block) / block.d[0] : 0;
    block.d[0] = r->n;
    return gan_empty(r->ctx, r->flat ? gan_shape2(r->n, each) : block);
}

static bool block_fits(const request *r, const gan_tensor *y, int64_t rows, const gan_tensor *all) {
    gan_shape s = gan_shape_of(y);
    char text[GAN_SHAPE_TEXT];
    if (gan_is_nil(y) || !gan__ok(r->ctx)) return false;
    if (s.ndim > 0 && s.d[0] == rows && (!all || gan_count(y) * r->n == gan_count(all) * rows)) return true;
    gan__raise(r->ctx, GAN_E_SHAPE, "%s: %lld samples became %s", r->who, (long long)rows, gan_shape_text(s, text));
    return false;
}

static gan_tensor *gather_blocks(const request *r) {
    gan_tensor *all = NULL;
    int64_t step = r->opts.block ? r->opts.block : BLOCK;
    for (int64_t i = 0; i < r->n && gan__ok(r->ctx); i += step) {
        int64_t rows = r->n - i < step ? r->n - i : step;
        gan_scope_begin(r->ctx);
        gan_tensor *y = through(r, r->from->block(r->from, i, rows));
        if (block_fits(r, y, rows, all)) {
            if (!all) all = gan_scope_return(room(r, gan_shape_of(y)));
            gan_real *to = gan_op_write(all);
            int64_t count = gan_count(y);
            if (to) memcpy(to + i * (count / rows), gan_data(y), (size_t)count * sizeof *to);
        }
        gan_scope_end(r->ctx);
    }
    return all ? all : gan__nil(r->ctx);
}

static bool request_fits(const request *r) {
    if (!gan__ok(r->ctx)) return false;
    if (r->m && gan_module_is_nil(r->m))
        gan__raise(r->ctx, GAN_E_ARG, "%s: the module is nil", r->who);
    else if (r->n < 1)
        gan__raise(r->ctx, GAN_E_ARG, "%s: %lld samples, must be at least 1", r->who, (long long)r->n);
    else if (r->opts.block < 0)
        gan__raise(r->ctx, GAN_E_ARG, "%s: blocks of %lld samples", r->who, (long long)r->opts.block);
    return gan__ok(r->ctx);
}

/* The result, or nil. */
static gan_tensor *gather(request r) {
    if (!request_fits(&r)) return gan__nil(r.ctx);
    gan__aside aside = {0};
    gan_no_record_begin(r.ctx);
    if (r.m) aside = gan__aside_begin(r.m);
    gan_tensor *all = gather_blocks(&r);
    if (r.m) gan__aside_end(&aside);
    gan_no_record_end(r.ctx);
    if (gan__ok(r.ctx)) return all;
    gan_release(all);
    return gan__nil(r.ctx);
}

gan_tensor *gan_features(gan_module *m, gan_tensor *x, gan_feature_opts opts) {
    static const char who[] = "gan_features";
    gan_ctx *ctx = m ? gan_module_ctx(m) : gan_ctx_of(x);
    source from = {.block = from_tensor, .x = x};
    if (!gan__usable(ctx, x, who)) return gan__nil(ctx);
    gan_shape s = gan_shape_of(x);
    return gather((request){who, ctx, &from, m, opts, s.ndim ? s.d[0] : 0, true});
}

/* --- data ------------------------------------------------------------------------------------------------- */

gan_tensor *gan_data_features(gan_module *m, gan_dataset *data, gan_part part, int64_t start, int64_t n, gan_feature_opts opts) {
    source from = {.block = from_data, .data = data, .part = part, .start = start};
    if (gan_dataset_is_nil(data)) return gan__nil(m ? gan_module_ctx(m) : gan__nil_ctx());
    return gather((request){"gan_data_features", gan__dataset_ctx(data), &from, m, opts, n, true});
}

static gan_tensor *labels_from_data(const source *s, int64_t start, int64_t n) {
    return read_data(s->data, s->part, s->start + start, n).label;
}

gan_tensor *gan_data_labels(gan_dataset *data, gan_part part, int64_t start, int64_t n) {
    static const char who[] = "gan_data_labels";
    source from = {.block = labels_from_data, .data = data, .part = part, .start = start};
    if (gan_dataset_is_nil(data)) return gan__nil(gan__nil_ctx());
    gan_ctx *ctx = gan__dataset_ctx(data);
    if (gan__ok(ctx) && !gan_dataset_classes(data)) gan__raise(ctx, GAN_E_ARG, "%s: the data has no labels", who);
    return gather((request){who, ctx, &from, NULL, (gan_feature_opts){0}, n, false});
}

/* --- generators ------------------------------------------------------------------------------------------- */

static void fill_in(const gan_module *G, gan_generate_opts *g) {
    if (!g->latent) g->latent = gan_latent_size(G);
    if (!g->generators) g->generators = gan_generator_count(G);
    if (!g->block) g->block = BLOCK;
    if (g->generators > 0) g->block += (g->generators - g->block % g->generators) % g->generators;
}

static bool can_generate(const char *who, gan_ctx *ctx, int64_t n, const gan_generate_opts *g) {
    char text[GAN_SHAPE_TEXT];
    if (g->latent < 1)
        gan__raise(ctx, GAN_E_ARG, "%s: the length of the latents is %lld; set gan_generate_opts.latent", who,
                   (long long)g->latent);
    else if (n < 1)
        gan__raise(ctx, GAN_E_ARG, "%s: %lld samples, must be at least 1", who, (long long)n);
    else if (g->generators < 1 || (g->one_generator && (g->generator < 0 || g->generator >= g->generators)))
        gan__raise(ctx, GAN_E_ARG, "%s: there is no generator %d of %d", who, g->generator, g->generators);
    else if (g->z && gan__usable(ctx, g->z, who) && !gan_shape_equal(gan_shape_of(g->z), gan_shape2(n, g->latent)))
        gan__raise(ctx, GAN_E_SHAPE, "%s: latents of shape %s for %lld samples, where G takes [n, %lld]", who,
                   gan_shape_text(gan_shape_of(g->z), text), (long long)n, (long long)g->latent);
    return gan__ok(ctx) && !(g->z && gan_is_nil(g->z));
}

static gan_tensor *generate(const char *who, gan_module *m, gan_module *G, int64_t n, gan_generate_opts g, gan_feature_opts opts,
                            bool flat) {
    gan_ctx *ctx = gan_module_ctx(G);
    if (!gan__ok(ctx)) return gan__nil(ctx);
    if (gan_module_is_nil(G)) gan__raise(ctx, GAN_E_ARG, "%s: the generator is nil", who);
    if (!gan__ok(ctx)) return gan__nil(ctx);
    fill_in(G, &g);
    if (!can_generate(who, ctx, n, &g)) return gan__nil(ctx);
    gan_stream own = gan__own_stream(ctx, g.seed, TAG);
    gan__aside aside = gan__aside_begin(G);
    gan_set *copy = g.batch_statistics ? gan__set_alias(G, g.set) : NULL; /* runs in training mode write buffers: into it */
    if (copy) gan_module_train(G, true);
    source from = {.block = from_generator,
                   .x = g.z ? g.z : gan_randn_from(&own, gan_shape2(n, g.latent)),
                   .G = G,
                   .set = copy ? copy : g.set,
                   .generators = g.generators,
                   .one = g.one_generator ? g.generator : -1};
    opts.block = g.block;
    gan_tensor *all = gather((request){who, ctx, &from, m, opts, n, flat});
    if (!g.z) gan_release(from.x);
    gan_set_free(copy);
    gan__aside_end(&aside);
    return all;
}

gan_tensor *gan_generate(gan_module *G, int64_t n, gan_generate_opts opts) {
    return generate("gan_generate", NULL, G, n, opts, (gan_feature_opts){0}, false);
}

gan_tensor *gan_generated_features(gan_module *m, gan_module *G, int64_t n, gan_generate_opts g, gan_feature_opts opts) {
    return generate("gan_generated_features", m, G, n, g, opts, true);
}
