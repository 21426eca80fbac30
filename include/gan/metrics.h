/* How good generated samples are: distances of two sets of samples.
 *
 * Sets are tensors [n, ...], of points, images or features, one row to a sample; a sample's numbers are taken as a vector [d].
 * Numbers returned are NaN after an error: shapes that do not fit (GAN_E_SHAPE), too few samples (GAN_E_ARG), samples that are
 * not finite (GAN_E_NONFINITE). Nothing is changed by measuring: random numbers come from streams of the call's own, fixed by its
 * seed. Sums are kept in double; results are the same for every number of threads. */
#ifndef GAN_METRICS_H
#define GAN_METRICS_H

#include <gan/data.h>
#include <gan/nn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An estimate from several parts of the samples: their mean and (population) standard deviation. */
typedef struct gan_spread {
    double mean, std;
} gan_spread;

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

/* --- moments and kernels ---------------------------------------------------------------------------------- */

/* |m1 - m2|^2 + tr(S1 + S2 - 2(S1 S2)^(1/2)), m and S the samples' means and covariances (denominator n - 1): Frechet's distance
 * of two Gaussians, squared; FID where the samples are Inception's features (1706.08500). a [n, ...], b [m, ...], n, m >= 2;
 * right for singular covariances too, fewer samples than dimensions among them, but biased upwards unless n and m are many more
 * than d. Eigenvalues come from LAPACK, whose own threads (OPENBLAS_NUM_THREADS) may move the last digits. */
GAN_API double gan_frechet_distance(const gan_tensor *a, const gan_tensor *b);

typedef struct gan_kid_opts {
    int64_t block; /* samples of each set to a block, 2 to the fewer of n and m; 0: that, at most 1000 */
    int blocks;    /* 0: 100, or 1 if the block is all there is */
    uint64_t seed; /* of the draw of blocks, without replacement within a block */
} gan_kid_opts;

/* Squared maximum mean discrepancy with k(x, y) = (xy/d + 1)^3, without bias (1801.01401):
 *   sum over i != j of (k(x_i, x_j) + k(y_i, y_j))/(s(s-1)) - 2 sum k(x_i, y_j)/s^2
 * over each block of s samples x of a and y of b; mean and deviation over the blocks. May be negative. */
GAN_API gan_spread gan_kid(const gan_tensor *a, const gan_tensor *b, gan_kid_opts opts);

/* --- modes ------------------------------------------------------------------------------------------------ */

/* How a generator spreads over the modes that there are. */
typedef struct gan_modes {
    int64_t samples;     /* looked at */
    int64_t modes;       /* K */
    int64_t captured;    /* modes with at least one sample of high quality */
    double high_quality; /* share of the samples */
    double reverse_kl; /* KL(p || q) in nats, p the histogram of the samples of high quality over the modes, q the modes' weights:
                          ln K - entropy(p) for equal weights. Without any such sample, the most there can be: ln K */
} gan_modes;

/* x [n, d], means [K, d]: a sample belongs to the nearest mean, and is of high quality if it is nearer than 3 std (1705.07761,
 * 1712.04086). gan_ring_means, GAN_RING_STD and gan_grid_means, GAN_GRID_STD are those of the mixtures. */
GAN_API gan_modes gan_mixture_modes(const gan_tensor *x, const gan_tensor *means, double std);

/* The same of n samples of the mixture itself, fixed by the seed: what a perfect generator gets. In the plane, high quality tends
 * to 1 - e^-4.5 = .9889, and reverse KL to (K-1)/2n. */
GAN_API gan_modes gan_perfect_mixture(const gan_tensor *means, double std, int64_t n, uint64_t seed);

/* Labels [n], whole numbers from 0 to modes - 1, as of gan_classify: all samples are of high quality. reference: the modes'
 * weights, [modes], of any sum, for example gan_label_histogram of real data; NULL: equal. A mode of weight 0 that has a sample
 * makes the divergence infinite. */
GAN_API gan_modes gan_label_modes(const gan_tensor *label, int64_t modes, const gan_tensor *reference);
/* The same of n equally likely labels, fixed by the seed. */
GAN_API gan_modes gan_perfect_labels(gan_ctx *ctx, int64_t modes, int64_t n, uint64_t seed);
/* The share of each label, [modes]; owned by the innermost scope. */
GAN_API gan_tensor *gan_label_histogram(const gan_tensor *label, int64_t modes);

/* --- classes ---------------------------------------------------------------------------------------------- */

typedef struct gan_score_opts {
    bool probabilities; /* the rows are p(y|x); otherwise logits, whose softmax that is */
    int splits;         /* 0: 10, or 1 with fewer than 10 samples */
} gan_score_opts;

/* exp(E KL(p(y|x) || p(y))) over each of `splits` consecutive parts of outputs [n, k], p(y) being the part's mean: from 1 to k
 * (1606.03498, of Inception; here of any classifier). */
GAN_API gan_spread gan_inception_score(const gan_tensor *outputs, gan_score_opts opts);

/* [n, k] -> [n]: index of each row's greatest number, the first of equals. Owned by the innermost scope. */
GAN_API gan_tensor *gan_top_class(const gan_tensor *outputs);

/* Area under the curve (ROC) of telling reals from fakes by D's logits: P(real > fake) + P(real = fake)/2. 1: told apart, .5:
 * alike. Tensors of any shape with at least one element. */
GAN_API double gan_auc(const gan_tensor *real, const gan_tensor *fake);

/* --- pixels ----------------------------------------------------------------------------------------------- */

/* [n, h, w, c] -> [min(h, w)/2 + 1]: the mean of |F(x)|^2/(h w) over images, channels and the frequencies whose distance from 0,
 * in cycles along the shorter side, rounds to the bin's number. White noise of variance v has v everywhere; bin 0 is brightness.
 */
GAN_API gan_tensor *gan_power_spectrum(const gan_tensor *x);

/* Mean over the bins from 1 on of |ln P_a - ln P_b|, with powers of at least 1e-10. h, w >= 2. */
GAN_API double gan_spectrum_distance(const gan_tensor *a, const gan_tensor *b);

/* Correlation of horizontally and vertically adjacent pixels: the sum of (x - m)(x' - m) over pairs, over that of
 * ((x - m)^2 + (x' - m)^2)/2, m being the channel's mean over all images. About 0 for noise, near 1 for pictures, 1 for a
 * constant. */
GAN_API double gan_neighbour_correlation(const gan_tensor *x);

/* --- samples of a generator ------------------------------------------------------------------------------- */

typedef struct gan_generate_opts {
    const gan_set *set;    /* G's values, such as gan_trainer_average; NULL: its own */
    gan_tensor *z;         /* these latents, [n, latent]; NULL: N(0, 1), by the seed */
    int generators;        /* K that G consists of, sample i being number i mod K's; 0: gan_generator_count(G) */
    bool one_generator;    /* all by number `generator`, 0 to K-1, at K times the cost */
    int generator;
    int64_t latent;        /* 0: gan_latent_size(G) */
    int64_t block;         /* samples at a time, brought up to a multiple of K; 0: 64 */
    bool batch_statistics; /* G runs in training mode, so that batch norm takes each block's own statistics (1611.02163's
                              protocol); nothing is written even so */
    uint64_t seed;         /* of the latents: gan_trainer_sample's of that seed are the same */
} gan_generate_opts;

/* n samples [n, ...] of G, in evaluation mode, without a graph, leaving no trace in G. Owned by the innermost scope. */
GAN_API gan_tensor *gan_generate(gan_module *G, int64_t n, gan_generate_opts opts);

/* --- features --------------------------------------------------------------------------------------------- */

typedef struct gan_feature_opts {
    const char *tap;    /* path of the submodule whose output it is ("main.4"); NULL: the module's own output */
    const gan_set *set; /* runs on these values; NULL: the module's own */
    int64_t block;      /* samples at a time; 0: 64 */
} gan_feature_opts;

typedef enum gan_part { GAN_PART_HELD_OUT, GAN_PART_TRAINING } gan_part;

/* Features [n, d] are what m makes of each sample, flattened, in evaluation mode, without a graph, leaving no trace in m. With m
 * NULL, they are the samples themselves. Owned by the innermost scope; nil after an error. */

/* Of x [n, ...]. */
GAN_API gan_tensor *gan_features(gan_module *m, gan_tensor *x, gan_feature_opts opts);

/* Of a dataset's samples start .. start+n-1 in the order of gan_dataset_held_out or gan_dataset_training; their labels, [n]. */
GAN_API gan_tensor *gan_data_features(gan_module *m, gan_dataset *data, gan_part part, int64_t start, int64_t n,
                                      gan_feature_opts opts);
GAN_API gan_tensor *gan_data_labels(gan_dataset *data, gan_part part, int64_t start, int64_t n);

/* Of gan_generate(G, n, generate), whose block is that of both; the samples are not kept. */
GAN_API gan_tensor *gan_generated_features(gan_module *m, gan_module *G, int64_t n, gan_generate_opts generate,
                                           gan_feature_opts opts);

#ifdef __cplusplus
}
#endif
#endif
