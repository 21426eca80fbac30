#include <string.h>

#include "conv_minimal.h"
#include "vector.h"

#ifndef GAN_DOUBLE

/* --- on one axis -------------------------------------------------------------------------------------------- */

typedef void line_fn(const vec *in, vec *out);

INLINE void data_2(const vec *d, vec *v) { v[0] = d[0] - d[1], v[1] = d[1], v[2] = d[2] - d[1]; }
INLINE void data_3(const vec *d, vec *v) { v[0] = d[0] - d[2], v[1] = d[1] + d[2], v[2] = d[2] - d[1], v[3] = d[1] - d[3]; }

INLINE void taps_2(const vec *g, vec *v) { v[0] = g[0], v[1] = g[0] + g[1], v[2] = g[1]; }
INLINE void taps_3(const vec *g, vec *v) {
    vec even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
    v[0] = g[0], v[1] = even + odd, v[2] = even - odd, v[3] = g[2];
}

INLINE void results_2(const vec *m, vec *y) { y[0] = m[0] + m[1], y[1] = m[1] + m[2]; }
INLINE void results_3(const vec *m, vec *y) { y[0] = m[0] + m[1] + m[2], y[1] = m[1] - m[2] - m[3]; }

INLINE void grads_2(const vec *e, vec *v) { v[0] = e[0], v[1] = e[0] + e[1], v[2] = e[1]; }
INLINE void grads_3(const vec *e, vec *v) { v[0] = e[0], v[1] = e[0] + e[1], v[2] = e[0] - e[1], v[3] = -e[1]; }

INLINE void to_taps_2(const vec *m, vec *g) { g[0] = m[0] + m[1], g[1] = m[1] + m[2]; }
INLINE void to_taps_3(const vec *m, vec *g) {
    vec even = (m[1] + m[2]) * 0.5f, odd = (m[1] - m[2]) * 0.5f;
    g[0] = m[0] + even, g[1] = odd, g[2] = even + m[3];
}

/* --- on both ------------------------------------------------------------------------------------------------ */

enum { MOST = GAN__MINIMAL_MOST_TAPS + 1 };

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
#define MAPS(r)                                     \
    MAP(map_data_##r, data_##r, r + 1, r + 1, false) \
    MAP(map_taps_##r, taps_##r, r, r + 1, false)     \
    MAP(map_results_##r, results_##r, r + 1, 2, false) \
    MAP(map_grads_##r, grads_##r, 2, r + 1, false)   \
    MAP(map_set_taps_##r, to_taps_##r, r + 1, r, false) \
    MAP(map_add_taps_##r, to_taps_##r, r + 1, r, true)
MAPS(2)
MAPS(3)

#define TABLE(r) {map_data_##r, map_taps_##r, map_results_##r, map_grads_##r, map_set_taps_##r, map_add_taps_##r}
#define PASTE(a, b) a##b
#define NAME(isa) PASTE(gan__minimal_, isa)
const gan__minimal NAME(GAN__ISA_NAME) = {{TABLE(2), TABLE(3)}};

#else
typedef int gan__nothing_in_double;
#endif
