/* Spectral norm (Miyato et al., 1802.05957), as torch.nn.utils.spectral_norm: the largest singular value by power iteration, one
 * step to a forward, which is enough because weights move slowly. */
#include <string.h>

#include "layer_impl.h"
#include "nn_impl.h"
#include "set.h"

/* A weight as [before, out, after]: PyTorch's matrix is [out, everything else], with `out` wherever our layout has it. */
typedef struct matrix {
    int64_t before, out, after;
} matrix;

static matrix matrix_of(const gan_param *w) {
    gan_shape s = gan_shape_of(w->tensor);
    if (w->layout == GAN_LAYOUT_CONV) return (matrix){s.d[0] * s.d[1] * s.d[2], s.d[3], 1};
    if (w->layout == GAN_LAYOUT_CONV_TRANSPOSE) return (matrix){s.d[0] * s.d[1], s.d[2], s.d[3]};
    return (matrix){1, s.d[0], gan_shape_count(s) / s.d[0]};
}

static gan_tensor *weight_view(gan_tensor *w, matrix m) { return gan_reshape(w, gan_shape3(m.before, m.out, m.after)); }
static gan_tensor *u_view(gan_tensor *u, matrix m) { return gan_reshape(u, gan_shape3(1, m.out, 1)); }
static gan_tensor *v_view(gan_tensor *v, matrix m) { return gan_reshape(v, gan_shape3(m.before, 1, m.after)); }

/* x/max(|x|, 1e-12), as PyTorch's F.normalize. */
static gan_tensor *unit(gan_tensor *x) {
    gan_tensor *norm = gan_sqrt(gan_sum(gan_square(x)));
    return gan_div(x, gan_maximum(norm, gan_scalar(gan_ctx_of(x), 1e-12)));
}

typedef struct pair {
    gan_tensor *u, *v; /* as u_view and v_view see them */
} pair;

static pair step(gan_tensor *w, pair p) {
    p.v = unit(gan_sum_axes(gan_mul(w, p.u), GAN_AXIS(1), true));
    p.u = unit(gan_sum_axes(gan_mul(w, p.v), GAN_AXIS(0) | GAN_AXIS(2), true));
    return p;
}

gan_tensor *gan__spectral_weight(gan_module *m, gan_call *call, int weight) {
    gan_ctx *ctx = gan_module_ctx(m);
    int u = weight + 1, v = weight + 2;
    matrix shape = matrix_of(&m->slots[weight].param);
    gan_tensor *w = gan_call_param(call, m, weight), *view = weight_view(w, shape);
    gan_no_record_begin(ctx); /* u and v are constants */
    pair p = {u_view(gan_call_param(call, m, u), shape), v_view(gan_call_param(call, m, v), shape)};
    if (gan_call_training(call, m)) {
        p = step(view, p);
        gan_call_write(call, m, u, gan_reshape(p.u, gan_shape1(shape.out)));
        gan_call_write(call, m, v, gan_reshape(p.v, gan_shape1(shape.before * shape.after)));
    }
    gan_tensor *outer = gan_mul(p.v, p.u); /* a copy, too: the next forward overwrites the buffers */
    gan_no_record_end(ctx);
    return gan_div(w, gan_sum(gan_mul(view, outer)));
}

/* --- making ----------------------------------------------------------------------------------------------- */

static void add(gan_module *m, const char *name, gan_tensor *values, gan_param layout) {
    layout.name = name;
    layout.tensor = values;
    layout.buffer = true;
    gan_module_add_param(m, layout);
}

/* The elements of v in PyTorch's order: a convolution's [in, kh, kw], a row's own. */
static gan_param layout_of_v(const gan_param *w) {
    gan_shape s = gan_shape_of(w->tensor);
    gan_param p = {.layout = GAN_LAYOUT_TO_HWC};
    if (w->layout == GAN_LAYOUT_CONV)
        memcpy(p.hwc, (int64_t[]){s.d[0], s.d[1], s.d[2]}, sizeof p.hwc);
    else if (w->layout == GAN_LAYOUT_CONV_TRANSPOSE)
        memcpy(p.hwc, (int64_t[]){s.d[0], s.d[1], s.d[3]}, sizeof p.hwc);
    else if (w->layout == GAN_LAYOUT_FROM_HWC)
        memcpy(p.hwc, w->hwc, sizeof p.hwc);
    else
        p.layout = GAN_LAYOUT_PLAIN;
    return p;
}

static gan_param layout_of_u(const gan_param *w) {
    gan_param p = {.layout = GAN_LAYOUT_PLAIN};
    if (w->layout != GAN_LAYOUT_TO_HWC) return p;
    p.layout = w->layout;
    memcpy(p.hwc, w->hwc, sizeof p.hwc);
    return p;
}

void gan__spectral_add(gan_module *m, int weight) {
    gan_ctx *ctx = gan_module_ctx(m);
    gan_param w = m->slots[weight].param; /* a copy: adding moves the slots */
    matrix shape = matrix_of(&w);
    gan_stream *init = gan_stream_named(ctx, "init");
    gan_scope_begin(ctx);
    gan_tensor *u = unit(gan_randn_from(init, gan_shape1(shape.out)));
    gan_tensor *v = unit(gan_randn_from(init, gan_shape1(shape.before * shape.after)));
    add(m, "weight_u", u, layout_of_u(&w));
    add(m, "weight_v", v, layout_of_v(&w));
    gan_scope_end(ctx);
    gan_spectral_refresh(m, NULL, GAN_SPECTRAL_START);
}

/* --- following weights from elsewhere --------------------------------------------------------------------- */

/* The slot behind `slot` in its owner, by name; the place that the constructor gave it. */
static const gan__slot *beside(const gan__slot *slot, int offset, const char *name) {
    const gan_module *m = slot->owner;
    const gan__slot *s = slot + offset;
    return s < m->slots + m->n_slots && !strcmp(s->param.name, name) && s->param.buffer ? s : NULL;
}

static int index_of(const gan__list *list, const gan__slot *slot) {
    int i = 0;
    while (list->slots[i] != slot) i++;
    return i;
}

static gan_tensor *value_of(const gan__list *list, const gan_set *set, int index) {
    return set ? gan_set_get(set, index) : list->params[index].tensor;
}

typedef void (*write_fn)(const gan_set *set, int index, gan_tensor *old, gan_tensor *value);

static void refresh(const gan__list *list, const gan_set *set, const gan__slot *slot, int iterations, write_fn write) {
    const gan__slot *slot_u = beside(slot, 1, "weight_u"), *slot_v = beside(slot, 2, "weight_v");
    if (strcmp(slot->param.name, "weight_orig") || !slot_u || !slot_v) return;
    matrix shape = matrix_of(&slot->param);
    gan_ctx *ctx = gan_module_ctx(slot->owner);
    int at_u = index_of(list, slot_u), at_v = index_of(list, slot_v);
    gan_tensor *u = value_of(list, set, at_u), *v = value_of(list, set, at_v);
    gan_tensor *w = weight_view(value_of(list, set, index_of(list, slot)), shape);
    pair p = {u_view(u, shape), v_view(v, shape)};
    for (int i = 0; i < iterations && gan__ok(ctx); i++) p = step(w, p);
    write(set, at_u, u, p.u);
    write(set, at_v, v, p.v);
}

static void overwrite(const gan_set *set, int index, gan_tensor *old, gan_tensor *value) {
    (void)set, (void)index;
    gan_assign(old, gan_data(value), gan_count(value));
}

/* No step of anybody's: nothing is completed by it, nor can it be taken back. */
static void replace(const gan_set *set, int index, gan_tensor *old, gan_tensor *value) {
    gan_tensor *t = gan_detach(gan_reshape(value, gan_shape_of(old)));
    if (!gan_is_nil(t)) gan__set_take(set, index, t);
}

static void refresh_all(gan_ctx *ctx, const gan__list *list, const gan_set *set, int iterations, write_fn write) {
    gan_no_record_begin(ctx);
    for (int i = 0; i < list->count && gan__ok(ctx); i++) {
        gan_scope_begin(ctx);
        refresh(list, set, list->slots[i], iterations, write);
        gan_scope_end(ctx);
    }
    gan_no_record_end(ctx);
}

void gan__spectral_settle(gan_module *m, const gan_set *set, int iterations) {
    gan_ctx *ctx = gan_module_ctx(m);
    const gan__list *list = gan__ok(ctx) ? gan__list_of(m) : NULL;
    if (list) refresh_all(ctx, list, set, iterations, replace);
}

void gan_spectral_refresh(gan_module *m, const gan_set *set, int iterations) {
    static const char who[] = "gan_spectral_refresh";
    gan_ctx *ctx = gan_module_ctx(m);
    const gan__list *list = gan__ok(ctx) ? gan__list_of(m) : NULL;
    if (list && iterations < 1) gan__raise(ctx, GAN_E_ARG, "%s: %d iterations; at least 1 is needed", who, iterations);
    if (list && set && gan_set_count(set) != list->count)
        gan__raise(ctx, GAN_E_ARG, "%s: the set has %d tensors, the module %d", who, gan_set_count(set), list->count);
    if (!list || !gan__ok(ctx)) return;
    gan__hold(ctx);
    refresh_all(ctx, list, set, iterations, overwrite);
    gan__unhold(ctx);
}
