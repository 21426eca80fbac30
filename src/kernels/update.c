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

static int64_t all_pieces(const gan__update *updates, int n) {
    int64_t pieces = 0;
    for (int i = 0; i < n; i++) pieces += pieces_of(updates[i].count);
    return pieces;
}

/* Where a piece is, counted through all parameters. */
typedef struct place {
    const gan__update *update;
    int64_t first, size;
} place;

static place place_of(const gan__update *u, int64_t piece) {
    for (int64_t pieces; piece >= (pieces = pieces_of(u->count)); u++) piece -= pieces;
    int64_t first = piece * PIECE, left = u->count - first;
    return (place){u, first, left < PIECE ? left : PIECE};
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

static void run_piece(void *p, int64_t task, int worker) {
    (void)worker;
    all_arg *a = p;
    place at = place_of(a->updates, task);
    const gan__update *u = at.update;
    if (!a->k->step[a->kind](a->rule, u, at.first, at.size)) note_bad(a, (int)(u - a->updates));
    if (u->avg.dst) average(a->k, u->avg, u->w.dst, u->avg_decay, at.first, at.size);
}

int gan__update_all(gan_ctx *ctx, gan__update_kind kind, const gan__rule *rule, const gan__update *updates, int n) {
    all_arg a = {.k = kernels_of(ctx), .kind = kind, .rule = rule, .updates = updates, .bad = n};
    gan__parallel(ctx, all_pieces(updates, n), run_piece, &a);
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

typedef struct squares_arg {
    const gan__update_kernels *k;
    const gan__update *updates;
    gan_real clip;
    double *parts; /* [pieces] */
} squares_arg;

static void squares_piece(void *p, int64_t task, int worker) {
    (void)worker;
    squares_arg *a = p;
    place at = place_of(a->updates, task);
    a->parts[task] = a->k->sum_squares(at.size, at.update->grad + at.first, a->clip);
}

bool gan__sums_of_squares(gan_ctx *ctx, const gan__update *updates, int n, double clip, double *sums) {
    int64_t pieces = all_pieces(updates, n);
    squares_arg a = {kernels_of(ctx), updates, (gan_real)clip, gan__alloc(ctx, (size_t)pieces * sizeof *a.parts)};
    if (!a.parts) return false;
    gan__parallel(ctx, pieces, squares_piece, &a);
    const double *part = a.parts;
    for (int i = 0; i < n; i++) {
        sums[i] = 0;
        for (int64_t left = pieces_of(updates[i].count); left > 0; left--) sums[i] += *part++;
    }
    gan__free(ctx, a.parts);
    return true;
}
