#include <gan/report.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../io/png_file.h"
#include "page_parts.h"
#include "run_data.h"

#define FRAMES 60
#define FRAMES_BYTES (8 << 20)
#define STAGE 640 /* pixels: smaller grids are shown at a multiple of their size */

/* --- the head --------------------------------------------------------------------------------------------- */

static const char *state_of(const gan__run_data *r) {
    const char *state = gan__status_text(r->status, "state");
    return *state ? state : "unknown";
}

static bool is(const char *text, const char *word) { return !strcmp(text, word); }

static void write_head(gan__file *f, const gan__run_data *r) {
    gan__page_raw(f, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>");
    gan__page_text(f, r->name);
    gan__page_raw(f, ": ");
    gan__page_text(f, state_of(r));
    gan__page_raw(f, "</title>\n<style>\n");
    gan__page_raw(f, gan__page_style);
    gan__page_raw(f, "</style>\n");
    if (is(state_of(r), "running")) gan__page_raw(f, "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>\n");
    gan__page_raw(f, "</head>\n<body>\n<main>\n<header>\n<h1>");
    gan__page_text(f, r->name);
    gan__page_raw(f, "</h1>\n");
}

/* 2026-11-26T17:47:03Z as people write it. */
static void write_time(gan__file *f, const char *before, const char *iso) {
    if (strlen(iso) != 20 || iso[10] != 'T' || strspn(iso, "0123456789-:TZ") != 20) return;
    gan__page_tag(f, "<span>%s <time datetime=\"", before);
    gan__page_text(f, iso);
    gan__page_tag(f, "\">%.10s %.5s UTC</time></span>", iso, iso + 11);
}

static void write_state(gan__file *f, const gan__run_data *r) {
    const char *state = state_of(r);
    int64_t steps = (int64_t)gan__status_number(r->status, "steps", 0);
    gan__page_raw(f, "<div class=\"facts\">");
    if (r->status) {
        gan__page_raw(f, "<span class=\"pill ");
        gan__page_text(f, state);
        gan__page_raw(f, "\">");
        gan__page_text(f, state);
        gan__page_raw(f, "</span>");
    }
    gan__page_tag(f, "<span>step %" PRId64, r->last);
    if (steps > 0) gan__page_tag(f, " of %" PRId64, steps);
    gan__page_raw(f, "</span>");
    write_time(f, "started", gan__status_text(r->status, "started"));
    write_time(f, is(state, "running") ? "as of" : "ended", gan__status_text(r->status, "updated"));
    if (is(state, "running"))
        gan__page_raw(f, "<label><input type=\"checkbox\" id=\"again\" checked>reload while it runs</label>");
    gan__page_raw(f, "</div>\n</header>\n");
}

/* --- the verdict ------------------------------------------------------------------------------------------ */

static void write_capital(gan__file *f, const char *text) {
    char first[2] = {(char)toupper((unsigned char)*text), 0};
    bool ascii = (unsigned char)*text < 0x80;
    if (ascii) gan__page_text(f, first);
    gan__page_text(f, text + (ascii && *text));
}

static void write_remedies(gan__file *f, const cJSON *verdict) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(verdict, "remedies"), *r;
    if (!cJSON_GetArraySize(list)) return;
    gan__page_raw(f, "<h3>What to try, in this order</h3>\n<ol>\n");
    cJSON_ArrayForEach(r, list) {
        gan__page_raw(f, "<li>");
        write_capital(f, gan__status_text(r, "advice"));
        if (*gan__status_text(r, "how")) {
            gan__page_raw(f, ": <code>");
            gan__page_text(f, gan__status_text(r, "how"));
            gan__page_raw(f, "</code>");
        }
        gan__page_raw(f, "</li>\n");
    }
    gan__page_raw(f, "</ol>\n");
}

/* What the sentence says behind the title. */
static const char *behind_title(const char *text, const char *title) {
    size_t n = strlen(title);
    return strncmp(text, title, n) ? text : text + n + strspn(text + n, " :,;.-");
}

static void open_verdict(gan__file *f, const char *look, const char *sign, const char *title) {
    gan__page_tag(f, "<section class=\"card verdict %s\" aria-label=\"Verdict\">\n<h2><span aria-hidden=\"true\">%s</span>", look,
                  sign);
    write_capital(f, title);
    gan__page_raw(f, "</h2>\n");
}

/* Of healthy runs, too: what they have gone through. */
static void write_turns(gan__file *f, const gan__run_data *r) {
    if (!r->n_turns) return;
    gan__page_raw(f, "<details><summary>How it came</summary>\n<ul>\n");
    for (int64_t i = r->n_turns > GAN__TURNS ? r->n_turns - GAN__TURNS : 0; i < r->n_turns; i++) {
        const gan__turn *turn = &r->turns[i % GAN__TURNS];
        gan__page_tag(f, "<li>Step %" PRId64 ": ", turn->step);
        gan__page_text(f, turn->text);
        gan__page_raw(f, "</li>\n");
    }
    gan__page_raw(f, "</ul></details>\n");
}

static void write_best(gan__file *f, const gan__run_data *r) {
    const cJSON *best = cJSON_GetObjectItemCaseSensitive(r->status, "best");
    if (!best) return;
    gan__page_raw(f, "<p>Best checkpoint: step ");
    gan__page_tag(f, "%.0f, ", gan__status_number(best, "step", 0));
    gan__page_text(f, gan__status_text(best, "measure"));
    gan__page_raw(f, " ");
    gan__page_number(f, gan__status_number(best, "value", NAN));
    gan__page_raw(f, " (best.safetensors).</p>\n");
}

static void write_verdict(gan__file *f, const gan__run_data *r) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(r->status, "verdict");
    const char *error = gan__status_text(r->status, "error"), *title = gan__status_text(v, "title");
    bool failure = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v, "failure")), ended = !is(state_of(r), "running");
    if (v)
        open_verdict(f, !failure ? "good" : ended ? "bad" : "warn", failure ? "\xe2\x9c\x95" : "\xe2\x9c\x93", title);
    else if (*error)
        open_verdict(f, "bad", "\xe2\x9c\x95", "the run failed");
    else
        open_verdict(f, "", "?", "no verdict");
    if (v) {
        gan__page_raw(f, "<p>");
        write_capital(f, behind_title(gan__status_text(v, "text"), title));
        gan__page_raw(f, "</p>\n");
    } else if (!*error) {
        gan__page_raw(f, "<p>Nobody has watched this run: judge by samples and curves.</p>\n");
    }
    if (*error) {
        gan__page_raw(f, v ? "<p>The run ended with an error: " : "<p>");
        gan__page_text(f, error);
        gan__page_raw(f, "</p>\n");
    }
    write_best(f, r);
    write_remedies(f, v);
    write_turns(f, r);
    gan__page_raw(f, "</section>\n");
}

/* --- samples ---------------------------------------------------------------------------------------------- */

static bool write_image(gan__file *f, const gan__run_data *r, const gan__sample_file *s, bool hidden) {
    char path[GAN__RUN_PATH + GAN__RUN_NAME];
    gan__png_info info;
    snprintf(path, sizeof path, "%s/%s", r->path, s->name);
    gan__bytes png = gan__file_bytes(r->ctx, path, r->who);
    bool ok = png.p && gan__png_look(png, &info);
    if (png.p && !ok) gan__raise(r->ctx, GAN_E_FORMAT, "%s: %s is no PNG file", r->who, path);
    if (ok) {
        int64_t times = info.width > 0 && info.width < STAGE ? STAGE / info.width : 1;
        gan__page_tag(f, "<img%s%s style=\"max-width:%" PRId64 "px\" ", hidden ? " hidden" : "",
                      times > 1 ? " class=\"sharp\"" : "", times * info.width);
        gan__page_tag(f, "width=\"%" PRId64 "\" height=\"%" PRId64 "\" alt=\"Generated samples at step %" PRId64 "\" src=\"",
                      info.width, info.height, s->step);
        gan__page_raw(f, "data:image/png;base64,");
        gan__page_base64(f, png.p, png.size);
        gan__page_raw(f, "\">\n");
    }
    gan__free(r->ctx, png.p);
    return ok;
}

static void write_samples(gan__file *f, const gan__run_data *r) {
    int64_t n = r->samples.count;
    if (!n) return;
    gan__page_raw(f, "<h2>Samples</h2>\n<section class=\"card\" aria-label=\"Samples over time\">\n<div class=\"stage\">\n");
    for (int64_t i = 0; i < n && gan__ok(r->ctx); i++) write_image(f, r, &r->samples.at[i], i < n - 1);
    if (n > 1)
        gan__page_tag(f,
                      "<div class=\"scrub\" id=\"controls\" hidden><button type=\"button\" id=\"play\">Play</button>"
                      "<input type=\"range\" id=\"scrub\" min=\"0\" max=\"%" PRId64 "\" value=\"%" PRId64
                      "\" step=\"1\" aria-label=\"Samples at\"><output id=\"shown\" for=\"scrub\">step %" PRId64
                      "</output></div>\n",
                      n - 1, n - 1, r->samples.at[n - 1].step);
    gan__page_raw(f, "</div>\n</section>\n");
}

/* --- curves ----------------------------------------------------------------------------------------------- */

static const gan__curve *curves_of(const gan__run_data *r, int chart) { return r->curves + chart * GAN__CHART_LINES; }

static void write_charts(gan__file *f, const gan__run_data *r) {
    gan__page_raw(f, "<h2>Curves</h2>\n<section class=\"charts\" aria-label=\"Curves\">\n");
    for (int i = 0; i < GAN__CHARTS; i++) {
        gan__chart c = gan__charts[i];
        const cJSON *even = i == 0 ? cJSON_GetObjectItemCaseSensitive(r->status, "d_loss_even") : NULL;
        if (cJSON_IsNumber(even)) c.reference = even->valuedouble, c.has_reference = true;
        gan__chart_write(f, &c, curves_of(r, i), r->last);
    }
    gan__page_raw(f, "</section>\n");
}

static void write_row(gan__file *f, const gan__chart *chart, const char *label, const gan__curve *c) {
    const gan__curve_point *low = NULL, *high = NULL, *first = NULL;
    for (int i = 0; i < c->points; i++) {
        const gan__curve_point *p = &c->at[i];
        if (!p->count) continue;
        if (!first) first = p;
        if (!low || p->low < low->low) low = p;
        if (!high || p->high > high->high) high = p;
    }
    if (!first) return;
    const double values[] = {first->value, low->low, high->high, gan__curve_last(c)->value};
    gan__page_tag(f, "<tr><th scope=\"row\">%s, %s</th>", chart->title, label);
    for (int i = 0; i < 4; i++) {
        gan__page_raw(f, "<td>");
        gan__page_number(f, values[i]);
        gan__page_raw(f, "</td>");
    }
    gan__page_raw(f, "</tr>\n");
}

static void write_table(gan__file *f, const gan__run_data *r) {
    gan__page_raw(
        f, "<details><summary>All curves in numbers</summary>\n<div class=\"wide\"><table><thead><tr><th scope=\"col\">curve"
           "</th><th scope=\"col\">first</th><th scope=\"col\">lowest</th><th scope=\"col\">highest</th><th scope=\"col\">"
           "latest</th></tr></thead>\n<tbody>\n");
    for (int i = 0; i < GAN__CHARTS; i++)
        for (int k = 0; k < GAN__CHART_LINES && gan__charts[i].lines[k].key; k++)
            write_row(f, &gan__charts[i], gan__charts[i].lines[k].label, &curves_of(r, i)[k]);
    gan__page_raw(f, "</tbody></table></div></details>\n");
}

/* For the script: the curves' points, and the steps of the samples. */
static void write_data(gan__file *f, const gan__run_data *r) {
    gan__page_tag(f, "<script type=\"application/json\" id=\"data\">{\"last\":%" PRId64 ",\"frames\":[", r->last);
    for (int64_t i = 0; i < r->samples.count; i++) gan__page_tag(f, "%s%" PRId64, i ? "," : "", r->samples.at[i].step);
    gan__page_raw(f, "],\"curves\":{");
    for (int i = 0, n = 0; i < GAN__CHARTS * GAN__CHART_LINES; i++) {
        const gan__curve *c = &r->curves[i];
        if (!c->points) continue;
        gan__page_tag(f, "%s\"%s\":{", n++ ? "," : "", c->key);
        for (int part = 0; part < 2; part++) {
            gan__page_tag(f, part ? "],\"y\":[" : "\"x\":[");
            for (int k = 0, m = 0; k < c->points; k++) {
                if (!c->at[k].count) continue;
                if (m++) gan__page_raw(f, ",");
                if (part)
                    gan__page_number(f, c->at[k].value);
                else
                    gan__page_tag(f, "%.0f", c->at[k].step);
            }
        }
        gan__page_raw(f, "]}");
    }
    gan__page_raw(f, "}}</script>\n<script>\n");
    gan__page_raw(f, gan__page_script);
    gan__page_raw(f, "</script>\n");
}

/* --- configuration and machine ------------------------------------------------------------------------------ */

static void write_fact(gan__file *f, const char *what, const char *value) {
    if (!*value) return;
    gan__page_tag(f, "<dt>%s</dt><dd>", what);
    gan__page_text(f, value);
    gan__page_raw(f, "</dd>\n");
}

static void write_facts(gan__file *f, const gan__run_data *r) {
    static const char *const settings[][2] = {
        {"Data", "data.path"}, {"Nets", "net.model"}, {"Loss", "loss"},
        {"Tricks", "with"},    {"Batch", "batch"},    {"Steps of D to one of G", "n_critic"},
        {"Rate of D", "d.lr"}, {"Rate of G", "g.lr"}, {"Seed", "seed"}};
    char value[1024], threads[32];
    const cJSON *machine = cJSON_GetObjectItemCaseSensitive(r->status, "machine");
    gan__page_raw(
        f, "<h2>Configuration and machine</h2>\n<section class=\"card\" aria-label=\"Configuration and machine\">\n<dl>\n");
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        gan__ini_value(r->ini, settings[i][1], value, sizeof value);
        write_fact(f, settings[i][0], value);
    }
    write_fact(f, "Processor", gan__status_text(machine, "processor"));
    snprintf(threads, sizeof threads, "%.0f", gan__status_number(machine, "threads", 0));
    write_fact(f, "Threads", machine ? threads : "");
    write_fact(f, "Kernels", gan__status_text(machine, "kernels"));
    write_fact(f, "System", gan__status_text(machine, "system"));
    write_fact(f, "libgan", gan__status_text(r->status, "version"));
    gan__page_raw(f, "</dl>\n");
    if (r->ini.p) {
        gan__page_raw(f, "<details><summary>All settings (run.ini)</summary>\n<pre>");
        gan__page_text(f, (const char *)r->ini.p);
        gan__page_raw(f, "</pre></details>\n");
    }
    gan__page_raw(f, "</section>\n");
}

/* ------------------------------------------------------------------------------------------------------------ */

static void write_page(gan__file *f, const gan__run_data *r) {
    write_head(f, r);
    write_state(f, r);
    write_verdict(f, r);
    write_samples(f, r);
    write_charts(f, r);
    write_table(f, r);
    write_facts(f, r);
    gan__page_tag(
        f, "<footer>Made by libgan %s from what the run folder holds; the numbers are in metrics.jsonl.</footer>\n</main>\n",
        gan_version());
    write_data(f, r);
    gan__page_raw(f, "</body>\n</html>\n");
}

#define FRAME 120 /* milliseconds */
#define LAST_FRAME 2000

static void write_animation(const gan__run_data *r) {
    char path[GAN__RUN_PATH + GAN__RUN_NAME];
    size_t room = GAN__RUN_PATH + GAN__RUN_NAME;
    int n = (int)r->samples.count;
    gan__png_frame frames[FRAMES];
    char *paths = n > 1 ? gan__alloc(r->ctx, (size_t)n * room) : NULL;
    for (int i = 0; paths && i < n; i++) {
        snprintf(paths + (size_t)i * room, room, "%s/%s", r->path, r->samples.at[i].name);
        frames[i] = (gan__png_frame){paths + (size_t)i * room, i < n - 1 ? FRAME : LAST_FRAME};
    }
    snprintf(path, sizeof path, "%s/samples/progress.png", r->path);
    if (paths) gan__png_animate(r->ctx, frames, n, path, r->who);
    gan__free(r->ctx, paths);
}

gan_status gan_report_write(gan_ctx *ctx, const char *run) {
    static const char who[] = "gan_report_write";
    char path[GAN__RUN_PATH + GAN__RUN_NAME];
    gan__run_data r;
    gan__file f;
    if (gan__run_data_read(ctx, &r, run, who)) {
        gan__sample_files_thin(&r.samples, FRAMES, FRAMES_BYTES);
        snprintf(path, sizeof path, "%s/report.html", r.path);
        if (gan__file_create(ctx, &f, path, who)) write_page(&f, &r);
        gan__file_commit(&f);
        if (gan__ok(ctx)) write_animation(&r);
    }
    gan__run_data_free(&r);
    return gan_ctx_status(ctx);
}
