/* Charts of curves as HTML and SVG: lines stretch with the page, text does not, and nothing needs a script to be seen. */
#ifndef GAN__CHART_H
#define GAN__CHART_H

#include "curve.h"
#include "page.h"

enum { GAN__CHART_LINES = 3 };

typedef struct gan__chart {
    const char *title;
    const char *hint; /* how to read it */
    struct {
        const char *key; /* in the log; NULL: no more */
        const char *label;
        const char *look; /* class: "d", "g", "x" */
    } lines[GAN__CHART_LINES];
    double reference; /* a value worth a line of its own, if has_reference */
    const char *reference_label;
    bool has_reference;
    bool magnitudes;   /* shown by magnitude already when they differ by ten, not a thousand */
    bool share;        /* of all: from 0 to 1 */
    bool flat_is_dull; /* left out while nothing changes */
} gan__chart;

/* The chart, if its curves tell anything: curves[i] belongs to lines[i]. last: the step where charts end. */
void gan__chart_write(gan__file *f, const gan__chart *c, const gan__curve *curves, int64_t last);

#endif
