/* The classifier as a net, and what it says. */
#include <gan/classifier.h>
#include <math.h>
#include <string.h>

#include "../models/pieces.h"
#include "classifier_impl.h"
#include "rows.h"

typedef struct classifier {
    gan__model model; /* first, as all models have it */
    gan_classifier_opts opts;
} classifier;

static gan_tensor *forward(gan_module *m, gan_call *call, gan_tensor *x) {
    if (!gan__model_takes(m, x)) return x;
    return gan_call_child(call, gan_module_child(m, "head"), gan_call_child(call, gan__model_main(m), x));
}

static const gan_module_type classifier_type = {
    .name = "Classifier",
    .forward = forward,
    .describe = gan__model_describe,
    .data_bytes = sizeof(classifier),
};

gan_classifier_opts gan_classifier_for(const gan_dataset *data) {
    gan_shape s = gan_dataset_shape(data);
    if (s.ndim != 3) return (gan_classifier_opts){0};
    return (gan_classifier_opts){
        .height = s.d[0], .width = s.d[1], .channels = (int)s.d[2], .classes = gan_dataset_classes(data), .dropout = .3};
}

/* --- making ----------------------------------------------------------------------------------------------- */

static bool opts_fit(gan_ctx *ctx, gan_classifier_opts *o) {
    static const char who[] = "gan_classifier_new";
    if (!gan__ok(ctx)) return false;
    if (!o->filters) o->filters = 24;
    if (!o->features) o->features = 128;
    if (!gan__model_count(ctx, who, "height", o->height) || !gan__model_count(ctx, who, "width", o->width) ||
        !gan__model_count(ctx, who, "channels", o->channels) || !gan__model_count(ctx, who, "filters", o->filters) ||
        !gan__model_count(ctx, who, "features", o->features))
        return false;
    if (o->classes < 2)
        gan__raise(ctx, GAN_E_ARG, "%s: %lld classes, must be at least 2", who, (long long)o->classes);
    else if (!(o->dropout >= 0 && o->dropout < 1))
        gan__raise(ctx, GAN_E_ARG, "%s: dropout is %g, outside [0, 1)", who, o->dropout);
    return gan__ok(ctx);
}

/* The maximum comes before norm and activation, which then have a quarter of the work. */
static gan_shape add_stage(gan_ctx *ctx, gan_module *main, gan_shape map, int64_t out) {
    bool halve = map.d[0] >= 4 && map.d[1] >= 4;
    gan__model_add(main, gan_conv2d_layer(ctx, map.d[2], out, gan__same_size(3, false, false)));
    if (halve) gan__model_add(main, gan_max_pool_layer(ctx, (gan_pool_opts){.size_h = 2, .size_w = 2}));
    gan__model_add(main, gan_batch_norm_layer(ctx, out, (gan_norm_opts){0}));
    gan__model_add(main, gan_relu_layer(ctx));
    return halve ? gan_shape3(map.d[0] / 2, map.d[1] / 2, out) : gan_shape3(map.d[0], map.d[1], out);
}

static void add_features(gan_ctx *ctx, gan_module *main, gan_shape map, const gan_classifier_opts *o) {
    gan_linear_opts flat = {.no_bias = true, .from_hwc = {map.d[0], map.d[1], map.d[2]}};
    gan__model_add(main, gan_flatten_layer(ctx));
    gan__model_add(main, gan_linear_layer(ctx, gan_shape_count(map), o->features, flat));
    gan__model_add(main, gan_batch_norm_layer(ctx, o->features, (gan_norm_opts){0}));
    gan__model_add(main, gan_relu_layer(ctx));
    gan__model_add(main, gan__dropout_piece(ctx, o->dropout, false));
}

gan_module *gan_classifier_new(gan_ctx *ctx, gan_classifier_opts o) {
    if (!opts_fit(ctx, &o)) return gan__nil_module(ctx);
    gan_stream *init =
        gan_stream_named(ctx, "init"); /* a GAN's nets, made later, are to be the same with and without a classifier */
    int64_t before = gan_stream_position(init);
    gan_shape map = gan_shape3(o.height, o.width, o.channels);
    gan_module *m = gan__model_new(ctx, &classifier_type, map), *main = gan__model_main(m);
    int64_t out = o.filters;
    do {
        map = add_stage(ctx, main, map, out);
        if (out < 8 * o.filters) out *= 2;
    } while (map.d[0] >= 6 && map.d[1] >= 6);
    add_features(ctx, main, map, &o);
    gan__model_adopt(m, "head", gan_linear_layer(ctx, o.features, o.classes, (gan_linear_opts){0}));
    gan_module_init(m, gan_init_he());
    classifier *own = gan_module_data(m);
    if (own) own->opts = o;
    gan_stream_seek(init, before);
    return gan__model_made(ctx, m);
}

bool gan__is_classifier(gan_module *m, const char *who) {
    gan_ctx *ctx = gan_module_ctx(m);
    if (!gan__ok(ctx)) return false;
    if (!gan_module_is_nil(m) && m->type == &classifier_type) return true;
    gan__raise(ctx, GAN_E_ARG, "%s: the module is %s%s", who, gan_module_is_nil(m) ? "nil" : "no classifier but a ",
               gan_module_is_nil(m) ? "" : m->type->name);
    return false;
}

gan_classifier_opts gan__classifier_opts(const gan_module *m) { return ((const classifier *)gan_module_data(m))->opts; }

gan_shape gan__classifier_sample(const gan_module *m) { return ((const classifier *)gan_module_data(m))->model.sample; }

int64_t gan__classifier_classes(const gan_module *m) { return gan__classifier_opts(m).classes; }

/* --- what it says ----------------------------------------------------------------------------------------- */

gan_tensor *gan_classify(gan_module *m, gan_tensor *x) {
    if (!gan__is_classifier(m, "gan_classify")) return gan__nil(gan_module_ctx(m));
    gan_ctx *ctx = gan_module_ctx(m);
    gan_scope_begin(ctx);
    gan_tensor *label = gan_scope_return(gan_top_class(gan_features(m, x, (gan_feature_opts){0})));
    gan_scope_end(ctx);
    return label;
}

#define MOST_LABELS (1 << 24) /* whole numbers that a float32 tells apart */

static int64_t combinations(int64_t classes, int64_t channels) {
    int64_t count = 1;
    for (int64_t i = 0; i < channels && count <= MOST_LABELS; i++) count *= classes;
    return count;
}

/* Channel after channel, each digit of the label by itself. */
static gan_tensor *stacked_labels(gan_module *m, gan_tensor *x, int64_t classes) {
    gan_ctx *ctx = gan_module_ctx(m);
    gan_shape s = gan_shape_of(x);
    gan_tensor *label = gan_zeros(ctx, gan_shape1(s.d[0]));
    for (int64_t channel = 0; channel < s.d[3] && gan__ok(ctx); channel++) {
        gan_scope_begin(ctx);
        const gan_real *one = gan_data(gan_classify(m, gan_slice(x, 3, channel, 1)));
        gan_real *all = gan_op_write(label);
        for (int64_t i = 0; one && all && i < s.d[0]; i++) all[i] = all[i] * (gan_real)classes + one[i];
        gan_scope_end(ctx);
    }
    if (gan__ok(ctx)) return label;
    gan_release(label);
    return gan__nil(ctx);
}

gan_tensor *gan_classify_stacked(gan_module *m, gan_tensor *x) {
    static const char who[] = "gan_classify_stacked";
    gan_ctx *ctx = gan_module_ctx(m);
    if (!gan__is_classifier(m, who) || !gan__usable(ctx, x, who)) return gan__nil(ctx);
    gan_shape s = gan_shape_of(x);
    char text[GAN_SHAPE_TEXT];
    int64_t classes = gan__classifier_classes(m);
    if (s.ndim != 4)
        gan__raise(ctx, GAN_E_SHAPE, "%s: the samples have shape %s, must be [n, h, w, k]", who, gan_shape_text(s, text));
    else if (combinations(classes, s.d[3]) > MOST_LABELS)
        gan__raise(ctx, GAN_E_ARG, "%s: %lld classes in %lld channels are more than 2^24 labels", who, (long long)classes,
                   (long long)s.d[3]);
    if (!gan__ok(ctx)) return gan__nil(ctx);
    gan_no_record_begin(ctx);
    gan_tensor *label = stacked_labels(m, x, classes);
    gan_no_record_end(ctx);
    return label;
}

double gan_classifier_accuracy(gan_module *m, gan_dataset *data, gan_part part, int64_t start, int64_t n) {
    if (!gan__is_classifier(m, "gan_classifier_accuracy")) return NAN;
    gan_ctx *ctx = gan_module_ctx(m);
    int64_t right = 0;
    gan_scope_begin(ctx);
    gan_tensor *said = gan_top_class(gan_data_features(m, data, part, start, n, (gan_feature_opts){0}));
    const gan_real *got = gan_data(said), *want = got ? gan_data(gan_data_labels(data, part, start, n)) : NULL;
    for (int64_t i = 0; want && i < n; i++) right += got[i] == want[i];
    gan_scope_end(ctx);
    return want && gan__ok(ctx) ? (double)right / (double)n : NAN;
}
