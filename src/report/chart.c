#include "chart.h"

#include <inttypes.h>
#include <math.h>

#define WIDE 10000 /* units of the drawing, which know no pixels */
#define HIGH 3000
#define MOST_TICKS 12

/* --- what a chart shows ----------------------------------------------------------------------------------- */

typedef struct axis {
    double low, high; /* of log10(x) if logarithmic */
    bool logarithmic;
} axis;

static double place(const axis *a, double x) {
    double v = a->logarithmic ? log10(x > 0 ? x : 1e-300) : x;
    double at = (v - a->low) / (a->high - a->low);
    return at < 0 ? 0 : at > 1 ? 1 : at;
}

static void widen(axis *a, double x) {
    a->low = fmin(a->low, x);
    a->high = fmax(a->high, x);
}

/* The range of the means: what single steps did beyond is cut at the edge. Values of several magnitudes are shown by these. */
static axis axis_of(const gan__chart *c, const gan__curve *curves) {
    axis a = {INFINITY, -INFINITY, false};
    if (c->share) a = (axis){0, 1, false};
    for (int k = 0; k < GAN__CHART_LINES && c->lines[k].key; k++)
        for (int i = 0; i < curves[k].points; i++)
            if (curves[k].at[i].count) widen(&a, curves[k].at[i].value);
    double size = fmax(a.high - a.low, 1e-3 * fmax(fabs(a.high), fabs(a.low)));
    if (size == 0) size = 1;
    if (c->has_reference && c->reference > a.low - size && c->reference < a.high + size) widen(&a, c->reference);
    if (a.low > 0 && a.high > (c->magnitudes ? 10 : 1000) * a.low) a = (axis){log10(a.low), log10(a.high), true};
    double margin = .06 * fmax(a.high - a.low, a.logarithmic ? 0 : size);
    a.low -= margin, a.high += margin;
    return a;
}

/* 1, 2 or 5 times a power of ten, so that a range has about four of them. */
static double tick_step(double range) {
    double unit = pow(10, floor(log10(range / 4))), times = range / 4 / unit;
    return unit * (times < 1.5 ? 1 : times < 3.5 ? 2 : times < 7.5 ? 5 : 10);
}

static int linear_ticks(const axis *a, double ticks[MOST_TICKS]) {
    double step = tick_step(a->high - a->low);
    int n = 0;
    for (double i = ceil(a->low / step); i * step <= a->high && n < MOST_TICKS; i++) ticks[n++] = i * step;
    return n;
}

/* Powers of ten; with 2 and 5 times these where they are few. */
static int logarithmic_ticks(const axis *a, double ticks[MOST_TICKS]) {
    static const int times[] = {1, 2, 5};
    double decades = a->high - a->low, every = ceil(decades / 5);
    int n = 0;
    for (double i = floor(a->low); i <= a->high; i += every)
        for (int k = 0; k < (decades < 2 ? 3 : 1) && n < MOST_TICKS; k++) {
            ticks[n] = times[k] * pow(10, i);
            n += log10(ticks[n]) >= a->low && log10(ticks[n]) <= a->high;
        }
    return n;
}

/* --- drawing ---------------------------------------------------------------------------------------------- */

static int across(double step, int64_t last) { return (int)lround(step / (double)(last > 0 ? last : 1) * WIDE); }
static int down(const axis *a, double x) { return (int)lround((1 - place(a, x)) * HIGH); }

static void write_line(gan__file *f, const axis *a, const gan__curve *c, const char *look, int64_t last) {
    bool several = false;
    gan__page_tag(f, "<path class=\"%s\" d=\"", look);
    for (int i = 0, n = 0; i < c->points; i++)
        if (c->at[i].count) {
            several |= c->at[i].count > 1;
            gan__page_tag(f, "%s%d %d", n++ ? " " : "M", across(c->at[i].step, last), down(a, c->at[i].value));
        }
    gan__page_raw(f, "\"/>");
    if (!several) return;
    gan__page_tag(f, "<path class=\"%s band\" d=\"", look);
    int n = 0;
    for (int i = 0; i < c->points; i++)
        if (c->at[i].count) gan__page_tag(f, "%s%d %d", n++ ? " " : "M", across(c->at[i].step, last), down(a, c->at[i].high));
    for (int i = c->points - 1; i >= 0; i--)
        if (c->at[i].count) gan__page_tag(f, " %d %d", across(c->at[i].step, last), down(a, c->at[i].low));
    gan__page_raw(f, "Z\"/>");
}

/* What the drawing shows, for those who do not see it. */
static void write_words(gan__file *f, const gan__chart *c, const gan__curve *curves) {
    gan__page_tag(f, "%s.", c->title);
    for (int k = 0; k < GAN__CHART_LINES && c->lines[k].key; k++) {
        const gan__curve_point *end = gan__curve_last(&curves[k]), *start = curves[k].at;
        if (!end) continue;
        while (!start->count) start++;
        gan__page_tag(f, " %s: ", c->lines[k].label);
        gan__page_number(f, start->value);
        gan__page_tag(f, " at step %.0f, ", start->step);
        gan__page_number(f, end->value);
        gan__page_tag(f, " at step %.0f.", end->step);
    }
}

static void write_key(gan__file *f, const gan__chart *c, const gan__curve *curves) {
    gan__page_raw(f, "<div class=\"key\">");
    for (int k = 0; k < GAN__CHART_LINES && c->lines[k].key; k++) {
        const gan__curve_point *end = gan__curve_last(&curves[k]);
        if (!end) continue;
        gan__page_tag(f, "<span><i class=\"%s\"></i>%s <b data-key=\"%s\">", c->lines[k].look, c->lines[k].label,
                      c->lines[k].key);
        gan__page_number(f, end->value);
        gan__page_raw(f, "</b></span>");
    }
    if (c->has_reference) {
        gan__page_tag(f, "<span><i class=\"ref\"></i>%s ", c->reference_label);
        gan__page_number(f, c->reference);
        gan__page_raw(f, "</span>");
    }
    gan__page_raw(f, "</div>");
}

static void write_plot(gan__file *f, const gan__chart *c, const gan__curve *curves, int64_t last) {
    double ticks[MOST_TICKS];
    axis a = axis_of(c, curves);
    int n = a.logarithmic ? logarithmic_ticks(&a, ticks) : linear_ticks(&a, ticks);
    gan__page_raw(f, "<div class=\"plot\"><div class=\"ys\" aria-hidden=\"true\">");
    for (int i = 0; i < n; i++) {
        gan__page_tag(f, "<span style=\"top:%d%%\">", (int)lround(100 * (1 - place(&a, ticks[i]))));
        gan__page_number(f, fabs(ticks[i]) < 1e-9 * (a.high - a.low) ? 0 : ticks[i]);
        gan__page_raw(f, "</span>");
    }
    gan__page_tag(f, "</div><svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"", WIDE, HIGH);
    write_words(f, c, curves);
    gan__page_raw(f, "\">");
    for (int i = 0; i < n; i++) gan__page_tag(f, "<path class=\"grid\" d=\"M0 %dH%d\"/>", down(&a, ticks[i]), WIDE);
    if (c->has_reference && place(&a, c->reference) > 0 && place(&a, c->reference) < 1)
        gan__page_tag(f, "<path class=\"ref\" d=\"M0 %dH%d\"/>", down(&a, c->reference), WIDE);
    for (int k = GAN__CHART_LINES - 1; k >= 0; k--)
        if (c->lines[k].key && curves[k].points) write_line(f, &a, &curves[k], c->lines[k].look, last);
    gan__page_raw(f, "</svg><div class=\"cursor\" hidden></div></div>");
    gan__page_tag(f, "<div class=\"xs\" aria-hidden=\"true\"><span>0</span><span>step %" PRId64 "</span></div>", last);
}

static bool shown(const gan__chart *c, const gan__curve *curves) {
    for (int k = 0; k < GAN__CHART_LINES && c->lines[k].key; k++) {
        const gan__curve_point *end = gan__curve_last(&curves[k]);
        for (int i = 0; end && i < curves[k].points; i++)
            if (curves[k].at[i].count && (!c->flat_is_dull || curves[k].at[i].value != end->value)) return true;
    }
    return false;
}

void gan__chart_write(gan__file *f, const gan__chart *c, const gan__curve *curves, int64_t last) {
    if (!shown(c, curves)) return;
    gan__page_tag(f, "<figure class=\"chart\"><figcaption><b>%s</b> <span>%s</span></figcaption>", c->title, c->hint);
    write_key(f, c, curves);
    write_plot(f, c, curves, last);
    gan__page_raw(f, "</figure>\n");
}
