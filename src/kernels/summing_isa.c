#include "summing.h"

#define LANES 16 /* accumulators of a contiguous sum: enough to vectorise it without reordering */

static double row(const gan_real *x, int64_t n) {
    double lane[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) lane[k] += x[i + k];
    for (int k = 0; k < LANES; k++) sum += lane[k];
    for (; i < n; i++) sum += x[i];
    return sum;
}

/* Four at a time, which fetches the sums less often. */
static void rows(double *restrict sum, const gan_real *restrict x, int64_t rows, int64_t pitch, int64_t n) {
    for (; rows >= 4; rows -= 4, x += 4 * pitch)
        for (int64_t i = 0; i < n; i++)
            sum[i] += ((double)x[i] + (double)x[pitch + i]) + ((double)x[2 * pitch + i] + (double)x[3 * pitch + i]);
    for (; rows > 0; rows--, x += pitch)
        for (int64_t i = 0; i < n; i++) sum[i] += x[i];
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TABLE JOIN(gan__summing_, GAN__ISA_NAME)

extern const gan__summing TABLE;
const gan__summing TABLE = {row, rows};
