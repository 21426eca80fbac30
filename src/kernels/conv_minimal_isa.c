#include <string.h>

#include "conv_minimal.h"
#include "vector.h"

#ifndef GAN_DOUBLE

/* --- on one axis -------------------------------------------------------------------------------------------- */

typedef void line_fn(const vec *in, vec *out);

/* Of m results by r taps: name_m_r. */
INLINE void data_2_2(const vec *d, vec *v) { v[0] = d[0] - d[1], v[1] = d[1], v[2] = d[2] - d[1]; }
INLINE void data_2_3(const vec *d, vec *v) { v[0] = d[0] - d[2], v[1] = d[1] + d[2], v[2] = d[2] - d[1], v[3] = d[1] - d[3]; }
INLINE void data_4_2(const vec *d, vec *v) {
    vec even = d[2] + d[3];
    v[0] = d[0] - d[3] + 1.5f * (d[1] - d[2]), v[1] = d[1] + 2.5f * d[2] + d[3], v[2] = even - 2 * d[1];
    v[3] = d[3] - .5f * (d[1] + d[2]), v[4] = d[4] - d[1] + 1.5f * (d[3] - d[2]);
}

INLINE void taps_2_2(const vec *g, vec *v) { v[0] = g[0], v[1] = g[0] + g[1], v[2] = g[1]; }
INLINE void taps_2_3(const vec *g, vec *v) {
    vec even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
    v[0] = g[0], v[1] = even + odd, v[2] = even - odd, v[3] = g[2];
}
INLINE void taps_4_2(const vec *g, vec *v) {
    v[0] = g[0], v[1] = (g[0] + g[1]) * (2 / 9.f), v[2] = (2 * g[0] - g[1]) * (4 / 9.f);
    v[3] = (2 * g[1] - g[0]) * (1 / 9.f), v[4] = g[1];
}

INLINE void results_2_2(const vec *m, vec *y) { y[0] = m[0] + m[1], y[1] = m[1] + m[2]; }
INLINE void results_2_3(const vec *m, vec *y) { y[0] = m[0] + m[1] + m[2], y[1] = m[1] - m[2] - m[3]; }
INLINE void results_4_2(const vec *m, vec *y) {
    y[0] = m[0] + m[1] + m[2] + m[3], y[1] = m[1] - .5f * m[2] - 2 * m[3];
    y[2] = m[1] + .25f * m[2] + 4 * m[3], y[3] = m[1] - .125f * m[2] - 8 * m[3] + m[4];
}

INLINE void grads_2_2(const vec *e, vec *v) { v[0] = e[0], v[1] = e[0] + e[1], v[2] = e[1]; }
INLINE void grads_2_3(const vec *e, vec *v) { v[0] = e[0], v[1] = e[0] + e[1], v[2] = e[0] - e[1], v[3] = -e[1]; }
INLINE void grads_4_2(const vec *e, vec *v) {
    v[0] = e[0], v[1] = e[0] + e[1] + e[2] + e[3], v[2] = e[0] - .5f * e[1] + .25f * e[2] - .125f * e[3];
    v[3] = e[0] - 2 * e[1] + 4 * e[2] - 8 * e[3], v[4] = e[3];
}

INLINE void to_taps_2_2(const vec *m, vec *g) { g[0] = m[0] + m[1], g[1] = m[1] + m[2]; }
INLINE void to_taps_2_3(const vec *m, vec *g) {
    vec even = (m[1] + m[2]) * 0.5f, odd = (m[1] - m[2]) * 0.5f;
    g[0] = m[0] + even, g[1] = odd, g[2] = even + m[3];
}
INLINE void to_taps_4_2(const vec *m, vec *g) {
    g[0] = m[0] + (2 * m[1] + 8 * m[2] - m[3]) * (1 / 9.f), g[1] = m[4] + (m[1] - 2 * m[2] + m[3]) * (2 / 9.f);
}

/* --- on both ------------------------------------------------------------------------------------------------ */

enum { MOST = GAN__MINIMAL_MOST_RESULTS + 1 };

INLINE vec load(const float *from, int64_t n) {
    if (n >= LANES) return *(const loose *)from;
    vec v = {0};
    memcpy(&v, from, (size_t)n * sizeof *from);
    return v;
}

INLINE void store(vec v, float *to, int64_t n, bool add) {
    if (add) v += load(to, n);
    if (n >= LANES)
        *(loose *)to = v;
    else
        memcpy(to, &v, (size_t)n * sizeof *to);
}

/* Numbers at .. at+n-1 of the elements; of LANES at most. */
INLINE void map_some(line_fn *line, int size, int to_size, const float *const *in, float *const *out, int64_t at, int64_t n,
                     bool add) {
    vec half[MOST][MOST];
    UNROLL for (int j = 0; j < size; j++) {
        vec from[MOST], to[MOST];
        UNROLL for (int i = 0; i < size; i++) from[i] = load(in[i * size + j] + at, n);
        line(from, to);
        UNROLL for (int i = 0; i < to_size; i++) half[i][j] = to[i];
    }
    UNROLL for (int i = 0; i < to_size; i++) {
        vec to[MOST];
        line(half[i], to);
        UNROLL for (int j = 0; j < to_size; j++) store(to[j], out[i * to_size + j] + at, n, add);
    }
}

INLINE void map(line_fn *line, int size, int to_size, const float *const *in, float *const *out, int64_t n, bool add) {
    int64_t at = 0;
    for (; at + LANES <= n; at += LANES) map_some(line, size, to_size, in, out, at, LANES, add);
    if (at < n) map_some(line, size, to_size, in, out, at, n - at, add);
}

#define MAP(name, line, size, to_size, add) \
    static void name(const float *const *in, float *const *out, int64_t n) { map(line, size, to_size, in, out, n, add); }
#define MAPS(m, r)                                                               \
    MAP(map_data_##m##_##r, data_##m##_##r, m + r - 1, m + r - 1, false)         \
    MAP(map_taps_##m##_##r, taps_##m##_##r, r, m + r - 1, false)                 \
    MAP(map_results_##m##_##r, results_##m##_##r, m + r - 1, m, false)           \
    MAP(map_grads_##m##_##r, grads_##m##_##r, m, m + r - 1, false)               \
    MAP(map_set_taps_##m##_##r, to_taps_##m##_##r, m + r - 1, r, false)          \
    MAP(map_add_taps_##m##_##r, to_taps_##m##_##r, m + r - 1, r, true)
MAPS(2, 2)
MAPS(2, 3)
MAPS(4, 2)

#define TABLE(m, r)                                                                                                   \
    {m, r, map_data_##m##_##r, map_taps_##m##_##r, map_results_##m##_##r, map_grads_##m##_##r, map_set_taps_##m##_##r, \
     map_add_taps_##m##_##r}
#define PASTE(a, b) a##b
#define NAME(isa) PASTE(gan__minimal_, isa)
const gan__minimal NAME(GAN__ISA_NAME) = {{TABLE(2, 2), TABLE(2, 3), TABLE(4, 2)}};

#else
typedef int gan__nothing_in_double;
#endif
