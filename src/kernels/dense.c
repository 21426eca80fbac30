#include "dense.h"

#include "conv.h"

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
        gan__conv_weight_reference(&s, a, b, c);
    } else if (trans_b) {
        s.c = n, s.k = k;
        gan__conv_input_reference(&s, a, b, c);
    } else {
        s.c = k, s.k = n;
        gan__conv_reference(&s, a, b, c);
    }
    return true;
}
