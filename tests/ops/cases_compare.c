/* Attention, and the similarity of samples. */
#include "op_cases.h"

#define CALL(name, expr) \
    static gan_tensor *call_##name(gan_tensor *const *in) { return (expr); }

CALL(attention, gan_attention(in[0], in[1], in[2]))
CALL(similarity, gan_batch_similarity(in[0]))

static const op_case cases[] = {
    {"gan_attention", "attention", call_attention, 3, 2, 0},
    {"gan_attention", "attention_one", call_attention, 3, 2, 0},
    {"gan_attention", "attention_empty", call_attention, 3, 2, 0},
    {"gan_batch_similarity", "similarity", call_similarity, 1, 2, 0},
    {"gan_batch_similarity", "similarity_pair", call_similarity, 1, 2, 0},
    {"gan_batch_similarity", "similarity_alone", call_similarity, 1, 2, 0},
    {"gan_batch_similarity", "similarity_collapsed", call_similarity, 1, 0, 0},
};

#define BAD(name, expr) \
    static gan_tensor *bad_##name(gan_ctx *ctx) { return (expr); }
#define ZEROS_3(a, b, c) gan_zeros(ctx, gan_shape3(a, b, c))

BAD(depth, gan_attention(ZEROS_3(2, 3, 4), ZEROS_3(2, 5, 6), ZEROS_3(2, 5, 1)))
BAD(pixels, gan_attention(ZEROS_3(2, 3, 4), ZEROS_3(2, 5, 4), ZEROS_3(2, 6, 1)))
BAD(samples, gan_attention(ZEROS_3(1, 3, 4), ZEROS_3(2, 5, 4), ZEROS_3(2, 5, 1)))
BAD(values, gan_attention(ZEROS_3(2, 3, 4), ZEROS_3(2, 5, 4), ZEROS_3(1, 5, 1)))
BAD(flat_q, gan_attention(gan_zeros(ctx, gan_shape2(3, 4)), ZEROS_3(2, 5, 4), ZEROS_3(2, 5, 1)))
BAD(no_keys, gan_attention(ZEROS_3(2, 3, 4), ZEROS_3(2, 0, 4), ZEROS_3(2, 0, 1)))
BAD(flat_m, gan_batch_similarity(gan_zeros(ctx, gan_shape2(3, 4))))

static const op_bad bads[] = {
    {"gan_attention", bad_depth, {"[2, 3, 4]", "[2, 5, 6]"}},  {"gan_attention", bad_pixels, {"[2, 5, 4]", "[2, 6, 1]"}},
    {"gan_attention", bad_samples, {"[1, 3, 4]", "[2, 5, 4]"}}, {"gan_attention", bad_values, {"[2, 5, 4]", "[1, 5, 1]"}},
    {"gan_attention", bad_flat_q, {"q is [3, 4]", NULL}},       {"gan_attention", bad_no_keys, {"k is [2, 0, 4]", NULL}},
    {"gan_batch_similarity", bad_flat_m, {"[3, 4]", NULL}},
};

static const op_large larges[] = {
    {"gan_attention", call_attention, 3, {{3, {2, 150, 9}}, {3, {2, 130, 9}}, {3, {2, 130, 33}}}},
    {"gan_batch_similarity", call_similarity, 1, {{3, {65, 50, 5}}}},
};

OP_GROUP(compare);
