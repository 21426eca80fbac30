#include "counted_source.h"

#include "data/dataset_impl.h"

#define COUNT 40

/* A context with a dataset of COUNT samples. */
typedef struct setting {
    counted source;
    gan_ctx *ctx;
    gan_dataset *d;
} setting;

static setting *open_setting(uint64_t seed, gan_loader_opts opts) {
    setting *s = calloc(1, sizeof *s);
    s->source = all_good();
    s->ctx = gan_ctx_new((gan_ctx_opts){.seed = seed, .threads = 2});
    s->d = gan_dataset_new(s->ctx, counted_source(&s->source, COUNT), opts);
    expect_ok(s->ctx);
    return s;
}

static void close_setting(setting *s) {
    gan_ctx_free(s->ctx);
    assert_int_equal(s->source.freed, 1);
    free(s);
}

/* Appends the samples of the next batch, mirrored ones as -1 - index. */
static void draw(setting *s, int64_t n, int *indexes) {
    gan_scope_begin(s->ctx);
    gan_batch b = gan_dataset_next(s->d, n);
    expect_ok(s->ctx);
    assert_true(gan_shape_equal(gan_shape_of(b.x), gan_shape4(n, HEIGHT, WIDTH, 1)));
    assert_true(gan_shape_equal(gan_shape_of(b.label), gan_shape1(n)));
    for (int64_t i = 0; i < n; i++) {
        bool flipped;
        int index = sample_at(b, i, &flipped);
        indexes[i] = flipped ? -1 - index : index;
    }
    gan_scope_end(s->ctx);
}

static void draw_many(setting *s, int batches, int64_t n, int *indexes) {
    for (int i = 0; i < batches; i++) draw(s, n, indexes + i * n);
}

static void count_seen(const int *indexes, int n, int seen[COUNT]) {
    memset(seen, 0, COUNT * sizeof *seen);
    for (int i = 0; i < n; i++) seen[indexes[i] < 0 ? -1 - indexes[i] : indexes[i]]++;
}

/* --- epochs ----------------------------------------------------------------------------------------------- */

static void test_loader__an_epoch_has_every_sample_once(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){0});
    int first[COUNT], second[COUNT], seen[COUNT];
    assert_int_equal(gan_dataset_epoch(s->d), 0);
    draw_many(s, 5, 8, first);
    assert_int_equal(gan_dataset_epoch(s->d), 1);
    draw_many(s, 5, 8, second);
    assert_int_equal(gan_dataset_epoch(s->d), 2);
    count_seen(first, COUNT, seen);
    for (int i = 0; i < COUNT; i++) assert_int_equal(seen[i], 1);
    count_seen(second, COUNT, seen);
    for (int i = 0; i < COUNT; i++) assert_int_equal(seen[i], 1);
    assert_memory_not_equal(first, second, sizeof first);
    close_setting(s);
}

static void test_loader__drops_the_incomplete_batch(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){0}), *whole = open_setting(1, (gan_loader_opts){0});
    int got[36], epochs[2 * COUNT], seen[COUNT];
    draw_many(s, 2, 18, got);
    count_seen(got, 36, seen);
    for (int i = 0; i < COUNT; i++) assert_true(seen[i] <= 1);
    draw(s, 18, got);
    draw_many(whole, 2, COUNT, epochs);
    assert_memory_equal(got, epochs + COUNT, 18 * sizeof *got); /* four were left: these are the next epoch's */
    assert_int_equal(gan_dataset_epoch(s->d), 1);
    close_setting(s);
    close_setting(whole);
}

static void test_loader__order_follows_the_seed(void **state) {
    (void)state;
    setting *a = open_setting(1, (gan_loader_opts){0}), *b = open_setting(1, (gan_loader_opts){0}),
            *c = open_setting(2, (gan_loader_opts){0});
    int x[COUNT], y[COUNT], z[COUNT];
    draw(a, COUNT, x), draw(b, COUNT, y), draw(c, COUNT, z);
    assert_memory_equal(x, y, sizeof x);
    assert_memory_not_equal(x, z, sizeof x);
    close_setting(a), close_setting(b), close_setting(c);
}

/* The position counts samples: 3 + 5 + 4 are the twelve that one batch of 12 has. */
static void test_loader__batch_sizes_may_vary(void **state) {
    (void)state;
    setting *a = open_setting(1, (gan_loader_opts){.decoders = 2}), *b = open_setting(1, (gan_loader_opts){.decoders = 2});
    int parts[12], whole[12];
    draw(a, 3, parts), draw(a, 5, parts + 3), draw(a, 4, parts + 8);
    draw(b, 12, whole);
    assert_memory_equal(parts, whole, sizeof parts);
    close_setting(a), close_setting(b);
}

/* --- what must not matter --------------------------------------------------------------------------------- */

#define BATCHES 23

static void reference(int *indexes) {
    setting *s = open_setting(9, (gan_loader_opts){.held_out = .1, .flip = true});
    draw_many(s, BATCHES, 7, indexes);
    close_setting(s);
}

static void test_loader__threads_do_not_matter(void **state) {
    (void)state;
    int expected[BATCHES * 7], got[BATCHES * 7];
    reference(expected);
    for (int decoders = 1; decoders <= 3; decoders++)
        for (long slow = 0; slow <= 50000; slow += 50000) {
            setting *s = open_setting(9, (gan_loader_opts){.held_out = .1, .flip = true, .decoders = decoders});
            s->source.slow = slow;
            draw_many(s, BATCHES, 7, got);
            assert_memory_equal(got, expected, sizeof got);
            close_setting(s);
        }
}

/* An array is loaded at once, without threads; its order is that of any other source. */
static void test_loader__kind_of_source_does_not_matter(void **state) {
    (void)state;
    int expected[BATCHES * 7];
    reference(expected);
    gan_ctx *ctx = gan_ctx_new((gan_ctx_opts){.seed = 9});
    static gan_real values[COUNT * SAMPLE];
    for (int i = 0; i < COUNT * SAMPLE; i++) values[i] = PIXEL(i / SAMPLE, i % SAMPLE);
    gan_array_opts opts = {.held_out = .1, .flip = true};
    gan_dataset *d = gan_array_data(ctx, gan_shape4(COUNT, HEIGHT, WIDTH, 1), values, opts);
    for (int k = 0; k < BATCHES; k++) {
        const gan_real *x = gan_data(gan_dataset_next(d, 7).x);
        for (int i = 0; i < 7; i++, x += SAMPLE) {
            int index = (int)x[0];
            assert_int_equal(x[0] > x[1] ? -1 - index : index, expected[7 * k + i]);
        }
    }
    gan_ctx_free(ctx);
}

static void test_loader__looking_at_held_out_does_not_matter(void **state) {
    (void)state;
    int expected[BATCHES * 7], got[BATCHES * 7];
    reference(expected);
    setting *s = open_setting(9, (gan_loader_opts){.held_out = .1, .flip = true});
    for (int k = 0; k < BATCHES; k++) {
        gan_dataset_held_out(s->d, k % 4, 1);
        gan_stream_u32(gan_stream_named(s->ctx, "data"));
        draw(s, 7, got + 7 * k);
    }
    assert_memory_equal(got, expected, sizeof got);
    close_setting(s);
}

/* --- positions -------------------------------------------------------------------------------------------- */

static void test_position__restored_continues_the_same(void **state) {
    (void)state;
    int expected[BATCHES * 7], got[7];
    reference(expected);
    setting *s = open_setting(9, (gan_loader_opts){.held_out = .1, .flip = true, .decoders = 2});
    gan__data_position at[BATCHES];
    for (int k = 0; k < BATCHES; k++) {
        at[k] = gan__dataset_position(s->d);
        draw(s, 7, got);
    }
    static const int jumps[] = {0, 22, 5, 6, 3, 17, 17, 1};
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        gan__dataset_seek(s->d, at[jumps[i]]);
        draw(s, 7, got);
        assert_memory_equal(got, expected + 7 * jumps[i], sizeof got);
    }
    close_setting(s);
    setting *other = open_setting(9, (gan_loader_opts){.held_out = .1, .flip = true}); /* another process, as it were */
    gan__dataset_seek(other->d, at[20]);
    draw(other, 7, got);
    assert_memory_equal(got, expected + 7 * 20, sizeof got);
    close_setting(other);
}

static void test_position__counts_epochs_and_samples(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){0});
    int got[32];
    draw(s, 32, got);
    gan__data_position p = gan__dataset_position(s->d);
    assert_true(p.epoch == 0 && p.offset == 32);
    draw(s, 32, got);
    p = gan__dataset_position(s->d);
    assert_true(p.epoch == 1 && p.offset == 32);
    close_setting(s);
}

static void test_position__must_exist(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){0});
    static const gan__data_position bad[] = {{-1, 0}, {0, -1}, {0, COUNT + 1}, {INT64_MAX, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        gan__dataset_seek(s->d, bad[i]);
        expect_error(s->ctx, GAN_E_ARG, "data position", "is not one of counted");
    }
    close_setting(s);
}

static void test_position__rolls_back_with_a_failed_step(void **state) {
    (void)state;
    int expected[BATCHES * 7], got[7];
    reference(expected);
    setting *s = open_setting(9, (gan_loader_opts){.held_out = .1, .flip = true, .decoders = 3});
    for (int k = 0; k < 4; k++) {
        draw(s, 7, got);
        gan__commit(s->ctx);
    }
    draw(s, 7, got);
    draw(s, 7, got); /* two batches of a step that fails */
    assert_memory_equal(got, expected + 7 * 5, sizeof got);
    gan_ctx_fail(s->ctx, GAN_E_NONFINITE, "the loss");
    assert_true(gan_is_nil(gan_dataset_next(s->d, 7).x));
    expect_error(s->ctx, GAN_E_NONFINITE, "the loss", "");
    for (int k = 4; k < BATCHES; k++) {
        draw(s, 7, got);
        assert_memory_equal(got, expected + 7 * k, sizeof got);
    }
    close_setting(s);
}

/* --- flips and the split ---------------------------------------------------------------------------------- */

static void test_flip__mirrors_half_of_the_training_samples(void **state) {
    (void)state;
    setting *s = open_setting(3, (gan_loader_opts){.flip = true});
    int flips = 0, same = 0, got[COUNT];
    bool before[COUNT] = {false};
    for (int epoch = 0; epoch < 100; epoch++) {
        draw(s, COUNT, got);
        for (int i = 0; i < COUNT; i++) {
            bool flipped = got[i] < 0;
            int index = flipped ? -1 - got[i] : got[i];
            flips += flipped;
            same += flipped == before[index];
            before[index] = flipped;
        }
    }
    assert_in_range(flips, 1850, 2150);
    assert_in_range(same, 1850, 2150); /* an epoch decides anew */
    close_setting(s);
}

static void test_split__is_a_partition_and_seeded(void **state) {
    (void)state;
    setting *a = open_setting(1, (gan_loader_opts){.held_out = .25, .flip = true}),
            *b = open_setting(2, (gan_loader_opts){.held_out = .25});
    assert_int_equal(gan_dataset_held_out_count(a->d), 10);
    assert_int_equal(gan_dataset_count(a->d), 30);
    int got[COUNT], seen[COUNT], other[10];
    bool sorted = true, flipped;
    gan_batch held = gan_dataset_held_out(a->d, 0, 10), held_b = gan_dataset_held_out(b->d, 0, 10);
    for (int i = 0; i < 10; i++) {
        got[i] = sample_at(held, i, &flipped);
        assert_false(flipped);
        other[i] = sample_at(held_b, i, NULL);
        sorted = sorted && (!i || got[i] > got[i - 1]);
    }
    assert_memory_not_equal(got, other, sizeof other);
    assert_false(sorted); /* the first few are to be a fair sample */
    draw(a, 30, got + 10);
    count_seen(got, COUNT, seen);
    for (int i = 0; i < COUNT; i++) assert_int_equal(seen[i], 1);
    gan_batch part = gan_dataset_held_out(a->d, 6, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(sample_at(part, i, NULL), got[6 + i]);
    close_setting(a), close_setting(b);
}

static void test_split__rounds_to_nearest(void **state) {
    (void)state;
    static const struct {
        double fraction;
        int held;
    } cases[] = {{0, 0}, {.01, 0}, {.013, 1}, {.5, 20}, {.33, 13}, {.97, 39}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setting *s = open_setting(1, (gan_loader_opts){.held_out = cases[i].fraction});
        assert_int_equal(gan_dataset_held_out_count(s->d), cases[i].held);
        close_setting(s);
    }
}

/* --- errors ----------------------------------------------------------------------------------------------- */

static void test_next__refuses_more_than_there_is(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){.held_out = .5});
    gan_batch b = gan_dataset_next(s->d, 21);
    assert_true(gan_is_nil(b.x) && gan_is_nil(b.label) && gan_is_nil(b.target));
    expect_error(s->ctx, GAN_E_ARG, "a batch of 21", "20 training samples");
    gan_dataset_next(s->d, 0);
    expect_error(s->ctx, GAN_E_ARG, "a batch of 0", "gan_dataset_next");
    static const int64_t bad[][2] = {{0, 21}, {20, 1}, {-1, 2}, {5, 0}, {1, INT64_MAX}, {INT64_MAX, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_true(gan_is_nil(gan_dataset_held_out(s->d, bad[i][0], bad[i][1]).x));
        expect_error(s->ctx, GAN_E_ARG, "gan_dataset_held_out", "20 held-out samples");
    }
    close_setting(s);
}

/* The batch that has the bad sample fails, none before it, however far ahead the threads are; again until it is mended. */
static void test_next__raises_what_failed_in_the_background(void **state) {
    (void)state;
    int expected[BATCHES * 7], got[7];
    reference(expected);
    for (int decoders = 1; decoders <= 3; decoders++) {
        setting *s = open_setting(9, (gan_loader_opts){.held_out = .1, .flip = true, .decoders = decoders});
        int bad = expected[7 * 3 + 4] < 0 ? -1 - expected[7 * 3 + 4] : expected[7 * 3 + 4];
        atomic_store(&s->source.bad, bad);
        for (int k = 0; k < 3; k++) {
            draw(s, 7, got);
            gan__commit(s->ctx);
        }
        char name[32], text[32];
        snprintf(name, sizeof name, "sample %d:", bad);
        snprintf(text, sizeof text, "number %d is bad", bad);
        for (int attempt = 0; attempt < 3; attempt++) {
            assert_true(gan_is_nil(gan_dataset_next(s->d, 7).x));
            expect_error(s->ctx, GAN_E_IO, name, text);
        }
        atomic_store(&s->source.bad, -1);
        for (int k = 3; k < BATCHES; k++) {
            draw(s, 7, got);
            assert_memory_equal(got, expected + 7 * k, sizeof got);
        }
        close_setting(s);
    }
}

/* Which of two is not a matter of which thread was faster. */
static void test_next__names_the_first_bad_sample_of_the_batch(void **state) {
    (void)state;
    int order[COUNT];
    char text[32];
    setting *s = open_setting(1, (gan_loader_opts){.decoders = 3, .held_out = .5});
    draw(s, 20, order);
    for (int round = 0; round < 30; round++) {
        int a = round % 10, b = 10 + round / 3;
        gan__dataset_seek(s->d, (gan__data_position){0});
        atomic_store(&s->source.bad, order[b]);
        atomic_store(&s->source.worse, order[a]);
        assert_true(gan_is_nil(gan_dataset_next(s->d, 20).x));
        snprintf(text, sizeof text, "number %d is bad", order[a]);
        expect_error(s->ctx, GAN_E_IO, "gan_dataset_next", text);
    }
    close_setting(s);
}

static void test_next__checks_what_a_source_delivers(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){0});
    s->source.nan = 11;
    gan_dataset_next(s->d, COUNT);
    expect_error(s->ctx, GAN_E_NONFINITE, "sample 11:", "not finite");
    s->source.nan = -1, s->source.wrong_target = 13;
    gan_dataset_next(s->d, COUNT);
    expect_error(s->ctx, GAN_E_NONFINITE, "sample 13:", "not finite");
    s->source.wrong_target = -1, s->source.wrong_label = 12;
    gan_dataset_next(s->d, COUNT);
    expect_error(s->ctx, GAN_E_ARG, "sample 12:", "its label is 7, but there are 7 classes");
    close_setting(s);
    s = open_setting(1, (gan_loader_opts){.held_out = .9});
    int last = sample_at(gan_dataset_held_out(s->d, 35, 1), 0, NULL);
    char text[32];
    snprintf(text, sizeof text, "number %d is bad", last);
    s->source.bad = last;
    gan_dataset_held_out(s->d, 0, 35);
    expect_ok(s->ctx);
    gan_dataset_held_out(s->d, 0, 36);
    expect_error(s->ctx, GAN_E_IO, "gan_dataset_held_out: sample", text);
    close_setting(s);
}

static void test_new__refuses_what_makes_no_dataset(void **state) {
    fixture *f = *state;
    counted c = all_good();
    gan_source good = counted_source(&c, COUNT), no_load = good, no_samples = good, no_shape = good, flat = good, negative = good;
    no_load.load = NULL, no_samples.count = 0, no_shape.sample.d[1] = 0, negative.classes = -1;
    flat.sample = gan_shape1(6);
    const gan_loader_opts plain = {.decoders = 0};
    const struct {
        gan_source source;
        gan_loader_opts opts;
        gan_status status;
        const char *says;
    } bad[] = {{no_load, plain, GAN_E_ARG, "no load function"},
               {no_samples, plain, GAN_E_ARG, "0 samples"},
               {no_shape, plain, GAN_E_SHAPE, "[32, 0, 1]"},
               {negative, plain, GAN_E_ARG, "-1 classes"},
               {flat, {.flip = true}, GAN_E_ARG, "only images [h, w, c] can be flipped, not [6]"},
               {good, {.held_out = 1}, GAN_E_ARG, "held_out is 1"},
               {good, {.held_out = -.1}, GAN_E_ARG, "held_out is -0.1"},
               {good, {.held_out = .99}, GAN_E_ARG, "leaves none to train on"},
               {good, {.decoders = -1}, GAN_E_ARG, "-1 decoders"}};
    int n = (int)(sizeof bad / sizeof *bad);
    for (int i = 0; i < n; i++) {
        gan_dataset *d = gan_dataset_new(f->ctx, bad[i].source, bad[i].opts);
        assert_true(gan_dataset_is_nil(d));
        expect_error(f->ctx, bad[i].status, "gan_dataset_new: ", bad[i].says);
        assert_int_equal(c.freed, i + 1);
    }
    gan_ctx_fail(f->ctx, GAN_E_STATE, "before");
    assert_true(gan_dataset_is_nil(gan_dataset_new(f->ctx, good, (gan_loader_opts){0})));
    expect_error(f->ctx, GAN_E_STATE, "before", "");
    assert_int_equal(c.freed, n + 1);
}

static void test_nil__takes_every_call(void **state) {
    fixture *f = *state;
    gan_dataset *d = gan_image_folder(f->ctx, path_in(f, "nowhere"), (gan_image_opts){0});
    gan_ctx_clear(f->ctx);
    assert_true(gan_dataset_is_nil(d));
    assert_true(gan_is_nil(gan_dataset_next(d, 4).x));
    assert_ptr_equal(gan_ctx_of(gan_dataset_next(d, 4).x), f->ctx);
    assert_true(gan_is_nil(gan_dataset_held_out(d, 0, 4).x));
    assert_int_equal(gan_dataset_shape(d).ndim, -1);
    assert_int_equal(gan_dataset_count(d) + gan_dataset_held_out_count(d) + gan_dataset_classes(d) + gan_dataset_skipped(d), 0);
    assert_int_equal(gan_dataset_epoch(d), 0);
    assert_string_equal(gan_dataset_describe(d), "nil");
    assert_string_equal(gan__dataset_identity(d), "");
    gan__dataset_seek(d, (gan__data_position){3, 4});
    gan_dataset_free(d);
    gan_dataset_free(d);
    gan_dataset_free(NULL);
    expect_ok(f->ctx);
}

/* --- life ------------------------------------------------------------------------------------------------- */

static void test_free__while_threads_are_busy(void **state) {
    (void)state;
    for (int round = 0; round < 20; round++) {
        setting *s = open_setting(1, (gan_loader_opts){.decoders = 3});
        s->source.slow = 200000;
        int got[8];
        draw_many(s, round % 3, 4, got);
        gan_dataset_free(s->d);
        int loads = s->source.loads;
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
        assert_int_equal(s->source.loads, loads); /* nobody loads any more */
        close_setting(s);
    }
}

/* Slow samples, and batches asked for elsewhere: what is under way is let finish before its room is used again. */
static void test_seek__while_threads_are_busy(void **state) {
    (void)state;
    int expected[BATCHES * 7], got[7];
    reference(expected);
    setting *s = open_setting(9, (gan_loader_opts){.held_out = .1, .flip = true, .decoders = 3});
    s->source.slow = 20000;
    for (int k = 0; k < 60; k++) {
        int batch = k * 5 % 20; /* five batches to an epoch */
        gan__dataset_seek(s->d, (gan__data_position){batch / 5, batch % 5 * 7});
        draw(s, 7, got);
        assert_memory_equal(got, expected + 7 * batch, sizeof got);
        if (k % 7 == 0) draw(s, 3, got);
    }
    close_setting(s);
}

static void test_next__loads_ahead_but_not_without_end(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){.decoders = 2});
    int got[4];
    draw(s, 4, got);
    for (int wait = 0; wait < 2000 && atomic_load(&s->source.loads) < 16; wait++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(s->source.loads, 16); /* the one that was used, and three more */
    close_setting(s);
}

static void draw_unseen(setting *s, int batches) {
    for (int k = 0; k < batches; k++) {
        gan_scope_begin(s->ctx);
        gan_dataset_next(s->d, 2);
        gan_scope_end(s->ctx);
    }
}

static void test_next__takes_no_fresh_memory_when_warm(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){.decoders = 2});
    draw_unseen(s, 2000); /* until handles are used again */
    int64_t misses = gan_ctx_memory(s->ctx).misses;
    draw_unseen(s, 100);
    expect_ok(s->ctx);
    assert_int_equal(gan_ctx_memory(s->ctx).misses, misses);
    close_setting(s);
}

static void test_identity__tells_datasets_apart(void **state) {
    (void)state;
    setting *a = open_setting(1, (gan_loader_opts){.held_out = .1}), *same = open_setting(1, (gan_loader_opts){.held_out = .1}),
            *seed = open_setting(2, (gan_loader_opts){.held_out = .1}),
            *split = open_setting(1, (gan_loader_opts){.held_out = .2});
    assert_string_equal(gan__dataset_identity(a->d), gan__dataset_identity(same->d));
    assert_string_not_equal(gan__dataset_identity(a->d), gan__dataset_identity(seed->d));
    assert_string_not_equal(gan__dataset_identity(a->d), gan__dataset_identity(split->d));
    close_setting(a), close_setting(same), close_setting(seed), close_setting(split);
}

static void test_describe__says_it_all(void **state) {
    (void)state;
    setting *s = open_setting(1, (gan_loader_opts){.held_out = .1});
    assert_string_equal(gan_dataset_describe(s->d),
                        "counted: 36 training and 4 held-out samples of shape [32, 65, 1], 7 classes, with targets");
    close_setting(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loader__an_epoch_has_every_sample_once),
        cmocka_unit_test(test_loader__drops_the_incomplete_batch),
        cmocka_unit_test(test_loader__order_follows_the_seed),
        cmocka_unit_test(test_loader__batch_sizes_may_vary),
        cmocka_unit_test(test_loader__threads_do_not_matter),
        cmocka_unit_test(test_loader__kind_of_source_does_not_matter),
        cmocka_unit_test(test_loader__looking_at_held_out_does_not_matter),
        cmocka_unit_test(test_position__restored_continues_the_same),
        cmocka_unit_test(test_position__counts_epochs_and_samples),
        cmocka_unit_test(test_position__must_exist),
        cmocka_unit_test(test_position__rolls_back_with_a_failed_step),
        cmocka_unit_test(test_flip__mirrors_half_of_the_training_samples),
        cmocka_unit_test(test_split__is_a_partition_and_seeded),
        cmocka_unit_test(test_split__rounds_to_nearest),
        cmocka_unit_test(test_next__refuses_more_than_there_is),
        cmocka_unit_test(test_next__raises_what_failed_in_the_background),
        cmocka_unit_test(test_next__names_the_first_bad_sample_of_the_batch),
        cmocka_unit_test(test_next__checks_what_a_source_delivers),
        cmocka_unit_test_setup_teardown(test_new__refuses_what_makes_no_dataset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nil__takes_every_call, set_up, tear_down),
        cmocka_unit_test(test_free__while_threads_are_busy),
        cmocka_unit_test(test_seek__while_threads_are_busy),
        cmocka_unit_test(test_next__loads_ahead_but_not_without_end),
        cmocka_unit_test(test_next__takes_no_fresh_memory_when_warm),
        cmocka_unit_test(test_identity__tells_datasets_apart),
        cmocka_unit_test(test_describe__says_it_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
