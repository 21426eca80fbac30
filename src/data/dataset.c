/* Datasets as objects: made, described, freed. */
#include <gan/data.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "dataset_impl.h"
#include "order.h"
#include "prefetch.h"

#define MAX_DECODERS 64

static gan_dataset static_nil = {.nil = true, .source = {.sample = {.ndim = -1}}, .describe = "nil", .identity = ""};

static void destroy_nil(gan__object *object) { gan__free(object->ctx, object); }

gan_dataset *gan__dataset_nil(gan_ctx *ctx) {
    if (ctx->nil) return &static_nil;
    for (gan__object *o = ctx->objects.next; o != &ctx->objects; o = o->next)
        if (o->destroy == destroy_nil) return (gan_dataset *)o;
    gan_dataset *d = gan__alloc(ctx, sizeof *d);
    if (!d) return &static_nil;
    *d = static_nil;
    gan__own(ctx, &d->object, destroy_nil);
    return d;
}

static void destroy(gan__object *object) {
    gan_dataset *d = (gan_dataset *)object;
    gan_ctx *ctx = object->ctx;
    gan__prefetch_free(d->prefetch); /* before the source: its threads are reading from it */
    if (d->source.free) d->source.free(d->source.user);
    gan__counter_remove(&d->position);
    gan__free(ctx, d->split);
    gan__free(ctx, d->order);
    gan__free(ctx, d->draws);
    gan__free(ctx, d->describe);
    gan__free(ctx, d->identity);
    gan__free(ctx, d);
}

/* --- making ----------------------------------------------------------------------------------------------- */

static bool shape_valid(gan_shape s) {
    int64_t count = 1;
    if (s.ndim < 1 || s.ndim >= GAN_MAX_DIMS) return false;
    for (int i = 0; i < s.ndim; i++) {
        if (s.d[i] < 1 || s.d[i] > INT32_MAX / count) return false;
        count *= s.d[i];
    }
    return true;
}

static bool spec_valid(gan_ctx *ctx, const gan__dataset_spec *s) {
    const gan_source *source = &s->source;
    char text[GAN_SHAPE_TEXT];
    if (!gan__ok(ctx)) return false;
    if (!source->load)
        gan__raise(ctx, GAN_E_ARG, "%s: the source has no load function", s->who);
    else if (!shape_valid(source->sample))
        gan__raise(ctx, GAN_E_SHAPE, "%s: a sample cannot have the shape %s", s->who,
                   source->sample.ndim > GAN_MAX_DIMS ? "of more than five dimensions" : gan_shape_text(source->sample, text));
    else if (source->count < 1 || source->count > GAN__ORDER_MAX)
        gan__raise(ctx, GAN_E_ARG, "%s: %lld samples: there must be 1 to %d", s->who, (long long)source->count, GAN__ORDER_MAX);
    else if (!(s->loader.held_out >= 0 && s->loader.held_out < 1))
        gan__raise(ctx, GAN_E_ARG, "%s: held_out is %g, but must lie in [0, 1)", s->who, s->loader.held_out);
    else if (s->loader.flip && source->sample.ndim != 3)
        gan__raise(ctx, GAN_E_ARG, "%s: only images [h, w, c] can be flipped, not %s", s->who,
                   gan_shape_text(source->sample, text));
    else if (s->loader.decoders < 0 || s->loader.decoders > MAX_DECODERS)
        gan__raise(ctx, GAN_E_ARG, "%s: %d decoders: there can be 0 to %d", s->who, s->loader.decoders, MAX_DECODERS);
    else if (source->classes < 0)
        gan__raise(ctx, GAN_E_ARG, "%s: %d classes", s->who, source->classes);
    return gan__ok(ctx);
}

/* A seeded draw decides who is held out. The held-out samples keep the drawn order, so that the first of them are a fair
 * sample even where the source is sorted by class. */
static bool split(gan_ctx *ctx, gan_dataset *d, const gan__dataset_spec *spec) {
    int64_t count = d->source.count;
    d->held = llround(spec->loader.held_out * (double)count);
    d->train = count - d->held;
    if (d->train < 1) {
        gan__raise(ctx, GAN_E_ARG, "%s: held_out = %g of %lld samples leaves none to train on", spec->who, spec->loader.held_out,
                   (long long)count);
        return false;
    }
    d->split = gan__alloc(ctx, (size_t)count * sizeof *d->split);
    d->order = gan__alloc(ctx, (size_t)d->train * sizeof *d->order);
    if (!d->split || !d->order) return false;
    for (int64_t i = 0; i < count; i++) d->split[i] = (int32_t)i;
    if (d->held) gan__order_shuffle(gan_stream_named(ctx, "split")->key, 0, d->split, count);
    return true;
}

static void copy_key(gan_ctx *ctx, const char *name, uint32_t key[2]) { memcpy(key, gan_stream_named(ctx, name)->key, 8); }

#define LINE 1024

static bool describe(gan_ctx *ctx, gan_dataset *d, const gan__dataset_spec *spec) {
    char line[LINE], shape[GAN_SHAPE_TEXT], classes[32] = "", skipped[48] = "";
    gan_shape_text(d->source.sample, shape);
    if (d->source.classes) snprintf(classes, sizeof classes, ", %d classes", d->source.classes);
    if (d->skipped) snprintf(skipped, sizeof skipped, ", %lld bad files left out", (long long)d->skipped);
    snprintf(line, sizeof line, "%s: %lld training and %lld held-out samples of shape %s%s%s%s",
             d->source.describe ? d->source.describe : spec->kind, (long long)d->train, (long long)d->held, shape, classes,
             d->source.targets ? ", with targets" : "", skipped);
    d->describe = gan__strdup(ctx, line);
    uLong sum = crc32_z(0, (const Bytef *)d->split, (size_t)d->source.count * sizeof *d->split);
    snprintf(line, sizeof line, "%s %lld x %s, %d classes, targets %d, flip %d, contents %08x, held out %lld, split %08lx",
             spec->kind, (long long)d->source.count, shape, d->source.classes, d->source.targets, d->flip, spec->fingerprint,
             (long long)d->held, sum);
    d->identity = gan__strdup(ctx, line);
    d->source.describe = d->describe;
    return d->describe && d->identity;
}

gan_dataset *gan__dataset_make(gan_ctx *ctx, gan__dataset_spec spec) {
    gan_dataset *d = spec_valid(ctx, &spec) ? gan__calloc(ctx, sizeof *d) : NULL;
    if (!d) {
        if (spec.source.free) spec.source.free(spec.source.user);
        return gan__dataset_nil(ctx);
    }
    gan__own(ctx, &d->object, destroy);
    gan__counter_add(ctx, &d->position, 0);
    d->source = spec.source;
    d->trusted = spec.trusted, d->flip = spec.loader.flip, d->skipped = spec.skipped;
    d->decoders = spec.immediate ? 0 : spec.loader.decoders ? spec.loader.decoders : 1;
    d->sample_count = gan_shape_count(spec.source.sample);
    d->order_epoch = -1;
    copy_key(ctx, "data", d->order_key);
    copy_key(ctx, "flip", d->flip_key);
    if (split(ctx, d, &spec) && describe(ctx, d, &spec) && gan__ok(ctx)) return d;
    gan_dataset_free(d);
    return gan__dataset_nil(ctx);
}

gan_dataset *gan_dataset_new(gan_ctx *ctx, gan_source source, gan_loader_opts opts) {
    return gan__dataset_make(ctx,
                             (gan__dataset_spec){.who = "gan_dataset_new", .kind = "source", .source = source, .loader = opts});
}

void gan_dataset_free(gan_dataset *d) {
    if (!d || d->nil) return;
    gan__disown(&d->object);
    destroy(&d->object);
}

/* --- looking ---------------------------------------------------------------------------------------------- */

static const gan_dataset *seen(const gan_dataset *d) { return d ? d : &static_nil; }

gan_shape gan_dataset_shape(const gan_dataset *d) { return seen(d)->source.sample; }
int64_t gan_dataset_count(const gan_dataset *d) { return seen(d)->train; }
int64_t gan_dataset_held_out_count(const gan_dataset *d) { return seen(d)->held; }
int gan_dataset_classes(const gan_dataset *d) { return seen(d)->source.classes; }
gan_ctx *gan__dataset_ctx(const gan_dataset *d) { return gan_dataset_is_nil(d) ? gan__nil_ctx() : d->object.ctx; }
bool gan__dataset_paired(const gan_dataset *d) { return seen(d)->source.targets; }
int64_t gan_dataset_skipped(const gan_dataset *d) { return seen(d)->skipped; }
int64_t gan_dataset_epoch(const gan_dataset *d) { return gan__dataset_position(d).epoch; }
const char *gan_dataset_describe(const gan_dataset *d) { return seen(d)->describe; }
bool gan_dataset_is_nil(const gan_dataset *d) { return seen(d)->nil; }
const char *gan__dataset_identity(const gan_dataset *d) { return seen(d)->identity; }

gan__data_position gan__dataset_position(const gan_dataset *d) {
    if (gan_dataset_is_nil(d)) return (gan__data_position){0};
    return (gan__data_position){d->position.value / d->train, d->position.value % d->train};
}

void gan__dataset_seek(gan_dataset *d, gan__data_position p) {
    if (d->nil || !gan__ok(d->object.ctx)) return;
    if (p.epoch < 0 || p.epoch > GAN__ORDER_MAX || p.offset < 0 || p.offset > d->train)
        gan__raise(d->object.ctx, GAN_E_ARG, "data position: epoch %lld, sample %lld is not one of %s", (long long)p.epoch,
                   (long long)p.offset, d->describe);
    else
        d->position.value = p.epoch * d->train + p.offset;
}
