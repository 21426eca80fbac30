#include "jump.h"

#include <math.h>
#include <string.h>

double gan__recent_median(const gan__recent *r) { return r->count ? r->sorted[r->count / 2] : NAN; }

bool gan__recent_jumps(const gan__recent *r, double x) {
    if (r->count < GAN__JUMP_LEAST) return false;
    const double *s = r->sorted;
    int n = r->count;
    double median = s[n / 2], deviation = (s[3 * n / 4] - s[n / 4]) / 1.349; /* of a normal one, between the quartiles */
    double floor = .01 * (1 + fabs(median)), furthest = fmax(s[n - 1] - median, median - s[0]);
    return fabs(x - median) > fmax(10 * fmax(deviation, floor), 2 * furthest);
}

/* How many of them are less than x. */
static int place_of(const gan__recent *r, double x) {
    int low = 0, high = r->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (r->sorted[middle] < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void forget(gan__recent *r, double x) {
    int at = place_of(r, x);
    memmove(r->sorted + at, r->sorted + at + 1, (size_t)(--r->count - at) * sizeof *r->sorted);
}

void gan__recent_add(gan__recent *r, double x) {
    if (!isfinite(x)) return;
    if (r->count == GAN__JUMP_WINDOW) forget(r, r->values[r->next]);
    int at = place_of(r, x);
    memmove(r->sorted + at + 1, r->sorted + at, (size_t)(r->count++ - at) * sizeof *r->sorted);
    r->sorted[at] = r->values[r->next] = x;
    r->next = (r->next + 1) % GAN__JUMP_WINDOW;
}
