#include "conv.h"

bool gan__conv(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *w, gan_real *y) {
    ctx->conv_calls[0]++;
    gan__conv_reference(s, x, w, y);
    return true;
}

bool gan__conv_input(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *y, const gan_real *w, gan_real *x) {
    ctx->conv_calls[1]++;
    gan__conv_input_reference(s, y, w, x);
    return true;
}

bool gan__conv_weight(gan_ctx *ctx, const gan__conv_shape *s, const gan_real *x, const gan_real *y, gan_real *w) {
    ctx->conv_calls[2]++;
    gan__conv_weight_reference(s, x, y, w);
    return true;
}
