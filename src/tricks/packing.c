#include "trick_impl.h"

/* [n*m, rest, c] to [n, m, rest, c] to [n, rest, m, c] to [n, rest, m*c]. */
gan_tensor *gan_pack(gan_tensor *x, int m) {
    gan_shape s = gan_shape_of(x);
    if (m == 1 || s.ndim < 2) return x;
    char text[GAN_SHAPE_TEXT];
    if (m < 1 || s.d[0] % m || s.ndim > 4) {
        gan__raise(gan_ctx_of(x), GAN_E_SHAPE, "gan_pack: %s cannot be packed by %d", gan_shape_text(s, text), m);
        return gan__nil(gan_ctx_of(x));
    }
    int64_t c = s.d[s.ndim - 1], rest = 1;
    for (int i = 1; i < s.ndim - 1; i++) rest *= s.d[i];
    gan_tensor *apart = gan_reshape(x, gan_shape4(s.d[0] / m, m, rest, c));
    gan_tensor *beside = gan_permute(apart, (const int[]){0, 2, 1, 3});
    s.d[0] /= m;
    s.d[s.ndim - 1] = c * m;
    return gan_reshape(beside, s);
}
