#include "watch_record.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

_Static_assert(sizeof(gan__watch_record) == GAN__RECORD_FIELDS * sizeof(double), "a record is a row of doubles");

typedef enum merger { MEAN, SUM, MOST, LAST } merger;

const char *const gan__watch_record_names[GAN__RECORD_FIELDS] = {
#define NAME(name, how) #name,
    GAN__WATCH_FIELDS(NAME)
#undef NAME
};

static const merger mergers[GAN__RECORD_FIELDS] = {
#define HOW(name, how) how,
    GAN__WATCH_FIELDS(HOW)
#undef HOW
};

gan__watch_record gan__watch_record_unknown(void) {
    gan__watch_record r;
    double *x = (double *)&r;
    for (int i = 0; i < GAN__RECORD_FIELDS; i++) x[i] = NAN;
    r.steps = r.bad_steps = 0;
    return r;
}

double *gan__watch_record_field(gan__watch_record *r, const char *name) {
    for (int i = 0; i < GAN__RECORD_FIELDS; i++)
        if (!strcmp(gan__watch_record_names[i], name)) return (double *)r + i;
    return NULL;
}

/* A mean of what is known. */
static double weighted(double a, double n, double b, double m) {
    if (isnan(a) || n + m == 0) return b;
    return isnan(b) ? a : (a * n + b * m) / (n + m);
}

static gan__watch_record merged(const gan__watch_record *a, const gan__watch_record *b) {
    gan__watch_record r;
    const double *x = (const double *)a, *y = (const double *)b;
    double *z = (double *)&r;
    for (int i = 0; i < GAN__RECORD_FIELDS; i++) switch (mergers[i]) {
        case MEAN: z[i] = weighted(x[i], a->steps, y[i], b->steps); break;
        case SUM: z[i] = x[i] + y[i]; break;
        case MOST: z[i] = fmax(x[i], y[i]); break; /* of a number and NaN: the number */
        case LAST: z[i] = isnan(y[i]) ? x[i] : y[i]; break;
        }
    return r;
}

/* The older half, by pairs: the past gets coarser the further back it lies, the last records keep their length. */
static void make_room(gan__history *h) {
    int64_t half = h->count / 2 / 2;
    for (int64_t i = 0; i < half; i++) h->at[i] = merged(&h->at[2 * i], &h->at[2 * i + 1]);
    memmove(h->at + half, h->at + 2 * half, (size_t)(h->count - 2 * half) * sizeof *h->at);
    h->count -= half;
}

static void carry_over(const gan__watch_record *before, gan__watch_record *r) {
    const double *x = (const double *)before;
    double *y = (double *)r;
    for (size_t i = offsetof(gan__watch_record, looked) / sizeof(double); i < GAN__RECORD_FIELDS; i++)
        if (isnan(y[i])) y[i] = x[i];
}

void gan__history_add(gan__history *h, gan__watch_record r) {
    if (h->count == GAN__HISTORY_ROOM) make_room(h);
    if (h->count) carry_over(&h->at[h->count - 1], &r);
    h->at[h->count++] = r;
}
