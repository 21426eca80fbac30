/* The ready-made tricks by name, with their options: what turns "instance_noise:sigma=0.1" into a trick. */
#ifndef GAN__TRICK_TABLE_H
#define GAN__TRICK_TABLE_H

#include <gan/option.h>
#include <gan/tricks.h>

typedef struct gan__trick_entry {
    const char *name;          /* of the trick's type, too */
    size_t size;               /* of its options' struct */
    const gan_option *options; /* of that struct */
    void (*fill)(void *opts);  /* with the defaults */
    gan_trick *(*make)(gan_ctx *ctx, const void *opts);
} gan__trick_entry;

extern const gan__trick_entry gan__trick_table[]; /* ends with a name of NULL */
#define GAN__TRICK_OPTS 1024                      /* bytes that hold the struct of any of them */

const gan__trick_entry *gan__trick_entry_of(const char *name); /* NULL: there is none */

/* One "name=value" of a list, set in opts. A name may be that of a schedule's field alone ("until"): then it is that of the
 * schedule last named, at first the table's first one. False (raised, as "who: ..."). `near` remembers the schedule last named;
 * NULL at first. */
bool gan__trick_option_set(gan_ctx *ctx, const char *who, const gan__trick_entry *entry, void *opts, const char **near,
                           const char *name, const char *value);

/* Splits "name:a=1,b=2" at its marks, in place, and calls fn for each pair; fn returns false to end. False: it did, or the text
 * is malformed (raised). */
typedef bool (*gan__pair_fn)(void *user, const char *name, const char *value);
bool gan__pairs(gan_ctx *ctx, const char *who, char *list, gan__pair_fn fn, void *user);

#endif
