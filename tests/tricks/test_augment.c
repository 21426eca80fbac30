/* Differentiable augmentation: what it does to pixels, seen from outside; its gradient, and its place in the step. */
#include <stdio.h>

#include "cmocka_gan.h"
#include "train/small_run.h"
#include "tricks/trick_impl.h"

enum { N = 400, H = 8, W = 6, C = 3, PIXELS = H * W * C };

static gan_tensor *seen(gan_trick *k, gan_tensor *x) {
    gan_turn turn = {.ctx = gan_trick_ctx(k), .batch = gan_shape_of(x).d[0], .pack = 1, .sample = gan_shape3(H, W, C)};
    return k->type->see(k, &turn, x, true);
}

/* N times the same image, no two of its values equal and none 0. */
static gan_tensor *images(gan_ctx *ctx) {
    gan_real *x = malloc(N * PIXELS * sizeof *x);
    for (int i = 0; i < N * PIXELS; i++) x[i] = (gan_real)(-.903 + .0125 * (i % PIXELS));
    gan_tensor *t = gan_from(ctx, gan_shape4(N, H, W, C), x);
    free(x);
    return t;
}

typedef void (*image_check)(const gan_real *before, const gan_real *after, double *note);

/* Every image by itself; notes[i] is what the check found. */
static void look(gan_augment_opts o, image_check check, double notes[N]) {
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_trick *k = gan_augment(ctx, o);
    gan_tensor *x = images(ctx), *y = seen(k, x);
    check_ok(ctx);
    assert_true(gan_shape_equal(gan_shape_of(x), gan_shape_of(y)));
    for (int i = 0; i < N; i++) check(gan_data(x) + i * PIXELS, gan_data(y) + i * PIXELS, &notes[i]);
    gan_ctx_free(ctx);
}

/* U[low, high): within, and neither end is far from what is found. */
static void check_uniform(const double notes[N], double low, double high) {
    double least = INFINITY, most = -INFINITY, sum = 0;
    for (int i = 0; i < N; i++) {
        least = fmin(least, notes[i]);
        most = fmax(most, notes[i]);
        sum += notes[i];
    }
    const double width = high - low;
    if (!(least >= low - 1e-5 && most <= high + 1e-5)) fail_msg("[%g, %g] is not in [%g, %g)", least, most, low, high);
    if (!(least < low + .03 * width && most > high - .03 * width)) fail_msg("[%g, %g] does not fill [%g, %g)", least, most, low, high);
    check_close(sum / N, (low + high) / 2, .09 * width);
}

/* --- colours -------------------------------------------------------------------------------------------------- */

static void by_offset(const gan_real *x, const gan_real *y, double *note) {
    *note = (double)y[0] - (double)x[0];
    for (int i = 0; i < PIXELS; i++) check_close((double)y[i] - (double)x[i], *note, 1e-5);
}

static double mean_of(const gan_real *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum / n;
}

static void by_factor(const gan_real *x, const gan_real *y, double *note) {
    double m = mean_of(x, PIXELS);
    *note = ((double)y[0] - m) / ((double)x[0] - m);
    for (int i = 0; i < PIXELS; i++) check_close((double)y[i], m + *note * ((double)x[i] - m), 1e-5);
}

static void by_pixel_factor(const gan_real *x, const gan_real *y, double *note) {
    double first = mean_of(x, C);
    *note = ((double)y[0] - first) / ((double)x[0] - first);
    for (int i = 0; i < PIXELS; i++) {
        double m = mean_of(x + i / C * C, C);
        check_close((double)y[i], m + *note * ((double)x[i] - m), 1e-4);
    }
}

static void test_augment__changes_colours_by_one_number_for_each_image(void **state) {
    (void)state;
    double notes[N];
    look((gan_augment_opts){.brightness = .5}, by_offset, notes);
    check_uniform(notes, -.5, .5);
    look((gan_augment_opts){.contrast = .25}, by_factor, notes);
    check_uniform(notes, .75, 1.25);
    look((gan_augment_opts){.saturation = 1}, by_pixel_factor, notes);
    check_uniform(notes, 0, 2);
}

/* --- geometry ------------------------------------------------------------------------------------------------- */

/* The place from which a value of the image has come; -1 for 0. */
static int origin(const gan_real *x, gan_real value) {
    if (value == 0) return -1;
    for (int i = 0; i < PIXELS; i++)
        if (x[i] == value) return i;
    fail_msg("%g is of no pixel", (double)value);
    return -1;
}

static void by_flip(const gan_real *x, const gan_real *y, double *note) {
    *note = origin(x, y[0]) != 0;
    for (int i = 0; i < PIXELS; i++) {
        int row = i / (W * C), col = i / C % W, c = i % C;
        assert_int_equal(origin(x, y[i]), *note ? (row * W + W - 1 - col) * C + c : i);
    }
}

/* All that is there has moved by the same way, and all that can be there is: noted as 100*down + right. */
static void by_shift(const gan_real *x, const gan_real *y, double *note) {
    int down = -99, right = -99;
    for (int i = 0; i < PIXELS && down < -H; i++)
        if (y[i] != 0) {
            int from = origin(x, y[i]);
            down = i / (W * C) - from / (W * C);
            right = i / C % W - from / C % W;
        }
    for (int i = 0; i < PIXELS; i++) {
        int row = i / (W * C) - down, col = i / C % W - right;
        bool inside = row >= 0 && row < H && col >= 0 && col < W;
        assert_int_equal(origin(x, y[i]), inside ? (row * W + col) * C + i % C : -1);
    }
    *note = 100 * down + right;
}

static void test_augment__flips_half_of_the_images(void **state) {
    (void)state;
    double notes[N], sum = 0;
    look((gan_augment_opts){.flip = true}, by_flip, notes);
    for (int i = 0; i < N; i++) sum += notes[i];
    check_close(sum / N, .5, .1);
}

/* .25 of 8 and 6: up to 2 pixels down and 2 (of 1.5, rounded) right, all of them about as often. */
static void test_augment__moves_images_by_whole_pixels(void **state) {
    (void)state;
    double notes[N];
    int times[5][5] = {{0}};
    look((gan_augment_opts){.translation = .25}, by_shift, notes);
    for (int i = 0; i < N; i++) {
        int down = (int)floor(notes[i] / 100 + .5), right = (int)notes[i] - 100 * down;
        assert_in_range(down + 2, 0, 4);
        assert_in_range(right + 2, 0, 4);
        times[down + 2][right + 2]++;
    }
    for (int i = 0; i < 25; i++) assert_in_range(times[i / 5][i % 5], 3, 40);
}

/* A hole of 4 rows (of 8 x .5) and 3 columns, as far as inside, all else in its place: noted as its count of pixels. */
static void by_hole(const gan_real *x, const gan_real *y, double *note) {
    int top = H, bottom = 0, left = W, right = 0;
    for (int i = 0; i < PIXELS; i++)
        if (y[i] == 0) {
            int row = i / (W * C), col = i / C % W;
            if (row < top) top = row;
            if (row >= bottom) bottom = row + 1;
            if (col < left) left = col;
            if (col >= right) right = col + 1;
        }
    for (int i = 0; i < PIXELS; i++) {
        int row = i / (W * C), col = i / C % W;
        bool cut = row >= top && row < bottom && col >= left && col < right;
        assert_int_equal(origin(x, y[i]), cut ? -1 : i);
    }
    int high = bottom - top, wide = right - left;
    assert_true(high == 4 || ((top == 0 || bottom == H) && high >= 2 && high < 4));
    assert_true(wide == 3 || ((left == 0 || right == W) && wide == 2));
    *note = high * wide;
}

static void test_augment__cuts_a_hole_anywhere(void **state) {
    (void)state;
    double notes[N], whole = 0, least = PIXELS;
    look((gan_augment_opts){.cutout = .5}, by_hole, notes);
    for (int i = 0; i < N; i++) {
        whole += notes[i] == 12;
        least = fmin(least, notes[i]);
    }
    check_close(whole / N, 5. / 9 * 4 / 6, .1); /* middles that leave it inside: 5 of 9 rows, 4 of 6 columns */
    assert_true(least == 4);
}

/* --- all at once ---------------------------------------------------------------------------------------------- */

typedef struct chain {
    gan_trick *trick;
    gan_tensor *weights;
} chain;

/* The same draws each time. Of the second order, too. */
static gan_tensor *through(void *user, gan_tensor *const *x, int n) {
    (void)n;
    const chain *c = user;
    gan_stream_seek(gan_trick_stream(c->trick), 0);
    return gan_sum(gan_mul(gan_square(seen(c->trick, x[0])), c->weights));
}

static void test_augment__lets_the_gradient_through(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 2});
    gan_augment_opts o = gan_augment_defaults();
    o.flip = true;
    gan_shape shape = gan_shape4(5, H, W, C);
    chain c = {gan_augment(ctx, o), gan_randn(ctx, shape)};
    gan_tensor *x = gan_randn(ctx, shape);
    for (int order = 1; order <= 2; order++) {
        double off = gan_grad_check(through, &c, &x, 1, (gan_check_opts){.order = order});
        check_ok(ctx);
        if (!(off < (sizeof(gan_real) == 8 ? 1e-6 : 3e-2))) fail_msg("order %d: off by %g", order, off);
    }
    gan_ctx_free(ctx);
}

static void test_augment__refuses_in_words(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_augment(ctx, (gan_augment_opts){0});
    check_failed(ctx, GAN_E_ARG, "nothing is to be changed");
    gan_augment(ctx, (gan_augment_opts){.brightness = -1});
    check_failed(ctx, GAN_E_ARG, "brightness is -1");
    gan_augment(ctx, (gan_augment_opts){.cutout = 1.5});
    check_failed(ctx, GAN_E_ARG, "cutout is 1.5, outside [0, 1]");
    gan_mlp_opts net = {.latent = 3, .width = 6};
    gan_trainer *t = gan_trainer_new(gan_mlp_generator(ctx, net), gan_mlp_discriminator(ctx, net),
                                     gan_ring_data(ctx, (gan_mixture_opts){.count = 100}), gan_trainer_defaults());
    gan_trainer_use(t, gan_augment(ctx, gan_augment_defaults()));
    check_failed(ctx, GAN_E_ARG, "augment is for images, and the data's samples have shape [2]");
    gan_ctx_free(ctx);
}

/* --- in the trainer ------------------------------------------------------------------------------------------- */

typedef struct spy {
    int passes;
    gan_real shift[2]; /* the last one seen, of a real and of a fake */
} spy;

/* By brightness alone: what D sees of a pack's two images differs from what there is by a number for each, another one each time. */
static gan_tensor *spy_term(gan_trick *k, const gan_turn *turn) {
    spy *s = gan_trick_data(k);
    const gan_tensor *seen_by_d[] = {turn->real_seen, turn->fake_seen}, *plain[] = {turn->real.x, turn->fake};
    s->passes++;
    for (int i = 0; i < 2; i++) {
        assert_true(gan_shape_equal(gan_shape_of(seen_by_d[i]), gan_shape4(turn->batch, SMALL_SIDE, SMALL_SIDE, 2)));
        gan_real first = gan_data(seen_by_d[i])[0] - gan_data(plain[i])[0];
        gan_real second = gan_data(seen_by_d[i])[1] - gan_data(plain[i])[SMALL_SIDE * SMALL_SIDE];
        assert_true(first != 0 && second != 0 && first != second);
        if (turn->player == GAN_PLAYER_D || i == 1) assert_true(first != s->shift[i]); /* G's turn sees no new reals */
        s->shift[i] = first;
    }
    assert_true(s->shift[0] != s->shift[1]);
    return NULL;
}
static const gan_trick_type spy_type = {.name = "spy", .data_bytes = sizeof(spy), .term = spy_term};

static void test_augment__is_of_reals_and_fakes_before_packing(void **state) {
    (void)state;
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 3, .threads = 1});
    gan_real x[SMALL_IMAGES * SMALL_SIDE * SMALL_SIDE];
    small_pixels(x);
    gan_dataset *data = gan_array_data(ctx, gan_shape4(SMALL_IMAGES, SMALL_SIDE, SMALL_SIDE, 1), x, (gan_array_opts){0});
    gan_dcgan_opts net = {.size = SMALL_SIDE, .channels = 1, .latent = 6, .features = 4, .pack = 2};
    gan_trainer_opts o = gan_trainer_defaults();
    o.batch = 4, o.pack = 2;
    gan_trainer *t = gan_trainer_new(gan_dcgan_generator(ctx, net), gan_dcgan_discriminator(ctx, net), data, o);
    gan_trick *k = gan_trick_new(ctx, &spy_type, (gan_trick_opts){.weight = gan_constant(1)});
    spy *s = gan_trick_data(k);
    gan_trainer_use(t, k);
    gan_trainer_use(t, gan_augment(ctx, (gan_augment_opts){.brightness = .5}));
    gan_trainer_step(t, NULL);
    check_ok(ctx);
    assert_int_equal(s->passes, 2);
    gan_ctx_free(ctx);
}

static void test_augment__draws_the_same_again_after_a_step_that_failed(void **state) {
    (void)state;
    gan_real *weights[2];
    for (int failing = 0; failing < 2; failing++) {
        gan_trainer_opts o = small_opts();
        small_run r = small_run_new((gan_ctx_opts){.seed = 5, .threads = 1}, o);
        gan_trainer_use(r.trainer, gan_augment(r.ctx, gan_augment_defaults()));
        check_ok(r.ctx);
        for (int i = 0; i < 2; i++) {
            for (int k = 1; failing && k < 100; k += 7) {
                gan_ctx_fail_alloc(r.ctx, k);
                assert_int_equal(gan_trainer_step(r.trainer, NULL), GAN_E_MEMORY);
                gan_ctx_clear(r.ctx);
            }
            gan_ctx_fail_alloc(r.ctx, 0);
            gan_trainer_step(r.trainer, NULL);
            check_ok(r.ctx);
        }
        const gan_tensor *w = gan_module_param(r.D, 0)->tensor;
        weights[failing] = malloc((size_t)gan_count(w) * sizeof(gan_real));
        memcpy(weights[failing], gan_data(w), (size_t)gan_count(w) * sizeof(gan_real));
        if (failing) assert_memory_equal(weights[0], weights[1], (size_t)gan_count(w) * sizeof(gan_real));
        gan_ctx_free(r.ctx);
    }
    free(weights[0]);
    free(weights[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_augment__changes_colours_by_one_number_for_each_image),
        cmocka_unit_test(test_augment__flips_half_of_the_images),
        cmocka_unit_test(test_augment__moves_images_by_whole_pixels),
        cmocka_unit_test(test_augment__cuts_a_hole_anywhere),
        cmocka_unit_test(test_augment__lets_the_gradient_through),
        cmocka_unit_test(test_augment__refuses_in_words),
        cmocka_unit_test(test_augment__is_of_reals_and_fakes_before_packing),
        cmocka_unit_test(test_augment__draws_the_same_again_after_a_step_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
