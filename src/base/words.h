/* Words and numbers as people write them. */
#ifndef GAN__WORDS_H
#define GAN__WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The shortest decimal that reads back as x, with a point whatever the locale. */
void gan__number_text(double x, char *text, size_t size);

/* Puts a point where printf put the locale's decimal mark. */
void gan__number_point(char *text);

/* All of text as a number, with a point whatever the locale. False: it is none. */
bool gan__number_read(const char *text, double *x);

/* Where the word stands in a list that ends with NULL; -1: nowhere. */
int gan__word_index(const char *word, const char *const *list);

/* How many insertions, deletions, replacements and swaps of neighbours lead from a to b; words longer than 63 characters are cut.
 */
int gan__word_distance(const char *a, const char *b);

/* Is b so near to a that a may be a slip of the pen? */
bool gan__word_near(const char *a, const char *b);

#endif
