/* Every layer against PyTorch, in training and in evaluation mode; what constructors refuse. */
#include "support/nn_golden.h"
#include "tensor/tensor_impl.h"

static gan_ctx *ctx;
static golden *values;

static int setup(void **state) {
    (void)state;
    ctx = gan_ctx_new((gan_ctx_opts){.seed = 5, .threads = 2});
    values = golden_open("nn.safetensors");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    golden_close(values);
    gan_ctx_free(ctx);
    return 0;
}

/* --- golden values ---------------------------------------------------------------------------------------- */

static gan_module *make_conv(bool transposed) {
    gan_conv_layer_opts o = {.kernel_h = 3, .kernel_w = 2, .conv = {.stride_h = 2, .pad = {1, 0, 1, 0}}};
    o.conv.output_pad_h = transposed;
    return transposed ? gan_conv_transpose2d_layer(ctx, 3, 4, o) : gan_conv2d_layer(ctx, 3, 4, o);
}

static gan_module *make_flatten(void) {
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_flatten_layer(ctx));
    gan_sequential_add(s, gan_linear_layer(ctx, 24, 5, (gan_linear_opts){.from_hwc = {2, 4, 3}}));
    return s;
}

static gan_module *make_reshape(void) {
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_linear_layer(ctx, 5, 24, (gan_linear_opts){.to_hwc = {2, 4, 3}}));
    gan_sequential_add(s, gan_reshape_layer(ctx, gan_shape3(2, 4, 3)));
    return s;
}

static const gan_pool_opts window = {.size_h = 3, .size_w = 2, .stride_h = 2, .stride_w = 1, .pad = {1, 0, 1, 0}};

static void test_layer__values_and_buffers_are_pytorchs(void **state) {
    (void)state;
    const struct {
        const char *name;
        gan_module *m;
    } cases[] = {
        {"linear", gan_linear_layer(ctx, 5, 3, (gan_linear_opts){0})},
        {"linear_no_bias", gan_linear_layer(ctx, 5, 3, (gan_linear_opts){.no_bias = true})},
        {"conv", make_conv(false)},
        {"conv_transpose", make_conv(true)},
        {"batch_norm", gan_batch_norm_layer(ctx, 3, (gan_norm_opts){.eps = 1e-3, .momentum = 0.3})},
        {"batch_norm_points", gan_batch_norm_layer(ctx, 4, (gan_norm_opts){0})},
        {"batch_norm_plain", gan_batch_norm_layer(ctx, 2, (gan_norm_opts){.no_affine = true})},
        {"layer_norm", gan_layer_norm_layer(ctx, gan_shape3(2, 4, 3), (gan_norm_opts){0})},
        {"layer_norm_points", gan_layer_norm_layer(ctx, gan_shape1(6), (gan_norm_opts){.eps = 1e-2})},
        {"instance_norm", gan_instance_norm_layer(ctx, 3, (gan_norm_opts){0})},
        {"embedding", gan_embedding_layer(ctx, 5, 3, (gan_embedding_opts){0})},
        {"flatten", make_flatten()},
        {"reshape", make_reshape()},
        {"leaky_relu", gan_leaky_relu_layer(ctx, 0.3)},
        {"relu", gan_relu_layer(ctx)},
        {"tanh", gan_tanh_layer(ctx)},
        {"sigmoid", gan_sigmoid_layer(ctx)},
        {"softplus", gan_softplus_layer(ctx)},
        {"maxout", gan_maxout_layer(ctx, 3)},
        {"pixel_shuffle", gan_pixel_shuffle_layer(ctx, 2)},
        {"upsample", gan_upsample_layer(ctx, 2)},
        {"avg_pool", gan_avg_pool_layer(ctx, window)},
        {"max_pool", gan_max_pool_layer(ctx, window)},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) nn_check_case(values, cases[i].m, cases[i].name);
}

/* --- details that golden values do not show --------------------------------------------------------------- */

static void test_batch_norm__running_statistics_do_not_enter_the_graph(void **state) {
    (void)state;
    gan_module *m = gan_batch_norm_layer(ctx, 2, (gan_norm_opts){0});
    gan_tensor *x = gan_randn(ctx, gan_shape2(5, 2));
    gan_tensor *y = gan_sum(gan_square(gan_forward(m, x)));
    gan_forward(m, x); /* moves the buffers on; y's graph must not be stale */
    gan_tensor *g = gan_grad(y, x, (gan_grad_opts){0});
    check_ok(ctx);
    assert_int_equal(gan_count(g), 10);
    gan_grad(y, gan_module_find(m, "running_mean")->tensor, (gan_grad_opts){0});
    check_failed(ctx, GAN_E_GRAPH, "running_mean");
}

static void test_batch_norm__refuses_one_value_per_channel_in_training_only(void **state) {
    (void)state;
    gan_module *m = gan_batch_norm_layer(ctx, 2, (gan_norm_opts){0});
    gan_tensor *x = gan_ones(ctx, gan_shape2(1, 2));
    assert_true(gan_is_nil(gan_forward(m, x)));
    check_failed(ctx, GAN_E_SHAPE, "2 values per channel");
    gan_module_train(m, false);
    check_close(gan_data(gan_forward(m, x))[1], 1 / sqrt(1 + 1e-5), 1e-6);
    check_ok(ctx);
}

static double share_of_zeros(const gan_tensor *t) {
    const gan_real *p = gan_data(t);
    int64_t zeros = 0, n = gan_count(t);
    for (int64_t i = 0; i < n; i++) zeros += p[i] == 0;
    return (double)zeros / (double)n;
}

static void test_dropout__draws_by_its_path_in_training_and_rests_in_evaluation(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx);
    gan_module *a = gan_sequential_add(s, gan_dropout_layer(ctx, 0.25)), *b = gan_sequential_add(s, gan_dropout_layer(ctx, 0.25));
    gan_tensor *x = gan_ones(ctx, gan_shape1(10000));
    gan_stream *of_a = gan_stream_named(ctx, "module/0"), *of_b = gan_stream_named(ctx, "module/1");
    gan_tensor *y = gan_forward(s, x);
    check_ok(ctx);
    assert_true(gan_stream_position(of_a) > 0 && gan_stream_position(of_b) > 0);
    check_close(share_of_zeros(y), 1 - 0.75 * 0.75, 0.02);
    int64_t before = gan_stream_position(of_a);
    gan_module_train(s, false);
    assert_true(!gan_module_is_training(a) && !gan_module_is_training(b));
    check_close(share_of_zeros(gan_forward(s, x)), 0, 0);
    assert_int_equal(gan_stream_position(of_a), before);
}

static void test_dropout__as_noise_goes_on_in_evaluation_without_touching_training(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_dropout_always_layer(ctx, 0.25));
    gan_tensor *x = gan_ones(ctx, gan_shape1(10000));
    gan_stream *of_training = gan_stream_named(ctx, "module/0");
    check_close(share_of_zeros(gan_forward(s, x)), 0.25, 0.02);
    int64_t position = gan_stream_position(of_training);
    gan_module_train(s, false);
    gan_tensor *a = gan_forward(s, x), *b = gan_forward(s, x);
    check_ok(ctx);
    check_close(share_of_zeros(a), 0.25, 0.02);
    assert_memory_not_equal(gan_data(a), gan_data(b), 10000 * sizeof(gan_real));
    assert_int_equal(gan_stream_position(of_training), position);
}

static void check_layout(gan_module *m, const char *name, gan_layout layout, int h, int w, int c) {
    const gan_param *p = gan_module_find(m, name);
    assert_int_equal(p->layout, layout);
    assert_true(p->hwc[0] == h && p->hwc[1] == w && p->hwc[2] == c);
}

static void test_layer__declares_how_pytorch_lays_its_parameters_out(void **state) {
    (void)state;
    gan_module *plain = gan_linear_layer(ctx, 24, 5, (gan_linear_opts){0}), *norm;
    check_layout(make_conv(false), "weight", GAN_LAYOUT_CONV, 0, 0, 0);
    check_layout(make_conv(true), "weight", GAN_LAYOUT_CONV_TRANSPOSE, 0, 0, 0);
    check_layout(make_conv(true), "bias", GAN_LAYOUT_PLAIN, 0, 0, 0);
    check_layout(make_flatten(), "1.weight", GAN_LAYOUT_FROM_HWC, 2, 4, 3);
    check_layout(make_flatten(), "1.bias", GAN_LAYOUT_PLAIN, 0, 0, 0);
    check_layout(make_reshape(), "0.weight", GAN_LAYOUT_TO_HWC, 2, 4, 3);
    check_layout(make_reshape(), "0.bias", GAN_LAYOUT_TO_HWC, 2, 4, 3);
    check_layout(plain, "weight", GAN_LAYOUT_PLAIN, 0, 0, 0);
    norm = gan_layer_norm_layer(ctx, gan_shape3(2, 4, 3), (gan_norm_opts){0});
    check_layout(norm, "weight", GAN_LAYOUT_IMAGE, 2, 4, 3);
    check_layout(norm, "bias", GAN_LAYOUT_IMAGE, 2, 4, 3);
    check_ok(ctx);
}

/* --- what constructors refuse ----------------------------------------------------------------------------- */

static void refused(gan_module *m, const char *part) {
    assert_true(gan_module_is_nil(m));
    assert_ptr_equal(gan_module_ctx(m), ctx);
    check_failed(ctx, GAN_E_ARG, part);
}

static void test_layer__bad_arguments_are_named(void **state) {
    (void)state;
    const gan_conv_layer_opts k3 = gan_conv_layer_square(3, 1, 0);
    gan_conv_layer_opts o = k3;
    refused(gan_linear_layer(ctx, 0, 3, (gan_linear_opts){0}), "gan_linear_layer: in is 0");
    refused(gan_linear_layer(ctx, 3, -1, (gan_linear_opts){0}), "gan_linear_layer: out is -1");
    refused(gan_linear_layer(ctx, 12, 1, (gan_linear_opts){.from_hwc = {2, 3, 4}}), "from_hwc is [2, 3, 4], not 12");
    refused(gan_linear_layer(ctx, 4, 4, (gan_linear_opts){.from_hwc = {1, 2, 2}, .to_hwc = {1, 2, 2}}), "both");
    refused(gan_conv2d_layer(ctx, 0, 3, k3), "gan_conv2d_layer: in is 0");
    refused(gan_conv2d_layer(ctx, 3, 0, k3), "gan_conv2d_layer: out is 0");
    refused(gan_conv2d_layer(ctx, 3, 3, (gan_conv_layer_opts){0}), "kernel_h is 0");
    o.conv.stride_w = -2;
    refused(gan_conv2d_layer(ctx, 3, 3, o), "stride_w is -2");
    o = k3, o.conv.pad[2] = -1;
    refused(gan_conv_transpose2d_layer(ctx, 3, 3, o), "gan_conv_transpose2d_layer: pad[2] is -1");
    o = k3, o.conv.output_pad_h = 1;
    refused(gan_conv_transpose2d_layer(ctx, 3, 3, o), "output_pad_h is 1");
    o.conv.stride_h = 2;
    refused(gan_conv2d_layer(ctx, 3, 3, o), "output_pad_h is 1");
    refused(gan_batch_norm_layer(ctx, 0, (gan_norm_opts){0}), "gan_batch_norm_layer: channels is 0");
    refused(gan_batch_norm_layer(ctx, 1, (gan_norm_opts){.momentum = 1.5}), "momentum is 1.5");
    refused(gan_instance_norm_layer(ctx, 1, (gan_norm_opts){.eps = -1}), "gan_instance_norm_layer: eps is -1");
    refused(gan_layer_norm_layer(ctx, gan_shape0(), (gan_norm_opts){0}), "0 dimensions");
    refused(gan_layer_norm_layer(ctx, gan_shape2(3, 0), (gan_norm_opts){0}), "a dimension is 0");
    refused(gan_dropout_layer(ctx, 1), "gan_dropout_layer: p is 1");
    refused(gan_dropout_layer(ctx, NAN), "p is nan");
    refused(gan_dropout_always_layer(ctx, -1), "gan_dropout_always_layer: p is -1");
    refused(gan_maxout_layer(ctx, 0), "gan_maxout_layer: pieces is 0");
    refused(gan_embedding_layer(ctx, 0, 2, (gan_embedding_opts){0}), "gan_embedding_layer: count is 0");
    refused(gan_embedding_layer(ctx, 2, 0, (gan_embedding_opts){0}), "dim is 0");
    refused(gan_reshape_layer(ctx, gan_shape5(1, 1, 1, 1, 1)), "5 dimensions");
    refused(gan_reshape_layer(ctx, gan_shape2(3, -1)), "a dimension is -1");
    refused(gan_pixel_shuffle_layer(ctx, -2), "r is -2");
    refused(gan_upsample_layer(ctx, 0), "factor is 0");
    refused(gan_avg_pool_layer(ctx, (gan_pool_opts){.size_h = 2}), "gan_avg_pool_layer: size_w is 0");
    refused(gan_max_pool_layer(ctx, (gan_pool_opts){.size_h = 2, .size_w = 3, .pad = {0, 3}}), "pad[1] is 3");
}

static void test_layer__errors_of_ops_say_in_which_layer(void **state) {
    (void)state;
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_relu_layer(ctx));
    gan_sequential_add(s, gan_linear_layer(ctx, 3, 2, (gan_linear_opts){0}));
    gan_forward(s, gan_ones(ctx, gan_shape2(2, 4)));
    check_failed(ctx, GAN_E_SHAPE, "(in Linear \"1\")");
    const gan_shape wrong[] = {gan_shape2(2, 4), gan_shape1(3), gan_shape3(2, 4, 3)};
    gan_module *norms[] = {gan_batch_norm_layer(ctx, 5, (gan_norm_opts){0}),
                           gan_layer_norm_layer(ctx, gan_shape2(2, 2), (gan_norm_opts){0}),
                           gan_instance_norm_layer(ctx, 3, (gan_norm_opts){0})};
    for (int i = 0; i < 9; i++) {
        gan_forward(norms[i / 3], gan_ones(ctx, wrong[i % 3]));
        check_failed(ctx, GAN_E_SHAPE, "Norm");
    }
}

static void check_tensors_close(const gan_tensor *a, const gan_tensor *b, double tolerance) {
    assert_true(gan_count(a) == gan_count(b) && gan_count(a) > 0);
    for (int64_t i = 0; i < gan_count(a); i++) check_close((double)gan_data(a)[i], (double)gan_data(b)[i], tolerance);
}

/* Batch norm and the activation behind it are one op, unless someone looks between them. */
static void test_sequential__runs_norm_and_activation_as_one_with_the_same_result(void **state) {
    (void)state;
    for (int k = 0; k < 3; k++) {
        gan_scope_begin(ctx);
        gan_module *nets[2];
        gan_tensor *y[2], *grads[2][3], *x = gan_randn(ctx, gan_shape4(3, 4, 5, 6)), *g = gan_randn(ctx, gan_shape4(3, 4, 5, 6));
        for (int watched = 0; watched < 2; watched++) {
            gan_module *s = nets[watched] = gan_sequential(ctx);
            gan_sequential_add(s, gan_batch_norm_layer(ctx, 6, (gan_norm_opts){0}));
            gan_sequential_add(s, k == 0 ? gan_relu_layer(ctx) : gan_leaky_relu_layer(ctx, k == 1 ? 0.2 : -0.5));
            gan_output out = gan_module_call(s, (gan_input){x, NULL},
                                             (gan_call_opts){.taps = (const char *[]){"*"}, .n_taps = watched});
            y[watched] = out.y;
            assert_int_equal(out.n_taps, 2 * watched);
            gan_tensor *wrt[] = {x, gan_module_find(s, "0.weight")->tensor, gan_module_find(s, "0.bias")->tensor};
            gan_grads(out.y, wrt, 3, grads[watched], (gan_grad_opts){.seed = g});
        }
        check_ok(ctx);
        check_tensors_close(y[0], y[1], 1e-5);
        for (int i = 0; i < 3; i++) check_tensors_close(grads[0][i], grads[1][i], 1e-4);
        const char *const buffers[] = {"0.running_mean", "0.running_var", "0.num_batches_tracked"};
        for (int i = 0; i < 3; i++)
            check_tensors_close(gan_module_find(nets[0], buffers[i])->tensor, gan_module_find(nets[1], buffers[i])->tensor, 0);
        gan_scope_end(ctx);
    }
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_batch_norm_layer(ctx, 6, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_relu_layer(ctx));
    gan_forward(s, gan_ones(ctx, gan_shape2(2, 4)));
    check_failed(ctx, GAN_E_SHAPE, "(in BatchNorm \"0\")");
}

/* A layer and the activation behind it likewise: the same bits. */
static void test_sequential__runs_products_and_activations_as_one_with_the_same_result(void **state) {
    (void)state;
    for (int k = 0; k < 9; k++) {
        gan_scope_begin(ctx);
        gan_module *s = gan_sequential(ctx);
        gan_conv_layer_opts o = gan_conv_layer_square(4, 2, 1);
        gan_sequential_add(s, k % 3 == 0   ? gan_linear_layer(ctx, 6, 20, (gan_linear_opts){.no_bias = k > 5})
                              : k % 3 == 1 ? gan_conv2d_layer(ctx, 6, 20, o)
                                           : gan_conv_transpose2d_layer(ctx, 6, 20, o));
        gan_sequential_add(s, k / 3 == 0 ? gan_relu_layer(ctx) : gan_leaky_relu_layer(ctx, k / 3 == 1 ? 0.2 : -0.5));
        gan_tensor *x = gan_randn(ctx, k % 3 ? gan_shape4(3, 4, 8, 6) : gan_shape2(9, 6)), *g = NULL;
        const gan_param *bias = gan_module_find(s, "0.bias");
        gan_tensor *y[2], *grads[2][3], *wrt[] = {x, gan_module_find(s, "0.weight")->tensor, bias ? bias->tensor : x};
        static const char *const pairs[] = {"gan_linear_leaky", "gan_conv2d_leaky", "gan_conv_transpose2d_leaky"};
        for (int watched = 0; watched < 2; watched++) {
            gan_output out = gan_module_call(s, (gan_input){x, NULL},
                                             (gan_call_opts){.taps = (const char *[]){"*"}, .n_taps = watched});
            y[watched] = out.y;
            assert_int_equal(out.n_taps, 2 * watched);
            if (!g) g = gan_randn(ctx, gan_shape_of(out.y));
            assert_int_equal(!strcmp(out.y->node->op->name, pairs[k % 3]), !watched && k / 3 < 2);
            gan_grads(out.y, wrt, 3, grads[watched], (gan_grad_opts){.seed = g});
        }
        check_ok(ctx);
        check_tensors_close(y[0], y[1], 0);
        for (int i = 0; i < 3; i++) check_tensors_close(grads[0][i], grads[1][i], i == 2 ? 1e-6 : 0);
        gan_scope_end(ctx);
    }
    gan_module *s = gan_sequential(ctx);
    gan_sequential_add(s, gan_linear_layer(ctx, 6, 2, (gan_linear_opts){0}));
    gan_sequential_add(s, gan_relu_layer(ctx));
    gan_forward(s, gan_ones(ctx, gan_shape2(2, 4)));
    check_failed(ctx, GAN_E_SHAPE, "(in Linear \"0\")");
}

typedef struct conv_case {
    bool transposed, bias, norm, evaluate;
} conv_case;

static gan_module *conv_net(conv_case k) {
    gan_module *s = gan_sequential(ctx);
    gan_conv_layer_opts o = gan_conv_layer_square(4, 2, 1);
    o.no_bias = !k.bias;
    gan_sequential_add(s, k.transposed ? gan_conv_transpose2d_layer(ctx, 5, 20, o) : gan_conv2d_layer(ctx, 5, 20, o));
    if (k.norm) gan_sequential_add(s, gan_batch_norm_layer(ctx, 20, (gan_norm_opts){0}));
    gan_sequential_add(s, gan_relu_layer(ctx));
    gan_module_train(s, !k.evaluate);
    return s;
}

/* A convolution whose result goes straight to a batch norm in training takes its moments on the way; no other does. */
static void test_sequential__takes_moments_where_they_will_be_asked_for(void **state) {
    (void)state;
    for (int k = 0; k < 16; k++) {
        conv_case how = {k & 1, k & 2, k & 4, k & 8};
        gan_scope_begin(ctx);
        gan_module *net = conv_net(how);
        gan_tensor *x = gan_randn(ctx, gan_shape4(3, 6, 8, 5)), *weight = gan_module_find(net, "0.weight")->tensor;
        gan_output out = gan_module_call(net, (gan_input){x, NULL}, (gan_call_opts){.taps = (const char *[]){"0"}, .n_taps = 1});
        gan_tensor *y = out.taps[0].t;
        check_ok(ctx);
        assert_int_equal(y->storage->moments != NULL, how.norm && !how.evaluate);
        if (y->storage->moments) {
            const gan_conv_opts o = gan_conv_square(2, 1);
            gan_tensor *plain = how.transposed ? gan_conv_transpose2d(x, weight, o) : gan_conv2d(x, weight, o), *stats;
            if (how.bias) plain = gan_add(plain, gan_module_find(net, "0.bias")->tensor);
            gan_tensor *z = gan_relu(gan_batch_norm(plain, NULL, NULL, 1e-5, &stats));
            assert_null(plain->storage->moments);
            check_tensors_close(out.y, z, 1e-4);
            gan_tensor *g = gan_randn(ctx, gan_shape_of(z)), *grads[2];
            gan_grads(out.y, &weight, 1, &grads[0], (gan_grad_opts){.seed = g});
            gan_grads(z, &weight, 1, &grads[1], (gan_grad_opts){.seed = g});
            check_tensors_close(grads[0], grads[1], 1e-3);
        }
        gan_scope_end(ctx);
    }
}

/* They are of values that are gone. */
static void test_batch_norm__of_a_result_written_over_knows_the_new_values(void **state) {
    (void)state;
    gan_scope_begin(ctx);
    gan_no_record_begin(ctx);
    gan_tensor *x = gan_randn(ctx, gan_shape4(3, 6, 8, 5)), *stats, *other;
    gan_tensor *y = gan_module_call(conv_net((conv_case){.norm = true}), (gan_input){x, NULL},
                                    (gan_call_opts){.taps = (const char *[]){"0"}, .n_taps = 1})
                        .taps[0].t;
    gan_tensor *next = gan_randn(ctx, gan_shape_of(y));
    gan__hold(ctx);
    for (int times = 0; times < 3; times++) { /* later ones write in place */
        gan_batch_norm(y, NULL, NULL, 1e-5, &stats);
        assert_int_equal(y->storage->moments != NULL, times == 0);
        if (times == 0) assert_ptr_equal(stats->storage, y->storage->moments);
        gan_assign(y, gan_data(next), gan_count(next));
        gan_batch_norm(y, NULL, NULL, 1e-5, &stats);
        gan_batch_norm(next, NULL, NULL, 1e-5, &other);
        check_tensors_close(stats, other, 0);
        next = gan_add_scalar(next, 3);
    }
    gan__unhold(ctx);
    check_ok(ctx);
    gan_no_record_end(ctx);
    gan_scope_end(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layer__values_and_buffers_are_pytorchs),
        cmocka_unit_test(test_batch_norm__running_statistics_do_not_enter_the_graph),
        cmocka_unit_test(test_batch_norm__refuses_one_value_per_channel_in_training_only),
        cmocka_unit_test(test_dropout__draws_by_its_path_in_training_and_rests_in_evaluation),
        cmocka_unit_test(test_dropout__as_noise_goes_on_in_evaluation_without_touching_training),
        cmocka_unit_test(test_layer__declares_how_pytorch_lays_its_parameters_out),
        cmocka_unit_test(test_layer__bad_arguments_are_named),
        cmocka_unit_test(test_layer__errors_of_ops_say_in_which_layer),
        cmocka_unit_test(test_sequential__runs_norm_and_activation_as_one_with_the_same_result),
        cmocka_unit_test(test_sequential__runs_products_and_activations_as_one_with_the_same_result),
        cmocka_unit_test(test_sequential__takes_moments_where_they_will_be_asked_for),
        cmocka_unit_test(test_batch_norm__of_a_result_written_over_knows_the_new_values),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
