/* Branch-free scalar functions that the compiler turns into vector code, once per instruction set. In float32 they are within two
 * units in the last place; float64 serves the tests and uses the C library. */
#include <math.h>
#include <string.h>

#include "elementwise.h"

#define PI 3.14159265358979323846

#ifdef GAN_DOUBLE

static inline gan_real exp_(gan_real a, gan_real b, gan_real p) { return (void)b, exp(a - p); }
static inline gan_real log_(gan_real a, gan_real b, gan_real p) { return (void)b, (void)p, log(a); }
static inline gan_real tanh_(gan_real a, gan_real b, gan_real p) { return (void)b, (void)p, tanh(a); }
static inline gan_real sin_turns(gan_real a, gan_real b, gan_real p) { return (void)b, (void)p, sin(2 * PI * a); }
static inline gan_real cos_turns(gan_real a, gan_real b, gan_real p) { return (void)b, (void)p, cos(2 * PI * a); }
static inline gan_real log1p_(gan_real t) { return log1p(t); }
static inline gan_real sqrt_(gan_real t) { return sqrt(t); }

#else

static inline float from_bits(uint32_t u) {
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

static inline uint32_t to_bits(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

/* e^x = 2^n * e^r with n whole and |r| <= log(2)/2; e^r by its minimax polynomial. Adding 1.5*2^23 rounds to a whole number and
 * leaves it in the low bits. 2^n is applied in two halves, so that results may be subnormal. */
static inline float exp_(float a, float b, float p) {
    (void)b;
    const float magic = 0x1.8p23f;
    float x = a - p;
    x = x > 89.0f ? 89.0f : x; /* e^89 overflows, e^-105 vanishes; NaN stays */
    x = x < -105.0f ? -105.0f : x;
    float shifted = x * 1.44269504f + magic, n = shifted - magic;
    float r = x - n * 0x1.62e4p-1f; /* log(2) in two parts: the first times n is exact */
    r = r - n * 1.42860677e-6f;
    float q = 0.001381446674f;
    q = q * r + 0.008368780429f;
    q = q * r + 0.041668394217f;
    q = q * r + 0.166665201076f;
    q = q * r + 0.499999934125f;
    float y = 1 + (r + r * r * q);
    int32_t whole = (int32_t)(to_bits(shifted) - to_bits(magic)), half = whole >> 1;
    return y * from_bits((uint32_t)(half + 127) << 23) * from_bits((uint32_t)(whole - half + 127) << 23);
}

/* x = 2^n * (1 + f) with 1 + f from sqrt(1/2) to sqrt(2). With s = f/(2 + f), log(1 + f) = 2*artanh(s) = 2s + s*r, r a polynomial
 * in s^2; as 2s = f - s*f that is f - s*(f - r), where f is exact and the rest small. Subnormal numbers are brought up first. */
static inline float log_(float x, float b, float p) {
    (void)b, (void)p;
    bool tiny = x < 0x1p-126f;
    float up = tiny ? x * 0x1p25f : x;
    int32_t whole = (int32_t)(to_bits(up) - to_bits(0x1.6a09e6p-1f)) >> 23;
    float f = from_bits(to_bits(up) - ((uint32_t)whole << 23)) - 1, n = (float)(whole - (tiny ? 25 : 0));
    float s = f / (2 + f), z = s * s, r = 0.233304679394f;
    r = r * z + 0.285508215427f;
    r = r * z + 0.400001227856f;
    r = r * z + 0.666666686535f;
    float y = n * 0x1.62e4p-1f + ((n * 1.42860677e-6f - s * (f - z * r)) + f);
    y = x < INFINITY ? y : x; /* NaN stays */
    y = x == 0 ? -INFINITY : y;
    return x < 0 ? NAN : y;
}

/* sin(2 pi (turns + quarters/4)). Of the turns the nearest quarter is taken off, which is exact; what is left goes through the
 * minimax polynomials of sine and cosine up to pi/4. */
static inline float wave(float turns, uint32_t quarters) {
    const float magic = 0x1.8p23f;
    float shifted = 4 * turns + magic, a = (turns - (shifted - magic) * 0.25f) * (float)(2 * PI), z = a * a;
    quarters += to_bits(shifted);
    float s = -0.000195172667f, c = 0.0000244384154f;
    s = s * z + 0.00833217792f;
    s = s * z - 0.166666549f;
    s = a + a * z * s;
    c = c * z - 0.00138873672f;
    c = c * z + 0.0416666469f;
    c = 1 - 0.5f * z + z * z * c;
    float size = quarters & 1 ? c : s;
    return quarters & 2 ? -size : size;
}
static inline float sin_turns(float a, float b, float p) { return (void)b, (void)p, wave(a, 0); }
static inline float cos_turns(float a, float b, float p) { return (void)b, (void)p, wave(a, 1); }

/* Near 0 an odd minimax polynomial, elsewhere by e^2|x|. */
static inline float tanh_(float x, float b, float p) {
    (void)b, (void)p;
    float z = x * x, q = -0.005697383049f;
    q = q * z + 0.020632545334f;
    q = q * z - 0.053737797676f;
    q = q * z + 0.133314203764f;
    q = q * z - 0.333332811848f;
    float small = x + x * z * q;
    float size = fabsf(x), large = copysignf(1 - 2 / (exp_(2 * size, 0, 0) + 1), x);
    return size < 0.625f ? small : large;
}

/* log(1 + t) for 0 <= t <= 1: 2*artanh(s) with s = t/(2 + t) <= 1/3, an odd minimax polynomial. */
static inline float log1p_(float t) {
    float s = t / (2 + t), z = s * s, q = 0.140093863679f;
    q = q * z + 0.140002683434f;
    q = q * z + 0.200107986777f;
    q = q * z + 0.333332076072f;
    return 2 * (s + s * z * q);
}

static inline float sqrt_(float t) { return sqrtf(t); }

#endif

static inline gan_real rayleigh(gan_real a, gan_real b, gan_real p) { return sqrt_(-2 * log_(a, b, p)); }

static inline gan_real sigmoid(gan_real a, gan_real b, gan_real p) { return (void)b, (void)p, 1 / (1 + exp_(-a, 0, 0)); }

static inline gan_real softplus(gan_real a, gan_real b, gan_real p) {
    (void)b, (void)p;
    gan_real tail = log1p_(exp_(a > 0 ? -a : a, 0, 0));
    return a > 0 ? a + tail : tail;
}

static inline gan_real relu(gan_real a, gan_real b, gan_real p) { return (void)b, (void)p, a <= 0 ? 0 : a; }
static inline gan_real leaky(gan_real a, gan_real b, gan_real p) { return (void)b, a > 0 ? a : p * a; }
static inline gan_real leaky_grad(gan_real a, gan_real b, gan_real p) { return b > 0 ? a : p * a; }
static inline gan_real tanh_grad(gan_real a, gan_real b, gan_real p) { return (void)p, a * (1 - b * b); }
static inline gan_real sigmoid_grad(gan_real a, gan_real b, gan_real p) { return (void)p, a * (b * (1 - b)); }
static inline gan_real softplus_grad(gan_real a, gan_real b, gan_real p) { return a * sigmoid(b, 0, p); }

#define MAP_FUNCTION(kind, function)                                                                                             \
    static void function##_map(int64_t n, const gan_real *a, const gan_real *b, gan_real p, gan_real *y) {                       \
        for (int64_t i = 0; i < n; i++) y[i] = function(a[i], b[i], p);                                                          \
    }
GAN__MAP_LIST(MAP_FUNCTION)

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TABLE JOIN(gan__maps_, GAN__ISA_NAME)

extern const gan__map_fn TABLE[GAN__MAP_COUNT];
const gan__map_fn TABLE[GAN__MAP_COUNT] = {
#define MAP_ROW(kind, function) [kind] = function##_map,
    GAN__MAP_LIST(MAP_ROW)
};
