#include <inttypes.h>
#include <stdio.h>

#include "tensor_impl.h"

gan_shape gan_shape0(void) { return (gan_shape){.ndim = 0}; }
gan_shape gan_shape1(int64_t a) { return (gan_shape){1, {a}}; }
gan_shape gan_shape2(int64_t a, int64_t b) { return (gan_shape){2, {a, b}}; }
gan_shape gan_shape3(int64_t a, int64_t b, int64_t c) { return (gan_shape){3, {a, b, c}}; }
gan_shape gan_shape4(int64_t a, int64_t b, int64_t c, int64_t d) { return (gan_shape){4, {a, b, c, d}}; }
gan_shape gan_shape5(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e) {
    return (gan_shape){5, {a, b, c, d, e}};
}

int64_t gan_shape_count(gan_shape s) {
    if (s.ndim < 0) return 0;
    int64_t count = 1;
    bool huge = false;
    for (int i = 0; i < s.ndim; i++) {
        if (s.d[i] == 0) return 0;
        huge |= __builtin_mul_overflow(count, s.d[i], &count);
    }
    return huge ? INT64_MAX : count;
}

bool gan_shape_equal(gan_shape a, gan_shape b) {
    if (a.ndim != b.ndim) return false;
    for (int i = 0; i < a.ndim; i++)
        if (a.d[i] != b.d[i]) return false;
    return true;
}

const char *gan_shape_text(gan_shape s, char text[GAN_SHAPE_TEXT]) {
    if (s.ndim < 0) {
        snprintf(text, GAN_SHAPE_TEXT, "nil");
        return text;
    }
    if (s.ndim > GAN_MAX_DIMS) {
        snprintf(text, GAN_SHAPE_TEXT, "one of %d dimensions", s.ndim);
        return text;
    }
    int used = snprintf(text, GAN_SHAPE_TEXT, "[");
    for (int i = 0; i < s.ndim; i++)
        used += snprintf(text + used, GAN_SHAPE_TEXT - (size_t)used, i ? ", %" PRId64 : "%" PRId64, s.d[i]);
    snprintf(text + used, GAN_SHAPE_TEXT - (size_t)used, "]");
    return text;
}

bool gan__shape_valid(gan_ctx *ctx, gan_shape s, const char *who) {
    bool valid = s.ndim >= 0 && s.ndim <= GAN_MAX_DIMS;
    for (int i = 0; valid && i < s.ndim; i++) valid = s.d[i] >= 0;
    char text[GAN_SHAPE_TEXT];
    if (!valid) gan__raise(ctx, GAN_E_SHAPE, "%s: %s is no shape", who, gan_shape_text(s, text));
    return valid;
}
