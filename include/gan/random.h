/* Random numbers: counter-based (Philox 4x32-10; Salmon et al., SC 2011), in named streams.
 *
 * A stream's numbers depend on the context's seed, the stream's name and its counter, on nothing else: not on
 * other streams, not on threads. Its counter is saved in checkpoints, and a step that fails winds it back. */
#ifndef GAN_RANDOM_H
#define GAN_RANDOM_H

#include <gan/context.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_stream gan_stream;

/* The stream of that name, of at most 255 bytes, made on first use. Owned by the context. Never NULL. */
GAN_API gan_stream *gan_stream_named(gan_ctx *ctx, const char *name);

/* The next 32 random bits. */
GAN_API uint32_t gan_stream_u32(gan_stream *stream);

/* Uniform in [0, n); n >= 1. Without bias (rejection). */
GAN_API int64_t gan_stream_below(gan_stream *stream, int64_t n);

/* Uniform in [0, 1), 53 bits. */
GAN_API double gan_stream_uniform(gan_stream *stream);

/* How many blocks of four words have been drawn; settable, to repeat or to skip. */
GAN_API int64_t gan_stream_position(const gan_stream *stream);
GAN_API void gan_stream_seek(gan_stream *stream, int64_t position);

#ifdef __cplusplus
}
#endif
#endif
