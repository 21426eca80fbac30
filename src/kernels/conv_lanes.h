/* The innermost loops of convolutions between few channels. There a tile of pixels by channels would be mostly empty; instead
 * each lane of a vector is an image of its own, so that channels, taps and borders are the same for all of them. "Element" is a
 * vector: the same number of `lanes` images, next to each other in memory. */
#ifndef GAN__CONV_LANES_H
#define GAN__CONV_LANES_H

#include "../base/isa.h"

/* out[p*out_step + q] = sum over i < rows, r < length of  a[i*a_row + p*a_step + r] * w[i*w_row + r*w_step + q]
 *
 * for p < m elements of one row of the result and q < n channels; w is numbers, the rest elements. */
typedef struct gan__lanes_product {
    const float *a, *w;
    float *out;
    int64_t rows, length, m, n;
    int64_t a_row, a_step, w_row, w_step, out_step;
} gan__lanes_product;

/* out[r*n + q] = sum over lanes, i < rows, p < m of  a[i*a_row + p*a_step + r] * b[i*b_row + p*n + q]
 *
 * for r < length and q < n; out is numbers. */
typedef struct gan__lanes_weights {
    const float *a, *b;
    float *out;
    int64_t rows, length, m, n;
    int64_t a_row, a_step, b_row;
} gan__lanes_weights;

/* One instruction set's. Elements are aligned to their size. */
typedef struct gan__lanes {
    int lanes;
    void (*product)(const gan__lanes_product *job);
    void (*weights)(const gan__lanes_weights *job);
    /* `size` elements from the first `images` of `lanes` images that lie `step` numbers apart, 0 for the others; and back. */
    void (*load)(const float *from, int64_t step, int images, int64_t size, float *to);
    void (*store)(const float *from, int64_t step, int images, int64_t size, float *to);
} gan__lanes;

extern const gan__lanes gan__lanes_portable, gan__lanes_avx2, gan__lanes_avx512;

const gan__lanes *gan__lanes_of(gan__isa isa);

#endif
