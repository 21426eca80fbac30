/* Minimal filtering: two neighbouring results of a filter with r taps by r + 1 multiplications in place of 2r (Winograd,
 * "Arithmetic Complexity of Computations", 1980; in two dimensions Lavin & Gray, "Fast Algorithms for Convolutional Neural
 * Networks", 2016):
 *
 *   y = A'[(G g) * (B'd)],  y[i] = sum over j < r of d[i + j] g[j],  i < 2, * by element
 *
 *           r = 2                                       r = 3
 *   B'd     d0 - d1, d1, d2 - d1                        d0 - d2, d1 + d2, d2 - d1, d1 - d3
 *   G g     g0, g0 + g1, g1                             g0, (g0 + g1 + g2)/2, (g0 - g1 + g2)/2, g2
 *   A'm     m0 + m1, m1 + m2                            m0 + m1 + m2, m1 - m2 - m3
 *
 * and the gradient by g is G'[(A e) * (B'd)], e being the gradient by y. Here are these maps on both axes of small matrices of
 * vectors: `in` and `out` point to the matrices' elements, row by row, each of which is n numbers. */
#ifndef GAN__CONV_MINIMAL_H
#define GAN__CONV_MINIMAL_H

#include "../base/isa.h"

enum { GAN__MINIMAL_LEAST_TAPS = 2, GAN__MINIMAL_MOST_TAPS = 3, GAN__MINIMAL_MOST_POINTS = 16 };

typedef void (*gan__minimal_fn)(const float *const *in, float *const *out, int64_t n);

/* For one number of taps. */
typedef struct gan__minimal_maps {
    gan__minimal_fn data;     /* B: [r+1][r+1] to [r+1][r+1] */
    gan__minimal_fn taps;     /* G: [r][r] to [r+1][r+1] */
    gan__minimal_fn results;  /* A': [r+1][r+1] to [2][2] */
    gan__minimal_fn grads;    /* A: [2][2] to [r+1][r+1] */
    gan__minimal_fn set_taps; /* G': [r+1][r+1] to [r][r] */
    gan__minimal_fn add_taps; /* the same, added to what is there */
} gan__minimal_maps;

/* One instruction set's, by the number of taps less the least. */
typedef struct gan__minimal {
    gan__minimal_maps by_taps[GAN__MINIMAL_MOST_TAPS - GAN__MINIMAL_LEAST_TAPS + 1];
} gan__minimal;

extern const gan__minimal gan__minimal_portable, gan__minimal_avx2, gan__minimal_avx512;

#endif
