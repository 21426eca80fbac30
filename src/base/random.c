#include <gan/random.h>
#include <string.h>

#include "ctx_impl.h"

/* Salmon, Moraes, Dror & Shaw: "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), Philox 4x32 with ten rounds, of several
 * blocks side by side, so that the compiler makes vectors of them. */
static inline __attribute__((always_inline)) void philox(const uint32_t key[2], uint64_t first, int blocks, uint32_t *out) {
    uint32_t c0[GAN__PHILOX_RUN], c1[GAN__PHILOX_RUN], c2[GAN__PHILOX_RUN], c3[GAN__PHILOX_RUN], k0 = key[0], k1 = key[1];
    for (int i = 0; i < blocks; i++) {
        uint64_t block = first + (uint64_t)i;
        c0[i] = (uint32_t)block, c1[i] = (uint32_t)(block >> 32), c2[i] = 0, c3[i] = 0;
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < blocks; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[i], p1 = (uint64_t)0xCD9E8D57u * c2[i];
            uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)p1, c3[i] = (uint32_t)p0, c0[i] = n0, c2[i] = n2;
        }
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < blocks; i++) out[4 * i] = c0[i], out[4 * i + 1] = c1[i], out[4 * i + 2] = c2[i], out[4 * i + 3] = c3[i];
}

void gan__philox(const uint32_t key[2], uint64_t block, uint32_t out[4]) { philox(key, block, 1, out); }

void gan__philox_run(const uint32_t key[2], uint64_t first, uint32_t out[4 * GAN__PHILOX_RUN]) {
    philox(key, first, GAN__PHILOX_RUN, out);
}

/* FNV-1a of the name, mixed with the seed by splitmix64's finaliser. */
static uint64_t stream_key(uint64_t seed, const char *name) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 0x100000001b3u;
    h += seed * 0x9E3779B97F4A7C15u;
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return h ^ (h >> 31);
}

static gan_stream nil_stream;

#define LONGEST_NAME 255 /* what checkpoints have room for */

static gan_stream *add_stream(gan_ctx *ctx, gan_stream **end, const char *name) {
    gan_stream *s = gan__calloc(ctx, sizeof *s);
    char *copy = gan__strdup(ctx, name);
    if (!s || !copy) {
        gan__free(ctx, s);
        gan__free(ctx, copy);
        return &nil_stream;
    }
    uint64_t key = stream_key(ctx->opts.seed, name);
    s->ctx = ctx, s->name = copy;
    s->key[0] = (uint32_t)key, s->key[1] = (uint32_t)(key >> 32);
    gan__counter_add(ctx, &s->position, 0);
    return *end = s;
}

gan_stream *gan_stream_named(gan_ctx *ctx, const char *name) {
    if (!ctx || ctx->nil) return &nil_stream;
    if (!name || strlen(name) > LONGEST_NAME) {
        gan__raise(ctx, GAN_E_ARG, "gan_stream_named: the name is %s", name ? "longer than 255 bytes" : "NULL");
        return &nil_stream;
    }
    gan_stream **end = &ctx->state.streams;
    for (; *end; end = &(*end)->next)
        if (!strcmp((*end)->name, name)) return *end;
    return gan__ok(ctx) ? add_stream(ctx, end, name) : &nil_stream;
}

gan_stream gan__own_stream(gan_ctx *ctx, uint64_t seed, uint32_t tag) {
    return (gan_stream){.ctx = ctx, .key = {(uint32_t)seed, (uint32_t)(seed >> 32) ^ tag}};
}

int64_t gan__stream_take(gan_stream *s, int64_t blocks) {
    if (!s->ctx) return 0;
    int64_t first = s->position.value;
    s->position.value += blocks;
    return first;
}

static uint64_t next_64(gan_stream *s) {
    if (!s) s = &nil_stream;
    uint32_t w[4];
    gan__philox(s->key, (uint64_t)gan__stream_take(s, 1), w);
    return (uint64_t)w[1] << 32 | w[0];
}

uint32_t gan_stream_u32(gan_stream *s) { return (uint32_t)next_64(s); }

int64_t gan_stream_below(gan_stream *s, int64_t n) {
    if (n <= 1 || !s || !s->ctx) return 0;
    uint64_t range = (uint64_t)n, limit = UINT64_MAX - UINT64_MAX % range;
    uint64_t x;
    do x = next_64(s);
    while (x >= limit);
    return (int64_t)(x % range);
}

double gan_stream_uniform(gan_stream *s) { return (double)(next_64(s) >> 11) * 0x1p-53; }

int64_t gan_stream_position(const gan_stream *s) { return s ? s->position.value : 0; }

void gan_stream_seek(gan_stream *s, int64_t position) {
    if (!s || !s->ctx) return;
    if (position >= 0)
        s->position.value = position;
    else
        gan__raise(s->ctx, GAN_E_ARG, "gan_stream_seek: \"%s\" has no position %lld", s->name, (long long)position);
}
