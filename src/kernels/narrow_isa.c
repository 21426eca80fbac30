#include "narrow.h"
#include "vector.h"

#ifndef GAN_DOUBLE /* the float64 build has OpenBLAS */

enum { ROWS = 4, STRIP = LANES == 16 ? 4 : 2 };

INLINE float sum_of(vec v) {
    union {
        vec whole;
        four part[LANES / 4];
    } u = {v};
    UNROLL for (int half = LANES / 8; half > 0; half /= 2)
        UNROLL for (int i = 0; i < half; i++) u.part[i] += u.part[half + i];
    return (u.part[0][0] + u.part[0][2]) + (u.part[0][1] + u.part[0][3]);
}

static float product_of(int64_t n, const float *a, const float *b) {
    float sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Every row takes the same steps, those of the last few too: then the last one stands in for those that are not there. */
INLINE void by_rows(int64_t first, int64_t end, int64_t k, const float *x, const float *w, const float *bias, float *y, int n) {
    for (int64_t r = first; r < end; r += ROWS) {
        const float *row[ROWS];
        vec sum[ROWS][GAN__NARROW];
        UNROLL for (int i = 0; i < ROWS; i++) row[i] = x + (r + i < end ? r + i : end - 1) * k;
        UNROLL for (int i = 0; i < ROWS; i++) UNROLL for (int j = 0; j < n; j++) sum[i][j] = (vec){0};
        int64_t d = 0;
        for (; d + LANES <= k; d += LANES)
            UNROLL for (int j = 0; j < n; j++) {
                vec column = *(const loose *)(w + j * k + d);
                UNROLL for (int i = 0; i < ROWS; i++) sum[i][j] += *(const loose *)(row[i] + d) * column;
            }
        UNROLL for (int i = 0; i < ROWS; i++)
            UNROLL for (int j = 0; j < n; j++) {
                float whole = sum_of(sum[i][j]) + (bias ? bias[j] : 0);
                if (d < k) whole += product_of(k - d, row[i] + d, w + j * k + d);
                if (r + i < end) y[(r + i) * n + j] = whole;
            }
    }
}

/* Columns of some vectors, in all rows. */
INLINE void shallow_strip(int64_t rows, int64_t wide, const float *x, const float *w, const float *bias, const float *slope,
                          float *y, int vectors, int k) {
    vec column[GAN__NARROW][STRIP], start[STRIP];
    UNROLL for (int v = 0; v < vectors; v++) {
        start[v] = bias ? *(const loose *)(bias + v * LANES) : (vec){0};
        UNROLL for (int d = 0; d < k; d++) column[d][v] = *(const loose *)(w + d * wide + v * LANES);
    }
    for (int64_t r = 0; r < rows; r++, x += k, y += wide)
        UNROLL for (int v = 0; v < vectors; v++) {
            vec sum = start[v];
            UNROLL for (int d = 0; d < k; d++) sum += x[d] * column[d][v];
            *(loose *)(y + v * LANES) = slope ? leaky(sum, *slope) : sum;
        }
}

INLINE void by_depth(int64_t rows, int64_t wide, const float *x, const float *w, const float *bias, const float *slope, float *y,
                     int k) {
    int64_t i = 0;
    for (; i + STRIP * LANES <= wide; i += STRIP * LANES)
        shallow_strip(rows, wide, x, w + i, bias ? bias + i : NULL, slope, y + i, STRIP, k);
    for (; i + LANES <= wide; i += LANES) shallow_strip(rows, wide, x, w + i, bias ? bias + i : NULL, slope, y + i, 1, k);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = i; j < wide; j++) {
            float sum = bias ? bias[j] : 0;
            for (int d = 0; d < k; d++) sum += x[r * k + d] * w[d * wide + j];
            y[r * wide + j] = !slope || sum > 0 ? sum : sum <= 0 && *slope == 0 ? 0 : *slope * sum;
        }
}

INLINE void strip(int64_t wide, int64_t k, const float *a, const float *b, float *c, int vectors, int n) {
    vec sum[GAN__NARROW][STRIP];
    UNROLL for (int j = 0; j < n; j++) UNROLL for (int v = 0; v < vectors; v++) sum[j][v] = (vec){0};
    for (int64_t p = 0; p < k; p++, a += n, b += wide) {
        vec row[STRIP];
        UNROLL for (int v = 0; v < vectors; v++) row[v] = *(const loose *)(b + v * LANES);
        UNROLL for (int j = 0; j < n; j++) UNROLL for (int v = 0; v < vectors; v++) sum[j][v] += a[j] * row[v];
    }
    UNROLL for (int j = 0; j < n; j++)
        UNROLL for (int v = 0; v < vectors; v++) *(loose *)(c + j * wide + v * LANES) = sum[j][v];
}

INLINE void by_points(int64_t wide, int64_t k, const float *a, const float *b, float *c, int n) {
    int64_t i = 0;
    for (; i + STRIP * LANES <= wide; i += STRIP * LANES) strip(wide, k, a, b + i, c + i, STRIP, n);
    for (; i + LANES <= wide; i += LANES) strip(wide, k, a, b + i, c + i, 1, n);
    for (; i < wide; i++)
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int64_t p = 0; p < k; p++) sum += a[p * n + j] * b[p * wide + i];
            c[j * wide + i] = sum;
        }
}

#define OF_WIDTH(n)                                                                                                       \
    static void by_rows_##n(int64_t first, int64_t end, int64_t k, const float *x, const float *w, const float *bias,     \
                            float *y) {                                                                                   \
        by_rows(first, end, k, x, w, bias, y, n);                                                                         \
    }                                                                                                                     \
    static void by_depth_##n(int64_t rows, int64_t wide, const float *x, const float *w, const float *bias,               \
                             const float *slope, float *y) {                                                              \
        if (slope)                                                                                                        \
            by_depth(rows, wide, x, w, bias, slope, y, n);                                                                \
        else                                                                                                              \
            by_depth(rows, wide, x, w, bias, NULL, y, n);                                                                 \
    }                                                                                                                     \
    static void by_points_##n(int64_t wide, int64_t k, const float *a, const float *b, float *c) {                        \
        by_points(wide, k, a, b, c, n);                                                                                   \
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
                                   {by_depth_1, by_depth_2, by_depth_3, by_depth_4},
                                   {by_points_1, by_points_2, by_points_3, by_points_4}};

#else
typedef int gan__nothing_in_double;
#endif
