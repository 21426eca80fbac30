#include <gan/image.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomic_file.h"
#include "drawing.h"

#define WHO "gan_write_grid"
#define MAX_GAP 4096
#define MAX_GROUPS 1000

gan__canvas gan__canvas_new(gan_ctx *ctx, int64_t width, int64_t height, int channels, const char *who) {
    gan__canvas x = {width, height, channels, NULL};
    /* stb counts in int: a row has a filter byte, and compression may add a little. */
    if (width > INT_MAX / 2 / channels - 1 || height > INT_MAX / 2 / (width * channels + 1))
        gan__raise(ctx, GAN_E_SHAPE, "%s: a picture of %lld by %lld pixels is too large", who, (long long)width,
                   (long long)height);
    else
        x.p = gan__calloc(ctx, (size_t)(width * height * channels));
    return x;
}

gan_status gan__canvas_write(gan_ctx *ctx, gan__canvas canvas, const char *path, const char *who) {
    if (!canvas.p || !gan__ok(ctx)) return gan_ctx_status(ctx);
    int size = 0;
    uint8_t *png = gan__png_encode(canvas, &size);
    if (png)
        gan__file_put(ctx, path, png, (size_t)size, who);
    else
        gan__raise(ctx, GAN_E_MEMORY, "%s: out of memory for the PNG", who);
    free(png);
    return gan_ctx_status(ctx);
}

static uint8_t pixel_of(gan_real v) {
    if (v != v) return 128;
    double level = ((double)v + 1) * 127.5;
    return level <= 0 ? 0 : level >= 255 ? 255 : (uint8_t)(level + 0.5);
}

/* An image of c channels; a grey one may stand in a coloured grid. */
static void draw(gan__canvas grid, int64_t left, int64_t top, const gan_real *image, const gan_shape *s) {
    int64_t h = s->d[1], w = s->d[2], c = s->d[3];
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++, image += c) {
            uint8_t *pixel = grid.p + ((top + y) * grid.width + left + x) * grid.channels;
            for (int k = 0; k < grid.channels; k++) pixel[k] = pixel_of(image[c == 1 ? 0 : k]);
        }
}

/* Columns of the grid: those asked for, or as many as make it about as wide as high. */
static int64_t columns_for(int64_t n, int64_t h, int64_t w, int asked) {
    int64_t columns = asked ? asked : (int64_t)ceil(sqrt((double)n * (double)h / (double)w));
    return columns < 1 ? 1 : columns > n ? n : columns;
}

static gan__canvas image_grid(gan_ctx *ctx, gan_shape s, const gan_real *images, gan_grid_opts o) {
    int64_t n = s.d[0], h = s.d[1], w = s.d[2], c = s.d[3];
    int64_t columns = columns_for(n, h, w, o.columns), rows = (n + columns - 1) / columns;
    gan__canvas grid = gan__canvas_new(ctx, columns * (w + o.gap) - o.gap, rows * (h + o.gap) - o.gap, (int)c, WHO);
    for (int64_t i = 0; i < n && grid.p; i++)
        draw(grid, i % columns * (w + o.gap), i / columns * (h + o.gap), images + i * h * w * c, &s);
    return grid;
}

/* --- by groups ------------------------------------------------------------------------------------------------ */

static int64_t groups_of(const gan_real *group, int64_t n) {
    int64_t most = 0;
    for (int64_t i = 0; i < n; i++)
        if ((int64_t)group[i] > most) most = (int64_t)group[i];
    return most + 1;
}

static int64_t members(const gan_real *group, int64_t n, int64_t g) {
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) count += (int64_t)group[i] == g;
    return count;
}

/* The group's number on its colour. */
static void draw_strip(gan__canvas grid, int64_t top, int64_t width, int64_t height, int64_t g) {
    static const gan__colour white = {{255, 255, 255}};
    char text[24];
    snprintf(text, sizeof text, "%d", (int)g);
    gan__draw_box(grid, 0, top, width, height, gan__group_colour(g));
    if (height < GAN__TEXT_HEIGHT) return;
    gan__draw_text(grid, (width - gan__text_width(text)) / 2, top + (height - GAN__TEXT_HEIGHT) / 2, text, white);
}

/* Unless asked for, as few as fill the rows that the largest group needs. */
static int64_t grouped_columns(const gan_real *group, int64_t groups, gan_shape s, int asked) {
    int64_t columns = columns_for(s.d[0], s.d[1], s.d[2], asked), most = 1;
    for (int64_t g = 0; g < groups; g++) {
        int64_t count = members(group, s.d[0], g);
        if (count > most) most = count;
    }
    int64_t rows = (most + columns - 1) / columns;
    return asked ? columns : (most + rows - 1) / rows;
}

/* Each group begins a row of its own, behind its strip. */
static gan__canvas grouped_grid(gan_ctx *ctx, gan_shape s, const gan_real *images, const gan_real *group, gan_grid_opts o) {
    int64_t n = s.d[0], h = s.d[1], w = s.d[2], size = h * w * s.d[3], groups = groups_of(group, n), rows = 0;
    int64_t columns = grouped_columns(group, groups, s, o.columns);
    int64_t strip = gan__text_width(groups > 100 ? "999" : groups > 10 ? "99" : "9") + 4;
    for (int64_t g = 0; g < groups; g++) rows += (members(group, n, g) + columns - 1) / columns;
    gan__canvas grid = gan__canvas_new(ctx, strip + columns * (w + o.gap), rows * (h + o.gap) - o.gap, 3, WHO);
    for (int64_t g = 0, top = 0; g < groups && grid.p; g++) {
        int64_t at = 0, own = (members(group, n, g) + columns - 1) / columns * (h + o.gap);
        for (int64_t i = 0; i < n; i++)
            if ((int64_t)group[i] == g) {
                draw(grid, strip + o.gap + at % columns * (w + o.gap), top + at / columns * (h + o.gap), images + i * size, &s);
                at++;
            }
        if (own) draw_strip(grid, top, strip, own - o.gap, g);
        top += own;
    }
    return grid;
}

/* One whole number for each image or point. */
static bool groups_fit(gan_ctx *ctx, const gan_tensor *group, int64_t n) {
    const gan_real *g = gan_data(group);
    char text[GAN_SHAPE_TEXT];
    if (!g || !gan_shape_equal(gan_shape_of(group), gan_shape1(n))) {
        gan__raise(ctx, GAN_E_SHAPE, WHO ": the groups of %lld samples have shape %s", (long long)n,
                   gan_shape_text(gan_shape_of(group), text));
        return false;
    }
    for (int64_t i = 0; i < n; i++)
        if (!(g[i] >= 0 && g[i] < MAX_GROUPS && g[i] == (gan_real)(int64_t)g[i])) {
            gan__raise(ctx, GAN_E_ARG, WHO ": group %g is no whole number from 0 to %d", (double)g[i], MAX_GROUPS - 1);
            return false;
        }
    return true;
}

static gan__canvas picture_of(gan_ctx *ctx, gan_shape s, const gan_real *values, const gan_real *group, gan_grid_opts o) {
    if (s.ndim == 2) return gan__scatter_plot(ctx, values, group, group ? groups_of(group, s.d[0]) : 0, s.d[0], o.range, WHO);
    return group ? grouped_grid(ctx, s, values, group, o) : image_grid(ctx, s, values, o);
}

/* Raises and returns false if there is nothing that could be drawn. */
static bool drawable(gan_ctx *ctx, gan_shape s, gan_grid_opts o) {
    char text[GAN_SHAPE_TEXT];
    bool points = s.ndim == 2 && s.d[1] == 2, images = s.ndim == 4 && (s.d[3] == 1 || s.d[3] == 3);
    if ((!points && !images) || gan_shape_count(s) == 0)
        gan__raise(ctx, GAN_E_SHAPE, WHO ": %s is neither images [n, h, w, 1 or 3] nor points [n, 2]", gan_shape_text(s, text));
    else if (o.columns < 0 || o.gap < 0 || o.gap > MAX_GAP)
        gan__raise(ctx, GAN_E_ARG, WHO ": columns %d, gap %d: they must not be negative, nor the gap above %d", o.columns, o.gap,
                   MAX_GAP);
    else if (!(o.range >= 0 && o.range <= 1e30))
        gan__raise(ctx, GAN_E_ARG, WHO ": range %g", o.range);
    return gan__ok(ctx);
}

gan_status gan_write_grid(gan_tensor *t, const char *path, gan_grid_opts o) {
    gan_ctx *ctx = gan_ctx_of(t);
    const gan_real *values = gan_data(t);
    gan_shape s = gan_shape_of(t);
    if (!values) gan__raise(ctx, GAN_E_ARG, WHO ": the tensor is nil");
    if (!gan__ok(ctx) || !drawable(ctx, s, o) || (o.group && !groups_fit(ctx, o.group, s.d[0]))) return gan_ctx_status(ctx);
    gan__canvas canvas = picture_of(ctx, s, values, o.group ? gan_data(o.group) : NULL, o);
    gan_status status = gan__canvas_write(ctx, canvas, path, WHO);
    gan__free(ctx, canvas.p);
    return status;
}
