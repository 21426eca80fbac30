/* Vectors in registers, for innermost loops that must not be left to the compiler; for sources that are compiled once for each
 * instruction set. */
#ifndef GAN__VECTOR_H
#define GAN__VECTOR_H

#include <gan/api.h>

#if defined(GAN__TILE_AVX512)
enum { VECTOR_BYTES = 64 };
#elif defined(GAN__TILE_AVX2)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif
enum { LANES = VECTOR_BYTES / sizeof(gan_real) };

typedef gan_real vec __attribute__((vector_size(VECTOR_BYTES)));
typedef vec loose __attribute__((aligned(sizeof(gan_real)))); /* anywhere in memory */

typedef float four __attribute__((vector_size(16))); /* with every instruction set */
typedef four loose_four __attribute__((aligned(4)));

/* Sums stay in registers only if the loops over them are gone. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
/* Element i of an output depends on elements i of the inputs alone, whether or not they share an array. */
#if defined(__clang__)
#define ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")
#else
#define ELEMENTWISE _Pragma("GCC ivdep")
#endif
#define INLINE static inline __attribute__((always_inline))

#ifndef GAN_DOUBLE
/* NaN stays NaN, as in the maps of elementwise.h. */
INLINE vec leaky(vec v, float slope) {
    typedef int32_t bits __attribute__((vector_size(VECTOR_BYTES)));
    vec low = slope == 0 ? (vec){0} : slope * v;
    bits is_low = v <= 0;
    return (vec)(((bits)low & is_low) | ((bits)v & ~is_low));
}
#endif

#endif
