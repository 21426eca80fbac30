#include "dense.h"

#include "conv_engine.h"

/* A product is a convolution of m pixels, k channels, with a kernel of one tap; its transposes are the other two partial
 * derivatives of the same form. */
bool gan__gemm(gan_ctx *ctx, bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, const gan_real *a, const gan_real *b,
               gan_real *c) {
    gan__conv_shape s = {.n = m, .h = 1, .w = 1, .oh = 1, .ow = 1, .kh = 1, .kw = 1, .sh = 1, .sw = 1};
    if (trans_a && trans_b) {
        gan_real *at = gan__alloc(ctx, (size_t)(m * k) * sizeof *at);
        if (!at) return false;
        for (int64_t i = 0; i < m; i++)
            for (int64_t p = 0; p < k; p++) at[i * k + p] = a[p * m + i];
        bool ok = gan__gemm(ctx, false, true, m, n, k, at, b, c);
        gan__free(ctx, at);
        return ok;
    }
    if (trans_a) {
        s.n = k, s.c = m, s.k = n;
        return gan__engine_conv_weight(ctx, &s, a, b, c);
    }
    if (trans_b) {
        s.c = n, s.k = k;
        return gan__engine_conv_input(ctx, &s, a, b, c);
    }
    s.c = k, s.k = n;
    return gan__engine_conv(ctx, &s, a, b, c);
}
