/* What is looked at of samples, gathered block by block: of many large images the features alone are kept. */
#include <gan/op.h>
#include <string.h>

#include "judge_impl.h"

enum { BLOCK = 240 };

gan_tensor *gan__draw_part(void *part, int64_t start, int64_t n) {
    const gan__part *p = part;
    return (p->part == GAN_PART_TRAINING ? gan_dataset_training : gan_dataset_held_out)(p->data, p->start + start, n).x;
}

/* Copies as many rows of a block as still fit into `all` [most, ...], which is made when the first one tells the shape. */
static void add_rows(gan_ctx *ctx, gan_tensor **all, gan_tensor *block, int64_t start, int64_t most) {
    gan_shape s = gan_shape_of(block);
    if (gan_is_nil(block) || start >= most) return;
    int64_t each = gan_shape_count(s) / s.d[0], rows = s.d[0] < most - start ? s.d[0] : most - start;
    s.d[0] = most;
    if (!*all) *all = gan_scope_return(gan_empty(ctx, s));
    gan_real *to = gan__ok(ctx) ? gan_op_write(*all) : NULL;
    if (to) memcpy(to + start * each, gan_data(block), (size_t)(rows * each) * sizeof *to);
}

static bool block_fits(gan_ctx *ctx, const gan_judge *j, const gan_tensor *x, int64_t rows) {
    gan_shape s = gan_shape_of(x), wanted = gan_dataset_shape(j->real.data);
    char text[GAN_SHAPE_TEXT];
    if (!gan__ok(ctx) || gan_is_nil(x)) return false;
    bool fits = s.ndim == wanted.ndim + 1 && s.d[0] == rows && !memcmp(s.d + 1, wanted.d, (size_t)wanted.ndim * sizeof *s.d);
    if (!fits)
        gan__raise(ctx, GAN_E_SHAPE, "gan_judge: %lld samples were to be drawn, of the data's shape, and came as %s",
                   (long long)rows, gan_shape_text(s, text));
    return fits;
}

static void add_block(gan_ctx *ctx, const gan_judge *j, gan__sample_set *set, gan_tensor *x, int64_t start) {
    bool classes = gan__wants(j, GAN_MEASURE_CLASSIFIER_SCORE, GAN_MEASURE_MODES) || j->wanted[GAN_MEASURE_REVERSE_KL];
    bool balls = gan__wants(j, GAN_MEASURE_PRECISION, GAN_MEASURE_COVERAGE);
    if (j->classifier && (classes || balls || gan__wants(j, GAN_MEASURE_CLASSIFIER_FID, GAN_MEASURE_KID))) {
        gan_tensor *f = gan_features(j->classifier, x, (gan_feature_opts){.tap = GAN_CLASSIFIER_TAP, .block = BLOCK});
        add_rows(ctx, &set->features, f, start, j->n);
        gan_module *head = gan_module_child(j->classifier, "head");
        if (classes) add_rows(ctx, &set->logits, gan_features(head, f, (gan_feature_opts){.block = BLOCK}), start, j->n);
    }
    add_rows(ctx, &set->plain, x, start, j->n_plain);
}

gan__sample_set gan__sample_set_of(const gan_judge *j, gan_draw_fn draw, void *user) {
    gan_ctx *ctx = j->object.ctx;
    gan__sample_set set = {NULL, NULL, NULL};
    gan_no_record_begin(ctx);
    for (int64_t i = 0; i < j->n && gan__ok(ctx); i += BLOCK) {
        int64_t rows = j->n - i < BLOCK ? j->n - i : BLOCK;
        gan_scope_begin(ctx);
        gan_tensor *x = draw(user, i, rows);
        if (block_fits(ctx, j, x, rows)) add_block(ctx, j, &set, x, i);
        gan_scope_end(ctx);
    }
    gan_no_record_end(ctx);
    return set;
}
