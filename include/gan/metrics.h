/* How good generated samples are: distances of two sets of samples.
 *
 * Sets are tensors [n, ...], of points, images or features, one row to a sample; a sample's numbers are taken as a vector [d].
 * Numbers returned are NaN after an error: shapes that do not fit (GAN_E_SHAPE), too few samples (GAN_E_ARG), samples that are
 * not finite (GAN_E_NONFINITE). Nothing is changed by measuring: random numbers come from streams of the call's own, fixed by its
 * seed. Sums are kept in double; results are the same for every number of threads. */
#ifndef GAN_METRICS_H
#define GAN_METRICS_H

#include <gan/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- sliced Wasserstein distance -------------------------------------------------------------------------- */

typedef struct gan_sliced_opts {
    int64_t directions; /* 0: 128 */
    int order;          /* p, 1 or 2; 0: 2 */
    uint64_t seed;      /* of the directions */
} gan_sliced_opts;

/* SW_p(a, b) = (mean over directions u of W_p^p(ua, ub))^(1/p), u uniform on the unit sphere, W_p^p of numbers on the line being
 * the integral over t in (0,1) of |F^-1(t) - G^-1(t)|^p, exact for sets of any sizes (Rabin et al., SSVM 2011; Bonneel et al.,
 * JMIV 2015). a [n, ...], b [m, ...], n, m >= 1. Images: in plain pixels. */
GAN_API double gan_sliced_wasserstein(const gan_tensor *a, const gan_tensor *b, gan_sliced_opts opts);

/* W = SW(fake, held_out) / SW(real, held_out): 1 for a perfect generator, if as many reals as fakes are given (512, say). NaN or
 * infinity if real and held_out are the same. */
GAN_API double gan_sliced_ratio(const gan_tensor *fake, const gan_tensor *real, const gan_tensor *held_out, gan_sliced_opts opts);

/* --- neighbours ------------------------------------------------------------------------------------------- */

/* With B(x) the ball around x that reaches to its k-th nearest neighbour in its own set, itself excluded, border included:
 *   precision  share of fakes in B of any real        recall    share of reals in B of any fake        (1904.06991)
 *   density    reals in whose B a fake lies, over k   coverage  share of reals with a fake in their B  (2002.09797)
 * precision, recall and coverage lie in [0, 1]; density is 1 in the mean for a perfect generator and may exceed it. real [n,
 * ...], fake [m, ...], 1 <= k < n, m (k 5 with a few hundred or thousand samples each is usual). Distances are exact: ties are
 * ties. */
typedef struct gan_prdc {
    double precision, recall, density, coverage;
} gan_prdc;
GAN_API gan_prdc gan_prdc_of(const gan_tensor *real, const gan_tensor *fake, int k);

/* The k nearest among the samples of `among` [m, ...] to each of x [n, ...], in Euclidean distance, nearest first: has the
 * generator memorised its training set? 1 <= k <= m. Both [n, k], owned by the innermost scope, nil after an error; index: whole
 * numbers, the first of equals first. */
typedef struct gan_nearest {
    gan_tensor *index, *distance;
} gan_nearest;
GAN_API gan_nearest gan_nearest_neighbours(const gan_tensor *x, const gan_tensor *among, int k);

#ifdef __cplusplus
}
#endif
#endif
