#include "io_support.h"

#include "io/weights.h"

#define GOLDEN(name) GAN_TESTS_DIR "/golden/" name

/* The model of tests/golden/make_io.py. */
static gan_module *model(gan_ctx *ctx) {
    gan_module *m = gan_sequential(ctx);
    gan_conv_layer_opts up = gan_conv_layer_square(3, 2, 1), down = gan_conv_layer_square(2, 1, 0);
    up.kernel_w = 2;
    down.kernel_w = 3;
    gan_sequential_add(m, gan_linear_layer(ctx, 5, 24, (gan_linear_opts){.to_hwc = {2, 4, 3}}));
    gan_sequential_add(m, gan_reshape_layer(ctx, gan_shape3(2, 4, 3)));
    gan_sequential_add(m, gan_conv_transpose2d_layer(ctx, 3, 2, up));
    gan_sequential_add(m, gan_batch_norm_layer(ctx, 2, (gan_norm_opts){0}));
    gan_sequential_add(m, gan_leaky_relu_layer(ctx, 0.2));
    gan_sequential_add(m, gan_conv2d_layer(ctx, 2, 4, down));
    gan_sequential_add(m, gan_layer_norm_layer(ctx, gan_shape3(2, 4, 4), (gan_norm_opts){0}));
    gan_sequential_add(m, gan_flatten_layer(ctx));
    gan_sequential_add(m, gan_linear_layer(ctx, 32, 3, (gan_linear_opts){.from_hwc = {2, 4, 4}}));
    check_ok(ctx);
    return m;
}

static int same_values(gan_module *a, gan_module *b) {
    int same = 0;
    for (int i = 0; i < gan_module_param_count(a); i++) {
        gan_tensor *x = gan_module_param(a, i)->tensor, *y = gan_module_param(b, i)->tensor;
        same += !memcmp(gan_data(x), gan_data(y), (size_t)gan_count(x) * sizeof(gan_real));
    }
    return same;
}

static gan_tensor *golden_tensor(fixture *f, const char *name, gan_shape shape) {
    gan__st *file = gan__st_open(f->ctx, GOLDEN("io_model_pass.safetensors"), "test");
    gan_tensor *t = gan_zeros(f->ctx, shape);
    gan_real *values = malloc((size_t)gan_count(t) * sizeof *values);
    assert_true(gan__st_read_real(file, gan__st_find(file, name), values));
    gan_assign(t, values, gan_count(t));
    free(values);
    gan__st_close(file);
    return t;
}

static void check_tensor(gan_tensor *got, gan_tensor *wanted) {
    assert_true(gan_shape_equal(gan_shape_of(got), gan_shape_of(wanted)));
    for (int64_t i = 0; i < gan_count(got); i++) check_close(gan_data(got)[i], gan_data(wanted)[i], 2e-6);
}

/* --- layouts ---------------------------------------------------------------------------------------------- */

/* An element's place in PyTorch's order, from its place in ours: by formula, layout by layout. */
static int64_t place_conv(const int64_t i[4], const int64_t d[4]) { /* [kh,kw,in,out] to [out,in,kh,kw] */
    return ((i[3] * d[2] + i[2]) * d[0] + i[0]) * d[1] + i[1];
}
static int64_t place_from_hwc(const int64_t i[4], const int64_t d[4]) { /* [out,h,w,c] to [out,c,h,w] */
    return ((i[0] * d[3] + i[3]) * d[1] + i[1]) * d[2] + i[2];
}
static int64_t place_to_hwc(const int64_t i[4], const int64_t d[4]) { /* [h,w,c,in] to [c,h,w,in] */
    return ((i[2] * d[0] + i[0]) * d[1] + i[1]) * d[3] + i[3];
}
static int64_t place_plain(const int64_t i[4], const int64_t d[4]) { return ((i[0] * d[1] + i[1]) * d[2] + i[2]) * d[3] + i[3]; }

static const struct {
    gan_layout layout;
    gan_shape shape, there;
    int64_t hwc[3], d[4];
    int64_t (*place)(const int64_t i[4], const int64_t d[4]);
} layouts[] = {
    {GAN_LAYOUT_PLAIN, {2, {4, 15}}, {2, {4, 15}}, {0}, {2, 2, 3, 5}, place_plain},
    {GAN_LAYOUT_CONV, {4, {2, 3, 4, 5}}, {4, {5, 4, 2, 3}}, {0}, {2, 3, 4, 5}, place_conv},
    {GAN_LAYOUT_CONV_TRANSPOSE, {4, {2, 3, 4, 5}}, {4, {5, 4, 2, 3}}, {0}, {2, 3, 4, 5}, place_conv},
    {GAN_LAYOUT_FROM_HWC, {2, {5, 24}}, {2, {5, 24}}, {2, 3, 4}, {5, 2, 3, 4}, place_from_hwc},
    {GAN_LAYOUT_TO_HWC, {2, {24, 5}}, {2, {24, 5}}, {2, 3, 4}, {2, 3, 4, 5}, place_to_hwc},
    {GAN_LAYOUT_TO_HWC, {1, {24}}, {1, {24}}, {2, 3, 4}, {2, 3, 4, 1}, place_to_hwc},
    {GAN_LAYOUT_IMAGE, {3, {2, 3, 4}}, {3, {4, 2, 3}}, {0}, {2, 3, 4, 1}, place_to_hwc},
};

static void test_layouts__move_each_element_to_its_place_and_back(void **state) {
    fixture *f = *state;
    for (int l = 0; l < COUNT_OF(layouts); l++) {
        const gan_param p = {.tensor = gan_zeros(f->ctx, layouts[l].shape),
                             .layout = layouts[l].layout,
                             .hwc = {layouts[l].hwc[0], layouts[l].hwc[1], layouts[l].hwc[2]}};
        gan_real ours[120], theirs[120], back[120];
        const int64_t *d = layouts[l].d;
        int64_t n = gan_count(p.tensor);
        assert_true(gan_shape_equal(gan__layout_shape(&p), layouts[l].there));
        for (int i = 0; i < n; i++) ours[i] = (gan_real)i, back[i] = -1;
        gan__layout_to_file(&p, ours, theirs);
        for (int64_t i = 0; i < n; i++) {
            int64_t index[4] = {i / (d[1] * d[2] * d[3]), i / (d[2] * d[3]) % d[1], i / d[3] % d[2], i % d[3]};
            if (theirs[layouts[l].place(index, d)] != (gan_real)i) fail_msg("layout %d, element %d", l, (int)i);
        }
        gan__layout_from_file(&p, theirs, back);
        assert_memory_equal(back, ours, (size_t)n * sizeof *ours);
    }
}

static void test_layouts__that_do_not_fit_have_no_shape(void **state) {
    fixture *f = *state;
    static const struct {
        gan_layout layout;
        gan_shape shape;
        int64_t hwc[3];
    } bad[] = {{GAN_LAYOUT_CONV, {3, {2, 3, 4}}, {0}},         {GAN_LAYOUT_CONV_TRANSPOSE, {5, {1, 2, 3, 4, 5}}, {0}},
               {GAN_LAYOUT_FROM_HWC, {2, {5, 24}}, {2, 3, 5}}, {GAN_LAYOUT_FROM_HWC, {1, {24}}, {2, 3, 4}},
               {GAN_LAYOUT_TO_HWC, {2, {5, 24}}, {2, 3, 4}},   {GAN_LAYOUT_TO_HWC, {3, {24, 1, 1}}, {2, 3, 4}},
               {GAN_LAYOUT_IMAGE, {4, {1, 2, 3, 4}}, {0}},     {(gan_layout)99, {1, {2}}, {0}}};
    for (int i = 0; i < COUNT_OF(bad); i++) {
        gan_param p = {.name = "w", .tensor = gan_zeros(f->ctx, bad[i].shape), .layout = bad[i].layout};
        memcpy(p.hwc, bad[i].hwc, sizeof p.hwc);
        assert_int_equal(gan__layout_shape(&p).ndim, -1);
        gan__st_writer *w = gan__st_writer_new(f->ctx);
        gan__weights_add_one(w, "w", &p, p.tensor);
        gan__st_write(w, f->path, "test");
        failure(f, GAN_E_ARG, "\"w\" has no proper shape");
    }
}

/* --- PyTorch ---------------------------------------------------------------------------------------------- */

static void test_load__of_pytorch_weights_computes_what_pytorch_does(void **state) {
    fixture *f = *state;
    gan_module *m = model(f->ctx);
    assert_int_equal(gan_load_weights(m, GOLDEN("io_model.safetensors"), NULL), GAN_OK);
    check_ok(f->ctx);
    assert_int_equal((int)gan_item(gan_module_find(m, "3.num_batches_tracked")->tensor), 1);
    gan_module_train(m, false);
    gan_tensor *x = golden_tensor(f, "x", gan_shape2(2, 5)), *image = x;
    for (int i = 0; i < 6; i++) {
        char name[12];
        snprintf(name, sizeof name, "%d", i);
        image = gan_forward(gan_module_child(m, name), image);
    }
    check_tensor(image, golden_tensor(f, "image", gan_shape4(2, 2, 4, 4)));
    check_tensor(gan_forward(m, x), golden_tensor(f, "y", gan_shape2(2, 3)));
    check_ok(f->ctx);
}

/* Written again, each tensor has the bytes that PyTorch wrote. */
static void test_save__gives_back_pytorchs_tensors(void **state) {
    fixture *f = *state;
    gan_module *m = model(f->ctx);
    gan_load_weights(m, GOLDEN("io_model.safetensors"), NULL);
    assert_int_equal(gan_save_weights(m, f->path), GAN_OK);
    gan__st *theirs = gan__st_open(f->ctx, GOLDEN("io_model.safetensors"), "test"), *ours = gan__st_open(f->ctx, f->path, "test");
    char *their_bytes = slurp(GOLDEN("io_model.safetensors"), NULL), *our_bytes = slurp(f->path, NULL);
    check_ok(f->ctx);
    assert_int_equal(gan__st_count(theirs), gan__st_count(ours));
    for (int64_t i = 0; i < gan__st_count(theirs); i++) {
        const gan__st_tensor *a = gan__st_at(theirs, i), *b = gan__st_find(ours, a->name);
        assert_non_null(b);
        assert_int_equal(a->dtype, b->dtype);
        assert_int_equal(a->ndim, b->ndim);
        assert_memory_equal(a->dims, b->dims, sizeof a->dims);
        assert_memory_equal(their_bytes + a->begin, our_bytes + b->begin, a->end - a->begin);
    }
    assert_string_equal(gan__st_meta(ours, "format"), "pt");
    free(their_bytes);
    free(our_bytes);
    gan__st_close(theirs);
    gan__st_close(ours);
}

/* --- saving and loading ----------------------------------------------------------------------------------- */

static void test_load__gives_back_what_was_saved(void **state) {
    fixture *f = *state;
    gan_module *a = model(f->ctx), *b = model(f->ctx);
    gan_module_init(a, gan_init_he());
    gan_forward(a, gan_randn(f->ctx, gan_shape2(6, 5))); /* moves the running statistics */
    assert_true(same_values(a, b) < gan_module_param_count(a));
    assert_int_equal(gan_save_weights(a, f->path), GAN_OK);
    assert_int_equal(gan_load_weights(b, f->path, NULL), GAN_OK);
    assert_int_equal(same_values(a, b), gan_module_param_count(a));
}

static void test_load__is_final(void **state) {
    fixture *f = *state;
    gan_module *a = model(f->ctx), *b = model(f->ctx);
    gan_module_init(a, gan_init_he());
    gan_save_weights(a, f->path);
    gan_load_weights(b, f->path, NULL);
    gan_ctx_fail(f->ctx, GAN_E_NONFINITE, "a later failure");
    failure(f, GAN_E_NONFINITE, "");
    assert_int_equal(same_values(a, b), gan_module_param_count(a));
}

static void test_load__with_a_prefix_takes_the_others_for_granted(void **state) {
    fixture *f = *state;
    gan_module *a = model(f->ctx), *b = model(f->ctx), *c = model(f->ctx);
    gan_module_init(a, gan_init_he());
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    gan__weights_add(w, "ema.", a, NULL);
    gan__weights_add(w, NULL, c, NULL);
    gan__weights_add_one(w, "ema.9.weight", gan_module_param(a, 0), gan_module_param(a, 0)->tensor);
    gan__st_write(w, f->path, "test");
    assert_int_equal(gan_load_weights(b, f->path, "ema."), GAN_OK);
    assert_int_equal(same_values(a, b), gan_module_param_count(a));
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    assert_false(gan__weights_read(file, "ema.", b, NULL, true, "test"));
    failure(f, GAN_E_MISMATCH, "does not fit: unexpected \"ema.9.weight\" [24, 5]");
    gan__st_close(file);
    assert_int_equal(gan_load_weights(b, f->path, NULL), GAN_E_MISMATCH);
    failure(f, GAN_E_MISMATCH, "unexpected \"ema.");
    assert_int_equal(gan_load_weights(b, f->path, ""), GAN_E_MISMATCH);
    failure(f, GAN_E_MISMATCH, "unexpected \"ema.");
    assert_int_equal(gan_load_weights(b, f->path, "em"), GAN_E_MISMATCH);
    failure(f, GAN_E_MISMATCH, "missing \"em0.weight\"");
}

static void test_sets__are_written_and_read_like_modules(void **state) {
    fixture *f = *state;
    gan_module *a = model(f->ctx), *b = model(f->ctx);
    gan_module_init(a, gan_init_he());
    gan_set *from = gan_set_of(a), *to = gan_set_of(b);
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    gan__weights_add(w, "x.", b, from); /* the set's values, the module's layouts */
    gan__st_write(w, f->path, "test");
    int before = same_values(a, b);
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    assert_true(gan__weights_read(file, "x.", b, to, true, "test"));
    gan__st_close(file);
    assert_int_equal(same_values(a, b), before);
    gan_set_store(to, b);
    assert_int_equal(same_values(a, b), gan_module_param_count(a));
}

static void test_one__goes_through_the_layout_of_its_parameter(void **state) {
    fixture *f = *state;
    gan_module *m = model(f->ctx);
    const gan_param *p = gan_module_find(m, "5.weight");
    gan_tensor *moment = gan_randn(f->ctx, gan_shape_of(p->tensor)), *back = gan_zeros(f->ctx, gan_shape_of(p->tensor));
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    gan__weights_add_one(w, "moment", p, moment);
    gan__st_write(w, f->path, "test");
    gan__st *file = gan__st_open(f->ctx, f->path, "test");
    gan_real theirs[48], wanted[48];
    assert_true(gan__st_read_real(file, gan__st_find(file, "moment"), theirs));
    gan__layout_to_file(p, gan_data(moment), wanted);
    assert_memory_equal(theirs, wanted, sizeof wanted);
    assert_true(gan__weights_read_one(file, "moment", p, back, "test"));
    assert_memory_equal(gan_data(back), gan_data(moment), sizeof wanted);
    assert_false(gan__weights_read_one(file, "none", p, back, "test"));
    failure(f, GAN_E_MISMATCH, "missing \"none\" [4, 2, 2, 3]");
    assert_false(gan__weights_read_one(file, "moment", gan_module_find(m, "5.bias"), back, "test"));
    failure(f, GAN_E_SHAPE, "different shapes");
    gan__st_close(file);
}

/* --- what does not fit ------------------------------------------------------------------------------------ */

static gan_module *other_model(gan_ctx *ctx) {
    gan_module *m = gan_sequential(ctx);
    gan_sequential_add(m, gan_linear_layer(ctx, 5, 12, (gan_linear_opts){0})); /* 0.weight, 0.bias: other shapes */
    gan_sequential_add(m, gan_linear_layer(ctx, 12, 1, (gan_linear_opts){0})); /* 1.weight, 1.bias: unexpected */
    return m;
}

static void test_load__lists_what_does_not_fit_and_changes_nothing(void **state) {
    fixture *f = *state;
    gan_module *m = model(f->ctx), *as_before = model(f->ctx);
    gan_save_weights(m, f->path);
    gan_load_weights(as_before, f->path, NULL);
    gan_save_weights(other_model(f->ctx), f->path);
    assert_int_equal(gan_load_weights(m, f->path, NULL), GAN_E_MISMATCH);
    failure(f, GAN_E_MISMATCH, f->path);
    static const char *const words[] = {"mismatched \"0.weight\" is [12, 5] in the file, wanted [24, 5]", "mismatched \"0.bias\"",
                                        "missing \"2.weight\" [3, 2, 3, 2]", "; and ", " more"};
    for (int i = 0; i < COUNT_OF(words); i++)
        if (!strstr(f->message, words[i])) fail_msg("no %s in: %s", words[i], f->message);
    assert_int_equal(same_values(m, as_before), gan_module_param_count(m));
}

static void test_load__wants_numbers_of_the_right_kind(void **state) {
    fixture *f = *state;
    gan_module *m = gan_sequential(f->ctx);
    gan_sequential_add(m, gan_linear_layer(f->ctx, 1, 1, (gan_linear_opts){0}));
    static const int64_t longs[] = {1};
    static const double doubles[] = {0.5};
    gan__st_writer *w = gan__st_writer_new(f->ctx);
    gan__st_add(w, (gan__st_entry){.name = "0.weight", .dtype = GAN__ST_F64, .ndim = 2, .dims = {1, 1}, .data = doubles});
    gan__st_add(w, (gan__st_entry){.name = "0.bias", .dtype = GAN__ST_I64, .ndim = 1, .dims = {1}, .data = longs});
    gan__st_write(w, f->path, "test");
    gan_real before = gan_data(gan_module_find(m, "0.weight")->tensor)[0];
    assert_int_equal(gan_load_weights(m, f->path, NULL), GAN_E_MISMATCH);
    failure(f, GAN_E_MISMATCH, "mismatched \"0.bias\" is [1] of type I64 in the file");
    assert_null(strstr(f->message, "0.weight"));
    assert_true(gan_data(gan_module_find(m, "0.weight")->tensor)[0] == before);
}

static void test_functions__take_nil_and_failed_contexts(void **state) {
    fixture *f = *state;
    gan_module *m = model(f->ctx), *nil = gan_module_child(m, "none");
    assert_int_equal(gan_save_weights(nil, f->path), GAN_E_ARG);
    failure(f, GAN_E_ARG, "gan_save_weights: the module is nil");
    assert_int_equal(gan_load_weights(nil, f->path, NULL), GAN_E_ARG);
    failure(f, GAN_E_ARG, "gan_load_weights: the module is nil");
    assert_int_equal(gan_load_weights(m, f->path, NULL), GAN_E_IO);
    failure(f, GAN_E_IO, "gan_load_weights: ");
    assert_int_equal(gan_save_weights(m, NULL), GAN_E_ARG);
    failure(f, GAN_E_ARG, "no path");
    assert_int_equal(gan_load_weights(m, NULL, NULL), GAN_E_ARG);
    failure(f, GAN_E_ARG, "no path");
    gan_ctx_fail(f->ctx, GAN_E_SHAPE, "before");
    assert_int_equal(gan_save_weights(m, f->path), GAN_E_SHAPE);
    assert_int_equal(gan_load_weights(m, GOLDEN("io_model.safetensors"), NULL), GAN_E_SHAPE);
    assert_int_equal(files_in(f->folder), 0);
    assert_int_equal(gan_save_weights(NULL, f->path), GAN_E_ARG);
    assert_int_equal(gan_load_weights(NULL, f->path, NULL), GAN_E_ARG);
}

/* --- failures on the way ---------------------------------------------------------------------------------- */

static gan_module *target, *witness;

static bool save_target(fixture *f) { return gan_save_weights(target, f->path) == GAN_OK; }

static bool load_target(fixture *f) {
    gan_ctx *ctx = f->ctx;
    bool loaded = gan_load_weights(target, f->path, NULL) == GAN_OK;
    if (!loaded) assert_int_equal(same_values(target, witness), gan_module_param_count(target));
    (void)ctx;
    return loaded;
}

static void test_save__without_memory(void **state) {
    fixture *f = *state;
    target = model(f->ctx);
    fail_every_allocation(f, save_target, 1);
}

static void test_load__without_memory_changes_nothing(void **state) {
    fixture *f = *state;
    gan_module *trained = model(f->ctx);
    gan_module_init(trained, gan_init_he());
    gan_save_weights(trained, f->path);
    for (int nth = 1;; nth++) {
        target = model(f->ctx);
        witness = model(f->ctx);
        gan_set *values = gan_set_of(target);
        gan_set_store(values, witness);
        check_ok(f->ctx);
        gan_ctx_fail_alloc(f->ctx, nth);
        bool loaded = load_target(f);
        gan_ctx_fail_alloc(f->ctx, 0);
        if (!loaded) failure(f, GAN_E_MEMORY, "");
        gan_set_free(values);
        gan_module_free(target);
        gan_module_free(witness);
        if (!loaded) continue;
        assert_true(nth > 20);
        break;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_layouts__move_each_element_to_its_place_and_back),
        TEST(test_layouts__that_do_not_fit_have_no_shape),
        TEST(test_load__of_pytorch_weights_computes_what_pytorch_does),
        TEST(test_save__gives_back_pytorchs_tensors),
        TEST(test_load__gives_back_what_was_saved),
        TEST(test_load__is_final),
        TEST(test_load__with_a_prefix_takes_the_others_for_granted),
        TEST(test_sets__are_written_and_read_like_modules),
        TEST(test_one__goes_through_the_layout_of_its_parameter),
        TEST(test_load__lists_what_does_not_fit_and_changes_nothing),
        TEST(test_load__wants_numbers_of_the_right_kind),
        TEST(test_functions__take_nil_and_failed_contexts),
        TEST(test_save__without_memory),
        TEST(test_load__without_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
