#include "norm.h"

#include <math.h>

#include "moments.h"

#define TILE GAN__NORM_TILE
#define BLOCK 64    /* rows summed in gan_real, in cache, before they go over into double */
#define TASK 65536  /* elements, about: work is split by size alone, so that the bits do not depend on the threads */

extern const gan__norm_kernels gan__norm_portable, gan__norm_avx2, gan__norm_avx512;

const gan__norm_kernels *gan__norm_kernels_of(const gan_ctx *ctx) {
    static const gan__norm_kernels *const tables[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__norm);
    return tables[ctx->isa];
}

/* How x is walked. A few channels fill no vector register, so `fold` rows are taken side by side as channels of their own. */
typedef struct plan {
    const gan_ctx *ctx;
    const gan__norm_kernels *k;
    gan__norm_shape s;
    int64_t fold, width, lines;     /* a group is `lines` lines of `width` = c*fold numbers */
    int64_t task_lines, tasks;      /* lines to a task, tasks to a group */

    const gan_real *x, *g;
    gan_real *y;
    const gan__norm_form *f;
    const double *sums;
    double *partial;                /* [groups, tasks, 2, width] */
} plan;

static plan plan_of(gan_ctx *ctx, gan__norm_shape s, const gan_real *x) {
    plan p = {.ctx = ctx, .k = gan__norm_kernels_of(ctx), .s = s, .x = x, .fold = 1};
    for (int64_t f = s.c ? TILE / s.c : 0; f > 1 && p.fold == 1; f--)
        if (s.rows % f == 0) p.fold = f;
    p.width = s.c * p.fold;
    p.lines = s.rows / p.fold;
    p.task_lines = p.width ? (TASK / p.width + BLOCK) / BLOCK * BLOCK : BLOCK;
    p.tasks = (p.lines + p.task_lines - 1) / p.task_lines;
    return p;
}

/* The lines of one task, and where they begin. */
typedef struct piece {
    int64_t group, lines, at;
} piece;

static piece piece_of(const plan *p, int64_t task) {
    int64_t begin = task % p->tasks * p->task_lines, left = p->lines - begin, group = task / p->tasks;
    return (piece){group, left < p->task_lines ? left : p->task_lines, (group * p->lines + begin) * p->width};
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Calls fn for each task of each group. */
static void run(gan_ctx *ctx, plan *p, gan__task_fn fn) {
    if (p->width) gan__parallel(ctx, p->s.groups * p->tasks, fn, p);
}

static bool with_partials(gan_ctx *ctx, plan *p, gan__task_fn fn) {
    size_t count = (size_t)(p->s.groups * p->tasks * 2 * p->width);
    p->partial = gan__alloc(ctx, count * sizeof(double));
    if (p->partial) run(ctx, p, fn);
    return p->partial != NULL;
}

/* --- mean and variance ------------------------------------------------------------------------------------ */

static gan__moments moments_at(const plan *p, int64_t task, int64_t lines, int64_t column) {
    double *mean = p->partial + task * 2 * p->width + column;
    return (gan__moments){lines, mean, mean + p->width};
}

static void moments_task(void *arg, int64_t task, int worker) {
    (void)worker;
    const plan *p = arg;
    piece q = piece_of(p, task);
    for (int64_t j = 0; j < p->width; j += TILE) {
        int64_t width = smaller(TILE, p->width - j);
        gan__moments total = moments_at(p, task, 0, j);
        for (int64_t i = 0; i < q.lines; i += BLOCK) {
            const gan_real *lines[BLOCK];
            double mean[TILE], m2[TILE];
            int64_t n = smaller(BLOCK, q.lines - i);
            for (int64_t t = 0; t < n; t++) lines[t] = p->x + q.at + (i + t) * p->width;
            gan__moments_of_block(p->ctx, n, lines, j, width, mean, m2);
            gan__moments_join(&total, &(gan__moments){n, mean, m2}, width);
        }
    }
}

bool gan__norm_moments(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, gan_real *stats) {
    plan p = plan_of(ctx, s, x);
    double *sums = gan__alloc(ctx, (size_t)(2 * s.c) * sizeof *sums);
    bool ok = sums && with_partials(ctx, &p, moments_task);
    for (int64_t i = 0; ok && i < s.groups; i++) {
        gan__moments all = {0, sums, sums + s.c};
        for (int64_t t = 0; t < p.tasks; t++)
            for (int64_t j = 0; j < p.width; j += s.c) { /* rows that were folded */
                gan__moments more = moments_at(&p, i * p.tasks + t, smaller(p.task_lines, p.lines - t * p.task_lines), j);
                gan__moments_join(&all, &more, s.c);
            }
        gan__moments_finish(&all, s.c, stats + i * 2 * s.c);
    }
    if (ok) gan__free(ctx, p.partial);
    gan__free(ctx, sums);
    return ok;
}

/* --- forward ---------------------------------------------------------------------------------------------- */

static double inverse_std(gan__norm_stats by, int64_t at) { return 1 / sqrt((double)by.var[at] + by.eps); }

static void form_tile(const plan *p, int64_t group, int64_t j, int64_t width, gan__norm_tile *tile) {
    const gan__norm_form *f = p->f;
    tile->slope = (gan_real)f->slope;
    for (int64_t t = 0; t < width; t++) {
        int64_t c = (j + t) % p->s.c, at = group * f->by.stride + c;
        tile->mean[t] = f->by.mean[at];
        tile->scale[t] = (gan_real)((f->gamma ? (double)f->gamma[c] : 1) * inverse_std(f->by, at));
        tile->shift[t] = f->beta ? f->beta[c] : 0;
    }
}

static void apply_task(void *arg, int64_t task, int worker) {
    (void)worker;
    const plan *p = arg;
    piece q = piece_of(p, task);
    for (int64_t j = 0; j < p->width; j += TILE) {
        int64_t width = smaller(TILE, p->width - j);
        gan__norm_tile tile;
        form_tile(p, q.group, j, width, &tile);
        p->k->apply(q.lines, p->width, width, p->x + q.at + j, &tile, p->y + q.at + j);
    }
}

void gan__norm_apply(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, const gan__norm_form *f, gan_real *y) {
    plan p = plan_of(ctx, s, x);
    p.f = f, p.y = y;
    run(ctx, &p, apply_task);
}

/* --- backward --------------------------------------------------------------------------------------------- */

static void sums_task(void *arg, int64_t task, int worker) {
    (void)worker;
    const plan *p = arg;
    piece q = piece_of(p, task);
    double *sum = p->partial + task * 2 * p->width;
    for (int64_t j = 0; j < p->width; j += TILE) {
        int64_t width = smaller(TILE, p->width - j);
        double first[TILE] = {0}, second[TILE] = {0};
        gan__norm_tile tile;
        form_tile(p, q.group, j, width, &tile);
        for (int64_t i = 0; i < q.lines; i += BLOCK) {
            gan_real s1[TILE], s2[TILE];
            int64_t at = q.at + i * p->width + j;
            p->k->sums(smaller(BLOCK, q.lines - i), p->width, width, p->x + at, p->g + at, &tile, s1, s2);
            for (int64_t t = 0; t < width; t++) first[t] += (double)s1[t], second[t] += (double)s2[t];
        }
        for (int64_t t = 0; t < width; t++) sum[j + t] = first[t], sum[p->width + j + t] = second[t];
    }
}

bool gan__norm_grad_sums(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, const gan_real *g, const gan__norm_form *f,
                         double *sums) {
    plan p = plan_of(ctx, s, x);
    p.f = f, p.g = g;
    if (!with_partials(ctx, &p, sums_task)) return false;
    for (int64_t i = 0; i < s.groups * 2; i++)
        for (int64_t j = 0; j < s.c; j++) {
            double all = 0;
            for (int64_t t = 0; t < p.tasks; t++)
                for (int64_t k = j; k < p.width; k += s.c) all += p.partial[((i / 2 * p.tasks + t) * 2 + i % 2) * p.width + k];
            sums[i * s.c + j] = all;
        }
    gan__free(ctx, p.partial);
    return true;
}

static void grad_task(void *arg, int64_t task, int worker) {
    (void)worker;
    const plan *p = arg;
    piece q = piece_of(p, task);
    double n = (double)p->s.rows;
    for (int64_t j = 0; j < p->width; j += TILE) {
        int64_t width = smaller(TILE, p->width - j);
        gan__norm_tile tile;
        form_tile(p, q.group, j, width, &tile);
        for (int64_t t = 0; t < width; t++) {
            int64_t c = (j + t) % p->s.c;
            const double *sum = p->sums + q.group * 2 * p->s.c + c;
            double inv = inverse_std(p->f->by, q.group * p->f->by.stride + c);
            double scale = (p->f->gamma ? (double)p->f->gamma[c] : 1) * inv;
            tile.along[t] = (gan_real)(scale * inv * inv * sum[p->s.c] / n);
            tile.back[t] = (gan_real)(scale * sum[0] / n);
        }
        p->k->grad(q.lines, p->width, width, p->x + q.at + j, p->g + q.at + j, &tile, p->y + q.at + j);
    }
}

void gan__norm_grad(gan_ctx *ctx, gan__norm_shape s, const gan_real *x, const gan_real *g, const gan__norm_form *f,
                    const double *sums, gan_real *dx) {
    plan p = plan_of(ctx, s, x);
    p.f = f, p.g = g, p.sums = sums, p.y = dx;
    run(ctx, &p, grad_task);
}
