/* The judge from inside. */
#ifndef GAN__JUDGE_IMPL_H
#define GAN__JUDGE_IMPL_H

#include <gan/judge.h>
#include <gan/option.h>

#include "../base/ctx_impl.h"

enum { GAN__DESCRIPTION = 512 };

/* Samples of a dataset. */
typedef struct gan__part {
    gan_dataset *data;
    gan_part part;
    int64_t start;
} gan__part;

struct gan_judge {
    gan__object object;
    gan_module *classifier; /* NULL: none */
    gan_tensor *means;      /* of a mixture, kept; NULL: it is none */
    double std;
    int64_t n, n_plain, n_near; /* samples on each side: features, plain ones, those that neighbours are looked for */
    int k;
    uint64_t seed;
    bool wanted[GAN_MEASURES];
    gan__part real, other;
    bool among_training;                  /* the others are training samples themselves */
    gan_tensor *features, *plain, *share; /* of the training samples, kept; share: of each class. NULL: not wanted */
    double copy_limit;                    /* nearer than this is a copy; NaN: not known yet */
    char reference[GAN__DESCRIPTION], floor[GAN__DESCRIPTION];
};

/* What is needed of a set of samples, of the innermost scope; NULL where it is not. */
typedef struct gan__sample_set {
    gan_tensor *features, *logits, *plain;
} gan__sample_set;
gan__sample_set gan__sample_set_of(const gan_judge *j, gan_draw_fn draw, void *user);

/* gan_draw_fn of a gan__part. */
gan_tensor *gan__draw_part(void *part, int64_t start, int64_t n);

/* Distances of x's first `count` samples to the nearest training sample, ascending; own: these samples are among them. False
 * (raised). */
bool gan__nearest_training(const gan_judge *j, gan_tensor *x, int64_t count, bool own, gan_real *distances);

/* Is any of the measures first .. last wanted? */
bool gan__wants(const gan_judge *j, gan_measure first, gan_measure last);

#endif
