/* Options by name: how the fields of option structs are written in words, on command lines, in files and in checkpoints. */
#ifndef GAN_OPTION_H
#define GAN_OPTION_H

#include <gan/api.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gan_option_type {
    GAN_OPTION_BOOL,   /* bool: true, false */
    GAN_OPTION_INT,    /* int */
    GAN_OPTION_INT64,  /* int64_t */
    GAN_OPTION_NUMBER, /* double; "inf" is one */
    GAN_OPTION_WORD,   /* an enum whose value i is words[i] */
    GAN_OPTION_TEXT    /* char[room] */
} gan_option_type;

/* One field. A table of them ends with a name of NULL. */
typedef struct gan_option {
    const char *name;
    gan_option_type type;
    size_t offset; /* in its struct */
    const char *help;
    double low, high;         /* of numbers; both 0: any */
    bool low_open, high_open; /* that bound is not allowed itself */
    const char *const *words; /* GAN_OPTION_WORD; NULL behind the last */
    size_t room;              /* GAN_OPTION_TEXT */
    size_t shape; /* not 0: so far before it stands the kind of its schedule, which the end of a change makes linear if constant */
} gan_option;

/* One row: name, type (NUMBER), offset, help, and further fields (.high = 1) if there are any. */
#define GAN_OPTION_ROW(named, kind, at, what, ...)                                                                               \
    { .name = named, .type = GAN_OPTION_##kind, .offset = at, .help = what, __VA_ARGS__ }

/* Room that always suffices for a value of any type but GAN_OPTION_TEXT. */
#define GAN_OPTION_VALUE 48

/* The value in the struct at `opts`, as text that reads back exactly; into text, cut at size. Returns text. */
GAN_API const char *gan_option_text(const gan_option *option, const void *opts, char *text, size_t size);

/* Reads text into the struct. False, with the struct unchanged and the reason in why ("is 2, outside [0, 1)"), if it is no such
 * value. */
GAN_API bool gan_option_set(const gan_option *option, void *opts, const char *text, char *why, size_t size);

/* "[0, 1)", "true or false", "constant, linear": what it may be, into text. Returns text. */
GAN_API const char *gan_option_range(const gan_option *option, char *text, size_t size);

/* The word nearest to a misspelt one in a list that ends with NULL; NULL: none is near. */
GAN_API const char *gan_nearest_word(const char *word, const char *const *list);

/* The option of this name in a table; NULL: none. */
GAN_API const gan_option *gan_option_find(const gan_option *table, const char *name);

#ifdef __cplusplus
}
#endif
#endif
