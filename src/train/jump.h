/* Sudden jumps of a loss, found by what it has been lately. */
#ifndef GAN__JUMP_H
#define GAN__JUMP_H

#include <stdbool.h>
#include <stdint.h>

#define GAN__JUMP_WINDOW 128 /* steps that are remembered, */
#define GAN__JUMP_LEAST 64   /* and without which nothing is said */

/* One loss's last values, by age and by size. All zero: none yet. */
typedef struct gan__recent {
    int count, next;
    double values[GAN__JUMP_WINDOW], sorted[GAN__JUMP_WINDOW];
} gan__recent;

/* Is x far from them? Further than ten deviations (by the quartiles, as if the values were normal; at least a hundredth of 1 +
 * the median's size), and twice as far as any of them: a term that is due now and then makes no jumps. */
bool gan__recent_jumps(const gan__recent *r, double x);
double gan__recent_median(const gan__recent *r);
void gan__recent_add(gan__recent *r, double x);

#endif
