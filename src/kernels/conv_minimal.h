/* Minimal filtering: m neighbouring results of a filter with r taps by m + r - 1 multiplications in place of m*r (Winograd,
 * "Arithmetic Complexity of Computations", 1980; in two dimensions Lavin & Gray, "Fast Algorithms for Convolutional Neural
 * Networks", 2016):
 *
 *   y = A'[(G g) * (B'd)],  y[i] = sum over j < r of d[i + j] g[j],  i < m, * by element
 *
 *           m = 2, r = 2               m = 2, r = 3                              m = 4, r = 2
 *   B'd     d0 - d1, d1, d2 - d1       d0 - d2, d1 + d2, d2 - d1, d1 - d3        from the polynomials with zeros at all but one of
 *   G g     g0, g0 + g1, g1            g0, (g0 + g1 + g2)/2, (g0 - g1 + g2)/2,   the points 0, 1, -1/2, -2 and infinity, which have
 *                                      g2                                        the least rounding errors of those that were tried
 *   A'm     m0 + m1, m1 + m2           m0 + m1 + m2, m1 - m2 - m3
 *
 * and the gradient by g is G'[(A e) * (B'd)], e being the gradient by y. Here are these maps on both axes of small matrices of
 * vectors: `in` and `out` point to the matrices' elements, row by row, each of which is n numbers. */
#ifndef GAN__CONV_MINIMAL_H
#define GAN__CONV_MINIMAL_H

#include "../base/isa.h"

enum { GAN__MINIMAL_MOST_TAPS = 3, GAN__MINIMAL_MOST_RESULTS = 4, GAN__MINIMAL_MOST_POINTS = 25, GAN__MINIMAL_KINDS = 3 };

typedef void (*gan__minimal_fn)(const float *const *in, float *const *out, int64_t n);

/* For one m and r; p = m + r - 1. In the second column of A' all are 1. */
typedef struct gan__minimal_maps {
    int m, r;
    gan__minimal_fn data;     /* B: [p][p] to [p][p] */
    gan__minimal_fn taps;     /* G: [r][r] to [p][p] */
    gan__minimal_fn results;  /* A': [p][p] to [m][m] */
    gan__minimal_fn grads;    /* A: [m][m] to [p][p] */
    gan__minimal_fn set_taps; /* G': [p][p] to [r][r] */
    gan__minimal_fn add_taps; /* the same, added to what is there */
} gan__minimal_maps;

/* One instruction set's. */
typedef struct gan__minimal {
    gan__minimal_maps maps[GAN__MINIMAL_KINDS];
} gan__minimal;

extern const gan__minimal gan__minimal_portable, gan__minimal_avx2, gan__minimal_avx512;

#endif
