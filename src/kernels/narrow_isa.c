#include "narrow.h"
#include "vector.h"

#ifndef GAN_DOUBLE /* the float64 build has OpenBLAS */

enum { ROWS = 4, STRIP = LANES == 16 ? 4 : 2 };

INLINE float sum_of(vec v) {
    float part[LANES];
    *(loose *)part = v;
    UNROLL for (int half = LANES / 2; half > 0; half /= 2)
        UNROLL for (int i = 0; i < half; i++) part[i] += part[half + i];
    return part[0];
}

/* Every row takes the same steps, those of the last few too: then the last one stands in for those that are not there. */
INLINE void by_rows(int64_t first, int64_t end, int64_t k, const float *x, const float *w, const float *bias, float *y, int n) {
    for (int64_t r = first; r < end; r += ROWS) {
        const float *row[ROWS];
        vec sum[ROWS][GAN__NARROW] = {{{0}}};
        UNROLL for (int i = 0; i < ROWS; i++) row[i] = x + (r + i < end ? r + i : end - 1) * k;
        int64_t d = 0;
        for (; d + LANES <= k; d += LANES)
            UNROLL for (int j = 0; j < n; j++) {
                vec column = *(const loose *)(w + j * k + d);
                UNROLL for (int i = 0; i < ROWS; i++) sum[i][j] += *(const loose *)(row[i] + d) * column;
            }
        for (int64_t i = 0; i < ROWS && r + i < end; i++)
            for (int j = 0; j < n; j++) {
                float rest = bias ? bias[j] : 0;
                for (int64_t t = d; t < k; t++) rest += row[i][t] * w[j * k + t];
                y[(r + i) * n + j] = sum_of(sum[i][j]) + rest;
            }
    }
}

INLINE void strip(int64_t pitch, int64_t k, const float *a, const float *b, float *c, int vectors, int n) {
    vec sum[GAN__NARROW][STRIP] = {{{0}}};
    for (int64_t p = 0; p < k; p++, a += n, b += pitch) {
        vec row[STRIP];
        UNROLL for (int v = 0; v < vectors; v++) row[v] = *(const loose *)(b + v * LANES);
        UNROLL for (int j = 0; j < n; j++) UNROLL for (int v = 0; v < vectors; v++) sum[j][v] += a[j] * row[v];
    }
    UNROLL for (int j = 0; j < n; j++)
        UNROLL for (int v = 0; v < vectors; v++) *(loose *)(c + j * GAN__NARROW_COLUMNS + v * LANES) = sum[j][v];
}

INLINE void by_points(int64_t columns, int64_t pitch, int64_t k, const float *a, const float *b, float *c, int n) {
    int64_t i = 0;
    for (; i + STRIP * LANES <= columns; i += STRIP * LANES) strip(pitch, k, a, b + i, c + i, STRIP, n);
    for (; i + LANES <= columns; i += LANES) strip(pitch, k, a, b + i, c + i, 1, n);
    for (; i < columns; i++)
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int64_t p = 0; p < k; p++) sum += a[p * n + j] * b[p * pitch + i];
            c[j * GAN__NARROW_COLUMNS + i] = sum;
        }
}

#define OF_WIDTH(n)                                                                                                       \
    static void by_rows_##n(int64_t first, int64_t end, int64_t k, const float *x, const float *w, const float *bias,     \
                            float *y) {                                                                                   \
        by_rows(first, end, k, x, w, bias, y, n);                                                                         \
    }                                                                                                                     \
    static void by_points_##n(int64_t columns, int64_t pitch, int64_t k, const float *a, const float *b, float *c) {      \
        by_points(columns, pitch, k, a, b, c, n);                                                                         \
    }
OF_WIDTH(1)
OF_WIDTH(2)
OF_WIDTH(3)
OF_WIDTH(4)

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TABLE JOIN(gan__narrow_, GAN__ISA_NAME)

extern const gan__narrow_kernels TABLE;
const gan__narrow_kernels TABLE = {{by_rows_1, by_rows_2, by_rows_3, by_rows_4},
                                   {by_points_1, by_points_2, by_points_3, by_points_4}};

#else
typedef int gan__nothing_in_double;
#endif
