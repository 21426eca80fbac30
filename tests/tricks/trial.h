/* A few steps of some set-up, put to the proof: they are finite, move every parameter, repeat to the byte for any number of
 * threads, and a run that was saved and loaded halfway ends in the same checkpoint, byte for byte. */
#ifndef TESTS_TRIAL_H
#define TESTS_TRIAL_H

#include <stdio.h>
#include <unistd.h>

#include "cmocka_gan.h"
#include "train/trainer_impl.h"

enum { HALF = 2, STEPS = 2 * HALF };

typedef struct trial {
    gan_ctx *ctx;
    gan_trainer *trainer; /* its nets, data and tricks belong to ctx */
    const char *idle; /* how the names of D's parameters begin that nothing uses; NULL: there are none */
} trial;

/* The same set-up in a context of its own. */
typedef trial (*trial_maker)(const void *what, int threads);

/* What a run ended in. */
typedef struct outcome {
    gan_real *values; /* of both players' parameters */
    size_t count;
    char *file; /* its checkpoint */
    size_t size;
} outcome;

static inline void outcome_free(outcome *o) {
    free(o->values);
    free(o->file);
    *o = (outcome){0};
}

static inline gan_module *player_of(const trial *t, int k) {
    return k ? gan_trainer_discriminator(t->trainer) : gan_trainer_generator(t->trainer);
}

/* All parameters of both players, one after the other, buffers excepted. */
static inline gan_real *values_of(const trial *t, size_t *count) {
    gan_real *values = NULL;
    *count = 0;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < gan_module_param_count(player_of(t, k)); i++) {
            const gan_param *p = gan_module_param(player_of(t, k), i);
            if (p->buffer) continue;
            size_t n = (size_t)gan_count(p->tensor);
            values = realloc(values, (*count + n) * sizeof *values);
            memcpy(values + *count, gan_data(p->tensor), n * sizeof *values);
            *count += n;
        }
    return values;
}

static inline void take_steps(const trial *t, int n, const char *what) {
    for (int i = 0; i < n; i++) {
        gan_step_info info;
        if (gan_trainer_step(t->trainer, &info)) fail_msg("%s: %s", what, gan_ctx_message(t->ctx));
        if (!isfinite(info.d_loss) || !isfinite(info.g_loss)) fail_msg("%s: a loss is not finite", what);
    }
}

/* A loss that looks at differences of verdicts alone does not notice a constant that is added to all of them; nor does hinge
 * while they are within [-1, 1]. */
static inline bool only_differences_count(gan_loss_kind loss) {
    return loss == GAN_LOSS_WASSERSTEIN || loss == GAN_LOSS_RELATIVISTIC_AVERAGE || loss == GAN_LOSS_RELATIVISTIC_PAIRING ||
           loss == GAN_LOSS_HINGE;
}

/* What cannot move: under such losses, the bias of D's last layer; and what is idle. */
static inline bool cannot_move(const trial *t, int player, const char *name) {
    if (player == 1 && t->idle && !strncmp(name, t->idle, strlen(t->idle))) return true;
    const gan_module *m = player_of(t, player);
    const char *last = gan_module_param(m, gan_module_param_count(m) - 1)->name, *point = strrchr(last, '.');
    bool of_last = point && !strncmp(name, last, (size_t)(point - last)) && !strcmp(name + (point - last), ".bias");
    return player == 1 && of_last && only_differences_count(t->trainer->opts.loss.kind);
}

static inline void check_values(const trial *t, const gan_real *before, const gan_real *after, const char *what) {
    size_t at = 0;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < gan_module_param_count(player_of(t, k)); i++) {
            const gan_param *p = gan_module_param(player_of(t, k), i);
            if (p->buffer) continue;
            size_t n = (size_t)gan_count(p->tensor);
            for (size_t e = at; e < at + n; e++)
                if (!isfinite(after[e])) fail_msg("%s: %s of %c is not finite", what, p->name, "GD"[k]);
            if (!cannot_move(t, k, p->name) && !memcmp(before + at, after + at, n * sizeof *before))
                fail_msg("%s: %s of %c stood still", what, p->name, "GD"[k]);
            at += n;
        }
}

static inline char *bytes_of(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static inline void save_trial(const trial *t, const char *path, const char *what) {
    if (gan_trainer_save(t->trainer, path)) fail_msg("%s: %s", what, gan_ctx_message(t->ctx));
}

/* From the start to the end, in one thread; halfway, a checkpoint is left at `path`. */
static inline outcome run_through(trial_maker make, const void *set_up, const char *path, const char *what) {
    char end[80];
    snprintf(end, sizeof end, "%s-end", path);
    trial t = make(set_up, 1);
    if (gan_ctx_status(t.ctx)) fail_msg("%s: %s", what, gan_ctx_message(t.ctx));
    outcome o;
    gan_real *before = values_of(&t, &o.count);
    take_steps(&t, HALF, what);
    save_trial(&t, path, what);
    take_steps(&t, HALF, what);
    o.values = values_of(&t, &o.count);
    check_values(&t, before, o.values, what);
    save_trial(&t, end, what);
    o.file = bytes_of(end, &o.size);
    unlink(end);
    free(before);
    gan_ctx_free(t.ctx);
    return o;
}

/* A context that knows nothing goes on from that checkpoint: is it the same end? */
static inline bool goes_on(trial_maker make, const void *set_up, int threads, const char *path, const outcome *o,
                           const char *what) {
    char end[80];
    snprintf(end, sizeof end, "%s-end", path);
    trial t = make(set_up, threads);
    if (gan_trainer_load(t.trainer, path)) fail_msg("%s: %s", what, gan_ctx_message(t.ctx));
    take_steps(&t, HALF, what);
    save_trial(&t, end, what);
    gan_ctx_free(t.ctx);
    size_t size;
    char *file = bytes_of(end, &size);
    unlink(end);
    bool same = o->size == size && !memcmp(o->file, file, size);
    free(file);
    return same;
}

/* All that is told at the top: the second half is taken once in the same context with one thread and once in a new one with
 * three, which are told apart if the two differ. The caller frees the outcome. */
static inline outcome put_to_the_proof(trial_maker make, const void *set_up, const char *what) {
    /* Checkpoints are synced, which costs most of the time where files are on a disk. */
    char path[64];
    snprintf(path, sizeof path, "%s/gan-trial-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    close(handle);
    outcome o = run_through(make, set_up, path, what);
    if (!goes_on(make, set_up, 2, path, &o, what))
        fail_msg("%s: %s", what,
                 goes_on(make, set_up, 1, path, &o, what) ? "other threads, another checkpoint"
                                                          : "it does not resume to the byte");
    unlink(path);
    return o;
}

static inline bool same_values(const outcome *a, const outcome *b) {
    return a->count == b->count && !memcmp(a->values, b->values, a->count * sizeof *a->values);
}

#endif
