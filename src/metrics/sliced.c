/* Sliced Wasserstein distance: transport in the plane and in picture space, one dimension at a time. */
#include "rows.h"

#include <math.h>

#include "../kernels/dense.h"

#define TAG 0x736c6963u /* of the stream of directions */

typedef struct slices {
    int64_t n, m;      /* of samples of a, of b */
    gan_real *a, *b;   /* [directions, n], [directions, m]: projections */
    double *transport; /* [directions] */
    int order;
} slices;

/* W_p^p of two samples on the line: the integral over t of |F^-1(t) - G^-1(t)|^p, in whole steps of 1/(n m). */
static double transport_on_line(const gan_real *a, int64_t n, const gan_real *b, int64_t m, int order) {
    double sum = 0;
    for (int64_t i = 0, j = 0, t = 0; i < n && j < m;) {
        int64_t end_a = (i + 1) * m, end_b = (j + 1) * n, end = end_a < end_b ? end_a : end_b;
        double gap = fabs((double)a[i] - (double)b[j]);
        sum += (double)(end - t) * (order == 1 ? gap : gap * gap);
        t = end;
        i += end == end_a;
        j += end == end_b;
    }
    return sum / ((double)n * (double)m);
}

static void one_direction(void *arg, int64_t i, int worker) {
    (void)worker;
    const slices *s = arg;
    gan_real *a = s->a + i * s->n, *b = s->b + i * s->m;
    gan__sort(a, s->n);
    gan__sort(b, s->m);
    s->transport[i] = transport_on_line(a, s->n, b, s->m, s->order);
}

/* Uniform on the sphere: normal draws, divided by their length. */
static bool draw_directions(gan_ctx *ctx, int64_t count, int64_t d, uint64_t seed, gan_real *directions) {
    gan_stream own = gan__own_stream(ctx, seed, TAG);
    gan_scope_begin(ctx);
    const gan_real *z = gan_data(gan_randn_from(&own, gan_shape2(count, d)));
    for (int64_t i = 0; z && i < count; i++) {
        double length = 0;
        for (int64_t j = 0; j < d; j++) length += (double)z[i * d + j] * (double)z[i * d + j];
        length = sqrt(length);
        for (int64_t j = 0; j < d; j++) directions[i * d + j] = (gan_real)(length > 0 ? z[i * d + j] / length : j == 0);
    }
    gan_scope_end(ctx);
    return gan__ok(ctx);
}

static double distance(gan_ctx *ctx, const gan__row_pair *p, gan_sliced_opts o) {
    gan__centred c = {0};
    if (!gan__centre(ctx, p, &c)) return NAN;
    int64_t count = o.directions, d = p->a.d;
    gan_real *directions = gan__alloc(ctx, (size_t)(count * d) * sizeof *directions);
    slices s = {.n = p->a.n, .m = p->b.n, .order = o.order};
    s.a = gan__alloc(ctx, (size_t)(count * s.n) * sizeof *s.a);
    s.b = gan__alloc(ctx, (size_t)(count * s.m) * sizeof *s.b);
    s.transport = gan__alloc(ctx, (size_t)count * sizeof *s.transport);
    double sum = 0;
    if (gan__ok(ctx) && draw_directions(ctx, count, d, o.seed, directions)) {
        gan__gemm(ctx, false, true, count, s.n, d, directions, c.a, NULL, s.a);
        gan__gemm(ctx, false, true, count, s.m, d, directions, c.b, NULL, s.b);
        gan__parallel(ctx, count, one_direction, &s);
        for (int64_t i = 0; i < count; i++) sum += s.transport[i] / (double)count;
    }
    gan__free(ctx, directions), gan__free(ctx, s.a), gan__free(ctx, s.b), gan__free(ctx, s.transport);
    gan__centred_free(ctx, &c);
    return gan__ok(ctx) ? c.unit * (o.order == 1 ? sum : sqrt(sum)) : NAN;
}

/* With defaults filled in. */
static bool opts_fit(gan_ctx *ctx, const char *who, gan_sliced_opts *o) {
    if (!o->directions) o->directions = 128;
    if (!o->order) o->order = 2;
    if (o->directions < 1)
        gan__raise(ctx, GAN_E_ARG, "%s: %lld directions, must be at least 1", who, (long long)o->directions);
    else if (o->order != 1 && o->order != 2)
        gan__raise(ctx, GAN_E_ARG, "%s: the order is %d, must be 1 or 2", who, o->order);
    return gan__ok(ctx);
}

double gan_sliced_wasserstein(const gan_tensor *a, const gan_tensor *b, gan_sliced_opts opts) {
    static const char who[] = "gan_sliced_wasserstein";
    gan_ctx *ctx = gan__metric_ctx(a, b);
    gan__row_pair p;
    if (!gan__row_pair_of(ctx, a, "the first samples", b, "the second samples", 1, who, &p) || !opts_fit(ctx, who, &opts))
        return NAN;
    return distance(ctx, &p, opts);
}

double gan_sliced_ratio(const gan_tensor *fake, const gan_tensor *real, const gan_tensor *held_out, gan_sliced_opts opts) {
    static const char who[] = "gan_sliced_ratio";
    gan_ctx *ctx = gan__metric_ctx(fake, real);
    gan__row_pair fakes, reals;
    if (!gan__row_pair_of(ctx, fake, "the fakes", held_out, "the held-out samples", 1, who, &fakes) ||
        !gan__row_pair_of(ctx, real, "the reals", held_out, "the held-out samples", 1, who, &reals) || !opts_fit(ctx, who, &opts))
        return NAN;
    return distance(ctx, &fakes, opts) / distance(ctx, &reals, opts);
}
