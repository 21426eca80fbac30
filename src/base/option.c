#include <gan/option.h>

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words.h"

_Static_assert(sizeof(enum {A, B}) == sizeof(int), "enums are read as ints");

const gan_option *gan_option_find(const gan_option *table, const char *name) {
    for (const gan_option *o = table; o && o->name; o++)
        if (!strcmp(o->name, name)) return o;
    return NULL;
}

const char *gan_option_text(const gan_option *o, const void *opts, char *text, size_t size) {
    const void *p = (const char *)opts + o->offset;
    switch (o->type) {
    case GAN_OPTION_BOOL: snprintf(text, size, "%s", *(const bool *)p ? "true" : "false"); break;
    case GAN_OPTION_INT: snprintf(text, size, "%d", *(const int *)p); break;
    case GAN_OPTION_INT64: snprintf(text, size, "%" PRId64, *(const int64_t *)p); break;
    case GAN_OPTION_NUMBER: gan__number_text(*(const double *)p, text, size); break;
    case GAN_OPTION_WORD: snprintf(text, size, "%s", o->words[*(const int *)p]); break;
    case GAN_OPTION_TEXT: snprintf(text, size, "%s", (const char *)p); break;
    }
    return text;
}

/* --- reading ------------------------------------------------------------------------------------------------- */

static bool bounded(const gan_option *o) { return o->low != 0 || o->high != 0; }

static bool within(const gan_option *o, double x) {
    if (!bounded(o)) return true;
    return (o->low_open ? x > o->low : x >= o->low) && (o->high_open ? x < o->high : x <= o->high);
}

static bool no_value(const gan_option *o, const char *text, char *why, size_t size) {
    char range[256];
    snprintf(why, size, "is \"%s\", must be %s%s", text, o->type == GAN_OPTION_WORD ? "one of " : "",
             gan_option_range(o, range, sizeof range));
    if (o->type != GAN_OPTION_WORD) return false;
    const char *near = gan_nearest_word(text, o->words);
    size_t used = strlen(why);
    if (near && used < size) snprintf(why + used, size - used, ": did you mean \"%s\"?", near);
    return false;
}

static bool read_integer(const char *text, int64_t *value) {
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    *value = n;
    return *text && !*end && !errno;
}

static bool read_bool(const char *text, bool *value) {
    static const char *const yes[] = {"true", "yes", "on", "1", NULL}, *const no[] = {"false", "no", "off", "0", NULL};
    *value = gan__word_index(text, yes) >= 0;
    return *value || gan__word_index(text, no) >= 0;
}

static bool read_number(const gan_option *o, void *p, const char *text) {
    double x;
    if (!gan__number_read(text, &x) || isnan(x) || !within(o, x)) return false;
    *(double *)p = x;
    return true;
}

static bool read_whole(const gan_option *o, void *p, const char *text) {
    int64_t n;
    bool small = o->type == GAN_OPTION_INT;
    if (!read_integer(text, &n) || !within(o, (double)n) || (small && (n < INT32_MIN || n > INT32_MAX))) return false;
    if (small)
        *(int *)p = (int)n;
    else
        *(int64_t *)p = n;
    return true;
}

static bool read_word(const gan_option *o, void *p, const char *text) {
    int i = gan__word_index(text, o->words);
    if (i < 0) return false;
    *(int *)p = i;
    return true;
}

static bool read_value(const gan_option *o, void *p, const char *text) {
    switch (o->type) {
    case GAN_OPTION_BOOL: return read_bool(text, p);
    case GAN_OPTION_INT:
    case GAN_OPTION_INT64: return read_whole(o, p, text);
    case GAN_OPTION_NUMBER: return read_number(o, p, text);
    case GAN_OPTION_WORD: return read_word(o, p, text);
    case GAN_OPTION_TEXT:
        if (strlen(text) >= o->room) return false;
        memcpy(p, text, strlen(text) + 1);
        return true;
    }
    return false;
}

bool gan_option_set(const gan_option *o, void *opts, const char *text, char *why, size_t size) {
    if (!read_value(o, (char *)opts + o->offset, text)) return no_value(o, text, why, size);
    if (o->shape && *(int64_t *)((char *)opts + o->offset) > 0) {
        int *shape = (int *)((char *)opts + o->offset - o->shape);
        if (*shape == 0) *shape = 1;
    }
    return true;
}

/* --- ranges -------------------------------------------------------------------------------------------------- */

static void range_of_numbers(const gan_option *o, const char *kind, char *text, size_t size) {
    if (!bounded(o))
        snprintf(text, size, "any %s", kind);
    else if (isinf(o->high))
        snprintf(text, size, "%s %s %g", kind, o->low_open ? "above" : "from", o->low);
    else
        snprintf(text, size, "%s in %c%g, %g%c", kind, o->low_open ? '(' : '[', o->low, o->high, o->high_open ? ')' : ']');
}

const char *gan_option_range(const gan_option *o, char *text, size_t size) {
    switch (o->type) {
    case GAN_OPTION_BOOL: snprintf(text, size, "true or false"); break;
    case GAN_OPTION_INT:
    case GAN_OPTION_INT64: range_of_numbers(o, "whole number", text, size); break;
    case GAN_OPTION_NUMBER: range_of_numbers(o, "number", text, size); break;
    case GAN_OPTION_TEXT: snprintf(text, size, "text of at most %zu bytes", o->room - 1); break;
    case GAN_OPTION_WORD:
        text[0] = 0;
        for (int i = 0; o->words[i]; i++) {
            size_t used = strlen(text);
            snprintf(text + used, size - used, "%s%s", i ? ", " : "", o->words[i]);
        }
        break;
    }
    return text;
}
