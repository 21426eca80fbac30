/* Initialisers, from the stream "init" in the order of the parameters. */
#include <math.h>
#include <string.h>

#include "nn_impl.h"

gan_init gan_init_dcgan(void) { return (gan_init){GAN_INIT_NORMAL, 0.02}; }
gan_init gan_init_xavier(void) { return (gan_init){GAN_INIT_XAVIER, 1}; }
gan_init gan_init_he(void) { return (gan_init){GAN_INIT_HE, 1}; }
gan_init gan_init_orthogonal(void) { return (gan_init){GAN_INIT_ORTHOGONAL, 1}; }

typedef struct fans {
    double in, out;
} fans;

/* What is PyTorch's first dimension is our last one. */
static bool by_last(const gan_param *p) {
    return p->layout == GAN_LAYOUT_CONV || p->layout == GAN_LAYOUT_CONV_TRANSPOSE;
}

/* PyTorch's: its weights are [a, b, rest] with fan_in = b*rest and fan_out = a*rest, for transposed convolution too, where a is
 * the layer's input. */
static fans fans_of(const gan_param *p) {
    gan_shape s = p->tensor->shape;
    double rest = 1;
    if (s.ndim == 4 && by_last(p)) {
        rest = (double)(s.d[0] * s.d[1]);
        return (fans){(double)s.d[2] * rest, (double)s.d[3] * rest};
    }
    for (int i = 2; i < s.ndim; i++) rest *= (double)s.d[i];
    return (fans){(double)s.d[1] * rest, (double)s.d[0] * rest};
}

static bool is_named(const gan_param *p, const char *name) {
    size_t n = strlen(p->name), k = strlen(name);
    return n >= k && !strcmp(p->name + n - k, name);
}

static bool is_weight(const gan_param *p) { return !p->buffer && !p->no_decay && p->tensor->shape.ndim >= 2; }
static bool is_norm_weight(const gan_param *p) { return !p->buffer && p->no_decay && !is_named(p, "bias"); }
static bool is_bias(const gan_param *p) { return !p->buffer && p->no_decay && is_named(p, "bias"); }

/* --- filling: values come in as raw draws ----------------------------------------------------------------- */

static void fill(gan_real *p, int64_t n, double value) {
    for (int64_t i = 0; i < n; i++) p[i] = (gan_real)value;
}

/* p = mean + gain*N(0, 1) or mean + gain*U(-1, 1). */
static void draw(gan_ctx *ctx, gan_real *p, int64_t n, bool normal, double mean, double gain) {
    gan_stream *stream = gan_stream_named(ctx, "init");
    gan_tensor *t = normal ? gan_randn_from(stream, gan_shape1(n)) : gan_rand_from(stream, gan_shape1(n));
    const gan_real *z = gan_data(t);
    for (int64_t i = 0; z && i < n; i++) p[i] = (gan_real)(mean + gain * (normal ? (double)z[i] : 2 * (double)z[i] - 1));
    gan_release(t);
}

/* Saxe et al. (1312.6120): the rows of a matrix are what one output sees (PyTorch's view of a weight). */
static void orthogonal(gan_ctx *ctx, const gan_param *param, gan_real *p, double gain) {
    gan_shape s = param->tensor->shape;
    int64_t n = gan_shape_count(s);
    bool last = by_last(param);
    int64_t side = last ? s.d[s.ndim - 1] : s.d[0];
    draw(ctx, p, n, true, 0, 1);
    if (gan__ok(ctx)) gan__orthogonalise(ctx, p, last ? n / side : side, last ? side : n / side, gain);
}

static void weight(gan_ctx *ctx, const gan__slot *slot, gan_real *p, gan_init init) {
    const gan_param *param = &slot->param;
    int64_t n = gan_count(param->tensor);
    fans f = fans_of(param);
    bool embedding = slot->owner->type == &gan__embedding_type;
    switch (init.kind) {
    case GAN_INIT_DEFAULT: draw(ctx, p, n, embedding, 0, embedding ? 1 : 1 / sqrt(f.in)); break;
    case GAN_INIT_NORMAL: draw(ctx, p, n, true, 0, init.gain); break;
    case GAN_INIT_XAVIER: draw(ctx, p, n, false, 0, init.gain * sqrt(6 / (f.in + f.out))); break;
    case GAN_INIT_HE: draw(ctx, p, n, true, 0, init.gain * sqrt(2 / f.in)); break;
    case GAN_INIT_ORTHOGONAL: orthogonal(ctx, param, p, init.gain); break;
    }
}

static void norm_weight(gan_ctx *ctx, const gan__slot *slot, gan_real *p, gan_init init) {
    if (init.kind == GAN_INIT_NORMAL)
        draw(ctx, p, gan_count(slot->param.tensor), true, 1, init.gain);
    else
        fill(p, gan_count(slot->param.tensor), 1);
}

/* PyTorch draws a bias by the fan of the weight beside it. */
static void bias(gan_ctx *ctx, const gan__slot *slot, gan_real *p, gan_init init) {
    int64_t n = gan_count(slot->param.tensor);
    const gan_module *m = slot->owner;
    for (int i = 0; i < m->n_slots && init.kind == GAN_INIT_DEFAULT; i++)
        if (is_weight(&m->slots[i].param)) {
            draw(ctx, p, n, false, 0, 1 / sqrt(fans_of(&m->slots[i].param).in));
            return;
        }
    fill(p, n, 0);
}

/* What one kind of parameter is filled by. */
static const struct {
    bool (*is)(const gan_param *p);
    void (*fill)(gan_ctx *ctx, const gan__slot *slot, gan_real *p, gan_init init);
} rules[] = {{is_weight, weight}, {is_norm_weight, norm_weight}, {is_bias, bias}};

static void initialise(gan_ctx *ctx, const gan__slot *slot, gan_init init) {
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (!rules[i].is(&slot->param) || !gan_count(slot->param.tensor)) continue;
        gan_real *p = gan__overwrite(slot->param.tensor, false);
        if (p) rules[i].fill(ctx, slot, p, init);
        return;
    }
}

void gan_module_init(gan_module *m, gan_init init) {
    gan_ctx *ctx = gan_module_ctx(m);
    const gan__list *list = gan__ok(ctx) ? gan__list_of(m) : NULL;
    if (!list) return;
    if ((unsigned)init.kind > GAN_INIT_ORTHOGONAL || !isfinite(init.gain)) {
        gan__raise(ctx, GAN_E_ARG, "gan_module_init: kind %d with gain %g is no initialiser", (int)init.kind, init.gain);
        return;
    }
    gan_scope_begin(ctx);
    for (int i = 0; i < list->count && gan__ok(ctx); i++) initialise(ctx, list->slots[i], init);
    gan_scope_end(ctx);
    gan_spectral_refresh(m, NULL, GAN_SPECTRAL_START); /* u and v follow their new weights */
    gan__commit(ctx); /* a later error does not bring the old values back */
}
