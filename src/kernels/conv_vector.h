/* Vectors in registers, for the convolutions' innermost loops; for sources that are compiled once for each instruction set. */
#ifndef GAN__CONV_VECTOR_H
#define GAN__CONV_VECTOR_H

#if defined(GAN__TILE_AVX512)
enum { LANES = 16 };
#elif defined(GAN__TILE_AVX2)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float vec __attribute__((vector_size(LANES * sizeof(float))));
typedef vec loose __attribute__((aligned(sizeof(float)))); /* anywhere in memory */

/* Sums stay in registers only if the loops over them are gone. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define INLINE static inline __attribute__((always_inline))

#endif
