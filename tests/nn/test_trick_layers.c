/* The layers that are tricks, against PyTorch and against their definitions: spectral norm, minibatch layers, self-attention,
 * virtual batch norm. */
#include "support/nn_golden.h"
#include "tensor/tensor_impl.h"

static gan_ctx *ctx;
static golden *values;

static int setup(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    values = golden_open("nn_tricks.safetensors");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    golden_close(values);
    gan_ctx_free(ctx);
    return 0;
}

/* --- golden values ---------------------------------------------------------------------------------------- */

static gan_conv_layer_opts uneven(bool transposed) {
    gan_conv_layer_opts o = {.kernel_h = 3, .kernel_w = 2, .conv = {.stride_h = 2, .pad = {1, 0, 1, 0}}, .spectral = true};
    o.conv.output_pad_h = transposed;
    return o;
}

static gan_conv_layer_opts no_bias(void) {
    gan_conv_layer_opts o = gan_conv_layer_square(3, 1, 0);
    o.no_bias = o.spectral = true;
    return o;
}

static gan_module *make_flatten(void) {
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_flatten_layer(ctx));
    const gan_linear_opts o = {.from_hwc = {2, 4, 3}, .no_bias = true, .spectral = true};
    gan_sequential_add(s, gan_linear_layer(ctx, 24, 5, o));
    return s;
}

static gan_module *make_reference(void) {
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_linear_layer(ctx, 4, 6, (gan_linear_opts){.no_bias = true}));
    gan_sequential_add(s, gan_virtual_batch_norm_layer(ctx, 6, 3, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_relu_layer(ctx));
    gan_sequential_add(s, gan_linear_layer(ctx, 6, 2, (gan_linear_opts){0}));
    return gan_with_reference(ctx, s, gan_zeros(ctx, gan_shape2(3, 4)));
}

static const gan_linear_opts spectral = {.spectral = true};
static const gan_minibatch_opts four_by_three = {.kernels = 4, .dims = 3}, four_by_two = {.kernels = 4, .dims = 2};

typedef struct named {
    const char *name;
    gan_module *m;
} named;

/* Gradients of <seed, y> by parameters and input, y being of the last batch in training mode. */
static void check_gradients(gan_module *m, const char *name, gan_tensor *x, gan_tensor *y, bool create_graph) {
    char key[256];
    gan_tensor *seed = golden_make(values, ctx, nn_key(key, name, "seed", ""));
    const gan_grad_opts o = {.seed = seed, .create_graph = create_graph};
    for (int i = 0; i < gan_module_param_count(m); i++) {
        const gan_param *p = gan_module_param(m, i);
        if (!p->buffer) nn_compare(values, nn_key(key, name, "grad.", p->name), gan_grad(y, p->tensor, o));
    }
    if (golden_has(values, nn_key(key, name, "grad.x", ""))) nn_compare(values, key, gan_grad(y, x, o));
    check_ok(ctx);
}

static void check_case(gan_module *m, const char *name) {
    char key[256];
    check_ok(ctx);
    nn_load(values, m, name);
    for (int i = 0; i < 3; i++) {
        gan_tensor *x = golden_make(values, ctx, nn_key(key, name, "x", (const char *[]){"0", "1", "2"}[i]));
        gan_tensor *y = gan_forward(m, x);
        check_ok(ctx);
        nn_compare(values, nn_key(key, name, "train", (const char *[]){"0", "1", "2"}[i]), y);
        if (i < 2) continue;
        check_gradients(m, name, x, y, false);
        check_gradients(m, name, x, y, true);
    }
}

static void test_trick_layer__values_gradients_and_buffers_are_pytorchs(void **state) {
    (void)state;
    const named cases[] = {
        {"linear", gan_linear_layer(ctx, 5, 3, spectral)},
        {"linear_from", make_flatten()},
        {"conv", gan_conv2d_layer(ctx, 3, 4, uneven(false))},
        {"conv_no_bias", gan_conv2d_layer(ctx, 2, 5, no_bias())},
        {"conv_transpose", gan_conv_transpose2d_layer(ctx, 3, 4, uneven(true))},
        {"embedding", gan_embedding_layer(ctx, 5, 3, (gan_embedding_opts){.spectral = true})},
        {"discrimination", gan_minibatch_discrimination_layer(ctx, gan_shape1(6), four_by_three)},
        {"discrimination_images", gan_minibatch_discrimination_layer(ctx, gan_shape3(2, 4, 3), four_by_two)},
        {"stddev", gan_minibatch_stddev_layer(ctx, 0)},
        {"stddev_points", gan_minibatch_stddev_layer(ctx, 3)},
        {"stddev_small", gan_minibatch_stddev_layer(ctx, 4)},
        {"attention", gan_self_attention_layer(ctx, 16, (gan_attention_opts){0})},
        {"attention_few", gan_self_attention_layer(ctx, 3, (gan_attention_opts){.pool_above = -1})},
        {"attention_pooled", gan_self_attention_layer(ctx, 8, (gan_attention_opts){.pool_above = 4, .spectral = true})},
        {"virtual", gan_virtual_batch_norm_layer(ctx, 3, 2, (gan_norm_opts){0})},
        {"virtual_points", gan_virtual_batch_norm_layer(ctx, 4, 3, (gan_norm_opts){0})},
        {"reference", make_reference()},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        check_case(cases[i].m, cases[i].name);
        nn_check_case(values, cases[i].m, cases[i].name);
    }
}

/* --- spectral norm ---------------------------------------------------------------------------------------- */

static gan_tensor *of(const gan_module *m, const char *name) { return gan_module_find(m, name)->tensor; }

static bool same(const gan_tensor *a, const gan_tensor *b) {
    return gan_count(a) == gan_count(b) && !memcmp(gan_data(a), gan_data(b), (size_t)gan_count(a) * sizeof(gan_real));
}

static void test_spectral__names_and_order_are_those_of_pytorchs_state_dict(void **state) {
    (void)state;
    const char *const names[] = {"bias", "weight_orig", "weight_u", "weight_v"};
    const named cases[] = {{"", gan_linear_layer(ctx, 5, 3, spectral)}, {"", gan_conv2d_layer(ctx, 3, 4, uneven(false))}};
    for (int i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(gan_module_param_count(cases[i].m), 4);
        for (int k = 0; k < 4; k++) {
            const gan_param *p = gan_module_param(cases[i].m, k);
            assert_string_equal(p->name, names[k]);
            assert_true(p->buffer == (k > 1) && p->no_decay == (k == 0));
        }
    }
    const gan_param *v = gan_module_find(cases[1].m, "weight_v");
    assert_int_equal(v->layout, GAN_LAYOUT_TO_HWC);
    assert_true(v->hwc[0] == 3 && v->hwc[1] == 2 && v->hwc[2] == 3);
}

/* diag(3, 1): sigma is 3, and the layer computes with diag(1, 1/3). */
static void check_sigma_is_three(gan_module *m, const gan_set *set) {
    gan_tensor *x = gan_from(ctx, gan_shape2(1, 2), (gan_real[]){1, 1});
    const gan_real *y = gan_data(gan_forward_with(m, set, x));
    check_ok(ctx);
    check_close(y[0], 1, 1e-5);
    check_close(y[1], 1.0 / 3, 1e-5);
}

static void test_spectral__refresh_finds_sigma_of_weights_from_elsewhere(void **state) {
    (void)state;
    gan_module *m = gan_linear_layer(ctx, 2, 2, (gan_linear_opts){.no_bias = true, .spectral = true});
    gan_set *set = gan_set_of(m);
    gan_assign(of(m, "weight_orig"), (gan_real[]){3, 0, 0, 1}, 4);
    gan_assign(of(m, "weight_u"), (gan_real[]){(gan_real)0.1, (gan_real)0.3}, 2); /* as averages are: not of length 1 */
    gan_set *own = gan_set_of(m);
    gan_module_train(m, false);
    gan_spectral_refresh(m, own, 15);
    check_sigma_is_three(m, own);
    check_close(gan_data(of(m, "weight_u"))[1], 0.3, 1e-6); /* the module's own is as it was */
    gan_spectral_refresh(m, NULL, 15);
    check_sigma_is_three(m, NULL);
    gan_spectral_refresh(m, NULL, 0);
    check_failed(ctx, GAN_E_ARG, "gan_spectral_refresh: 0 iterations");
    gan_set_free(set);
}

static void test_spectral__fresh_and_initialised_layers_are_ready_for_evaluation(void **state) {
    (void)state;
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_linear_layer(ctx, 30, 2, (gan_linear_opts){.no_bias = true, .spectral = true}));
    gan_module_train(m, false);
    for (int i = 0; i < 2; i++) {
        gan_tensor *x = gan_ones(ctx, gan_shape2(1, 30)), *y = gan_forward(m, x);
        gan_spectral_refresh(m, NULL, 300);
        gan_tensor *sure = gan_forward(m, x);
        check_close(gan_item(gan_norm_per_sample(y)) / gan_item(gan_norm_per_sample(sure)), 1, 1e-2);
        check_close(gan_item(gan_sum(gan_square(of(m, "0.weight_u")))), 1, 1e-5);
        gan_module_init(m, gan_init_dcgan());
    }
    check_ok(ctx);
}

static void test_spectral__two_forwards_before_one_gradient_are_not_stale(void **state) {
    (void)state;
    gan_module *m = gan_linear_layer(ctx, 3, 2, spectral);
    gan_tensor *x = gan_randn(ctx, gan_shape2(4, 3)), *w = of(m, "weight_orig");
    gan_tensor *loss = gan_add(gan_sum(gan_square(gan_forward(m, x))), gan_sum(gan_forward(m, x)));
    gan_tensor *g = gan_grad(loss, w, (gan_grad_opts){.create_graph = true});
    gan_grad(gan_sum(gan_square(g)), w, (gan_grad_opts){0});
    check_ok(ctx);
    /* W/sigma does not depend on W's length. */
    double along = gan_item(gan_sum(gan_mul(g, w))), length = sqrt(gan_item(gan_sum(gan_square(w))));
    check_close(along / length, 0, 1e-4);
}

static void test_spectral__a_call_on_a_set_moves_the_sets_vectors_only(void **state) {
    (void)state;
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_conv2d_layer(ctx, 3, 4, uneven(false)));
    gan_module_init(m, gan_init_xavier());
    gan_set *before = gan_set_of(m), *set = gan_set_of(m);
    gan_tensor *x = gan_randn(ctx, gan_shape4(2, 5, 6, 3));
    gan_tensor *y = gan_forward_with(m, set, x);
    for (int i = 0; i < 4; i++) assert_true(same(gan_set_get(before, i), gan_module_param(m, i)->tensor));
    for (int i = 2; i < 4; i++) assert_false(same(gan_set_get(before, i), gan_set_get(set, i)));
    assert_true(same(y, gan_forward(m, x)));
    for (int i = 0; i < 4; i++) assert_true(same(gan_set_get(set, i), gan_module_param(m, i)->tensor));
    check_ok(ctx);
}

/* --- minibatch layers ------------------------------------------------------------------------------------- */

static void test_minibatch__collapse_shows(void **state) {
    (void)state;
    gan_module *d = gan_minibatch_discrimination_layer(ctx, gan_shape1(3), (gan_minibatch_opts){0});
    gan_tensor *y = gan_forward(d, gan_ones(ctx, gan_shape2(6, 3)));
    check_ok(ctx);
    assert_int_equal(gan_shape_of(y).d[1], 103);
    for (int i = 3; i < 103; i++) check_close(gan_data(y)[i], 5, 1e-6); /* five others, all the same */
    gan_tensor *alone = gan_forward(d, gan_ones(ctx, gan_shape2(1, 3)));
    check_close(gan_data(alone)[3], 0, 0);
    gan_tensor *s = gan_forward(gan_minibatch_stddev_layer(ctx, 0), gan_ones(ctx, gan_shape4(6, 2, 2, 3)));
    assert_int_equal(gan_shape_of(s).d[3], 4);
    check_close(gan_data(s)[3], 1e-4, 1e-7); /* sqrt(1e-8) */
}

/* Samples of one group see each other, of others not: 6 fall into 2 groups of 3, i mod 2. */
static void test_stddev__groups_divide_the_batch(void **state) {
    (void)state;
    gan_real x[6] = {0, 5, 3, 5, 6, 5};
    gan_tensor *y = gan_forward(gan_minibatch_stddev_layer(ctx, 4), gan_from(ctx, gan_shape2(6, 1), x));
    check_ok(ctx);
    for (int i = 0; i < 6; i++) check_close(gan_data(y)[2 * i + 1], i % 2 ? 1e-4 : sqrt(6), 1e-5);
}

/* --- attention -------------------------------------------------------------------------------------------- */

static void test_attention__starts_as_the_identity_and_initialisers_leave_it_so(void **state) {
    (void)state;
    gan_module *m = gan_self_attention_layer(ctx, 8, (gan_attention_opts){0});
    gan_module_init(m, gan_init_dcgan());
    gan_tensor *x = gan_randn(ctx, gan_shape4(2, 3, 3, 8));
    gan_tensor *y = gan_forward(m, x);
    assert_true(same(x, y));
    gan_tensor *g = gan_grad(gan_sum(y), of(m, "gamma"), (gan_grad_opts){0});
    check_ok(ctx);
    assert_true(gan_item(g) != 0);
}

/* "Above 4" is not "from 4 on": there o is that of the full map. */
static void test_attention__pools_keys_and_values_of_large_maps_only(void **state) {
    (void)state;
    gan_module *four = gan_self_attention_layer(ctx, 8, (gan_attention_opts){.pool_above = 4});
    gan_module *never = gan_self_attention_layer(ctx, 8, (gan_attention_opts){.pool_above = -1});
    gan_assign(of(four, "gamma"), (gan_real[]){1}, 1);
    gan_set *values_of_four = gan_set_of(four);
    for (int side = 4; side < 6; side++) {
        gan_tensor *x = gan_randn(ctx, gan_shape4(1, side, 4, 8));
        assert_int_equal(same(gan_forward(four, x), gan_forward_with(never, values_of_four, x)), side == 4);
    }
    gan_tensor *large = gan_randn(ctx, gan_shape4(1, 2, 33, 8)); /* by default above 32 */
    gan_module *usual = gan_self_attention_layer(ctx, 8, (gan_attention_opts){0});
    assert_false(same(gan_forward_with(usual, values_of_four, large), gan_forward_with(never, values_of_four, large)));
    check_ok(ctx);
}

/* A penalty on the input's gradient, differentiated by the weights. */
static gan_tensor *penalty(void *user, gan_tensor *const *x, int n) {
    (void)n;
    gan_tensor *y = gan_sum(gan_square(gan_forward(user, x[0])));
    return gan_sum(gan_norm_per_sample(gan_grad(y, x[0], (gan_grad_opts){.create_graph = true})));
}

static void test_trick_layer__gradient_penalties_reach_the_weights(void **state) {
    (void)state;
    const struct {
        gan_module *m;
        gan_shape x;
        const char *weight;
    } cases[] = {
        {gan_self_attention_layer(ctx, 8, (gan_attention_opts){.pool_above = 2}), gan_shape4(2, 3, 4, 8), "f.weight"},
        {gan_minibatch_discrimination_layer(ctx, gan_shape1(3), four_by_three), gan_shape2(4, 3), "weight"},
        {gan_conv2d_layer(ctx, 3, 4, uneven(false)), gan_shape4(2, 3, 4, 3), "weight_orig"},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        const gan_param *gamma = gan_module_find(cases[i].m, "gamma");
        if (gamma) gan_assign(gamma->tensor, (gan_real[]){1}, 1);
        gan_tensor *x = gan_randn(ctx, cases[i].x);
        gan_tensor *p = penalty(cases[i].m, &x, 1);
        gan_tensor *g = gan_grad(p, of(cases[i].m, cases[i].weight), (gan_grad_opts){0});
        check_ok(ctx);
        assert_true(gan_item(gan_sum(gan_square(g))) > 0);
#ifdef GAN_DOUBLE
        gan_module_train(cases[i].m, false); /* power iteration would make u and v functions of nothing that moves */
        assert_true(gan_grad_check(penalty, cases[i].m, &x, 1, (gan_check_opts){.order = 1}) < 1e-6);
        check_ok(ctx);
#endif
    }
}

/* The weights of a batch would take 8 MB here, those of one sample 1 MB: what is in use while the graph is alive shows it. */
static void test_attention__keeps_no_weights_of_the_batch(void **state) {
    (void)state;
    gan_scope_begin(ctx);
    gan_tensor *q = gan_randn(ctx, gan_shape3(8, 512, 1)), *k = gan_randn(ctx, gan_shape3(8, 512, 1));
    gan_tensor *v = gan_randn(ctx, gan_shape3(8, 512, 1));
    size_t before = gan_ctx_memory(ctx).in_use, weights = (size_t)8 * 512 * 512 * sizeof(gan_real);
    gan_tensor *y = gan_attention(q, k, v);
    gan_tensor *g = gan_grad(gan_sum(gan_square(y)), q, (gan_grad_opts){.create_graph = true});
    gan_grad(gan_sum(gan_square(g)), k, (gan_grad_opts){0});
    check_ok(ctx);
    assert_true(gan_ctx_memory(ctx).in_use - before < weights / 8);
    gan_scope_end(ctx);
}

/* --- virtual batch norm ----------------------------------------------------------------------------------- */

static void test_virtual__samples_do_not_see_each_other(void **state) {
    (void)state;
    gan_module *m = make_reference();
    gan_assign(of(m, "reference"), gan_data(gan_randn(ctx, gan_shape2(3, 4))), 12);
    gan_tensor *x = gan_randn(ctx, gan_shape2(5, 4));
    gan_tensor *all = gan_forward(m, x), *one = gan_forward(m, gan_slice(x, 0, 2, 1));
    check_ok(ctx);
    assert_int_equal(gan_shape_of(all).d[0], 5);
    for (int i = 0; i < 2; i++) check_close(gan_data(all)[2 * 2 + i], gan_data(one)[i], 1e-5);
}

/* --- what is refused -------------------------------------------------------------------------------------- */

static void refused(gan_module *m, const char *part) {
    assert_true(gan_module_is_nil(m));
    check_failed(ctx, GAN_E_ARG, part);
}

static void test_trick_layer__bad_arguments_are_named(void **state) {
    (void)state;
    const gan_minibatch_opts none = {0};
    refused(gan_minibatch_discrimination_layer(ctx, gan_shape2(2, 2), none), "2 dimensions");
    refused(gan_minibatch_discrimination_layer(ctx, gan_shape1(0), none), "a dimension is 0");
    refused(gan_minibatch_discrimination_layer(ctx, gan_shape1(2), (gan_minibatch_opts){.kernels = -1}), "kernels is -1");
    refused(gan_minibatch_discrimination_layer(ctx, gan_shape1(2), (gan_minibatch_opts){.dims = -1}), "dims is -1");
    refused(gan_minibatch_stddev_layer(ctx, -4), "gan_minibatch_stddev_layer: group is -4");
    refused(gan_self_attention_layer(ctx, 0, (gan_attention_opts){0}), "gan_self_attention_layer: channels is 0");
    refused(gan_virtual_batch_norm_layer(ctx, 0, 2, (gan_norm_opts){0}), "channels is 0");
    refused(gan_virtual_batch_norm_layer(ctx, 2, 0, (gan_norm_opts){0}), "reference is 0");
    refused(gan_virtual_batch_norm_layer(ctx, 2, 1, (gan_norm_opts){.eps = -1}), "eps is -1");
    refused(gan_with_reference(ctx, NULL, gan_zeros(ctx, gan_shape1(2))), "is nil");
    const named cases[] = {
        {"MinibatchDiscrimination", gan_minibatch_discrimination_layer(ctx, gan_shape1(3), none)},
        {"MinibatchStddev", gan_minibatch_stddev_layer(ctx, 0)},
        {"SelfAttention", gan_self_attention_layer(ctx, 8, (gan_attention_opts){0})},
        {"VirtualBatchNorm", gan_virtual_batch_norm_layer(ctx, 4, 3, (gan_norm_opts){0})},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_forward(cases[i].m, gan_ones(ctx, gan_shape3(2, 4, 4)));
        check_failed(ctx, GAN_E_SHAPE, cases[i].name);
    }
    gan_forward(cases[3].m, gan_ones(ctx, gan_shape2(2, 4)));
    check_failed(ctx, GAN_E_SHAPE, "the 3 samples of the reference batch");
}

static gan_module *make_nth(int n) {
    const gan_attention_opts o = {.spectral = true};
    if (n % 3 == 0) return gan_self_attention_layer(ctx, 4, o);
    if (n % 3 == 1) return gan_minibatch_discrimination_layer(ctx, gan_shape3(2, 2, 2), four_by_two);
    return gan_virtual_batch_norm_layer(ctx, 3, 2, (gan_norm_opts){0});
}

static void test_trick_layer__a_failed_allocation_while_making_one_leaks_nothing(void **state) {
    (void)state;
    gan_scope_begin(ctx);
    for (int i = 0; i < 3; i++) gan_module_free(make_nth(i));
    gan__commit(ctx);
    size_t before = gan_ctx_memory(ctx).in_use;
    for (int kind = 0; kind < 3; kind++) {
        bool failed = true;
        for (int n = 1; failed; n++) {
            gan_scope_begin(ctx);
            gan_ctx_fail_alloc(ctx, n);
            gan_module *m = make_nth(kind);
            gan_ctx_fail_alloc(ctx, 0);
            failed = gan_ctx_status(ctx) != GAN_OK;
            assert_int_equal(gan_module_is_nil(m), failed);
            gan_scope_end(ctx);
            gan_module_free(m);
            gan_ctx_clear(ctx);
            size_t after = gan_ctx_memory(ctx).in_use;
            if (after != before) fail_msg("layer %d, request %d failed: %zu bytes are in use, not %zu", kind, n, after, before);
        }
    }
    gan_scope_end(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trick_layer__values_gradients_and_buffers_are_pytorchs),
        cmocka_unit_test(test_spectral__names_and_order_are_those_of_pytorchs_state_dict),
        cmocka_unit_test(test_spectral__refresh_finds_sigma_of_weights_from_elsewhere),
        cmocka_unit_test(test_spectral__fresh_and_initialised_layers_are_ready_for_evaluation),
        cmocka_unit_test(test_spectral__two_forwards_before_one_gradient_are_not_stale),
        cmocka_unit_test(test_spectral__a_call_on_a_set_moves_the_sets_vectors_only),
        cmocka_unit_test(test_minibatch__collapse_shows),
        cmocka_unit_test(test_stddev__groups_divide_the_batch),
        cmocka_unit_test(test_attention__starts_as_the_identity_and_initialisers_leave_it_so),
        cmocka_unit_test(test_attention__pools_keys_and_values_of_large_maps_only),
        cmocka_unit_test(test_trick_layer__gradient_penalties_reach_the_weights),
        cmocka_unit_test(test_attention__keeps_no_weights_of_the_batch),
        cmocka_unit_test(test_virtual__samples_do_not_see_each_other),
        cmocka_unit_test(test_trick_layer__bad_arguments_are_named),
        cmocka_unit_test(test_trick_layer__a_failed_allocation_while_making_one_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
