/* The article's advice, row by row: what each name switches on. */
#ifndef GAN__ARTICLE_H
#define GAN__ARTICLE_H

#include <gan/config.h>

/* An option of a row that stands for settings. */
typedef struct gan__row_option {
    const char *name;    /* "m"; "": it cannot be given, the row itself is it */
    const char *keys[2]; /* "pack"; the second, if any, gets the same value */
    const char *value;   /* set when the row is taken on; NULL: left as it is */
} gan__row_option;

typedef struct gan__row {
    gan_advice advice;              /* first: a gan_advice of the table is one of these */
    const gan__row_option *aliases; /* ends with a name of NULL; NULL: the row is a trick of this name, or only told */
} gan__row;

/* The index-th row; NULL behind the last. */
const gan__row *gan__row_at(int index);

/* The row of this name; NULL: there is none. */
const gan__row *gan__row_of(const char *name);

#endif
