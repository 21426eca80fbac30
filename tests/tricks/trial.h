/* A few steps of some set-up, put to the proof: they are finite, move every parameter, repeat to the byte for any number of
 * threads, and a run that was saved and loaded halfway ends in the same checkpoint, byte for byte. */
#ifndef TESTS_TRIAL_H
#define TESTS_TRIAL_H

#include <stdio.h>
#include <unistd.h>

#include "cmocka_gan.h"

enum { HALF = 2, STEPS = 2 * HALF };

typedef struct trial {
    gan_ctx *ctx;
    gan_trainer *trainer; /* its nets, data and tricks belong to ctx */
    gan_loss_kind loss;
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

/* What only differences of verdicts reach does not notice a constant that is added to all of them. */
static inline bool only_differences_count(gan_loss_kind loss) {
    return loss == GAN_LOSS_WASSERSTEIN || loss == GAN_LOSS_RELATIVISTIC_AVERAGE || loss == GAN_LOSS_RELATIVISTIC_PAIRING;
}

/* What cannot move: under such losses, the bias of D's last layer. */
static inline bool cannot_move(const trial *t, int player, const char *name) {
    const gan_module *m = player_of(t, player);
    const char *last = gan_module_param(m, gan_module_param_count(m) - 1)->name, *point = strrchr(last, '.');
    bool of_last = point && !strncmp(name, last, (size_t)(point - last)) && !strcmp(name + (point - last), ".bias");
    return player == 1 && of_last && only_differences_count(t->loss);
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

static inline outcome run_through(trial_maker make, const void *set_up, int threads, const char *path, const char *what) {
    trial t = make(set_up, threads);
    if (gan_ctx_status(t.ctx)) fail_msg("%s: %s", what, gan_ctx_message(t.ctx));
    outcome o;
    gan_real *before = values_of(&t, &o.count);
    take_steps(&t, STEPS, what);
    o.values = values_of(&t, &o.count);
    check_values(&t, before, o.values, what);
    save_trial(&t, path, what);
    o.file = bytes_of(path, &o.size);
    free(before);
    gan_ctx_free(t.ctx);
    return o;
}

static inline char *run_halves(trial_maker make, const void *set_up, const char *path, const char *what, size_t *size) {
    trial t = make(set_up, 1);
    take_steps(&t, HALF, what);
    save_trial(&t, path, what);
    gan_ctx_free(t.ctx);
    t = make(set_up, 1);
    if (gan_trainer_load(t.trainer, path)) fail_msg("%s: %s", what, gan_ctx_message(t.ctx));
    take_steps(&t, HALF, what);
    save_trial(&t, path, what);
    gan_ctx_free(t.ctx);
    return bytes_of(path, size);
}

static inline void same_file(const outcome *o, const char *file, size_t size, const char *what, const char *wrong) {
    if (o->size != size || memcmp(o->file, file, size)) fail_msg("%s: %s", what, wrong);
}

/* All that is told at the top. The caller frees the outcome. */
static inline outcome put_to_the_proof(trial_maker make, const void *set_up, const char *what) {
    char path[] = "/tmp/gan-trial-XXXXXX";
    int handle = mkstemp(path);
    assert_true(handle >= 0);
    close(handle);
    outcome once = run_through(make, set_up, 1, path, what), again = run_through(make, set_up, 3, path, what);
    same_file(&once, again.file, again.size, what, "other threads, another checkpoint");
    size_t size;
    char *resumed = run_halves(make, set_up, path, what, &size);
    same_file(&once, resumed, size, what, "it does not resume to the byte");
    free(resumed);
    outcome_free(&again);
    unlink(path);
    return once;
}

static inline bool same_values(const outcome *a, const outcome *b) {
    return a->count == b->count && !memcmp(a->values, b->values, a->count * sizeof *a->values);
}

#endif
