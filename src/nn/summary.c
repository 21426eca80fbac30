/* A table of a module's layers, from a dry run that leaves no trace. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn_impl.h"

/* --- a dry run -------------------------------------------------------------------------------------------- */

static void dry_run(gan_module *m, gan_shape input, gan__trace *trace) {
    gan_ctx *ctx = m->object.ctx;
    gan__aside aside = gan__aside_begin(m);
    gan_scope_begin(ctx);
    gan__call_traced(m, (gan_input){.x = gan_zeros(ctx, input)}, (gan_call_opts){0}, trace);
    gan_scope_end(ctx);
    gan__aside_end(&aside);
}

/* --- text ------------------------------------------------------------------------------------------------- */

typedef struct text {
    char *p; /* from malloc: it becomes the caller's. NULL: there was no memory */
    size_t used, room;
} text;

/* Adds a line without the spaces at its end. */
static void print(text *t, const char *format, ...) GAN_PRINTF(2, 3);
static void print(text *t, const char *format, ...) {
    char line[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (!t->p || n < 0) return;
    size_t bytes = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    while (bytes && line[bytes - 1] == ' ') bytes--;
    line[bytes++] = '\n';
    if (t->used + bytes + 1 > t->room) {
        t->room = 2 * (t->room + bytes);
        char *bigger = realloc(t->p, t->room);
        if (!bigger) free(t->p);
        t->p = bigger;
        if (!bigger) return;
    }
    memcpy(t->p + t->used, line, bytes);
    t->used += bytes;
    t->p[t->used] = 0;
}

#define NUMBER_TEXT 32

/* "1,234,567"; "" for 0, which most layers have. */
static const char *grouped(int64_t value, char out[NUMBER_TEXT]) {
    char digits[NUMBER_TEXT];
    int n = value ? snprintf(digits, sizeof digits, "%" PRId64, value) : 0, k = 0;
    for (int i = 0; i < n && k + 2 < NUMBER_TEXT; i++) {
        if (i && (n - i) % 3 == 0) out[k++] = ',';
        out[k++] = digits[i];
    }
    out[k] = 0;
    return out;
}

static int64_t own_count(const gan_module *m, bool buffers) {
    int64_t count = 0;
    for (int i = 0; i < m->n_slots; i++)
        if (m->slots[i].param.buffer == buffers) count += gan_count(m->slots[i].param.tensor);
    return count;
}

static int64_t tree_count(const gan_module *m, bool buffers) {
    int64_t count = own_count(m, buffers);
    for (int i = 0; i < m->n_children; i++) count += tree_count(m->children[i], buffers);
    return count;
}

#define LAYER 40 /* columns of the second column */
#define ROW "%-14.14s %-40s %-17s %11s %14s"

/* "Conv2d(3, 64, k4 s2 p1)"; "..." where it is too long. */
static const char *layer_text(const gan_module *m, char out[LAYER + 1]) {
    char what[256] = "";
    if (m->type->describe) m->type->describe(m, what, sizeof what);
    int n = snprintf(out, LAYER + 1, what[0] ? "%s(%s)" : "%s", m->type->name, what);
    if (n > LAYER) memcpy(out + LAYER - 3, "...", 4);
    return out;
}

/* The end of a path says more than its beginning. */
static const char *path_text(const gan_module *root, const gan_module *m) {
    const char *path = m == root ? "" : gan__path_below(root, m);
    size_t n = path ? strlen(path) : 0;
    return !path ? "" : n > 14 ? path + n - 14 : path;
}

static int64_t multiply_adds(const gan__trace_row *row) {
    return row->module->type->multiply_adds ? row->module->type->multiply_adds(row->module, row->in, row->out) : 0;
}

static void print_table(text *t, const gan_module *m, const gan__trace *trace) {
    char layer[LAYER + 1], shape[GAN_SHAPE_TEXT], a[NUMBER_TEXT], b[NUMBER_TEXT];
    int64_t total = 0;
    print(t, ROW, "path", "layer", "output", "parameters", "multiply-adds");
    for (int i = 0; i < trace->count; i++) {
        const gan__trace_row *row = &trace->rows[i];
        int64_t ops = multiply_adds(row);
        total += ops;
        print(t, ROW, path_text(m, row->module), layer_text(row->module, layer), gan_shape_text(row->out, shape),
              grouped(own_count(row->module, false), a), grouped(ops, b));
    }
    print(t, ROW, "total", "", "", grouped(tree_count(m, false), a), grouped(total, b));
    int64_t buffers = tree_count(m, true);
    if (buffers) print(t, ROW, "buffers", "", "", grouped(buffers, a), "");
}

char *gan_module_summary(gan_module *m, gan_shape input) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (gan_module_is_nil(m) || !gan__ok(ctx)) return NULL;
    gan__trace trace = {0};
    dry_run(m, input, &trace);
    text t = {.room = 1024};
    if (gan__ok(ctx)) {
        t.p = malloc(t.room);
        print_table(&t, m, &trace);
        if (!t.p) gan__raise(ctx, GAN_E_MEMORY, "gan_module_summary: out of memory");
    }
    gan__free(ctx, trace.rows);
    return t.p;
}
