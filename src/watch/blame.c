/* Where numbers stop being finite. */
#include <math.h>
#include <stdio.h>

#include "../nn/nn_impl.h"
#include "watcher_impl.h"

static bool finite(const gan_tensor *t) {
    const gan_real *x = gan_data(t);
    for (int64_t i = 0; i < gan_count(t); i++)
        if (!isfinite(x[i])) return false;
    return true;
}

static bool blame_value(const gan_module *m, char *text, size_t size) {
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        if (finite(p->tensor)) continue;
        snprintf(text, size, "the %s \"%s\"", p->buffer ? "buffer" : "parameter", p->name);
        return true;
    }
    return false;
}

/* Layer by layer: a net may have more of them than can be tapped at once. */
static bool blame_layer(gan_module *root, const gan_module *m, gan_tensor *x, char *text, size_t size) {
    for (int i = 0; i < m->n_children; i++)
        if (blame_layer(root, m->children[i], x, text, size)) return true;
    const char *path = gan__path_below(root, m);
    if (m->n_children || !path || !*path) return false;
    gan_ctx *ctx = root->object.ctx;
    gan_scope_begin(ctx);
    gan_output out = gan_module_call(root, (gan_input){x, NULL}, (gan_call_opts){.taps = &path, .n_taps = 1});
    bool found = gan__ok(ctx) && out.n_taps == 1 && !finite(out.taps[0].t);
    gan_scope_end(ctx);
    if (found) snprintf(text, size, "the output of %s \"%s\"", m->type->name, path);
    return found;
}

bool gan_watch_blame(gan_module *m, gan_tensor *x, char *text, size_t size) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (size) *text = 0;
    if (gan_module_is_nil(m) || !gan__ok(ctx)) return false;
    if (blame_value(m, text, size)) return true;
    gan__aside aside = gan__aside_begin(m);
    bool found = gan__ok(ctx) && blame_layer(m, m, x, text, size);
    gan__aside_end(&aside);
    return found;
}
