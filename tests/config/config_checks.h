/* What the tests of configurations share: a context with one, and looking at its settings. */
#ifndef TESTS_CONFIG_CHECKS_H
#define TESTS_CONFIG_CHECKS_H

#include "io/io_support.h"

static inline gan_config *fresh(fixture *f) {
    gan_config *c = gan_config_new(f->ctx);
    check_ok(f->ctx);
    return c;
}

/* A copy of the configuration's text, for free(). */
static inline char *text_of(fixture *f, gan_config *c) {
    const char *text = gan_config_text(c);
    check_ok(f->ctx);
    assert_true(strlen(text) > 1000);
    return strdup(text);
}

static inline void is_value_at(const gan_config *c, const char *name, const char *value, const char *file, int line) {
    gan_setting s;
    if (!gan_config_find(c, name, &s)) print_error("there is no %s\n", name), _fail(file, line);
    _assert_string_equal(s.value, value, file, line);
}
#define is_value(c, name, value) is_value_at(c, name, value, __FILE__, __LINE__)

/* The call must fail as GAN_E_ARG with these words, and change nothing. */
#define check_refused(f, c, call, words)                                                                                         \
    do {                                                                                                                         \
        char *before_ = text_of(f, c);                                                                                           \
        call;                                                                                                                    \
        failure(f, GAN_E_ARG, words);                                                                                            \
        char *after_ = text_of(f, c);                                                                                            \
        assert_string_equal(before_, after_);                                                                                    \
        free(before_);                                                                                                           \
        free(after_);                                                                                                            \
    } while (0)

/* With every trick of the table, as far as configurations are concerned: what cannot go together is the trainer's affair. */
static inline void take_all_tricks(gan_config *c) {
    const gan_advice *a;
    for (int i = 0; (a = gan_advice_of(i)); i++)
        if (a->name) gan_config_with(c, a->name);
}

#endif
