#include "update.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define PIECE 4096 /* elements per task */

extern const gan__update_kernels gan__update_portable, gan__update_avx2, gan__update_avx512;

static const gan__update_kernels *kernels_of(const gan_ctx *ctx) {
    static const gan__update_kernels *const tables[GAN__ISA_COUNT] = GAN__BY_ISA(&gan__update);
    return tables[ctx->isa];
}

static int64_t pieces_of(int64_t count) { return (count + PIECE - 1) / PIECE; }

static int64_t piece_size(int64_t count, int64_t piece) {
    int64_t left = count - piece * PIECE;
    return left < PIECE ? left : PIECE;
}

static void average(const gan__update_kernels *k, gan__pair avg, const gan_real *x, double decay, int64_t at, int64_t n) {
    if (decay == 0)
        memcpy(avg.dst + at, x + at, (size_t)n * sizeof *x);
    else
        k->average(n, avg.src + at, x + at, (gan_real)(1 - decay), avg.dst + at);
}

/* --- steps -------------------------------------------------------------------------------------------------- */

typedef struct all_arg {
    const gan__update_kernels *k;
    gan__update_kind kind;
    const gan__rule *rule;
    const gan__update *updates;
    atomic_int bad; /* the least index of a parameter that is not finite */
} all_arg;

static void note_bad(all_arg *a, int index) {
    int least = atomic_load(&a->bad);
    while (index < least && !atomic_compare_exchange_weak(&a->bad, &least, index)) continue;
}

/* Task t is the t-th piece, counted through all parameters. */
static void run_piece(void *p, int64_t task, int worker) {
    (void)worker;
    all_arg *a = p;
    int i = 0;
    for (int64_t pieces; task >= (pieces = pieces_of(a->updates[i].count)); i++) task -= pieces;
    const gan__update *u = &a->updates[i];
    int64_t at = task * PIECE, n = piece_size(u->count, task);
    if (!a->k->step[a->kind](a->rule, u, at, n)) note_bad(a, i);
    if (u->avg.dst) average(a->k, u->avg, u->w.dst, u->avg_decay, at, n);
}

int gan__update_all(gan_ctx *ctx, gan__update_kind kind, const gan__rule *rule, const gan__update *updates, int n) {
    int64_t pieces = 0;
    for (int i = 0; i < n; i++) pieces += pieces_of(updates[i].count);
    all_arg a = {.k = kernels_of(ctx), .kind = kind, .rule = rule, .updates = updates, .bad = n};
    gan__parallel(ctx, pieces, run_piece, &a);
    return a.bad;
}

/* --- averages ----------------------------------------------------------------------------------------------- */

typedef struct average_arg {
    const gan__update_kernels *k;
    gan__pair avg;
    const gan_real *x;
    double decay;
} average_arg;

static void average_range(void *p, int64_t begin, int64_t end) {
    average_arg *a = p;
    average(a->k, a->avg, a->x, a->decay, begin, end - begin);
}

void gan__average(gan_ctx *ctx, gan__pair avg, const gan_real *x, int64_t count, double decay) {
    average_arg a = {kernels_of(ctx), avg, x, decay};
    gan__parallel_ranges(ctx, count, PIECE, average_range, &a);
}

/* --- norms -------------------------------------------------------------------------------------------------- */

#define ROUND 1024 /* pieces summed at once */

typedef struct squares_arg {
    const gan__update_kernels *k;
    const gan_real *x;
    int64_t count;
    gan_real clip;
    double sums[ROUND];
} squares_arg;

static void squares_piece(void *p, int64_t task, int worker) {
    (void)worker;
    squares_arg *a = p;
    a->sums[task] = a->k->sum_squares(piece_size(a->count, task), a->x + task * PIECE, a->clip);
}

double gan__sum_squares(gan_ctx *ctx, const gan_real *x, int64_t count, double clip) {
    squares_arg a = {.k = kernels_of(ctx), .clip = (gan_real)clip};
    double sum = 0;
    for (int64_t done = 0; done < count; done += a.count) {
        a.x = x + done;
        a.count = count - done < ROUND * PIECE ? count - done : ROUND * PIECE;
        gan__parallel(ctx, pieces_of(a.count), squares_piece, &a);
        for (int64_t i = 0; i < pieces_of(a.count); i++) sum += a.sums[i];
    }
    return sum;
}
