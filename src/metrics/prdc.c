/* Precision, recall (1904.06991), density and coverage (2002.09797). */
#include <math.h>

#include "distances.h"

/* A sample's ball reaches to its k-th nearest neighbour. */
typedef struct balls {
    gan__distances s;           /* of the set whose samples are looked at one by one, to the other one */
    const double *own, *others; /* squared radii of the one set's balls and of the other's */
    int64_t *others_around;     /* for each sample: how many of the others' balls it lies in */
    bool *covers;               /* does its own ball hold any of the others? */
} balls;

static void one_sample(void *arg, int64_t i, const gan_real *products, int worker) {
    (void)worker;
    balls *b = arg;
    int64_t around = 0;
    bool covers = false;
    for (int64_t j = 0; j < b->s.b.n; j++) {
        around += gan__within(&b->s, i, j, products[j], b->others[j]);
        covers = covers || gan__within(&b->s, i, j, products[j], b->own[i]);
    }
    b->others_around[i] = around;
    b->covers[i] = covers;
}

/* Over one set's samples, of those of the other: the share that lies in any ball, balls that a sample lies in, the share of balls
 * that hold any sample. */
typedef struct shares {
    double inside, balls, covering;
} shares;

static shares look(gan_ctx *ctx, gan__rows own, const double *own_radii, gan__rows others, const double *others_radii) {
    balls b = {.own = own_radii, .others = others_radii};
    shares result = {0};
    if (!gan__distances_begin(ctx, &(gan__row_pair){own, others}, &b.s)) return result;
    b.others_around = gan__alloc(ctx, (size_t)own.n * sizeof *b.others_around);
    b.covers = gan__alloc(ctx, (size_t)own.n * sizeof *b.covers);
    if (gan__ok(ctx)) gan__each_row(&b.s, one_sample, &b);
    if (gan__ok(ctx)) {
        int64_t inside = 0, around = 0, covering = 0;
        for (int64_t i = 0; i < own.n; i++) {
            inside += b.others_around[i] > 0;
            around += b.others_around[i];
            covering += b.covers[i];
        }
        double n = (double)own.n;
        result = (shares){(double)inside / n, (double)around / n, (double)covering / n};
    }
    gan__free(ctx, b.others_around), gan__free(ctx, b.covers);
    gan__distances_end(&b.s);
    return result;
}

gan_prdc gan_prdc_of(const gan_tensor *real, const gan_tensor *fake, int k) {
    static const char who[] = "gan_prdc_of";
    gan_ctx *ctx = gan__metric_ctx(real, fake);
    gan_prdc result = {NAN, NAN, NAN, NAN};
    gan__row_pair p;
    if (!gan__row_pair_of(ctx, real, "the reals", fake, "the fakes", 1, who, &p)) return result;
    int64_t fewer = p.a.n < p.b.n ? p.a.n : p.b.n;
    if (k < 1 || k >= fewer) {
        gan__raise(ctx, GAN_E_ARG, "%s: k is %d, must be 1 to %lld: each set needs more than k samples", who, k,
                   (long long)fewer - 1);
        return result;
    }
    double *real_radii = gan__alloc(ctx, (size_t)p.a.n * sizeof *real_radii);
    double *fake_radii = gan__alloc(ctx, (size_t)p.b.n * sizeof *fake_radii);
    if (gan__ok(ctx) && gan__radii(ctx, &p.a, k, real_radii) && gan__radii(ctx, &p.b, k, fake_radii)) {
        shares of_fakes = look(ctx, p.b, fake_radii, p.a, real_radii), of_reals = look(ctx, p.a, real_radii, p.b, fake_radii);
        if (gan__ok(ctx)) result = (gan_prdc){of_fakes.inside, of_reals.inside, of_fakes.balls / k, of_reals.covering};
    }
    gan__free(ctx, real_radii), gan__free(ctx, fake_radii);
    return result;
}
