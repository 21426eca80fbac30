/* Curves of a log, of bounded size however long the run was. */
#ifndef GAN__CURVE_H
#define GAN__CURVE_H

#include <cjson/cJSON.h>

#include "../base/ctx_impl.h"

enum { GAN__CURVE_POINTS = 320 };

/* What some neighbouring steps told. */
typedef struct gan__curve_point {
    int64_t count;      /* 0: nothing */
    double step, value; /* means */
    double low, high;
} gan__curve_point;

typedef struct gan__curve {
    const char *key;
    int64_t span; /* steps to a point */
    int points;   /* up to the last one that tells something */
    gan__curve_point at[GAN__CURVE_POINTS];
} gan__curve;

void gan__curve_init(gan__curve *c, const char *key);

/* Steps may come in any order. Values that are not finite are left out. */
void gan__curve_add(gan__curve *c, int64_t step, double value);

/* The last point; NULL: there is none. */
const gan__curve_point *gan__curve_last(const gan__curve *c);

/* Calls fn for each line of a run's log that tells a step, in their order. False: raised. A log that is not there is one without
 * lines. */
typedef void (*gan__log_fn)(void *user, int64_t step, const cJSON *line);
bool gan__log_read(gan_ctx *ctx, const char *path, gan__log_fn fn, void *user, const char *who);

/* Adds a line's numbers to the curves of their keys. */
void gan__curves_add(gan__curve *curves, int count, int64_t step, const cJSON *line);

#endif
