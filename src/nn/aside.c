/* Runs aside from training: whatever a module's forward does, training goes on as if it had not happened. */
#include "nn_impl.h"

#include <string.h>

static int count_modules(const gan_module *m) {
    int count = 1;
    for (int i = 0; i < m->n_children; i++) count += count_modules(m->children[i]);
    return count;
}

static bool *save_modes(const gan_module *m, bool *at) {
    *at++ = m->training;
    for (int i = 0; i < m->n_children; i++) at = save_modes(m->children[i], at);
    return at;
}

static const bool *restore_modes(gan_module *m, const bool *at) {
    m->training = *at++;
    for (int i = 0; i < m->n_children; i++) at = restore_modes(m->children[i], at);
    return at;
}

static int count_counters(const gan__counter *head) {
    int count = 0;
    for (const gan__counter *c = head->next; c != head; c = c->next) count++;
    return count;
}

gan__aside gan__aside_begin(gan_module *m) {
    gan_ctx *ctx = m->object.ctx;
    const gan__counter *head = &ctx->state.counters;
    gan__aside a = {.module = m, .n_counters = count_counters(head)};
    gan_no_record_begin(ctx);
    memcpy(a.conv_calls, ctx->conv_calls, sizeof a.conv_calls);
    a.counters = gan__alloc(ctx, (size_t)a.n_counters * sizeof *a.counters);
    a.training = a.counters ? gan__alloc(ctx, (size_t)count_modules(m) * sizeof *a.training) : NULL;
    if (!a.training) return a;
    int i = 0;
    for (const gan__counter *c = head->next; c != head; c = c->next) a.counters[i++] = c->value;
    save_modes(m, a.training);
    gan_module_train(m, false);
    return a;
}

/* Counters that the run has made are at the end of the list: they start at 0. */
void gan__aside_end(gan__aside *a) {
    gan_ctx *ctx = a->module->object.ctx;
    gan__counter *head = &ctx->state.counters;
    int i = 0;
    if (a->training) {
        for (gan__counter *c = head->next; c != head; c = c->next, i++) c->value = i < a->n_counters ? a->counters[i] : 0;
        restore_modes(a->module, a->training);
    }
    memcpy(ctx->conv_calls, a->conv_calls, sizeof a->conv_calls);
    gan_no_record_end(ctx);
    gan__free(ctx, a->counters);
    gan__free(ctx, a->training);
}
