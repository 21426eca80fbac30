/* The configuration from inside. */
#ifndef GAN__CONFIG_IMPL_H
#define GAN__CONFIG_IMPL_H

#include "../base/ctx_impl.h"
#include "../tricks/trick_table.h"
#include "settings.h"

#define GAN__CONFIG_TRICKS 64
#define GAN__NAME 96 /* of a setting */

typedef struct gan__config_trick {
    bool on;
    union {
        max_align_t align;
        char bytes[GAN__TRICK_OPTS];
    } opts;
} gan__config_trick;

/* What is copied when a change must be taken back. */
typedef struct gan__config_state {
    gan__settings s;
    gan__config_trick tricks[GAN__CONFIG_TRICKS]; /* by the table's order */
} gan__config_state;

struct gan_config {
    gan__object object;
    gan__config_state now;
    char *text; /* the latest gan_config_text */
};

/* The context of c; failed, in the name of `who`, if c is nil. */
gan_ctx *gan__config_ctx_of(const gan_config *c, const char *who);

/* Runs fn, and takes back what it did to the configuration if it returns false. */
typedef bool (*gan__change_fn)(gan_config *c, const char *text);
void gan__config_change(gan_config *c, const char *text, gan__change_fn fn);

/* Sets a setting, in all places of its name, or multiplies it. False (raised). */
bool gan__config_assign(gan_config *c, const char *name, const char *value, bool multiply);

/* Is the candidate near to a misspelt name, and nearer than the best so far ("": none)? */
bool gan__name_better(const char *name, const char *candidate, const char *best);

/* Raises that there is no such kind of thing ("setting"), with the nearest name, if any. */
void gan__config_unknown(gan_config *c, const char *kind, const char *name, const char *near);

void gan__setting_describe(const gan_option *o, const void *opts, const char *prefix, gan_setting *s);

#endif
